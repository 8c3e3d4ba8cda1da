"""The exact forecast against exact rational arithmetic, by hand, and against a simulation."""

import random
import time
from collections.abc import Callable
from fractions import Fraction
from itertools import product
from math import comb, exp, lgamma, log, log1p, sqrt
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from app.flow import chances
from app.flow.chances import Chances, Sample
from app.flow.forecast import MOST_FINISHED, how_many, when

FOREVER = 2_900_000

few_counts = st.lists(st.integers(0, 6), min_size=1, max_size=12).filter(any)
wild_counts = st.lists(
    st.one_of(st.just(0), st.integers(0, 3), st.integers(0, 400)), min_size=1, max_size=30
).filter(any)
percents = st.integers(1, 99)


def distribution(counts: list[int], days: int) -> dict[int, Fraction]:
    """How many cards so many days finish, and with which chance, in fractions."""
    found = {0: Fraction(1)}
    for _ in range(days):
        after: dict[int, Fraction] = {}
        for total, chance in found.items():
            for count in counts:
                after[total + count] = after.get(total + count, Fraction(0)) + chance / len(counts)
        found = after
    return found


def chance_of(counts: list[int], days: int, items: int) -> Fraction:
    """The chance that so many days finish at least so many, in fractions."""
    found = distribution(counts, days)
    return sum((chance for total, chance in found.items() if total >= items), Fraction(0))


# --- by hand --------------------------------------------------------------------------------------


def test_one_card_on_every_other_day() -> None:
    # One card needs a day like the one with a card: 1/2, 3/4, 7/8, 15/16, 31/32.
    found = when([0, 1], 1, [50, 70, 75, 85, 95], most_days=FOREVER)
    assert found == {50: 1, 70: 2, 75: 2, 85: 3, 95: 5}
    # In four days 0 to 4 cards in 1, 4, 6, 4, 1 of 16 ways.
    assert how_many([0, 1], 4, [50, 68, 69, 93, 94]) == {50: 2, 68: 2, 69: 1, 93: 1, 94: 0}


def test_two_dice_of_three_sides() -> None:
    # 0 to 4 cards in 1, 2, 3, 2, 1 of 9 ways: at least 1 in 8/9, 2 in 6/9, 3 in 3/9, 4 in 1/9.
    found = how_many([0, 1, 2], 2, [11, 12, 33, 34, 66, 67, 88, 89])
    assert found == {11: 4, 12: 3, 33: 3, 34: 2, 66: 2, 67: 1, 88: 1, 89: 0}


def test_what_is_reached_exactly_is_reached() -> None:
    # Of twenty days, 17 finished a card: the chance is 85 % to the last digit.
    counts = [1] * 17 + [0] * 3
    assert when(counts, 1, [85, 86], most_days=FOREVER) == {85: 1, 86: 2}
    assert how_many(counts, 1, [85, 86]) == {85: 1, 86: 0}
    # 0.3 ** 2 is 9 %: with 91 % two days are enough.
    assert when([1] * 7 + [0] * 3, 1, [91, 92], most_days=FOREVER) == {91: 2, 92: 3}


def test_the_same_number_every_day_leaves_nothing_to_chance() -> None:
    assert when([3], 10, [1, 50, 99], most_days=FOREVER) == {1: 4, 50: 4, 99: 4}
    assert how_many([3, 3], 7, [1, 99]) == {1: 21, 99: 21}


def test_a_half_is_told_from_nearly_a_half_however_far_away_it_is() -> None:
    # In 2 n - 1 fair throws, at least n heads come in exactly half of all cases.
    for items in (1, 10, 1_000, 100_000):
        assert when([0, 1], items, [50], most_days=FOREVER) == {50: 2 * items - 1}
        assert when([1, 0, 0, 1], items, [50], most_days=FOREVER) == {50: 2 * items - 1}
    assert how_many([0, 1], 199_999, [50]) == {50: 100_000}
    assert how_many([7, 8], 99_999, [50]) == {50: 749_993}


def test_days_without_a_card_count() -> None:
    busy, real = [2, 1, 3], [2, 1, 3, 0, 0, 0, 0]
    assert how_many(busy, 4, [85]) == {85: 6}
    assert how_many(real, 4, [85]) == {85: 1}
    assert when(busy, 6, [85], most_days=FOREVER) == {85: 4}
    assert when(real, 6, [85], most_days=FOREVER) == {85: 11}


