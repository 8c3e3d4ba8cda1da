"""The question before a card leaves a column that asks: its points, each to be ticked."""

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup
from starlette.responses import Response

from app.auth.actor import Actor
from app.auth.pages import web_of
from app.boards.frame import board_head
from app.boards.history import read_board
from app.call import Answer, Call
from app.cards.pages import fragments
from app.cards.queries import numbered_card
from app.cards.swaps import changes_swap
from app.db import Tx
from app.errors import ConfirmationNeeded
from app.markdown import markdown
from app.web import is_htmx


async def ask_first(
    call: Call, key: str, number: int, question: ConfirmationNeeded, typed: Mapping[str, str]
) -> Response:
    """Shows the points of the column that a card would leave, with the move as it was sent.

    htmx gets the card back where it is and the question as a dialog, a plain form a page. It is
    no success: the move has not happened.
    """
    web = web_of(call.request)
    htmx = is_htmx(call.request)

    def verb(tx: Tx, actor: Actor) -> Answer | Response:
        board = read_board(tx, actor, key=key)
        card = numbered_card(tx, board, number)
        values: dict[str, Any] = {
            "card": card,
            "column": question.extensions["column"],
            "points": [_in_line(point) for point in question.extensions["points"]],
            "hidden": [(name, value) for name, value in typed.items() if name != "confirmed"],
        }
        if not htmx:
            return web.page(
                call.request,
                "cards/confirm.html",
                actor=actor,
                title=f"Before {card.ref} leaves {question.extensions['column']['name']}",
                status=409,
                board=board_head(board),
                **values,
            )
        columns = {card.column_id, question.extensions["column"]["id"]}
        back = changes_swap(
            tx, web, board, card_ids=[card.id], column_ids=columns, lane_ids={card.lane_id}
        )
        return fragments(back + web.render("cards/confirm.swap.html", **values), 409)

    return await call.show(verb)


def _in_line(point: str) -> Markup:
    """A point as one line of HTML: without the paragraph that it would be by itself."""
    made = markdown(point).strip()
    inside = made.removeprefix("<p>").removesuffix("</p>")
    return made if "<p>" in inside else Markup(inside)  # noqa: S704 - a part of what was sanitised
