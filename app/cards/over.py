"""Why a place holds more than its limit: nothing comes in past one, so the limit came down.

Asked once for each shape of a board that has such a place, and kept in the process's memory.
"""

from collections.abc import Mapping
from typing import NamedTuple

import orjson
from sqlalchemy import bindparam, select

from app.boards.history import OpenBoard
from app.boards.rules import Place, limits, usage
from app.clock import MINUTE
from app.db import Query, Tx
from app.models import RARE_EVENTS, Event
from app.words import short_duration

NO_REASON = "Over its limit: nothing comes in until it is under it."


class _Change(NamedTuple):
    at: int
    data: str


class _Fall(NamedTuple):
    before: int | None
    after: int
    at: int


class _Kept(NamedTuple):
    shape: int
    falls: dict[Place, _Fall]


_CHANGES = Query(
    select(Event.at, Event.data)
    .where(
        Event.board_id == bindparam("board_id"),
        Event.type == "limit.changed",
        RARE_EVENTS,
    )
    .order_by(Event.at, Event.seq),
    _Change,
)


def reasons_of(tx: Tx, board: OpenBoard) -> Mapping[Place, str]:
    """What the head of each place says that holds more than its limit."""
    held = usage(board.shape, board.counts)
    over = [(place, limit) for place, _, limit in limits(board.shape) if held.get(place, 0) > limit]
    if not over:
        return {}
    falls = _falls_of(tx, board)
    return {place: _words(falls.get(place), limit, board.now) for place, limit in over}


def _falls_of(tx: Tx, board: OpenBoard) -> dict[Place, _Fall]:
    """The last change of each place's limit, where it came down by that."""
    key = ("falls", board.id)
    kept: _Kept | None = tx.memory.get(key)
    if kept is None or kept.shape != board.row.shape:
        falls: dict[Place, _Fall] = {}
        for change in tx.all(_CHANGES, board_id=board.id):
            facts = orjson.loads(change.data)
            before, after = facts["from"], facts["to"]
            place = Place(facts["scope"], facts["place"]["id"])
            falls.pop(place, None)
            if after is not None and (before is None or after < before):
                falls[place] = _Fall(before, after, change.at)
        kept = tx.memory[key] = _Kept(board.row.shape, falls)
    return kept.falls


def _words(fall: _Fall | None, limit: int, now: int) -> str:
    if fall is None or fall.after != limit:
        return NO_REASON
    how = "was set" if fall.before is None else f"fell from {fall.before} to {limit}"
    ago = now - fall.at
    when = " just now" if ago < MINUTE else f", {short_duration(ago)} ago"
    return f"Over since the limit {how}{when}."
