"""What a process remembers of the cards done on closed days, so that it reads each day once.

The arrays of whole days that are closed are kept in the process's memory (`remembering.py`), one
day behind the other, and a window is a part of them. With them stand, of windows with many cards,
the durations in order and their sums: only what is new is put among them.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, bindparam, select

from app.db import Query, Tx
from app.flow.day_reading import Days, arrays_in, parted
from app.flow.metrics import Durations, Ordered, ordered
from app.flow.remembering import frozen, recall, remember
from app.models import DoneDay
from app.packing import taken

NAMES = ("moments", "lead", "cycle", "process")
MOST_CARDS = 2_000_000
"""Of so many cards a process remembers their four numbers, 64 MB; of the boards asked last."""
MANY_CARDS = 20_000
"""From so many on it takes long enough to put them in order that the order is remembered."""
MOST_ORDERED = 6_000_000
_PAST, _ORDERS = "done days", "done in order"


class _Day(NamedTuple):
    day: int
    moments: bytes
    lead: bytes
    cycle: bytes
    process: bytes


class _Past(NamedTuple):
    """The cards done on the days from `first` on, as arrays by `NAMES`, and where each of the days
    begins in them; the last of these places is the end."""

    first: int
    begins: Durations
    arrays: Mapping[str, Durations]

    @property
    def last(self) -> int:
        """The day after the last one."""
        return self.first + len(self.begins) - 1


_DAYS = Query(
    select(DoneDay.day, *(getattr(DoneDay, name) for name in NAMES))
    .where(
        DoneDay.board_id == bindparam("board"),
        DoneDay.day >= bindparam("first", type_=BigInteger),
        DoneDay.day < bindparam("last", type_=BigInteger),
    )
    .order_by(DoneDay.day),
    _Day,
)


def done_on_days(tx: Tx, days: Days, names: Sequence[str]) -> list[tuple[Durations, ...]]:
    """What the closed days of a window say: in pieces, each with an array for each of the names
    (of `NAMES`), and without what lies outside of the window."""
    whole = [(days.first, days.last)] if days.first < days.last else []
    cut = [(day, day + 1) for day in days.cut]
    # The last closed day is read each time: it goes on.
    going_on = days.going_on
    begins = [first for first, _ in whole + cut if first < going_on]
    if begins:
        end = max(min(last, going_on) for first, last in whole + cut if first < going_on)
        past = _remembered(tx, days, min(begins), end)
    found = []
    for first, last in whole + cut:
        pieces: list[Mapping[str, Durations]] = []
        if first < going_on:
            pieces.append(_part(past, first, min(last, going_on)))
        if last > going_on:
            today = days._replace(first=going_on, last=last, cut=())
            rows = arrays_in(tx, today, DoneDay, *NAMES)
            pieces += [dict(zip(NAMES, arrays, strict=True)) for _, arrays in rows]
        for piece in pieces:
            some: Any = slice(None)
            if first in days.cut:
                at = piece["moments"]
                some = (at >= days.window.start) & (at < days.window.end)
            found.append(tuple(piece[name][some] for name in names))
    return found


def done_in_order(tx: Tx, days: Days, name: str) -> tuple[Ordered, Days] | None:
    """The durations of the whole days of a window in order, and what closed days of it are not
    among them; None where these are too few to be remembered."""
    whole, others = parted(days)
    key, past = (days.board_id, name, whole.first, whole.last), days.closed.past
    known: Ordered | None = recall(tx, _ORDERS, key, past)
    if known is None:
        if whole.first == whole.last:
            return None
        values = _part(_remembered(tx, days, whole.first, whole.last), whole.first, whole.last)[
            name
        ]
        if len(values) < MANY_CARDS:
            return None
        known = ordered(values[values >= 0])
        frozen(known.values)
        remember(tx, _ORDERS, key, past, known, len(known.values), MOST_ORDERED)
    return known, others


def _remembered(tx: Tx, days: Days, first: int, last: int) -> _Past:
    """Whole closed days, at least those from one to before another."""
    import numpy as np  # noqa: PLC0415 - it takes long to load

    known: _Past | None = recall(tx, _PAST, days.board_id, days.closed.past)
    if known is None:
        found = _read(tx, days, first, last)
    elif known.first <= first and known.last >= last:
        return known
    else:
        first, last = min(first, known.first), max(last, known.last)
        before = _read(tx, days, first, known.first)
        after = _read(tx, days, known.last, last)
        arrays = {
            name: frozen(np.concatenate([part.arrays[name] for part in (before, known, after)]))
            for name in NAMES
        }
        middle, end = before.begins[-1], before.begins[-1] + known.begins[-1]
        begins = [before.begins[:-1], known.begins[:-1] + middle, after.begins + end]
        found = _Past(first, np.concatenate(begins), arrays)
    size = int(found.begins[-1])
    remember(tx, _PAST, days.board_id, days.closed.past, found, size, MOST_CARDS)
    return found


def _read(tx: Tx, days: Days, first: int, last: int) -> _Past:
    import numpy as np  # noqa: PLC0415 - it takes long to load

    rows = tx.all(_DAYS, board=days.board_id, first=first, last=last) if first < last else []
    counts = np.zeros(last - first + 1, np.int64)
    for row in rows:
        counts[row.day - first + 1] = len(row.moments) // 8
    return _Past(first, np.cumsum(counts), _arrays(rows))


def _arrays(rows: Sequence[_Day]) -> dict[str, Durations]:
    return {name: taken(b"".join([getattr(row, name) for row in rows])) for name in NAMES}


def _part(past: _Past, first: int, last: int) -> dict[str, Durations]:
    """Some of the days that are remembered."""
    bounds = past.begins[first - past.first], past.begins[last - past.first]
    return {name: values[slice(*bounds)] for name, values in past.arrays.items()}
