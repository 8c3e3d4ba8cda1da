"""The value stream: where the time of the finished cards went, step by step, and what came back.
Pure.

A card's time from its creation to done is divided over the columns that it was in: all its stays,
the time in `done` before a reopening included. What is summed up here can be added, and is divided
by the number of cards only at the end, as a ratio of integers: so the steps add up to the whole.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import prod
from typing import NamedTuple


class Place(NamedTuple):
    """A column as a step of the stream; the last place is what stands for other boards."""

    id: int
    name: str
    kind: str | None
    team: str | None
    deleted: bool = False


class Long(NamedTuple):
    """How long a card was in a column."""

    time: int
    card_id: int
    process: int


@dataclass(slots=True)
class Tally:
    """What has been summed up, by column (0: on other boards), and the cards that were longest in
    each."""

    count: int = 0
    handoffs: int = 0
    lead: Counter[int] = field(default_factory=Counter)
    process: Counter[int] = field(default_factory=Counter)
    exits: Counter[int] = field(default_factory=Counter)
    returned: Counter[int] = field(default_factory=Counter)
    longest: dict[int, list[Long]] = field(default_factory=dict)

    def add(self, other: "Tally") -> None:
        """Adds what another one has."""
        self.count += other.count
        self.handoffs += other.handoffs
        for mine, more in (
            *((self.lead, other.lead), (self.process, other.process)),
            *((self.exits, other.exits), (self.returned, other.returned)),
        ):
            mine.update(more)
        for column_id, longest in other.longest.items():
            self.longest.setdefault(column_id, []).extend(longest)


@dataclass(frozen=True, slots=True)
class Step:
    """A column's part of the stream: means over all finished cards, a card that skipped it counting
    as 0; and of the exits from it to the right the share after which the card did not come back."""

    place: Place
    lead_time: Fraction | None
    process_time: Fraction | None
    percent_complete_accurate: Fraction | None
    exits: int
    returned: int
    longest: Sequence[Long]

    @property
    def wait_time(self) -> Fraction | None:
        """The time that was no work."""
        return _rest(self.lead_time, self.process_time)


@dataclass(frozen=True, slots=True)
class Stream:
    """The whole; None where there is nothing to divide by."""

    count: int
    steps: Sequence[Step]
    lead_time: Fraction | None
    process_time: Fraction | None
    flow_efficiency: Fraction | None
    rolled_percent_complete_accurate: Fraction | None
    handoffs_per_card: Fraction | None

    @property
    def wait_time(self) -> Fraction | None:
        """The time that was no work."""
        return _rest(self.lead_time, self.process_time)


def stream_of(tally: Tally, places: Iterable[Place]) -> Stream:
    """The stream from its sums, with a step for each place, left to right."""
    steps = [_step(tally, place) for place in places]
    lead, process = sum(tally.lead.values()), sum(tally.process.values())
    shares = [share for step in steps if (share := step.percent_complete_accurate) is not None]
    return Stream(
        count=tally.count,
        steps=steps,
        lead_time=_ratio(lead, tally.count),
        process_time=_ratio(process, tally.count),
        flow_efficiency=_ratio(process, lead),
        rolled_percent_complete_accurate=prod(shares, start=Fraction(1)) if shares else None,
        handoffs_per_card=_ratio(tally.handoffs, tally.count),
    )


def has_been(tally: Tally, column_id: int) -> bool:
    """Whether anything of what was summed up happened in a column."""
    return column_id in tally.lead or column_id in tally.exits


def _step(tally: Tally, place: Place) -> Step:
    exited, returned = tally.exits[place.id], tally.returned[place.id]
    return Step(
        place=place,
        lead_time=_ratio(tally.lead[place.id], tally.count),
        process_time=_ratio(tally.process[place.id], tally.count),
        percent_complete_accurate=_ratio(exited - returned, exited),
        exits=exited,
        returned=returned,
        longest=sorted(tally.longest.get(place.id, ()), key=lambda long: (-long.time, long[1])),
    )


def _ratio(part: int, whole: int) -> Fraction | None:
    return Fraction(part, whole) if whole else None


def _rest(whole: Fraction | None, part: Fraction | None) -> Fraction | None:
    return None if whole is None or part is None else whole - part
