"""Statistics of durations against exact arithmetic, NumPy and the standard library."""

import statistics
from fractions import Fraction
from itertools import pairwise
from math import ceil
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.flow import metrics
from app.flow.metrics import DAY, HOUR, MINUTE, SECOND, Bucket, summarize
from app.ranks import nearest_rank, percentile

# The longest that lies between two timestamps of 1970 and 2200.
LONGEST = 230 * 366 * DAY

durations = st.lists(
    st.one_of(
        st.integers(0, LONGEST),
        st.integers(0, 30 * DAY),
        st.sampled_from([0, 1, SECOND, MINUTE, HOUR, DAY, 10 * DAY, LONGEST]),
    ),
    min_size=1,
    max_size=60,
)
points = st.integers(0, 100)


def test_no_cards_have_a_count_of_zero_and_no_numbers() -> None:
    found = summarize([], [50, 85])
    assert found.count == 0
    assert (found.mean, found.min, found.max, found.stdev) == (None, None, None, None)
    assert found.percentiles == found.sle == {50: None, 85: None}
    assert found.histogram == []


def test_one_card_is_all_there_is_to_say() -> None:
    found = summarize([3 * HOUR], [0, 50, 100])
    assert found.count == 1
    assert {found.mean, found.min, found.max} == {3 * HOUR}
    assert found.stdev == 0
    assert found.percentiles == found.sle == {0: 3 * HOUR, 50: 3 * HOUR, 100: 3 * HOUR}
    assert sum(bucket.count for bucket in found.histogram) == 1


def test_percentiles_interpolate_and_service_levels_are_times_that_cards_took() -> None:
    found = summarize([10 * SECOND, 20 * SECOND, 30 * SECOND, 40 * SECOND], [50, 70, 85, 95])
    assert {p: metrics.seconds(v) for p, v in found.percentiles.items() if v is not None} == {
        50: 25.0,
        70: 31.0,
        85: 35.5,
        95: 38.5,
    }
    assert found.sle == {50: 20 * SECOND, 70: 30 * SECOND, 85: 40 * SECOND, 95: 40 * SECOND}


@pytest.mark.parametrize("point", range(101))
def test_ranks_of_a_hundred_are_not_off_by_one(point: int) -> None:
    # 0.07 * 100 is 7.000000000000001 in floats, and its ceiling 8.
    assert nearest_rank(np.arange(1, 101), point) == max(point, 1)


@given(durations, points)
def test_the_service_level_is_the_smallest_time_that_enough_cards_did_not_exceed(
    values: list[int], point: int
) -> None:
    def enough(value: int) -> bool:
        return 100 * sum(each <= value for each in values) >= point * len(values)

    found = nearest_rank(metrics.in_order(values), point)
    assert found == min(value for value in values if enough(value))


@given(durations, points)
def test_percentiles_are_those_of_exact_arithmetic(values: list[int], point: int) -> None:
    ordered = sorted(values)
    place = Fraction(point, 100) * (len(ordered) - 1)
    low, high = ordered[int(place)], ordered[ceil(place)]
    expected = low + (place - int(place)) * (high - low)
    assert percentile(metrics.in_order(values), point) == expected


@given(durations, points)
def test_percentiles_are_those_of_numpy(values: list[int], point: int) -> None:
    found = float(percentile(metrics.in_order(values), point))
    assert found == pytest.approx(float(np.percentile(values, point)), rel=1e-12, abs=1e-3)


@given(durations)
def test_mean_and_deviation_are_those_of_exact_arithmetic(values: list[int]) -> None:
    ordered = metrics.in_order(values)
    mean = Fraction(sum(values), len(values))
    assert metrics.mean(ordered) == mean
    variance = sum((value - mean) ** 2 for value in values) / len(values)
    stdev = metrics.stdev(ordered)
    assert stdev**2 <= variance
    assert (stdev + Fraction(1, 2**63)) ** 2 > variance
    assert float(stdev) == pytest.approx(statistics.pstdev(values), rel=1e-15)


def test_sums_of_a_million_long_times_do_not_overflow() -> None:
    values = np.full(1_000_000, LONGEST)
    values[::2] -= 2
    assert metrics.mean(values) == LONGEST - 1
    assert metrics.stdev(values) == 1


@given(durations)
def test_a_histogram_counts_every_card_once_in_equal_round_buckets(values: list[int]) -> None:
    buckets = summarize(values).histogram
    assert buckets[0].start == 0
    assert all(one.end == other.start for one, other in pairwise(buckets))
    *others, last = buckets
    for bucket in others:
        assert bucket.count == sum(bucket.start <= value < bucket.end for value in values)
    assert last.count == sum(last.start <= value <= last.end for value in values)
    assert sum(bucket.count for bucket in buckets) == len(values)
    width = buckets[0].end
    assert all(bucket.end - bucket.start == width for bucket in others)
    assert (last.end - last.start) % width == 0
    assert len(buckets) <= 21
    assert last.count > 0
    if last.end - last.start > width:
        assert len(buckets) == 21
        assert last.count <= len(values) // 20


@given(durations, st.randoms())
def test_the_order_of_the_cards_does_not_matter(values: list[int], chance: Random) -> None:
    mixed = list(values)
    chance.shuffle(mixed)
    assert summarize(mixed) == summarize(values) == summarize(np.array(values))


def test_times_spread_over_three_weeks_are_counted_by_days() -> None:
    found = summarize([day * DAY + HOUR for day in range(20)]).histogram
    assert found == [Bucket(day * DAY, (day + 1) * DAY, 1) for day in range(20)]


def test_a_time_on_the_border_belongs_to_the_bucket_that_begins_there() -> None:
    found = summarize([0, 5 * MINUTE, 10 * MINUTE, 100 * MINUTE]).histogram
    assert found[0] == Bucket(0, 5 * MINUTE, 1)
    assert found[1] == Bucket(5 * MINUTE, 10 * MINUTE, 1)
    assert found[-1] == Bucket(95 * MINUTE, 100 * MINUTE, 1)
    assert len(found) == 20


def test_the_open_bucket_holds_a_twentieth_of_the_cards_at_most() -> None:
    found = summarize([10 * DAY] * 99 + [300 * DAY]).histogram
    assert found[-1].count == 1


def test_a_few_outliers_share_one_bucket_behind_the_others() -> None:
    found = summarize([day * DAY for day in range(1, 20)] * 5 + [300 * DAY]).histogram
    assert len(found) == 21
    assert found[:20] == [Bucket(d * DAY, (d + 1) * DAY, 5 if d else 0) for d in range(20)]
    assert found[20] == Bucket(20 * DAY, 300 * DAY, 1)


def test_cards_that_took_no_time_at_all_have_a_bucket() -> None:
    assert summarize([0, 0, 0]).histogram == [Bucket(0, SECOND, 3)]


@pytest.mark.parametrize("impossible", [-1, 2**54, 2**63 - 1])
def test_a_time_that_no_card_can_have_is_refused(impossible: int) -> None:
    with pytest.raises(ValueError, match="570 years"):
        summarize([1, impossible])


def test_seconds_are_the_nearest_floats() -> None:
    assert metrics.seconds(1) == 0.000001
    assert metrics.seconds(Fraction(100_000, 3)) == 1 / 30
    assert metrics.seconds(LONGEST - 1) == (LONGEST - 1) / SECOND
