"""The part of the flow page that shows the cumulative flow."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from app.boards.history import OpenBoard
from app.boards.shape import ACTIVE, DONE
from app.errors import Invalid
from app.flow.cumulative import Band, Change, Cumulative, change_over
from app.flow.over_time import over_days
from app.flow.sections import Chart, Flow, Section, Table
from app.words import count_of, day_words

PARAMETERS: tuple[str, ...] = ()
MOST_ROWS = 120
# What is finished, what somebody works on, what waits: each kind has its own hues, by turns.
_HUES = {
    DONE: ("--ok-ink",),
    ACTIVE: ("--accent", "--violet-ink", "--teal-ink"),
    "queue": ("--line-strong", "--warn-mark", "--ink-3"),
}


def section(flow: Flow) -> Section:
    """The cumulative flow of the window."""
    api_url = flow.api("cfd")
    empty = Section(
        name="cumulative",
        title="Cumulative flow",
        explain="flow/_cumulative_explain.html",
        api_url=api_url,
        csv_url=f"{api_url}&format=csv",
    )
    try:
        found, start = flow.cumulative
    except Invalid as error:
        return replace(empty, problem=error.detail)
    if not any(any(band.counts) for band in found.bands):
        return replace(empty, missing="No card was on the board in this window.")
    done = [band.kind == DONE for band in found.bands]
    sentence = _sentence(change_over(start, found.bands, done))
    chart = Chart(
        "cumulative-chart",
        "",
        sentence,
        _option(flow.board, found, start),
        _table(flow.board, found),
        "large",
    )
    return replace(empty, sentence=sentence, charts=[over_days(flow, chart, found.days)])


def _sentence(change: Change) -> str:
    grew = change.open_after - change.open_before
    trend = f"{abs(grew):,} {'more' if grew > 0 else 'fewer'} than" if grew else "as many as"
    return (
        f"{count_of(change.came, 'card')} came and {change.finished:,} were finished; "
        f"{change.open_after:,} were open at the end, {trend} at the start."
    )


def _option(board: OpenBoard, found: Cumulative, start: Sequence[int]) -> dict[str, Any]:
    """Done at the bottom and what comes first on top; what was done before the window is left out
    of the drawing, or years of finished cards would press the rest into a line."""
    used = dict.fromkeys(_HUES, 0)
    series = []
    for band, before in reversed(list(zip(found.bands, start, strict=True))):
        hues = _HUES[band.kind]
        hue = hues[used[band.kind] % len(hues)]
        used[band.kind] += 1
        floor = before if band.kind == DONE else 0
        name = _name(board, band)
        series.append(
            {
                "name": name,
                "type": "line",
                "stack": "cards",
                "symbol": "none",
                "color": hue,
                "lineStyle": {"width": 1},
                "areaStyle": {"opacity": 0.55},
                "emphasis": {"focus": "series"},
                "data": [
                    {"value": count - floor, "words": f"{name}: {count}"} for count in band.counts
                ],
            }
        )
    return {
        "legend": {"type": "scroll", "data": [each["name"] for each in reversed(series)]},
        "grid": {"left": 12, "right": 24, "top": 44, "bottom": 16},
        "tooltip": {"trigger": "axis"},
        "xAxis": {
            "type": "category",
            "boundaryGap": False,
            "data": [day_words(day) for day in found.days],
        },
        "yAxis": {"type": "value", "minInterval": 1},
        "series": series,
    }


def _name(board: OpenBoard, band: Band) -> str:
    """A column's name with its group's, for the board may have many that are called Done."""
    column = board.shape.column.get(band.column_id)
    if column is None:
        return f"{band.name} (deleted)"
    if column.group_id is None:
        return band.name
    return f"{board.shape.group[column.group_id].name}: {band.name}"


def _table(board: OpenBoard, found: Cumulative) -> Table:
    """The newest day first; of a long window the first days are left to the file."""
    rows = [
        [day_words(day), *(f"{band.counts[place]:,}" for band in found.bands)]
        for place, day in enumerate(found.days)
    ]
    return Table(["Day", *(_name(board, band) for band in found.bands)], rows[::-1][:MOST_ROWS])
