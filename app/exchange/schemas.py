"""The history document `weir-history/1`, and how what is wrong with one is said."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    Field,
    ValidationError,
    WithJsonSchema,
    model_validator,
)

from app.boards.schemas import Kind
from app.cards.schemas import Labels
from app.cards.vocabulary import Category, ServiceClass, WorkType
from app.errors import Invalid
from app.types import (
    Day,
    ExternalId,
    Index,
    Limit,
    Model,
    Name,
    Note,
    Prose,
    Reason,
    Title,
    Word,
    parse_moment,
)

FORMAT = "weir-history/1"

# A place in a document: `("cards", 17, "moves", 2, "at")`.
Loc = tuple[str | int, ...]


def _moment(value: object) -> int:
    if not isinstance(value, str):
        raise ValueError("must be a timestamp with a zone, like 2026-03-02T09:30:00Z")
    return parse_moment(value)


When = Annotated[
    int,
    BeforeValidator(_moment),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2016-02-29T08:53:00Z"]}),
]


class ColumnEntry(Model):
    """A column. A deleted one is there because cards have been in it."""

    name: Name = Field(examples=["Active"])
    kind: Kind
    wip_limit: Limit | None = None
    team: Word | None = None
    group: Name | None = Field(
        default=None, description="One of `groups`; its columns are neighbours."
    )
    policy: Prose = ""
    ask_before_leaving: bool = False
    deleted: bool = Field(
        default=False, description="Only in the past of cards and for archived ones."
    )
    started: bool | None = Field(
        default=None,
        description="Whether entering a deleted column started work; left out: if it is `active`.",
    )


class GroupEntry(Model):
    """A group of neighbouring columns."""

    name: Name
    wip_limit: Limit | None = None


class LaneEntry(Model):
    """A lane; an expedite lane has the limit 1 unless another is given."""

    name: Name
    wip_limit: Limit | None = None
    expedite: bool = False

    @model_validator(mode="after")
    def _expedite_is_limited(self) -> "LaneEntry":
        if self.expedite and "wip_limit" not in self.model_fields_set:
            self.wip_limit = 1
        return self


class MoveEntry(Model):
    """The card came into another column."""

    at: When
    to: Name = Field(examples=["Resolved"])


class BlockEntry(Model):
    """A time during which the card could not go on; `until` is null while it cannot."""

    start: When = Field(alias="from")
    until: When | None = None
    reason: Reason = Field(examples=["Awaiting user info"])
    category: Category = "other"
    note: Note = Field("", description="What cleared it.")


class CardEntry(Model):
    """A card with its past: where it was created, its moves, its blocked intervals."""

    external_id: ExternalId | None = Field(
        None, description="A card of the board that has it already is skipped."
    )
    title: Title
    work_type: WorkType = "feature"
    service_class: ServiceClass = "standard"
    team: Word | None = None
    description: Prose = ""
    labels: Labels = Field([])
    lane: Name | None = Field(None, description="By default the last one that is not expedite.")
    due_on: Day | None = None
    created_at: When
    column: Name = Field(description="Where it was created.", examples=["New"])
    moves: Annotated[list[MoveEntry], Field(fail_fast=True)] = Field([])
    blocks: Annotated[list[BlockEntry], Field(fail_fast=True)] = Field([])
    archived_at: When | None = None
    position: Index | None = Field(
        None,
        description="Order among the cards that end in the same column and lane; those without "
        "one follow in the order in which they came there.",
    )


class HistoryDocument(Model):
    """Cards with their pasts. `columns` (with `groups`) and `lanes` become those of a board that
    has no cards; otherwise columns and lanes are the board's own, by their names."""

    format: Literal["weir-history/1"]
    columns: Annotated[list[ColumnEntry], Field(fail_fast=True)] | None = None
    groups: Annotated[list[GroupEntry], Field(fail_fast=True)] = Field([])
    lanes: Annotated[list[LaneEntry], Field(fail_fast=True, min_length=1)] | None = None
    # The first card with errors ends the reading: a hostile document could hold millions of them.
    cards: Annotated[list[CardEntry], Field(fail_fast=True)]


class ImportOut(BaseModel):
    """How many cards came onto the board, and how many were there already."""

    created: int
    skipped: int


def read_document(source: bytes | dict[str, Any]) -> HistoryDocument:
    """The document in some JSON, or in values that were read from one; 422 names the entry."""
    try:
        if isinstance(source, bytes):
            return HistoryDocument.model_validate_json(source)
        return HistoryDocument.model_validate(source)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        raise refused([(_loc(one["loc"]), _message(one)) for one in found]) from None


def refused(errors: Sequence[tuple[Loc, str]]) -> Invalid:
    """What is wrong with a document, each entry named: `cards[17].moves[2].at: ...`."""
    error = Invalid(*((("body", *loc), message) for loc, message in errors))
    error.detail = "; ".join(
        f"{_path(loc)}: {message}" if loc else message for loc, message in errors
    )
    error.args = (error.detail,)
    return error


def places_said(error: Invalid) -> list[tuple[str, str]]:
    """What is wrong with a document as pairs: the entry, "" for all of it, and the words."""
    found = error.extensions["errors"]
    return [(_path(tuple(each["loc"][1:])), each["msg"]) for each in found]


def _path(loc: Loc) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc).strip(".")


def _loc(loc: Loc) -> Loc:
    # An unknown field's name comes from the document and can hold anything.
    return tuple(part if isinstance(part, int) else _shown(part) for part in loc)


def _message(error: Any) -> str:
    if error["type"] == "extra_forbidden":
        return "unknown field"
    return _shown(str(error["msg"]).removeprefix("Value error, "), 500)


def _shown(text: str, most: int = 100) -> str:
    return text[:most].encode("utf-8", "replace").decode()
