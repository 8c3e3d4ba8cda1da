"""The engine of each database, and how its connections are set up."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from app.statements import POSTGRESQL


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
                "-c idle_in_transaction_session_timeout=30s -c timezone=UTC "
                # Starting processes for a statement, or compiling it, takes longer than what is
                # asked here: and whoever asks at the same time needs the cores too.
                "-c max_parallel_workers_per_gather=0 -c jit=off "
                # What is asked for is found by indexes; no disk of today has to turn for it.
                "-c random_page_cost=1.1",
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


def _lower(text: str | None) -> str | None:
    return None if text is None else text.lower()
