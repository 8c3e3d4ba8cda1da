"""Reading how many cards were in each column at some moments: who came into it and left it, and who
was put away."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby, pairwise
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Select, bindparam, func, select

from app.boards.history import OpenBoard
from app.cards.clocks import OPEN
from app.cards.closed_days import Closed, closed_of
from app.cards.filters import CardFilter
from app.days import day_of, next_day, start_of_day
from app.db import SQLITE, Query, Tx
from app.flow.cumulative import counts_at
from app.flow.metrics import Durations
from app.flow.queries import EVERY_CARD, of_cards
from app.flow.remembering import recall, remember
from app.models import RARE_EVENTS, Card, Column, ColumnDay, Event, Visit
from app.packing import packed, unpacked

AT_ONCE = 500
MOST_REMEMBERED = 1_000_000
"""Of so many days of columns a process remembers what came and went, 16 MB; of so many moves when
they were."""
_REMEMBERED, _REMEMBERED_MOVES = "column days", "moves on days"

_Moves = Mapping[int, tuple[Durations, Durations]]
"""By column: when cards came and when they left."""


class _Spell(NamedTuple):
    card_id: int
    column_id: int
    at: int
    type: str


class _CardId(NamedTuple):
    id: int


class _Net(NamedTuple):
    """By how many cards a column grew on its days, up to each of them."""

    days: Durations
    sums: Durations


class _Kept(NamedTuple):
    """What a process remembers of a board's whole closed days: up to which one, and by column."""

    until: int
    columns: Mapping[int, _Net]


class ColumnCounts:
    """How many cards were in a column at each of some moments."""

    def __init__(self, moments: Sequence[int]) -> None:
        self._moments = moments
        self.counts = [0] * len(moments)

    def add(self, places: Sequence[int], counts: Sequence[int]) -> None:
        """Counts these too, at some of the moments."""
        for place, count in zip(places, counts, strict=True):
            self.counts[place] += count

    def add_moves(self, came: Durations, left: Durations, places: Sequence[int]) -> None:
        """Counts who came and left at these times, at some of the moments."""
        self.add(places, counts_at([self._moments[place] for place in places], came, left))


_columns = select(Column.id).where(Column.board_id == bindparam("board"))


# By the board's columns: a card that has gone to another board was here for as long as it was.
def _moved(moment: Any) -> Select[*tuple[Any, ...]]:
    return (
        select(Visit.column_id, packed(moment))
        .join(Card, Card.id == Visit.card_id)
        .where(
            Visit.column_id.in_(_columns),
            moment >= bindparam("since", type_=BigInteger),
            moment < bindparam("until", type_=BigInteger),
        )
        .group_by(Visit.column_id)
    )


_CAME, _LEFT = _moved(Visit.entered_at), _moved(Visit.left_at)
_STANDING = (
    select(Card.column_id, func.count())
    .where(Card.board_id == bindparam("board"))
    .group_by(Card.column_id)
)
_CLOSED_DAYS = (
    select(ColumnDay.column_id, packed(ColumnDay.day, ColumnDay.came - ColumnDay.went))
    .where(
        ColumnDay.column_id.in_(_columns),
        ColumnDay.day >= bindparam("since", type_=BigInteger),
        ColumnDay.day < bindparam("until", type_=BigInteger),
    )
    .group_by(ColumnDay.column_id)
)
_PUT_AWAY = (
    select(Card.column_id, packed(Card.archived_at))
    .where(Card.archived_at.is_not(None), Card.done_at.is_(None))
    .group_by(Card.column_id)
)
# Cards that were put away and fetched back: rare, and the index holds them alone.
_FETCHED_BACK = Query(
    select(Event.card_id.label("id")).where(
        Event.board_id == bindparam("board"),
        Event.type == "card.restored",
        RARE_EVENTS,
        # Without a bound SQLite would rather look through all events of the board.
        Event.at >= 0,
    ),
    _CardId,
)
_SPELLS = (
    select(Event.card_id, Visit.column_id, Event.at, Event.type)
    .join(Card, Card.id == Event.card_id)
    .join(Visit, Visit.card_id == Event.card_id)
    .where(
        Event.card_id.in_(bindparam("cards", expanding=True)),
        # Not by the board's own index, which holds every event of years.
        Event.board_id + 0 == bindparam("board"),
        Event.type.in_(("card.archived", "card.restored")),
        # A card that is put away stays where it stands: this is the stay in which it was.
        Visit.entered_at <= Event.at,
        (Visit.left_at > Event.at) | Visit.left_at.is_(None),
    )
    .order_by(Event.card_id, Event.seq, Visit.id)
)


