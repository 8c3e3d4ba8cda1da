"""The names of people, for whatever tells of them."""

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import bindparam, select

from app.db import Query, Tx
from app.models import User


class PersonName(NamedTuple):
    """A person's id and name."""

    id: int
    name: str


_PERSON = Query(select(User.id, User.name).where(User.id == bindparam("user_id")), PersonName)


def person_name(tx: Tx, user_id: int) -> str:
    """A person's name."""
    row = tx.first(_PERSON, user_id=user_id)
    return "" if row is None else row.name


def names_of(tx: Tx, user_ids: Iterable[int]) -> dict[int, str]:
    """The names of people by id."""
    wanted = set(user_ids)
    if len(wanted) <= 4:
        return {user_id: person_name(tx, user_id) for user_id in wanted}
    rows = tx.execute(select(User.id, User.name).where(User.id.in_(wanted)))
    return {row.id: row.name for row in rows}
