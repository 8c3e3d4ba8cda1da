"""The page of a card, which is its panel over the board, and the forms in it."""

from typing import Any, Literal

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response

from app.auth.actor import Actor
from app.auth.pages import web_of
from app.boards.history import VIEWER, lock_board, read_board
from app.call import Answer, CallDep
from app.cards import service
from app.cards.pages import fragments
from app.cards.queries import find_card, numbered_card
from app.cards.refs import card_id_of_ref
from app.cards.rows import CardRow
from app.cards.vocabulary import ServiceClass, WorkType
from app.db import Tx
from app.details.answers import board_swap, change_card, show_panel, take_form
from app.details.texts import save_text, tick_task
from app.errors import Conflict, NotFound
from app.forms import Form, read_form
from app.types import (
    Day,
    ExternalId,
    FlagInUrl,
    IdInUrl,
    IndexInUrl,
    KeyInUrl,
    Prose,
    SeqInUrl,
    Title,
    Word,
    WordInUrl,
)
from app.web import is_htmx

router = APIRouter(prefix="/boards/{key}/cards/{number}", include_in_schema=False)


class TitleForm(Form):
    """A card's title, and what the person had seen of it."""

    title: Title
    version: SeqInUrl
    seen: Word | None = None


class DescriptionForm(Form):
    """A card's description, and what the person had seen of it."""

    description: Prose = ""
    version: SeqInUrl
    seen: Word | None = None


class FieldForm(Form):
    """One field of a card; left empty it is taken away."""

    field: Literal[
        "work_type", "service_class", "team", "due_on", "external_id", "assignee_ids", "labels"
    ]
    work_type: WorkType | None = None
    service_class: ServiceClass | None = None
    team: Word | None = None
    due_on: Day | None = None
    external_id: ExternalId | None = None
    assignee_ids: list[IdInUrl] = Field(default_factory=list)
    labels: list[Word] = Field(default_factory=list)
    new_label: Word | None = None

    @property
    def changes(self) -> dict[str, Any]:
        """What the form changes on the card."""
        if self.field == "labels":
            return {"labels": [*self.labels, *([self.new_label] if self.new_label else [])]}
        return {self.field: getattr(self, self.field)}


class TaskForm(Form):
    """A task of the description, and what the person had seen of it."""

    task: IndexInUrl
    checked: FlagInUrl
    version: SeqInUrl
    seen: Word | None = None


class NothingForm(Form):
    """A form that has a button alone."""


@router.get("")
async def card(
    call: CallDep, key: KeyInUrl, number: IdInUrl, whole: WordInUrl | None = None
) -> Response:
    """A card's panel over its board; for htmx the panel alone. `whole` names a part that is shown
    from its beginning. The number that a card had on another board leads to where it is now."""
    try:
        return await show_panel(call, key, number, whole=whole)
    except NotFound:
        if is_htmx(call.request):
            raise
        now = await call.fetch(_moved, key, number)
        return web_of(call.request).redirect(f"/boards/{now.board_key}/cards/{now.number}")


@router.post("/texts/title")
async def title(call: CallDep, key: KeyInUrl, number: IdInUrl) -> Response:
    """Saves the title; what somebody else saved meanwhile is shown, not lost."""

    def verb(tx: Tx, actor: Actor, card: CardRow, form: TitleForm) -> None:
        save_text(tx, actor, card.id, "title", form.title, form.version, form.seen)

    return await take_form(call, key, number, TitleForm, verb, at="title")


@router.post("/texts/description")
async def description(call: CallDep, key: KeyInUrl, number: IdInUrl) -> Response:
    """Saves the description; what somebody else saved meanwhile is shown, not lost."""

    def verb(tx: Tx, actor: Actor, card: CardRow, form: DescriptionForm) -> None:
        text = form.description
        save_text(tx, actor, card.id, "description", text, form.version, form.seen)

    return await take_form(call, key, number, DescriptionForm, verb, at="description")


@router.post("/tasks")
async def task(call: CallDep, key: KeyInUrl, number: IdInUrl) -> Response:
    """Ticks a task of the description, or takes the tick away."""
    sent = await read_form(call.request, TaskForm)
    if sent.form is None:
        return await show_panel(call, key, number, errors=sent.errors)
    form = sent.form

    def verb(tx: Tx, actor: Actor, card: CardRow) -> None:
        tick_task(tx, actor, card.id, form.task, form.checked, form.version, form.seen)

    return await change_card(call, key, number, verb)


@router.post("/fields")
async def field(call: CallDep, key: KeyInUrl, number: IdInUrl) -> Response:
    """Changes one field."""
    sent = await read_form(call.request, FieldForm)
    at = sent.typed.get("field", "")
    if sent.form is None:
        errors = {at: next(iter(sent.errors.values()))}
        return await show_panel(call, key, number, at=at, typed=sent.typed, errors=errors)
    changes = sent.form.changes
    if at in {"work_type", "service_class"} and changes[at] is None:
        errors = {at: "must be one of the choices"}
        return await show_panel(call, key, number, at=at, typed=sent.typed, errors=errors)

    def verb(tx: Tx, actor: Actor, card: CardRow) -> None:
        service.edit_card(tx, actor, card.id, changes)

    return await change_card(call, key, number, verb, at=at, typed=sent.typed)


@router.post("/discard")
async def discard(call: CallDep, key: KeyInUrl, number: IdInUrl) -> Response:
    """Discards the card; there is no way back."""
    await read_form(call.request, NothingForm)
    web, htmx = web_of(call.request), is_htmx(call.request)

    def unit(tx: Tx, actor: Actor) -> Any:
        before = lock_board(tx, actor, need=VIEWER, key=key)
        card = numbered_card(tx, before, number)
        service.discard_card(tx, actor, card.id)
        if not htmx:
            return card.ref
        after = read_board(tx, actor, key=key)
        closed = web.render("details/_panel.html", panel=None, oob=True)
        return fragments(board_swap(tx, web, after, card, before.seq) + closed)

    try:
        done = await call.act(unit)
    except Conflict as error:
        return await show_panel(call, key, number, error=error)
    if isinstance(done, Answer):
        return done.response()
    return web.redirect(f"/boards/{key}", ("ok", f"{done} is discarded."))


def _moved(tx: Tx, actor: Actor, key: str, number: int) -> CardRow:
    """Where a card is that had this number; 404 where the person does not see that."""
    return find_card(tx, actor, card_id_of_ref(tx, actor, f"{key}-{number}"))
