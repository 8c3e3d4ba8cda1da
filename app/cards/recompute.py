"""Recomputing the clocks of a board's cards, where its shape has given them another meaning."""

from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

from sqlalchemy import bindparam, select

from app.boards.shape import Shape
from app.cards.clocks import Clocks, Interval, Stay, read_clocks
from app.cards.stored_clocks import SET_CLOCKS
from app.db import Query, Tx
from app.models import BlockedInterval, Card, Visit


class _CardClocks(NamedTuple):
    id: int
    started_at: int | None
    done_at: int | None
    lead_time: int | None
    cycle_time: int | None
    process_time: int
    working_since: int | None
    blocked_time: int


class _VisitRow(NamedTuple):
    card_id: int
    column_id: int
    entered_at: int
    left_at: int | None
    kind: str | None
    started_work: bool | None


class _BlockRow(NamedTuple):
    card_id: int
    started_at: int
    ended_at: int | None


_CLOCKS = Query(
    select(
        Card.id,
        Card.started_at,
        Card.done_at,
        Card.lead_time,
        Card.cycle_time,
        Card.process_time,
        Card.working_since,
        Card.blocked_time,
    )
    .where(Card.board_id == bindparam("board_id"), Card.discarded_at.is_(None))
    .order_by(Card.id),
    _CardClocks,
)
_VISITS = Query(
    select(*(getattr(Visit, name) for name in _VisitRow._fields))
    .where(Visit.board_id == bindparam("board_id"))
    .order_by(Visit.card_id, Visit.id),
    _VisitRow,
)
_BLOCKS = Query(
    select(BlockedInterval.card_id, BlockedInterval.started_at, BlockedInterval.ended_at).where(
        BlockedInterval.board_id == bindparam("board_id")
    ),
    _BlockRow,
)


def recompute_clocks(tx: Tx, shape: Shape) -> int:
    """Reads the clocks of all cards of a board anew from their visits; how many changed."""
    changed = [
        {"card_id": card_id, **new._asdict()}
        for card_id, old, new in board_clocks(tx, shape)
        if old != new
    ]
    tx.run_many(SET_CLOCKS, changed)
    return len(changed)


def board_clocks(tx: Tx, shape: Shape) -> Iterator[tuple[int, Clocks, Clocks]]:
    """For each card of a board its id, the clocks that are kept and those that its visits say."""
    blocks: dict[int, list[Interval]] = {}
    for row in tx.all(_BLOCKS, board_id=shape.board_id):
        blocks.setdefault(row.card_id, []).append(Interval(row.started_at, row.ended_at))
    stays = {
        card_id: [Stay(*row[1:]) for row in rows]
        for card_id, rows in groupby(
            tx.all(_VISITS, board_id=shape.board_id), key=lambda row: row.card_id
        )
    }
    for kept in tx.all(_CLOCKS, board_id=shape.board_id):
        new = read_clocks(shape, stays[kept.id], blocks.get(kept.id, ()))
        yield kept.id, Clocks(*kept[1:]), new
