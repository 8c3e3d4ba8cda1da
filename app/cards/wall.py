"""The board with its cards as a page shows it: every word chosen, every card's HTML at hand.

A board's cells are kept by the number of its newest event, as each card's HTML is kept by its
version (see faces.py). So a page costs what has changed, not what is there.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from markupsafe import Markup
from sqlalchemy import bindparam, func, select

from app import clock
from app.boards.cord import cord_view
from app.boards.history import OpenBoard
from app.boards.membership import members_of
from app.boards.shape import DONE, Cell
from app.boards.views import BoardView, CellView, Person, SectionView
from app.cards.faces import FaceRow, Painter, full_people, person_of, select_faces
from app.cards.filters import CardFilter
from app.cards.heads import DONE_SHOWN, Heads
from app.cards.over import reasons_of
from app.cards.queries import cards_found
from app.db import Query, Statement, Tx
from app.models import Card
from app.models import Column as ColumnTable
from app.web import Web
from app.words import short_duration


class _Neighbour(NamedTuple):
    id: int
    rank: int


_OPEN_FACES = Query(
    select_faces()
    .join(ColumnTable, ColumnTable.id == Card.column_id)
    .where(
        ColumnTable.board_id == bindparam("board_id"),
        ColumnTable.deleted_at.is_(None),
        ColumnTable.kind != DONE,
    )
    .order_by(Card.column_id, Card.lane_id, Card.rank, Card.id),
    FaceRow,
)
_DONE_FACES = Query(
    select_faces()
    .where(Card.column_id == bindparam("column_id"), Card.lane_id == bindparam("lane_id"))
    .order_by(Card.rank.desc(), Card.id.desc())
    .limit(DONE_SHOWN),
    FaceRow,
)
_FACE = Query(select_faces().where(Card.id == bindparam("card_id")), FaceRow)
_BLOCKED = Statement(
    select(func.count())
    .select_from(Card)
    .join(ColumnTable, ColumnTable.id == Card.column_id)
    .where(
        Card.board_id == bindparam("board_id"),
        Card.block_id.is_not(None),
        Card.archived_at.is_(None),
        Card.discarded_at.is_(None),
        Card.done_at.is_(None),
        ColumnTable.deleted_at.is_(None),
    )
)
_IN_FRONT = Query(
    select(Card.id, Card.rank)
    .where(
        Card.column_id == bindparam("column_id"),
        Card.lane_id == bindparam("lane_id"),
        Card.rank < bindparam("rank"),
        Card.archived_at.is_(None),
        Card.discarded_at.is_(None),
    )
    .order_by(Card.rank.desc(), Card.id.desc())
    .limit(1),
    _Neighbour,
)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A card that has changed, and where in its list it belongs."""

    list_id: str
    after: int | None
    html: Markup


@dataclass(frozen=True, slots=True)
class _Wall:
    """A board's cells as they were at an event."""

    mark: tuple[Any, ...]
    cards: Mapping[Cell, list[tuple[int, Markup]]]
    html: Mapping[Cell, Markup]
    tickers: Mapping[int, list[str]]
    blocked: int
    full: Mapping[int, str]


class Match(NamedTuple):
    """The cards of a board's page that a filter leaves to be seen: which, where, of how many."""

    ids: frozenset[int]
    counts: Mapping[Cell, int]
    total: int


def match(tx: Tx, web: Web, board: OpenBoard, wanted: CardFilter | None) -> Match:
    """The cards of the board's page that a filter finds; all of them without one."""
    cards = _wall(tx, web, board).cards
    shown = {cell: [card_id for card_id, _ in parts] for cell, parts in cards.items()}
    everything = frozenset(i for ids in shown.values() for i in ids)
    if wanted is None:
        return Match(everything, {}, len(everything))
    done = [i for cell, ids in shown.items() if cell.column_id in board.shape.done for i in ids]
    found = cards_found(tx, board.id, wanted, done) & everything
    counts = {cell: sum(i in found for i in ids) for cell, ids in shown.items()}
    return Match(found, counts, len(everything))


def board_view(tx: Tx, web: Web, board: OpenBoard, match: Match | None = None) -> BoardView:
    """A whole board as its page shows it; with a filter the cards that do not match are hidden."""
    wall = _wall(tx, web, board)
    some = None if match is None else match.counts
    heads = Heads(board, wall.tickers, some, reasons_of(tx, board))
    # What is expedited stands on top, wherever its lane is in the order of lanes.
    lanes = sorted(board.shape.lanes, key=lambda lane: not lane.expedite)
    sections: list[SectionView] = []
    for column in board.shape.columns:
        view = heads.column(column)
        for lane in lanes:
            cell = Cell(column.id, lane.id)
            html = wall.html.get(cell, Markup())
            if match is not None:
                html = _hiding(wall.cards.get(cell, []), match.ids)
            view.cells.append(
                CellView(column.id, lane.id, f"cell-{column.id}-{lane.id}", html, not html)
            )
        last = sections[-1] if sections else None
        if column.group_id is None:
            sections.append(SectionView(None, [view]))
        elif last is not None and last.group is not None and last.group.id == column.group_id:
            last.columns.append(view)
        else:
            group = heads.group(board.shape.group[column.group_id])
            sections.append(SectionView(group, [view]))
    return BoardView(
        id=board.id,
        key=board.row.key,
        name=board.row.name,
        seq=board.seq,
        url=f"/boards/{board.row.key}",
        archived=board.row.archived_at is not None,
        sample=board.row.sample,
        may_work=board.may_work and board.row.archived_at is None,
        may_manage=board.may_manage and board.row.archived_at is None,
        manages=board.may_manage,
        gauge=heads.board(),
        person_limit=board.row.person_wip_limit,
        blocked_count=wall.blocked,
        over_count=heads.over(),
        cards_total=sum(board.counts.values()),
        sections=sections,
        lanes=[heads.lane(lane) for lane in lanes],
        show_lanes=len(board.shape.lanes) > 1,
        people=people_of(tx, board, wall.full),
        cord=cord_view(tx, board),
    )


