"""Shaping a board: adding, changing, ordering and deleting columns, groups and lanes.

Every verb writes what is wanted, reads the new shape and judges the change as a whole: no limit may
be newly exceeded by it. Where it gives the cards' past another meaning (a column's kind, the order)
their clocks are read anew.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, delete, update

from app.auth.actor import Actor
from app.boards.history import MANAGER, Fact, OpenBoard, lock_board
from app.boards.service import NEW_CELL, NEW_COLUMN, NEW_GROUP, NEW_LANE
from app.boards.shape import Cell, Column, Lane, Shape
from app.cards.closed_days import open_days_of_guests
from app.cards.rows import CardRow, select_cards
from app.db import Query, Statement, Tx
from app.errors import ColumnNotEmpty, Conflict, Invalid, LastOfItsKind
from app.models import Card
from app.models import Cell as CellTable
from app.models import Column as ColumnTable
from app.models import Group as GroupTable
from app.models import Lane as LaneTable
from app.shaping.reshaping import limit_facts, move_all, new_shape, reshaped, told_of

MOST_COLUMNS = 40
MOST_LANES = 20
DEFAULT_EXPEDITE_LIMIT = 1

_SET_COLUMN = Statement(
    update(ColumnTable)
    .where(ColumnTable.id == bindparam("column_id"))
    .values(
        name=bindparam("name"),
        position=bindparam("position"),
        kind=bindparam("kind"),
        wip_limit=bindparam("wip_limit"),
        group_id=bindparam("group_id"),
        team=bindparam("team"),
        policy=bindparam("policy"),
        ask_before_leaving=bindparam("ask_before_leaving"),
    )
)
_DELETE_COLUMN = Statement(
    update(ColumnTable)
    .where(ColumnTable.id == bindparam("column_id"))
    .values(
        deleted_at=bindparam("deleted_at"), started_work=bindparam("started_work"), group_id=None
    )
)
_SET_GROUP = Statement(
    update(GroupTable)
    .where(GroupTable.id == bindparam("group_id"))
    .values(name=bindparam("name"), wip_limit=bindparam("wip_limit"))
)
_DELETE_GROUP = Statement(
    update(GroupTable)
    .where(GroupTable.id == bindparam("group_id"))
    .values(deleted_at=bindparam("deleted_at"))
)
_SET_LANE = Statement(
    update(LaneTable)
    .where(LaneTable.id == bindparam("lane_id"))
    .values(
        name=bindparam("name"),
        position=bindparam("position"),
        wip_limit=bindparam("wip_limit"),
        expedite=bindparam("expedite"),
    )
)
_DELETE_LANE = Statement(
    update(LaneTable)
    .where(LaneTable.id == bindparam("lane_id"))
    .values(deleted_at=bindparam("deleted_at"))
)
_DELETE_CELLS = Statement(
    delete(CellTable).where(
        CellTable.board_id == bindparam("board_id"),
        (CellTable.column_id == bindparam("column_id"))
        | (CellTable.lane_id == bindparam("lane_id")),
    )
)
_CARDS_OF_COLUMN = Query(
    select_cards()
    .where(Card.column_id == bindparam("column_id"), Card.board_id == bindparam("board_id"))
    .order_by(Card.lane_id, Card.rank, Card.id),
    CardRow,
)
_CARDS_OF_LANE = Query(
    select_cards()
    .where(Card.lane_id == bindparam("lane_id"), Card.board_id == bindparam("board_id"))
    .order_by(Card.column_id, Card.rank, Card.id),
    CardRow,
)


# --- Columns ------------------------------------------------------------------------------------


def add_column(
    tx: Tx, actor: Actor, key: str, fields: dict[str, Any], index: int | None = None
) -> tuple[OpenBoard, int]:
    """Adds a column to a board, at an index from the left (from 0) or at the right end."""
    board = lock_board(tx, actor, need=MANAGER, key=key)
    _check_column(board, fields)
    if len(board.shape.columns) >= MOST_COLUMNS:
        raise Conflict(f"A board has at most {MOST_COLUMNS} columns.")
    others = [column.id for column in board.shape.columns]
    column_id = tx.one(NEW_COLUMN, board_id=board.id, position=len(others), **fields).id
    tx.run_many(
        NEW_CELL,
        [
            {"board_id": board.id, "column_id": column_id, "lane_id": lane.id}
            for lane in board.shape.lanes
        ],
    )
    at = len(others) if index is None else min(index, len(others))
    shape = _reordered(tx, board, [*others[:at], column_id, *others[at:]])
    data = {"column_id": column_id, "index": shape.index[column_id], **fields}
    return reshaped(tx, board, shape, Fact("column.created", None, data)), column_id


def change_column(tx: Tx, actor: Actor, column_id: int, changes: dict[str, Any]) -> OpenBoard:
    """Changes a column's name, kind, limit, group, team, policy, or whether it asks for the
    policy's points before a card leaves it to the right."""
    board = lock_board(tx, actor, need=MANAGER, column_id=column_id)
    column = board.shape.column[column_id]
    told = told_of(column, changes)
    if not told:
        return board
    # What stays as it is may be a team that is on the board's list no more.
    _check_column(board, {name: changes[name] for name in told})
    tx.run(_SET_COLUMN, column_id=column_id, **_column_values(column, **changes))
    if "team" in told:
        open_days_of_guests(tx, column_id)
    facts = limit_facts("column", column_id, column.name, told)
    if told:
        facts.append(Fact("column.changed", None, {"column_id": column_id, "changes": told}))
    return reshaped(tx, board, new_shape(tx, board), *facts)


