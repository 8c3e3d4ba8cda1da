"""What closed days keep of the cells: when a card came into one, and when one went.

Events tell it, in their order and once for all: whatever time an imported event has, it is among
those of its day. The counts of any moment are the present ones less all that changed since.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any, NamedTuple

import orjson
from sqlalchemy import BigInteger, and_, bindparam, delete, insert, or_, select

from app.boards.history import OpenBoard
from app.days import day_of
from app.db import Query, Statement, Tx
from app.models import Card, ChangeDay, Event
from app.packing import Numbers, kept, taken

EVENTS_AT_ONCE = 20_000
FOREVER = date.max.toordinal() + 1
PLACING = (
    *("card.created", "card.moved", "card.arrived", "card.left"),
    *("card.archived", "card.restored", "card.discarded"),
)
"""The events that put a card somewhere or take it away."""


class Changes(NamedTuple):
    """A card more (1), or fewer (-1), in a cell; in the order of the events."""

    moments: Numbers
    columns: Numbers
    lanes: Numbers
    deltas: Numbers


class _Told(NamedTuple):
    seq: int
    card_id: int
    at: int
    type: str
    data: str


class _Recent(NamedTuple):
    seq: int
    card_id: int
    at: int
    type: str
    data: str
    is_archived: bool


class _State(NamedTuple):
    card_id: int
    seq: int
    type: str


class _Kept(NamedTuple):
    moments: bytes
    columns: bytes
    lanes: bytes
    deltas: bytes


class _KeptDay(NamedTuple):
    day: int
    moments: bytes
    columns: bytes
    lanes: bytes
    deltas: bytes


_is_placing = or_(*(Event.type == name for name in PLACING))
_TOLD = Query(
    select(Event.seq, Event.card_id, Event.at, Event.type, Event.data)
    .where(
        Event.board_id == bindparam("board"),
        Event.seq > bindparam("after", type_=BigInteger),
        Event.seq <= bindparam("upto", type_=BigInteger),
        _is_placing,
    )
    .order_by(Event.seq),
    _Told,
)
_recent = (
    select(
        Event.seq,
        Event.card_id,
        Event.at,
        Event.type,
        Event.data,
        # What was done to it on another board, to which it has gone since, says nothing here.
        and_(Card.archived_at.is_not(None), Card.board_id == Event.board_id).label("is_archived"),
    )
    .join(Card, Card.id == Event.card_id)
    .where(Event.board_id == bindparam("board"), _is_placing)
    .order_by(Event.seq)
)
_AFTER = Query(_recent.where(Event.seq > bindparam("bound", type_=BigInteger)), _Recent)
_SINCE = Query(_recent.where(Event.at >= bindparam("bound", type_=BigInteger)), _Recent)
_STATES = (
    select(Event.card_id, Event.seq, Event.type)
    .where(
        Event.card_id.in_(bindparam("cards", expanding=True)),
        Event.board_id + 0 == bindparam("board"),
        Event.seq <= bindparam("after"),
        or_(Event.type == "card.archived", Event.type == "card.restored"),
    )
    .order_by(Event.card_id, Event.seq)
)
_at = (ChangeDay.board_id == bindparam("board"), ChangeDay.day == bindparam("of_day"))
_FIND = Query(
    select(ChangeDay.moments, ChangeDay.columns, ChangeDay.lanes, ChangeDay.deltas).where(*_at),
    _Kept,
)
_DELETE = Statement(delete(ChangeDay).where(*_at))
_INSERT = Statement(
    insert(ChangeDay).values(
        board_id=bindparam("board"),
        day=bindparam("of_day"),
        **{name: bindparam(name) for name in _Kept._fields},
    )
)
_FORGET = Statement(delete(ChangeDay).where(ChangeDay.board_id == bindparam("board")))
_SOME_DAYS = Query(
    select(ChangeDay.day, ChangeDay.moments, ChangeDay.columns, ChangeDay.lanes, ChangeDay.deltas)
    .where(
        ChangeDay.board_id == bindparam("board"),
        ChangeDay.day >= bindparam("since", type_=BigInteger),
        ChangeDay.day < bindparam("until", type_=BigInteger),
    )
    .order_by(ChangeDay.day),
    _KeptDay,
)


def changes_after(tx: Tx, board: OpenBoard, after: int, upto: int) -> Changes:
    """What the events of a board after one of them changed, up to another one."""
    told = tx.all(_TOLD, board=board.id, after=after, upto=upto)
    rows = list(_changes(told, _archived_before(tx, board, told, after)))
    return _arrays(rows)


def latest_changes(tx: Tx, board: OpenBoard, closed_seq: int | None, since: int) -> Changes:
    """What has changed up to now: by the events after one of them, or where none is kept by those
    of a time."""
    query = _SINCE if closed_seq is None else _AFTER
    bound = since if closed_seq is None else closed_seq
    rows = tx.all(query, board=board.id, bound=bound)
    archived: set[int] = set()
    seen: set[int] = set()
    for row in rows:
        # A card's own events tell whether it was in the archive before them, or its state does.
        if row.card_id not in seen and row.type in {"card.archived", "card.restored"}:
            seen.add(row.card_id)
            if row.type == "card.restored":
                archived.add(row.card_id)
    archived |= {row.card_id for row in rows if row.is_archived and row.card_id not in seen}
    told = (_Told(*row[:5]) for row in rows)
    return _arrays(list(_changes(told, archived)))


def keep_changes(tx: Tx, board: OpenBoard, after: int, zone: str) -> int:
    """Keeps what the next events of a board changed, by days; up to which event."""
    import numpy as np  # noqa: PLC0415 - it takes long to load

    upto = min(board.seq, after + EVENTS_AT_ONCE)
    found = changes_after(tx, board, after, upto)
    days = np.array([day_of(at, zone).toordinal() for at in found.moments.tolist()], np.int64)
    for day in np.unique(days).tolist():
        some = days == day
        at = {"board": board.id, "of_day": day}
        stored = tx.first(_FIND, **at)
        new = [values[some] for values in found]
        if stored is not None:
            tx.run(_DELETE, **at)
            new = [
                np.concatenate((taken(old), values))
                for old, values in zip(stored, new, strict=True)
            ]
        arrays = dict(zip(_Kept._fields, map(kept, new), strict=True))
        tx.run(_INSERT, **at, **arrays)
    return upto


def changes_by_day(
    tx: Tx, board: OpenBoard, since: int, until: int = FOREVER
) -> dict[int, Changes]:
    """What is kept of a board's days, from one to before another, in their order."""
    rows = tx.all(_SOME_DAYS, board=board.id, since=since, until=until)
    return {row.day: Changes(*map(taken, row[1:])) for row in rows}


