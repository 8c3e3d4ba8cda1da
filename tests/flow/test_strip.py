"""The five numbers of a board: through the API, beside the period before, on both databases."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cards.clocks import OPEN
from app.clock import DAY
from app.flow.strip import (
    Period,
    Stretches,
    Strip,
    blocked_at,
    lost_in,
    numbers_of,
    tenths,
)
from app.types import parse_moment
from tests.flow.conftest import Past, Story, story

MARCH = {"from": "2026-03-15", "to": "2026-03-29"}
BEGIN = parse_moment("2026-03-01T00:00:00Z")
PERIOD = ("wip", "cycle_time_85", "count", "throughput_per_week", "blocked", "blocked_time")


def summary(past: Past, **query: Any) -> Any:
    """What the API gives."""
    return past.board.person.get(f"/boards/{past.board.key}/stats/summary", params=query)


def day(number: float) -> int:
    """A day of March, from its first moment."""
    return BEGIN + round((number - 1) * DAY)


def test_the_numbers_are_those_of_the_window_and_of_the_period_before(past: Past) -> None:
    past.play(
        story(day(3), lead=2 * DAY, cycle=DAY),
        story(day(16), lead=4 * DAY, cycle=2 * DAY),
        story(day(17), lead=4 * DAY, cycle=4 * DAY),
        story(day(18), lead=DAY, cycle=None),
        Story("Old", [(day(4), "To do"), (day(5), "In progress")]),
        Story("New", [(day(20), "In progress")]),
        Story("Waits", [(day(20), "To do")]),
    )
    past.time.at(day(40))
    found = summary(past, **MARCH)
    before = found.pop("before")
    assert found == {
        "board": "OPS",
        "from": "2026-03-15T00:00:00.000000Z",
        "to": "2026-03-29T00:00:00.000000Z",
        "unit": "seconds",
        "wip": 2,
        "wip_limit": None,
        "cycle_time_85": 4.0 * 86_400,
        "count": 3,
        "throughput_per_week": 1.5,
        "blocked": 0,
        "blocked_time": 0,
        # 2 and 4 days of work in 9 days.
        "flow_efficiency": pytest.approx(6 / 9, rel=1e-15),
    }
    assert before == {
        "from": "2026-03-01T00:00:00.000000Z",
        "to": "2026-03-15T00:00:00.000000Z",
        # Of those done on the 16th and the 17th one had been started on the 14th, one on the 13th.
        "wip": 3,
        "cycle_time_85": 86_400,
        "count": 1,
        "throughput_per_week": 0.5,
        "blocked": 0,
        "blocked_time": 0,
        "flow_efficiency": 0.5,
    }


def test_nothing_done_leaves_no_cycle_time_and_no_efficiency(past: Past) -> None:
    found = summary(past)
    assert [found[name] for name in PERIOD] == [0, None, 0, 0.0, 0, 0.0]
    assert found["flow_efficiency"] is None
    assert found["before"]["cycle_time_85"] is None


def test_the_work_in_progress_of_now_is_what_the_boards_limit_counts(past: Past) -> None:
    person = past.board.person
    person.patch("/boards/OPS", {"wip_limit": 7})
    first, second = past.play(
        Story("A", [(day(2), "In progress")]), Story("B", [(day(3), "In progress")])
    )
    assert (summary(past)["wip"], summary(past)["wip_limit"]) == (2, 7)
    person.post(f"/cards/{first['id']}/archive")
    assert summary(past)["wip"] == 1
    person.delete(f"/cards/{second['id']}")
    assert summary(past)["wip"] == 0


def test_an_archived_card_was_in_work_until_it_was_archived(past: Past) -> None:
    person = past.board.person
    (card,) = past.play(Story("A", [(day(2), "In progress")]))
    past.time.at(day(10))
    person.post(f"/cards/{card['id']}/archive")
    past.time.at(day(20))
    person.post(f"/cards/{card['id']}/restore")
    past.time.at(day(30))

    def at(number: int) -> int:
        found: int = summary(past, **{"from": "2026-02-01", "to": f"2026-03-{number:02}"})["wip"]
        return found

    assert [at(2), at(3), at(10), at(11), at(20), at(21)] == [0, 1, 1, 0, 0, 1]


def test_blocked_time_is_what_lies_within_the_window(past: Past) -> None:
    person = past.board.person
    first, second = past.play(
        Story("A", [(day(2), "In progress")]), Story("B", [(day(2), "In progress")])
    )
    past.time.at(day(14))
    person.post(f"/cards/{first['id']}/block", {"reason": "Waiting"})
    past.time.at(day(18))
    person.post(f"/cards/{first['id']}/unblock", {})
    person.post(f"/cards/{second['id']}/block", {"reason": "Waiting"})
    past.time.at(day(20))
    found = summary(past, **{"from": "2026-03-15", "to": "2026-04-15"})
    # Three days of the first; the second waits until now, not until the window's end.
    assert (found["blocked"], found["blocked_time"]) == (1, 5 * 86_400)
    assert (found["before"]["blocked"], found["before"]["blocked_time"]) == (1, 86_400)
    person.post(f"/cards/{second['id']}/archive")
    past.time.at(day(25))
    found = summary(past, **{"from": "2026-03-15", "to": "2026-04-15"})
    assert (found["blocked"], found["blocked_time"]) == (0, 5 * 86_400)


def test_filters_choose_the_cards_of_every_number(past: Past) -> None:
    dev, ops = {"team": "dev", "labels": ["red"]}, {"team": "ops"}
    *_, blocked = past.play(
        story(day(16), lead=2 * DAY, cycle=DAY, **dev),
        story(day(17), lead=2 * DAY, cycle=2 * DAY, **ops),
        Story("Dev", [(day(18), "In progress")], dev),
        Story("Ops", [(day(18), "In progress")], ops),
    )
    past.board.person.post(f"/cards/{blocked['id']}/block", {"reason": "Waiting"})
    past.time.at(day(19))
    window = {"from": "2026-03-15"}
    for query in ({"team": "dev"}, {"label": "red"}):
        found = summary(past, **window, **query)
        assert [found[name] for name in ("wip", "count", "blocked")] == [1, 1, 0]
        assert (found["cycle_time_85"], found["blocked_time"]) == (86_400, 0)
    found = summary(past, **window, team="ops")
    assert [found[name] for name in ("wip", "count", "blocked")] == [1, 1, 1]
    assert (found["flow_efficiency"], found["blocked_time"]) == (1, 86_400)
    assert summary(past, **window, team="sales")["wip"] == 0


def test_sums_of_very_long_times_do_not_run_over(past: Past) -> None:
    # Imported: 40 cards that took 100 years each.
    cards = [
        {
            "title": f"{n}",
            "created_at": "1990-01-01T00:00:00.000001Z",
            "column": "To do",
            "moves": [
                {"at": "2000-01-01T00:00:00Z", "to": "In progress"},
                {"at": "2026-01-02T00:00:00Z", "to": "Done"},
            ],
        }
        for n in range(40)
    ]
    document = {"format": "weir-history/1", "cards": cards}
    past.board.person.post("/boards/OPS/import", document)
    found = summary(past, **{"from": "2026-01-01", "to": "2026-01-03"})
    work = parse_moment("2026-01-02T00:00:00Z") - parse_moment("2000-01-01T00:00:00Z")
    whole = parse_moment("2026-01-02T00:00:00Z") - parse_moment("1990-01-01T00:00:00Z") - 1
    assert found["flow_efficiency"] == work / whole


# --- the words ------------------------------------------------------------------------------------


def period(**other: Any) -> Period:
    """A fortnight of a board."""
    made: dict[str, Any] = {
        "length": 14 * DAY,
        "wip": 11,
        "cycle_time": 9 * DAY,
        "done": 12,
        "blocked": 3,
        "lost": 14 * DAY,
        "process_time": 38,
        "lead_time": 100,
    }
    return Period(**made | other)


def test_the_numbers_have_words_with_their_changes() -> None:
    before = period(wip=9, cycle_time=10 * DAY, done=9, blocked=4, lost=13 * DAY, process_time=39)
    assert [tuple(number[1:]) for number in numbers_of(Strip(period(), before, 14))] == [
        ("In work", "11 / 14", "2 more than at the start", "even", "▲"),
        ("85 % done within", "9 days", "1 day less than before", "good", "▼"),
        ("Done a week", "6", "1.5 more than before", "good", "▲"),
        ("Blocked now", "3", "1 fewer than at the start", "good", "▼"),
        ("Blocked time", "14 days", "1 day more than before", "bad", "▲"),
        ("Flow efficiency", "38 %", "1 point less than before", "bad", "▼"),
    ]


def test_what_has_not_changed_and_what_was_not_there_are_told_apart() -> None:
    nothing = period(cycle_time=None, done=0, process_time=0, lead_time=0)
    same = numbers_of(Strip(period(), period(), None))
    assert [number.change for number in same] == [
        "as at the start",
        "as before",
        "as before",
        "as at the start",
        "as before",
        "as before",
    ]
    new = numbers_of(Strip(period(), nothing, None))
    assert (new[1].change, new[5].change) == ("none before", "none before")
    gone = numbers_of(Strip(nothing, period(), None))
    assert [gone[1].words, gone[5].words] == ["–", "–"]
    assert tenths(Fraction(12_345, 10)) == "1,234.5"


@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 100), st.none() | st.integers(0, 50)),
        max_size=12,
    )
)
def test_lost_time_is_that_of_the_hours_in_which_a_card_was_blocked(
    given_: list[tuple[int, int, int | None]],
) -> None:
    rows = [
        (card, start, OPEN if length is None else start + length) for card, start, length in given_
    ]
    stretches = Stretches(*np.array(rows, np.int64).reshape(-1, 3).T)
    hours = {
        (card, hour) for card, start, end in rows for hour in range(20, 60) if start <= hour < end
    }
    assert lost_in(stretches, 20, 60) == len(hours)
    going_on = {card for card, _, end in rows if end >= 101}
    assert blocked_at(stretches, 101) == len(going_on)
