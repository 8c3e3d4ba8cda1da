"""Boards: making, changing and archiving them."""

import secrets
from collections.abc import Sequence
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import bindparam, insert, select, update

from app import clock
from app.auth.actor import Actor
from app.boards.history import (
    MANAGER,
    BoardRow,
    Fact,
    OpenBoard,
    lock_board,
    read_board,
    record,
)
from app.boards.membership import ADD_MEMBER, member_change
from app.boards.shape import ACTIVE, DONE, QUEUE
from app.db import Query, Statement, Tx
from app.errors import AlreadyExists, Forbidden, NotArchived
from app.models import Board, Cell, Column, Group, Lane

TEAMS = ("dev", "ops")


class _IdRow(NamedTuple):
    id: int


class ColumnPlan(NamedTuple):
    """A column of a template."""

    name: str
    kind: str
    wip_limit: int | None = None
    team: str | None = None
    group: str | None = None


class LanePlan(NamedTuple):
    """A lane of a template."""

    name: str
    wip_limit: int | None = None
    expedite: bool = False


class Template(NamedTuple):
    """What a new board begins with; a group's limit stands under its name."""

    columns: Sequence[ColumnPlan]
    lanes: Sequence[LanePlan]
    groups: dict[str, int | None]


TEMPLATES = {
    "dev-ops": Template(
        columns=(
            ColumnPlan("Backlog", QUEUE),
            ColumnPlan("Ready", QUEUE, 5),
            ColumnPlan("Doing", ACTIVE, None, "dev", "Development"),
            ColumnPlan("Done", QUEUE, None, "dev", "Development"),
            ColumnPlan("Test", ACTIVE, 3, "dev"),
            ColumnPlan("Ready to deploy", QUEUE, 3),
            ColumnPlan("Deploy", ACTIVE, 2, "ops"),
            ColumnPlan("In production", DONE),
        ),
        lanes=(LanePlan("Expedite", 1, True), LanePlan("Standard")),
        groups={"Development": 5},
    ),
    "simple": Template(
        columns=(
            ColumnPlan("To do", QUEUE),
            ColumnPlan("In progress", ACTIVE, 3),
            ColumnPlan("Done", DONE),
        ),
        lanes=(LanePlan("Standard"),),
        groups={},
    ),
    "empty": Template(columns=(), lanes=(LanePlan("Standard"),), groups={}),
}

_KEY_TAKEN = Query(select(Board.id).where(Board.key == bindparam("key")), _IdRow)
_NEW_BOARD = Query(
    insert(Board)
    .values(
        key=bindparam("key"),
        name=bindparam("name"),
        time_zone=bindparam("time_zone"),
        teams=bindparam("teams"),
        seq=0,
        last_number=0,
        shape=bindparam("shape"),
        changed_at=bindparam("at"),
        created_at=bindparam("at"),
    )
    .returning(Board.id),
    _IdRow,
)
NEW_GROUP = Query(
    insert(Group)
    .values(
        board_id=bindparam("board_id"), name=bindparam("name"), wip_limit=bindparam("wip_limit")
    )
    .returning(Group.id),
    _IdRow,
)
NEW_COLUMN = Query(
    insert(Column)
    .values(
        board_id=bindparam("board_id"),
        name=bindparam("name"),
        position=bindparam("position"),
        kind=bindparam("kind"),
        wip_limit=bindparam("wip_limit"),
        group_id=bindparam("group_id"),
        team=bindparam("team"),
        policy=bindparam("policy"),
        ask_before_leaving=bindparam("ask_before_leaving", value=False),
    )
    .returning(Column.id),
    _IdRow,
)
NEW_LANE = Query(
    insert(Lane)
    .values(
        board_id=bindparam("board_id"),
        name=bindparam("name"),
        position=bindparam("position"),
        wip_limit=bindparam("wip_limit"),
        expedite=bindparam("expedite"),
    )
    .returning(Lane.id),
    _IdRow,
)
NEW_CELL = Statement(
    insert(Cell).values(
        board_id=bindparam("board_id"),
        column_id=bindparam("column_id"),
        lane_id=bindparam("lane_id"),
        card_count=0,
    )
)
_CHANGE_BOARD = Statement(
    update(Board)
    .where(Board.id == bindparam("board_id"))
    .values(
        name=bindparam("name"),
        time_zone=bindparam("time_zone"),
        wip_limit=bindparam("wip_limit"),
        person_wip_limit=bindparam("person_wip_limit"),
        teams=bindparam("teams"),
        shape=bindparam("shape"),
        archived_at=bindparam("archived_at"),
    )
)


def new_shape() -> int:
    """A number for a board's shape that no earlier shape of it had."""
    return secrets.randbits(62)


