"""The value stream: where the time of the finished cards went, step by step, and what came back.
Pure.

A card's time from its creation to done is divided over the columns that it was in: all its stays,
the time in `done` before a reopening included. What is summed up here can be added, and is divided
by the number of cards only at the end, as a ratio of integers: so the steps add up to the whole.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from heapq import heappush, heappushpop
from itertools import pairwise
from math import prod
from typing import NamedTuple

from app.boards.shape import ACTIVE, DONE
from app.cards.clocks import Columns, Interval, Stay, is_of, merge, unblocked

ELSEWHERE = 0
"""What stands for all columns of other boards, where a card was before it came to this one."""


class Place(NamedTuple):
    """A column as a step of the stream; the last place is what stands for other boards."""

    id: int
    name: str
    kind: str | None
    team: str | None
    deleted: bool = False


class Journey(NamedTuple):
    """A finished card: its stays in order, and when it was blocked."""

    card_id: int
    done_at: int
    stays: Sequence[Stay]
    blocks: Sequence[Interval] = ()


class Spent(NamedTuple):
    """Time in a column, and how much of it was work, in microseconds."""

    lead: int
    process: int


class Long(NamedTuple):
    """How long a card was in a column."""

    time: int
    card_id: int
    process: int


@dataclass(frozen=True, slots=True)
class Layout:
    """What the stream asks of a board."""

    columns: Columns
    # The board's columns from left to right, by id; a deleted one stands where it last stood.
    order: Mapping[int, int]
    # Who works in a column, also in one of another board; columns without a team are left out.
    teams: Mapping[int, str]
    deleted_at: Mapping[int, int]


@dataclass(slots=True)
class Tally:
    """What has been summed up, by column; `most` cards of each are kept with their times."""

    most: int = 0
    count: int = 0
    handoffs: int = 0
    lead: Counter[int] = field(default_factory=Counter)
    process: Counter[int] = field(default_factory=Counter)
    exits: Counter[int] = field(default_factory=Counter)
    returned: Counter[int] = field(default_factory=Counter)
    longest: dict[int, list[Long]] = field(default_factory=dict)


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


def add_journey(tally: Tally, layout: Layout, journey: Journey) -> None:
    """Adds where the time of a finished card went, and how often it changed hands."""
    tally.count += 1
    tally.handoffs += handoffs(layout, journey)
    for column_id, spent in time_in_columns(layout, journey).items():
        tally.lead[column_id] += spent.lead
        tally.process[column_id] += spent.process
        if tally.most and spent.lead:
            kept = tally.longest.setdefault(column_id, [])
            add = heappush if len(kept) < tally.most else heappushpop
            add(kept, Long(spent.lead, journey.card_id, spent.process))


def add_exits(
    tally: Tally, layout: Layout, stays: Sequence[tuple[int, int | None]], start: int, end: int
) -> None:
    """Adds a card's exits to the right within a window, and those of them after which it came
    back; `stays` are all that it had, in order: in which column, and left when."""
    for column_id, came_back in exits(layout, stays, start, end):
        tally.exits[column_id] += 1
        tally.returned[column_id] += came_back


def time_in_columns(layout: Layout, journey: Journey) -> dict[int, Spent]:
    """The time of a finished card divided over the columns that it was in."""
    done_at, blocks = journey.done_at, merge(journey.blocks) if journey.blocks else ()
    found: dict[int, Spent] = {}
    for stay in journey.stays:
        left_at = done_at if stay.left_at is None else min(stay.left_at, done_at)
        if stay.entered_at > done_at:
            break
        lead = left_at - stay.entered_at
        process = 0
        if is_of(layout.columns.active, stay, ACTIVE):
            process = unblocked(stay.entered_at, left_at, blocks)
        column_id = stay.column_id if stay.column_id in layout.order else ELSEWHERE
        before = found.get(column_id)
        if before is not None:
            lead, process = lead + before.lead, process + before.process
        found[column_id] = Spent(lead, process)
    return found


def handoffs(layout: Layout, journey: Journey) -> int:
    """How often a card came into a column whose team differs from that of the last column with a
    team it was in, up to the column in which it was done."""
    columns = layout.columns
    dones = [is_of(columns.done, stay, DONE) for stay in journey.stays]
    # Where it came into `done` for the last time: what it did in there is no part of the stream.
    last = len(dones) - 1
    while last and dones[last] and dones[last - 1]:
        last -= 1
    teams = [layout.teams.get(stay.column_id) for stay in journey.stays[: last + 1]]
    named = [team for team in teams if team is not None]
    return sum(before != after for before, after in pairwise(named))


def exits(
    layout: Layout, stays: Sequence[tuple[int, int | None]], start: int, end: int
) -> Iterator[tuple[int, bool]]:
    """The exits from a column to the right within a window, the last one first: which column, and
    whether the card came back into it later by a move from the right.

    That a column was deleted under a card is nobody's verdict on the work: such a move neither
    hands on nor sends back. A move between boards has no direction.
    """
    came_back: set[int] = set()
    for (source, left_at), (target, _) in zip(stays[-2::-1], stays[:0:-1], strict=True):
        place, other = layout.order.get(source), layout.order.get(target)
        if place is None or other is None or left_at is None:
            continue
        if left_at == layout.deleted_at.get(source):
            continue
        if other > place and start <= left_at < end:
            yield source, source in came_back
        elif other < place:
            came_back.add(target)


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
