"""The two kinds of percentile of some ordered whole numbers, exact, and never mixed. Pure."""

from fractions import Fraction
from typing import Any, Protocol


class Ordered(Protocol):
    """Whole numbers from the smallest to the largest: a list, or an array of NumPy."""

    def __len__(self) -> int: ...

    def __getitem__(self, place: int, /) -> Any: ...


def percentile(ordered: Ordered, point: int) -> Fraction:
    """The percentile by linear interpolation between closest ranks (`percentile_cont`)."""
    rank, rest = divmod(point * (len(ordered) - 1), 100)
    low = int(ordered[rank])
    if not rest:
        return Fraction(low)
    return low + Fraction(rest * (int(ordered[rank + 1]) - low), 100)


def nearest_rank(ordered: Ordered, point: int) -> int:
    """The smallest of the values that at least `point` percent of them did not exceed."""
    rank = -(-point * len(ordered) // 100)
    return int(ordered[max(rank, 1) - 1])
