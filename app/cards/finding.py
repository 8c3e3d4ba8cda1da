"""Finding cards and boards by a few letters, over all boards that one may see."""

import re
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, func, or_, select

from app.auth.actor import Actor
from app.auth.service import own_boards
from app.db import Tx
from app.models import Board, Card

MOST_FOUND = 8


class FoundCard(NamedTuple):
    """A card that was found."""

    id: int
    number: int
    title: str
    board_key: str
    archived_at: int | None

    @property
    def ref(self) -> str:
        """The card's name on its board: `OPS-42`."""
        return f"{self.board_key}-{self.number}"


class FoundBoard(NamedTuple):
    """A board that was found."""

    key: str
    name: str


class Found(NamedTuple):
    """What goes by some letters."""

    cards: list[FoundCard]
    boards: list[FoundBoard]


def find(tx: Tx, actor: Actor, text: str, near: str | None = None) -> Found:
    """The cards with a text in their title or as their name (`OPS-42`, `42`), those of the board
    `near` first, and the boards with it in their name or key; a few of each."""
    text = text.strip()
    own = own_boards(tx, actor)
    wanted = text.casefold()
    boards = [
        FoundBoard(row.key, row.name)
        for row in own
        if wanted in row.name.casefold() or wanted in row.key.casefold()
    ]
    if not text or not own:
        return Found([], boards[:MOST_FOUND])
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    said: list[ColumnElement[bool]] = [
        func.lower(Card.title).like(func.lower(f"%{escaped}%"), escape="\\")
    ]
    name = re.fullmatch(r"(?:([A-Za-z][A-Za-z0-9]{1,9})-)?(\d{1,18})", text, re.ASCII)
    named = None
    if name is not None:
        named = Card.number == int(name[2])
        if name[1] is not None:
            named = and_(named, Board.key == name[1].upper())
        said.append(named)
    order = [] if named is None else [named.desc()]
    statement = (
        select(Card.id, Card.number, Card.title, Board.key.label("board_key"), Card.archived_at)
        .join(Board, Board.id == Card.board_id)
        .where(
            Card.board_id.in_([row.id for row in own]),
            Card.discarded_at.is_(None),
            or_(*said),
        )
        .order_by(
            *order,
            Card.archived_at.is_not(None),
            (Board.key == (near or "").upper()).desc(),
            Card.done_at.is_not(None),
            Card.entered_at.desc(),
            Card.id.desc(),
        )
        .limit(MOST_FOUND)
    )
    cards = [FoundCard._make(row) for row in tx.execute(statement)]
    return Found(cards, boards[:MOST_FOUND])
