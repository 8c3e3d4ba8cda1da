"""The pages of a board's groups: neighbouring columns that are one work centre."""

from collections.abc import Collection
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from app.auth.actor import Actor
from app.boards.history import OpenBoard
from app.call import Call, CallDep
from app.db import Tx
from app.errors import AppError, NotFound
from app.forms import Form, Sent, read_form
from app.shaping import service
from app.shaping.settings import back, managed_board, settings_page
from app.shaping.views import group_lines
from app.types import IdInUrl, KeyInUrl, LimitInForm, Name

router = APIRouter(prefix="/boards/{key}/settings/groups", include_in_schema=False)


class GroupForm(Form):
    """A group and the columns that are ticked."""

    name: Name
    wip_limit: LimitInForm | None = None
    column_ids: list[IdInUrl] = []  # noqa: RUF012 - pydantic copies it


class EmptyForm(Form):
    """A form of one button."""


@router.get("")
async def groups_page(call: CallDep, key: KeyInUrl) -> Response:
    """The groups, and the form of another one."""
    return await _list(call, key)


@router.post("")
async def add_group(call: CallDep, key: KeyInUrl) -> Response:
    """Makes neighbouring columns one group."""
    sent = await read_form(call.request, GroupForm)
    if sent.form is None:
        return await _list(call, key, sent, await _ticked(call), 422)
    form = sent.form
    try:
        await call.act(service.add_group, key, form.name, form.wip_limit, form.column_ids)
    except AppError as error:
        return await _list(call, key, sent.refused(error), form.column_ids, error.status)
    return back(call, key, "/groups", f"{form.name} is a group now.")


@router.get("/{group_id}")
async def group_page(call: CallDep, key: KeyInUrl, group_id: IdInUrl) -> Response:
    """A group's form."""
    return await _one(call, key, group_id)


@router.post("/{group_id}")
async def change_group(call: CallDep, key: KeyInUrl, group_id: IdInUrl) -> Response:
    """Changes a group's name, limit or columns."""
    sent = await read_form(call.request, GroupForm)
    if sent.form is None:
        return await _one(call, key, group_id, sent, await _ticked(call), 422)
    form = sent.form
    await call.fetch(_check_here, key, group_id)
    try:
        await call.act(service.change_group, group_id, form.model_dump())
    except AppError as error:
        wrong = sent.refused(error)
        return await _one(call, key, group_id, wrong, form.column_ids, error.status)
    return back(call, key, "/groups", f"{form.name} is saved.")


@router.post("/{group_id}/delete")
async def delete_group(call: CallDep, key: KeyInUrl, group_id: IdInUrl) -> Response:
    """Dissolves a group; its columns stay."""
    await read_form(call.request, EmptyForm)
    await call.fetch(_check_here, key, group_id)
    await call.act(service.delete_group, group_id)
    return back(call, key, "/groups", "The group is dissolved. Its columns stay.")


def _check_here(tx: Tx, actor: Actor, key: str, group_id: int) -> None:
    if group_id not in managed_board(tx, actor, key).shape.group:
        raise NotFound


async def _ticked(call: Call) -> list[int]:
    """The columns that were ticked in a form with a mistake."""
    data = await call.request.form()
    texts = [text for text in data.getlist("column_ids") if isinstance(text, str)]
    return [int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 19]


async def _list(
    call: Call,
    key: str,
    sent: Sent[GroupForm] | None = None,
    ticked: Collection[int] = (),
    status: int = 200,
) -> Response:
    def values(tx: Tx, board: OpenBoard) -> dict[str, Any]:
        return {
            "groups": group_lines(board),
            "values": {} if sent is None else sent.typed,
            "errors": {} if sent is None else sent.errors,
            "columns": _columns(board, ticked),
        }

    return await settings_page(call, key, "groups.html", "groups", "Groups", values, status)


async def _one(
    call: Call,
    key: str,
    group_id: int,
    sent: Sent[GroupForm] | None = None,
    ticked: Collection[int] | None = None,
    status: int = 200,
) -> Response:
    def values(tx: Tx, board: OpenBoard) -> dict[str, Any]:
        group = board.shape.group.get(group_id)
        if group is None:
            raise NotFound
        own = [column.id for column in board.shape.columns if column.group_id == group_id]
        typed = {"name": group.name, "wip_limit": str(group.wip_limit or "")}
        return {
            "group": group,
            "values": typed if sent is None else sent.typed,
            "errors": {} if sent is None else sent.errors,
            "columns": _columns(board, own if ticked is None else ticked, group_id),
        }

    return await settings_page(call, key, "group.html", "groups", "Group", values, status)


def _columns(
    board: OpenBoard, ticked: Collection[int], group_id: int | None = None
) -> list[dict[str, Any]]:
    """The columns to choose from, each with the other group that it would leave."""
    shape = board.shape
    return [
        {
            "id": column.id,
            "name": column.name,
            "ticked": column.id in ticked,
            "elsewhere": None
            if column.group_id in {None, group_id}
            else shape.group[column.group_id or 0].name,
        }
        for column in shape.columns
    ]
