"""Rebuilding: every derived value of a board made anew from its events, and compared."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Select, bindparam, delete, func, insert, select, update

from app.boards.activity import in_order
from app.boards.cord import pull_of, set_cord, told_pull_of
from app.boards.history import Fact, OpenBoard, lock_board, read_board, record
from app.boards.shape import Cell as CellKey
from app.cards.bulk_load import measure_tables
from app.cards.clocks import Clocks, Stay, read_clocks
from app.cards.closed_days import forget_days, tell_another_past, wrong_days
from app.cards.counts import count_details, wrong_counts
from app.cards.labels import ids_text
from app.cards.placing import repair_place
from app.cards.replay import Block, BrokenHistory, Past, PastEvent, replay
from app.db import Query, Statement, Tx
from app.models import (
    BlockedInterval,
    Board,
    Card,
    CardAddress,
    CardAssignee,
    CardLabel,
    Cell,
    Event,
    Visit,
)

AT_ONCE = 1_000
"""Cards whose pasts are in memory at one time."""


class Difference(NamedTuple):
    """So many cards, cells or boards of which a stored value is not what the history says."""

    what: str
    field: str
    number: int
    repairable: bool = True

    def __str__(self) -> str:
        return f"{self.number} {self.what}{'' if self.number == 1 else 's'}: {self.field}"


class _Key(NamedTuple):
    key: str


class _Stored(NamedTuple):
    id: int
    number: int
    column_id: int
    lane_id: int
    archived_at: int | None
    discarded_at: int | None
    created_at: int
    entered_at: int
    started_at: int | None
    done_at: int | None
    lead_time: int | None
    cycle_time: int | None
    process_time: int
    working_since: int | None
    blocked_time: int
    block_id: int | None
    was_blocked: bool
    assignee_ids: str
    label_ids: str


class _EventRow(NamedTuple):
    card_id: int
    board_id: int
    at: int
    type: str
    actor_id: int | None
    data: str


class _VisitRow(NamedTuple):
    card_id: int
    column_id: int
    entered_at: int
    left_at: int | None
    kind: str | None
    started_work: bool | None


class _BlockRow(NamedTuple):
    card_id: int
    id: int
    started_at: int
    ended_at: int | None
    reason: str
    category: str
    started_by: int | None
    ended_by: int | None
    note: str


class _Link(NamedTuple):
    card_id: int
    id: int


class _CellRow(NamedTuple):
    column_id: int
    lane_id: int
    card_count: int


class _Span(NamedTuple):
    last_number: int | None
    events: int
    first: int | None
    last: int | None
    latest: int | None


def _of_some(*columns: Any, card_id: Any) -> Select[*tuple[Any, ...]]:
    """Rows of the cards of one board with some numbers."""
    return (
        select(*columns)
        .join(Card, Card.id == card_id)
        .where(
            Card.board_id == bindparam("board_id"),
            Card.number > bindparam("after"),
            Card.number <= bindparam("upto"),
        )
    )


_KEYS = Query(select(Board.key).order_by(Board.key), _Key)
_CARDS = Query(
    select(*(getattr(Card, name) for name in _Stored._fields))
    .where(Card.board_id == bindparam("board_id"), Card.number > bindparam("after"))
    .order_by(Card.number)
    .limit(AT_ONCE),
    _Stored,
)
_EVENTS = Query(
    _of_some(*(getattr(Event, name) for name in _EventRow._fields), card_id=Event.card_id).order_by(
        Event.card_id, Event.board_id, Event.seq
    ),
    _EventRow,
)
_VISITS = Query(
    _of_some(*(getattr(Visit, name) for name in _VisitRow._fields), card_id=Visit.card_id).order_by(
        Visit.card_id, Visit.id
    ),
    _VisitRow,
)
_BLOCKS = Query(
    _of_some(
        *(getattr(BlockedInterval, name) for name in _BlockRow._fields),
        card_id=BlockedInterval.card_id,
    ).order_by(BlockedInterval.card_id, BlockedInterval.id),
    _BlockRow,
)
_ASSIGNEES = Query(
    _of_some(
        CardAssignee.card_id, CardAssignee.user_id.label("id"), card_id=CardAssignee.card_id
    ).order_by(CardAssignee.card_id),
    _Link,
)
_LABELS = Query(
    _of_some(CardLabel.card_id, CardLabel.label_id.label("id"), card_id=CardLabel.card_id).order_by(
        CardLabel.card_id
    ),
    _Link,
)
_CELLS = Query(
    select(Cell.column_id, Cell.lane_id, Cell.card_count).where(
        Cell.board_id == bindparam("board_id")
    ),
    _CellRow,
)
_SPAN = Query(
    select(
        select(func.max(CardAddress.number))
        .where(CardAddress.board_id == bindparam("board_id"))
        .scalar_subquery()
        .label("last_number"),
        func.count().label("events"),
        func.min(Event.seq).label("first"),
        func.max(Event.seq).label("last"),
        func.max(Event.at).label("latest"),
    ).where(Event.board_id == bindparam("board_id")),
    _Span,
)
_REPAIR = Statement(
    update(Card)
    .where(Card.id == bindparam("card_id"))
    .values(
        version=Card.version + 1,
        **{name: bindparam(name) for name in _Stored._fields[4:]},
    )
)
_DROP_VISITS = Statement(delete(Visit).where(Visit.card_id == bindparam("card_id")))
_VISIT = Statement(
    insert(Visit).values({name: bindparam(name) for name in ("board_id", *_VisitRow._fields)})
)
_DROP_BLOCKS = Statement(
    delete(BlockedInterval).where(BlockedInterval.card_id == bindparam("card_id"))
)
_BLOCK = Statement(
    insert(BlockedInterval).values(
        {name: bindparam(name) for name in ("board_id", "card_id", *Block._fields)}
    )
)
_DROP_CELLS = Statement(delete(Cell).where(Cell.board_id == bindparam("board_id")))
_CELL = Statement(
    insert(Cell).values({name: bindparam(name) for name in ("board_id", *_CellRow._fields)})
)


class _Judged(NamedTuple):
    """A card as it is stored, as its history tells it, and where the two differ."""

    stored: _Stored
    told: _Stored
    past: Past
    differs: list[str]


def board_keys(tx: Tx) -> list[str]:
    """The keys of all boards, archived ones too."""
    return [row.key for row in tx.all(_KEYS)]


def examine_board(tx: Tx, key: str) -> list[Difference]:
    """Where a board's derived values are not what its history says; changes nothing."""
    return _compare(tx, read_board(tx, None, key=key), repair=False)


