"""A card's age beside those of the board's finished cards."""

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cards.pace import FEWEST, POINTS, bars_of, bars_words, pace_of, promised
from app.ranks import nearest_rank, percentile


def test_percentiles_of_the_pace_are_interpolated() -> None:
    assert pace_of([7], {7: range(1, 102)}) == {7: (51, 71, 86, 96)}
    marks = (Fraction(21, 2), Fraction(143, 10), Fraction(343, 20), Fraction(381, 20))
    assert pace_of([7], {7: range(1, 21)}) == {7: marks}


def test_too_few_finished_cards_say_nothing() -> None:
    assert pace_of([7], {7: range(1, 20)}) == {}
    assert pace_of([7], {7: range(1, 21)}) != {}
    assert pace_of([7], {7: [5]}, fewest=1) == {7: (5, 5, 5, 5)}
    assert pace_of([7], {}, fewest=1) == {}


def test_the_pace_never_falls_from_left_to_right() -> None:
    ages = {1: [100] * 50, 2: [30] * 50, 3: [200] * 50}
    assert pace_of([1, 2, 3], ages) == {1: (100,) * 4, 2: (100,) * 4, 3: (200,) * 4}


def test_a_column_that_few_cards_passed_through_says_what_the_one_before_it_says() -> None:
    ages = {1: [10] * 40, 2: [900] * (FEWEST - 1), 3: [20] * 40}
    assert pace_of([1, 2, 3, 4], ages) == {
        1: (10,) * 4,
        2: (10,) * 4,
        3: (20,) * 4,
        4: (20,) * 4,
    }
    assert pace_of([2, 3], ages) == {3: (20,) * 4}


@pytest.mark.parametrize(
    ("age", "bars"), [(1, 0), (50, 0), (51, 1), (70, 1), (71, 2), (86, 3), (95, 3), (96, 4)]
)
def test_a_bar_is_filled_for_each_percentile_that_the_age_exceeds(age: int, bars: int) -> None:
    assert bars_of(age, (50, 70, 85, 95)) == bars


def test_an_age_exceeds_a_mark_between_two_whole_numbers_from_the_upper_one_on() -> None:
    pace = (Fraction(5, 2),) * 4
    assert (bars_of(2, pace), bars_of(3, pace)) == (0, 4)
    assert promised(pace) == 2


@given(st.lists(st.integers(0, 1000), min_size=20, max_size=40), st.integers(0, 1100))
def test_the_bars_are_as_many_as_the_percentiles_that_an_age_exceeds(
    ages: list[int], age: int
) -> None:
    pace = pace_of([7], {7: sorted(ages)})[7]
    assert bars_of(age, pace) == sum(age > percentile(sorted(ages), point) for point in POINTS)
    assert (bars_of(age, pace) > POINTS.index(85)) == (age > promised(pace))


def test_the_bars_have_words() -> None:
    assert bars_words(0) == "younger than half of past cards at this stage"
    assert bars_words(3) == "older than 85 % of past cards at this stage"


@given(st.lists(st.integers(0, 10**15), min_size=1), st.integers(0, 100))
def test_a_nearest_rank_is_the_smallest_value_that_so_many_did_not_exceed(
    values: list[int], point: int
) -> None:
    found = nearest_rank(sorted(values), point)
    assert found in values
    assert sum(value <= found for value in values) * 100 >= point * len(values)
    smaller = [value for value in values if value < found]
    assert not smaller or len(smaller) * 100 < point * len(values)


@given(st.lists(st.lists(st.integers(0, 10**6), min_size=20, max_size=40), max_size=5))
def test_any_pace_rises_with_the_points_and_with_the_columns(passed: list[list[int]]) -> None:
    found = list(pace_of(range(len(passed)), dict(enumerate(map(sorted, passed)))).values())
    assert len(found) == len(passed)
    for pace in found:
        assert list(pace) == sorted(pace)
        assert len(pace) == len(POINTS)
    for left, right in pairwise(found):
        assert all(a <= b for a, b in zip(left, right, strict=True))
