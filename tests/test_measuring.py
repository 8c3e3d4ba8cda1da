"""After much was written at once PostgreSQL knows what is in its tables; it need not find out by
itself first."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text, update

from app import clock
from app.backup import make_backup, restore_backup
from app.cards.bulk_load import MANY_CARDS
from app.cards.rebuild import rebuild_board
from app.db import Database
from app.exchange.history import import_history
from app.models import Card
from app.samples.big import write_board_played
from app.samples.playing import Wish, play
from tests.exchange.documents import card, document
from tests.lives import make_board

_KNOWN = text("SELECT relname, reltuples FROM pg_class WHERE relkind = 'r' AND reltuples >= 0")


@pytest.fixture
def db(postgresql_url: str) -> Iterator[Database]:
    """A database that does nothing by itself."""
    database = Database(postgresql_url, pool_size=1)
    yield database
    database.close()


def known(db: Database) -> dict[str, int]:
    """How many rows PostgreSQL believes that its tables have, of those that it has looked at."""
    return db.read_now(lambda tx: {name: int(rows) for name, rows in tx.execute(_KNOWN)})


def test_a_large_board_that_was_made_up(db: Database) -> None:
    actor = make_board(db)
    with play(Wish(MANY_CARDS, 1, 1.0, clock.now()), lambda step, share: None) as played:
        db.write_now(write_board_played, actor, played, lambda step, share: None)
    rows = known(db)
    assert rows["cards"] == MANY_CARDS
    assert rows["events"] > rows["visits"] > MANY_CARDS
    assert rows["card_labels"]
    assert rows["card_assignees"]
    assert rows["blocked_intervals"]


def test_a_large_import(db: Database) -> None:
    actor = make_board(db)
    cards = [card(f"INC{n}", (9, "Doing"), (10, "In production")) for n in range(MANY_CARDS)]
    db.write_now(import_history, actor, "OPS", document(*cards))
    assert known(db)["visits"] == 3 * len(cards)


def test_a_repair_and_a_restored_backup(
    db: Database, tmp_path: Path, empty_postgresql_url: str
) -> None:
    actor = make_board(db)
    db.write_now(import_history, actor, "OPS", document(card("A", (9, "Doing")), card("B")))
    db.write_now(lambda tx: tx.execute(update(Card).values(blocked_time=1)))
    assert db.write_now(rebuild_board, "OPS")
    assert known(db)["visits"] == 3

    file = tmp_path / "backup.db"
    make_backup(str(db.url.render_as_string(hide_password=False)), file)
    restore_backup(empty_postgresql_url, file)
    other = Database(empty_postgresql_url, pool_size=1)
    assert known(other)["visits"] == 3
    other.close()
