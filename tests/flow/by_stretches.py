"""How full the columns were, followed change by change: what the program is held against."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from app.boards.shape import Cell
from app.cards.centres import Centre, Limits, Load, Place, places_of


class Change(NamedTuple):
    """A card more, or fewer, in a cell."""

    at: int
    cell: Cell
    delta: int


class Stretch(NamedTuple):
    """A time in which nothing changed: how many cards stood in each cell, and the changes with
    which it began."""

    length: int
    counts: Mapping[Cell, int]
    start: int
    changed: Sequence[Change]


NOWHERE = Cell(0, 0)
"""The cell of a change at a moment at which the window is cut for another reason."""


def stretches(
    counts: Mapping[Cell, int],
    changes: Iterable[Change],
    start: int,
    end: int,
    stops: Iterable[int] = (),
) -> Iterator[Stretch]:
    """A window cut into times in which nothing changed, and at some further moments; `counts` are
    those after all changes. What is told of a stretch holds until the next one is asked for."""
    ordered = sorted((change for change in changes if change.at >= start), key=_when)
    here = dict(counts)
    for change in ordered:
        here[change.cell] = here.get(change.cell, 0) - change.delta
    pauses = [Change(at, NOWHERE, 0) for at in (*stops, end) if start < at <= end]
    since = start
    changed: list[Change] = []
    for change in sorted([*ordered, *pauses], key=_when):
        if change.at > end:
            break
        if change.at > since:
            yield Stretch(change.at - since, here, since, changed)
            since, changed = change.at, []
        here[change.cell] = here.get(change.cell, 0) + change.delta
        changed.append(change)


class _Seen(NamedTuple):
    """A work centre as it is for a while: cards in the queue, whether the next one has nothing to
    do, and which of its limits are full."""

    queue: int
    is_starved: bool
    limited: Sequence[tuple[Place, bool]]


def load_over(
    centres: Sequence[Centre],
    parts: Iterable[Stretch],
    limits: Mapping[Place, Limits],
    groups: Mapping[int, Sequence[int]],
    expedite: frozenset[int],
) -> list[Load]:
    """What each work centre saw over the stretches of a window; the limits hold all cards but
    those of expedite lanes. `groups` has the columns of each group."""
    loads = [Load() for _ in centres]
    stand: Counter[int] = Counter()
    held: Counter[int] = Counter()
    seen: list[_Seen | None] = [None] * len(centres)
    places = [
        [(place, [place.id] if place.scope == "column" else groups[place.id]) for place in some]
        for some in map(places_of, centres)
    ]
    touching = [{*centre.columns, *centre.queue, *centre.behind} for centre in centres]
    for number, (length, counts, start, changed) in enumerate(parts):
        # The first stretch tells what is there, each later one what is new.
        news = [(change.cell, change.delta) for change in changed] if number else counts.items()
        for cell, delta in news:
            stand[cell.column_id] += delta
            if cell.lane_id not in expedite:
                held[cell.column_id] += delta
        moved = {change.cell.column_id for change in changed}
        for index, (centre, load) in enumerate(zip(centres, loads, strict=True)):
            now = seen[index]
            if now is None or NOWHERE.column_id in moved or moved & touching[index]:
                now = seen[index] = _look(centre, places[index], limits, stand, held, start)
            load.waited += now.queue * length
            load.starved += now.is_starved * length
            for limited, is_full in now.limited:
                load.full[limited] = load.full.get(limited, 0) + is_full * length
    return loads


def _look(
    centre: Centre,
    places: Sequence[tuple[Place, Sequence[int]]],
    limits: Mapping[Place, Limits],
    stand: Mapping[int, int],
    held: Mapping[int, int],
    at: int,
) -> _Seen:
    queue = sum(stand[column] for column in centre.queue)
    here = queue + sum(stand[column] for column in centre.active)
    limited = []
    for place, some in places:
        limit = value_at(limits[place], at)
        if limit is not None:
            limited.append((place, sum(held[column] for column in some) >= limit))
    is_idle = bool(centre.behind) and not any(stand[column] for column in centre.behind)
    return _Seen(queue, is_idle and here > 0, limited)


def value_at(changes: Sequence[tuple[int, Any]], at: int) -> Any:
    """What holds at a moment, of values that hold each from a moment on."""
    return next(value for since, value in reversed(changes) if since <= at)


def _when(change: Change) -> int:
    return change.at
