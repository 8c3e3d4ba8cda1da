"""The shape of a board: its columns, groups, lanes and limits, as plain values. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

QUEUE = "queue"
ACTIVE = "active"
DONE = "done"

ELSEWHERE = 0
"""What stands for all columns of other boards, where a card was before it came to this one."""


class Column(NamedTuple):
    """A column that is there."""

    id: int
    name: str
    position: int
    kind: str
    wip_limit: int | None
    group_id: int | None
    team: str | None
    policy: str
    ask_before_leaving: bool = False


class Group(NamedTuple):
    """A column group that is there."""

    id: int
    name: str
    wip_limit: int | None


class Lane(NamedTuple):
    """A lane that is there."""

    id: int
    name: str
    position: int
    wip_limit: int | None
    expedite: bool


class Cell(NamedTuple):
    """A column's part of a lane."""

    column_id: int
    lane_id: int


# How many live cards stand in each cell.
Counts = Mapping[Cell, int]


@dataclass(frozen=True)
class Shape:
    """A board's columns from left to right, groups, lanes from top to bottom, and limits."""

    board_id: int
    board_key: str
    board_name: str
    wip_limit: int | None
    person_wip_limit: int | None
    columns: tuple[Column, ...]
    groups: tuple[Group, ...]
    lanes: tuple[Lane, ...]
    # Deleted columns that the history still names: id -> (kind, whether entering started work).
    gone: Mapping[int, tuple[str, bool]] = field(default_factory=dict)

    @cached_property
    def column(self) -> dict[int, Column]:
        """The columns by id."""
        return {column.id: column for column in self.columns}

    @cached_property
    def lane(self) -> dict[int, Lane]:
        """The lanes by id."""
        return {lane.id: lane for lane in self.lanes}

    @cached_property
    def group(self) -> dict[int, Group]:
        """The groups by id."""
        return {group.id: group for group in self.groups}

    @cached_property
    def index(self) -> dict[int, int]:
        """Each column's place from the left, from 0."""
        return {column.id: index for index, column in enumerate(self.columns)}

    @cached_property
    def first_active(self) -> int | None:
        """The place of the first active column from the left, where work is started; None where
        the board has no active one."""
        return next((i for i, c in enumerate(self.columns) if c.kind == ACTIVE), None)

    @cached_property
    def started(self) -> frozenset[int]:
        """The columns in which work has been started: not `done`, and at or right of the first
        active one (deleted ones as they were)."""
        first = self.first_active
        here = {
            column.id
            for index, column in enumerate(self.columns)
            if first is not None and index >= first and column.kind != DONE
        }
        return frozenset(here | {i for i, (_, started) in self.gone.items() if started})

    @cached_property
    def active(self) -> frozenset[int]:
        """The columns in which somebody works on a card (deleted ones as they were)."""
        here = {column.id for column in self.columns if column.kind == ACTIVE}
        return frozenset(here | {i for i, (kind, _) in self.gone.items() if kind == ACTIVE})

    @cached_property
    def done(self) -> frozenset[int]:
        """The columns in which the clock stops (deleted ones as they were)."""
        here = {column.id for column in self.columns if column.kind == DONE}
        return frozenset(here | {i for i, (kind, _) in self.gone.items() if kind == DONE})

    @cached_property
    def default_lane(self) -> Lane:
        """Where a card goes that names no lane: the last lane that is not expedite."""
        ordinary = [lane for lane in self.lanes if not lane.expedite]
        return (ordinary or list(self.lanes))[-1]
