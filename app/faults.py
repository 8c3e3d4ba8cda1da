"""What a database driver's error means to a unit of work: run it again, connect anew, say why."""

import logging
import sqlite3

import psycopg
import sqlalchemy as sa
from psycopg import errors as pg

from app.errors import AppError, Invalid, StorageFull, Unavailable

log = logging.getLogger("weir.db")

# A driver refuses some values before the database sees them, with errors that are not its own.
DATABASE_ERRORS = (
    sqlite3.Error,
    psycopg.Error,
    sa.exc.DBAPIError,
    OverflowError,
    UnicodeEncodeError,
)

# The server is stopping, starting, or (after a failover) not the one that takes changes.
_GONE = (
    pg.AdminShutdown,
    pg.CrashShutdown,
    pg.CannotConnectNow,
    pg.IdleInTransactionSessionTimeout,
    pg.ReadOnlySqlTransaction,
)
_KEPT_WAITING = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_INTERRUPT}
_BUSY = "The database is busy: nothing was changed. Try again."
_FULL = "The database's disk is full: nothing was changed."


def is_transient(error: BaseException) -> bool:
    """Whether the same work would succeed when it is run again."""
    return isinstance(_original(error), pg.SerializationFailure | pg.DeadlockDetected)


def was_overtaken(error: BaseException) -> bool:
    """Whether somebody has just written what was to be written: run again, the work sees it."""
    return isinstance(_original(error), pg.UniqueViolation)


def is_kept_waiting(error: BaseException) -> bool:
    """Whether somebody else held for too long what the work needs: the next one would wait too."""
    original = _original(error)
    if isinstance(original, sqlite3.OperationalError):
        return _code(original) in _KEPT_WAITING
    return isinstance(original, pg.LockNotAvailable | pg.QueryCanceled)


def is_lost(error: BaseException) -> bool:
    """Whether the connection is of no use any more."""
    if isinstance(error, sa.exc.DBAPIError) and error.connection_invalidated:
        return True
    original = _original(error)
    if isinstance(original, _GONE):
        return True
    # psycopg reports a broken connection as an OperationalError without a state of its own.
    return (
        isinstance(original, psycopg.OperationalError | psycopg.InterfaceError)
        and original.sqlstate is None
    )


def translated(error: BaseException) -> BaseException:
    """A driver's error as the service's own, so that no database error is a 500 for its caller."""
    if isinstance(error, AppError):
        return error
    original = _original(error)
    if isinstance(original, sqlite3.Error):
        return _of_sqlite(original) or error
    if isinstance(original, pg.DiskFull):
        return StorageFull(_FULL)
    if is_lost(error):
        return Unavailable("The database cannot be reached.")
    if isinstance(original, psycopg.OperationalError):
        # A lock or a statement that took too long, conflicts again and again, too little memory.
        return Unavailable(_BUSY)
    if isinstance(original, psycopg.DataError | OverflowError | UnicodeEncodeError):
        return _out_of_range(original)
    return error


def _original(error: BaseException) -> BaseException:
    return getattr(error, "orig", None) or error


def _code(error: sqlite3.Error) -> int:
    # The upper bits tell a special case of the lower eight.
    return (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF


def _of_sqlite(error: sqlite3.Error) -> AppError | None:
    if isinstance(error, sqlite3.DataError):
        return _out_of_range(error)
    code = _code(error)
    if code == sqlite3.SQLITE_FULL:
        return StorageFull(_FULL)
    if code in _KEPT_WAITING:
        return Unavailable(_BUSY)
    if code in {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY}:
        log.error("the database file cannot be used: %s", error)
        return Unavailable("The database cannot be used.")
    return None


def _out_of_range(error: BaseException) -> AppError:
    # The last net: the types of app.types should have caught it before.
    log.error("a value reached the database that it does not take: %s", error)
    return Invalid(((), "A value is out of range."))
