"""Reading what speaks for the constraint: how full the columns were, and what the limits said."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson
from sqlalchemy import BigInteger, bindparam, select

from app.boards.history import OpenBoard
from app.cards.change_days import kept_changes, latest_changes
from app.cards.closed_days import closed_of
from app.cards.filters import CardFilter
from app.days import day_of
from app.db import Query, Tx
from app.flow.constraint import (
    Centre,
    Evidence,
    Limits,
    Place,
    centres_of,
    constraint_of,
    evidence_of,
    places_of,
)
from app.flow.little import Little
from app.flow.little_reading import read_little
from app.flow.queries import Window
from app.flow.refusals_reading import read_refusals
from app.flow.stream import Stream
from app.models import RARE_EVENTS, Event

if TYPE_CHECKING:
    from app.flow.gauges import Changes

EVER = -(1 << 62)
"""Before any moment."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a window says of the constraint; `span` is the part of it in which the board lived."""

    span: Window
    evidence: list[Evidence]
    constraint: Evidence | None
    little: Little | None


class _LimitChange(NamedTuple):
    at: int
    data: str


_LIMITS = Query(
    select(Event.at, Event.data)
    .where(
        Event.board_id == bindparam("board_id"),
        Event.type == "limit.changed",
        RARE_EVENTS,
        Event.at >= bindparam("start", type_=BigInteger),
    )
    .order_by(Event.at, Event.seq),
    _LimitChange,
)


def read_constraint(
    tx: Tx, board: OpenBoard, window: Window, cards: CardFilter, stream: Stream
) -> Found:
    """What speaks for each work centre of a board in a window, and which one holds the flow.

    How full the columns were is a matter of all cards, whatever the filter; the times (those of the
    value stream), the refusals and Little's law are those of the cards that it lets through.
    """
    from app.flow.gauges import load_over  # noqa: PLC0415 - it needs NumPy

    changes = _changes(tx, board, window)
    span = _span(board, window, changes)
    refused = read_refusals(tx, board, window, cards).places
    refusals = {Place(place.scope, place.id or 0): place.count for place in refused}
    if span.start >= span.end:
        return Found(span, [], None, None)
    centres = centres_of(board.shape)
    limits = _limits(tx, board, window, centres)
    expedite = frozenset(lane.id for lane in board.shape.lanes if lane.expedite)
    groups = {
        group.id: [column.id for column in board.shape.columns if column.group_id == group.id]
        for group in board.shape.groups
    }
    loads = load_over(centres, board.counts, changes, span, limits, groups, expedite)
    evidence = evidence_of(centres, loads, span.end - span.start, limits, stream, refusals)
    return Found(span, evidence, constraint_of(evidence), read_little(tx, board, span, cards))


def _changes(tx: Tx, board: OpenBoard, window: Window) -> "Changes":
    """What came and went since the beginning of a window, until now."""
    import numpy as np  # noqa: PLC0415 - it takes long to load

    from app.flow.gauges import Changes  # noqa: PLC0415 - it needs NumPy

    closed = closed_of(tx, board)
    parts = [latest_changes(tx, board, None if closed is None else closed.seq, window.start)]
    if closed is not None:
        since = day_of(window.start, closed.zone).toordinal()
        parts.insert(0, kept_changes(tx, board, since))
    rows = [np.concatenate(some) for some in zip(*parts, strict=True)]
    at = rows[0]
    if len(at) and (at[1:] < at[:-1]).any():
        # Imported events have times that lie before those of events before them.
        order = np.argsort(at, kind="stable")
        rows = [values[order] for values in rows]
    first = int(np.searchsorted(rows[0], window.start))
    return Changes(*(values[first:] for values in rows))


def _span(board: OpenBoard, window: Window, changes: "Changes") -> Window:
    """The part of a window in which the board lived: from its first card on, and until now."""
    end = min(window.end, max(board.now, board.row.changed_at + 1))
    before = sum(board.counts.values()) - int(changes.delta.sum())
    start = window.start
    if not before and board.row.created_at > start:
        start = int(changes.at[0]) if len(changes.at) else end
    return Window(start, end)


def _limits(
    tx: Tx, board: OpenBoard, window: Window, centres: list[Centre]
) -> Mapping[Place, Limits]:
    shape = board.shape
    found: dict[Place, list[tuple[int, int | None]]] = {}
    for place in (place for centre in centres for place in places_of(centre)):
        there = shape.column if place.scope == "column" else shape.group
        found[place] = [(EVER, there[place.id].wip_limit)]
    seen = set()
    for row in tx.all(_LIMITS, board_id=board.id, start=window.start):
        data: dict[str, Any] = orjson.loads(row.data)
        place = Place(data["scope"], data["place"]["id"])
        if place not in found:
            continue
        if place not in seen:
            # The first change of a window says what the limit was before it.
            found[place] = [(EVER, data["from"])]
            seen.add(place)
        found[place].append((row.at, data["to"]))
    return found
