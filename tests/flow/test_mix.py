"""The work mix: what the work is made of, on both databases."""

import csv
import io
from fractions import Fraction
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from app.clock import HOUR
from app.flow.mix import TYPES, Kind, Mix, mixed, mixed_by_span
from app.flow.shares import percent_beside
from tests.flow.conftest import Past

MARCH = {"from": "2026-03-01", "to": "2026-04-01"}
PATH = "/boards/OPS/stats/work-mix"
CLASSES = ["standard", "fixed_date", "expedite", "intangible"]

KINDS = st.lists(
    st.builds(Kind, st.sampled_from(TYPES), st.sampled_from(CLASSES), st.integers(0, 20))
)


# --- the numbers ----------------------------------------------------------------------------------


@given(KINDS)
def test_every_card_is_of_one_type_and_planned_or_not(kinds: list[Kind]) -> None:
    mix = mixed(kinds)
    assert mix.total == sum(kind.cards for kind in kinds) == mix.planned + mix.unplanned
    shares = [mix.share(count) for count in mix.counts]
    assert sum(share or 0 for share in shares) == (1 if mix.total else 0)
    assert mix.betterment == mix.counts[2] + mix.counts[3]
    assert (mix.share(0) is None) == (mix.reaches(0) is None) == (mix.total == 0)


@given(KINDS, st.data())
def test_the_weeks_add_up_to_the_whole(kinds: list[Kind], data: st.DataObject) -> None:
    by_week = [(kind, data.draw(st.tuples(*[st.integers(0, 5)] * 3))) for kind in kinds]
    weeks = mixed_by_span(by_week, 3)
    whole = mixed(kind._replace(cards=sum(counts)) for kind, counts in by_week)
    assert tuple(map(sum, zip(*(week.counts for week in weeks), strict=True))) == whole.counts
    assert sum(week.unplanned for week in weeks) == whole.unplanned


def test_a_target_is_reached_at_its_very_share() -> None:
    mix = Mix((4, 0, 1, 0, 0, 0), 0)
    assert (mix.reaches(20), mix.reaches(21)) == (True, False)
    # 7 % of 100 is 7, which floats do not say.
    assert Mix((93, 0, 3, 4, 0, 0), 0).reaches(7) is True
    assert Mix((0,) * 6, 0).reaches(20) is None


# --- through the API ------------------------------------------------------------------------------


def stats(past: Past, **query: Any) -> Any:
    """The statistics that the API gives."""
    return past.board.person.get(PATH, params=query)


def test_what_is_finished_and_in_progress_is_told_by_type(past: Past) -> None:
    for day, work_type, service_class in (
        (2, "feature", "standard"),
        (3, "feature", "expedite"),
        (10, "debt", "standard"),
        (11, "incident", "standard"),
    ):
        fields = {"work_type": work_type, "service_class": service_class}
        past.done(f"2026-03-{day:02}T12:00:00Z", 2 * HOUR, HOUR, **fields)
    past.time.at("2026-03-12T12:00:00Z")
    past.board.add("Started", "In progress", work_type="improvement")
    past.board.add("Waits", "To do", work_type="ops")
    found = stats(past, **{"from": "2026-03-02", "to": "2026-03-16"})
    assert (found["finished"], found["in_progress"]) == (4, 1)
    assert [
        (each["work_type"], each["finished"], each["finished_share"]) for each in found["types"]
    ] == [
        ("feature", 2, 0.5),
        ("defect", 0, 0.0),
        ("debt", 1, 0.25),
        ("improvement", 0, 0.0),
        ("ops", 0, 0.0),
        ("incident", 1, 0.25),
    ]
    assert [each["in_progress"] for each in found["types"]] == [0, 0, 0, 1, 0, 0]
    assert found["unplanned"] == {
        "finished": 2,
        "finished_share": 0.5,
        "in_progress": 0,
        "in_progress_share": 0.0,
    }
    assert found["planned"]["finished"] == 2
    assert found["betterment"] == {
        "finished": 1,
        "finished_share": 0.25,
        "in_progress": 1,
        "in_progress_share": 1.0,
        "target": 0.2,
        "reached": True,
    }
    nothing = dict.fromkeys(TYPES, 0)
    assert found["weeks"] == [
        {
            "start": "2026-03-02",
            "finished": {**nothing, "feature": 2},
            "unplanned": 1,
            "betterment_share": 0.0,
        },
        {
            "start": "2026-03-09",
            "finished": {**nothing, "debt": 1, "incident": 1},
            "unplanned": 1,
            "betterment_share": 0.5,
        },
    ]


