"""Placing cards: the only code that writes a card's column, lane and rank.

`admit` asks the rule, `place_card` writes the place with everything that follows from it: the count
of the cells, the visit, the clocks and the event, all in the caller's transaction.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import and_, bindparam, case, delete, func, insert, or_, select, update

from app import clock
from app.boards import rules
from app.boards.history import Fact, OpenBoard, keep_refusal, record
from app.boards.policy import points_of
from app.boards.shape import ACTIVE, DONE, QUEUE
from app.boards.shape import Cell as CellKey
from app.cards.clocks import Clocks, Interval, Stay, read_clocks
from app.cards.rows import CardRow
from app.db import Query, Statement, Tx
from app.errors import CardBlocked, ConfirmationNeeded, WipLimitReached
from app.models import (
    BlockedInterval,
    Card,
    CardAddress,
    CardAssignee,
    Cell,
    Column,
    User,
    Visit,
)

GAP = 1 << 20
LISTED = 20


class _Rank(NamedTuple):
    id: int
    rank: int


class _Filling(NamedTuple):
    id: int
    number: int
    title: str
    created_at: int
    started_at: int | None
    done_at: int | None
    block_id: int | None


class _Held(NamedTuple):
    user_id: int
    name: str
    cards: int


class _IdRow(NamedTuple):
    id: int


_live = and_(Card.archived_at.is_(None), Card.discarded_at.is_(None))
_in_cell = and_(
    Card.column_id == bindparam("column_id"), Card.lane_id == bindparam("lane_id"), _live
)
_filling = (Card.id, Card.number, Card.title, Card.created_at, Card.started_at, Card.done_at)
_oldest_first = (Card.started_at.is_(None), Card.started_at, Card.created_at, Card.id)

_FILLING_CELL = Query(
    select(*_filling, Card.block_id).where(_in_cell).order_by(*_oldest_first).limit(LISTED),
    _Filling,
)
_FILLING_PERSON = Query(
    select(*_filling, Card.block_id)
    .join(CardAssignee, CardAssignee.card_id == Card.id)
    .join(Column, Column.id == Card.column_id)
    .where(
        CardAssignee.user_id == bindparam("user_id"),
        Card.board_id == bindparam("board_id"),
        Column.kind == "active",
        _live,
    )
    .order_by(*_oldest_first)
    .limit(LISTED),
    _Filling,
)
_HELD = Query(
    select(
        User.id.label("user_id"),
        User.name,
        select(func.count())
        .select_from(CardAssignee)
        .join(Card, Card.id == CardAssignee.card_id)
        .join(Column, Column.id == Card.column_id)
        .where(
            CardAssignee.user_id == User.id,
            Card.board_id == bindparam("board_id"),
            Column.kind == "active",
            _live,
        )
        .scalar_subquery()
        .label("cards"),
    ).where(User.id == bindparam("user_id")),
    _Held,
)
_RANK_OF = Query(select(Card.id, Card.rank).where(Card.id == bindparam("card_id"), _in_cell), _Rank)
_AT_RANK = Query(
    select(Card.id, Card.rank).where(_in_cell, Card.rank == bindparam("rank")).limit(1), _Rank
)
_LAST = Query(select(Card.id, Card.rank).where(_in_cell).order_by(Card.rank.desc()).limit(1), _Rank)
_BEFORE = Query(
    select(Card.id, Card.rank)
    .where(_in_cell, Card.rank < bindparam("rank"), Card.id != bindparam("moved"))
    .order_by(Card.rank.desc())
    .limit(1),
    _Rank,
)
_AFTER = Query(
    select(Card.id, Card.rank)
    .where(_in_cell, Card.rank > bindparam("rank"), Card.id != bindparam("moved"))
    .order_by(Card.rank)
    .limit(bindparam("some", type_=Card.rank.type)),
    _Rank,
)
_NTH = Query(
    select(Card.id, Card.rank)
    .where(_in_cell, Card.id != bindparam("moved"))
    .order_by(Card.rank)
    .limit(1)
    .offset(bindparam("index", type_=Card.rank.type)),
    _Rank,
)
_SET_RANK = Statement(
    update(Card).where(Card.id == bindparam("card_id")).values(rank=bindparam("new_rank"))
)
_VISITS = Query(
    select(Visit.column_id, Visit.entered_at, Visit.left_at, Visit.kind, Visit.started_work)
    .where(Visit.card_id == bindparam("card_id"))
    .order_by(Visit.id),
    Stay,
)
_BLOCKS = Query(
    select(BlockedInterval.started_at.label("start"), BlockedInterval.ended_at.label("until"))
    .where(BlockedInterval.card_id == bindparam("card_id"))
    .order_by(BlockedInterval.id),
    Interval,
)
_LEAVE = Statement(
    update(Visit)
    .where(Visit.card_id == bindparam("card"), Visit.left_at.is_(None))
    .values(left_at=bindparam("left_at"))
)
_ENTER = Statement(
    insert(Visit).values(
        board_id=bindparam("board_id"),
        card_id=bindparam("card_id"),
        column_id=bindparam("column_id"),
        entered_at=bindparam("entered_at"),
        left_at=bindparam("left_at"),
    )
)
_target = and_(Cell.column_id == bindparam("to_column"), Cell.lane_id == bindparam("to_lane"))
_source = and_(Cell.column_id == bindparam("from_column"), Cell.lane_id == bindparam("from_lane"))
_SHIFT = Statement(
    update(Cell)
    .where(or_(_source, _target))
    .values(card_count=Cell.card_count + case((_target, 1), else_=-1))
)
_COUNT = Statement(
    update(Cell)
    .where(_target)
    .values(card_count=Cell.card_count + bindparam("delta", type_=Cell.card_count.type))
)
_clock_values: dict[str, Any] = {
    "started_at": bindparam("started_at"),
    "done_at": bindparam("done_at"),
    "lead_time": bindparam("lead_time"),
    "cycle_time": bindparam("cycle_time"),
    "process_time": bindparam("process_time"),
    "working_since": bindparam("working_since"),
    "blocked_time": bindparam("blocked_time"),
}
_PLACE = Statement(
    update(Card)
    .where(Card.id == bindparam("card_id"))
    .values(
        column_id=bindparam("column_id"),
        lane_id=bindparam("lane_id"),
        rank=bindparam("rank"),
        version=bindparam("version"),
        entered_at=bindparam("entered_at"),
        **_clock_values,
    )
)
_MOVED = ("rank", "version", "entered_at", *_clock_values)
_REORDER = Statement(
    update(Card)
    .where(Card.id == bindparam("card_id"))
    .values(rank=bindparam("rank"), version=bindparam("version"))
)
_SET_LIVE = Statement(
    update(Card)
    .where(Card.id == bindparam("card_id"))
    .values(
        archived_at=bindparam("archived_at"),
        discarded_at=bindparam("discarded_at"),
        version=bindparam("version"),
    )
)
_REPAIR_PLACE = Statement(
    update(Card)
    .where(Card.id == bindparam("card_id"))
    .values(
        column_id=bindparam("column_id"), lane_id=bindparam("lane_id"), rank=bindparam("new_rank")
    )
)
SET_CLOCKS = Statement(update(Card).where(Card.id == bindparam("card_id")).values(**_clock_values))
_KEEP_MEANING = Statement(
    update(Visit)
    .where(
        Visit.card_id == bindparam("card"),
        Visit.column_id == bindparam("column"),
        Visit.kind.is_(None),
    )
    .values(kind=bindparam("kind"), started_work=bindparam("started_work"))
)
_ADDRESS = Statement(
    insert(CardAddress).values(
        {name: bindparam(name) for name in ("board_id", "number", "card_id", "title", "left_at")}
    )
)
_FORGET_ADDRESS = Statement(
    delete(CardAddress).where(
        CardAddress.board_id == bindparam("board"), CardAddress.card_id == bindparam("card")
    )
)
_BRING_VISITS = Statement(
    update(Visit).where(Visit.card_id == bindparam("card")).values(board_id=bindparam("board"))
)
_BRING_BLOCKS = Statement(
    update(BlockedInterval)
    .where(BlockedInterval.card_id == bindparam("card"))
    .values(board_id=bindparam("board"))
)
_BRING = Statement(
    update(Card)
    .where(Card.id == bindparam("card_id"))
    .values(
        board_id=bindparam("board"),
        number=bindparam("number"),
        team=bindparam("team"),
        assignee_ids=bindparam("assignee_ids"),
        label_ids=bindparam("label_ids"),
    )
)
_card_fields = [
    "board_id",
    "number",
    "title",
    "description",
    "work_type",
    "service_class",
    "team",
    "due_on",
    "external_id",
    "version",
    "created_by",
    "column_id",
    "lane_id",
    "rank",
    "archived_at",
    "discarded_at",
    "created_at",
    "entered_at",
    "started_at",
    "done_at",
    "lead_time",
    "cycle_time",
    "process_time",
    "working_since",
    "blocked_time",
    "block_id",
    "was_blocked",
    "assignee_ids",
    "label_ids",
]
_INSERT = Query(
    insert(Card).values({name: bindparam(name) for name in _card_fields}).returning(Card.id),
    _IdRow,
)
_INSERT_ONE_OF_MANY = Statement(
    insert(Card).values({name: bindparam(name) for name in _card_fields})
)
_NUMBERED_FROM = Query(
    select(Card.id)
    .where(Card.board_id == bindparam("board_id"), Card.number >= bindparam("number"))
    .order_by(Card.number),
    _IdRow,
)


@dataclass(frozen=True, slots=True)
class Spot:
    """Where in its cell a card is wanted: before or after another one, at an index (from 0), at the
    rank that it had there once, or, with none of them, at the end."""

    before_card_id: int | None = None
    after_card_id: int | None = None
    index: int | None = None
    rank: int | None = None


AT_THE_END = Spot()


class UnknownNeighbour(LookupError):
    """The card that a spot names does not stand in that column and lane."""


def admit(
    tx: Tx,
    board: OpenBoard,
    changes: Mapping[CellKey, int],
    *,
    to: CellKey,
    card_id: int | None,
    action: str,
    people: Mapping[int, int] | None = None,
    card_ids: Sequence[int] = (),
) -> None:
    """Refuses a change that a limit does not let through; the refusal is kept in the history.

    `changes` says how many cards more (or fewer) each cell would have, `people` how many cards more
    in active columns each person would have. `card_ids` are those of a change of many, which is
    judged as the one change that it is.
    """
    counts = dict(board.counts)
    for cell, delta in changes.items():
        counts[cell] = counts.get(cell, 0) + delta
    held = []
    if people and board.shape.person_wip_limit is not None:
        for user_id, delta in people.items():
            row = tx.one(_HELD, user_id=user_id, board_id=board.id)
            held.append((user_id, row.name, row.cards, row.cards + delta))
    overflow = rules.check_limits((board.shape, board.counts), (board.shape, counts), held)
    if overflow is not None:
        raise limit_refusal(
            tx,
            board,
            overflow,
            to=to,
            card_id=card_id,
            action=action,
            card_ids=card_ids,
            many=bool(card_ids) or sum(delta for delta in changes.values() if delta > 0) > 1,
        )


def limit_refusal(
    tx: Tx,
    board: OpenBoard,
    overflow: rules.Overflow,
    *,
    to: CellKey | None,
    card_id: int | None,
    action: str,
    detail: str | None = None,
    place_is_new: bool = False,
    card_ids: Sequence[int] = (),
    many: bool = False,
) -> WipLimitReached:
    """The refusal by a limit: which one, its value, the count, and the cards that fill the place.

    A place that is made by the refused change goes with it: the refusal says its name and no id.
    The refusal of a change of many cards says how many places are free, too.
    """
    place, name, limit, count = overflow.place, overflow.name, overflow.limit, overflow.count
    place_id = None if place_is_new else place.id
    refusal = WipLimitReached(
        detail or _full_words(name, count, limit),
        scope=place.scope,
        place={"id": place_id, "name": name},
        limit=limit,
        count=count,
        cards=_cards_filling(tx, board, place),
        **({"free": max(0, limit - count)} if many else {}),
    )
    data: dict[str, Any] = {
        "scope": place.scope,
        "place": {"id": place_id, "name": name},
        "limit": limit,
        "count": count,
        "to": None if to is None else {"column_id": to.column_id, "lane_id": to.lane_id},
        "action": action,
    }
    if card_ids:
        data["card_ids"] = list(card_ids)
    keep_refusal(board, refusal, Fact("move.refused", card_id, data))
    return refusal


def check_not_blocked(board: OpenBoard, card: CardRow, column_id: int, lane_id: int) -> None:
    """Refuses to move a blocked card to the right (rule 9)."""
    if card.block_id is None or not rules.is_to_the_right(board.shape, card.column_id, column_id):
        return
    refusal = CardBlocked(
        f"{card.ref} is blocked: {card.block_reason}. Unblock it to move it to the right.",
        reason=card.block_reason,
        category=card.block_category,
        since=clock.iso_or_none(card.block_since),
    )
    data = {
        "scope": "blocked",
        "place": {"id": card.id, "name": card.ref},
        "limit": None,
        "count": None,
        "to": {"column_id": column_id, "lane_id": lane_id},
        "action": "move",
    }
    keep_refusal(board, refusal, Fact("move.refused", card.id, data))
    raise refusal


def check_confirmed(
    board: OpenBoard, card: CardRow, column_id: int, *, confirmed: bool
) -> list[str]:
    """The points of the column that a card leaves to the right, where that column asks for them;
    refuses where they are not confirmed. It is a question, so the history keeps no refusal."""
    column = board.shape.column.get(card.column_id)
    if column is None or not column.ask_before_leaving:
        return []
    if not rules.is_to_the_right(board.shape, card.column_id, column_id):
        return []
    points = points_of(column.policy)
    if points and not confirmed:
        raise ConfirmationNeeded(
            f"Before a card leaves {column.name}, its points are confirmed: {'; '.join(points)}.",
            column={"id": column.id, "name": column.name},
            points=points,
        )
    return points


def place_card(
    tx: Tx, board: OpenBoard, card: CardRow, to: CellKey, spot: Spot | None, **data: Any
) -> CardRow:
    """Puts a card that is on the board into a column and lane, or to another place in it.

    The limits have been asked before. `spot` None keeps the place where nothing changes. Returns
    the card as it is then; writes nothing where it stands there already.
    """
    source = CellKey(card.column_id, card.lane_id)
    if to == source:
        if spot is None:
            return card
        rank = find_rank(tx, to, spot, moved=card.id, standing=card.rank)
        if rank == card.rank:
            return card
        placed = card._replace(rank=rank, version=card.version + 1)
        order = (_REORDER, {"card_id": card.id, "rank": rank, "version": placed.version})
        here = {"column_id": to.column_id, "lane_id": to.lane_id}
        told = {"in": here, "was_at": card.rank, **data}
        record(tx, board, Fact("card.reordered", card.id, told), change=[order])
        return placed
    rank = find_rank(tx, to, spot or AT_THE_END, moved=card.id)
    placed = card._replace(
        column_id=to.column_id, lane_id=to.lane_id, rank=rank, version=card.version + 1
    )
    change: list[tuple[Statement, dict[str, Any]]] = []
    if to.column_id != source.column_id:
        clocks = clocks_after_move(tx, board, card, to.column_id)
        placed = placed._replace(entered_at=board.now, **clocks._asdict())
        stay = Stay(to.column_id, board.now, None)
        change += [
            (_LEAVE, {"card": card.id, "left_at": board.now}),
            (_ENTER, _visit(board, card.id, stay)),
        ]
    values = {name: getattr(placed, name) for name in ("column_id", "lane_id", *_MOVED)}
    change.append((_PLACE, {"card_id": card.id, **values}))
    if card.is_live:
        cells = {
            "from_column": source.column_id,
            "from_lane": source.lane_id,
            "to_column": to.column_id,
            "to_lane": to.lane_id,
        }
        change.append((_SHIFT, cells))
        _count(board, source, -1)
        _count(board, to, 1)
    moved = {
        "from": {"column_id": source.column_id, "lane_id": source.lane_id},
        "to": {"column_id": to.column_id, "lane_id": to.lane_id},
        # The place in its old cell, for whoever takes the move back.
        "was_at": card.rank,
        **data,
    }
    record(tx, board, Fact("card.moved", card.id, moved), change=change)
    return placed


class NewCard(NamedTuple):
    """A card that is about to come onto a board, with its past where it has one."""

    title: str
    description: str
    work_type: str
    service_class: str
    team: str | None
    due_on: str | None
    external_id: str | None
    stays: Sequence[Stay]  # the last one is where it stands; one alone for a new card
    lane_id: int
    blocks: Sequence[Interval] = ()
    assignee_ids: str = "[]"
    label_ids: str = "[]"
    archived_at: int | None = None


def insert_card(tx: Tx, board: OpenBoard, card: NewCard, rank: int) -> int:
    """Puts a new card onto the board, with its visits and clocks; its id. The event is written by
    the caller, who knows whether the card was made now or comes with a past."""
    board.last_number += 1
    row = tx.one(_INSERT, **_values(board, card, board.last_number, rank))
    visits = _visits(board, row.id, card)
    if len(visits) == 1:
        tx.run(_ENTER, **visits[0])
    else:
        tx.run_many(_ENTER, visits)
    if card.archived_at is None:
        _count_in(tx, board, CellKey(card.stays[-1].column_id, card.lane_id), 1)
    return row.id


def insert_cards(
    tx: Tx, board: OpenBoard, cards: Sequence[NewCard], ranks: Sequence[int]
) -> list[int]:
    """Puts many cards onto the board at once, as `insert_card` does each; their ids in order."""
    if not cards:
        return []
    first = board.last_number + 1
    board.last_number += len(cards)
    placed = list(zip(cards, ranks, strict=True))
    tx.run_many(
        _INSERT_ONE_OF_MANY,
        [_values(board, card, first + i, rank) for i, (card, rank) in enumerate(placed)],
    )
    card_ids = [row.id for row in tx.all(_NUMBERED_FROM, board_id=board.id, number=first)]
    tx.run_many(
        _ENTER,
        [
            visit
            for card_id, card in zip(card_ids, cards, strict=True)
            for visit in _visits(board, card_id, card)
        ],
    )
    coming = Counter(
        CellKey(card.stays[-1].column_id, card.lane_id)
        for card in cards
        if card.archived_at is None
    )
    for cell, count in coming.items():
        _count_in(tx, board, cell, count)
    return card_ids


class Coming(NamedTuple):
    """What a card that comes from another board is given here."""

    number: int
    cell: CellKey
    team: str | None
    assignee_ids: str
    label_ids: str


def take_card_away(tx: Tx, board: OpenBoard, card: CardRow) -> dict[int, tuple[str, bool]]:
    """Takes a card off its board for another one; its stays here keep the meaning that they have
    now. For each column of theirs whose meaning was open: its kind, whether work was started."""
    shape = board.shape
    tx.run(_LEAVE, card=card.id, left_at=board.now)
    meanings: dict[int, tuple[str, bool]] = {}
    for stay in tx.all(_VISITS, card_id=card.id):
        if stay.kind is not None or stay.column_id in meanings:
            continue
        kind = DONE if stay.column_id in shape.done else QUEUE
        kind = ACTIVE if stay.column_id in shape.active else kind
        meanings[stay.column_id] = (kind, stay.column_id in shape.started)
        means = {"kind": kind, "started_work": meanings[stay.column_id][1]}
        tx.run(_KEEP_MEANING, card=card.id, column=stay.column_id, **means)
    tx.run(
        _ADDRESS,
        board_id=board.id,
        number=card.number,
        card_id=card.id,
        title=card.title,
        left_at=board.now,
    )
    _count_in(tx, board, CellKey(card.column_id, card.lane_id), -1)
    return meanings


def bring_card(tx: Tx, board: OpenBoard, card: CardRow, coming: Coming) -> None:
    """Puts a card that was taken off another board to the end of a cell, with its past and its
    clocks; the limits have been asked. The caller tells the event."""
    cell = coming.cell
    rank = find_rank(tx, cell, AT_THE_END, moved=card.id)
    tx.run(_FORGET_ADDRESS, board=board.id, card=card.id)
    tx.run(_BRING_VISITS, card=card.id, board=board.id)
    tx.run(_BRING_BLOCKS, card=card.id, board=board.id)
    tx.run(_ENTER, **_visit(board, card.id, Stay(cell.column_id, board.now, None)))
    values = {
        "column_id": cell.column_id,
        "lane_id": cell.lane_id,
        "rank": rank,
        "version": card.version + 1,
        "entered_at": board.now,
        **stored_clocks(tx, board, card.id)._asdict(),
    }
    tx.run(_PLACE, card_id=card.id, **values)
    told = {name: getattr(coming, name) for name in ("number", "team", "assignee_ids", "label_ids")}
    tx.run(_BRING, card_id=card.id, board=board.id, **told)
    _count_in(tx, board, cell, 1)


def ranks_at_the_end(tx: Tx, cell: CellKey, count: int) -> range:
    """The ranks that put so many cards one behind the other at the end of a cell."""
    first = find_rank(tx, cell, AT_THE_END)
    return range(first, first + count * GAP, GAP)


def _values(board: OpenBoard, card: NewCard, number: int, rank: int) -> dict[str, Any]:
    here = card.stays[-1]
    return {
        "board_id": board.id,
        "number": number,
        "title": card.title,
        "description": card.description,
        "work_type": card.work_type,
        "service_class": card.service_class,
        "team": card.team,
        "due_on": card.due_on,
        "external_id": card.external_id,
        "version": 1,
        "created_by": board.actor_id,
        "column_id": here.column_id,
        "lane_id": card.lane_id,
        "rank": rank,
        "archived_at": card.archived_at,
        "discarded_at": None,
        "created_at": card.stays[0].entered_at,
        "entered_at": here.entered_at,
        "block_id": None,
        "was_blocked": bool(card.blocks),
        "assignee_ids": card.assignee_ids,
        "label_ids": card.label_ids,
        **read_clocks(board.shape, card.stays, card.blocks)._asdict(),
    }


def _visits(board: OpenBoard, card_id: int, card: NewCard) -> list[dict[str, Any]]:
    return [_visit(board, card_id, stay) for stay in card.stays]


def _visit(board: OpenBoard, card_id: int, stay: Stay) -> dict[str, Any]:
    return {
        "board_id": board.id,
        "card_id": card_id,
        "column_id": stay.column_id,
        "entered_at": stay.entered_at,
        "left_at": stay.left_at,
    }


def set_live(
    tx: Tx, board: OpenBoard, card: CardRow, *, archived_at: int | None, discarded_at: int | None
) -> CardRow:
    """Takes a card off the board or puts it back where it was; the limits have been asked."""
    changed = card._replace(
        archived_at=archived_at, discarded_at=discarded_at, version=card.version + 1
    )
    if changed.is_live and not card.is_live:
        cell = CellKey(card.column_id, card.lane_id)
        rank = find_rank(tx, cell, Spot(rank=card.rank), moved=card.id)
        if rank != card.rank:
            changed = changed._replace(rank=rank)
            tx.run(_SET_RANK, card_id=card.id, new_rank=rank)
    tx.run(
        _SET_LIVE,
        card_id=card.id,
        archived_at=archived_at,
        discarded_at=discarded_at,
        version=changed.version,
    )
    delta = int(changed.is_live) - int(card.is_live)
    if delta:
        _count_in(tx, board, CellKey(card.column_id, card.lane_id), delta)
    return changed


def repair_place(tx: Tx, card_id: int, cell: CellKey) -> None:
    """Puts a card where its history says that it is: a rebuild asks no limit and tells no event."""
    rank = find_rank(tx, cell, AT_THE_END, moved=card_id)
    tx.run(
        _REPAIR_PLACE,
        card_id=card_id,
        column_id=cell.column_id,
        lane_id=cell.lane_id,
        new_rank=rank,
    )


def clocks_after_move(tx: Tx, board: OpenBoard, card: CardRow, column_id: int) -> Clocks:
    """A card's clocks once it has left its column for another one now."""
    shape = board.shape
    if card.was_blocked:
        *past, last = tx.all(_VISITS, card_id=card.id)
        stays = [*past, last._replace(left_at=board.now), Stay(column_id, board.now, None)]
        return read_clocks(shape, stays, tx.all(_BLOCKS, card_id=card.id))
    # A card that was never blocked needs no look at its past: the sums go on from where they are.
    process_time = card.process_time
    if card.working_since is not None:
        process_time += board.now - card.working_since
    started_at = card.started_at
    if started_at is None and column_id in shape.started:
        started_at = board.now
    done_at = None
    if column_id in shape.done:
        done_at = card.done_at if card.column_id in shape.done else board.now
    return Clocks(
        started_at=started_at,
        done_at=done_at,
        lead_time=None if done_at is None else done_at - card.created_at,
        cycle_time=None if done_at is None or started_at is None else max(0, done_at - started_at),
        process_time=process_time,
        working_since=board.now if column_id in shape.active else None,
        blocked_time=0,
    )


