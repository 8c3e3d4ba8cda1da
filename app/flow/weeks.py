"""The calendar weeks and months of a window, in a board's time zone. Pure."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from app.days import day_of, start_of_day
from app.flow.metrics import Durations
from app.words import day_words

WEEK = timedelta(days=7)


class Week(NamedTuple):
    """A week by its Monday, and the part of the window that lies in it: `start <= at < end`."""

    monday: date
    start: int
    end: int

    @property
    def words(self) -> str:
        """The week as a page names it."""
        return f"Week of {day_words(self.monday)}"


class Month(NamedTuple):
    """A month by its first day, and the part of the window that lies in it: `start <= at < end`."""

    first: date
    start: int
    end: int

    @property
    def words(self) -> str:
        """The month as a page names it."""
        return day_words(self.first).partition(" ")[2]


def weeks_of(start: int, end: int, zone: str) -> list[Week]:
    """All weeks of a window without a gap; the first and the last may be whole or in part."""
    first = day_of(start, zone)
    monday = first - timedelta(days=first.weekday())
    weeks: list[Week] = []
    while not weeks or weeks[-1].end < end:
        since = weeks[-1].end if weeks else start
        until = min(end, start_of_day(monday + WEEK, zone))
        weeks.append(Week(monday, since, until))
        monday += WEEK
    return weeks


def months_of(start: int, end: int, zone: str) -> list[Month]:
    """All months of a window without a gap; the first and the last may be whole or in part."""
    first = day_of(start, zone).replace(day=1)
    months: list[Month] = []
    while not months or months[-1].end < end:
        since = months[-1].end if months else start
        following = (first + timedelta(days=31)).replace(day=1)
        months.append(Month(first, since, min(end, start_of_day(following, zone))))
        first = following
    return months


def counted(moments: Durations, weeks: Sequence[Week | Month]) -> list[int]:
    """How many of some moments of the window lie in each of its weeks or months."""
    import numpy as np  # noqa: PLC0415 - it takes long to load

    borders = np.array([week.start for week in weeks[1:]], np.int64)
    places = np.searchsorted(borders, moments, "right")
    return [int(count) for count in np.bincount(places, minlength=len(weeks))]


def place_in(weeks: Sequence[Week | Month]) -> Callable[[int], int]:
    """Where on an axis of these weeks or months a moment of the window stands: as their number."""
    borders = [week.start for week in weeks[1:]]
    return lambda at: bisect_right(borders, at)
