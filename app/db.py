"""The database: one transaction for one plain function. The only file that commits.

`await db.write(fn, ...)` and `await db.read(fn, ...)` run `fn(tx, ...)` on a worker thread. Writers
queue: on SQLite all of them, for one thread; on PostgreSQL those of one board, for one of a few. A
thread runs those that wait in one transaction and answers them after its COMMIT, so that a commit
costs little even when it waits for the disk. A unit of work can be run again from the start, since
nothing else happens inside: after a deadlock, a serialization failure, or when another one of its
group failed after it had written.
"""

import asyncio
import contextlib
import logging
import queue
import random
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar, cast

import sqlalchemy as sa

from app.engine import make_engine
from app.errors import Refusal, Unavailable
from app.faults import (
    database_errors,
    is_kept_waiting,
    is_lost,
    is_transient,
    translated,
    was_overtaken,
)
from app.statements import POSTGRESQL, SQLITE, Query, Statement, Tx

__all__ = ["POSTGRESQL", "SQLITE", "Database", "Query", "Statement", "Tx", "make_engine"]

log = logging.getLogger("weir.db")

T = TypeVar("T")

GROUP_SIZE = 64
RETRIES = 8
CHANNEL = "weir"
# In a process's memory: the key of the board that a card was on when it was last changed.
BOARD_OF_CARD = "board of card"
_TELL_RIGHTS = f"SELECT pg_notify('{CHANNEL}', 'rights')"
_SNAPSHOT = Statement(sa.select(sa.cast(sa.func.pg_current_snapshot(), sa.Text)))
DOWN_SECONDS = 1.0  # how long nobody tries to connect after somebody could not
CLOSE_SECONDS = 2.0  # how long running work may take once the database is being closed

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
        if self.dialect not in {SQLITE, POSTGRESQL}:
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
        self._stamps: Any = None  # the cursor that asks for stamps
        self._last_stamp: asyncio.Future[Any] | None = None
        self._next_stamp: asyncio.Future[Any] | None = None
        self._stamp_lock = threading.Lock()
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

    async def stamp(self) -> object | None:
        """Something that is the same as before only if nothing at all was changed in the database
        since, by whatever process; None where it is not to be had."""
        if self.dialect == SQLITE:
            return self._sqlite_stamp()
        # One look does for all who began to ask before it.
        if self._next_stamp is None or self._next_stamp.done():
            self._next_stamp = asyncio.ensure_future(self._look(self._last_stamp))
        return await asyncio.shield(self._next_stamp)

    async def _look(self, last: "asyncio.Future[Any] | None") -> object | None:
        if last is not None and not last.done():
            await asyncio.wait((last,))
        self._last_stamp, self._next_stamp = self._next_stamp, None
        try:
            # What a transaction sees is what all of those did that it counts as done.
            return await self.read(lambda tx: tx.scalar(_SNAPSHOT))
        except Unavailable:
            return None
        except database_errors():
            return None

    def _sqlite_stamp(self) -> int | None:
        """The number that SQLite changes with each commit of another connection; on this thread,
        since it takes microseconds."""
        if self._closed:
            return None
        try:
            # Always by the same connection: what two of them say cannot be compared.
            with self._stamp_lock:
                if self._stamps is None:
                    self._stamps = self._connection("stamp")[1]
                # All of it, or the statement would stay open and with it what it saw.
                ((stamp,),) = self._stamps.execute("PRAGMA data_version").fetchall()
        except Unavailable:
            return None
        except database_errors():
            return None
        return int(stamp)

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
            except Exception as error:  # whatever it is, whoever asked is told
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
                    except Exception as error:  # of one alone, if it has written nothing
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
        except Exception as error:  # whatever it is, all of it is rolled back
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
                except BaseException:  # it goes on, once the transaction is at its end
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
            except Exception as error:  # a refusal, or a fault of the unit of work
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
            if use in {"read", "stamp"} and self.dialect == SQLITE:
                connection.info["weir_begin"] = "BEGIN"
                with connection.begin():
                    connection.exec_driver_sql("PRAGMA query_only=ON")
                    if use == "stamp":
                        # Nobody waits here: there is another way.
                        connection.exec_driver_sql("PRAGMA busy_timeout=0")
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
