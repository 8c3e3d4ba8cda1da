"""What the API takes and gives about comments, checklists and links of cards."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field, model_validator

from app.boards.schemas import PersonOut
from app.details.checklists import MOST_ITEMS
from app.types import Caption, CardRef, Id, Index, Model, Name, Remark, Title, WebAddress

LinkKind = Literal["blocks", "blocked_by", "parent_of", "child_of", "relates_to"]


class CommentIn(Model):
    """What somebody says, in Markdown; `@name` mentions a member of the board."""

    body: Remark = Field(examples=["@Grace, the *rollback* is tested."])


class CommentOut(BaseModel):
    """A comment. Of a deleted one `body` is empty and `deleted_at` is set."""

    id: int
    card_id: int
    author: PersonOut | None
    body: str
    created_at: str
    edited_at: str | None
    deleted_at: str | None


class CommentsOut(BaseModel):
    """A page of comments, oldest first."""

    items: list[CommentOut]
    next_cursor: str | None


class ChecklistIn(Model):
    """A checklist to be made, with its first items if wanted."""

    name: Name = Field(examples=["Before the release"])
    items: Annotated[list[Title], Field(max_length=MOST_ITEMS)] = Field(
        default_factory=list, examples=[["Tell support", "Try the rollback"]]
    )


class ChecklistPatch(Model):
    """A checklist's new name."""

    name: Name = Field(examples=["After the release"])


class ItemIn(Model):
    """Something to do."""

    text: Title = Field(examples=["Try the rollback"])
    index: Index | None = Field(None, description="From 0; left out: at the end.")


class ItemPatch(Model):
    """What changes on an item."""

    text: Title | None = None
    checked: bool | None = Field(None, examples=[True])
    index: Index | None = Field(None, description="Its place on the checklist, from 0.")


class ItemOut(BaseModel):
    """An item of a checklist."""

    id: int
    checklist_id: int
    text: str
    checked: bool
    checked_at: str | None
    checked_by: PersonOut | None


class ChecklistOut(BaseModel):
    """A checklist with its items in order."""

    id: int
    card_id: int
    name: str
    items: list[ItemOut]


class ChecklistsOut(BaseModel):
    """A page of a card's checklists, in order."""

    items: list[ChecklistOut]
    next_cursor: str | None


class LinkIn(Model):
    """What a card is to another one, which goes by its id or by its reference."""

    kind: LinkKind = Field(examples=["blocks"])
    card_id: Id | None = None
    ref: CardRef | None = Field(None, examples=["OPS-42"])

    @model_validator(mode="after")
    def _one_card(self) -> "LinkIn":
        if (self.card_id is None) == (self.ref is None):
            raise ValueError("give one of card_id and ref")
        return self


class LinkedCardOut(BaseModel):
    """The card at the other end of a link."""

    id: int
    ref: str
    board: str
    title: str
    column: str
    done: bool
    blocked: bool
    archived: bool


class LinkOut(BaseModel):
    """A link as one card sees it: `blocked_by` here is `blocks` at the other end."""

    id: int
    kind: LinkKind
    card: LinkedCardOut


class LinksOut(BaseModel):
    """A page of a card's links, oldest first; those to cards that one does not see are left out."""

    items: list[LinkOut]
    next_cursor: str | None


class WebLinkIn(Model):
    """An address outside, http or https, with a title if wanted."""

    url: WebAddress = Field(examples=["https://status.example.org/incidents/81"])
    title: Caption = ""


class WebLinkPatch(Model):
    """What changes on an address."""

    url: WebAddress | None = None
    title: Caption | None = Field(None, examples=["Incident 81"])


class WebLinkOut(BaseModel):
    """An address outside that belongs to a card."""

    id: int
    card_id: int
    url: str
    title: str
    created_at: str
    created_by: PersonOut | None


class WebLinksOut(BaseModel):
    """A page of a card's addresses, oldest first."""

    items: list[WebLinkOut]
    next_cursor: str | None
