"""The unit of work when things break: nothing half, nothing lost, nobody left waiting."""

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy import bindparam, insert, select

from app.auth.service import add_user
from app.db import Database, Statement, Tx
from app.errors import AlreadyExists, Refusal, StorageFull, Unavailable
from app.models import Label, User
from app.schema import upgrade
from tests import databases, support
from tests.lives import make_board

PROMPT = 2.0
"""Seconds that count as at once on a busy machine."""


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    """An empty database."""
    database = Database(database_url)
    yield database
    database.close()


@pytest.fixture
def sqlite(sqlite_url: str) -> Iterator[Database]:
    """An empty SQLite database."""
    database = Database(sqlite_url)
    yield database
    database.close()


@pytest.fixture
def postgresql(postgresql_url: str) -> Iterator[Database]:
    """An empty PostgreSQL database."""
    database = Database(postgresql_url)
    yield database
    database.close()


NEW = Statement(
    insert(User).values(
        email=bindparam("email"), name="", is_admin=False, created_at=0, password_hash=None
    )
)


def new(tx: Tx, email: str) -> str:
    """Writes a row."""
    tx.run(NEW, email=email)
    return email


def emails(db: Database) -> list[str]:
    """The rows that are there."""
    statement = select(User.email).order_by(User.email)
    return db.read_now(lambda tx: list(tx.execute(statement).scalars()))


class Gate:
    """Holds a board's turn, so that what is handed in meanwhile shares one commit."""

    def __init__(self, db: Database) -> None:
        self._open = threading.Event()
        begun = threading.Event()

        def hold(tx: Tx) -> None:
            begun.set()
            self._open.wait(20)

        self._holder = ThreadPoolExecutor(1).submit(
            lambda: asyncio.run(db.write(hold, board="OPS"))
        )
        assert begun.wait(20)

    def open(self) -> None:
        self._open.set()
        self._holder.result(20)


async def together(db: Database, *works: Callable[[Tx], Any]) -> list[Any]:
    """The outcomes of works that were handed in while their board was busy: they share a commit."""
    gate = Gate(db)
    tasks = [asyncio.create_task(db.write(work, board="OPS")) for work in works]
    await asyncio.sleep(0.05)  # they are handed in, and wait
    gate.open()
    return await asyncio.gather(*tasks, return_exceptions=True)


# --- One unit among others ----------------------------------------------------------------------


def test_a_unit_that_fails_is_undone_alone(db: Database) -> None:
    def fails(tx: Tx) -> None:
        new(tx, "half")
        raise ValueError("no")

    def works(name: str) -> Callable[[Tx], str]:
        return lambda tx: new(tx, name)

    outcomes = asyncio.run(together(db, works("a"), fails, works("b"), fails, works("c")))
    assert outcomes[0::2] == ["a", "b", "c"]
    assert all(isinstance(outcome, ValueError) for outcome in outcomes[1::2])
    assert emails(db) == ["a", "b", "c"]


def test_a_refusal_leaves_its_trace_though_the_change_is_undone(db: Database) -> None:
    def refused(tx: Tx) -> None:
        new(tx, "change")
        refusal = Refusal("no room")
        refusal.keep = lambda tx: tx.run_many(NEW, [{"email": "trace"}])
        raise refusal

    with pytest.raises(Refusal, match="no room"):
        db.write_now(refused)
    assert emails(db) == ["trace"]


def test_a_trace_that_cannot_be_written_is_no_success(db: Database) -> None:
    def fail(tx: Tx) -> None:
        raise ZeroDivisionError

    def refused(tx: Tx) -> None:
        new(tx, "change")
        refusal = Refusal("no room")
        refusal.keep = fail
        raise refusal

    with pytest.raises(ZeroDivisionError):
        db.write_now(refused)
    assert emails(db) == []
    assert db.write_now(new, "next") == "next"


def test_nobody_is_told_of_a_change_that_was_undone(db: Database) -> None:
    told: list[set[int]] = []
    db.on_commit = lambda boards, rights: told.append(set(boards))

    def fails(tx: Tx) -> None:
        tx.boards.add(7)
        raise ValueError

    def works(tx: Tx) -> None:
        tx.boards.add(8)

    asyncio.run(together(db, fails, works))
    assert told == [{8}]


def test_a_listener_that_fails_does_not_turn_a_commit_into_an_error(db: Database) -> None:
    def fail(boards: set[int], rights: bool) -> None:
        raise RuntimeError

    db.on_commit = fail

    def change(tx: Tx) -> str:
        tx.boards.add(1)
        return new(tx, "a")

    assert db.write_now(change) == "a"
    assert db.write_now(new, "b") == "b"
    assert emails(db) == ["a", "b"]


