"""The rules of the board: what a limit counts, and when it refuses. Pure, and the only place.

A change is judged by the counts before and after it: a limit refuses when its place would hold
more than the limit *and* more than before. So whatever leaves is let go, what stays may stay, a
limit can be set below the present count, and a change of many cards is judged as the one change
that it is.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from app.boards.shape import ACTIVE, Cell, Counts, Shape

COLUMN = "column"
GROUP = "group"
LANE = "lane"
BOARD = "board"
PERSON = "person"


class Place(NamedTuple):
    """Something that can carry a limit."""

    scope: str
    id: int


@dataclass(frozen=True, slots=True)
class Overflow:
    """A limit that a change would break: the count is the one before the change."""

    place: Place
    name: str
    limit: int
    count: int


def usage(shape: Shape, counts: Counts) -> dict[Place, int]:
    """What is held against each limit of a column, group, lane and of the board (rules 1, 3, 6, 7).

    Cards of an expedite lane count for their lane and for the board, not for columns and groups.
    """
    held: dict[Place, int] = {}
    board = 0
    for cell, count in counts.items():
        if not count:
            continue
        column = shape.column.get(cell.column_id)
        lane = shape.lane.get(cell.lane_id)
        if column is None or lane is None:
            continue
        if not lane.expedite:
            _add(held, Place(COLUMN, column.id), count)
            if column.group_id is not None:
                _add(held, Place(GROUP, column.group_id), count)
        if column.id in shape.started:
            _add(held, Place(LANE, lane.id), count)
            board += count
    held[Place(BOARD, shape.board_id)] = board
    return held


def limits(shape: Shape) -> Iterator[tuple[Place, str, int]]:
    """Every limit of a board but the person's, the most particular first."""
    for column in shape.columns:
        if column.wip_limit is not None:
            yield Place(COLUMN, column.id), column.name, column.wip_limit
    for group in shape.groups:
        if group.wip_limit is not None:
            yield Place(GROUP, group.id), group.name, group.wip_limit
    for lane in shape.lanes:
        if lane.wip_limit is not None:
            yield Place(LANE, lane.id), lane.name, lane.wip_limit
    if shape.wip_limit is not None:
        yield Place(BOARD, shape.board_id), shape.board_name, shape.wip_limit


def state_of(held: int, limit: int) -> str:
    """How full a place is: `under` its limit, `at` it, or `over` it."""
    return "over" if held > limit else "at" if held == limit else "under"


def exceeded(shape: Shape, held: Mapping[Place, int]) -> int:
    """How many limits of a board have more held against them than they allow (rule 5)."""
    return sum(held.get(place, 0) > limit for place, _, limit in limits(shape))


def check_limits(
    before: tuple[Shape, Counts],
    after: tuple[Shape, Counts],
    people: Iterable[tuple[int, str, int, int]] = (),
) -> Overflow | None:
    """The first limit that a change from `before` to `after` would newly break, or None.

    `people` has for each person concerned the id, the name, and the cards in active columns before
    and after.
    """
    old_shape, old_counts = before
    shape, counts = after
    was = usage(old_shape, old_counts)
    will = usage(shape, counts)
    known = {place for place, _, _ in limits(old_shape)}
    for place, name, limit in limits(shape):
        # A limit that comes with this change is set, not broken by it (rule 5).
        new = place not in known and place not in was
        held = will.get(place, 0)
        if held > limit and not new and held > was.get(place, 0):
            return Overflow(place, name, limit, was.get(place, 0))
    if shape.person_wip_limit is not None:
        for user_id, name, had, has in people:
            if has > shape.person_wip_limit and has > had:
                return Overflow(Place(PERSON, user_id), name, shape.person_wip_limit, had)
    return None


def cells_of(shape: Shape, place: Place) -> list[Cell]:
    """The cells whose cards are held against a place's limit."""
    found = []
    for column in shape.columns:
        for lane in shape.lanes:
            counted = {
                COLUMN: place.id == column.id and not lane.expedite,
                GROUP: place.id == column.group_id and not lane.expedite,
                LANE: place.id == lane.id and column.id in shape.started,
                BOARD: column.id in shape.started,
                PERSON: column.kind == ACTIVE,
            }
            if counted[place.scope]:
                found.append(Cell(column.id, lane.id))
    return found


def is_to_the_right(shape: Shape, source: int, target: int) -> bool:
    """Whether a column lies right of another; a blocked card may not go there (rule 9)."""
    return shape.index[target] > shape.index[source]


def starts_work(shape: Shape, source: int | None, target: int) -> bool:
    """Whether a card starts new work by coming to a column (rule 10): into the first active one or
    beyond, from before it, from another board or from nowhere (`source` None)."""
    first = shape.first_active
    if first is None or shape.index[target] < first:
        return False
    return source is None or shape.index.get(source, 0) < first


def _add(held: dict[Place, int], place: Place, count: int) -> None:
    held[place] = held.get(place, 0) + count
