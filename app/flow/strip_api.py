"""The API of the five numbers that a board's flow page begins with."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from app import clock
from app.auth.actor import Actor
from app.boards.history import read_board
from app.call import CallDep
from app.csvtext import MEDIA_TYPE, csv_rows
from app.db import Tx
from app.flow.aging_queries import seconds_text
from app.flow.metrics import seconds
from app.flow.queries import Wanted, Window, window_of
from app.flow.schemas import StatsIn
from app.flow.strip import Period, Strip
from app.flow.strip_reading import read_strip
from app.problems import responses
from app.types import KeyInUrl

router = APIRouter(prefix="/api/v1/boards/{key}/stats", tags=["statistics"])


CSV_HEAD = (
    *("board", "name", "period", "from", "to", "wip", "cycle_time_85", "count"),
    *("throughput_per_week", "blocked", "blocked_time", "flow_efficiency"),
)


class SummaryIn(StatsIn):
    """Which cards are wanted."""

    format: Literal["json", "csv"] = Field(
        "json", description="`csv` gives a row for the window and one for the period before."
    )


class PeriodOut(BaseModel):
    """What is known of a board and a stretch of time, in seconds."""

    start: str = Field(alias="from", examples=["2026-03-02T00:00:00.000000Z"])
    end: str = Field(alias="to", examples=["2026-06-01T00:00:00.000000Z"])
    wip: int = Field(
        description="Cards at its end in a column in which work is started and that is not done.",
        examples=[11],
    )
    cycle_time_85: float | None = Field(
        description="The service level expectation of the cards done in it: the smallest cycle "
        "time that at least 85 % of them did not exceed.",
        examples=[777600.0],
    )
    count: int = Field(description="Cards done in it.", examples=[80])
    throughput_per_week: float = Field(description="`count` by weeks.", examples=[6.2])
    blocked: int = Field(description="Blocked cards at its end.", examples=[3])
    blocked_time: float = Field(
        description="Blocked time within it, where intervals of a card overlap once.",
        examples=[1209600.0],
    )
    flow_efficiency: float | None = Field(
        description="Of the cards done in it: the sum of their process times by the sum of their "
        "lead times, 0..1.",
        examples=[0.38],
    )


class SummaryOut(PeriodOut):
    """A board's five numbers for a window, and for the period of the same length before it."""

    board: str = Field(examples=["OPS"])
    unit: Literal["seconds"]
    wip_limit: int | None = Field(description="The board's own limit.", examples=[14])
    before: PeriodOut


_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The five numbers; with `format=csv` a row for the `window` and one for the "
        f"period `before`, with the columns {', '.join(CSV_HEAD)} (durations in seconds).",
        "content": {"text/csv": {"schema": {"type": "string"}}},
    },
    **responses(),
}


@router.get("/summary", response_model=SummaryOut, responses=_RESPONSES)
async def summary(call: CallDep, key: KeyInUrl, asked: Annotated[SummaryIn, Query()]) -> Response:
    """The five numbers of a board: work in progress, cycle time, throughput, what is blocked and
    flow efficiency, for a window and for the period of the same length before it."""
    if asked.format == "json":
        return await call.read(_summary, key, asked.wanted)
    name, text = await call.fetch(_file, key, asked.wanted)
    return csv_answer(f"{name}-summary.csv", text)


def csv_answer(name: str, text: str) -> Response:
    """A file of numbers."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(text, media_type=MEDIA_TYPE, headers=headers)


def _summary(tx: Tx, actor: Actor, key: str, wanted: Wanted) -> dict[str, Any]:
    board = read_board(tx, actor, key=key)
    window = window_of(board, wanted)
    return summary_json(board.row.key, window, read_strip(tx, board, window, wanted.cards))


def _file(tx: Tx, actor: Actor, key: str, wanted: Wanted) -> tuple[str, str]:
    board = read_board(tx, actor, key=key)
    window = window_of(board, wanted)
    strip = read_strip(tx, board, window, wanted.cards)
    rows = summary_rows(board.row.key, board.row.name, window, strip)
    return board.row.key, csv_rows([CSV_HEAD, *rows])


def summary_json(key: str, window: Window, strip: Strip) -> dict[str, Any]:
    """The five numbers as the API shows them."""
    return {
        "board": key,
        **_period(window, strip.now),
        "unit": "seconds",
        "wip_limit": strip.wip_limit,
        "before": _period(_before(window), strip.before),
    }


def summary_rows(
    key: str, name: str, window: Window, strip: Strip
) -> list[tuple[str | int | None, ...]]:
    """The five numbers as rows under `CSV_HEAD`: of the window, and of the period before."""
    spans = (("window", window, strip.now), ("before", _before(window), strip.before))
    return [(key, name, period, *_cells(span, numbers)) for period, span, numbers in spans]


def _before(window: Window) -> Window:
    """The period of the same length before a window."""
    return Window(window.start - (window.end - window.start), window.start)


def _cells(window: Window, period: Period) -> tuple[str | int | None, ...]:
    share = period.efficiency
    return (
        clock.iso(max(window.start, 0)),
        clock.iso(window.end),
        period.wip,
        None if period.cycle_time is None else seconds_text(period.cycle_time),
        period.done,
        f"{float(period.throughput):.4f}",
        period.blocked,
        seconds_text(period.lost),
        None if share is None else f"{float(share):.4f}",
    )


def _period(window: Window, period: Period) -> dict[str, Any]:
    share = period.efficiency
    return {
        # A window that reaches back to the first of all times has nothing before it.
        "from": clock.iso(max(window.start, 0)),
        "to": clock.iso(window.end),
        "wip": period.wip,
        "cycle_time_85": None if period.cycle_time is None else seconds(period.cycle_time),
        "count": period.done,
        "throughput_per_week": float(period.throughput),
        "blocked": period.blocked,
        "blocked_time": seconds(period.lost),
        "flow_efficiency": None if share is None else float(share),
    }
