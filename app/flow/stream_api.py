"""The API of the value stream."""

from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from app import clock
from app.auth.actor import Actor
from app.boards.history import OpenBoard, read_board
from app.boards.shape import ELSEWHERE
from app.call import Answer, CallDep
from app.db import Tx
from app.flow.files import csv_answer, or_csv
from app.flow.metrics import seconds
from app.flow.queries import Wanted, Window, window_of
from app.flow.schemas import StatsIn, WindowOut, window_json
from app.flow.stream import Step, Stream
from app.flow.stream_queries import CardName, card_names, read_stream
from app.types import KeyInUrl

router = APIRouter(prefix="/api/v1/boards/{key}/stats", tags=["statistics"])

LONGEST = 10
CSV_HEAD = (
    *("step", "kind", "team", "deleted", "lead_time", "process_time", "wait_time"),
    *("percent_complete_accurate", "exits", "came_back"),
)


class StreamIn(StatsIn):
    """Which cards are wanted, and in which form."""

    format: Literal["json", "csv"] = Field("json", description="`csv` gives the steps, a row each.")


class LongOut(BaseModel):
    """A card that was long in a step, with the time that it was in it, in seconds."""

    id: int
    ref: str = Field(examples=["OPS-42"])
    title: str
    time: float
    wait_time: float


class StepOut(BaseModel):
    """A column's part of the stream."""

    column_id: int | None = Field(
        description="null for what stands for the columns of other boards, from where cards came."
    )
    name: str = Field(examples=["Development"])
    kind: Literal["queue", "active", "done"] | None = Field(
        description="null for what stands for the columns of other boards."
    )
    team: str | None = Field(examples=["dev"])
    deleted: bool = Field(description="Whether the column is in the history only.")
    lead_time: float | None = Field(
        description="Mean time in the column, in seconds; a card that skipped it counts as 0."
    )
    process_time: float | None = Field(
        description="Of it the time in which the column was active and the card not blocked."
    )
    wait_time: float | None = Field(description="The rest of it.")
    percent_complete_accurate: float | None = Field(
        description="Of the exits from the column to the right in the window, of finished and "
        "unfinished cards, the share (0..1) after which the card did not come back into the "
        "column by a move from the right. null without such an exit.",
        examples=[0.9],
    )
    exits: int = Field(description="Exits to the right in the window.")
    came_back: int = Field(description="How many of them after which the card came back.")
    longest: list[LongOut] = Field(description="The ten cards that were longest in it.")


class StreamOut(WindowOut):
    """The value stream of a window, in seconds: means over the cards done in it. The lead times of
    the steps add up to that of the whole, and so do the process times."""

    unit: Literal["seconds"]
    count: int
    steps: list[StepOut] = Field(description="From left to right.")
    lead_time: float | None
    process_time: float | None
    wait_time: float | None
    flow_efficiency: float | None = Field(description="process_time / lead_time: 0..1.")
    rolled_percent_complete_accurate: float | None = Field(
        description="The product over the columns that have a share."
    )
    handoffs_per_card: float | None = Field(
        description="How often a card came into a column whose team differs from that of the last "
        "column with a team it was in."
    )


_RESPONSES = or_csv(
    "The value stream; with `format=csv` a row for each step, with the columns "
    f"{', '.join(CSV_HEAD)} (durations in seconds), the whole in the last one."
)


@router.get("/value-stream", response_model=StreamOut, responses=_RESPONSES)
async def value_stream(
    call: CallDep, key: KeyInUrl, asked: Annotated[StreamIn, Query()]
) -> Response:
    """The value stream: for each column the mean time that the cards done in a window were in it,
    how much of it was work, and the share that passed it right the first time; and the whole."""
    if asked.format == "json":
        return await call.read(_json, key, asked.wanted)
    return await call.read(_csv, key, asked.wanted)


def _json(tx: Tx, actor: Actor, key: str, wanted: Wanted) -> dict[str, Any]:
    board = read_board(tx, actor, key=key)
    window = window_of(board, wanted)
    stream = read_stream(tx, board, window, wanted.cards, LONGEST)
    names = card_names(tx, {long.card_id for step in stream.steps for long in step.longest})
    return _stream_json(board, window, stream, names)


def _csv(tx: Tx, actor: Actor, key: str, wanted: Wanted) -> Answer:
    board = read_board(tx, actor, key=key)
    stream = read_stream(tx, board, window_of(board, wanted), wanted.cards)
    return csv_answer(f"{board.row.key}-value-stream.csv", [CSV_HEAD, *csv_of(stream)])


def csv_of(stream: Stream) -> list[tuple[str | int | None, ...]]:
    """The steps as rows under `CSV_HEAD`, and the whole below them."""
    rolled = stream.rolled_percent_complete_accurate
    whole = ("Whole", None, None, None, *_texts(stream), _text(rolled), None, None)
    return [*(_csv_row(step) for step in stream.steps), whole]


def _csv_row(step: Step) -> tuple[str | int | None, ...]:
    place = step.place
    return (
        place.name,
        place.kind,
        place.team,
        "yes" if place.deleted else "no",
        *_texts(step),
        _text(step.percent_complete_accurate),
        step.exits,
        step.returned,
    )


def _stream_json(
    board: OpenBoard, window: Window, stream: Stream, names: dict[int, CardName]
) -> dict[str, Any]:
    return {
        **window_json(board, window),
        "unit": "seconds",
        "count": stream.count,
        "steps": [_step_json(board, step, names) for step in stream.steps],
        **_times_json(stream),
        "flow_efficiency": _number(stream.flow_efficiency),
        "rolled_percent_complete_accurate": _number(stream.rolled_percent_complete_accurate),
        "handoffs_per_card": _number(stream.handoffs_per_card),
    }


def _step_json(board: OpenBoard, step: Step, names: dict[int, CardName]) -> dict[str, Any]:
    place = step.place
    return {
        "column_id": None if place.id == ELSEWHERE else place.id,
        "name": place.name,
        "kind": place.kind,
        "team": place.team,
        "deleted": place.deleted,
        **_times_json(step),
        "percent_complete_accurate": _number(step.percent_complete_accurate),
        "exits": step.exits,
        "came_back": step.returned,
        "longest": [
            {
                "id": long.card_id,
                "ref": f"{board.row.key}-{names[long.card_id].number}",
                "title": names[long.card_id].title,
                "time": seconds(long.time),
                "wait_time": seconds(long.time - long.process),
            }
            for long in step.longest
        ],
    }


def _times_json(part: Step | Stream) -> dict[str, float | None]:
    return {
        "lead_time": _seconds(part.lead_time),
        "process_time": _seconds(part.process_time),
        "wait_time": _seconds(part.wait_time),
    }


def _seconds(duration: Fraction | None) -> float | None:
    return None if duration is None else seconds(duration)


def _number(ratio: Fraction | None) -> float | None:
    return None if ratio is None else float(ratio)


def _texts(part: Step | Stream) -> tuple[str | None, ...]:
    return tuple(
        None if duration is None else f"{Decimal(round(duration)) / clock.SECOND:f}"
        for duration in (part.lead_time, part.process_time, part.wait_time)
    )


def _text(share: Fraction | None) -> str | None:
    return None if share is None else f"{float(share):.6f}"