def stored_clocks(tx: Tx, board: OpenBoard, card_id: int) -> Clocks:
    """A card's clocks, read anew from its visits and blocked intervals."""
    return read_clocks(
        board.shape, tx.all(_VISITS, card_id=card_id), tx.all(_BLOCKS, card_id=card_id)
    )


def find_rank(
    tx: Tx, cell: CellKey, spot: Spot, *, moved: int = 0, standing: int | None = None
) -> int:
    """The rank that puts a card at a spot of a cell; makes room there where there is none.

    `standing` is the rank that the card has in this cell already: it is kept where it fits.
    """
    at = {"column_id": cell.column_id, "lane_id": cell.lane_id}
    if spot.rank is not None:
        taken = tx.first(_AT_RANK, rank=spot.rank, **at)
        if taken is None:
            return spot.rank
        # Somebody put another card exactly there meanwhile: this one comes after it.
        spot = Spot(after_card_id=taken.id)
    before, after = _neighbours(tx, at, spot, moved)
    if before is not None and before == after:
        # The card was asked to stand beside itself.
        return before.rank
    if before is not None and before.id == moved:
        # The card is the last one already.
        return before.rank
    low = None if before is None else before.rank
    high = None if after is None else after.rank
    if (
        standing is not None
        and (low is None or low < standing)
        and (high is None or standing < high)
    ):
        return standing
    if low is None or high is None:
        if low is not None:
            return low + GAP
        return GAP if high is None else high - GAP
    if high - low < 2:
        high = _make_room(tx, at, low, moved)
    return (low + high) // 2


