"""The part of the flow page that says how long the finished cards took."""

from collections.abc import Sequence
from typing import Any

from app.boards.history import OpenBoard
from app.boards.shape import DONE
from app.cards.filters import CardFilter
from app.cards.rows import CardRow
from app.db import Tx
from app.flow.asked import MEASURES
from app.flow.done_reading import read_durations, read_finished, read_ordered
from app.flow.durations import in_words
from app.flow.metrics import summarize
from app.flow.queries import CYCLE, EVERY_CARD, LEAD, PROCESS, Window, measured_cards, newest_done
from app.flow.sections import Flow, Section
from app.flow.times_chart import times_chart
from app.flow.views import both_kinds, histogram_of, missing, numbers_of, sentence_of
from app.words import moment

PARAMETERS: tuple[str, ...] = ()
MOST_ROWS = 100


def section(flow: Flow) -> Section:
    """The times of the cards done in the window, and the cards behind them."""
    tx, board, asked, window = flow.tx, flow.board, flow.asked, flow.window
    cards, measure, zone = asked.wanted.cards, asked.measure, board.row.time_zone
    finished = read_finished(tx, board, measure, window, cards)
    found = summarize(read_ordered(tx, board, measure, window, cards))
    sentence = sentence_of(measure, found)
    rows = measured_cards(tx, board, measure, window, cards, MOST_ROWS) if found.count else []
    order = [measure, *(each for each in MEASURES if each != measure)]
    api_url = flow.api(f"{measure}-time")
    return Section(
        name="times",
        title=MEASURES[measure],
        sentence=sentence,
        missing="" if found.count else why_nothing(tx, board, measure, window, cards),
        charts=[times_chart(flow, found, finished, sentence)] if found.count else [],
        body="flow/_times.html",
        explain="flow/_times_explain.html",
        api_url=api_url,
        csv_url=f"{api_url}&format=csv",
        values={
            "count": found.count,
            "numbers": numbers_of(found),
            "percentiles": both_kinds(found),
            "histogram": histogram_of(found),
            "cards": [_row(row, order, zone) for row in rows],
            "columns": [MEASURES[each] for each in order],
            "more": found.count - len(rows),
        },
    )


def why_nothing(tx: Tx, board: OpenBoard, measure: str, window: Window, cards: CardFilter) -> str:
    """Why there is nothing to measure in a window, and what to do about it."""
    ever = newest_done(tx, board)
    zone = board.row.time_zone
    return missing(
        done_columns=[column.name for column in board.shape.columns if column.kind == DONE],
        ever_done=None if ever is None else moment(ever, zone).words,
        finished=len(read_durations(tx, board, LEAD, window, EVERY_CARD)),
        matching=len(read_durations(tx, board, LEAD, window, cards)) if measure == CYCLE else 0,
    )


def _row(card: CardRow, order: Sequence[str], zone: str) -> dict[str, Any]:
    times = {LEAD: card.lead_time, CYCLE: card.cycle_time, PROCESS: card.process_time}
    value, *others = ("–" if times[each] is None else in_words(times[each] or 0) for each in order)
    return {
        "ref": card.ref,
        "url": card.url,
        "title": card.title,
        "done": moment(card.done_at or 0, zone),
        "value_words": value,
        "other_words": others,
    }
