"""What the commands share: settings, the database, checked values, passwords, errors as lines."""

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

import typer

if TYPE_CHECKING:
    from app.config import Settings
    from app.db import Database


class CannotDo(Exception):
    """A command cannot do what was asked; the message says why in one line."""


def read_settings() -> "Settings":
    """The settings of the environment; says which one is wrong."""
    import sqlalchemy as sa
    from pydantic import ValidationError

    from app.config import Settings

    try:
        settings = Settings()
        sa.make_url(settings.url)
    except ValidationError as error:
        first = error.errors()[0]
        setting = "".join(f"WEIR_{part}".upper() for part in first["loc"])
        message = first["msg"].removeprefix("Value error, ")
        raise CannotDo(f"{setting}: {message}") from None
    except (sa.exc.ArgumentError, ValueError):
        raise CannotDo("WEIR_DATABASE_URL: is no address of a database") from None
    return settings


@contextmanager
def opened(settings: "Settings | None" = None) -> Iterator["Database"]:
    """The database at the newest schema; an empty one is migrated, an older one is refused."""
    from app.db import Database
    from app.schema import Stand, stand_of, upgrade

    settings = settings or read_settings()
    where = stand_of(settings.url)
    if where is Stand.BEHIND:
        raise CannotDo(
            "The database has an older schema: run `weir db upgrade` (after `weir backup FILE`)."
        )
    if where is Stand.EMPTY:
        upgrade(settings.url)
    database = Database(settings.url, synchronous=settings.sqlite_synchronous, pool_size=1)
    try:
        yield database
    finally:
        database.close()


def checked(kind: Any, value: str, place: str) -> Any:
    """A value as one of the types of app.types takes it; says what is wrong with it."""
    from pydantic import TypeAdapter, ValidationError

    try:
        return TypeAdapter(kind).validate_python(value)
    except ValidationError as error:
        message = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise CannotDo(f"{place}: {message}") from None


def ask_password(from_stdin: bool, *, needed: bool) -> str | None:
    """A password from standard input or, asked for twice, from the terminal."""
    from app.types import Password

    if from_stdin:
        given = sys.stdin.readline().rstrip("\r\n")
    elif sys.stdin.isatty():
        from getpass import getpass

        given = getpass("Password: " if needed else "Password (none: only tokens work): ")
        if not given and not needed:
            return None
        if getpass("The same again: ") != given:
            raise CannotDo("The two passwords differ.")
    elif needed:
        raise CannotDo("There is no terminal to ask for the password; use --password-stdin.")
    else:
        return None
    password: str = checked(Password, given, "password")
    return password


def hashed(settings: "Settings", password: str) -> str:
    """A password as it is kept."""
    from app.auth.passwords import Passwords

    costs = {"memory_kib": settings.password_memory_kib, "passes": settings.password_passes}
    return Passwords(**costs).hash(password)


class ProgressBar:
    """How far something has come, on standard error where that is a terminal. Who leaves the bar
    early stops what it tells of."""

    _WIDTH = 40

    def __init__(self) -> None:
        self._shown = ""
        self.is_stopped = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.is_stopped = True
        if self._shown:
            print("\r\033[K", end="", file=sys.stderr, flush=True)

    def __call__(self, step: str, share: float) -> None:
        """Shows a step's name and the share of it that is done."""
        if self.is_stopped:
            raise CannotDo("stopped")
        line = f"{step:<8} {'#' * int(share * self._WIDTH):.<{self._WIDTH}} {share:4.0%}"
        if line != self._shown and sys.stderr.isatty():
            print(f"\r{line}", end="", file=sys.stderr, flush=True)
            self._shown = line


def note(text: str) -> None:
    """Says something besides the result, on standard error."""
    print(text, file=sys.stderr)


def said(error: BaseException) -> str | None:
    """What an error that can be expected is in one line; None for a fault of the program."""
    if isinstance(error, CannotDo | typer.TyperException):
        text = error.format_message() if isinstance(error, typer.TyperException) else str(error)
        return " ".join(text.split())
    if isinstance(error, typer.Abort | KeyboardInterrupt):
        return "stopped"
    if isinstance(error, OSError):
        place = f"{error.filename}: " if error.filename else ""
        return f"{place}{error.strerror or error}"
    return _said_by_weir(error)


def _said_by_weir(error: BaseException) -> str | None:

    from app.backup import CannotBackUp
    from app.errors import AppError
    from app.exchange.mapping import LogError
    from app.schema import NotOurs, SchemaIsNewer
    from app.server import CannotServe

    expected = AppError | CannotBackUp | CannotServe | LogError | NotOurs | SchemaIsNewer
    if isinstance(error, expected):
        return " ".join(str(error).split())
    original = getattr(error, "orig", error)
    if isinstance(original, sqlite3.OperationalError) or _is_of_psycopg(original):
        return f"The database cannot be used: {' '.join(str(original).split())}"
    return None


def _is_of_psycopg(error: object) -> bool:
    psycopg = sys.modules.get("psycopg")
    return psycopg is not None and isinstance(error, psycopg.OperationalError)
