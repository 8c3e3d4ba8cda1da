"""Throughput: how many cards were finished in each day, week or month of a window. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from app.days import day_of, next_day, start_of_day
from app.flow.metrics import Durations

DAY = "day"
WEEK = "week"
MONTH = "month"
INTERVALS = (DAY, WEEK, MONTH)


@dataclass(frozen=True, slots=True)
class Interval:
    """A calendar interval by its first day, and how many cards were finished in it."""

    start: date
    count: int


def throughput(
    done: Durations, window: tuple[int, int], zone: str, interval: str = DAY
) -> list[Interval]:
    """Every interval that has a part in the window, zeros included, with the cards that were done
    in that part: the first and the last interval count what the window has of them.

    `done` are the moments within the window, in any order; a week begins on Monday.
    """
    import numpy as np  # noqa: PLC0415 - it takes long to load

    start, end = window
    first = start_of_interval(day_of(start, zone), interval)
    starts = list(_starts(first, day_of(end - 1, zone), interval))
    edges = np.array([start_of_day(day, zone) for day in starts], np.int64)
    # A day that a zone left out begins and ends with the one that follows, and gets no card.
    places = np.searchsorted(edges, done, "right") - 1
    counts: Sequence[int] = np.bincount(places, minlength=len(starts)).tolist()
    return [Interval(day, count) for day, count in zip(starts, counts, strict=True)]


def start_of_interval(day: date, interval: str) -> date:
    """The first day of the interval that a day lies in."""
    if interval == WEEK:
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if interval == MONTH else day


def end_of_interval(start: date, interval: str) -> date:
    """The first day after an interval."""
    if interval == WEEK:
        return start + timedelta(days=7)
    if interval == MONTH:
        return (start.replace(day=28) + timedelta(days=4)).replace(day=1)
    return next_day(start)


def _starts(first: date, last: date, interval: str) -> Iterator[date]:
    while first <= last:
        yield first
        first = end_of_interval(first, interval)
