"""The API of aging work in progress."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, BeforeValidator, Field
from starlette.responses import Response

from app.call import CallDep
from app.flow.aging_answers import aging_csv, aging_json
from app.flow.aging_queries import CSV_HEAD
from app.flow.files import or_csv
from app.flow.schemas import StatsIn
from app.types import Day, KeyInUrl, digits

router = APIRouter(prefix="/api/v1/boards/{key}/stats", tags=["statistics"])


Fewest = Annotated[int, Field(ge=1, le=1_000), BeforeValidator(digits)]


class AgingIn(StatsIn):
    """Which cards are wanted, in work and past: the window is that of the past ones."""

    fewest: Fewest = Field(
        1,
        description="A column that fewer past cards left says what the one to its left says. The "
        "cards on the board and the flow page are held against a pace of 20 or more.",
    )
    as_of: Day | None = Field(
        None,
        description="A past day in the board's zone: then the cards are those that were in work at "
        "its end, with their ages at that moment, and the window ends there unless `to` is given. "
        "Cards that were discarded or left the board since are left out.",
    )
    format: Literal["json", "csv"] = Field("json", description="`csv` gives the cards, a row each.")


class AgingCardOut(BaseModel):
    """A card that is started and not done."""

    id: int
    ref: str = Field(examples=["OPS-42"])
    title: str = Field(examples=["Rotate the keys"])
    column_id: int
    age: float = Field(description="Seconds since it was started.", examples=[561600.0])
    time_in_column: float = Field(description="Seconds in its column.", examples=[86400.0])
    blocked: bool


class PaceOut(BaseModel):
    """How old past cards were when they left a column for the last time."""

    column_id: int
    percentiles: dict[str, float | None] = Field(
        description="Of the age on leaving, in seconds, interpolated linearly between closest "
        "ranks. They never fall from left to right. null where no work is started yet, and where "
        "no past card left this column or one to its left.",
        examples=[{"50": 187200.0, "70": 302400.0, "85": 541440.5, "95": 907200.0}],
    )


class AgingOut(BaseModel):
    """Aging work in progress, in seconds."""

    cards: list[AgingCardOut] = Field(description="The oldest first.")
    pace: list[PaceOut] = Field(description="Of each column that is not done, from left to right.")


_RESPONSES = or_csv(
    "The statistics; with `format=csv` the cards, the oldest first, with the "
    f"columns {', '.join(CSV_HEAD)} (durations in seconds)."
)


@router.get("/aging", response_model=AgingOut, responses=_RESPONSES)
async def aging(call: CallDep, key: KeyInUrl, asked: Annotated[AgingIn, Query()]) -> Response:
    """Aging work in progress: the cards that are started and not done, and beside them at what age
    the cards done in a window left each column."""
    if asked.format == "json":
        return await call.read(aging_json, key, asked.wanted, asked.fewest, asked.as_of)
    return await call.read(aging_csv, key, asked.wanted, asked.as_of)
