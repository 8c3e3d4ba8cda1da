"""The database's schema: migrating it, once and by one process, and knowing where it stands."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from app.db import POSTGRESQL, SQLITE, make_engine

# Any number will do, as long as every process of Weir takes the same.
_ADVISORY_LOCK = 0x57454952


class SchemaIsNewer(RuntimeError):
    """The database was migrated by a newer Weir; this one does not touch it."""


def upgrade(url: str) -> None:
    """Brings a database to the newest schema; does nothing where it is there already.

    Of several processes that start at once exactly one migrates, the others wait for it. Raises
    SchemaIsNewer where the database knows a migration that this Weir does not.
    """
    config = _config()
    parsed = sa.make_url(url)
    if parsed.get_backend_name() == SQLITE and parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    with migrating(url) as connection:
        state = _revisions(connection)
        script = ScriptDirectory.from_config(config)
        known = {revision.revision for revision in script.walk_revisions()}
        unknown = state - known
        if unknown:
            raise SchemaIsNewer(
                f"The database was made by a newer Weir (migration {', '.join(sorted(unknown))}). "
                "Install that version, or restore a backup."
            )
        if state == set(script.get_heads()):
            return
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def is_current(connection: sa.Connection) -> bool:
    """Whether the database is at the newest migration that this Weir knows."""
    return _revisions(connection) == set(_heads())


@contextmanager
def migrating(url: str) -> Iterator[sa.Connection]:
    """A connection in a transaction that no other migrating process shares.

    On SQLite foreign keys are switched off before it begins, since making a parent table anew would
    delete the children, and are checked before it commits.
    """
    engine = make_engine(url)
    try:
        with engine.connect() as connection:
            if engine.dialect.name == SQLITE:
                raw = connection.connection.dbapi_connection
                assert raw is not None
                raw.execute("PRAGMA foreign_keys=OFF")
                raw.execute("PRAGMA busy_timeout=60000")
            with connection.begin():
                if engine.dialect.name == POSTGRESQL:
                    connection.exec_driver_sql("SET LOCAL lock_timeout = 0")
                    connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
                    connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
                    connection.execute(sa.text(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})"))
                yield connection
                if engine.dialect.name == SQLITE:
                    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
                    if broken:
                        raise RuntimeError(f"The migration left broken references: {broken[:5]}")
    finally:
        engine.dispose()


def run_migrations(context: Any, connection: sa.Connection, metadata: sa.MetaData) -> None:
    """What migrations/env.py does, on a connection of `migrating`."""
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=connection.dialect.name == SQLITE,
        compare_type=True,
        # The transaction is the caller's: alembic neither begins nor commits.
        transactional_ddl=False,
    )
    context.run_migrations()


def _config() -> Config:
    here = Path(__file__).parent
    # In the wheel the migrations lie inside the package, in a checkout beside it.
    folder = here / "migrations"
    if not folder.is_dir():
        folder = here.parent / "migrations"
    config = Config()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _heads() -> list[str]:
    return list(ScriptDirectory.from_config(_config()).get_heads())


def _revisions(connection: sa.Connection) -> set[str]:
    return set(MigrationContext.configure(connection).get_current_heads())
