"""Boards and their members: making, changing, archiving, inviting."""

import secrets
from collections.abc import Sequence
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import bindparam, delete, func, insert, select, update

from app import clock
from app.auth.actor import Actor, digest, new_secret
from app.boards.history import (
    MANAGER,
    VIEWER,
    BoardRow,
    Fact,
    OpenBoard,
    lock_board,
    read_board,
    record,
)
from app.boards.shape import ACTIVE, DONE, QUEUE
from app.db import Query, Statement, Tx
from app.errors import AlreadyExists, Forbidden, Invalid, LastOfItsKind, NotArchived, NotFound
from app.models import Board, Cell, Column, Group, Invite, Lane, Member, User

TEAMS = ("dev", "ops")


class _IdRow(NamedTuple):
    id: int


class MemberRow(NamedTuple):
    """A member of a board."""

    user_id: int
    name: str
    email: str
    role: str


class InviteRow(NamedTuple):
    """An invite link of a board that still works."""

    id: int
    role: str
    created_at: int
    expires_at: int
    created_by: str


class OpenInvite(NamedTuple):
    """What an invite link leads to."""

    id: int
    board_id: int
    role: str
    board_key: str
    board_name: str
    time_zone: str
    expires_at: int
    invited_by: str


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
_MEMBERS = Query(
    select(Member.user_id, User.name, User.email, Member.role)
    .join(User, User.id == Member.user_id)
    .where(Member.board_id == bindparam("board_id"))
    .order_by(User.name, User.id),
    MemberRow,
)
_MEMBER = Query(
    select(Member.user_id, User.name, User.email, Member.role)
    .join(User, User.id == Member.user_id)
    .where(Member.board_id == bindparam("board_id"), Member.user_id == bindparam("user_id")),
    MemberRow,
)
ADD_MEMBER = Statement(
    insert(Member).values(
        board_id=bindparam("board_id"), user_id=bindparam("user_id"), role=bindparam("role")
    )
)
_SET_ROLE = Statement(
    update(Member)
    .where(Member.board_id == bindparam("board"), Member.user_id == bindparam("member"))
    .values(role=bindparam("role"))
)
_REMOVE_MEMBER = Statement(
    delete(Member).where(
        Member.board_id == bindparam("board_id"), Member.user_id == bindparam("user_id")
    )
)
_MANAGERS = Statement(
    select(func.count())
    .select_from(Member)
    .join(User, User.id == Member.user_id)
    .where(
        Member.board_id == bindparam("board_id"),
        Member.role == MANAGER,
        User.disabled_at.is_(None),
    )
)
_BY_EMAIL = Query(
    select(User.id).where(User.email == bindparam("email"), User.disabled_at.is_(None)), _IdRow
)
_NEW_INVITE = Query(
    insert(Invite)
    .values(
        token_hash=bindparam("token_hash"),
        board_id=bindparam("board_id"),
        role=bindparam("role"),
        created_by=bindparam("created_by"),
        created_at=bindparam("created_at"),
        expires_at=bindparam("expires_at"),
    )
    .returning(Invite.id),
    _IdRow,
)
_INVITES = Query(
    select(
        Invite.id,
        Invite.role,
        Invite.created_at,
        Invite.expires_at,
        User.name.label("created_by"),
    )
    .join(User, User.id == Invite.created_by)
    .where(Invite.board_id == bindparam("board_id"), Invite.expires_at > bindparam("now"))
    .order_by(Invite.id),
    InviteRow,
)
_INVITE = Query(
    select(
        Invite.id,
        Invite.board_id,
        Invite.role,
        Board.key.label("board_key"),
        Board.name.label("board_name"),
        Board.time_zone,
        Invite.expires_at,
        User.name.label("invited_by"),
    )
    .join(Board, Board.id == Invite.board_id)
    .join(User, User.id == Invite.created_by)
    .where(
        Invite.token_hash == bindparam("token_hash"),
        Invite.expires_at > bindparam("now"),
        Board.archived_at.is_(None),
    ),
    OpenInvite,
)
_REVOKE_INVITE = Statement(
    delete(Invite).where(
        Invite.id == bindparam("invite_id"), Invite.board_id == bindparam("board_id")
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


def members(tx: Tx, actor: Actor | None, key: str) -> list[MemberRow]:
    """A board's members by name."""
    return members_of(tx, read_board(tx, actor, key=key).id)


def members_of(tx: Tx, board_id: int) -> list[MemberRow]:
    """The members of a board that the caller has opened."""
    return tx.all(_MEMBERS, board_id=board_id)


def add_member(tx: Tx, actor: Actor, key: str, email: str, role: str) -> MemberRow:
    """Makes a person with an account a member; 422 for an address without one."""
    board = lock_board(tx, actor, need=MANAGER, key=key)
    user = tx.first(_BY_EMAIL, email=email)
    if user is None:
        raise Invalid((("body", "email"), f"{email} has no account here; send an invite link"))
    if tx.first(_MEMBER, board_id=board.id, user_id=user.id) is not None:
        raise AlreadyExists(f"{email} is a member of this board already.")
    return _join(tx, board, user.id, role)


def change_role(tx: Tx, actor: Actor, key: str, user_id: int, role: str) -> MemberRow:
    """Gives a member another role; the last manager stays one."""
    board = lock_board(tx, actor, need=MANAGER, key=key)
    member = _member(tx, board, user_id)
    if member.role == role:
        return member
    if member.role == MANAGER:
        _check_other_manager(tx, board)
    tx.run(_SET_ROLE, board=board.id, member=user_id, role=role)
    tx.rights = True
    change = member_change(user_id, member.name, member.role, role)
    record(tx, board, Fact("member.changed", None, change))
    return member._replace(role=role)


def remove_member(tx: Tx, actor: Actor, key: str, user_id: int) -> None:
    """Takes a member off a board (a member may leave by themselves); the last manager stays."""
    need = VIEWER if actor.id == user_id and not actor.read_only else MANAGER
    board = lock_board(tx, actor, need=need, key=key)
    member = _member(tx, board, user_id)
    if member.role == MANAGER:
        _check_other_manager(tx, board)
    tx.run(_REMOVE_MEMBER, board_id=board.id, user_id=user_id)
    tx.rights = True
    change = member_change(user_id, member.name, member.role, None)
    record(tx, board, Fact("member.changed", None, change))


def create_invite(tx: Tx, actor: Actor, key: str, role: str, days: int) -> str:
    """Makes an invite link for a board; its secret, which is shown this one time."""
    board = lock_board(tx, actor, need=MANAGER, key=key)
    secret = new_secret()
    tx.run(
        _NEW_INVITE,
        token_hash=digest(secret),
        board_id=board.id,
        role=role,
        created_by=actor.id,
        created_at=board.now,
        expires_at=board.now + days * clock.DAY,
    )
    record(tx, board, Fact("member.changed", None, {"action": "invited", "role": role}))
    return secret


def invites_of(tx: Tx, board_id: int) -> list[InviteRow]:
    """The invite links of a board that still work."""
    return tx.all(_INVITES, board_id=board_id, now=clock.now())


def revoke_invite(tx: Tx, actor: Actor, key: str, invite_id: int) -> None:
    """Ends an invite link."""
    board = lock_board(tx, actor, need=MANAGER, key=key)
    if not tx.run(_REVOKE_INVITE, invite_id=invite_id, board_id=board.id):
        raise NotFound
    record(tx, board, Fact("member.changed", None, {"action": "invite revoked"}))


def find_invite(tx: Tx, secret: str) -> OpenInvite:
    """Where an invite link leads; 404 where it does not work (any more)."""
    invite = tx.first(_INVITE, token_hash=digest(secret), now=clock.now())
    if invite is None:
        raise NotFound
    return invite


def accept_invite(tx: Tx, secret: str, user_id: int) -> OpenInvite:
    """Makes a person a member by an invite link; who is one already keeps the role."""
    invite = find_invite(tx, secret)
    board = lock_board(tx, None, board_id=invite.board_id)
    # Judged again behind the lock: it may have been revoked meanwhile.
    invite = find_invite(tx, secret)
    if tx.first(_MEMBER, board_id=board.id, user_id=user_id) is None:
        _join(tx, board, user_id, invite.role)
    return invite


def check_time_zone(name: str) -> str:
    """A time zone's name as the system knows it; ValueError otherwise."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError("must be a time zone like Europe/Berlin") from None
    return name


def _join(tx: Tx, board: OpenBoard, user_id: int, role: str) -> MemberRow:
    tx.run(ADD_MEMBER, board_id=board.id, user_id=user_id, role=role)
    tx.rights = True
    member = tx.one(_MEMBER, board_id=board.id, user_id=user_id)
    change = member_change(user_id, member.name, None, role)
    record(tx, board, Fact("member.changed", None, change))
    return member


def _member(tx: Tx, board: OpenBoard, user_id: int) -> MemberRow:
    member = tx.first(_MEMBER, board_id=board.id, user_id=user_id)
    if member is None:
        raise NotFound
    return member


def _check_other_manager(tx: Tx, board: OpenBoard) -> None:
    if tx.scalar(_MANAGERS, board_id=board.id) < 2:
        raise LastOfItsKind("A board keeps at least one manager.")


def member_change(user_id: int, name: str, old: str | None, new: str | None) -> dict[str, Any]:
    """What the history keeps of a member's role."""
    return {"user_id": user_id, "name": name, "from": old, "to": new}
