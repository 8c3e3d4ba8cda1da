"""The andon cord: pulling it, helping, releasing it with what was learnt."""

from typing import Any

from app import clock
from app.auth.actor import Actor
from app.auth.names import person_name
from app.boards.cord import Pull, pull_of, set_cord
from app.boards.history import Fact, OpenBoard, lock_board, record
from app.db import Tx
from app.errors import CordNotPulled, CordPulledAlready
from app.words import short_duration


def pull_cord(tx: Tx, actor: Actor, key: str, reason: str) -> OpenBoard:
    """Pulls the cord of a board: no new work is started until it is released. Whoever works on the
    board may; 409 where it is pulled already."""
    board = lock_board(tx, actor, key=key)
    there = pull_of(board.row)
    if there is not None:
        who = "" if there.by is None else f"{person_name(tx, there.by)} pulled the cord "
        since = f"{short_duration(board.now - there.at)} ago"
        said = f"{who}{since}" if who else f"The cord was pulled {since}"
        raise CordPulledAlready(f"{said}: {there.reason}")
    record(tx, board, Fact("andon.pulled", None, {"reason": reason}))
    set_cord(tx, board, Pull(board.seq, reason, board.now, board.actor_id))
    return board


def help_with_it(tx: Tx, actor: Actor, key: str) -> OpenBoard:
    """Tells everybody that one is helping with what the cord was pulled for; once is enough. 409
    where it is not pulled."""
    board, pull = _pulled(tx, actor, key)
    if actor.id not in pull.helpers:
        record(tx, board, Fact("andon.helped", None, {"pull": pull.seq}))
        set_cord(tx, board, pull._replace(helpers=(*pull.helpers, actor.id)))
    return board


def release_cord(
    tx: Tx, actor: Actor, key: str, learning: str = "", countermeasure: str = ""
) -> OpenBoard:
    """Releases the cord, with what was learnt and what keeps it from happening again; work may be
    started once more. 409 where it is not pulled."""
    board, pull = _pulled(tx, actor, key)
    told: dict[str, Any] = {
        "pull": pull.seq,
        "reason": pull.reason,
        "pulled_at": clock.iso(pull.at),
        "learning": learning,
        "countermeasure": countermeasure,
        "helper_ids": list(pull.helpers),
    }
    record(tx, board, Fact("andon.resolved", None, told))
    set_cord(tx, board, None)
    return board


def _pulled(tx: Tx, actor: Actor, key: str) -> tuple[OpenBoard, Pull]:
    board = lock_board(tx, actor, key=key)
    pull = pull_of(board.row)
    if pull is None:
        raise CordNotPulled(f"The cord of {board.row.name} is not pulled.")
    return board, pull
