"""When made-up work is done: hours of work as moments of real weeks. Pure.

An hour of the week weighs as much as is done in it: a morning much, a night hardly anything, a
weekend little; late December and August less than the rest of the year.
"""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from app import clock
from app.clock import HOUR

_YEAR_DAYS = 365.25
# From midnight to midnight.
_WEEKDAY = (
    *(0.005, 0.005, 0.005, 0.005, 0.005, 0.01, 0.05, 0.3, 0.8, 1.2, 1.3, 1.1),
    *(0.7, 0.9, 1.2, 1.2, 1.0, 0.6, 0.3, 0.08, 0.05, 0.04, 0.02, 0.01),
)
_WEEKEND = tuple(0.06 if 9 <= hour < 18 else 0.004 for hour in range(24))
_DAYS = (1.0, 1.08, 1.05, 1.0, 0.85)


class WorkingTime:
    """The hours of work of some years that end at a moment."""

    def __init__(self, end: int, years: float, zone: str) -> None:
        first = end - round(years * _YEAR_DAYS) * clock.DAY
        self.start = first - first % HOUR
        hours = -(-(end - self.start) // HOUR)
        begun = datetime.fromtimestamp(self.start // clock.SECOND, UTC)
        local = ZoneInfo(zone)
        weights = np.fromiter(
            (_weight((begun + timedelta(hours=hour)).astimezone(local)) for hour in range(hours)),
            np.float64,
            hours,
        )
        # The hours are counted from the start; the last one may be cut short by the end.
        self._moments = np.minimum(np.arange(hours + 1) * HOUR, end - self.start)
        weights[-1] *= (self._moments[-1] - self._moments[-2]) / HOUR
        self._worked = np.concatenate(([0.0], np.cumsum(weights)))
        self.total = float(self._worked[-1])

    def at(self, worked: NDArray[np.float64]) -> NDArray[np.int64]:
        """The moments, in microseconds since 1970, at which so many hours had been worked."""
        # Counted from the start, so that the numbers keep all their digits.
        since = np.interp(worked, self._worked, self._moments)
        return since.astype(np.int64) + self.start


def _weight(hour: datetime) -> float:
    """How much is done in an hour that begins then."""
    season = 0.75 if hour.month == 8 else 1.0
    if (hour.month, hour.day) >= (12, 23) or (hour.month, hour.day) == (1, 1):
        season = 0.15
    if hour.weekday() > 4:
        return season * _WEEKEND[hour.hour]
    return season * _DAYS[hour.weekday()] * _WEEKDAY[hour.hour]
