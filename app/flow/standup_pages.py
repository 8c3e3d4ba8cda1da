"""The stand-up page: for a big screen, in the order in which a team walks its board."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from app.auth.actor import Actor
from app.boards.cord import cord_view
from app.boards.frame import board_page
from app.boards.history import OpenBoard
from app.boards.shape import Column
from app.call import CallDep
from app.cards.pace import FEWEST, bars_words
from app.days import day_of
from app.db import Tx
from app.flow.beside import panel_beside
from app.flow.durations import in_words
from app.flow.standup import Full, sentence_of
from app.flow.standup_reading import Standup, read_standup
from app.types import KeyInUrl
from app.words import day_words

router = APIRouter(prefix="/boards/{key}", include_in_schema=False)

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
# What a screen has room for; the rest is counted.
MOST = 12
MOST_MOVED = 16


@router.get("/standup")
async def standup(call: CallDep, key: KeyInUrl) -> Response:
    """What to talk about today, from right to left: blocked, late and full, and what has moved."""

    def view(tx: Tx, actor: Actor, board: OpenBoard) -> dict[str, Any]:
        title = f"Stand-up of {board.row.name}"
        return {
            "title": title,
            "seq": board.seq,
            "panel": panel_beside(tx, board, call.request.query_params, title),
            "cord": cord_view(tx, board),
            **_shown(board, read_standup(tx, board)),
        }

    return await board_page(call, key, "flow/standup.html", view)


def _shown(board: OpenBoard, found: Standup) -> dict[str, Any]:
    zone = board.row.time_zone
    today, since = day_of(board.now, zone), day_of(found.since, zone)
    since_words = "yesterday" if (today - since).days == 1 else _DAYS[since.weekday()]
    blocked = [
        {
            **_card(board, card.number, card.title, card.column_id),
            "fact": in_words(card.time),
            "more": card.reason,
            "tone": "bad",
        }
        for card in found.stuck
    ]
    late = [
        {
            **_card(board, card.number, card.title, card.column_id),
            "fact": in_words(card.age),
            "more": bars_words(bars) + (" · blocked" if card.blocked else ""),
            "tone": "bad" if bars > 3 else "warn",
        }
        for card, bars in found.late
    ]
    moved = [
        {
            **_card(board, card.number, card.title, card.move.target),
            "fact": "",
            "more": _way(board, card.move.source, card.move.target),
            "tone": "done" if board.shape.column[card.move.target].kind == "done" else "even",
        }
        for card in found.moved
    ]
    no_past = f"This needs {FEWEST} finished cards to hold the others against."
    return {
        "day": f"{_DAYS[today.weekday()]}, {day_words(today)}",
        "in_work": found.in_work,
        "sentence": sentence_of(len(blocked), len(late), found.full, len(moved), since_words),
        "parts": [
            _part("blocked", "Blocked", blocked, MOST, "Nothing is blocked."),
            _part(
                "late",
                "Older than 85 % of past cards were",
                late,
                MOST,
                "No card is older than past ones were at its stage." if found.has_past else no_past,
            ),
            _part("full", "Full", [_full(each) for each in found.full], MOST, "No place is full."),
            _part(
                "moved",
                f"Moved since {since_words}",
                moved,
                MOST_MOVED,
                f"No card has moved since {since_words}.",
            ),
        ],
    }


def _part(
    name: str, title: str, items: list[dict[str, Any]], most: int, nothing: str
) -> dict[str, Any]:
    return {
        "name": name,
        "title": title,
        "count": len(items),
        "items": items[:most],
        "more": max(0, len(items) - most),
        "nothing": nothing,
    }


def _card(board: OpenBoard, number: int, title: str, column_id: int) -> dict[str, Any]:
    return {
        "ref": f"{board.row.key}-{number}",
        "url": f"/boards/{board.row.key}/cards/{number}",
        "title": title,
        "place": _name(board, board.shape.column[column_id]),
    }


def _name(board: OpenBoard, column: Column) -> str:
    """A column's name with its group's: `Development · Done`."""
    if column.group_id is None:
        return column.name
    return f"{board.shape.group[column.group_id].name} · {column.name}"


def _way(board: OpenBoard, source: int, target: int) -> str:
    """From where a card came, and whether it went back."""
    column = board.shape.column.get(source)
    if column is None:
        return "from a column that is gone"
    index = board.shape.index
    return f"{'back ' if index[target] < index[source] else ''}from {_name(board, column)}"


def _full(place: Full) -> dict[str, Any]:
    is_over = place.state == "over"
    return {
        "ref": "",
        "url": "",
        "title": f"{place.name} ({place.scope})" if place.scope else place.name,
        "place": "",
        "fact": f"{place.held} / {place.limit}",
        "more": f"over by {place.held - place.limit}" if is_over else "at its limit",
        "tone": "bad" if is_over else "warn",
    }
