"""What a team talks about when it stands before its board: from right to left. Pure."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from app.boards import rules
from app.boards.shape import Counts, Shape

_SATURDAY = 5
_SCOPES = {rules.GROUP: "group", rules.LANE: "lane", rules.BOARD: "board"}


class Full(NamedTuple):
    """A place that holds what its limit allows, or more."""

    name: str
    scope: str  # in words; empty for a column
    held: int
    limit: int
    state: str  # "at" or "over"


class Stay(NamedTuple):
    """A stay of a card in a column."""

    card_id: int
    column_id: int
    entered_at: int


class Moved(NamedTuple):
    """A card that has moved since a moment: from which column, to which one."""

    card_id: int
    source: int
    target: int


def last_working_day(today: date) -> date:
    """The day before, but of a weekend and a Monday the Friday before."""
    day = today - timedelta(days=1)
    while day.weekday() >= _SATURDAY:
        day -= timedelta(days=1)
    return day


def right_to_left(shape: Shape) -> dict[int, int]:
    """Each column's place in the order in which the board is walked."""
    return {column.id: place for place, column in enumerate(reversed(shape.columns))}


def full_places(shape: Shape, counts: Counts) -> list[Full]:
    """The places that have reached their limit: what is over it first, then columns from right to
    left, then groups, lanes and the board."""
    held = rules.usage(shape, counts)
    order = right_to_left(shape)
    found: list[tuple[tuple[bool, bool, int], Full]] = []
    for place, name, limit in rules.limits(shape):
        count = held.get(place, 0)
        state = rules.state_of(count, limit)
        if state == "under":
            continue
        rank = order[place.id] if place.scope == rules.COLUMN else 0
        key = (state != "over", place.scope != rules.COLUMN, rank)
        found.append((key, Full(name, _SCOPES.get(place.scope, ""), count, limit, state)))
    return [full for _, full in sorted(found, key=lambda each: each[0])]


def moved_since(stays: Iterable[Stay], since: int) -> list[Moved]:
    """The cards that stand in another column than at a moment, by their stays in order. One that
    was not there yet has not moved, and one that came back has not either."""
    before: dict[int, int] = {}
    after: dict[int, int] = {}
    for stay in stays:
        (before if stay.entered_at < since else after)[stay.card_id] = stay.column_id
    return [
        Moved(card_id, before[card_id], target)
        for card_id, target in after.items()
        if before.get(card_id, target) != target
    ]


def sentence_of(blocked: int, late: int, full: Sequence[Full], moved: int, since: str) -> str:
    """One sentence that says what there is to talk about."""
    parts = []
    if blocked:
        parts.append(f"{_cards(blocked)} {'is' if blocked == 1 else 'are'} blocked")
    if late:
        parts.append(f"{late} {'is' if late == 1 else 'are'} older than 85 % of past cards were")
    if full:
        names = [each.name for each in full]
        listed = " and ".join([", ".join(names[:-1]), names[-1]] if names[1:] else names)
        parts.append(f"{listed} {'is' if len(full) == 1 else 'are'} full")
    went = f"{_cards(moved)} moved since {since}"
    if not parts:
        return f"Nothing is blocked, late or full; {went}."
    return f"{', '.join(parts)}; {went}."


def _cards(number: int) -> str:
    return "no card" if not number else "1 card" if number == 1 else f"{number} cards"
