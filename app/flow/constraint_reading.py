"""Reading what speaks for the constraint: how full the columns were, and what the limits said."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any, NamedTuple

import orjson
from sqlalchemy import BigInteger, and_, bindparam, or_, select

from app.boards.history import OpenBoard
from app.cards.clocks import Stay, is_started
from app.cards.filters import CardFilter
from app.db import Query, Tx
from app.flow.constraint import (
    Centre,
    Evidence,
    Limits,
    Place,
    centres_of,
    constraint_of,
    evidence_of,
    load_over,
    places_of,
)
from app.flow.gauges import PLACING, Change, Told, changes_of, stretches
from app.flow.little import Little, Progress, little_of
from app.flow.queries import Window, of_cards
from app.flow.refusals_reading import read_refusals
from app.flow.stream_queries import read_stream
from app.models import RARE_EVENTS, Card, Event, Visit

EVER = -(1 << 62)
"""Before any moment."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a window says of the constraint; `span` is the part of it in which the board lived."""

    span: Window
    evidence: list[Evidence]
    constraint: Evidence | None
    little: Little | None


class _Placed(NamedTuple):
    card_id: int
    at: int
    type: str
    data: str
    board_id: int
    archived_at: int | None
    discarded_at: int | None


class _LimitChange(NamedTuple):
    at: int
    data: str


_PLACED = Query(
    select(
        Event.card_id,
        Event.at,
        Event.type,
        Event.data,
        Card.board_id,
        Card.archived_at,
        Card.discarded_at,
    )
    .join(Card, Card.id == Event.card_id)
    .where(
        Event.board_id == bindparam("board_id"),
        Event.at >= bindparam("start", type_=BigInteger),
        or_(*(Event.type == name for name in PLACING)),
    )
    .order_by(Event.card_id, Event.seq.desc()),
    _Placed,
)
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


def read_constraint(tx: Tx, board: OpenBoard, window: Window, cards: CardFilter) -> Found:
    """What speaks for each work centre of a board in a window, and which one holds the flow.

    How full the columns were is a matter of all cards, whatever the filter; the times, the
    refusals and Little's law are those of the cards that it lets through.
    """
    changes = list(_changes(tx, board, window))
    span = _span(board, window, changes)
    stream = read_stream(tx, board, window, cards)
    refused = read_refusals(tx, board, window, cards).places
    refusals = {Place(place.scope, place.id or 0): place.count for place in refused}
    if span.start >= span.end:
        return Found(span, [], None, None)
    centres = centres_of(board.shape)
    limits = _limits(tx, board, window, centres)
    stops = [since for changed in limits.values() for since, _ in changed[1:]]
    parts = stretches(board.counts, changes, span.start, span.end, stops)
    expedite = frozenset(lane.id for lane in board.shape.lanes if lane.expedite)
    groups = {
        group.id: [column.id for column in board.shape.columns if column.group_id == group.id]
        for group in board.shape.groups
    }
    loads = load_over(centres, parts, limits, groups, expedite)
    evidence = evidence_of(centres, loads, span.end - span.start, limits, stream, refusals)
    little = little_of(_in_progress(tx, board, span, cards), span.start, span.end)
    return Found(span, evidence, constraint_of(evidence), little)


def _changes(tx: Tx, board: OpenBoard, window: Window) -> Iterator[Change]:
    rows = tx.all(_PLACED, board_id=board.id, start=window.start)
    for _, events in groupby(rows, lambda row: row.card_id):
        some = list(events)
        is_archived, is_discarded = some[0].archived_at, some[0].discarded_at
        is_here = some[0].board_id == board.id
        yield from changes_of(
            (Told(row.at, row.type, orjson.loads(row.data)) for row in some),
            is_live=is_here and is_archived is None and is_discarded is None,
            is_archived=is_here and is_archived is not None,
        )


def _span(board: OpenBoard, window: Window, changes: list[Change]) -> Window:
    """The part of a window in which the board lived: from its first card on, and until now."""
    end = min(window.end, max(board.now, board.row.changed_at + 1))
    before = sum(board.counts.values()) - sum(change.delta for change in changes)
    start = window.start
    if not before and board.row.created_at > start:
        start = min((change.at for change in changes), default=end)
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


def _in_progress(tx: Tx, board: OpenBoard, span: Window, cards: CardFilter) -> Iterator[Progress]:
    """The cards that were in progress in a window, or were finished in it."""
    is_done = and_(Card.done_at >= span.start, Card.done_at < span.end)
    statement = of_cards(
        select(
            Visit.card_id,
            Card.done_at,
            Card.cycle_time,
            Card.archived_at,
            Visit.column_id,
            Visit.entered_at,
            Visit.left_at,
            Visit.kind,
            Visit.started_work,
        ).join(Card, Card.id == Visit.card_id),
        board,
        cards,
    ).where(
        Visit.board_id == board.id,
        Visit.entered_at < span.end,
        # What was done before is in progress no more.
        or_(Card.done_at.is_(None), Card.done_at >= span.start),
        or_(Visit.left_at.is_(None), Visit.left_at > span.start, is_done),
    )
    shape = board.shape
    rows = tx.execute(statement.order_by(Visit.card_id, Visit.id))
    for _, some in groupby(rows, lambda row: row.card_id):
        stays = list(some)
        card = stays[0]
        was_finished = card.done_at is not None and span.start <= card.done_at < span.end
        yield Progress(
            card.cycle_time if was_finished else None,
            [
                # A card in the archive is not in progress.
                (row.entered_at, row.archived_at if row.left_at is None else row.left_at)
                for row in stays
                if (row.column_id in shape.column or row.column_id in shape.gone)
                and is_started(shape, Stay._make(row[4:]))
            ],
        )
