"""Fixtures for tests that ask the API: one application and database of each kind for all of them,
with people and boards of their own for each test. Making an application takes most of the time."""

from collections.abc import Iterator
from itertools import count

import pytest

from tests import databases, support

_numbers = count(1)


@pytest.fixture(scope="session")
def sqlite_weir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[support.Weir]:
    """Weir on SQLite, for many tests."""
    folder = tmp_path_factory.mktemp("shared")
    url = databases.fresh_sqlite(folder / "weir.sqlite3")
    with support.running(url, folder) as running:
        yield running


@pytest.fixture(scope="session")
def postgresql_weir(
    postgres_databases: databases.PostgresDatabases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[support.Weir]:
    """Weir on PostgreSQL, for many tests."""
    folder = tmp_path_factory.mktemp("shared")
    with postgres_databases.fresh() as url, support.running(url, folder) as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def weir(request: pytest.FixtureRequest) -> support.Weir:
    """Weir on a database that other tests use too; the test runs once on each kind."""
    found: support.Weir = request.getfixturevalue(f"{request.param}_weir")
    found.client.cookies.clear()
    return found


@pytest.fixture
def ada(weir: support.Weir) -> support.Person:
    """Somebody whom no other test knows."""
    return weir.person("Ada Lovelace", email=f"ada{next(_numbers)}@example.org")


@pytest.fixture
def grace(weir: support.Weir) -> support.Person:
    """Somebody else whom no other test knows."""
    return weir.person("Grace Hopper", email=f"grace{next(_numbers)}@example.org")


@pytest.fixture
def ops(ada: support.Person) -> support.BoardOf:
    """A board of Ada's, made from the template `dev-ops`."""
    return ada.board(f"T{next(_numbers)}")
