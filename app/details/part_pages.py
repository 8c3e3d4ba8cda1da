"""The forms of a card in depth: comments, checklists, links to other cards, addresses outside."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from starlette.responses import Response

from app.auth.actor import Actor
from app.auth.pages import web_of
from app.boards.history import read_board
from app.call import Answer, CallDep
from app.cards.pages import fragments
from app.cards.queries import numbered_card
from app.cards.rows import CardRow
from app.db import Tx
from app.details import checklists, comments, linked, links, weblinks
from app.details.answers import change_card, take_form
from app.details.pages import NothingForm
from app.details.queries import candidates
from app.details.schemas import LinkKind
from app.errors import NotFound
from app.forms import Form, read_form
from app.types import (
    Caption,
    CardRef,
    FlagInUrl,
    IdInUrl,
    IndexInUrl,
    KeyInUrl,
    Name,
    Remark,
    SearchText,
    Title,
    WebAddress,
)

router = APIRouter(prefix="/boards/{key}/cards/{number}", include_in_schema=False)


class CommentForm(Form):
    """What somebody says."""

    body: Remark


class ChecklistForm(Form):
    """A checklist's name."""

    name: Name


class NewItemForm(Form):
    """Something to do."""

    text: Title


class ItemForm(Form):
    """An item as it stands in its form, and what is to become of it: with the text left out it
    keeps its own."""

    text: Title | None = None
    checked: FlagInUrl = False
    index: IndexInUrl
    do: Literal["save", "up", "down", "delete"] = "save"

    @property
    def changes(self) -> dict[str, Any]:
        """What the form changes on the item."""
        found: dict[str, Any] = {"checked": self.checked}
        if self.text is not None:
            found["text"] = self.text
        if self.do in {"up", "down"}:
            found["index"] = max(0, self.index + (1 if self.do == "down" else -1))
        return found


class LinkForm(Form):
    """What the card is to another one."""

    kind: LinkKind
    ref: CardRef


class WebLinkForm(Form):
    """An address outside, with a title if somebody gives it one."""

    url: WebAddress
    title: Caption = ""


# --- Comments -----------------------------------------------------------------------------------


@router.post("/comments")
async def add_comment(call: CallDep, key: KeyInUrl, number: IdInUrl) -> Response:
    """Says something about the card."""

    def verb(tx: Tx, actor: Actor, card: CardRow, form: CommentForm) -> None:
        comments.add_comment(tx, actor, card.id, form.body)

    return await take_form(call, key, number, CommentForm, verb, at="comment")


@router.post("/comments/{comment_id}")
async def edit_comment(
    call: CallDep, key: KeyInUrl, number: IdInUrl, comment_id: IdInUrl
) -> Response:
    """Changes what one has said oneself."""

    def verb(tx: Tx, actor: Actor, card: CardRow, form: CommentForm) -> None:
        _belongs(comment_id, comments.comments_of(tx, card.id))
        comments.edit_comment(tx, actor, comment_id, form.body)

    return await take_form(call, key, number, CommentForm, verb, at=f"comment-{comment_id}")


@router.post("/comments/{comment_id}/delete")
async def delete_comment(
    call: CallDep, key: KeyInUrl, number: IdInUrl, comment_id: IdInUrl
) -> Response:
    """Deletes a comment; its text is gone for good."""
    await read_form(call.request, NothingForm)

    def verb(tx: Tx, actor: Actor, card: CardRow) -> None:
        _belongs(comment_id, comments.comments_of(tx, card.id))
        comments.delete_comment(tx, actor, comment_id)

    return await change_card(call, key, number, verb, at="comments")


# --- Checklists ---------------------------------------------------------------------------------


@router.post("/checklists")
async def add_checklist(call: CallDep, key: KeyInUrl, number: IdInUrl) -> Response:
    """Adds a checklist."""

    def verb(tx: Tx, actor: Actor, card: CardRow, form: ChecklistForm) -> None:
        checklists.add_checklist(tx, actor, card.id, form.name)

    return await take_form(call, key, number, ChecklistForm, verb, at="checklist")


@router.post("/checklists/{checklist_id}")
async def rename_checklist(
    call: CallDep, key: KeyInUrl, number: IdInUrl, checklist_id: IdInUrl
) -> Response:
    """Gives a checklist another name."""

    def verb(tx: Tx, actor: Actor, card: CardRow, form: ChecklistForm) -> None:
        _belongs(checklist_id, checklists.checklists_of(tx, card.id))
        checklists.rename_checklist(tx, actor, checklist_id, form.name)

    return await take_form(call, key, number, ChecklistForm, verb, at=f"checklist-{checklist_id}")


