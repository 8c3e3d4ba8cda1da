"""The board with its cards as a page shows it: every word chosen, every card's HTML at hand.

A card's HTML is kept by card, version and the words that time changes; a board's cells are kept by
the number of its newest event. So a page costs what has changed, not what is there.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from markupsafe import Markup
from sqlalchemy import Select, bindparam, func, select

from app import clock
from app.boards import rules
from app.boards.history import OpenBoard
from app.boards.rules import Place
from app.boards.service import members_of
from app.boards.shape import DONE, Cell, Column, Group, Lane
from app.boards.views import (
    BoardView,
    CardFace,
    CellView,
    ColumnView,
    Gauge,
    GroupView,
    LaneView,
    Person,
    SectionView,
)
from app.cards.labels import ids, names_of, read_labels
from app.cards.rows import CardRow
from app.days import day_of
from app.db import Query, Statement, Tx
from app.models import BlockedInterval, Card
from app.models import Column as ColumnTable
from app.web import Web, initials
from app.words import due_words, short_duration

DONE_SHOWN = 50
METER_SEGMENTS = 12
KEPT_FACES = 20_000
DUE_SOON_DAYS = 2


class FaceRow(NamedTuple):
    """What a card's face needs of it."""

    id: int
    number: int
    title: str
    version: int
    column_id: int
    lane_id: int
    rank: int
    work_type: str
    service_class: str
    team: str | None
    due_on: str | None
    assignee_ids: str
    label_ids: str
    started_at: int | None
    done_at: int | None
    block_reason: str | None
    block_since: int | None


class _Neighbour(NamedTuple):
    id: int
    rank: int


def _select_faces() -> Select[*tuple[Any, ...]]:
    return (
        select(
            Card.id,
            Card.number,
            Card.title,
            Card.version,
            Card.column_id,
            Card.lane_id,
            Card.rank,
            Card.work_type,
            Card.service_class,
            Card.team,
            Card.due_on,
            Card.assignee_ids,
            Card.label_ids,
            Card.started_at,
            Card.done_at,
            BlockedInterval.reason.label("block_reason"),
            BlockedInterval.started_at.label("block_since"),
        )
        .select_from(Card)
        .outerjoin(BlockedInterval, BlockedInterval.id == Card.block_id)
        .where(Card.archived_at.is_(None), Card.discarded_at.is_(None))
    )


_OPEN_FACES = Query(
    _select_faces()
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
    _select_faces()
    .where(Card.column_id == bindparam("column_id"), Card.lane_id == bindparam("lane_id"))
    .order_by(Card.rank.desc(), Card.id.desc())
    .limit(DONE_SHOWN),
    FaceRow,
)
_FACE = Query(_select_faces().where(Card.id == bindparam("card_id")), FaceRow)
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
    html: Mapping[Cell, Markup]
    tickers: Mapping[int, list[str]]
    blocked: int


