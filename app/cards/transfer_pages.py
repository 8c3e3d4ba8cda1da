"""The form that moves a card to another board."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from app.auth.actor import Actor
from app.auth.pages import web_of
from app.boards import rules
from app.boards.history import OpenBoard, read_board
from app.boards.rules import Place
from app.boards.views import Notice
from app.call import Answer, Call, CallDep
from app.cards.card_form import card_form
from app.cards.heads import full_words
from app.cards.pages import fragments, refused_card
from app.cards.queries import numbered_card
from app.cards.rows import CardRow
from app.cards.swaps import Told, changes_swap, notice_of
from app.cards.transfer import boards_to_go_to, transfer_card
from app.db import Tx
from app.errors import AppError, Conflict, Invalid, StaleVersion
from app.forms import Form, Sent, read_form
from app.types import IdInUrl, KeyInUrl, SeqInUrl
from app.web import is_htmx

router = APIRouter(prefix="/boards/{key}/cards/{number}", include_in_schema=False)


class TransferForm(Form):
    """To which board a card is to go, and where there."""

    board: KeyInUrl
    column_id: IdInUrl | None = None
    lane_id: IdInUrl | None = None
    version: SeqInUrl | None = None


@router.get("/transfer")
async def transfer_page(
    call: CallDep, key: KeyInUrl, number: IdInUrl, board: KeyInUrl | None = None
) -> Response:
    """The form, with the columns of the chosen board."""
    return await _form(call, key, number, board, Sent({}))


@router.post("/transfer")
async def transfer(call: CallDep, key: KeyInUrl, number: IdInUrl) -> Response:
    """Moves a card to another board."""
    sent = await read_form(call.request, TransferForm)
    if sent.form is None:
        return await _form(call, key, number, sent.typed.get("board"), sent, status=422)
    form = sent.form
    web = web_of(call.request)

    def unit(tx: Tx, actor: Actor) -> tuple[CardRow, CardRow]:
        card = numbered_card(tx, read_board(tx, actor, key=key), number)
        args = (form.board, form.column_id, form.lane_id, form.version)
        return card, transfer_card(tx, actor, card.id, *args)

    try:
        was, card = await call.act(unit, alone=True)
    except (Conflict, Invalid, StaleVersion) as error:
        if is_htmx(call.request):
            return await refused_card(call, key, number, None, error, elsewhere=form.board)
        return await _form(call, key, number, form.board, sent, error=error, status=409)
    to = f"/boards/{card.board_key}/cards/{card.number}"
    if not is_htmx(call.request):
        return web.redirect(to, ("ok", f"Moved {was.ref} to {card.ref}."))

    def swap(tx: Tx, actor: Actor) -> Answer:
        told = Told(f"Moved {was.ref} to {card.ref}", url=to)
        columns, lanes = [was.column_id], [was.lane_id]
        found = read_board(tx, actor, key=key)
        html = changes_swap(
            tx, web, found, card_ids=[card.id], column_ids=columns, lane_ids=lanes, told=told
        )
        return fragments(html)

    return await call.read(swap)


async def _form(
    call: Call,
    key: str,
    number: int,
    chosen: str | None,
    sent: Sent[TransferForm],
    *,
    error: AppError | None = None,
    status: int = 200,
) -> Response:
    """The form: after a refusal as it was sent, with the reason beside the field that it is of."""

    def view(tx: Tx, actor: Actor, board: OpenBoard, card: CardRow) -> dict[str, Any]:
        others = boards_to_go_to(tx, actor, board.id)
        target = next((each for each in others if each.key == chosen), next(iter(others), None))
        notice = None
        if error is not None:
            there = "" if target is None else target.name
            notice = notice_of(error, board.shape, card=card, column_id=None, elsewhere=there)
        return {
            "title": f"Move {card.ref} to another board",
            "notice": notice,
            "card": {
                "ref": card.ref,
                "title": card.title,
                "url": f"/boards/{key}/cards/{number}",
                "version": card.version,
            },
            "boards": [
                {"key": each.key, "name": each.name, "selected": each is target} for each in others
            ],
            **_places(tx, actor, None if target is None else target.key, sent.typed),
            "errors": sent.errors if error is None else _beside(error, notice),
        }

    return await card_form(call, key, number, "transfer", view, status)


def _beside(error: AppError, notice: Notice | None) -> dict[str, str]:
    """What the notice of a refusal says, at the field of the place that refused."""
    fields = {"column": "column_id", "group": "column_id", "lane": "lane_id"}
    scope = error.extensions.get("scope")
    return {fields[scope]: notice.headline} if notice is not None and scope in fields else {}


def _places(tx: Tx, actor: Actor, key: str | None, typed: Mapping[str, str]) -> dict[str, Any]:
    """The columns and lanes of the board to which the card would go, and which are chosen."""
    if key is None:
        return {"columns": [], "lanes": [], "values": {}}
    board = read_board(tx, actor, key=key)
    held = rules.usage(board.shape, board.counts)
    columns = [
        (
            column.id,
            full_words(column.name, column.wip_limit, held.get(Place(rules.COLUMN, column.id), 0)),
        )
        for column in board.shape.columns
    ]
    return {
        "columns": columns,
        "lanes": [(lane.id, lane.name) for lane in board.shape.lanes],
        "values": {"lane_id": str(board.shape.default_lane.id), **typed},
    }