def rebuild_board(tx: Tx, key: str) -> list[Difference]:
    """Puts a board's derived values right; what differed. The repair is an event, so that everybody
    sees the board anew."""
    board = lock_board(tx, None, even_archived=True, key=key)
    found = _compare(tx, board, repair=True)
    if any(difference.repairable for difference in found):
        data = {"action": "rebuilt", "differences": [str(difference) for difference in found]}
        record(tx, board, Fact("board.changed", None, data))
        tell_another_past(tx, board.id)
        measure_tables(tx)
    return found


def _compare(tx: Tx, board: OpenBoard, *, repair: bool) -> list[Difference]:
    counts: Counter[CellKey] = Counter()
    fields: Counter[str] = Counter()
    without_history = 0
    last_number = 0
    for judged in _judged_cards(tx, board):
        if isinstance(judged, _Stored):
            without_history += 1
            last_number = judged.number
            continue
        last_number = judged.stored.number
        fields.update(judged.differs)
        if judged.past.is_live:
            counts[CellKey(judged.past.column_id, judged.past.lane_id)] += 1
        if judged.differs and repair:
            _repair_card(tx, board, judged)
    found = [Difference("card", field, count) for field, count in fields.items()]
    found += _compare_details(tx, board, repair=repair)
    found += _compare_cells(tx, board, counts, repair=repair)
    found += _compare_days(tx, board, repair=repair)
    found += _compare_cord(tx, board, repair=repair)
    found += _compare_board(tx, board, last_number)
    if without_history:
        found.append(Difference("card", "has no history", without_history, repairable=False))
    return found


def _judged_cards(tx: Tx, board: OpenBoard) -> Iterator[_Judged | _Stored]:
    """Every card of a board, by number; one without a history as it is stored."""
    after = 0
    while cards := tx.all(_CARDS, board_id=board.id, after=after):
        some = {"board_id": board.id, "after": after, "upto": cards[-1].number}
        events = _by_card(tx.all(_EVENTS, **some))
        visits = _by_card(tx.all(_VISITS, **some))
        blocks = _by_card(tx.all(_BLOCKS, **some))
        assignees = _by_card(tx.all(_ASSIGNEES, **some))
        labels = _by_card(tx.all(_LABELS, **some))
        for card in cards:
            try:
                past = replay(
                    PastEvent(event.at, event.type, event.actor_id, orjson.loads(event.data))
                    for event in in_order(events.get(card.id, ()))
                )
            except BrokenHistory:
                yield card
                continue
            links = (assignees.get(card.id, ()), labels.get(card.id, ()))
            yield _judge(board, card, past, visits.get(card.id, ()), blocks.get(card.id, ()), links)
        after = cards[-1].number


def _by_card(rows: Iterable[Any]) -> dict[int, list[Any]]:
    return {card_id: list(some) for card_id, some in groupby(rows, attrgetter("card_id"))}


