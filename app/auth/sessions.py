"""Where a person is signed in, and ending it from elsewhere."""

from typing import NamedTuple

from sqlalchemy import bindparam, delete, select

from app import clock
from app.auth.actor import Actor
from app.db import Query, Statement, Tx
from app.errors import Forbidden, NotFound
from app.models import Session


class SessionRow(NamedTuple):
    """A sign-in in a browser."""

    id: int
    user_agent: str
    created_at: int
    expires_at: int


_SESSIONS = Query(
    select(Session.id, Session.user_agent, Session.created_at, Session.expires_at)
    .where(
        Session.user_id == bindparam("user_id"),
        Session.expires_at > bindparam("now"),
        Session.id > bindparam("after"),
    )
    .order_by(Session.id),
    SessionRow,
)
_END = Statement(
    delete(Session).where(
        Session.id == bindparam("session_id"), Session.user_id == bindparam("user_id")
    )
)
_END_OTHERS = Statement(
    delete(Session).where(
        Session.user_id == bindparam("user_id"), Session.id != bindparam("session_id")
    )
)


def list_sessions(tx: Tx, actor: Actor, after: int = 0) -> list[SessionRow]:
    """A person's sessions that go on, oldest first. A token does not see them."""
    _own_session(actor)
    return tx.all(_SESSIONS, user_id=actor.id, now=clock.now(), after=after)


def end_session(tx: Tx, actor: Actor, session_id: int) -> None:
    """Ends a session of the person's; what it has open ends with it."""
    _own_session(actor)
    if not tx.run(_END, session_id=session_id, user_id=actor.id):
        raise NotFound
    tx.rights = True


def end_other_sessions(tx: Tx, actor: Actor) -> int:
    """Ends all sessions of the person's but the one that asks; how many."""
    ended = tx.run(_END_OTHERS, session_id=_own_session(actor), user_id=actor.id)
    tx.rights = tx.rights or ended > 0
    return ended


def _own_session(actor: Actor) -> int:
    if actor.session_id is None:
        # A token is made for a script: who finds one does not learn by it where its person is
        # signed in, and cannot lock them out.
        raise Forbidden("A token has nothing to do with sessions. Sign in.")
    return actor.session_id
