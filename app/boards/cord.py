"""The andon cord of a board: whether it is pulled, by whom and why."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Select, bindparam, literal_column, select, update

from app import clock
from app.auth.names import names_of
from app.boards.history import BoardRow, OpenBoard
from app.boards.views import CordView
from app.db import Query, Statement, Tx
from app.models import RARE_EVENTS, Board, Event
from app.words import moment, short_duration


class Pull(NamedTuple):
    """A pull of the cord that has not been released; `by` None is the service itself."""

    seq: int  # of its event
    reason: str
    at: int
    by: int | None
    helpers: tuple[int, ...] = ()


class CordEvent(NamedTuple):
    """Something that happened to a board's cord."""

    seq: int
    at: int
    actor_id: int | None
    data: str


_of_a_board = select(Event.seq, Event.at, Event.actor_id, Event.data).where(
    Event.board_id == bindparam("board_id")
)


def select_pulls_or_releases(kind: str) -> Select[*tuple[Any, ...]]:
    """The statement of a board's pulls (`andon.pulled`) or releases (`andon.resolved`)."""
    # Without a parameter for the type, or the databases do not see that the index has them all.
    return _of_a_board.where(Event.type == literal_column(f"'{kind}'"), RARE_EVENTS)


_PULLED, _RELEASED = (
    Query(
        select_pulls_or_releases(kind).order_by(Event.at.desc(), Event.seq.desc()).limit(1),
        CordEvent,
    )
    for kind in ("andon.pulled", "andon.resolved")
)
_HELPED = Query(
    _of_a_board.where(Event.seq > bindparam("after"), Event.type == "andon.helped").order_by(
        Event.seq
    ),
    CordEvent,
)
_SET = Statement(
    update(Board).where(Board.id == bindparam("board_id")).values(andon=bindparam("andon"))
)


def pull_of(board: BoardRow) -> Pull | None:
    """The pull of a board's cord, None while it hangs."""
    if board.andon is None:
        return None
    facts = orjson.loads(board.andon)
    return Pull(**{**facts, "helpers": tuple(facts["helpers"])})


def set_cord(tx: Tx, board: OpenBoard, pull: Pull | None) -> None:
    """Writes down that the cord of a locked board is pulled, or that it hangs again."""
    andon = None if pull is None else orjson.dumps(pull._asdict()).decode()
    tx.run(_SET, board_id=board.id, andon=andon)
    board.row = board.row._replace(andon=andon)


def told_pull_of(tx: Tx, board: OpenBoard) -> Pull | None:
    """The pull of the cord as the history tells it; None where it tells that it hangs."""
    pulled = tx.first(_PULLED, board_id=board.id)
    released = tx.first(_RELEASED, board_id=board.id)
    if pulled is None or (released is not None and released.seq > pulled.seq):
        return None
    helped = tx.all(_HELPED, board_id=board.id, after=pulled.seq)
    helpers = tuple(row.actor_id for row in helped if row.actor_id is not None)
    reason = orjson.loads(pulled.data)["reason"]
    return Pull(pulled.seq, reason, pulled.at, pulled.actor_id, helpers)


def pull_json(tx: Tx, pull: Pull) -> dict[str, Any]:
    """A pull as the API shows it."""
    names = _names_in(tx, pull)
    return {
        "reason": pull.reason,
        "pulled_by": person_json(pull.by, names),
        "pulled_at": clock.iso(pull.at),
        "helpers": [person_json(user_id, names) for user_id in pull.helpers],
    }


def person_json(user_id: int | None, names: Mapping[int, str]) -> dict[str, Any] | None:
    """A person as the API names one; None is the service itself."""
    return None if user_id is None else {"id": user_id, "name": names.get(user_id, "")}


def _names_in(tx: Tx, pull: Pull) -> dict[int, str]:
    return names_of(tx, {*pull.helpers, *(() if pull.by is None else (pull.by,))})


def cord_view(tx: Tx, board: OpenBoard) -> CordView | None:
    """The pull of the cord as a page shows it to the person; None while it hangs."""
    pull = pull_of(board.row)
    if pull is None:
        return None
    names = _names_in(tx, pull)
    return CordView(
        reason=pull.reason,
        who="Weir" if pull.by is None else names.get(pull.by, ""),
        since=moment(pull.at, board.row.time_zone),
        ago=f"{short_duration(max(0, board.now - pull.at))} ago",
        helpers=[names.get(user_id, "") for user_id in pull.helpers],
        helps=board.actor_id in pull.helpers,
        may_work=board.may_work and board.row.archived_at is None,
        url=f"/boards/{board.row.key}/andon",
    )