def column_counts(
    tx: Tx, board: OpenBoard, moments: Sequence[int], cards: CardFilter
) -> Mapping[int, ColumnCounts]:
    """How many cards were in each column just before each moment; the first of them comes first.

    Counted are whole days that are closed, as far as they reach, and the moves since then or since
    the day's beginning; without such days it is what stands there now, and the moves back to then.
    Against that count the cards that were put away before they were done.
    """

    def chosen(statement: Select[*tuple[Any, ...]], **bounds: Any) -> Iterator[Any]:
        if cards == EVERY_CARD:
            statement = statement.where(Card.discarded_at.is_(None))
        else:
            statement = of_cards(statement, board, cards, by_columns=tx.dialect == SQLITE)
            if tx.dialect == SQLITE:
                # The moves lead to the cards, not the board to all it has.
                statement = statement.where(Card.board_id + 0 == board.id)
        return iter(tx.execute(statement, {"board": board.id, **bounds}))

    counts: defaultdict[int, ColumnCounts] = defaultdict(lambda: ColumnCounts(moments))
    # Days are closed for all cards together, not for those that a filter lets through.
    closed = closed_of(tx, board) if cards == EVERY_CARD else None
    if closed is None:
        _add_from_now(tx, moments, counts, chosen)
    else:
        _add_from_closed(tx, board, closed, moments, counts, chosen)
    away, back = _put_away(tx, board, chosen)
    everywhere = range(len(moments))
    for column_id in away:
        counts[column_id].add_moves(
            _numbers(back[column_id]), _numbers(away[column_id]), everywhere
        )
    return counts


def _add_from_now(
    tx: Tx,
    moments: Sequence[int],
    counts: Mapping[int, ColumnCounts],
    chosen: Callable[..., Iterator[Any]],
) -> None:
    """Counts back from now: what happened before the first moment, years perhaps, is not read."""
    everywhere = range(len(moments))
    for column_id, count in chosen(_STANDING):
        counts[column_id].add(everywhere, [count] * len(moments))
    for column_id, (came, left) in _moves(tx, moments[0], OPEN, chosen).items():
        counts[column_id].add(everywhere, [len(left) - len(came)] * len(moments))
        counts[column_id].add_moves(came, left, everywhere)


def _add_from_closed(
    tx: Tx,
    board: OpenBoard,
    closed: Closed,
    moments: Sequence[int],
    counts: Mapping[int, ColumnCounts],
    chosen: Callable[..., Iterator[Any]],
) -> None:
    anchors = _anchors(board, moments, closed)
    _add_closed(tx, board, closed, counts, anchors)
    for since, some in groupby(range(len(moments)), anchors.__getitem__):
        places = [place for place in some if moments[place] > since]
        if not places:
            continue
        if since < closed.whole:
            moves = _moves_on(tx, board, closed, since, chosen)
        else:
            moves = _moves(tx, since, moments[places[-1]], chosen)
        for column_id, (came, left) in moves.items():
            counts[column_id].add_moves(came, left, places)


def _moves_on(
    tx: Tx, board: OpenBoard, closed: Closed, since: int, chosen: Callable[..., Iterator[Any]]
) -> _Moves:
    """The moves on a day that is closed: a process reads them once."""
    key = (board.id, since)
    known: _Moves | None = recall(tx, _REMEMBERED_MOVES, key, closed.past)
    if known is None:
        until = start_of_day(next_day(day_of(since, closed.zone)), closed.zone)
        known = _moves(tx, since, until, chosen)
        size = sum(len(times) for both in known.values() for times in both)
        remember(tx, _REMEMBERED_MOVES, key, closed.past, known, size, MOST_REMEMBERED)
    return known


