"""What all changes of a board's shape share: judging the new one against the old one, reading the
clocks anew, telling the history."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select

from app.boards import rules
from app.boards.history import Fact, OpenBoard, read_counts, read_shape, record
from app.boards.service import limit_changed, write_board
from app.boards.shape import Cell, Column, Counts, Group, Lane, Shape
from app.cards.admitting import Way, admit, check_cord, check_not_blocked, limit_refusal
from app.cards.labels import ids
from app.cards.placing import place_card
from app.cards.recompute import recompute_clocks
from app.cards.rows import CardRow
from app.cards.spots import AT_THE_END
from app.db import Query, Statement, Tx
from app.errors import Invalid
from app.models import Board as BoardTable
from app.models import Card, CardAssignee, User


class _Held(NamedTuple):
    user_id: int
    name: str
    column_id: int


_ASSIGNED = Query(
    select(CardAssignee.user_id, User.name, Card.column_id)
    .join(Card, Card.id == CardAssignee.card_id)
    .join(User, User.id == CardAssignee.user_id)
    .where(
        Card.board_id == bindparam("board_id"),
        Card.archived_at.is_(None),
        Card.discarded_at.is_(None),
    ),
    _Held,
)
_SHAPE_NUMBER = Statement(select(BoardTable.shape).where(BoardTable.id == bindparam("board_id")))


def reshaped(tx: Tx, board: OpenBoard, shape: Shape, *facts: Fact) -> OpenBoard:
    """Judges a board's new shape against its old one, reads the clocks anew where they mean
    something else now, and records what happened."""
    counts = read_counts(tx, board.id)
    judge(tx, board, shape, counts)
    if is_measured_otherwise(board.shape, shape):
        recompute_clocks(tx, shape)
    board.shape = shape
    board.counts = counts
    record(tx, board, *facts)
    return board


def judge(tx: Tx, board: OpenBoard, shape: Shape, counts: Counts) -> None:
    """Refuses a new shape that a limit does not let through, or that tears a group apart."""
    _check_neighbours(shape)
    old = board.shape
    people = _people(tx, old, shape) if old.active != shape.active else ()
    overflow = rules.check_limits((old, board.counts), (shape, counts), people)
    if overflow is not None:
        raise limit_refusal(tx, board, overflow, to=None, card_id=None, action="shape")


def is_measured_otherwise(old: Shape, new: Shape) -> bool:
    """Whether the past of the cards means something else in a new shape."""
    return (old.started, old.active, old.done) != (new.started, new.active, new.done)


def _people(tx: Tx, old: Shape, new: Shape) -> list[tuple[int, str, int, int]]:
    if new.person_wip_limit is None:
        return []
    had: Counter[int] = Counter()
    has: Counter[int] = Counter()
    names: dict[int, str] = {}
    for row in tx.all(_ASSIGNED, board_id=new.board_id):
        names[row.user_id] = row.name
        had[row.user_id] += row.column_id in old.active
        has[row.user_id] += row.column_id in new.active
    return [(user_id, name, had[user_id], has[user_id]) for user_id, name in names.items()]


def move_all(tx: Tx, board: OpenBoard, moves: Sequence[tuple[CardRow, Cell]]) -> None:
    """Moves cards off a place that is about to go: all, or none."""
    changes: Counter[Cell] = Counter()
    people: Counter[int] = Counter()
    active = board.shape.active
    for card, to in moves:
        if not card.is_live:
            continue
        check_not_blocked(board, card, to.column_id, to.lane_id)
        changes[Cell(card.column_id, card.lane_id)] -= 1
        changes[to] += 1
        more = int(to.column_id in active) - int(card.column_id in active)
        for user_id in ids(card.assignee_ids):
            people[user_id] += more
    ways = [Way(card.work_type, card.column_id, to) for card, to in moves if card.is_live]
    check_cord(tx, board, ways, card_id=None, action="shape")
    if moves:
        admit(tx, board, changes, to=moves[0][1], card_id=None, action="shape", people=people)
    for card, to in moves:
        place_card(tx, board, card, to, AT_THE_END, because="shape")


def _check_neighbours(shape: Shape) -> None:
    """The columns of a group are neighbours."""
    for group in shape.groups:
        places = [i for i, column in enumerate(shape.columns) if column.group_id == group.id]
        if places and places[-1] - places[0] != len(places) - 1:
            raise Invalid(
                (("body",), f"the columns of the group {group.name} would not be neighbours")
            )


def new_shape(tx: Tx, board: OpenBoard) -> Shape:
    """The shape as it is written by now, under a new number."""
    write_board(tx, board.row)
    board.row = board.row._replace(shape=tx.scalar(_SHAPE_NUMBER, board_id=board.id))
    return read_shape(tx, board.row)


def told_of(thing: Column | Group | Lane, changes: dict[str, Any]) -> dict[str, Any]:
    """What really changes on a column, group or lane: from what, to what."""
    return {
        name: {"from": getattr(thing, name), "to": value}
        for name, value in changes.items()
        if value != getattr(thing, name)
    }


def limit_facts(scope: str, place_id: int, name: str, told: dict[str, Any]) -> list[Fact]:
    """Takes the change of a limit out of what is told: it is an event of its own."""
    if "wip_limit" not in told:
        return []
    return [limit_changed(scope, place_id, name, told.pop("wip_limit"))]
