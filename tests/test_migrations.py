"""Migrating: once, by one process, without losing a row, up and down, on both databases."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory

from app import schema
from app.db import Database, make_engine
from app.models import Base
from app.schema import NotOurs, SchemaIsNewer, Stand, migrating, newest, stand_of, upgrade
from tests.lives import Life, make_board

ROOT = Path(__file__).parent.parent


def alembic() -> Config:
    """What the `alembic` command works with."""
    return Config(ROOT / "alembic.ini")


def history() -> list[str]:
    """All migrations from the first to the newest."""
    scripts = ScriptDirectory.from_config(alembic()).walk_revisions()
    return [script.revision for script in scripts][::-1]


def migrate(url: str, direction: str, revision: str) -> None:
    """Brings a database to a migration as `alembic upgrade` and `alembic downgrade` do."""
    config = alembic()
    with migrating(url) as connection:
        config.attributes["connection"] = connection
        getattr(command, direction)(config, revision)


@contextmanager
def connected(url: str) -> Iterator[sa.Connection]:
    """A connection in a transaction, for looking."""
    engine = make_engine(url)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def row_counts(url: str) -> dict[str, int]:
    """How many rows each table has."""
    with connected(url) as connection:
        names = set(sa.inspect(connection).get_table_names()) - {"alembic_version"}
        return {
            name: connection.execute(
                sa.select(sa.func.count()).select_from(sa.table(name))
            ).scalar_one()
            for name in sorted(names)
        }


def populate(url: str) -> None:
    """Fills every table that a life fills."""
    db = Database(url, synchronous="NORMAL")
    Life(db, make_board(db), "OPS", 11).live(150)
    db.close()


def test_the_models_and_the_migrations_agree(database_url: str) -> None:
    with connected(database_url) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_the_newest_migration_is_known_by_its_file() -> None:
    revisions = history()
    assert revisions == [f"{number:04}" for number in range(1, len(revisions) + 1)]
    assert newest() == revisions[-1]


def test_every_migration_keeps_the_rows_up_and_down(database_url: str) -> None:
    populate(database_url)
    counts = row_counts(database_url)
    assert sum(counts.values()) > 250
    revisions = history()
    for below, above in zip(revisions[-2::-1], revisions[:0:-1], strict=True):
        migrate(database_url, "downgrade", below)
        kept = row_counts(database_url)
        assert kept == {name: counts[name] for name in kept if name in counts}, above
    migrate(database_url, "upgrade", "head")
    assert row_counts(database_url) == counts
    # Below the first migration is nothing, and from nothing everything can be made.
    migrate(database_url, "downgrade", "base")
    assert row_counts(database_url) == {}
    assert stand_of(database_url) is Stand.EMPTY
    upgrade(database_url)
    assert stand_of(database_url) is Stand.CURRENT
    assert set(row_counts(database_url).values()) == {0}
    populate(database_url)


def test_migrating_again_changes_nothing(database_url: str) -> None:
    populate(database_url)
    counts = row_counts(database_url)
    upgrade(database_url)
    assert row_counts(database_url) == counts


def test_a_parent_table_that_is_made_anew_keeps_its_children(sqlite_url: str) -> None:
    populate(sqlite_url)
    counts = row_counts(sqlite_url)
    with migrating(sqlite_url) as connection:
        operations = Operations(MigrationContext.configure(connection))
        with operations.batch_alter_table("boards", recreate="always") as batch:
            batch.add_column(sa.Column("colour", sa.Text(), nullable=True))
    assert row_counts(sqlite_url) == counts


def test_a_migration_that_leaves_a_broken_reference_does_not_happen(sqlite_url: str) -> None:
    populate(sqlite_url)
    counts = row_counts(sqlite_url)
    with (
        pytest.raises(RuntimeError, match="broken references"),
        migrating(sqlite_url) as connection,
    ):
        connection.exec_driver_sql("DELETE FROM lanes")
    assert row_counts(sqlite_url) == counts


def test_a_migration_that_fails_leaves_nothing_of_itself(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    populate(database_url)
    counts = row_counts(database_url)

    def fail(connection: sa.Connection) -> None:
        connection.exec_driver_sql("CREATE TABLE half (id INTEGER)")
        connection.exec_driver_sql("ALTER TABLE boards ADD COLUMN colour TEXT")
        connection.exec_driver_sql("DELETE FROM events")
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"), migrating(database_url) as connection:
        fail(connection)
    assert row_counts(database_url) == counts
    with connected(database_url) as connection:
        columns = {column["name"] for column in sa.inspect(connection).get_columns("boards")}
    assert "colour" not in columns


def test_processes_that_start_at_once_on_an_empty_database_migrate_it_once(
    empty_database_url: str, tmp_path: Path
) -> None:
    # Each says when it is ready, and all begin together.
    program = (
        "import sys; from app.schema import upgrade; from alembic import command; "
        "print('ready', flush=True); sys.stdin.readline(); upgrade(sys.argv[1])"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program, empty_database_url],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    outcomes = []
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    for process in processes:
        _, errors = process.communicate(timeout=60)
        outcomes.append((process.returncode, errors))
    assert outcomes == [(0, "")] * 3
    assert stand_of(empty_database_url) is Stand.CURRENT
    populate(empty_database_url)


def test_a_schema_newer_than_this_weir_is_not_touched(database_url: str) -> None:
    with migrating(database_url) as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(SchemaIsNewer, match=r"newer Weir .*9999"):
        upgrade(database_url)
    with pytest.raises(SchemaIsNewer):
        stand_of(database_url)


def test_an_older_schema_is_known(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "_known", lambda: [*history(), "9999"])
    assert stand_of(database_url) is Stand.BEHIND


def test_the_database_of_something_else_is_not_touched(empty_database_url: str) -> None:
    with migrating(empty_database_url) as connection:
        connection.exec_driver_sql("CREATE TABLE boards (id INTEGER)")
    with pytest.raises(NotOurs, match="not Weir's"):
        upgrade(empty_database_url)
    assert row_counts(empty_database_url) == {"boards": 0}


def test_looking_makes_no_file(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "weir.db"
    assert stand_of(f"sqlite:///{file}") is Stand.EMPTY
    assert not file.exists()
    upgrade(f"sqlite:///{file}")
    assert stand_of(f"sqlite:///{file}") is Stand.CURRENT
    assert file.stat().st_mode & 0o777 == 0o600


def test_the_alembic_command_finds_no_drift(sqlite_url: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "alembic", "check"],
        cwd=ROOT,
        env={**os.environ, "WEIR_DATABASE_URL": sqlite_url},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
