"""What goes with a card from one board to another: its past, its clocks, and the way to find it."""

from typing import NamedTuple

from sqlalchemy import bindparam, delete, insert, update

from app.boards.history import OpenBoard
from app.boards.shape import ACTIVE, DONE, QUEUE, Cell
from app.cards.placing import put_on, take_off
from app.cards.rows import CardRow
from app.cards.stored_clocks import VISITS
from app.db import Statement, Tx
from app.models import BlockedInterval, Card, CardAddress, Visit

_KEEP_MEANING = Statement(
    update(Visit)
    .where(
        Visit.card_id == bindparam("card"),
        Visit.column_id == bindparam("column"),
        Visit.kind.is_(None),
    )
    .values(kind=bindparam("kind"), started_work=bindparam("started_work"))
)
_ADDRESS = Statement(
    insert(CardAddress).values(
        {name: bindparam(name) for name in ("board_id", "number", "card_id", "title", "left_at")}
    )
)
_FORGET_ADDRESS = Statement(
    delete(CardAddress).where(
        CardAddress.board_id == bindparam("board"), CardAddress.card_id == bindparam("card")
    )
)
_BRING_VISITS = Statement(
    update(Visit).where(Visit.card_id == bindparam("card")).values(board_id=bindparam("board"))
)
_BRING_BLOCKS = Statement(
    update(BlockedInterval)
    .where(BlockedInterval.card_id == bindparam("card"))
    .values(board_id=bindparam("board"))
)
_BRING = Statement(
    update(Card)
    .where(Card.id == bindparam("card_id"))
    .values(
        board_id=bindparam("board"),
        number=bindparam("number"),
        team=bindparam("team"),
        assignee_ids=bindparam("assignee_ids"),
        label_ids=bindparam("label_ids"),
    )
)


class Coming(NamedTuple):
    """What a card that comes from another board is given here."""

    number: int
    cell: Cell
    team: str | None
    assignee_ids: str
    label_ids: str


def take_card_away(tx: Tx, board: OpenBoard, card: CardRow) -> dict[int, tuple[str, bool]]:
    """Takes a card off its board for another one; its stays here keep the meaning that they have
    now. For each column of theirs whose meaning was open: its kind, whether work was started."""
    shape = board.shape
    take_off(tx, board, card)
    meanings: dict[int, tuple[str, bool]] = {}
    for stay in tx.all(VISITS, card_id=card.id):
        if stay.kind is not None or stay.column_id in meanings:
            continue
        kind = DONE if stay.column_id in shape.done else QUEUE
        kind = ACTIVE if stay.column_id in shape.active else kind
        meanings[stay.column_id] = (kind, stay.column_id in shape.started)
        means = {"kind": kind, "started_work": meanings[stay.column_id][1]}
        tx.run(_KEEP_MEANING, card=card.id, column=stay.column_id, **means)
    tx.run(
        _ADDRESS,
        board_id=board.id,
        number=card.number,
        card_id=card.id,
        title=card.title,
        left_at=board.now,
    )
    return meanings


def bring_card(tx: Tx, board: OpenBoard, card: CardRow, coming: Coming) -> None:
    """Puts a card that was taken off another board to the end of a cell, with its past and its
    clocks; the limits have been asked. The caller tells the event."""
    tx.run(_FORGET_ADDRESS, board=board.id, card=card.id)
    tx.run(_BRING_VISITS, card=card.id, board=board.id)
    tx.run(_BRING_BLOCKS, card=card.id, board=board.id)
    put_on(tx, board, card, coming.cell)
    told = {name: getattr(coming, name) for name in ("number", "team", "assignee_ids", "label_ids")}
    tx.run(_BRING, card_id=card.id, board=board.id, **told)
