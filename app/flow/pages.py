"""The flow page: what a board's finished cards took, with the window and the filters in the URL."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

from fastapi import APIRouter
from pydantic import ValidationError
from starlette.datastructures import QueryParams
from starlette.responses import Response

from app import clock
from app.auth.actor import Actor
from app.auth.pages import web_of
from app.boards.history import OpenBoard, read_board
from app.boards.pages import board_head
from app.boards.service import members_of
from app.boards.shape import DONE
from app.call import CallDep
from app.cards.filters import CardFilter
from app.cards.labels import label_names
from app.cards.rows import CardRow
from app.cards.story import CLASS_WORDS, TYPE_WORDS
from app.db import Tx
from app.errors import Invalid
from app.flow.durations import in_words
from app.flow.metrics import summarize
from app.flow.queries import (
    CYCLE,
    EVERY_CARD,
    LEAD,
    PROCESS,
    Wanted,
    Window,
    measured_cards,
    newest_done,
    read_durations,
    window_of,
)
from app.flow.schemas import StatsIn
from app.flow.views import both_kinds, histogram_of, missing, numbers_of, sentence_of
from app.types import KeyInUrl, parse_day
from app.words import moment

router = APIRouter(prefix="/boards/{key}", include_in_schema=False)

MOST_ROWS = 100

_MEASURES = {LEAD: "Lead time", CYCLE: "Cycle time", PROCESS: "Process time"}
_RANGES = {"30d": ("30 d", 30), "90d": ("90 d", 90), "6m": ("6 m", 182), "1y": ("1 y", 365)}
_DEFAULT_RANGE = "90d"
_FILTERS = {
    "work_type": "Type",
    "service_class": "Class",
    "team": "Team",
    "lane_id": "Lane",
    "label": "Label",
    "assignee_id": "Person",
}
_NAMES = {"from": "From", "to": "To", **_FILTERS}


class _Asked(NamedTuple):
    """What the address asks for: as it was typed, and what is wrong with it, or what it means."""

    measure: str
    range: str | None  # a preset; None where dates are given
    dates: dict[str, str]
    filters: dict[str, list[str]]
    errors: dict[str, str]
    wanted: Wanted

    def address(self, path: str, **other: Any) -> str:
        """The page's address with some of it changed; what is the default stays out of it."""
        asked = self._replace(**other)
        pairs = [("metric", asked.measure)] if asked.measure != LEAD else []
        if asked.range is not None and asked.range != _DEFAULT_RANGE:
            pairs.append(("range", asked.range))
        pairs += [*asked.dates.items(), *asked.pairs()]
        return f"{path}?{urlencode(pairs)}" if pairs else path

    def pairs(self) -> list[tuple[str, str]]:
        """The filters as they stand in an address."""
        return [(name, value) for name, values in self.filters.items() for value in values]


@router.get("/flow")
async def flow(call: CallDep, key: KeyInUrl) -> Response:
    """How long the board's cards took, and the cards behind the numbers."""
    asked = _read(call.request.query_params)
    web = web_of(call.request)

    def verb(tx: Tx, actor: Actor) -> Response:
        board = read_board(tx, actor, key=key)
        values = _nothing()
        errors = asked.errors
        if not errors:
            try:
                values = _measured(tx, board, asked, _window(board, asked))
            except Invalid:
                errors = {"from": "The window must begin before it ends."}
        return web.page(
            call.request,
            "flow/flow.html",
            actor=actor,
            title=f"Flow of {board.row.name}",
            status=422 if errors else 200,
            board=board_head(board),
            errors=errors,
            **_controls(tx, board, asked),
            **values,
        )

    return await call.fetch(verb)  # type: ignore[no-any-return]


def _read(query: QueryParams) -> _Asked:
    """What an address asks for. A field that was left empty counts as not there."""
    given = [(name, value) for name, value in query.multi_items() if value.strip()]
    last = dict(given)
    dates = {name: value for name, value in last.items() if name in {"from", "to"}}
    filters = {name: [value for key, value in given if key == name] for name in _FILTERS}
    filters = {name: values for name, values in filters.items() if values}
    errors: dict[str, str] = {}
    wanted = Wanted(None, None, EVERY_CARD)
    try:
        wanted = StatsIn.model_validate({**dates, **filters}).wanted
    except ValidationError as error:
        errors |= _messages(error)
    measure = last.get("metric", LEAD)
    if measure not in _MEASURES:
        errors[""] = "There is no such clock: choose lead, cycle or process time."
        measure = LEAD
    chosen = None if dates else last.get("range", _DEFAULT_RANGE)
    if chosen is not None and chosen not in _RANGES:
        errors[""] = "There is no such window: choose one of those above, or dates."
        chosen = _DEFAULT_RANGE
    return _Asked(measure, chosen, dates, filters, errors, wanted)


