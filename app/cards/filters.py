"""Filters of a board's cards: what an address asks for, and which cards that means. Pure.

The names are the same in the address of the board and in the API; the API's longer names of the
same filters are understood too. Several values of one mean any of them, several filters all.
"""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple, Self
from urllib.parse import urlencode

from app.cards.pace import Pace, promised
from app.clock import DAY, MINUTE
from app.types import MAX_INTEGER

# In the order of the alphabet, which is their order in an address.
NAMES = ("age", "assignee", "blocked", "class", "due", "label", "lane", "q", "team", "type")
OTHER_NAMES = {
    "assignee_id": "assignee",
    "lane_id": "lane",
    "service_class": "class",
    "work_type": "type",
}
ME = "me"
NONE = "none"
OVERDUE, TODAY, THIS_WEEK, ANY_DAY = "overdue", "today", "week", "any"
OVER_PROMISE = "p85"
FLAGS = ("true", "false")
MOST_VALUES = 200
MOST_CHARACTERS = 200
MOST_DAYS = 100_000
_NO_TEXT = frozenset({"Cc", "Cs"})  # control characters and halves of characters


class DueSpan(NamedTuple):
    """From which day to which a card is due; None is open."""

    first: str | None
    last: str | None


class StartedBefore(NamedTuple):
    """A card of this column that was started before this moment."""

    column_id: int
    moment: int


# No day lies in it: what a word that nobody knows finds.
NEVER = DueSpan("9", "0")


@dataclass(frozen=True, slots=True)
class CardFilter:
    """Which cards of a board are wanted; None does not filter, several values mean any of them."""

    column_id: tuple[int, ...] = ()
    lane_id: tuple[int, ...] = ()
    work_type: tuple[str, ...] = ()
    service_class: tuple[str, ...] = ()
    team: tuple[str, ...] = ()
    assignee_id: tuple[int, ...] = ()
    unassigned: bool = False  # with `assignee_id`: or nobody's
    label: tuple[str, ...] = ()
    blocked: bool | None = None
    archived: bool | None = False
    text: tuple[str, ...] = ()
    external_id: str | None = None
    done_from: int | None = None
    done_to: int | None = None
    due: tuple[DueSpan, ...] = ()  # of unfinished cards
    undated: bool = False  # with `due`: or without a due date
    started_until: int | None = None  # of unfinished cards
    started_before: tuple[StartedBefore, ...] = ()  # with `started_until`: or one of these


@dataclass(frozen=True, slots=True)
class Asked:
    """The filter that an address asks for, in the one order that there is for it."""

    pairs: tuple[tuple[str, str], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.pairs)

    @property
    def query(self) -> str:
        """The filter as it stands in an address, empty without one."""
        return urlencode(self.pairs)

    def values(self, name: str) -> tuple[str, ...]:
        """What a filter is set to."""
        return tuple(value for each, value in self.pairs if each == name)

    def has(self, name: str, value: str) -> bool:
        """Whether a filter is set to this value, alone or among others."""
        return (name, value) in self.pairs

    def toggled(self, name: str, value: str) -> Self:
        """The same without this value, or with it where it is not set."""
        pair = (name, value)
        others = [each for each in self.pairs if each != pair]
        return type(self)(_ordered(others if pair in self.pairs else [*others, pair]))

    def only(self, name: str, *values: str) -> Self:
        """The same with a filter set to these values and no other."""
        others = [each for each in self.pairs if each[0] != name]
        return type(self)(_ordered([*others, *((name, value) for value in values)]))


def asked_by(query: Iterable[tuple[str, str]]) -> Asked:
    """The filter in the pairs of an address. What is no filter, and what is empty, is left out."""
    kept = []
    counts = dict.fromkeys(NAMES, 0)
    for given, text in query:
        name = OTHER_NAMES.get(given, given)
        value = _tidy(text)
        if name not in counts or not value or counts[name] == MOST_VALUES:
            continue
        if name == "blocked" and value not in FLAGS:
            continue
        counts[name] += 1
        kept.append((name, value))
    return Asked(_ordered(kept))


def wanted_by(
    asked: Asked, *, me: int, today: date, now: int, pace: Mapping[int, Pace]
) -> CardFilter:
    """The cards that a filter means for a person at a moment, beside the pace of the board's past;
    a value that means nothing finds no card, and does no harm."""
    people = asked.values("assignee")
    due = asked.values("due")
    ages = asked.values("age")
    days = [started_until(each, now) for each in ages if each != OVER_PROMISE]
    stuck = asked.values("blocked")
    return CardFilter(
        lane_id=tuple(id_of(value) for value in asked.values("lane")),
        work_type=asked.values("type"),
        service_class=asked.values("class"),
        team=asked.values("team"),
        assignee_id=tuple(me if each == ME else id_of(each) for each in people if each != NONE),
        unassigned=NONE in people,
        label=asked.values("label"),
        # Both is the same as neither.
        blocked=stuck[0] == "true" if len(stuck) == 1 else None,
        text=asked.values("q"),
        due=tuple(due_span(each, today) for each in due if each != NONE),
        undated=NONE in due,
        started_until=max(days, default=-1) if ages else None,
        started_before=started_before(pace, now) if OVER_PROMISE in ages else (),
    )


def id_of(text: str) -> int:
    """The id in a value; 0, which nothing has, where there is none."""
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        return 0
    number = int(text)
    return number if number <= MAX_INTEGER else 0


def due_span(word: str, today: date) -> DueSpan:
    """The days that a word about due dates means; a week ends on Sunday."""
    if word == OVERDUE:
        return DueSpan(None, (today - timedelta(days=1)).isoformat())
    if word == TODAY:
        return DueSpan(today.isoformat(), today.isoformat())
    if word == THIS_WEEK:
        return DueSpan(today.isoformat(), (today + timedelta(days=6 - today.weekday())).isoformat())
    return DueSpan(None, None) if word == ANY_DAY else NEVER


def started_until(days: str, now: int) -> int:
    """When a card of at least so many days was started at the latest."""
    number = id_of(days)
    return now - number * DAY if 0 < number <= MOST_DAYS else -1


def started_before(pace: Mapping[int, Pace], now: int) -> tuple[StartedBefore, ...]:
    """Where a card is older than 85 % of the past ones were at its stage: in each column, since
    when. Told by the minute, as the bars on the cards' faces are."""
    minute = now - now % MINUTE
    return tuple(StartedBefore(column, minute - promised(here)) for column, here in pace.items())


def _tidy(text: str) -> str:
    kept = "".join(c for c in text[:MOST_CHARACTERS] if unicodedata.category(c) not in _NO_TEXT)
    return unicodedata.normalize("NFC", kept).strip()


def _ordered(pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(set(pairs)))
