"""What the API takes and gives about throughput and forecasts."""

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field

from app.flow.finished import MOST_SAMPLE_DAYS, Question
from app.flow.forecast import MOST_ITEMS
from app.flow.queries import Wanted
from app.flow.schemas import FiltersIn, StatsIn, WindowOut
from app.types import Day, DayOrMoment, digits


class ThroughputIn(StatsIn):
    """Of which window the throughput is wanted, and in which intervals."""

    interval: Literal["day", "week", "month"] = Field(
        "day", description="Calendar intervals in the board's zone; a week begins on Monday."
    )
    format: Literal["json", "csv"] = Field(
        "json", description="`csv` gives the series, an interval a row."
    )


class IntervalOut(BaseModel):
    """An interval by its first day, and how many cards were done in it."""

    start: str = Field(examples=["2026-03-02"])
    count: int


class ThroughputOut(WindowOut):
    """The cards done in a window, by interval: every interval that has a part in the window is
    there, zeros included. The first and the last count the part of theirs that lies in it."""

    interval: Literal["day", "week", "month"]
    series: list[IntervalOut]
    total: int


Items = Annotated[int, Field(ge=1, le=MOST_ITEMS), BeforeValidator(digits)]
SampleDays = Annotated[int, Field(ge=1, le=MOST_SAMPLE_DAYS), BeforeValidator(digits)]


class ForecastIn(FiltersIn):
    """What is to be forecast, and from which past."""

    items: Items | None = Field(
        None,
        description="When will so many more cards be done? Default, where `by` is not given "
        "either: all cards that are not done yet.",
    )
    by: Day | None = Field(
        None,
        description="How many cards will be done by the end of this day? It must be after today "
        "in the board's zone.",
    )
    sample_days: SampleDays | None = Field(
        None,
        description="How many whole past days are drawn from, up to yesterday, or up to before "
        "`to`. Default: 90.",
    )
    start: DayOrMoment | None = Field(
        None,
        alias="from",
        description="Draw from the whole past days from then on instead of the last "
        "`sample_days`: a day in the board's zone, or a timestamp with a zone.",
    )
    end: DayOrMoment | None = Field(
        None,
        alias="to",
        description="Draw from whole past days before then: a day in the board's zone (itself not "
        "included), or a timestamp with a zone. Default: today.",
    )

    format: Literal["json", "csv"] = Field("json", description="`csv` gives a percentage a row.")

    @property
    def question(self) -> Question:
        """What is asked."""
        by = None if self.by is None else date.fromisoformat(self.by)
        wanted = Wanted(self.start, self.end, self.cards)
        return Question(self.items, by, self.sample_days, wanted)


class ForecastOut(BaseModel):
    """The exact distribution of what lies ahead if every day is like one of the sample's days at
    random. The first day that counts is tomorrow in the board's zone. What was not asked for is
    not there."""

    board: str = Field(examples=["OPS"])
    sample_from: str = Field(description="The sample's first day.", examples=["2026-03-02"])
    sample_to: str = Field(description="The day after its last one.", examples=["2026-05-31"])
    sample_days: int = Field(examples=[90])
    sample_total: int = Field(description="The cards done on these days.", examples=[117])
    items: int | None = Field(None, description="Of `when`: how many cards.", examples=[25])
    when: dict[str, date | None] | None = Field(
        None,
        description="For each percentage the day by whose end that many cards are done with that "
        "chance or a better one; null beyond the year 9999.",
        examples=[{"50": "2026-06-19", "85": "2026-06-26"}],
    )
    by: date | None = Field(None, description="Of `how_many`: by which day.")
    how_many: dict[str, int | None] | None = Field(
        None,
        description="For each percentage the largest number of cards that are done by then with "
        "that chance or a better one; null for more than a million.",
        examples=[{"50": 31, "85": 24}],
    )
