"""Servers that all races of one kind of database share: each race has a board of its own."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from tests import databases
from tests.race.arena import Arena
from tests.servers import serving

_numbers = count(1)


@pytest.fixture(scope="package")
def sqlite_arena(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    """Two processes on one SQLite file."""
    folder = tmp_path_factory.mktemp("race")
    with serving(databases.fresh_sqlite(folder / "weir.sqlite3"), folder) as servers:
        yield Arena(servers)


@pytest.fixture(scope="package")
def postgresql_arena(
    postgres_databases: databases.PostgresDatabases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Arena]:
    """Two processes on one PostgreSQL database."""
    folder: Path = tmp_path_factory.mktemp("race")
    with postgres_databases.fresh() as url, serving(url, folder) as servers:
        yield Arena(servers)


@pytest.fixture(params=["sqlite", "postgresql"])
def arena(request: pytest.FixtureRequest) -> Arena:
    """Two processes on one database with a fresh board; the test runs once on each kind."""
    found: Arena = request.getfixturevalue(f"{request.param}_arena")
    found.new_board(f"R{next(_numbers)}")
    return found
