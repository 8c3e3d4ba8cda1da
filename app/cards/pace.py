"""How old a card is beside the finished ones of its board: the one rule for it. Pure.

For each column the ages at which finished cards left it are put in order; a card that is older than
50, 70, 85 or 95 % of them at its stage fills as many bars. Percentiles are interpolated, as all are
that the API calls so.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import floor

from app.ranks import Ordered, percentile

POINTS = (50, 70, 85, 95)
# What fewer cards say of a column is not held against a card.
FEWEST = 20
PROMISE = 85
_PROMISED = POINTS.index(PROMISE)

# The ages of a column that belong to `POINTS`.
Pace = tuple[Fraction | int, ...]


def pace_of(
    columns: Sequence[int], ages: Mapping[int, Ordered], fewest: int = FEWEST
) -> dict[int, Pace]:
    """For each of the columns, left to right, the 50th, 70th, 85th and 95th percentile of the ages
    at which finished cards left it; `ages` are in order.

    They never fall from left to right: a card only grows older on its way. A column that fewer than
    `fewest` cards left says what the one before it says, and nothing where none is before it.
    """
    found: dict[int, Pace] = {}
    before: Pace | None = None
    for column_id in columns:
        ordered = ages.get(column_id, ())
        if len(ordered) >= fewest:
            here: Pace = tuple(percentile(ordered, point) for point in POINTS)
            before = here if before is None else tuple(map(max, before, here))
        if before is not None:
            found[column_id] = before
    return found


def promised(pace: Pace) -> int:
    """The 85th percentile in whole microseconds: a card is older than it if its age is more."""
    return floor(pace[_PROMISED])


def bars_of(age: int, pace: Pace) -> int:
    """How many of the four bars an age fills: one for each percentile that it exceeds."""
    # Ages are whole: they exceed a fraction if they exceed what is left without the rest.
    return sum(age > floor(mark) for mark in pace)


def bars_words(bars: int) -> str:
    """What the bars say, in words."""
    if not bars:
        return "younger than half of past cards at this stage"
    return f"older than {POINTS[bars - 1]} % of past cards at this stage"
