"""The card that a change in depth begins with: its board is locked first, through who asks."""

from app.auth.actor import Actor
from app.boards.history import OpenBoard, lock_board
from app.cards.rows import CardRow
from app.cards.steps import read_card
from app.db import Statement, Tx
from app.errors import NotFound


def lock_card(tx: Tx, actor: Actor | None, card_id: int) -> tuple[OpenBoard, CardRow]:
    """Locks a card's board for a change; the card as it is then. 404 where the person does not see
    it, 403 where the person may not change it."""
    board = lock_board(tx, actor, card_id=card_id)
    return board, read_card(tx, board, card_id)


def lock_card_of(
    tx: Tx, actor: Actor | None, owner: Statement, thing_id: int
) -> tuple[OpenBoard, CardRow]:
    """Locks the board of the card that something belongs to; `owner` finds the card's id by `id`.

    A thing stays on its card for life: that much may be read before the lock.
    """
    card_id = tx.scalar(owner, id=thing_id)
    if card_id is None:
        raise NotFound
    return lock_card(tx, actor, card_id)