def test_one_card_in_ninety_days_takes_its_time() -> None:
    found = when([0] * 89 + [1], 5_000, most_days=FOREVER)
    assert found == {50: 449_970, 70: 453_297, 85: 456_561, 95: 460_460}
    for point, days in found.items():
        assert days is not None
        exact = _binomial_below(5_000, days), _binomial_below(5_000, days - 1)
        assert exact[0] <= 1 - point / 100 < exact[1]


def _binomial_below(items: int, days: int) -> float:
    """P(fewer than so many cards) where one day in ninety brings one, by another way."""

    def logged(k: int) -> float:
        ways = lgamma(days + 1) - lgamma(k + 1) - lgamma(days - k + 1)
        return ways + k * log(1 / 90) + (days - k) * log1p(-1 / 90)

    return sum(exp(logged(k)) for k in range(items - 1, -1, -1))


def test_what_lies_beyond_the_horizon_is_no_answer() -> None:
    assert when([0, 1], 10, [5, 50, 95], most_days=19) == {5: 14, 50: 19, 95: None}
    assert when([0, 1], 10, [50], most_days=9) == {50: None}
    assert how_many([MOST_FINISHED], 1, [50]) == {50: MOST_FINISHED}
    assert how_many([MOST_FINISHED + 1], 1, [50]) == {50: None}
    assert how_many([0, MOST_FINISHED], 2, [70, 80]) == {70: MOST_FINISHED, 80: 0}
    assert how_many([0, MOST_FINISHED], 3, [50, 80]) == {50: None, 80: MOST_FINISHED}


@pytest.mark.parametrize("counts", [[], [0], [0, 0, 0], [1, -1]])
def test_a_sample_without_a_card_forecasts_nothing(counts: list[int]) -> None:
    with pytest.raises(ValueError, match="at least one card"):
        when(counts, 1, most_days=FOREVER)
    with pytest.raises(ValueError, match="at least one card"):
        how_many(counts, 1)


@pytest.mark.parametrize("point", [-1, 0, 100, 101])
def test_certainty_is_no_forecast(point: int) -> None:
    with pytest.raises(ValueError, match="between 1 and 99"):
        when([1], 1, [point], most_days=FOREVER)
    with pytest.raises(ValueError, match="between 1 and 99"):
        how_many([1], 1, [50, point])


# --- against exact fractions ----------------------------------------------------------------------


@given(few_counts, st.integers(1, 9), st.integers(0, 60), percents)
def test_the_answers_are_those_of_exact_fractions(
    counts: list[int], days: int, items: int, point: int
) -> None:
    share = Fraction(point, 100)
    most = how_many(counts, days, [point])[point]
    assert most is not None
    assert chance_of(counts, days, most) >= share
    assert chance_of(counts, days, most + 1) < share
    assume(0 < items <= 2 * sum(counts))
    needed = when(counts, items, [point], most_days=12)[point]
    if needed is None:
        assert chance_of(counts, 12, items) < share
    else:
        assert chance_of(counts, needed, items) >= share
        assert chance_of(counts, needed - 1, items) < share


@given(
    st.lists(st.integers(0, 1), min_size=1, max_size=100), st.integers(1, 60), st.integers(1, 60)
)
def test_the_chance_of_one_card_a_day_is_the_binomial_one(
    counts: list[int], days: int, items: int
) -> None:
    assume(any(counts))
    ones, zeros = sum(counts), len(counts) - sum(counts)
    ways = sum(comb(days, k) * ones**k * zeros ** (days - k) for k in range(min(items, days + 1)))
    assert chances._ways_below(Sample.of(counts), days, items) == ways


@given(wild_counts, st.integers(1, 60), st.integers(1, 5_000))
@settings(deadline=None)
def test_a_chance_in_floats_is_as_close_as_it_says(
    counts: list[int], days: int, items: int
) -> None:
    sample = Sample.of(counts).capped(items)
    below, error = Chances(sample).below(days, items)
    exact = Fraction(chances._sum_of_coefficients(sample, days, items), sample.days**days)
    if items <= days * sample.numbers[0]:
        exact = Fraction(0)
    assert abs(Fraction(below) - exact) <= Fraction(error)
    assert error < 1e-9


@given(few_counts, st.integers(1, 5), st.integers(1, 30))
def test_both_ways_of_counting_count_the_same(counts: list[int], days: int, items: int) -> None:
    sample = Sample.of(counts)
    assume(len(counts) ** days < 20_000)
    ways = sum(sum(drawn) < items * sample.unit for drawn in product(counts, repeat=days))
    assert chances._ways_below(sample, days, items) == ways
    if items > days * sample.numbers[0]:
        assert chances._sum_of_coefficients(sample, days, items) == ways


