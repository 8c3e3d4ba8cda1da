"""Reading what closed days keep, for a window that may begin and end within a day."""

from collections import namedtuple
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, LargeBinary, bindparam, func, select

from app.boards.history import OpenBoard
from app.cards.closed_days import Closed, closed_of
from app.cards.filters import CardFilter
from app.days import day_of, start_of_day
from app.db import Query, Tx
from app.flow.queries import EVERY_CARD, Window
from app.flow.remembering import recall, remember
from app.models import DoneDay, StayDay
from app.packing import Numbers, taken

MOST_REMEMBERED = 1_000_000
"""Of so many numbers a process remembers single days, 8 MB: those that a window's bounds cut."""
_REMEMBERED = "days"
_LASTING = (DoneDay, StayDay)
"""What these say of a day is part of the past that a process may remember."""

_Day = Sequence[tuple[Any, dict[str, Numbers]]]
"""A day of a table: for each of its rows the arrays by their names."""


class Days(NamedTuple):
    """The closed days that lie in a window, as ordinals: whole ones from `first` to before `last`,
    and those that are cut by its bounds."""

    board_id: int
    window: Window
    first: int
    last: int
    cut: Sequence[int]
    until: int
    """Up to which moment all is in them; the rest of the window is to be read as it happened."""
    closed: Closed
    known: dict[Any, Any]
    """Of the request: days that were read for it."""

    @property
    def going_on(self) -> int:
        """The last closed day, which may go on; all before it are whole."""
        return day_of(self.closed.until, self.closed.zone).toordinal()


def closed_days_in(tx: Tx, board: OpenBoard, window: Window, cards: CardFilter) -> Days | None:
    """The closed days of a window; None where there are none, or none for what a filter lets
    through: days are closed for all cards together."""
    closed = closed_of(tx, board) if cards == EVERY_CARD else None
    return (
        None if closed is None or window.start >= closed.until else days_of(board, closed, window)
    )


def days_of(board: OpenBoard, closed: Closed, window: Window) -> Days:
    """Which closed days lie in a window that begins before their end."""
    zone = closed.zone
    begin, until = day_of(window.start, zone), min(window.end, closed.until)
    first = begin.toordinal()
    cut = []
    if start_of_day(begin, zone) < window.start:
        cut.append(first)
        first += 1
    end = day_of(until, zone)
    last = end.toordinal()
    if until == closed.until:
        last = day_of(until - 1, zone).toordinal() + 1
    elif start_of_day(end, zone) < until and last not in cut:
        cut.append(last)
    known = board.known.setdefault("days", {})
    return Days(board.id, window, first, max(first, last), cut, until, closed, known)


def rest_of(days: Days | None, window: Window) -> Window | None:
    """What of a window is to be read as it happened; None where all is closed."""
    if days is None:
        return window
    return Window(days.until, window.end) if days.until < window.end else None


def parted(days: Days) -> tuple[Days, Days]:
    """The whole days of a window that a process may remember, and the others."""
    last = max(days.first, min(days.last, days.going_on))
    return days._replace(last=last, cut=()), days._replace(first=last)


def arrays_in(
    tx: Tx, days: Days, table: Any, *names: str
) -> Iterator[tuple[Any, tuple[Numbers, ...]]]:
    """The arrays of each row of a table, without what lies outside the window."""
    going_on = max(days.first, min(days.last, days.going_on))
    if days.first < going_on:
        bounds = {"board": days.board_id, "first": days.first, "last": going_on}
        for key, *values in tx.all(_whole_days(table, names), **bounds):
            yield key, tuple(map(taken, values))
    for day in range(going_on, days.last):
        for key, arrays in _one_day(tx, days, table, day):
            yield key, tuple(arrays[name] for name in names)
    yield from cut_arrays(tx, days, table, *names)


def cut_arrays(
    tx: Tx, days: Days, table: Any, *names: str
) -> Iterator[tuple[Any, tuple[Numbers, ...]]]:
    """The arrays of the days that the window cuts, without what lies outside it."""
    for day in days.cut:
        for key, arrays in _one_day(tx, days, table, day):
            at = arrays["moments"]
            some = (at >= days.window.start) & (at < days.window.end)
            yield key, tuple(arrays[name][some] for name in names)


def sums_in(tx: Tx, days: Days, table: Any, *names: str) -> dict[Any, tuple[int, ...]]:
    """Sums of the whole days."""
    bounds = {"board": days.board_id, "first": days.first, "last": days.last}
    rows = tx.all(_sums_of_days(table, names), **bounds)
    return {key: tuple(map(int, values)) for key, *values in rows}


def _one_day(tx: Tx, days: Days, table: Any, day: int) -> _Day:
    """A day as it is kept: read once by a request, and by a process for as long as it may remember
    it."""
    found: _Day | None = days.known.get((table, day))
    if found is not None:
        return found
    key, past = (days.board_id, table, day), days.closed.past
    is_lasting = table in _LASTING and day < days.going_on
    if is_lasting:
        found = recall(tx, _REMEMBERED, key, past)
    if found is None:
        names = _arrays_of(table)
        rows = tx.all(_whole_days(table, names), board=days.board_id, first=day, last=day + 1)
        found = [(row[0], dict(zip(names, map(taken, row[1:]), strict=True))) for row in rows]
        if is_lasting:
            size = sum(len(array) for _, arrays in found for array in arrays.values())
            remember(tx, _REMEMBERED, key, past, found, size, MOST_REMEMBERED)
    days.known[table, day] = found
    return found


@cache
def _arrays_of(table: Any) -> tuple[str, ...]:
    columns = table.__table__.c
    return tuple(column.name for column in columns if isinstance(column.type, LargeBinary))


@cache
def _whole_days(table: Any, names: tuple[str, ...]) -> Query[Any]:
    columns = (_key(table).label("key"), *(getattr(table, name) for name in names))
    return Query(select(*columns).where(*_of_days(table)), namedtuple("_WholeDay", ("key", *names)))


@cache
def _sums_of_days(table: Any, names: tuple[str, ...]) -> Query[Any]:
    sums = (func.sum(getattr(table, name)).label(name) for name in names)
    statement = select(_key(table).label("key"), *sums).where(*_of_days(table))
    return Query(statement.group_by(_key(table)), namedtuple("_Sums", ("key", *names)))


def _of_days(table: Any) -> tuple[Any, ...]:
    return (
        table.board_id == bindparam("board"),
        table.day >= bindparam("first", type_=BigInteger),
        table.day < bindparam("last", type_=BigInteger),
    )


def _key(table: Any) -> Any:
    return getattr(table, "column_id", table.board_id)
