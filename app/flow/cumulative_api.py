"""The API of the cumulative flow."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from app import clock
from app.auth.actor import Actor
from app.boards.history import read_board
from app.call import Answer, CallDep
from app.csvtext import MEDIA_TYPE, csv_rows
from app.db import Tx
from app.flow.cumulative import Cumulative
from app.flow.cumulative_reading import read_cumulative
from app.flow.queries import Wanted, window_of
from app.flow.schemas import StatsIn
from app.problems import responses
from app.types import KeyInUrl

router = APIRouter(prefix="/api/v1/boards/{key}/stats", tags=["statistics"])


class CumulativeIn(StatsIn):
    """Which cumulative flow is wanted."""

    format: Literal["json", "csv"] = Field(
        "json", description="`csv` gives a day a row and a column for each column."
    )


class BandOut(BaseModel):
    """A column, and how many cards stood in it at the end of each day."""

    column_id: int
    name: str = Field(examples=["Development"])
    kind: Literal["queue", "active", "done"]
    deleted: bool = Field(description="Whether the column is gone; its past stays.")
    counts: list[int]


class CumulativeOut(BaseModel):
    """The cumulative flow: how many cards stood in each column, left to right, at the end of each
    day of the window; the last day may end with the window."""

    board: str = Field(examples=["OPS"])
    start: str = Field(alias="from", examples=["2026-03-02T00:00:00.000000Z"])
    end: str = Field(alias="to", examples=["2026-06-01T00:00:00.000000Z"])
    dates: list[str] = Field(examples=[["2026-03-02", "2026-03-03"]])
    series: list[BandOut]


_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The cumulative flow; with `format=csv` the same as a file.",
        "content": {"text/csv": {"schema": {"type": "string"}}},
    },
    **responses(),
}


@router.get("/cfd", response_model=CumulativeOut, responses=_RESPONSES)
async def cumulative_flow(
    call: CallDep, key: KeyInUrl, asked: Annotated[CumulativeIn, Query()]
) -> Response:
    """How many cards stood in each column at the end of each day: discarded cards never, archived
    ones where they are done."""
    return await call.read(_cumulative, key, asked.wanted, asked.format)


def _cumulative(
    tx: Tx, actor: Actor, key: str, wanted: Wanted, form: str
) -> Answer | dict[str, Any]:
    board = read_board(tx, actor, key=key)
    window = window_of(board, wanted)
    found, _ = read_cumulative(tx, board, window, wanted.cards)
    if form == "csv":
        name = f"{board.row.key}-cumulative-flow.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Answer(200, csv_rows(_rows(found)).encode(), headers, MEDIA_TYPE)
    return {
        "board": board.row.key,
        "from": clock.iso(window.start),
        "to": clock.iso(window.end),
        "dates": [day.isoformat() for day in found.days],
        "series": [
            {
                "column_id": band.column_id,
                "name": band.name,
                "kind": band.kind,
                "deleted": band.is_gone,
                "counts": band.counts,
            }
            for band in found.bands
        ],
    }


def _rows(found: Cumulative) -> list[list[str | int]]:
    days: list[list[str | int]] = [
        [day.isoformat(), *(band.counts[place] for band in found.bands)]
        for place, day in enumerate(found.days)
    ]
    return [["date", *(band.name for band in found.bands)], *days]
