"""The database: one transaction for one plain function. The only file that commits.

`await db.write(fn, ...)` and `await db.read(fn, ...)` run `fn(tx, ...)` on a worker thread. On SQLite
all writers queue to one thread, which runs those that wait in one transaction (each in a savepoint
of its own) and answers them after its COMMIT. On PostgreSQL each runs in a transaction of its own,
and again from the start after a serialization failure or a deadlock. Statements are built with Core
and compiled once; the hot paths hand the text straight to the driver.
"""

import asyncio
import logging
import queue
import random
import re
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Generic, TypeVar, cast

import psycopg
import sqlalchemy as sa
from psycopg import errors as pg
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import UpdateBase

from app.errors import AppError, Invalid, Refusal, StorageFull, Unavailable

log = logging.getLogger("weir.db")

R = TypeVar("R", bound=tuple[Any, ...])
T = TypeVar("T")

SQLITE = "sqlite"
POSTGRESQL = "postgresql"
GROUP_SIZE = 64
COPIED = 50  # rows from which PostgreSQL takes them by COPY, several times as fast
RETRIES = 8
CHANNEL = "weir"

# An insert of parameters and nothing else, as it is compiled for PostgreSQL.
_PLAIN_INSERT = re.compile(
    r"INSERT INTO (\w+ \([\w, ]+\)) VALUES \(((?:%\(\w+\)s(?:::\w+)?(?:, )?)+)\)"
)
_PARAMETER = re.compile(r"%\((\w+)\)s")

_DIALECTS: dict[str, sa.engine.Dialect] = {
    SQLITE: sqlite.dialect(paramstyle="named"),
    POSTGRESQL: postgresql.psycopg.dialect(),  # type: ignore[no-untyped-call]
}


class Statement:
    """A Core statement, compiled once for each database."""

    def __init__(self, statement: Any) -> None:
        self.statement = statement
        self.writes = isinstance(statement, UpdateBase)
        self._compiled: dict[str, tuple[str, dict[str, Any]]] = {}

    def compiled(self, dialect: str) -> tuple[str, dict[str, Any]]:
        """The statement's text for a database, and the values that stand in it."""
        found = self._compiled.get(dialect)
        if found is None:
            compiled = self.statement.compile(
                dialect=_DIALECTS[dialect], compile_kwargs={"render_postcompile": True}
            )
            constants = {
                name: bind.effective_value
                for bind, name in compiled.bind_names.items()
                if not bind.required and not bind.expanding
            }
            found = self._compiled[dialect] = (compiled.string, constants)
        return found


class Query(Statement, Generic[R]):
    """A statement whose rows come back as a named tuple of the same columns."""

    def __init__(self, statement: Any, row: type[R]) -> None:
        super().__init__(statement)
        columns = (
            statement.selected_columns
            if hasattr(statement, "selected_columns")
            else statement.exported_columns
        )
        names = tuple(column.key for column in columns)
        if names != row._fields:  # type: ignore[attr-defined]
            raise TypeError(f"{row.__name__} has other fields than its statement: {names}")
        self.make: Callable[[Iterable[Any]], R] = row._make  # type: ignore[attr-defined]
        self._booleans = [
            index for index, column in enumerate(columns) if isinstance(column.type, sa.Boolean)
        ]

    def rows(self, dialect: str, found: Sequence[Sequence[Any]]) -> list[R]:
        """The driver's rows as named tuples."""
        if self._booleans and dialect == SQLITE:
            # The driver knows no booleans there: they come as 0 and 1.
            plain = [list(row) for row in found]
            for row in plain:
                for index in self._booleans:
                    row[index] = None if row[index] is None else bool(row[index])
            return [self.make(row) for row in plain]
        return [self.make(row) for row in found]


