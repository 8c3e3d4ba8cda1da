"""The finished cards as dots: when each was done, and how long it took. Pure.

A dot stands at its card's own time as long as there are few of them. Of many cards those that were
done on one day (in a long window: on the same few days) and took about as long become one dot with
their number, so that a million cards are a picture, and none is left out.
"""

from collections.abc import Sequence
from typing import NamedTuple

from app.flow.metrics import Durations

ROWS = 48
"""Into so many heights many cards are put together."""


class Finished(NamedTuple):
    """A finished card; times in microseconds."""

    done_at: int
    duration: int
    number: int
    title: str
    team: str | None
    was_blocked: bool


class Heap(NamedTuple):
    """Cards that were done on the same days and took from `low` to `high` microseconds."""

    day: int  # the place of these days
    low: int
    high: int
    cards: int


def heaps_of(finished: Durations, days: Sequence[int]) -> list[Heap]:
    """Cards put together by when they were done and by how long they took; `days` are the moments
    at which the days of each place begin. Their counts add up to the cards."""
    import numpy as np  # noqa: PLC0415 - it takes long to load

    done, took = finished[:, 0], finished[:, 1]
    day = np.searchsorted(np.array(days, np.int64), done, "right") - 1
    # Most cards are quick: rows of one height would press them all into the lowest one.
    top = int(took.max()) + 1
    edges = np.unique(
        np.array([top * (row * row) // (ROWS * ROWS) for row in range(ROWS + 1)], np.int64)
    )
    row = np.searchsorted(edges, took, "right") - 1
    found, counts = np.unique(day * len(edges) + row, return_counts=True)
    return [
        Heap(place // len(edges), int(edges[at]), int(edges[at + 1]), count)
        for place, count in zip(found.tolist(), counts.tolist(), strict=True)
        for at in (place % len(edges),)
    ]
