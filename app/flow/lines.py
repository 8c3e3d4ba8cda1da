"""The lines in time that charts show: changed limits, pulled cords and a board's markers.

They come from the index of rare events, however long the history is. Each has a number, which
stands at its line in the charts and before its words in the list.
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
LIMIT, ANDON, MARKER = "limit", "andon", "marker"
_COLORS = {LIMIT: "--ink-3", ANDON: "--danger-mark", MARKER: "--accent"}


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


def mark_line(lines: Sequence[Line], place: Callable[[int], Any]) -> dict[str, Any]:
    """The `markLine` of a series: each line with its number, where `place` says on the axis of
    time that its moment is (None: nowhere)."""
    return {
        "symbol": "none",
        "animation": False,
        "emphasis": {"disabled": True},
        "data": [
            {
                "xAxis": at,
                "words": line.words,
                "lineStyle": {"color": _COLORS[line.kind], "type": "dashed", "width": 1},
                "label": {
                    "formatter": str(line.number),
                    "color": _COLORS[line.kind],
                    "fontSize": 10,
                    "distance": 2,
                },
            }
            for line in lines
            if (at := place(line.at)) is not None
        ],
    }


def with_lines(
    option: Mapping[str, Any], lines: Sequence[Line], place: Callable[[int], Any]
) -> dict[str, Any]:
    """A chart's option with the lines through its first series."""
    if not lines:
        return dict(option)
    first, *rest = option["series"]
    return {**option, "series": [{**first, "markLine": mark_line(lines, place)}, *rest]}


def _told(kind: str, facts: Mapping[str, Any]) -> tuple[str, str]:
    if kind == "andon.pulled":
        return ANDON, f"Cord pulled: {facts.get('reason') or 'no reason given'}"
    old, new = ("none" if facts[side] is None else facts[side] for side in ("from", "to"))
    place = {BOARD: "the board", PERSON: "each person"}.get(facts["scope"], facts["place"]["name"])
    return LIMIT, f"Limit of {place}: {old} → {new}"
