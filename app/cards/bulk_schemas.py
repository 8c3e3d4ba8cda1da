"""What the API takes and gives about many cards at once, and about taking back."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from app.cards.bulk import (
    MOST_CARDS,
    Action,
    ArchiveAll,
    AssignAll,
    BlockAll,
    Chosen,
    LabelAll,
    MoveAll,
    RestoreAll,
    UnblockAll,
)
from app.cards.schemas import Assignees, Labels
from app.cards.vocabulary import Category
from app.types import Id, Model, Note, Reason


class ChosenIn(Model):
    """One of the cards."""

    id: Id = Field(examples=[198])
    version: Id | None = Field(
        None, description="Only if it has not changed since this version; 409 where it has."
    )

    def chosen(self) -> Chosen:
        """The card as the verb takes it."""
        return Chosen(self.id, self.version)


class _ManyIn(Model):
    cards: Annotated[list[ChosenIn], Field(min_length=1, max_length=MOST_CARDS)]


class MoveManyIn(_ManyIn):
    """All of them to the end of a column, in the order in which they stand."""

    action: Literal["move"]
    column_id: Id = Field(examples=[3])
    lane_id: Id | None = Field(None, description="Left out: each card keeps its lane.")
    confirmed: bool = Field(
        False,
        description="That the points of the columns that they leave are met, where these ask.",
    )

    def what(self) -> Action:
        """The change as the verb takes it."""
        return MoveAll(self.column_id, self.lane_id, self.confirmed)


class AssignManyIn(_ManyIn):
    """All of them to some people, and from others."""

    action: Literal["assign"]
    add: Assignees = Field(default_factory=list, description="Ids of members of the board.")
    remove: Assignees = Field(default_factory=list)

    def what(self) -> Action:
        """The change as the verb takes it."""
        return AssignAll(tuple(self.add), tuple(self.remove))


class LabelManyIn(_ManyIn):
    """All of them with some labels, and without others."""

    action: Literal["label"]
    add: Labels = Field(
        default_factory=list, description="Names; new ones become labels of the board."
    )
    remove: Labels = Field(default_factory=list)

    def what(self) -> Action:
        """The change as the verb takes it."""
        return LabelAll(tuple(self.add), tuple(self.remove))


class BlockManyIn(_ManyIn):
    """All of them blocked, for one reason; one that is blocked already keeps its own."""

    action: Literal["block"]
    reason: Reason
    category: Category = "other"

    def what(self) -> Action:
        """The change as the verb takes it."""
        return BlockAll(self.reason, self.category)


class UnblockManyIn(_ManyIn):
    """None of them blocked any more."""

    action: Literal["unblock"]
    note: Note = ""

    def what(self) -> Action:
        """The change as the verb takes it."""
        return UnblockAll(self.note)


class ArchiveManyIn(_ManyIn):
    """All of them into the archive."""

    action: Literal["archive"]

    def what(self) -> Action:
        """The change as the verb takes it."""
        return ArchiveAll()


class RestoreManyIn(_ManyIn):
    """All of them back from the archive."""

    action: Literal["restore"]

    def what(self) -> Action:
        """The change as the verb takes it."""
        return RestoreAll()


ManyIn = Annotated[
    MoveManyIn
    | AssignManyIn
    | LabelManyIn
    | BlockManyIn
    | UnblockManyIn
    | ArchiveManyIn
    | RestoreManyIn,
    Field(discriminator="action"),
]


class ChangedCard(BaseModel):
    """A card after the change."""

    id: int
    ref: str
    version: int


class ManyOut(BaseModel):
    """What was done. `batch` is the number under which the events of the change belong together
    (`data.batch`), null where all of the cards were so already."""

    batch: int | None
    cards: list[ChangedCard]


class ActionCard(BaseModel):
    """A card that the action changed."""

    id: int
    ref: str


class ActionOut(BaseModel):
    """Something that one did on a board."""

    seq: int = Field(description="The number of its event, or of the first of them.")
    at: str
    words: str = Field(description="What it was: `the move of OPS-7 to Test`.")
    cards: list[ActionCard]


class LastActionOut(BaseModel):
    """What would be taken back next; null where there is nothing."""

    action: ActionOut | None


class UndoneOut(BaseModel):
    """What was taken back."""

    undone: ActionOut


class FoundCardOut(BaseModel):
    """A card that goes by some letters."""

    id: int
    ref: str
    board: str
    number: int
    title: str
    archived: bool


class FoundBoardOut(BaseModel):
    """A board that goes by some letters."""

    key: str
    name: str


class FoundOut(BaseModel):
    """What goes by some letters, the likeliest first."""

    cards: list[FoundCardOut]
    boards: list[FoundBoardOut]
