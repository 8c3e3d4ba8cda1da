"""Boards of any size that are made up: sound, within the limits, plausible, and fit to work on."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from sqlalchemy import select

from app import clock
from app.auth.service import add_user, find_user
from app.boards import rules
from app.boards.history import OpenBoard, read_board
from app.boards.shape import Cell, Shape
from app.cards.rebuild import examine_board
from app.db import Database, Tx
from app.exchange.export import export_history
from app.models import Base, Event
from app.samples.big import write_board_played
from app.samples.playing import Wish, play
from app.samples.removal import remove_sample
from app.samples.scale import usual_years
from tests.support import BoardOf, Person

NOW = clock.from_datetime(datetime(2026, 11, 25, 14, 20, tzinfo=UTC))
WEEKEND = 5


def quiet(step: str, share: float) -> None:
    """Nobody looks at the progress."""


def wish(cards: int, seed: int = 1, **more: Any) -> Wish:
    """A board that is wanted."""
    return Wish(cards, seed, **{"years": usual_years(cards), "end": NOW, **more})


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    """A database in which there is nobody but Ada."""
    database = Database(database_url, synchronous="NORMAL", pool_size=1)
    database.write_now(lambda tx: add_user(tx, "ada@example.org", "Ada", None))
    yield database
    database.close()


def made(db: Database, wanted: Wish) -> OpenBoard:
    """A board of Ada's that was made up."""
    with play(wanted, quiet) as played:
        return db.write_now(
            lambda tx: write_board_played(tx, find_user(tx, "ada@example.org"), played, quiet)
        )


def events_of(db: Database, board: OpenBoard) -> list[Any]:
    """A board's events in the order of their numbers."""
    wanted = select(Event).where(Event.board_id == board.id).order_by(Event.seq)
    return db.read_now(lambda tx: list(tx.execute(wanted)))


def contents(db: Database) -> dict[str, list[str]]:
    """All that the database holds."""

    def read(tx: Tx) -> dict[str, list[str]]:
        tables = Base.metadata.sorted_tables
        return {table.name: sorted(map(repr, tx.execute(select(table)))) for table in tables}

    return db.read_now(read)


@pytest.mark.parametrize(("cards", "seed"), [(1, 1), (30, 2), (600, 3), (2_500, 4)])
def test_a_rebuild_finds_nothing_to_repair(db: Database, cards: int, seed: int) -> None:
    board = made(db, wish(cards, seed))
    assert board.last_number == cards
    assert list(map(str, db.read_now(examine_board, board.row.key))) == []


def test_the_history_has_no_gaps_and_goes_on_in_time(db: Database) -> None:
    board = made(db, wish(800))
    events = events_of(db, board)
    assert [event.seq for event in events] == list(range(1, board.seq + 1))
    times = [event.at for event in events]
    assert times == sorted(times)
    assert times[-1] <= board.row.changed_at <= NOW
    assert board.row.created_at <= times[0]


def test_no_limit_was_ever_broken_and_no_blocked_card_went_to_the_right(db: Database) -> None:
    board = made(db, wish(3_000, years=0.5))
    shape, counts = _first_shape(db, board), Counter[Cell]()
    blocked: set[int] = set()
    for event in events_of(db, board):
        data, before = orjson.loads(event.data), dict(counts)
        old = shape
        if event.type == "card.created":
            counts[Cell(data["column_id"], data["lane_id"])] += 1
        elif event.type == "card.moved":
            source, to = Cell(**data["from"]), Cell(**data["to"])
            counts[source] -= 1
            counts[to] += 1
            right = rules.is_to_the_right(shape, source.column_id, to.column_id)
            assert not (right and event.card_id in blocked)
        elif event.type in {"card.archived", "card.discarded"}:
            counts[Cell(data["column_id"], data["lane_id"])] -= 1
        elif event.type == "card.blocked":
            blocked.add(event.card_id)
        elif event.type == "card.unblocked":
            blocked.remove(event.card_id)
        elif event.type == "limit.changed":
            shape = _with_limit(shape, data)
        assert rules.check_limits((old, before), (shape, counts)) is None, event
        assert min(counts.values(), default=0) >= 0
    assert +counts == Counter({cell: count for cell, count in board.counts.items() if count})
    assert rules.exceeded(board.shape, rules.usage(board.shape, board.counts)) == 0
    assert dict(_limits(shape)) == dict(_limits(board.shape))


def _first_shape(db: Database, board: OpenBoard) -> Shape:
    """The board's shape without any limit: its history tells them."""
    shape = db.read_now(lambda tx: read_board(tx, None, key=board.row.key)).shape
    return Shape(
        shape.board_id,
        shape.board_key,
        shape.board_name,
        None,
        None,
        tuple(column._replace(wip_limit=None) for column in shape.columns),
        tuple(group._replace(wip_limit=None) for group in shape.groups),
        tuple(lane._replace(wip_limit=None) for lane in shape.lanes),
    )


