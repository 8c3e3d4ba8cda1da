"""The pages of a board's columns: their order, one of them, and what a change of them would do."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import StringConstraints
from starlette.responses import Response

from app.auth.actor import Actor
from app.boards.history import OpenBoard
from app.boards.schemas import Kind
from app.boards.shape import Column, Shape
from app.call import Call, CallDep
from app.db import Tx
from app.errors import AppError, NotFound
from app.forms import Form, Sent, read_form
from app.shaping import service
from app.shaping.order import moved_column, moved_group
from app.shaping.preview import (
    Effect,
    effect_of,
    rearranged,
    with_column,
    without_column,
    words_of,
)
from app.shaping.settings import back, managed_board, sentence_of, settings_page
from app.shaping.views import (
    KIND_WORDS,
    KINDS,
    cards_in,
    column_blocks,
    column_values,
    group_choices,
    others,
    place_choices,
    team_choices,
)
from app.types import IdInUrl, IndexInUrl, KeyInUrl, LimitInForm, Name, Prose, Word

router = APIRouter(prefix="/boards/{key}/settings/columns", include_in_schema=False)

_STEP = r"^(up|down)-(column|group|lane)-[1-9][0-9]{0,17}$"
Step = Annotated[str, StringConstraints(pattern=_STEP)]


class ColumnForm(Form):
    """A column; `confirmed` is sent once the person has seen what the change does."""

    name: Name
    kind: Kind = "queue"
    wip_limit: LimitInForm | None = None
    group_id: IdInUrl | None = None
    team: Word | None = None
    policy: Prose = ""
    ask_before_leaving: bool = False
    position: IndexInUrl | None = None
    confirmed: bool = False

    def fields(self) -> dict[str, Any]:
        """What the form says of the column itself."""
        return self.model_dump(exclude={"position", "confirmed"})


class OrderForm(Form):
    """All columns from left to right as the page had them, and the step that one of them takes."""

    ids: list[IdInUrl] = []  # noqa: RUF012 - pydantic copies it
    move: Step | None = None
    confirmed: bool = False


class DeleteForm(Form):
    """Where the cards of what goes move to."""

    target: IdInUrl | None = None
    confirmed: bool = False


@router.get("")
async def columns_page(call: CallDep, key: KeyInUrl) -> Response:
    """The columns in their order, and the form of another one."""
    return await _list(call, key)


@router.post("")
async def add_column(call: CallDep, key: KeyInUrl) -> Response:
    """Adds a column."""
    sent = await read_form(call.request, ColumnForm)
    if sent.form is None:
        return await _list(call, key, sent, status=422)
    form = sent.form
    fields = form.fields()

    def after(shape: Shape) -> Shape:
        index = len(shape.columns) if form.position is None else form.position
        return with_column(shape, Column(id=0, **{**fields, "position": index}), index)

    asked = await _asks(call, key, sent.typed, after, f"Add {form.name}?", "Add it")
    if asked is not None and not form.confirmed:
        return asked
    try:
        await call.act(service.add_column, key, fields, form.position)
    except AppError as error:
        return await _list(call, key, sent.refused(error), status=error.status)
    return back(call, key, "/columns", f"{form.name} is on the board.")


@router.post("/order")
async def order_columns(call: CallDep, key: KeyInUrl) -> Response:
    """Puts the columns in another order: as they were dragged, or one a step further."""
    sent = await read_form(call.request, OrderForm)
    if sent.form is None:
        return await _list(call, key, problem=_first(sent.errors), status=422)
    form = sent.form

    def wanted(tx: Tx, actor: Actor) -> list[int]:
        board = managed_board(tx, actor, key)
        return form.ids if form.move is None else _stepped(board.shape, form.move)

    try:
        order = await call.fetch(wanted)
        names = {"ids": order}
        asked = await _asks(
            call,
            key,
            names,
            lambda shape: rearranged(shape, {}, order),
            "Change the order of the columns?",
            "Change the order",
        )
        if asked is not None and not form.confirmed:
            return asked
        await call.act(service.order_columns, key, order)
    except AppError as error:
        return await _list(call, key, problem=sentence_of(error), status=error.status)
    return back(call, key, "/columns", "The columns have their new order.")


@router.get("/{column_id}")
async def column_page(call: CallDep, key: KeyInUrl, column_id: IdInUrl) -> Response:
    """A column's form."""
    return await _one(call, key, column_id)


