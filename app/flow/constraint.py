"""The constraint: the work centre that holds the flow, by its evidence. Pure.

A work centre is an active column, or a group of columns with an active one. Five things speak for
its being the constraint, each a share of 0 to 1: that its limit was full, that cards waited in
front of it, that the next one stood empty while cards were here, that much of the lead time is
spent in it, and that its limits refused. Its score is their mean, over those that can be had.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

from app.boards.shape import ACTIVE, QUEUE, Column, Shape
from app.flow.stream import Stream

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


@dataclass(slots=True)
class Load:
    """What a window saw of a work centre, summed up over time in microseconds."""

    waited: int = 0  # cards times time in the queue
    starved: int = 0
    full: dict[Place, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Evidence:
    """A work centre with what speaks for it; None for what cannot be had."""

    centre: Centre
    limit: int | None  # of the place that was full most of the time
    full: Fraction | None
    queue: Fraction | None  # mean number of cards
    queue_share: Fraction | None
    starved: Fraction | None
    time_share: Fraction | None
    refusals: int
    refusal_share: Fraction | None
    blocked_share: Fraction | None  # of the time in its active columns
    exits: int
    returned: int

    @property
    def score(self) -> Fraction:
        """The mean of the evidence that there is: 0 to 1."""
        shares = (
            *(self.full, self.queue_share, self.starved),
            *(self.time_share, self.refusal_share),
        )
        known = [share for share in shares if share is not None]
        return sum(known, Fraction(0)) / len(known) if known else Fraction(0)


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


def evidence_of(
    centres: Sequence[Centre],
    loads: Sequence[Load],
    length: int,
    limits: Mapping[Place, Limits],
    stream: Stream,
    refusals: Mapping[Place, int],
) -> list[Evidence]:
    """What speaks for each work centre, from what a window of this length saw, from the value
    stream, and from how often each place refused."""
    waited = sum(load.waited for load in loads)
    refused = [sum(refusals.get(place, 0) for place in _refusing(centre)) for centre in centres]
    return [
        _evidence(centre, load, length, limits, stream, waited, count, sum(refused))
        for centre, load, count in zip(centres, loads, refused, strict=True)
    ]


def constraint_of(evidence: Sequence[Evidence]) -> Evidence | None:
    """The work centre with the highest score; of equals the one in which more of the lead time is
    spent, then the one further to the right. None where nothing speaks for any."""
    best: Evidence | None = None
    for each in evidence:
        if each.score and (best is None or _rank(each) >= _rank(best)):
            best = each
    return best


def _rank(each: Evidence) -> tuple[Fraction, Fraction]:
    return each.score, each.time_share or Fraction(0)


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


def _refusing(centre: Centre) -> set[Place]:
    return {centre.place, *(Place("column", one) for one in (*centre.columns, *centre.queue))}


def _evidence(
    centre: Centre,
    load: Load,
    length: int,
    limits: Mapping[Place, Limits],
    stream: Stream,
    waited: int,
    refusals: int,
    refused: int,
) -> Evidence:
    fullest = max(load.full, key=lambda place: load.full[place], default=None)
    steps = {step.place.id: step for step in stream.steps}
    work = [steps[one] for one in centre.active if one in steps]
    there = [steps[one] for one in (*centre.active, *centre.queue) if one in steps]
    time = sum((step.lead_time or Fraction(0) for step in there), Fraction(0))
    working = sum((step.lead_time or Fraction(0) for step in work), Fraction(0))
    blocked = sum((step.wait_time or Fraction(0) for step in work), Fraction(0))
    return Evidence(
        centre=centre,
        limit=None if fullest is None else limits[fullest][-1][1],
        full=None if fullest is None or not length else Fraction(load.full[fullest], length),
        queue=Fraction(load.waited, length) if centre.queue and length else None,
        queue_share=Fraction(load.waited, waited) if centre.queue and waited else None,
        starved=Fraction(load.starved, length) if centre.behind and length else None,
        time_share=time / stream.lead_time if stream.lead_time else None,
        refusals=refusals,
        refusal_share=Fraction(refusals, refused) if refused else None,
        blocked_share=blocked / working if working else None,
        exits=sum(step.exits for step in work),
        returned=sum(step.returned for step in work),
    )
