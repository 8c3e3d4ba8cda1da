"""A board without cards takes over the columns, groups and lanes that a document brings."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import orjson
from sqlalchemy import bindparam, delete, select, update

from app.boards.history import Fact, OpenBoard, read_board
from app.boards.service import NEW_CELL, NEW_COLUMN, NEW_GROUP, NEW_LANE, write_board
from app.boards.shape import ACTIVE
from app.db import Query, Statement, Tx
from app.errors import Forbidden
from app.exchange.places import Places, places_of, shape_entries
from app.exchange.schemas import ColumnEntry, GroupEntry, HistoryDocument, LaneEntry, Loc, refused
from app.models import Card, Cell, Column, Group, Lane
from app.shaping.service import MOST_COLUMNS, MOST_LANES

MOST_TEAMS = 50


class _IdRow(NamedTuple):
    id: int


_ANY_CARD = Query(
    select(Card.id)
    .where(Card.board_id == bindparam("board_id"), Card.discarded_at.is_(None))
    .limit(1),
    _IdRow,
)
_DELETE_COLUMN = Statement(
    update(Column)
    .where(Column.id == bindparam("column_id"))
    .values(
        deleted_at=bindparam("deleted_at"), started_work=bindparam("started_work"), group_id=None
    )
)
_DELETE_GROUPS = Statement(
    update(Group)
    .where(Group.board_id == bindparam("board"), Group.deleted_at.is_(None))
    .values(deleted_at=bindparam("at"))
)
_DELETE_LANES = Statement(
    update(Lane)
    .where(Lane.board_id == bindparam("board"), Lane.deleted_at.is_(None))
    .values(deleted_at=bindparam("at"))
)
_DELETE_CELLS = Statement(delete(Cell).where(Cell.board_id == bindparam("board")))


def take_places(tx: Tx, board: OpenBoard, document: HistoryDocument) -> tuple[OpenBoard, Places]:
    """The places that a document names, on the locked board. Where it brings columns or lanes and
    the board has no cards they become the board's, which is a manager's to do; the board is handed
    back as it is then."""
    _check_shape(document)
    brings = document.columns is not None or document.lanes is not None
    if not brings or tx.first(_ANY_CARD, board_id=board.id) is not None:
        return board, places_of(tx, board)
    entries = shape_entries(board.shape)
    columns, lanes = document.columns, document.lanes
    if (columns, document.groups) == (entries.columns, entries.groups):
        columns = None
    if lanes == entries.lanes:
        lanes = None
    teams = board.teams if document.columns is None else _teams(board, document)
    if columns is None and lanes is None and teams == board.teams:
        return board, _named(places_of(tx, board), document)
    if not board.may_manage:
        raise Forbidden(
            "Only a manager of the board may give it other columns, lanes or teams. Without "
            "`columns` and `lanes` the document uses those that are there."
        )
    facts = _replace(tx, board, columns, document.groups, lanes, teams)
    # The changes are this transaction's own: read again, the board has them.
    board = read_board(tx, board.actor, board_id=board.id)
    places = _named(places_of(tx, board), document)
    places.new_columns = columns is not None
    places.new_lanes = lanes is not None
    places.facts = facts
    return board, places


def _named(places: Places, document: HistoryDocument) -> Places:
    """The places without the deleted columns that the document does not bring: what the board had
    before means nothing in a document with columns of its own."""
    if document.columns is not None:
        brought = {column.name for column in document.columns if column.deleted}
        places.gone = {name: id_ for name, id_ in places.gone.items() if name in brought}
    return places


def _check_shape(document: HistoryDocument) -> None:
    """Whether the columns, groups and lanes of a document make sense by themselves."""
    columns = document.columns or []
    live = [column for column in columns if not column.deleted]
    errors: list[tuple[Loc, str]] = []
    for kind, names, most in (
        ("columns", [column.name for column in columns], None),
        ("groups", [group.name for group in document.groups], None),
        ("lanes", [lane.name for lane in document.lanes or []], MOST_LANES),
    ):
        errors += [
            ((kind, index, "name"), f"{name!r} stands in {kind} already")
            for index, name in enumerate(names)
            if name in names[:index]
        ][:1]
        if most is not None and len(names) > most:
            errors.append(((kind,), f"a board has at most {most} {kind}"))
    if document.columns is None and document.groups:
        errors.append((("groups",), "groups are made of `columns`, and there are none"))
    if len(live) > MOST_COLUMNS:
        errors.append((("columns",), f"a board has at most {MOST_COLUMNS} columns"))
    known = {group.name for group in document.groups}
    left: set[str] = set()
    before: str | None = None
    for index, column in enumerate(columns):
        if column.deleted:
            continue
        loc: Loc = ("columns", index, "group")
        if column.group is not None and column.group not in known:
            errors.append((loc, f"{column.group!r} is none of the document's groups"))
        elif column.group in left:
            errors.append((loc, f"the columns of {column.group!r} are not neighbours"))
        if before is not None and before != column.group:
            left.add(before)
        before = column.group
    if errors:
        raise refused(errors[:10])


def _teams(board: OpenBoard, document: HistoryDocument) -> list[str]:
    """The board's teams, and behind them those that the document names besides."""
    named: Iterable[Any] = [*(document.columns or ()), *document.cards]
    wanted = [*board.teams, *(entry.team for entry in named if entry.team is not None)]
    teams = list(dict.fromkeys(wanted))
    if len(teams) > max(MOST_TEAMS, len(board.teams)):
        raise refused([((), f"a board has at most {MOST_TEAMS} teams")])
    return teams


