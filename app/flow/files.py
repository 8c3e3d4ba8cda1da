"""Long CSV files, part by part: no file holds a state of the database or a right that was taken."""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, NamedTuple

from starlette.responses import Response, StreamingResponse

from app.call import Call
from app.csvtext import MEDIA_TYPE, csv_rows

PART = 1_000


class FilePart(NamedTuple):
    """Some rows of a file, and what the verb that read them is to be asked for the next ones."""

    name: str
    rows: Sequence[Sequence[str | int | None]]
    rest: tuple[Any, ...] | None


async def csv_file(
    call: Call, head: Sequence[str], verb: Callable[..., FilePart], *args: Any
) -> Response:
    """A file of all rows that `verb(tx, actor, *args)` reads, each part in a transaction of its
    own, in which the person is asked for again."""
    first: FilePart = await call.fetch(verb, *args)
    return StreamingResponse(
        _csv(call, head, verb, first),
        media_type=MEDIA_TYPE,
        headers={"Content-Disposition": f'attachment; filename="{first.name}"'},
    )


async def _csv(
    call: Call, head: Sequence[str], verb: Callable[..., FilePart], part: FilePart
) -> AsyncIterator[str]:
    yield csv_rows([head, *part.rows])
    while part.rest is not None:
        part = await call.fetch(verb, *part.rest)
        yield csv_rows(part.rows)
