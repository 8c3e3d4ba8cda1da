"""How large a made-up board is: over what time, with which limits, and how fast work goes. Pure.

A larger board has higher limits *and* smaller cards: both grow with the square root of what is
finished in a day, so that a million cards do not fill a board that nobody could look at.
"""

from dataclasses import dataclass
from math import cbrt, ceil, sqrt
from typing import NamedTuple

from app.samples.journeys import DEPLOY, READY, TEST, WAITING

MOST_CARDS = 20_000_000
MOST_YEARS = 50.0
LEAST_YEARS = 0.05

# Places with a limit: four columns, the group Development, and the lane Expedite.
GROUP, LANE = 8, 9
_TEMPLATE = {READY: 5, GROUP: 5, TEST: 3, WAITING: 3, DEPLOY: 2, LANE: 1}
PLACES = tuple(_TEMPLATE)
_USUAL = 4.0  # Cards that a team with the template's limits finishes on a working day.
_WORKDAYS = 260.0


class LimitChange(NamedTuple):
    """A limit that was changed: of which place, from what to what."""

    place: int
    old: int
    new: int


@dataclass(frozen=True, slots=True)
class Scale:
    """A board's measures: of cards in all, years, the factor of its limits, its usual backlog, and
    its finished cards that are not archived yet."""

    cards: int
    years: float
    factor: float
    backlog: int
    kept: int

    def limit(self, place: int, growth: float = 1.0) -> int:
        """The limit of a place while the board has grown so far."""
        least = _TEMPLATE[place]
        return max(least, ceil(least * self.factor * growth))


def usual_years(cards: int) -> float:
    """The years in which so many cards come by on a board that grows with its work: one for a
    thousand cards, ten for a million."""
    return min(12.0, max(0.2, cbrt(cards / 1_000)))


def scale_of(cards: int, years: float) -> Scale:
    """The measures of a board on which so many cards come by in so many years."""
    daily = cards / (years * _WORKDAYS)
    factor = sqrt(max(1.0, daily / _USUAL))
    return Scale(cards, years, factor, ceil(40 * factor), ceil(60 * factor))


def growth(share: float) -> float:
    """How much comes in after a share of the time, about 1 in the middle."""
    return 0.75 + 0.5 * share


def planned_limits(scale: Scale, hours: float) -> list[tuple[float, int, int]]:
    """When somebody means to change which limit: as the board grows, and to try something."""
    planned = []
    quarters = max(2, round(4 * scale.years))
    for quarter in range(1, quarters):
        at = hours * quarter / quarters
        grown = {place: scale.limit(place, growth(quarter / quarters)) for place in PLACES}
        planned += [(at, place, limit) for place, limit in grown.items()]
        tried = (TEST, GROUP, WAITING, READY)[quarter % 4]
        other = grown[tried] + (1 if quarter % 3 else -1)
        planned.append((at + 0.3 * hours / quarters, tried, max(1, other)))
        planned.append((at + 0.7 * hours / quarters, tried, grown[tried]))
    return planned
