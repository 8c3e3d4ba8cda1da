"""The locked board and its history: a write begins with the one and ends in the other."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

import orjson
from sqlalchemy import bindparam, insert, or_, select, true, update

from app import clock
from app.auth.actor import Actor
from app.boards.shape import Cell, Column, Group, Lane, Shape
from app.db import BOARD_OF_CARD, Query, Statement, Tx
from app.errors import BoardArchived, Forbidden, NotFound, Refusal
from app.models import Board, Event, Member
from app.models import Card as CardTable
from app.models import Cell as CellTable
from app.models import Column as ColumnTable
from app.models import Group as GroupTable
from app.models import Lane as LaneTable

VIEWER = "viewer"
MEMBER = "member"
LIAISON = "liaison"
MANAGER = "manager"
ROLES = (VIEWER, MEMBER, LIAISON, MANAGER)
REMEMBERED_CARDS = 50_000
_MAY_WORK = frozenset({MEMBER, LIAISON, MANAGER})


class BoardRow(NamedTuple):
    """A board's own fields."""

    id: int
    key: str
    name: str
    time_zone: str
    wip_limit: int | None
    person_wip_limit: int | None
    teams: str
    seq: int
    last_number: int
    shape: int
    changed_at: int
    created_at: int
    archived_at: int | None
    andon: str | None
    sample: bool


class _CellRow(NamedTuple):
    column_id: int
    lane_id: int
    card_count: int


class _CellAndRole(NamedTuple):
    column_id: int
    lane_id: int
    card_count: int
    role: str | None


class _ColumnRow(NamedTuple):
    id: int
    name: str
    position: int
    kind: str
    wip_limit: int | None
    group_id: int | None
    team: str | None
    policy: str
    ask_before_leaving: bool
    deleted_at: int | None
    started_work: bool | None


_BOARD_COLUMNS = (
    Board.id,
    Board.key,
    Board.name,
    Board.time_zone,
    Board.wip_limit,
    Board.person_wip_limit,
    Board.teams,
    Board.seq,
    Board.last_number,
    Board.shape,
    Board.changed_at,
    Board.created_at,
    Board.archived_at,
    Board.andon,
    Board.sample,
)
# A board that the person does not see is not even locked: `sees_all` is for administrators.
_VISIBLE = or_(
    bindparam("sees_all", type_=CardTable.was_blocked.type).is_(true()),
    select(Member.user_id)
    .where(Member.board_id == Board.id, Member.user_id == bindparam("user_id"))
    .exists(),
)
_BY_KEY = select(*_BOARD_COLUMNS).where(Board.key == bindparam("key"), _VISIBLE)
_BY_CARD = select(*_BOARD_COLUMNS).where(
    Board.id
    == select(CardTable.board_id)
    .where(CardTable.id == bindparam("card_id"), CardTable.discarded_at.is_(None))
    .scalar_subquery(),
    _VISIBLE,
)
_BY_COLUMN = select(*_BOARD_COLUMNS).where(
    Board.id
    == select(ColumnTable.board_id)
    .where(ColumnTable.id == bindparam("column_id"), ColumnTable.deleted_at.is_(None))
    .scalar_subquery(),
    _VISIBLE,
)
_BY_GROUP = select(*_BOARD_COLUMNS).where(
    Board.id
    == select(GroupTable.board_id)
    .where(GroupTable.id == bindparam("group_id"), GroupTable.deleted_at.is_(None))
    .scalar_subquery(),
    _VISIBLE,
)
_BY_LANE = select(*_BOARD_COLUMNS).where(
    Board.id
    == select(LaneTable.board_id)
    .where(LaneTable.id == bindparam("lane_id"), LaneTable.deleted_at.is_(None))
    .scalar_subquery(),
    _VISIBLE,
)
_BY_ID = select(*_BOARD_COLUMNS).where(Board.id == bindparam("board_id"))
_READ = {
    "key": Query(_BY_KEY, BoardRow),
    "card_id": Query(_BY_CARD, BoardRow),
    "column_id": Query(_BY_COLUMN, BoardRow),
    "group_id": Query(_BY_GROUP, BoardRow),
    "lane_id": Query(_BY_LANE, BoardRow),
    "board_id": Query(_BY_ID, BoardRow),
}
# A statement of its own that locks first: what is judged is read after it. SQLite has no row
# locks and needs none, its writers come one after another.
_LOCK = {
    name: Query(query.statement.with_for_update(of=Board), BoardRow)
    for name, query in _READ.items()
}
_ROLE = Statement(
    select(Member.role).where(
        Member.board_id == bindparam("board_id"), Member.user_id == bindparam("user_id")
    )
)
_COLUMNS = Query(
    select(
        ColumnTable.id,
        ColumnTable.name,
        ColumnTable.position,
        ColumnTable.kind,
        ColumnTable.wip_limit,
        ColumnTable.group_id,
        ColumnTable.team,
        ColumnTable.policy,
        ColumnTable.ask_before_leaving,
        ColumnTable.deleted_at,
        ColumnTable.started_work,
    )
    .where(ColumnTable.board_id == bindparam("board_id"))
    .order_by(ColumnTable.position, ColumnTable.id),
    _ColumnRow,
)
_GROUPS = Query(
    select(GroupTable.id, GroupTable.name, GroupTable.wip_limit)
    .where(GroupTable.board_id == bindparam("board_id"), GroupTable.deleted_at.is_(None))
    .order_by(GroupTable.id),
    Group,
)
_LANES = Query(
    select(
        LaneTable.id, LaneTable.name, LaneTable.position, LaneTable.wip_limit, LaneTable.expedite
    )
    .where(LaneTable.board_id == bindparam("board_id"), LaneTable.deleted_at.is_(None))
    .order_by(LaneTable.position, LaneTable.id),
    Lane,
)
_CELLS = Query(
    select(CellTable.column_id, CellTable.lane_id, CellTable.card_count).where(
        CellTable.board_id == bindparam("board_id")
    ),
    _CellRow,
)
# With the role of the person who asks, which saves a round trip.
_CELLS_AND_ROLE = Query(
    select(
        CellTable.column_id,
        CellTable.lane_id,
        CellTable.card_count,
        select(Member.role)
        .where(Member.board_id == CellTable.board_id, Member.user_id == bindparam("user_id"))
        .scalar_subquery()
        .label("role"),
    ).where(CellTable.board_id == bindparam("board_id")),
    _CellAndRole,
)
_APPEND = Statement(
    insert(Event).values(
        board_id=bindparam("board_id"),
        seq=bindparam("seq"),
        at=bindparam("at"),
        type=bindparam("type"),
        actor_id=bindparam("actor_id"),
        card_id=bindparam("card_id"),
        data=bindparam("data"),
    )
)
_ADVANCE = Statement(
    update(Board)
    .where(Board.id == bindparam("board"))
    .values(
        seq=bindparam("seq"),
        changed_at=bindparam("changed_at"),
        last_number=bindparam("last_number"),
    )
)