def test_readers_write_nothing(db: Database) -> None:
    with pytest.raises(
        (sqlite3.OperationalError, psycopg.errors.ReadOnlySqlTransaction, Unavailable)
    ):
        db.read_now(new, "a")
    assert emails(db) == []


def test_a_reader_sees_one_state(db: Database) -> None:
    def twice(tx: Tx) -> tuple[int, int]:
        count = select(sa.func.count()).select_from(User)
        first = tx.execute(count).scalar_one()
        db.write_now(new, "meanwhile")
        return first, tx.execute(count).scalar_one()

    assert db.read_now(twice) == (0, 0)
    assert emails(db) == ["meanwhile"]


def test_a_request_that_was_given_up_while_it_waited_does_no_harm(db: Database) -> None:
    async def give_up() -> list[Any]:
        gate = Gate(db)
        # More than the threads that write to PostgreSQL at once.
        tasks = [asyncio.create_task(db.write(new, f"{n:03}")) for n in range(40)]
        await asyncio.sleep(0.05)  # they are handed in, and wait
        for task in tasks[::2]:
            task.cancel()
        gate.open()
        return await asyncio.gather(*tasks, return_exceptions=True)

    outcomes = asyncio.run(give_up())
    assert outcomes[1::2] == [f"{n:03}" for n in range(1, 40, 2)]
    assert set(outcomes[1::2]) <= set(emails(db))
    assert db.write_now(new, "next") == "next"


# --- When the commit fails ----------------------------------------------------------------------


def test_when_the_commit_fails_nobody_in_the_group_hears_of_success(sqlite: Database) -> None:
    def breaks_the_commit(tx: Tx) -> None:
        new(tx, "deferred")
        # A reference that is judged at the commit, and that leads nowhere.
        tx.cursor.execute("PRAGMA defer_foreign_keys=ON")
        tx.run(Statement(insert(Label).values(board_id=4711, name="x")))

    outcomes = asyncio.run(
        together(sqlite, lambda tx: new(tx, "a"), breaks_the_commit, lambda tx: new(tx, "b"))
    )
    assert all(isinstance(outcome, sqlite3.Error | sa.exc.DBAPIError) for outcome in outcomes)
    assert emails(sqlite) == []
    assert sqlite.write_now(new, "next") == "next"


def test_a_full_disk_is_said_and_nothing_is_half_written(sqlite: Database) -> None:
    ada = make_board(sqlite)
    assert ada.id

    def fill(tx: Tx) -> None:
        pages = tx.cursor.execute("PRAGMA page_count").fetchone()[0]
        tx.cursor.execute(f"PRAGMA max_page_count={pages}")

    def grow(tx: Tx) -> None:
        for n in range(500):
            new(tx, f"{n:03}{'x' * 200}")

    before = emails(sqlite)
    sqlite.write_now(fill)
    for _ in range(3):
        with pytest.raises(StorageFull, match="nothing was changed"):
            sqlite.write_now(grow)
        assert emails(sqlite) == before
    outcomes = asyncio.run(together(sqlite, grow, lambda tx: tx.scalar(COUNT), grow))
    assert isinstance(outcomes[0], StorageFull)
    assert isinstance(outcomes[2], StorageFull)
    sqlite.write_now(lambda tx: tx.cursor.execute("PRAGMA max_page_count=1000000"))
    sqlite.write_now(grow)
    assert len(emails(sqlite)) == len(before) + 500


COUNT = Statement(select(sa.func.count()).select_from(User))


def test_writers_wait_for_another_process_and_then_say_so(sqlite: Database) -> None:
    sqlite.write_now(lambda tx: tx.cursor.execute("PRAGMA busy_timeout=300"))
    other = sqlite3.connect(str(sqlite.url.database), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable, match="busy"):
        sqlite.write_now(new, "during")
    assert emails(sqlite) == []
    other.rollback()
    other.close()
    assert sqlite.write_now(new, "after") == "after"


def test_a_database_file_that_cannot_be_opened_is_said(tmp_path: Path) -> None:
    db = Database(f"sqlite:///{tmp_path / 'missing' / 'weir.db'}")
    with pytest.raises(Unavailable, match="cannot be"):
        db.read_now(lambda tx: None)
    with pytest.raises(Unavailable, match="cannot be"):
        db.write_now(lambda tx: None)
    db.close()


# --- PostgreSQL: conflicts and connections ------------------------------------------------------


def raise_state(tx: Tx, state: str) -> None:
    """Lets PostgreSQL report an error with this code."""
    tx.cursor.execute(f"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{state}'; END $$")


