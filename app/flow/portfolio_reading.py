"""Reading the five numbers of all boards that a person sees.

Those of any number of boards come in the same few statements. A very large board is asked by itself
where its days are closed: its cards of months are not read anew then.
"""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import select

from app.auth.actor import Actor
from app.boards.history import read_board
from app.boards.lines import BoardLine, board_lines
from app.boards.shape import Column as ShapeColumn
from app.boards.shape import Shape
from app.db import Tx
from app.flow.queries import EVERY_CARD, Window
from app.flow.strip import Strip
from app.flow.strip_reading import Counted, read_strip, read_strips
from app.models import Board, ClosedFlow, Column

MANY_CARDS = 10_000


class BoardStrip(NamedTuple):
    """A board with its five numbers."""

    line: BoardLine
    strip: Strip


def read_portfolio(tx: Tx, actor: Actor, window: Window, now: int) -> list[BoardStrip]:
    """The boards that a person sees with their numbers, without those in the archive, in the order
    of their names."""
    lines = [line for line in board_lines(tx, actor) if line.archived_at is None]
    large = set(_large(tx, lines))
    strips = read_strips(
        tx, _counted(tx, [line for line in lines if line.id not in large]), window, now
    )
    for line in lines:
        if line.id in large:
            board = read_board(tx, actor, key=line.key)
            board.now = max(now, board.row.changed_at)
            strips[line.id] = read_strip(tx, board, window, EVERY_CARD)
    found = [BoardStrip(line, strips[line.id]) for line in lines]
    return sorted(found, key=lambda each: (each.line.name.casefold(), each.line.id))


def _large(tx: Tx, lines: Sequence[BoardLine]) -> list[int]:
    """The boards with many cards whose days are closed."""
    ids = [line.id for line in lines]
    statement = select(Board.id).join(ClosedFlow, ClosedFlow.board_id == Board.id)
    statement = statement.where(Board.id.in_(ids), Board.last_number >= MANY_CARDS)
    return list(tx.execute(statement).scalars())


def _counted(tx: Tx, lines: Sequence[BoardLine]) -> list[Counted]:
    """The boards with the columns in which work is started, the deleted ones as they were."""
    rows = tx.execute(
        select(
            Column.board_id,
            Column.id,
            Column.position,
            Column.kind,
            Column.deleted_at,
            Column.started_work,
        )
        .where(Column.board_id.in_([line.id for line in lines]))
        .order_by(Column.board_id, Column.position, Column.id)
    )
    columns: dict[int, list[ShapeColumn]] = {}
    gone: dict[int, dict[int, tuple[str, bool]]] = {}
    for row in rows:
        if row.deleted_at is None:
            column = ShapeColumn(row.id, "", row.position, row.kind, None, None, None, "")
            columns.setdefault(row.board_id, []).append(column)
        else:
            gone.setdefault(row.board_id, {})[row.id] = (row.kind, bool(row.started_work))
    return [
        Counted(
            line.id,
            Shape(
                board_id=line.id,
                board_key=line.key,
                board_name=line.name,
                wip_limit=line.wip_limit,
                person_wip_limit=None,
                columns=tuple(columns.get(line.id, ())),
                groups=(),
                lanes=(),
                gone=gone.get(line.id, {}),
            ).started,
            line.wip_limit,
        )
        for line in lines
    ]
