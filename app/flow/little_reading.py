"""Reading Little's law: the cards that were in progress in a window, and those it saw finished."""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select

from app.boards.history import OpenBoard
from app.boards.shape import DONE
from app.cards.clocks import NEVER, Stay, is_started
from app.cards.filters import CardFilter
from app.db import Tx
from app.flow.day_reading import Days, arrays_in, closed_days_in, rest_of
from app.flow.little import Little, Progress, Steady, little_of
from app.flow.queries import Window, of_cards
from app.models import Card, DoneDay, Visit

_STAYS = select(
    Visit.card_id,
    Card.done_at,
    Card.cycle_time,
    Card.archived_at,
    Visit.column_id,
    Visit.entered_at,
    Visit.left_at,
    Visit.kind,
    Visit.started_work,
).join(Card, Card.id == Visit.card_id)


def read_little(tx: Tx, board: OpenBoard, span: Window, cards: CardFilter) -> Little:
    """The law over a window, for the cards that a filter lets through."""
    days = closed_days_in(tx, board, span, cards)
    # Who was in progress in a time that is long past and was finished since, no day tells.
    if days is None or span.end < board.row.changed_at:
        statement = of_cards(_STAYS, board, cards).where(Visit.board_id == board.id)
        return little_of(_progress(tx, board, span, statement), span.start, span.end)
    early = list(_progress(tx, board, span, _STAYS.where(*_early(board, days))))
    some = [*early, *_unfinished(tx, board, span)]
    rest = rest_of(days, span)
    if rest is not None:
        some += _progress(tx, board, span, _STAYS.where(*_done_in(board, rest)))
    steady = _steady(tx, days)
    worked = [card for card in early if card.cycle_time is not None]
    steady = Steady(
        steady.finished - len(worked),
        steady.cycle_time - sum(card.cycle_time or 0 for card in worked),
        steady.in_progress
        - sum((left or 0) - entered for card in worked for entered, left in card.stays),
    )
    return little_of(some, span.start, span.end, steady)


def _progress(
    tx: Tx, board: OpenBoard, span: Window, statement: Select[*tuple[Any, ...]]
) -> Iterator[Progress]:
    """The cards that were in progress in a window, or were finished in it."""
    shape = board.shape
    is_done = and_(Card.done_at >= span.start, Card.done_at < span.end)
    rows: Iterator[Any] = iter(
        tx.execute(
            statement.where(
                Visit.entered_at < span.end,
                # What was done before is in progress no more.
                or_(Card.done_at.is_(None), Card.done_at >= span.start),
                or_(Visit.left_at.is_(None), Visit.left_at > span.start, is_done),
            ).order_by(Visit.card_id, Visit.id)
        )
    )
    for _, some in groupby(rows, lambda row: row.card_id):
        stays = list(some)
        card = stays[0]
        was_finished = card.done_at is not None and span.start <= card.done_at < span.end
        yield Progress(
            card.cycle_time if was_finished else None,
            [
                # A card in the archive is not in progress.
                (row.entered_at, row.archived_at if row.left_at is None else row.left_at)
                for row in stays
                if (row.column_id in shape.column or row.column_id in shape.gone)
                and is_started(shape, Stay._make(row[4:]))
            ],
        )


def _done_in(board: OpenBoard, window: Window) -> tuple[ColumnElement[bool], ...]:
    return (
        Card.board_id == board.id,
        Card.done_at.is_not(None),
        Card.discarded_at.is_(None),
        Card.done_at >= window.start,
        Card.done_at < window.end,
    )


def _early(board: OpenBoard, days: Days) -> tuple[ColumnElement[bool], ...]:
    """Cards of closed days that were started before the window. The index knows when they were
    done and how long before that they were started."""
    start = days.window.start
    window = Window(start, days.until)
    return (*_done_in(board, window), Card.done_at - Card.cycle_time <= start)


def _unfinished(tx: Tx, board: OpenBoard, span: Window) -> Iterator[Progress]:
    """The cards that are not done now: by their columns, whose indexes know no finished ones."""
    columns = [column.id for column in board.shape.columns if column.kind != DONE]
    is_open = (Card.column_id.in_(columns), Card.discarded_at.is_(None), Card.done_at.is_(None))
    live = _STAYS.where(*is_open, Card.archived_at.is_(None))
    yield from _progress(tx, board, span, live)
    away = _STAYS.where(
        Card.board_id == board.id,
        Card.archived_at.is_not(None),
        Card.done_at.is_(None),
        Card.discarded_at.is_(None),
    )
    yield from _progress(tx, board, span, away)


def _steady(tx: Tx, days: Days) -> Steady:
    """The cards done on closed days."""
    finished = cycle_time = in_progress = 0
    for _, (cycle, progress) in arrays_in(tx, days, DoneDay, "cycle", "progress"):
        known = cycle != NEVER
        finished += int(known.sum())
        cycle_time += int(cycle[known].sum())
        in_progress += int(progress[known].sum())
    return Steady(finished, cycle_time, in_progress)
