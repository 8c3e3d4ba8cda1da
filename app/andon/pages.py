"""The page of a board's andon cord: pulling it, releasing it, and what was learnt each time."""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from app.andon import service
from app.andon.reading import PastPull, names_in, past_pulls
from app.auth.actor import Actor
from app.auth.pages import web_of
from app.boards.cord import cord_view
from app.boards.frame import board_head
from app.boards.history import OpenBoard, lock_board, read_board
from app.call import Answer, Call, CallDep
from app.cards.pages import fragments
from app.cards.swaps import changes_swap
from app.db import Tx
from app.errors import AppError, Conflict
from app.forms import Form, Sent, read_form
from app.types import KeyInUrl, Note, Reason
from app.web import is_htmx
from app.words import long_duration, moment

router = APIRouter(prefix="/boards/{key}/andon", include_in_schema=False)

MOST_PULLS = 200


class PullForm(Form):
    """Why the cord is pulled."""

    reason: Reason


class ReleaseForm(Form):
    """What came of it, if anything did."""

    learning: Note = ""
    countermeasure: Note = ""


class NoFields(Form):
    """A button alone."""


@router.get("")
async def cord(call: CallDep, key: KeyInUrl) -> Response:
    """The cord: a form to pull it, or to release it, and all pulls; for htmx the form alone."""
    return await _show(call, key)


@router.post("")
async def pull(call: CallDep, key: KeyInUrl) -> Response:
    """Pulls the cord."""
    sent = await read_form(call.request, PullForm)
    if sent.form is None:
        return await _show(call, key, sent, 422)
    reason = sent.form.reason

    def verb(tx: Tx, actor: Actor) -> OpenBoard:
        return service.pull_cord(tx, actor, key, reason)

    return await _changed(call, key, verb, sent, "The cord is pulled. No new work is started.")


@router.post("/help")
async def help_with_it(call: CallDep, key: KeyInUrl) -> Response:
    """Tells everybody that one is helping."""
    sent = await read_form(call.request, NoFields)

    def verb(tx: Tx, actor: Actor) -> OpenBoard:
        return service.help_with_it(tx, actor, key)

    return await _changed(call, key, verb, sent, "Everybody sees that you are helping.")


@router.post("/resolve")
async def release(call: CallDep, key: KeyInUrl) -> Response:
    """Releases the cord."""
    sent = await read_form(call.request, ReleaseForm)
    if sent.form is None:
        return await _show(call, key, sent, 422)
    form = sent.form

    def verb(tx: Tx, actor: Actor) -> OpenBoard:
        return service.release_cord(tx, actor, key, form.learning, form.countermeasure)

    return await _changed(call, key, verb, sent, "The cord is released. Work may be started.")


async def _changed(
    call: Call, key: str, verb: Callable[[Tx, Actor], OpenBoard], sent: Sent[Any], words: str
) -> Response:
    """Carries it out: htmx gets what the board shows of it, a plain form is led to the board."""
    web, htmx = web_of(call.request), is_htmx(call.request)

    def unit(tx: Tx, actor: Actor) -> Answer | None:
        before = lock_board(tx, actor, key=key)
        verb(tx, actor)
        if not htmx:
            return None
        after = read_board(tx, actor, key=key)
        return fragments(changes_swap(tx, web, after, cord=True, after=before.seq))

    try:
        done = await call.act(unit)
    except Conflict as error:
        return await _refused(call, key, sent, error)
    return web.redirect(f"/boards/{key}", ("ok", words)) if done is None else done.response()


async def _refused(call: Call, key: str, sent: Sent[Any], error: AppError) -> Response:
    """Somebody else was faster: the board's band says how it is now, and the page why not."""
    if not is_htmx(call.request):
        return await _show(call, key, sent.refused(error), 409)
    web = web_of(call.request)

    def view(tx: Tx, actor: Actor) -> Answer:
        board = read_board(tx, actor, key=key)
        return fragments(changes_swap(tx, web, board, cord=True), 409)

    return await call.read(view)


async def _show(call: Call, key: str, sent: Sent[Any] | None = None, status: int = 200) -> Response:
    web, alone = web_of(call.request), is_htmx(call.request)

    def verb(tx: Tx, actor: Actor) -> Response:
        board = read_board(tx, actor, key=key)
        values: dict[str, Any] = {
            "board": board_head(board),
            "cord": cord_view(tx, board),
            "typed": {} if sent is None else sent.typed,
            "errors": {} if sent is None else sent.errors,
        }
        if alone:
            return fragments(web.render("andon/_form.html", **values), status).response()
        found = past_pulls(tx, board, MOST_PULLS)
        names = names_in(tx, found)
        page = web.page(
            call.request,
            "andon/cord.html",
            actor=actor,
            title=f"Andon cord of {board.row.name}",
            status=status,
            pulls=[_shown(board, pull, names) for pull in found if pull.released_at is not None],
            **values,
        )
        page.headers["Vary"] = "HX-Request"
        return page

    return await call.fetch(verb)


def _shown(board: OpenBoard, pull: PastPull, names: dict[int, str]) -> dict[str, Any]:
    zone = board.row.time_zone
    return {
        "reason": pull.reason,
        "when": moment(pull.at, zone),
        "by": _name(pull.by, names),
        "lasted": long_duration(pull.lasted(board.now)),
        "released_by": _name(pull.released_by, names),
        "learning": pull.learning,
        "countermeasure": pull.countermeasure,
        "helpers": ", ".join(_name(user_id, names) for user_id in pull.helpers),
    }


def _name(user_id: int | None, names: dict[int, str]) -> str:
    return "Weir" if user_id is None else names.get(user_id, "")
