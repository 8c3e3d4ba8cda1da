"""Reading the cards that were in work at the end of a past day."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import exists, or_, select

from app.boards.history import OpenBoard
from app.boards.shape import DONE
from app.cards.filters import CardFilter
from app.cards.pace import FEWEST
from app.days import next_day, start_of_day
from app.db import Tx
from app.errors import Invalid
from app.flow.aging import AgingCard
from app.flow.aging_queries import AgingWork, read_aging
from app.flow.queries import EVERY_CARD, Wanted, Window, of_cards
from app.flow.standing import in_work_at, stood_at
from app.models import BlockedInterval, Card, Visit
from app.models import Column as ColumnTable


def end_of(board: OpenBoard, as_of: str | None) -> int | None:
    """The end of a day of the board's; None for today, which goes on, and where none is asked for.
    422 for a day to come."""
    if as_of is None:
        return None
    day = date.fromisoformat(as_of)
    if start_of_day(day, board.row.time_zone) > board.now:
        raise Invalid((("query", "as_of"), "must not be in the future"))
    end = start_of_day(next_day(day), board.row.time_zone)
    return end if end <= board.now else None


def past_until(wanted: Wanted, at: int | None) -> Wanted:
    """The past cards to compare with: as they were asked for, or those done until that end."""
    return wanted if at is None or wanted.end is not None else replace(wanted, end=at)


def read_aging_at(
    tx: Tx,
    board: OpenBoard,
    window: Window,
    cards: CardFilter,
    at: int | None,
    fewest: int = FEWEST,
) -> AgingWork:
    """What was in work just before a moment, or is now, beside what was done in a window."""
    found = read_aging(tx, board, window, cards, fewest)
    return found if at is None else found._replace(cards=cards_in_work_at(tx, board, cards, at))


def cards_in_work_at(tx: Tx, board: OpenBoard, cards: CardFilter, at: int) -> list[AgingCard]:
    """The board's cards that were started and not done just before a moment and did not lie in the
    archive, the oldest first: in the columns where they stood, with their titles of today. The
    filters look at what the cards are today; what was discarded since is left out."""
    columns = [column.id for column in board.shape.columns if column.kind != DONE]
    columns += [column_id for column_id, (kind, _) in board.shape.gone.items() if kind != DONE]
    blocked = exists().where(
        BlockedInterval.card_id == Card.id,
        BlockedInterval.started_at < at,
        or_(BlockedInterval.ended_at.is_(None), BlockedInterval.ended_at >= at),
    )
    found: list[Any] = []
    for in_work in in_work_at(board, at):
        statement = (
            select(
                Card.id,
                Card.number,
                Card.title,
                Visit.column_id,
                Card.started_at,
                Visit.entered_at,
                blocked.label("blocked"),
            )
            .select_from(Card)
            .join(Visit, Visit.card_id == Card.id)
            .where(*in_work, *stood_at(columns, at))
        )
        found += tx.execute(statement).all()
    if cards != EVERY_CARD:
        # These few are asked, and not the board's cards of many years.
        some = select(Card.id).where(Card.id.in_([row.id for row in found]))
        let_through = set(tx.execute(of_cards(some, board, cards)).scalars())
        found = [row for row in found if row.id in let_through]
    found.sort(key=lambda row: (row.started_at, row.id))
    return [
        AgingCard(
            row.id,
            row.number,
            row.title,
            row.column_id,
            at - row.started_at,
            at - row.entered_at,
            bool(row.blocked),
        )
        for row in found
    ]


def names_of_columns(tx: Tx, board: OpenBoard, cards: Sequence[AgingCard]) -> dict[int, str]:
    """The names of the columns in which cards stand or stood, and of all that are there now."""
    names = {column.id: column.name for column in board.shape.columns}
    gone = {card.column_id for card in cards} - names.keys()
    if gone:
        rows = tx.execute(
            select(ColumnTable.id, ColumnTable.name)
            .where(ColumnTable.id.in_(gone))
            .order_by(ColumnTable.position, ColumnTable.id)
        )
        names |= {row.id: f"{row.name} (deleted)" for row in rows}
    return names
