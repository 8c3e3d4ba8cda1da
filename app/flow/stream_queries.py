"""Reading the value stream: the stays of the cards done in a window, and the exits in it."""

from collections.abc import Collection, Iterable, Sequence
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from sqlalchemy import bindparam, select

from app.boards.history import OpenBoard
from app.cards.clocks import Interval, Stay
from app.cards.filters import CardFilter
from app.db import Query, Tx
from app.flow.queries import Window, of_cards, within
from app.flow.stream import (
    ELSEWHERE,
    Journey,
    Layout,
    Place,
    Stream,
    Tally,
    add_exits,
    add_journey,
    has_been,
    stream_of,
)
from app.models import BlockedInterval, Card, Column, Visit

OTHER_BOARDS = "Other boards"


class CardName(NamedTuple):
    """A card as a list names it."""

    id: int
    number: int
    title: str


class ColumnRow(NamedTuple):
    """A column that is there or was."""

    id: int
    name: str
    kind: str
    team: str | None
    position: int
    deleted_at: int | None


_COLUMNS = Query(
    select(Column.id, Column.name, Column.kind, Column.team, Column.position, Column.deleted_at)
    .where(Column.board_id == bindparam("board_id"))
    # A column that was deleted stood before the one that has its position now.
    .order_by(Column.position, Column.deleted_at.is_(None), Column.deleted_at, Column.id),
    ColumnRow,
)


def read_stream(
    tx: Tx, board: OpenBoard, window: Window, cards: CardFilter, most: int = 0
) -> Stream:
    """The value stream of a window: the times of the cards done in it, and the exits in it of all
    cards; for each step so many of the cards that were longest in it."""
    columns = read_columns(tx, board)
    stays = _stays(tx, board, window, cards)
    layout = _layout(tx, board, columns, {stay.column_id for _, _, some in stays for stay in some})
    blocks = _blocks(tx, board, window, cards)
    tally = Tally(most)
    for card_id, done_at, some in stays:
        add_journey(tally, layout, Journey(card_id, done_at, some, blocks.get(card_id, ())))
    for some_stays in _left(tx, board, columns, window, cards):
        add_exits(tally, layout, some_stays, window.start, window.end)
    there = board.shape.column
    places = [place for place in _places(columns) if place.id in there or has_been(tally, place.id)]
    return stream_of(tally, places)


def read_columns(tx: Tx, board: OpenBoard) -> list[ColumnRow]:
    """A board's columns from left to right, the deleted ones where they last stood."""
    return tx.all(_COLUMNS, board_id=board.id)


def card_names(tx: Tx, card_ids: Collection[int]) -> dict[int, CardName]:
    """Cards by their ids, as a list names them."""
    if not card_ids:
        return {}
    rows = tx.execute(select(Card.id, Card.number, Card.title).where(Card.id.in_(card_ids)))
    return {row.id: CardName._make(row) for row in rows}


def _places(columns: Iterable[ColumnRow]) -> list[Place]:
    """The steps from left to right. What a card did on another board comes before all that it did
    here, and stays as unnamed as that board is to those who may not see it."""
    return [
        Place(ELSEWHERE, OTHER_BOARDS, None, None, False),
        *(Place(row.id, row.name, row.kind, row.team, bool(row.deleted_at)) for row in columns),
    ]


def _layout(
    tx: Tx, board: OpenBoard, columns: Sequence[ColumnRow], visited: Collection[int]
) -> Layout:
    order = {row.id: place for place, row in enumerate(columns)}
    teams = {row.id: row.team for row in columns if row.team is not None}
    foreign = set(visited) - order.keys()
    if foreign:
        statement = select(Column.id, Column.team).where(Column.id.in_(foreign))
        teams |= {row.id: row.team for row in tx.execute(statement) if row.team is not None}
    deleted_at = {row.id: row.deleted_at for row in columns if row.deleted_at is not None}
    return Layout(board.shape, order, teams, deleted_at)


def _stays(
    tx: Tx, board: OpenBoard, window: Window, cards: CardFilter
) -> list[tuple[int, int, list[Stay]]]:
    """The cards done in a window: id, when it was done, all its stays in order."""
    statement = within(
        select(
            Visit.card_id,
            Card.done_at,
            Visit.column_id,
            Visit.entered_at,
            Visit.left_at,
            Visit.kind,
            Visit.started_work,
        ).join(Card, Card.id == Visit.card_id),
        board,
        window,
        cards,
    ).order_by(Visit.card_id, Visit.id)
    return [
        (card_id, done_at, [Stay._make(row[2:]) for row in rows])
        for (card_id, done_at), rows in groupby(tx.execute(statement), itemgetter(0, 1))
    ]


def _blocks(
    tx: Tx, board: OpenBoard, window: Window, cards: CardFilter
) -> dict[int, list[Interval]]:
    """When the cards done in a window were blocked, by card."""
    statement = within(
        select(BlockedInterval.card_id, BlockedInterval.started_at, BlockedInterval.ended_at).join(
            Card, Card.id == BlockedInterval.card_id
        ),
        board,
        window,
        cards,
    )
    found: dict[int, list[Interval]] = {}
    for row in tx.execute(statement):
        found.setdefault(row.card_id, []).append(Interval(row.started_at, row.ended_at))
    return found


def _left(
    tx: Tx, board: OpenBoard, columns: Iterable[ColumnRow], window: Window, cards: CardFilter
) -> list[list[tuple[int, int | None]]]:
    """All stays of each card that left one of the board's columns in a window."""
    leaving = select(Visit.card_id).where(
        Visit.column_id.in_([row.id for row in columns]),
        # What left in the window came before its end: the index is searched by that.
        Visit.entered_at < window.end,
        Visit.left_at >= window.start,
        Visit.left_at < window.end,
    )
    statement = of_cards(
        select(Visit.card_id, Visit.column_id, Visit.left_at).join(Card, Card.id == Visit.card_id),
        board,
        cards,
    ).where(Card.id.in_(leaving))
    rows = tx.execute(statement.order_by(Visit.card_id, Visit.id))
    return [
        [(row.column_id, row.left_at) for row in some] for _, some in groupby(rows, itemgetter(0))
    ]
