"""The API of the work mix: what the work is made of."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Annotated, Any, Literal, NamedTuple

from fastapi import APIRouter, Query
from pydantic import BaseModel, BeforeValidator, Field
from starlette.responses import Response

from app.auth.actor import Actor
from app.boards.history import OpenBoard, read_board
from app.call import Answer, CallDep
from app.cards.vocabulary import WorkType
from app.db import Tx
from app.flow.files import csv_answer, or_csv
from app.flow.mix import DEFAULT_TARGET, TYPES, Mix, mixed, mixed_by_span
from app.flow.mix_reading import Finished, read_finished, read_in_progress
from app.flow.queries import Wanted, Window, window_of
from app.flow.schemas import StatsIn, WindowOut, window_json
from app.flow.weeks import Month, Week, counted, months_of, weeks_of
from app.types import KeyInUrl, digits

router = APIRouter(prefix="/api/v1/boards/{key}/stats", tags=["statistics"])

CSV_HEAD = ("week", *TYPES, "unplanned", "betterment_share")

PercentInUrl = Annotated[int, Field(ge=0, le=100), BeforeValidator(digits)]


class WorkMixIn(StatsIn):
    """Which cards are wanted: those done in the window, and of those in progress now the ones that
    the filters let through."""

    target: PercentInUrl = Field(
        DEFAULT_TARGET,
        description="The share that improvement and technical debt should have, in percent.",
    )
    format: Literal["json", "csv"] = Field("json", description="`csv` gives the weeks, a row each.")


class SharesOut(BaseModel):
    """How many cards, and which share (0..1) of all; null where there is no card."""

    finished: int
    finished_share: float | None
    in_progress: int
    in_progress_share: float | None


class TypeOut(SharesOut):
    """The cards of a type of work."""

    work_type: WorkType


class BettermentOut(SharesOut):
    """Improvement and technical debt together."""

    target: float = Field(description="The share that it should have, 0..1.", examples=[0.2])
    reached: bool | None = Field(
        description="Whether what was finished has it; null where nothing was."
    )


class SpanOfMixOut(BaseModel):
    """What was finished in a week or a month, named by its first day."""

    start: str = Field(examples=["2026-03-02"])
    finished: dict[WorkType, int]
    unplanned: int
    betterment_share: float | None


class WorkMixOut(WindowOut):
    """What the work is made of."""

    finished: int = Field(description="Cards done in the window.")
    in_progress: int = Field(description="Cards that are started and not done now.")
    types: list[TypeOut] = Field(description="Every type, always in the same order.")
    planned: SharesOut
    unplanned: SharesOut = Field(
        description="Incidents, and all that is of the class `expedite`: it pushes aside what was "
        "planned."
    )
    betterment: BettermentOut
    weeks: list[SpanOfMixOut] = Field(description="Every week of the window, from Monday on.")
    months: list[SpanOfMixOut] = Field(description="Every month of the window.")


class WorkMix(NamedTuple):
    """What the work on a board is made of, and was in each week and month of the window."""

    finished: Mix
    in_progress: Mix
    weeks: Sequence[tuple[Week, Mix]]
    months: Sequence[tuple[Month, Mix]]


_RESPONSES = or_csv(
    "The work mix; with `format=csv` the weeks, a row each, with the columns "
    f"{', '.join(CSV_HEAD)}."
)


@router.get("/work-mix", response_model=WorkMixOut, responses=_RESPONSES)
async def work_mix(call: CallDep, key: KeyInUrl, asked: Annotated[WorkMixIn, Query()]) -> Response:
    """What was finished in a window and is in progress now, by type of work; planned against
    unplanned; and the share of improvement and technical debt against a target."""
    if asked.format == "json":
        return await call.read(_statistics, key, asked.wanted, asked.target)
    return await call.read(_file, key, asked.wanted)


def read_mix(tx: Tx, board: OpenBoard, window: Window, wanted: Wanted) -> WorkMix:
    """What the work is made of: for the API and for the page."""
    found = read_finished(tx, board, window, wanted.cards)
    weeks = weeks_of(*window, board.row.time_zone)
    months = months_of(*window, board.row.time_zone)
    return WorkMix(
        finished=mixed(each.kind for each in found),
        in_progress=mixed(read_in_progress(tx, board, wanted.cards)),
        weeks=list(zip(weeks, _mixes(found, weeks), strict=True)),
        months=list(zip(months, _mixes(found, months), strict=True)),
    )


def _mixes(found: Sequence[Finished], spans: Sequence[Week | Month]) -> list[Mix]:
    return mixed_by_span([(each.kind, counted(each.moments, spans)) for each in found], len(spans))


def _statistics(tx: Tx, actor: Actor, key: str, wanted: Wanted, target: int) -> dict[str, Any]:
    board = read_board(tx, actor, key=key)
    window = window_of(board, wanted)
    mix = read_mix(tx, board, window, wanted)
    done, doing = mix.finished, mix.in_progress
    return {
        **window_json(board, window),
        "finished": done.total,
        "in_progress": doing.total,
        "types": [
            {"work_type": name, **_shares(mix, done.counts[place], doing.counts[place])}
            for place, name in enumerate(TYPES)
        ],
        "planned": _shares(mix, done.planned, doing.planned),
        "unplanned": _shares(mix, done.unplanned, doing.unplanned),
        "betterment": {
            **_shares(mix, done.betterment, doing.betterment),
            "target": target / 100,
            "reached": done.reaches(target),
        },
        "weeks": [_span(week.monday.isoformat(), each) for week, each in mix.weeks],
        "months": [_span(month.first.isoformat(), each) for month, each in mix.months],
    }


def _span(start: str, mix: Mix) -> dict[str, Any]:
    return {
        "start": start,
        "finished": dict(zip(TYPES, mix.counts, strict=True)),
        "unplanned": mix.unplanned,
        "betterment_share": _float(mix.share(mix.betterment)),
    }


def _shares(mix: WorkMix, finished: int, in_progress: int) -> dict[str, Any]:
    return {
        "finished": finished,
        "finished_share": _float(mix.finished.share(finished)),
        "in_progress": in_progress,
        "in_progress_share": _float(mix.in_progress.share(in_progress)),
    }


def _float(share: Fraction | None) -> float | None:
    return None if share is None else float(share)


def _file(tx: Tx, actor: Actor, key: str, wanted: Wanted) -> Answer:
    board = read_board(tx, actor, key=key)
    mix = read_mix(tx, board, window_of(board, wanted), wanted)
    rows = [_csv_row(week, each) for week, each in mix.weeks]
    return csv_answer(f"{board.row.key}-work-mix.csv", [CSV_HEAD, *rows])


def _csv_row(week: Week, mix: Mix) -> tuple[str | int | None, ...]:
    share = mix.share(mix.betterment)
    text = None if share is None else f"{float(share):.4f}"
    return (week.monday.isoformat(), *mix.counts, mix.unplanned, text)
