"""The board's forms for many cards at once, and for taking back what one did last."""

from collections.abc import Callable
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response

from app.auth.actor import Actor
from app.auth.pages import web_of
from app.boards import rules
from app.boards.history import VIEWER, OpenBoard, lock_board, read_board
from app.boards.membership import members_of
from app.boards.policy import points_of
from app.boards.rules import Place
from app.call import Answer, Call, CallDep
from app.cards.bulk import (
    Action,
    ArchiveAll,
    AssignAll,
    BlockAll,
    Chosen,
    LabelAll,
    MoveAll,
    UnblockAll,
    change_cards,
    names,
    read_cards,
)
from app.cards.heads import full_words
from app.cards.labels import ids, read_labels
from app.cards.pages import fragments
from app.cards.rows import CardRow
from app.cards.story import CATEGORY_WORDS
from app.cards.swaps import Told, answer_to_many, changes_swap, notice_of
from app.cards.undo import undo_last_action
from app.cards.vocabulary import CATEGORIES, Category
from app.db import Tx
from app.errors import AppError, Conflict, Invalid
from app.forms import Form, Sent, read_form
from app.types import FlagInUrl, IdInUrl, IdsInUrl, KeyInUrl, Note, Reason, Word, ids_in
from app.web import is_htmx

router = APIRouter(prefix="/boards/{key}", include_in_schema=False)

MOST_FIELDS = 600
_FORMS = ("move", "assign", "label", "block")


class ManyForm(Form):
    """What is to be done with many cards; what was ticked when the form was made is sent along, so
    that only what the person has changed is changed."""

    action: Literal["move", "assign", "mine", "label", "block", "unblock", "archive"]
    cards: IdsInUrl
    column_id: IdInUrl | None = None
    lane_id: IdInUrl | None = None
    confirmed: FlagInUrl = False
    user_id: list[IdInUrl] = Field(default_factory=list)
    had_user: list[IdInUrl] = Field(default_factory=list)
    label: list[Word] = Field(default_factory=list)
    had_label: list[Word] = Field(default_factory=list)
    new_label: Word | None = None
    reason: Reason | None = None
    category: Category = "other"
    note: Note = ""


class UndoForm(Form):
    """Nothing needs to be said."""


@router.get("/cards/bulk")
async def many_form(
    call: CallDep,
    key: KeyInUrl,
    action: Literal["move", "assign", "label", "block"],
    cards: IdsInUrl,
) -> Response:
    """The form of a change of many cards, for the board's dialog."""
    return await _form(call, key, action, ids_in(cards), Sent({}))


@router.post("/cards/bulk")
async def change_many(call: CallDep, key: KeyInUrl) -> Response:
    """Does the same with many cards, all or none; a refusal says why in the column that refused."""
    sent = await read_form(call.request, ManyForm, most_fields=MOST_FIELDS)
    form = sent.form
    if form is None or (form.action == "block" and form.reason is None):
        errors = sent.errors or {"reason": "must not be empty"}
        action, cards = sent.typed.get("action", ""), sent.typed.get("cards", "")
        if action not in _FORMS or {"action", "cards"} & errors.keys():
            raise Invalid(*((("body", name), message) for name, message in errors.items()))
        return await _form(call, key, action, ids_in(cards), Sent(sent.typed, errors), 422)
    if form.action == "move" and form.column_id is None:
        raise Invalid((("body", "column_id"), "must not be empty"))
    chosen = [Chosen(card_id) for card_id in ids_in(form.cards)]

    def verb(tx: Tx, actor: Actor) -> Told:
        action = _mine(tx, actor, form) if form.action == "mine" else _action(form)
        cards = change_cards(tx, actor, key, chosen, action).cards
        return Told(_words(tx, actor, key, form, action, cards), cards[0].id)

    return await _write(call, key, verb, form.column_id)


@router.post("/undo")
async def undo(call: CallDep, key: KeyInUrl) -> Response:
    """Takes back what the person did last on the board."""
    await read_form(call.request, UndoForm)

    def verb(tx: Tx, actor: Actor) -> Told:
        undone = undo_last_action(tx, actor, key)
        return Told(f"Undid {undone.words}.", undone.cards[0].id)

    return await _write(call, key, verb, None)


async def _write(
    call: Call, key: str, verb: Callable[[Tx, Actor], Told], column_id: int | None
) -> Response:
    """Carries out a change that may reach many cards. htmx gets fragments, a plain form a redirect
    to the board."""
    web = web_of(call.request)
    htmx = is_htmx(call.request)

    def unit(tx: Tx, actor: Actor) -> Any:
        before = lock_board(tx, actor, need=VIEWER, key=key)
        told = verb(tx, actor)
        if not htmx:
            return told
        after = read_board(tx, actor, key=key)
        return fragments(answer_to_many(tx, web, after, before.seq, told))

    try:
        done = await call.act(unit)
    except (Conflict, Invalid) as error:
        if not htmx:
            return web.redirect(f"/boards/{key}", ("problem", error.detail))
        return await _refused(call, key, error, column_id)
    if isinstance(done, Answer):
        return done.response()
    return web.redirect(f"/boards/{key}", ("ok", done.words))


