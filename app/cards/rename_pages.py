"""The small form that changes a card's title where it stands."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from app.auth.actor import Actor
from app.auth.pages import web_of
from app.boards.history import read_board
from app.call import Answer, Call, CallDep
from app.cards import service
from app.cards.pages import fragments, refused_card, write_card
from app.cards.queries import numbered_card
from app.cards.rows import CardRow
from app.db import Tx
from app.errors import Conflict, StaleVersion
from app.forms import Form, Sent, read_form
from app.types import IdInUrl, KeyInUrl, SeqInUrl, Title

router = APIRouter(prefix="/boards/{key}/cards/{number}", include_in_schema=False)


class TitleForm(Form):
    """A card's title, and the version that it was read from."""

    title: Title
    version: SeqInUrl | None = None


@router.get("/rename")
async def title_form(call: CallDep, key: KeyInUrl, number: IdInUrl) -> Response:
    """The form, for the board's dialog."""
    return await _form(call, key, number, Sent({}))


@router.post("/rename")
async def change_title(call: CallDep, key: KeyInUrl, number: IdInUrl) -> Response:
    """Changes a card's title; nothing is overwritten that somebody changed meanwhile."""
    sent = await read_form(call.request, TitleForm)
    if sent.form is None:
        return await _form(call, key, number, sent, 422)
    form = sent.form

    def verb(tx: Tx, actor: Actor, card: CardRow) -> CardRow:
        return service.edit_card(tx, actor, card.id, {"title": form.title}, form.version)

    try:
        return await write_card(call, key, number, verb)
    except (Conflict, StaleVersion) as error:
        return await refused_card(call, key, number, None, error)


async def _form(call: Call, key: str, number: int, sent: Sent[Any], status: int = 200) -> Response:
    web = web_of(call.request)

    def verb(tx: Tx, actor: Actor) -> Answer:
        card = numbered_card(tx, read_board(tx, actor, key=key), number)
        html = web.render(
            "cards/_title_form.html",
            card=card,
            values={"title": card.title, **sent.typed},
            errors=sent.errors,
        )
        return fragments(html, status)

    return await call.read(verb)
