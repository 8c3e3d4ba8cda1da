"""A board's teams: adding one, renaming it, taking it off the list."""

from typing import Any, NamedTuple

import orjson
from sqlalchemy import bindparam, func, select, update

from app.auth.actor import Actor
from app.boards.history import MANAGER, Fact, OpenBoard, lock_board, read_board, record
from app.boards.service import write_board
from app.db import Query, Statement, Tx
from app.errors import AlreadyExists, Invalid, NotFound
from app.models import Card, Column

MOST_TEAMS = 50


class Carried(NamedTuple):
    """How many cards on the board carry a team."""

    team: str
    cards: int


_CARRIED = Query(
    select(Card.team.label("team"), func.count().label("cards"))
    .where(
        Card.board_id == bindparam("board_id"),
        Card.team.is_not(None),
        Card.discarded_at.is_(None),
    )
    .group_by(Card.team)
    .order_by(Card.team),
    Carried,
)
# What a card shows has changed, so it has another version.
_RENAME_ON_CARDS = Statement(
    update(Card)
    .where(Card.board_id == bindparam("board"), Card.team == bindparam("old"))
    .values(team=bindparam("new"), version=Card.version + 1)
)
_RENAME_ON_COLUMNS = Statement(
    update(Column)
    .where(Column.board_id == bindparam("board"), Column.team == bindparam("old"))
    .values(team=bindparam("new"))
)


def carried(tx: Tx, board_id: int) -> dict[str, int]:
    """How many cards carry each team, those that are on the board's list no more too."""
    return {row.team: row.cards for row in tx.all(_CARRIED, board_id=board_id)}


def add_team(tx: Tx, actor: Actor, key: str, name: str) -> OpenBoard:
    """Adds a team to a board's list."""
    board = lock_board(tx, actor, need=MANAGER, key=key)
    _check_new(board, name)
    return _with_teams(tx, actor, board, [*board.teams, name], {})


def rename_team(tx: Tx, actor: Actor, key: str, old: str, new: str) -> OpenBoard:
    """Gives a team another name, on the cards and columns that carry it too."""
    board = lock_board(tx, actor, need=MANAGER, key=key)
    _check_known(board, old)
    if old == new:
        return board
    _check_new(board, new)
    tx.run(_RENAME_ON_CARDS, board=board.id, old=old, new=new)
    tx.run(_RENAME_ON_COLUMNS, board=board.id, old=old, new=new)
    teams = [new if team == old else team for team in board.teams]
    return _with_teams(tx, actor, board, teams, {"renamed": {"from": old, "to": new}})


def remove_team(tx: Tx, actor: Actor, key: str, name: str) -> OpenBoard:
    """Takes a team off a board's list; cards and columns that carry it keep the word."""
    board = lock_board(tx, actor, need=MANAGER, key=key)
    _check_known(board, name)
    return _with_teams(tx, actor, board, [team for team in board.teams if team != name], {})


def _with_teams(
    tx: Tx, actor: Actor, board: OpenBoard, teams: list[str], data: dict[str, Any]
) -> OpenBoard:
    told = {"teams": {"from": board.teams, "to": teams}}
    write_board(tx, board.row, teams=orjson.dumps(teams).decode())
    record(tx, board, Fact("board.changed", None, {"action": "changed", "changes": told, **data}))
    return read_board(tx, actor, key=board.row.key)


def _check_known(board: OpenBoard, name: str) -> None:
    if name not in board.teams:
        raise NotFound


def _check_new(board: OpenBoard, name: str) -> None:
    if name in board.teams:
        raise AlreadyExists(f"The board has a team {name} already.")
    if len(board.teams) >= MOST_TEAMS:
        raise Invalid((("body", "name"), f"a board has at most {MOST_TEAMS} teams"))
