"""Reading what the five numbers were in the last weeks of a window."""

from collections.abc import Mapping, Sequence

from app.boards.history import OpenBoard
from app.cards.clocks import NEVER
from app.cards.filters import CardFilter
from app.cards.pace import PROMISE
from app.days import day_of
from app.db import Tx
from app.flow.blockers import Episodes, Span
from app.flow.cumulative import Cumulative
from app.flow.done_reading import read_done
from app.flow.metrics import Durations, in_order, sle, total_of
from app.flow.queries import Window
from app.flow.sparks import FEWEST_WEEKS, last_weeks, spark
from app.flow.strip import blocked_at, lost_in, stretches_of


def read_sparks(
    tx: Tx,
    board: OpenBoard,
    window: Window,
    cards: CardFilter,
    flow: Cumulative | None,
    episodes: Episodes,
) -> Mapping[str, list[str]]:
    """The lines beside the numbers, by their names; none where the window has too few weeks. `flow`
    is the window's cumulative flow and `episodes` are its blocks: both are read for more than that.
    """
    weeks = last_weeks(*window)
    if len(weeks) < FEWEST_WEEKS:
        return {}
    found = read_done(tx, board, Window(weeks[0].start, weeks[-1].end), cards)
    done = [found.within(Window(*week)) for week in weeks]
    stretches = stretches_of(episodes)
    values: dict[str, list[float | None]] = {
        "wip": [*_in_work(board, flow, weeks)] if flow else [],
        "cycle": [_promise(each.cycle) for each in done],
        "throughput": [len(each.at) for each in done],
        "blocked": [blocked_at(stretches, week.end) for week in weeks],
        "lost": [lost_in(stretches, week.start, min(week.end, board.now)) for week in weeks],
        "efficiency": [
            total_of(each.process) / whole if (whole := total_of(each.lead)) else None
            for each in done
        ],
    }
    return {name: spark(each) for name, each in values.items()}


def _promise(cycles: Durations) -> int | None:
    took = in_order(cycles[cycles != NEVER])
    return sle(took, PROMISE) if len(took) else None


def _in_work(board: OpenBoard, flow: Cumulative, weeks: Sequence[Span]) -> list[int]:
    """How many cards were in work at the end of the last day of each week."""
    started = [band.counts for band in flow.bands if band.column_id in board.shape.started]
    places = [(day_of(week.end - 1, board.row.time_zone) - flow.days[0]).days for week in weeks]
    return [sum(counts[min(place, len(counts) - 1)] for counts in started) for place in places]