@dataclass(slots=True)
class OpenBoard:
    """A board as one person may see it, read or locked within a transaction."""

    row: BoardRow
    shape: Shape
    role: str  # an administrator who is no member acts as a manager
    actor: Actor | None
    now: int
    seq: int
    last_number: int
    counts: dict[Cell, int]
    # What several statistics of one transaction ask for is read once.
    known: dict[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> int:
        """The board's id."""
        return self.row.id

    @property
    def actor_id(self) -> int | None:
        """The id of the person who acts, if a person does."""
        return None if self.actor is None else self.actor.id

    @property
    def teams(self) -> list[str]:
        """The board's list of teams."""
        return list(orjson.loads(self.row.teams))

    @property
    def may_work(self) -> bool:
        """Whether the person may change cards."""
        return self.role in _MAY_WORK and not (self.actor and self.actor.read_only)

    @property
    def may_manage(self) -> bool:
        """Whether the person may shape the board."""
        return self.role == MANAGER and not (self.actor and self.actor.read_only)


class Fact(NamedTuple):
    """An event that is about to be written."""

    type: str
    card_id: int | None
    data: dict[str, Any]
    at: int | None = None  # an imported event happened earlier


def lock_board(
    tx: Tx, actor: Actor | None, *, need: str = MEMBER, even_archived: bool = False, **by: Any
) -> OpenBoard:
    """Locks a board (by `key`, or by the `card_id`, `column_id`, ... of something on it) for a
    change; 404 where the person does not see it, 403 where the role does not allow the change.

    The first statement of every change. `actor` None is the service itself.
    """
    board = _open(tx, actor, _LOCK, by)
    if "card_id" in by:
        known: dict[str, str] = tx.memory.setdefault(BOARD_OF_CARD, {})
        if len(known) > REMEMBERED_CARDS:
            known.clear()
        # Under the id as an address carries it. No more than a hint: a card that has gone to
        # another board is locked there all the same.
        known[str(by["card_id"])] = board.row.key
    if need == MANAGER and not board.may_manage:
        raise Forbidden("Only a manager of the board may do this.")
    if need == MEMBER and not board.may_work:
        raise Forbidden("You may look at this board, but not change it.")
    if board.row.archived_at is not None and not even_archived:
        raise BoardArchived(f"The board {board.row.key} is in the archive.")
    return board


def read_board(tx: Tx, actor: Actor | None, **by: Any) -> OpenBoard:
    """A board for reading, through the person who asks; 404 where the person does not see it."""
    return _open(tx, actor, _READ, by)


def record(
    tx: Tx, board: OpenBoard, *facts: Fact, change: Sequence[tuple[Statement, dict[str, Any]]] = ()
) -> None:
    """Appends events to a locked board's history, in the same transaction as what happened.

    `change` has statements of what happened that touch no row twice: they are carried out with it.
    """
    if not facts:
        return
    rows = []
    for fact in facts:
        board.seq += 1
        rows.append(
            {
                "board_id": board.id,
                "seq": board.seq,
                "at": board.now if fact.at is None else fact.at,
                "type": fact.type,
                "actor_id": board.actor_id,
                "card_id": fact.card_id,
                "data": orjson.dumps(fact.data).decode(),
            }
        )
    advance = {
        "board": board.id,
        "seq": board.seq,
        "changed_at": board.now,
        "last_number": board.last_number,
    }
    if len(rows) == 1:
        tx.run_together(*change, (_APPEND, rows[0]), (_ADVANCE, advance))
    else:
        tx.run_together(*change, (_ADVANCE, advance))
        tx.run_many(_APPEND, rows)
    tx.boards.add(board.id)


def keep_refusal(board: OpenBoard, refusal: Refusal, fact: Fact) -> Refusal:
    """Lets a refusal leave its trace: the event is written although the change is undone."""
    refusal.keep = partial(_write_refusal, board.id, board.actor, fact)
    return refusal


def _write_refusal(board_id: int, actor: Actor | None, fact: Fact, tx: Tx) -> None:
    row = tx.one(_LOCK["board_id"], board_id=board_id)
    board = OpenBoard(
        row=row,
        shape=read_shape(tx, row),
        role=MANAGER,
        actor=actor,
        now=max(clock.now(), row.changed_at),
        seq=row.seq,
        last_number=row.last_number,
        counts={},
    )
    record(tx, board, fact)


def _open(
    tx: Tx, actor: Actor | None, queries: dict[str, Query[BoardRow]], by: dict[str, Any]
) -> OpenBoard:
    (name,) = by
    if actor is None:
        row = tx.first(queries[name], **by, sees_all=True, user_id=0)
    else:
        row = tx.first(queries[name], **by, sees_all=actor.is_admin, user_id=actor.id)
    if row is None or (actor is not None and not actor.reaches(row.id)):
        raise NotFound
    # Read after the lock, so that a right that was just taken does not act any more.
    cells = tx.all(_CELLS_AND_ROLE, board_id=row.id, user_id=0 if actor is None else actor.id)
    role = MANAGER
    if actor is not None and not actor.is_admin:
        found = cells[0].role if cells else tx.scalar(_ROLE, board_id=row.id, user_id=actor.id)
        if found is None:
            raise NotFound
        role = found
    return OpenBoard(
        row=row,
        shape=read_shape(tx, row),
        role=role,
        actor=actor,
        now=max(clock.now(), row.changed_at),
        seq=row.seq,
        last_number=row.last_number,
        counts={Cell(cell.column_id, cell.lane_id): cell.card_count for cell in cells},
    )


def read_counts(tx: Tx, board_id: int) -> dict[Cell, int]:
    """How many live cards stand in each cell of a board."""
    return {
        Cell(row.column_id, row.lane_id): row.card_count
        for row in tx.all(_CELLS, board_id=board_id)
    }


def read_shape(tx: Tx, row: BoardRow) -> Shape:
    """A board's shape, from this process's memory while it has not changed."""
    known: tuple[int, Shape] | None = tx.memory.get(("shape", row.id))
    if known is not None and known[0] == row.shape:
        return known[1]
    columns = tx.all(_COLUMNS, board_id=row.id)
    shape = Shape(
        board_id=row.id,
        board_key=row.key,
        board_name=row.name,
        wip_limit=row.wip_limit,
        person_wip_limit=row.person_wip_limit,
        columns=tuple(Column(*column[:9]) for column in columns if column.deleted_at is None),
        groups=tuple(tx.all(_GROUPS, board_id=row.id)),
        lanes=tuple(tx.all(_LANES, board_id=row.id)),
        gone={
            column.id: (column.kind, bool(column.started_work))
            for column in columns
            if column.deleted_at is not None
        },
    )
    tx.memory[("shape", row.id)] = (row.shape, shape)
    return shape