class Tx:
    """One transaction, as a service verb sees it."""

    __slots__ = ("boards", "connection", "cursor", "dialect", "dirty", "memory", "rights")

    def __init__(self, connection: sa.Connection, cursor: Any, memory: dict[Any, Any]) -> None:
        self.connection = connection
        self.cursor = cursor
        self.dialect = connection.dialect.name
        self.memory = memory  # of the process: what is looked up again and again
        self.dirty = False  # whether anything was written
        self.boards: set[int] = set()  # that have a new event
        self.rights = False  # whether somebody's rights have changed

    def run(self, statement: Statement, **values: Any) -> int:
        """Carries out a statement; the number of rows that it changed."""
        self._execute(statement, values)
        return cast(int, self.cursor.rowcount)

    def run_many(self, statement: Statement, values: Sequence[dict[str, Any]]) -> None:
        """Carries out a statement for each set of values, in one go."""
        if not values:
            return
        self.dirty = self.dirty or statement.writes
        text, constants = statement.compiled(self.dialect)
        if self.dialect == POSTGRESQL and len(values) >= COPIED and not constants:
            plain = _PLAIN_INSERT.fullmatch(text)
            if plain is not None:
                names = _PARAMETER.findall(plain[2])
                with self.cursor.copy(f"COPY {plain[1]} FROM STDIN") as copy:
                    for each in values:
                        copy.write_row([each[name] for name in names])
                return
        self.cursor.executemany(
            text, [{**constants, **each} for each in values] if constants else values
        )

    def all(self, query: Query[R], **values: Any) -> list[R]:
        """All rows."""
        self._execute(query, values)
        return query.rows(self.dialect, self.cursor.fetchall())

    def first(self, query: Query[R], **values: Any) -> R | None:
        """The first row, or None."""
        self._execute(query, values)
        row = self.cursor.fetchone()
        return None if row is None else query.rows(self.dialect, [row])[0]

    def one(self, query: Query[R], **values: Any) -> R:
        """The row that is known to be there."""
        row = self.first(query, **values)
        if row is None:
            raise LookupError(f"no row for {query.statement}")
        return row

    def scalar(self, statement: Statement, **values: Any) -> Any:
        """The first value of the first row, or None."""
        self._execute(statement, values)
        row = self.cursor.fetchone()
        return None if row is None else row[0]

    def execute(self, statement: sa.Executable, values: Any = None) -> sa.CursorResult[Any]:
        """Runs any Core statement the ordinary way, where speed does not matter."""
        if isinstance(statement, UpdateBase):
            self.dirty = True
        return self.connection.execute(statement, values)

    def _execute(self, statement: Statement, values: dict[str, Any]) -> None:
        text, constants = statement.compiled(self.dialect)
        if statement.writes:
            self.dirty = True
        self.cursor.execute(text, {**constants, **values} if constants else values)


Work = Callable[..., Any]


class _Item:
    """A unit of work that waits for the writer, and where its outcome goes."""

    __slots__ = ("args", "error", "fn", "future", "result", "tx")

    def __init__(self, fn: Work, args: tuple[Any, ...], future: "Future[Any]") -> None:
        self.fn = fn
        self.args = args
        self.future = future
        self.result: Any = None
        self.error: BaseException | None = None
        self.tx: Tx | None = None

    def deliver(self) -> None:
        if self.future.cancelled():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)


Committed = Callable[[set[int], bool], None]


