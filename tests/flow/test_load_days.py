"""What is said of the work centres, of refusals and of Little's law is what the events and the
stays tell, whatever happens to the days."""

from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Any

import orjson
import pytest
from sqlalchemy import delete, select

from app import clock
from app.boards import service as boards
from app.boards.history import OpenBoard, lock_board, read_board
from app.boards.shape import Cell
from app.cards import closed_days, load_days
from app.cards.centres import Limits, Place, gauges_of
from app.cards.closed_days import close_days, forget_days
from app.cards.rebuild import examine_board
from app.cards.transfer import transfer_card
from app.clock import DAY, HOUR
from app.days import day_of, start_of_day
from app.db import Database, Statement, Tx
from app.exchange.history import import_history
from app.flow.aging_past import cards_in_work_at
from app.flow.little_reading import read_little
from app.flow.load_reading import read_loads
from app.flow.queries import EVERY_CARD, Window
from app.flow.refusals import SCOPES
from app.flow.refusals_reading import read_refusals
from app.models import ChangeDay, Event, LoadDay
from app.shaping import service as shaping
from tests.flow import by_stretches
from tests.flow.by_stretches import Change, stretches
from tests.flow.by_visits import in_work_of_board, little_of_board
from tests.flow.conftest import Time
from tests.lives import Life, make_board


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An empty database."""
    found = Database(database_url, synchronous="NORMAL", pool_size=1)
    yield found
    found.close()


ZONES = ["Europe/Berlin", "America/New_York", "UTC"]


class Work(Life):
    """A life in which weeks go by, and which changes all that a measurement depends on."""

    def __init__(self, db: Database, time: Time, seed: int) -> None:
        super().__init__(db, make_board(db), "OPS", seed)
        self.time = time
        db.write_now(boards.create_board, self.ada, "NEXT", "Next")
        more = [self.limit, self.limit, self.group, self.ungroup, self.expedite, self.travel]
        self.verbs += [(2, verb) for verb in more]

    def _do(self, tx: Tx, verb: Any) -> None:
        self.time.now += self.chance.randrange(12 * HOUR)
        super()._do(tx, verb)

    def limit(self, tx: Tx, board: OpenBoard) -> None:
        """Another limit for a column or a group."""
        change = {"wip_limit": self.chance.choice([None, 1, 2, 3])}
        if board.shape.groups and self.chance.random() < 0.5:
            shaping.change_group(tx, self.ada, self.chance.choice(board.shape.groups).id, change)
        else:
            shaping.change_column(tx, self.ada, self._column(board), change)

    def group(self, tx: Tx, board: OpenBoard) -> None:
        """Two columns become one work centre."""
        ids = [column.id for column in board.shape.columns]
        first = self.chance.randrange(len(ids) - 1)
        name = f"Group {self.chance.random()}"
        shaping.add_group(tx, self.ada, self.key, name, 3, ids[first : first + 2])

    def ungroup(self, tx: Tx, board: OpenBoard) -> None:
        """A work centre falls apart."""
        ids = [group.id for group in board.shape.groups]
        shaping.delete_group(tx, self.ada, self.chance.choice(ids or [0]))

    def expedite(self, tx: Tx, board: OpenBoard) -> None:
        """The cards of a lane count no more, or again."""
        lane = self.chance.choice(board.shape.lanes)
        shaping.change_lane(tx, self.ada, lane.id, {"expedite": not lane.expedite, "wip_limit": 9})

    def travel(self, tx: Tx, board: OpenBoard) -> None:
        """A card goes to another board, or comes from there."""
        transfer_card(tx, self.ada, self._card(tx), self.chance.choice(["OPS", "NEXT"]))

    def move_the_clocks(self) -> None:
        """The board's days are those of another zone."""
        zone = {"time_zone": self.chance.choice(ZONES)}
        self.db.write_now(boards.change_board, self.ada, self.key, zone)

    def close(self, *, entirely: bool) -> None:
        """Closes all days, or some more of them."""
        while self.db.write_now(close_days, self.key) and entirely:
            pass

    def windows(self, board: OpenBoard) -> list[Window]:
        """Windows that cut days and windows that do not, of which some begin before the board."""
        zone, end = board.row.time_zone, board.now + 1
        begin = board.row.created_at - 20 * DAY
        found = [Window(begin, end), Window(board.row.created_at + 1, end)]
        for _ in range(4):
            some = {self.chance.randrange(begin, end + 2 * DAY) for _ in range(2)}
            if self.chance.random() < 0.5:
                some = {start_of_day(day_of(at, zone), zone) for at in some}
            if len(some) == 2:
                found.append(Window(min(some), max(some)))
        return found


