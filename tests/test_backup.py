"""A backup is the database as it was at one moment, and becomes one again, of either kind."""

import os
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from app.auth.service import new_setup_link
from app.backup import CannotBackUp, Contents, make_backup, restore_backup
from app.boards.history import read_board
from app.cards.rebuild import examine_board
from app.cards.service import CardFields, create_card, move_card
from app.db import Database
from app.models import Base, Card, Event
from app.schema import SchemaIsNewer, Stand, migrating, stand_of
from tests import databases
from tests.lives import Life, make_board


def rows(url: str) -> dict[str, list[Any]]:
    """Every row of every table."""
    db = Database(url, pool_size=1)
    try:
        return db.read_now(
            lambda tx: {
                table.name: sorted(map(repr, tx.execute(select(table))))
                for table in Base.metadata.sorted_tables
            }
        )
    finally:
        db.close()


@pytest.fixture
def lived(database_url: str) -> str:
    """A database with two boards on which much has happened."""
    db = Database(database_url, synchronous="NORMAL")
    for key in ("OPS", "DEV"):
        Life(db, make_board(db, key), key, 21).live(100)
    db.close()
    return database_url


@pytest.fixture(params=["sqlite", "postgresql"])
def other_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database that is to be filled: a SQLite file that is not there, an empty PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'restored' / 'weir.db'}"
    return str(request.getfixturevalue("empty_postgresql_url"))


def test_a_backup_of_either_kind_is_restored_into_either_kind(
    lived: str, other_url: str, tmp_path: Path
) -> None:
    before = rows(lived)
    file = tmp_path / "backup.db"
    made = make_backup(lived, file)
    assert made == Contents(2, len(before["cards"]), len(before["events"]))
    assert restore_backup(other_url, file) == made
    assert stand_of(other_url) is Stand.CURRENT
    assert rows(other_url) == before
    assert rows(lived) == before

    # Life goes on there: the next ids follow those that came along.
    db = Database(other_url, pool_size=1)
    Life(db, make_board(db, "NEW"), "NEW", 5).live(60)
    for key in ("OPS", "DEV", "NEW"):
        assert db.read_now(examine_board, key) == []
    db.close()


def wait_for(what: Callable[[], bool]) -> None:
    """Waits until something has happened, half a minute at most."""
    deadline = time.monotonic() + 30
    while not what():
        assert time.monotonic() < deadline, "nothing was written"
        time.sleep(0.01)


def test_a_backup_while_writers_run_holds_all_that_was_answered_before_it(
    database_url: str, tmp_path: Path
) -> None:
    db = Database(database_url)
    ada = make_board(db, template="simple")
    columns = db.read_now(lambda tx: read_board(tx, None, key="OPS").shape.columns)
    answered: list[int] = []
    stop = threading.Event()

    def work(number: int) -> None:
        while not stop.is_set():
            card = db.write_now(create_card, ada, "OPS", CardFields(f"Card of {number}"))
            answered.append(card.number)
            db.write_now(move_card, ada, card.id, columns[2].id)

    with ThreadPoolExecutor(4) as pool, ExitStack() as at_the_end:
        at_the_end.callback(stop.set)
        for number in range(4):
            pool.submit(work, number)
        for attempt in range(3):
            time.sleep(0.2)  # the writers write
            before = list(answered)
            assert before
            seq = db.read_now(lambda tx: read_board(tx, None, key="OPS").seq)
            file = tmp_path / f"backup-{attempt}.db"
            make_backup(database_url, file)
            check_copy(file, tmp_path / f"restored-{attempt}.db", set(before), seq)
        written = len(answered)
        time.sleep(0.2)  # the writers write
        assert len(answered) > written, "the writers went on"
    db.close()


def check_copy(backup: Path, file: Path, numbers: set[int], seq: int) -> None:
    """A restored copy has at least these cards and events, no gap, and agrees with itself."""
    url = f"sqlite:///{file}"
    restore_backup(url, backup)
    copy = Database(url, pool_size=1)
    there = copy.read_now(lambda tx: set(tx.execute(select(Card.number)).scalars()))
    assert numbers <= there
    events = select(Event.seq).order_by(Event.seq)
    seqs = copy.read_now(lambda tx: list(tx.execute(events).scalars()))
    assert seqs == list(range(1, len(seqs) + 1))
    assert len(seqs) >= seq
    assert copy.read_now(examine_board, "OPS") == []
    copy.close()


