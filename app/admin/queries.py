"""What an administrator sees of the installation: all boards, and how it is."""

import os
import platform
from typing import Any, NamedTuple

from sqlalchemy import bindparam, func, select

from app import __version__
from app.admin.service import administer
from app.auth.actor import Actor
from app.db import POSTGRESQL, Query, Statement, Tx
from app.models import Board, Cell, Member, User
from app.schema import newest, revisions


class BoardLine(NamedTuple):
    """A board with its counts; `events` and `cards_ever` are those of its whole life."""

    id: int
    key: str
    name: str
    created_at: int
    archived_at: int | None
    changed_at: int
    members: int
    cards: int
    cards_ever: int
    events: int


# No count looks at the cards or the events themselves: cells and the board's row have them.
_BOARDS = Query(
    select(
        Board.id,
        Board.key,
        Board.name,
        Board.created_at,
        Board.archived_at,
        Board.changed_at,
        select(func.count())
        .select_from(Member)
        .where(Member.board_id == Board.id)
        .scalar_subquery()
        .label("members"),
        select(func.coalesce(func.sum(Cell.card_count), 0))
        .where(Cell.board_id == Board.id)
        .scalar_subquery()
        .label("cards"),
        Board.last_number.label("cards_ever"),
        Board.seq.label("events"),
    )
    .where(Board.id > bindparam("after"))
    .order_by(Board.id),
    BoardLine,
)
_PEOPLE = Statement(select(func.count()).select_from(User).where(User.disabled_at.is_(None)))


def boards(tx: Tx, actor: Actor, after: int = 0) -> list[BoardLine]:
    """All boards, the archived ones too, in the order of their making."""
    administer(actor)
    # A sum is a decimal number on PostgreSQL.
    return [row._replace(cards=int(row.cards)) for row in tx.all(_BOARDS, after=after)]


def health(tx: Tx, actor: Actor) -> dict[str, Any]:
    """What the database says of itself, and how much it holds."""
    lines = boards(tx, actor)
    return {
        "version": __version__,
        "python": platform.python_version(),
        "database": {
            "kind": tx.dialect,
            "version": _version(tx),
            "bytes": _size(tx),
            "migration": ", ".join(sorted(revisions(tx.connection))),
            "newest_migration": newest(),
        },
        "people": tx.scalar(_PEOPLE),
        "boards": len(lines),
        "cards": sum(line.cards for line in lines),
        "events": sum(line.events for line in lines),
    }


def free_bytes(folder: os.PathLike[str]) -> int | None:
    """How much room a folder's disk has; None where the folder is not there."""
    try:
        room = os.statvfs(folder)
    except OSError:
        return None
    return room.f_bavail * room.f_frsize


def _version(tx: Tx) -> str:
    query = "SHOW server_version" if tx.dialect == POSTGRESQL else "SELECT sqlite_version()"
    return str(_value(tx, query)).partition(" ")[0]


def _size(tx: Tx) -> int:
    if tx.dialect == POSTGRESQL:
        return int(_value(tx, "SELECT pg_database_size(current_database())"))
    return int(_value(tx, "PRAGMA page_count")) * int(_value(tx, "PRAGMA page_size"))


def _value(tx: Tx, query: str) -> Any:
    tx.cursor.execute(query)
    (row,) = tx.cursor.fetchall()
    return row[0]
