"""What a person changes of the own account: the name, how the pages look and act, the password."""

from typing import Any, Literal

from sqlalchemy import bindparam, update

from app.auth.actor import Actor
from app.auth.links import forget_password_link
from app.auth.service import account_for_sign_in
from app.auth.sessions import end_other_sessions
from app.db import Statement, Tx
from app.errors import Forbidden, Invalid
from app.models import User

Theme = Literal["system", "light", "dark"]
Density = Literal["comfortable", "compact"]

_REPLACE_PASSWORD = Statement(
    update(User)
    .where(User.id == bindparam("user_id"), User.password_hash == bindparam("old"))
    .values(password_hash=bindparam("new"))
)
WRONG_PASSWORD = "is not your password"  # noqa: S105 - words, not a password


def change_account(tx: Tx, actor: Actor, changes: dict[str, Any]) -> Actor:
    """Changes the name or what the person prefers (`theme`, `density`, `shortcuts`); the person
    then. By a token too, unless it only reads: it acts as its person."""
    if actor.read_only:
        raise Forbidden("The token is read-only.")
    if changes:
        tx.execute(update(User).where(User.id == actor.id).values(changes))
    return actor._replace(**changes)


def password_to_check(tx: Tx, actor: Actor, address: str, attempts: int) -> tuple[str, str | None]:
    """The person's e-mail address and the hash of the password, for checking what was typed as the
    old one. 429 after too many failures, counted with those of signing in; 403 for a token."""
    if actor.token_id is not None:
        raise Forbidden("A token does not change a password. Sign in.")
    account = account_for_sign_in(tx, actor.email, address, attempts)
    return actor.email, None if account is None else account.password_hash


def change_password(tx: Tx, actor: Actor, old: str, new: str) -> int:
    """Gives the person another password and ends all sessions but this one; how many. `old` is
    the hash that was found right: 422 where it has been replaced meanwhile."""
    if not tx.run(_REPLACE_PASSWORD, user_id=actor.id, old=old, new=new):
        raise Invalid((("body", "old_password"), WRONG_PASSWORD))
    forget_password_link(tx, actor.id)
    return end_other_sessions(tx, actor)
