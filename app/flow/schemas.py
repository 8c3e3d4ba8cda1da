"""What the API takes and gives about statistics."""

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, Field, StringConstraints, WithJsonSchema

from app import clock
from app.boards.history import OpenBoard
from app.cards.filters import CardFilter
from app.cards.vocabulary import ServiceClass, WorkType
from app.flow.metrics import PERCENTILES
from app.flow.queries import Wanted, Window
from app.types import DayOrMoment, IdInUrl, WordInUrl

MOST_PERCENTILES = 20
_POINT = "(?:100|[1-9]?[0-9])"
_POINTS = f"{_POINT}(?:,{_POINT}){{0,{MOST_PERCENTILES - 1}}}"


def _points(value: str) -> str:
    if not re.fullmatch(_POINTS, value):
        raise ValueError(
            f"must be at most {MOST_PERCENTILES} whole numbers from 0 to 100, like 10,50,99"
        )
    return value


Points = Annotated[
    str,
    StringConstraints(max_length=1_000),
    AfterValidator(_points),
    WithJsonSchema({"type": "string", "pattern": f"^{_POINTS}$", "examples": ["10,50,99"]}),
]


class FiltersIn(BaseModel):
    """The filters that all statistics share."""

    work_type: Annotated[list[WorkType], Field(max_length=50)] = []
    service_class: Annotated[list[ServiceClass], Field(max_length=50)] = []
    team: Annotated[list[WordInUrl], Field(max_length=50)] = []
    lane_id: Annotated[list[IdInUrl], Field(max_length=50)] = []
    label: Annotated[list[WordInUrl], Field(max_length=50)] = []
    assignee_id: Annotated[list[IdInUrl], Field(max_length=50)] = []

    @property
    def cards(self) -> CardFilter:
        """Which cards are meant. Several values of a filter mean any of them."""
        return CardFilter(
            archived=None,
            work_type=tuple(self.work_type),
            service_class=tuple(self.service_class),
            team=tuple(self.team),
            lane_id=tuple(self.lane_id),
            label=tuple(self.label),
            assignee_id=tuple(self.assignee_id),
        )


class StatsIn(FiltersIn):
    """The window and the filters that most statistics share."""

    start: DayOrMoment | None = Field(
        None,
        alias="from",
        description="Where the window begins: a day in the board's zone, or a timestamp with a "
        "zone. Default: 90 days before `to`.",
    )
    end: DayOrMoment | None = Field(
        None,
        alias="to",
        description="Before what it ends: a day in the board's zone (itself not included), or a "
        "timestamp with a zone. Default: now.",
    )

    @property
    def wanted(self) -> Wanted:
        """The cards that are to be measured."""
        return Wanted(self.start, self.end, self.cards)


class TimesIn(StatsIn):
    """Which statistics of durations are wanted."""

    percentiles: Points = Field(
        ",".join(map(str, PERCENTILES)), description="Of `percentiles` and `sle`: 0 to 100."
    )
    format: Literal["json", "csv"] = Field(
        "json", description="`csv` gives the cards behind the numbers instead, a card a row."
    )

    @property
    def points(self) -> list[int]:
        """The percentiles that are wanted."""
        return list(map(int, self.percentiles.split(",")))


class WindowOut(BaseModel):
    """Of which board and window a statistic is."""

    board: str = Field(examples=["OPS"])
    start: str = Field(alias="from", examples=["2026-03-02T00:00:00.000000Z"])
    end: str = Field(alias="to", examples=["2026-06-01T00:00:00.000000Z"])


def window_json(board: OpenBoard, window: Window) -> dict[str, Any]:
    """Of which board and window a statistic is, as the API shows it."""
    return {
        "board": board.row.key,
        "from": clock.iso(window.start),
        "to": clock.iso(window.end),
    }


class BucketOut(BaseModel):
    """How many cards took `from <= seconds < to`; in the last bucket `<= to`."""

    start: float = Field(alias="from")
    end: float = Field(alias="to")
    count: int


class TimesOut(WindowOut):
    """Statistics of the cards done in a window, in seconds. Over no card, `count` is 0 and the
    numbers are null."""

    unit: Literal["seconds"]
    count: int
    mean: float | None
    min: float | None
    max: float | None
    stdev: float | None = Field(description="The population's standard deviation.")
    percentiles: dict[str, float | None] = Field(
        description="Interpolated linearly between closest ranks.",
        examples=[{"50": 187200.0, "85": 541440.5}],
    )
    sle: dict[str, float | None] = Field(
        description="Nearest rank: the smallest observed value that at least so many percent of "
        "the cards did not exceed.",
        examples=[{"50": 187200.0, "85": 539100.0}],
    )
    histogram: list[BucketOut] = Field(
        description="At most 20 buckets of one round width from zero; if cards took longer than "
        "that, one more holds them."
    )
