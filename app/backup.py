"""Backups: the whole database as it is at one moment, in one SQLite file, made while Weir runs.

Of a SQLite database the file is a copy. Of a PostgreSQL database it holds every row of every table,
read in one snapshot. So a backup of either kind is restored into either kind.
"""

import contextlib
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa
from psycopg import sql

from app.db import POSTGRESQL, make_engine
from app.models import Base, Board, SetupLink, SignInFailure, User
from app.schema import Stand, migrating, sqlite_file, stand_of, upgrade
from app.statements import measuring

AT_ONCE = 2_000
"""Rows that are read and written in one go."""


class CannotBackUp(Exception):
    """A backup cannot be made or restored; the message says why in one line."""


class Contents(NamedTuple):
    """How much a backup holds."""

    boards: int
    cards: int
    events: int

    def __str__(self) -> str:
        return f"boards: {self.boards}, cards: {self.cards}, events: {self.events}"


def make_backup(url: str, file: Path) -> Contents:
    """Writes the database as it is now to a new file, which appears whole or not at all."""
    source = sqlite_file(url)
    if file.exists():
        raise _there_already(file)
    if not file.parent.is_dir():
        raise CannotBackUp(f"{file.parent}: there is no such folder.")
    if source is not None and not source.exists():
        raise CannotBackUp(f"There is no database yet: {source} does not exist.")
    with _draft_of(file) as draft:
        if source is None:
            _copy_postgresql(url, draft)
        else:
            _copy_sqlite(source, draft)
        contents = _verified(draft)
        _publish(draft, file)
    return contents


def restore_backup(url: str, file: Path) -> Contents:
    """Fills an empty database from a backup, which may have been made by an older Weir."""
    if not file.is_file():
        raise CannotBackUp(f"{file}: there is no such file.")
    target = sqlite_file(url)
    if target is not None:
        target.parent.mkdir(parents=True, exist_ok=True)
    with _draft_of(target or Path(tempfile.gettempdir(), "weir.db")) as draft:
        # The backup stays as it is; a copy of it is migrated where it is older.
        _copy_sqlite(file, draft)
        contents = _verified(draft)
        upgrade(_sqlite_url(draft))
        if target is not None and not target.exists():
            _publish(draft, target)
        else:
            _fill(draft, url)
    return contents


def _copy_sqlite(source: Path, draft: Path) -> None:
    """Copies a SQLite database in one read transaction, which no writer has to wait for."""
    try:
        uri = f"{source.resolve().as_uri()}?mode=ro"
        with contextlib.closing(sqlite3.connect(uri, uri=True, timeout=30)) as connection:
            connection.execute("VACUUM INTO ?", (str(draft),))
    except sqlite3.DatabaseError as error:
        raise CannotBackUp(f"{source}: {error}.") from None


def _copy_postgresql(url: str, draft: Path) -> None:
    """Copies every table into a new SQLite database, in one snapshot."""
    if stand_of(url) is not Stand.CURRENT:
        raise CannotBackUp(
            "The database is not at the schema of this Weir: back it up with the version that "
            "made it, or with pg_dump."
        )
    upgrade(_sqlite_url(draft))
    engine = make_engine(url)
    try:
        with engine.connect() as source, migrating(_sqlite_url(draft)) as drain:
            source.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            source.exec_driver_sql("SET LOCAL statement_timeout = 0")
            source.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
            for table in Base.metadata.sorted_tables:
                for some in _rows(source, table).mappings().partitions():
                    drain.execute(sa.insert(table), [dict(row) for row in some])
    finally:
        engine.dispose()


