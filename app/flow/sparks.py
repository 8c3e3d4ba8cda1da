"""The last weeks of a number as a small line beside it. Pure."""

from collections.abc import Sequence
from itertools import groupby

from app.flow.blockers import Span
from app.flow.strip import WEEK

MOST_WEEKS = 12
FEWEST_WEEKS = 3
WIDTH, HEIGHT = 96, 20
_EDGE = 1.5  # The line's ends are round and stay inside.


def last_weeks(start: int, end: int) -> list[Span]:
    """Stretches of seven days that end where a window ends, as many as it has, twelve at most."""
    weeks = min((end - start) // WEEK, MOST_WEEKS)
    return [Span(end - WEEK * (n + 1), end - WEEK * n) for n in reversed(range(weeks))]


def spark(values: Sequence[float | None]) -> list[str]:
    """The points of the lines through some values from 0 upwards, a line for each run without a
    gap; none where there are too few values to show a course."""
    if sum(value is not None for value in values) < FEWEST_WEEKS:
        return []
    top = max(value for value in values if value is not None) or 1
    across, up = (WIDTH - 2 * _EDGE) / (len(values) - 1), HEIGHT - 2 * _EDGE
    points = [
        None
        if value is None
        else f"{_EDGE + place * across:.1f},{HEIGHT - _EDGE - up * value / top:.1f}"
        for place, value in enumerate(values)
    ]
    runs = (
        [point for point in run if point]
        for there, run in groupby(points, lambda point: point is not None)
        if there
    )
    return [" ".join(run) for run in runs if len(run) > 1]
