"""What the panel of a card reads besides the card: its visits and blocks, the board's labels, and
the cards that a link could lead to."""

import contextlib
import re
from typing import NamedTuple

from sqlalchemy import bindparam, select
from sqlalchemy.orm import aliased

from app.auth.actor import Actor
from app.boards.history import OpenBoard
from app.cards.filters import CardFilter
from app.cards.queries import filtered
from app.cards.refs import card_id_of_ref
from app.cards.rows import CARD_BY_ID
from app.db import Query, Tx
from app.errors import NotFound
from app.models import BlockedInterval, Card, Column, Label, User, Visit

MOST_CANDIDATES = 8


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


def candidates(
    tx: Tx, actor: Actor, board: OpenBoard, card_id: int, text: str
) -> list[tuple[str, str]]:
    """The references and titles of cards that a text could mean: those of the board that have it in
    their reference or title, and the card of another board that it names."""
    if not text:
        return []
    statement = (
        filtered(select(Card.number, Card.title), board.id, CardFilter(text=(text,)))
        .where(Card.id != card_id)
        .order_by(Card.done_at.is_not(None), Card.number.desc())
        .limit(MOST_CANDIDATES)
    )
    found = [(f"{board.row.key}-{row.number}", row.title) for row in tx.execute(statement)]
    if re.fullmatch(r"[A-Za-z][A-Za-z0-9]{1,9}-[0-9]{1,18}", text, re.ASCII):
        with contextlib.suppress(NotFound):
            card = tx.one(CARD_BY_ID, card_id=card_id_of_ref(tx, actor, text.upper()))
            if card.board_id != board.id:
                found.insert(0, (card.ref, card.title))
    return found