def _deltas(tx: Tx, board: OpenBoard) -> list[Change]:
    """What came and went, told card by card by the whole history."""
    place: dict[int, Cell] = {}
    away: set[int] = set()
    found = []
    events = select(Event.at, Event.type, Event.card_id, Event.data)
    rows: list[Any] = list(
        tx.execute(
            events.where(Event.board_id == board.id, Event.card_id.is_not(None)).order_by(Event.seq)
        )
    )
    for at, kind, card, text in rows:
        data = orjson.loads(text)
        before = None if card in away else place.get(card)
        if kind in {"card.created", "card.arrived", "card.moved", "card.restored"}:
            cell = data.get("to", data)
            place[card] = Cell(cell["column_id"], cell["lane_id"])
        if kind in {"card.archived", "card.discarded", "card.left"}:
            away.add(card)
        elif kind in {"card.created", "card.arrived", "card.restored"}:
            away.discard(card)
        after = None if card in away else place.get(card)
        if before != after:
            found += [Change(at, before, -1)] if before else []
            found += [Change(at, after, 1)] if after else []
    return found


def _limits(tx: Tx, board: OpenBoard) -> dict[Place, Limits]:
    shape = board.shape
    found: dict[Place, list[tuple[int, int | None]]] = {}
    statement = select(Event.at, Event.data).where(
        Event.board_id == board.id, Event.type == "limit.changed"
    )
    rows: list[Any] = list(tx.execute(statement.order_by(Event.seq)))
    for at, text in rows:
        data = orjson.loads(text)
        place = Place(data["scope"], data["place"]["id"])
        found.setdefault(place, [(-(10**18), data["from"])]).append((at, data["to"]))
    for column in shape.columns:
        found.setdefault(Place("column", column.id), [(-(10**18), column.wip_limit)])
    for group in shape.groups:
        found.setdefault(Place("group", group.id), [(-(10**18), group.wip_limit)])
    return dict(found)


def _refusals(tx: Tx, board: OpenBoard) -> list[tuple[str, int | None, int]]:
    statement = select(Event.at, Event.data).where(
        Event.board_id == board.id, Event.type == "move.refused"
    )
    rows: list[Any] = list(tx.execute(statement))
    facts = [(orjson.loads(text), at) for at, text in rows]
    return [
        (told["scope"], told["place"]["id"], at) for told, at in facts if told["scope"] in SCOPES
    ]


def check(tx: Tx, work: Work) -> None:
    """Holds what the program says of some windows against the events and the stays."""
    board = read_board(tx, None, key="OPS")
    gauges = gauges_of(board.shape)
    deltas, limits = _deltas(tx, board), _limits(tx, board)
    groups = {place.id: some for place, some in gauges.columns.items() if place.scope == "group"}
    now = {change.cell: 0 for change in deltas}
    for change in deltas:
        now[change.cell] += change.delta
    assert {cell: count for cell, count in now.items() if count} == {
        cell: count for cell, count in board.counts.items() if count
    }
    refused = _refusals(tx, board)
    for window in work.windows(board):
        found = read_refusals(tx, board, window, EVERY_CARD).places
        told = Counter(
            (place.scope, place.id, at) for place in found for at in place.moments.tolist()
        )
        assert told == Counter(each for each in refused if window.start <= each[2] < window.end)
        in_work = cards_in_work_at(tx, board, EVERY_CARD, window.end)
        by_hand = in_work_of_board(tx, board, window.end)
        assert {(card.id, card.column_id) for card in in_work} == by_hand, window
        span, centres, loads, _ = read_loads(tx, board, window)
        start, end = window.start, min(window.end, max(board.now, board.row.changed_at + 1))
        if not sum(each.delta for each in deltas if each.at < start):
            later = [each.at for each in deltas if each.at >= start]
            start = min(later, default=end) if board.row.created_at > start else start
        assert span == (start, end), window
        if start >= end:
            continue
        stops = [at for some in limits.values() for at, _ in some[1:]]
        parts = stretches(now, deltas, start, end, stops)
        seen = by_stretches.load_over(centres, parts, limits, groups, gauges.expedite)
        assert loads == seen, window
        assert read_little(tx, board, span, EVERY_CARD) == little_of_board(tx, board, span), window


