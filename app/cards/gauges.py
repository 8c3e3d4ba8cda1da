"""How full the columns of a board were over time, from what was there and what came and went. Pure.

Every live card counts, whatever a filter says, and a card that was discarded counts until then: it
did fill its place.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.boards.shape import Cell
from app.cards.centres import Gauges, Limits, Load, Place, places_of

Numbers = NDArray[np.int64]

SECOND = 1_000_000


class Changes(NamedTuple):
    """A card more (1), or fewer (-1), in a cell; in the order of time."""

    at: Numbers
    column: Numbers
    lane: Numbers
    delta: Numbers


class _Seen(NamedTuple):
    """What was there, what came and went, the columns that are measured, and the place of each
    change's column among them: behind the last one where it is none of them."""

    before: Mapping[Cell, int]
    at: Numbers
    delta: Numbers
    columns: Sequence[int]
    places: Numbers


class _Steps(NamedTuple):
    """Counts as they were one after the other, and how long each held."""

    since: Numbers
    until: Numbers
    counts: list[Numbers]


def changes_of(parts: Iterable[Sequence[Numbers]], since: int) -> Changes:
    """What came and went from a moment on, out of some parts of what events tell in their order."""
    nothing = Changes(*(np.empty(0, np.int64) for _ in Changes._fields))
    rows = [np.concatenate(some) for some in zip(nothing, *parts, strict=True)]
    at = rows[0]
    if len(at) and (at[1:] < at[:-1]).any():
        # Imported events have times that lie before those of events before them.
        order = np.argsort(at, kind="stable")
        rows = [values[order] for values in rows]
    first = int(np.searchsorted(rows[0], since))
    return Changes(*(values[first:] for values in rows))


def net_of(changes: Changes) -> dict[Cell, int]:
    """What all changes together make of the cells."""
    columns, column = _known(changes.column)
    lanes, lane = _known(changes.lane)
    sums = np.bincount(column * len(lanes) + lane, changes.delta, len(columns) * len(lanes))
    return {
        Cell(columns[at // len(lanes)], lanes[at % len(lanes)]): int(sums[at])
        for at in np.flatnonzero(sums).tolist()
    }


def load_over(
    gauges: Gauges,
    before: Mapping[Cell, int],
    changes: Changes,
    window: tuple[int, int],
    limits: Mapping[Place, Limits],
) -> list[Load]:
    """What each work centre saw over a window; `before` is what was there before the changes, of
    which none lies before the window."""
    measured = {column for columns in gauges.columns.values() for column in columns}
    measured.update(*((*centre.queue, *centre.active, *centre.behind) for centre in gauges.centres))
    columns = sorted(measured)
    column, lane, delta = (
        values[: np.searchsorted(changes.at, window[1])] for values in changes[1:]
    )
    at = changes.at[: len(delta)]
    seen = held = _Seen(before, at, delta, columns, _places(columns, column))
    if gauges.expedite:
        ordinary = {cell: n for cell, n in before.items() if cell.lane_id not in gauges.expedite}
        is_held = ~np.isin(lane, sorted(gauges.expedite))
        held = seen._replace(before=ordinary, delta=delta * is_held)
    loads = []
    for centre in gauges.centres:
        load = Load()
        here = (*centre.queue, *centre.active)
        since, until, counts = _steps(seen, window, [centre.queue, here, centre.behind])
        length = until - since
        load.waited = _area(counts[0], length)
        if centre.behind:
            load.starved = int(length[(counts[2] == 0) & (counts[1] > 0)].sum())
        for place in places_of(centre):
            full = _full(_steps(held, window, [gauges.columns[place]]), limits[place], window)
            if full is not None:
                load.full[place] = full
        loads.append(load)
    return loads


def _known(keys: Numbers) -> tuple[list[int], Numbers]:
    """The different keys, and the place of each key among them."""
    found = np.flatnonzero(np.bincount(keys, minlength=1))
    return found.tolist(), np.searchsorted(found, keys)


def _places(columns: Sequence[int], column: Numbers) -> Numbers:
    known = np.array(columns, np.int64)
    at = np.searchsorted(known, column)
    is_known = np.append(known, -1)[at] == column
    return np.where(is_known, at, len(columns))


def _steps(seen: _Seen, window: tuple[int, int], places: Sequence[Collection[int]]) -> _Steps:
    """How many cards stood in some columns together, for each of several sets of them."""
    # By tables of the columns: asking each change for its column's id would take several times as
    # long.
    inside = [
        np.array([*(column in columns for column in seen.columns), 0], np.int64)
        for columns in places
    ]
    touched = np.flatnonzero((sum(inside, np.zeros_like(inside[0])) > 0)[seen.places])
    index, delta = seen.places[touched], seen.delta[touched]
    start, end = window
    times = np.concatenate((np.array([start]), seen.at[touched], np.array([end])))
    counts = []
    for columns, table in zip(places, inside, strict=True):
        first = sum(count for cell, count in seen.before.items() if cell.column_id in columns)
        came = table[index] * delta if len(places) > 1 else delta
        counts.append(np.cumsum(np.concatenate((np.array([first], np.int64), came))))
    return _Steps(times[:-1], times[1:], counts)


def _area(counts: Numbers, length: Numbers) -> int:
    """Cards times time, exactly: of many cards and years it may be more than 64 bits hold."""
    return int(np.dot(counts, length // SECOND)) * SECOND + int(np.dot(counts, length % SECOND))


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