def _neighbours(
    tx: Tx, at: dict[str, int], spot: Spot, moved: int
) -> tuple[_Rank | None, _Rank | None]:
    """The cards between which a spot lies; None at an end, the same card twice for itself."""
    if spot.before_card_id is not None:
        after = tx.first(_RANK_OF, card_id=spot.before_card_id, **at)
        if after is None:
            raise UnknownNeighbour("before_card_id")
        if after.id == moved:
            return after, after
        return tx.first(_BEFORE, rank=after.rank, moved=moved, **at), after
    if spot.after_card_id is not None:
        before = tx.first(_RANK_OF, card_id=spot.after_card_id, **at)
        if before is None:
            raise UnknownNeighbour("after_card_id")
        if before.id == moved:
            return before, before
        return before, tx.first(_AFTER, rank=before.rank, moved=moved, some=1, **at)
    if spot.index is not None:
        after = tx.first(_NTH, index=spot.index, moved=moved, **at)
        if after is not None:
            return tx.first(_BEFORE, rank=after.rank, moved=moved, **at), after
    return tx.first(_LAST, **at), None


def _make_room(tx: Tx, at: dict[str, int], low: int, moved: int) -> int:
    """Spreads the cards behind a rank over more room; the rank of the first of them then."""
    some = 32
    while True:
        following = tx.all(_AFTER, rank=low, moved=moved, some=some + 1, **at)
        if len(following) <= some:
            # Up to the end of the cell: there is room without limit.
            step, spread = GAP, following
            break
        step = (following[-1].rank - low) // (some + 1)
        spread = following[:-1]
        if step >= 16:
            break
        some *= 4
    # From the end backwards nothing would collide, but ranks need not be unique anyway.
    tx.run_many(
        _SET_RANK,
        [
            {"card_id": card.id, "new_rank": low + (index + 1) * step}
            for index, card in enumerate(spread)
        ],
    )
    return low + step


