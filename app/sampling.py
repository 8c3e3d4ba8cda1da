"""What somebody in a shell wants of a board that is made up, checked before the work begins."""

from typing import NamedTuple

from sqlalchemy import bindparam, select

from app import clock
from app.auth.actor import Actor
from app.auth.service import find_user, first_admin
from app.boards.service import check_time_zone
from app.days import start_of
from app.db import Query, Tx
from app.errors import AlreadyExists
from app.models import Board
from app.samples.playing import Wish
from app.samples.scale import LEAST_YEARS, MOST_CARDS, MOST_YEARS, usual_years
from app.shell import CannotDo, checked
from app.types import BoardKey, DayOrMoment, Email, Name


class _IdRow(NamedTuple):
    id: int


_BY_KEY = Query(select(Board.id).where(Board.key == bindparam("key")), _IdRow)


def wish_of(
    cards: int,
    seed: int,
    key: str | None,
    name: str | None,
    time_zone: str,
    years: float | None,
    until: str | None,
) -> Wish:
    """The board that is wanted; says which of the options is wrong."""
    if not 1 <= cards <= MOST_CARDS:
        raise CannotDo(f"--cards: must be from 1 to {MOST_CARDS:,}")
    if years is None:
        years = usual_years(cards)
    if not LEAST_YEARS <= years <= MOST_YEARS:
        raise CannotDo(f"--years: must be from {LEAST_YEARS:g} to {MOST_YEARS:g}")
    try:
        check_time_zone(time_zone)
    except ValueError as error:
        raise CannotDo(f"--time-zone: {error}") from None
    now = clock.now()
    end = now
    if until is not None:
        end = start_of(checked(DayOrMoment, until, "--until"), time_zone)
        if end > now:
            raise CannotDo("--until: lies in the future")
    if end < years * 366 * clock.DAY:
        raise CannotDo("--until: it would begin before 1970")
    return Wish(
        cards,
        seed,
        years,
        end,
        time_zone,
        None if key is None else checked(BoardKey, key, "--board"),
        None if name is None else checked(Name, name, "--name"),
    )


def check_owner(tx: Tx, email: str | None, key: str | None) -> Actor:
    """Whose board it will be: the person with an address or the first administrator; refuses a key
    that is taken before the long work begins."""
    if email is None:
        actor = first_admin(tx)
        if actor is None:
            raise CannotDo("There is no administrator; say with --owner whose board it is.")
    else:
        actor = find_user(tx, checked(Email, email, "--owner"))
    if key is not None and tx.first(_BY_KEY, key=key) is not None:
        raise AlreadyExists(f"A board with the key {key} exists.")
    return actor