def _messages(error: ValidationError) -> dict[str, str]:
    found: dict[str, str] = {}
    for each in error.errors():
        name = str(each["loc"][0])
        if name in {"from", "to"}:
            message = str(each["msg"]).removeprefix("Value error, ")
            found[name] = f"“{_NAMES[name]}” {message}."
        elif each["type"] == "too_long":
            found[name] = f"{_NAMES[name]}: too many are chosen."
        else:
            found[name] = f"{_NAMES[name]}: there is no such choice."
    return found


def _window(board: OpenBoard, asked: _Asked) -> Window:
    window = window_of(board, asked.wanted)
    if asked.range is None:
        return window
    _, days = _RANGES[asked.range]
    return window._replace(start=window.end - days * clock.DAY)


def _controls(tx: Tx, board: OpenBoard, asked: _Asked) -> dict[str, Any]:
    path = f"/boards/{board.row.key}/flow"
    return {
        "metrics": [
            {
                "words": words,
                "url": asked.address(path, measure=measure),
                "selected": measure == asked.measure,
            }
            for measure, words in _MEASURES.items()
        ],
        "presets": [
            {
                "words": words,
                "url": asked.address(path, range=name, dates={}),
                "selected": name == asked.range,
            }
            for name, (words, _) in _RANGES.items()
        ],
        "values": {"metric": asked.measure, "range": asked.range or "", **asked.dates},
        "date_inputs": {name: _input_type(asked.dates.get(name, "")) for name in ("from", "to")},
        "filters": [
            _filter(name, _choices(tx, board, name), asked.filters.get(name, []))
            for name in _FILTERS
        ],
        "clear_url": asked.address(path, filters={}) if asked.filters else None,
    }


def _input_type(typed: str) -> str:
    """A date field shows nothing of a text that is no day, and what was typed is to be kept."""
    try:
        return "date" if not typed or parse_day(typed) else "text"
    except ValueError:
        return "text"


def _choices(tx: Tx, board: OpenBoard, name: str) -> Mapping[str, str]:
    if name == "work_type":
        return TYPE_WORDS
    if name == "service_class":
        return CLASS_WORDS
    if name == "team":
        return {team: team.capitalize() for team in board.teams}
    if name == "lane_id":
        lanes = board.shape.lanes
        return {str(lane.id): lane.name for lane in lanes} if len(lanes) > 1 else {}
    if name == "label":
        return {label: label for label in sorted(label_names(tx, board.id))}
    return {str(member.user_id): member.name for member in members_of(tx, board.id)}


def _filter(name: str, choices: Mapping[str, str], chosen: Sequence[str]) -> dict[str, Any]:
    # What is asked for stays visible and can be switched off, also where the board has it no more.
    known = {**choices, **{value: value for value in chosen if value not in choices}}
    return {
        "name": name,
        "label": _FILTERS[name],
        "chosen": len(set(chosen)),
        "options": [
            {"value": value, "words": words, "selected": value in chosen}
            for value, words in known.items()
        ],
    }


def _nothing() -> dict[str, Any]:
    return {
        "sentence": "",
        "window_words": "",
        "missing": "",
        "count": 0,
        "numbers": [],
        "percentiles": [],
        "histogram": None,
        "cards": [],
        "columns": [],
        "more": 0,
        "api_url": None,
        "csv_url": None,
    }


def _measured(tx: Tx, board: OpenBoard, asked: _Asked, window: Window) -> dict[str, Any]:
    cards = asked.wanted.cards
    measure, zone = asked.measure, board.row.time_zone
    found = summarize(read_durations(tx, board, measure, window, cards))
    rows = measured_cards(tx, board, measure, window, cards, MOST_ROWS) if found.count else []
    order = [measure, *(each for each in _MEASURES if each != measure)]
    api_url = _api_url(board, asked, window)
    return {
        "sentence": sentence_of(measure, found),
        "window_words": f"Cards done from {_when(window.start, zone)} to before "
        f"{_when(window.end, zone)} ({zone}).",
        "missing": "" if found.count else _missing(tx, board, measure, window, cards),
        "count": found.count,
        "numbers": numbers_of(found),
        "percentiles": both_kinds(found),
        "histogram": histogram_of(found),
        "cards": [_row(row, order, zone) for row in rows],
        "columns": [_MEASURES[each] for each in order],
        "more": found.count - len(rows),
        "api_url": api_url,
        "csv_url": f"{api_url}&format=csv",
    }


def _missing(tx: Tx, board: OpenBoard, measure: str, window: Window, cards: CardFilter) -> str:
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
        "url": f"/boards/{card.board_key}/cards/{card.number}",
        "title": card.title,
        "done": moment(card.done_at or 0, zone),
        "value_words": value,
        "other_words": others,
    }


def _api_url(board: OpenBoard, asked: _Asked, window: Window) -> str:
    """Where the API gives the same numbers: with the window's bounds as they are on this page."""
    bounds = {"from": clock.iso(window.start), "to": clock.iso(window.end), **asked.dates}
    query = urlencode([*bounds.items(), *asked.pairs()])
    return f"/api/v1/boards/{board.row.key}/stats/{asked.measure}-time?{query}"


def _when(at: int, zone: str) -> str:
    return moment(at, zone).words.removesuffix(", 00:00")
