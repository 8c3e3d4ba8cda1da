"""The bars behind a forecast against exact fractions, and their use on the flow page."""

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.flow.spread import MOST_BARS, Share, spread_of_days, spread_of_items
from tests.flow.test_forecast import chance_of

few_counts = st.lists(st.integers(0, 4), min_size=1, max_size=6).filter(any)


def check(shares: list[Share], exact: dict[int, Fraction]) -> None:
    """Asserts that bars follow each other, with the exact chance of less than each begins with."""
    assert 0 < len(shares) <= MOST_BARS
    assert shares[0].first is None
    assert shares[-1].last is None
    assert sum(share.chance for share in shares) == pytest.approx(1)
    before = 0.0
    for one, other in pairwise(shares):
        assert one.last is not None
        assert other.first is not None
        assert other.first == one.last + 1
        before += one.chance
        assert before == pytest.approx(float(exact[other.first]), abs=1e-9)


@given(few_counts, st.integers(1, 5))
def test_bars_of_amounts_are_the_distribution(counts: list[int], days: int) -> None:
    shares = spread_of_items(counts, days)
    exact = {
        share.first: 1 - chance_of(counts, days, share.first)
        for share in shares
        if share.first is not None
    }
    check(shares, exact)


@given(few_counts, st.integers(1, 6))
def test_bars_of_days_are_the_distribution(counts: list[int], items: int) -> None:
    assume(2 * sum(counts) >= len(counts))
    shares = spread_of_days(counts, items, 10_000)
    exact = {
        share.first: chance_of(counts, share.first - 1, items)
        for share in shares
        if share.first is not None
    }
    check(shares, exact)


def test_what_never_varies_is_one_bar() -> None:
    assert spread_of_days([2], 9, 100) == [Share(None, None, 1.0)]
    assert spread_of_items([2], 9) == [Share(None, None, 1.0)]


def test_what_lies_beyond_all_measure_has_no_bars() -> None:
    assert spread_of_days([0, 1], 100, 150) == []
    assert spread_of_items([1_000_000], 2) == []
