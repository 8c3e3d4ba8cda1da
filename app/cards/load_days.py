"""What closed days saw of the work centres: how long their limits were full, what waited in front
of them, how long the next one stood empty.

It adds up: a window is the sum of its whole days, and only the days that it cuts are followed
change by change. What a day saw depends on nothing that can change but the work centres themselves:
events and the limits of the time stay what they are, and an import opens the days again.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

import orjson
from sqlalchemy import BigInteger, bindparam, delete, func, insert, select

from app.boards.history import OpenBoard
from app.boards.shape import Cell
from app.cards.centres import Centre, Gauges, Limits, Load, Place, gauges_of, places_of
from app.cards.change_days import changes_by_day
from app.cards.clocks import NEVER
from app.days import start_of_day
from app.db import Query, Statement, Tx
from app.models import RARE_EVENTS, ChangeDay, Event, LoadDay
from app.packing import kept, taken

DAYS_AT_ONCE = 31
NO_LIMIT = -1

Counts = dict[Cell, int]


class Row(NamedTuple):
    """A day: what stood in the cells when it was over (column, lane and number, one cell behind
    the other), and what it saw."""

    day: int
    counts: bytes
    loads: bytes


class _LimitChange(NamedTuple):
    at: int
    data: str


class _Day(NamedTuple):
    day: int | None


_LIMITS = Query(
    select(Event.at, Event.data)
    .where(
        Event.board_id == bindparam("board_id"),
        Event.type == "limit.changed",
        RARE_EVENTS,
        Event.at >= bindparam("start", type_=BigInteger),
    )
    .order_by(Event.at, Event.seq),
    _LimitChange,
)
_of_board = LoadDay.board_id == bindparam("board")
_rows = select(LoadDay.day, LoadDay.counts, LoadDay.loads).where(_of_board)
_SOME = Query(
    _rows.where(
        LoadDay.day >= bindparam("first", type_=BigInteger),
        LoadDay.day < bindparam("last", type_=BigInteger),
    ).order_by(LoadDay.day),
    Row,
)
_LAST = Query(_rows.order_by(LoadDay.day.desc()).limit(1), Row)
_FIRST_CHANGE = Query(
    select(func.min(ChangeDay.day).label("day")).where(ChangeDay.board_id == bindparam("board")),
    _Day,
)
_INSERT = Statement(
    insert(LoadDay).values(
        board_id=bindparam("board"), **{name: bindparam(name) for name in Row._fields}
    )
)
_FORGET = Statement(
    delete(LoadDay).where(_of_board, LoadDay.day >= bindparam("since", type_=BigInteger))
)


def read_limits(tx: Tx, board: OpenBoard, gauges: Gauges, since: int) -> Mapping[Place, Limits]:
    """The limits of the places that are measured, as they were from a moment on."""
    shape = board.shape
    found: dict[Place, list[tuple[int, int | None]]] = {}
    for place in gauges.columns:
        there = shape.column if place.scope == "column" else shape.group
        found[place] = [(NEVER, there[place.id].wip_limit)]
    seen = set()
    for row in tx.all(_LIMITS, board_id=board.id, start=since):
        data: dict[str, Any] = orjson.loads(row.data)
        place = Place(data["scope"], data["place"]["id"])
        if place not in found:
            continue
        if place not in seen:
            # The first change says what the limit was before it.
            found[place] = [(NEVER, data["from"])]
            seen.add(place)
        found[place].append((row.at, data["to"]))
    return found


def kept_loads(tx: Tx, board: OpenBoard, first: int, last: int) -> list[Row]:
    """The days that are kept, from one to before another, without gaps."""
    return tx.all(_SOME, board=board.id, first=first, last=last)


def counts_after(row: Row) -> Counts:
    """What stood in the cells when a day was over."""
    triples = taken(row.counts).reshape(-1, 3).tolist()
    return {Cell(column, lane): count for column, lane, count in triples}


def loads_in(centres: Sequence[Centre], rows: Sequence[Row]) -> list[Load]:
    """What some days saw of each work centre, summed up."""
    import numpy as np  # noqa: PLC0415 - it takes long to load

    from app.cards.gauges import SECOND  # noqa: PLC0415 - it needs NumPy

    days = taken(b"".join(row.loads for row in rows)).reshape(len(rows), -1)
    known = np.maximum(days, 0)
    # The sum of many days may be more than 64 bits hold.
    parts = zip((known // SECOND).sum(axis=0), (known % SECOND).sum(axis=0), strict=True)
    sums = [int(whole) * SECOND + int(rest) for whole, rest in parts]
    had_limit = (days != NO_LIMIT).any(axis=0)
    loads, at = [], 0
    for centre in centres:
        full = {
            place: sums[of] for of, place in enumerate(places_of(centre), at + 2) if had_limit[of]
        }
        loads.append(Load(sums[at], sums[at + 1], full))
        at += 2 + len(places_of(centre))
    return loads


def moved(counts: Mapping[Cell, int], net: Mapping[Cell, int]) -> Counts:
    """What stands in the cells after some changes."""
    cells = counts.keys() | net.keys()
    after = {cell: counts.get(cell, 0) + net.get(cell, 0) for cell in cells}
    return {cell: count for cell, count in after.items() if count}


def keep_loads(tx: Tx, board: OpenBoard, end: int, zone: str) -> bool:
    """Keeps what the next days saw, of those before one; whether there are more. All changes of
    these days must be kept."""
    last = tx.first(_LAST, board=board.id)
    since = tx.one(_FIRST_CHANGE, board=board.id).day if last is None else last.day + 1
    if since is None or since >= end:
        return False
    until = min(end, since + DAYS_AT_ONCE)
    before = {} if last is None else counts_after(last)
    rows = _reckoned(tx, board, before, since, until, zone)
    tx.run_many(_INSERT, [{"board": board.id, **row._asdict()} for row in rows])
    return until < end


def forget_loads(tx: Tx, board: OpenBoard, since: int = 0) -> None:
    """Forgets the days from one on."""
    tx.run(_FORGET, board=board.id, since=since)


def wrong_loads(tx: Tx, board: OpenBoard, zone: str) -> int:
    """How many days are kept otherwise than their changes tell them."""
    last = tx.first(_LAST, board=board.id)
    if last is None:
        return 0
    end = last.day + 1
    first = tx.one(_FIRST_CHANGE, board=board.id).day
    since = end if first is None else first
    wrong = len(kept_loads(tx, board, 0, since))
    before: Counts = {}
    while since < end:
        until = min(end, since + DAYS_AT_ONCE)
        told = list(_reckoned(tx, board, before, since, until, zone))
        stored = {row.day: row for row in kept_loads(tx, board, since, until)}
        wrong += sum(stored.get(row.day) != row for row in told)
        before, since = counts_after(told[-1]), until
    return wrong


def _reckoned(
    tx: Tx, board: OpenBoard, before: Counts, since: int, until: int, zone: str
) -> Iterator[Row]:
    """What each day saw, from one to before another; `before` is what stood there until then."""
    from app.cards.gauges import changes_of, load_over, net_of  # noqa: PLC0415 - it needs NumPy

    gauges = gauges_of(board.shape)
    start, *ends = (start_of_day(date.fromordinal(day), zone) for day in range(since, until + 1))
    limits = read_limits(tx, board, gauges, start)
    parts = changes_by_day(tx, board, since, until)
    for day, end in enumerate(ends, since):
        changes = changes_of([parts[day]] if day in parts else [], start)
        loads = load_over(gauges, before, changes, (start, end), limits)
        before = moved(before, net_of(changes))
        yield Row(day, _counts(before), _loads(gauges, loads))
        start = end


def _counts(counts: Counts) -> bytes:
    import numpy as np  # noqa: PLC0415 - it takes long to load

    return kept(np.array([(*cell, counts[cell]) for cell in sorted(counts)], np.int64))


def _loads(gauges: Gauges, loads: Sequence[Load]) -> bytes:
    import numpy as np  # noqa: PLC0415 - it takes long to load

    values: list[int] = []
    for centre, load in zip(gauges.centres, loads, strict=True):
        full = (load.full.get(place, NO_LIMIT) for place in places_of(centre))
        values += [load.waited, load.starved, *full]
    return kept(np.array(values, np.int64))
