"""Writing a board of any size that has been played, whole and at once."""

from typing import Any

from sqlalchemy import bindparam, update

from app.auth.actor import Actor
from app.boards.history import OpenBoard, read_board
from app.boards.service import create_board, write_board
from app.cards import bulk_load
from app.db import Statement, Tx
from app.models import Board, Column, Event, Group, Lane
from app.samples import lessons
from app.samples.looks import LABELS
from app.samples.playing import Played, Progress
from app.samples.rows import Writer
from app.samples.scale import GROUP, LANE
from app.samples.service import SET_SAMPLE, free_key
from app.samples.telling import places_of
from app.shaping.labels import add_label
from app.shaping.service import change_column, change_group, change_lane

_BEGUN_THEN = Statement(
    update(Board).where(Board.id == bindparam("board")).values(created_at=bindparam("then"))
)
_HAPPENED_THEN = Statement(
    update(Event).where(Event.board_id == bindparam("board")).values(at=bindparam("then"))
)
_SET_LIMIT = {
    scope: Statement(
        update(table).where(table.id == bindparam("place")).values(wip_limit=bindparam("limit"))
    )
    for scope, table in (("column", Column), ("group", Group), ("lane", Lane))
}


def write_board_played(tx: Tx, actor: Actor, played: Played, progress: Progress) -> OpenBoard:
    """Writes a board that was played; whoever makes it is its manager, and did all that happened.
    Without a key it gets the first of SAMPLE, SAMPLE2, ... that is free."""
    tx.take_its_time()
    wish = played.wish
    key = wish.key or free_key(tx)
    board = create_board(
        tx, actor, key, wish.name or f"Sample: {wish.cards:,} cards", wish.time_zone
    )
    board, labels = _set_up(tx, actor, board, played)
    writer = Writer(tx, actor, board, played, labels)
    for share in writer.write_cards():
        progress("cards", share)
    for share in writer.write_events():
        progress("history", share)
    writer.write_ends()
    _set_last_limits(tx, board, played)
    if wish.cards >= bulk_load.MANY_CARDS:
        bulk_load.measure_tables(tx)
    return read_board(tx, actor, key=key)


def _set_up(
    tx: Tx, actor: Actor, board: OpenBoard, played: Played
) -> tuple[OpenBoard, dict[str, int]]:
    """Gives the board what it begins with, at the time at which it began; the labels' ids."""
    key, limits = board.row.key, played.first_limits
    for step, column in enumerate(board.shape.columns):
        changes: dict[str, Any] = {}
        if column.name in lessons.POLICIES:
            changes["policy"] = lessons.POLICIES[column.name]
        if step in limits:
            changes["wip_limit"] = limits[step]
        if changes:
            change_column(tx, actor, column.id, changes)
    places = places_of(board.shape)
    change_group(tx, actor, places[GROUP].id, {"wip_limit": limits[GROUP]})
    change_lane(tx, actor, places[LANE].id, {"wip_limit": limits[LANE]})
    labels = {name: add_label(tx, actor, key, name, lessons.COLORS[name]).id for name in LABELS}
    tx.run(SET_SAMPLE, board=board.id)
    tx.run(_BEGUN_THEN, board=board.id, then=played.start)
    tx.run(_HAPPENED_THEN, board=board.id, then=played.start)
    return read_board(tx, actor, key=key), labels


def _set_last_limits(tx: Tx, board: OpenBoard, played: Played) -> None:
    places = places_of(board.shape)
    for place, limit in played.last_limits.items():
        tx.run(_SET_LIMIT[places[place].scope], place=places[place].id, limit=limit)
    # With another number of its shape nobody remembers the limits from before.
    write_board(tx, board.row)
