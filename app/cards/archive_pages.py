"""A board's archive: what lies in it, and the way back."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from app.auth.actor import Actor
from app.auth.pages import web_of
from app.boards.frame import board_page
from app.boards.history import OpenBoard
from app.call import Call, CallDep
from app.cards.bulk import MOST_CARDS, Changed, Chosen, RestoreAll, change_cards
from app.cards.queries import archived_cards, numbered_card
from app.cards.swaps import notice_of
from app.db import Tx
from app.errors import AppError, Conflict, Invalid
from app.forms import Form, read_form
from app.types import IdInUrl, KeyInUrl, SearchText
from app.words import count_of, moment

router = APIRouter(prefix="/boards/{key}", include_in_schema=False)

ARCHIVED_SHOWN = 500


class RestoreForm(Form):
    """The cards that are to go back, and what was searched for."""

    card_id: list[IdInUrl] = Field(default_factory=list, max_length=MOST_CARDS)
    q: SearchText = ""


@router.get("/archive")
async def archive(call: CallDep, key: KeyInUrl, q: Annotated[SearchText, Query()] = "") -> Response:
    """The archived cards, newest first, each with a way back."""
    return await show_archive(call, key, text=q)


@router.post("/archive")
async def restore(call: CallDep, key: KeyInUrl) -> Response:
    """Puts some archived cards back onto the board, all of them or none."""
    sent = await read_form(call.request, RestoreForm, most_fields=ARCHIVED_SHOWN + 10)
    if sent.form is None:
        raise Invalid(*((("body", name), message) for name, message in sent.errors.items()))
    chosen = [Chosen(card_id) for card_id in sent.form.card_id]
    if not chosen:
        nothing = Conflict("Choose the cards that are to go back.")
        return await show_archive(call, key, error=nothing, text=sent.form.q)

    def verb(tx: Tx, actor: Actor) -> Changed:
        return change_cards(tx, actor, key, chosen, RestoreAll())

    try:
        changed = await call.act(verb)
    except (Conflict, Invalid) as error:
        return await show_archive(call, key, error=error, text=sent.form.q)
    back = len(changed.cards)
    words = f"{count_of(back, 'card')} {'is' if back == 1 else 'are'} back on the board."
    return web_of(call.request).redirect(f"/boards/{key}/archive", ("ok", words))


async def show_archive(
    call: Call,
    key: str,
    number: int | None = None,
    error: AppError | None = None,
    text: str = "",
) -> Response:
    """The archive page, with what stood in the way of a restore."""

    def view(tx: Tx, actor: Actor, board: OpenBoard) -> dict[str, Any]:
        notice = None
        if error is not None:
            card = None if number is None else numbered_card(tx, board, number)
            column_id = None if card is None else card.column_id
            notice = notice_of(error, board.shape, card=card, column_id=column_id, many=True)
        return {
            "title": f"Archive of {board.row.name}",
            "q": text,
            "cards": [
                {
                    "id": row.id,
                    "ref": f"{board.row.key}-{row.number}",
                    "url": f"/boards/{board.row.key}/cards/{row.number}",
                    "title": row.title,
                    "column_name": row.column_name,
                    "archived": moment(row.archived_at, board.row.time_zone),
                }
                for row in archived_cards(tx, board, ARCHIVED_SHOWN, text or None)
            ],
            "notice": notice,
        }

    status = 200 if error is None else error.status
    return await board_page(call, key, "boards/archive.html", view, status)
