"""A board's markers: moments that its charts show, set by a manager in words."""

from typing import Any, NamedTuple

from sqlalchemy import BigInteger, bindparam, delete, func, insert, or_, select

from app import clock
from app.auth.actor import Actor
from app.boards.history import MANAGER, Fact, OpenBoard, lock_board, record
from app.days import start_of
from app.db import Query, Statement, Tx
from app.errors import Conflict, NotFound
from app.models import Marker, User

MOST_MARKERS = 1_000


class MarkerRow(NamedTuple):
    """A marker, and who set it."""

    id: int
    at: int
    words: str
    created_at: int
    created_by: int | None
    creator_name: str | None


class _IdRow(NamedTuple):
    id: int


_SELECT = (
    select(
        Marker.id,
        Marker.at,
        Marker.words,
        Marker.created_at,
        Marker.created_by,
        User.name.label("creator_name"),
    )
    .outerjoin(User, User.id == Marker.created_by)
    .where(Marker.board_id == bindparam("board_id"))
)
_ONE = Query(_SELECT.where(Marker.id == bindparam("marker_id")), MarkerRow)
_BETWEEN = Query(
    _SELECT.where(
        Marker.at >= bindparam("start", type_=BigInteger),
        Marker.at < bindparam("end", type_=BigInteger),
    ).order_by(Marker.at, Marker.id),
    MarkerRow,
)
_PAGE = Query(
    _SELECT.where(
        or_(
            Marker.at < bindparam("at", type_=BigInteger),
            (Marker.at == bindparam("at", type_=BigInteger))
            & (Marker.id < bindparam("marker_id", type_=BigInteger)),
        )
    )
    .order_by(Marker.at.desc(), Marker.id.desc())
    .limit(bindparam("some", type_=BigInteger)),
    MarkerRow,
)
_COUNT = Statement(
    select(func.count()).select_from(Marker).where(Marker.board_id == bindparam("board_id"))
)
_ADD = Query(
    insert(Marker)
    .values({name: bindparam(name) for name in ("board_id", *MarkerRow._fields[1:5])})
    .returning(Marker.id),
    _IdRow,
)
_DELETE = Statement(delete(Marker).where(Marker.id == bindparam("marker_id")))
_NEWEST = (2**62, 2**62)


def add_marker(tx: Tx, actor: Actor | None, key: str, at: str | int, words: str) -> MarkerRow:
    """Sets a marker at a moment, or at the beginning of a day in the board's zone."""
    board = lock_board(tx, actor, need=MANAGER, key=key)
    if tx.scalar(_COUNT, board_id=board.id) >= MOST_MARKERS:
        raise Conflict(f"A board has at most {MOST_MARKERS:,} markers. Delete some first.")
    values = {
        "at": start_of(at, board.row.time_zone),
        "words": words,
        "created_at": board.now,
        "created_by": board.actor_id,
    }
    marker_id = tx.one(_ADD, board_id=board.id, **values).id
    marker = tx.one(_ONE, board_id=board.id, marker_id=marker_id)
    record(tx, board, Fact("marker.added", None, _told(marker)))
    return marker


def delete_marker(tx: Tx, actor: Actor | None, key: str, marker_id: int) -> MarkerRow:
    """Takes a marker away; the history still knows its words."""
    board = lock_board(tx, actor, need=MANAGER, key=key)
    marker = tx.first(_ONE, board_id=board.id, marker_id=marker_id)
    if marker is None:
        raise NotFound
    tx.run(_DELETE, marker_id=marker_id)
    record(tx, board, Fact("marker.deleted", None, _told(marker)))
    return marker


def markers_between(tx: Tx, board: OpenBoard, start: int, end: int) -> list[MarkerRow]:
    """An opened board's markers within a window, in the order of time."""
    return tx.all(_BETWEEN, board_id=board.id, start=start, end=end)


def newest_markers(
    tx: Tx, board: OpenBoard, some: int, after: tuple[int, int] = _NEWEST
) -> list[MarkerRow]:
    """An opened board's markers, the last in time first, behind that of the time and id `after`."""
    at, marker_id = after
    return tx.all(_PAGE, board_id=board.id, at=at, marker_id=marker_id, some=some)


def marker_json(marker: MarkerRow) -> dict[str, Any]:
    """A marker as the API shows it."""
    return {
        "id": marker.id,
        "at": clock.iso(marker.at),
        "words": marker.words,
        "created_at": clock.iso(marker.created_at),
        "created_by": None
        if marker.created_by is None
        else {"id": marker.created_by, "name": marker.creator_name},
    }


def _told(marker: MarkerRow) -> dict[str, Any]:
    return {"marker_id": marker.id, "at": clock.iso(marker.at), "words": marker.words}
