"""Reading what closed days keep, for a window that may begin and end within a day."""

from collections import namedtuple
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, bindparam, func, select

from app.boards.history import OpenBoard
from app.cards.closed_days import Closed, closed_of
from app.cards.filters import CardFilter
from app.days import day_of, start_of_day
from app.db import Query, Tx
from app.flow.queries import EVERY_CARD, Window
from app.packing import Numbers, taken


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
    return Days(board.id, window, first, max(first, last), cut, until, closed)


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
    bounds = {"board": days.board_id, "first": days.first, "last": days.last}
    for key, *values in tx.all(_whole_days(table, names), **bounds):
        yield key, tuple(map(taken, values))
    yield from cut_arrays(tx, days, table, *names)


@cache
def _whole_days(table: Any, names: tuple[str, ...]) -> Query[Any]:
    return Query(
        select(_key(table).label("key"), *(getattr(table, name) for name in names)).where(
            table.board_id == bindparam("board"),
            table.day >= bindparam("first", type_=BigInteger),
            table.day < bindparam("last", type_=BigInteger),
        ),
        namedtuple("_WholeDay", ("key", *names)),
    )


def sums_in(tx: Tx, days: Days, table: Any, *names: str) -> dict[Any, tuple[int, ...]]:
    """Sums of the whole days."""
    sums = [func.sum(getattr(table, name)) for name in names]
    rows: Iterator[Any] = iter(
        tx.execute(
            select(_key(table), *sums)
            .where(table.board_id == days.board_id, table.day >= days.first, table.day < days.last)
            .group_by(_key(table))
        )
    )
    return {key: tuple(map(int, values)) for key, *values in rows}


def cut_arrays(
    tx: Tx, days: Days, table: Any, *names: str
) -> Iterator[tuple[Any, tuple[Numbers, ...]]]:
    """The arrays of the days that the window cuts, without what lies outside it."""
    if not days.cut:
        return
    columns = [getattr(table, name) for name in names]
    rows: Iterator[Any] = iter(
        tx.execute(
            select(_key(table), table.moments, *columns).where(
                table.board_id == days.board_id, table.day.in_(days.cut)
            )
        )
    )
    for key, moments, *values in rows:
        at = taken(moments)
        some = (at >= days.window.start) & (at < days.window.end)
        yield key, tuple(taken(value)[some] for value in values)


def _key(table: Any) -> Any:
    return getattr(table, "column_id", table.board_id)
