"""What the API takes about columns, groups and lanes."""

from typing import Annotated

from pydantic import BaseModel, Field, model_validator

from app.boards.schemas import Kind
from app.types import Id, Index, Limit, Model, Name, Prose, Word

Ids = Annotated[list[Id], Field(max_length=100)]


class ColumnIn(Model):
    """A column to be added."""

    name: Name = Field(examples=["Review"])
    kind: Kind = "queue"
    wip_limit: Limit | None = None
    group_id: Id | None = None
    team: Word | None = None
    policy: Prose = ""
    ask_before_leaving: bool = Field(
        False, description="Whether a card leaves to the right only with `confirmed` points."
    )
    position: Index | None = Field(None, description="From 0; left out: at the right end.")


class ColumnPatch(Model):
    """What changes on a column."""

    name: Name | None = None
    kind: Kind | None = None
    wip_limit: Limit | None = Field(None, examples=[4])
    group_id: Id | None = None
    team: Word | None = None
    policy: Prose | None = None
    ask_before_leaving: bool | None = None


class ColumnOrder(Model):
    """All columns of a board from left to right."""

    column_ids: Ids = Field(examples=[[1, 3, 2]])


class MeasureOut(BaseModel):
    """Of how many cards a duration is, and what 85 % of them did not exceed, in seconds."""

    count: int
    sle: float | None


class ChangeOut(BaseModel):
    """A measure of the cards done in the last 90 days, before and after."""

    before: MeasureOut
    after: MeasureOut


class EffectOut(BaseModel):
    """What a change of the columns does to the clocks: of how many cards any of them, the start of
    work, the end of it and the process time; the promises made of them; the same in sentences."""

    cards: int
    started: int
    done: int
    process_time: int
    lead_time: ChangeOut
    cycle_time: ChangeOut
    words: list[str]


class TeamIn(Model):
    """The name of a team."""

    name: Word = Field(examples=["platform"])


class GroupIn(Model):
    """A group to be made of neighbouring columns."""

    name: Name = Field(examples=["Development"])
    wip_limit: Limit | None = None
    column_ids: Ids = Field(default_factory=list)


class GroupPatch(Model):
    """What changes on a group."""

    name: Name | None = None
    wip_limit: Limit | None = Field(None, examples=[5])
    column_ids: Ids | None = None


class LaneIn(Model):
    """A lane to be added; an expedite lane has the limit 1 unless another is given."""

    name: Name = Field(examples=["Expedite"])
    wip_limit: Limit | None = None
    expedite: bool = False
    position: Index | None = Field(None, description="From 0; left out: at the bottom.")

    @model_validator(mode="after")
    def _expedite_is_limited(self) -> "LaneIn":
        if self.expedite and "wip_limit" not in self.model_fields_set:
            self.wip_limit = 1
        return self


class LanePatch(Model):
    """What changes on a lane."""

    name: Name | None = None
    wip_limit: Limit | None = Field(None, examples=[2])
    expedite: bool | None = None


class LaneOrder(Model):
    """All lanes of a board from top to bottom."""

    lane_ids: Ids = Field(examples=[[2, 1]])
