"""The API of refusals: where the limits said no."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from app import clock
from app.auth.actor import Actor
from app.auth.names import names_of
from app.boards.history import read_board
from app.call import CallDep
from app.db import Tx
from app.flow import files
from app.flow.files import FilePart, csv_file, cut, or_csv
from app.flow.queries import Wanted, window_of
from app.flow.refusals import Place
from app.flow.refusals_reading import Refused, read_refusals, refused_part
from app.flow.schemas import StatsIn, WindowOut, window_json
from app.flow.weeks import counted, weeks_of
from app.types import KeyInUrl

router = APIRouter(prefix="/api/v1/boards/{key}/stats", tags=["statistics"])

CSV_HEAD = (
    *("at", "ref", "title", "person", "action"),
    *("scope", "place_id", "place", "limit", "held"),
)


class RefusalsIn(StatsIn):
    """Which refusals are wanted: those that happened in the window. With a filter, those of the
    cards that it lets through; without one, also those of cards that were never made."""

    format: Literal["json", "csv"] = Field(
        "json", description="`csv` gives the refusals one by one instead, the last first."
    )


class TurnedAwayOut(BaseModel):
    """A person who was turned away, and how often; null is the service itself."""

    id: int | None
    name: str | None = Field(examples=["Ada Lovelace"])
    count: int


class RefusingPlaceOut(BaseModel):
    """A place whose limit refused. A place that is gone keeps its last name."""

    scope: Literal["column", "group", "lane", "board", "person"]
    id: int | None = Field(description="Null for a place that the refused change would have made.")
    name: str = Field(examples=["Test"])
    count: int = Field(description="How often it refused.")
    last: str = Field(examples=["2026-03-02T09:30:00.000000Z"])
    limit: int = Field(description="Its limit when it last refused.")
    held: int = Field(description="How many cards it held then.")
    people: list[TurnedAwayOut] = Field(description="Who was turned away, most often first.")


class WeekOut(BaseModel):
    """A week by its Monday, and how many there were in it."""

    start: str = Field(examples=["2026-03-02"])
    count: int


class RefusalsOut(WindowOut):
    """Refusals of a window by place."""

    count: int = Field(description="How often a limit refused.")
    places: list[RefusingPlaceOut] = Field(description="The one that refused most often first.")
    weeks: list[WeekOut] = Field(description="Every week of the window, zeros included.")
    other_rules: dict[str, int] = Field(
        description="How often something else than a limit refused; not in `count`.",
        examples=[{"blocked": 3}],
    )


_RESPONSES = or_csv(
    "The refusals by place; with `format=csv` one by one, the last first, with "
    f"the columns {', '.join(CSV_HEAD)}."
)


@router.get("/refusals", response_model=RefusalsOut, responses=_RESPONSES)
async def refusals(call: CallDep, key: KeyInUrl, asked: Annotated[RefusalsIn, Query()]) -> Response:
    """Where the limits said no in a window: how often, when last, to whom, and how full it was."""
    if asked.format == "json":
        return await call.read(_statistics, key, asked.wanted)
    return await csv_file(call, CSV_HEAD, _file_part, key, asked.wanted)


def _statistics(tx: Tx, actor: Actor, key: str, wanted: Wanted) -> dict[str, Any]:
    board = read_board(tx, actor, key=key)
    window = window_of(board, wanted)
    found = read_refusals(tx, board, window, wanted.cards)
    names = names_of(tx, {i for place in found.places for i, _ in place.people if i is not None})
    weeks = weeks_of(*window, board.row.time_zone)
    return {
        **window_json(board, window),
        "count": found.count,
        "places": [_place_json(place, names) for place in found.places],
        "weeks": [
            {"start": week.monday.isoformat(), "count": count}
            for week, count in zip(weeks, counted(found.moments, weeks), strict=True)
        ],
        "other_rules": dict(found.others),
    }


def _place_json(place: Place, names: dict[int, str]) -> dict[str, Any]:
    return {
        "scope": place.scope,
        "id": place.id,
        "name": place.name,
        "count": place.count,
        "last": clock.iso(place.last),
        "limit": place.limit,
        "held": place.held,
        "people": [
            {"id": person, "name": None if person is None else names[person], "count": count}
            for person, count in place.people
        ],
    }


def _file_part(
    tx: Tx, actor: Actor, key: str, wanted: Wanted, after: tuple[int, int] | None = None
) -> FilePart:
    board = read_board(tx, actor, key=key)
    window = window_of(board, wanted)
    found = refused_part(tx, board, window, wanted.cards, files.PART + 1, after)
    shown, rest = cut(found, key, wanted, window, lambda each: (each.event.at, each.event.seq))
    return FilePart(f"{board.row.key}-refusals.csv", [_csv_row(each) for each in shown], rest)


def _csv_row(refused: Refused) -> tuple[str | int | None, ...]:
    event, facts = refused.event, refused.event.facts
    has_number = event.card_number is not None
    return (
        clock.iso(event.at),
        f"{event.board_key}-{event.card_number}" if has_number else None,
        event.card_title,
        event.actor_name,
        facts.get("action"),
        facts["scope"],
        facts["place"]["id"],
        facts["place"]["name"],
        facts["limit"],
        facts["count"],
    )
