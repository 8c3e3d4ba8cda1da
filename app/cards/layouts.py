"""What a board's columns mean for the journeys of its cards."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple

from sqlalchemy import bindparam, select

from app.boards.history import OpenBoard
from app.boards.shape import Shape
from app.cards.clocks import Columns
from app.db import Query, Tx
from app.models import Column


class ColumnRow(NamedTuple):
    """A column that is there or was."""

    id: int
    name: str
    kind: str
    team: str | None
    position: int
    deleted_at: int | None


_COLUMNS = Query(
    select(Column.id, Column.name, Column.kind, Column.team, Column.position, Column.deleted_at)
    .where(Column.board_id == bindparam("board_id"))
    # A column that was deleted stood before the one that has its position now.
    .order_by(Column.position, Column.deleted_at.is_(None), Column.deleted_at, Column.id),
    ColumnRow,
)


@dataclass(frozen=True, slots=True)
class Layout:
    """What the journeys ask of a board."""

    columns: Columns
    # The board's columns from left to right, by id; a deleted one stands where it last stood.
    order: dict[int, int]
    # Who works in a column, also in one of another board; columns without a team are left out.
    teams: dict[int, str]
    deleted_at: dict[int, int]


def read_columns(tx: Tx, board: OpenBoard) -> list[ColumnRow]:
    """A board's columns from left to right, the deleted ones where they last stood."""
    return tx.all(_COLUMNS, board_id=board.id)


def known_columns(tx: Tx, board: OpenBoard) -> list[ColumnRow]:
    """The same for those who only read, and ask for it several times."""
    if "columns" not in board.known:
        board.known["columns"] = read_columns(tx, board)
    found: list[ColumnRow] = board.known["columns"]
    return found


def read_layout(
    tx: Tx, board: OpenBoard, columns: Sequence[ColumnRow], visited: Iterable[int]
) -> Layout:
    """What the columns mean, and whose those of other boards are that cards have been in."""
    order = {row.id: place for place, row in enumerate(columns)}
    teams = {row.id: row.team for row in columns if row.team is not None}
    foreign = set(visited) - order.keys()
    if foreign:
        statement = select(Column.id, Column.team).where(Column.id.in_(foreign))
        teams |= {row.id: row.team for row in tx.execute(statement) if row.team is not None}
    deleted_at = {row.id: row.deleted_at for row in columns if row.deleted_at is not None}
    return Layout(board.shape, order, teams, deleted_at)


def mark_of(shape: Shape, columns: Iterable[ColumnRow]) -> str:
    """A hash of all that the columns mean for the journeys: another one, another meaning."""
    told = [
        (row.id, row.kind, row.team, row.deleted_at, row.id in shape.started) for row in columns
    ]
    return sha256(repr(told).encode()).hexdigest()
