"""When will it be done, and how much by then: forecasts from past days, exact. Pure.

What a day finishes is drawn from the sample of past days, each as likely as any other and whatever
the days before it finished. How many so many days finish in all is then a sum of independent draws,
whose distribution is known: nothing is simulated, and the same question has the same answer. The
answers are exact (`app.flow.chances` says how).
"""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from math import sqrt
from statistics import NormalDist

from app.flow.chances import Chances, Sample

POINTS = (50, 70, 85, 95)
MOST_ITEMS = 100_000
MOST_FINISHED = 1_000_000


def when(
    counts: Iterable[int], items: int, points: Sequence[int] = POINTS, *, most_days: int
) -> dict[int, int | None]:
    """For each percentage the smallest number of days that finish at least so many items with that
    chance or a better one; None for more than `most_days`.

    `counts` are the past days' finished cards, zeros included. ValueError where nothing was
    finished, for no items, and for a percentage that is not from 1 to 99.

    >>> when([0, 1], 1, [50, 95], most_days=365)
    {50: 1, 95: 5}
    """
    return dict(_when(tuple(sorted(counts)), items, tuple(points), most_days))


# A board's page asks the same until the next day, and so does whoever looks at it again.
@lru_cache(256)
def _when(
    counts: tuple[int, ...], items: int, points: tuple[int, ...], most_days: int
) -> dict[int, int | None]:
    _check(points, items)
    sample = Sample.of(counts)
    wanted = -(-items // sample.unit)
    chances = Chances(sample.capped(wanted))
    low = -(-wanted // sample.numbers[-1])
    return {
        point: _least(
            lambda days, point=point: chances.reaches(days, wanted, point),  # type: ignore[misc]  # its type is not seen
            low,
            most_days,
            *_days_guess(chances.sample, wanted, point),
        )
        for point in points
    }


def how_many(
    counts: Iterable[int], days: int, points: Sequence[int] = POINTS
) -> dict[int, int | None]:
    """For each percentage the largest number of items that so many days finish with that chance or
    a better one; None for more than a million.

    `counts` are the past days' finished cards, zeros included. ValueError where nothing was
    finished, for no days, and for a percentage that is not from 1 to 99.

    >>> how_many([0, 1, 2], 2, [50, 95])
    {50: 2, 95: 0}
    """
    return dict(_how_many(tuple(sorted(counts)), days, tuple(points)))


@lru_cache(256)
def _how_many(counts: tuple[int, ...], days: int, points: tuple[int, ...]) -> dict[int, int | None]:
    _check(points, days)
    sample = Sample.of(counts)
    most = MOST_FINISHED // sample.unit
    # What is asked about few items is answered by a sample capped to few: however much a day of
    # the past finished, say by an import, it costs no more.
    capped: dict[int, Chances] = {}

    def reaches(items: int, point: int) -> bool:
        cap = 1 << (items - 1).bit_length()
        if cap not in capped:
            capped[cap] = Chances(sample.capped(cap))
        return capped[cap].reaches(days, items, point)

    found: dict[int, int | None] = {}
    for point in points:
        low, cap = 0, 1
        while cap <= most and reaches(cap, point):
            low, cap = cap, 2 * cap
        too_many = _least(
            lambda items, point=point: not reaches(items, point),  # type: ignore[misc]  # its type is not seen
            low + 1,
            min(cap, most + 1),
            *_items_guess(sample.capped(cap), days, point),
        )
        found[point] = None if too_many is None else sample.unit * (too_many - 1)
    return found


def _check(points: Sequence[int], least_one: int) -> None:
    if least_one < 1:
        raise ValueError("there is nothing to forecast")
    if not all(1 <= point <= 99 for point in points):
        raise ValueError("a percentage lies between 1 and 99")


def _least(holds: Callable[[int], bool], low: int, high: int, guess: int, step: int) -> int | None:
    """The smallest number from `low` to `high` for which something holds that goes on holding,
    looked for around a guess; None where it does not even hold for `high`."""
    if low > high:
        return None
    at = min(max(guess, low), high)
    if holds(at):
        # All below `low` is known not to hold.
        high, floor = at, low - 1
        while high > low:
            at = max(low, high - step)
            if not holds(at):
                floor = at
                break
            high, step = at, 2 * step
    else:
        floor = at
        while True:
            if floor == high:
                return None
            at = min(high, floor + step)
            if holds(at):
                high = at
                break
            floor, step = at, 2 * step
    while high - floor > 1:
        at = (floor + high) // 2
        if holds(at):
            high = at
        else:
            floor = at
    return high


def _days_guess(sample: Sample, items: int, point: int) -> tuple[int, int]:
    """Where the days would lie if what they finish were normally distributed, and a step."""
    away = NormalDist().inv_cdf(point / 100) * sqrt(sample.variance)
    root = (away + sqrt(away**2 + 4 * sample.mean * items)) / (2 * sample.mean)
    return round(root**2), 1 + int(sqrt(sample.variance) * root / sample.mean / 16)


def _items_guess(sample: Sample, days: int, point: int) -> tuple[int, int]:
    spread = sqrt(sample.variance * days)
    away = NormalDist().inv_cdf(point / 100) * spread
    return round(sample.mean * days - away), 1 + int(spread / 16)
