"""Lists in pages: by the key of the last item, so that nothing is skipped or seen twice."""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import orjson
from fastapi import Depends, Query

from app.errors import Invalid
from app.types import MAX_INTEGER, Cursor, PageSize


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list is wanted."""

    limit: int
    after: Any  # the key of the last item of the page before, or None

    @property
    def after_id(self) -> int:
        """The key, for lists in the order of ids."""
        if self.after is None:
            return 0
        if type(self.after) is not int or not 0 <= self.after <= MAX_INTEGER:
            raise bad_cursor()
        return self.after


async def _page(
    limit: Annotated[PageSize, Query(description="Items in a page, 1 to 200.")] = 50,
    cursor: Annotated[Cursor | None, Query(description="`next_cursor` of the page before.")] = None,
) -> Page:
    return Page(limit, None if not cursor else read_cursor(cursor))


PageDep = Annotated[Page, Depends(_page)]


def page_json(
    page: Page, found: Sequence[Any], key: Callable[[Any], Any], render: Any = None
) -> dict[str, Any]:
    """A page as the API shows it; `found` has one item more than the page where there are more."""
    shown = found[: page.limit]
    more = len(found) > page.limit
    return {
        "items": [render(item) for item in shown] if render else list(shown),
        "next_cursor": make_cursor(key(shown[-1])) if more else None,
    }


def make_cursor(key: Any) -> str:
    """A key as an opaque word."""
    return base64.urlsafe_b64encode(orjson.dumps(key)).decode().rstrip("=")


def read_cursor(cursor: str) -> Any:
    """The key behind a cursor; 422 where it is none of ours."""
    try:
        return orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError):
        raise bad_cursor() from None


def key_of(after: Any, *kinds: type) -> list[Any]:
    """The parts of a composite key, checked; 422 where the cursor is of another list."""
    if (
        not isinstance(after, list)
        or len(after) != len(kinds)
        or any(type(part) is not kind for part, kind in zip(after, kinds, strict=True))
        or any(isinstance(part, int) and abs(part) >= 2**63 for part in after)
    ):
        raise bad_cursor()
    return after


def bad_cursor() -> Invalid:
    """The answer to a cursor that this list has not given out."""
    return Invalid((("query", "cursor"), "is not a cursor of this list"))
