"""The API of the cumulative flow."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from app.auth.actor import Actor
from app.boards.history import read_board
from app.call import Answer, CallDep
from app.db import Tx
from app.flow.cumulative import Cumulative
from app.flow.cumulative_reading import read_cumulative
from app.flow.files import csv_answer, or_csv
from app.flow.queries import Wanted, window_of
from app.flow.schemas import StatsIn, WindowOut, window_json
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


class CumulativeOut(WindowOut):
    """The cumulative flow: how many cards stood in each column, left to right, at the end of each
    day of the window; the last day may end with the window."""

    dates: list[str] = Field(examples=[["2026-03-02", "2026-03-03"]])
    series: list[BandOut]


_RESPONSES = or_csv("The cumulative flow; with `format=csv` the same as a file.")


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
        return csv_answer(f"{board.row.key}-cumulative-flow.csv", _rows(found))
    return {
        **window_json(board, window),
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
