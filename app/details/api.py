"""The API of a card in depth: its comments, checklists, links and addresses outside."""

from collections.abc import Callable, Sequence
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from app.auth.actor import Actor
from app.call import CallDep, nothing, plain
from app.cards.queries import find_card
from app.db import Tx
from app.details import checklists, comments, linked, links, weblinks
from app.details.schemas import (
    ChecklistIn,
    ChecklistOut,
    ChecklistPatch,
    ChecklistsOut,
    CommentIn,
    CommentOut,
    CommentsOut,
    ItemIn,
    ItemOut,
    ItemPatch,
    LinkIn,
    LinkOut,
    LinksOut,
    WebLinkIn,
    WebLinkOut,
    WebLinkPatch,
    WebLinksOut,
)
from app.paging import Page, PageDep, page_json
from app.problems import responses
from app.types import IdInUrl, given

router = APIRouter(prefix="/api/v1", tags=["cards in depth"])


# --- Comments -----------------------------------------------------------------------------------


@router.get("/cards/{card_id}/comments", response_model=CommentsOut, responses=responses())
async def card_comments(call: CallDep, card_id: IdInUrl, page: PageDep) -> Response:
    """A card's comments, oldest first; deleted ones without their text."""
    return await call.read(_comments, card_id, page)


@router.post(
    "/cards/{card_id}/comments",
    response_model=CommentOut,
    status_code=201,
    responses=responses(409),
)
async def add_comment(call: CallDep, card_id: IdInUrl, body: CommentIn) -> Response:
    """Says something about a card, in Markdown. Members of the board who are mentioned (by full or
    first name, or the e-mail's local part) stand in the event `comment.added`."""
    return await call.write(
        comments.add_comment, card_id, body.body, render=plain(comments.comment_json), status=201
    )


@router.patch("/comments/{comment_id}", response_model=CommentOut, responses=responses(409))
async def edit_comment(call: CallDep, comment_id: IdInUrl, body: CommentIn) -> Response:
    """Changes a comment of one's own; 403 for somebody else's."""
    return await call.write(
        comments.edit_comment, comment_id, body.body, render=plain(comments.comment_json)
    )


@router.delete("/comments/{comment_id}", status_code=204, responses=responses(409))
async def delete_comment(call: CallDep, comment_id: IdInUrl) -> Response:
    """Deletes a comment of one's own, or as a manager anybody's. Its text is gone for good."""
    return await call.write(comments.delete_comment, comment_id, render=nothing)


# --- Checklists ---------------------------------------------------------------------------------


@router.get("/cards/{card_id}/checklists", response_model=ChecklistsOut, responses=responses())
async def card_checklists(call: CallDep, card_id: IdInUrl, page: PageDep) -> Response:
    """A card's checklists with their items, in order."""
    return await call.read(_checklists, card_id, page)


@router.post(
    "/cards/{card_id}/checklists",
    response_model=ChecklistOut,
    status_code=201,
    responses=responses(409),
)
async def add_checklist(call: CallDep, card_id: IdInUrl, body: ChecklistIn) -> Response:
    """Adds a checklist to a card, with its first items if wanted."""
    args = (card_id, body.name, body.items)
    return await call.write(
        checklists.add_checklist, *args, render=plain(checklists.checklist_json), status=201
    )


@router.patch("/checklists/{checklist_id}", response_model=ChecklistOut, responses=responses(409))
async def rename_checklist(call: CallDep, checklist_id: IdInUrl, body: ChecklistPatch) -> Response:
    """Gives a checklist another name."""
    args = (checklist_id, body.name)
    return await call.write(
        checklists.rename_checklist, *args, render=plain(checklists.checklist_json)
    )


@router.delete("/checklists/{checklist_id}", status_code=204, responses=responses(409))
async def delete_checklist(call: CallDep, checklist_id: IdInUrl) -> Response:
    """Deletes a checklist with all that is on it."""
    return await call.write(checklists.delete_checklist, checklist_id, render=nothing)


@router.post(
    "/checklists/{checklist_id}/items",
    response_model=ItemOut,
    status_code=201,
    responses=responses(409),
)
async def add_item(call: CallDep, checklist_id: IdInUrl, body: ItemIn) -> Response:
    """Adds something to do to a checklist."""
    args = (checklist_id, body.text, body.index)
    return await call.write(
        checklists.add_item, *args, render=plain(checklists.item_json), status=201
    )


@router.patch("/checklist-items/{item_id}", response_model=ItemOut, responses=responses(409))
async def change_item(call: CallDep, item_id: IdInUrl, body: ItemPatch) -> Response:
    """Renames an item, checks or unchecks it, or gives it another place on its checklist."""
    changes = given(body, never_null=("text", "checked", "index"))
    return await call.write(
        checklists.change_item, item_id, changes, render=plain(checklists.item_json)
    )


