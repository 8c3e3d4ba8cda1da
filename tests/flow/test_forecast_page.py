"""Throughput and forecast on the flow page: what they say, and that the address says everything."""

import json
import re
from datetime import date
from typing import Any
from urllib.parse import urlsplit

import pytest

from app.clock import HOUR
from app.words import day_words
from tests.databases import on_sqlite
from tests.flow.conftest import Past
from tests.flow.test_flow_page import Page, Reader

NOON = "2026-04-01T12:00:00Z"
WINDOW = "from=2026-03-01&to=2026-04-01"
NONSENSE = [
    ("items=0", "The number of cards must be a whole one from 1 to 100,000."),
    ("items=<b>", "The number of cards must be a whole one"),
    ("by=2026-04-01", "The day must be after today, 2026-04-01 in the board's zone."),
    ("by=soon", "“How many are done by?” must be a day that exists"),
    ("sample_days=5000", "The sample must have from 1 to 3,660 days."),
    ("sample_from=2026-04-01", "The sample must have a whole day that is over"),
    ("sample_from=1990-01-01", "The sample must have at most 3660 days."),
    ("interval=year", "There is no such interval: choose day, week or month."),
]


@pytest.fixture
def reader(past: Past) -> Reader:
    """Ada, who reads the pages of her board: each Monday of March two cards were done."""
    for day in (2, 9, 16, 23, 30):
        for hour in (9, 15):
            past.done(f"2026-03-{day:02}T{hour:02}:00:00Z", lead=HOUR, title=f"Card of {day}")
    for title in ("One", "Two", "Three"):
        past.board.add(title, "To do")
    past.time.at(NOON)
    return Reader(past.board.person)


def option(page: Page, chart: str) -> Any:
    """What a chart is drawn from."""
    found = re.search(f'id="{chart}-data">(.*?)</script>', page.html)
    assert found
    return json.loads(found[1])


@on_sqlite
def test_throughput_is_read_in_a_sentence(reader: Reader) -> None:
    page = reader.page(WINDOW)
    assert "10 cards done in 31 whole days: 2.3 a week; none on 83 % of the days." in page.text
    # Of a day that has begun nobody knows yet what it brings.
    until_now = reader.page("from=2026-03-01T06:00:00Z")
    assert "10 cards done in 30 whole days" in until_now.text


def test_bars_count_by_the_chosen_interval_and_know_their_cards(reader: Reader) -> None:
    weeks = option(reader.page(WINDOW), "throughput-run")["series"][0]["data"]
    assert [bar["value"] for bar in weeks] == [0, 2, 2, 2, 2, 2]
    assert weeks[1]["words"] == "Week from 2 Mar 2026: 2 cards"
    assert weeks[1]["cards"] == [
        ["OPS-2", "/boards/OPS/cards/2", "Card of 2"],
        ["OPS-1", "/boards/OPS/cards/1", "Card of 2"],
    ]
    page = reader.page(f"{WINDOW}&interval=day")
    days = option(page, "throughput-run")["series"][0]["data"]
    assert len(days) == 31
    assert page.link("throughput-month").endswith("&interval=month#throughput")
    month = reader.at(page.link("throughput-month"))
    assert option(month, "throughput-run")["series"][0]["data"][0]["value"] == 10
    assert month.by_id["throughput-month"]["aria-current"] == "true"
    histogram = option(page, "throughput-days")["series"][0]["data"]
    assert [bar["value"] for bar in histogram] == [26, 0, 5]


def test_days_of_many_years_are_drawn_as_weeks_or_months(reader: Reader) -> None:
    page = reader.page("from=2000-01-01&interval=day")
    assert "throughput-day" not in page.by_id
    assert "throughput-week" not in page.by_id
    assert page.by_id["throughput-month"]["aria-current"] == "true"


def test_the_backlog_is_what_is_forecast_without_a_question(reader: Reader) -> None:
    page = reader.page()
    assert "With 85 % confidence all 3 cards that are not done yet are done by" in page.text
    assert "Nothing can be promised by 29 Apr 2026." in page.text
    assert "Drawn from 90 past days, 1 Jan 2026 to 31 Mar 2026: 10 cards, 85 days" in page.text
    assert page.by_id["forecast-items"]["value"] == ""
    api = reader.client.get(page.link("forecast-api"), headers=reader.headers).json()
    assert (api["items"], api["by"], api["sample_days"]) == (3, "2026-04-29", 90)
    for percent in ("50", "70", "85", "95"):
        day = date.fromisoformat(api["when"][percent])
        assert f"{percent} % {day_words(day)}" in page.text
        assert f"{percent} % {api['how_many'][percent]} or more" in page.text


@on_sqlite
def test_questions_and_sample_stand_in_the_address_beside_window_and_filters(
    reader: Reader,
) -> None:
    query = "items=2&by=2026-06-01&sample_from=2026-03-02&sample_to=2026-03-30"
    page = reader.page(f"{WINDOW}&label=&interval=day&{query}")
    assert "With 85 % confidence 2 cards are done by" in page.text
    assert "Drawn from 28 past days, 2 Mar 2026 to 29 Mar 2026: 8 cards" in page.text
    assert page.by_id["forecast-by"]["value"] == "2026-06-01"
    assert page.by_id["forecast-from"]["value"] == "2026-03-02"
    assert ("interval", "day") in page.fields_of["forecast-form"]
    api = reader.client.get(page.link("forecast-api"), headers=reader.headers).json()
    assert (api["sample_from"], api["sample_to"]) == ("2026-03-02", "2026-03-30")
    text = reader.client.get(page.link("forecast-csv"), headers=reader.headers).text
    rows = [line.split(",") for line in text.splitlines()]
    assert rows[0] == ["percent", "when", "how_many"]
    assert rows[3] == ["85", api["when"]["85"], str(api["how_many"]["85"])]
    month = reader.at(page.link("forecast-sample-30"))
    assert "Drawn from 30 past days" in month.text
    assert "sample_from" not in urlsplit(page.link("forecast-sample-30")).query
    assert month.by_id["forecast-items"]["value"] == "2"


@on_sqlite
def test_what_makes_no_sense_is_explained_and_kept(reader: Reader) -> None:
    for query, words in NONSENSE:
        page = reader.page(f"{WINDOW}&{query}")
        assert page.status == 422, query
        assert words in page.text
        assert "85 % of 10 cards" in page.text
        name, _, value = query.partition("=")
        assert (name, value) in page.fields_of["forecast-form"]


@on_sqlite
def test_without_a_past_it_says_what_is_missing_and_another_sample_can_be_chosen(
    past: Past,
) -> None:
    past.time.at(NOON)
    page = Reader(past.board.person).page()
    assert page.status == 200
    assert "No card has been finished on this board yet." in page.text
    assert "90 days from 1 Jan 2026 to 31 Mar 2026, so there is no pace to forecast" in page.text
    assert "forecast-from" in page.by_id


def test_where_all_is_done_the_second_question_is_answered_alone(past: Past) -> None:
    past.done("2026-03-02T12:00:00Z")
    past.time.at(NOON)
    page = Reader(past.board.person).page()
    assert "Every card of the board is done. Nothing can be promised by 29 Apr 2026." in page.text
    assert "forecast-when" not in page.by_id
    assert "forecast-many" in page.by_id
