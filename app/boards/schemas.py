"""What the API takes and gives about boards."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, Field, StringConstraints, model_validator

from app.boards.service import check_time_zone
from app.types import BoardKey, Email, Limit, Model, Name, Word

TimeZone = Annotated[str, StringConstraints(max_length=64), AfterValidator(check_time_zone)]
Role = Literal["viewer", "member", "liaison", "manager"]
Kind = Literal["queue", "active", "done"]


class BoardIn(Model):
    """A board to be made."""

    key: BoardKey = Field(examples=["OPS"])
    name: Name = Field(examples=["Platform, Dev and Ops"])
    time_zone: TimeZone = "UTC"
    template: Literal["dev-ops", "simple", "empty", "copy"] = "dev-ops"
    copy_of: BoardKey | None = Field(
        None, description="With the template `copy`: the board whose shape it gets, without cards."
    )
    copy_members: bool = Field(False, description="With `copy`: its members and their roles too.")

    @model_validator(mode="after")
    def _copy_says_of_what(self) -> "BoardIn":
        if (self.template == "copy") != (self.copy_of is not None):
            raise ValueError("the template copy and copy_of are given together")
        if self.copy_members and self.copy_of is None:
            raise ValueError("copy_members goes with the template copy")
        return self


class BoardPatch(Model):
    """What changes on a board."""

    name: Name | None = None
    time_zone: TimeZone | None = None
    wip_limit: Limit | None = Field(None, examples=[12])
    person_wip_limit: Limit | None = None
    teams: Annotated[list[Word], Field(max_length=50)] | None = None


class MemberIn(Model):
    """A person with an account who becomes a member."""

    email: Email = Field(examples=["grace@example.org"])
    role: Role


class RolePatch(Model):
    """A member's new role."""

    role: Role = Field(examples=["liaison"])


class MemberOut(BaseModel):
    """A member of a board."""

    user_id: int
    name: str
    email: str
    role: Role


class PersonOut(BaseModel):
    """A person in a card, an event or a pull of the cord."""

    id: int
    name: str


class ColumnOut(BaseModel):
    """A column; `wip_count` is what is held against its limit (expedite lanes left out)."""

    id: int
    name: str
    position: int
    kind: Kind
    wip_limit: int | None
    group_id: int | None
    team: str | None
    policy: str = Field(description="The exit criteria, in Markdown.")
    ask_before_leaving: bool = Field(
        description="Whether a card leaves it to the right only with its points confirmed."
    )
    card_count: int
    wip_count: int


class GroupOut(BaseModel):
    """A group of neighbouring columns."""

    id: int
    name: str
    wip_limit: int | None
    wip_count: int


class LaneOut(BaseModel):
    """A lane."""

    id: int
    name: str
    position: int
    wip_limit: int | None
    expedite: bool
    wip_count: int


class AndonOut(BaseModel):
    """The pull of the andon cord while it is pulled; `pulled_by` null is the service itself."""

    reason: str = Field(examples=["Staging cluster rejects new pods"])
    pulled_by: PersonOut | None
    pulled_at: str = Field(examples=["2026-03-02T09:30:00.000000Z"])
    helpers: list[PersonOut]


class BoardOut(BaseModel):
    """A board with its columns, groups, lanes and members."""

    id: int
    key: str
    name: str
    time_zone: str
    wip_limit: int | None
    wip_count: int
    person_wip_limit: int | None
    seq: int
    teams: list[str]
    andon: AndonOut | None = Field(description="The pull of the andon cord; null while it hangs.")
    sample: bool
    archived_at: str | None
    created_at: str
    columns: list[ColumnOut]
    groups: list[GroupOut]
    lanes: list[LaneOut]
    members: list[MemberOut]


class BoardLineOut(BaseModel):
    """A board in the list of boards, with what is going on: `wip_count` is what the board's limit
    counts, `over_count` how many of its limits are exceeded, `done_count` how many cards were
    finished in the last seven days. `role` is null for an administrator who is no member."""

    id: int
    key: str
    name: str
    time_zone: str
    seq: int
    archived_at: str | None
    sample: bool
    role: Role | None
    cards_open: int
    wip_count: int
    wip_limit: int | None
    blocked_count: int
    over_count: int
    done_count: int
    andon_pulled: bool


class BoardsOut(BaseModel):
    """A page of boards."""

    items: list[BoardLineOut]
    next_cursor: str | None


class MembersOut(BaseModel):
    """A page of members."""

    items: list[MemberOut]
    next_cursor: str | None


class EventCard(BaseModel):
    """The card of an event."""

    id: int
    number: int
    ref: str
    title: str


class EventOut(BaseModel):
    """Something that happened on a board."""

    seq: int
    type: str = Field(examples=["card.moved"])
    at: str
    actor: PersonOut | None
    card: EventCard | None
    data: dict[str, Any]


class EventsOut(BaseModel):
    """A page of events, oldest first."""

    items: list[EventOut]
    next_cursor: str | None
