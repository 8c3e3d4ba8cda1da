"""How full the columns of a board were over time, from what is there now and what came and went.
Pure.

The counts of a moment are the present ones less all that changed since: nobody has to be followed
from the board's first day on. Every live card counts, whatever a filter says, and a card that was
discarded counts until then: it did fill its place.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from app.boards.shape import Cell
from app.flow.constraint import Centre, Limits, Load, Place, places_of
from app.flow.metrics import Durations


class Changes(NamedTuple):
    """What came and went since the beginning of a window, in the order of time."""

    at: Durations
    column: Durations
    lane: Durations
    delta: Durations


class _Seen(NamedTuple):
    """What is there now, what came and went, the columns of that, and the place of each change's
    column among them."""

    now: Mapping[Cell, int]
    changes: Changes
    columns: Sequence[int]
    places: Durations


class _Steps(NamedTuple):
    """Counts as they were one after the other, and how long each held."""

    since: Durations
    until: Durations
    counts: list[Durations]


def load_over(
    centres: Sequence[Centre],
    now: Mapping[Cell, int],
    changes: Changes,
    window: tuple[int, int],
    limits: Mapping[Place, Limits],
    groups: Mapping[int, Sequence[int]],
    expedite: frozenset[int],
) -> list[Load]:
    """What each work centre saw over a window; `now` is what is there after all the changes. The
    limits hold all cards but those of expedite lanes. `groups` has the columns of each group."""
    known = np.unique(changes.column).tolist()
    seen = _Seen(now, changes, known, np.searchsorted(np.array(known, np.int64), changes.column))
    held = seen
    if expedite:
        some = ~np.isin(changes.lane, sorted(expedite))
        ordinary = {cell: count for cell, count in now.items() if cell.lane_id not in expedite}
        held = _Seen(
            ordinary, Changes(*(values[some] for values in changes)), known, seen.places[some]
        )
    loads = []
    for centre in centres:
        load = Load()
        here = (*centre.queue, *centre.active)
        since, until, counts = _steps(seen, window, [centre.queue, here, centre.behind])
        length = until - since
        load.waited = int(np.dot(counts[0], length))
        if centre.behind:
            load.starved = int(length[(counts[2] == 0) & (counts[1] > 0)].sum())
        for place in places_of(centre):
            columns = [place.id] if place.scope == "column" else groups[place.id]
            full = _full(_steps(held, window, [columns]), limits[place], window)
            if full is not None:
                load.full[place] = full
        loads.append(load)
    return loads


def _steps(seen: _Seen, window: tuple[int, int], places: Sequence[Collection[int]]) -> _Steps:
    """How many cards stood in some columns together, for each of several sets of them."""
    start, end = window
    # By tables of the columns: asking each change for its column's id would take several times as
    # long.
    inside = [
        np.array([column in columns for column in seen.columns], np.int64) for columns in places
    ]
    touched = np.flatnonzero(sum(inside, np.zeros(len(seen.columns), np.int64))[seen.places])
    at = np.minimum(seen.changes.at[touched], end)
    index, delta = seen.places[touched], seen.changes.delta[touched]
    times = np.concatenate((np.array([start]), at, np.array([end])))
    counts = []
    for columns, table in zip(places, inside, strict=True):
        came = np.cumsum(table[index] * delta)
        last = sum(count for cell, count in seen.now.items() if cell.column_id in columns)
        first = last - (int(came[-1]) if len(came) else 0)
        counts.append(np.concatenate((np.zeros(1, np.int64), came)) + first)
    return _Steps(times[:-1], times[1:], counts)


def _full(steps: _Steps, limits: Limits, window: tuple[int, int]) -> int | None:
    """How long a place was full; None where it had no limit in all the time."""
    full: int | None = None
    ends: list[Any] = [since for since, _ in limits[1:]]
    for (since, limit), until in zip(limits, [*ends, window[1]], strict=True):
        begin, end = max(since, window[0]), min(until, window[1])
        if limit is None or begin >= end:
            continue
        length = np.minimum(steps.until, end) - np.maximum(steps.since, begin)
        seen = np.maximum(length, 0)[steps.counts[0] >= limit]
        full = (full or 0) + int(seen.sum())
    return full
