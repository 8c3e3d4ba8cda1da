"""The database: one transaction for one plain function. The only file that commits.

`await db.write(fn, ...)` and `await db.read(fn, ...)` run `fn(tx, ...)` on a worker thread. On
SQLite all writers queue to one thread, which runs those that wait in one transaction (each in a
savepoint of its own) and answers them after its COMMIT. On PostgreSQL each runs in a transaction of
its own, and again from the start after a serialization failure, a deadlock, or when somebody else
has just written the same. Statements are built with Core and compiled once; the hot paths hand the
text straight to the driver.
"""

import asyncio
import contextlib
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
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import UpdateBase

from app.errors import AppError, Refusal, StorageFull, Unavailable
from app.faults import is_lost, is_transient, translated, was_overtaken

log = logging.getLogger("weir.db")

R = TypeVar("R", bound=tuple[Any, ...])
T = TypeVar("T")

SQLITE = "sqlite"
POSTGRESQL = "postgresql"
GROUP_SIZE = 64
COPIED = 50  # rows from which PostgreSQL takes them by COPY, several times as fast
RETRIES = 8
CHANNEL = "weir"
DOWN_SECONDS = 1.0  # how long nobody tries to connect after somebody could not
CLOSE_SECONDS = 2.0  # how long running work may take once the database is being closed

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

    def begin(self) -> bool:
        """Whether the outcome is still wanted; from now on nobody can cancel it."""
        return self.future.set_running_or_notify_cancel()

    def deliver(self) -> None:
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
        self._down_until = 0.0
        self._closed = False
        self._gate = threading.Lock()  # between handing work in and closing
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
        return cast(T, await asyncio.wrap_future(self._submit_read(fn, args)))

    def write_now(self, fn: Callable[..., T], *args: Any) -> T:
        """`write` for callers without an event loop."""
        return cast(T, self._submit_write(fn, args).result())

    def read_now(self, fn: Callable[..., T], *args: Any) -> T:
        """`read` for callers without an event loop."""
        return cast(T, self._submit_read(fn, args).result())

    def close(self) -> None:
        """Finishes what was begun, ends the threads and closes every connection. What takes longer
        than some seconds is broken off: nobody was told that it happened."""
        with self._gate:
            if self._closed:
                return
            self._closed = True
        if self._thread is not None:
            self._queue.put(None)
        pools = [pool for pool in (self._readers, self._writers) if pool is not None]
        # The last piece of work of each thread ends when all before it have ended.
        for pool in pools:
            pool.shutdown(wait=False)
        breaker = threading.Timer(CLOSE_SECONDS, self._break_off)
        breaker.start()
        if self._thread is not None:
            self._thread.join()
        for pool in pools:
            pool.shutdown()
        breaker.cancel()
        with self._open_lock:
            for connection in self._open:
                connection.close()
            self._open.clear()
        self._engine.dispose()

    def _break_off(self) -> None:
        """Ends the statements that are running."""
        with self._open_lock:
            for connection in self._open:
                raw: Any = connection.connection.dbapi_connection
                with contextlib.suppress(sqlite3.Error, psycopg.Error):
                    if self.dialect == SQLITE:
                        raw.interrupt()
                    else:
                        raw.cancel_safe(timeout=1)

    # --- reading

    def _submit_read(self, fn: Work, args: tuple[Any, ...]) -> "Future[Any]":
        with self._gate:
            self._check_open()
            return self._readers.submit(self._read, fn, args)

    def _check_open(self) -> None:
        if self._closed:
            raise Unavailable("The service is shutting down.")

    def _read(self, fn: Work, args: tuple[Any, ...]) -> Any:
        for attempt in range(2):
            try:
                connection = self._connection("read")
                with connection.begin():
                    return fn(self._tx(connection), *args)
            except (sqlite3.Error, psycopg.Error, sa.exc.DBAPIError) as error:
                # A connection that the server closed is opened anew once: nothing was written.
                if not (self._forget_if_lost("read", error) and attempt == 0):
                    raise translated(error) from error
        raise AssertionError("unreachable")

    # --- writing

    def _submit_write(self, fn: Work, args: tuple[Any, ...]) -> "Future[Any]":
        with self._gate:
            self._check_open()
            if self._writers is not None:
                return self._writers.submit(self._write_alone, fn, args)
            item = _Item(fn, args, Future())
            self._queue.put(item)
            return item.future

    def _write_alone(self, fn: Work, args: tuple[Any, ...]) -> Any:
        was_lost = False
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
                self._tell(tx.boards, tx.rights)
                if refusal is not None:
                    raise refusal
                return result
            except (psycopg.Error, sa.exc.DBAPIError) as error:
                lost = self._forget_if_lost("write", error)
                again = (
                    is_transient(error)
                    or (was_overtaken(error) and attempt == 0)
                    # Once: of a COMMIT that got no answer nobody knows whether it happened.
                    or (lost and not was_lost and not committing)
                )
                was_lost = was_lost or lost
                if not again or attempt == RETRIES - 1:
                    raise translated(error) from error
                time.sleep(random.uniform(0, 0.01 * 2**attempt))  # noqa: S311  # no secret
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
            try:
                if wanted := [item for item in group if item.begin()]:
                    self._write_group(wanted)
            except Exception:
                # Whatever it was, those that come next are not to wait for ever.
                log.exception("the outcome of a group of writes could not be told")

    def _write_group(self, group: list[_Item]) -> None:
        try:
            connection = self._connection("write")
            with connection.begin():
                for item in group:
                    item.tx = self._tx(connection)
                    self._write_item(item, item.tx)
        except Exception as error:
            # The group shares one COMMIT: when it fails, nobody's change happened.
            if not isinstance(error, AppError | sqlite3.Error | sa.exc.DBAPIError):
                log.exception("a group of writes failed")
            open_still = getattr(self._local, "write", None)
            full = isinstance(translated(error), StorageFull)
            if open_still is not None and (not full or open_still.in_transaction()):
                self._forget("write")
            for item in group:
                item.tx = None
                item.error = translated(error)
        boards: set[int] = set()
        rights = False
        for item in group:
            if item.tx is not None:
                boards |= item.tx.boards
                rights = rights or item.tx.rights
        for item in group:
            item.deliver()
        self._tell(boards, rights)

    def _tell(self, boards: set[int], rights: bool) -> None:
        if boards or rights:
            try:
                self.on_commit(boards, rights)
            except Exception:
                # It is committed: whoever asked for it hears that, come what may.
                log.exception("a change could not be told")

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
            item.error = translated(error)
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
            connection = self._connect(engine)
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

    def _connect(self, engine: sa.Engine) -> sa.Connection:
        if time.monotonic() < self._down_until:
            # Somebody else has just tried in vain: nobody waits for the same.
            raise Unavailable("The database cannot be reached.")
        try:
            return engine.connect()
        except sa.exc.DBAPIError as error:
            self._down_until = time.monotonic() + DOWN_SECONDS
            log.warning("cannot connect to the database: %s", " ".join(str(error.orig).split()))
            raise Unavailable("The database cannot be reached.") from error

    def _forget_if_lost(self, use: str, error: BaseException) -> bool:
        """Drops this thread's connection where the error means that it is of no use any more."""
        connection: sa.Connection | None = getattr(self._local, use, None)
        lost = is_lost(error)
        if connection is not None and (lost or connection.invalidated):
            self._forget(use)
        return lost

    def _forget(self, use: str) -> None:
        """Drops this thread's connection; the next work opens another one."""
        connection: sa.Connection | None = getattr(self._local, use, None)
        if connection is None:
            return
        setattr(self._local, use, None)
        with self._open_lock:
            if connection in self._open:
                self._open.remove(connection)
        with contextlib.suppress(sa.exc.SQLAlchemyError):
            connection.invalidate()
        with contextlib.suppress(sa.exc.SQLAlchemyError):
            connection.close()


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
        # What a large import has made of the log is given back.
        connection.execute("PRAGMA journal_size_limit=67108864")

    @event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql(connection.info.get("weir_begin", "BEGIN IMMEDIATE"))

    return engine
