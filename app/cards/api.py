"""The API of cards. Under its board a card has its number, elsewhere its id: the same card."""

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from app.auth.actor import Actor
from app.boards.activity import event_json
from app.boards.history import read_board
from app.boards.schemas import EventsOut
from app.call import CallDep
from app.cards import service
from app.cards.filters import Asked, CardFilter, asked_by
from app.cards.matching import wanted
from app.cards.queries import (
    card_history,
    cards_page,
    find_card,
    find_numbered_card,
)
from app.cards.render import card_answer, created_answer, moved_answer
from app.cards.schemas import (
    BlockIn,
    CardIn,
    CardOut,
    CardPatch,
    CardsOut,
    MovedOut,
    MoveIn,
    UnblockIn,
)
from app.cards.service import CardFields
from app.cards.spots import Spot
from app.cards.vocabulary import ServiceClass, WorkType
from app.days import start_of
from app.db import Tx
from app.paging import Page, PageDep, page_json
from app.problems import responses
from app.types import (
    DayOrMoment,
    ExternalId,
    FlagInUrl,
    IdInUrl,
    KeyInUrl,
    SearchText,
    WordInUrl,
    given,
)

router = APIRouter(prefix="/api/v1", tags=["cards"])

_NOT_NULL = ("title", "description", "work_type", "service_class", "assignee_ids", "labels")


# Routes are tried in their order: what is asked most often stands first.
@router.post("/cards/{card_id}/move", response_model=MovedOut, responses=responses(409, 412))
async def move_card(call: CallDep, card_id: IdInUrl, body: MoveIn) -> Response:
    """Moves a card. 409 `/problems/wip-limit-reached` where a limit has no room (with the limit,
    the count and the cards that fill the place), `/problems/card-blocked` for a blocked card that
    would go to the right, `/problems/andon-pulled` (with `reason`, `pulled_by` and `pulled_at`) for
    new work while the cord is pulled, `/problems/confirmation-needed` (with the `column` and its
    `points`) where it would leave a column to the right that asks for them, without `confirmed`."""
    spot = Spot(body.before_card_id, body.after_card_id, body.index)
    args = (card_id, body.column_id, body.lane_id, spot, call.if_match, body.confirmed)
    return await call.write(service.move_card, *args, render=moved_answer)


@router.post(
    "/boards/{key}/cards", response_model=CardOut, status_code=201, responses=responses(409)
)
async def create_card(call: CallDep, key: KeyInUrl, body: CardIn) -> Response:
    """Creates a card at the end of a column; its clock starts. 409 where a limit has no room, and
    `/problems/andon-pulled` where it would be new work while the cord is pulled."""
    fields = CardFields(**{name: getattr(body, name) for name in CardFields._fields})
    return await call.write(service.create_card, key, fields, render=created_answer)


@router.get("/boards/{key}/cards", response_model=CardsOut, responses=responses())
async def cards(
    call: CallDep,
    key: KeyInUrl,
    page: PageDep,
    column_id: Annotated[list[IdInUrl], Query()] = [],  # noqa: B006 - FastAPI copies it
    lane_id: Annotated[list[IdInUrl], Query()] = [],  # noqa: B006 - as above
    work_type: Annotated[list[WorkType], Query()] = [],  # noqa: B006 - as above
    service_class: Annotated[list[ServiceClass], Query()] = [],  # noqa: B006 - as above
    team: Annotated[list[WordInUrl], Query()] = [],  # noqa: B006 - as above
    assignee_id: Annotated[list[IdInUrl], Query()] = [],  # noqa: B006 - as above
    label: Annotated[list[WordInUrl], Query()] = [],  # noqa: B006 - as above
    assignee: Annotated[
        list[WordInUrl], Query(description="An id, `me`, or `none` for nobody's cards.")
    ] = [],  # noqa: B006 - as above
    type_: Annotated[
        list[WordInUrl], Query(alias="type", description="The same as `work_type`, any word.")
    ] = [],  # noqa: B006 - as above
    class_: Annotated[
        list[WordInUrl], Query(alias="class", description="The same as `service_class`, any word.")
    ] = [],  # noqa: B006 - as above
    lane: Annotated[list[WordInUrl], Query(description="The same as `lane_id`, any word.")] = [],  # noqa: B006 - as above
    due: Annotated[
        list[WordInUrl],
        Query(
            description="`overdue`, `today`, `week` (today to Sunday) or `any`, of unfinished "
            "cards; `none` for those without a due date."
        ),
    ] = [],  # noqa: B006 - as above
    age: Annotated[
        list[WordInUrl],
        Query(
            description="Unfinished, and started so many days ago or more; `p85` for those that "
            "are older than 85 % of the board's finished cards were at their stage (none while "
            "fewer than 20 are finished)."
        ),
    ] = [],  # noqa: B006 - as above
    blocked: FlagInUrl | None = None,
    archived: Annotated[
        FlagInUrl, Query(description="`true` lists the archived cards instead.")
    ] = False,
    q: Annotated[
        SearchText | None, Query(description="In title, description, external id or number.")
    ] = None,
    external_id: ExternalId | None = None,
    done_from: DayOrMoment | None = None,
    done_to: DayOrMoment | None = None,
) -> Response:
    """A board's cards by column, lane and place. Several values of a filter mean any of them."""
    given: dict[str, list[Any]] = {
        "lane": [*lane_id, *lane],
        "type": [*work_type, *type_],
        "class": [*service_class, *class_],
        "team": team,
        "assignee": [*assignee_id, *assignee],
        "label": label,
        "due": due,
        "age": age,
        "blocked": [] if blocked is None else [str(blocked).lower()],
        "q": [q or ""],
    }
    asked = asked_by((name, str(value)) for name, values in given.items() for value in values)
    also = CardFilter(column_id=tuple(column_id), archived=archived, external_id=external_id)
    return await call.read(_cards, key, asked, also, done_from, done_to, page)


