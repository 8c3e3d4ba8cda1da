"""What the flow page says and draws."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.flow.metrics import DAY, HOUR, summarize
from app.flow.views import (
    both_kinds,
    histogram_of,
    missing,
    numbers_of,
    sentence_of,
)

SIXTY = [day * DAY + HOUR for day in range(60)]


@pytest.mark.parametrize(
    ("measure", "sentence"),
    [
        ("lead", "85 % of 60 cards were done within 50.1 days."),
        ("cycle", "85 % of 60 cards were done within 50.1 days of being started."),
        ("process", "85 % of 60 cards took 50.1 days of work or less."),
    ],
)
def test_one_sentence_reads_the_result(measure: str, sentence: str) -> None:
    # 85 % of 60 are 51: the 51st took 50 days and an hour.
    assert sentence_of(measure, summarize(SIXTY)) == sentence


def test_few_cards_are_said_to_be_few() -> None:
    assert sentence_of("lead", summarize([DAY] * 9)) == (
        "85 % of 9 cards were done within 1 day. 10 cards or more would make that firmer."
    )
    assert sentence_of("lead", summarize([DAY] * 10)).endswith("1 day.")
    assert sentence_of("cycle", summarize([3 * HOUR])) == (
        "The one card took 3 hours from its start to done: one is too few to promise anything by."
    )


def test_no_cards_leave_nothing_to_say_or_draw() -> None:
    nothing = summarize([])
    assert sentence_of("lead", nothing) == ""
    assert numbers_of(nothing) == both_kinds(nothing) == []
    assert histogram_of(nothing) is None


def test_the_numbers_are_named() -> None:
    assert [tuple(number) for number in numbers_of(summarize(SIXTY))] == [
        ("Cards done", "60", ""),
        ("50 % within", "29.1 days", ""),
        ("70 % within", "41.1 days", ""),
        ("85 % within", "50.1 days", ""),
        ("95 % within", "56.1 days", ""),
        ("Mean", "29.5 days", "standard deviation 17.3 days"),
        ("Longest", "59 days", "shortest 1 hour"),
    ]


def test_both_kinds_of_percentile_stand_side_by_side() -> None:
    assert both_kinds(summarize([0, 10 * HOUR]))[:2] == [
        ("50 %", "0 seconds", "5 hours"),
        ("70 %", "10 hours", "7 hours"),
    ]


def test_the_bars_stand_side_by_side_and_the_highest_fills_the_height() -> None:
    drawn = histogram_of(summarize([HOUR, HOUR, 25 * HOUR, 20 * DAY - 1]))
    assert drawn is not None
    assert drawn.top == 2
    assert [(bar.words, bar.count, bar.height) for bar in drawn.bars[:3]] == [
        ("0–1 day", 2, 100),
        ("1–2 days", 1, 50),
        ("2–3 days", 0, 0),
    ]
    assert len(drawn.bars) == 20
    assert [tick.words for tick in drawn.ticks] == ["0", "4 d", "8 d", "12 d", "16 d", "20 d"]
    assert [tick.x for tick in drawn.ticks] == [0, 20, 40, 60, 80, 100]


def test_the_bar_of_the_outliers_says_so() -> None:
    drawn = histogram_of(summarize([day * DAY for day in range(1, 20)] * 5 + [300 * DAY]))
    assert drawn is not None
    assert (drawn.bars[-1].words, drawn.bars[-1].count) == ("20 days or more", 1)
    assert drawn.ticks[-1].words == "20 d or more"


def test_the_marks_stand_where_the_times_are() -> None:
    drawn = histogram_of(summarize([day * DAY for day in range(1, 21)]))
    assert drawn is not None
    assert [(mark.label, mark.x, mark.words) for mark in drawn.marks] == [
        ("50 %", 50, "10 days"),
        ("85 %", 85, "17 days"),
        ("95 %", 95, "19 days"),
    ]


def test_a_mark_whose_words_would_lie_on_anothers_is_left_out() -> None:
    drawn = histogram_of(summarize([day * DAY for day in range(80, 100)]))
    assert drawn is not None
    assert [mark.label for mark in drawn.marks] == ["50 %", "85 %"]


@given(st.lists(st.integers(0, 400 * DAY), min_size=1, max_size=40))
def test_nothing_is_drawn_outside_the_drawing(durations: list[int]) -> None:
    drawn = histogram_of(summarize(durations))
    assert drawn is not None
    assert max(bar.height for bar in drawn.bars) == 100
    assert all(bar.x >= 0 and bar.x + bar.width <= 100 for bar in drawn.bars)
    assert all(0 <= mark.x <= 100 for mark in drawn.marks)
    assert all(0 <= tick.x <= 100 for tick in drawn.ticks)
    assert "85 %" in [mark.label for mark in drawn.marks]


@pytest.mark.parametrize(
    ("done_columns", "ever", "finished", "matching", "words"),
    [
        ([], None, 0, 0, "no column of the kind “done”"),
        (["In production"], None, 0, 0, "with the first card that reaches In production."),
        (["Done"], "3 Mar 2026, 14:05", 0, 0, "last one was on 3 Mar 2026, 14:05."),
        (["Done"], "now", 1, 0, "1 card was finished in this window, but the filters leave none."),
        (["Done"], "now", 1234, 0, "1,234 cards were finished in this window, but the filters"),
        (["Done"], "now", 9, 2, "2 cards were finished in this window without ever being started"),
    ],
)
def test_where_there_is_nothing_the_page_names_what_is_missing(
    done_columns: list[str], ever: str | None, finished: int, matching: int, words: str
) -> None:
    said = missing(done_columns=done_columns, ever_done=ever, finished=finished, matching=matching)
    assert words in said
