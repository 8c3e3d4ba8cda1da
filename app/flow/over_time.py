"""What changed on the board, in a chart over time: as lines, and in words below it."""

from collections.abc import Callable, Sequence
from datetime import date

from app.days import day_of
from app.flow.lines import through
from app.flow.sections import Chart, Flow, Note
from app.flow.weeks import Month, Week, place_in
from app.words import moment


def over_weeks(flow: Flow, chart: Chart, weeks: Sequence[Week | Month]) -> Chart:
    """A chart with a bar for each week or month of the window."""
    return over_time(flow, chart, place_in(weeks), len(weeks))


def over_days(flow: Flow, chart: Chart, days: Sequence[date]) -> Chart:
    """A chart with a place for each of these days."""
    zone, places = flow.board.row.time_zone, {day: number for number, day in enumerate(days)}
    return over_time(flow, chart, lambda at: places.get(day_of(at, zone)), len(days))


def over_time(
    flow: Flow, chart: Chart, place: Callable[[int], float | None], length: float
) -> Chart:
    """A chart whose axis of time is so long, and on which `place` knows where a moment stands."""
    some = [each for each in flow.lines if place(each.at) is not None]
    zone = flow.board.row.time_zone
    notes = [Note(str(each.number), moment(each.at, zone).words, each.words) for each in some]
    return chart._replace(option=through(chart.option, some, place, length), notes=notes)
