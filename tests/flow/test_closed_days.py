"""Closed days answer as the visits do, whatever happens to the past afterwards."""

import asyncio
import random
from typing import Any

import pytest
from sqlalchemy import delete, update

from app.boards.history import lock_board
from app.cards import closed_days
from app.cards.closed_days import boards_to_close, close_days, forget_days
from app.cards.rebuild import examine_board, rebuild_board
from app.clock import DAY, HOUR
from app.db import Statement, Tx
from app.errors import Unavailable
from app.flow import closing, done_memory, portfolio_reading
from app.flow.closing import DayCloser
from app.models import ColumnDay, DoneDay, ExitDay, LoadDay, StayDay
from tests.flow.conftest import Past, Time, make_past
from tests.support import Person

WINDOWS: list[dict[str, str]] = [
    {"from": "2026-01-01", "to": "2026-06-01"},
    {"from": "2026-01-20T13:14:15Z", "to": "2026-02-03T01:02:03Z"},
    {"from": "2026-02-10", "to": "2026-02-11"},
]


STATISTICS = (
    *("cfd", "lead-time", "cycle-time", "process-time", "throughput", "value-stream"),
    *("aging", "constraint", "summary", "blockers", "work-mix"),
)


@pytest.fixture
def berlin(time: Time, ada: Person, monkeypatch: pytest.MonkeyPatch) -> Past:
    """A board whose days have 23 and 25 hours now and then, and which is large already."""
    monkeypatch.setattr(closed_days, "FEWEST_CARDS", 0)
    monkeypatch.setattr(done_memory, "MANY_CARDS", 1)
    monkeypatch.setattr(portfolio_reading, "MANY_CARDS", 1)
    return make_past(time, ada, "OPS", "Europe/Berlin")


def flows(past: Past) -> list[Any]:
    """The statistics of some windows: within closed days, across their end, and cut in two."""
    path = f"/boards/{past.board.key}/stats"
    of_all_boards = [past.board.person.get("/portfolio", params=window) for window in WINDOWS]
    return of_all_boards + [
        past.board.person.get(f"{path}/{statistic}", params=window)
        for statistic in STATISTICS
        for window in WINDOWS
    ]


def close(past: Past) -> None:
    """Closes all days that can be closed."""
    db = past.board.person.weir.db
    while db.write_now(close_days, past.board.key):
        pass


def open_all(past: Past) -> None:
    """Lets everything be counted from the visits again."""

    def forget(tx: Tx) -> None:
        forget_days(tx, lock_board(tx, None, key=past.board.key))

    past.board.person.weir.db.write_now(forget)


def closed_like_open(past: Past) -> list[Any]:
    """What closed days say is what the visits say, before and after another closing; that."""
    as_it_is = flows(past)
    open_all(past)
    plain = flows(past)
    assert as_it_is == plain
    close(past)
    assert flows(past) == plain
    return plain


class Hands:
    """Somebody who does this and that on a board, by chance."""

    def __init__(self, past: Past, seed: int) -> None:
        self.past = past
        self.chance = random.Random(seed)
        self.cards: list[Any] = []
        self.acts = [self.add, self.add, *[self.move] * 6, self.block, self.away]

    def do_something(self) -> None:
        """One thing, some hours after the one before."""
        self.past.time.at(self.past.time.now + self.chance.randrange(40 * HOUR))
        self.chance.choice(self.acts)()

    def add(self) -> None:
        """A new card somewhere."""
        column = self.chance.choice(list(self.past.columns))
        self.cards.append(self.past.board.add("A card", column=column))

    def move(self) -> None:
        """A card goes anywhere."""
        if self.cards:
            column = self.chance.choice(list(self.past.columns.values()))
            card = self.chance.choice(self.cards)
            self.past.board.person.ask(
                "POST", f"/cards/{card['id']}/move", json={"column_id": column}
            )

    def block(self) -> None:
        """A card is blocked, or goes on."""
        if self.cards:
            card = self.chance.choice(self.cards)
            path = f"/cards/{card['id']}"
            if self.past.board.person.ask("POST", f"{path}/block", json={"reason": "?"}).is_error:
                self.past.board.person.ask("POST", f"{path}/unblock", json={})

    def travel(self) -> None:
        """A card goes to another board, or comes from there."""
        if self.cards:
            card = self.chance.choice(self.cards)
            board = self.chance.choice(["OPS", "NEXT"])
            self.past.board.person.ask(
                "POST", f"/cards/{card['id']}/transfer", json={"board": board}
            )

    def away(self) -> None:
        """A card is discarded, put away or fetched back."""
        if self.cards:
            card = self.chance.choice(self.cards)
            how = self.chance.choice(["discard", "archive", "restore"])
            if how == "discard":
                self.past.board.person.ask("DELETE", f"/cards/{card['id']}")
            else:
                self.past.board.person.ask("POST", f"/cards/{card['id']}/{how}", json={})


