"""How full the columns of a board were over time, from what is there now and what came and went.
Pure.

The counts of a moment are the present ones less all that changed since: nobody has to be followed
from the board's first day on. Every live card counts, whatever a filter says, and a card that was
discarded counts until then: it did fill its place.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from app.boards.shape import Cell


class Told(NamedTuple):
    """What an event says of a card's place."""

    at: int
    type: str
    data: Mapping[str, Any]


class Change(NamedTuple):
    """A card more, or fewer, in a cell."""

    at: int
    cell: Cell
    delta: int


class Stretch(NamedTuple):
    """A time in which nothing changed: how many cards stood in each cell, and the changes with
    which it began."""

    length: int
    counts: Mapping[Cell, int]
    start: int
    changed: Sequence[Change]


NOWHERE = Cell(0, 0)
"""The cell of a change at a moment at which the window is cut for another reason."""

PLACING = (
    *("card.created", "card.moved", "card.arrived", "card.left"),
    *("card.archived", "card.restored", "card.discarded"),
)
"""The events that put a card somewhere or take it away."""


def changes_of(told: Iterable[Told], *, is_live: bool, is_archived: bool) -> Iterator[Change]:
    """What a card's events changed, the last one first; `is_live` says whether the card stands on
    the board after the last of them."""
    for event in told:
        data = event.data
        if event.type == "card.moved":
            if is_live:
                yield Change(event.at, _cell(data["to"]), 1)
                yield Change(event.at, _cell(data["from"]), -1)
            continue
        before = {
            "card.created": False,
            "card.arrived": False,
            "card.restored": False,
            "card.left": True,
            "card.archived": True,
            "card.discarded": not is_archived,
        }[event.type]
        if before != is_live:
            yield Change(event.at, _cell(data), int(is_live) - int(before))
        is_live = before
        is_archived = event.type == "card.restored"


def stretches(
    counts: Mapping[Cell, int],
    changes: Iterable[Change],
    start: int,
    end: int,
    stops: Iterable[int] = (),
) -> Iterator[Stretch]:
    """A window cut into times in which nothing changed, and at some further moments; `counts` are
    those after all changes. What is told of a stretch holds until the next one is asked for."""
    ordered = sorted((change for change in changes if change.at >= start), key=_when)
    here = dict(counts)
    for change in ordered:
        here[change.cell] = here.get(change.cell, 0) - change.delta
    pauses = [Change(at, NOWHERE, 0) for at in (*stops, end) if start < at <= end]
    since = start
    changed: list[Change] = []
    for change in sorted([*ordered, *pauses], key=_when):
        if change.at > end:
            break
        if change.at > since:
            yield Stretch(change.at - since, here, since, changed)
            since, changed = change.at, []
        here[change.cell] = here.get(change.cell, 0) + change.delta
        changed.append(change)


def value_at(changes: Sequence[tuple[int, Any]], at: int) -> Any:
    """What holds at a moment, of values that hold each from a moment on."""
    return next(value for since, value in reversed(changes) if since <= at)


def _cell(data: Mapping[str, Any]) -> Cell:
    return Cell(data["column_id"], data["lane_id"])


def _when(change: Change) -> int:
    return change.at
