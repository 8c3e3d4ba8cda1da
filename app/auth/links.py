"""One-time links by which a person chooses a password without knowing an old one."""

from typing import NamedTuple

from sqlalchemy import bindparam, delete, insert, select, update

from app import clock
from app.auth.actor import digest, new_secret
from app.db import Query, Statement, Tx
from app.errors import NotFound
from app.models import PasswordLink, Session, User

PASSWORD_LINK_LIFE = 3 * clock.DAY


class LinkOwner(NamedTuple):
    """Whose password a link is for."""

    id: int
    name: str
    email: str
    expires_at: int


_FORGET = Statement(delete(PasswordLink).where(PasswordLink.user_id == bindparam("user_id")))
_NEW = Statement(
    insert(PasswordLink).values(
        user_id=bindparam("user_id"),
        token_hash=bindparam("token_hash"),
        expires_at=bindparam("expires_at"),
    )
)
_OWNER = Query(
    select(User.id, User.name, User.email, PasswordLink.expires_at)
    .join(PasswordLink, PasswordLink.user_id == User.id)
    .where(
        PasswordLink.token_hash == bindparam("token_hash"),
        PasswordLink.expires_at > bindparam("now"),
        User.disabled_at.is_(None),
    ),
    LinkOwner,
)
_SPEND = Statement(delete(PasswordLink).where(PasswordLink.token_hash == bindparam("token_hash")))
_SET_PASSWORD = Statement(
    update(User)
    .where(User.id == bindparam("user_id"))
    .values(password_hash=bindparam("password_hash"))
)
_END_SESSIONS = Statement(delete(Session).where(Session.user_id == bindparam("user_id")))


def new_password_link(tx: Tx, user_id: int) -> str:
    """Makes a person's link; its secret is shown this one time. An earlier link stops working, the
    password goes on until the link is used."""
    secret = new_secret()
    tx.run(_FORGET, user_id=user_id)
    tx.run(
        _NEW,
        user_id=user_id,
        token_hash=digest(secret),
        expires_at=clock.now() + PASSWORD_LINK_LIFE,
    )
    return secret


def forget_password_link(tx: Tx, user_id: int) -> None:
    """Lets a person's link stop working, if there is one."""
    tx.run(_FORGET, user_id=user_id)


def find_password_link(tx: Tx, secret: str) -> LinkOwner:
    """Whose link it is; 404 where it does not work, or not any more."""
    owner = tx.first(_OWNER, token_hash=digest(secret), now=clock.now())
    if owner is None:
        raise NotFound
    return owner


def use_password_link(tx: Tx, secret: str, password_hash: str) -> LinkOwner:
    """Gives the link's owner a password, ends their sessions and spends the link."""
    owner = find_password_link(tx, secret)
    if not tx.run(_SPEND, token_hash=digest(secret)):
        raise NotFound  # Somebody else spent it between our look and now.
    tx.run(_SET_PASSWORD, user_id=owner.id, password_hash=password_hash)
    tx.run(_END_SESSIONS, user_id=owner.id)
    tx.rights = True
    return owner
