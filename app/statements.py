"""Statements and the transaction in which they are carried out.

Statements are built with Core and compiled once for each database; what is asked often goes
straight to the driver.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any, Generic, TypeVar, cast

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import UpdateBase

R = TypeVar("R", bound=tuple[Any, ...])

SQLITE = "sqlite"
POSTGRESQL = "postgresql"
COPIED = 50  # rows from which PostgreSQL takes them by COPY, several times as fast

# An insert of parameters and nothing else, as it is compiled for PostgreSQL.
_PLAIN_INSERT = re.compile(
    r"INSERT INTO (\w+ \([\w, ]+\)) VALUES \(((?:%\(\w+\)s(?:::\w+)?(?:, )?)+)\)"
)
_PARAMETER = re.compile(r"%\((\w+)\)s")

_DIALECTS: dict[str, sa.engine.Dialect] = {
    SQLITE: sqlite.dialect(paramstyle="named"),
    POSTGRESQL: postgresql.psycopg.dialect(),  # type: ignore[no-untyped-call]  # SQLAlchemy's
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
        if names != row._fields:  # type: ignore[attr-defined]  # a named tuple's
            raise TypeError(f"{row.__name__} has other fields than its statement: {names}")
        self.make: Callable[[Iterable[Any]], R] = row._make  # type: ignore[attr-defined]  # as above
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


def measuring(*tables: str) -> str:
    """The statement by which PostgreSQL sees what has become of tables. It looks at them by itself
    some minutes later, and would until then read them as it is good for tables as they were."""
    # Whoever holds a table to look at it does so for all.
    return f"ANALYZE (SKIP_LOCKED) {', '.join(tables)}"


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

    def measure(self, *tables: type[Any]) -> None:
        """Lets PostgreSQL see what has become of tables that were just filled."""
        if self.dialect == POSTGRESQL:
            self.cursor.execute(measuring(*(table.__tablename__ for table in tables)))

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