async def _refused(call: Call, key: str, error: AppError, column_id: int | None) -> Response:
    web = web_of(call.request)
    place = error.extensions.get("place", {})
    if column_id is None and error.extensions.get("scope") == rules.COLUMN:
        column_id = place.get("id")

    def verb(tx: Tx, actor: Actor) -> Answer:
        board = read_board(tx, actor, key=key)
        shown = notice_of(error, board.shape, card=None, column_id=column_id, many=True)
        columns = [] if column_id is None else [column_id]
        return fragments(changes_swap(tx, web, board, column_ids=columns, notice=shown), 409)

    return await call.read(verb)


def _action(form: ManyForm) -> Action:
    if form.action == "move":
        return MoveAll(form.column_id or 0, form.lane_id, form.confirmed)
    if form.action == "assign":
        had, has = set(form.had_user), set(form.user_id)
        return AssignAll(sorted(has - had), sorted(had - has))
    if form.action == "label":
        ticked = [*form.label, *([form.new_label] if form.new_label else [])]
        add = [name for name in ticked if name not in form.had_label]
        return LabelAll(add, [name for name in form.had_label if name not in ticked])
    if form.action == "block":
        return BlockAll(form.reason or "", form.category)
    return UnblockAll(form.note) if form.action == "unblock" else ArchiveAll()


def _mine(tx: Tx, actor: Actor, form: ManyForm) -> AssignAll:
    """Makes the cards the person's own; where all of them are, they are so no more."""
    cards = read_cards(tx, ids_in(form.cards)).values()
    if all(actor.id in ids(card.assignee_ids) for card in cards):
        return AssignAll(remove=[actor.id])
    return AssignAll(add=[actor.id])


def _words(
    tx: Tx, actor: Actor, key: str, form: ManyForm, action: Action, cards: list[CardRow]
) -> str:
    whose = names(cards) if len(cards) < 3 else f"{len(cards)} cards"
    if isinstance(action, MoveAll):
        column = read_board(tx, actor, key=key).shape.column[action.column_id]
        return f"Moved {whose} to {column.name}"
    if form.action == "mine":
        taken = isinstance(action, AssignAll) and bool(action.add)
        return f"Assigned {whose} to you" if taken else f"Took you off {whose}"
    done = {"assign": "Assigned", "label": "Labelled", "block": "Blocked", "unblock": "Unblocked"}
    return f"{done.get(form.action, 'Archived')} {whose}"


async def _form(
    call: Call,
    key: str,
    action: str,
    card_ids: list[int],
    sent: Sent[ManyForm],
    status: int = 200,
) -> Response:
    web = web_of(call.request)

    def verb(tx: Tx, actor: Actor) -> Answer:
        board = read_board(tx, actor, key=key)
        found = read_cards(tx, card_ids)
        cards = [card for card in found.values() if card.board_id == board.id]
        html = web.render(
            "boards/_many_form.html",
            board={"url": f"/boards/{board.row.key}"},
            action=action,
            card_ids=",".join(str(card_id) for card_id in card_ids),
            whose=names(cards) if cards and len(cards) < 3 else f"{len(cards)} cards",
            one=len(cards) == 1,
            values=sent.typed,
            errors=sent.errors,
            **_choices(tx, board, action, cards, sent.typed),
        )
        return Answer(status, html.encode(), {"Vary": "HX-Request"}, "text/html; charset=utf-8")

    return await call.read(verb)


def _choices(
    tx: Tx, board: OpenBoard, action: str, cards: list[CardRow], typed: dict[str, str]
) -> dict[str, Any]:
    """What can be chosen in the form of one action."""
    shape = board.shape
    if action == "move":
        held = rules.usage(shape, board.counts)
        return {
            "columns": [
                {
                    "id": column.id,
                    "words": full_words(
                        column.name, column.wip_limit, held.get(Place(rules.COLUMN, column.id), 0)
                    ),
                    "group": shape.group[column.group_id].name if column.group_id else None,
                }
                for column in shape.columns
            ],
            "lanes": [{"id": lane.id, "words": lane.name} for lane in shape.lanes],
            "asking": [
                {"name": column.name, "points": points_of(column.policy)}
                for column in shape.columns
                if column.ask_before_leaving and column.id in {card.column_id for card in cards}
            ],
        }
    if action == "assign":
        people = [(str(row.user_id), row.name) for row in members_of(tx, board.id)]
        return {"ticks": _ticks(people, [[str(i) for i in ids(c.assignee_ids)] for c in cards])}
    if action == "label":
        known = read_labels(tx, board.id)
        labels = [(name, name) for name in sorted(known.values(), key=str.casefold)]
        return {"ticks": _ticks(labels, [[known[i] for i in ids(c.label_ids)] for c in cards])}
    chosen = typed.get("category", "other")
    return {
        "categories": [
            {"value": value, "words": CATEGORY_WORDS[value], "selected": value == chosen}
            for value in CATEGORIES
        ]
    }


def _ticks(choices: list[tuple[str, str]], has: list[list[str]]) -> list[dict[str, Any]]:
    """Choices of which each card has some: ticked where all have it."""
    counts = {value: sum(value in each for each in has) for value, _ in choices}
    return [
        {
            "value": value,
            "words": words,
            "all": counts[value] == len(has) and bool(has),
            "some": counts[value] if 0 < counts[value] < len(has) else 0,
            "of": len(has),
        }
        for value, words in choices
    ]
