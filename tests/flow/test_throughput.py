"""Throughput: cards done in calendar intervals, by themselves and through the API."""

import csv
import io
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.clock import DAY, HOUR, SECOND
from app.days import day_of, start_of_day
from app.flow.throughput import INTERVALS, end_of_interval, start_of_interval, throughput
from app.types import parse_moment
from tests.flow.conftest import START, Past, Story, Time, make_past
from tests.support import Person, Weir

ZONES = ["UTC", "Europe/Berlin", "Africa/Cairo", "America/Havana", "Asia/Kathmandu", "Pacific/Apia"]
MARCH = {"from": "2026-03-01", "to": "2026-04-01"}
NONSENSE = [
    ("interval=year", "interval"),
    ("interval=", "interval"),
    ("format=xml", "format"),
    ("from=2026-03-02&to=2026-03-02", "from"),
    ("to=2200-01-01", "to"),
    ("lane_id=one", "lane_id"),
]

moments = st.integers(parse_moment("2009-01-01T00:00:00Z"), parse_moment("2030-01-01T00:00:00Z"))


# --- by itself ------------------------------------------------------------------------------------


@given(moments, st.integers(1, 900 * DAY), st.data(), st.sampled_from(ZONES))
def test_the_intervals_add_up_to_the_cards_done_each_in_its_own(
    start: int, length: int, data: Any, zone: str
) -> None:
    end = start + length
    done = data.draw(st.lists(st.integers(start, end - 1), max_size=40))
    for interval in INTERVALS:
        found = throughput(np.array(done, np.int64), (start, end), zone, interval)
        assert sum(each.count for each in found) == len(done)
        assert found[0].start == start_of_interval(day_of(start, zone), interval)
        assert found[-1].start == start_of_interval(day_of(end - 1, zone), interval)
        for one, other in pairwise(found):
            assert other.start == end_of_interval(one.start, interval)
        for each in found:
            within = [
                at for at in done if start_of_interval(day_of(at, zone), interval) == each.start
            ]
            assert each.count == len(within)


def test_weeks_begin_on_monday_and_months_on_the_first() -> None:
    assert start_of_interval(date(2026, 3, 1), "week") == date(2026, 2, 23)
    assert start_of_interval(date(2026, 3, 2), "week") == date(2026, 3, 2)
    assert start_of_interval(date(2026, 3, 31), "month") == date(2026, 3, 1)
    assert end_of_interval(date(2026, 12, 28), "week") == date(2027, 1, 4)
    assert end_of_interval(date(2026, 12, 1), "month") == date(2027, 1, 1)
    assert end_of_interval(date(2028, 2, 1), "month") == date(2028, 3, 1)


def test_a_day_of_23_and_one_of_25_hours_are_days_like_others() -> None:
    for day in (date(2026, 3, 29), date(2026, 10, 25)):
        start, end = (
            start_of_day(each, "Europe/Berlin") for each in (day, day + timedelta(days=1))
        )
        done = np.array([start - 1, start, end - 1, end], np.int64)
        found = throughput(done, (start - DAY, end + DAY), "Europe/Berlin")
        assert [each.count for each in found] == [1, 2, 1]


def test_a_day_that_a_zone_left_out_is_there_without_a_card() -> None:
    # On Samoa the 29th of December 2011 was followed by the 31st.
    start = start_of_day(date(2011, 12, 29), "Pacific/Apia")
    end = start_of_day(date(2012, 1, 1), "Pacific/Apia")
    assert end - start == 2 * DAY
    done = np.arange(start, end, HOUR)
    found = throughput(done, (start, end), "Pacific/Apia")
    assert [(each.start.day, each.count) for each in found] == [(29, 24), (30, 0), (31, 24)]


# --- through the API ------------------------------------------------------------------------------


def asked(past: Past, **query: Any) -> Any:
    """The throughput of a board."""
    return past.board.person.get(f"/boards/{past.board.key}/stats/throughput", params=query)


