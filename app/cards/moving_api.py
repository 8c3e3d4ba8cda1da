"""The API of what reaches beyond one card or board: many at once, taking back, other boards."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Query
from starlette.responses import Response

from app import clock
from app.auth.actor import Actor
from app.call import CallDep
from app.cards import transfer
from app.cards.bulk import Changed, change_cards
from app.cards.bulk_schemas import FoundOut, LastActionOut, ManyIn, ManyOut, UndoneOut
from app.cards.finding import Found, find
from app.cards.render import moved_answer
from app.cards.schemas import MovedOut, TransferIn
from app.cards.undo import Undone, next_undo, undo_last_action
from app.db import Tx
from app.problems import responses
from app.types import IdInUrl, KeyInUrl, SearchText

router = APIRouter(prefix="/api/v1", tags=["cards"])


@router.post("/boards/{key}/cards/bulk", response_model=ManyOut, responses=responses(409))
async def change_many(
    call: CallDep,
    key: KeyInUrl,
    body: Annotated[
        ManyIn,
        Body(examples=[{"action": "move", "cards": [{"id": 198}, {"id": 203}], "column_id": 3}]),
    ],
) -> Response:
    """Does the same with up to 200 cards: all of them, or none. The limits judge it as one change;
    the 409 of a limit says how many places are `free` besides the rest. A card that is so already
    is left as it is; one that has changed since its `version` is a 409
    `/problems/changed-since`. One undo takes all of it back."""
    chosen = [each.chosen() for each in body.cards]
    return await call.write(change_cards, key, chosen, body.what(), render=_changed)


@router.post("/cards/{card_id}/transfer", response_model=MovedOut, responses=responses(409))
async def transfer_card(call: CallDep, card_id: IdInUrl, body: TransferIn) -> Response:
    """Moves a card to another board on which one may work, too. It keeps its id, its history and
    its clocks, gets a number there, and is still found by its old one. 409 where a limit of the
    other board has no room. People who are no members there are taken off it, labels go along by
    their names."""
    args = (card_id, body.board, body.column_id, body.lane_id)
    return await call.write(transfer.transfer_card, *args, render=moved_answer, alone=True)


@router.get("/boards/{key}/undo", response_model=LastActionOut, responses=responses())
async def see_undo(call: CallDep, key: KeyInUrl) -> Response:
    """What one did last on the board and has not taken back yet: what an undo takes back next."""
    return await call.read(next_undo, key, render=_next)


@router.post("/boards/{key}/undo", response_model=UndoneOut, responses=responses(409))
async def undo(call: CallDep, key: KeyInUrl) -> Response:
    """Takes back what one did last on the board: a move, a reordering, an edit, an assignment, a
    block, an archiving, or the reverse of one of these, of one card or of many at once. It obeys
    the limits like any change. 409 `/problems/changed-since` where it can be taken back no more,
    because somebody else has changed the same since or the card has left the board;
    `/problems/nothing-to-undo` where there is nothing. After either the next undo goes on to what
    was done before."""
    return await call.write(undo_last_action, key, render=_undone)


@router.get("/find", response_model=FoundOut, responses=responses())
async def find_by_text(
    call: CallDep,
    q: Annotated[SearchText, Query(description="In a title or name, or a card's `OPS-42`.")] = "",
    near: Annotated[
        KeyInUrl | None, Query(description="The key of the board whose cards come first.")
    ] = None,
) -> Response:
    """The cards and boards that go by a few letters, among all that one may see; a few of each,
    the likeliest first. For going somewhere: `GET /boards/{key}/cards?q=` lists them all."""
    return await call.read(find, q, near, render=_found)


def _found(tx: Tx, actor: Actor, found: Found) -> dict[str, Any]:
    return {
        "cards": [
            {
                "id": card.id,
                "ref": card.ref,
                "board": card.board_key,
                "number": card.number,
                "title": card.title,
                "archived": card.archived_at is not None,
            }
            for card in found.cards
        ],
        "boards": [board._asdict() for board in found.boards],
    }


def _changed(tx: Tx, actor: Actor, changed: Changed) -> dict[str, Any]:
    cards = [{"id": card.id, "ref": card.ref, "version": card.version} for card in changed.cards]
    return {"batch": changed.batch, "cards": cards}


def _next(tx: Tx, actor: Actor, found: Undone | None) -> dict[str, Any]:
    return {"action": None if found is None else _action(found)}


def _undone(tx: Tx, actor: Actor, undone: Undone) -> dict[str, Any]:
    return {"undone": _action(undone)}


def _action(undone: Undone) -> dict[str, Any]:
    return {
        "seq": undone.action.seq,
        "at": clock.iso(undone.action.at),
        "words": undone.words,
        "cards": [{"id": card.id, "ref": card.ref} for card in undone.cards],
    }
