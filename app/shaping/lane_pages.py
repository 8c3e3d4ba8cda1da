"""The pages of a board's lanes: their order, and one of them."""

from collections.abc import Mapping
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
from app.shaping.column_pages import DeleteForm, OrderForm
from app.shaping.settings import back, managed_board, sentence_of, settings_page
from app.shaping.views import cards_in, lane_lines, others
from app.types import IdInUrl, KeyInUrl, LimitInForm, Name

router = APIRouter(prefix="/boards/{key}/settings/lanes", include_in_schema=False)


class LaneForm(Form):
    """A lane."""

    name: Name
    wip_limit: LimitInForm | None = None
    expedite: bool = False


@router.get("")
async def lanes_page(call: CallDep, key: KeyInUrl) -> Response:
    """The lanes in their order, and the form of another one."""
    return await _list(call, key)


@router.post("")
async def add_lane(call: CallDep, key: KeyInUrl) -> Response:
    """Adds a lane at the bottom; an expedite lane has the limit 1 unless another is given."""
    sent = await read_form(call.request, LaneForm)
    if sent.form is None:
        return await _list(call, key, sent, status=422)
    form = sent.form
    fields = form.model_dump()
    if form.expedite and form.wip_limit is None:
        fields["wip_limit"] = service.DEFAULT_EXPEDITE_LIMIT
    try:
        await call.act(service.add_lane, key, fields)
    except AppError as error:
        return await _list(call, key, sent.refused(error), status=error.status)
    return back(call, key, "/lanes", f"{form.name} is on the board.")


@router.post("/order")
async def order_lanes(call: CallDep, key: KeyInUrl) -> Response:
    """Puts the lanes in another order: as they were dragged, or one a step further."""
    sent = await read_form(call.request, OrderForm)
    if sent.form is None:
        problem = next(iter(sent.errors.values()))
        return await _list(call, key, problem=problem, status=422)
    form = sent.form

    def verb(tx: Tx, actor: Actor) -> OpenBoard:
        board = managed_board(tx, actor, key)
        order = form.ids if form.move is None else _stepped(board, form.move)
        return service.order_lanes(tx, actor, key, order)

    try:
        await call.act(verb)
    except AppError as error:
        return await _list(call, key, problem=sentence_of(error), status=error.status)
    return back(call, key, "/lanes", "The lanes have their new order.")


@router.get("/{lane_id}")
async def lane_page(call: CallDep, key: KeyInUrl, lane_id: IdInUrl) -> Response:
    """A lane's form."""
    return await _one(call, key, lane_id)


@router.post("/{lane_id}")
async def change_lane(call: CallDep, key: KeyInUrl, lane_id: IdInUrl) -> Response:
    """Changes a lane."""
    sent = await read_form(call.request, LaneForm)
    if sent.form is None:
        return await _one(call, key, lane_id, sent, status=422)
    form = sent.form
    await call.fetch(_check_here, key, lane_id)
    try:
        await call.act(service.change_lane, lane_id, form.model_dump())
    except AppError as error:
        return await _one(call, key, lane_id, sent.refused(error), status=error.status)
    return back(call, key, "/lanes", f"{form.name} is saved.")


@router.post("/{lane_id}/delete")
async def delete_lane(call: CallDep, key: KeyInUrl, lane_id: IdInUrl) -> Response:
    """Deletes a lane; its cards move to the one that is chosen."""
    sent = await read_form(call.request, DeleteForm)
    if sent.form is None:
        problem = next(iter(sent.errors.values()))
        return await _one(call, key, lane_id, problem=problem, status=422)
    await call.fetch(_check_here, key, lane_id)
    try:
        await call.act(service.delete_lane, lane_id, sent.form.target)
    except AppError as error:
        return await _one(call, key, lane_id, problem=sentence_of(error), status=error.status)
    return back(call, key, "/lanes", "The lane is deleted. Its past stays in the history.")


def _check_here(tx: Tx, actor: Actor, key: str, lane_id: int) -> None:
    if lane_id not in managed_board(tx, actor, key).shape.lane:
        raise NotFound


def _stepped(board: OpenBoard, move: str) -> list[int]:
    way, _, number = move.split("-")
    order = [lane.id for lane in board.shape.lanes]
    if int(number) in order:
        at = order.index(int(number))
        to = at + (-1 if way == "up" else 1)
        if 0 <= to < len(order):
            order[at], order[to] = order[to], order[at]
    return order


async def _list(
    call: Call,
    key: str,
    sent: Sent[LaneForm] | None = None,
    *,
    problem: str = "",
    status: int = 200,
) -> Response:
    def values(tx: Tx, board: OpenBoard) -> dict[str, Any]:
        return {
            "lanes": lane_lines(board),
            "problem": problem,
            "values": {} if sent is None else sent.typed,
            "errors": {} if sent is None else sent.errors,
        }

    return await settings_page(call, key, "lanes.html", "lanes", "Lanes", values, status)


async def _one(
    call: Call,
    key: str,
    lane_id: int,
    sent: Sent[LaneForm] | None = None,
    *,
    problem: str = "",
    status: int = 200,
) -> Response:
    def values(tx: Tx, board: OpenBoard) -> dict[str, Any]:
        lane = board.shape.lane.get(lane_id)
        if lane is None:
            raise NotFound
        typed: Mapping[str, str] = {
            "name": lane.name,
            "wip_limit": str(lane.wip_limit or ""),
            "expedite": "true" if lane.expedite else "",
        }
        return {
            "lane": lane,
            "values": typed if sent is None else sent.typed,
            "errors": {} if sent is None else sent.errors,
            "cards": cards_in(board, lane_id=lane_id),
            "targets": others(board.shape.lanes, lane_id),
            "problem": problem,
        }

    return await settings_page(call, key, "lane.html", "lanes", "Lane", values, status)