def _moves(tx: Tx, since: int, until: int, chosen: Callable[..., Iterator[Any]]) -> _Moves:
    """When cards came into each column in a time, and when they left it."""
    nobody = unpacked(tx, None)
    bounds = {"since": since, "until": until}
    came = {column_id: unpacked(tx, value) for column_id, value in chosen(_CAME, **bounds)}
    left = {column_id: unpacked(tx, value) for column_id, value in chosen(_LEFT, **bounds)}
    return {
        column_id: (came.get(column_id, nobody), left.get(column_id, nobody))
        for column_id in came.keys() | left.keys()
    }


def _anchors(board: OpenBoard, moments: Sequence[int], closed: Closed) -> list[int]:
    """For each moment up to when closed days count for it: the beginning of its day, or where the
    closed days end."""
    zone = board.row.time_zone
    return [
        start_of_day(day_of(moment, zone), zone) if moment < closed.whole else closed.whole
        for moment in moments
    ]


def _add_closed(
    tx: Tx,
    board: OpenBoard,
    closed: Closed,
    counts: Mapping[int, ColumnCounts],
    anchors: Sequence[int],
) -> None:
    import numpy as np  # noqa: PLC0415 - it takes long to load

    zone = closed.zone
    days = np.array([day_of(anchor, zone).toordinal() for anchor in anchors], np.int64)
    for column_id, net in _remembered(tx, board, closed).items():
        counts[column_id].add(range(len(days)), net.sums[np.searchsorted(net.days, days)].tolist())


def _remembered(tx: Tx, board: OpenBoard, closed: Closed) -> Mapping[int, _Net]:
    """By how many cards each column grew on the whole days that are closed; each day is read once
    for as long as the past is the same."""
    import numpy as np  # noqa: PLC0415 - it takes long to load

    until = day_of(closed.whole, closed.zone).toordinal()
    known: _Kept = recall(tx, _REMEMBERED, board.id, closed.past) or _Kept(0, {})
    if known.until == until:
        return known.columns
    columns = dict(known.columns)
    bounds = {"board": board.id, "since": known.until, "until": until}
    rows: Iterator[Any] = iter(tx.execute(_CLOSED_DAYS, bounds))
    nothing = _Net(np.empty(0, np.int64), np.zeros(1, np.int64))
    for column_id, value in rows:
        before = columns.get(column_id, nothing)
        found = unpacked(tx, value).reshape(-1, 2)
        day, net = found[np.argsort(found[:, 0])].T
        sums = before.sums[-1] + np.cumsum(net)
        columns[column_id] = _Net(
            np.concatenate([before.days, day]), np.concatenate([before.sums, sums])
        )
    size = sum(len(net.days) for net in columns.values())
    kept = _Kept(until, columns)
    remember(tx, _REMEMBERED, board.id, closed.past, kept, size, MOST_REMEMBERED)
    return columns


def _put_away(
    tx: Tx, board: OpenBoard, chosen: Callable[..., Iterator[Any]]
) -> tuple[dict[int, list[int]], dict[int, list[int]]]:
    """When cards were put away before they were done, and when they were fetched back, by the
    column in which they stood."""
    away: defaultdict[int, list[int]] = defaultdict(list)
    back: defaultdict[int, list[int]] = defaultdict(list)
    for column_id, archived in chosen(_PUT_AWAY.where(Card.board_id == board.id)):
        away[column_id] += unpacked(tx, archived).tolist()
    fetched = sorted({row.id for row in tx.all(_FETCHED_BACK, board=board.id)})
    spells = [
        _Spell._make(row)
        for first in range(0, len(fetched), AT_ONCE)
        for row in chosen(_SPELLS, cards=fetched[first : first + AT_ONCE])
    ]
    for one, next_one in pairwise(spells):
        if one.card_id != next_one.card_id or one.type == next_one.type:
            continue
        if one.type == "card.archived" and one.column_id not in board.shape.done:
            away[one.column_id].append(one.at)
            back[one.column_id].append(next_one.at)
    return away, back


def _numbers(values: Sequence[int]) -> Durations:
    import numpy as np  # noqa: PLC0415 - it takes long to load

    return np.array(values, np.int64)
