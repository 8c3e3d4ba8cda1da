"""The API of throughput and forecasts."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from app.auth.actor import Actor
from app.boards.history import read_board
from app.call import Answer, CallDep
from app.db import Tx
from app.flow.files import csv_answer, or_csv
from app.flow.finished import Forecast, Question, read_forecast, read_throughput
from app.flow.forecast import POINTS
from app.flow.forecast_schemas import ForecastIn, ForecastOut, ThroughputIn, ThroughputOut
from app.flow.queries import window_of
from app.flow.schemas import window_json
from app.types import KeyInUrl

router = APIRouter(prefix="/api/v1/boards/{key}/stats", tags=["statistics"])

_THROUGHPUT = or_csv(
    "The throughput; with `format=csv` the series with the columns start, count.",
)


_FORECAST = or_csv(
    "The forecast; with `format=csv` its answers with the columns percent, when, how_many.",
    409,
)


@router.get("/throughput", response_model=ThroughputOut, responses=_THROUGHPUT)
async def throughput(
    call: CallDep, key: KeyInUrl, asked: Annotated[ThroughputIn, Query()]
) -> Response:
    """Throughput: how many cards were done in each day, week or month of a window."""
    return await call.read(_throughput, key, asked)


@router.get("/forecast", response_model=ForecastOut, responses=_FORECAST)
async def forecast(call: CallDep, key: KeyInUrl, asked: Annotated[ForecastIn, Query()]) -> Response:
    """Forecast: when so many cards will be done, and how many by a day, with 50, 70, 85 and 95 %
    confidence; 409 where nothing was finished in the sample."""
    return await call.read(_forecast, key, asked)


def _throughput(tx: Tx, actor: Actor, key: str, asked: ThroughputIn) -> Answer | dict[str, Any]:
    board = read_board(tx, actor, key=key)
    window = window_of(board, asked.wanted)
    series = read_throughput(tx, board, window, asked.cards, asked.interval)
    if asked.format == "csv":
        rows = [(each.start.isoformat(), each.count) for each in series]
        return csv_answer(f"{board.row.key}-throughput.csv", [("start", "count"), *rows])
    return {
        **window_json(board, window),
        "interval": asked.interval,
        "series": [{"start": each.start, "count": each.count} for each in series],
        "total": sum(each.count for each in series),
    }


def _forecast(tx: Tx, actor: Actor, key: str, asked: ForecastIn) -> Answer | dict[str, Any]:
    board = read_board(tx, actor, key=key)
    found = read_forecast(tx, board, asked.question)
    if asked.format == "json":
        return _forecast_json(board.row.key, asked.question, found)
    dates, amounts = found.when or {}, found.how_many or {}
    rows = [(point, _text(dates.get(point)), amounts.get(point)) for point in POINTS]
    return csv_answer(f"{board.row.key}-forecast.csv", [("percent", "when", "how_many"), *rows])


def _text(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _forecast_json(key: str, question: Question, found: Forecast) -> dict[str, Any]:
    answers: dict[str, Any] = {}
    if found.when is not None:
        answers |= {"items": found.items, "when": _by_name(found.when)}
    if found.how_many is not None:
        answers |= {"by": question.by, "how_many": _by_name(found.how_many)}
    return {
        "board": key,
        "sample_from": found.sample.first,
        "sample_to": found.sample.end,
        "sample_days": len(found.sample.counts),
        "sample_total": sum(found.sample.counts),
        **answers,
    }


def _by_name(answers: Mapping[int, date | int | None]) -> dict[str, date | int | None]:
    return {str(point): answer for point, answer in answers.items()}
