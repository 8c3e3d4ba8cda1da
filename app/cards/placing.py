"""Placing cards: the only code that writes a card's column, lane and rank.

`place_card` writes the place with everything that follows from it: the count of the cells, the
visit, the clocks and the event, all in the caller's transaction. Whether the limits let it through
has been asked before (`admitting`).
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import and_, bindparam, case, insert, or_, select, update

from app.boards.history import Fact, OpenBoard, record
from app.boards.shape import Cell as CellKey
from app.cards.clocks import Clocks, Interval, Stay, read_clocks
from app.cards.closed_days import note_return, recounted
from app.cards.rows import CardRow
from app.cards.spots import AT_THE_END, Spot, card_at, cards_after, neighbours
from app.cards.stored_clocks import clocks_after_move, stored_clocks
from app.db import Query, Statement, Tx
from app.models import Card, Cell, Visit

GAP = 1 << 20


class _IdRow(NamedTuple):
    id: int


_SET_RANK = Statement(
    update(Card).where(Card.id == bindparam("card_id")).values(rank=bindparam("new_rank"))
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
_PLACE = Statement(
    update(Card)
    .where(Card.id == bindparam("card_id"))
    .values(
        column_id=bindparam("column_id"),
        lane_id=bindparam("lane_id"),
        rank=bindparam("rank"),
        version=bindparam("version"),
        entered_at=bindparam("entered_at"),
        **{name: bindparam(name) for name in Clocks._fields},
    )
)
_MOVED = ("rank", "version", "entered_at", *Clocks._fields)
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
    *Clocks._fields,
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
    fact = Fact("card.moved", card.id, moved)
    if card.done_at is not None and to.column_id not in board.shape.done:
        # The days in which it was done know no better until now.
        with recounted(tx, board, card):
            record(tx, board, fact, change=change)
        return placed
    place = board.shape.index
    if place.get(to.column_id, 0) < place.get(card.column_id, 0):
        note_return(tx, board, card, to.column_id)
    record(tx, board, fact, change=change)
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


def take_off(tx: Tx, board: OpenBoard, card: CardRow) -> None:
    """Takes a card off its board, where it goes to another one: its stay here ends."""
    tx.run(_LEAVE, card=card.id, left_at=board.now)
    _count_in(tx, board, CellKey(card.column_id, card.lane_id), -1)


def put_on(tx: Tx, board: OpenBoard, card: CardRow, cell: CellKey) -> None:
    """Puts a card that was taken off another board to the end of a cell; its past has come before
    it, and the limits have been asked."""
    rank = find_rank(tx, cell, AT_THE_END, moved=card.id)
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


def find_rank(
    tx: Tx, cell: CellKey, spot: Spot, *, moved: int = 0, standing: int | None = None
) -> int:
    """The rank that puts a card at a spot of a cell; makes room there where there is none.

    `standing` is the rank that the card has in this cell already: it is kept where it fits.
    """
    if spot.rank is not None:
        taken = card_at(tx, cell, spot.rank)
        if taken is None:
            return spot.rank
        # Somebody put another card exactly there meanwhile: this one comes after it.
        spot = Spot(after_card_id=taken.id)
    before, after = neighbours(tx, cell, spot, moved)
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
        high = _make_room(tx, cell, low, moved)
    return (low + high) // 2


def _make_room(tx: Tx, cell: CellKey, low: int, moved: int) -> int:
    """Spreads the cards behind a rank over more room; the rank of the first of them then."""
    some = 32
    while True:
        following = cards_after(tx, cell, low, moved=moved, some=some + 1)
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


def _count_in(tx: Tx, board: OpenBoard, cell: CellKey, delta: int) -> None:
    tx.run(_COUNT, to_column=cell.column_id, to_lane=cell.lane_id, delta=delta)
    _count(board, cell, delta)


def _count(board: OpenBoard, cell: CellKey, delta: int) -> None:
    board.counts[cell] = board.counts.get(cell, 0) + delta
