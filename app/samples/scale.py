"""How large a made-up board is: over what time, with which limits, and how fast work goes. Pure.

A larger board has higher limits *and* smaller cards: both grow with the square root of what is
finished in a day, so that a million cards do not fill a board that nobody could look at.
"""

from dataclasses import dataclass
from math import cbrt, ceil, sqrt

from app.samples.journeys import DEPLOY, READY, TEST, WAITING

MOST_CARDS = 20_000_000
MOST_YEARS = 50.0
LEAST_YEARS = 0.05

# Places with a limit: four columns, the group Development, and the lane Expedite.
GROUP, LANE = 8, 9
_TEMPLATE = {READY: 5, GROUP: 5, TEST: 3, WAITING: 3, DEPLOY: 2, LANE: 1}
_USUAL = 4.0  # Cards that a team with the template's limits finishes on a working day.
_WORKDAYS = 260.0


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


PLACES = tuple(_TEMPLATE)
