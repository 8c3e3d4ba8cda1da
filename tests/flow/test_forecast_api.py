"""Forecasts through the API, on both databases."""

from datetime import date, timedelta
from typing import Any

import pytest

from app.clock import DAY, HOUR
from app.flow.forecast import how_many, when
from tests.flow.conftest import START, Past, Time, make_past
from tests.support import Person

PATH = "/boards/OPS/stats/forecast"
TODAY = date(2026, 4, 1)
NOON = f"{TODAY}T12:00:00Z"

NONSENSE = [
    *((f"items={value}", "items") for value in ("0", "-1", "1.5", "", "many", "100001", "9" * 30)),
    *((f"by={value}", "by") for value in (f"{TODAY}", "2026-03-31", "1970-01-01", "", NOON)),
    *((f"by={value}", "by") for value in ("tomorrow", "2026-02-30", "2200-01-01")),
    *((f"sample_days={value}", "sample_days") for value in ("0", "-90", "3661", "x", "1e3")),
    ("sample_days=9&from=2026-03-01", "sample_days"),
    ("from=2026-04-01", "from"),
    ("from=2026-03-31T00:00:01Z", "from"),
    ("from=2026-03-09&to=2026-03-09", "from"),
    ("from=2016-01-01", "from"),
    ("from=yesterday", "from"),
    ("to=2200-01-01", "to"),
    ("team=%00", "team"),
]


def asked(past: Past, **query: Any) -> Any:
    """The forecast of a board."""
    return past.board.person.get(f"/boards/{past.board.key}/stats/forecast", params=query)


def refused(past: Past, query: str) -> Any:
    """Why a forecast is refused."""
    answer = past.board.person.ask("GET", f"{PATH}?{query}")
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.json()


def finish(past: Past, counts: dict[str, int], **fields: Any) -> list[Any]:
    """Lets so many cards be done at noon of so many days."""
    return [
        past.done(f"{day}T12:00:00Z", lead=0, cycle=None, **fields)
        for day, count in sorted(counts.items())
        for _ in range(count)
    ]


@pytest.fixture
def steady(past: Past) -> Past:
    """A board that finished 1, 0, 2, 0 and 3 cards on the last five days, and one card today."""
    finish(past, {"2026-03-27": 1, "2026-03-29": 2, "2026-03-31": 3, f"{TODAY}": 1})
    past.time.at(NOON)
    return past


def days_later(days: int | None) -> str:
    """A day after today."""
    assert days is not None
    return f"{TODAY + timedelta(days=days)}"


def test_when_so_many_are_done_is_counted_from_tomorrow(steady: Past) -> None:
    found = asked(steady, items=7, sample_days=5)
    expected = when([1, 0, 2, 0, 3], 7, most_days=10_000)
    assert found == {
        "board": "OPS",
        "sample_from": "2026-03-27",
        "sample_to": "2026-04-01",
        "sample_days": 5,
        "sample_total": 6,
        "items": 7,
        "when": {str(point): days_later(days) for point, days in expected.items()},
    }
    # Of the days of the sample three in five finish a card, and the first that counts is tomorrow.
    assert asked(steady, items=1, sample_days=5)["when"]["50"] == "2026-04-02"


def test_how_many_by_a_day_counts_that_day_and_all_before_it(steady: Past) -> None:
    found = asked(steady, by="2026-04-02", sample_days=5)
    assert found["how_many"] == {"50": 1, "70": 0, "85": 0, "95": 0}
    assert "when" not in found
    assert "items" not in found
    later = asked(steady, by="2026-05-01", sample_days=5)
    assert later["by"] == "2026-05-01"
    expected = how_many([1, 0, 2, 0, 3], 30)
    assert later["how_many"] == {str(point): items for point, items in expected.items()}


def test_both_questions_can_be_asked_at_once(steady: Past) -> None:
    both = asked(steady, items=7, by="2026-05-01")
    assert both["when"] == asked(steady, items=7)["when"]
    assert both["how_many"] == asked(steady, by="2026-05-01")["how_many"]


def test_without_a_question_it_is_asked_when_the_backlog_is_done(steady: Past) -> None:
    for column in ("To do", "To do", "In progress"):
        steady.board.add("Open", column)
    archived = steady.board.add("Archived", "To do")
    steady.board.person.post(f"/cards/{archived['id']}/archive")
    discarded = steady.board.add("Discarded", "To do")
    steady.board.person.delete(f"/cards/{discarded['id']}")
    found = asked(steady)
    assert found["items"] == 3
    assert found == asked(steady, items=3)
    assert "how_many" not in found


def test_with_filters_pace_and_backlog_are_those_of_the_filtered_cards(steady: Past) -> None:
    steady.board.add("Open", "To do")
    steady.board.add("Open", "To do", team="ops", labels=["red"])
    finish(steady, {"2026-04-02": 1}, team="ops", labels=["red"])
    steady.time.at("2026-04-03T12:00:00Z")
    for query in ({"team": "ops"}, {"label": "red"}):
        found = asked(steady, **query)
        assert (found["items"], found["sample_total"]) == (1, 1)
    assert (asked(steady)["items"], asked(steady)["sample_total"]) == (2, 8)
    nobody = refused(steady, "team=nobody")
    assert (nobody["status"], nobody["type"]) == (409, "/problems/no-throughput")


def test_where_nothing_is_to_be_done_it_is_done_today(steady: Past) -> None:
    found = asked(steady)
    assert found["items"] == 0
    assert found["when"] == dict.fromkeys(("50", "70", "85", "95"), f"{TODAY}")


