"""The database: one transaction for one plain function. The only file that commits.

`await db.write(fn, ...)` and `await db.read(fn, ...)` run `fn(tx, ...)` on a worker thread. Writers
queue: on SQLite all of them, for one thread; on PostgreSQL those of one board, for one of a few. A
thread runs those that wait in one transaction and answers them after its COMMIT, so that a commit
costs little even when it waits for the disk. A unit of work can be run again from the start, since
nothing else happens inside: after a deadlock, a serialization failure, or when another one of its
group failed after it had written. Statements are built with Core and compiled once; the hot paths
hand the text straight to the driver.
"""

import asyncio
import contextlib
import logging
import queue
import random
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from functools import cache
from typing import Any, Generic, TypeVar, cast

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import UpdateBase

from app.errors import Refusal, Unavailable
from app.faults import (
    database_errors,
    is_kept_waiting,
    is_lost,
    is_transient,
    translated,
    was_overtaken,
)

log = logging.getLogger("weir.db")

R = TypeVar("R", bound=tuple[Any, ...])
T = TypeVar("T")

SQLITE = "sqlite"
POSTGRESQL = "postgresql"
GROUP_SIZE = 64
COPIED = 50  # rows from which PostgreSQL takes them by COPY, several times as fast
RETRIES = 8
CHANNEL = "weir"
# In a process's memory: the key of the board that a card was on when it was last changed.
BOARD_OF_CARD = "board of card"
_TELL_RIGHTS = f"SELECT pg_notify('{CHANNEL}', 'rights')"
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


