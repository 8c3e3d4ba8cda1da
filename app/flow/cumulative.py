"""The cumulative flow of a board: how many cards stood in each column at the end of each day. Pure.

A card is in a column from the moment at which it came until the moment at which it left. Who was
there at a moment is counted and not followed: all that came before it, less all that left before
it. So the counts of a day add up to the cards that the board had then, whatever way they took.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from app.flow.metrics import Durations


@dataclass(frozen=True, slots=True)
class Band:
    """A column and how many cards stood in it at the end of each day."""

    column_id: int
    name: str
    kind: str
    is_gone: bool  # deleted since; its past stays
    counts: list[int]


@dataclass(frozen=True, slots=True)
class Cumulative:
    """The cumulative flow of a window: its days, and the columns from left to right."""

    days: list[date]
    bands: list[Band]


@dataclass(frozen=True, slots=True)
class Change:
    """What a window did to a board: cards that came and were finished, and those in progress at
    its first and at its last day. Cards that were discarded never count."""

    came: int
    finished: int
    open_before: int
    open_after: int


def counts_at(moments: Sequence[int], came: Durations, left: Durations) -> list[int]:
    """How many were there just before each moment, of those that came and left at these times."""
    import numpy as np  # noqa: PLC0415 - it takes long to load

    bounds = np.array(moments, np.int64)
    before = np.searchsorted(np.sort(came), bounds, "left")
    gone = np.searchsorted(np.sort(left), bounds, "left")
    counts: list[int] = (before - gone).tolist()
    return counts


def change_over(start: Sequence[int], bands: Sequence[Band], done: Sequence[bool]) -> Change:
    """What happened between the counts at the start of a window and the last of its days; `done`
    says of which columns the cards are finished."""
    end = [band.counts[-1] for band in bands]
    finished = sum(b - a for a, b, is_done in zip(start, end, done, strict=True) if is_done)
    before = sum(a for a, is_done in zip(start, done, strict=True) if not is_done)
    after = sum(b for b, is_done in zip(end, done, strict=True) if not is_done)
    return Change(after - before + finished, finished, before, after)
