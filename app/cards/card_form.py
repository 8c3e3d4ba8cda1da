"""The frame of a form about one card: in the board's dialog, or a page of its own."""

from collections.abc import Callable
from typing import Any

from starlette.responses import Response

from app.auth.actor import Actor
from app.auth.pages import web_of
from app.boards.frame import board_head
from app.boards.history import OpenBoard, read_board
from app.call import Answer, Call
from app.cards.pages import fragments
from app.cards.queries import numbered_card
from app.cards.rows import CardRow
from app.db import Tx
from app.web import is_htmx

View = Callable[[Tx, Actor, OpenBoard, CardRow], dict[str, Any]]


async def card_form(
    call: Call, key: str, number: int, name: str, view: View, status: int = 200
) -> Response:
    """The form `name` of a card: for htmx the form alone, else a page with it. What both show is
    given by `view(tx, actor, board, card)`."""
    web = web_of(call.request)

    def verb(tx: Tx, actor: Actor) -> Answer | Response:
        board = read_board(tx, actor, key=key)
        values = {"notice": None, **view(tx, actor, board, numbered_card(tx, board, number))}
        if is_htmx(call.request):
            return fragments(web.render(f"cards/_{name}_form.html", **values), status)
        page, head = f"cards/{name}.html", board_head(board)
        return web.page(call.request, page, actor=actor, status=status, board=head, **values)

    return await call.show(verb)
