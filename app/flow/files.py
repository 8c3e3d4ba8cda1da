"""CSV files of statistics: short ones whole, long ones part by part, so that no file holds a state
of the database or a right that was taken."""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple, TypeVar

from starlette.responses import Response, StreamingResponse

from app.call import Answer, Call
from app.csvtext import MEDIA_TYPE, csv_rows
from app.flow.queries import Wanted, Window
from app.problems import Responses, responses

PART = 1_000
T = TypeVar("T")
Row = Sequence[str | int | None]


class FilePart(NamedTuple):
    """Some rows of a file, and what the verb that read them is to be asked for the next ones."""

    name: str
    rows: Sequence[Row]
    rest: tuple[Any, ...] | None


def or_csv(words: str, *statuses: int) -> Responses:
    """The answers of a route that gives JSON or, with `format=csv`, a file; `words` say both."""
    file = {"text/csv": {"schema": {"type": "string"}}}
    return {200: {"description": words, "content": file}, **responses(*statuses)}


def csv_answer(name: str, rows: Iterable[Row]) -> Answer:
    """A short file, whole; the first row is its head."""
    return Answer(200, csv_rows(rows).encode(), _named(name), MEDIA_TYPE)


def cut(
    found: Sequence[T], key: str, wanted: Wanted, window: Window, place: Callable[[T], Any]
) -> tuple[Sequence[T], tuple[Any, ...] | None]:
    """What of `found` comes into a part, which was asked for `PART + 1` items, and with what the
    next part is to be asked for; `place` is where an item stands in the file."""
    shown = found[:PART]
    if len(found) <= PART:
        return shown, None
    # Now has moved on when the next part is read: the window stays what it was.
    fixed = replace(wanted, start=window.start, end=window.end)
    return shown, (key, fixed, place(shown[-1]))


async def csv_file(
    call: Call, head: Sequence[str], verb: Callable[..., FilePart], *args: Any
) -> Response:
    """A file of all rows that `verb(tx, actor, *args)` reads, each part in a transaction of its
    own, in which the person is asked for again."""
    first: FilePart = await call.fetch(verb, *args)
    return StreamingResponse(
        _csv(call, head, verb, first),
        media_type=MEDIA_TYPE,
        headers=_named(first.name),
    )


def _named(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}


async def _csv(
    call: Call, head: Sequence[str], verb: Callable[..., FilePart], part: FilePart
) -> AsyncIterator[str]:
    yield csv_rows([head, *part.rows])
    while part.rest is not None:
        part = await call.fetch(verb, *part.rest)
        yield csv_rows(part.rows)
