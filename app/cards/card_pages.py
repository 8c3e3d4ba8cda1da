"""The forms that move, block, archive and restore a card."""

from typing import Any, Literal

from fastapi import APIRouter
from starlette.responses import Response

from app.auth.actor import Actor
from app.auth.pages import web_of
from app.boards import rules
from app.boards.history import OpenBoard
from app.boards.rules import Place
from app.boards.shape import Cell
from app.call import Call, CallDep
from app.cards import service
from app.cards.archive_pages import show_archive
from app.cards.card_form import card_form
from app.cards.confirming import ask_first
from app.cards.heads import full_words
from app.cards.pages import refused_card, write_card
from app.cards.queries import titles_in
from app.cards.rows import CardRow
from app.cards.spots import Spot
from app.cards.story import CATEGORY_WORDS, blocked_now
from app.cards.swaps import Told
from app.cards.vocabulary import CATEGORIES, Category
from app.db import Tx
from app.errors import ConfirmationNeeded, Conflict, Invalid, StaleVersion
from app.forms import Form, Sent, read_form
from app.types import IdInUrl, IndexInUrl, KeyInUrl, Note, Reason, SeqInUrl

router = APIRouter(prefix="/boards/{key}/cards/{number}", include_in_schema=False)

MOST_PLACES = 100


class MoveForm(Form):
    """Where a card is to go; none of the places is the end of the column."""

    column_id: IdInUrl
    lane_id: IdInUrl | None = None
    index: IndexInUrl | None = None
    before_card_id: IdInUrl | None = None
    after_card_id: IdInUrl | None = None
    version: SeqInUrl | None = None
    confirmed: bool = False


class BlockForm(Form):
    """Why a card cannot go on."""

    reason: Reason
    category: Category = "other"


class UnblockForm(Form):
    """What cleared it."""

    note: Note = ""


class VersionForm(Form):
    """The version that the person saw."""

    version: SeqInUrl | None = None
    back: Literal["archive"] | None = None


@router.get("/move")
async def move_page(
    call: CallDep,
    key: KeyInUrl,
    number: IdInUrl,
    column_id: IdInUrl | None = None,
    lane_id: IdInUrl | None = None,
) -> Response:
    """The form that moves a card, with the places of the chosen column."""
    return await _move_page(call, key, number, column_id, lane_id)


@router.post("/move")
async def move(call: CallDep, key: KeyInUrl, number: IdInUrl) -> Response:
    """Moves a card; a refusal puts it back and says why in the column that refused."""
    sent = await read_form(call.request, MoveForm)
    if sent.form is None:
        return await _move_page(call, key, number, None, None, sent.errors, 422)
    form = sent.form
    place = (form.column_id, form.lane_id)
    spot = Spot(form.before_card_id, form.after_card_id, form.index)

    def verb(tx: Tx, actor: Actor, card: CardRow) -> CardRow:
        args = (*place, spot, form.version, form.confirmed)
        return service.move_card(tx, actor, card.id, *args)

    try:
        return await write_card(call, key, number, verb)
    except ConfirmationNeeded as question:
        return await ask_first(call, key, number, question, sent.typed)
    except (Conflict, StaleVersion, Invalid) as error:
        # A neighbour or column that has gone meanwhile is the board's news, not a typing mistake.
        return await refused_card(call, key, number, form.column_id, error)


@router.get("/block")
async def block_page(call: CallDep, key: KeyInUrl, number: IdInUrl) -> Response:
    """The form that blocks a card, or takes its block away."""
    return await _block_page(call, key, number, Sent({}))


@router.post("/block")
async def block(call: CallDep, key: KeyInUrl, number: IdInUrl) -> Response:
    """Flags a card as blocked."""
    sent = await read_form(call.request, BlockForm)
    if sent.form is None:
        return await _block_page(call, key, number, sent, 422)
    form = sent.form

    def verb(tx: Tx, actor: Actor, card: CardRow) -> CardRow:
        return service.block_card(tx, actor, card.id, form.reason, form.category)

    return await _changed(call, key, number, verb)


@router.post("/unblock")
async def unblock(call: CallDep, key: KeyInUrl, number: IdInUrl) -> Response:
    """Takes a card's block away."""
    sent = await read_form(call.request, UnblockForm)
    if sent.form is None:
        return await _block_page(call, key, number, sent, 422)
    note = sent.form.note

    def verb(tx: Tx, actor: Actor, card: CardRow) -> CardRow:
        return service.unblock_card(tx, actor, card.id, note)

    return await _changed(call, key, number, verb)


