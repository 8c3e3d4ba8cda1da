"""Little's law with a board's own numbers: work in progress = throughput x cycle time. Pure.

Over a window it holds exactly but for three things, and these are measured too: time in progress
that finished cards had before the window, time in progress in it of cards that it did not see
finished, and time in which the cycle time ran on while the card was not in progress here (back in
the backlog, in done before a reopening, on another board).
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from app.flow.metrics import Durations, total


class Stays(NamedTuple):
    """Times in which cards were in progress; `left_at` is OPEN while they are."""

    entered_at: Durations
    left_at: Durations


class Steady(NamedTuple):
    """Cards that were started and finished within a window, by the time that they were in
    progress; and of all that were finished how many, and their cycle times, summed up."""

    in_progress: int
    finished: int
    cycle_time: int


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


def little_of(start: int, end: int, steady: Steady, finished: Stays, others: Stays) -> Little:
    """The law over a window: of the steady cards by sums, of the others by the times in which they
    were in progress."""
    import numpy as np  # noqa: PLC0415 - it takes long to load

    inside = steady.in_progress + _overlap(finished, start, end)
    unfinished = _overlap(others, start, end)
    before = _overlap(finished, 0, start)
    at_start = at_end = 0
    for entered_at, left_at in (finished, others):
        at_start += int(np.count_nonzero((entered_at <= start) & (left_at > start)))
        at_end += int(np.count_nonzero((entered_at < end) & (left_at >= end)))
    return Little(
        length=end - start,
        in_progress=inside + unfinished,
        finished=steady.finished,
        cycle_time=steady.cycle_time,
        before=before,
        outside=steady.cycle_time - before - inside,
        unfinished=unfinished,
        at_start=at_start,
        at_end=at_end,
    )


def _overlap(stays: Stays, start: int, end: int) -> int:
    import numpy as np  # noqa: PLC0415

    length = np.minimum(stays.left_at, end) - np.maximum(stays.entered_at, start)
    return total(np.maximum(length, 0))
