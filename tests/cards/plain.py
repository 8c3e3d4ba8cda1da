"""A plain model of a board's rules, and what is really kept of a board, to compare them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson
from sqlalchemy import select

from app.boards.history import OpenBoard, read_board
from app.cards.clocks import Interval, Stay
from app.db import Tx
from app.models import Card, Cell, Event

Place = tuple[int, int]  # column, lane


# --- The model -----------------------------------------------------------------------------------


@dataclass
class PlainColumn:
    """A column: its kind, limit and group."""

    kind: str
    limit: int | None
    grouped: bool


@dataclass
class PlainLane:
    """A lane: its limit, and whether it is an expedite lane."""

    limit: int | None
    expedite: bool


@dataclass
class PlainCard:
    """A card: where it stands, and what matters to the rules."""

    place: Place
    people: frozenset[int]
    blocked: bool = False
    archived: bool = False
    version: int = 1
    incident: bool = False


@dataclass
class PlainBoard:
    """A board as the rules speak of it."""

    columns: dict[int, PlainColumn]  # from left to right
    lanes: dict[int, PlainLane]
    group: int
    group_limit: int | None = None
    limit: int | None = None
    person_limit: int | None = None
    pulled: bool = False  # the andon cord
    cards: dict[int, PlainCard] = field(default_factory=dict)
    order: dict[Place, list[int]] = field(default_factory=dict)  # live cards, from the top

    def live(self) -> list[PlainCard]:
        """The cards that count."""
        return [card for card in self.cards.values() if not card.archived]

    def in_progress(self) -> set[int]:
        """The columns that are not done, at or right of the first active one."""
        kinds = [column.kind for column in self.columns.values()]
        first = kinds.index("active") if "active" in kinds else len(kinds)
        return {
            column_id
            for index, (column_id, column) in enumerate(self.columns.items())
            if index >= first and column.kind != "done"
        }

    def starts(self, source: int | None, target: int) -> bool:
        """Whether a card starts new work by coming from a column, or from nowhere, to another."""
        order = list(self.columns)
        kinds = [column.kind for column in self.columns.values()]
        if "active" not in kinds:
            return False
        first = kinds.index("active")
        comes_from_before = source is None or order.index(source) < first
        return comes_from_before and order.index(target) >= first

    def held(self, scope: str, place_id: int) -> int:
        """How many cards count against a limit."""
        started = self.in_progress()
        total = 0
        for card in self.live():
            column_id, lane_id = card.place
            ordinary = not self.lanes[lane_id].expedite
            total += {
                "column": column_id == place_id and ordinary,
                "group": self.columns[column_id].grouped and ordinary,
                "lane": lane_id == place_id and column_id in started,
                "board": column_id in started,
                "person": place_id in card.people and self.columns[column_id].kind == "active",
            }[scope]
        return total

    def limits(self, board_id: int) -> Iterator[tuple[str, int, int]]:
        """Every limit that is set, the most particular first."""
        wanted = [("column", one, c.limit) for one, c in self.columns.items()]
        wanted += [("group", self.group, self.group_limit)]
        wanted += [("lane", one, row.limit) for one, row in self.lanes.items()]
        wanted += [("board", board_id, self.limit)]
        people = sorted({person for card in self.live() for person in card.people})
        wanted += [("person", person, self.person_limit) for person in people]
        for scope, place_id, limit in wanted:
            if limit is not None:
                yield scope, place_id, limit

    def remove(self, card_id: int) -> None:
        """Takes a card out of the order of its cell."""
        self.order[self.cards[card_id].place].remove(card_id)

    def put(self, card_id: int, place: Place, index: int | None = None) -> None:
        """Puts a card into a cell, at the end or at an index."""
        line = self.order.setdefault(place, [])
        line.insert(len(line) if index is None else index, card_id)
        self.cards[card_id].place = place


class Broken(NamedTuple):
    """A limit that a change would newly exceed."""

    scope: str
    place_id: int
    limit: int
    held: int


def newly_exceeded(before: PlainBoard, after: PlainBoard, board_id: int) -> Broken | None:
    """The first limit that holds more than it may, and more than it held."""
    return next(iter(all_exceeded(before, after, board_id)), None)


def all_exceeded(before: PlainBoard, after: PlainBoard, board_id: int) -> list[Broken]:
    """Every limit that holds more than it may, and more than it held."""
    return [
        Broken(scope, place_id, limit, before.held(scope, place_id))
        for scope, place_id, limit in after.limits(board_id)
        if after.held(scope, place_id) > max(limit, before.held(scope, place_id))
    ]


# --- What is really there ------------------------------------------------------------------------


class Snapshot(NamedTuple):
    """All that is kept of a board."""

    seq: int
    cells: dict[Place, int]
    cards: dict[int, dict[str, Any]]
    order: dict[Place, list[int]]
    events: list[Any]
    board: OpenBoard


def look(tx: Tx, board_id: int) -> Snapshot:
    """Reads a board as it is kept."""
    board = read_board(tx, None, board_id=board_id)
    rows = [
        dict(row._mapping)
        for row in tx.execute(
            select(*Card.__table__.columns)
            .where(Card.board_id == board_id, Card.discarded_at.is_(None))
            .order_by(Card.rank, Card.id)
        )
    ]
    order: dict[Place, list[int]] = {}
    for row in rows:
        if row["archived_at"] is None:
            order.setdefault((row["column_id"], row["lane_id"]), []).append(row["id"])
    cells = tx.execute(
        select(Cell.column_id, Cell.lane_id, Cell.card_count).where(Cell.board_id == board_id)
    )
    events = tx.execute(
        select(Event.seq, Event.at, Event.type, Event.card_id, Event.data)
        .where(Event.board_id == board_id)
        .order_by(Event.seq)
    )
    return Snapshot(
        board.seq,
        {(row.column_id, row.lane_id): row.card_count for row in cells},
        {row["id"]: row for row in rows},
        order,
        list(events),
        board,
    )


def past_of(events: list[Any], card_id: int) -> tuple[list[Stay], list[Interval]]:
    """A card's stays and blocked intervals, as the history tells them."""
    stays: list[Stay] = []
    blocks: list[Interval] = []
    for event in events:
        if event.card_id != card_id:
            continue
        data = orjson.loads(event.data)
        if event.type == "card.created":
            stays.append(Stay(data["column_id"], event.at, None))
        elif event.type == "card.moved":
            to = data["to"]["column_id"]
            assert data["from"]["column_id"] == stays[-1].column_id
            if to != stays[-1].column_id:
                stays[-1] = stays[-1]._replace(left_at=event.at)
                stays.append(Stay(to, event.at, None))
        elif event.type == "card.blocked":
            blocks.append(Interval(event.at, None))
        elif event.type == "card.unblocked":
            blocks[-1] = blocks[-1]._replace(until=event.at)
    return stays, blocks