def _replace(
    tx: Tx,
    board: OpenBoard,
    columns: Sequence[ColumnEntry] | None,
    groups: Sequence[GroupEntry],
    lanes: Sequence[LaneEntry] | None,
    teams: list[str],
) -> list[Fact]:
    """Gives a board without cards other columns, lanes and teams; the events of it."""
    facts: list[Fact] = []
    column_ids = [column.id for column in board.shape.columns]
    lane_ids = [lane.id for lane in board.shape.lanes]
    if columns is not None:
        facts += _delete_columns(tx, board)
        column_ids, made = _make_columns(tx, board, columns, groups)
        facts += made
    if lanes is not None:
        facts += _delete_lanes(tx, board)
        lane_ids, made = _make_lanes(tx, board, lanes)
        facts += made
    tx.run(_DELETE_CELLS, board=board.id)
    tx.run_many(
        NEW_CELL,
        [
            {"board_id": board.id, "column_id": column_id, "lane_id": lane_id}
            for column_id in column_ids
            for lane_id in lane_ids
        ],
    )
    write_board(tx, board.row, teams=orjson.dumps(teams).decode())
    if teams != board.teams:
        changes = {"teams": {"from": board.teams, "to": teams}}
        facts.append(Fact("board.changed", None, {"action": "changed", "changes": changes}))
    return [fact._replace(data={**fact.data, "imported": True}) for fact in facts]


def _delete_columns(tx: Tx, board: OpenBoard) -> list[Fact]:
    shape = board.shape
    for column in shape.columns:
        tx.run(
            _DELETE_COLUMN,
            column_id=column.id,
            deleted_at=board.now,
            started_work=column.id in shape.started,
        )
    tx.run(_DELETE_GROUPS, board=board.id, at=board.now)
    return [
        *(_column_deleted(column.id, column.name) for column in shape.columns),
        *(
            Fact("group.deleted", None, {"group_id": group.id, "name": group.name})
            for group in shape.groups
        ),
    ]


def _make_columns(
    tx: Tx, board: OpenBoard, columns: Sequence[ColumnEntry], groups: Sequence[GroupEntry]
) -> tuple[list[int], list[Fact]]:
    facts: list[Fact] = []
    group_ids = {
        group.name: tx.one(
            NEW_GROUP, board_id=board.id, name=group.name, wip_limit=group.wip_limit
        ).id
        for group in groups
    }
    members: dict[str, list[int]] = {group.name: [] for group in groups}
    column_ids: list[int] = []
    for position, column in enumerate(columns):
        fields = {
            "name": column.name,
            "kind": column.kind,
            "wip_limit": column.wip_limit,
            "group_id": None if column.group is None else group_ids.get(column.group),
            "team": column.team,
            "policy": column.policy,
            "ask_before_leaving": column.ask_before_leaving,
        }
        column_id = tx.one(NEW_COLUMN, board_id=board.id, position=position, **fields).id
        data = {"column_id": column_id, "index": len(column_ids), **fields}
        facts.append(Fact("column.created", None, data))
        if column.deleted:
            started = column.kind == ACTIVE if column.started is None else column.started
            tx.run(_DELETE_COLUMN, column_id=column_id, deleted_at=board.now, started_work=started)
            facts.append(_column_deleted(column_id, column.name))
            continue
        column_ids.append(column_id)
        if column.group is not None:
            members[column.group].append(column_id)
    made = [
        Fact(
            "group.created",
            None,
            {
                "group_id": group_ids[group.name],
                "name": group.name,
                "wip_limit": group.wip_limit,
                "column_ids": members[group.name],
            },
        )
        for group in groups
    ]
    return column_ids, [*facts, *made]


def _delete_lanes(tx: Tx, board: OpenBoard) -> list[Fact]:
    tx.run(_DELETE_LANES, board=board.id, at=board.now)
    return [
        Fact("lane.changed", None, {"action": "deleted", "lane_id": lane.id, "name": lane.name})
        for lane in board.shape.lanes
    ]


def _make_lanes(
    tx: Tx, board: OpenBoard, lanes: Sequence[LaneEntry]
) -> tuple[list[int], list[Fact]]:
    lane_ids: list[int] = []
    facts: list[Fact] = []
    for position, lane in enumerate(lanes):
        fields = {"name": lane.name, "wip_limit": lane.wip_limit, "expedite": lane.expedite}
        lane_ids.append(tx.one(NEW_LANE, board_id=board.id, position=position, **fields).id)
        data = {"action": "created", "lane_id": lane_ids[-1], **fields}
        facts.append(Fact("lane.changed", None, data))
    return lane_ids, facts


def _column_deleted(column_id: int, name: str) -> Fact:
    return Fact("column.deleted", None, {"column_id": column_id, "name": name, "moved_to": None})
