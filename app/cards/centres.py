"""Work centres: where work is done, what waits in front of it, and which limits hold it. Pure.

A work centre is an active column, or a group of columns with an active one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import NamedTuple

from app.boards.shape import ACTIVE, QUEUE, Column, Shape

Limits = Sequence[tuple[int, int | None]]
"""The limits of a place, each from a moment on; the first one from the beginning of time."""


class Place(NamedTuple):
    """A column or a group that can carry a limit."""

    scope: str
    id: int


@dataclass(frozen=True, slots=True)
class Centre:
    """A work centre: its columns, those of them in which somebody works, the queue in front of it,
    and the columns in which the next one works."""

    place: Place
    name: str
    columns: tuple[int, ...]
    active: tuple[int, ...]
    queue: tuple[int, ...]
    queue_is_limited: bool
    behind: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Gauges:
    """What is measured on a board: its work centres, the columns of the places whose limits hold
    them, and the lanes whose cards these limits do not hold."""

    centres: Sequence[Centre]
    columns: Mapping[Place, tuple[int, ...]]
    expedite: frozenset[int]

    @property
    def mark(self) -> str:
        """A hash of all that a measurement depends on but the cards and the limits of the time."""
        told = [
            (each.place, each.active, each.queue, each.behind, places_of(each))
            for each in self.centres
        ]
        whole = (told, sorted(self.columns.items()), sorted(self.expedite))
        return sha256(repr(whole).encode()).hexdigest()


@dataclass(slots=True)
class Load:
    """What a time saw of a work centre, summed up in microseconds."""

    waited: int = 0  # cards times time in the queue
    starved: int = 0
    # Of each place that had a limit for some of the time.
    full: dict[Place, int] = field(default_factory=dict)

    def add(self, other: "Load") -> None:
        """Adds what another time saw."""
        self.waited += other.waited
        self.starved += other.starved
        for place, full in other.full.items():
            self.full[place] = self.full.get(place, 0) + full


def gauges_of(shape: Shape) -> Gauges:
    """What is measured on a board of a shape."""
    centres = centres_of(shape)
    columns: dict[Place, tuple[int, ...]] = {}
    for place in (place for centre in centres for place in places_of(centre)):
        inside = [column.id for column in shape.columns if column.group_id == place.id]
        columns[place] = (place.id,) if place.scope == "column" else tuple(inside)
    expedite = frozenset(lane.id for lane in shape.lanes if lane.expedite)
    return Gauges(centres, columns, expedite)


def centres_of(shape: Shape) -> list[Centre]:
    """The work centres of a board, left to right.

    In front of the first one only queues with a limit count: a backlog waits for nobody in
    particular. What is finished in a group waits for the next work centre.
    """
    working = {column.group_id for column in shape.columns if column.kind == ACTIVE}
    works: list[list[Column]] = []
    queues: list[list[Column]] = []
    waiting: list[Column] = []
    for column in shape.columns:
        grouped = column.group_id is not None and column.group_id in working
        goes_on = works and grouped and works[-1][0].group_id == column.group_id
        if goes_on:
            works[-1].append(column)
            waiting = [*waiting, column] if column.kind == QUEUE else []
        elif grouped or column.kind == ACTIVE:
            works.append([column])
            queues.append(waiting if queues else [one for one in waiting if one.wip_limit])
            waiting = []
        elif column.kind == QUEUE:
            waiting.append(column)
    actives = [tuple(column.id for column in some if column.kind == ACTIVE) for some in works]
    behinds = [*actives[1:], ()][: len(works)]
    return [
        _centre(shape, some, active, queue, behind)
        for some, active, queue, behind in zip(works, actives, queues, behinds, strict=True)
    ]


def places_of(centre: Centre) -> list[Place]:
    """The places whose limits hold a work centre: itself, and each column in which it works."""
    return list(dict.fromkeys([centre.place, *(Place("column", one) for one in centre.active)]))


def _centre(
    shape: Shape,
    some: Sequence[Column],
    active: tuple[int, ...],
    queue: Sequence[Column],
    behind: tuple[int, ...],
) -> Centre:
    group = shape.group.get(some[0].group_id or 0)
    return Centre(
        place=Place("column", some[0].id) if group is None else Place("group", group.id),
        name=some[0].name if group is None else group.name,
        columns=tuple(column.id for column in some),
        active=active,
        queue=tuple(column.id for column in queue),
        queue_is_limited=bool(queue) and all(_is_limited(shape, column) for column in queue),
        behind=behind,
    )


def _is_limited(shape: Shape, column: Column) -> bool:
    group = shape.group.get(column.group_id or 0)
    return column.wip_limit is not None or (group is not None and group.wip_limit is not None)
