"""Whole status logs: one in the shape of ServiceNow's, and whatever chance writes."""

import csv
import random
from datetime import datetime
from io import StringIO
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from app.exchange.csvlog import read_log, read_log_file
from app.exchange.mapping import LogError, load_mapping
from app.types import ExternalId, Reason, Title, Word
from tests.exchange.independent import REAL_LOG, lead_times
from tests.exchange.plain_log import HEADER, NOW, PLAIN, SMALL_LOG, hour, read

# Logs in the shape of ServiceNow's


def small_cards() -> dict[str, dict[str, Any]]:
    reading = read_log_file(SMALL_LOG, load_mapping("servicenow"), now=NOW)
    return {one["external_id"]: one for one in reading.document["cards"]}


def lead_times_of(document: dict[str, Any]) -> dict[str, int | None]:
    """Milliseconds from creation to the last entry into a done column from another kind."""
    kinds = {column["name"]: column["kind"] for column in document["columns"]}
    found: dict[str, int | None] = {}
    for one in document["cards"]:
        created_at = datetime.fromisoformat(one["created_at"])
        stays = [{"at": one["created_at"], "to": one["column"]}, *one["moves"]]
        done_at, was_done = None, False
        for stay in stays:
            is_done = kinds[stay["to"]] == "done"
            if is_done and not was_done:
                done_at = datetime.fromisoformat(stay["at"])
            was_done = is_done
        lead = (done_at - created_at).total_seconds() * 1000 if done_at and was_done else None
        found[one["external_id"]] = None if lead is None else round(lead)
    return found


def test_the_small_log_is_read_with_every_oddity_counted() -> None:
    reading = read_log_file(SMALL_LOG, load_mapping("servicenow"), now=NOW)
    assert reading.document["format"] == "weir-history/1"
    assert reading.document["columns"] == [
        {"name": "New", "kind": "queue"},
        {"name": "Active", "kind": "active"},
        {"name": "Resolved", "kind": "done"},
        {"name": "Closed", "kind": "done"},
    ]
    assert (reading.rows, reading.cards) == (51, 12)
    assert (reading.duplicates, reading.ignored, reading.reordered) == (1, 1, 2)
    assert (reading.before_creation, reading.shortened) == (1, 0)
    assert reading.moves == sum(len(one["moves"]) for one in reading.document["cards"])
    assert reading.blocks == sum(len(one["blocks"]) for one in reading.document["cards"])
    assert len(reading.warnings) == 4


def test_a_card_of_the_small_log_has_all_that_a_history_says() -> None:
    assert small_cards()["INC0000003"] == {
        "external_id": "INC0000003",
        "title": "Category 1 reported by Phone",
        "work_type": "incident",
        "service_class": "standard",
        "team": None,
        "description": "",
        "labels": ["Group 2"],
        "created_at": "2016-03-01T09:05:00.000000Z",
        "column": "New",
        "moves": [
            {"at": "2016-03-02T09:00:00.000000Z", "to": "Active"},
            {"at": "2016-03-02T10:30:00.000000Z", "to": "Resolved"},
        ],
        "blocks": [
            {
                "from": "2016-03-01T10:00:00.000000Z",
                "until": "2016-03-01T12:00:00.000000Z",
                "reason": "Awaiting user info",
                "category": "waiting_on_customer",
            },
            {
                "from": "2016-03-01T12:00:00.000000Z",
                "until": "2016-03-02T09:00:00.000000Z",
                "reason": "Awaiting the solution of a problem",
                "category": "dependency",
            },
        ],
    }


def test_an_incident_that_is_still_waiting_for_a_vendor_is_blocked() -> None:
    (block,) = small_cards()["INC0000010"]["blocks"]
    assert (block["until"], block["category"]) == (None, "waiting_on_vendor")


def test_the_lead_time_of_an_incident_ends_with_its_last_resolution_and_not_when_closed() -> None:
    minute = 60_000
    expected = lead_times(SMALL_LOG)
    assert expected["INC0000001"] == 180 * minute
    assert expected["INC0000008"] == (51 * 60 + 45) * minute
    assert expected["INC0000006"] == 0
    assert expected["INC0000010"] is None


def test_the_lead_times_of_the_small_log_are_those_of_the_independent_calculation() -> None:
    document = read_log_file(SMALL_LOG, load_mapping("servicenow"), now=NOW).document
    assert lead_times_of(document) == lead_times(SMALL_LOG)


