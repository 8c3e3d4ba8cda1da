"""The forms of a card in depth: comments, checklists, links to other cards, addresses outside."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from starlette.responses import Response

from app.auth.actor import Actor
from app.auth.pages import web_of
from app.boards.history import read_board
from app.call import Answer, Call, CallDep
from app.cards.pages import fragments
from app.cards.queries import numbered_card
from app.cards.rows import CardRow
from app.db import Tx
from app.details import checklists, comments, linked, links, weblinks
from app.details.answers import change_card, show_panel
from app.details.pages import NothingForm
from app.details.queries import candidates
from app.details.schemas import LinkKind
from app.errors import NotFound
from app.forms import Form, Sent, read_form
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
    at, sent = "comment", await read_form(call.request, CommentForm)
    if sent.form is None:
        return await _returned(call, key, number, at, sent)
    body = sent.form.body

    def verb(tx: Tx, actor: Actor, card: CardRow) -> None:
        comments.add_comment(tx, actor, card.id, body)

    return await change_card(call, key, number, verb, at=at, typed=sent.typed)


@router.post("/comments/{comment_id}")
async def edit_comment(
    call: CallDep, key: KeyInUrl, number: IdInUrl, comment_id: IdInUrl
) -> Response:
    """Changes what one has said oneself."""
    at, sent = f"comment-{comment_id}", await read_form(call.request, CommentForm)
    if sent.form is None:
        return await _returned(call, key, number, at, sent)
    body = sent.form.body

    def verb(tx: Tx, actor: Actor, card: CardRow) -> None:
        _belongs(comment_id, comments.comments_of(tx, card.id))
        comments.edit_comment(tx, actor, comment_id, body)

    return await change_card(call, key, number, verb, at=at, typed=sent.typed)


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
    at, sent = "checklist", await read_form(call.request, ChecklistForm)
    if sent.form is None:
        return await _returned(call, key, number, at, sent)
    name = sent.form.name

    def verb(tx: Tx, actor: Actor, card: CardRow) -> None:
        checklists.add_checklist(tx, actor, card.id, name)

    return await change_card(call, key, number, verb, at=at, typed=sent.typed)


@router.post("/checklists/{checklist_id}")
async def rename_checklist(
    call: CallDep, key: KeyInUrl, number: IdInUrl, checklist_id: IdInUrl
) -> Response:
    """Gives a checklist another name."""
    at, sent = f"checklist-{checklist_id}", await read_form(call.request, ChecklistForm)
    if sent.form is None:
        return await _returned(call, key, number, at, sent)
    name = sent.form.name

    def verb(tx: Tx, actor: Actor, card: CardRow) -> None:
        _belongs(checklist_id, checklists.checklists_of(tx, card.id))
        checklists.rename_checklist(tx, actor, checklist_id, name)

    return await change_card(call, key, number, verb, at=at, typed=sent.typed)


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
    at, sent = f"checklist-{checklist_id}", await read_form(call.request, NewItemForm)
    if sent.form is None:
        return await _returned(call, key, number, at, sent)
    text = sent.form.text

    def verb(tx: Tx, actor: Actor, card: CardRow) -> None:
        _belongs(checklist_id, checklists.checklists_of(tx, card.id))
        checklists.add_item(tx, actor, checklist_id, text)

    return await change_card(call, key, number, verb, at=at, typed=sent.typed)


@router.post("/items/{item_id}")
async def change_item(call: CallDep, key: KeyInUrl, number: IdInUrl, item_id: IdInUrl) -> Response:
    """Ticks an item, changes its text or place, or takes it away."""
    at, sent = f"item-{item_id}", await read_form(call.request, ItemForm)
    if sent.form is None:
        return await _returned(call, key, number, at, sent)
    form = sent.form

    def verb(tx: Tx, actor: Actor, card: CardRow) -> None:
        views = checklists.checklists_of(tx, card.id)
        _belongs(item_id, [item for view in views for item in view.items])
        if form.do == "delete":
            checklists.delete_item(tx, actor, item_id)
        else:
            checklists.change_item(tx, actor, item_id, form.changes)

    return await change_card(call, key, number, verb, at=at, typed=sent.typed)


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
    at, sent = "link", await read_form(call.request, LinkForm)
    if sent.form is None:
        return await _returned(call, key, number, at, sent)
    form = sent.form

    def verb(tx: Tx, actor: Actor, card: CardRow) -> None:
        links.link_cards(tx, actor, card.id, form.kind, form.ref)

    return await change_card(call, key, number, verb, at=at, typed=sent.typed, locks=True)


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
    at, sent = "address", await read_form(call.request, WebLinkForm)
    if sent.form is None:
        return await _returned(call, key, number, at, sent)
    form = sent.form

    def verb(tx: Tx, actor: Actor, card: CardRow) -> None:
        weblinks.add_web_link(tx, actor, card.id, form.url, form.title)

    return await change_card(call, key, number, verb, at=at, typed=sent.typed)


@router.post("/addresses/{web_link_id}")
async def change_web_link(
    call: CallDep, key: KeyInUrl, number: IdInUrl, web_link_id: IdInUrl
) -> Response:
    """Changes an address or its title."""
    at, sent = f"address-{web_link_id}", await read_form(call.request, WebLinkForm)
    if sent.form is None:
        return await _returned(call, key, number, at, sent)
    changes = {"url": sent.form.url, "title": sent.form.title}

    def verb(tx: Tx, actor: Actor, card: CardRow) -> None:
        _belongs(web_link_id, weblinks.web_links_of(tx, card.id))
        weblinks.change_web_link(tx, actor, web_link_id, changes)

    return await change_card(call, key, number, verb, at=at, typed=sent.typed)


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


async def _returned(call: Call, key: str, number: int, at: str, sent: Sent[Any]) -> Response:
    """The panel with a form that came back, and what is wrong with it."""
    errors = {at: next(iter(sent.errors.values()))}
    return await show_panel(call, key, number, at=at, typed=sent.typed, errors=errors)
