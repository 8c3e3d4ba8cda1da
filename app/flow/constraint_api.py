"""The API of the constraint."""

from fractions import Fraction
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from app import clock
from app.auth.actor import Actor
from app.boards.history import read_board
from app.call import Answer, CallDep
from app.db import Tx
from app.flow.constraint import Evidence
from app.flow.constraint_reading import read_constraint
from app.flow.constraint_words import advice_for, little_words, reason_for_none
from app.flow.files import csv_answer, or_csv
from app.flow.little import Little
from app.flow.metrics import seconds
from app.flow.queries import Wanted, window_of
from app.flow.refusals_reading import read_refusals
from app.flow.schemas import StatsIn, WindowOut, window_json
from app.flow.stream_queries import read_stream
from app.types import KeyInUrl

router = APIRouter(prefix="/api/v1/boards/{key}/stats", tags=["statistics"])

Share = float | None
CSV_HEAD = (
    *("name", "scope", "id", "limit", "full", "queue", "queue_share", "starved", "time_share"),
    *("refusals", "refusal_share", "blocked_share", "exits", "came_back", "score"),
)


class ConstraintIn(StatsIn):
    """Of which window, and in which form."""

    format: Literal["json", "csv"] = Field(
        "json", description="`csv` gives the work centres, a row each."
    )


class CentreOut(BaseModel):
    """A work centre, an active column or a group with one, and what speaks for its being the
    constraint. Shares are 0..1, null where the evidence cannot be had."""

    name: str = Field(examples=["Development"])
    scope: Literal["column", "group"]
    id: int
    column_ids: list[int]
    limit: int | None = Field(description="Of the column or group that was full most of the time.")
    full: Share = Field(description="Share of the time in which its limit was full.")
    queue: float | None = Field(description="Mean number of cards that waited in front of it.")
    queue_is_limited: bool
    queue_share: Share = Field(description="Of all the waiting in front of work centres.")
    starved: Share = Field(
        description="Share of the time in which the next work centre stood empty while cards were "
        "here or in front."
    )
    time_share: Share = Field(description="Of the lead time: spent here and in the queue in front.")
    refusals: int = Field(description="By its limits and those of the queue in front of it.")
    refusal_share: Share = Field(description="Of the refusals of all work centres.")
    blocked_share: Share = Field(description="Of the time in its active columns.")
    exits: int = Field(description="From its active columns to the right.")
    came_back: int
    score: float = Field(
        description="The mean of full, queue_share, starved, time_share and "
        "refusal_share, over those that are not null."
    )


class AdviceOut(BaseModel):
    """Which of the five steps comes next."""

    step: Literal["identify", "exploit", "subordinate", "elevate", "repeat"]
    words: str


class LittleOut(BaseModel):
    """Little's law with the board's own numbers: wip = throughput x cycle_time. Times in seconds.
    wip x length = throughput x cycle_time x length - before - outside + unfinished, exactly."""

    wip: float = Field(description="Mean number of cards in progress.")
    wip_at_start: int
    wip_at_end: int
    throughput_per_day: float
    cycle_time: float | None = Field(description="Mean of the cards finished in the window.")
    product: float = Field(description="throughput x cycle_time, in cards.")
    ratio: float | None = Field(description="product / wip.")
    before: float = Field(description="Time in progress of the finished cards before the window.")
    outside: float = Field(description="Cycle time of theirs in which they were not in progress.")
    unfinished: float = Field(description="Time in progress of cards not finished in the window.")
    words: str


class ConstraintOut(WindowOut):
    """The work centre that holds the flow, with its evidence; null and a reason without any."""

    constraint: CentreOut | None
    reason: str | None
    advice: AdviceOut | None
    centres: list[CentreOut] = Field(description="All work centres, from left to right.")
    littles_law: LittleOut | None = Field(description="null for a board without a card yet.")


_RESPONSES = or_csv(
    "The constraint; with `format=csv` a row for each work centre, with the "
    f"columns {', '.join(CSV_HEAD)}."
)


@router.get("/constraint", response_model=ConstraintOut, responses=_RESPONSES)
async def constraint(
    call: CallDep, key: KeyInUrl, asked: Annotated[ConstraintIn, Query()]
) -> Response:
    """The work centre that holds the flow in a window, named with its evidence, and what to do
    next about it. How full the columns were is told of all cards, whatever the filters; times,
    refusals and Little's law of those that they let through."""
    return await call.read(_answer, key, asked.wanted, asked.format)


def _answer(tx: Tx, actor: Actor, key: str, wanted: Wanted, form: str) -> Answer | dict[str, Any]:
    board = read_board(tx, actor, key=key)
    window = window_of(board, wanted)
    stream = read_stream(tx, board, window, wanted.cards)
    refusals = read_refusals(tx, board, window, wanted.cards)
    found = read_constraint(tx, board, window, wanted.cards, stream, refusals)
    centres = [_centre_json(each) for each in found.evidence]
    if form == "csv":
        rows = [[centre[name] for name in CSV_HEAD] for centre in centres]
        return csv_answer(f"{board.row.key}-constraint.csv", [CSV_HEAD, *rows])
    named = found.constraint
    window = window_of(board, wanted)
    return {
        **window_json(board, window),
        "constraint": None if named is None else centres[found.evidence.index(named)],
        "reason": reason_for_none(found.evidence) if named is None else None,
        "advice": None if named is None else advice_for(found.evidence, named)._asdict(),
        "centres": centres,
        "littles_law": None if found.little is None else _little_json(found.little),
    }


def _centre_json(each: Evidence) -> dict[str, Any]:
    centre = each.centre
    return {
        "name": centre.name,
        "scope": centre.place.scope,
        "id": centre.place.id,
        "column_ids": list(centre.columns),
        "limit": each.limit,
        "full": _number(each.full),
        "queue": _number(each.queue),
        "queue_is_limited": centre.queue_is_limited,
        "queue_share": _number(each.queue_share),
        "starved": _number(each.starved),
        "time_share": _number(each.time_share),
        "refusals": each.refusals,
        "refusal_share": _number(each.refusal_share),
        "blocked_share": _number(each.blocked_share),
        "exits": each.exits,
        "came_back": each.returned,
        "score": float(each.score),
    }


def _little_json(little: Little) -> dict[str, Any]:
    cycle = little.mean_cycle_time
    return {
        "wip": float(little.wip),
        "wip_at_start": little.at_start,
        "wip_at_end": little.at_end,
        "throughput_per_day": float(Fraction(little.finished * clock.DAY, little.length)),
        "cycle_time": None if cycle is None else seconds(cycle),
        "product": float(little.product),
        "ratio": _number(little.ratio),
        "before": seconds(little.before),
        "outside": seconds(little.outside),
        "unfinished": seconds(little.unfinished),
        "words": little_words(little),
    }


def _number(share: Fraction | None) -> float | None:
    return None if share is None else float(share)
