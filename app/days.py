"""Calendar days in a board's time zone. Pure."""

from datetime import date, datetime, timedelta
from typing import overload
from zoneinfo import ZoneInfo

from app import clock


def start_of_day(day: date, zone: str) -> int:
    """The first moment of a calendar day in a zone, in microseconds since 1970."""
    return clock.from_datetime(datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)))


def moment_of(day: str, time: str, zone: str) -> int:
    """The moment of a time (`09:30`) on a day (`2026-03-02`) in a zone; of two, the first."""
    local = datetime.fromisoformat(f"{day}T{time}")
    return clock.from_datetime(local.replace(tzinfo=ZoneInfo(zone)))


def day_of(at: int, zone: str) -> date:
    """The calendar day of a moment in a zone."""
    return clock.to_datetime(at).astimezone(ZoneInfo(zone)).date()


def next_day(day: date) -> date:
    """The day after."""
    return day + timedelta(days=1)


@overload
def start_of(value: None, zone: str) -> None: ...
@overload
def start_of(value: str | int, zone: str) -> int: ...
def start_of(value: str | int | None, zone: str) -> int | None:
    """The moment that a day (its start in the zone) or a timestamp names."""
    if isinstance(value, str):
        return start_of_day(date.fromisoformat(value), zone)
    return value