def counts(found: Any) -> dict[str, int]:
    """The intervals that have cards."""
    return {each["start"]: each["count"] for each in found["series"] if each["count"]}


def test_every_day_of_the_window_is_there_zeros_included(past: Past) -> None:
    past.done("2026-03-02T00:00:00Z")
    past.done("2026-03-02T23:59:59.999999Z", lead=0, cycle=None)
    past.done("2026-03-31T12:00:00Z")
    past.done("2026-04-01T00:00:00Z", lead=HOUR)
    found = asked(past, **MARCH)
    assert list(found) == ["board", "from", "to", "interval", "series", "total"]
    assert (found["board"], found["interval"], found["total"]) == ("OPS", "day", 3)
    assert (found["from"], found["to"]) == (
        "2026-03-01T00:00:00.000000Z",
        "2026-04-01T00:00:00.000000Z",
    )
    days = [each["start"] for each in found["series"]]
    assert days == [f"2026-03-{day:02}" for day in range(1, 32)]
    assert counts(found) == {"2026-03-02": 2, "2026-03-31": 1}


def test_weeks_and_months_count_the_part_of_theirs_that_lies_in_the_window(past: Past) -> None:
    for at in ("2026-02-24", "2026-03-01", "2026-03-02", "2026-03-30", "2026-04-02"):
        past.done(f"{at}T12:00:00Z", lead=HOUR)
    past.time.at("2026-05-01T00:00:00Z")
    weeks = asked(past, interval="week", **MARCH)
    assert [each["start"] for each in weeks["series"]] == [
        *("2026-02-23", "2026-03-02", "2026-03-09", "2026-03-16", "2026-03-23", "2026-03-30")
    ]
    assert counts(weeks) == {"2026-02-23": 1, "2026-03-02": 1, "2026-03-30": 1}
    months = asked(past, interval="month", **{"from": "2026-02-25", "to": "2026-04-03"})
    assert months["series"] == [
        {"start": "2026-02-01", "count": 0},
        {"start": "2026-03-01", "count": 3},
        {"start": "2026-04-01", "count": 1},
    ]


def test_a_day_is_one_of_the_boards_time_zone(time: Time, ada: Person) -> None:
    for number, (zone, first, last) in enumerate(
        [
            ("Europe/Berlin", "2026-03-28T23:00:00Z", "2026-03-29T21:59:59.999999Z"),
            ("Africa/Cairo", "2026-03-28T22:00:00Z", "2026-03-29T21:59:59.999999Z"),
            ("Asia/Kathmandu", "2026-03-28T18:15:00Z", "2026-03-29T18:14:59.999999Z"),
        ]
    ):
        time.at(START)
        past = make_past(time, ada, f"Z{number}", zone)
        for at in (parse_moment(first) - 1, first, last, parse_moment(last) + 1):
            past.done(at, lead=0, cycle=None)
        found = asked(past, **MARCH)
        assert counts(found) == {"2026-03-28": 1, "2026-03-29": 2, "2026-03-30": 1}, zone


def test_archived_cards_count_reopened_and_discarded_ones_do_not(past: Past) -> None:
    cards = [past.done(f"2026-03-0{day}T01:00:00Z", lead=HOUR) for day in (2, 3, 4, 5)]
    person = past.board.person
    past.time.at("2026-03-10T00:00:00Z")
    person.post(f"/cards/{cards[0]['id']}/archive")
    person.delete(f"/cards/{cards[1]['id']}")
    past.board.move(cards[2], "In progress")
    past.board.move(cards[3], "In progress")
    assert counts(asked(past, **MARCH)) == {"2026-03-02": 1}
    past.board.move(cards[3], "Done")
    assert counts(asked(past, **MARCH)) == {"2026-03-02": 1, "2026-03-10": 1}