def columns_html(tx: Tx, web: Web, board: OpenBoard, view: BoardView) -> Markup:
    """A board's columns without a filter, a notice or anything typed: rendered once for those who
    may do the same, until something happens or a minute has passed."""
    mark = _mark(board)
    key = ("columns", board.id, view.may_work, view.may_manage)
    known: tuple[Any, Markup] | None = tx.memory.get(key)
    if known is None or known[0] != mark:
        html = web.render("boards/_columns.html", board=view, notice=None, typed=None)
        known = tx.memory[key] = (mark, Markup(html))  # noqa: S704 - a template's own text
    return known[1]


def people_of(tx: Tx, board: OpenBoard, full: Mapping[int, str] | None = None) -> list[Person]:
    """The members of a board as faces; `full` says whose limit is reached, where that is known."""
    full = full_people(tx, board) if full is None else full
    return [person_of(row.user_id, row.name, full) for row in members_of(tx, board.id)]


def _hiding(cards: Iterable[tuple[int, Markup]], found: Collection[int]) -> Markup:
    # Ready HTML is taken apart as text, since joining Markup would look at every character of it.
    parts: list[str] = []
    for card_id, html in cards:
        parts += [html] if card_id in found else ["<li hidden", html[3:]]
    return Markup("".join(parts))  # noqa: S704 - it was Markup before


def arrivals_of(
    tx: Tx, web: Web, board: OpenBoard, card_ids: Collection[int]
) -> tuple[list[Arrival], list[int]]:
    """Changed cards with their places, top to bottom, and those that are on the board no more."""
    rows = []
    gone = []
    for card_id in card_ids:
        row = tx.first(_FACE, card_id=card_id)
        if row is None or row.column_id not in board.shape.column:
            gone.append(card_id)
        else:
            rows.append(row)
    rows.sort(key=lambda row: (row.column_id, row.lane_id, row.rank, row.id))
    painted = Painter(tx, web, board).cards(rows)
    arrivals = []
    for row, html in zip(rows, painted, strict=True):
        at = {"column_id": row.column_id, "lane_id": row.lane_id, "rank": row.rank}
        front = tx.first(_IN_FRONT, **at)
        list_id = f"cell-{row.column_id}-{row.lane_id}"
        arrivals.append(Arrival(list_id, None if front is None else front.id, html))
    return arrivals, gone


def tickers_of(
    tx: Tx, board: OpenBoard, rows: Iterable[FaceRow] | None = None
) -> dict[int, list[str]]:
    """For each expedite lane a line a card that is under way in it."""
    lanes = {lane.id for lane in board.shape.lanes if lane.expedite}
    if not any(count for cell, count in board.counts.items() if cell.lane_id in lanes):
        return {}
    now = board.now - board.now % clock.MINUTE
    tickers: dict[int, list[str]] = {}
    for row in tx.all(_OPEN_FACES, board_id=board.id) if rows is None else rows:
        if row.lane_id in lanes and row.column_id in board.shape.started:
            age = short_duration(now - row.started_at) if row.started_at else ""
            column = board.shape.column[row.column_id].name
            line = f"{board.row.key}-{row.number} {row.title} · in {column}"
            tickers.setdefault(row.lane_id, []).append(f"{line} · {age}" if age else line)
    return tickers


def blocked_count(tx: Tx, board: OpenBoard) -> int:
    """How many unfinished cards of a board are blocked."""
    return int(tx.scalar(_BLOCKED, board_id=board.id))


def _mark(board: OpenBoard) -> tuple[int, int, int]:
    """What a board shows is the same under the same mark."""
    return board.seq, board.row.shape, board.now // clock.MINUTE


def _wall(tx: Tx, web: Web, board: OpenBoard) -> _Wall:
    mark = _mark(board)
    key = ("wall", board.id, board.may_work)
    known: _Wall | None = tx.memory.get(key)
    if known is not None and known.mark == mark:
        return known
    rows = tx.all(_OPEN_FACES, board_id=board.id)
    for column in board.shape.columns:
        if column.kind != DONE:
            continue
        for lane in board.shape.lanes:
            if board.counts.get(Cell(column.id, lane.id)):
                newest = tx.all(_DONE_FACES, column_id=column.id, lane_id=lane.id)
                rows += reversed(newest)
    cells: dict[Cell, list[tuple[int, Markup]]] = {}
    blocked = 0
    painter = Painter(tx, web, board)
    for row, html in zip(rows, painter.cards(rows), strict=True):
        cells.setdefault(Cell(row.column_id, row.lane_id), []).append((row.id, html))
        blocked += row.block_since is not None and row.done_at is None
    wall = _Wall(
        mark=mark,
        cards=cells,
        html={cell: Markup("").join(html for _, html in parts) for cell, parts in cells.items()},
        tickers=tickers_of(tx, board, rows),
        blocked=blocked,
        full=painter.full,
    )
    tx.memory[key] = wall
    return wall
