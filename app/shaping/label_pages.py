"""The page of a board's labels: their names and colours."""

from typing import Any, get_args

from fastapi import APIRouter
from starlette.responses import Response

from app.auth.actor import Actor
from app.boards.history import OpenBoard
from app.call import Call, CallDep
from app.db import Tx
from app.errors import AppError, NotFound
from app.forms import Form, Sent, read_form
from app.shaping import labels
from app.shaping.label_api import Color
from app.shaping.settings import back, managed_board, settings_page
from app.types import IdInUrl, KeyInUrl, Word, WordInUrl

router = APIRouter(prefix="/boards/{key}/settings/labels", include_in_schema=False)

COLORS = [(color, color.capitalize()) for color in get_args(Color)]


class LabelForm(Form):
    """A label; without a colour it is grey, or what it was before it was removed."""

    name: Word
    color: Color | None = None


class RemovedLabelForm(Form):
    """A label that goes: what stands in its fields means nothing any more."""

    name: WordInUrl = ""
    color: WordInUrl = ""


@router.get("")
async def labels_page(call: CallDep, key: KeyInUrl) -> Response:
    """The labels by name, and the form of another one."""
    return await _show(call, key)


@router.post("")
async def add_label(call: CallDep, key: KeyInUrl) -> Response:
    """Makes a label."""
    sent = await read_form(call.request, LabelForm)
    if sent.form is None:
        return await _show(call, key, sent, status=422)
    form = sent.form

    def verb(tx: Tx, actor: Actor) -> Any:
        managed_board(tx, actor, key)
        return labels.add_label(tx, actor, key, form.name, form.color)

    try:
        await call.act(verb)
    except AppError as error:
        return await _show(call, key, _wrong(sent, error), status=error.status)
    return back(call, key, "/labels", f"{form.name} is a label now.")


@router.post("/{label_id}")
async def change_label(call: CallDep, key: KeyInUrl, label_id: IdInUrl) -> Response:
    """Gives a label another name or colour."""
    sent = await read_form(call.request, LabelForm)
    if sent.form is None:
        return await _show(call, key, sent, label_id, 422)
    changes = sent.form.model_dump(exclude_none=True)
    await call.fetch(_check_here, key, label_id)
    try:
        await call.act(labels.change_label, label_id, changes)
    except AppError as error:
        return await _show(call, key, _wrong(sent, error), label_id, error.status)
    return back(call, key, "/labels", f"{sent.form.name} is saved.")


@router.post("/{label_id}/delete")
async def delete_label(call: CallDep, key: KeyInUrl, label_id: IdInUrl) -> Response:
    """Removes a label, from all cards too."""
    await read_form(call.request, RemovedLabelForm)
    await call.fetch(_check_here, key, label_id)
    gone = await call.act(labels.delete_label, label_id)
    return back(call, key, "/labels", f"{gone.name} is removed. The history keeps its name.")


def _check_here(tx: Tx, actor: Actor, key: str, label_id: int) -> None:
    board = managed_board(tx, actor, key)
    if label_id not in {label.id for label in labels.labels_of(tx, board.id)}:
        raise NotFound


async def _show(
    call: Call,
    key: str,
    sent: Sent[LabelForm] | None = None,
    label_id: int | None = None,
    status: int = 200,
) -> Response:
    """The page, with a form that came back: of a label, or of a new one."""

    def values(tx: Tx, board: OpenBoard) -> dict[str, Any]:
        found = labels.labels_of(tx, board.id)
        typed = {} if sent is None else sent.typed
        errors = {} if sent is None else sent.errors
        return {
            "labels": [
                {
                    "id": label.id,
                    "name": label.name,
                    "color": label.color,
                    "cards": label.card_count,
                    "values": typed
                    if label.id == label_id
                    else {"name": label.name, "color": label.color},
                    "errors": errors if label.id == label_id else {},
                }
                for label in found
            ],
            "colors": COLORS,
            "values": typed if label_id is None else {},
            "errors": errors if label_id is None else {},
        }

    return await settings_page(call, key, "labels.html", "labels", "Labels", values, status)


def _wrong(sent: Sent[LabelForm], error: AppError) -> Sent[LabelForm]:
    if error.status == 409:
        return Sent(sent.typed, {"name": error.detail})
    if error.status == 422:
        return sent.with_error(error)
    raise error
