"""The API of statistics."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from app.auth.actor import Actor
from app.boards.history import read_board
from app.call import Call, CallDep
from app.db import Tx
from app.flow.done_reading import read_ordered
from app.flow.files import FilePart, csv_file, or_csv
from app.flow.metrics import Summary, seconds, summarize
from app.flow.queries import (
    CSV_HEAD,
    CYCLE,
    LEAD,
    PROCESS,
    Wanted,
    cards_part,
    window_of,
)
from app.flow.schemas import TimesIn, TimesOut, window_json
from app.types import KeyInUrl

router = APIRouter(prefix="/api/v1/boards/{key}/stats", tags=["statistics"])

_RESPONSES = or_csv(
    "The statistics; with `format=csv` the cards behind them, the last done "
    f"first, with the columns {', '.join(CSV_HEAD)} (durations in seconds)."
)


@router.get("/lead-time", response_model=TimesOut, responses=_RESPONSES)
async def lead_time(call: CallDep, key: KeyInUrl, asked: Annotated[TimesIn, Query()]) -> Response:
    """Lead time, from a card's creation to done, of the cards done in a window."""
    return await _times(call, key, LEAD, asked)


@router.get("/cycle-time", response_model=TimesOut, responses=_RESPONSES)
async def cycle_time(call: CallDep, key: KeyInUrl, asked: Annotated[TimesIn, Query()]) -> Response:
    """Cycle time, from the start of work to done, of the cards done in a window; cards that were
    never started have none and are not counted."""
    return await _times(call, key, CYCLE, asked)


@router.get("/process-time", response_model=TimesOut, responses=_RESPONSES)
async def process_time(
    call: CallDep, key: KeyInUrl, asked: Annotated[TimesIn, Query()]
) -> Response:
    """Process time, spent in active columns while not blocked, of the cards done in a window; 0
    for a card that was never in an active column."""
    return await _times(call, key, PROCESS, asked)


async def _times(call: Call, key: str, measure: str, asked: TimesIn) -> Response:
    if asked.format == "json":
        return await call.read(_statistics, key, measure, asked.wanted, asked.points)
    return await csv_file(call, CSV_HEAD, _file_part, key, measure, asked.wanted)


def _statistics(
    tx: Tx, actor: Actor, key: str, measure: str, wanted: Wanted, points: list[int]
) -> dict[str, Any]:
    board = read_board(tx, actor, key=key)
    window = window_of(board, wanted)
    found = summarize(read_ordered(tx, board, measure, window, wanted.cards), points)
    return {**window_json(board, window), **_summary_json(found)}


def _summary_json(found: Summary) -> dict[str, Any]:
    return {
        "unit": "seconds",
        "count": found.count,
        "mean": _seconds(found.mean),
        "min": _seconds(found.min),
        "max": _seconds(found.max),
        "stdev": _seconds(found.stdev),
        "percentiles": {str(p): _seconds(value) for p, value in found.percentiles.items()},
        "sle": {str(p): _seconds(value) for p, value in found.sle.items()},
        "histogram": [
            {"from": seconds(bucket.start), "to": seconds(bucket.end), "count": bucket.count}
            for bucket in found.histogram
        ],
    }


def _seconds(duration: Any) -> float | None:
    return None if duration is None else seconds(duration)


def _file_part(
    tx: Tx,
    actor: Actor,
    key: str,
    measure: str,
    wanted: Wanted,
    after: tuple[int, int] | None = None,
) -> FilePart:
    part = cards_part(tx, actor, key, measure, wanted, after)
    rest = None if part.after is None else (key, measure, part.wanted, part.after)
    return FilePart(f"{part.board_key}-{measure}-time.csv", part.rows, rest)
