"""What closed days keep of the journeys: the cards done on a day with their times, where these were
spent, and what moved on to the right and came back.

The numbers of a day stand in arrays, each card at its place: so a window may begin and end within a
day, and percentiles are exact. What a value stream adds up stands beside them as sums, so that
years are read from a few thousand rows.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Select,
    and_,
    any_,
    bindparam,
    case,
    cast,
    delete,
    func,
    insert,
    literal,
    select,
    union,
    update,
)

from app.boards.history import OpenBoard
from app.cards.clocks import NEVER, OPEN, Interval
from app.cards.layouts import ColumnRow, read_columns, read_layout
from app.clock import SECOND
from app.days import day_of, start_of_day
from app.db import POSTGRESQL, Query, Statement, Tx
from app.models import BlockedInterval, Card, Column, DoneDay, ExitDay, StayDay, Visit
from app.packing import Numbers, kept, packed, taken, together, unpacked

if TYPE_CHECKING:
    from app.cards.journeys import Exits, Finished, Spent, Stays

Arrays = Mapping[str, Numbers]
Narrow = Callable[[Select[*tuple[Any, ...]]], Select[*tuple[Any, ...]]]


class _Moment(NamedTuple):
    at: int


DONE_LATER = Query(
    select(Card.done_at.label("at"))
    .where(
        Card.board_id == bindparam("board"),
        Card.done_at.is_not(None),
        Card.discarded_at.is_(None),
        Card.done_at >= bindparam("since", type_=BigInteger),
    )
    .order_by(Card.done_at)
    .limit(1)
    .offset(bindparam("cards", type_=BigInteger)),
    _Moment,
)
"""When the next card was done after so many others, from a moment on."""


class Journeys(NamedTuple):
    """What some cards say: when they were done, where the time went, what came back."""

    finished: "Finished"
    spent: "Spent"
    exits: "Exits"


class Measures(NamedTuple):
    """The times of cards that are done, in the order of their ids; the cycle time NEVER where work
    was never started."""

    card: Numbers
    at: Numbers
    lead: Numbers
    cycle: Numbers
    process: Numbers


class _DoneArrays(NamedTuple):
    card_ids: bytes
    moments: bytes
    handoffs: bytes
    progress: bytes
    lead: bytes
    cycle: bytes
    process: bytes


class _StayArrays(NamedTuple):
    card_ids: bytes
    moments: bytes
    lead: bytes
    process: bytes
    age: bytes


class _ExitArrays(NamedTuple):
    card_ids: bytes
    moments: bytes
    came_back: bytes


class _Kind(NamedTuple):
    """A table of closed days: the arrays of a row, and what is summed up of them."""

    table: Any
    keys: tuple[str, ...]
    row: Any
    sums: Callable[[Arrays], dict[str, int]]

    @property
    def arrays(self) -> tuple[str, ...]:
        """The names of a row's arrays."""
        return tuple(self.row._fields)


