"""Durations in words."""

import re
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.flow.durations import in_words, range_words, tick_words
from app.flow.metrics import DAY, HOUR, MINUTE, SECOND, Bucket

_SIZES = {"day": DAY, "hour": HOUR, "minute": MINUTE, "second": SECOND}


@pytest.mark.parametrize(
    ("duration", "words"),
    [
        (0, "0 seconds"),
        (1, "under 0.1 seconds"),
        (400_000, "0.4 seconds"),
        (SECOND, "1 second"),
        (59_940_000, "59.9 seconds"),
        (59_960_000, "1 minute"),
        (90 * SECOND, "1.5 minutes"),
        (59 * MINUTE + 58 * SECOND, "1 hour"),
        (3 * HOUR + 24 * MINUTE, "3.4 hours"),
        (23 * HOUR + 24 * MINUTE, "23.4 hours"),
        (DAY - 1, "1 day"),
        (DAY, "1 day"),
        (6 * DAY + 5 * HOUR, "6.2 days"),
        (99 * DAY + 23 * HOUR, "100 days"),
        (301 * DAY + 18 * HOUR, "302 days"),
        (84_000 * DAY, "84,000 days"),
        (Fraction(DAY * 31, 10), "3.1 days"),
    ],
)
def test_a_duration_is_told_in_the_largest_unit_that_it_fills(
    duration: int | Fraction, words: str
) -> None:
    assert in_words(duration) == words


@pytest.mark.parametrize(
    ("duration", "words"),
    [
        (0, "0 seconds"),
        (1, "0.1 seconds"),
        (6 * DAY, "6 days"),
        (6 * DAY + 1, "6.1 days"),
        (22 * HOUR, "22 hours"),
        (DAY - 1, "1 day"),
        (100 * DAY + 1, "101 days"),
    ],
)
def test_a_promise_is_rounded_up(duration: int, words: str) -> None:
    assert in_words(duration, up=True) == words


@given(st.integers(0, 80_000 * DAY))
def test_a_promise_in_words_is_never_shorter_than_the_time_itself(duration: int) -> None:
    parts = re.fullmatch(r"([\d,.]+) (\w+?)s?", in_words(duration, up=True))
    assert parts is not None
    told = Fraction(parts[1].replace(",", "")) * _SIZES[parts[2]]
    assert duration <= told <= duration + max(Fraction(duration, 10), Fraction(SECOND, 10))


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        (0, SECOND, "0–1 second"),
        (5 * MINUTE, 10 * MINUTE, "5–10 minutes"),
        (12 * HOUR, 24 * HOUR, "12–24 hours"),
        (24 * HOUR, 36 * HOUR, "24–36 hours"),
        (4 * DAY, 6 * DAY, "4–6 days"),
    ],
)
def test_a_bucket_is_told_in_the_unit_of_its_width(start: int, end: int, words: str) -> None:
    assert range_words(Bucket(start, end, 1)) == words


def test_the_last_bucket_can_be_open() -> None:
    assert range_words(Bucket(40 * DAY, 302 * DAY, 1), open_end=True) == "40 days or more"


def test_ticks_are_short() -> None:
    assert [tick_words(at * DAY, 2 * DAY) for at in (0, 4, 40)] == ["0", "4 d", "40 d"]
    assert tick_words(24 * HOUR, 12 * HOUR) == "24 h"
    assert tick_words(30 * MINUTE, 15 * MINUTE) == "30 min"