class Painter:
    """Makes the HTML of a board's cards for one viewer at one moment (of a minute)."""

    def __init__(self, tx: Tx, web: Web, board: OpenBoard) -> None:
        self.tx = tx
        self.web = web
        self.board = board
        # Words of time change by the minute, so what is made of them can be kept that long.
        self.now = board.now - board.now % clock.MINUTE
        self.today = day_of(self.now, board.row.time_zone)
        template: Any = web.templates.get_template("boards/_card.html").module
        self._item = template.card_item
        self._labels: dict[int, str] | None = None
        self._people: dict[int, str] = {}
        self._faces: dict[int, Person] = {}

    def cards(self, rows: Iterable[FaceRow]) -> list[Markup]:
        """The HTML of some cards."""
        rows = list(rows)
        missing = {i for row in rows for i in ids(row.assignee_ids)} - self._people.keys()
        if missing:
            self._people.update(names_of(self.tx, missing))
        faces: dict[Any, Markup] = self.tx.memory.setdefault("faces", {})
        if len(faces) > KEPT_FACES:
            faces.clear()
        shape = self.board.row.shape
        may_work = self.board.may_work
        people = tuple(sorted(self._people.items()))
        made = []
        for row in rows:
            key = (
                row.id,
                row.version,
                self._age(row),
                self._blocked(row),
                self.today if row.due_on else None,
                may_work,
                shape,
                people if row.assignee_ids != "[]" else None,
            )
            html = faces.get(key)
            if html is None:
                html = faces[key] = self._item(self.face(row))
            made.append(html)
        return made

    def face(self, row: FaceRow) -> CardFace:
        """A card's face in words."""
        shape = self.board.shape
        column = shape.column[row.column_id]
        lane = shape.lane[row.lane_id]
        assignees = [self._face_of(i) for i in ids(row.assignee_ids)]
        labels = sorted(self._label_names()[i] for i in ids(row.label_ids))
        due = None if row.due_on is None else date.fromisoformat(row.due_on)
        age, blocked = self._age(row), self._blocked(row)
        ref = f"{self.board.row.key}-{row.number}"
        expedite = lane.expedite or row.service_class == "expedite"
        due_text = None if due is None or row.done_at else due_words(due, self.today)
        said = [ref]
        if row.team:
            said.append(row.team.capitalize())
        if expedite:
            said.append("expedite")
        if assignees:
            said.append("assigned to " + ", ".join(person.name for person in assignees))
        if due_text:
            said.append(due_text.lower())
        if age:
            said.append(f"age {age}")
        if blocked:
            said.append(f"blocked: {blocked}")
        return CardFace(
            id=row.id,
            number=row.number,
            ref=ref,
            url=f"/boards/{self.board.row.key}/cards/{row.number}",
            dom_id=f"card-{row.id}",
            list_id=f"cell-{row.column_id}-{row.lane_id}",
            version=row.version,
            title=row.title,
            team=row.team,
            team_class=row.team if row.team in {"dev", "ops"} else "other",
            work_type=row.work_type,
            service_class=row.service_class,
            due_text=due_text,
            due_soon=due is not None and (due - self.today).days <= DUE_SOON_DAYS,
            expedite=expedite,
            assignees=assignees,
            labels=labels,
            blocked_text=blocked,
            age_text=age,
            spoken=", ".join(said),
            column_name=column.name,
            may_work=self.board.may_work,
        )

    def _age(self, row: FaceRow) -> str | None:
        if row.started_at is None or row.done_at is not None:
            return None
        return short_duration(self.now - row.started_at)

    def _blocked(self, row: FaceRow) -> str | None:
        if row.block_since is None:
            return None
        return f"{row.block_reason} · {short_duration(self.now - row.block_since)}"

    def _label_names(self) -> dict[int, str]:
        if self._labels is None:
            self._labels = read_labels(self.tx, self.board.id)
        return self._labels

    def _face_of(self, user_id: int) -> Person:
        face = self._faces.get(user_id)
        if face is None:
            if user_id not in self._people:
                self._people.update(names_of(self.tx, {user_id}))
            face = self._faces[user_id] = person_of(user_id, self._people[user_id])
        return face


def person_of(user_id: int, name: str) -> Person:
    """A person as a face."""
    return Person(user_id, name, initials(name), f"hue-{user_id % 8}")


def face_of(tx: Tx, web: Web, board: OpenBoard, card: CardRow) -> CardFace:
    """A card's face, for the pages of one card; a deleted column or lane is no hindrance."""
    row = FaceRow(
        id=card.id,
        number=card.number,
        title=card.title,
        version=card.version,
        column_id=card.column_id
        if card.column_id in board.shape.column
        else board.shape.columns[0].id,
        lane_id=card.lane_id if card.lane_id in board.shape.lane else board.shape.default_lane.id,
        rank=card.rank,
        work_type=card.work_type,
        service_class=card.service_class,
        team=card.team,
        due_on=card.due_on,
        assignee_ids=card.assignee_ids,
        label_ids=card.label_ids,
        started_at=card.started_at,
        done_at=card.done_at,
        block_reason=card.block_reason,
        block_since=card.block_since,
    )
    return Painter(tx, web, board).face(row)


def board_view(tx: Tx, web: Web, board: OpenBoard) -> BoardView:
    """A whole board as its page shows it."""
    wall = _wall(tx, web, board)
    heads = Heads(board, wall.tickers)
    sections: list[SectionView] = []
    for column in board.shape.columns:
        view = heads.column(column)
        for lane in board.shape.lanes:
            cell = Cell(column.id, lane.id)
            html = wall.html.get(cell, Markup())
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
        may_work=board.may_work and board.row.archived_at is None,
        may_manage=board.may_manage and board.row.archived_at is None,
        gauge=heads.board(),
        blocked_count=wall.blocked,
        cards_total=sum(board.counts.values()),
        sections=sections,
        lanes=[heads.lane(lane) for lane in board.shape.lanes],
        show_lanes=len(board.shape.lanes) > 1,
        people=[person_of(row.user_id, row.name) for row in members_of(tx, board.id)],
    )


