"""Little's law with a board's own numbers: work in progress = throughput x cycle time. Pure.

Over a window it holds exactly but for three things, and these are measured too: time in progress
that finished cards had before the window, time in progress in it of cards that it did not see
finished, and time in which the cycle time ran on while the card was not in progress here (back in
the backlog, in done before a reopening, on another board).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple


class Progress(NamedTuple):
    """A card with the times that it was in progress; `cycle_time` where the window saw it done."""

    cycle_time: int | None
    stays: Sequence[tuple[int, int | None]]


class Steady(NamedTuple):
    """Cards that were started and finished within a window, summed up."""

    finished: int = 0
    cycle_time: int = 0
    in_progress: int = 0


NOBODY = Steady()


@dataclass(frozen=True, slots=True)
class Little:
    """Both sides of the law, in microseconds and cards, and what lies between them."""

    length: int
    in_progress: int  # cards times time, within the window
    finished: int
    cycle_time: int  # of all finished cards together
    before: int
    outside: int
    unfinished: int
    at_start: int
    at_end: int

    @property
    def wip(self) -> Fraction:
        """The mean work in progress over the window."""
        return Fraction(self.in_progress, self.length)

    @property
    def mean_cycle_time(self) -> Fraction | None:
        """The mean cycle time of the cards that were finished."""
        return Fraction(self.cycle_time, self.finished) if self.finished else None

    @property
    def product(self) -> Fraction:
        """Throughput times mean cycle time: what the law says that the mean is."""
        return Fraction(self.cycle_time, self.length)

    @property
    def ratio(self) -> Fraction | None:
        """How well it holds: the product for each card that was in progress; 1 is perfect."""
        return self.product / self.wip if self.in_progress else None


def little_of(cards: Iterable[Progress], start: int, end: int, steady: Steady = NOBODY) -> Little:
    """The law over a window: some cards one by one, others as sums."""
    finished, cycle_time, in_progress = steady
    inside = in_progress
    before = at_start = at_end = 0
    for card in cards:
        within = earlier = 0
        for entered_at, left_at in card.stays:
            within += _overlap(entered_at, left_at, start, end)
            earlier += _overlap(entered_at, left_at, 0, start)
            at_start += entered_at <= start and (left_at is None or left_at > start)
            at_end += entered_at < end and (left_at is None or left_at >= end)
        in_progress += within
        if card.cycle_time is not None:
            finished += 1
            cycle_time += card.cycle_time
            before += earlier
            inside += within
    return Little(
        length=end - start,
        in_progress=in_progress,
        finished=finished,
        cycle_time=cycle_time,
        before=before,
        outside=cycle_time - before - inside,
        unfinished=in_progress - inside,
        at_start=at_start,
        at_end=at_end,
    )


def _overlap(entered_at: int, left_at: int | None, start: int, end: int) -> int:
    return max(0, min(end, end if left_at is None else left_at) - max(start, entered_at))
