"""The filter of a board in words: what can be chosen, what is, and where a click on it leads."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from app.boards.history import OpenBoard
from app.boards.views import Person
from app.cards.filters import (
    ANY_DAY,
    ME,
    NONE,
    OVER_PROMISE,
    OVERDUE,
    THIS_WEEK,
    TODAY,
    Asked,
)
from app.cards.pace import FEWEST, PROMISE
from app.cards.story import CLASS_WORDS, TYPE_WORDS
from app.words import count_of

AGES = (1, 3, 7, 14, 30)
_OVER_PROMISE_WORDS = f"Over the board’s {PROMISE} %"
_NO_PACE = f"“{_OVER_PROMISE_WORDS}” comes with {FEWEST} finished cards."
_DUE_WORDS = {
    OVERDUE: "Overdue",
    TODAY: "Today",
    THIS_WEEK: "This week",
    ANY_DAY: "Any day",
    NONE: "No date",
}
_BLOCKED_WORDS = {"true": "Blocked", "false": "Not blocked"}
_SUBJECTS = {
    "assignee": "Assignee",
    "blocked": "Blocked",
    "team": "Team",
    "label": "Label",
    "type": "Type",
    "class": "Class",
    "lane": "Lane",
    "due": "Due",
    "age": "Age",
    "q": "Text",
}


class Choice(NamedTuple):
    """One value of a filter that can be ticked."""

    value: str
    words: str
    selected: bool
    person: Person | None = None
    offered: bool = True


class Section(NamedTuple):
    """One filter with its values."""

    name: str
    words: str
    choices: list[Choice]
    hint: str = ""  # why one can not be chosen


class Chip(NamedTuple):
    """One value that is set: `Assignee` `is Mary`, and the address without it."""

    subject: str
    words: str
    name: str
    value: str
    url: str


@dataclass(frozen=True, slots=True)
class FilterView:
    """The filter of a board as its page shows it."""

    asked: Asked
    path: str
    sections: list[Section]
    shown: int
    total: int

    @property
    def query(self) -> str:
        """The filter as it stands in the address."""
        return self.asked.query

    @property
    def text(self) -> str:
        """The text that is looked for."""
        return next(iter(self.asked.values("q")), "")

    @property
    def line(self) -> str:
        """How many cards match: `12 of 31 cards`."""
        return f"{self.shown} of {count_of(self.total, 'card')}"

    @property
    def chips(self) -> list[Chip]:
        """What is set, each with a way to take it back."""
        words = {
            (section.name, choice.value): choice.words
            for section in self.sections
            for choice in section.choices
        }
        words.update({("q", text): f"“{text}”" for text in self.asked.values("q")})
        return [
            self._chip(name, value, words.get((name, value), value))
            for name in _SUBJECTS
            for value in self.asked.values(name)
        ]

    @property
    def is_mine(self) -> bool:
        """Whether the cards of the person who looks are asked for, and nobody else's."""
        return self.asked.values("assignee") == (ME,)

    @property
    def mine_url(self) -> str:
        """The address with the person's own cards only, or without that again."""
        return self.address(self.asked.only("assignee", *(() if self.is_mine else (ME,))))

    def url(self, name: str, value: str) -> str:
        """The address with a value set, or without it where it is set."""
        return self.address(self.asked.toggled(name, value))

    def address(self, asked: Asked) -> str:
        """The board's address with a filter."""
        return f"{self.path}?{asked.query}" if asked else self.path

    def _chip(self, name: str, value: str, words: str) -> Chip:
        subject = _SUBJECTS[name]
        if name == "blocked":
            subject, words = words, ""
        elif name in {"due", "age"}:
            words = words.lower()
        elif name in {"assignee", "team", "label", "type", "class", "lane"}:
            words = f"is {words.lower() if value in {ME, NONE} else words}"
        return Chip(subject, words, name, value, self.url(name, value))


def filter_view(
    board: OpenBoard,
    asked: Asked,
    people: Collection[Person],
    labels: Collection[str],
    shown: int,
    total: int,
    *,
    paced: bool,
) -> FilterView:
    """A board's filter in words, with everything that its cards can be filtered by; `paced` says
    whether there is a past to hold their age against."""
    me = board.actor_id
    faces = {str(person.id): person for person in people}
    others = {value: person.name for value, person in faces.items() if person.id != me}
    lanes = board.shape.lanes
    offered: dict[str, Mapping[str, str]] = {
        "assignee": {ME: "Me", **others, NONE: "Nobody"},
        "blocked": _BLOCKED_WORDS,
        "team": {team: team.capitalize() for team in board.teams},
        "label": {label: label for label in sorted(labels, key=str.casefold)},
        "due": _DUE_WORDS,
        "age": {
            **{str(days): f"{days} d or more" for days in AGES},
            OVER_PROMISE: _OVER_PROMISE_WORDS,
        },
        "type": TYPE_WORDS,
        "class": CLASS_WORDS,
        "lane": {str(lane.id): lane.name for lane in lanes} if len(lanes) > 1 else {},
    }
    mine = {str(me): faces[str(me)].name} if str(me) in faces else {}
    sections = []
    for name, known in offered.items():
        # What is asked for can be switched off, also where the board has it no more.
        set_to = asked.values(name)
        also = {each: mine.get(each, each) for each in set_to if each not in known}
        choices = [
            Choice(
                value,
                words,
                value in set_to,
                faces.get(value) if name == "assignee" else None,
                # What is asked for can be switched off in any case.
                paced or value != OVER_PROMISE or value in set_to,
            )
            for value, words in {**known, **also}.items()
        ]
        if choices:
            hint = _NO_PACE if name == "age" and not paced else ""
            sections.append(Section(name, _SUBJECTS[name], choices, hint))
    return FilterView(asked, f"/boards/{board.row.key}", sections, shown, total)