def _parts(name: str, values: Numbers) -> dict[str, int]:
    return {
        f"{name}_seconds": int((values // SECOND).sum()),
        f"{name}_rest": int((values % SECOND).sum()),
    }


_DONE = _Kind(
    DoneDay,
    ("day",),
    _DoneArrays,
    lambda of: {"cards": len(of["lead"]), "handed": int(of["handoffs"].sum())},
)
_STAYS = _Kind(
    StayDay,
    ("day", "column_id"),
    _StayArrays,
    lambda of: {
        **_parts("lead", of["lead"]),
        **_parts("process", of["process"]),
        "longest": int(of["lead"].max()),
    },
)
_EXITS = _Kind(
    ExitDay,
    ("day", "column_id"),
    _ExitArrays,
    lambda of: {"exits": len(of["came_back"]), "returned": int(of["came_back"].sum())},
)
_KINDS = (_DONE, _STAYS, _EXITS)

_INSERT = {
    kind.table: Statement(
        insert(kind.table).values(
            {column.name: bindparam(column.name) for column in kind.table.__table__.c}
        )
    )
    for kind in _KINDS
}
_FORGET = tuple(
    Statement(
        delete(kind.table).where(
            kind.table.board_id == bindparam("board"),
            kind.table.day >= bindparam("since", type_=BigInteger),
        )
    )
    for kind in _KINDS
)


def _at(kind: _Kind) -> Any:
    table = kind.table
    of_column = bindparam("of_column", type_=BigInteger)
    return and_(
        table.board_id == bindparam("board"),
        table.day == bindparam("of_day", type_=BigInteger),
        # A table without columns has one row a day, as that of no column.
        of_column == getattr(table, "column_id", 0),
    )


_DELETE = {kind.table: Statement(delete(kind.table).where(_at(kind))) for kind in _KINDS}
_FIND = {
    kind.table: Query(
        select(*(getattr(kind.table, name) for name in kind.arrays)).where(_at(kind)), kind.row
    )
    for kind in _KINDS
}


_SET_RETURNED = Statement(
    update(ExitDay)
    .where(_at(_EXITS))
    .values(came_back=bindparam("came_back"), returned=bindparam("returned"))
)


class _Row(NamedTuple):
    day: int
    column_id: int
    arrays: dict[str, Numbers]


Told = dict[tuple[_Kind, int, int], _Row]
"""What one card says, by table, day and column."""


# --- What cards say -------------------------------------------------------------------------------


class _BlockRow(NamedTuple):
    card_id: int
    started_at: int
    ended_at: int | None


_KIND = case(
    (Visit.kind.is_(None), 0), (Visit.kind == "active", 2), (Visit.kind == "done", 3), else_=1
)
_STAY = (
    Visit.id,
    Visit.card_id,
    Visit.column_id,
    Visit.entered_at,
    func.coalesce(Visit.left_at, OPEN),
    _KIND,
    case((Visit.started_work.is_(True), 1), else_=0),
    func.coalesce(Card.done_at, NEVER),
    func.coalesce(Card.started_at, NEVER),
)


class _Ids(NamedTuple):
    done: Any
    left: Any


_since, _until = (bindparam(name, type_=BigInteger) for name in ("since", "until"))
_IDS = Query(
    select(
        select(packed(Card.id))
        .where(
            Card.board_id == bindparam("board"),
            Card.done_at.is_not(None),
            Card.discarded_at.is_(None),
            Card.done_at >= _since,
            Card.done_at < _until,
        )
        .scalar_subquery()
        .label("done"),
        select(packed(Visit.card_id))
        .where(
            Visit.column_id.in_(select(Column.id).where(Column.board_id == bindparam("board"))),
            Visit.left_at >= _since,
            Visit.left_at < _until,
        )
        .scalar_subquery()
        .label("left"),
    ),
    _Ids,
)


def read_journeys(
    tx: Tx, board: OpenBoard, columns: Sequence[ColumnRow], since: int, until: int, narrow: Narrow
) -> Journeys:
    """What the cards say that were done in a time, and those that left a column in it; `narrow`
    lets some cards of the board through."""
    done = narrow(select(Card.id).where(Card.done_at >= since, Card.done_at < until))
    statement = select(packed(*_STAY)).join(Card, Card.id == Visit.card_id)
    if tx.dialect == POSTGRESQL:
        statement = narrow(statement.where(_is_among(tx, board, since, until)))
    else:
        # SQLite finds them by its indexes.
        left = narrow(
            select(Visit.card_id)
            .join(Card, Card.id == Visit.card_id)
            .where(
                Visit.column_id.in_([row.id for row in columns]),
                Visit.left_at >= since,
                Visit.left_at < until,
            )
        )
        statement = statement.where(Card.id.in_(union(done, left)))
    stays = _stays(tx, tx.execute(statement).scalar())
    blocks = tx.execute(
        select(BlockedInterval.card_id, BlockedInterval.started_at, BlockedInterval.ended_at).where(
            BlockedInterval.card_id.in_(done.where(Card.was_blocked))
        )
    )
    told = _told(tx, board, columns, stays, (_BlockRow._make(row) for row in blocks))
    return _within(told, since, until)


def _is_among(tx: Tx, board: OpenBoard, since: int, until: int) -> ColumnElement[bool]:
    """That a card is one of these: told by their ids, because PostgreSQL would rather look through
    all cards there are than believe how few they are."""
    import numpy as np  # noqa: PLC0415 - it takes long to load

    found = together(tx, tx.one(_IDS, board=board.id, since=since, until=until))
    # As text: a parameter for each would take longer than all the rest.
    ids = ",".join(map(str, np.unique(found).tolist()))
    return Card.id == any_(cast(literal(f"{{{ids}}}"), ARRAY(BigInteger)))


def journeys_of(tx: Tx, board: OpenBoard, columns: Sequence[ColumnRow], card_id: int) -> Journeys:
    """What one card says."""
    stays = _stays(tx, tx.scalar(_STAYS_OF, board=board.id, card=card_id))
    return _told(tx, board, columns, stays, tx.all(_BLOCKS_OF, card=card_id))


# Nothing where it is gone.
_OF_CARD = (
    Card.id == bindparam("card"),
    Card.board_id == bindparam("board"),
    Card.discarded_at.is_(None),
)
_STAYS_OF = Statement(select(packed(*_STAY)).join(Card, Card.id == Visit.card_id).where(*_OF_CARD))
_BLOCKS_OF = Query(
    select(BlockedInterval.card_id, BlockedInterval.started_at, BlockedInterval.ended_at).where(
        BlockedInterval.card_id == bindparam("card")
    ),
    _BlockRow,
)


def _stays(tx: Tx, value: Any) -> "Stays":
    import numpy as np  # noqa: PLC0415 - it takes long to load

    from app.cards.journeys import Stays  # noqa: PLC0415 - it needs NumPy

    rows = unpacked(tx, value).reshape(-1, len(_STAY))
    rows = rows[np.lexsort((rows[:, 0], rows[:, 1]))]
    return Stays(*np.ascontiguousarray(rows[:, 1:].T))


def _told(
    tx: Tx,
    board: OpenBoard,
    columns: Sequence[ColumnRow],
    stays: "Stays",
    blocks: Iterable[_BlockRow],
) -> Journeys:
    import numpy as np  # noqa: PLC0415 - it takes long to load

    from app.cards.journeys import exits_of, finished_of, spent_of  # noqa: PLC0415 - it needs NumPy

    layout = read_layout(tx, board, columns, np.unique(stays.column).tolist())
    blocked: dict[int, list[Interval]] = {}
    for row in blocks:
        blocked.setdefault(row.card_id, []).append(Interval(row.started_at, row.ended_at))
    return Journeys(
        finished_of(layout, stays), spent_of(layout, stays, blocked), exits_of(layout, stays)
    )


def _within(found: Journeys, since: int, until: int) -> Journeys:
    """The part of it that happened within a time."""

    def cut(rows: Any) -> Any:
        some = (rows.at >= since) & (rows.at < until)
        return type(rows)(*(values[some] for values in rows))

    return Journeys(*map(cut, found))


# --- What is kept ---------------------------------------------------------------------------------

_MEASURES = select(
    packed(
        Card.id,
        Card.done_at,
        Card.lead_time,
        func.coalesce(Card.cycle_time, NEVER),
        Card.process_time,
    )
)
_MEASURES_OF = Statement(_MEASURES.where(*_OF_CARD, Card.done_at.is_not(None)))


def _measures(tx: Tx, value: Any) -> Measures:
    import numpy as np  # noqa: PLC0415 - it takes long to load

    rows = unpacked(tx, value).reshape(-1, len(Measures._fields))
    return Measures(*np.ascontiguousarray(rows[np.argsort(rows[:, 0])].T))


def close(tx: Tx, board: OpenBoard, days: Sequence[date], until: int, zone: str) -> None:
    """Keeps what happened on some days, of the last one until a moment."""
    columns = read_columns(tx, board)
    for kind, rows in _counted(tx, board, columns, days, until, zone):
        tx.run_many(_INSERT[kind.table], [_values(board, kind, row) for row in rows])


def forget(tx: Tx, board: OpenBoard, since: int = NEVER) -> None:
    """Forgets the days from one on."""
    for statement in _FORGET:
        tx.run(statement, board=board.id, since=since)


def told_of(tx: Tx, board: OpenBoard, card_id: int, until: int, zone: str) -> Told:
    """What a card of the board says of the time until a moment, by row of what is kept."""
    import numpy as np  # noqa: PLC0415 - it takes long to load

    journeys = _within(journeys_of(tx, board, read_columns(tx, board), card_id), NEVER, until)
    measures = Measures(*(unpacked(tx, None) for _ in Measures._fields))
    if len(journeys.finished.at):
        measures = _measures(tx, tx.scalar(_MEASURES_OF, board=board.id, card=card_id))
    found: Told = {}
    for kind, arrays in _arrays(journeys, measures):
        days = [day_of(at, zone).toordinal() for at in arrays["moments"].tolist()]
        for row in _rows(kind, {**arrays, "day": np.array(days, np.int64)}):
            found[kind, row.day, row.column_id] = row
    return found


def exchange(tx: Tx, board: OpenBoard, card_id: int, before: Told, after: Told) -> None:
    """Puts what a card says now into the days in the place of what it said before."""
    for key in before.keys() | after.keys():
        old, new = before.get(key), after.get(key)
        if old is None or new is None or _values(board, key[0], old) != _values(board, key[0], new):
            _replace(tx, board, card_id, key, new)


def note_return(
    tx: Tx, board: OpenBoard, card_id: int, column_id: int, until: int, zone: str
) -> None:
    """Notes that a card comes back into a column: so it did after each exit from there."""
    from app.cards.journeys import exits_of  # noqa: PLC0415 - it needs NumPy

    stays = _stays(tx, tx.scalar(_STAYS_OF, board=board.id, card=card_id))
    if not ((stays.column == column_id) & (stays.left_at < until)).any():
        # If it has been there, it left after all that is kept.
        return
    exits = exits_of(read_layout(tx, board, read_columns(tx, board), ()), stays)
    some = (exits.column == column_id) & (exits.came_back == 0) & (exits.at < until)
    for day in {day_of(at, zone).toordinal() for at in exits.at[some].tolist()}:
        at = {"board": board.id, "of_day": day, "of_column": column_id}
        stored = dict(zip(_EXITS.arrays, _stored(tx, _EXITS, at), strict=False))
        if stored:
            numbers = {**stored, "came_back": stored["came_back"].copy()}
            numbers["came_back"][stored["card_ids"] == card_id] = 1
            tx.run(
                _SET_RETURNED,
                **at,
                came_back=kept(numbers["came_back"]),
                returned=_EXITS.sums(numbers)["returned"],
            )


def wrong_rows(tx: Tx, board: OpenBoard, days: Sequence[date], until: int, zone: str) -> int:
    """How many rows of the days are not what the cards say."""
    wrong = 0
    columns = read_columns(tx, board)
    for kind, rows in _counted(tx, board, columns, days, until, zone):
        told = {row[:2]: _values(board, kind, row) for row in rows}
        stored = {
            (found["day"], found.get("column_id", 0)): dict(found)
            for found in tx.execute(
                select(*kind.table.__table__.c).where(
                    kind.table.board_id == board.id,
                    kind.table.day.between(days[0].toordinal(), days[-1].toordinal()),
                )
            ).mappings()
        }
        wrong += sum(stored.get(key) != told.get(key) for key in stored.keys() | told.keys())
    return wrong


def _counted(
    tx: Tx,
    board: OpenBoard,
    columns: Sequence[ColumnRow],
    days: Sequence[date],
    until: int,
    zone: str,
) -> Iterator[tuple[_Kind, list[_Row]]]:
    import numpy as np  # noqa: PLC0415 - it takes long to load

    starts = np.array([start_of_day(day, zone) for day in days], np.int64)
    ordinals = np.array([day.toordinal() for day in days], np.int64)
    since = int(starts[0])

    def narrow(statement: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
        return statement.where(Card.board_id == board.id, Card.discarded_at.is_(None))

    journeys = read_journeys(tx, board, columns, since, until, narrow)
    done = narrow(_MEASURES.where(Card.done_at >= since, Card.done_at < until))
    measures = _measures(tx, tx.execute(done).scalar())
    for kind, arrays in _arrays(journeys, measures):
        day = ordinals[np.searchsorted(starts, arrays["moments"], "right") - 1]
        yield kind, list(_rows(kind, {**arrays, "day": day}))


def _arrays(journeys: Journeys, measures: Measures) -> list[tuple[_Kind, dict[str, Numbers]]]:
    finished, spent, exits = journeys
    return [
        (
            _DONE,
            {
                "card_ids": finished.card,
                "moments": finished.at,
                "handoffs": finished.handoffs,
                "progress": finished.progress,
                "lead": measures.lead,
                "cycle": measures.cycle,
                "process": measures.process,
            },
        ),
        (
            _STAYS,
            {
                "card_ids": spent.card,
                "moments": spent.at,
                "column_id": spent.column,
                "lead": spent.lead,
                "process": spent.process,
                "age": spent.age,
            },
        ),
        (
            _EXITS,
            {
                "card_ids": exits.card,
                "moments": exits.at,
                "column_id": exits.column,
                "came_back": exits.came_back,
            },
        ),
    ]


def _rows(kind: _Kind, arrays: dict[str, Numbers]) -> Iterator[_Row]:
    """The rows of a table: a day's (and column's) numbers, in the order of moments and cards."""
    import numpy as np  # noqa: PLC0415 - it takes long to load

    keys = [arrays[key] for key in kind.keys]
    order = np.lexsort((arrays["card_ids"], arrays["moments"], *keys[::-1]))
    sorted_keys = np.stack([key[order] for key in keys])
    changes = np.ones(len(order), bool)
    changes[1:] = (sorted_keys[:, 1:] != sorted_keys[:, :-1]).any(axis=0)
    starts = [*np.flatnonzero(changes).tolist(), len(order)]
    values = {name: arrays[name][order] for name in kind.arrays}
    for start, end in pairwise(starts):
        day, *column = sorted_keys[:, start].tolist()
        some = {name: numbers[start:end] for name, numbers in values.items()}
        yield _Row(day, column[0] if column else 0, some)


def _values(board: OpenBoard, kind: _Kind, row: _Row) -> dict[str, Any]:
    keys = dict(zip(kind.keys, row[:2], strict=False))
    arrays = {name: kept(numbers) for name, numbers in row.arrays.items()}
    return {"board_id": board.id, **keys, **kind.sums(row.arrays), **arrays}


def _replace(
    tx: Tx, board: OpenBoard, card_id: int, key: tuple[_Kind, int, int], new: _Row | None
) -> None:
    """Writes a row with other numbers of a card than it has, or without any."""
    import numpy as np  # noqa: PLC0415 - it takes long to load

    kind, day, column_id = key
    at = {"board": board.id, "of_day": day, "of_column": column_id}
    stored = dict(zip(kind.arrays, _stored(tx, kind, at), strict=False))
    numbers = {name: np.empty(0, np.int64) for name in kind.arrays}
    if stored:
        tx.run(_DELETE[kind.table], **at)
        keep = stored["card_ids"] != card_id
        numbers = {name: values[keep] for name, values in stored.items()}
    if new is not None:
        numbers = {
            name: np.concatenate((values, new.arrays[name])) for name, values in numbers.items()
        }
        order = np.lexsort((numbers["card_ids"], numbers["moments"]))
        numbers = {name: values[order] for name, values in numbers.items()}
    if len(numbers["card_ids"]):
        row = _Row(day, column_id, numbers)
        tx.run(_INSERT[kind.table], **_values(board, kind, row))


def _stored(tx: Tx, kind: _Kind, at: dict[str, int]) -> list[Numbers]:
    found = tx.first(_FIND[kind.table], **at)
    return [] if found is None else [taken(value) for value in found]
