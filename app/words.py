"""Numbers in the words that people use. Pure."""

from datetime import date
from typing import NamedTuple
from zoneinfo import ZoneInfo

from app import clock
from app.clock import DAY, HOUR, MINUTE

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()  # noqa: SIM905 - reads better


def short_duration(duration: int) -> str:
    """A duration in microseconds as a card shows it: `< 1 min`, `45 min`, `3 h`, `6 d`."""
    if duration < MINUTE:
        return "< 1 min"
    if duration < HOUR:
        return f"{duration // MINUTE} min"
    if duration < DAY:
        return f"{duration // HOUR} h"
    return f"{duration // DAY} d"


def within_words(duration: int) -> str:
    """The time in which something happens, in whole units that are long enough: `7 d`."""
    unit = MINUTE if duration <= HOUR else HOUR if duration <= DAY else DAY
    return short_duration(duration + -duration % unit)


def due_words(due: date, today: date) -> str:
    """A due date as a card shows it: `Due today`, `Due Fri`, `Due 24 Dec`, `Overdue 3 d`."""
    days = (due - today).days
    if days < 0:
        return f"Overdue {-days} d"
    if days == 0:
        return "Due today"
    if days == 1:
        return "Due tomorrow"
    if 1 < days < 7:
        return f"Due {_WEEKDAYS[due.weekday()]}"
    year = "" if due.year == today.year else f" {due.year}"
    return f"Due {due.day} {_MONTHS[due.month - 1]}{year}"


def day_words(day: date) -> str:
    """A day as a page reads it: `24 Dec 2026`."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def count_of(number: int, thing: str) -> str:
    """A count with its noun: `1 card`, `3 cards`, `1,405 cards`."""
    return f"{number} {thing}" if number == 1 else f"{number:,} {thing}s"


def bytes_words(size: int) -> str:
    """A size in bytes as a page reads it: `812 kB`, `3.4 MB`, `12 GB`."""
    amount, unit = float(size), "bytes"
    for larger in ("kB", "MB", "GB", "TB"):
        if amount < 1000:
            break
        amount, unit = amount / 1000, larger
    return f"{amount:.1f} {unit}" if amount < 10 and unit != "bytes" else f"{amount:.0f} {unit}"


def long_duration(duration: int) -> str:
    """A duration in microseconds as a page reads it: `< 1 min`, `45 min`, `3.4 h`, `6.2 d`."""
    if 0 < duration < MINUTE:
        return "< 1 min"
    if duration < HOUR:
        return f"{max(0, duration) // MINUTE} min"
    if duration < DAY:
        return f"{duration / HOUR:.1f} h"
    return f"{duration / DAY:.1f} d"


class Moment(NamedTuple):
    """A point in time for machines and for people."""

    iso: str
    words: str


def moment(at: int, zone: str) -> Moment:
    """A point in time with its words in a zone: `23 Nov 2026, 15:04`."""
    local = clock.to_datetime(at).astimezone(ZoneInfo(zone))
    return Moment(clock.iso(at), f"{day_words(local)}, {local.hour:02}:{local.minute:02}")
