"""A limit that is changed where the board shows it."""

from typing import Any, Literal

from fastapi import APIRouter
from starlette.responses import Response

from app.auth.actor import Actor
from app.auth.pages import web_of
from app.boards.history import MANAGER, OpenBoard, lock_board, read_board
from app.boards.service import change_board
from app.call import Answer, CallDep
from app.cards.pages import fragments
from app.cards.swaps import changes_swap, columns_swap
from app.db import Tx
from app.errors import NotFound
from app.forms import Form, read_form
from app.shaping import service
from app.types import IdInUrl, KeyInUrl, LimitInForm
from app.web import is_htmx

router = APIRouter(prefix="/boards/{key}/limits", include_in_schema=False)

# The faces on every card say whose limit is reached.
_ON_THE_WHOLE_BOARD = {"board": "wip_limit", "person": "person_wip_limit"}


class LimitForm(Form):
    """A place and its limit; left empty it is none. The place of a person's limit is the board."""

    scope: Literal["column", "group", "lane", "board", "person"]
    place: IdInUrl
    wip_limit: LimitInForm | None = None


@router.post("")
async def change_limit(call: CallDep, key: KeyInUrl) -> Response:
    """Changes a limit of a column, group or lane, of the board or of each person on it, and shows
    what is held to it."""
    web = web_of(call.request)
    htmx = is_htmx(call.request)
    sent = await read_form(call.request, LimitForm)
    if sent.form is None:
        problem = sent.errors.get("wip_limit") or next(iter(sent.errors.values()))
        words = web.render("boards/_limit_problem.html", problem=f"It {problem}.", oob=True)
        return fragments(words, 422).response()
    form = sent.form

    def verb(tx: Tx, actor: Actor) -> Any:
        before = lock_board(tx, actor, need=MANAGER, key=key)
        columns, lanes = _set_limit(tx, actor, before, form)
        if not htmx:
            return None
        after = read_board(tx, actor, key=key)
        if form.scope in _ON_THE_WHOLE_BOARD:
            return fragments(columns_swap(tx, web, after))
        seen = before.seq
        return fragments(
            changes_swap(tx, web, after, column_ids=columns, lane_ids=lanes, after=seen)
        )

    done = await call.act(verb)
    return done.response() if isinstance(done, Answer) else web.redirect(f"/boards/{key}")


def _set_limit(
    tx: Tx, actor: Actor, board: OpenBoard, form: LimitForm
) -> tuple[list[int], list[int]]:
    """Sets a limit; the columns and lanes whose headers show it."""
    shape, change = board.shape, {"wip_limit": form.wip_limit}
    if form.scope == "column" and form.place in shape.column:
        service.change_column(tx, actor, form.place, change)
        return [form.place], []
    if form.scope == "group" and form.place in shape.group:
        service.change_group(tx, actor, form.place, change)
        return [column.id for column in shape.columns if column.group_id == form.place], []
    if form.scope == "lane" and form.place in shape.lane:
        service.change_lane(tx, actor, form.place, change)
        return [], [form.place]
    name = _ON_THE_WHOLE_BOARD.get(form.scope)
    if name is not None and form.place == board.id:
        change_board(tx, actor, board.row.key, {name: form.wip_limit})
        return [], []
    raise NotFound