def _full_words(name: str, count: int, limit: int) -> str:
    """`Test is full (3 of 3).`, or how many more it takes where many would come at once."""
    if count >= limit:
        return f"{name} is full ({count} of {limit})."
    return f"{name} has room for {limit - count} more ({count} of {limit})."


def _cards_filling(tx: Tx, board: OpenBoard, place: rules.Place) -> list[dict[str, Any]]:
    if place.scope == rules.PERSON:
        rows = tx.all(_FILLING_PERSON, user_id=place.id, board_id=board.id)
    else:
        rows = [
            row
            for cell in rules.cells_of(board.shape, place)
            if board.counts.get(cell)
            for row in tx.all(_FILLING_CELL, column_id=cell.column_id, lane_id=cell.lane_id)
        ]
        rows.sort(key=lambda r: (r.started_at is None, r.started_at or 0, r.created_at, r.id))
    return [
        {
            "id": row.id,
            "ref": f"{board.row.key}-{row.number}",
            "title": row.title,
            "age": clock.seconds(max(0, board.now - row.started_at))
            if row.started_at is not None and row.done_at is None
            else None,
            "blocked": row.block_id is not None,
        }
        for row in rows[:LISTED]
    ]


def _count_in(tx: Tx, board: OpenBoard, cell: CellKey, delta: int) -> None:
    tx.run(_COUNT, to_column=cell.column_id, to_lane=cell.lane_id, delta=delta)
    _count(board, cell, delta)


def _count(board: OpenBoard, cell: CellKey, delta: int) -> None:
    board.counts[cell] = board.counts.get(cell, 0) + delta
