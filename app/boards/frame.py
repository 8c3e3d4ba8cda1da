"""The frame of the pages around a board: what each of them shows of it."""

from collections.abc import Callable
from typing import Any

from starlette.responses import Response

from app.auth.actor import Actor
from app.auth.pages import web_of
from app.boards.history import OpenBoard, read_board
from app.call import Call
from app.db import Tx

View = Callable[[Tx, Actor, OpenBoard], dict[str, Any]]


async def board_page(
    call: Call, key: str, template: str, view: View, status: int = 200
) -> Response:
    """A page around a board: `view(tx, actor, board)` gives its title and what its template
    shows."""
    web = web_of(call.request)

    def verb(tx: Tx, actor: Actor) -> Response:
        board = read_board(tx, actor, key=key)
        values = view(tx, actor, board)
        head = board_head(board)
        return web.page(call.request, template, actor=actor, status=status, board=head, **values)

    return await call.fetch(verb)


def board_head(board: OpenBoard) -> dict[str, Any]:
    """What the pages around a board show of it."""
    open_ = board.row.archived_at is None
    return {
        "key": board.row.key,
        "name": board.row.name,
        "url": f"/boards/{board.row.key}",
        "archived": not open_,
        "pulled": board.row.andon is not None,
        "may_work": board.may_work and open_,
        "may_manage": board.may_manage and open_,
        "first_column": board.shape.columns[0].id if board.shape.columns else None,
        # An archived board has settings too: there it comes back.
        "manages": board.may_manage,
    }
