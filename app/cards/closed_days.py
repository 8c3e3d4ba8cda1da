"""Closed days: what is kept of each day that is over, so that years are read from a few rows.

Kept is how many cards came into each column and left it, what the journeys of the cards say
(`stream_days.py`), and what the work centres saw (`load_days.py`). All is derived from the visits
and the events. A day is closed up to a moment before which
nothing can be stamped any more; what happened since is counted from the visits themselves, so that
no answer waits for a closing and none is less exact without one. An ordinary move writes nothing
here. What changes the past does: a card that goes back, is reopened or discarded, or leaves the
board is taken out of the days in which it was counted, and put in again as it is then. An import of
older history opens the days again, and another meaning of the columns all of them.

A process may remember what the days before the last one told (`app/flow/remembering.py`), of what
kind their cards were and what blocked cards until then, for as long as `Closed.past` is the same.
Closing more days leaves it so.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from secrets import randbits
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, bindparam, delete, func, insert, or_, select, update

from app.boards.history import OpenBoard, lock_board
from app.cards import stream_days
from app.cards.centres import gauges_of
from app.cards.change_days import forget_changes, keep_changes, wrong_changes
from app.cards.layouts import ColumnRow, known_columns, mark_of, read_columns
from app.cards.load_days import forget_loads, keep_loads, wrong_loads
from app.cards.rows import CardRow
from app.days import day_of, next_day, start_of_day
from app.db import Query, Statement, Tx
from app.models import Board, Card, ClosedFlow, Column, ColumnDay, Visit
from app.packing import packed, unpacked

AT_ONCE = timedelta(days=92)
CARDS_AT_ONCE = 5_000
"""So many days, or those in which so many cards were done, are closed in one transaction."""
FEWEST_CARDS = 1_000
"""Boards with fewer cards are read from their visits as fast."""


class Closed(NamedTuple):
    """The moment up to which a board's days are closed, the zone in which they are days, and the
    mark of what the columns mean."""

    until: int
    zone: str
    layout: str
    # Up to which event the changes of the cells are kept.
    seq: int
    # Of the past as the days tell it: another one, and a day that was closed may tell another past.
    past: int
    # The mark of the work centres of which days tell what they saw.
    centres: str

    @property
    def whole(self) -> int:
        """The end of the last day that is over."""
        return start_of_day(day_of(self.until, self.zone), self.zone)


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
    board_id: int


class _Day(NamedTuple):
    column_id: int
    day: int
    came: int
    went: int


_closed = select(
    *(ClosedFlow.until, ClosedFlow.zone, ClosedFlow.layout, ClosedFlow.seq),
    *(ClosedFlow.past, ClosedFlow.centres),
).where(ClosedFlow.board_id == bindparam("board"))
_CLOSED = Query(_closed, Closed)
_LOCKED = Query(_closed.with_for_update(), Closed)
_CLOSE = Statement(
    insert(ClosedFlow).values(
        board_id=bindparam("board"),
        until=bindparam("until"),
        zone=bindparam("zone"),
        layout=bindparam("layout"),
        seq=bindparam("seq"),
        past=bindparam("past"),
        centres=bindparam("centres"),
    )
)
_TELL_ANOTHER_PAST = Statement(
    update(ClosedFlow)
    .where(ClosedFlow.board_id == bindparam("board"))
    .values(past=bindparam("another"))
)
_GO_ON = Statement(
    update(ClosedFlow)
    .where(ClosedFlow.board_id == bindparam("board"))
    .values(until=bindparam("until"))
)
_KEEP_ON = Statement(
    update(ClosedFlow)
    .where(ClosedFlow.board_id == bindparam("board"))
    .values(seq=bindparam("upto"))
)
_MEASURE = Statement(
    update(ClosedFlow)
    .where(ClosedFlow.board_id == bindparam("board"))
    .values(centres=bindparam("mark"))
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
_FORGET_GUESTS = Statement(
    delete(ClosedFlow).where(
        ClosedFlow.board_id.in_(
            select(Card.board_id)
            .join(Visit, Visit.card_id == Card.id)
            .where(Visit.column_id == bindparam("column"), Visit.kind.is_not(None))
        )
    )
)
# A card may have been on several boards: it counts on each of them in the columns that it saw.
_COUNTED = Query(
    select(
        Visit.column_id,
        Visit.entered_at,
        Visit.left_at,
        ClosedFlow.until,
        ClosedFlow.zone,
        ClosedFlow.board_id,
    )
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
            ClosedFlow.until < Board.changed_at,
            ClosedFlow.seq < Board.seq,
            ClosedFlow.centres == "",
        ),
    )
    .order_by(Board.id),
    _Key,
)


def closed_of(tx: Tx, board: OpenBoard) -> Closed | None:
    """Up to when a board's days are closed; None where none are, or where they are days of a zone
    or columns of a meaning that the board has no more."""
    if "closed" not in board.known:
        closed = tx.first(_CLOSED, board=board.id)
        holds = closed is not None and _holds(board, closed, known_columns(tx, board))
        board.known["closed"] = closed if holds else None
    found: Closed | None = board.known["closed"]
    return found


def _holds(board: OpenBoard, closed: Closed, columns: Sequence[ColumnRow]) -> bool:
    return closed.zone == board.row.time_zone and closed.layout == mark_of(board.shape, columns)


def boards_to_close(tx: Tx) -> list[str]:
    """The keys of large boards that may have days to be closed."""
    return [row.key for row in tx.all(_TO_CLOSE, fewest=FEWEST_CARDS)]


def close_days(tx: Tx, key: str) -> bool:
    """Closes the next days of a board, as many as nobody has to wait long for; whether there are
    more."""
    board = lock_board(tx, None, even_archived=True, key=key)
    closed = tx.first(_LOCKED, board=board.id)
    if closed is not None and not _holds(board, closed, read_columns(tx, board)):
        closed = None
    if closed is None:
        forget_days(tx, board)
        first = _first_day(tx, board)
        if first is None:
            return False
        closed = Closed(
            start_of_day(first, board.row.time_zone),
            board.row.time_zone,
            mark_of(board.shape, read_columns(tx, board)),
            0,
            _new_past(),
            "",
        )
        tx.run(_CLOSE, board=board.id, **closed._asdict())
    # Nothing of this board will be stamped before its last change.
    end = board.row.changed_at
    until, seq = closed.until, closed.seq
    if until < end:
        until = _close_until(tx, board, closed, end)
        tx.run(_GO_ON, board=board.id, until=until)
    if seq < board.seq:
        seq = keep_changes(tx, board, seq, closed.zone)
        tx.run(_KEEP_ON, board=board.id, upto=seq)
    if until < end or seq < board.seq:
        return True
    return _measure(tx, board, closed._replace(until=until))


def _measure(tx: Tx, board: OpenBoard, closed: Closed) -> bool:
    """Keeps what the next whole days saw of the work centres as they are now; whether there are
    more."""
    mark = gauges_of(board.shape).mark
    if closed.centres != mark:
        forget_loads(tx, board)
        tx.run(_MEASURE, board=board.id, mark=mark)
    return keep_loads(tx, board, day_of(closed.until, closed.zone).toordinal(), closed.zone)


def _close_until(tx: Tx, board: OpenBoard, closed: Closed, end: int) -> int:
    """Closes the next days, the last one in part where the end is within it; up to when."""
    since = day_of(closed.until, closed.zone)
    # A day that is closed in part is closed anew.
    _drop(tx, board, since)
    days = _next_days(tx, board, since, end)
    until = min(end, start_of_day(next_day(days[-1]), closed.zone))
    tx.run_many(_DAY, [row._asdict() for row in _count_days(tx, board, days, until)])
    stream_days.close(tx, board, days, until, closed.zone)
    return until


def _next_days(tx: Tx, board: OpenBoard, since: date, end: int) -> list[date]:
    """The days from one on that are closed together."""
    zone = board.row.time_zone
    last = min(day_of(end - 1, zone), since + AT_ONCE - timedelta(days=1))
    start = start_of_day(since, zone)
    full = tx.first(stream_days.DONE_LATER, board=board.id, since=start, cards=CARDS_AT_ONCE)
    if full is not None:
        last = min(last, day_of(full.at, zone))
    return list(_days(since, next_day(last)))


def forget_days(tx: Tx, board: OpenBoard) -> None:
    """Opens all days of a board."""
    for deletion in _FORGET:
        tx.run(deletion, board=board.id)
    stream_days.forget(tx, board)
    forget_changes(tx, board)
    forget_loads(tx, board)


def reopen_days(tx: Tx, board: OpenBoard, since: int) -> None:
    """Opens the days from a moment on, because something is being added to that past."""
    closed = tx.first(_LOCKED, board=board.id)
    if closed is None or since >= closed.until:
        return
    day = day_of(since, closed.zone)
    _drop(tx, board, day)
    tx.run(_GO_ON, board=board.id, until=start_of_day(day, closed.zone))
    tell_another_past(tx, board.id)


def _drop(tx: Tx, board: OpenBoard, since: date) -> None:
    tx.run(_REOPEN, board=board.id, since=since.toordinal())
    stream_days.forget(tx, board, since.toordinal())
    forget_loads(tx, board, since.toordinal())


def _new_past() -> int:
    # By chance, so that none comes a second time: not even after days were forgotten, or after a
    # database of yesterday was put back.
    return randbits(62)


def tell_another_past(tx: Tx, board_id: int) -> None:
    """Lets no process go on from what it remembers of the days."""
    tx.run(_TELL_ANOTHER_PAST, board=board_id, another=_new_past())


def note_return(tx: Tx, board: OpenBoard, card: CardRow, column_id: int) -> None:
    """Notes that a card is about to come back into a column from the right."""
    closed = _closed_for(tx, board, card)
    if closed is not None:
        stream_days.note_return(tx, board, card.id, column_id, closed.until, closed.zone)


def note_restored(tx: Tx, board: OpenBoard, card: CardRow) -> None:
    """Notes that a card comes out of the archive, where nothing blocked it any more."""
    if card.was_blocked and _closed_for(tx, board, card) is not None:
        tell_another_past(tx, board.id)


def note_other_kind(tx: Tx, board: OpenBoard, card: CardRow) -> None:
    """Notes that a card is of another type or class of service: so it was when it was done."""
    if card.done_at is not None and _closed_for(tx, board, card) is not None:
        tell_another_past(tx, board.id)


def _closed_for(tx: Tx, board: OpenBoard, card: CardRow) -> Closed | None:
    """The days in which a card may have been counted, locked; None where there are none."""
    if board.last_number < FEWEST_CARDS:
        return None
    closed = tx.first(_LOCKED, board=board.id)
    return None if closed is None or card.created_at >= closed.until else closed


@contextmanager
def recounted(tx: Tx, board: OpenBoard, card: CardRow) -> Iterator[None]:
    """Around whatever changes what a card says of its past on its board: it counts in the closed
    days as it is then, and not at all where it is gone."""
    closed = _closed_for(tx, board, card)
    if closed is None:
        yield
        return
    of_card = (card.id, closed.until, closed.zone)
    before = stream_days.told_of(tx, board, *of_card)
    yield
    stream_days.exchange(tx, board, card.id, before, stream_days.told_of(tx, board, *of_card))
    tell_another_past(tx, board.id)


def count_out(tx: Tx, card_id: int) -> None:
    """Takes a card that was discarded out of the closed days, on all boards on which it was."""
    less: Counter[tuple[int, int]] = Counter()
    gone: Counter[tuple[int, int]] = Counter()
    stays = tx.all(_COUNTED, card=card_id)
    for stay in stays:
        if stay.entered_at < stay.until:
            less[stay.column_id, day_of(stay.entered_at, stay.zone).toordinal()] += 1
        if stay.left_at is not None and stay.left_at < stay.until:
            gone[stay.column_id, day_of(stay.left_at, stay.zone).toordinal()] += 1
    for column, day in sorted(less.keys() | gone.keys()):
        amounts = {"came_less": less[column, day], "went_less": gone[column, day]}
        tx.run(_LESS, column=column, of_day=day, **amounts)
    for board_id in sorted({stay.board_id for stay in stays if stay.entered_at < stay.until}):
        tell_another_past(tx, board_id)


def open_days_of_guests(tx: Tx, column_id: int) -> None:
    """Opens the days of the boards to which cards have gone that were in a column: whose it is
    counts among their handoffs."""
    tx.run(_FORGET_GUESTS, column=column_id)


def wrong_days(tx: Tx, board: OpenBoard) -> int:
    """How many closed days of columns are not what the visits say."""
    closed = tx.first(_CLOSED, board=board.id)
    if closed is not None and not _holds(board, closed, read_columns(tx, board)):
        return 0  # They are not used, and made anew at the next closing.
    stored = {row[:2]: row[2:] for row in tx.all(_DAYS, board=board.id)}
    told: dict[Any, Any] = {}
    wrong = 0
    first = _first_day(tx, board)
    if closed is not None and first is not None:
        end = closed.until
        while start_of_day(first, closed.zone) < end:
            days = _next_days(tx, board, first, end)
            until = min(end, start_of_day(next_day(days[-1]), closed.zone))
            told |= {row[:2]: row[2:] for row in _count_days(tx, board, days, until)}
            wrong += stream_days.wrong_rows(tx, board, days, until, closed.zone)
            first = next_day(days[-1])
        wrong += wrong_changes(tx, board, closed.seq, closed.zone)
        if closed.centres == gauges_of(board.shape).mark:
            wrong += wrong_loads(tx, board, closed.zone)
    nothing = (0, 0)
    for key in stored.keys() | told.keys():
        wrong += stored.get(key, nothing) != told.get(key, nothing)
    return wrong


def _first_day(tx: Tx, board: OpenBoard) -> date | None:
    """The day of the first move of a board."""
    columns = tx.all(_COLUMN_IDS, board=board.id)
    found = [tx.one(_FIRST, column=column.id).at for column in columns]
    moments = [at for at in found if at is not None]
    return day_of(min(moments), board.row.time_zone) if moments else None


def _count_days(tx: Tx, board: OpenBoard, days: Sequence[date], until: int) -> list[_Day]:
    """What came and went on some days, of the last one until a moment, without the empty ones."""
    import numpy as np  # noqa: PLC0415 - it takes long to load

    zone = board.row.time_zone
    starts = np.array([start_of_day(day, zone) for day in days], np.int64)
    bounds = {"since": int(starts[0]), "until": until}
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
