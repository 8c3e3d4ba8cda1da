"""The panel of a card over a page of the flow, whose address names it: `?card=42`."""

from typing import Any

from starlette.datastructures import QueryParams

from app.boards.history import OpenBoard
from app.cards.queries import numbered_card
from app.db import Tx
from app.details.panel import panel_view
from app.errors import NotFound

CARD = "card"
_DIGITS = 9  # A number with more of them is no card's.


def panel_beside(tx: Tx, board: OpenBoard, query: QueryParams, title: str) -> dict[str, Any] | None:
    """The panel of the card that the address of a page names; None where that is no card of the
    board. `title` is the page's own, which comes back when the panel is closed."""
    number = query.get(CARD, "")
    if not (number.isascii() and number.isdigit() and len(number) <= _DIGITS):
        return None
    try:
        card = numbered_card(tx, board, int(number))
    except NotFound:
        return None
    return {**panel_view(tx, board, card), "board_title": f"{title} · Weir"}
