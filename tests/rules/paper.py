"""Boards on paper: shapes and cards as plain values, to judge rules by hand."""

from collections import Counter
from collections.abc import Iterable, Sequence

from app.boards.rules import Overflow, check_limits
from app.boards.shape import Cell, Column, Group, Lane, Shape

BACKLOG, READY, DOING, DOING_DONE, TEST, DEPLOY, LIVE = range(1, 8)
DEVELOPMENT = 21
EXPEDITE, STANDARD, IDEAS = 31, 32, 33
BOARD = 41

KINDS = {
    BACKLOG: "queue",
    READY: "queue",
    DOING: "active",
    DOING_DONE: "queue",
    TEST: "active",
    DEPLOY: "active",
    LIVE: "done",
}


def column(
    column_id: int,
    kind: str = "active",
    wip_limit: int | None = None,
    group_id: int | None = None,
) -> Column:
    """A column called by its id."""
    return Column(column_id, f"column {column_id}", column_id, kind, wip_limit, group_id, None, "")


def lane(lane_id: int, wip_limit: int | None = None, *, expedite: bool = False) -> Lane:
    """A lane called by its id."""
    return Lane(lane_id, f"lane {lane_id}", lane_id, wip_limit, expedite)


def board(
    columns: Sequence[Column],
    lanes: Sequence[Lane] = (Lane(STANDARD, "Standard", 0, None, False),),
    groups: Sequence[Group] = (),
    wip_limit: int | None = None,
    person_wip_limit: int | None = None,
) -> Shape:
    """A board of columns from left to right and lanes from top to bottom."""
    return Shape(
        board_id=BOARD,
        board_key="OPS",
        board_name="Ops",
        wip_limit=wip_limit,
        person_wip_limit=person_wip_limit,
        columns=tuple(columns),
        groups=tuple(groups),
        lanes=tuple(lanes),
    )


def dev_board(
    limits: dict[int, int] | None = None,
    *,
    group: int | None = None,
    expedite: int | None = 1,
    standard: int | None = None,
    whole: int | None = None,
    person: int | None = None,
) -> Shape:
    """Backlog, Ready, the group of Doing and its Done, Test, Deploy, Live; two lanes."""
    limits = limits or {}
    return board(
        [
            column(
                column_id,
                kind,
                limits.get(column_id),
                DEVELOPMENT if column_id in {DOING, DOING_DONE} else None,
            )
            for column_id, kind in KINDS.items()
        ],
        [lane(EXPEDITE, expedite, expedite=True), lane(STANDARD, standard), lane(IDEAS)],
        [Group(DEVELOPMENT, "Development", group)],
        whole,
        person,
    )


Spots = Iterable[tuple[int, int]]


def counts(cards: Spots) -> dict[Cell, int]:
    """How many cards stand in each cell, of cards as (column, lane)."""
    return dict(Counter(Cell(*card) for card in cards))


def refusal(shape: Shape, before: Spots, after: Spots, new: Shape | None = None) -> Overflow | None:
    """What the rules say to a change from some cards to others, as (column, lane)."""
    return check_limits((shape, counts(before)), (new or shape, counts(after)))
