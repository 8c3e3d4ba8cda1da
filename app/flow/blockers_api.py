"""The API of blockers: what stops the work, how often, and for how long."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from app import clock
from app.auth.actor import Actor
from app.boards.history import OpenBoard, read_board
from app.call import CallDep
from app.cards.vocabulary import Category
from app.db import Tx
from app.flow import files
from app.flow.blockers import (
    Blockers,
    Cause,
    Episodes,
    Span,
    add_up,
    balances,
    belongs,
    lost_by,
)
from app.flow.blockers_reading import Told, read_episodes, told_part
from app.flow.files import FilePart, csv_file, cut, or_csv
from app.flow.metrics import seconds
from app.flow.queries import Wanted, Window, window_of
from app.flow.schemas import StatsIn, WindowOut, window_json
from app.flow.stream_queries import card_names
from app.flow.weeks import weeks_of
from app.types import KeyInUrl

router = APIRouter(prefix="/api/v1/boards/{key}/stats", tags=["statistics"])

MOST_REASONS = 100
MOST_OPEN = 200
CSV_HEAD = (
    *("ref", "title", "category", "reason", "by"),
    *("from", "until", "seconds_in_window", "note"),
)


class BlockersIn(StatsIn):
    """Which blocked intervals are wanted: those that began before the window's end and did not end
    before its start, of the cards that the filters let through."""

    format: Literal["json", "csv"] = Field(
        "json", description="`csv` gives the blocked intervals one by one instead."
    )


class CauseOut(BaseModel):
    """What a cause took from the cards within the window, in seconds."""

    episodes: int
    total: float = Field(
        description="Time lost. Where blocked intervals of one card overlap, it counts once."
    )
    mean: float | None = Field(description="The total for each episode; null without one.")
    open_now: int = Field(description="How many of the episodes go on.")


class CategoryOut(CauseOut):
    """A category of blockers."""

    category: Category


class ReasonOut(CauseOut):
    """A reason, in the words in which it was given last."""

    reason: str = Field(examples=["Vendor ticket 4471"])


class BalanceOut(BaseModel):
    """A week by its Monday: how many blockers came, went, and were there at its end."""

    start: str = Field(examples=["2026-03-02"])
    new: int
    resolved: int
    open: int


class BlockedOut(BaseModel):
    """A card that is blocked now, and for how long, in seconds."""

    id: int
    ref: str = Field(examples=["OPS-42"])
    title: str
    category: Category
    reason: str
    since: str = Field(examples=["2026-03-02T09:30:00.000000Z"])
    blocked_for: float


class BlockersOut(WindowOut, CauseOut):
    """All that blocked cards in a window. The categories may add up to more than the whole: two
    that block a card at the same time each take all of that time."""

    unit: Literal["seconds"]
    categories: list[CategoryOut] = Field(description="Whatever took most time first.")
    reasons: list[ReasonOut] = Field(
        description=f"The same by reason, {MOST_REASONS} at most. Reasons are the same if their "
        "words are, without regard to case."
    )
    other_reasons: int = Field(description="How many reasons more there are.")
    weeks: list[BalanceOut] = Field(description="Every week of the window.")
    blocked: list[BlockedOut] = Field(
        description=f"What is blocked now, longest first, {MOST_OPEN} at most."
    )


_RESPONSES = or_csv(
    "The blockers; with `format=csv` the blocked intervals one by one, with the "
    f"columns {', '.join(CSV_HEAD)}."
)


@router.get("/blockers", response_model=BlockersOut, responses=_RESPONSES)
async def blockers(call: CallDep, key: KeyInUrl, asked: Annotated[BlockersIn, Query()]) -> Response:
    """What blocked cards in a window, by category and by reason: how often, how much time was
    lost, and what is blocked now. A blocked interval ends when its card is unblocked, done or
    archived."""
    if asked.format == "json":
        return await call.read(_statistics, key, asked.wanted)
    return await csv_file(call, CSV_HEAD, _file_part, key, asked.wanted)


def _statistics(tx: Tx, actor: Actor, key: str, wanted: Wanted) -> dict[str, Any]:
    board = read_board(tx, actor, key=key)
    window = window_of(board, wanted)
    episodes = read_episodes(tx, board, window, wanted.cards)
    found = add_up(episodes, Span(*window), board.now, most=0)
    weeks = weeks_of(*window, board.row.time_zone)
    spans = [Span(week.start, week.end) for week in weeks]
    return {
        **window_json(board, window),
        "unit": "seconds",
        **_cause_json(found.whole),
        **_causes_json(found),
        "weeks": [
            {"start": week.monday.isoformat(), **balance._asdict()}
            for week, balance in zip(weeks, balances(episodes, spans), strict=True)
        ],
        "blocked": _blocked_json(tx, board, episodes),
    }


def _causes_json(found: Blockers) -> dict[str, Any]:
    return {
        "categories": [
            {"category": cause.name, **_cause_json(cause)} for cause in found.categories
        ],
        "reasons": [
            {"reason": cause.name, **_cause_json(cause)} for cause in found.reasons[:MOST_REASONS]
        ],
        "other_reasons": max(0, len(found.reasons) - MOST_REASONS),
    }


def _cause_json(cause: Cause) -> dict[str, Any]:
    return {
        "episodes": cause.episodes,
        "total": seconds(cause.total),
        "mean": None if cause.mean is None else seconds(cause.mean),
        "open_now": cause.open_now,
    }


def _blocked_json(tx: Tx, board: OpenBoard, episodes: Episodes) -> list[dict[str, Any]]:
    some = episodes.going_on(MOST_OPEN)
    names = card_names(tx, {each.card_id for each in some})
    return [
        {
            "id": each.card_id,
            "ref": f"{board.row.key}-{names[each.card_id].number}",
            "title": names[each.card_id].title,
            "category": each.category,
            "reason": each.reason,
            "since": clock.iso(each.start),
            "blocked_for": seconds(max(0, board.now - each.start)),
        }
        for each in some
    ]


def _file_part(tx: Tx, actor: Actor, key: str, wanted: Wanted, after: int = 0) -> FilePart:
    board = read_board(tx, actor, key=key)
    window = window_of(board, wanted)
    found = told_part(tx, board, window, wanted.cards, files.PART + 1, after)
    shown, rest = cut(found, key, wanted, window, lambda told: told.id)
    rows = [_csv_row(board, window, told) for told in shown if belongs(told.episode, Span(*window))]
    return FilePart(f"{board.row.key}-blockers.csv", rows, rest)


def _csv_row(board: OpenBoard, window: Window, told: Told) -> tuple[str | None, ...]:
    episode = told.episode
    lost = lost_by(episode, Span(*window), board.now)
    return (
        f"{board.row.key}-{told.number}",
        told.title,
        episode.category,
        episode.reason,
        told.by,
        clock.iso(episode.start),
        clock.iso_or_none(episode.end),
        f"{lost // clock.SECOND}.{lost % clock.SECOND:06d}",
        told.note,
    )
