"""Adding cards at the foot of a column."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from app.auth.actor import Actor
from app.auth.pages import web_of
from app.boards.history import VIEWER, OpenBoard, lock_board, read_board
from app.boards.membership import members_of
from app.call import Answer, Call, CallDep
from app.cards.composer import compose, lines_of
from app.cards.labels import read_labels
from app.cards.pages import fragments, show_board
from app.cards.service import CardFields, create_cards
from app.cards.swaps import Told, answer_to_many, changes_swap, notice_of
from app.db import Tx
from app.errors import AppError, Conflict
from app.forms import Form, read_form
from app.types import FlagInUrl, IdInUrl, KeyInUrl, Prose, Title
from app.web import is_htmx

router = APIRouter(prefix="/boards/{key}", include_in_schema=False)

MOST_LINES = 100


class QuickAddForm(Form):
    """A new card's title, or the titles of several, a line each; they go to the column at whose
    foot they were typed, or to the leftmost one. `incident`: they are of that type, which may be
    started while the andon cord is pulled."""

    title: Title | None = None
    lines: Prose | None = None
    column_id: IdInUrl
    lane_id: IdInUrl | None = None
    elsewhere: FlagInUrl = False
    incident: FlagInUrl = False


@router.post("/cards")
async def quick_add(call: CallDep, key: KeyInUrl) -> Response:
    """Creates cards at the foot of a column: all that were typed, or none."""
    sent = await read_form(call.request, QuickAddForm)
    form = sent.form
    titles = [] if form is None else lines_of(form.lines or "") or [form.title or ""]
    if form is None or not titles[0] or len(titles) > MOST_LINES:
        message = sent.errors.get("title") or next(iter(sent.errors.values()), "must not be empty")
        detail = f"The title {message}."
        if len(titles) > MOST_LINES:
            detail = f"At most {MOST_LINES} cards at once."
        return await _refused(call, key, sent.typed, Conflict(detail), 422)
    too_long = next((title for title in titles if len(title) > 500), None)
    if too_long is not None:
        words = f"“{too_long[:40]}…” is longer than a title may be (500 characters)."
        return await _refused(call, key, sent.typed, Conflict(words), 422)
    web = web_of(call.request)
    htmx = is_htmx(call.request)

    def unit(tx: Tx, actor: Actor) -> Any:
        before = lock_board(tx, actor, need=VIEWER, key=key)
        cards = create_cards(tx, actor, key, _fields(tx, before, form, titles))
        column = before.shape.column[cards[0].column_id].name
        what = cards[0].ref if len(cards) == 1 else f"{len(cards)} cards"
        told = Told(f"Added {what} to {column}", cards[0].id)
        if not htmx:
            return told
        after = read_board(tx, actor, key=key)
        return fragments(answer_to_many(tx, web, after, before.seq, told))

    try:
        done = await call.act(unit)
    except Conflict as error:
        return await _refused(call, key, sent.typed, error, 409)
    return done.response() if isinstance(done, Answer) else web.redirect(f"/boards/{key}")


def _fields(tx: Tx, board: OpenBoard, form: QuickAddForm, titles: list[str]) -> list[CardFields]:
    """The cards as they were typed, with the people and labels that stand in their titles."""
    people: list[tuple[int, str, str]] = []
    labels: list[str] = []
    if any("@" in title or "#" in title for title in titles):
        people = [(row.user_id, row.name, row.email) for row in members_of(tx, board.id)]
        labels = list(read_labels(tx, board.id).values())
    composed = [compose(title, people, labels) for title in titles]
    return [
        CardFields(
            title=each.title,
            column_id=None if form.elsewhere else form.column_id,
            lane_id=form.lane_id,
            work_type="incident" if form.incident else "feature",
            assignee_ids=each.assignee_ids,
            labels=each.labels,
        )
        for each in composed
    ]


async def _refused(
    call: Call, key: str, typed: dict[str, str], error: AppError, status: int
) -> Response:
    text = typed.get("column_id", "")
    column_id = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
    web = web_of(call.request)

    def verb(tx: Tx, actor: Actor) -> Any:
        found = read_board(tx, actor, key=key)
        shown = notice_of(error, found.shape, card=None, column_id=column_id)
        if not is_htmx(call.request):
            return shown
        ids = [] if column_id is None else [column_id]
        return fragments(changes_swap(tx, web, found, column_ids=ids, notice=shown), status)

    shown = await call.fetch(verb)
    if isinstance(shown, Answer):
        return shown.response()
    kept = {"title": typed.get("title", ""), "column_id": column_id}
    return await show_board(call, key, notice=shown, typed=kept, status=status)
