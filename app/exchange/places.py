"""The names of columns and lanes: what they are in a document, and what they mean on a board."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from sqlalchemy import bindparam, select

from app.boards.history import Fact, OpenBoard
from app.boards.shape import Shape
from app.db import Query, Tx
from app.exchange.schemas import ColumnEntry, GroupEntry, LaneEntry
from app.models import Column

LONGEST_NAME = 100


class GoneColumn(NamedTuple):
    """A deleted column that cards have been in."""

    id: int
    name: str
    kind: str
    team: str | None
    started_work: bool | None


_GONE = Query(
    select(Column.id, Column.name, Column.kind, Column.team, Column.started_work)
    .where(Column.board_id == bindparam("board_id"), Column.deleted_at.is_not(None))
    .order_by(Column.id),
    GoneColumn,
)


@dataclass
class Places:
    """What the names of a document mean on a board, by the ids of its columns and lanes.

    `gone` are columns that were deleted: a card can have been there, and only an archived one can
    be there still. `facts` are the events of what was made and deleted for the document.
    """

    columns: dict[str, int]
    gone: dict[str, int]
    lanes: dict[str, int]
    teams: list[str]
    new_columns: bool = False
    new_lanes: bool = False
    facts: list[Fact] = field(default_factory=list)


class ShapeEntries(NamedTuple):
    """A board's shape in the words of a document, and the names by which cards refer to it."""

    columns: list[ColumnEntry]
    groups: list[GroupEntry]
    lanes: list[LaneEntry]
    column_names: dict[int, str]
    lane_names: dict[int, str]
    default_lane: str


def shape_entries(shape: Shape, gone: Sequence[GoneColumn] = ()) -> ShapeEntries:
    """A board's columns, groups and lanes as a document has them. In a document a name means one
    place: the second column "Test" of a board is called "Test (2)" there."""
    ids = [*(column.id for column in shape.columns), *(column.id for column in gone)]
    names = [*(column.name for column in shape.columns), *(column.name for column in gone)]
    column_names = dict(zip(ids, distinct(names), strict=True))
    used = list(dict.fromkeys(c.group_id for c in shape.columns if c.group_id is not None))
    group_names = dict(zip(used, distinct([shape.group[i].name for i in used]), strict=True))
    columns = [
        ColumnEntry(
            name=column_names[column.id],
            kind=column.kind,  # type: ignore[arg-type]  # one of the three
            wip_limit=column.wip_limit,
            team=column.team,
            group=None if column.group_id is None else group_names[column.group_id],
            policy=column.policy,
            ask_before_leaving=column.ask_before_leaving,
        )
        for column in shape.columns
    ]
    columns += [
        ColumnEntry(
            name=column_names[column.id],
            kind=column.kind,  # type: ignore[arg-type]  # one of the three
            team=column.team,
            deleted=True,
            started=bool(column.started_work),
        )
        for column in gone
    ]
    lane_names = dict(
        zip(
            (lane.id for lane in shape.lanes),
            distinct([lane.name for lane in shape.lanes]),
            strict=True,
        )
    )
    return ShapeEntries(
        columns,
        [GroupEntry(name=group_names[i], wip_limit=shape.group[i].wip_limit) for i in used],
        [
            LaneEntry(name=lane_names[lane.id], wip_limit=lane.wip_limit, expedite=lane.expedite)
            for lane in shape.lanes
        ],
        column_names,
        lane_names,
        lane_names[shape.default_lane.id],
    )


def gone_columns(tx: Tx, board_id: int) -> list[GoneColumn]:
    """The deleted columns of a board, oldest first."""
    return tx.all(_GONE, board_id=board_id)


def places_of(tx: Tx, board: OpenBoard) -> Places:
    """What names mean on a board as it is."""
    entries = shape_entries(board.shape)
    return Places(
        columns={name: column_id for column_id, name in entries.column_names.items()},
        gone={column.name: column.id for column in gone_columns(tx, board.id)},
        lanes={name: lane_id for lane_id, name in entries.lane_names.items()},
        teams=board.teams,
    )


def distinct(names: Sequence[str]) -> list[str]:
    """The names in their order, with a number behind each that stood before."""
    found: list[str] = []
    taken = set(names)
    seen: set[str] = set()
    for name in names:
        chosen, number = name, 2
        while chosen in seen or (chosen != name and chosen in taken):
            suffix = f" ({number})"
            chosen, number = name[: LONGEST_NAME - len(suffix)] + suffix, number + 1
        seen.add(chosen)
        found.append(chosen)
    return found