def create_board(
    tx: Tx,
    actor: Actor,
    key: str,
    name: str,
    time_zone: str = "UTC",
    template: str = "dev-ops",
) -> OpenBoard:
    """Makes a board from a template, managed by whoever makes it. 409 where the key is taken."""
    plan = TEMPLATES[template]
    board_id = insert_board(tx, actor, key, name, time_zone, TEAMS)
    groups = {
        group: tx.one(NEW_GROUP, board_id=board_id, name=group, wip_limit=limit).id
        for group, limit in plan.groups.items()
    }
    columns = [
        tx.one(
            NEW_COLUMN,
            board_id=board_id,
            name=column.name,
            position=position,
            kind=column.kind,
            wip_limit=column.wip_limit,
            group_id=None if column.group is None else groups[column.group],
            team=column.team,
            policy="",
        ).id
        for position, column in enumerate(plan.columns)
    ]
    lanes = [
        tx.one(
            NEW_LANE,
            board_id=board_id,
            name=lane.name,
            position=position,
            wip_limit=lane.wip_limit,
            expedite=lane.expedite,
        ).id
        for position, lane in enumerate(plan.lanes)
    ]
    tx.run_many(
        NEW_CELL,
        [
            {"board_id": board_id, "column_id": column_id, "lane_id": lane_id}
            for column_id in columns
            for lane_id in lanes
        ],
    )
    return add_manager(tx, actor, board_id, key, name)


def insert_board(
    tx: Tx, actor: Actor, key: str, name: str, time_zone: str, teams: Sequence[str]
) -> int:
    """Makes a board without anything on it; its id. 409 where the key is taken."""
    if actor.boards is not None:
        raise Forbidden("A token that is narrowed to boards makes no board.")
    if tx.first(_KEY_TAKEN, key=key) is not None:
        raise AlreadyExists(f"A board with the key {key} exists.")
    return tx.one(
        _NEW_BOARD,
        key=key,
        name=name,
        time_zone=time_zone,
        teams=orjson.dumps(list(teams)).decode(),
        shape=new_shape(),
        at=clock.now(),
    ).id


def add_manager(tx: Tx, actor: Actor, board_id: int, key: str, name: str) -> OpenBoard:
    """Gives a board that was just made to whoever makes it; its history begins with that."""
    tx.run(ADD_MEMBER, board_id=board_id, user_id=actor.id, role=MANAGER)
    board = lock_board(tx, actor, key=key)
    record(
        tx,
        board,
        Fact("board.changed", None, {"action": "created", "key": key, "name": name}),
        Fact("member.changed", None, member_change(actor.id, actor.name, None, MANAGER)),
    )
    return board


def change_board(tx: Tx, actor: Actor, key: str, changes: dict[str, Any]) -> OpenBoard:
    """Changes a board's name, time zone, teams, or its limits; a limit of None is none."""
    board = lock_board(tx, actor, need=MANAGER, key=key)
    row = board.row
    if "teams" in changes:
        changes = {**changes, "teams": orjson.dumps(changes["teams"]).decode()}
    told = {
        name: {"from": getattr(row, name), "to": value}
        for name, value in changes.items()
        if value != getattr(row, name)
    }
    if not told:
        return board
    facts = []
    for scope, name in (("board", "wip_limit"), ("person", "person_wip_limit")):
        if name in told:
            facts.append(limit_changed(scope, row.id, row.name, told.pop(name)))
    if "teams" in told:
        told["teams"] = {
            "from": orjson.loads(row.teams),
            "to": orjson.loads(changes["teams"]),
        }
    if told:
        facts.append(Fact("board.changed", None, {"action": "changed", "changes": told}))
    write_board(tx, row, **changes)
    record(tx, board, *facts)
    return read_board(tx, actor, key=key)


def archive_board(tx: Tx, actor: Actor, key: str) -> None:
    """Archives a board: it can be read, and nothing on it changes any more."""
    board = lock_board(tx, actor, need=MANAGER, key=key)
    write_board(tx, board.row, archived_at=board.now)
    record(tx, board, Fact("board.changed", None, {"action": "archived"}))


def restore_board(tx: Tx, actor: Actor, key: str) -> OpenBoard:
    """Takes a board out of the archive; 409 where it is not in there."""
    board = lock_board(tx, actor, need=MANAGER, even_archived=True, key=key)
    if board.row.archived_at is None:
        raise NotArchived(f"The board {board.row.key} is not in the archive.")
    write_board(tx, board.row, archived_at=None)
    record(tx, board, Fact("board.changed", None, {"action": "restored"}))
    return read_board(tx, actor, key=key)


def write_board(tx: Tx, row: BoardRow, **changes: Any) -> None:
    """Writes a board's own fields; whatever changes, its shape counts as new."""
    values = {
        name: changes.get(name, getattr(row, name))
        for name in (
            "name",
            "time_zone",
            "wip_limit",
            "person_wip_limit",
            "teams",
            "archived_at",
        )
    }
    tx.run(_CHANGE_BOARD, board_id=row.id, shape=new_shape(), **values)


def limit_changed(scope: str, place_id: int, name: str, change: dict[str, Any]) -> Fact:
    """The event of a limit that was set, changed or taken away."""
    place = {"id": place_id, "name": name}
    return Fact("limit.changed", None, {"scope": scope, "place": place, **change})


def check_time_zone(name: str) -> str:
    """A time zone's name as the system knows it; ValueError otherwise."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError("must be a time zone like Europe/Berlin") from None
    return name
