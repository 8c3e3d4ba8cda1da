"""`weir check`: is this installation sound? Each check says what it found and changes nothing."""

import os
import tempfile
from collections.abc import Iterator
from typing import NamedTuple

import sqlalchemy as sa

from app.cards.rebuild import board_keys, examine_board
from app.config import Settings, load_secret
from app.db import Database, Tx
from app.errors import AppError
from app.schema import NotOurs, SchemaIsNewer, Stand, newest, place_of, sqlite_file, stand_of
from app.web import STATIC, make_environment


class Finding(NamedTuple):
    """What one check found."""

    name: str
    sound: bool
    said: str


def check_installation(settings: Settings) -> Iterator[Finding]:
    """Checks the settings, the program's files, the data folder, the database and what is in it."""
    schema = True
    for finding in cheap_checks(settings):
        schema = finding.sound
        yield finding
    # The last of them was the schema: without it nothing can be read.
    if schema:
        database = Database(settings.url, pool_size=1)
        try:
            yield _references(database)
            yield _derived(database)
        finally:
            database.close()


def cheap_checks(settings: Settings) -> Iterator[Finding]:
    """Checks what takes no time on a large database either; the schema comes last."""
    yield from _settings(settings)
    yield _files()
    yield _data_folder(settings)
    yield _schema(settings)


def _settings(settings: Settings) -> Iterator[Finding]:
    yield Finding("settings", True, f"people reach Weir under {settings.base_url}")
    if not settings.secret_key.get_secret_value() and not settings.key_file.exists():
        yield Finding("key", True, f"will be made in {settings.key_file} on first start")
        return
    try:
        load_secret(settings)
    except (OSError, ValueError) as error:
        yield Finding("key", False, str(error))
    else:
        yield Finding("key", True, "the secret key is there")


def _files() -> Finding:
    """Templates that can be compiled and static files that can be read."""
    environment = make_environment()
    names = environment.list_templates(extensions=["html"])
    try:
        for name in names:
            environment.get_template(name)
        files = [file for file in STATIC.rglob("*") if file.is_file()]
        for file in files:
            file.open("rb").close()
    except Exception as error:  # whatever it is, it is the finding
        return Finding("files", False, f"{type(error).__name__}: {error}")
    if not names or not files:
        return Finding("files", False, "there are no templates or no static files")
    return Finding("files", True, f"{len(names)} templates, {len(files)} static files")


def _data_folder(settings: Settings) -> Finding:
    folder = settings.data_dir
    if not folder.exists():
        return Finding("data folder", True, f"{folder} will be made on first start")
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        return Finding("data folder", False, f"{folder}: {error.strerror}")
    room = os.statvfs(folder)
    free = room.f_bavail * room.f_frsize
    if free < 64 * 2**20:
        return Finding("data folder", False, f"{folder} has only {free // 2**20} MiB free")
    return Finding("data folder", True, f"{folder} can be written, {free // 2**20} MiB free")


def _schema(settings: Settings) -> Finding:
    file = sqlite_file(settings.url)
    if file is not None and not file.exists():
        return Finding("database", False, f"{file} does not exist; `weir db upgrade` makes it")
    try:
        stand = stand_of(settings.url)
    except (SchemaIsNewer, NotOurs) as error:
        return Finding("database", False, str(error))
    except sa.exc.SQLAlchemyError as error:
        why = str(getattr(error, "orig", error))
        return Finding("database", False, f"cannot be reached: {' '.join(why.split())}")
    place = place_of(settings.url)
    if stand is Stand.CURRENT:
        return Finding("database", True, f"{place} is at migration {newest()}")
    return Finding("database", False, f"{place} is at an older migration: run `weir db upgrade`")


def _references(database: Database) -> Finding:
    """What only SQLite leaves to be asked: is the file whole, do references lead somewhere."""
    if database.dialect != "sqlite":
        return Finding("integrity", True, "PostgreSQL keeps it")

    def look(tx: Tx) -> str | None:
        tx.cursor.execute("PRAGMA integrity_check(1)")
        (verdict,) = tx.cursor.fetchone()
        if verdict != "ok":
            return str(verdict)
        tx.cursor.execute("PRAGMA foreign_key_check")
        broken = tx.cursor.fetchone()
        return None if broken is None else f"a reference of {broken[0]} leads nowhere"

    wrong = database.read_now(look)
    return Finding("integrity", wrong is None, wrong or "the file is whole")


def _derived(database: Database) -> Finding:
    keys = database.read_now(board_keys)
    wrong = []
    for key in keys:
        try:
            found = database.read_now(examine_board, key)
        except AppError as error:
            wrong.append(f"{key}: {error.detail}")
        else:
            wrong += [f"{key}: {difference}" for difference in found]
    if wrong:
        return Finding("history", False, "; ".join(wrong[:5]) + "; run `weir rebuild`")
    return Finding("history", True, f"what is derived from it agrees (boards: {len(keys)})")