def forget_changes(tx: Tx, board: OpenBoard) -> None:
    """Forgets all of them."""
    tx.run(_FORGET, board=board.id)


def wrong_changes(tx: Tx, board: OpenBoard, upto: int, zone: str) -> int:
    """How many days are kept otherwise than the events tell them, up to one of these."""
    told: dict[int, list[tuple[int, ...]]] = {}
    after = 0
    while after < upto:
        end = min(upto, after + EVENTS_AT_ONCE)
        for row in zip(
            *(values.tolist() for values in changes_after(tx, board, after, end)), strict=True
        ):
            told.setdefault(day_of(row[0], zone).toordinal(), []).append(row)
        after = end
    stored = {
        day: list(zip(*(values.tolist() for values in changes), strict=True))
        for day, changes in changes_by_day(tx, board, 0).items()
    }
    return sum(told.get(day) != stored.get(day) for day in told.keys() | stored.keys())


def _archived_before(tx: Tx, board: OpenBoard, told: Sequence[_Told], after: int) -> set[int]:
    """The cards that were in the archive before some events, of those for which it matters."""
    asked = sorted({row.card_id for row in told if row.type in {"card.moved", "card.discarded"}})
    archived: set[int] = set()
    if not after:
        return archived
    for first in range(0, len(asked), EVENTS_AT_ONCE):
        values = {"cards": asked[first : first + EVENTS_AT_ONCE], "board": board.id, "after": after}
        for row in map(_State._make, tx.execute(_STATES, values)):
            (archived.add if row.type == "card.archived" else archived.discard)(row.card_id)
    return archived


def _changes(told: Iterable[_Told], archived: set[int]) -> Iterator[tuple[int, int, int, int]]:
    for row in told:
        data: dict[str, Any] = orjson.loads(row.data)
        if row.type == "card.moved":
            if row.card_id not in archived:
                yield _change(row.at, data["to"], 1)
                yield _change(row.at, data["from"], -1)
        elif row.type in {"card.created", "card.arrived", "card.restored"}:
            archived.discard(row.card_id)
            yield _change(row.at, data, 1)
        else:
            if row.card_id not in archived:
                yield _change(row.at, data, -1)
            if row.type == "card.archived":
                archived.add(row.card_id)


def _change(at: int, cell: dict[str, Any], delta: int) -> tuple[int, int, int, int]:
    return at, cell["column_id"], cell["lane_id"], delta


def _arrays(rows: Sequence[tuple[int, int, int, int]]) -> Changes:
    import numpy as np  # noqa: PLC0415 - it takes long to load

    return Changes(*np.array(rows, np.int64).reshape(-1, len(Changes._fields)).T)
