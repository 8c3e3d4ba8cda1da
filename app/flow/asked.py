"""What the address of a flow page asks for: the window, the filters, and what each part wants."""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode

from pydantic import ValidationError
from starlette.datastructures import QueryParams

from app import clock
from app.boards.history import OpenBoard
from app.flow.queries import CYCLE, EVERY_CARD, LEAD, PROCESS, Wanted, Window, window_of
from app.flow.schemas import StatsIn

MEASURES = {LEAD: "Lead time", CYCLE: "Cycle time", PROCESS: "Process time"}
RANGES = {"30d": ("30 d", 30), "90d": ("90 d", 90), "6m": ("6 m", 182), "1y": ("1 y", 365)}
DEFAULT_RANGE = "90d"
FILTERS = {
    "work_type": "Type",
    "service_class": "Class",
    "team": "Team",
    "lane_id": "Lane",
    "label": "Label",
    "assignee_id": "Person",
}
_NAMES = {"from": "From", "to": "To", **FILTERS}


class Asked(NamedTuple):
    """What the address asks for: as it was typed, and what is wrong with it, or what it means."""

    measure: str
    range: str | None  # a preset; None where dates are given
    dates: dict[str, str]
    filters: dict[str, list[str]]
    more: dict[str, str]  # what single parts of the page are asked for, by their parameters' names
    errors: dict[str, str]
    wanted: Wanted

    def pairs(self) -> list[tuple[str, str]]:
        """The filters as they stand in an address."""
        return [(name, value) for name, values in self.filters.items() for value in values]

    def fields(self, *without: str) -> list[tuple[str, str]]:
        """All of it as names and values, for an address or the hidden fields of a form; what is
        the default stays out, and so do the names in `without`."""
        fields = [("metric", self.measure)] if self.measure != LEAD else []
        if self.range is not None and self.range != DEFAULT_RANGE:
            fields.append(("range", self.range))
        fields += [*self.dates.items(), *self.pairs(), *self.more.items()]
        return [(name, value) for name, value in fields if name not in without]

    def address(self, path: str, **other: Any) -> str:
        """The page's address with some of it changed."""
        fields = self._replace(**other).fields()
        return f"{path}?{urlencode(fields)}" if fields else path


def read_asked(query: QueryParams, parameters: Collection[str]) -> Asked:
    """What an address asks for. A field that was left empty counts as not there; of what is not in
    `parameters`, the window and the filters, nothing is kept."""
    given = [(name, value) for name, value in query.multi_items() if value.strip()]
    last = dict(given)
    dates = {name: value for name, value in last.items() if name in {"from", "to"}}
    filters = {name: [value for key, value in given if key == name] for name in FILTERS}
    filters = {name: values for name, values in filters.items() if values}
    errors: dict[str, str] = {}
    wanted = Wanted(None, None, EVERY_CARD)
    try:
        wanted = StatsIn.model_validate({**dates, **filters}).wanted
    except ValidationError as error:
        errors |= _messages(error)
    measure = last.get("metric", LEAD)
    if measure not in MEASURES:
        errors[""] = "There is no such clock: choose lead, cycle or process time."
        measure = LEAD
    chosen = None if dates else last.get("range", DEFAULT_RANGE)
    if chosen is not None and chosen not in RANGES:
        errors[""] = "There is no such window: choose one of those above, or dates."
        chosen = DEFAULT_RANGE
    more = {name: last[name] for name in parameters if name in last}
    return Asked(measure, chosen, dates, filters, more, errors, wanted)


def window_asked(board: OpenBoard, asked: Asked) -> Window:
    """The window that an address asks for; Invalid where nothing can lie in it."""
    window = window_of(board, asked.wanted)
    if asked.range is None:
        return window
    _, days = RANGES[asked.range]
    return window._replace(start=window.end - days * clock.DAY)


def api_address(
    board: OpenBoard, asked: Asked, window: Window, statistic: str, **more: str | int
) -> str:
    """Where the API gives a page's numbers: with the window's bounds as they are on the page."""
    bounds: Mapping[str, str] = {
        "from": clock.iso(window.start),
        "to": clock.iso(window.end),
        **asked.dates,
    }
    query = urlencode([*bounds.items(), *asked.pairs(), *more.items()])
    return f"/api/v1/boards/{board.row.key}/stats/{statistic}?{query}"


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
