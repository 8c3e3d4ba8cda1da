"""What a database driver's error means to a unit of work: run it again, connect anew, say why.

psycopg takes long to load and is not loaded on SQLite, so its errors are known here by their codes.
"""

import logging
import sqlite3
import sys
from typing import Any

import sqlalchemy as sa

from app.errors import AppError, Invalid, StorageFull, Unavailable

log = logging.getLogger("weir.db")

_CONFLICT = {"40001", "40P01"}  # a serialization failure, a deadlock
_THERE_ALREADY = {"23505"}
_KEPT_WAITING = {"55P03", "57014"}  # for a lock, for a statement
_DISK_FULL = {"53100"}
# The server stops, crashed, starts, ended an idle transaction, or (after a failover) is not the one
# that takes changes.
_GONE = {"57P01", "57P02", "57P03", "25P03", "25006"}
_SQLITE_KEPT_WAITING = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_INTERRUPT}
_BUSY = "The database is busy: nothing was changed. Try again."
_FULL = "The database's disk is full: nothing was changed."


def database_errors() -> tuple[type[Exception], ...]:
    """What a unit of work can run into; a driver refuses some values before the database sees them,
    with errors that are not its own."""
    known = (sqlite3.Error, sa.exc.DBAPIError, OverflowError, UnicodeEncodeError)
    psycopg = sys.modules.get("psycopg")
    return known if psycopg is None else (*known, psycopg.Error)


def is_transient(error: BaseException) -> bool:
    """Whether the same work would succeed when it is run again."""
    return _state(_original(error)) in _CONFLICT


def was_overtaken(error: BaseException) -> bool:
    """Whether somebody has just written what was to be written: run again, the work sees it."""
    return _state(_original(error)) in _THERE_ALREADY


def is_kept_waiting(error: BaseException) -> bool:
    """Whether somebody else held for too long what the work needs: the next one would wait too."""
    original = _original(error)
    if isinstance(original, sqlite3.OperationalError):
        return _code(original) in _SQLITE_KEPT_WAITING
    return _state(original) in _KEPT_WAITING


def is_lost(error: BaseException) -> bool:
    """Whether the connection is of no use any more."""
    if isinstance(error, sa.exc.DBAPIError) and error.connection_invalidated:
        return True
    original = _original(error)
    if _state(original) in _GONE:
        return True
    # psycopg reports a broken connection as an OperationalError without a code.
    broken = _is_psycopg(original, "OperationalError", "InterfaceError")
    return broken and _state(original) is None


def translated(error: BaseException) -> BaseException:
    """A driver's error as the service's own, so that no database error is a 500 for its caller."""
    if isinstance(error, AppError):
        return error
    original = _original(error)
    if isinstance(original, sqlite3.Error):
        return _of_sqlite(original) or error
    if _state(original) in _DISK_FULL:
        return StorageFull(_FULL)
    if is_lost(error):
        return Unavailable("The database cannot be reached.")
    if _is_psycopg(original, "OperationalError"):
        # A lock or a statement that took too long, conflicts again and again, too little memory.
        return Unavailable(_BUSY)
    refused = isinstance(original, OverflowError | UnicodeEncodeError)
    if refused or _is_psycopg(original, "DataError"):
        return _out_of_range(original)
    return error


def _original(error: BaseException) -> BaseException:
    return getattr(error, "orig", None) or error


def _is_psycopg(error: BaseException, *names: str) -> bool:
    psycopg: Any = sys.modules.get("psycopg")
    return psycopg is not None and isinstance(
        error, tuple(getattr(psycopg, name) for name in names)
    )


def _state(error: BaseException) -> str | None:
    """PostgreSQL's code of an error."""
    return getattr(error, "sqlstate", None)


def _code(error: sqlite3.Error) -> int:
    # The upper bits tell a special case of the lower eight.
    return (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF


def _of_sqlite(error: sqlite3.Error) -> AppError | None:
    if isinstance(error, sqlite3.DataError):
        return _out_of_range(error)
    code = _code(error)
    if code == sqlite3.SQLITE_FULL:
        return StorageFull(_FULL)
    if code in _SQLITE_KEPT_WAITING:
        return Unavailable(_BUSY)
    if code in {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY}:
        log.error("the database file cannot be used: %s", error)
        return Unavailable("The database cannot be used.")
    return None


def _out_of_range(error: BaseException) -> AppError:
    # The last net: the types of app.types should have caught it before.
    log.error("a value reached the database that it does not take: %s", error)
    return Invalid(((), "A value is out of range."))