def order_columns(tx: Tx, actor: Actor, key: str, column_ids: Sequence[int]) -> OpenBoard:
    """Puts a board's columns in another order; all of them are named, each once."""
    board = lock_board(tx, actor, need=MANAGER, key=key)
    old = [column.id for column in board.shape.columns]
    if sorted(column_ids) != sorted(old):
        raise Invalid((("body", "column_ids"), "must name every column of the board once"))
    if list(column_ids) == old:
        return board
    shape = _reordered(tx, board, column_ids)
    data = {"action": "ordered", "from": old, "to": list(column_ids)}
    return reshaped(tx, board, shape, Fact("column.changed", None, data))


def delete_column(tx: Tx, actor: Actor, column_id: int, target_id: int | None = None) -> OpenBoard:
    """Deletes a column; its cards move to another one by the rules. 409 where it has cards and
    none is named. What happened in it stays in the history and in the statistics."""
    board = lock_board(tx, actor, need=MANAGER, column_id=column_id)
    shape = board.shape
    if target_id is not None and (target_id == column_id or target_id not in shape.column):
        place = ("query", "move_cards_to")
        raise Invalid((place, f"column {target_id} is not another column of this board"))
    if target_id is None and any(
        board.counts.get(Cell(column_id, lane.id)) for lane in shape.lanes
    ):
        name = shape.column[column_id].name
        raise ColumnNotEmpty(f"{name} has cards: name a column that takes them.")
    if target_id is not None:
        cards = tx.all(_CARDS_OF_COLUMN, column_id=column_id, board_id=board.id)
        move_all(tx, board, [(card, Cell(target_id, card.lane_id)) for card in cards])
    tx.run(
        _DELETE_COLUMN,
        column_id=column_id,
        deleted_at=board.now,
        started_work=column_id in shape.started,
    )
    tx.run(_DELETE_CELLS, board_id=board.id, column_id=column_id, lane_id=0)
    rest = [column.id for column in shape.columns if column.id != column_id]
    new = _reordered(tx, board, rest)
    data = {"column_id": column_id, "name": shape.column[column_id].name, "moved_to": target_id}
    return reshaped(tx, board, new, Fact("column.deleted", None, data))


# --- Groups -------------------------------------------------------------------------------------


def add_group(
    tx: Tx,
    actor: Actor,
    key: str,
    name: str,
    wip_limit: int | None = None,
    column_ids: Sequence[int] = (),
) -> tuple[OpenBoard, int]:
    """Makes neighbouring columns one group, with a limit of its own if wanted."""
    board = lock_board(tx, actor, need=MANAGER, key=key)
    group_id = tx.one(NEW_GROUP, board_id=board.id, name=name, wip_limit=wip_limit).id
    _set_group_columns(tx, board, group_id, column_ids)
    data = {
        "group_id": group_id,
        "name": name,
        "wip_limit": wip_limit,
        "column_ids": list(column_ids),
    }
    fact = Fact("group.created", None, data)
    return reshaped(tx, board, new_shape(tx, board), fact), group_id


