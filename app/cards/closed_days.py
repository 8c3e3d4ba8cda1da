"""Closed days: how many cards came into each column and left it on each day that is over.

Derived from the visits, so that the cumulative flow of years is read from a few thousand rows
instead of millions. A day is closed once nothing can be stamped before its end; what happened since
is counted from the visits themselves, so that no answer waits for a closing and none is less exact
without one. A move writes nothing here. What changes the past does: a card that is discarded is
taken out of the days in which it was counted, and an import of older history opens them again.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, bindparam, delete, func, insert, or_, select, update

from app.boards.history import OpenBoard, lock_board
from app.clock import DAY
from app.days import day_of, next_day, start_of_day
from app.db import Query, Statement, Tx
from app.models import Board, Card, ClosedFlow, Column, ColumnDay, Visit
from app.packing import packed, unpacked

AT_ONCE = timedelta(days=92)
"""So many days are closed in one transaction."""
FEWEST_CARDS = 1_000
"""Boards with fewer cards are read from their visits as fast."""


class Closed(NamedTuple):
    """The moment up to which a board's days are closed, and the zone in which they are days."""

    until: int
    zone: str


class _Moment(NamedTuple):
    at: int | None


class _ColumnId(NamedTuple):
    id: int


class _Key(NamedTuple):
    key: str


class _Counted(NamedTuple):
    column_id: int
    entered_at: int
    left_at: int | None
    until: int
    zone: str


class _Day(NamedTuple):
    column_id: int
    day: int
    came: int
    went: int


_CLOSED = Query(
    select(ClosedFlow.until, ClosedFlow.zone).where(ClosedFlow.board_id == bindparam("board")),
    Closed,
)
_LOCKED = Query(
    select(ClosedFlow.until, ClosedFlow.zone)
    .where(ClosedFlow.board_id == bindparam("board"))
    .with_for_update(),
    Closed,
)
_CLOSE = Statement(
    insert(ClosedFlow).values(
        board_id=bindparam("board"), until=bindparam("until"), zone=bindparam("zone")
    )
)
_GO_ON = Statement(
    update(ClosedFlow)
    .where(ClosedFlow.board_id == bindparam("board"))
    .values(until=bindparam("until"))
)
_columns = select(Column.id).where(Column.board_id == bindparam("board"))
_FORGET = (
    Statement(delete(ColumnDay).where(ColumnDay.column_id.in_(_columns))),
    Statement(delete(ClosedFlow).where(ClosedFlow.board_id == bindparam("board"))),
)
_REOPEN = Statement(
    delete(ColumnDay).where(
        ColumnDay.column_id.in_(_columns), ColumnDay.day >= bindparam("since", type_=BigInteger)
    )
)
_COLUMN_IDS = Query(_columns, _ColumnId)
_FIRST = Query(
    select(func.min(Visit.entered_at).label("at")).where(Visit.column_id == bindparam("column")),
    _Moment,
)


def _moved(moment: Any) -> Any:
    return (
        select(Visit.column_id, packed(moment))
        .join(Card, Card.id == Visit.card_id)
        .where(
            Visit.column_id.in_(_columns),
            Card.discarded_at.is_(None),
            moment >= bindparam("since", type_=BigInteger),
            moment < bindparam("until", type_=BigInteger),
        )
        .group_by(Visit.column_id)
    )


_CAME, _WENT = _moved(Visit.entered_at), _moved(Visit.left_at)
_DAY = Statement(insert(ColumnDay).values({name: bindparam(name) for name in _Day._fields}))
_DAYS = Query(
    select(ColumnDay.column_id, ColumnDay.day, ColumnDay.came, ColumnDay.went).where(
        ColumnDay.column_id.in_(_columns)
    ),
    _Day,
)
# A card may have been on several boards: it counts on each of them in the columns that it saw.
_COUNTED = Query(
    select(Visit.column_id, Visit.entered_at, Visit.left_at, ClosedFlow.until, ClosedFlow.zone)
    .join(Column, Column.id == Visit.column_id)
    .join(ClosedFlow, ClosedFlow.board_id == Column.board_id)
    .where(Visit.card_id == bindparam("card"))
    .order_by(ClosedFlow.board_id, Visit.id)
    .with_for_update(of=ClosedFlow),
    _Counted,
)
_LESS = Statement(
    update(ColumnDay)
    .where(ColumnDay.column_id == bindparam("column"), ColumnDay.day == bindparam("of_day"))
    .values(
        came=ColumnDay.came - bindparam("came_less", type_=BigInteger),
        went=ColumnDay.went - bindparam("went_less", type_=BigInteger),
    )
)
_TO_CLOSE = Query(
    select(Board.key)
    .outerjoin(ClosedFlow, ClosedFlow.board_id == Board.id)
    .where(
        Board.last_number >= bindparam("fewest", type_=BigInteger),
        or_(
            ClosedFlow.until.is_(None),
            ClosedFlow.zone != Board.time_zone,
            ClosedFlow.until < Board.changed_at - bindparam("day", type_=BigInteger),
        ),
    )
    .order_by(Board.id),
    _Key,
)


