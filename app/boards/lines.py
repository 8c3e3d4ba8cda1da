"""The list of boards: all that a person sees, each with what is going on.

The same few statements for any number of boards and cards; the limits are judged by the rules.
"""

from typing import Any, NamedTuple

from sqlalchemy import bindparam, func, or_, select, true

from app import clock
from app.auth.actor import Actor
from app.boards import rules
from app.boards.rules import Place
from app.boards.shape import DONE, Cell, Column, Group, Lane, Shape
from app.db import Query, Tx
from app.models import Board, Card, Member, User
from app.models import Cell as CellTable
from app.models import Column as ColumnTable
from app.models import Group as GroupTable
from app.models import Lane as LaneTable
from app.paging import Page, page_json

FINISHED_WITHIN = 7 * clock.DAY


class BoardLine(NamedTuple):
    """A board in the list of boards, with what is going on; `role` is None for an administrator
    who is no member."""

    id: int
    key: str
    name: str
    time_zone: str
    seq: int
    archived_at: int | None
    sample: bool
    role: str | None
    cards_open: int
    wip_count: int
    wip_limit: int | None
    blocked_count: int
    over_count: int
    done_count: int
    andon_pulled: bool


class _Board(NamedTuple):
    id: int
    key: str
    name: str
    time_zone: str
    seq: int
    archived_at: int | None
    sample: bool
    wip_limit: int | None
    andon: str | None
    role: str | None


class _Column(NamedTuple):
    board_id: int
    id: int
    name: str
    position: int
    kind: str
    wip_limit: int | None
    group_id: int | None


class _Group(NamedTuple):
    board_id: int
    id: int
    name: str
    wip_limit: int | None


class _Lane(NamedTuple):
    board_id: int
    id: int
    name: str
    position: int
    wip_limit: int | None
    expedite: bool


class _Cell(NamedTuple):
    board_id: int
    column_id: int
    lane_id: int
    card_count: int


class _Counted(NamedTuple):
    board_id: int
    cards: int


_role = (
    select(Member.role)
    .where(Member.board_id == Board.id, Member.user_id == bindparam("user_id"))
    .scalar_subquery()
)
_SEEN = (
    Board.id > bindparam("after"),
    or_(bindparam("sees_all", type_=User.is_admin.type).is_(true()), _role.is_not(None)),
)
_seen = select(Board.id).where(*_SEEN)
_BOARDS = Query(
    select(
        Board.id,
        Board.key,
        Board.name,
        Board.time_zone,
        Board.seq,
        Board.archived_at,
        Board.sample,
        Board.wip_limit,
        Board.andon,
        _role.label("role"),
    )
    .where(*_SEEN)
    .order_by(Board.id),
    _Board,
)
_COLUMNS = Query(
    select(
        ColumnTable.board_id,
        ColumnTable.id,
        ColumnTable.name,
        ColumnTable.position,
        ColumnTable.kind,
        ColumnTable.wip_limit,
        ColumnTable.group_id,
    )
    .where(ColumnTable.board_id.in_(_seen), ColumnTable.deleted_at.is_(None))
    .order_by(ColumnTable.board_id, ColumnTable.position, ColumnTable.id),
    _Column,
)
_GROUPS = Query(
    select(GroupTable.board_id, GroupTable.id, GroupTable.name, GroupTable.wip_limit).where(
        GroupTable.board_id.in_(_seen), GroupTable.deleted_at.is_(None)
    ),
    _Group,
)
_LANES = Query(
    select(
        LaneTable.board_id,
        LaneTable.id,
        LaneTable.name,
        LaneTable.position,
        LaneTable.wip_limit,
        LaneTable.expedite,
    ).where(LaneTable.board_id.in_(_seen), LaneTable.deleted_at.is_(None)),
    _Lane,
)
_CELLS = Query(
    select(CellTable.board_id, CellTable.column_id, CellTable.lane_id, CellTable.card_count).where(
        CellTable.board_id.in_(_seen), CellTable.card_count > 0
    ),
    _Cell,
)
_BLOCKED = Query(
    select(Card.board_id, func.count().label("cards"))
    .where(
        Card.board_id.in_(_seen),
        Card.block_id.is_not(None),
        Card.discarded_at.is_(None),
        Card.archived_at.is_(None),
        Card.done_at.is_(None),
    )
    .group_by(Card.board_id),
    _Counted,
)
_FINISHED = Query(
    select(Card.board_id, func.count().label("cards"))
    .where(
        Card.board_id.in_(_seen),
        Card.done_at.is_not(None),
        Card.discarded_at.is_(None),
        Card.done_at >= bindparam("since", type_=Card.done_at.type),
    )
    .group_by(Card.board_id),
    _Counted,
)


def board_lines(tx: Tx, actor: Actor, after: int = 0) -> list[BoardLine]:
    """The boards that a person sees with what is going on, the archived ones too, in the order of
    their making."""
    who = {"after": after, "sees_all": actor.is_admin, "user_id": actor.id}
    boards = [board for board in tx.all(_BOARDS, **who) if actor.reaches(board.id)]
    columns: dict[int, list[Column]] = {}
    for column in tx.all(_COLUMNS, **who):
        columns.setdefault(column.board_id, []).append(Column(*column[1:], None, ""))
    groups: dict[int, list[Group]] = {}
    for group in tx.all(_GROUPS, **who):
        groups.setdefault(group.board_id, []).append(Group(*group[1:]))
    lanes: dict[int, list[Lane]] = {}
    for lane in tx.all(_LANES, **who):
        lanes.setdefault(lane.board_id, []).append(Lane(*lane[1:]))
    counts: dict[int, dict[Cell, int]] = {}
    for cell in tx.all(_CELLS, **who):
        counts.setdefault(cell.board_id, {})[Cell(cell.column_id, cell.lane_id)] = cell.card_count
    blocked = {row.board_id: row.cards for row in tx.all(_BLOCKED, **who)}
    since = clock.now() - FINISHED_WITHIN
    finished = {row.board_id: row.cards for row in tx.all(_FINISHED, **who, since=since)}
    lines = []
    for board in boards:
        shape = Shape(
            board_id=board.id,
            board_key=board.key,
            board_name=board.name,
            wip_limit=board.wip_limit,
            person_wip_limit=None,
            columns=tuple(columns.get(board.id, ())),
            groups=tuple(groups.get(board.id, ())),
            lanes=tuple(lanes.get(board.id, ())),
        )
        here = counts.get(board.id, {})
        held = rules.usage(shape, here)
        lines.append(
            BoardLine(
                id=board.id,
                key=board.key,
                name=board.name,
                time_zone=board.time_zone,
                seq=board.seq,
                archived_at=board.archived_at,
                sample=board.sample,
                role=board.role,
                cards_open=sum(
                    count
                    for cell, count in here.items()
                    if cell.column_id in shape.column and shape.column[cell.column_id].kind != DONE
                ),
                wip_count=held[Place(rules.BOARD, board.id)],
                wip_limit=board.wip_limit,
                blocked_count=blocked.get(board.id, 0),
                over_count=rules.exceeded(shape, held),
                done_count=finished.get(board.id, 0),
                andon_pulled=board.andon is not None,
            )
        )
    return lines


def boards_json(tx: Tx, actor: Actor, page: Page) -> dict[str, Any]:
    """A page of the boards that a person sees."""
    return page_json(page, board_lines(tx, actor, page.after_id), lambda line: line.id, _json)


def _json(line: BoardLine) -> dict[str, Any]:
    return {**line._asdict(), "archived_at": clock.iso_or_none(line.archived_at)}
