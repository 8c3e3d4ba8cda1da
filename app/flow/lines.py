"""The lines in time that charts show: changed limits, pulled cords and a board's markers.

They come from the index of rare events, however long the history is. Each has a number, which
stands at its line in the charts, and before its words in the list and below each chart.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import orjson
from sqlalchemy import BigInteger, bindparam, literal_column, select

from app.boards.history import OpenBoard
from app.boards.rules import BOARD, PERSON
from app.db import Query, Tx
from app.flow.markers import markers_between
from app.models import RARE_EVENTS, Event

MOST_LINES = 60
# Two numbers nearer to each other than this part of an axis would lie over each other.
_APART = 30
LIMIT, ANDON, MARKER = "limit", "andon", "marker"
_COLORS = {LIMIT: "--ink-3", ANDON: "--danger-mark", MARKER: "--ink"}


class Line(NamedTuple):
    """A moment with what happened then; `number` counts from 1 in the order of time."""

    number: int
    at: int
    kind: str
    words: str


class _EventRow(NamedTuple):
    at: int
    type: str
    data: str


# Without parameters for the types, or the databases do not see that the index has them all. The
# newest of each, so that no window can have more than a chart can show.
_EVENTS = {
    kind: Query(
        select(Event.at, Event.type, Event.data)
        .where(
            Event.board_id == bindparam("board_id"),
            Event.type == literal_column(f"'{kind}'"),
            RARE_EVENTS,
            Event.at >= bindparam("start", type_=BigInteger),
            Event.at < bindparam("end", type_=BigInteger),
        )
        .order_by(Event.at.desc())
        .limit(MOST_LINES),
        _EventRow,
    )
    for kind in ("limit.changed", "andon.pulled")
}


def read_lines(tx: Tx, board: OpenBoard, start: int, end: int) -> list[Line]:
    """The lines of a window in the order of time: the last sixty, where there are more."""
    bounds = {"board_id": board.id, "start": start, "end": end}
    found = [
        (row.at, *_told(row.type, orjson.loads(row.data)))
        for query in _EVENTS.values()
        for row in tx.all(query, **bounds)
    ]
    found += [(row.at, MARKER, row.words) for row in markers_between(tx, board, start, end)]
    last = sorted(found)[-MOST_LINES:]
    return [Line(number, *line) for number, line in enumerate(last, 1)]


def through(
    option: Mapping[str, Any],
    lines: Sequence[Line],
    place: Callable[[int], float | None],
    length: float,
) -> dict[str, Any]:
    """A chart's option with lines where `place` says on the axis of time that their moments are
    (None: nowhere); the axis is so long.

    They are a series of their own, which has no data. Lines whose numbers would lie over each other
    carry them together: `2–4`.
    """
    placed = [(at, line) for line in lines if (at := place(line.at)) is not None]
    if not placed:
        return dict(option)
    heaps: list[list[tuple[float, Line]]] = []
    for at, line in placed:
        if heaps and at - heaps[-1][0][0] < length / _APART:
            heaps[-1].append((at, line))
        else:
            heaps.append([(at, line)])
    mark_line = {
        "symbol": "none",
        "animation": False,
        "emphasis": {"disabled": True},
        # Behind the bars and dots, which are to be hit.
        "z": 1,
        "data": [_mark(at, line, heap) for heap in heaps for at, line in heap],
    }
    series = {"type": "line", "data": [], "tooltip": {"trigger": "item"}, "markLine": mark_line}
    return {**option, "series": [*option["series"], series]}


def _mark(at: float, line: Line, heap: Sequence[tuple[float, Line]]) -> dict[str, Any]:
    """A line; the first of a heap carries the number, or the numbers of all of them."""
    here = [each for place, each in heap if place == at]
    first, last = heap[0][1], heap[-1][1]
    numbers = str(first.number) if first is last else f"{first.number}–{last.number}"
    color = _COLORS[line.kind]
    return {
        "xAxis": at,
        "words": "\n".join(f"{each.number}: {each.words}" for each in here),
        "lineStyle": {"color": color, "type": "dashed", "width": 1},
        "label": {
            "show": line is first,
            "formatter": numbers,
            "color": color,
            "fontSize": 10,
            "distance": 2,
        },
    }


def _told(kind: str, facts: Mapping[str, Any]) -> tuple[str, str]:
    if kind == "andon.pulled":
        return ANDON, f"Cord pulled: {facts.get('reason') or 'no reason given'}"
    old, new = ("none" if facts[side] is None else facts[side] for side in ("from", "to"))
    place = {BOARD: "the board", PERSON: "each person"}.get(facts["scope"], facts["place"]["name"])
    return LIMIT, f"Limit of {place}: {old} → {new}"