def test_a_backup_is_one_file_for_its_owner_alone(lived: str, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    make_backup(lived, folder / "b.db")
    assert [file.name for file in folder.iterdir()] == ["b.db"]
    assert (folder / "b.db").stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_there_is_never_written_over(lived: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.txt"
    file.write_text("mine")
    with pytest.raises(CannotBackUp, match="there already"):
        make_backup(lived, file)
    assert file.read_text() == "mine"


def test_a_backup_that_fails_leaves_nothing(
    lived: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(draft: Path) -> Contents:
        assert draft.stat().st_size
        raise CannotBackUp("damaged")

    monkeypatch.setattr("app.backup._verified", fail)
    folder = tmp_path / "backups"
    folder.mkdir()
    with pytest.raises(CannotBackUp, match="damaged"):
        make_backup(lived, folder / "b.db")
    assert list(folder.iterdir()) == []


def test_a_file_system_without_links_takes_a_backup_too(
    lived: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "link", fail)
    make_backup(lived, tmp_path / "b.db")
    with pytest.raises(CannotBackUp, match="there already"):
        make_backup(lived, tmp_path / "b.db")
    restore_backup(f"sqlite:///{tmp_path / 'restored.db'}", tmp_path / "b.db")
    assert rows(f"sqlite:///{tmp_path / 'restored.db'}") == rows(lived)


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    """A backup of a board on which something has happened."""
    url = databases.fresh_sqlite(tmp_path / "source.db")
    db = Database(url)
    Life(db, make_board(db), "OPS", 3).live(30)
    db.close()
    file = tmp_path / "backup.db"
    make_backup(url, file)
    return file


def test_a_database_that_is_not_empty_is_not_filled(lived: str, backup: Path) -> None:
    before = rows(lived)
    with pytest.raises(CannotBackUp, match="not empty"):
        restore_backup(lived, backup)
    assert rows(lived) == before


def test_a_database_that_was_only_started_is_filled(database_url: str, backup: Path) -> None:
    db = Database(database_url)
    assert db.write_now(new_setup_link)
    db.close()
    assert restore_backup(database_url, backup).boards == 1
    # The link that makes a first administrator works no more.
    assert rows(database_url)["setup_links"] == []


def test_what_is_no_backup_is_not_restored(tmp_path: Path, backup: Path) -> None:
    target = tmp_path / "target.db"
    url = f"sqlite:///{target}"
    text = tmp_path / "text.db"
    text.write_text("This is no database. " * 500)
    with pytest.raises(CannotBackUp, match="not a database"):
        restore_backup(url, text)
    foreign = tmp_path / "foreign.db"
    with sqlite3.connect(foreign) as connection:
        connection.execute("CREATE TABLE notes (id INTEGER)")
    connection.close()
    with pytest.raises(CannotBackUp, match="no backup of Weir"):
        restore_backup(url, foreign)
    torn = tmp_path / "torn.db"
    torn.write_bytes(backup.read_bytes()[: backup.stat().st_size // 2])
    with pytest.raises(CannotBackUp):
        restore_backup(url, torn)
    assert not target.exists()
    assert not [file for file in tmp_path.iterdir() if file.name.startswith(".target")]


def test_a_backup_of_a_newer_weir_is_not_restored(tmp_path: Path, backup: Path) -> None:
    with migrating(f"sqlite:///{backup}") as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(SchemaIsNewer):
        restore_backup(f"sqlite:///{tmp_path / 'target.db'}", backup)
    assert not (tmp_path / "target.db").exists()


def test_a_postgresql_with_an_older_schema_is_not_backed_up_in_part(
    empty_postgresql_url: str, tmp_path: Path
) -> None:
    with pytest.raises(CannotBackUp, match="not at the schema of this Weir"):
        make_backup(empty_postgresql_url, tmp_path / "b.db")
    assert list(tmp_path.iterdir()) == []


def test_a_sqlite_database_of_any_age_is_backed_up(sqlite_url: str, tmp_path: Path) -> None:
    with migrating(sqlite_url) as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0000'")
    assert make_backup(sqlite_url, tmp_path / "b.db") == Contents(0, 0, 0)
