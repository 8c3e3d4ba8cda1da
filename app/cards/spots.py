"""Spots in a cell: where a card is wanted, and between which others that is."""

from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import and_, bindparam, select

from app.boards.shape import Cell
from app.db import Query, Tx
from app.models import Card


class Ranked(NamedTuple):
    """A card's place in its cell."""

    id: int
    rank: int


_live = and_(Card.archived_at.is_(None), Card.discarded_at.is_(None))
_in_cell = and_(
    Card.column_id == bindparam("column_id"), Card.lane_id == bindparam("lane_id"), _live
)
_RANK_OF = Query(
    select(Card.id, Card.rank).where(Card.id == bindparam("card_id"), _in_cell), Ranked
)
_AT_RANK = Query(
    select(Card.id, Card.rank).where(_in_cell, Card.rank == bindparam("rank")).limit(1), Ranked
)
_LAST = Query(
    select(Card.id, Card.rank).where(_in_cell).order_by(Card.rank.desc()).limit(1), Ranked
)
_BEFORE = Query(
    select(Card.id, Card.rank)
    .where(_in_cell, Card.rank < bindparam("rank"), Card.id != bindparam("moved"))
    .order_by(Card.rank.desc())
    .limit(1),
    Ranked,
)
_AFTER = Query(
    select(Card.id, Card.rank)
    .where(_in_cell, Card.rank > bindparam("rank"), Card.id != bindparam("moved"))
    .order_by(Card.rank)
    .limit(bindparam("some", type_=Card.rank.type)),
    Ranked,
)
_NTH = Query(
    select(Card.id, Card.rank)
    .where(_in_cell, Card.id != bindparam("moved"))
    .order_by(Card.rank)
    .limit(1)
    .offset(bindparam("index", type_=Card.rank.type)),
    Ranked,
)


@dataclass(frozen=True, slots=True)
class Spot:
    """Where in its cell a card is wanted: before or after another one, at an index (from 0), at the
    rank that it had there once, or, with none of them, at the end."""

    before_card_id: int | None = None
    after_card_id: int | None = None
    index: int | None = None
    rank: int | None = None


AT_THE_END = Spot()


class UnknownNeighbour(LookupError):
    """The card that a spot names does not stand in that column and lane."""


def card_at(tx: Tx, cell: Cell, rank: int) -> Ranked | None:
    """The card that stands at a rank of a cell."""
    return tx.first(_AT_RANK, rank=rank, **_at(cell))


def cards_after(tx: Tx, cell: Cell, rank: int, *, moved: int, some: int) -> list[Ranked]:
    """The first cards behind a rank of a cell, without the one that is `moved`."""
    return tx.all(_AFTER, rank=rank, moved=moved, some=some, **_at(cell))


def neighbours(tx: Tx, cell: Cell, spot: Spot, moved: int) -> tuple[Ranked | None, Ranked | None]:
    """The cards between which a spot lies; None at an end, the same card twice for itself."""
    at = _at(cell)
    if spot.before_card_id is not None:
        after = tx.first(_RANK_OF, card_id=spot.before_card_id, **at)
        if after is None:
            raise UnknownNeighbour("before_card_id")
        if after.id == moved:
            return after, after
        return tx.first(_BEFORE, rank=after.rank, moved=moved, **at), after
    if spot.after_card_id is not None:
        before = tx.first(_RANK_OF, card_id=spot.after_card_id, **at)
        if before is None:
            raise UnknownNeighbour("after_card_id")
        if before.id == moved:
            return before, before
        return before, tx.first(_AFTER, rank=before.rank, moved=moved, some=1, **at)
    if spot.index is not None:
        after = tx.first(_NTH, index=spot.index, moved=moved, **at)
        if after is not None:
            return tx.first(_BEFORE, rank=after.rank, moved=moved, **at), after
    return tx.first(_LAST, **at), None


def _at(cell: Cell) -> dict[str, int]:
    return {"column_id": cell.column_id, "lane_id": cell.lane_id}