@pytest.mark.parametrize("state", ["40001", "40P01"])
def test_a_conflict_runs_the_whole_unit_again(postgresql: Database, state: str) -> None:
    runs = []

    def conflicts_twice(tx: Tx) -> int:
        runs.append(1)
        new(tx, f"run {len(runs)}")
        if len(runs) < 3:
            raise_state(tx, state)
        return len(runs)

    assert postgresql.write_now(conflicts_twice) == 3
    assert emails(postgresql) == ["run 3"]


def test_conflicts_without_end_are_said(
    postgresql: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.db.RETRIES", 3)
    runs = []

    def conflicts(tx: Tx) -> None:
        runs.append(new(tx, "a"))
        raise_state(tx, "40001")

    with pytest.raises(Unavailable, match="busy"):
        postgresql.write_now(conflicts)
    assert len(runs) == 3
    assert emails(postgresql) == []


def test_a_deadlock_costs_time_and_nothing_else(postgresql: Database) -> None:
    postgresql.write_now(new, "a")
    postgresql.write_now(new, "b")
    both = threading.Barrier(2)
    lock = "SELECT id FROM users WHERE email = %s FOR UPDATE"

    def cross(tx: Tx, first: str, second: str, runs: list[int]) -> None:
        runs.append(1)
        tx.cursor.execute(lock, (first,))
        if len(runs) == 1:
            both.wait(10)
        tx.cursor.execute(lock, (second,))
        new(tx, f"{first}{second}")

    with ThreadPoolExecutor(2) as pool:
        ways: list[list[int]] = [[], []]
        crossing = [
            pool.submit(postgresql.write_now, cross, "a", "b", ways[0]),
            pool.submit(postgresql.write_now, cross, "b", "a", ways[1]),
        ]
        for each in crossing:
            each.result(20)
    once, again = sorted(len(runs) for runs in ways)
    assert once == 1
    assert again > 1, "they have not met"
    assert emails(postgresql) == ["a", "ab", "b", "ba"]


def test_of_two_who_make_the_same_at_once_one_hears_that_it_is_there(postgresql: Database) -> None:
    looked = threading.Barrier(2)

    def add(tx: Tx, runs: list[int]) -> int:
        runs.append(1)
        tx.execute(select(User.id).where(User.email == "ada@example.org")).first()
        if len(runs) == 1:
            looked.wait(10)
            # Both have seen that nobody is there; only the database can tell them apart.
            new(tx, "ada@example.org")
            return 0
        return add_user(tx, "ada@example.org", "Ada", None)

    with ThreadPoolExecutor(2) as pool:
        adding = [pool.submit(postgresql.write_now, add, []) for _ in range(2)]
        outcomes = [each.exception(20) for each in adding]
    assert [type(outcome) for outcome in outcomes if outcome] == [AlreadyExists]
    assert emails(postgresql) == ["ada@example.org"]


def test_a_lock_that_does_not_come_is_said(postgresql: Database) -> None:
    postgresql.write_now(new, "a")
    with psycopg.connect(plain(postgresql)) as stuck:
        stuck.execute("SELECT id FROM users FOR UPDATE")

        def wait(tx: Tx) -> None:
            tx.cursor.execute("SET LOCAL lock_timeout = '100ms'")
            tx.cursor.execute("SELECT id FROM users FOR UPDATE")

        with pytest.raises(Unavailable, match="busy"):
            postgresql.write_now(wait)
    assert postgresql.write_now(new, "b") == "b"


def plain(db: Database) -> str:
    """The database's address as the driver takes it."""
    return db.url.set(drivername="postgresql").render_as_string(hide_password=False)


def test_those_who_wait_for_the_same_wait_once_and_not_one_after_the_other(
    database_url: str,
) -> None:
    db = Database(database_url)
    db.write_now(new, "a")
    others = Database(database_url, pool_size=1)
    held, enough = threading.Event(), threading.Event()

    def hold(tx: Tx) -> None:
        tx.cursor.execute(LOCK[tx.dialect])
        held.set()
        enough.wait(20)

    def wait(tx: Tx) -> None:
        if tx.dialect == "postgresql":
            tx.cursor.execute("SET LOCAL lock_timeout = '300ms'")
        tx.cursor.execute(LOCK[tx.dialect])

    if db.dialect == "sqlite":
        db.write_now(lambda tx: tx.cursor.execute("PRAGMA busy_timeout=300"))

    async def crowd() -> list[Any]:
        works = [asyncio.create_task(db.write(wait, board="OPS")) for _ in range(21)]
        return await asyncio.gather(*works, return_exceptions=True)

    with ThreadPoolExecutor(1) as pool:
        holding = pool.submit(others.write_now, hold)
        assert held.wait(10)
        begun = time.monotonic()
        outcomes = asyncio.run(crowd())
        enough.set()
        holding.result(10)
    assert all(isinstance(outcome, Unavailable) for outcome in outcomes), outcomes
    assert time.monotonic() - begun < 3 * 0.3 + PROMPT
    for each in (db, others):
        each.close()


LOCK = {
    "sqlite": "SELECT id FROM users",
    "postgresql": "SELECT id FROM users FOR UPDATE",
}


def test_broken_connections_are_replaced_unnoticed(postgresql: Database) -> None:
    postgresql.write_now(new, "a")
    emails(postgresql)
    with psycopg.connect(plain(postgresql), autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE application_name = 'weir' AND datname = current_database()"
        )
    assert postgresql.write_now(new, "b") == "b"
    assert emails(postgresql) == ["a", "b"]


def test_a_connection_that_breaks_in_the_middle_runs_the_unit_again(postgresql: Database) -> None:
    runs: list[str] = []

    def breaks(tx: Tx) -> None:
        runs.append(new(tx, f"run {len(runs)}"))
        if len(runs) == 1:
            tx.cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    postgresql.write_now(breaks)
    assert emails(postgresql) == ["run 1"]


def test_while_nothing_answers_nobody_waits_long(tmp_path: Path) -> None:
    db = Database(f"postgresql://weir@/weir?host={tmp_path}")
    begun = time.monotonic()
    for _ in range(20):
        with pytest.raises(Unavailable, match="cannot be reached"):
            db.write_now(lambda tx: None)
        with pytest.raises(Unavailable, match="cannot be reached"):
            db.read_now(lambda tx: None)
    assert time.monotonic() - begun < PROMPT
    db.close()


def test_while_postgresql_restarts_weir_says_so_and_recovers_by_itself(
    postgres_server: databases.PostgresServer, tmp_path: Path
) -> None:
    url = postgres_server.url()
    upgrade(url)
    with support.running(url, tmp_path) as weir:
        board = weir.person("Ada").board("OPS")
        before = [board.add(f"Card {n}")["number"] for n in range(5)]
        postgres_server.stop()
        for _ in range(3):
            begun = time.monotonic()
            lost = board.try_add("Lost")
            assert lost.status_code == 503
            assert lost.json()["type"] == "/problems/unavailable"
            assert int(lost.headers["retry-after"]) >= 1
            assert board.person.ask("GET", "/boards/OPS").status_code == 503
            assert weir.client.get("/readyz").status_code == 503
            assert weir.client.get("/healthz").status_code == 200
            assert time.monotonic() - begun < PROMPT
        postgres_server.start()
        deadline = time.monotonic() + 5
        while weir.client.get("/readyz").status_code != 200 and time.monotonic() < deadline:
            time.sleep(0.05)
        # From here on no request fails, on whichever thread's connection it comes.
        for n in range(20):
            assert board.add(f"After {n}")["number"] == len(before) + 1 + n
            assert board.read()["seq"]
        assert len(board.cards()) == 25


# --- Closing ------------------------------------------------------------------------------------

FOR_EVER = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i FROM n) SELECT max(i) FROM n",
    "postgresql": "SELECT pg_sleep(60)",
}


