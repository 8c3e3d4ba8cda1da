"""Reading the cumulative flow: how many cards were in each column at the end of each day."""

from datetime import date
from typing import NamedTuple

from sqlalchemy import bindparam, select

from app.boards.history import OpenBoard
from app.cards.filters import CardFilter
from app.days import day_of, next_day, start_of_day
from app.db import Query, Tx
from app.errors import Invalid
from app.flow.counts_reading import column_counts
from app.flow.cumulative import Band, Cumulative
from app.flow.queries import EVERY_CARD, Window
from app.models import Column

MOST_DAYS = 40_000


class _ColumnRow(NamedTuple):
    id: int
    name: str
    kind: str
    deleted_at: int | None


_COLUMNS = Query(
    select(Column.id, Column.name, Column.kind, Column.deleted_at)
    .where(Column.board_id == bindparam("board_id"))
    .order_by(Column.position, Column.deleted_at.is_(None), Column.id),
    _ColumnRow,
)


def read_cumulative(
    tx: Tx, board: OpenBoard, window: Window, cards: CardFilter
) -> tuple[Cumulative, list[int]]:
    """The cumulative flow of a window, and with how many cards in each column it began.

    Discarded cards never count. Archived ones count where they are done; one that was put away
    before it was done is off the board until it is fetched back. Columns that were deleted are
    there for as long as the window saw cards in them. 422 for more days than 40,000.
    """
    days, ends = _days(board, window)
    counts = column_counts(tx, board, [window.start, *ends], cards)
    bands, before = [], []
    for column in tx.all(_COLUMNS, board_id=board.id):
        first, *others = counts[column.id].counts
        if column.deleted_at is None or first or any(others):
            is_gone = column.deleted_at is not None
            bands.append(Band(column.id, column.name, column.kind, is_gone, others))
            before.append(first)
    return Cumulative(days, bands), before


def cards_at(tx: Tx, board: OpenBoard, at: int) -> dict[int, int]:
    """How many cards were in each column just before a moment."""
    counts = column_counts(tx, board, [at], EVERY_CARD)
    return {column_id: column.counts[0] for column_id, column in counts.items()}


def _days(board: OpenBoard, window: Window) -> tuple[list[date], list[int]]:
    """The days of a window in the board's zone, and when each ends; the last one with the window,
    if that comes first."""
    zone = board.row.time_zone
    day, last = day_of(window.start, zone), day_of(window.end - 1, zone)
    if (last - day).days >= MOST_DAYS:
        raise Invalid((("query", "from"), f"must be at most {MOST_DAYS:,} days before `to`"))
    days, ends = [], []
    while day < last:
        days.append(day)
        day = next_day(day)
        ends.append(start_of_day(day, zone))
    return [*days, last], [*ends, window.end]
