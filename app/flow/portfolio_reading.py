"""Reading the five numbers of all boards that a person sees, in the same few statements."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import select

from app import clock
from app.auth.actor import Actor
from app.boards.lines import BoardLine, board_lines
from app.boards.shape import Column as ShapeColumn
from app.boards.shape import Shape
from app.db import Tx
from app.flow.queries import Window
from app.flow.strip import Strip
from app.flow.strip_reading import Counted, read_strips
from app.models import Column


class BoardStrip(NamedTuple):
    """A board with its five numbers."""

    line: BoardLine
    strip: Strip


def read_portfolio(tx: Tx, actor: Actor, window: Window) -> list[BoardStrip]:
    """The boards that a person sees with their numbers, without those in the archive, in the order
    of their names."""
    lines = [line for line in board_lines(tx, actor) if line.archived_at is None]
    strips = read_strips(tx, _counted(tx, lines), window, clock.now())
    found = [BoardStrip(line, strips[line.id]) for line in lines]
    return sorted(found, key=lambda each: (each.line.name.casefold(), each.line.id))


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