def _fill(draft: Path, url: str) -> None:
    """Copies every row of a backup into an empty database, in one transaction."""
    upgrade(url)
    engine = make_engine(_sqlite_url(draft))
    try:
        with engine.connect() as backup, migrating(url) as target:
            if any(target.scalar(sa.select(kind.id).limit(1)) for kind in (User, Board)):
                raise CannotBackUp("The database is not empty; nothing was restored.")
            for kind in (SetupLink, SignInFailure):
                target.execute(sa.delete(kind))
            for table in Base.metadata.sorted_tables:
                rows = _rows(backup, table)
                if target.dialect.name == POSTGRESQL:
                    _pour(target, table, rows)
                else:
                    for some in rows.mappings().partitions():
                        target.execute(sa.insert(table), [dict(row) for row in some])
    finally:
        engine.dispose()


def _rows(source: sa.Connection, table: sa.Table) -> sa.Result[tuple[object, ...]]:
    """Every row of a table, some at a time."""
    return source.execute(sa.select(table), execution_options={"yield_per": AT_ONCE})


def _pour(target: sa.Connection, table: sa.Table, rows: sa.Result[tuple[object, ...]]) -> None:
    raw = target.connection.dbapi_connection
    assert raw is not None
    name = sql.Identifier(table.name)
    columns = sql.SQL(", ").join(sql.Identifier(column.name) for column in table.columns)
    cursor = raw.cursor()
    with cursor.copy(sql.SQL("COPY {} ({}) FROM STDIN").format(name, columns)) as copy:
        for row in rows:
            copy.write_row(tuple(row))
    cursor.execute(measuring(table.name))
    if table.autoincrement_column is not None:
        # The next row's id comes after those that came with the backup.
        cursor.execute(
            sql.SQL(
                "SELECT setval(pg_get_serial_sequence({}, 'id'), (SELECT coalesce(max(id), 0) + 1 "
                "FROM {}), false)"
            ).format(sql.Literal(table.name), name)
        )


def _verified(draft: Path) -> Contents:
    """What the backup holds, after a look whether it is sound."""
    try:
        with contextlib.closing(sqlite3.connect(draft, timeout=30)) as connection:
            # All that is still in a log beside the file goes into the file.
            connection.execute("PRAGMA journal_mode=DELETE")
            ((verdict,), *_) = connection.execute("PRAGMA quick_check(1)").fetchall()
            if verdict != "ok":
                raise CannotBackUp(f"The database is damaged: {verdict}.")
            if connection.execute("PRAGMA foreign_key_check").fetchone() is not None:
                raise CannotBackUp("The database is damaged: a reference leads nowhere.")
            if connection.execute("SELECT count(*) FROM alembic_version").fetchone() != (1,):
                raise CannotBackUp("This is no backup of Weir: it tells no migration.")
            counts = (
                "SELECT (SELECT count(*) FROM boards), (SELECT count(*) FROM cards), "
                "(SELECT count(*) FROM events)"
            )
            return Contents(*connection.execute(counts).fetchone())
    except sqlite3.DatabaseError as error:
        raise CannotBackUp(f"This is no backup of Weir: {error}.") from None


@contextlib.contextmanager
def _draft_of(file: Path) -> Iterator[Path]:
    """A file beside another one, for its owner's eyes only, which is gone at the end."""
    handle, name = tempfile.mkstemp(prefix=f".{file.name}-", dir=file.parent)
    os.close(handle)
    try:
        yield Path(name)
    finally:
        for left in (name, f"{name}-wal", f"{name}-shm", f"{name}-journal"):
            Path(left).unlink(missing_ok=True)


def _publish(draft: Path, file: Path) -> None:
    """Gives a finished draft its name, on the disk for good; never in the place of another file."""
    with draft.open("rb") as written:
        os.fsync(written.fileno())
    try:
        os.link(draft, file)
    except FileExistsError:
        raise _there_already(file) from None
    except OSError:
        # A file system without links, of a USB stick for one.
        if file.exists():
            raise _there_already(file) from None
        draft.rename(file)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _there_already(file: Path) -> CannotBackUp:
    return CannotBackUp(f"{file} is there already; nothing was written.")


def _sqlite_url(file: Path) -> str:
    return f"sqlite:///{file.resolve()}"
