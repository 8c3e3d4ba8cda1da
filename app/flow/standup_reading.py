"""Reading what a team talks about when it stands before its board."""

from typing import Any, NamedTuple

from sqlalchemy import select

from app.boards.history import OpenBoard
from app.boards.shape import DONE
from app.cards.filters import CardFilter
from app.cards.past import past_of
from app.cards.queries import filtered
from app.days import day_of, start_of_day
from app.db import Tx
from app.flow.aging import AgingCard, bars_in, late_first
from app.flow.aging_queries import cards_in_work
from app.flow.queries import EVERY_CARD
from app.flow.standup import (
    Full,
    Moved,
    Stay,
    full_places,
    last_working_day,
    moved_since,
    right_to_left,
)
from app.models import BlockedInterval, Card, Visit


class Stuck(NamedTuple):
    """A blocked card; `time` is for how long."""

    number: int
    title: str
    column_id: int
    reason: str
    time: int


class Gone(NamedTuple):
    """A card that has moved."""

    number: int
    title: str
    move: Moved


class Standup(NamedTuple):
    """What there is to talk about, each list from right to left."""

    stuck: list[Stuck]
    late: list[tuple[AgingCard, int]]  # and how many of the four marks it exceeds
    full: list[Full]
    moved: list[Gone]
    since: int  # the start of the last working day
    in_work: int
    has_past: bool  # whether enough cards were done to hold others against them


def read_standup(tx: Tx, board: OpenBoard) -> Standup:
    """What a board's team talks about now: the same few statements for any number of cards."""
    order = right_to_left(board.shape)
    zone = board.row.time_zone
    since = start_of_day(last_working_day(day_of(board.now, zone)), zone)
    cards = cards_in_work(tx, board, EVERY_CARD)
    pace = past_of(tx, board).pace
    late = sorted(late_first(cards, pace), key=lambda card: (order[card.column_id], -card.age))
    moved = _moved(tx, board, since)
    return Standup(
        stuck=sorted(_stuck(tx, board), key=lambda card: (order[card.column_id], -card.time)),
        late=[(card, bars_in(card, pace) or 0) for card in late],
        full=full_places(board.shape, board.counts),
        moved=sorted(moved, key=lambda card: (order[card.move.target], card.number)),
        since=since,
        in_work=len(cards),
        has_past=bool(pace),
    )


def _open(board: OpenBoard) -> CardFilter:
    columns = tuple(column.id for column in board.shape.columns if column.kind != DONE)
    return CardFilter(column_id=columns, blocked=True)


def _stuck(tx: Tx, board: OpenBoard) -> list[Stuck]:
    """The blocked cards that are not done."""
    wanted = _open(board)
    if not wanted.column_id:
        return []
    statement = select(
        Card.number, Card.title, Card.column_id, BlockedInterval.reason, BlockedInterval.started_at
    ).join(BlockedInterval, BlockedInterval.id == Card.block_id)
    return [
        Stuck._make((*row[:-1], board.now - row.started_at))
        for row in tx.execute(filtered(statement, board.id, wanted))
    ]


def _moved(tx: Tx, board: OpenBoard, since: int) -> list[Gone]:
    """The live cards that stand in another column than they did at a moment."""
    columns = [column.id for column in board.shape.columns]
    # Asked for by the columns, whose index knows what came into them lately.
    lately = (
        select(Visit.card_id)
        .where(Visit.column_id.in_(columns), Visit.entered_at >= since)
        .distinct()
    )
    statement: Any = (
        select(Card.id, Visit.column_id, Visit.entered_at, Card.number, Card.title)
        .join(Visit, Visit.card_id == Card.id)
        .where(
            Card.id.in_(lately),
            # Not by the index of the board's numbers, which would go through all of its cards.
            Card.board_id + 0 == board.id,
            Card.archived_at.is_(None),
            Card.discarded_at.is_(None),
        )
        .order_by(Visit.card_id, Visit.id)
    )
    rows = tx.execute(statement).all() if columns else []
    names = {row.id: (row.number, row.title) for row in rows}
    moves = moved_since((Stay._make(row[:3]) for row in rows), since)
    return [Gone(*names[move.card_id], move) for move in moves]
