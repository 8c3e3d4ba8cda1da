"""The API of columns, groups and lanes."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from app.auth.actor import Actor
from app.boards.history import OpenBoard
from app.boards.queries import board_json
from app.boards.schemas import BoardOut, ColumnOut, GroupOut, Kind, LaneOut
from app.call import CallDep, nothing
from app.db import Tx
from app.errors import Invalid
from app.problems import responses
from app.shaping import preview, service, teams
from app.shaping.schemas import (
    ColumnIn,
    ColumnOrder,
    ColumnPatch,
    EffectOut,
    GroupIn,
    GroupPatch,
    LaneIn,
    LaneOrder,
    LanePatch,
    TeamIn,
)
from app.types import IdInUrl, KeyInUrl, WordInUrl, given

router = APIRouter(prefix="/api/v1", tags=["columns, groups and lanes"])

Target = Annotated[
    IdInUrl | None, Query(description="The place that takes the cards, by the rules.")
]


@router.post(
    "/boards/{key}/columns", response_model=ColumnOut, status_code=201, responses=responses(409)
)
async def add_column(call: CallDep, key: KeyInUrl, body: ColumnIn) -> Response:
    """Adds a column to a board."""
    fields = body.model_dump(exclude={"position"})
    args = (key, fields, body.position)
    return await call.write(service.add_column, *args, render=_added("columns"), status=201)


@router.patch("/columns/{column_id}", response_model=ColumnOut, responses=responses(409))
async def change_column(call: CallDep, column_id: IdInUrl, body: ColumnPatch) -> Response:
    """Changes a column. A limit below the present count throws nothing out, and nothing enters
    until there is room."""
    changes = given(body, never_null=("name", "kind", "policy", "ask_before_leaving"))
    render = _part("columns", column_id)
    return await call.write(service.change_column, column_id, changes, render=render)


@router.delete("/columns/{column_id}", status_code=204, responses=responses(409))
async def delete_column(
    call: CallDep, column_id: IdInUrl, move_cards_to: Target = None
) -> Response:
    """Deletes a column. 409 where it has cards and no column is named that takes them; the limits
    hold for that move. Its past stays in the history and the statistics."""
    return await call.write(service.delete_column, column_id, move_cards_to, render=nothing)


@router.put("/boards/{key}/columns/order", response_model=BoardOut, responses=responses(409))
async def order_columns(call: CallDep, key: KeyInUrl, body: ColumnOrder) -> Response:
    """Puts the columns in another order; every one is named once, groups stay together."""
    return await call.write(service.order_columns, key, body.column_ids, render=board_json)


@router.get(
    "/boards/{key}/columns/preview", response_model=EffectOut, responses=responses(403, 409)
)
async def preview_columns(
    call: CallDep,
    key: KeyInUrl,
    column_id: Annotated[
        IdInUrl | None, Query(description="A column that would have another `kind`.")
    ] = None,
    kind: Annotated[Kind | None, Query(description="Its kind then.")] = None,
    order: Annotated[
        list[IdInUrl],
        Query(description="All columns in another order; left out: as it is.", max_length=100),
    ] = [],  # noqa: B006 - FastAPI copies it
) -> Response:
    """What another kind of a column, or another order of them, would do to the clocks of the
    cards and to the statistics. Nothing is changed by asking; 409 where the change would be
    refused."""
    if (column_id is None) != (kind is None):
        raise Invalid((("query", "kind"), "column_id and kind are given together"))
    kinds = {} if column_id is None else {column_id: kind}
    args = (key, kinds, order or None)
    return await call.read(preview.preview_columns, *args, render=preview.effect_json)


@router.post(
    "/boards/{key}/teams", response_model=BoardOut, status_code=201, responses=responses(409)
)
async def add_team(call: CallDep, key: KeyInUrl, body: TeamIn) -> Response:
    """Adds a team to a board's list."""
    return await call.write(teams.add_team, key, body.name, render=board_json, status=201)