@pytest.mark.parametrize("seed", range(4))
def test_after_any_life_of_a_board_the_work_centres_saw_what_the_events_tell(
    database: Database, time: Time, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(closed_days, "FEWEST_CARDS", 0)
    monkeypatch.setattr(load_days, "DAYS_AT_ONCE", 7)
    work = Work(database, time, seed)
    for _ in range(8):
        work.live(20)
        database.read_now(check, work)
        deed = work.chance.choice(["close", "close", "begin to close", "open", "move the clocks"])
        if deed == "open":
            database.write_now(lambda tx: forget_days(tx, lock_board(tx, None, key="OPS")))
        elif deed == "move the clocks":
            work.move_the_clocks()
        else:
            work.close(entirely=deed == "close")
        database.read_now(check, work)
    work.close(entirely=True)
    database.read_now(check, work)
    assert database.read_now(examine_board, "OPS") == []


def test_whole_days_are_told_by_what_they_saw_and_need_no_changes(
    database: Database, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(closed_days, "FEWEST_CARDS", 0)
    work = Work(database, time, 5)
    work.live(80)
    work.close(entirely=True)

    def read(tx: Tx) -> Any:
        board = read_board(tx, None, key="OPS")
        days = list(tx.execute(select(LoadDay.day).order_by(LoadDay.day)).scalars())
        zone = board.row.time_zone
        bounds = (start_of_day(date.fromordinal(day), zone) for day in (days[2], days[-2]))
        assert days == list(range(days[0], days[-1] + 1))
        return read_loads(tx, board, Window(*bounds))

    before = database.read_now(read)
    assert any(load.waited for load in before.loads)
    forget = Statement(delete(ChangeDay))
    database.write_now(lambda tx: tx.run(forget))
    assert database.read_now(read) == before


def _with_another_lane_expedite(tx: Tx, work: Work, board: OpenBoard) -> None:
    lane = board.shape.lanes[-1]
    shaping.change_lane(tx, work.ada, lane.id, {"expedite": not lane.expedite, "wip_limit": 9})


def _without_a_limit_in_front(tx: Tx, work: Work, board: OpenBoard) -> None:
    (queue, *_) = gauges_of(board.shape).centres[0].queue
    shaping.change_column(tx, work.ada, queue, {"wip_limit": None})


def _with_a_smaller_group(tx: Tx, work: Work, board: OpenBoard) -> None:
    # What is done in it waits behind it then: the queue in front of the next one is the same.
    group = board.shape.groups[0]
    doing, _ = (column.id for column in board.shape.columns if column.group_id == group.id)
    shaping.change_group(tx, work.ada, group.id, {"column_ids": [doing]})


def _with_an_older_card(tx: Tx, work: Work, board: OpenBoard) -> None:
    names = [column.name for column in board.shape.columns]
    moves = [
        {"at": clock.iso(board.now - hours * HOUR), "to": name}
        for hours, name in zip(range(300, 100, -50), names[1:], strict=False)
    ]
    created_at = clock.iso(board.now - 400 * HOUR)
    card = {"title": "Old", "created_at": created_at, "column": names[0], "moves": moves}
    import_history(tx, work.ada, "OPS", {"format": "weir-history/1", "cards": [card]})


def _in_another_zone(tx: Tx, work: Work, board: OpenBoard) -> None:
    boards.change_board(tx, work.ada, "OPS", {"time_zone": "Asia/Tokyo"})


@pytest.mark.parametrize(
    "change",
    [
        _with_another_lane_expedite,
        _without_a_limit_in_front,
        _with_a_smaller_group,
        _with_an_older_card,
        _in_another_zone,
    ],
)
def test_one_change_of_the_board_and_the_days_tell_what_holds_now(
    database: Database, time: Time, change: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(closed_days, "FEWEST_CARDS", 0)
    work = Work(database, time, 7)
    work.verbs = [(2, work.create), (6, work.move), (1, work.archive), (1, work.limit)]
    work.live(80)
    work.close(entirely=True)
    database.read_now(check, work)
    database.write_now(lambda tx: change(tx, work, read_board(tx, None, key="OPS")))
    database.read_now(check, work)
    work.live(10)
    work.close(entirely=True)
    database.read_now(check, work)
    assert database.read_now(examine_board, "OPS") == []
