"""The distribution behind a forecast, as bars to be drawn. Pure.

The answers of `app.flow.forecast` are exact; the heights of these bars are floats.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from app.flow.chances import Chances, Sample
from app.flow.forecast import how_many, when

MOST_BARS = 24
_ENDS = (1, 99)


@dataclass(frozen=True, slots=True)
class Share:
    """How likely it is that a number lies between two others, both of them included; the first bar
    holds all that is less and the last all that is more (None)."""

    first: int | None
    last: int | None
    chance: float


def spread_of_days(counts: Iterable[int], items: int, most_days: int) -> list[Share]:
    """How likely so many items are done after how many days; empty where that is too far away."""
    return list(_spread_of_days(tuple(sorted(counts)), items, most_days))


@lru_cache(64)
def _spread_of_days(counts: tuple[int, ...], items: int, most_days: int) -> list[Share]:
    low, high = when(counts, items, _ENDS, most_days=most_days).values()
    if low is None or high is None:
        return []
    sample = Sample.of(counts)
    wanted = -(-items // sample.unit)
    chances = Chances(sample.capped(wanted))
    edges = _edges(low, high)
    # The chance to be done before each of the edges.
    before = [chances.of(edge - 1, wanted) if edge > 1 else 0.0 for edge in edges]
    return _shares(edges, before)


def spread_of_items(counts: Iterable[int], days: int) -> list[Share]:
    """How likely so many days finish how many items; empty where that is too many."""
    return list(_spread_of_items(tuple(sorted(counts)), days))


@lru_cache(64)
def _spread_of_items(counts: tuple[int, ...], days: int) -> list[Share]:
    high, low = how_many(counts, days, _ENDS).values()
    if low is None or high is None:
        return []
    sample = Sample.of(counts)
    chances = Chances(sample.capped(1 + high // sample.unit))
    edges = _edges(low, high)
    # The chance of fewer than each of the edges.
    before = [1 - chances.of(days, -(-edge // sample.unit)) for edge in edges]
    return _shares(edges, before)


def _edges(low: int, high: int) -> list[int]:
    """Where each bar but the first begins, between so far apart ends."""
    width = -(-(high - low + 1) // MOST_BARS)
    return list(range(low + width, high + 1, width))


def _shares(edges: list[int], before: list[float]) -> list[Share]:
    first = [None, *edges]
    last = [*(edge - 1 for edge in edges), None]
    passed = [0.0, *before, 1.0]
    return [
        Share(start, end, max(0.0, later - sooner))
        for start, end, sooner, later in zip(first, last, passed, passed[1:], strict=False)
    ]