def test_the_sample_is_the_last_90_whole_days_zeros_included(past: Past) -> None:
    finish(past, {"2026-01-31": 4, "2026-02-01": 1, "2026-05-01": 1, "2026-05-02": 9})
    past.time.at("2026-05-02T23:59:59.999999Z")
    found = asked(past, items=1)
    assert (found["sample_from"], found["sample_to"]) == ("2026-02-01", "2026-05-02")
    assert (found["sample_days"], found["sample_total"]) == (90, 2)
    expected = when([1, *[0] * 88, 1], 1, most_days=10_000)
    assert expected[85] == 85
    assert found["when"]["85"] == f"{date(2026, 5, 2) + timedelta(days=85)}"


def test_the_sample_can_be_any_whole_past_days(steady: Past) -> None:
    for query, first, end, total in (
        ({"from": "2026-03-29"}, "2026-03-29", "2026-04-01", 5),
        ({"from": "2026-03-27", "to": "2026-03-31"}, "2026-03-27", "2026-03-31", 3),
        ({"to": "2026-03-31", "sample_days": 2}, "2026-03-29", "2026-03-31", 2),
        ({"from": "2026-03-27", "to": "2030-01-01"}, "2026-03-27", "2026-04-01", 6),
        # Of days that are cut only the whole ones count.
        (
            {"from": "2026-03-27T00:00:01Z", "to": "2026-03-31T23:00:00Z"},
            "2026-03-28",
            "2026-03-31",
            2,
        ),
        ({"from": "2026-03-27T00:00:00Z", "to": NOON}, "2026-03-27", "2026-04-01", 6),
    ):
        found = asked(steady, items=1, **query)
        assert (found["sample_from"], found["sample_to"]) == (first, end), query
        assert found["sample_total"] == total, query


def test_today_and_tomorrow_are_those_of_the_boards_zone(time: Time, ada: Person) -> None:
    for key, zone, today in (("EAST", "Pacific/Kiritimati", 2), ("WEST", "Pacific/Pago_Pago", 1)):
        time.at(START)
        past = make_past(time, ada, key, zone)
        finish(past, {"2026-03-29": 1})
        time.at(NOON)
        found = asked(past, items=1, sample_days=10)
        assert found["sample_to"] == f"2026-04-0{today}"
        assert found["sample_total"] == 1
        assert asked(past, by=f"2026-04-0{today + 1}")["how_many"]["50"] == 0
        path = f"/boards/{key}/stats/forecast?by=2026-04-0{today}"
        assert past.board.person.ask("GET", path).status_code == 422


def test_reopened_and_discarded_cards_are_no_throughput_and_archived_ones_are(past: Past) -> None:
    cards = finish(past, {"2026-03-02": 1, "2026-03-03": 1, "2026-03-04": 1})
    past.time.at(NOON)
    past.board.person.post(f"/cards/{cards[0]['id']}/archive")
    past.board.person.delete(f"/cards/{cards[1]['id']}")
    past.board.move(cards[2], "In progress")
    found = asked(past)
    assert (found["sample_total"], found["items"]) == (1, 1)
    past.board.person.delete(f"/cards/{cards[0]['id']}")
    assert refused(past, "items=1")["type"] == "/problems/no-throughput"


def test_an_imported_past_is_a_past(past: Past) -> None:
    past.time.at(NOON)
    cards = [
        {
            "title": f"Card {n}",
            "column": "To do",
            "created_at": "2026-03-20T00:00:00Z",
            "moves": [{"at": "2026-03-20T10:00:00Z", "to": "Done"}],
        }
        for n in range(40)
    ]
    past.board.person.post("/boards/OPS/import", {"format": "weir-history/1", "cards": cards})
    found = asked(past, items=10)
    assert found["sample_total"] == 40
    assert found["when"]["50"] == days_later(when([40, *[0] * 89], 10, most_days=999)[50])


def test_without_throughput_there_is_no_forecast(past: Past) -> None:
    past.board.add("Open")
    past.time.at(NOON)
    for query in ("", "items=1", "by=2026-05-01", "items=1&by=2026-05-01"):
        found = refused(past, query)
        assert (found["status"], found["type"]) == (409, "/problems/no-throughput")
        assert (found["sample_days"], found["sample_total"]) == (90, 0)
        assert "90 days from 1 Jan 2026 to 31 Mar 2026" in found["detail"]


def test_what_lies_beyond_the_calendar_is_null(past: Past) -> None:
    past.done("2026-03-31T12:00:00Z", lead=0, cycle=None)
    past.time.at(NOON)
    found = asked(past, items=100_000)
    assert found["when"] == dict.fromkeys(("50", "70", "85", "95"))
    some = asked(past, items=32_359)
    assert some["when"]["50"].startswith("9999-")
    assert some["when"]["95"] is None


def test_what_makes_no_sense_is_a_422(steady: Past) -> None:
    for query, place in NONSENSE:
        found = refused(steady, query)
        assert found["status"] == 422, query
        assert {error["loc"][1] for error in found["errors"]} == {place}, query


def test_the_far_ends_of_what_may_be_asked_are_answered(steady: Past) -> None:
    assert steady.time.now % DAY == 12 * HOUR
    for query in (
        {"items": 100_000, "by": "2199-12-31", "sample_days": 3_660},
        {"items": 100_000, "by": "2199-12-31", "sample_days": 1},
        {"to": "1970-01-10", "sample_days": 3_660, "items": 1},
    ):
        answer = steady.board.person.ask("GET", PATH, params=query)
        assert answer.status_code in {200, 409}, answer.text
