"""Cards as others name them: OPS-42, found through the person who asks."""

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import bindparam, select

from app.auth.actor import Actor
from app.boards.history import read_board
from app.db import Query, Tx
from app.errors import NotFound
from app.models import Board, Card, CardAddress, Member


class _CardRow(NamedTuple):
    id: int


_BY_NUMBER = Query(
    select(Card.id).where(
        Card.board_id == bindparam("board_id"),
        Card.number == bindparam("number"),
        Card.discarded_at.is_(None),
    ),
    _CardRow,
)
_BY_OLD_NUMBER = Query(
    select(CardAddress.card_id.label("id")).where(
        CardAddress.board_id == bindparam("board_id"), CardAddress.number == bindparam("number")
    ),
    _CardRow,
)


def card_id_of_ref(tx: Tx, actor: Actor | None, ref: str) -> int:
    """The id of the card that a reference like `OPS-42` means, also where it has moved to another
    board since; 404 where the person does not see that."""
    key, _, number = ref.rpartition("-")
    board = read_board(tx, actor, key=key)
    for query in (_BY_NUMBER, _BY_OLD_NUMBER):
        found = tx.first(query, board_id=board.id, number=int(number))
        if found is not None:
            return found.id
    raise NotFound


def visible_refs(tx: Tx, actor: Actor | None, card_ids: Iterable[int]) -> dict[int, str]:
    """What those of some cards are called that the person sees; the others are left out."""
    wanted = set(card_ids)
    if not wanted:
        return {}
    statement = (
        select(Card.id, Card.board_id, Card.number, Board.key)
        .join(Board, Board.id == Card.board_id)
        .where(Card.id.in_(wanted))
    )
    if actor is not None and not actor.is_admin:
        mine = select(Member.board_id).where(Member.user_id == actor.id)
        statement = statement.where(Card.board_id.in_(mine))
    return {
        row.id: f"{row.key}-{row.number}"
        for row in tx.execute(statement)
        if actor is None or actor.reaches(row.board_id)
    }
