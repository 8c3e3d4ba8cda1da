"""Reading what is measured: the durations of a window's cards, and the cards themselves.

The database hands over all durations of a window in one value and NumPy does the rest. The
unfiltered window is answered from the index `ix_cards_done` alone, so that it costs the same on a
board of ten thousand finished cards and of a million.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import BigInteger, Select, and_, bindparam, func, or_, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction

from app import clock
from app.auth.actor import Actor
from app.boards.history import OpenBoard, read_board
from app.cards.labels import ids, names_of, read_labels
from app.cards.queries import CardFilter, filtered
from app.cards.rows import CardRow, select_cards
from app.days import start_of
from app.db import POSTGRESQL, Query, Statement, Tx
from app.errors import Invalid
from app.flow.metrics import Durations
from app.models import Card

DEFAULT_WINDOW = 90 * clock.DAY

LEAD = "lead"
CYCLE = "cycle"
PROCESS = "process"
_COLUMNS = {LEAD: Card.lead_time, CYCLE: Card.cycle_time, PROCESS: Card.process_time}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which cards are to be measured: done within a window, of these kinds.

    `start` and `end` are a day in the board's zone, a timestamp, or None for the last 90 days up
    to now.
    """

    start: str | int | None
    end: str | int | None
    cards: CardFilter


class Window(NamedTuple):
    """A window's bounds in microseconds since 1970: `start <= done_at < end`."""

    start: int
    end: int


class _Newest(NamedTuple):
    done_at: int


class packed(GenericFunction[Any]):  # noqa: N801 - a function of SQL
    """All values of a whole-number column that are not null, as one value."""

    inherit_cache = True
    name = "packed"


@compiles(packed, "sqlite")
def _packed_for_sqlite(element: Any, compiler: Any, **more: Any) -> str:
    return f"group_concat({compiler.process(element.clauses, **more)})"


@compiles(packed, "postgresql")
def _packed_for_postgresql(element: Any, compiler: Any, **more: Any) -> str:
    return f"string_agg(int8send({compiler.process(element.clauses, **more)}), '')"


def _unpacked(tx: Tx, value: Any) -> Durations:
    if value is None:
        return np.empty(0, np.int64)
    if tx.dialect == POSTGRESQL:
        return np.frombuffer(value, ">i8").astype(np.int64)
    return np.fromstring(value, np.int64, sep=",")


_DONE = (
    Card.board_id == bindparam("board_id"),
    Card.done_at.is_not(None),
    Card.discarded_at.is_(None),
    Card.done_at >= bindparam("start", type_=BigInteger),
    Card.done_at < bindparam("end", type_=BigInteger),
)
_DURATIONS = {
    measure: Statement(select(packed(column)).where(*_DONE)) for measure, column in _COLUMNS.items()
}
_NEWEST = Query(
    select(Card.done_at)
    .where(*_DONE[:3])
    .order_by(Card.done_at.desc())
    .limit(1),
    _Newest,
)


def window_of(board: OpenBoard, wanted: Wanted) -> Window:
    """The window that is wanted; 422 where it is empty."""
    zone = board.row.time_zone
    end = start_of(wanted.end, zone)
    if end is None:
        # A card that was done in this very microsecond is in.
        end = max(board.now, board.row.changed_at + 1)
    start = start_of(wanted.start, zone)
    if start is None:
        start = end - DEFAULT_WINDOW
    if start >= end:
        what = "now" if wanted.end is None else "`to`"
        raise Invalid((("query", "from"), f"must be before {what}"))
    return Window(start, end)


def read_durations(
    tx: Tx, board: OpenBoard, measure: str, window: Window, cards: CardFilter
) -> Durations:
    """The lead, cycle or process times of the cards done in a window, in no order; the archived
    cards among them, the discarded ones not. Cards that were never started have no cycle time."""
    if cards == EVERYTHING:
        bounds = {"board_id": board.id, **window._asdict()}
        return _unpacked(tx, tx.scalar(_DURATIONS[measure], **bounds))
    statement = _within(select(packed(_COLUMNS[measure])), board, window, cards)
    return _unpacked(tx, tx.execute(statement).scalar())


EVERYTHING = CardFilter(archived=None)
