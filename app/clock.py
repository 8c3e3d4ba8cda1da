"""The one source of time: whole microseconds since 1970, in UTC."""

import time
from datetime import UTC, datetime, timedelta

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def now() -> int:
    """The present, in microseconds since 1970 (UTC)."""
    return time.time_ns() // 1000


def iso(at: int) -> str:
    """A point in time in ISO 8601 with microseconds and `Z`."""
    moment = datetime.isoformat(_EPOCH + timedelta(microseconds=at), timespec="microseconds")
    return f"{moment[:-6]}Z"


def iso_or_none(at: int | None) -> str | None:
    """A point in time in ISO 8601, or None where there is none."""
    return None if at is None else iso(at)


def from_datetime(moment: datetime) -> int:
    """A datetime with a zone, in microseconds since 1970 (UTC), without rounding."""
    return (moment - _EPOCH) // _MICROSECOND


def to_datetime(at: int) -> datetime:
    """A point in time as a datetime in UTC."""
    return _EPOCH + timedelta(microseconds=at)


def seconds(duration: int) -> float:
    """A duration in microseconds, in seconds."""
    return duration / SECOND


def seconds_or_none(duration: int | None) -> float | None:
    """A duration in microseconds, in seconds, or None where there is none."""
    return None if duration is None else duration / SECOND
