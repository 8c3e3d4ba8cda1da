"""A new board after the model of another one: all of its shape, none of its cards."""

from typing import NamedTuple

from sqlalchemy import bindparam, insert, select

from app.auth.actor import Actor
from app.boards.history import Fact, OpenBoard, read_board, record
from app.boards.membership import ADD_MEMBER, member_change, members_of
from app.boards.service import (
    NEW_CELL,
    NEW_COLUMN,
    NEW_GROUP,
    NEW_LANE,
    add_manager,
    insert_board,
    write_board,
)
from app.db import Query, Statement, Tx
from app.errors import Invalid, NotFound
from app.models import Label


class _LabelRow(NamedTuple):
    name: str
    color: str


_LABELS = Query(
    select(Label.name, Label.color)
    .where(Label.board_id == bindparam("board_id"), Label.removed_at.is_(None))
    .order_by(Label.id),
    _LabelRow,
)
_NEW_LABEL = Statement(
    insert(Label).values(
        board_id=bindparam("board_id"), name=bindparam("name"), color=bindparam("color")
    )
)


def copy_board(
    tx: Tx,
    actor: Actor,
    key: str,
    name: str,
    time_zone: str | None,
    copy_of: str,
    with_members: bool = False,
) -> OpenBoard:
    """Makes a board with the columns, groups, lanes, limits, policies, teams and labels of another
    one that the person sees, in its time zone unless another is given, and with its members where
    that is wanted. 422 for a board that the person does not see."""
    try:
        source = read_board(tx, actor, key=copy_of)
    except NotFound:
        place = ("body", "copy_of")
        raise Invalid((place, f"{copy_of} is not a board that you see")) from None
    zone = time_zone or source.row.time_zone
    board_id = insert_board(tx, actor, key, name, zone, source.teams)
    _copy_shape(tx, source, board_id)
    board = add_manager(tx, actor, board_id, key, name)
    limits = {"wip_limit": source.row.wip_limit, "person_wip_limit": source.row.person_wip_limit}
    write_board(tx, board.row, **limits)
    facts = [Fact("board.changed", None, {"action": "copied", "copy_of": source.row.key})]
    if with_members:
        for member in members_of(tx, source.id):
            if member.user_id == actor.id:
                continue
            tx.run(ADD_MEMBER, board_id=board_id, user_id=member.user_id, role=member.role)
            change = member_change(member.user_id, member.name, None, member.role)
            facts.append(Fact("member.changed", None, change))
        tx.rights = True
    record(tx, board, *facts)
    return read_board(tx, actor, key=key)


def _copy_shape(tx: Tx, source: OpenBoard, board_id: int) -> None:
    shape = source.shape
    groups = {
        group.id: tx.one(
            NEW_GROUP, board_id=board_id, name=group.name, wip_limit=group.wip_limit
        ).id
        for group in shape.groups
    }
    columns = []
    for column in shape.columns:
        fields = {**column._asdict(), "group_id": groups.get(column.group_id or 0)}
        del fields["id"]
        columns.append(tx.one(NEW_COLUMN, board_id=board_id, **fields).id)
    lanes = []
    for lane in shape.lanes:
        fields = lane._asdict()
        del fields["id"]
        lanes.append(tx.one(NEW_LANE, board_id=board_id, **fields).id)
    tx.run_many(
        NEW_CELL,
        [
            {"board_id": board_id, "column_id": column_id, "lane_id": lane_id}
            for column_id in columns
            for lane_id in lanes
        ],
    )
    tx.run_many(
        _NEW_LABEL,
        [
            {"board_id": board_id, "name": label.name, "color": label.color}
            for label in tx.all(_LABELS, board_id=source.id)
        ],
    )
