"""What the API takes and gives about cards."""

from typing import Annotated

from pydantic import BaseModel, Field, model_validator

from app.boards.schemas import PersonOut
from app.cards.vocabulary import Category, ServiceClass, WorkType
from app.types import BoardKey, Day, ExternalId, Id, Index, Model, Note, Prose, Reason, Title, Word

Assignees = Annotated[list[Id], Field(max_length=50)]
Labels = Annotated[list[Word], Field(max_length=50)]


class CardIn(Model):
    """A card to be made; by default in the leftmost column and the last ordinary lane."""

    title: Title = Field(examples=["Rotate the signing key"])
    description: Prose = ""
    column_id: Id | None = None
    lane_id: Id | None = None
    work_type: WorkType = "feature"
    service_class: ServiceClass = "standard"
    team: Word | None = Field(None, description="One of the board's teams.")
    assignee_ids: Assignees = Field(default_factory=list)
    labels: Labels = Field(
        default_factory=list, description="Names; new ones become labels of the board."
    )
    due_on: Day | None = None
    external_id: ExternalId | None = Field(
        None, description="The id in another system, unique on the board."
    )


class CardPatch(Model):
    """What changes on a card."""

    title: Title | None = Field(None, examples=["Rotate the signing keys"])
    description: Prose | None = None
    work_type: WorkType | None = None
    service_class: ServiceClass | None = None
    team: Word | None = None
    assignee_ids: Assignees | None = None
    labels: Labels | None = None
    due_on: Day | None = None
    external_id: ExternalId | None = None


class MoveIn(Model):
    """Where a card is to go. At most one of the three places; none of them: the end."""

    column_id: Id = Field(examples=[3])
    lane_id: Id | None = Field(None, description="Left out: the card keeps its lane.")
    before_card_id: Id | None = None
    after_card_id: Id | None = None
    index: Index | None = Field(None, description="From 0, within column and lane.")
    confirmed: bool = Field(
        False,
        description="That the points of the column that it leaves are met, where that column asks.",
    )

    @model_validator(mode="after")
    def _one_place(self) -> "MoveIn":
        places = (self.before_card_id, self.after_card_id, self.index)
        if sum(place is not None for place in places) > 1:
            raise ValueError("give at most one of before_card_id, after_card_id and index")
        return self


class TransferIn(Model):
    """To which board a card is to go, and where there: by default to its leftmost column."""

    board: BoardKey = Field(examples=["WEB"])
    column_id: Id | None = Field(None, description="Of the other board.")
    lane_id: Id | None = Field(None, description="Of the other board.")


class BlockIn(Model):
    """Why a card cannot go on."""

    reason: Reason = Field(examples=["Vendor ticket 4471"])
    category: Category = "other"


class UnblockIn(Model):
    """What cleared it, if somebody wants to say."""

    note: Note = Field("", examples=["The vendor has answered"])


class BlockedOut(BaseModel):
    """Why a card cannot go on, since when, and who said so."""

    reason: str
    category: Category
    since: str
    by: PersonOut | None


class ProgressOut(BaseModel):
    """How much of a card's checklists is done."""

    done: int
    total: int


class CardOut(BaseModel):
    """A card. Durations are seconds; `lead_time` and `cycle_time` are null until it is done,
    `cycle_time` also where it was never started, `age` unless it is started and not done."""

    id: int
    number: int
    ref: str
    board: str
    title: str
    description: str
    column_id: int
    lane_id: int
    position: int = Field(description="Grows from top to bottom of its column and lane.")
    work_type: WorkType
    service_class: ServiceClass
    team: str | None
    assignees: list[PersonOut]
    labels: list[str]
    due_on: str | None
    external_id: str | None
    comment_count: int
    checklist: ProgressOut = Field(description="Over all checklists of the card.")
    version: int
    created_at: str
    started_at: str | None
    done_at: str | None
    lead_time: float | None
    cycle_time: float | None
    process_time: float
    age: float | None
    blocked: BlockedOut | None
    blocked_time: float
    archived_at: str | None
    created_by: PersonOut | None


class MovedOut(BaseModel):
    """The card after its move."""

    card: CardOut


class CardsOut(BaseModel):
    """A page of cards, by column, lane and place."""

    items: list[CardOut]
    next_cursor: str | None
