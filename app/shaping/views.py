"""What the pages of a board's shape show of it: every word chosen."""

from collections.abc import Sequence
from typing import Any

from app.boards.history import OpenBoard
from app.boards.policy import points_of
from app.boards.shape import Cell, Column, Lane, Shape
from app.shaping.order import blocks_of
from app.words import count_of

KINDS = (
    ("queue", "Queue", "Work waits here."),
    ("active", "Active", "Somebody works on it. Work starts at the first active column."),
    ("done", "Done", "In production: the clock stops."),
)
KIND_WORDS = {"queue": "a queue", "active": "an active column", "done": "a done column"}
_NAMES = {value: words for value, words, _ in KINDS}


def column_blocks(board: OpenBoard) -> list[dict[str, Any]]:
    """A board's columns from left to right, those of a group under its name, with their facts."""
    shape = board.shape
    return [
        {
            "group": None if block.group_id is None else shape.group[block.group_id],
            "columns": [
                {"id": column.id, "name": column.name, "facts": _column_facts(board, column)}
                for column in block.columns
            ],
        }
        for block in blocks_of(shape)
    ]


def _column_facts(board: OpenBoard, column: Column) -> list[str]:
    facts = [_NAMES[column.kind]]
    if column.wip_limit is not None:
        facts.append(f"limit {column.wip_limit}")
    if column.team is not None:
        facts.append(column.team)
    facts.append(count_of(cards_in(board, column_id=column.id), "card"))
    points = points_of(column.policy)
    if points:
        asks = ", asked for" if column.ask_before_leaving else ""
        facts.append(f"{count_of(len(points), 'point')} of policy{asks}")
    return facts


def cards_in(board: OpenBoard, *, column_id: int | None = None, lane_id: int | None = None) -> int:
    """How many live cards stand in a column, or in a lane."""
    return sum(
        count
        for cell, count in board.counts.items()
        if column_id in {None, cell.column_id} and lane_id in {None, cell.lane_id}
    )


def column_values(column: Column) -> dict[str, str]:
    """A column as its form shows it."""
    return {
        "name": column.name,
        "kind": column.kind,
        "wip_limit": str(column.wip_limit or ""),
        "group_id": str(column.group_id or ""),
        "team": column.team or "",
        "policy": column.policy,
        "ask_before_leaving": "true" if column.ask_before_leaving else "",
    }


def group_choices(board: OpenBoard) -> list[tuple[str, str]]:
    """The groups that a column can be in."""
    return [("", "None"), *((str(group.id), group.name) for group in board.shape.groups)]


def team_choices(board: OpenBoard, chosen: str | None) -> list[tuple[str, str]]:
    """The teams that can work in a column; one that is off the list is kept where it is."""
    kept = [chosen] if chosen and chosen not in board.teams else []
    return [("", "None"), *((team, team) for team in [*board.teams, *kept])]


def place_choices(board: OpenBoard) -> list[tuple[str, str]]:
    """Where a new column can stand."""
    places = [(str(i), f"Before {column.name}") for i, column in enumerate(board.shape.columns)]
    return [("", "At the right end"), *places]


def others(parts: Sequence[Column] | Sequence[Lane], part_id: int) -> list[tuple[str, str]]:
    """The columns or lanes that could take the cards of one that goes."""
    return [(str(part.id), part.name) for part in parts if part.id != part_id]


def lane_lines(board: OpenBoard) -> list[dict[str, Any]]:
    """A board's lanes from top to bottom with their facts."""
    return [
        {"id": lane.id, "name": lane.name, "facts": _lane_facts(board, lane)}
        for lane in board.shape.lanes
    ]


def _lane_facts(board: OpenBoard, lane: Lane) -> list[str]:
    facts = ["Expedite"] if lane.expedite else []
    if lane.wip_limit is not None:
        facts.append(f"limit {lane.wip_limit}")
    return [*facts, count_of(cards_in(board, lane_id=lane.id), "card")]


def group_lines(board: OpenBoard) -> list[dict[str, Any]]:
    """A board's groups with their columns and counts."""
    shape = board.shape
    lines = []
    for group in shape.groups:
        columns = [column for column in shape.columns if column.group_id == group.id]
        names = ", ".join(column.name for column in columns) or "no columns"
        limit = [] if group.wip_limit is None else [f"limit {group.wip_limit}"]
        lines.append(
            {
                "id": group.id,
                "name": group.name,
                "facts": [names, *limit, count_of(_held(board, shape, columns), "card")],
            }
        )
    return lines


def _held(board: OpenBoard, shape: Shape, columns: Sequence[Column]) -> int:
    """The cards of some columns that count against a limit."""
    return sum(
        board.counts.get(Cell(column.id, lane.id), 0)
        for column in columns
        for lane in shape.lanes
        if not lane.expedite
    )
