"""The filter of a board's page, decided in one place: for the page, and for its script."""

from collections.abc import Collection
from typing import Any

from app.boards.history import OpenBoard
from app.boards.views import Person
from app.cards.filter_views import FilterView, filter_view
from app.cards.filters import OVER_PROMISE, Asked, CardFilter, wanted_by
from app.cards.heads import Heads
from app.cards.labels import label_names
from app.cards.past import past_of
from app.cards.wall import Match, match, people_of
from app.days import day_of
from app.db import Tx
from app.web import Web


def matched(tx: Tx, web: Web, board: OpenBoard, asked: Asked) -> Match:
    """The cards of the board's page that match what an address asks for."""
    return match(tx, web, board, wanted(tx, board, asked) if asked else None)


def wanted(tx: Tx, board: OpenBoard, asked: Asked) -> CardFilter:
    """The cards that an address means, for the person who asks, now."""
    today = day_of(board.now, board.row.time_zone)
    pace = past_of(tx, board).pace if asked.has("age", OVER_PROMISE) else {}
    return wanted_by(asked, me=board.actor_id or 0, today=today, now=board.now, pace=pace)


def filter_of(
    tx: Tx, board: OpenBoard, asked: Asked, people: Collection[Person], found: Match
) -> FilterView:
    """The filter in words, with how many cards match."""
    labels = label_names(tx, board.id)
    # The wall has asked for the past already.
    paced = bool(past_of(tx, board).pace)
    return filter_view(board, asked, people, labels, len(found.ids), found.total, paced=paced)


def matching_json(tx: Tx, web: Web, board: OpenBoard, asked: Asked) -> dict[str, Any]:
    """What the script of the page needs: the cards that match, the numbers for the heads, and the
    line of what is set."""
    found = matched(tx, web, board, asked)
    view = filter_of(tx, board, asked, people_of(tx, board), found)
    return {
        "query": asked.query,
        "ids": sorted(found.ids) if asked else None,
        "some": Heads(board, {}, found.counts if asked else None).some(),
        "line": view.line,
        "bar": web.render("boards/_filter_bar.html", filter=view),
    }