@pytest.mark.parametrize("how", ["reopen", "discard", "leave", "import", "restore", "kind"])
def test_what_is_remembered_of_closed_days_is_forgotten_with_another_past(
    berlin: Past, ada: Person, how: str
) -> None:
    ada.board("NEXT", "simple")
    # In the archive nothing blocks a card, whatever its blocker says.
    waiting = berlin.board.add("Waits", "In progress")
    ada.post(f"/cards/{waiting['id']}/block", {"reason": "?"})
    berlin.time.at(berlin.time.now + HOUR)
    ada.post(f"/cards/{waiting['id']}/archive")
    berlin.time.at(berlin.time.now + HOUR)
    ada.post(f"/cards/{waiting['id']}/unblock", {})
    cards = [berlin.done(f"2026-01-{day:02}T08:00:00Z") for day in (8, 9, 10)]
    berlin.time.at(berlin.time.now + 5 * DAY)
    berlin.board.add("Another one")
    close(berlin)
    before = flows(berlin)
    assert flows(berlin) == before
    card = f"/cards/{cards[1]['id']}"
    if how == "reopen":
        ada.post(f"{card}/move", {"column_id": berlin.columns["To do"]})
    elif how == "discard":
        ada.delete(card)
    elif how == "leave":
        ada.post(f"{card}/transfer", {"board": "NEXT"})
    elif how == "restore":
        ada.post(f"/cards/{waiting['id']}/restore")
    elif how == "kind":
        ada.patch(card, {"work_type": "incident"})
    else:
        moves = [{"at": "2026-01-06T00:00:00Z", "to": "Done"}]
        old = {"title": "Old", "created_at": "2026-01-05T00:00:00Z", "column": "To do"}
        document = {"format": "weir-history/1", "cards": [{**old, "moves": moves}]}
        ada.post("/boards/OPS/import", document)
        close(berlin)
    assert closed_like_open(berlin) != before


def test_days_that_are_closed_later_are_put_to_those_that_are_remembered(berlin: Past) -> None:
    berlin.done("2026-01-06T08:00:00Z")
    close(berlin)
    flows(berlin)
    for day in range(7, 17):
        berlin.done(f"2026-01-{day:02}T08:00:00Z")
        berlin.board.add("Another one")
        close(berlin)
        as_it_is = flows(berlin)
        if day % 4 == 0:
            open_all(berlin)
            assert flows(berlin) == as_it_is
    assert berlin.board.person.weir.db.memory["done days"]


