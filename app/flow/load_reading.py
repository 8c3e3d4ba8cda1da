"""Reading how full the work centres of a board were: whole days as they are kept, and the rest of a
window change by change."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from app.boards.history import OpenBoard
from app.boards.shape import Cell
from app.cards.centres import Centre, Gauges, Limits, Load, Place, gauges_of
from app.cards.change_days import changes_by_day, latest_changes
from app.cards.clocks import NEVER
from app.cards.closed_days import Closed, closed_of
from app.cards.load_days import Row, counts_after, kept_loads, loads_in, moved, read_limits
from app.days import day_of, next_day, start_of_day
from app.db import Tx
from app.flow.queries import Window

if TYPE_CHECKING:
    from app.cards.gauges import Changes


class Loads(NamedTuple):
    """What a window saw of each work centre; `span` is the part of it in which the board lived:
    from its first card on, and until now."""

    span: Window
    centres: Sequence[Centre]
    loads: list[Load]
    limits: Mapping[Place, Limits]


class _Stretch(NamedTuple):
    """A time that is followed change by change, some of which may come after it; `before` is what
    stood in the cells until then."""

    window: Window
    before: Mapping[Cell, int]
    changes: "Changes"


_Part = _Stretch | Sequence[Row]
"""A part of a window: followed change by change, or whole days that are kept."""


def read_loads(tx: Tx, board: OpenBoard, window: Window) -> Loads:
    """What a window saw of each work centre of a board, of all cards."""
    gauges = gauges_of(board.shape)
    span = Window(window.start, min(window.end, max(board.now, board.row.changed_at + 1)))
    parts = list(_parts(tx, board, gauges, span))
    if parts and board.row.created_at > span.start and _is_empty(parts[0]):
        first = _first_change(tx, board, parts)
        span = Window(span.end if first is None else first, span.end)
        parts = list(_parts(tx, board, gauges, span))
    limits = read_limits(tx, board, gauges, span.start)
    loads = [Load() for _ in gauges.centres]
    for part in parts:
        for load, more in zip(loads, _loads(gauges, limits, part), strict=True):
            load.add(more)
    return Loads(span, gauges.centres, loads, limits)


def _loads(gauges: Gauges, limits: Mapping[Place, Limits], part: _Part) -> list[Load]:
    from app.cards.gauges import load_over  # noqa: PLC0415 - it needs NumPy

    if isinstance(part, _Stretch):
        return load_over(gauges, part.before, part.changes, part.window, limits)
    return loads_in(gauges.centres, part)


def _parts(tx: Tx, board: OpenBoard, gauges: Gauges, span: Window) -> Iterator[_Part]:
    """A window in parts, one after the other."""
    if span.start >= span.end:
        return
    closed = closed_of(tx, board)
    since = span.start
    if closed is not None and closed.centres == gauges.mark:
        first = day_of(span.start, closed.zone).toordinal()
        last = day_of(span.end - 1, closed.zone).toordinal()
        rows = kept_loads(tx, board, first, last + 1)
        if rows:
            yield from _kept_parts(tx, board, closed.zone, span, rows)
            since = _bounds(rows[-1].day, closed.zone).end
    if since < span.end:
        yield _recent(tx, board, closed, Window(since, span.end))


def _kept_parts(
    tx: Tx, board: OpenBoard, zone: str, span: Window, rows: Sequence[Row]
) -> Iterator[_Part]:
    """The parts of a window up to the end of the last day that is kept of it."""
    from app.cards.gauges import changes_of  # noqa: PLC0415 - it needs NumPy

    begin, end = _bounds(rows[0].day, zone)
    if span.start < begin:
        # The first day that is kept at all is that of the first card.
        yield _Stretch(Window(span.start, begin), {}, changes_of((), begin))
    # When the first card of a board came, only the changes tell.
    is_cut = begin < span.start or end > span.end or board.row.created_at > span.start
    head = rows[:1] if is_cut else ()
    is_cut = len(rows) > len(head) and _bounds(rows[-1].day, zone).end > span.end
    tail = rows[-1:] if is_cut else ()
    for row in head:
        yield _followed(tx, board, zone, span, row)
    if len(rows) > len(head) + len(tail):
        yield rows[len(head) : len(rows) - len(tail)]
    for row in tail:
        yield _followed(tx, board, zone, span, row)


def _followed(tx: Tx, board: OpenBoard, zone: str, span: Window, row: Row) -> _Stretch:
    """The part of a window that lies in a day that is kept, change by change."""
    from app.cards.gauges import changes_of  # noqa: PLC0415 - it needs NumPy

    begin, end = _bounds(row.day, zone)
    window = Window(max(begin, span.start), min(end, span.end))
    told = changes_by_day(tx, board, row.day, row.day + 1)
    changes = changes_of(told.values(), window.start)
    return _stretch(window, counts_after(row), changes)


def _recent(tx: Tx, board: OpenBoard, closed: Closed | None, window: Window) -> _Stretch:
    """A window of which no day is kept, followed change by change up to now."""
    from app.cards.gauges import changes_of  # noqa: PLC0415 - it needs NumPy

    seq = None if closed is None else closed.seq
    parts = [latest_changes(tx, board, seq, window.start)]
    if closed is not None:
        since = day_of(window.start, closed.zone).toordinal()
        parts = [*changes_by_day(tx, board, since).values(), *parts]
    return _stretch(window, board.counts, changes_of(parts, window.start))


def _stretch(window: Window, after: Mapping[Cell, int], changes: "Changes") -> _Stretch:
    """A time from its beginning on, by what stands in the cells after all the changes."""
    from app.cards.gauges import net_of  # noqa: PLC0415 - it needs NumPy

    less = {cell: -more for cell, more in net_of(changes).items()}
    return _Stretch(window, moved(after, less), changes)


def _is_empty(part: _Part) -> bool:
    """Whether nothing stood on the board when a part of a window began."""
    return isinstance(part, _Stretch) and not sum(part.before.values())


def _first_change(tx: Tx, board: OpenBoard, parts: Sequence[_Part]) -> int | None:
    """When the first card came."""
    from app.cards.gauges import changes_of  # noqa: PLC0415 - it needs NumPy

    for part in parts:
        if isinstance(part, _Stretch):
            changes = part.changes
        else:
            told = changes_by_day(tx, board, part[0].day, part[-1].day + 1)
            changes = changes_of(told.values(), NEVER)
        if len(changes.at):
            return int(changes.at[0])
    return None


def _bounds(day: int, zone: str) -> Window:
    """From when to when a day lasts."""
    this = date.fromordinal(day)
    return Window(start_of_day(this, zone), start_of_day(next_day(this), zone))