class Heads:
    """The headers of a board's columns, groups and lanes: what is in them, against their limits."""

    def __init__(self, board: OpenBoard, tickers: Mapping[int, list[str]]) -> None:
        self._board = board
        self._held = rules.usage(board.shape, board.counts)
        self._tickers = tickers
        self._in_column: dict[int, int] = {}
        self._in_lane: dict[int, int] = {}
        self._unfinished: dict[int, int] = {}
        for cell, count in board.counts.items():
            self._in_column[cell.column_id] = self._in_column.get(cell.column_id, 0) + count
            self._in_lane[cell.lane_id] = self._in_lane.get(cell.lane_id, 0) + count
            column = board.shape.column.get(cell.column_id)
            if column is not None and column.kind != DONE:
                self._unfinished[cell.lane_id] = self._unfinished.get(cell.lane_id, 0) + count

    def column(self, column: Column) -> ColumnView:
        """A column's header."""
        total = self._in_column.get(column.id, 0)
        # Without a limit the count is of all cards that stand there, expedite ones too.
        held = total
        if column.wip_limit is not None:
            held = self._held.get(Place(rules.COLUMN, column.id), 0)
        hidden = 0
        if column.kind == DONE:
            hidden = sum(
                max(0, self._board.counts.get(Cell(column.id, lane.id), 0) - DONE_SHOWN)
                for lane in self._board.shape.lanes
            )
        return ColumnView(
            id=column.id,
            name=column.name,
            kind=column.kind,
            team=column.team,
            policy=column.policy,
            gauge=gauge(column.name, column.wip_limit, held),
            card_count=total,
            in_group=column.group_id is not None,
            url=f"/boards/{self._board.row.key}#col-{column.id}",
            hidden_done=hidden,
        )

    def group(self, group: Group) -> GroupView:
        """A group's header."""
        held = self._held.get(Place(rules.GROUP, group.id), 0)
        return GroupView(group.id, group.name, gauge(group.name, group.wip_limit, held))

    def lane(self, lane: Lane) -> LaneView:
        """A lane's header."""
        # Without a limit the count is of all cards that are not done.
        held = self._unfinished.get(lane.id, 0)
        if lane.wip_limit is not None:
            held = self._held.get(Place(rules.LANE, lane.id), 0)
        return LaneView(
            id=lane.id,
            name=lane.name,
            expedite=lane.expedite,
            gauge=gauge(lane.name, lane.wip_limit, held),
            card_count=self._in_lane.get(lane.id, 0),
            ticker=self._tickers.get(lane.id, []),
        )

    def board(self) -> Gauge:
        """The board's own limit."""
        row = self._board.row
        return gauge(row.name, row.wip_limit, self._held.get(Place(rules.BOARD, row.id), 0))


def gauge(name: str, limit: int | None, held: int) -> Gauge:
    """A limit and how full its place is, in words and segments."""
    if limit is None:
        return Gauge(None, held, "none", str(held), f"{name}, {held}", None, 0)
    state = "over" if held > limit else "at" if held == limit else "under"
    word = {"over": "over", "at": "full", "under": ""}[state]
    segments = None
    if limit <= METER_SEGMENTS:
        segments = [index < held for index in range(limit)]
    return Gauge(
        wip_limit=limit,
        wip_count=held,
        state=state,
        words=f"{held} / {limit} {word}".strip(),
        spoken=f"{name}, {held} of {limit}" + (f", {word}" if word else ""),
        meter=segments,
        fill=min(100, 5 * round(20 * held / limit)),
    )


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


def _wall(tx: Tx, web: Web, board: OpenBoard) -> _Wall:
    painter = Painter(tx, web, board)
    mark = (board.seq, board.row.shape, painter.now)
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
    cells: dict[Cell, list[Markup]] = {}
    blocked = 0
    for row, html in zip(rows, painter.cards(rows), strict=True):
        cells.setdefault(Cell(row.column_id, row.lane_id), []).append(html)
        blocked += row.block_since is not None and row.done_at is None
    wall = _Wall(
        mark=mark,
        html={cell: Markup("").join(parts) for cell, parts in cells.items()},
        tickers=tickers_of(tx, board, rows),
        blocked=blocked,
    )
    tx.memory[key] = wall
    return wall