def change_group(tx: Tx, actor: Actor, group_id: int, changes: dict[str, Any]) -> OpenBoard:
    """Changes a group's name, limit or columns."""
    board = lock_board(tx, actor, need=MANAGER, group_id=group_id)
    group = board.shape.group[group_id]
    column_ids = changes.get("column_ids")
    fields = {name: value for name, value in changes.items() if name != "column_ids"}
    told = told_of(group, fields)
    old = [column.id for column in board.shape.columns if column.group_id == group_id]
    if column_ids is not None and sorted(column_ids) != sorted(old):
        told["column_ids"] = {"from": old, "to": list(column_ids)}
        _set_group_columns(tx, board, group_id, column_ids)
    if not told:
        return board
    values = {"name": group.name, "wip_limit": group.wip_limit, **fields}
    tx.run(_SET_GROUP, group_id=group_id, **values)
    facts = limit_facts("group", group_id, group.name, told)
    if told:
        facts.append(Fact("group.changed", None, {"group_id": group_id, "changes": told}))
    return reshaped(tx, board, new_shape(tx, board), *facts)


def delete_group(tx: Tx, actor: Actor, group_id: int) -> OpenBoard:
    """Dissolves a group; its columns stay, each for itself."""
    board = lock_board(tx, actor, need=MANAGER, group_id=group_id)
    _set_group_columns(tx, board, group_id, ())
    tx.run(_DELETE_GROUP, group_id=group_id, deleted_at=board.now)
    data = {"group_id": group_id, "name": board.shape.group[group_id].name}
    return reshaped(tx, board, new_shape(tx, board), Fact("group.deleted", None, data))


# --- Lanes --------------------------------------------------------------------------------------


def add_lane(
    tx: Tx, actor: Actor, key: str, fields: dict[str, Any], index: int | None = None
) -> tuple[OpenBoard, int]:
    """Adds a lane, at an index from the top (from 0) or at the bottom. An expedite lane has the
    limit 1 unless another is given."""
    board = lock_board(tx, actor, need=MANAGER, key=key)
    if len(board.shape.lanes) >= MOST_LANES:
        raise Conflict(f"A board has at most {MOST_LANES} lanes.")
    others = [lane.id for lane in board.shape.lanes]
    lane_id = tx.one(NEW_LANE, board_id=board.id, position=len(others), **fields).id
    tx.run_many(
        NEW_CELL,
        [
            {"board_id": board.id, "column_id": column.id, "lane_id": lane_id}
            for column in board.shape.columns
        ],
    )
    at = len(others) if index is None else min(index, len(others))
    _order_lanes(tx, board, [*others[:at], lane_id, *others[at:]])
    fact = Fact("lane.changed", None, {"action": "created", "lane_id": lane_id, **fields})
    return reshaped(tx, board, new_shape(tx, board), fact), lane_id


def change_lane(tx: Tx, actor: Actor, lane_id: int, changes: dict[str, Any]) -> OpenBoard:
    """Changes a lane's name, limit or whether it is an expedite lane."""
    board = lock_board(tx, actor, need=MANAGER, lane_id=lane_id)
    lane = board.shape.lane[lane_id]
    told = told_of(lane, changes)
    if not told:
        return board
    tx.run(_SET_LANE, lane_id=lane_id, **_lane_values(lane, **changes))
    facts = limit_facts("lane", lane_id, lane.name, told)
    if told:
        data = {"action": "changed", "lane_id": lane_id, "changes": told}
        facts.append(Fact("lane.changed", None, data))
    return reshaped(tx, board, new_shape(tx, board), *facts)