@router.post("/archive")
async def archive(call: CallDep, key: KeyInUrl, number: IdInUrl) -> Response:
    """Takes a card off the board."""
    await read_form(call.request, VersionForm)

    def verb(tx: Tx, actor: Actor, card: CardRow) -> CardRow:
        return service.archive_card(tx, actor, card.id)

    return await _changed(call, key, number, verb, told=lambda card: Told(f"Archived {card.ref}"))


@router.post("/restore")
async def restore(call: CallDep, key: KeyInUrl, number: IdInUrl) -> Response:
    """Puts an archived card back onto the board."""
    sent = await read_form(call.request, VersionForm)
    from_archive = sent.form is not None and sent.form.back == "archive"

    def verb(tx: Tx, actor: Actor, card: CardRow) -> CardRow:
        return service.restore_card(tx, actor, card.id)

    try:
        done = await write_card(call, key, number, verb)
    except Conflict as error:
        if from_archive:
            return await show_archive(call, key, number, error)
        return await refused_card(call, key, number, None, error)
    if from_archive:
        words = f"{key}-{number} is back on the board."
        return web_of(call.request).redirect(f"/boards/{key}/archive", ("ok", words))
    return done


async def _changed(call: Call, key: str, number: int, verb: Any, **more: Any) -> Response:
    try:
        return await write_card(call, key, number, verb, **more)
    except Conflict as error:
        return await refused_card(call, key, number, None, error)


async def _move_page(
    call: Call,
    key: str,
    number: int,
    column_id: int | None,
    lane_id: int | None,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    def view(tx: Tx, actor: Actor, board: OpenBoard, card: CardRow) -> dict[str, Any]:
        shape = board.shape
        here = Cell(card.column_id, card.lane_id)
        chosen = Cell(
            column_id if column_id in shape.column else card.column_id,
            lane_id if lane_id in shape.lane else card.lane_id,
        )
        held = rules.usage(shape, board.counts)
        return {
            "title": f"Move {card.ref}",
            "card": card,
            "columns": [
                {
                    "id": column.id,
                    "words": full_words(
                        column.name, column.wip_limit, held.get(Place(rules.COLUMN, column.id), 0)
                    ),
                    "group": shape.group[column.group_id].name if column.group_id else None,
                    "selected": column.id == chosen.column_id,
                }
                for column in shape.columns
            ],
            "lanes": [
                {
                    "id": lane.id,
                    "words": full_words(
                        lane.name, lane.wip_limit, held.get(Place(rules.LANE, lane.id), 0)
                    ),
                    "selected": lane.id == chosen.lane_id,
                }
                for lane in shape.lanes
            ],
            "places": _places(tx, card, chosen, stays=chosen == here),
            "errors": errors or {},
        }

    return await card_form(call, key, number, "move", view, status)


async def _block_page(
    call: Call, key: str, number: int, sent: Sent[Any], status: int = 200
) -> Response:
    def view(tx: Tx, actor: Actor, board: OpenBoard, card: CardRow) -> dict[str, Any]:
        return {
            "title": f"Block {card.ref}",
            "card": card,
            "blocked": None if card.block_id is None else blocked_now(card, board),
            "categories": [
                {
                    "value": category,
                    "words": CATEGORY_WORDS[category],
                    "selected": category == sent.typed.get("category", "other"),
                }
                for category in CATEGORIES
            ],
            "values": sent.typed,
            "errors": sent.errors,
        }

    return await card_form(call, key, number, "block", view, status)


def _places(tx: Tx, row: CardRow, cell: Cell, *, stays: bool) -> list[dict[str, Any]]:
    """The places of a cell in words: the top, after each card, the bottom."""
    others = [
        each
        for each in titles_in(tx, cell.column_id, cell.lane_id, MOST_PLACES)
        if each.id != row.id
    ]
    ahead = sum(1 for each in others if each.rank < row.rank) if stays else None
    places = [{"value": "0", "words": "At the top", "selected": ahead == 0 and bool(others)}]
    for index, each in enumerate(others[:-1], start=1):
        words = f"After {row.board_key}-{each.number} {each.title}"
        places.append({"value": str(index), "words": words, "selected": index == ahead})
    bottom = ahead is None or ahead == len(others)
    places.append({"value": "", "words": "At the bottom", "selected": bottom})
    return places
