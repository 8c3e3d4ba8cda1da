"""People of the installation as its administrator changes them: adding, switching off, rights."""

from typing import Any, NamedTuple

from sqlalchemy import bindparam, delete, func, select, update

from app import clock
from app.auth.actor import Actor
from app.auth.links import forget_password_link, new_password_link
from app.auth.service import add_user
from app.db import Query, Statement, Tx
from app.errors import Conflict, Forbidden, LastOfItsKind, NotFound
from app.models import Member, Session, Token, User


class PersonRow(NamedTuple):
    """Somebody with an account, and what the account has."""

    id: int
    name: str
    email: str
    is_admin: bool
    created_at: int
    disabled_at: int | None
    has_password: bool
    boards: int
    sessions: int
    tokens: int


class NewLink(NamedTuple):
    """A person with a link to a password, whose secret is shown this one time."""

    person: PersonRow
    secret: str


class _Id(NamedTuple):
    id: int


def _count_of(table: Any, *more: Any) -> Any:
    count = select(func.count()).select_from(table).where(table.user_id == User.id, *more)
    return count.scalar_subquery()


_person = select(
    User.id,
    User.name,
    User.email,
    User.is_admin,
    User.created_at,
    User.disabled_at,
    User.password_hash.is_not(None).label("has_password"),
    _count_of(Member).label("boards"),
    _count_of(Session, Session.expires_at > bindparam("now")).label("sessions"),
    _count_of(Token).label("tokens"),
)
_PEOPLE = Query(_person.where(User.id > bindparam("after")).order_by(User.id), PersonRow)
_PERSON = Query(_person.where(User.id == bindparam("user_id")), PersonRow)
# Locked in one order, so that of two administrators who unmake each other one is too late.
_ADMINISTRATORS = Query(
    select(User.id)
    .where(User.is_admin.is_(True), User.disabled_at.is_(None))
    .order_by(User.id)
    .with_for_update(),
    _Id,
)
_END_SESSIONS = Statement(delete(Session).where(Session.user_id == bindparam("user_id")))


def administer(actor: Actor, *, change: bool = False) -> None:
    """Lets administrators go on; 403 for everybody else, in the same words whatever they asked
    for. A token of one does what it reaches: nothing if it is narrowed to boards."""
    if not actor.is_admin or actor.boards is not None:
        raise Forbidden("Only an administrator may do this.")
    if change and actor.read_only:
        raise Forbidden("The token is read-only.")


def people(tx: Tx, actor: Actor, after: int = 0) -> list[PersonRow]:
    """Everybody with an account, those who are switched off too, in the order of their making."""
    administer(actor)
    return tx.all(_PEOPLE, after=after, now=clock.now())


def person(tx: Tx, actor: Actor, user_id: int) -> PersonRow:
    """Somebody with an account."""
    administer(actor)
    return _read(tx, user_id)


def add_person(tx: Tx, actor: Actor, email: str, name: str, is_admin: bool = False) -> NewLink:
    """Makes an account without a password, and the link by which its person chooses one. 409 where
    the address has an account."""
    administer(actor, change=True)
    if is_admin:
        _by_session(actor)
    user_id = add_user(tx, email, name, None, is_admin=is_admin)
    return NewLink(_read(tx, user_id), new_password_link(tx, user_id))


def change_person(tx: Tx, actor: Actor, user_id: int, changes: dict[str, Any]) -> PersonRow:
    """Changes `name`, `is_admin` or `active` (false: switched off). The last administrator stays
    one. Who is switched off loses sessions at once, and tokens and streams while it lasts."""
    administer(actor, change=True)
    admins = {row.id for row in tx.all(_ADMINISTRATORS)}
    now = _read(tx, user_id)
    values: dict[str, Any] = {
        name: changes[name] for name in ("name", "is_admin") if name in changes
    }
    if values.get("is_admin", False) and not now.is_admin:
        _by_session(actor)
    if "active" in changes and changes["active"] != (now.disabled_at is None):
        values["disabled_at"] = None if changes["active"] else clock.now()
    goes = values.get("disabled_at") is not None or values.get("is_admin") is False
    if goes and admins == {user_id}:
        raise LastOfItsKind("Weir keeps at least one administrator.")
    if values:
        tx.execute(update(User).where(User.id == user_id).values(values))
    if values.get("disabled_at") is not None:
        tx.run(_END_SESSIONS, user_id=user_id)
        forget_password_link(tx, user_id)
    tx.rights = tx.rights or bool(values)
    return _read(tx, user_id)


def make_password_link(tx: Tx, actor: Actor, user_id: int) -> NewLink:
    """Makes a link by which somebody chooses another password; their sessions end when they use
    it. By a session alone: whoever finds a token does not become everybody by it."""
    administer(actor, change=True)
    _by_session(actor)
    found = _read(tx, user_id)
    if found.disabled_at is not None:
        raise Conflict(f"{found.name} is switched off.")
    return NewLink(found, new_password_link(tx, user_id))


def _by_session(actor: Actor) -> None:
    if actor.token_id is not None:
        raise Forbidden("A token makes no administrators and no links to passwords. Sign in.")


def _read(tx: Tx, user_id: int) -> PersonRow:
    found = tx.first(_PERSON, user_id=user_id, now=clock.now())
    if found is None:
        raise NotFound
    return found
