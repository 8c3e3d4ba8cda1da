"""What a person changes of the own account: the name, and how the pages look and act."""

from typing import Any, Literal

from sqlalchemy import update

from app.auth.actor import Actor
from app.db import Tx
from app.errors import Forbidden
from app.models import User

Theme = Literal["system", "light", "dark"]
Density = Literal["comfortable", "compact"]


def change_account(tx: Tx, actor: Actor, changes: dict[str, Any]) -> Actor:
    """Changes the name or what the person prefers (`theme`, `density`, `shortcuts`); the person
    then. By a token too, unless it only reads: it acts as its person."""
    if actor.read_only:
        raise Forbidden("The token is read-only.")
    if changes:
        tx.execute(update(User).where(User.id == actor.id).values(changes))
    return actor._replace(**changes)