@router.patch("/boards/{key}/teams/{team}", response_model=BoardOut, responses=responses(409))
async def rename_team(call: CallDep, key: KeyInUrl, team: WordInUrl, body: TeamIn) -> Response:
    """Gives a team another name, on the cards and columns that carry it too."""
    return await call.write(teams.rename_team, key, team, body.name, render=board_json)


@router.delete("/boards/{key}/teams/{team}", response_model=BoardOut, responses=responses(409))
async def remove_team(call: CallDep, key: KeyInUrl, team: WordInUrl) -> Response:
    """Takes a team off a board's list; cards and columns that carry it keep the word."""
    return await call.write(teams.remove_team, key, team, render=board_json)


@router.post(
    "/boards/{key}/groups", response_model=GroupOut, status_code=201, responses=responses(409)
)
async def add_group(call: CallDep, key: KeyInUrl, body: GroupIn) -> Response:
    """Makes neighbouring columns one group."""
    args = (key, body.name, body.wip_limit, body.column_ids)
    return await call.write(service.add_group, *args, render=_added("groups"), status=201)


@router.patch("/groups/{group_id}", response_model=GroupOut, responses=responses(409))
async def change_group(call: CallDep, group_id: IdInUrl, body: GroupPatch) -> Response:
    """Changes a group's name, limit or columns."""
    changes = given(body, never_null=("name", "column_ids"))
    render = _part("groups", group_id)
    return await call.write(service.change_group, group_id, changes, render=render)


@router.delete("/groups/{group_id}", status_code=204, responses=responses(409))
async def delete_group(call: CallDep, group_id: IdInUrl) -> Response:
    """Dissolves a group; its columns stay."""
    return await call.write(service.delete_group, group_id, render=nothing)


@router.post(
    "/boards/{key}/lanes", response_model=LaneOut, status_code=201, responses=responses(409)
)
async def add_lane(call: CallDep, key: KeyInUrl, body: LaneIn) -> Response:
    """Adds a lane to a board."""
    fields = body.model_dump(exclude={"position"})
    args = (key, fields, body.position)
    return await call.write(service.add_lane, *args, render=_added("lanes"), status=201)


@router.patch("/lanes/{lane_id}", response_model=LaneOut, responses=responses(409))
async def change_lane(call: CallDep, lane_id: IdInUrl, body: LanePatch) -> Response:
    """Changes a lane."""
    changes = given(body, never_null=("name", "expedite"))
    render = _part("lanes", lane_id)
    return await call.write(service.change_lane, lane_id, changes, render=render)


@router.delete("/lanes/{lane_id}", status_code=204, responses=responses(409))
async def delete_lane(call: CallDep, lane_id: IdInUrl, move_cards_to: Target = None) -> Response:
    """Deletes a lane. 409 where it has cards and no lane is named, and for the last one."""
    return await call.write(service.delete_lane, lane_id, move_cards_to, render=nothing)


@router.put("/boards/{key}/lanes/order", response_model=BoardOut, responses=responses(409))
async def order_lanes(call: CallDep, key: KeyInUrl, body: LaneOrder) -> Response:
    """Puts the lanes in another order; every one is named once."""
    return await call.write(service.order_lanes, key, body.lane_ids, render=board_json)


def _part(kind: str, part_id: int) -> Callable[[Tx, Actor, OpenBoard], Any]:
    def render(tx: Tx, actor: Actor, board: OpenBoard) -> Any:
        return next(p for p in board_json(tx, actor, board)[kind] if p["id"] == part_id)

    return render


def _added(kind: str) -> Callable[[Tx, Actor, tuple[OpenBoard, int]], Any]:
    def render(tx: Tx, actor: Actor, added: tuple[OpenBoard, int]) -> Any:
        board, part_id = added
        return _part(kind, part_id)(tx, actor, board)

    return render