@router.get("/cards/{card_id}", response_model=CardOut, responses=responses())
async def card(call: CallDep, card_id: IdInUrl) -> Response:
    """A card by its id."""
    return await call.read(find_card, card_id, render=card_answer)


@router.get("/boards/{key}/cards/{number}", response_model=CardOut, responses=responses())
async def numbered_card(call: CallDep, key: KeyInUrl, number: IdInUrl) -> Response:
    """A card by its number on its board."""
    return await call.read(find_numbered_card, key, number, render=card_answer)


@router.patch("/cards/{card_id}", response_model=CardOut, responses=responses(409, 412))
async def edit_card(call: CallDep, card_id: IdInUrl, body: CardPatch) -> Response:
    """Changes a card's fields; with `If-Match`, only if nobody has changed it since."""
    changes = given(body, never_null=_NOT_NULL)
    return await call.write(service.edit_card, card_id, changes, call.if_match, render=card_answer)


@router.delete("/cards/{card_id}", status_code=204, responses=responses(409))
async def discard_card(call: CallDep, card_id: IdInUrl) -> Response:
    """Discards a card: gone from the board and from the statistics."""
    return await call.write(service.discard_card, card_id)


@router.post("/cards/{card_id}/block", response_model=CardOut, responses=responses(409))
async def block_card(call: CallDep, card_id: IdInUrl, body: BlockIn) -> Response:
    """Flags a card as blocked; 409 `/problems/already-blocked` where it is."""
    args = (card_id, body.reason, body.category)
    return await call.write(service.block_card, *args, render=card_answer)


@router.post("/cards/{card_id}/unblock", response_model=CardOut, responses=responses(409))
async def unblock_card(call: CallDep, card_id: IdInUrl, body: UnblockIn | None = None) -> Response:
    """Takes a card's block away; the interval is kept for ever."""
    note = "" if body is None else body.note
    return await call.write(service.unblock_card, card_id, note, render=card_answer)


@router.post("/cards/{card_id}/archive", response_model=CardOut, responses=responses(409))
async def archive_card(call: CallDep, card_id: IdInUrl) -> Response:
    """Takes a card off the board into the archive."""
    return await call.write(service.archive_card, card_id, render=card_answer)


@router.post("/cards/{card_id}/restore", response_model=CardOut, responses=responses(409))
async def restore_card(call: CallDep, card_id: IdInUrl) -> Response:
    """Puts an archived card back where it was, or at the left end where that column has gone; 409
    where there is no room."""
    return await call.write(service.restore_card, card_id, render=card_answer)


@router.get("/cards/{card_id}/history", response_model=EventsOut, responses=responses())
async def history(call: CallDep, card_id: IdInUrl, page: PageDep) -> Response:
    """A card's events, oldest first."""
    return await call.read(_history, card_id, page)


def _cards(tx: Tx, actor: Actor, key: str, asked: Asked, *rest: Any) -> dict[str, Any]:
    also, done_from, done_to, page = rest
    board = read_board(tx, actor, key=key)
    zone = board.row.time_zone
    found = replace(
        wanted(tx, board, asked),
        column_id=also.column_id,
        archived=also.archived,
        external_id=also.external_id,
        done_from=start_of(done_from, zone),
        done_to=start_of(done_to, zone),
    )
    return cards_page(tx, board, found, page)


def _history(tx: Tx, actor: Actor, card_id: int, page: Page) -> dict[str, Any]:
    rows = card_history(tx, actor, card_id, page)
    return page_json(page, rows, lambda row: row[0], lambda row: event_json(row[1]))