@pytest.mark.parametrize("seed", [1, 2])
def test_after_any_history_closed_days_say_what_the_visits_say(
    berlin: Past, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(closed_days, "AT_ONCE", closed_days.AT_ONCE / 4)
    hands = Hands(berlin, seed)
    for _ in range(3):
        for _ in range(25):
            hands.do_something()
        closed_like_open(berlin)
    db = berlin.board.person.weir.db
    assert db.read_now(examine_board, "OPS") == []


def test_after_any_journey_between_boards_closed_days_say_what_the_visits_say(
    berlin: Past, ada: Person
) -> None:
    other = make_past(berlin.time, ada, "NEXT", "America/New_York")
    hands = Hands(berlin, 3)
    hands.acts.append(hands.travel)
    hands.acts.append(hands.travel)
    for _ in range(2):
        for _ in range(30):
            hands.do_something()
        for past in (berlin, other):
            closed_like_open(past)
    db = berlin.board.person.weir.db
    assert [db.read_now(examine_board, key) for key in ("OPS", "NEXT")] == [[], []]


def test_columns_of_another_meaning_make_the_days_anew(berlin: Past, ada: Person) -> None:
    other = make_past(berlin.time, ada, "NEXT", "UTC")
    hands = Hands(berlin, 4)
    for _ in range(40):
        hands.do_something()
    closed_like_open(berlin)
    columns = berlin.columns
    ada.patch("/boards/OPS", {"teams": ["dev", "ops"]})
    ada.patch(f"/columns/{columns['In progress']}", {"kind": "queue"})
    closed_like_open(berlin)
    ada.patch(f"/columns/{columns['To do']}", {"team": "dev"})
    ada.patch(f"/columns/{columns['In progress']}", {"kind": "active", "team": "ops"})
    closed_like_open(berlin)
    # What a team is called elsewhere counts among the handoffs of cards that were there.
    card = berlin.board.add("A card", column="To do")
    ada.post(f"/cards/{card['id']}/transfer", {"board": "NEXT"})
    ada.post(f"/cards/{card['id']}/move", {"column_id": other.columns["Done"]})
    berlin.time.at(berlin.time.now + 2 * DAY)
    other.board.add("Another one")
    close(other)
    ada.patch(f"/columns/{columns['To do']}", {"team": "ops"})
    closed_like_open(other)


def test_a_card_that_is_discarded_is_taken_out_of_every_board_that_it_saw(
    berlin: Past, ada: Person
) -> None:
    other = make_past(berlin.time, ada, "NEXT", "America/New_York")
    card = berlin.board.add("A card")
    berlin.time.at(berlin.time.now + 3 * DAY)
    ada.post(f"/cards/{card['id']}/transfer", {"board": "NEXT"})
    berlin.time.at(berlin.time.now + 3 * DAY)
    for past in (berlin, other):
        past.board.add("Another one")
        close(past)
    ada.ask("DELETE", f"/cards/{card['id']}")
    for past in (berlin, other):
        closed_like_open(past)


def test_an_import_of_the_past_and_another_zone_open_the_days_again(berlin: Past) -> None:
    for _ in range(4):
        berlin.board.add("A card")
        berlin.time.at(berlin.time.now + 5 * DAY)
    close(berlin)
    moves = [{"at": "2026-01-12T00:00:00Z", "to": "Done"}]
    card = {"title": "Old", "created_at": "2026-01-10T00:00:00Z", "column": "To do", "moves": moves}
    berlin.board.person.post("/boards/OPS/import", {"format": "weir-history/1", "cards": [card]})
    closed_like_open(berlin)
    berlin.board.person.patch("/boards/OPS", {"time_zone": "Asia/Tokyo"})
    closed_like_open(berlin)


@pytest.mark.parametrize(
    "spoiled",
    [
        update(ColumnDay)
        .where(ColumnDay.came > 0, ColumnDay.went == 0)
        .values(came=ColumnDay.came + 1),
        update(DoneDay).values(lead=DoneDay.cycle),
        update(ExitDay).where(ExitDay.column_id == 1).values(returned=1),
        delete(StayDay).where(StayDay.column_id == 2),
        update(LoadDay).values(counts=LoadDay.loads),
    ],
)
def test_a_wrong_day_is_found_and_put_right(berlin: Past, spoiled: Any) -> None:
    berlin.done("2026-01-06T08:00:00Z")
    berlin.time.at(berlin.time.now + 5 * DAY)
    berlin.board.add("Another one")
    close(berlin)
    db = berlin.board.person.weir.db
    spoil = Statement(spoiled)
    db.write_now(lambda tx: tx.run(spoil))
    (found,) = db.read_now(examine_board, "OPS")
    assert found.field == "of a closed day"
    db.write_now(rebuild_board, "OPS")
    assert db.read_now(examine_board, "OPS") == []
    closed_like_open(berlin)


def test_only_large_boards_with_days_to_close_are_closed(
    berlin: Past, monkeypatch: pytest.MonkeyPatch
) -> None:
    db = berlin.board.person.weir.db
    monkeypatch.setattr(closed_days, "FEWEST_CARDS", 3)
    berlin.board.add("A card")
    berlin.time.at(berlin.time.now + 5 * DAY)
    berlin.board.add("Another one")
    assert db.read_now(boards_to_close) == []
    monkeypatch.setattr(closed_days, "FEWEST_CARDS", 1)
    assert db.read_now(boards_to_close) == ["OPS"]
    asyncio.run(DayCloser(db).close_all())
    assert db.read_now(boards_to_close) == []
    closed_like_open(berlin)


def test_days_are_closed_again_and_again_though_one_time_fails(
    berlin: Past, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    db = berlin.board.person.weir.db
    monkeypatch.setattr(closing, "FIRST_SECONDS", 0)
    monkeypatch.setattr(closing, "SECONDS", 0.01)
    monkeypatch.setattr(closed_days, "FEWEST_CARDS", 1)
    berlin.board.add("A card")
    berlin.time.at(berlin.time.now + 5 * DAY)
    berlin.board.add("Another one")

    class Moody(DayCloser):
        failed = False

        async def close_all(self) -> None:
            if not self.failed:
                self.failed = True
                raise Unavailable("The database is busy.")
            await super().close_all()

    async def run() -> None:
        closer = Moody(db)
        closer.start()
        while await db.read(boards_to_close):  # noqa: ASYNC110 - another task closes them
            await asyncio.sleep(0.01)
        await closer.stop()

    asyncio.run(asyncio.wait_for(run(), 60))
    assert "no days closed: The database is busy." in caplog.text
