"""The API of a board's markers."""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.responses import Response

from app.auth.actor import Actor
from app.boards.history import read_board
from app.call import CallDep, nothing, plain
from app.db import Tx
from app.flow import markers
from app.flow.markers import marker_json, newest_markers
from app.paging import Page, PageDep, key_of, page_json
from app.problems import responses
from app.types import DayOrMoment, IdInUrl, KeyInUrl, Line, Model

router = APIRouter(prefix="/api/v1/boards/{key}/markers", tags=["statistics"])


class MarkerIn(Model):
    """A marker to be set."""

    at: DayOrMoment = Field(description="A day (its beginning in the board's zone) or a timestamp.")
    words: Line = Field(examples=["New deploy pipeline"])


class SetterOut(BaseModel):
    """Who set it."""

    id: int
    name: str


class MarkerOut(BaseModel):
    """A moment that the charts of the board show."""

    id: int
    at: str = Field(examples=["2026-03-02T00:00:00.000000Z"])
    words: str = Field(examples=["New deploy pipeline"])
    created_at: str
    created_by: SetterOut | None


class MarkersOut(BaseModel):
    """A page of a board's markers, the last in time first."""

    items: list[MarkerOut]
    next_cursor: str | None


@router.get("", response_model=MarkersOut, responses=responses())
async def board_markers(call: CallDep, key: KeyInUrl, page: PageDep) -> Response:
    """A board's markers, the last in time first."""
    return await call.read(_markers, key, page)


@router.post("", response_model=MarkerOut, status_code=201, responses=responses(409))
async def add_marker(call: CallDep, key: KeyInUrl, body: MarkerIn) -> Response:
    """Sets a marker: a line in time on the board's charts, for what changed how work flows."""
    args = (key, body.at, body.words)
    return await call.write(markers.add_marker, *args, render=plain(marker_json), status=201)


@router.delete("/{marker_id}", status_code=204, responses=responses(409))
async def delete_marker(call: CallDep, key: KeyInUrl, marker_id: IdInUrl) -> Response:
    """Takes a marker away."""
    return await call.write(markers.delete_marker, key, marker_id, render=nothing)


def _markers(tx: Tx, actor: Actor, key: str, page: Page) -> dict[str, Any]:
    board = read_board(tx, actor, key=key)
    if page.after is None:
        found = newest_markers(tx, board, page.limit + 1)
    else:
        at, marker_id = key_of(page.after, int, int)
        found = newest_markers(tx, board, page.limit + 1, (at, marker_id))
    return page_json(page, found, lambda marker: [marker.at, marker.id], marker_json)
