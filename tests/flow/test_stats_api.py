"""Lead, cycle and process time through the API, on both databases."""

import csv
import io
import statistics
from datetime import date, timedelta
from typing import Any

import numpy as np
import psycopg
import pytest

from app.clock import DAY, HOUR, MINUTE, SECOND
from app.db import SQLITE, Tx
from app.flow import done_reading, queries
from app.types import parse_moment
from tests.flow.conftest import START, Past, Story, Time, make_past
from tests.support import Person, Weir

MEMBERS = [
    *("board", "from", "to", "unit", "count", "mean", "min", "max", "stdev"),
    *("percentiles", "sle", "histogram"),
]
MARCH = {"from": "2026-03-01", "to": "2026-04-01"}

DAYS = [
    ("UTC", "2026-03-29", "2026-03-29T00:00:00Z", "2026-03-30T00:00:00Z"),
    # The clocks go forward: a day of 23 hours. They go back: one of 25.
    ("Europe/Berlin", "2026-03-29", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"),
    ("Europe/Berlin", "2026-10-25", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"),
    # There is no midnight: the day begins at one o'clock.
    ("Africa/Cairo", "2026-04-24", "2026-04-23T22:00:00Z", "2026-04-24T21:00:00Z"),
    # There are two midnights: the day begins with the first.
    ("America/Havana", "2026-11-01", "2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z"),
    ("Pacific/Kiritimati", "2026-03-29", "2026-03-28T10:00:00Z", "2026-03-29T10:00:00Z"),
    ("Asia/Kathmandu", "2026-03-29", "2026-03-28T18:15:00Z", "2026-03-29T18:15:00Z"),
]
NO_PERCENTILES = [
    *(
        "",
        " ",
        ",",
        "50,",
        ",50",
        "50,,70",
        "101",
        "-1",
        "+5",
        "050",
        "00",
        "5.0",
        "5e1",
        "1_0",
    ),
    *("50 ,70", "50;70", "fifty", "NaN", "Infinity", "٥٠", "50\n", "50\x00", "true", "null"),
    *(",".join(map(str, range(21))), "1" * 5_000, "9" * 400, "50,70'--"),
]
NONSENSE = [
    ("from=2026-03-02&to=2026-03-02", "from"),
    ("from=2026-03-03&to=2026-03-02", "from"),
    ("from=2026-03-02T00:00:00Z&to=2026-03-02", "from"),
    ("from=2027-01-01", "from"),
    ("to=1970-01-01&from=1970-01-01", "from"),
    ("from=", "from"),
    ("from=yesterday", "from"),
    ("from=2026-02-30", "from"),
    ("from=2026-3-1", "from"),
    ("to=2026-03-02T00:00:00", "to"),
    ("to=9999-12-31T23:59:59-23:59", "to"),
    ("to=1969-12-31", "to"),
    ("to=2200-01-01", "to"),
    ("to=20260302T000000Z", "to"),
    ("to=1772409600000000", "to"),
    ("work_type=Feature", "work_type"),
    ("work_type=", "work_type"),
    ("service_class=urgent", "service_class"),
    ("lane_id=0", "lane_id"),
    ("lane_id=-1", "lane_id"),
    ("lane_id=1.0", "lane_id"),
    ("lane_id=9223372036854775808", "lane_id"),
    ("lane_id=one&lane_id=1", "lane_id"),
    ("assignee_id=99999999999999999999", "assignee_id"),
    ("assignee_id=", "assignee_id"),
    ("label=%00", "label"),
    ("team=a%00", "team"),
    (f"label={'x' * 201}", "label"),
    ("&".join(["lane_id=1"] * 51), "lane_id"),
    ("format=xml", "format"),
]
ODD = [
    "from=1970-01-01&to=2199-12-31",
    "label=%F0%9F%98%80&label=%ED%A0%80&team=%FF",
    "label=&team=",
    "work_type=feature&work_type=feature&unknown=1",
    "lane_id=9223372036854775807&assignee_id=9223372036854775807",
]


# --- the numbers ----------------------------------------------------------------------------------


def test_the_numbers_are_those_of_an_independent_calculation(past: Past) -> None:
    # Times with every digit that a microsecond leaves room for.
    leads = [86_400_000_001 * n + 12_345_678 * n * n for n in (1, 2, 3, 5, 8, 13, 21)]
    end = parse_moment("2026-03-20T12:00:00Z")
    past.play(
        *(
            Story(
                f"Card {n}",
                [(end - lead, "To do"), (end - lead // 3, "In progress"), (end + n, "Done")],
            )
            for n, lead in enumerate(leads)
        )
    )
    for measure, times in (
        ("lead", [lead + n for n, lead in enumerate(leads)]),
        ("cycle", [lead // 3 + n for n, lead in enumerate(leads)]),
        ("process", [lead // 3 + n for n, lead in enumerate(leads)]),
    ):
        found = past.stats(measure, **MARCH)
        assert list(found) == MEMBERS
        seconds = sorted(time / SECOND for time in times)
        assert (found["board"], found["unit"], found["count"]) == ("OPS", "seconds", 7)
        assert found["from"] == "2026-03-01T00:00:00.000000Z"
        assert found["to"] == "2026-04-01T00:00:00.000000Z"
        assert (found["min"], found["max"]) == (seconds[0], seconds[-1])
        assert found["mean"] == pytest.approx(statistics.fmean(seconds), rel=1e-15)
        assert found["stdev"] == pytest.approx(statistics.pstdev(seconds), rel=1e-14)
        assert found["percentiles"] == {
            str(p): pytest.approx(float(np.percentile(seconds, p)), rel=1e-14)
            for p in (50, 70, 85, 95)
        }
        # Of seven, the 4th, 5th, 6th and 7th.
        assert found["sle"] == dict(zip(("50", "70", "85", "95"), seconds[3:], strict=True))
        assert sum(bucket["count"] for bucket in found["histogram"]) == 7
        for bucket in found["histogram"][:-1]:
            within = [each for each in seconds if bucket["from"] <= each < bucket["to"]]
            assert bucket["count"] == len(within)


def test_no_cards_are_a_count_of_zero_and_nulls(past: Past) -> None:
    past.board.add("Not done")
    found = past.stats("process", percentiles="5,95")
    assert list(found) == MEMBERS
    assert found["count"] == 0
    assert [found[name] for name in ("mean", "min", "max", "stdev")] == [None] * 4
    assert found["percentiles"] == found["sle"] == {"5": None, "95": None}
    assert found["histogram"] == []


def test_cards_that_were_never_started_have_no_cycle_time(past: Past) -> None:
    past.done("2026-03-02T00:00:00Z", lead=DAY, cycle=None)
    past.done("2026-03-05T00:00:00Z", lead=2 * DAY, cycle=HOUR)
    assert past.stats("lead", **MARCH)["count"] == 2
    cycle = past.stats("cycle", **MARCH)
    assert (cycle["count"], cycle["min"], cycle["max"]) == (1, 3600.0, 3600.0)
    process = past.stats("process", **MARCH)
    assert (process["count"], process["min"], process["max"]) == (2, 0.0, 3600.0)


def test_a_card_created_as_done_has_a_lead_time_of_zero(past: Past) -> None:
    past.play(Story("Done on arrival", [("2026-03-02T00:00:00Z", "Done")]))
    assert past.stats(**MARCH)["max"] == 0.0
    assert past.stats("cycle", **MARCH)["count"] == 0


# --- which cards ----------------------------------------------------------------------------------


def test_a_window_takes_its_first_microsecond_in_and_leaves_its_last_out(past: Past) -> None:
    start = parse_moment("2026-03-10T00:00:00Z")
    end = parse_moment("2026-03-11T00:00:00Z")
    for title, at in (
        ("before", start - 1),
        ("first", start),
        ("last", end - 1),
        ("after", end),
    ):
        past.done(at, lead=1, cycle=None, title=title)
    past.time.at("2026-03-12T00:00:00Z")
    assert past.found(**{"from": "2026-03-10", "to": "2026-03-11"}) == ["first", "last"]
    assert past.found(
        **{"from": "2026-03-09T23:59:59.999999Z", "to": "2026-03-11T01:00:00.000001+01:00"}
    ) == ["before", "first", "last", "after"]
    assert past.found(**{"from": "2026-03-10T00:00:00.000001Z"}) == ["last", "after"]
    assert past.found(to="2026-03-10T00:00:00.000001Z") == ["before", "first"]


def test_the_default_window_is_the_last_90_days_up_to_now(past: Past) -> None:
    now = parse_moment("2026-06-01T12:00:00Z")
    past.done(now - 90 * DAY, lead=0, cycle=None, title="too long ago")
    past.done(now - 90 * DAY + 1, lead=0, cycle=None, title="just in")
    past.done(now, title="this very microsecond")
    assert past.found() == ["just in", "this very microsecond"]
    found = past.stats(to="2026-05-01")
    assert found["from"] == "2026-01-31T00:00:00.000000Z"
    assert past.stats(**{"from": "2026-05-01"})["to"] == "2026-06-01T12:00:00.000001Z"


def test_a_day_is_one_of_the_boards_time_zone(time: Time, ada: Person) -> None:
    for number, (zone, day, start, end) in enumerate(DAYS):
        past = make_past(time, ada, f"ZONE{number}", zone)
        first, last = parse_moment(start), parse_moment(end) - 1
        for title, at in (("before", first - 1), ("in", first), ("in", last), ("after", last + 1)):
            past.done(at, lead=0, cycle=None, title=title)
        window = {"from": day, "to": f"{date.fromisoformat(day) + timedelta(days=1)}"}
        assert past.found(**window) == ["in", "in"], zone
        found = past.stats(**window)
        assert (parse_moment(found["from"]), parse_moment(found["to"])) == (first, last + 1)
        time.at(START)


def test_archived_cards_count_and_discarded_ones_do_not(past: Past) -> None:
    kept = past.done("2026-03-02T00:00:00Z", title="kept")
    archived = past.done("2026-03-03T01:00:00Z", title="archived")
    discarded = past.done("2026-03-04T02:00:00Z", title="discarded")
    past.board.person.post(f"/cards/{archived['id']}/archive")
    past.board.person.delete(f"/cards/{discarded['id']}")
    assert past.found(**MARCH) == ["kept", "archived"]
    past.board.person.post(f"/cards/{kept['id']}/archive")
    past.board.person.delete(f"/cards/{archived['id']}")
    assert past.found(**MARCH) == ["kept"]


def test_a_reopened_card_counts_by_its_last_completion(past: Past) -> None:
    card = past.done("2026-03-02T00:00:00Z", lead=DAY, cycle=HOUR)
    past.time.at("2026-03-03T00:00:00Z")
    past.board.move(card, "In progress")
    for measure in ("lead", "cycle", "process"):
        assert past.stats(measure, **MARCH)["count"] == 0
    past.time.at("2026-03-03T06:00:00Z")
    past.board.move(card, "Done")
    assert past.stats(**{**MARCH, "to": "2026-03-03"})["count"] == 0
    assert past.stats(**MARCH)["max"] == timedelta(days=2, hours=6).total_seconds()
    assert past.stats("cycle", **MARCH)["max"] == timedelta(days=1, hours=7).total_seconds()
    assert past.stats("process", **MARCH)["max"] == timedelta(hours=7).total_seconds()


def test_the_time_in_which_a_card_was_blocked_is_no_process_time(past: Past) -> None:
    (card,) = past.play(
        Story("Waits", [("2026-03-02T00:00:00Z", "To do"), ("2026-03-02T08:00:00Z", "In progress")])
    )
    past.time.at("2026-03-02T09:00:00Z")
    past.board.person.post(f"/cards/{card['id']}/block", {"reason": "vendor"})
    past.time.at("2026-03-02T11:30:00Z")
    past.board.person.post(f"/cards/{card['id']}/unblock", {})
    past.time.at("2026-03-02T12:00:00Z")
    past.board.move(card, "Done")
    assert past.stats("cycle", **MARCH)["max"] == 4 * 3600
    assert past.stats("process", **MARCH)["max"] == 1.5 * 3600


def test_each_filter_narrows_and_several_values_mean_any_of_them(
    past: Past, weir: Weir, ada: Person
) -> None:
    bob = weir.person("Bob Ross")
    ada.post("/boards/OPS/members", {"email": "bob.ross@example.org", "role": "member"})
    ada.post("/boards/OPS/lanes", {"name": "Second"})
    second = past.board.lane("Second")
    first = next(lane["id"] for lane in past.board.read()["lanes"] if lane["id"] != second)
    kinds: dict[str, dict[str, Any]] = {
        "a": {"work_type": "feature", "service_class": "standard", "team": "dev", "lane_id": first},
        "b": {"work_type": "defect", "service_class": "expedite", "team": "ops", "lane_id": second},
        "c": {"work_type": "ops", "service_class": "intangible", "lane_id": first},
    }
    kinds["a"] |= {"labels": ['Ünïcode, "quoted"', "both"], "assignee_ids": [ada.id]}
    kinds["b"] |= {"labels": ["both"], "assignee_ids": [ada.id, bob.id]}
    for day, (title, fields) in enumerate(kinds.items(), 2):
        past.done(f"2026-03-{day:02}T00:00:00Z", lead=HOUR, cycle=MINUTE, title=title, **fields)

    def found(**query: Any) -> str:
        return "".join(past.found(**MARCH, **query))

    assert found() == "abc"
    assert found(work_type="defect") == "b"
    assert found(work_type=["defect", "ops"]) == "bc"
    assert found(work_type="incident") == ""
    assert found(service_class="standard") == "a"
    assert found(service_class=["intangible", "expedite"]) == "bc"
    assert found(team="dev") == "a"
    assert found(team=["dev", "ops"]) == "ab"
    assert found(team="nobody's") == ""
    assert found(lane_id=first) == "ac"
    assert found(lane_id=[first, second]) == "abc"
    assert found(lane_id=second + 1000) == ""
    assert found(label="both") == "ab"
    assert found(label='Ünïcode, "quoted"') == "a"
    assert found(label=["both", 'Ünïcode, "quoted"']) == "ab"
    assert found(label="unknown") == ""
    assert found(label=["unknown", "both"]) == "ab"
    assert found(label="%") == found(label="both' OR 1=1 --") == ""
    assert found(assignee_id=ada.id) == "ab"
    assert found(assignee_id=bob.id) == "b"
    assert found(assignee_id=[ada.id, bob.id]) == "ab"
    assert found(assignee_id=2**63 - 1) == ""
    # Different filters must all hold.
    assert found(label="both", work_type="defect", assignee_id=ada.id) == "b"
    assert found(label="both", work_type="ops") == ""


def test_boards_are_measured_apart(time: Time, ada: Person) -> None:
    ops, dev = (make_past(time, ada, key, "UTC") for key in ("OPS", "DEV"))
    ops.done("2026-03-02T00:00:00Z", title="ops", labels=["same"])
    dev.done("2026-03-04T00:00:00Z", title="dev", labels=["same"])
    assert ops.found(**MARCH, label="same") == ["ops"]
    assert dev.found(**MARCH, label="same") == ["dev"]
    lane = dev.board.read()["lanes"][0]["id"]
    assert ops.found(**MARCH, lane_id=lane) == []


# --- what may be asked ----------------------------------------------------------------------------


def test_other_percentiles_can_be_chosen(past: Past) -> None:
    for hours in (1, 2, 3, 4):
        past.done(f"2026-03-0{hours}T00:00:00Z", lead=hours * HOUR, cycle=None)
    found = past.stats(percentiles="99,0,100,10,10", **MARCH)
    assert found["percentiles"] == {"99": 14292.0, "0": 3600.0, "100": 14400.0, "10": 4680.0}
    assert found["sle"] == {"99": 14400.0, "0": 3600.0, "100": 14400.0, "10": 3600.0}
    many = ",".join(map(str, range(20)))
    assert len(past.stats(percentiles=many, **MARCH)["sle"]) == 20


def test_percentiles_are_whole_numbers_from_0_to_100(past: Past) -> None:
    for points in NO_PERCENTILES:
        path = "/boards/OPS/stats/lead-time"
        answer = past.board.person.ask("GET", path, params={"percentiles": points})
        assert answer.status_code == 422, points
        assert answer.json()["errors"][0]["loc"] == ["query", "percentiles"]


def test_what_makes_no_sense_is_a_422(past: Past) -> None:
    for query, place in NONSENSE:
        for measure in ("lead", "cycle", "process"):
            answer = past.board.person.ask("GET", f"/boards/OPS/stats/{measure}-time?{query}")
            assert answer.status_code == 422, query
            assert answer.headers["content-type"] == "application/problem+json"
            assert {error["loc"][1] for error in answer.json()["errors"]} == {place}, query


def test_what_is_only_odd_is_answered(past: Past) -> None:
    past.done("2026-03-02T00:00:00Z")
    for query in ODD:
        for form in ("json", "csv"):
            path = f"/boards/OPS/stats/lead-time?{query}&format={form}"
            assert past.board.person.ask("GET", path).status_code == 200, query


def test_the_statistics_of_a_board_that_one_may_not_see_are_not_there(
    past: Past, weir: Weir
) -> None:
    past.done("2026-03-02T00:00:00Z")
    stranger = weir.person("Eve Stranger")
    for measure in ("lead", "cycle", "process"):
        for form in ("json", "csv"):
            path = f"stats/{measure}-time?format={form}"
            hidden = stranger.ask("GET", f"/boards/OPS/{path}")
            absent = stranger.ask("GET", f"/boards/NONE/{path}")
            assert (hidden.status_code, hidden.content) == (404, absent.content)
            assert weir.nobody().ask("GET", f"/boards/OPS/{path}").status_code == 401


def test_a_viewer_with_a_read_only_token_may_measure(past: Past, weir: Weir) -> None:
    past.done("2026-03-02T00:00:00Z")
    viewer = weir.person("Vic Viewer")
    past.board.person.post(
        "/boards/OPS/members", {"email": "vic.viewer@example.org", "role": "viewer"}
    )
    reader = weir.token(viewer, read_only=True)
    assert reader.get("/boards/ops/stats/lead-time", params=MARCH)["count"] == 1


# --- as CSV ---------------------------------------------------------------------------------------


def _csv(past: Past, measure: str = "lead", **query: Any) -> list[dict[str, str]]:
    path = f"/boards/OPS/stats/{measure}-time"
    answer = past.board.person.ask("GET", path, params={**MARCH, **query, "format": "csv"})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    disposition = answer.headers["content-disposition"]
    assert disposition == f'attachment; filename="OPS-{measure}-time.csv"'
    return list(csv.DictReader(io.StringIO(answer.content.decode(), newline="")))


def test_the_csv_has_a_row_for_each_card_with_its_clocks(past: Past) -> None:
    card = past.done(
        "2026-03-02T12:00:00.000001Z",
        lead=DAY + 1,
        cycle=2 * HOUR,
        title="Büro, „Umzug“",
        labels=["one", "a, b"],
        team="dev",
        work_type="debt",
        assignee_ids=[past.board.person.id],
        external_id="INC-1",
    )
    past.done("2026-03-05T00:00:00Z", lead=0, cycle=None, title="Straight to done")
    rows = _csv(past)
    assert [row["title"] for row in rows] == ["Straight to done", "Büro, „Umzug“"]
    assert rows[1] == {
        "ref": card["ref"],
        "title": "Büro, „Umzug“",
        "work_type": "debt",
        "service_class": "standard",
        "team": "dev",
        "lane": past.board.read()["lanes"][0]["name"],
        "assignees": "Ada Lovelace",
        "labels": "a, b, one",
        "external_id": "INC-1",
        "created_at": "2026-03-01T12:00:00.000000Z",
        "started_at": "2026-03-02T10:00:00.000001Z",
        "done_at": "2026-03-02T12:00:00.000001Z",
        "lead_time": "86400.000001",
        "cycle_time": "7200.000000",
        "process_time": "7200.000000",
        "blocked_time": "0.000000",
    }
    assert (rows[0]["cycle_time"], rows[0]["lead_time"]) == ("", "0.000000")
    assert [row["title"] for row in _csv(past, "cycle")] == ["Büro, „Umzug“"]
    assert [row["title"] for row in _csv(past, label="one")] == ["Büro, „Umzug“"]
    assert _csv(past, label="none") == []


def test_no_cell_of_the_csv_is_a_formula(past: Past) -> None:
    for first in ("=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("http://x")'):
        fields = {"title": first, "labels": [first], "external_id": first}
        past.done("2026-03-02T00:00:00Z", lead=0, cycle=None, **fields)
        row = next(row for row in _csv(past) if row["external_id"] == f"'{first}")
        assert row["title"] == row["labels"] == f"'{first}"


def test_a_long_csv_comes_in_parts_without_a_gap(
    past: Past, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "PART", 2)
    end = parse_moment("2026-03-20T12:00:00Z")
    # Several were done in the same microsecond.
    past.play(*(Story(f"{n}", [(end - n // 3, "Done")]) for n in range(8, -1, -1)))
    titles = [row["title"] for row in _csv(past)]
    assert sorted(titles) == [str(n) for n in range(9)]
    done = [row["done_at"] for row in _csv(past)]
    assert done == sorted(done, reverse=True)


# --- at what cost ---------------------------------------------------------------------------------


def test_a_window_is_measured_from_its_index_alone(past: Past, weir: Weir) -> None:
    past.done("2026-03-02T00:00:00Z")

    def plan(tx: Tx, measure: str) -> list[Any]:
        statement, constants = done_reading._statement((measure,)).compiled(tx.dialect)
        values = {**constants, "board_id": 1, "start": 0, "end": 2**60}
        if tx.dialect != SQLITE:
            # A handful of rows is read in full, whatever there is for the many.
            tx.cursor.execute("SET LOCAL enable_seqscan = off")
            tx.cursor.execute("SET LOCAL enable_bitmapscan = off")
        tx.cursor.execute(f"EXPLAIN {statement}", values)
        return list(tx.cursor.fetchall())

    if weir.db.dialect != SQLITE:
        # Without it every entry of the index is looked up in the table, to see whether it stands.
        with psycopg.connect(weir.settings.url, autocommit=True) as connection:
            connection.execute("VACUUM ANALYZE cards")
    for measure in ("lead", "cycle", "process"):
        rows = weir.db.read_now(plan, measure)
        if weir.db.dialect != SQLITE:
            assert any("Index Only Scan using ix_cards_done on cards" in row[0] for row in rows)
            continue
        # SQLite opens the table too, but takes every value from the index's cursor (number 1).
        assert [row[2] for row in rows if row[1] == "OpenRead"] == [0, 1]
        assert {row[2] for row in rows if row[1] == "Column"} == {1}