def test_closing_breaks_off_what_takes_too_long(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.db.CLOSE_SECONDS", 0.2)
    db = Database(database_url)

    def endless(tx: Tx) -> None:
        tx.cursor.execute(FOR_EVER[db.dialect])

    with ThreadPoolExecutor(2) as pool:
        running = [pool.submit(db.write_now, endless), pool.submit(db.read_now, endless)]
        time.sleep(0.2)  # both are under way
        begun = time.monotonic()
        db.close()
        assert time.monotonic() - begun < 0.2 + PROMPT
        assert all(isinstance(each.exception(5), Unavailable) for each in running)


def test_a_closed_database_takes_no_work(db: Database) -> None:
    db.close()
    with pytest.raises(Unavailable, match="shutting down"):
        db.write_now(new, "a")
    with pytest.raises(Unavailable, match="shutting down"):
        db.read_now(lambda tx: None)


def test_what_was_handed_in_before_closing_is_done(database_url: str) -> None:
    db = Database(database_url)
    with ThreadPoolExecutor(16) as pool:
        handed_in = [pool.submit(db.write_now, new, f"{n:03}") for n in range(100)]
        time.sleep(0.02)  # some are done, some wait
        db.close()
        done = [each.result(20) for each in handed_in if each.exception(20) is None]
    again = Database(database_url)
    assert emails(again) == sorted(done)
    again.close()