@router.post("/checklists/{checklist_id}/delete")
async def delete_checklist(
    call: CallDep, key: KeyInUrl, number: IdInUrl, checklist_id: IdInUrl
) -> Response:
    """Deletes a checklist with all that is on it."""
    await read_form(call.request, NothingForm)

    def verb(tx: Tx, actor: Actor, card: CardRow) -> None:
        _belongs(checklist_id, checklists.checklists_of(tx, card.id))
        checklists.delete_checklist(tx, actor, checklist_id)

    return await change_card(call, key, number, verb, at="checklist")


@router.post("/checklists/{checklist_id}/items")
async def add_item(
    call: CallDep, key: KeyInUrl, number: IdInUrl, checklist_id: IdInUrl
) -> Response:
    """Adds something to do."""

    def verb(tx: Tx, actor: Actor, card: CardRow, form: NewItemForm) -> None:
        _belongs(checklist_id, checklists.checklists_of(tx, card.id))
        checklists.add_item(tx, actor, checklist_id, form.text)

    return await take_form(call, key, number, NewItemForm, verb, at=f"checklist-{checklist_id}")


@router.post("/items/{item_id}")
async def change_item(call: CallDep, key: KeyInUrl, number: IdInUrl, item_id: IdInUrl) -> Response:
    """Ticks an item, changes its text or place, or takes it away."""

    def verb(tx: Tx, actor: Actor, card: CardRow, form: ItemForm) -> None:
        views = checklists.checklists_of(tx, card.id)
        _belongs(item_id, [item for view in views for item in view.items])
        if form.do == "delete":
            checklists.delete_item(tx, actor, item_id)
        else:
            checklists.change_item(tx, actor, item_id, form.changes)

    return await take_form(call, key, number, ItemForm, verb, at=f"item-{item_id}")


# --- Links --------------------------------------------------------------------------------------


@router.get("/candidates")
async def find_candidates(
    call: CallDep, key: KeyInUrl, number: IdInUrl, ref: Annotated[SearchText, Query()] = ""
) -> Response:
    """Cards that a link could lead to, by reference or title, as options of the field."""
    web = web_of(call.request)

    def verb(tx: Tx, actor: Actor) -> Answer:
        board = read_board(tx, actor, key=key)
        found = candidates(tx, actor, board, numbered_card(tx, board, number).id, ref)
        return fragments(web.render("details/candidates.swap.html", candidates=found))

    return await call.read(verb)


@router.post("/links")
async def add_link(call: CallDep, key: KeyInUrl, number: IdInUrl) -> Response:
    """Links the card to another one."""

    def verb(tx: Tx, actor: Actor, card: CardRow, form: LinkForm) -> None:
        links.link_cards(tx, actor, card.id, form.kind, form.ref)

    return await take_form(call, key, number, LinkForm, verb, at="link", locks=True)


@router.post("/links/{link_id}/delete")
async def delete_link(call: CallDep, key: KeyInUrl, number: IdInUrl, link_id: IdInUrl) -> Response:
    """Takes a link away."""
    await read_form(call.request, NothingForm)

    def verb(tx: Tx, actor: Actor, card: CardRow) -> None:
        _belongs(link_id, linked.links_of(tx, actor, card.id))
        links.unlink_cards(tx, actor, link_id)

    return await change_card(call, key, number, verb, at="link", locks=True)


@router.post("/addresses")
async def add_web_link(call: CallDep, key: KeyInUrl, number: IdInUrl) -> Response:
    """Adds an address outside."""

    def verb(tx: Tx, actor: Actor, card: CardRow, form: WebLinkForm) -> None:
        weblinks.add_web_link(tx, actor, card.id, form.url, form.title)

    return await take_form(call, key, number, WebLinkForm, verb, at="address")


@router.post("/addresses/{web_link_id}")
async def change_web_link(
    call: CallDep, key: KeyInUrl, number: IdInUrl, web_link_id: IdInUrl
) -> Response:
    """Changes an address or its title."""

    def verb(tx: Tx, actor: Actor, card: CardRow, form: WebLinkForm) -> None:
        changes = {"url": form.url, "title": form.title}
        _belongs(web_link_id, weblinks.web_links_of(tx, card.id))
        weblinks.change_web_link(tx, actor, web_link_id, changes)

    return await take_form(call, key, number, WebLinkForm, verb, at=f"address-{web_link_id}")


@router.post("/addresses/{web_link_id}/delete")
async def delete_web_link(
    call: CallDep, key: KeyInUrl, number: IdInUrl, web_link_id: IdInUrl
) -> Response:
    """Takes an address off the card."""
    await read_form(call.request, NothingForm)

    def verb(tx: Tx, actor: Actor, card: CardRow) -> None:
        _belongs(web_link_id, weblinks.web_links_of(tx, card.id))
        weblinks.delete_web_link(tx, actor, web_link_id)

    return await change_card(call, key, number, verb, at="address")


def _belongs(thing_id: int, things: Any) -> None:
    """404 for what is on another card than the address says."""
    if thing_id not in {thing.id for thing in things}:
        raise NotFound
