"""Reading boards: one with its counts, all that a person sees."""

from typing import Any, NamedTuple

from sqlalchemy import bindparam, case, func, or_, select, true
from sqlalchemy.orm import aliased

from app import clock
from app.auth.actor import Actor
from app.boards import rules
from app.boards.history import OpenBoard, read_board
from app.boards.rules import Place
from app.boards.service import members_of
from app.db import Query, Tx
from app.models import Board, Card, Cell, Column, Member, User
from app.paging import Page, page_json

_first = aliased(Column)


class _BoardLine(NamedTuple):
    id: int
    key: str
    name: str
    time_zone: str
    seq: int
    archived_at: int | None


_BOARDS = Query(
    select(Board.id, Board.key, Board.name, Board.time_zone, Board.seq, Board.archived_at)
    .where(
        Board.id > bindparam("after"),
        or_(
            bindparam("sees_all", type_=User.is_admin.type).is_(true()),
            select(Member.user_id)
            .where(Member.board_id == Board.id, Member.user_id == bindparam("user_id"))
            .exists(),
        ),
    )
    .order_by(Board.id),
    _BoardLine,
)


def list_boards(tx: Tx, actor: Actor, after: int = 0) -> list[_BoardLine]:
    """The boards that a person sees, the archived ones too, in the order of their making."""
    rows = tx.all(_BOARDS, after=after, sees_all=actor.is_admin, user_id=actor.id)
    return [row for row in rows if actor.reaches(row.id)]


def boards_json(tx: Tx, actor: Actor, page: Page) -> dict[str, Any]:
    """A page of the boards that a person sees."""
    rows = list_boards(tx, actor, page.after_id)
    return page_json(page, rows, lambda row: row.id, _line_json)


class BoardSummary(NamedTuple):
    """A board in the list of boards, with what is going on."""

    key: str
    name: str
    role: str | None  # None: seen as an administrator
    cards_open: int
    wip_words: str
    blocked: int
    archived_at: int | None


class _Going(NamedTuple):
    board_id: int
    cards_open: int
    in_process: int


class _LimitOf(NamedTuple):
    board_id: int
    wip_limit: int | None


class _RoleOn(NamedTuple):
    board_id: int
    role: str


class _BlockedOn(NamedTuple):
    board_id: int
    blocked: int


# One statement for the open cards of all boards: the cells of columns that are not `done`.
_GOING = Query(
    select(
        Cell.board_id,
        func.sum(Cell.card_count).label("cards_open"),
        func.sum(
            case(
                (
                    Column.position
                    >= select(func.min(_first.position))
                    .where(
                        _first.board_id == Cell.board_id,
                        _first.kind == "active",
                        _first.deleted_at.is_(None),
                    )
                    .scalar_subquery(),
                    Cell.card_count,
                ),
                else_=0,
            )
        ).label("in_process"),
    )
    .join(Column, Column.id == Cell.column_id)
    .where(Column.deleted_at.is_(None), Column.kind != "done")
    .group_by(Cell.board_id),
    _Going,
)
_BLOCKED = Query(
    select(Card.board_id, func.count().label("blocked"))
    .where(
        Card.block_id.is_not(None),
        Card.discarded_at.is_(None),
        Card.archived_at.is_(None),
        Card.done_at.is_(None),
    )
    .group_by(Card.board_id),
    _BlockedOn,
)
_ROLES = Query(
    select(Member.board_id, Member.role).where(Member.user_id == bindparam("user_id")), _RoleOn
)
_LIMITS = Query(
    select(Board.id.label("board_id"), Board.wip_limit.label("wip_limit")),
    _LimitOf,
)


def board_lines(tx: Tx, actor: Actor) -> list[BoardSummary]:
    """The boards that a person sees with what is going on; the same few statements for any number
    of boards and cards. Archived boards come last."""
    going = {row.board_id: row for row in tx.all(_GOING)}
    blocked = {row.board_id: row.blocked for row in tx.all(_BLOCKED)}
    roles = {row.board_id: row.role for row in tx.all(_ROLES, user_id=actor.id)}
    limits = {row.board_id: row.wip_limit for row in tx.all(_LIMITS)}
    lines = []
    for row in list_boards(tx, actor):
        now = going.get(row.id)
        count = 0 if now is None else int(now.in_process)
        limit = limits[row.id]
        lines.append(
            BoardSummary(
                key=row.key,
                name=row.name,
                role=roles.get(row.id),
                cards_open=0 if now is None else int(now.cards_open),
                wip_words=str(count) if limit is None else f"{count} / {limit}",
                blocked=blocked.get(row.id, 0),
                archived_at=row.archived_at,
            )
        )
    return sorted(lines, key=lambda line: (line.archived_at is not None, line.name.lower()))


def board_json(tx: Tx, actor: Actor, board: OpenBoard) -> dict[str, Any]:
    """A board as the API shows it."""
    shape, row = board.shape, board.row
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
        "andon": None,
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


def _line_json(row: _BoardLine) -> dict[str, Any]:
    return {**row._asdict(), "archived_at": clock.iso_or_none(row.archived_at)}