def test_months_are_calendar_months_in_the_boards_zone(past: Past) -> None:
    past.board.person.patch("/boards/OPS", {"time_zone": "Europe/Berlin"})
    past.done("2026-02-28T22:30:00Z", HOUR // 2, HOUR // 4, work_type="debt")
    past.done("2026-02-28T23:30:00Z", HOUR // 2, HOUR // 4, work_type="improvement")
    past.done("2026-03-10T12:00:00Z")
    found = stats(past, **{"from": "2026-02-10", "to": "2026-05-01"})
    assert [(each["start"], each["betterment_share"]) for each in found["months"]] == [
        ("2026-02-01", 1.0),
        ("2026-03-01", 0.5),
        ("2026-04-01", None),
    ]
    for name in ("weeks", "months"):
        total = sum(sum(each["finished"].values()) for each in found[name])
        assert total == found["finished"] == 3


@given(st.fractions(0, 1), st.integers(0, 100))
def test_a_share_beside_a_target_shows_on_which_side_it_is(share: Fraction, target: int) -> None:
    assert (float(percent_beside(share, target).split()[0]) >= target) == (share * 100 >= target)


def test_a_share_near_its_target_has_digits() -> None:
    assert percent_beside(Fraction(39, 200), 20) == "19.5 %"
    assert percent_beside(Fraction(1999, 10_000), 20) == "19.99 %"
    assert percent_beside(Fraction(1, 3), 20) == "33 %"
    assert percent_beside(Fraction(1, 5), 20) == "20 %"


def test_nothing_finished_is_zero_and_null(past: Past) -> None:
    found = stats(past, **MARCH)
    assert (found["finished"], found["in_progress"]) == (0, 0)
    assert {each["finished_share"] for each in found["types"]} == {None}
    assert found["betterment"]["reached"] is None
    assert {week["betterment_share"] for week in found["weeks"]} == {None}


def test_the_target_is_asked_for_in_percent(past: Past) -> None:
    past.done("2026-03-02T12:00:00Z", work_type="debt")
    past.done("2026-03-04T12:00:00Z")
    assert stats(past, **MARCH, target=50)["betterment"]["reached"] is True
    found = stats(past, **MARCH, target=51)["betterment"]
    assert (found["target"], found["reached"]) == (0.51, False)
    for wrong in ("101", "-1", "0.2", "", "many"):
        assert past.board.person.ask("GET", f"{PATH}?target={wrong}").status_code == 422


def test_archived_cards_count_as_finished_and_not_as_in_progress(past: Past) -> None:
    done = past.done("2026-03-02T12:00:00Z")
    gone = past.done("2026-03-04T12:00:00Z")
    past.time.at("2026-03-05T12:00:00Z")
    started = past.board.add("Started", "In progress")
    back = past.board.add("Sent back", "In progress")
    past.board.move(back, "To do")
    for card in (done, started):
        past.board.person.post(f"/cards/{card['id']}/archive")
    past.board.person.delete(f"/cards/{gone['id']}")
    found = stats(past, **MARCH)
    # What went back to the left has been started all the same.
    assert (found["finished"], found["in_progress"]) == (1, 1)


def test_filters_narrow_both_numbers(past: Past) -> None:
    for team in ("dev", "ops"):
        past.done("2026-03-02T12:00:00Z" if team == "dev" else "2026-03-04T12:00:00Z", team=team)
        past.board.add("Started", "In progress", team=team, labels=[team])
    for query in ({"team": "ops"}, {"team": ["ops", "none"]}):
        found = stats(past, **MARCH, **query)
        assert (found["finished"], found["in_progress"]) == (1, 1)
    found = stats(past, **MARCH, label="dev")
    assert (found["finished"], found["in_progress"]) == (0, 1)


def test_the_csv_has_every_week(past: Past) -> None:
    past.done("2026-03-02T12:00:00Z", work_type="debt")
    query = {"from": "2026-03-02", "to": "2026-03-16", "format": "csv"}
    answer = past.board.person.ask("GET", PATH, params=query)
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["week"] for row in rows] == ["2026-03-02", "2026-03-09"]
    assert (rows[0]["debt"], rows[0]["unplanned"], rows[0]["betterment_share"]) == (
        *("1", "0", "1.0000"),
    )
    assert rows[1]["betterment_share"] == ""
