"""What the board's templates are given: plain values, with every word already chosen."""

from dataclasses import dataclass, field
from typing import NamedTuple

from markupsafe import Markup

from app.words import Moment


@dataclass(frozen=True, slots=True)
class Person:
    """A person as a face on the board."""

    id: int
    name: str
    initials: str
    hue_class: str
    full: str = ""  # "2 of 2 in work", where the person's limit is reached


class Age(NamedTuple):
    """How long a card has been in work; `bars` is how many of four it fills beside the board's
    past, None where there is too little of it."""

    text: str
    bars: int | None
    title: str


class Due(NamedTuple):
    """When a card is due; `tone` is "quiet", "soon" or "late"."""

    text: str
    tone: str


class Chip(NamedTuple):
    """A label as a coloured chip."""

    name: str
    color: str


class CardFace(NamedTuple):
    """A card as the board shows it; what the template of a card takes, in this order. Its texts are
    escaped once, here, since most of them stand in several places."""

    id: int
    version: int
    ref: Markup
    url: Markup
    title: Markup
    long_title: bool
    expedite: bool
    blocked_text: Markup | None
    spoken: Markup
    marks: Markup  # the team, the class, when it is due
    people: Markup
    facts: Markup  # the age, the checklist, comments, labels, the type
    may_work: bool


@dataclass(frozen=True, slots=True)
class LimitPlace:
    """Whose limit it is, for those who may change it; `url` leads to its settings."""

    scope: str
    id: int
    name: str
    url: str


@dataclass(frozen=True, slots=True)
class Gauge:
    """A limit and how full its place is, in numbers, words and segments."""

    wip_limit: int | None
    wip_count: int
    state: str
    words: str
    spoken: str
    meter: list[bool] | None
    fill: int
    some: int | None = None  # how many of them a filter leaves to be seen
    place: LimitPlace | None = None
    why: str = ""  # where it holds more than its limit: since when


@dataclass(frozen=True, slots=True)
class CellView:
    """A column's part of a lane: an ordered list of cards, already rendered."""

    column_id: int
    lane_id: int
    dom_id: str
    html: Markup
    empty: bool


@dataclass(frozen=True, slots=True)
class ColumnView:
    """A column with its header and cells."""

    id: int
    name: str
    kind: str
    team: str | None
    policy: str
    asks: bool
    gauge: Gauge
    card_count: int
    in_group: bool
    url: str
    cells: list[CellView] = field(default_factory=list)
    hidden_done: int = 0
    stops: bool = False  # the cord is pulled, and what came here would be new work
    stopped: bool = False  # the first of these columns


@dataclass(frozen=True, slots=True)
class GroupView:
    """A group of columns with its header."""

    id: int
    name: str
    gauge: Gauge


@dataclass(frozen=True, slots=True)
class SectionView:
    """One column alone, or a group's columns in one box."""

    group: GroupView | None
    columns: list[ColumnView]


@dataclass(frozen=True, slots=True)
class LaneView:
    """A swimlane with its header."""

    id: int
    name: str
    expedite: bool
    gauge: Gauge
    card_count: int
    ticker: list[str]


@dataclass(frozen=True, slots=True)
class CordView:
    """The pull of the andon cord as a board shows it: why, by whom, how long ago, who helps;
    `helps` says that the person who looks does."""

    reason: str
    who: str
    since: Moment
    ago: str
    helpers: list[str]
    helps: bool
    may_work: bool
    url: str


@dataclass(frozen=True, slots=True)
class BoardView:
    """A board as its page shows it to one viewer."""

    id: int
    key: str
    name: str
    seq: int
    url: str
    archived: bool
    sample: bool
    may_work: bool
    may_manage: bool
    manages: bool  # an archived board, too
    gauge: Gauge
    person_limit: int | None
    blocked_count: int
    over_count: int
    cards_total: int
    sections: list[SectionView]
    lanes: list[LaneView]
    show_lanes: bool
    people: list[Person]
    cord: CordView | None

    @property
    def columns(self) -> list[ColumnView]:
        """The columns from left to right."""
        return [column for section in self.sections for column in section.columns]

    @property
    def first_column(self) -> int | None:
        """The leftmost column, where a card is written."""
        return self.columns[0].id if self.columns else None

    @property
    def state_words(self) -> str:
        """What the page's title begins with: `(■ 3⊘ 1 over) `."""
        return state_words(self.blocked_count, self.over_count, pulled=self.cord is not None)


@dataclass(frozen=True, slots=True)
class Notice:
    """A refusal in words, shown in the column that refused."""

    kind: str
    refused_column_id: int | None
    headline: str
    outcome: str
    facts: str
    link_text: str | None
    link_url: str | None


def state_words(blocked: int, over: int, *, pulled: bool) -> str:
    """What a board's title begins with: `(■ 3⊘ 1 over) `, ■ while the cord is pulled; nothing where
    all is well."""
    said = ["■"] if pulled else []
    said += [f"{blocked}⊘"] if blocked else []
    said += [f"{over} over"] if over else []
    return f"({' '.join(said)}) " if said else ""
