"""Reading the cumulative flow: who came into each column and left it, and who was put away."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Select, bindparam, select

from app.boards.history import OpenBoard
from app.cards.filters import CardFilter
from app.days import day_of, next_day, start_of_day
from app.db import Query, Tx
from app.errors import Invalid
from app.flow.cumulative import Band, Cumulative, counts_at
from app.flow.metrics import Durations
from app.flow.queries import EVERY_CARD, Window, of_cards, packed, unpacked
from app.models import RARE_EVENTS, Card, Column, Event, Visit

MOST_DAYS = 40_000


class _ColumnRow(NamedTuple):
    id: int
    name: str
    kind: str
    deleted_at: int | None


class _Spell(NamedTuple):
    card_id: int
    column_id: int
    at: int
    type: str


class _Moves(NamedTuple):
    """When cards came into a column and left it, in no order."""

    came: Durations
    left: Durations


_COLUMNS = Query(
    select(Column.id, Column.name, Column.kind, Column.deleted_at)
    .where(Column.board_id == bindparam("board_id"))
    .order_by(Column.position, Column.deleted_at.is_(None), Column.id),
    _ColumnRow,
)
# By the board's columns: a card that has gone to another board was here for as long as it was.
_STAYS = (
    select(Visit.column_id, packed(Visit.entered_at), packed(Visit.left_at))
    .join(Card, Card.id == Visit.card_id)
    .where(
        Visit.column_id.in_(select(Column.id).where(Column.board_id == bindparam("board"))),
        Visit.entered_at < bindparam("end", type_=BigInteger),
    )
    .group_by(Visit.column_id)
)
_PUT_AWAY = (
    select(Card.column_id, packed(Card.archived_at))
    .where(Card.archived_at.is_not(None), Card.done_at.is_(None))
    .group_by(Card.column_id)
)
# Cards that were put away and fetched back: rare, and the index holds them alone.
_FETCHED_BACK = (
    select(Event.card_id)
    .where(Event.board_id == bindparam("board"), Event.type == "card.restored", RARE_EVENTS)
    .distinct()
)
_SPELLS = (
    select(Event.card_id, Visit.column_id, Event.at, Event.type)
    .join(Card, Card.id == Event.card_id)
    .join(Visit, Visit.card_id == Event.card_id)
    .where(
        Event.card_id.in_(_FETCHED_BACK),
        Event.board_id == bindparam("board"),
        Event.type.in_(("card.archived", "card.restored")),
        # A card that is put away stays where it stands: this is the stay in which it was.
        Visit.entered_at <= Event.at,
        (Visit.left_at > Event.at) | Visit.left_at.is_(None),
    )
    .order_by(Event.card_id, Event.seq, Visit.id)
)


def read_cumulative(
    tx: Tx, board: OpenBoard, window: Window, cards: CardFilter
) -> tuple[Cumulative, list[int]]:
    """The cumulative flow of a window, and with how many cards in each column it began.

    Discarded cards never count. Archived ones count where they are done; one that was put away
    before it was done is off the board until it is fetched back. Columns that were deleted are
    there for as long as the window saw cards in them. 422 for more days than 40,000.
    """
    days, moments = _days(board, window)
    moves = _moves(tx, board, window, cards)
    nobody = _Moves(unpacked(tx, None), unpacked(tx, None))
    bands, before = [], []
    for column in tx.all(_COLUMNS, board_id=board.id):
        first, *counts = counts_at([window.start, *moments], *moves.get(column.id, nobody))
        if column.deleted_at is None or first or any(counts):
            is_gone = column.deleted_at is not None
            bands.append(Band(column.id, column.name, column.kind, is_gone, counts))
            before.append(first)
    return Cumulative(days, bands), before


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


def _moves(tx: Tx, board: OpenBoard, window: Window, cards: CardFilter) -> dict[int, _Moves]:
    import numpy as np  # noqa: PLC0415

    def chosen(statement: Select[*tuple[Any, ...]]) -> Iterator[Any]:
        if cards == EVERY_CARD:
            statement = statement.where(Card.discarded_at.is_(None))
        else:
            statement = of_cards(statement, board, cards)
        return tx.execute(statement.params(board=board.id, end=window.end))

    moves = {
        column_id: _Moves(unpacked(tx, came), unpacked(tx, left))
        for column_id, came, left in chosen(_STAYS)
    }
    away: defaultdict[int, list[int]] = defaultdict(list)
    back: defaultdict[int, list[int]] = defaultdict(list)
    for column_id, archived in chosen(_PUT_AWAY.where(Card.board_id == board.id)):
        away[column_id] += unpacked(tx, archived).tolist()
    spells = [_Spell._make(row) for row in chosen(_SPELLS)]
    for one, next_one in pairwise(spells):
        if one.card_id != next_one.card_id or one.type == next_one.type:
            continue
        if one.type == "card.archived" and one.column_id not in board.shape.done:
            away[one.column_id].append(one.at)
            back[one.column_id].append(next_one.at)
    for column_id in away:
        stays = moves[column_id]
        moves[column_id] = _Moves(
            np.concatenate([stays.came, np.array(back[column_id], np.int64)]),
            np.concatenate([stays.left, np.array(away[column_id], np.int64)]),
        )
    return moves
