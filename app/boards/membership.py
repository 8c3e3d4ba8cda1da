"""Who is on a board: members with their roles, and the links that invite others."""

from typing import Any, NamedTuple

from sqlalchemy import bindparam, delete, func, insert, select, update

from app import clock
from app.auth.actor import Actor, digest, new_secret
from app.boards.history import MANAGER, VIEWER, Fact, OpenBoard, lock_board, read_board, record
from app.db import Query, Statement, Tx
from app.errors import AlreadyExists, Invalid, LastOfItsKind, NotFound
from app.models import Board, Invite, Member, User


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


def member_change(user_id: int, name: str, old: str | None, new: str | None) -> dict[str, Any]:
    """What the history keeps of a member's role."""
    return {"user_id": user_id, "name": name, "from": old, "to": new}


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
