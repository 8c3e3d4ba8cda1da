"""How old a card is beside the finished ones of its board. Pure.

For each column the ages at which finished cards left it are put in order; a card that is older than
50, 70, 85 or 95 % of them at its stage fills as many bars. Percentiles are nearest ranks, like the
service level expectation.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence

POINTS = (50, 70, 85, 95)
# From fewer cards nothing is said: of a column, and of the board.
FEWEST = 20
PROMISE = 85
_PROMISED = POINTS.index(PROMISE)


def nearest_rank(ordered: Sequence[int], point: int) -> int:
    """The smallest of some ordered values that at least `point` percent of them did not exceed."""
    rank = -(-point * len(ordered) // 100)
    return ordered[max(rank, 1) - 1]


def pace_of(
    columns: Sequence[int], ages: Mapping[int, Sequence[int]], finished: int
) -> dict[int, tuple[int, ...]]:
    """For each of the columns, left to right, the ages that 50, 70, 85 and 95 % of the finished
    cards had not exceeded when they left it; nothing where too few cards are finished.

    They never fall from left to right: a card only grows older on its way. A column that few cards
    passed through says what the one before it says.
    """
    found: dict[int, tuple[int, ...]] = {}
    if finished < FEWEST:
        return found
    before: tuple[int, ...] | None = None
    for column_id in columns:
        ordered = sorted(ages.get(column_id, ()))
        if len(ordered) >= FEWEST:
            here = tuple(nearest_rank(ordered, point) for point in POINTS)
            before = here if before is None else tuple(map(max, before, here))
        if before is not None:
            found[column_id] = before
    return found


def promised(pace: Sequence[int]) -> int:
    """The age that 85 % of the finished cards had not exceeded."""
    return pace[_PROMISED]


def bars_of(age: int, pace: Sequence[int]) -> int:
    """How many of the four bars an age fills: one for each percentile that it exceeds."""
    return bisect_left(pace, age)


def bars_words(bars: int) -> str:
    """What the bars say, in words."""
    if not bars:
        return "younger than half of past cards at this stage"
    return f"older than {POINTS[bars - 1]} % of past cards at this stage"