def order_lanes(tx: Tx, actor: Actor, key: str, lane_ids: Sequence[int]) -> OpenBoard:
    """Puts a board's lanes in another order; all of them are named, each once."""
    board = lock_board(tx, actor, need=MANAGER, key=key)
    old = [lane.id for lane in board.shape.lanes]
    if sorted(lane_ids) != sorted(old):
        raise Invalid((("body", "lane_ids"), "must name every lane of the board once"))
    if list(lane_ids) == old:
        return board
    _order_lanes(tx, board, lane_ids)
    data = {"action": "ordered", "from": old, "to": list(lane_ids)}
    return reshaped(tx, board, new_shape(tx, board), Fact("lane.changed", None, data))


def delete_lane(tx: Tx, actor: Actor, lane_id: int, target_id: int | None = None) -> OpenBoard:
    """Deletes a lane; its cards move to another one by the rules. 409 where it has cards and none
    is named, and for the last lane."""
    board = lock_board(tx, actor, need=MANAGER, lane_id=lane_id)
    shape = board.shape
    if len(shape.lanes) == 1:
        raise LastOfItsKind("A board keeps at least one lane.")
    if target_id is not None and (target_id == lane_id or target_id not in shape.lane):
        place = ("query", "move_cards_to")
        raise Invalid((place, f"lane {target_id} is not another lane of this board"))
    if target_id is None and any(
        board.counts.get(Cell(column.id, lane_id)) for column in shape.columns
    ):
        raise ColumnNotEmpty(
            f"The lane {shape.lane[lane_id].name} has cards: name a lane that takes them."
        )
    if target_id is not None:
        cards = tx.all(_CARDS_OF_LANE, lane_id=lane_id, board_id=board.id)
        move_all(tx, board, [(card, Cell(card.column_id, target_id)) for card in cards])
    tx.run(_DELETE_LANE, lane_id=lane_id, deleted_at=board.now)
    tx.run(_DELETE_CELLS, board_id=board.id, column_id=0, lane_id=lane_id)
    _order_lanes(tx, board, [lane.id for lane in shape.lanes if lane.id != lane_id])
    data = {"action": "deleted", "lane_id": lane_id, "name": shape.lane[lane_id].name}
    return reshaped(tx, board, new_shape(tx, board), Fact("lane.changed", None, data))


def _check_column(board: OpenBoard, fields: dict[str, Any]) -> None:
    group_id = fields.get("group_id")
    if group_id is not None and group_id not in board.shape.group:
        raise Invalid((("body", "group_id"), f"group {group_id} is not a group of this board"))
    team = fields.get("team")
    if team is not None and team not in board.teams:
        raise Invalid((("body", "team"), f"team {team!r} is not one of the board's"))


def _set_group_columns(tx: Tx, board: OpenBoard, group_id: int, column_ids: Sequence[int]) -> None:
    for index, column_id in enumerate(column_ids):
        if column_id not in board.shape.column:
            place = ("body", "column_ids", index)
            raise Invalid((place, f"column {column_id} is not a column of this board"))
    for column in board.shape.columns:
        wanted = group_id if column.id in column_ids else None
        if wanted is None and column.group_id != group_id:
            continue
        if column.group_id != wanted:
            tx.run(_SET_COLUMN, column_id=column.id, **_column_values(column, group_id=wanted))


def _reordered(tx: Tx, board: OpenBoard, column_ids: Sequence[int]) -> Shape:
    current = new_shape(tx, board)
    for position, column_id in enumerate(column_ids):
        column = current.column[column_id]
        if column.position != position:
            tx.run(_SET_COLUMN, column_id=column_id, **_column_values(column, position=position))
    return new_shape(tx, board)


def _order_lanes(tx: Tx, board: OpenBoard, lane_ids: Sequence[int]) -> None:
    current = new_shape(tx, board)
    for position, lane_id in enumerate(lane_ids):
        lane = current.lane[lane_id]
        if lane.position != position:
            tx.run(_SET_LANE, lane_id=lane_id, **_lane_values(lane, position=position))


def _column_values(column: Column, **changes: Any) -> dict[str, Any]:
    values = column._asdict()
    del values["id"]
    return {**values, **changes}


def _lane_values(lane: Lane, **changes: Any) -> dict[str, Any]:
    values = lane._asdict()
    del values["id"]
    return {**values, **changes}
