"""The clocks of a card as they are stored: gone on with at a move, or read anew from its past."""

from sqlalchemy import bindparam, select, update

from app.boards.history import OpenBoard
from app.cards.clocks import Clocks, Interval, Stay, read_clocks
from app.cards.rows import CardRow
from app.db import Query, Statement, Tx
from app.models import BlockedInterval, Card, Visit

VISITS = Query(
    select(Visit.column_id, Visit.entered_at, Visit.left_at, Visit.kind, Visit.started_work)
    .where(Visit.card_id == bindparam("card_id"))
    .order_by(Visit.id),
    Stay,
)
_BLOCKS = Query(
    select(BlockedInterval.started_at.label("start"), BlockedInterval.ended_at.label("until"))
    .where(BlockedInterval.card_id == bindparam("card_id"))
    .order_by(BlockedInterval.id),
    Interval,
)
SET_CLOCKS = Statement(
    update(Card)
    .where(Card.id == bindparam("card_id"))
    .values(**{name: bindparam(name) for name in Clocks._fields})
)


def clocks_after_move(tx: Tx, board: OpenBoard, card: CardRow, column_id: int) -> Clocks:
    """A card's clocks once it has left its column for another one now."""
    shape = board.shape
    if card.was_blocked:
        *past, last = tx.all(VISITS, card_id=card.id)
        stays = [*past, last._replace(left_at=board.now), Stay(column_id, board.now, None)]
        return read_clocks(shape, stays, tx.all(_BLOCKS, card_id=card.id))
    # A card that was never blocked needs no look at its past: the sums go on from where they are.
    process_time = card.process_time
    if card.working_since is not None:
        process_time += board.now - card.working_since
    started_at = card.started_at
    if started_at is None and column_id in shape.started:
        started_at = board.now
    done_at = None
    if column_id in shape.done:
        done_at = card.done_at if card.column_id in shape.done else board.now
    return Clocks(
        started_at=started_at,
        done_at=done_at,
        lead_time=None if done_at is None else done_at - card.created_at,
        cycle_time=None if done_at is None or started_at is None else max(0, done_at - started_at),
        process_time=process_time,
        working_since=board.now if column_id in shape.active else None,
        blocked_time=0,
    )


def stored_clocks(tx: Tx, board: OpenBoard, card_id: int) -> Clocks:
    """A card's clocks, read anew from its visits and blocked intervals."""
    return read_clocks(
        board.shape, tx.all(VISITS, card_id=card_id), tx.all(_BLOCKS, card_id=card_id)
    )
