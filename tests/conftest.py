"""Fixtures that every test may use: databases, fresh for each test, on SQLite and on PostgreSQL."""

import gc
import logging
import os
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import IO

import pytest
from hypothesis import settings

from app.flow import closing
from tests import databases, support
from tests.again import pytest_runtest_protocol, pytest_terminal_summary  # noqa: F401 - its hooks

_alive = pytest.StashKey[IO[str]]()

# What takes longest comes first, so that no process is left with it alone at the end.
LONG = (
    "race/test_limits_hold.py",
    "race/test_transfers.py",
    "browser/test_sights_flow.py",
    "browser/test_sights_board.py",
    "browser/test_sights_others.py",
    "browser/test_panel.py",
    "browser/test_live.py",
    "browser/test_flow.py",
    "browser/test_board.py",
    "flow/test_closed_days.py",
    "flow/test_long_history.py",
    "test_hostile_input.py",
    "test_migrations.py",
    "test_access.py",
    "samples/test_big.py",
    "test_backup.py",
)

# The machine's speed is no property of the program. Every run tries other examples: fewer of them
# in each find in time what more of them would.
settings.register_profile("weir", deadline=None, max_examples=50)
settings.load_profile("weir")


def pytest_configure(config: pytest.Config) -> None:
    """Make the folder that all processes of this test run share."""
    # The tests start Weir a hundred times: that it is compiled is remembered, whatever else is not.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    # Servers that several tests share live long enough to close days: not while a test counts.
    closing.FIRST_SECONDS = 1e9
    if not hasattr(config, "workerinput"):
        config.stash[_alive] = databases.make_folder()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove that folder when the last process is done."""
    if _alive in config.stash:
        databases.remove_folder(config.stash[_alive])


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What the tests are made of stays to the end: nobody looks for garbage in it."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the files that take longest begin; the others keep their order."""
    here = Path(__file__).parent
    places = {here / name: place for place, name in enumerate(LONG)}
    items.sort(key=lambda item: places.get(item.path, len(LONG)))


@pytest.fixture(scope="session")
def postgres_databases() -> Iterator[databases.PostgresDatabases]:
    """Maker of databases on the PostgreSQL server that all processes of this test run share."""
    maker = databases.PostgresDatabases()
    yield maker
    maker.close()


@pytest.fixture
def postgres_server(tmp_path: Path) -> Iterator[databases.PostgresServer]:
    """A PostgreSQL server for this test alone, which may stop and start it."""
    server = databases.PostgresServer(tmp_path / "postgresql")
    yield server
    server.remove()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """Address of a migrated, empty SQLite database."""
    return databases.fresh_sqlite(tmp_path / "weir.sqlite3")


@pytest.fixture
def postgresql_url(postgres_databases: databases.PostgresDatabases) -> Iterator[str]:
    """Address of a migrated, empty PostgreSQL database."""
    with postgres_databases.fresh() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Address of a migrated, empty database: the test runs once on each kind."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def empty_sqlite_url(tmp_path: Path) -> str:
    """Address of an SQLite database without any table."""
    return databases.sqlite_url(tmp_path / "empty.sqlite3")


@pytest.fixture
def empty_postgresql_url(postgres_databases: databases.PostgresDatabases) -> Iterator[str]:
    """Address of a PostgreSQL database without any table."""
    with postgres_databases.fresh(migrated=False) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest) -> str:
    """Address of a database without any table: the test runs once on each kind."""
    return str(request.getfixturevalue(f"empty_{request.param}_url"))


@pytest.fixture
def own_logs() -> Iterator[None]:
    """What a test does to the logs of this process is undone: a later one would write into what is
    closed by then."""
    root, uvicorn = logging.getLogger(), logging.getLogger("uvicorn.error")
    kept = (root.handlers, root.level, uvicorn.filters)
    flags = {name: getattr(logging, name) for name in ("logThreads", "logProcesses")}
    flags["logMultiprocessing"] = logging.logMultiprocessing
    yield
    root.handlers, root.level, uvicorn.filters = kept
    for name in ("httpx2", "httpcore2", "alembic", "asyncio", "uvicorn"):
        logging.getLogger(name).setLevel(logging.NOTSET)
    for name, value in flags.items():
        setattr(logging, name, value)


@pytest.fixture
def weir(database_url: str, tmp_path: Path) -> Iterator[support.Weir]:
    """Weir on a fresh database; the test runs once on each kind."""
    with support.running(database_url, tmp_path) as running:
        yield running


@pytest.fixture
def ada(weir: support.Weir) -> support.Person:
    """Somebody with an account and a token."""
    return weir.person("Ada Lovelace")


@pytest.fixture
def ops(ada: support.Person) -> support.BoardOf:
    """Ada's board OPS, made from the template `dev-ops`."""
    return ada.board("OPS")
