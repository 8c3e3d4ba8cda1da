"""What is derived can be made anew from the events, and is what they say."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import func, select, text

from app.boards.history import read_board
from app.boards.service import archive_board
from app.cards.rebuild import board_keys, examine_board, rebuild_board
from app.db import Database, Tx
from app.models import Base, Card
from tests.lives import Life, make_board

# The repair is an event; repaired cards get a new version, rewritten rows new ids.
CHANGED_BY_REPAIRS = {
    "boards": {"seq", "changed_at"},
    "cards": {"version", "rank", "block_id"},
    "visits": {"id"},
    "blocked_intervals": {"id"},
}


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    """An empty database."""
    database = Database(database_url, synchronous="NORMAL", pool_size=1)
    yield database
    database.close()


def contents(db: Database) -> dict[str, list[str]]:
    """All that the tables hold, but for the events and what a repair may change."""

    def read(tx: Tx) -> dict[str, list[str]]:
        held = {}
        for table in Base.metadata.sorted_tables:
            without = CHANGED_BY_REPAIRS.get(table.name, set())
            columns = [column for column in table.columns if column.name not in without]
            held[table.name] = sorted(repr(row) for row in tx.execute(select(*columns)))
        del held["events"]
        return held

    return db.read_now(read)


def tamper(db: Database, statement: str) -> None:
    """Changes something behind the program's back."""

    def change(tx: Tx) -> int:
        cards = {
            "blocked": select(func.max(Card.id)).where(
                Card.was_blocked, Card.archived_at.is_(None)
            ),
            "discarded": select(func.max(Card.id)).where(Card.discarded_at.is_not(None)),
        }
        chosen = {name: tx.execute(card).scalar() for name, card in cards.items()}
        return tx.execute(text(statement), chosen).rowcount

    assert db.write_now(change), "nothing was there to be changed"


def said(found: list[Any]) -> list[str]:
    return [str(difference) for difference in found]


@pytest.mark.parametrize("seed", [1, 2])
def test_after_any_life_of_a_board_a_rebuild_finds_nothing(db: Database, seed: int) -> None:
    life = Life(db, make_board(db), "OPS", seed)
    life.live(300)
    assert len(life.done) > 14, "a life with few kinds of things in it proves little"
    assert life.refused
    before = contents(db)
    assert said(db.read_now(examine_board, "OPS")) == []
    assert db.write_now(rebuild_board, "OPS") == []
    assert contents(db) == before


DAMAGES = [
    ("UPDATE cards SET started_at = 1 WHERE id = :blocked", ["1 card: started_at"]),
    (
        "UPDATE cards SET lead_time = 7, cycle_time = 8 WHERE discarded_at IS NULL",
        ["cards: lead_time", "cards: cycle_time"],
    ),
    ("UPDATE cards SET done_at = 5 WHERE id = :blocked", ["1 card: done_at"]),
    ("UPDATE cards SET process_time = -1 WHERE id = :blocked", ["1 card: process_time"]),
    ("UPDATE cards SET working_since = 5 WHERE id = :blocked", ["1 card: working_since"]),
    ("UPDATE cards SET blocked_time = -1 WHERE id = :blocked", ["1 card: blocked_time"]),
    ("UPDATE cards SET block_id = 99999 WHERE id = :blocked", ["1 card: block_id"]),
    ("UPDATE cards SET was_blocked = false WHERE id = :blocked", ["1 card: was_blocked"]),
    ("UPDATE cards SET created_at = 5 WHERE id = :blocked", ["1 card: created_at"]),
    ("UPDATE cards SET entered_at = 5 WHERE id = :blocked", ["1 card: entered_at"]),
    ("UPDATE cards SET archived_at = 5 WHERE id = :blocked", ["1 card: archived_at"]),
    ("UPDATE cards SET discarded_at = 5 WHERE id = :blocked", ["1 card: discarded_at"]),
    ("UPDATE cards SET discarded_at = NULL WHERE id = :discarded", ["1 card: discarded_at"]),
    ("UPDATE cards SET assignee_ids = '[77]' WHERE id = :blocked", ["1 card: assignee_ids"]),
    ("UPDATE cards SET label_ids = '[77]' WHERE id = :blocked", ["1 card: label_ids"]),
    (
        (
            "UPDATE cards SET column_id = "
            "(SELECT min(id) FROM columns WHERE columns.id <> column_id) "
            "WHERE id = :blocked"
        ),
        ["1 card: column_id"],
    ),
    (
        (
            "UPDATE cards SET lane_id = (SELECT min(id) FROM lanes WHERE lanes.id <> lane_id) "
            "WHERE id = :blocked"
        ),
        ["1 card: lane_id"],
    ),
    ("UPDATE visits SET entered_at = entered_at - 1", ["cards: visits"]),
    ("DELETE FROM visits WHERE card_id = :blocked", ["1 card: visits"]),
    ("UPDATE blocked_intervals SET reason = 'Another'", ["cards: blocked_intervals"]),
    ("DELETE FROM blocked_intervals WHERE card_id = :blocked", ["1 card: blocked_intervals"]),
    ("UPDATE cells SET card_count = card_count + 1", ["cells: card_count"]),
    ("DELETE FROM cells", ["cells: card_count"]),
    (
        r"""UPDATE boards SET andon = '{"seq"\:1,"reason"\:"","at"\:1,"by"\:1,"helpers"\:[]}'""",
        ["1 board: andon"],
    ),
    ("UPDATE boards SET seq = seq + 5", ["1 board: seq"]),
    ("UPDATE boards SET seq = 1", ["1 board: seq"]),
    ("UPDATE boards SET last_number = 1", ["1 board: last_number"]),
    ("UPDATE boards SET changed_at = 0", ["1 board: changed_at"]),
]


