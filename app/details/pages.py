"""The page of a card, which is its panel over the board, and the forms in it."""

from collections.abc import Callable, Mapping
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response

from app.auth.actor import Actor
from app.auth.pages import web_of
from app.boards.history import VIEWER, OpenBoard, lock_board, read_board
from app.call import Answer, Call, CallDep
from app.cards import service
from app.cards.pages import fragments, show_board
from app.cards.queries import numbered_card
from app.cards.rows import CardRow
from app.cards.schemas import ServiceClass, WorkType
from app.cards.swaps import changes_swap, notice_of
from app.db import Tx
from app.details.panel import Trouble, panel_view
from app.details.texts import save_text, tick_task
from app.errors import AppError, Conflict, Invalid, StaleVersion
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
)
from app.web import Web, is_htmx

router = APIRouter(prefix="/boards/{key}/cards/{number}", include_in_schema=False)

Verb = Callable[[Tx, Actor, CardRow], Any]


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
    call: CallDep, key: KeyInUrl, number: IdInUrl, history: str | None = None
) -> Response:
    """A card's panel over its board; for htmx the panel alone."""
    return await show_panel(call, key, number, whole_history=history == "all")


@router.post("/title")
async def title(call: CallDep, key: KeyInUrl, number: IdInUrl) -> Response:
    """Saves the title; what somebody else saved meanwhile is shown, not lost."""
    sent = await read_form(call.request, TitleForm)
    if sent.form is None:
        return await show_panel(call, key, number, at="title", typed=sent.typed, errors=sent.errors)
    form = sent.form

    def verb(tx: Tx, actor: Actor, card: CardRow) -> None:
        save_text(tx, actor, card.id, "title", form.title, form.version, form.seen)

    return await change_card(call, key, number, verb, at="title", typed=sent.typed)


@router.post("/description")
async def description(call: CallDep, key: KeyInUrl, number: IdInUrl) -> Response:
    """Saves the description; what somebody else saved meanwhile is shown, not lost."""
    sent = await read_form(call.request, DescriptionForm)
    if sent.form is None:
        return await show_panel(
            call, key, number, at="description", typed=sent.typed, errors=sent.errors
        )
    form = sent.form

    def verb(tx: Tx, actor: Actor, card: CardRow) -> None:
        text = form.description
        save_text(tx, actor, card.id, "description", text, form.version, form.seen)

    return await change_card(call, key, number, verb, at="description", typed=sent.typed)


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
        return fragments(_board_swap(tx, web, after, card, before.seq) + closed)

    try:
        done = await call.act(unit)
    except Conflict as error:
        return await show_panel(call, key, number, error=error)
    if isinstance(done, Answer):
        return done.response()
    return web.redirect(f"/boards/{key}", ("ok", f"{done} is discarded."))


async def change_card(
    call: Call,
    key: str,
    number: int,
    verb: Verb,
    *,
    at: str = "",
    typed: Mapping[str, str] | None = None,
) -> Response:
    """Carries out a change from the panel: `verb(tx, actor, card)` on the locked board.

    htmx gets the panel and what changed on the board, a plain form a redirect to the card. What
    stood in the way is shown in the panel, at the field `at`, with what was typed.
    """
    web, htmx = web_of(call.request), is_htmx(call.request)

    def unit(tx: Tx, actor: Actor) -> Answer | None:
        before = lock_board(tx, actor, need=VIEWER, key=key)
        card = numbered_card(tx, before, number)
        verb(tx, actor, card)
        if not htmx:
            return None
        after = read_board(tx, actor, key=key)
        now = numbered_card(tx, after, number)
        panel = web.render("details/_panel.html", panel=panel_view(tx, after, now), oob=True)
        return fragments(_board_swap(tx, web, after, now, before.seq) + panel)

    try:
        done = await call.act(unit)
    except (Conflict, Invalid, StaleVersion) as error:
        return await show_panel(call, key, number, at=at, typed=typed, error=error)
    if isinstance(done, Answer):
        return done.response()
    place = f"#at-{at}" if at else ""
    return web.redirect(f"/boards/{key}/cards/{number}{place}", ("ok", "Saved."))


async def show_panel(
    call: Call,
    key: str,
    number: int,
    *,
    at: str = "",
    typed: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    error: AppError | None = None,
    whole_history: bool = False,
) -> Response:
    """A card's panel, with a form that came back or a refusal: for htmx the panel alone, else the
    board with it."""
    web = web_of(call.request)
    status = 200 if error is None else 409
    if errors or isinstance(error, Invalid):
        status = 422

    def view(tx: Tx, board: OpenBoard) -> dict[str, Any]:
        card = numbered_card(tx, board, number)
        trouble = _trouble(board, card, at, typed or {}, errors or {}, error)
        return panel_view(tx, board, card, trouble=trouble, whole_history=whole_history)

    if not is_htmx(call.request):
        page = await show_board(call, key, panel=view, status=status)
        page.headers["Vary"] = "HX-Request"
        return page

    def verb(tx: Tx, actor: Actor) -> Answer:
        panel = view(tx, read_board(tx, actor, key=key))
        return fragments(web.render("details/_panel.html", panel=panel, oob=True), status)

    return await call.read(verb)


def _trouble(
    board: OpenBoard,
    card: CardRow,
    at: str,
    typed: Mapping[str, str],
    errors: Mapping[str, str],
    error: AppError | None,
) -> Trouble:
    if isinstance(error, StaleVersion):
        return Trouble(at, typed, is_conflict=True)
    if isinstance(error, Invalid):
        return Trouble(at, typed, errors={at: error.detail})
    notice = None
    if error is not None:
        notice = notice_of(error, board.shape, card=card, column_id=card.column_id)
    return Trouble(at, typed, errors, notice)


def _board_swap(tx: Tx, web: Web, board: OpenBoard, card: CardRow, after: int) -> str:
    return changes_swap(
        tx,
        web,
        board,
        card_ids=[card.id],
        column_ids=[card.column_id],
        lane_ids=[card.lane_id],
        after=after,
    )
