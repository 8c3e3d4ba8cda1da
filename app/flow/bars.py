"""What the bar charts of the flow page have in common. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.flow.metrics import DAY, HOUR, MINUTE
from app.flow.weeks import Week
from app.words import day_words

MOST_PINNED = 50
_UNITS = ((2 * DAY, DAY, "days"), (2 * HOUR, HOUR, "hours"), (0, MINUTE, "minutes"))


def unit_of(longest: int) -> tuple[int, str]:
    """In which unit an axis shows durations, of which the longest is known."""
    return next((size, name) for least, size, name in _UNITS if longest >= least)


def week_axis(weeks: Sequence[Week]) -> dict[str, Any]:
    """The axis of a chart with a bar for each week."""
    return {"type": "category", "data": [day_words(week.monday) for week in weeks]}


def count_axis(**more: Any) -> dict[str, Any]:
    """An axis of how many there are."""
    return {"type": "value", "minInterval": 1, **more}


def bar(
    value: float, words: str, cards: Sequence[Sequence[str]] = (), count: int = 0, **more: Any
) -> dict[str, Any]:
    """A bar: its height, what the pointer is told, and what a click pins of `count` cards."""
    found: dict[str, Any] = {"value": value, "words": words, **more}
    if cards:
        found["cards"] = [list(card) for card in cards[:MOST_PINNED]]
        if count > len(found["cards"]):
            found["more"] = count - len(found["cards"])
    return found


def option(**parts: Any) -> Mapping[str, Any]:
    """A chart with the margins that all of these have."""
    return {"grid": {"left": 12, "right": 20, "top": 36, "bottom": 18}, **parts}