@pytest.mark.skipif(
    not REAL_LOG.exists(),
    reason="the real log (shared/data/servicenow-incidents.csv beside the project) is not here",
)
def test_the_lead_times_of_the_real_log_are_those_of_the_independent_calculation() -> None:
    reading = read_log_file(REAL_LOG, load_mapping("servicenow"), now=NOW)
    assert (reading.rows, reading.cards) == (3845, 560)
    assert (reading.duplicates, reading.reordered, reading.before_creation) == (49, 2, 5)
    assert lead_times_of(reading.document) == lead_times(REAL_LOG)
    assert None not in lead_times(REAL_LOG).values()


# Whatever the log

STATES = st.sampled_from(["New", "Active", "Done", "Waiting", "Held", "Lost"])
NUMBERS = st.sampled_from(["1", "2", "3"])


@st.composite
def logs(draw: st.DrawFn, *, distinct: bool) -> list[str]:
    """The rows of a log with up to three cards, creations before, at and after observations."""
    minutes = st.integers(0, 40 if distinct else 6)
    times = draw(st.lists(minutes, min_size=1, max_size=25, unique=distinct))
    opened = {number: draw(st.none() | st.integers(0, 20)) for number in "123"}
    rows = []
    for minute in times:
        number = draw(NUMBERS)
        known = opened[number]
        created = "" if known is None else f"2024-05-06T08:{known:02}"
        group = draw(st.sampled_from(["", "A", "B"]))
        rows.append(f"{number},{draw(STATES)},2024-05-06T08:{minute:02},{created},{group}")
    return [*rows, "9,New,2024-05-06T08:00,,"]


@settings(deadline=None)
@given(rows=logs(distinct=True), seed=st.randoms(use_true_random=False))
def test_a_shuffled_log_tells_the_same_history(rows: list[str], seed: random.Random) -> None:
    shuffled = list(rows)
    seed.shuffle(shuffled)
    options = {"title": "{state} by {group}", "before_creation": "keep_creation"}
    assert read(*shuffled, **options).document == read(*rows, **options).document


@settings(deadline=None)
@given(rows=logs(distinct=False), before=st.sampled_from(["keep_creation", "move_creation"]))
def test_times_never_go_back_and_blocks_lie_apart_within_the_life_of_a_card(
    rows: list[str], before: str
) -> None:
    reading = read(*rows, before_creation=before)
    assert reading.rows == len(rows)
    for one in reading.document["cards"]:
        times = [one["created_at"], *(move["at"] for move in one["moves"])]
        assert times == sorted(times)
        column = one["column"]
        for move in one["moves"]:
            assert move["to"] != column
            column = move["to"]
        ends = [one["created_at"]]
        for block in one["blocks"]:
            assert ends[-1] is not None
            assert ends[-1] <= block["from"]
            assert block["until"] is None or block["from"] <= block["until"]
            ends.append(block["until"])


@settings(deadline=None)
@given(text=st.text(alphabet=st.sampled_from('ab7,;"\n\r\0\ufeff éNewActive2024-05-06T08:00')))
def test_a_log_of_any_characters_is_read_or_refused(text: str) -> None:
    mapping = PLAIN.with_options(unknown_states="as_column")
    said = []
    for one in (text, f"{HEADER}\n{text}"):
        try:
            assert read_log(StringIO(one, newline=""), mapping, now=NOW).cards > 0
        except LogError as error:
            said.append(str(error))
    assert all("\n" not in one for one in said)


@settings(deadline=None)
@given(values=st.lists(st.lists(st.text(max_size=9), min_size=5, max_size=5), max_size=3))
def test_any_values_are_read_or_refused(values: list[list[str]]) -> None:
    written = StringIO(newline="")
    csv.writer(written).writerows([HEADER.split(","), *values])
    said = ""
    try:
        read_log(StringIO(written.getvalue(), newline=""), PLAIN, now=NOW)
    except LogError as error:
        said = str(error)
    assert "\n" not in said


@settings(deadline=None)
@given(st.lists(st.tuples(st.text(min_size=1), st.text(max_size=700)), min_size=1, max_size=3))
def test_whatever_the_log_says_a_card_takes_it(values: list[tuple[str, str]]) -> None:
    written = StringIO(newline="")
    rows = [[one, "Held", hour(8), "", other] for one, other in values]
    csv.writer(written).writerows([HEADER.split(","), *rows])
    mapping = PLAIN.with_options(title="{group} {id}")
    try:
        reading = read_log(StringIO(written.getvalue(), newline=""), mapping, now=NOW)
    except LogError:
        return
    for one in reading.document["cards"]:
        taken = [(Title, one["title"]), (ExternalId, one["external_id"])]
        taken += [(Word, label) for label in one["labels"]]
        taken += [(Reason, block["reason"]) for block in one["blocks"]]
        for kind, text in taken:
            assert TypeAdapter(kind).validate_python(text) == text
