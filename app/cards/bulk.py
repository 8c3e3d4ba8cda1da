"""Changing many cards of one board at once: all of them, or none."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from app.auth.actor import Actor
from app.boards.history import OpenBoard, lock_board
from app.boards.shape import Cell
from app.cards.admitting import Way, admit, check_confirmed, check_cord, check_not_blocked
from app.cards.labels import check_members, ids, read_labels
from app.cards.placing import place_card
from app.cards.rows import CardRow, select_cards
from app.cards.steps import (
    archive_within,
    block_within,
    cell_to_restore,
    check_live,
    column_of,
    edit_within,
    lane_of,
    restore_within,
    unblock_within,
)
from app.db import Tx
from app.errors import ChangedSince, Invalid
from app.models import Card

MOST_CARDS = 200


class Chosen(NamedTuple):
    """One of the cards, and the version that the person saw, where it matters."""

    id: int
    version: int | None = None


@dataclass(frozen=True, slots=True)
class MoveAll:
    """To the end of a column, in the order in which the cards stand; each keeps its lane where
    none is given. `confirmed`: the points of the columns that they leave are met."""

    column_id: int
    lane_id: int | None = None
    confirmed: bool = False


@dataclass(frozen=True, slots=True)
class AssignAll:
    """To some people, and from others."""

    add: Sequence[int] = ()
    remove: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class LabelAll:
    """With some labels, and without others."""

    add: Sequence[str] = ()
    remove: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class BlockAll:
    """For one reason; a card that is blocked already keeps its own."""

    reason: str
    category: str = "other"


@dataclass(frozen=True, slots=True)
class UnblockAll:
    """With a note on what cleared it."""

    note: str = ""


@dataclass(frozen=True, slots=True)
class ArchiveAll:
    """Off the board, into the archive."""


@dataclass(frozen=True, slots=True)
class RestoreAll:
    """Back from the archive."""


Action = MoveAll | AssignAll | LabelAll | BlockAll | UnblockAll | ArchiveAll | RestoreAll


class Changed(NamedTuple):
    """What a change of many did: the cards as they are now, and under which number its events
    belong together; None where all of them were so already."""

    batch: int | None
    cards: list[CardRow]


class Step(NamedTuple):
    """A card that would go from one cell to another; None is off the board."""

    card: CardRow
    source: Cell | None
    target: Cell | None


def change_cards(
    tx: Tx, actor: Actor | None, key: str, chosen: Sequence[Chosen], action: Action
) -> Changed:
    """Does the same with many cards of a board, judged by the limits as the one change that it is:
    refused as a whole, or done as a whole. A card that is so already is left as it is."""
    board = lock_board(tx, actor, key=key)
    cards = _read(tx, board, chosen)
    batch = board.seq + 1
    if isinstance(action, MoveAll):
        changed = _move(tx, board, cards, action, batch)
    elif isinstance(action, AssignAll):
        changed = _assign(tx, board, cards, action, batch)
    elif isinstance(action, LabelAll):
        changed = _label(tx, board, cards, action, batch)
    elif isinstance(action, ArchiveAll):
        changed = [
            archive_within(tx, board, card, batch=batch) if card.archived_at is None else card
            for card in cards
        ]
    elif isinstance(action, RestoreAll):
        changed = _restore(tx, board, cards, batch)
    else:
        changed = [_block(tx, board, card, action, batch) for card in cards]
    return Changed(batch if board.seq >= batch else None, changed)


def cell_of(card: CardRow) -> Cell:
    """Where a card stands."""
    return Cell(card.column_id, card.lane_id)


def people_moved(board: OpenBoard, moves: Sequence[Step]) -> Mapping[int, int]:
    """How many cards more in active columns each person has after some steps."""
    active = board.shape.active
    people: Counter[int] = Counter()
    for card, source, target in moves:
        more = int(target is not None and target.column_id in active)
        more -= int(source is not None and source.column_id in active)
        if more:
            people.update(dict.fromkeys(ids(card.assignee_ids), more))
    return people


def cells_moved(moves: Sequence[Step]) -> Mapping[Cell, int]:
    """How many cards more each cell has after some steps."""
    cells: Counter[Cell] = Counter()
    for _, source, target in moves:
        if source is not None:
            cells[source] -= 1
        if target is not None:
            cells[target] += 1
    return cells


def _read(tx: Tx, board: OpenBoard, chosen: Sequence[Chosen]) -> list[CardRow]:
    """The cards as they stand, column by column from the top."""
    statement = select_cards().where(
        Card.board_id == board.id, Card.id.in_([each.id for each in chosen])
    )
    found = {row.id: CardRow._make(row) for row in tx.execute(statement)}
    unknown = [
        (("body", "cards", index, "id"), f"card {each.id} is not a card of this board")
        for index, each in enumerate(chosen)
        if each.id not in found
    ]
    if unknown:
        raise Invalid(*unknown)
    stale = [
        found[each.id]
        for each in chosen
        if each.version is not None and each.version != found[each.id].version
    ]
    if stale:
        raise ChangedSince(
            f"{names(stale)} changed since you saw {'it' if len(stale) == 1 else 'them'}.",
            cards=[{"id": card.id, "ref": card.ref, "version": card.version} for card in stale],
        )
    left = len(board.shape.columns)
    order = board.shape.index
    return sorted(
        found.values(),
        key=lambda card: (order.get(card.column_id, left), card.lane_id, card.rank, card.id),
    )


def _move(
    tx: Tx, board: OpenBoard, cards: Sequence[CardRow], action: MoveAll, batch: int
) -> list[CardRow]:
    column = column_of(board, action.column_id, "body", "column_id")
    if action.lane_id is not None:
        lane_of(board, action.lane_id, "body", "lane_id")
    targets = {
        card.id: Cell(column.id, card.lane_id if action.lane_id is None else action.lane_id)
        for card in cards
    }
    for card in cards:
        check_live(card)
        check_not_blocked(board, card, *targets[card.id])
    steps = [Step(card, cell_of(card), targets[card.id]) for card in cards]
    judge_starts(tx, board, steps, "move")
    judge(tx, board, steps, "move")
    moved = []
    for card in cards:
        data: dict[str, Any] = {"batch": batch}
        points = check_confirmed(board, card, column.id, confirmed=action.confirmed)
        if points:
            data["confirmed"] = points
        moved.append(place_card(tx, board, card, targets[card.id], None, **data))
    return moved


def _restore(tx: Tx, board: OpenBoard, cards: Sequence[CardRow], batch: int) -> list[CardRow]:
    moves = [
        Step(card, None, cell_to_restore(board, card))
        for card in cards
        if card.archived_at is not None
    ]
    judge(tx, board, moves, "restore")
    back = {
        card.id: restore_within(tx, board, card, to, batch=batch) for card, _, to in moves if to
    }
    return [back.get(card.id, card) for card in cards]


def judge(tx: Tx, board: OpenBoard, moves: Sequence[Step], action: str) -> None:
    """Asks the limits whether all of these steps together may be taken."""
    to = next((target for _, _, target in moves if target is not None), None)
    if to is None:
        return
    admit(
        tx,
        board,
        cells_moved(moves),
        to=to,
        card_id=moves[0][0].id if len(moves) == 1 else None,
        action=action,
        people=people_moved(board, moves),
        card_ids=[card.id for card, _, _ in moves],
    )


def judge_starts(tx: Tx, board: OpenBoard, moves: Sequence[Step], action: str) -> None:
    """Asks the andon cord whether these steps may be taken: all of them, or none."""
    check_cord(
        tx,
        board,
        [
            Way(card.work_type, source.column_id, target)
            for card, source, target in moves
            if source is not None and target is not None
        ],
        card_id=moves[0][0].id if len(moves) == 1 else None,
        action=action,
        card_ids=[card.id for card, _, _ in moves],
    )


def _assign(
    tx: Tx, board: OpenBoard, cards: Sequence[CardRow], action: AssignAll, batch: int
) -> list[CardRow]:
    check_members(tx, board.id, list(action.add), "add")
    wanted = {
        card.id: sorted({*ids(card.assignee_ids), *action.add} - set(action.remove))
        for card in cards
    }
    judge_people(tx, board, [(card, wanted[card.id]) for card in cards])
    return [
        edit_within(tx, board, card, {"assignee_ids": wanted[card.id]}, judged=True, batch=batch)
        for card in cards
    ]


def judge_people(tx: Tx, board: OpenBoard, wanted: Sequence[tuple[CardRow, Sequence[int]]]) -> None:
    """Asks the limit of each person whether some cards may be theirs, all together."""
    people: Counter[int] = Counter()
    working = [
        (card, has) for card, has in wanted if card.is_live and card.column_id in board.shape.active
    ]
    for card, has in working:
        had = ids(card.assignee_ids)
        people.update(dict.fromkeys(set(has) - set(had), 1))
        people.subtract(dict.fromkeys(set(had) - set(has), 1))
    if not working:
        return
    first = working[0][0]
    admit(
        tx,
        board,
        {},
        to=Cell(first.column_id, first.lane_id),
        card_id=first.id if len(wanted) == 1 else None,
        action="assign",
        people=people,
        card_ids=[card.id for card, _ in wanted],
    )


def _label(
    tx: Tx, board: OpenBoard, cards: Sequence[CardRow], action: LabelAll, batch: int
) -> list[CardRow]:
    known = read_labels(tx, board.id)
    wanted = {
        card.id: [
            name
            for name in dict.fromkeys([*(known[i] for i in ids(card.label_ids)), *action.add])
            if name not in action.remove
        ]
        for card in cards
    }
    return [
        edit_within(tx, board, card, {"labels": wanted[card.id]}, batch=batch) for card in cards
    ]


def _block(
    tx: Tx, board: OpenBoard, card: CardRow, action: BlockAll | UnblockAll, batch: int
) -> CardRow:
    if isinstance(action, UnblockAll):
        if card.block_id is None:
            return card
        return unblock_within(tx, board, card, action.note, batch=batch)
    check_live(card)
    if card.block_id is not None:
        return card
    return block_within(tx, board, card, action.reason, action.category, batch=batch)


def names(cards: Sequence[CardRow]) -> str:
    """`OPS-7`, `OPS-7 and OPS-9`, or `OPS-7 and 4 other cards`."""
    if len(cards) == 1:
        return cards[0].ref
    if len(cards) == 2:
        return f"{cards[0].ref} and {cards[1].ref}"
    return f"{cards[0].ref} and {len(cards) - 1} other cards"


def read_cards(tx: Tx, card_ids: Sequence[int]) -> dict[int, CardRow]:
    """Some cards by id; those that were discarded are missing."""
    statement: Any = select_cards().where(Card.id.in_(card_ids))
    return {row.id: CardRow._make(row) for row in tx.execute(statement)}
