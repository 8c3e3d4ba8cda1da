"""Little's law and work in progress told by every stay of every card: what the program is held
against."""

from typing import Any

from sqlalchemy import select

from app.boards.history import OpenBoard
from app.cards.clocks import Stay, is_started
from app.db import Tx
from app.flow.little import Little
from app.flow.queries import Window
from app.models import Card, Event, Visit


def little_of_board(tx: Tx, board: OpenBoard, span: Window) -> Little:
    """The law over a window, for all cards of a board that are not discarded."""
    shape, (start, end) = board.shape, span
    totals = dict.fromkeys(
        ("finished", "cycle_time", "before", "in_progress", "unfinished", "at_start", "at_end"), 0
    )
    inside = 0
    rows: list[Any] = list(
        tx.execute(
            select(Visit.card_id, Visit.column_id, Visit.entered_at, Visit.left_at, Visit.kind)
            .add_columns(Visit.started_work, Card.done_at, Card.cycle_time, Card.archived_at)
            .join(Card, Card.id == Visit.card_id)
            .where(Card.board_id == board.id, Card.discarded_at.is_(None))
        )
    )
    done = set()
    for row in rows:
        counts = row.cycle_time is not None and start <= row.done_at < end
        if counts and row.card_id not in done:
            done.add(row.card_id)
            totals["finished"] += 1
            totals["cycle_time"] += row.cycle_time
        is_here = row.column_id in shape.column or row.column_id in shape.gone
        if not is_here or not is_started(shape, Stay._make(row[1:6])):
            continue
        left_at = row.archived_at if row.left_at is None else row.left_at
        until = max(end, board.now) + 1 if left_at is None else left_at
        within = max(0, min(until, end) - max(row.entered_at, start))
        totals["in_progress"] += within
        totals["unfinished"] += 0 if counts else within
        inside += within if counts else 0
        totals["before"] += max(0, min(until, start) - row.entered_at) if counts else 0
        totals["at_start"] += row.entered_at <= start < until
        totals["at_end"] += row.entered_at < end <= until
    outside = totals["cycle_time"] - totals["before"] - inside
    return Little(length=end - start, outside=outside, **totals)


def in_work_of_board(tx: Tx, board: OpenBoard, at: int) -> set[tuple[int, int]]:
    """Which cards were in work just before a moment, and in which columns."""
    archived: dict[int, bool] = {}
    told = select(Event.card_id, Event.type).where(
        Event.type.in_(["card.archived", "card.restored"]), Event.at < at
    )
    events: list[Any] = list(tx.execute(told.order_by(Event.at, Event.seq)))
    for card_id, kind in events:
        archived[card_id] = kind == "card.archived"
    stays: list[Any] = list(
        tx.execute(
            select(Visit.card_id, Visit.column_id, Visit.entered_at, Visit.left_at)
            .join(Card, Card.id == Visit.card_id)
            .where(Card.board_id == board.id, Card.discarded_at.is_(None), Card.started_at < at)
        )
    )
    shape = board.shape
    here = (shape.column.keys() | shape.gone.keys()) - shape.done
    return {
        (card_id, column_id)
        for card_id, column_id, entered_at, left_at in stays
        if entered_at < at and (left_at is None or left_at >= at)
        if column_id in here and not archived.get(card_id)
    }