def _with_limit(shape: Shape, change: dict[str, Any]) -> Shape:
    places = {"column": "columns", "group": "groups", "lane": "lanes"}
    changed: dict[str, Any] = {
        name: tuple(
            each._replace(wip_limit=change["to"])
            if scope == change["scope"] and each.id == change["place"]["id"]
            else each
            for each in getattr(shape, name)
        )
        for scope, name in places.items()
    }
    return Shape(shape.board_id, shape.board_key, shape.board_name, None, None, **changed)


def _limits(shape: Shape) -> Iterator[tuple[rules.Place, int]]:
    for place, _, limit in rules.limits(shape):
        yield place, limit


def test_the_same_seed_makes_the_same_board(db: Database) -> None:
    one, two = (made(db, wish(300, key=key, name="Both")) for key in ("ONE", "TWO"))
    other = made(db, wish(300, 2, key="THREE", name="Both"))
    documents = [
        db.read_now(lambda tx, key=board.row.key: export_history(tx, None, key))
        for board in (one, two, other)
    ]
    assert documents[0] == documents[1]
    assert documents[0] != documents[2]
    assert [(event.at, event.type) for event in events_of(db, one)] == [
        (event.at, event.type) for event in events_of(db, two)
    ]


def test_a_board_is_there_whole_or_not_at_all(db: Database) -> None:
    before = contents(db)

    def stop(step: str, share: float) -> None:
        if step == "history":
            raise KeyError("stopped")

    with play(wish(300), quiet) as played, pytest.raises(KeyError):
        db.write_now(
            lambda tx: write_board_played(tx, find_user(tx, "ada@example.org"), played, stop)
        )
    assert contents(db) == before


def test_it_can_be_removed_without_a_trace(db: Database) -> None:
    before = contents(db)
    board = made(db, wish(200))
    db.write_now(remove_sample, None, board.row.key)
    assert contents(db) == before


def test_it_has_whatever_happens_on_a_board_that_is_used(db: Database) -> None:
    board = made(db, wish(3_000))
    events = events_of(db, board)
    kinds = Counter(event.type for event in events)
    assert set(kinds) >= {
        *("card.created", "card.moved", "card.reordered", "card.edited", "card.assigned"),
        *("card.blocked", "card.unblocked", "card.archived", "card.discarded"),
        *("move.refused", "limit.changed"),
    }
    assert 8 * 3_000 <= len(events) <= 12 * 3_000
    steps = {column.id: index for index, column in enumerate(board.shape.columns)}
    moves = Counter(
        (steps[data["from"]["column_id"]], steps[data["to"]["column_id"]])
        for event in events
        if event.type == "card.moved"
        for data in [orjson.loads(event.data)]
    )
    backlog, ready, doing, _, test, waiting, deploy, production = range(8)
    for unusual in (
        *((test, doing), (production, doing), (doing, waiting), (test, production)),
        *((deploy, waiting), (backlog, production), (backlog, backlog), (backlog, doing)),
    ):
        assert 0 < moves[unusual] < 0.2 * moves[backlog, ready]
    on_weekends = sum(clock.to_datetime(event.at).weekday() >= WEEKEND for event in events)
    assert 0 < on_weekends < 0.05 * len(events)
    at_night = sum(not 6 <= clock.to_datetime(event.at).hour < 20 for event in events)
    assert 0 < at_night < 0.08 * len(events)
    reasons = Counter(
        orjson.loads(event.data)["category"] for event in events if event.type == "card.blocked"
    )
    assert len(reasons) >= 8
    assert sum(count for _, count in reasons.most_common(3)) > 0.6 * reasons.total()


def test_people_go_on_working_on_it(ada: Person) -> None:
    assert ada.actor is not None
    with play(wish(500, end=clock.now()), quiet) as played:
        key = ada.weir.db.write_now(write_board_played, ada.actor, played, quiet).row.key
    board = BoardOf(ada, key)
    cards = board.cards()
    names = {column["id"]: column["name"] for column in board.read()["columns"]}
    assert sum(names[card["column_id"]] == "Backlog" for card in cards) > 5
    new = ada.post(f"/boards/{key}/cards", {"title": "One more"})
    assert new["number"] == 501
    in_production = next(card for card in cards if names[card["column_id"]] == "In production")
    assert board.move(in_production, "Backlog")["done_at"] is None
    assert board.events()[-1]["type"] == "card.moved"
    assert ada.weir.db.read_now(examine_board, key) == []


def test_its_statistics_are_those_of_work_with_a_long_tail(ada: Person) -> None:
    assert ada.actor is not None
    with play(wish(1_500, years=0.4, end=clock.now()), quiet) as played:
        key = ada.weir.db.write_now(write_board_played, ada.actor, played, quiet).row.key
    for measure in ("lead-time", "cycle-time", "process-time"):
        stats = ada.get(f"/boards/{key}/stats/{measure}")
        assert stats["count"] > 300
        assert stats["percentiles"]["95"] > 2 * stats["percentiles"]["50"] > 0