@given(few_counts, st.integers(1, 12), st.integers(1, 40), percents)
def test_a_question_too_close_to_call_is_counted_out(
    counts: list[int], days: int, items: int, point: int
) -> None:
    class Blind(Chances):
        def below(self, days: int, items: int) -> tuple[float, float]:
            return 0.5, 1.0

    sample = Sample.of(counts)
    seeing, blind = Chances(sample), Blind(sample)
    assert blind.reaches(days, items, point) == seeing.reaches(days, items, point)


# --- what must hold of any forecast ---------------------------------------------------------------


@given(wild_counts, st.integers(1, 2_000), st.lists(percents, min_size=2, max_size=4))
@settings(deadline=None, max_examples=50)
def test_more_certainty_more_cards_and_a_worse_past_take_longer(
    counts: list[int], items: int, points: list[int]
) -> None:
    found = when(counts, items, points, most_days=FOREVER)
    days = [found[point] or FOREVER for point in sorted(points)]
    assert days == sorted(days)
    more = when(counts, items + 1, points, most_days=FOREVER)
    worse = when([*counts, 0], items, points, most_days=FOREVER)
    for point in points:
        assert (more[point] or FOREVER) >= (found[point] or FOREVER)
        assert (worse[point] or FOREVER) >= (found[point] or FOREVER)


@given(wild_counts, st.integers(1, 300), st.lists(percents, min_size=2, max_size=4))
@settings(deadline=None, max_examples=50)
def test_less_certainty_more_days_and_a_better_past_finish_more(
    counts: list[int], days: int, points: list[int]
) -> None:
    found = how_many(counts, days, points)
    items = [found[point] or 0 for point in sorted(points)]
    assert items == sorted(items, reverse=True)
    for other in (how_many(counts, days + 1, points), how_many([*counts, 400], days, points)):
        for point in points:
            assert (other[point] or 0) >= (found[point] or 0)


@given(wild_counts, st.integers(1, 300), percents)
@settings(deadline=None, max_examples=50)
def test_both_questions_have_one_answer(counts: list[int], days: int, point: int) -> None:
    most = how_many(counts, days, [point])[point]
    assert most is not None
    later = when(counts, most + 1, [point], most_days=FOREVER)[point]
    assert later is not None
    assert later > days
    if most:
        needed = when(counts, most, [point], most_days=FOREVER)[point]
        assert needed is not None
        assert needed <= days


@given(wild_counts, st.integers(1, 40), st.integers(2, 5))
@settings(deadline=None, max_examples=50)
def test_the_order_and_the_size_of_the_unit_do_not_matter(
    counts: list[int], days: int, unit: int
) -> None:
    found = how_many(counts, days)
    assert how_many(counts[::-1] * 2, days) == found
    scaled = how_many([count * unit for count in counts], days)
    assert scaled == {point: (most or 0) * unit for point, most in found.items()}


@given(wild_counts, st.integers(1, 40), st.integers(0, 2**32))
@settings(deadline=None, max_examples=30)
def test_a_simulation_finds_the_same(counts: list[int], days: int, seed: int) -> None:
    chance, runs = random.Random(seed), 2_000
    totals = sorted(sum(chance.choices(counts, k=days)) for _ in range(runs))
    for point, most in how_many(counts, days).items():
        assert most is not None
        share = point / 100
        # Six standard deviations of the simulation.
        slack = 6 * sqrt(runs * share * (1 - share)) + 1
        assert sum(total >= most for total in totals) >= runs * share - slack
        assert sum(total >= most + 1 for total in totals) <= runs * share + slack


# --- how long it takes ----------------------------------------------------------------------------

SAMPLES: dict[str, Callable[[random.Random], list[int]]] = {
    "a board of today": lambda chance: [chance.choice([0, 0, 0, 1, 1, 2, 5]) for _ in range(90)],
    "one card in ninety days": lambda chance: [0] * 89 + [1],
    "a day with an import": lambda chance: [chance.randint(0, 3) for _ in range(89)] + [5_000],
    "a year of many cards": lambda chance: [chance.randint(0, 900) for _ in range(365)],
}


@pytest.mark.parametrize("name", SAMPLES)
def test_however_much_is_asked_the_answer_comes_soon(name: str) -> None:
    counts = SAMPLES[name](random.Random(7))
    questions: list[Callable[[], Any]] = [
        *(lambda n=n: when(counts, n, most_days=FOREVER) for n in (1, 10, 1_000, 100_000)),
        *(lambda t=t: how_many(counts, t) for t in (1, 30, 3_650, 60_000)),
    ]
    for ask in questions:
        start = time.process_time()
        ask()
        # Tens of milliseconds, really.
        assert time.process_time() - start < 2