@router.delete("/checklist-items/{item_id}", status_code=204, responses=responses(409))
async def delete_item(call: CallDep, item_id: IdInUrl) -> Response:
    """Takes an item off its checklist."""
    return await call.write(checklists.delete_item, item_id, render=nothing)


# --- Links between cards ------------------------------------------------------------------------


@router.get("/cards/{card_id}/links", response_model=LinksOut, responses=responses())
async def card_links(call: CallDep, card_id: IdInUrl, page: PageDep) -> Response:
    """A card's links to other cards that the person sees, oldest first."""
    return await call.read(_links, card_id, page)


@router.post(
    "/cards/{card_id}/links", response_model=LinkOut, status_code=201, responses=responses(409)
)
async def link_cards(call: CallDep, card_id: IdInUrl, body: LinkIn) -> Response:
    """Links a card to another one, on any board that the person works on. A card that the person
    does not see is a 422, like one that does not exist. 409 `/problems/link-cycle` where a card
    would block itself or be its own parent in the end, `/problems/has-parent` for a second parent,
    `/problems/already-exists` where the two are linked like this."""
    target = body.ref if body.card_id is None else body.card_id
    args = (card_id, body.kind, target)
    return await call.write(
        links.link_cards, *args, render=plain(linked.link_json), status=201, alone=True
    )


@router.delete("/card-links/{link_id}", status_code=204, responses=responses(409))
async def unlink_cards(call: CallDep, link_id: IdInUrl) -> Response:
    """Takes a link between two cards away, from both of them."""
    return await call.write(links.unlink_cards, link_id, alone=True)


# --- Addresses outside --------------------------------------------------------------------------


@router.get("/cards/{card_id}/web-links", response_model=WebLinksOut, responses=responses())
async def card_web_links(call: CallDep, card_id: IdInUrl, page: PageDep) -> Response:
    """A card's addresses outside Weir, oldest first."""
    return await call.read(_web_links, card_id, page)


@router.post(
    "/cards/{card_id}/web-links",
    response_model=WebLinkOut,
    status_code=201,
    responses=responses(409),
)
async def add_web_link(call: CallDep, card_id: IdInUrl, body: WebLinkIn) -> Response:
    """Adds an address (http or https) to a card."""
    args = (card_id, body.url, body.title)
    return await call.write(
        weblinks.add_web_link, *args, render=plain(weblinks.web_link_json), status=201
    )


@router.patch("/web-links/{web_link_id}", response_model=WebLinkOut, responses=responses(409))
async def change_web_link(call: CallDep, web_link_id: IdInUrl, body: WebLinkPatch) -> Response:
    """Changes an address or its title."""
    changes = given(body, never_null=("url", "title"))
    return await call.write(
        weblinks.change_web_link, web_link_id, changes, render=plain(weblinks.web_link_json)
    )


@router.delete("/web-links/{web_link_id}", status_code=204, responses=responses(409))
async def delete_web_link(call: CallDep, web_link_id: IdInUrl) -> Response:
    """Takes an address off a card."""
    return await call.write(weblinks.delete_web_link, web_link_id, render=nothing)


# --- What they read -----------------------------------------------------------------------------


def _comments(tx: Tx, actor: Actor, card_id: int, page: Page) -> dict[str, Any]:
    find_card(tx, actor, card_id)
    rows = comments.comments_of(tx, card_id, page.after_id, page.limit + 1)
    return page_json(page, rows, lambda row: row.id, comments.comment_json)


def _checklists(tx: Tx, actor: Actor, card_id: int, page: Page) -> dict[str, Any]:
    find_card(tx, actor, card_id)
    # In the order that they were made in, which is that of their ids.
    return _rest(page, checklists.checklists_of(tx, card_id), checklists.checklist_json)


def _links(tx: Tx, actor: Actor, card_id: int, page: Page) -> dict[str, Any]:
    find_card(tx, actor, card_id)
    return _rest(page, linked.links_of(tx, actor, card_id), linked.link_json)


def _web_links(tx: Tx, actor: Actor, card_id: int, page: Page) -> dict[str, Any]:
    find_card(tx, actor, card_id)
    return _rest(page, weblinks.web_links_of(tx, card_id), weblinks.web_link_json)


def _rest(page: Page, found: Sequence[Any], render: Callable[[Any], Any]) -> dict[str, Any]:
    """A page of what was read whole, because no card has many of it."""
    after = page.after_id
    rest = [each for each in found if each.id > after]
    return page_json(page, rest, lambda each: each.id, render)
