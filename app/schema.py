"""The database's schema: migrating it, once and by one process, and knowing where it stands.

Migrations are numbered: `0002_what_it_does.py` is revision 0002 and follows 0001. So the newest is
known by the names of the files, and Alembic, which takes long to load, is only needed to migrate.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from app.db import POSTGRESQL, SQLITE, make_engine

if TYPE_CHECKING:
    from alembic.config import Config

# Any number will do, as long as every process of Weir takes the same.
_ADVISORY_LOCK = 0x57454952
_VERSIONS = sa.table("alembic_version", sa.column("version_num", sa.String))


class SchemaIsNewer(RuntimeError):
    """The database was migrated by a newer Weir; this one does not touch it."""


class NotOurs(RuntimeError):
    """The database holds the tables of something else; Weir does not touch it."""


class Stand(Enum):
    """Where a database's schema is."""

    EMPTY = "empty"
    BEHIND = "behind"
    CURRENT = "current"


def upgrade(url: str) -> None:
    """Brings a database to the newest schema; does nothing where it is there already.

    Of several processes that start at once exactly one migrates, the others wait for it. Raises
    SchemaIsNewer where the database knows a migration that this Weir does not.
    """
    file = sqlite_file(url)
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        # It holds hashes of passwords: only its owner reads it, and the log beside it.
        file.touch(0o600)
    if stand_of(url) is Stand.CURRENT:
        return
    with migrating(url) as connection:
        # Another process may have migrated while this one waited.
        if stand(connection) is Stand.CURRENT:
            return
        from alembic import command  # noqa: PLC0415 - seldom needed

        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def sqlite_file(url: str) -> Path | None:
    """The file of a SQLite database; None for PostgreSQL."""
    parsed = sa.make_url(url)
    if parsed.get_backend_name() != SQLITE:
        return None
    return Path(str(parsed.database))


def place_of(url: str) -> str:
    """Where the data is, for people: a file, or a PostgreSQL address without its password."""
    file = sqlite_file(url)
    if file is not None:
        return os.path.relpath(file)
    return sa.make_url(url).render_as_string(hide_password=True)


def stand_of(url: str) -> Stand:
    """Where the schema of the database at an address is; raises as `stand` does."""
    file = sqlite_file(url)
    if file is not None and not file.exists():
        return Stand.EMPTY
    engine = make_engine(url)
    try:
        with engine.connect() as connection:
            connection.info["weir_begin"] = "BEGIN"
            return stand(connection)
    finally:
        engine.dispose()


def stand(connection: sa.Connection) -> Stand:
    """Whether a database is empty, at an older migration or at the newest; raises SchemaIsNewer,
    and NotOurs where there are tables that no Weir has made."""
    there = revisions(connection)
    known = _known()
    unknown = there - set(known)
    if unknown:
        raise SchemaIsNewer(
            f"The database was made by a newer Weir (migration {', '.join(sorted(unknown))}). "
            "Install that version, or restore a backup."
        )
    if not there:
        if sa.inspect(connection).has_table("boards"):
            raise NotOurs("The database has tables already, and they are not Weir's.")
        return Stand.EMPTY
    return Stand.CURRENT if there == {known[-1]} else Stand.BEHIND


def is_current(connection: sa.Connection) -> bool:
    """Whether the database is at the newest migration that this Weir knows."""
    return revisions(connection) == {newest()}


def newest() -> str:
    """The newest migration that this Weir knows."""
    return _known()[-1]


def revisions(connection: sa.Connection) -> set[str]:
    """The migration that a database is at; none where it is empty."""
    if not sa.inspect(connection).has_table(_VERSIONS.name):
        return set()
    return set(connection.scalars(sa.select(_VERSIONS.c.version_num)))


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


def _folder() -> Path:
    here = Path(__file__).parent
    # In the wheel the migrations lie inside the package, in a checkout beside it.
    folder = here / "migrations"
    return folder if folder.is_dir() else here.parent / "migrations"


def _known() -> list[str]:
    files = (_folder() / "versions").glob("[0-9]*_*.py")
    return sorted(file.name.partition("_")[0] for file in files)


def _config() -> "Config":
    from alembic.config import Config  # noqa: PLC0415 - as above

    config = Config()
    config.set_main_option("script_location", str(_folder()).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
