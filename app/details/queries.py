"""What the panel of a card reads besides the card: its visits and blocks, the board's labels."""

from typing import NamedTuple

from sqlalchemy import bindparam, select
from sqlalchemy.orm import aliased

from app.db import Query, Tx
from app.models import BlockedInterval, Column, Label, User, Visit


class VisitRow(NamedTuple):
    """A stay of a card in a column; `left_at` is null while it is there."""

    column_id: int
    name: str
    kind: str
    entered_at: int
    left_at: int | None


class BlockRow(NamedTuple):
    """A time during which a card could not go on, and who began and ended it."""

    reason: str
    category: str
    started_at: int
    ended_at: int | None
    note: str
    by: str | None
    ended_by: str | None


class LabelRow(NamedTuple):
    """A label of a board; a removed one is offered no more."""

    id: int
    name: str
    color: str
    removed_at: int | None


_ender = aliased(User)
_VISITS = Query(
    select(Visit.column_id, Column.name, Column.kind, Visit.entered_at, Visit.left_at)
    .join(Column, Column.id == Visit.column_id)
    .where(Visit.card_id == bindparam("card_id"))
    .order_by(Visit.entered_at, Visit.id),
    VisitRow,
)
_BLOCKS = Query(
    select(
        BlockedInterval.reason,
        BlockedInterval.category,
        BlockedInterval.started_at,
        BlockedInterval.ended_at,
        BlockedInterval.note,
        User.name.label("by"),
        _ender.name.label("ended_by"),
    )
    .outerjoin(User, User.id == BlockedInterval.started_by)
    .outerjoin(_ender, _ender.id == BlockedInterval.ended_by)
    .where(BlockedInterval.card_id == bindparam("card_id"))
    .order_by(BlockedInterval.started_at, BlockedInterval.id),
    BlockRow,
)
_LABELS = Query(
    select(Label.id, Label.name, Label.color, Label.removed_at)
    .where(Label.board_id == bindparam("board_id"))
    .order_by(Label.name),
    LabelRow,
)


def visits_of(tx: Tx, card_id: int) -> list[VisitRow]:
    """A card's stays in columns, oldest first, whatever became of the columns."""
    return tx.all(_VISITS, card_id=card_id)


def blocks_of(tx: Tx, card_id: int) -> list[BlockRow]:
    """A card's blocked intervals, oldest first."""
    return tx.all(_BLOCKS, card_id=card_id)


def labels_of_board(tx: Tx, board_id: int) -> list[LabelRow]:
    """A board's labels by name, removed ones too."""
    return tx.all(_LABELS, board_id=board_id)
