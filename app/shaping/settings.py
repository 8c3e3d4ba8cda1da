"""What the pages of a board's settings share: who may see them, and their frame."""

from collections.abc import Callable
from typing import Any

from starlette.responses import Response

from app.auth.actor import Actor
from app.auth.pages import web_of
from app.boards.history import OpenBoard, read_board
from app.boards.pages import board_head
from app.call import Call
from app.db import Tx
from app.errors import AppError, Forbidden

Values = Callable[[Tx, OpenBoard], dict[str, Any]]


def managed_board(tx: Tx, actor: Actor, key: str) -> OpenBoard:
    """A board for the pages on which it is shaped; 403 for those who may not shape it."""
    board = read_board(tx, actor, key=key)
    if not board.may_manage:
        raise Forbidden("Only a manager of the board may shape it.")
    return board


async def settings_page(
    call: Call, key: str, template: str, part: str, title: str, values: Values, status: int = 200
) -> Response:
    """A page of a board's settings; `part` is its place in their navigation."""
    web = web_of(call.request)

    def verb(tx: Tx, actor: Actor) -> Response:
        board = managed_board(tx, actor, key)
        return web.page(
            call.request,
            f"shaping/{template}",
            actor=actor,
            title=f"{title}, {board.row.name}",
            status=status,
            board=board_head(board),
            part=part,
            **values(tx, board),
        )

    return await call.fetch(verb)  # type: ignore[no-any-return]


def back(call: Call, key: str, where: str, words: str) -> Response:
    """On to a page of the settings, with good news."""
    return web_of(call.request).redirect(f"/boards/{key}/settings{where}", ("ok", words))


def sentence_of(error: AppError) -> str:
    """What stood in the way, as a sentence."""
    return f"{error.detail[:1].upper()}{error.detail[1:].rstrip('.')}."
