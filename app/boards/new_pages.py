"""The page of a new board: from a template, or after the model of another one."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from starlette.responses import Response

from app.auth.actor import Actor
from app.auth.pages import web_of
from app.boards import service
from app.boards.copying import copy_board
from app.boards.lines import board_lines
from app.boards.schemas import TimeZone
from app.boards.zones import regions
from app.call import Call, CallDep
from app.db import Tx
from app.errors import AlreadyExists, Invalid
from app.forms import Form, Sent, read_form
from app.types import BoardKey, KeyInUrl, Name

# It has to be tried before `/boards/{key}`, which is asked far more often than the other pages.
router = APIRouter(prefix="/boards/new", include_in_schema=False)

COPY = "copy"
_TEMPLATES = (
    (
        "dev-ops",
        "Dev + Ops",
        (
            "Backlog, Ready (5), Development with Doing and Done (5), Test (3), "
            "Ready to deploy (3), Deploy (2), In production; an expedite lane."
        ),
    ),
    ("simple", "Simple", "To do, In progress (3), Done."),
    ("empty", "Empty", "No columns yet."),
)


class NewBoardForm(Form):
    """A board to be made; without a time zone it has UTC, or that of the board that is copied."""

    name: Name
    key: BoardKey
    template: Literal["dev-ops", "simple", "empty", "copy"] = "dev-ops"
    time_zone: TimeZone | None = None
    copy_of: BoardKey | None = None
    copy_members: bool = False


@router.get("")
async def new_board_page(
    call: CallDep, copy_of: Annotated[KeyInUrl | None, Query()] = None
) -> Response:
    """The form of a new board."""
    typed = {"template": "dev-ops"} if copy_of is None else {"template": COPY, "copy_of": copy_of}
    return await _page(call, Sent(typed))


@router.post("")
async def new_board(call: CallDep) -> Response:
    """Makes a board."""
    sent = await read_form(call.request, NewBoardForm)
    form = sent.form
    if form is None:
        return await _page(call, sent, 422)
    try:
        if form.template != COPY:
            zone = form.time_zone or "UTC"
            await call.act(service.create_board, form.key, form.name, zone, form.template)
        elif form.copy_of is None:
            raise Invalid((("body", "copy_of"), "choose the board that is copied"))
        else:
            copied = (form.key, form.name, form.time_zone, form.copy_of, form.copy_members)
            await call.act(copy_board, *copied)
    except AlreadyExists as error:
        shown: Sent[NewBoardForm] = Sent(sent.typed, {"key": error.detail})
        return await _page(call, shown, 409)
    except Invalid as error:
        problem = error.extensions["errors"][0]["msg"]
        return await _page(call, Sent(sent.typed, {"copy_of": problem}), 422)
    return web_of(call.request).redirect(f"/boards/{form.key}")


def template_choices(chosen: str) -> list[dict[str, Any]]:
    """What a new board can begin with, for a form."""
    return [
        {"value": value, "words": words, "help": text, "selected": value == chosen}
        for value, words, text in _TEMPLATES
    ]


async def _page(call: Call, sent: Sent[NewBoardForm], status: int = 200) -> Response:
    web = web_of(call.request)

    def verb(tx: Tx, actor: Actor) -> Response:
        typed = sent.typed
        boards = sorted(board_lines(tx, actor), key=lambda line: line.name.casefold())
        return web.page(
            call.request,
            "boards/new.html",
            actor=actor,
            title="New board",
            status=status,
            values=typed,
            errors=sent.errors,
            templates=template_choices(typed.get("template", "dev-ops")),
            models=[(line.key, f"{line.name} ({line.key})") for line in boards],
            regions=regions(typed.get("time_zone") or "UTC"),
        )

    return await call.fetch(verb)
