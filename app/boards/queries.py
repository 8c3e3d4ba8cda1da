"""Reading a board with its counts."""

from typing import Any

from app import clock
from app.auth.actor import Actor
from app.boards import rules
from app.boards.cord import pull_json, pull_of
from app.boards.history import OpenBoard, read_board
from app.boards.membership import members_of
from app.boards.rules import Place
from app.db import Tx


def board_json(tx: Tx, actor: Actor, board: OpenBoard) -> dict[str, Any]:
    """A board as the API shows it."""
    shape, row = board.shape, board.row
    pull = pull_of(row)
    held = rules.usage(shape, board.counts)
    cards: dict[int, int] = {}
    for cell, count in board.counts.items():
        cards[cell.column_id] = cards.get(cell.column_id, 0) + count
    return {
        "id": row.id,
        "key": row.key,
        "name": row.name,
        "time_zone": row.time_zone,
        "wip_limit": row.wip_limit,
        "wip_count": held.get(Place(rules.BOARD, row.id), 0),
        "person_wip_limit": row.person_wip_limit,
        "seq": board.seq,
        "teams": board.teams,
        "andon": None if pull is None else pull_json(tx, pull),
        "sample": row.sample,
        "archived_at": clock.iso_or_none(row.archived_at),
        "created_at": clock.iso(row.created_at),
        "columns": [
            {
                **column._asdict(),
                "position": position,
                "card_count": cards.get(column.id, 0),
                "wip_count": held.get(Place(rules.COLUMN, column.id), 0),
            }
            for position, column in enumerate(shape.columns)
        ],
        "groups": [
            {**group._asdict(), "wip_count": held.get(Place(rules.GROUP, group.id), 0)}
            for group in shape.groups
        ],
        "lanes": [
            {
                **lane._asdict(),
                "position": position,
                "wip_count": held.get(Place(rules.LANE, lane.id), 0),
            }
            for position, lane in enumerate(shape.lanes)
        ],
        "members": [member._asdict() for member in members_of(tx, row.id)],
    }


def read_board_by_key(tx: Tx, actor: Actor, key: str) -> OpenBoard:
    """A board for reading."""
    return read_board(tx, actor, key=key)
