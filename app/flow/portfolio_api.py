"""The API of the numbers of all boards."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from app import clock
from app.auth.actor import Actor
from app.call import CallDep
from app.csvtext import csv_rows
from app.days import start_of
from app.db import Tx
from app.errors import Invalid
from app.flow.portfolio_reading import read_portfolio
from app.flow.queries import DEFAULT_WINDOW, Window
from app.flow.strip_api import CSV_HEAD, SummaryOut, csv_answer, summary_json, summary_rows
from app.problems import responses
from app.types import DayOrMoment

router = APIRouter(prefix="/api/v1", tags=["statistics"])


class PortfolioIn(BaseModel):
    """The window that is wanted."""

    start: DayOrMoment | None = Field(
        None,
        alias="from",
        description="Where the window begins: a day in UTC, or a timestamp with a zone. Default: "
        "90 days before `to`.",
    )
    end: DayOrMoment | None = Field(
        None,
        alias="to",
        description="Before what it ends: a day in UTC, or a timestamp with a zone. Default: now.",
    )
    format: Literal["json", "csv"] = Field(
        "json", description="`csv` gives two rows for each board: the window, the period before."
    )


class BoardSummaryOut(SummaryOut):
    """A board's five numbers, with its name."""

    name: str = Field(examples=["Platform"])
    sample: bool


class PortfolioOut(BaseModel):
    """The boards that a person sees, those in the archive left out, by their names."""

    start: str = Field(alias="from", examples=["2026-03-02T00:00:00.000000Z"])
    end: str = Field(alias="to", examples=["2026-06-01T00:00:00.000000Z"])
    unit: Literal["seconds"]
    boards: list[BoardSummaryOut]


_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The boards; with `format=csv` two rows for each of them, the `window` and "
        f"the period `before`, with the columns {', '.join(CSV_HEAD)} (durations in seconds).",
        "content": {"text/csv": {"schema": {"type": "string"}}},
    },
    **responses(),
}


@router.get("/portfolio", response_model=PortfolioOut, responses=_RESPONSES)
async def portfolio(call: CallDep, asked: Annotated[PortfolioIn, Query()]) -> Response:
    """The five numbers of every board that the person sees, for one window and the period of the
    same length before it."""
    if asked.format == "json":
        return await call.read(_portfolio, asked.start, asked.end)
    return csv_answer("portfolio.csv", await call.fetch(_file, asked.start, asked.end))


def _portfolio(
    tx: Tx, actor: Actor, from_: str | int | None, to: str | int | None
) -> dict[str, Any]:
    now = clock.now()
    window = _window(from_, to, now)
    return {
        "from": clock.iso(max(window.start, 0)),
        "to": clock.iso(window.end),
        "unit": "seconds",
        "boards": [
            {
                **summary_json(line.key, window, strip),
                "name": line.name,
                "sample": line.sample,
            }
            for line, strip in read_portfolio(tx, actor, window, now)
        ],
    }


def _file(tx: Tx, actor: Actor, from_: str | int | None, to: str | int | None) -> str:
    now = clock.now()
    window = _window(from_, to, now)
    return csv_rows(
        [
            CSV_HEAD,
            *(
                row
                for line, strip in read_portfolio(tx, actor, window, now)
                for row in summary_rows(line.key, line.name, window, strip)
            ),
        ]
    )


def _window(from_: str | int | None, to: str | int | None, now: int) -> Window:
    end = start_of(to, "UTC")
    if end is None:
        end = now + 1
    start = start_of(from_, "UTC")
    if start is None:
        start = end - DEFAULT_WINDOW
    if start >= end:
        raise Invalid((("query", "from"), f"must be before {'now' if to is None else '`to`'}"))
    return Window(start, end)
