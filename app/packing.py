"""Many whole numbers of the database as one value: a row each would cost ten times as much."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction

from app.db import POSTGRESQL, Tx

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.int64]
else:
    Numbers = Any


class packed(GenericFunction[Any]):  # noqa: N801 - a function of SQL
    """All values of a whole-number column that are not null, as one value; of several columns the
    rows in which none is null, one behind the other."""

    inherit_cache = True
    name = "packed"


@compiles(packed, "sqlite")
def _packed_for_sqlite(element: Any, compiler: Any, **more: Any) -> str:
    columns = [f"({compiler.process(column, **more)})" for column in element.clauses]
    joined = " || ',' || ".join(columns)
    return f"group_concat({joined})"


@compiles(packed, "postgresql")
def _packed_for_postgresql(element: Any, compiler: Any, **more: Any) -> str:
    columns = [f"int8send({compiler.process(column, **more)})" for column in element.clauses]
    return f"string_agg({' || '.join(columns)}, '')"


class least(GenericFunction[Any]):  # noqa: N801 - a function of SQL
    """The smallest of some values, of which none is null."""

    inherit_cache = True
    name = "least"


@compiles(least, "sqlite")
def _least_for_sqlite(element: Any, compiler: Any, **more: Any) -> str:
    return f"min({', '.join(compiler.process(each, **more) for each in element.clauses)})"


def unpacked(tx: Tx, value: Any) -> Numbers:
    """The numbers of a `packed` value, in no order."""
    import numpy as np  # noqa: PLC0415 - it takes long to load

    if value is None:
        return np.empty(0, np.int64)
    if tx.dialect == POSTGRESQL:
        return np.frombuffer(value, ">i8").astype(np.int64)
    return np.fromstring(value, np.int64, sep=",")


def together(tx: Tx, values: Sequence[Any]) -> Numbers:
    """The numbers of several `packed` values, one behind the other."""
    there = [value for value in values if value is not None]
    if not there:
        return unpacked(tx, None)
    return unpacked(tx, (b"" if tx.dialect == POSTGRESQL else ",").join(there))


def kept(numbers: Numbers) -> bytes:
    """Whole numbers as they are kept in a column of bytes."""
    return numbers.astype("<i8").tobytes()


def taken(value: bytes) -> Numbers:
    """The numbers of a `kept` value, in their order."""
    import numpy as np  # noqa: PLC0415

    return np.frombuffer(value, "<i8").astype(np.int64, copy=False)