def closed_of(tx: Tx, board: OpenBoard) -> Closed | None:
    """Up to when a board's days are closed; None where none are, or where they are days of a zone
    that the board has no more."""
    closed = tx.first(_CLOSED, board=board.id)
    return None if closed is None or closed.zone != board.row.time_zone else closed


def boards_to_close(tx: Tx) -> list[str]:
    """The keys of large boards that have days to be closed."""
    return [row.key for row in tx.all(_TO_CLOSE, fewest=FEWEST_CARDS, day=2 * DAY)]


def close_days(tx: Tx, key: str) -> bool:
    """Closes the next days of a board, a quarter of a year at most; whether there are more."""
    board = lock_board(tx, None, even_archived=True, key=key)
    zone = board.row.time_zone
    closed = tx.first(_LOCKED, board=board.id)
    if closed is not None and closed.zone != zone:
        forget_days(tx, board)
        closed = None
    since = _first_day(tx, board) if closed is None else day_of(closed.until, zone)
    # Nothing of this board will be stamped before its last change.
    last = day_of(board.row.changed_at, zone)
    if since is None or since >= last:
        return False
    until = min(last, since + AT_ONCE)
    tx.run_many(_DAY, [row._asdict() for row in _count_days(tx, board, since, until)])
    moment = start_of_day(until, zone)
    if closed is None:
        tx.run(_CLOSE, board=board.id, until=moment, zone=zone)
    else:
        tx.run(_GO_ON, board=board.id, until=moment)
    return until < last


def forget_days(tx: Tx, board: OpenBoard) -> None:
    """Opens all days of a board."""
    for deletion in _FORGET:
        tx.run(deletion, board=board.id)


def reopen_days(tx: Tx, board: OpenBoard, since: int) -> None:
    """Opens the days from a moment on, because something is being added to that past."""
    closed = tx.first(_LOCKED, board=board.id)
    if closed is None or since >= closed.until:
        return
    day = day_of(since, closed.zone)
    tx.run(_REOPEN, board=board.id, since=day.toordinal())
    tx.run(_GO_ON, board=board.id, until=start_of_day(day, closed.zone))


def count_out(tx: Tx, card_id: int) -> None:
    """Takes a card that was discarded out of the closed days, on all boards on which it was."""
    less: Counter[tuple[int, int]] = Counter()
    gone: Counter[tuple[int, int]] = Counter()
    for stay in tx.all(_COUNTED, card=card_id):
        if stay.entered_at < stay.until:
            less[stay.column_id, day_of(stay.entered_at, stay.zone).toordinal()] += 1
        if stay.left_at is not None and stay.left_at < stay.until:
            gone[stay.column_id, day_of(stay.left_at, stay.zone).toordinal()] += 1
    for column, day in sorted(less.keys() | gone.keys()):
        amounts = {"came_less": less[column, day], "went_less": gone[column, day]}
        tx.run(_LESS, column=column, of_day=day, **amounts)


def wrong_days(tx: Tx, board: OpenBoard) -> int:
    """How many closed days of columns are not what the visits say."""
    closed = tx.first(_CLOSED, board=board.id)
    stored = {row[:2]: row[2:] for row in tx.all(_DAYS, board=board.id)}
    told: dict[Any, Any] = {}
    first = _first_day(tx, board)
    if closed is not None and closed.zone != board.row.time_zone:
        return 0  # They are not used, and made anew at the next closing.
    if closed is not None and first is not None:
        until = day_of(closed.until, closed.zone)
        told = {row[:2]: row[2:] for row in _count_days(tx, board, first, until)}
    nothing = (0, 0)
    return sum(
        stored.get(key, nothing) != told.get(key, nothing) for key in stored.keys() | told.keys()
    )


def _first_day(tx: Tx, board: OpenBoard) -> date | None:
    """The day of the first move of a board."""
    columns = tx.all(_COLUMN_IDS, board=board.id)
    found = [tx.one(_FIRST, column=column.id).at for column in columns]
    moments = [at for at in found if at is not None]
    return day_of(min(moments), board.row.time_zone) if moments else None


def _count_days(tx: Tx, board: OpenBoard, since: date, until: date) -> list[_Day]:
    """What came and went on the days from one to before another one; days without are left out."""
    import numpy as np  # noqa: PLC0415 - it takes long to load

    zone = board.row.time_zone
    days = list(_days(since, until))
    starts = np.array([start_of_day(day, zone) for day in days], np.int64)
    bounds = {"since": start_of_day(since, zone), "until": start_of_day(until, zone)}
    counts: dict[int, list[Any]] = {}
    nothing = np.zeros(len(days), np.int64)
    for place, statement in enumerate((_CAME, _WENT)):
        rows: Iterator[Any] = iter(tx.execute(statement, {"board": board.id, **bounds}))
        for column, moments in rows:
            places = np.searchsorted(starts, unpacked(tx, moments), "right") - 1
            both = counts.setdefault(column, [nothing, nothing])
            both[place] = np.bincount(places, minlength=len(days))
    return [
        _Day(column, days[at].toordinal(), int(both[0][at]), int(both[1][at]))
        for column, both in sorted(counts.items())
        for at in np.flatnonzero(both[0] + both[1]).tolist()
    ]


def _days(since: date, until: date) -> Iterator[date]:
    day = since
    while day < until:
        yield day
        day = next_day(day)