class Database:
    """The engine with its threads. `write` and `read` are all that the rest of Weir knows of it."""

    def __init__(self, url: str, *, synchronous: str = "FULL", pool_size: int = 8) -> None:
        self.url = sa.make_url(url)
        self.dialect = self.url.get_backend_name()
        if self.dialect not in _DIALECTS:
            raise ValueError(f"The database must be SQLite or PostgreSQL, not {self.dialect}.")
        self.memory: dict[Any, Any] = {}
        # Called after each commit, on a worker thread: boards with new events, rights changed.
        self.on_commit: Committed = lambda boards, rights: None
        self._engine = make_engine(url, synchronous=synchronous)
        self._local = threading.local()
        self._open: list[sa.Connection] = []
        self._open_lock = threading.Lock()
        self._closed = False
        self._readers = ThreadPoolExecutor(pool_size, thread_name_prefix="weir-read")
        self._writers: ThreadPoolExecutor | None = None
        self._queue: queue.SimpleQueue[_Item | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        if self.dialect == SQLITE:
            self._thread = threading.Thread(target=self._write_groups, name="weir-write")
            self._thread.daemon = True
            self._thread.start()
        else:
            self._writers = ThreadPoolExecutor(pool_size, thread_name_prefix="weir-write")

    async def write(self, fn: Callable[..., T], *args: Any) -> T:
        """Runs `fn(tx, *args)` in a transaction; its result, once the COMMIT has returned."""
        return cast(T, await asyncio.wrap_future(self._submit_write(fn, args)))

    async def read(self, fn: Callable[..., T], *args: Any) -> T:
        """Runs `fn(tx, *args)` on one unchanging state of the database."""
        return cast(T, await asyncio.wrap_future(self._readers.submit(self._read, fn, args)))

    def write_now(self, fn: Callable[..., T], *args: Any) -> T:
        """`write` for callers without an event loop."""
        return cast(T, self._submit_write(fn, args).result())

    def read_now(self, fn: Callable[..., T], *args: Any) -> T:
        """`read` for callers without an event loop."""
        return cast(T, self._readers.submit(self._read, fn, args).result())

    def close(self) -> None:
        """Finishes what was begun, ends the threads and closes every connection."""
        if self._closed:
            return
        self._closed = True
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()
        if self._writers is not None:
            self._writers.shutdown()
        self._readers.shutdown()
        with self._open_lock:
            for connection in self._open:
                connection.close()
            self._open.clear()
        self._engine.dispose()

    # --- reading

    def _read(self, fn: Work, args: tuple[Any, ...]) -> Any:
        for attempt in range(2):
            try:
                connection = self._connection("read")
                with connection.begin():
                    return fn(self._tx(connection), *args)
            except (sqlite3.Error, psycopg.Error, sa.exc.DBAPIError) as error:
                # A connection that the server closed is opened anew once: nothing was written.
                if not (self._forget_if_lost("read", error) and attempt == 0):
                    raise _translated(error) from error
        raise AssertionError("unreachable")

    # --- writing

    def _submit_write(self, fn: Work, args: tuple[Any, ...]) -> "Future[Any]":
        if self._closed:
            raise Unavailable("The service is shutting down.")
        if self._writers is not None:
            return self._writers.submit(self._write_alone, fn, args)
        item = _Item(fn, args, Future())
        self._queue.put(item)
        return item.future

    def _write_alone(self, fn: Work, args: tuple[Any, ...]) -> Any:
        for attempt in range(RETRIES):
            committing = False
            try:
                connection = self._connection("write")
                transaction = connection.begin()
                try:
                    tx = self._tx(connection)
                    refusal = None
                    try:
                        result = fn(tx, *args)
                    except Refusal as error:
                        if error.keep is None:
                            raise
                        refusal = error
                        if tx.dirty:
                            transaction.rollback()
                            transaction = connection.begin()
                            tx = self._tx(connection)
                        error.keep(tx)
                    if tx.rights:
                        tx.cursor.execute("SELECT pg_notify(%s, 'rights')", (CHANNEL,))
                    committing = True
                    transaction.commit()
                except BaseException:
                    if not connection.invalidated and not connection.closed:
                        transaction.rollback()
                    raise
                if tx.boards or tx.rights:
                    self.on_commit(tx.boards, tx.rights)
                if refusal is not None:
                    raise refusal
                return result
            except (psycopg.Error, sa.exc.DBAPIError) as error:
                again = _is_transient(error) or (
                    self._forget_if_lost("write", error) and not committing
                )
                if not again or attempt == RETRIES - 1:
                    raise _translated(error) from error
                time.sleep(random.uniform(0, 0.01 * 2**attempt))
        raise AssertionError("unreachable")

    def _write_groups(self) -> None:
        stopping = False
        while not stopping:
            first = self._queue.get()
            if first is None:
                return
            group = [first]
            while len(group) < GROUP_SIZE:
                try:
                    item = self._queue.get_nowait()
                except queue.Empty:
                    break
                if item is None:
                    stopping = True
                    break
                group.append(item)
            self._write_group(group)

    def _write_group(self, group: list[_Item]) -> None:
        try:
            connection = self._connection("write")
            with connection.begin():
                for item in group:
                    item.tx = self._tx(connection)
                    self._write_item(item, item.tx)
        except Exception as error:
            # The group shares one COMMIT: when it fails, nobody's change happened.
            known = isinstance(error, sqlite3.Error | sa.exc.DBAPIError)
            if known:
                self._forget_if_lost("write", error)
            else:
                log.exception("a group of writes failed")
            for item in group:
                item.tx = None
                item.error = _translated(error) if known else error
        boards: set[int] = set()
        rights = False
        for item in group:
            if item.tx is not None:
                boards |= item.tx.boards
                rights = rights or item.tx.rights
        for item in group:
            item.deliver()
        if boards or rights:
            self.on_commit(boards, rights)

    @staticmethod
    def _write_item(item: _Item, tx: Tx) -> None:
        """Runs one unit of work in a savepoint; a failure undoes it alone."""
        cursor = tx.cursor
        cursor.execute("SAVEPOINT item")
        try:
            try:
                item.result = item.fn(tx, *item.args)
            except Refusal as refusal:
                if refusal.keep is None:
                    raise
                item.error = refusal
                if tx.dirty:
                    cursor.execute("ROLLBACK TO item")
                    tx.boards.clear()
                refusal.keep(tx)
        except Exception as error:
            if not tx.connection.connection.dbapi_connection.in_transaction:  # type: ignore[union-attr]
                # SQLite itself rolled the whole transaction back (a full disk, for one).
                raise
            cursor.execute("ROLLBACK TO item")
            item.tx = None
            item.error = _translated(error)
        cursor.execute("RELEASE item")

    # --- connections

    def _connection(self, use: str) -> sa.Connection:
        connection: sa.Connection | None = getattr(self._local, use, None)
        if connection is None:
            engine = self._engine
            if use == "read" and self.dialect == POSTGRESQL:
                engine = engine.execution_options(
                    isolation_level="REPEATABLE READ", postgresql_readonly=True
                )
            connection = engine.connect()
            if use == "read" and self.dialect == SQLITE:
                connection.info["weir_begin"] = "BEGIN"
                with connection.begin():
                    connection.exec_driver_sql("PRAGMA query_only=ON")
            elif self.dialect == SQLITE:
                connection.info["weir_begin"] = "BEGIN IMMEDIATE"
            setattr(self._local, use, connection)
            with self._open_lock:
                self._open.append(connection)
        return connection

    def _tx(self, connection: sa.Connection) -> Tx:
        raw = connection.connection.dbapi_connection
        assert raw is not None
        return Tx(connection, raw.cursor(), self.memory)

    def _forget_if_lost(self, use: str, error: BaseException) -> bool:
        """Drops this thread's connection where the error means that the server is gone."""
        connection: sa.Connection | None = getattr(self._local, use, None)
        lost = _is_lost(error)
        if connection is not None and (lost or connection.invalidated):
            setattr(self._local, use, None)
            with self._open_lock:
                if connection in self._open:
                    self._open.remove(connection)
            connection.invalidate()
            connection.close()
        return lost


def make_engine(url: str, *, synchronous: str = "FULL") -> sa.Engine:
    """An engine without a pool of its own: each worker thread keeps one connection."""
    parsed = sa.make_url(url)
    if parsed.get_backend_name() == POSTGRESQL:
        return sa.create_engine(
            parsed.set(drivername="postgresql+psycopg"),
            poolclass=sa.NullPool,
            connect_args={
                "connect_timeout": 3,
                "application_name": "weir",
                # One stuck client cannot hold a board.
                "options": "-c lock_timeout=10s -c statement_timeout=60s "
                "-c idle_in_transaction_session_timeout=30s -c timezone=UTC",
            },
        )
    engine = sa.create_engine(
        parsed, poolclass=sa.NullPool, connect_args={"check_same_thread": False, "timeout": 5}
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, record: Any) -> None:
        # The driver's own transactions leave DDL and savepoints out: we begin and end them.
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(f"PRAGMA synchronous={synchronous}")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA busy_timeout=5000")
        connection.execute("PRAGMA cache_size=-65536")
        connection.execute("PRAGMA temp_store=MEMORY")

    @event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql(connection.info.get("weir_begin", "BEGIN IMMEDIATE"))

    return engine


def _is_transient(error: BaseException) -> bool:
    original = getattr(error, "orig", error)
    return isinstance(original, pg.SerializationFailure | pg.DeadlockDetected)


def _is_lost(error: BaseException) -> bool:
    if isinstance(error, sa.exc.DBAPIError) and error.connection_invalidated:
        return True
    original = getattr(error, "orig", error)
    if isinstance(original, pg.AdminShutdown | pg.CrashShutdown | pg.CannotConnectNow):
        return True
    # psycopg reports a broken connection as an OperationalError without a state of its own.
    return (
        isinstance(original, psycopg.OperationalError | psycopg.InterfaceError)
        and original.sqlstate is None
    )


def _translated(error: BaseException) -> BaseException:
    """A driver's error as the service's own, so that no database error is a 500 for its caller."""
    if isinstance(error, AppError):
        return error
    original = getattr(error, "orig", error)
    if isinstance(original, sqlite3.OperationalError):
        if "disk is full" in str(original):
            return StorageFull("The database's disk is full: nothing was changed.")
        if "locked" in str(original) or "busy" in str(original):
            return Unavailable("The database is busy: nothing was changed. Try again.")
        if "unable to open" in str(original) or "disk I/O" in str(original):
            return Unavailable("The database cannot be opened.")
    if isinstance(original, pg.DiskFull):
        return StorageFull("The database's disk is full: nothing was changed.")
    if isinstance(original, pg.LockNotAvailable | pg.QueryCanceled) or _is_transient(error):
        return Unavailable("The database is busy: nothing was changed. Try again.")
    if _is_lost(error) or isinstance(original, pg.TooManyConnections):
        return Unavailable("The database cannot be reached.")
    if isinstance(original, pg.DataError | sqlite3.DataError | OverflowError):
        # The last net: the types of app.types should have caught it before.
        log.error("a value reached the database that it does not take: %s", original)
        return Invalid(((), "A value is out of range."))
    return error
