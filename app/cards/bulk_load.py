"""Loading cards in bulk, with pasts that somebody else has made up or kept: the only code beside
the placing that writes where a card stands. It asks no limit and tells no event."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import bindparam, func, select, update

from app.boards.shape import Cell as CellKey
from app.db import POSTGRESQL, Query, Statement, Tx
from app.models import BlockedInterval, Card, CardAssignee, CardLabel, Cell, Event, Visit

CARD_FIELDS = (
    *("id", "board_id", "number", "title", "description", "work_type", "service_class", "team"),
    *("due_on", "external_id", "version", "created_by", "column_id", "lane_id", "rank"),
    *("archived_at", "discarded_at", "created_at", "entered_at", "started_at", "done_at"),
    *("lead_time", "cycle_time", "process_time", "working_since", "blocked_time"),
    *("was_blocked", "assignee_ids", "label_ids"),
)
EVENT_FIELDS = ("board_id", "seq", "at", "type", "actor_id", "card_id", "data")
VISIT_FIELDS = ("board_id", "card_id", "column_id", "entered_at", "left_at")
BLOCK_FIELDS = (
    *("board_id", "card_id", "reason", "category", "started_at", "started_by"),
    *("ended_at", "ended_by", "note"),
)

MANY_CARDS = 1_000
"""From so many new cards on the database is told what has become of its tables."""

Rows = Iterable[Sequence[Any]]


class _Span(NamedTuple):
    first: int
    last: int


_LAST_ID = Statement(select(func.coalesce(func.max(Card.id), 0)))
_sequence = func.pg_get_serial_sequence(Card.__tablename__, Card.id.key)
_next_ids = (
    select(func.nextval(_sequence).label("id"))
    .select_from(func.generate_series(1, bindparam("count")))
    .subquery()
)
_RESERVE = Query(
    select(func.min(_next_ids.c.id).label("first"), func.max(_next_ids.c.id).label("last")), _Span
)
_COUNT = Statement(
    update(Cell)
    .where(Cell.column_id == bindparam("column"), Cell.lane_id == bindparam("lane"))
    .values(card_count=bindparam("count"))
)
_SET_BLOCK = Statement(
    update(Card)
    .where(Card.id == bindparam("card"))
    .values(
        block_id=select(BlockedInterval.id)
        .where(BlockedInterval.card_id == bindparam("card"), BlockedInterval.ended_at.is_(None))
        .scalar_subquery()
    )
)


def reserve_card_ids(tx: Tx, count: int) -> int:
    """The first of so many ids in a row that no other card gets."""
    if tx.dialect != POSTGRESQL:
        # There is no other writer meanwhile.
        return int(tx.scalar(_LAST_ID)) + 1
    while True:
        span = tx.one(_RESERVE, count=count)
        # Somebody else may have drawn one in between.
        if span.last - span.first + 1 == count:
            return span.first


def load_cards(tx: Tx, rows: Rows) -> None:
    """Writes cards, as rows of `CARD_FIELDS`."""
    tx.load(Card, CARD_FIELDS, rows)


def load_assignees(tx: Tx, rows: Rows) -> None:
    """Writes whose cards they are: ids of cards and people."""
    tx.load(CardAssignee, ("card_id", "user_id"), rows)


def load_labels(tx: Tx, rows: Rows) -> None:
    """Writes the labels on cards: ids of cards and labels."""
    tx.load(CardLabel, ("card_id", "label_id"), rows)


def load_visits(tx: Tx, rows: Rows) -> None:
    """Writes stays in columns, as rows of `VISIT_FIELDS`: those of a card in their order."""
    tx.load(Visit, VISIT_FIELDS, rows)


def load_blocks(tx: Tx, rows: Rows) -> None:
    """Writes blocked intervals, as rows of `BLOCK_FIELDS`."""
    tx.load(BlockedInterval, BLOCK_FIELDS, rows)


def load_events(tx: Tx, rows: Rows) -> None:
    """Writes the history, as rows of `EVENT_FIELDS`."""
    tx.load(Event, EVENT_FIELDS, rows)


def measure_tables(tx: Tx) -> None:
    """Lets the database see how much there is of cards and their pasts; at the end of what wrote
    much of it."""
    tx.measure(Card, CardAssignee, CardLabel, Visit, BlockedInterval, Event)


def set_counts(tx: Tx, counts: Mapping[CellKey, int]) -> None:
    """Writes how many live cards the cells have."""
    for cell, count in counts.items():
        tx.run(_COUNT, column=cell.column_id, lane=cell.lane_id, count=count)


def set_open_blocks(tx: Tx, card_ids: Iterable[int]) -> None:
    """Lets blocked cards know their open blocked interval."""
    for card_id in card_ids:
        tx.run(_SET_BLOCK, card=card_id)
