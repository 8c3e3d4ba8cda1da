"""Statistics of durations, exact: whole microseconds in, exact numbers out. Pure.

Nothing here is rounded on its way: means, deviations and percentiles are ratios of integers, and
only `seconds` makes the nearest float of one. NumPy takes a tenth of the time in which Weir starts,
so the first that needs it loads it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import isqrt
from typing import TYPE_CHECKING, Any, NamedTuple

from app.ranks import nearest_rank, percentile

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Durations = NDArray[np.int64]
else:
    Durations = Any

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

PERCENTILES = (50, 70, 85, 95)
MOST_BUCKETS = 20

# The service level expectation keeps the promise in its words: so many percent took no longer.
sle = nearest_rank

# 2**54 microseconds are 570 years: more than lies between any two timestamps that Weir takes.
_BITS = 54


@dataclass(frozen=True, slots=True)
class Bucket:
    """A range of durations in microseconds, and how many fall into it."""

    start: int
    end: int
    count: int


@dataclass(frozen=True, slots=True)
class Summary:
    """What is to be said of a set of durations, in microseconds; None where there are none."""

    count: int
    mean: Fraction | None
    min: int | None
    max: int | None
    stdev: Fraction | None
    percentiles: dict[int, Fraction | None]
    sle: dict[int, int | None]
    histogram: list[Bucket]


class Ordered(NamedTuple):
    """Durations from the shortest to the longest, their sum and that of their squares."""

    values: Durations
    total: int
    squares: int


def summarize(
    durations: Iterable[int] | Durations | Ordered, points: Sequence[int] = PERCENTILES
) -> Summary:
    """All statistics of a set of durations, in any order; `points` are the percentiles wanted."""
    found = durations if isinstance(durations, Ordered) else ordered(durations)
    values = found.values
    if not len(values):
        nothing = dict.fromkeys(points)
        return Summary(0, None, None, None, None, {**nothing}, {**nothing}, [])
    return Summary(
        count=len(values),
        mean=Fraction(found.total, len(values)),
        min=int(values[0]),
        max=int(values[-1]),
        stdev=_deviation(len(values), found.total, found.squares),
        percentiles={point: percentile(values, point) for point in points},
        sle={point: nearest_rank(values, point) for point in points},
        histogram=histogram(values),
    )


def ordered(durations: Iterable[int] | Durations) -> Ordered:
    """Durations in order, with their sums."""
    values = in_order(durations)
    return Ordered(values, *_sums(values))


def together(one: Ordered, other: Ordered) -> Ordered:
    """Two sets of durations as one; it takes little time where the other one is small."""
    import numpy as np  # noqa: PLC0415 - it takes long to load

    places = np.searchsorted(one.values, other.values)
    values = np.insert(one.values, places, other.values)
    return Ordered(values, one.total + other.total, one.squares + other.squares)


def in_order(durations: Iterable[int] | Durations) -> Durations:
    """Durations from the shortest to the longest; ValueError for one that no card can have."""
    import numpy as np  # noqa: PLC0415 - it takes long to load

    if isinstance(durations, np.ndarray):
        ordered = np.sort(durations)
    else:
        ordered = np.sort(np.fromiter(durations, np.int64))
    if len(ordered) and (ordered[0] < 0 or ordered[-1] >> _BITS):
        raise ValueError("a duration lies between 0 and 570 years")
    return ordered


def mean(durations: Durations) -> Fraction:
    """The arithmetic mean."""
    return Fraction(_sums(durations)[0], len(durations))


def total_of(durations: Durations) -> int:
    """The sum, however large it is."""
    return (int((durations >> 32).sum()) << 32) + int((durations & 0xFFFFFFFF).sum())


def stdev(durations: Durations) -> Fraction:
    """The population's standard deviation: the root of the mean squared distance from the mean.

    A root is no ratio: this one is right to 2**-64 of a microsecond.
    """
    return _deviation(len(durations), *_sums(durations))


def _deviation(count: int, total: int, squares: int) -> Fraction:
    return Fraction(isqrt((count * squares - total * total) << 128), count << 64)


def histogram(ordered: Durations) -> list[Bucket]:
    """How many durations fall into each of at most 20 buckets of one width that begin at zero.

    The width is the smallest round one with which 20 buckets reach the 95th percentile. What is
    longer than 20 buckets, a twentieth of the cards at most, is in one more, so that a few outliers
    do not press all the rest into the first buckets. A bucket holds `start <= duration < end`, the
    last one its end too.
    """
    import numpy as np  # noqa: PLC0415 - it takes long to load

    longest, reach = int(ordered[-1]), nearest_rank(ordered, 95)
    # A bucket's end is its own only where it is the last.
    width = _width(reach if reach == longest else reach + 1)
    equal = max(1, -(-longest // width))
    edges = [width * each for each in range(min(equal, MOST_BUCKETS) + 1)]
    if equal > MOST_BUCKETS:
        edges.append(width * equal)
    below = np.searchsorted(ordered, np.array(edges[1:-1], np.int64), "left").tolist()
    passed = [0, *below, len(ordered)]
    return [
        Bucket(start, end, after - before)
        for start, end, before, after in zip(edges, edges[1:], passed, passed[1:], strict=False)
    ]


def total(durations: Durations) -> int:
    """The exact sum, which may be more than 64 bits hold."""
    return int((durations // SECOND).sum()) * SECOND + int((durations % SECOND).sum())


def seconds(duration: Fraction | int) -> float:
    """A duration in seconds: the float that is nearest to it."""
    return duration.numerator / (duration.denominator * SECOND)


def _sums(durations: Durations) -> tuple[int, int]:
    """The sum and the sum of squares, in pieces that cannot overflow."""
    import numpy as np  # noqa: PLC0415 - it takes long to load

    # So many bits of each: the product of two, as often as there are durations, fits into 63.
    bits = (63 - len(durations).bit_length()) // 2
    whole = int(durations.max()).bit_length() if len(durations) else 0
    mask = (1 << bits) - 1
    limbs = [(durations >> shift) & mask for shift in range(0, whole, bits)]
    total = squares = 0
    for left, one in enumerate(limbs):
        total += int(one.sum()) << (bits * left)
        squares += int(np.dot(one, one)) << (2 * bits * left)
        for right in range(left):
            squares += int(np.dot(one, limbs[right])) << (bits * (left + right) + 1)
    return total, squares


def _width(reach: int) -> int:
    """The smallest round width of which 20 buckets reach so far."""
    return next(width for width in _ROUND if width * MOST_BUCKETS >= reach)


# What people call round: of a minute and an hour the parts that a clock shows, of days 1, 2, 5.
_ROUND: tuple[int, ...] = (
    *(each * SECOND for each in (1, 2, 5, 10, 15, 30)),
    *(each * MINUTE for each in (1, 2, 5, 10, 15, 30)),
    *(each * HOUR for each in (1, 2, 3, 6, 12)),
    *(each * 10**power * DAY for power in range(5) for each in (1, 2, 5)),
)
