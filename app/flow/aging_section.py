"""The part of the flow page that says what to talk about today."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from app.cards.pace import FEWEST, promised
from app.cards.past import stages_of
from app.days import day_of
from app.errors import Invalid
from app.flow.aging import sentence_of
from app.flow.aging_chart import aging_chart
from app.flow.aging_past import end_of, read_aging_at
from app.flow.asked import api_address
from app.flow.durations import in_words
from app.flow.queries import Window
from app.flow.sections import Flow, Section
from app.types import parse_day
from app.words import day_words

AS_OF = "as_of"
PARAMETERS: tuple[str, ...] = (AS_OF,)


def section(flow: Flow) -> Section:
    """The cards in work by column and age, before the pace of past cards: now, or at the end of a
    past day."""
    board, cards_asked = flow.board, flow.asked.wanted.cards
    typed = flow.asked.more.get(AS_OF, "")
    form = {
        "as_of": typed,
        "today": day_of(board.now, board.row.time_zone).isoformat(),
        "fields": flow.asked.fields(AS_OF),
        "action": f"{flow.path}#aging",
        "now_url": f"{flow.asked.address(flow.path, more=_without(flow.asked.more))}#aging",
    }
    empty = Section(
        name="aging",
        title="Aging work in progress",
        form="flow/_aging_form.html",
        explain="flow/_aging_explain.html",
        values={**form, "fewest": FEWEST, "marks": []},
    )
    try:
        at = end_of(board, parse_day(typed) if typed else None)
    except (ValueError, Invalid):
        problem = "“As of” must be a day that has begun, like 2026-03-02."
        return replace(empty, problem=problem)
    past = _past(flow, at)
    if past.start >= past.end:
        problem = "“As of” must be a day behind the beginning of the window."
        return replace(empty, problem=problem)
    found = read_aging_at(flow.tx, board, past, cards_asked, at)
    cards, pace = found.cards, found.pace
    sentence = sentence_of(board.row.key, cards, pace, found.most_past)
    if at is not None and sentence:
        sentence = f"At the end of {day_words(date.fromisoformat(typed))}: {sentence}"
    more: dict[str, str] = {} if at is None else {AS_OF: typed}
    return replace(
        empty,
        sentence=sentence,
        missing="" if cards else _missing(flow, at),
        charts=[aging_chart(flow, cards, pace, sentence)] if cards else [],
        api_url=api_address(board, flow.asked, past, "aging", fewest=FEWEST, **more),
        csv_url=api_address(board, flow.asked, past, "aging", format="csv", **more),
        values={
            **empty.values,
            "marks": [
                (column.name, in_words(promised(pace[column.id])))
                for column in board.shape.columns
                if column.id in pace
            ],
        },
    )


def _without(more: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in more.items() if name != AS_OF}


def _past(flow: Flow, at: int | None) -> Window:
    """The window of the past cards: one that ends now ends with the day that is asked for."""
    if at is None or flow.asked.wanted.end is not None:
        return flow.window
    length = flow.window.end - flow.window.start
    return Window(flow.window.start if flow.asked.wanted.start is not None else at - length, at)


def _missing(flow: Flow, at: int | None) -> str:
    if at is not None:
        return "No card was in work at the end of that day."
    if flow.asked.filters:
        return "No card that the filters let through is in work. Clear a filter."
    stages = stages_of(flow.board.shape)
    if not stages:
        return "This board has no active column, so no work is started on it."
    first = flow.board.shape.column[stages[0]].name
    return f"No work is in progress. Cards appear here once they are in {first} or beyond."
