"""What the pages of a board's settings share: who may see them, and their frame."""

from collections.abc import Callable
from typing import Any

from starlette.responses import Response

from app.auth.actor import Actor
from app.auth.pages import web_of
from app.boards.frame import board_page
from app.boards.history import OpenBoard, read_board
from app.call import Call
from app.db import Tx
from app.errors import AppError, Forbidden

Values = Callable[[Tx, OpenBoard], dict[str, Any]]


def managed_board(tx: Tx, actor: Actor, key: str) -> OpenBoard:
    """A board for the pages on which it is shaped; 403 for those who may not shape it."""
    board = read_board(tx, actor, key=key)
    _check_may_shape(board)
    return board


async def settings_page(
    call: Call, key: str, template: str, part: str, title: str, values: Values, status: int = 200
) -> Response:
    """A page of a board's settings; `part` is its place in their navigation."""

    def view(tx: Tx, actor: Actor, board: OpenBoard) -> dict[str, Any]:
        _check_may_shape(board)
        return {"title": f"{title}, {board.row.name}", "part": part, **values(tx, board)}

    return await board_page(call, key, f"shaping/{template}", view, status)


def back(call: Call, key: str, where: str, words: str) -> Response:
    """On to a page of the settings, with good news."""
    return web_of(call.request).redirect(f"/boards/{key}/settings{where}", ("ok", words))


def sentence_of(error: AppError) -> str:
    """What stood in the way of a change, as a sentence; raises what is no answer to a form."""
    if error.status not in {409, 422}:
        raise error
    return f"{error.detail[:1].upper()}{error.detail[1:].rstrip('.')}."


def _check_may_shape(board: OpenBoard) -> None:
    if not board.may_manage:
        raise Forbidden("Only a manager of the board may shape it.")