@router.post("/{column_id}")
async def change_column(call: CallDep, key: KeyInUrl, column_id: IdInUrl) -> Response:
    """Changes a column; another kind is told first for what it does to the clocks."""
    sent = await read_form(call.request, ColumnForm)
    if sent.form is None:
        return await _one(call, key, column_id, sent, status=422)
    form = sent.form

    def after(shape: Shape) -> Shape:
        return rearranged(shape, {column_id: form.kind})

    heading = f"Make {form.name} {KIND_WORDS[form.kind]}?"
    asked = await _asks(call, key, sent.typed, after, heading, "Change it", column_id)
    if asked is not None and not form.confirmed:
        return asked
    try:
        await call.act(service.change_column, column_id, form.fields())
    except AppError as error:
        return await _one(call, key, column_id, sent.refused(error), status=error.status)
    return back(call, key, "/columns", f"{form.name} is saved.")


@router.post("/{column_id}/delete")
async def delete_column(call: CallDep, key: KeyInUrl, column_id: IdInUrl) -> Response:
    """Deletes a column; its cards move to the one that is chosen."""
    sent = await read_form(call.request, DeleteForm)
    if sent.form is None:
        return await _one(call, key, column_id, problem=_first(sent.errors), status=422)
    form = sent.form
    asked = await _asks(
        call,
        key,
        sent.typed,
        lambda shape: without_column(shape, column_id),
        "Delete the column?",
        "Delete it",
        column_id,
    )
    if asked is not None and not form.confirmed:
        return asked
    try:
        await call.act(service.delete_column, column_id, form.target)
    except AppError as error:
        return await _one(call, key, column_id, problem=sentence_of(error), status=error.status)
    return back(call, key, "/columns", "The column is deleted. Its past stays in the statistics.")


async def _asks(
    call: Call,
    key: str,
    typed: Mapping[str, Any],
    after: Any,
    heading: str,
    button: str,
    column_id: int | None = None,
) -> Response | None:
    """The page that says what a change would do to the clocks; None where it does nothing to
    them. 404 for a column that is not of this board."""

    def look(tx: Tx, actor: Actor) -> Effect:
        board = managed_board(tx, actor, key)
        if column_id is not None and column_id not in board.shape.column:
            raise NotFound
        return effect_of(tx, board, after(board.shape))

    effect: Effect = await call.fetch(look)
    if not effect.cards:
        return None
    hidden = [
        (name, value)
        for name, values in typed.items()
        if name not in {"confirmed", "move"}
        for value in (values if isinstance(values, list) else [values])
    ]

    def values(tx: Tx, board: OpenBoard) -> dict[str, Any]:
        return {
            "heading": heading,
            "button": button,
            "action": call.request.url.path,
            "hidden": hidden,
            "words": words_of(effect),
        }

    return await settings_page(call, key, "confirm.html", "columns", heading, values)


async def _list(
    call: Call,
    key: str,
    sent: Sent[ColumnForm] | None = None,
    *,
    problem: str = "",
    status: int = 200,
) -> Response:
    def values(tx: Tx, board: OpenBoard) -> dict[str, Any]:
        typed = {"kind": "queue"} if sent is None else sent.typed
        return {
            "blocks": column_blocks(board),
            "problem": problem,
            "values": typed,
            "errors": {} if sent is None else sent.errors,
            "kinds": KINDS,
            "groups": group_choices(board),
            "teams": team_choices(board, typed.get("team")),
            "places": place_choices(board),
        }

    return await settings_page(call, key, "columns.html", "columns", "Columns", values, status)


async def _one(
    call: Call,
    key: str,
    column_id: int,
    sent: Sent[ColumnForm] | None = None,
    *,
    problem: str = "",
    status: int = 200,
) -> Response:
    def values(tx: Tx, board: OpenBoard) -> dict[str, Any]:
        column = board.shape.column.get(column_id)
        if column is None:
            raise NotFound
        typed = column_values(column) if sent is None else sent.typed
        return {
            "column": column,
            "values": typed,
            "errors": {} if sent is None else sent.errors,
            "kinds": KINDS,
            "groups": group_choices(board),
            "teams": team_choices(board, column.team),
            "cards": cards_in(board, column_id=column_id),
            "targets": others(board.shape.columns, column_id),
            "problem": problem,
        }

    return await settings_page(call, key, "column.html", "columns", "Column", values, status)


def _stepped(shape: Shape, move: str) -> list[int]:
    """The columns after a step of one of them, or of a group."""
    way, kind, number = move.split("-")
    step = -1 if way == "up" else 1
    part_id = int(number)
    if kind == "column" and part_id in shape.column:
        return moved_column(shape, part_id, step)
    return moved_group(shape, part_id, step)


def _first(errors: Mapping[str, str]) -> str:
    return next(iter(errors.values()))