def test_a_rebuild_finds_and_repairs_each_derived_value(db: Database) -> None:
    Life(db, make_board(db), "OPS", 4).live(250)
    sound = contents(db)
    for statement, expected in DAMAGES:
        tamper(db, statement)
        seen = said(db.read_now(examine_board, "OPS"))
        for part in expected:
            assert any(part in line for line in seen), (statement, seen)
        assert said(db.write_now(rebuild_board, "OPS")) == seen
        assert said(db.read_now(examine_board, "OPS")) == []
        assert contents(db) == sound, statement


def test_a_repair_is_told_to_everybody_who_looks_at_the_board(db: Database) -> None:
    Life(db, make_board(db), "OPS", 5).live(60)
    told: list[set[int]] = []
    db.on_commit = lambda boards, rights: told.append(boards)
    versions = select(Base.metadata.tables["cards"].c.version)
    before = db.read_now(lambda tx: sorted(tx.execute(versions).scalars()))
    seq = _seq(db)
    tamper(db, "UPDATE cards SET lead_time = 7 WHERE id = (SELECT min(id) FROM cards)")
    db.write_now(rebuild_board, "OPS")
    assert told == [{1}]
    assert _seq(db) == seq + 1
    after = db.read_now(lambda tx: sorted(tx.execute(versions).scalars()))
    assert sum(after) == sum(before) + 1


def _seq(db: Database) -> int:
    return db.read_now(lambda tx: read_board(tx, None, key="OPS").seq)


def test_an_archived_board_can_be_rebuilt(db: Database) -> None:
    ada = make_board(db)
    Life(db, ada, "OPS", 6).live(40)
    db.write_now(archive_board, ada, "OPS")
    tamper(db, "UPDATE cells SET card_count = 50")
    assert db.write_now(rebuild_board, "OPS")
    assert db.read_now(examine_board, "OPS") == []


def test_every_board_is_rebuilt_by_itself(db: Database) -> None:
    for key in ("AA", "BB"):
        Life(db, make_board(db, key), key, 7).live(40)
    assert db.read_now(board_keys) == ["AA", "BB"]
    tamper(db, "UPDATE visits SET left_at = 5 WHERE board_id = 2 AND left_at IS NULL")
    assert db.read_now(examine_board, "AA") == []
    assert db.read_now(examine_board, "BB") != []
    db.write_now(rebuild_board, "BB")
    assert db.read_now(examine_board, "BB") == []


def test_a_damaged_history_is_said_and_not_repaired(db: Database) -> None:
    Life(db, make_board(db), "OPS", 8).live(60)
    tamper(db, "DELETE FROM events WHERE seq = 3")
    tamper(db, "DELETE FROM events WHERE card_id = (SELECT min(id) FROM cards)")
    found = db.write_now(rebuild_board, "OPS")
    assert "1 board: the history has gaps" in said(found)
    assert "1 card: has no history" in said(found)
    assert not all(difference.repairable for difference in found)
    assert {"1 board: the history has gaps", "1 card: has no history"} <= set(
        said(db.read_now(examine_board, "OPS"))
    )