def test_throughput_is_filtered_like_the_other_statistics(past: Past) -> None:
    past.done("2026-03-02T12:00:00Z", labels=["a"], work_type="defect", team="ops")
    past.done("2026-03-03T12:00:00Z", lead=HOUR, labels=["b"], assignee_ids=[past.board.person.id])
    for query, day in (
        ({"label": "a"}, "2026-03-02"),
        ({"work_type": "feature"}, "2026-03-03"),
        ({"team": ["ops", "dev"]}, "2026-03-02"),
        ({"assignee_id": past.board.person.id}, "2026-03-03"),
    ):
        found = asked(past, **MARCH, **query)
        assert counts(found) == {day: 1}
        assert found["total"] == past.stats(**MARCH, **query)["count"] == 1
        assert len(found["series"]) == 31


def test_the_default_window_is_that_of_the_other_statistics(past: Past) -> None:
    now = parse_moment("2026-06-01T12:00:00Z")
    past.play(
        Story("too long ago", [(now - 90 * DAY, "Done")]),
        Story("just in", [(now - 90 * DAY + 1, "Done")]),
        Story("now", [(now, "Done")]),
    )
    found = asked(past)
    assert found["total"] == 2
    assert (found["series"][0], found["series"][-1]) == (
        {"start": "2026-03-03", "count": 1},
        {"start": "2026-06-01", "count": 1},
    )
    assert len(found["series"]) == 91


def test_a_board_without_a_finished_card_has_a_throughput_of_zero(past: Past) -> None:
    found = asked(past, interval="month", **MARCH)
    assert (found["series"], found["total"]) == ([{"start": "2026-03-01", "count": 0}], 0)


def test_the_longest_window_is_answered(past: Past) -> None:
    past.done("2026-03-02T12:00:00Z")
    found = asked(past, **{"from": "1970-01-01", "to": "2199-12-31"})
    assert len(found["series"]) == 84_005
    assert counts(found) == {"2026-03-02": 1}


def test_the_csv_has_a_row_for_each_interval(past: Past) -> None:
    past.done("2026-03-12T12:00:00Z")
    path = "/boards/OPS/stats/throughput"
    query = {**MARCH, "interval": "week", "format": "csv"}
    answer = past.board.person.ask("GET", path, params=query)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="OPS-throughput.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    assert len(rows) == 6
    assert rows[2] == {"start": "2026-03-09", "count": "1"}
    assert {row["count"] for row in rows} == {"0", "1"}


def test_what_makes_no_sense_is_a_422(past: Past) -> None:
    for query, place in NONSENSE:
        answer = past.board.person.ask("GET", f"/boards/OPS/stats/throughput?{query}")
        assert answer.status_code == 422, query
        assert {error["loc"][1] for error in answer.json()["errors"]} == {place}, query


def test_throughput_and_forecast_of_a_board_that_one_may_not_see_are_not_there(
    past: Past, weir: Weir
) -> None:
    past.done("2026-03-02T00:00:00Z")
    stranger = weir.person("Eve Stranger")
    for path in ("stats/throughput", "stats/throughput?format=csv", "stats/forecast?items=1"):
        hidden = stranger.ask("GET", f"/boards/OPS/{path}")
        absent = stranger.ask("GET", f"/boards/NONE/{path}")
        assert (hidden.status_code, hidden.content) == (404, absent.content)
        assert weir.nobody().ask("GET", f"/boards/OPS/{path}").status_code == 401


def test_cards_of_an_imported_past_count_on_the_days_on_which_they_were_done(past: Past) -> None:
    past.time.at("2026-04-01T00:00:00Z")
    cards = [
        {
            "title": f"Card {n}",
            "column": "To do",
            "created_at": "2026-03-01T00:00:00Z",
            "moves": [{"at": f"2026-03-{2 + n % 3:02}T10:00:{n:02}Z", "to": "Done"}],
        }
        for n in range(30)
    ]
    past.board.person.post("/boards/OPS/import", {"format": "weir-history/1", "cards": cards})
    found = asked(past, **MARCH)
    assert counts(found) == {f"2026-03-0{day}": 10 for day in (2, 3, 4)}
    assert past.stats(**MARCH)["max"] < 4 * DAY / SECOND