def _judge(
    board: OpenBoard,
    card: _Stored,
    past: Past,
    visits: Sequence[_VisitRow],
    blocks: Sequence[_BlockRow],
    links: tuple[Sequence[_Link], Sequence[_Link]],
) -> _Judged:
    clocks = Clocks(*(getattr(card, name) for name in Clocks._fields))
    if past.discarded_at is None:
        # A discarded card is in no statistics: its clocks stay as they were then.
        clocks = read_clocks(board.shape, past.stays, past.intervals)
    opened = [block.id for block in blocks if block.ended_at is None]
    told = card._replace(
        column_id=past.column_id,
        lane_id=past.lane_id,
        archived_at=past.archived_at,
        discarded_at=past.discarded_at,
        created_at=past.stays[0].entered_at,
        entered_at=past.stays[-1].entered_at,
        block_id=opened[0] if opened else None,
        was_blocked=bool(past.blocks),
        assignee_ids=ids_text(link.id for link in links[0]),
        label_ids=ids_text(link.id for link in links[1]),
        **clocks._asdict(),
    )
    differs = [
        name
        for name, is_stored, is_told in zip(_Stored._fields, card, told, strict=True)
        if is_stored != is_told
    ]
    if [Stay(*visit[1:]) for visit in visits] != past.stays:
        differs.append("visits")
    if sorted(map(_order, (Block(*block[2:]) for block in blocks))) != sorted(
        map(_order, past.blocks)
    ):
        differs.append("blocked_intervals")
    return _Judged(card, told, past, differs)


def _order(block: Block) -> tuple[Any, ...]:
    # Nulls cannot be put in order, numbers can.
    return tuple(-1 if value is None else value for value in block)


def _repair_card(tx: Tx, board: OpenBoard, judged: _Judged) -> None:
    card_id, past, told = judged.stored.id, judged.past, judged.told
    mine = {"board_id": board.id, "card_id": card_id}
    if "visits" in judged.differs:
        tx.run(_DROP_VISITS, card_id=card_id)
        tx.run_many(_VISIT, [{**mine, **stay._asdict()} for stay in past.stays])
    if "blocked_intervals" in judged.differs:
        tx.run(_DROP_BLOCKS, card_id=card_id)
        tx.run_many(_BLOCK, [{**mine, **block._asdict()} for block in past.blocks])
        opened = [
            row.id
            for row in tx.all(
                _BLOCKS,
                board_id=board.id,
                after=judged.stored.number - 1,
                upto=judged.stored.number,
            )
            if row.ended_at is None
        ]
        told = told._replace(block_id=opened[0] if opened else None)
    if {"column_id", "lane_id"} & set(judged.differs):
        repair_place(tx, card_id, CellKey(past.column_id, past.lane_id))
    tx.run(_REPAIR, card_id=card_id, **dict(zip(_Stored._fields[4:], told[4:], strict=True)))


def _compare_details(tx: Tx, board: OpenBoard, *, repair: bool) -> list[Difference]:
    """Compares how many comments and checklist items the cards have with what they say."""
    wrong = wrong_counts(tx, board.id)
    if repair:
        for card in wrong:
            count_details(tx, card.id)
    return [
        Difference("card", field, number)
        for field in ("comment_count", "item_count", "checked_count")
        if (number := sum(getattr(card, field) for card in wrong))
    ]


def _compare_cells(
    tx: Tx, board: OpenBoard, counts: Counter[CellKey], *, repair: bool
) -> list[Difference]:
    stored = {
        CellKey(row.column_id, row.lane_id): row.card_count
        for row in tx.all(_CELLS, board_id=board.id)
    }
    told = {
        cell: counts[cell]
        for column in board.shape.columns
        for lane in board.shape.lanes
        for cell in (CellKey(column.id, lane.id),)
    }
    different = sum(stored.get(cell) != told.get(cell) for cell in stored.keys() | told.keys())
    if not different:
        return []
    if repair:
        tx.run(_DROP_CELLS, board_id=board.id)
        tx.run_many(
            _CELL,
            [
                {"board_id": board.id, **cell._asdict(), "card_count": count}
                for cell, count in told.items()
            ],
        )
    return [Difference("cell", "card_count", different)]


def _compare_days(tx: Tx, board: OpenBoard, *, repair: bool) -> list[Difference]:
    """Compares the closed days with the visits; they are opened, and close again by themselves."""
    wrong = wrong_days(tx, board)
    if wrong and repair:
        forget_days(tx, board)
    return [Difference("row", "of a closed day", wrong)] if wrong else []


def _compare_cord(tx: Tx, board: OpenBoard, *, repair: bool) -> list[Difference]:
    """Whether the andon cord is pulled, by whom, and who helps."""
    told = told_pull_of(tx, board)
    if told == pull_of(board.row):
        return []
    if repair:
        set_cord(tx, board, told)
    return [Difference("board", "andon", 1)]


def _compare_board(tx: Tx, board: OpenBoard, last_number: int) -> list[Difference]:
    """Compares the board's own counters; they are written with the event of the repair."""
    span = tx.one(_SPAN, board_id=board.id)
    # The newest card may have gone to another board: its number stays taken.
    last_number = max(last_number, span.last_number or 0)
    seq = span.last or 0
    found = []
    if span.events != seq or (span.first or 1) != 1:
        found.append(Difference("board", "the history has gaps", 1, repairable=False))
    if board.seq != seq:
        found.append(Difference("board", "seq", 1))
    if board.last_number != last_number:
        found.append(Difference("board", "last_number", 1))
    if board.row.changed_at < (span.latest or 0):
        found.append(Difference("board", "changed_at", 1))
    board.seq, board.last_number = seq, last_number
    board.now = max(board.now, span.latest or 0)
    return found
