"""The chance that so many days finish so many cards, if each is like a past day at random. Pure.

A sample of d past days is a polynomial: for each number of cards, how many of the days finished so
many. Its t-th power counts, out of d ** t, the ways in which t days finish so many in all.

A comparison with a percentage is **exact**. The chance is first found in floats, by Fourier's sum
over the points of a circle, together with a bound of its error (`_Circle.below`). Only where the
percentage lies within that bound is the question too close to call, and it is answered by counting
the ways in whole numbers (`_ways_below`): that is slow for long times, and hardly ever needed for
them, since the bound is about 1e-12. Where the chance is exactly one half, because the sample is
its own mirror image, no counting is needed.

Costs, with m different numbers in the sample, the largest of them D and the deviation s of what t
days finish: floats take about (56 D + 18 s) m steps of NumPy, at most 4 n m to judge n cards.
Counting takes n m multiplications of numbers of t log2(d) bits.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from math import ceil, exp, expm1, floor, gcd, pi, sqrt
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.floating[Any]]
else:
    Floats = Any

_UNIT = 2.0**-53
# So small a chance is left out at each end of what is looked at, and so small an overlap is let
# stand where the ends are too far apart; what is left out in all is less than `_REST`.
_TAIL = 42.0
_OVERLAP = 32.0
_REST = 1e-13
_FAINT = -60.0


@dataclass(frozen=True)
class Sample:
    """Past days as what they finished: the different numbers, upwards, and on how many days each.

    The numbers have no common divisor: cards are counted in units of `unit`.
    """

    numbers: tuple[int, ...]
    days_of: tuple[int, ...]
    unit: int = 1

    @classmethod
    def of(cls, counts: Iterable[int]) -> Self:
        """The sample of past days; ValueError where they finished nothing at all."""
        found = sorted(Counter(counts).items())
        if not found or found[0][0] < 0 or not found[-1][0]:
            raise ValueError("a sample has days, none below zero, and at least one card")
        unit = gcd(*(number for number, _ in found))
        return cls(tuple(n // unit for n, _ in found), tuple(days for _, days in found), unit)

    def capped(self, most: int) -> Self:
        """The same for whoever asks for `most` at most: more on one day makes no difference."""
        if self.numbers[-1] <= most:
            return self
        kept = Counter[int]()
        for number, days in zip(self.numbers, self.days_of, strict=True):
            kept[min(number, most)] += days
        found = sorted(kept.items())
        return type(self)(tuple(n for n, _ in found), tuple(d for _, d in found), self.unit)

    @cached_property
    def days(self) -> int:
        """How many days it has."""
        return sum(self.days_of)

    @cached_property
    def mean(self) -> float:
        """What a day finishes on average."""
        return sum(map(int.__mul__, self.numbers, self.days_of)) / self.days

    @cached_property
    def variance(self) -> float:
        """The variance of what a day finishes."""
        total = sum(map(int.__mul__, self.numbers, self.days_of))
        squares = sum(n * n * d for n, d in zip(self.numbers, self.days_of, strict=True))
        return (self.days * squares - total * total) / self.days**2

    @cached_property
    def _is_its_mirror_image(self) -> bool:
        low, high = self.numbers[0], self.numbers[-1]
        mirrored = tuple(low + high - number for number in reversed(self.numbers))
        return mirrored == self.numbers and self.days_of[::-1] == self.days_of


class Chances:
    """The chances of a sample; it keeps what one question leaves for the next."""

    def __init__(self, sample: Sample) -> None:
        self.sample = sample
        self._circle: _Circle | None = None

    def of(self, days: int, items: int) -> float:
        """The chance that so many days finish at least so many cards, as a number to draw."""
        return min(1.0, max(0.0, 1 - self.below(days, items)[0]))

    def reaches(self, days: int, items: int, percent: int) -> bool:
        """Whether so many days finish at least so many with a chance of so many percent or more:
        exactly."""
        low, high = self.sample.numbers[0], self.sample.numbers[-1]
        if items <= days * low:
            return True
        if items > days * high:
            return False
        share = (100 - percent) / 100
        below, error = self.below(days, items)
        if abs(below - share) > error:
            return below < share
        if self.sample._is_its_mirror_image and 2 * items == days * (low + high) + 1:
            return percent <= 50
        ways = _ways_below(self.sample, days, items)
        all_ways: int = self.sample.days**days
        return 100 * ways <= (100 - percent) * all_ways

    def below(self, days: int, items: int) -> tuple[float, float]:
        """The chance that so many days finish fewer than so many, and by how much that may be
        wrong at the most."""
        low, high = self.sample.numbers[0], self.sample.numbers[-1]
        if items <= days * low:
            return 0.0, 0.0
        if items > days * high:
            return 1.0, 0.0
        reach = _reach(self.sample, days)
        if 2 * reach + 2 <= 4 * items:
            size, shrink = _power_of_two(2 * reach + 2), 0.0
        else:
            size = _power_of_two(4 * items)
            shrink = _OVERLAP / size
        circle = self._circle
        if (
            circle is None
            or circle.size < size
            or circle.least_days > days
            or (circle.shrink > 0) != (shrink > 0)
        ):
            circle = self._circle = _Circle(self.sample, size, shrink, max(1, days * 3 // 4))
        return circle.below(days, items, reach)


class _Circle:
    """The sample's polynomial, divided by the days, at points of a circle around zero.

    The mean of its power times z ** -k over all points is the chance of k cards in so many days,
    and of k plus any multiple of the number of points. That overlap is kept from mattering in one
    of two ways. Where nearly all of the chance lies close to the mean (Bernstein's inequality says
    how close), the circle of radius 1 has as many points as that is wide. Else the circle is a
    little smaller, so that what overlaps counts e ** -32 of itself at the most.
    """

    def __init__(self, sample: Sample, size: int, shrink: float, least_days: int) -> None:
        import numpy as np  # noqa: PLC0415 - it takes long to load

        self.size, self.shrink, self.least_days = size, shrink, least_days
        # Cards are counted from the whole number nearest to the mean, so that nothing cancels.
        self.centre = 0 if shrink else round(sample.mean)
        self.drift = sample.mean - self.centre
        # The rounding of the sums below and of NumPy's functions, with much to spare.
        self.roundings = (len(sample.numbers) + 32) * _UNIT
        shares = [days / sample.days for days in sample.days_of]
        offsets = [number - self.centre for number in sample.numbers]
        scales = [exp(-shrink * offset) for offset in offsets]

        dense = np.zeros(size)
        for offset, share, scale in zip(offsets, shares, scales, strict=True):
            dense[offset % size] += share * scale
        # Good to twelve digits: good enough to see which points matter.
        coarse = np.log(np.abs(np.fft.rfft(dense)) + 1e-12)
        coarse[0] = 0.0
        places = np.flatnonzero(coarse * least_days > _FAINT)
        self.places = places[1:] if not shrink else places
        real, imaginary, moved = (np.zeros(len(self.places)) for _ in range(3))
        for offset, share, scale in zip(offsets, shares, scales, strict=True):
            angle = self._angles(offset)
            lost = -share * expm1(-shrink * offset)
            haversine = 2 * share * scale * np.sin(angle / 2) ** 2
            sine = share * scale * np.sin(angle)
            real -= haversine + lost
            imaginary += sine
            moved += haversine + np.abs(sine) + lost
        length = np.hypot(1 + real, imaginary)
        near = np.log1p(np.maximum(2 * real + real**2 + imaginary**2, -0.9)) / 2
        self.log_length = np.where(length > 0.5, near, np.log(np.maximum(length, 1e-300)))
        self.turn = np.arctan2(imaginary, 1 + real)
        self.wrong = self.roundings * moved
        self.log_most = np.log(length + self.wrong)
        # Points that are not real stand for their mirror images too.
        self.weights = np.where((self.places == 0) | (self.places == size // 2), 1.0, 2.0)
        angle = self._angles(1)
        self.under_real = -expm1(shrink) + 2 * exp(shrink) * np.sin(angle / 2) ** 2
        self.under_imaginary = exp(shrink) * np.sin(angle)
        self.under = self.under_real**2 + self.under_imaginary**2

    def below(self, days: int, items: int, reach: int) -> tuple[float, float]:
        """The chance of fewer than so many cards in so many days, and its largest error.

        A power's error is at most t * error * length ** (t - 1), all the rest is a few roundings
        of terms whose lengths are known.
        """
        import numpy as np  # noqa: PLC0415 - it takes long to load

        start = 0 if self.shrink else floor(days * self.drift) - reach
        terms = items - days * self.centre - start
        if not self.shrink and not 0 < terms < self.size:
            return (0.0 if terms <= 0 else 1.0), _REST
        grown = exp(self.shrink * terms)
        angle = self._angles(terms)
        over_real = -expm1(self.shrink * terms) + 2 * grown * np.sin(angle / 2) ** 2
        over_imaginary = grown * np.sin(angle)
        # How often a term of the geometric series 1 + 1/z + ... fits in: over / under.
        real = over_real * self.under_real + over_imaginary * self.under_imaginary
        imaginary = over_imaginary * self.under_real - over_real * self.under_imaginary
        turn = days * self.turn - self._angles(start)
        length = self.weights * np.exp(days * self.log_length) / self.under
        total = float(np.sum(length * (np.cos(turn) * real - np.sin(turn) * imaginary)))
        if not self.shrink:
            total += terms
        most = self.weights * (1 + grown) / np.sqrt(self.under)
        wrong = days * self.wrong * np.exp((days - 1) * self.log_most)
        wrong += 2 * self.roundings * np.exp(days * self.log_length)
        error = float(np.sum(most * wrong)) / self.size
        return total / self.size, 1.5 * error + _REST

    def _angles(self, times: int) -> Floats:
        """The angles of the points, so many times, between -pi and pi: reduced while whole."""
        half = self.size // 2
        angles: Floats = ((self.places * times + half) % self.size - half) * (2 * pi / self.size)
        return angles


def _reach(sample: Sample, days: int) -> int:
    """How far from the mean so many days end, but for a chance of e ** -42 on each side
    (Bernstein's inequality)."""
    span = sample.numbers[-1] - sample.numbers[0]
    steep = _TAIL * span / 3
    return ceil(steep + sqrt(steep**2 + 2 * _TAIL * days * sample.variance)) + 2


def _power_of_two(least: int) -> int:
    return 1 << max(4, (least - 1).bit_length())


def _ways_below(sample: Sample, days: int, items: int) -> int:
    """In how many of the d ** t ways so many days finish fewer than so many cards."""
    if items <= days * sample.numbers[0]:
        return 0
    if len(sample.numbers) ** days < items * len(sample.numbers):
        ways = Counter({0: 1})
        for _ in range(days):
            sums = Counter[int]()
            for so_far, ways_there in ways.items():
                for number, weight in zip(sample.numbers, sample.days_of, strict=True):
                    sums[so_far + number] += ways_there * weight
            ways = sums
        return sum(each for total, each in ways.items() if total < items)
    return _sum_of_coefficients(sample, days, items)


def _sum_of_coefficients(sample: Sample, days: int, items: int) -> int:
    """The same for many days: the coefficients f of the t-th power of a polynomial P follow each
    from those before it, since P * f' = t * P' * f."""
    least = sample.numbers[0]
    first, *weights = sample.days_of
    steps = [number - least for number in sample.numbers[1:]]
    ways = [first**days]
    for n in range(1, items - days * least):
        found = 0
        for step, weight in zip(steps, weights, strict=True):
            if step > n:
                break
            found += weight * (step * (days + 1) - n) * ways[n - step]
        ways.append(found // (n * first))
    return sum(ways)