@cache
def _together(statements: tuple[Statement, ...]) -> str:
    """The text of several statements as one, their parameters prefixed `p0_`, `p1_`, ..."""
    texts = [
        re.sub(r"%\((\w+)\)s", rf"%(p{index}_\1)s", statement.compiled(POSTGRESQL)[0])
        for index, statement in enumerate(statements)
    ]
    queries = ", ".join(f"w{index} AS ({text})" for index, text in enumerate(texts[:-1]))
    return f"WITH {queries} {texts[-1]}"


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

    def take_its_time(self) -> None:
        """Lets this transaction go on for as long as it takes; nobody may have to wait for it."""
        if self.dialect == POSTGRESQL:
            self.cursor.execute("SET LOCAL statement_timeout = 0")
            self.cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")

    def load(self, table: type[Any], names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Writes many rows of a table, on PostgreSQL by COPY; `names` has the columns."""
        self.dirty = True
        columns = f"{table.__tablename__} ({', '.join(names)})"
        if self.dialect == POSTGRESQL:
            with self.cursor.copy(f"COPY {columns} FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            return
        marks = ", ".join("?" * len(names))
        # Names of the schema alone stand in the text.
        self.cursor.executemany(f"INSERT INTO {columns} VALUES ({marks})", rows)  # noqa: S608

    def run_together(self, *parts: tuple[Statement, dict[str, Any]]) -> None:
        """Carries out statements that do not touch the same rows, on PostgreSQL in one round
        trip: each but the last as a WITH query of the last."""
        if self.dialect == SQLITE or len(parts) == 1:
            for statement, values in parts:
                self._execute(statement, values)
            return
        self.dirty = True
        text = _together(tuple(statement for statement, _ in parts))
        self.cursor.execute(
            text,
            {
                f"p{index}_{name}": value
                for index, (statement, values) in enumerate(parts)
                for name, value in (statement.compiled(POSTGRESQL)[1] | values).items()
            },
        )

    def all(self, query: Query[R], **values: Any) -> list[R]:
        """All rows."""
        self._execute(query, values)
        return query.rows(self.dialect, self.cursor.fetchall())

    def first(self, query: Query[R], **values: Any) -> R | None:
        """The first row, or None."""
        self._execute(query, values)
        # All rows are taken, so that no statement stays open: it would pin an old state.
        found = self.cursor.fetchall()
        return query.rows(self.dialect, found[:1])[0] if found else None

    def one(self, query: Query[R], **values: Any) -> R:
        """The row that is known to be there."""
        row = self.first(query, **values)
        if row is None:
            raise LookupError(f"no row for {query.statement}")
        return row

    def scalar(self, statement: Statement, **values: Any) -> Any:
        """The first value of the first row, or None."""
        self._execute(statement, values)
        found = self.cursor.fetchall()
        return found[0][0] if found else None

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
    """A unit of work that waits for its turn, and where its outcome goes."""

    __slots__ = ("args", "error", "fn", "future", "loop", "result", "tx")

    def __init__(
        self,
        fn: Work,
        args: tuple[Any, ...],
        future: "asyncio.Future[Any] | Future[Any]",
        loop: asyncio.AbstractEventLoop | None,
    ) -> None:
        self.fn = fn
        self.args = args
        self.future = future
        self.loop = loop  # None: somebody waits for it on another thread
        self.result: Any = None
        self.error: BaseException | None = None
        self.tx: Tx | None = None

    def settle(self) -> None:
        """Gives the outcome to whoever waits for it, if somebody still does."""
        if self.future.done():
            return
        if isinstance(self.error, StopIteration):
            # A future does not take this one, and whoever waits for it would wait for ever.
            self.error = RuntimeError("a unit of work ended with StopIteration")
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
        self._reads: queue.SimpleQueue[_Item | None] = queue.SimpleQueue()
        # Who waits to write, by board; a board that stands in `_turns` waits for a thread.
        self._waiting: dict[str, deque[_Item]] = {}
        self._turns: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._writers = [
            threading.Thread(target=self._write_turns, name=f"weir-write-{number}", daemon=True)
            for number in range(1 if self.dialect == SQLITE else pool_size)
        ]
        self._readers = [
            threading.Thread(target=self._read_all, name=f"weir-read-{number}", daemon=True)
            for number in range(pool_size)
        ]
        for thread in (*self._writers, *self._readers):
            thread.start()

    async def write(self, fn: Callable[..., T], *args: Any, board: str | None = None) -> T:
        """Runs `fn(tx, *args)` in a transaction; its result, once the COMMIT has returned.

        `board` names the board that it locks, where that is known: those who wait for the same
        board share a transaction.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        self._submit_write(_Item(fn, args, future, loop), board)
        return cast(T, await future)

    async def read(self, fn: Callable[..., T], *args: Any) -> T:
        """Runs `fn(tx, *args)` on one unchanging state of the database."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        self._submit_read(_Item(fn, args, future, loop))
        return cast(T, await future)

    def write_now(self, fn: Callable[..., T], *args: Any) -> T:
        """`write` for callers without an event loop."""
        future: Future[Any] = Future()
        self._submit_write(_Item(fn, args, future, None), None)
        return cast(T, future.result())

    def read_now(self, fn: Callable[..., T], *args: Any) -> T:
        """`read` for callers without an event loop."""
        future: Future[Any] = Future()
        self._submit_read(_Item(fn, args, future, None))
        return cast(T, future.result())

    def close(self) -> None:
        """Finishes what was begun, ends the threads and closes every connection. What takes longer
        than some seconds is broken off: nobody was told that it happened."""
        with self._gate:
            if self._closed:
                return
            self._closed = True
        for _ in self._writers:
            self._turns.put(None)
        for _ in self._readers:
            self._reads.put(None)
        breaker = threading.Timer(CLOSE_SECONDS, self._break_off)
        breaker.start()
        for thread in (*self._writers, *self._readers):
            thread.join()
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
                with contextlib.suppress(*database_errors()):
                    if self.dialect == SQLITE:
                        raw.interrupt()
                    else:
                        raw.cancel_safe(timeout=1)

    # --- reading

    def _submit_read(self, item: _Item) -> None:
        with self._gate:
            self._check_open()
            self._reads.put(item)

    def _check_open(self) -> None:
        if self._closed:
            raise Unavailable("The service is shutting down.")

    def _read_all(self) -> None:
        """What a reader thread does: takes one who waits after the other, reads and answers."""
        while (item := self._reads.get()) is not None:
            if item.future.cancelled():
                continue
            try:
                item.result = self._read(item.fn, item.args)
            except Exception as error:
                item.error = error
            _answer([item])

    def _read(self, fn: Work, args: tuple[Any, ...]) -> Any:
        for attempt in range(2):
            try:
                connection, cursor = self._connection("read")
                # The driver's own calls: the engine's would cost more than most of what is read.
                if self.dialect == SQLITE:
                    cursor.execute("BEGIN")
                try:
                    return fn(Tx(connection, cursor, self.memory), *args)
                finally:
                    if connection.in_transaction():
                        connection.rollback()
                    else:
                        cursor.connection.rollback()
            except database_errors() as error:
                # A connection that the server closed is opened anew once: nothing was written.
                if not (self._forget_if_lost("read", error) and attempt == 0):
                    raise translated(error) from error
        raise AssertionError("unreachable")

    # --- writing

    def _submit_write(self, item: _Item, board: str | None) -> None:
        # SQLite has one writer: all boards are one there. A write that names no board runs alone.
        turn = "" if self.dialect == SQLITE else board or f"#{id(item)}"
        with self._gate:
            self._check_open()
            waiting = self._waiting.get(turn)
            if waiting is not None:
                waiting.append(item)
                return
            self._waiting[turn] = deque((item,))
            # Within the gate: behind the end that `close` puts there nobody would see it.
            self._turns.put(turn)

    def _write_turns(self) -> None:
        """What a writer thread does: takes those who wait for a board, runs and answers them."""
        while (turn := self._turns.get()) is not None:
            more = True
            while more:
                with self._gate:
                    waiting = self._waiting[turn]
                    group = [waiting.popleft() for _ in range(min(len(waiting), GROUP_SIZE))]
                try:
                    self._write_group(group)
                    self._tell(group)
                    _answer(group)
                except Exception as error:
                    # Whatever it was, nobody is to wait for ever.
                    log.exception("the outcome of a group of writes could not be told")
                    for item in group:
                        item.error = item.error or error
                    _answer(group)
                with self._gate:
                    more = bool(waiting)
                    if not more:
                        del self._waiting[turn]
                    elif not self._closed:
                        # Other boards get their turn in between.
                        self._turns.put(turn)
                        more = False

    def _write_group(self, group: list[_Item]) -> None:
        """Runs units of work in one transaction: they share its COMMIT, and what they cost.

        One that refuses without having written anything leaves nothing to undo. Where one fails
        that has written, the transaction is rolled back and each of the group runs by itself.
        """
        wanted = [item for item in group if not item.future.cancelled()]
        if len(wanted) > 1 and self._write_together(wanted):
            return
        for item in wanted:
            self._write_alone(item)

    def _write_together(self, group: list[_Item]) -> bool:
        """Whether the units of work could share a transaction; if not, nothing has happened."""
        committing = False
        try:
            connection, cursor = self._connection("write")
            with connection.begin():
                for item in group:
                    item.tx = tx = Tx(connection, cursor, self.memory)
                    try:
                        item.result = item.fn(tx, *item.args)
                    except database_errors():
                        raise
                    except Exception as error:
                        if tx.dirty:
                            raise
                        item.error = error
                        if isinstance(error, Refusal) and error.keep is not None:
                            error.keep(tx)
                        else:
                            item.tx = None
                if self.dialect == POSTGRESQL and any(i.tx and i.tx.rights for i in group):
                    cursor.execute(_TELL_RIGHTS)
                committing = True
        except Exception as error:
            for item in group:
                item.tx = item.result = item.error = None
            self._forget_if_useless(error, committing)
            if not committing and not is_kept_waiting(error):
                return False
            # Nobody's change happened, or, of a COMMIT without an answer, nobody knows. What kept
            # the group waiting would keep each of them waiting as long, one after the other.
            for item in group:
                item.error = translated(error)
        return True

    def _write_alone(self, item: _Item) -> None:
        """Runs one unit of work in a transaction of its own, again after a passing failure."""
        was_lost = False
        for attempt in range(RETRIES):
            item.error = item.result = item.tx = None
            committing = False
            try:
                connection, cursor = self._connection("write")
                transaction = connection.begin()
                try:
                    tx = Tx(connection, cursor, self.memory)
                    try:
                        item.result = item.fn(tx, *item.args)
                    except Refusal as refusal:
                        if refusal.keep is None:
                            raise
                        item.error = refusal
                        if tx.dirty:
                            transaction.rollback()
                            transaction = connection.begin()
                            tx = Tx(connection, cursor, self.memory)
                        refusal.keep(tx)
                    if tx.rights and self.dialect == POSTGRESQL:
                        cursor.execute(_TELL_RIGHTS)
                    committing = True
                    transaction.commit()
                except BaseException:
                    if not connection.invalidated and not connection.closed:
                        transaction.rollback()
                    raise
                item.tx = tx
                return
            except database_errors() as error:
                lost = is_lost(error)
                self._forget_if_useless(error, committing)
                again = (
                    is_transient(error)
                    or (was_overtaken(error) and attempt == 0)
                    # Once: of a COMMIT that got no answer nobody knows whether it happened.
                    or (lost and not was_lost and not committing)
                )
                was_lost = was_lost or lost
                item.error = translated(error)
                if not again or attempt == RETRIES - 1:
                    return
                time.sleep(random.uniform(0, 0.01 * 2**attempt))  # noqa: S311  # no secret
            except Exception as error:
                item.error = error
                return

    def _forget_if_useless(self, error: BaseException, committing: bool) -> None:
        """Drops the writer's connection where an error leaves it in an unknown state."""
        known = getattr(self._local, "write", None)
        if known is not None and (committing or is_lost(error) or known[0].invalidated):
            self._forget("write")

    def _tell(self, group: list[_Item]) -> None:
        boards: set[int] = set()
        rights = False
        for item in group:
            if item.tx is not None:
                boards |= item.tx.boards
                rights = rights or item.tx.rights
        if boards or rights:
            try:
                self.on_commit(boards, rights)
            except Exception:
                # It is committed: whoever asked for it hears that, come what may.
                log.exception("a change could not be told")

    # --- connections

    def _connection(self, use: str) -> tuple[sa.Connection, Any]:
        """This thread's connection and its cursor, opened with the first use."""
        known: tuple[sa.Connection, Any] | None = getattr(self._local, use, None)
        if known is None:
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
            raw = connection.connection.dbapi_connection
            assert raw is not None
            known = connection, raw.cursor()
            setattr(self._local, use, known)
            with self._open_lock:
                self._open.append(connection)
        return known

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
        known: tuple[sa.Connection, Any] | None = getattr(self._local, use, None)
        lost = is_lost(error)
        if known is not None and (lost or known[0].invalidated):
            self._forget(use)
        return lost

    def _forget(self, use: str) -> None:
        """Drops this thread's connection; the next work opens another one."""
        known: tuple[sa.Connection, Any] | None = getattr(self._local, use, None)
        if known is None:
            return
        connection = known[0]
        setattr(self._local, use, None)
        with self._open_lock:
            if connection in self._open:
                self._open.remove(connection)
        with contextlib.suppress(sa.exc.SQLAlchemyError):
            connection.invalidate()
        with contextlib.suppress(sa.exc.SQLAlchemyError):
            connection.close()


def _answer(group: list[_Item]) -> None:
    """Gives everybody of a group the outcome: one call for all who wait on the same event loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[_Item]] = {}
    for item in group:
        if item.loop is None:
            item.settle()
        else:
            by_loop.setdefault(item.loop, []).append(item)
    for loop, items in by_loop.items():
        with contextlib.suppress(RuntimeError):  # the loop has been closed meanwhile
            loop.call_soon_threadsafe(_settle, items)


def _settle(items: list[_Item]) -> None:
    for item in items:
        item.settle()


def _lower(text: str | None) -> str | None:
    return None if text is None else text.lower()


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
        # Its own knows the letters from A to Z alone, and a search is for any case.
        connection.create_function("lower", 1, _lower, deterministic=True)
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
        raw: Any = connection.connection.dbapi_connection
        if not raw.in_transaction:
            connection.exec_driver_sql(connection.info.get("weir_begin", "BEGIN IMMEDIATE"))

    return engine
