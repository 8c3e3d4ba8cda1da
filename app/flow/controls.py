"""The controls of a flow page: clock, window and filters, each with where it leads."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.boards.history import OpenBoard
from app.boards.membership import members_of
from app.cards.labels import label_names
from app.cards.story import CLASS_WORDS, TYPE_WORDS
from app.db import Tx
from app.flow.asked import FILTERS, MEASURES, RANGES, Asked
from app.types import parse_day


def controls_of(tx: Tx, board: OpenBoard, asked: Asked) -> dict[str, Any]:
    """What the page's control row shows, as its template wants it."""
    path = f"/boards/{board.row.key}/flow"
    return {
        "metrics": [
            {
                "words": words,
                "url": asked.address(path, measure=measure),
                "selected": measure == asked.measure,
            }
            for measure, words in MEASURES.items()
        ],
        "presets": [
            {
                "words": words,
                "url": asked.address(path, range=name, dates={}),
                "selected": name == asked.range,
            }
            for name, (words, _) in RANGES.items()
        ],
        "values": {"metric": asked.measure, "range": asked.range or "", **asked.dates},
        "more_fields": list(asked.more.items()),
        "date_inputs": {name: _input_type(asked.dates.get(name, "")) for name in ("from", "to")},
        "filters": [
            _filter(name, _choices(tx, board, name), asked.filters.get(name, []))
            for name in FILTERS
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
        "label": FILTERS[name],
        "chosen": len(set(chosen)),
        "options": [
            {"value": value, "words": words, "selected": value in chosen}
            for value, words in known.items()
        ],
    }
