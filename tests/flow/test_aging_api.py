"""Aging work in progress through the API and on the flow page, on both databases."""

import json
import re
from typing import Any

import numpy as np
import pytest

from app.clock import DAY, HOUR, SECOND
from app.types import parse_moment
from tests.flow.conftest import Past, Story, make_past, story
from tests.support import Person

STEPS = ("Backlog", "Ready", "Doing", "Done", "Test", "Ready to deploy", "Deploy", "In production")
BEGIN = parse_moment("2026-02-01T08:00:00Z")


def aging(past: Past, **query: Any) -> Any:
    """What the API gives."""
    return past.board.person.get(f"/boards/{past.board.key}/stats/aging", params=query)


def marks(past: Past, **query: Any) -> dict[str, Any]:
    """The pace by the names of the columns."""
    names = {column: name for name, column in past.columns.items()}
    return {names[each["column_id"]]: each["percentiles"] for each in aging(past, **query)["pace"]}


@pytest.fixture
def ops(past: Past, ada: Person) -> Past:
    """A board of eight columns without limits."""
    ada.post("/boards", {"key": "LONG", "name": "Long", "template": "dev-ops"})
    made = Past(type(past.board)(ada, "LONG"), past.time)
    for column in ("Ready", "Test", "Ready to deploy", "Deploy"):
        made.board.limit(column, None)
    group = made.board.read()["groups"][0]["id"]
    ada.patch(f"/groups/{group}", {"wip_limit": None})
    return made


def walk(start: int, *hours: float, title: str = "Past") -> Story:
    """A card that enters Backlog, Ready, Doing, ... so many hours after a time."""
    at = [start + round(each * HOUR) for each in hours]
    return Story(title, list(zip(at, STEPS, strict=False)))


def test_cards_in_work_are_there_with_their_ages_the_oldest_first(past: Past) -> None:
    past.play(
        Story("New", [(BEGIN, "To do")]),
        Story("Started", [(BEGIN, "To do"), (BEGIN + DAY, "In progress")]),
        Story("Old", [(BEGIN, "In progress")]),
        Story("Back", [(BEGIN, "In progress"), (BEGIN + DAY, "To do")]),
        Story("Done", [(BEGIN, "In progress"), (BEGIN + DAY, "Done")]),
        Story("Again", [(BEGIN, "To do"), (BEGIN + HOUR, "Done"), (BEGIN + DAY, "In progress")]),
    )
    past.time.at(BEGIN + 3 * DAY + 1)
    found = aging(past)
    assert list(found) == ["cards", "pace"]
    assert [(card["title"], card["age"], card["time_in_column"]) for card in found["cards"]] == [
        ("Old", 259_200.000001, 259_200.000001),
        ("Back", 259_200.000001, 172_800.000001),
        ("Started", 172_800.000001, 172_800.000001),
        ("Again", 172_800.000001, 172_800.000001),
    ]
    old, back, *_ = found["cards"]
    members = ["id", "ref", "title", "column_id", "age", "time_in_column", "blocked"]
    assert list(old) == members
    assert re.fullmatch(r"OPS-\d", old["ref"])
    assert back["column_id"] == past.columns["To do"]


def test_blocked_cards_are_in_work_and_archived_and_discarded_ones_are_not(past: Past) -> None:
    stories = [Story(name, [(BEGIN, "In progress")]) for name in ("A", "B", "C")]
    first, second, third = past.play(*stories)
    person = past.board.person
    person.post(f"/cards/{first['id']}/block", {"reason": "Waiting"})
    person.post(f"/cards/{second['id']}/archive")
    person.delete(f"/cards/{third['id']}")
    (only,) = aging(past)["cards"]
    assert (only["title"], only["blocked"]) == ("A", True)
    person.post(f"/cards/{first['id']}/unblock", {})
    assert aging(past)["cards"][0]["blocked"] is False


def test_the_pace_has_the_percentiles_of_the_ages_on_leaving(past: Past) -> None:
    cycles = [HOUR * n * n + n for n in (1, 2, 3, 5, 8, 13)]
    end = BEGIN + 20 * DAY
    past.play(*(story(end + n, lead=15 * DAY, cycle=cycle) for n, cycle in enumerate(cycles)))
    seconds = [cycle / SECOND for cycle in cycles]
    assert marks(past) == {
        "To do": dict.fromkeys(("50", "70", "85", "95")),
        "In progress": {
            str(p): pytest.approx(float(np.percentile(seconds, p)), rel=1e-12)
            for p in (50, 70, 85, 95)
        },
    }


def test_the_pace_never_falls_from_left_to_right(ops: Past) -> None:
    # Three were long in Doing and skipped the rest; one was quick all the way.
    ops.play(
        *(Story("Slow", [(BEGIN, "Doing"), (BEGIN + 9 * DAY, "In production")]) for _ in range(3)),
        walk(BEGIN, 0, 1, 2, 3, 5, 6, 8, 12),
    )
    found = marks(ops, **{"from": "2026-02-01", "to": "2026-03-01"})
    assert list(found) == list(STEPS[:-1])
    assert found["Backlog"]["50"] is found["Ready"]["95"] is None
    nine = 9.0 * 24 * 3600
    assert found["Doing"] == dict.fromkeys(("50", "70", "85", "95"), nine)
    # The one card left Done at three hours, but a card at this stage is no younger than in Doing.
    for column in ("Done", "Test", "Ready to deploy", "Deploy"):
        assert found[column] == found["Doing"]


def test_a_card_left_a_column_when_it_left_it_for_the_last_time(past: Past) -> None:
    stays: list[tuple[str | int, str]] = [
        (BEGIN, "In progress"),
        (BEGIN + HOUR, "To do"),
        (BEGIN + 2 * HOUR, "In progress"),
        (BEGIN + 5 * HOUR, "Done"),
    ]
    past.play(Story("Came back", stays))
    assert marks(past)["In progress"]["50"] == 5 * 3600


def test_few_past_cards_say_nothing_where_more_are_asked_for(past: Past) -> None:
    past.play(*(story(BEGIN + DAY + n, lead=HOUR, cycle=HOUR) for n in range(3)))
    assert marks(past, fewest=3)["In progress"]["85"] == 3600
    assert marks(past, fewest=4)["In progress"]["85"] is None
    path = "/boards/OPS/stats/aging"
    for fewest in ("0", "-1", "1001", "many", "1.5"):
        answer = past.board.person.ask("GET", path, params={"fewest": fewest})
        assert answer.status_code == 422


def test_the_window_chooses_the_past_and_the_filters_choose_both(past: Past) -> None:
    past.play(
        story(BEGIN + 1 * DAY, lead=HOUR, cycle=HOUR, team="dev", labels=["red"]),
        story(BEGIN + 20 * DAY, lead=3 * HOUR, cycle=3 * HOUR, team="ops"),
        Story("Dev", [(BEGIN + 20 * DAY, "In progress")], {"team": "dev"}),
        Story("Ops", [(BEGIN + 20 * DAY, "In progress")], {"team": "ops", "labels": ["red"]}),
    )

    def found(**query: Any) -> tuple[list[str], float | None]:
        titles = [card["title"] for card in aging(past, **query)["cards"]]
        return titles, marks(past, **query)["In progress"]["50"]

    assert found() == (["Dev", "Ops"], 7200)
    assert found(to="2026-02-10") == (["Dev", "Ops"], 3600)
    assert found(team="dev") == (["Dev"], 3600)
    assert found(label="red") == (["Ops"], 3600)
    assert found(team="sales") == ([], None)


def test_cards_come_as_a_file(past: Past) -> None:
    (card,) = past.play(Story("=Old, “odd”", [(BEGIN, "In progress")]))
    past.time.at(BEGIN + DAY)
    path = "/boards/OPS/stats/aging"
    answer = past.board.person.ask("GET", path, params={"format": "csv"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="OPS-aging.csv"'
    assert answer.text.splitlines() == [
        "ref,title,column,age,time_in_column,blocked",
        f'{card["ref"]},"\'=Old, “odd”",In progress,86400.000000,86400.000000,no',
    ]


def test_a_board_without_columns_has_nothing_in_work(past: Past) -> None:
    past.board.person.board("NEW", "empty")
    assert past.board.person.get("/boards/NEW/stats/aging") == {"cards": [], "pace": []}


# --- the page -------------------------------------------------------------------------------------


def chart(past: Past, query: str = "") -> tuple[str, Any]:
    """The flow page and what is drawn on it of the cards in work."""
    person = past.board.person
    answer = person.weir.client.get(
        f"/boards/{past.board.key}/flow{query}", headers={"Authorization": f"Bearer {person.token}"}
    )
    assert answer.status_code == 200
    found = re.search(r'id="aging-chart-data">(.*?)</script>', answer.text, re.DOTALL)
    return answer.text, None if found is None else json.loads(found[1])


def test_the_page_shows_the_cards_before_the_pace_of_the_past(past: Past) -> None:
    past.play(
        *(story(BEGIN + 9 * DAY + n, lead=DAY, cycle=n * HOUR) for n in range(1, 21)),
        Story("Late", [(BEGIN + 9 * DAY, "In progress")]),
        Story("Also late", [(BEGIN + 9 * DAY, "In progress")]),
        Story("Young", [(BEGIN + 12 * DAY, "In progress")]),
    )
    past.time.at(BEGIN + 12 * DAY + HOUR)
    page, drawn = chart(past)
    assert "2 of 3 cards are older than 85 % of past cards were at their stage:" in page
    dots, ringed = drawn["series"][-2:]
    assert [dot["value"][2] for dot in dots["data"]] == ["", "2"]
    assert {title for _, _, title in dots["data"][1]["cards"]} == {"Late", "Also late"}
    assert ringed["data"] == []
    assert "older than 95 % of past cards at this stage" in page
    assert "85 % of past cards</strong> had left In progress at 17.2 hours" in page


def test_the_page_says_what_the_bands_need(past: Past) -> None:
    past.play(
        *(story(BEGIN + 9 * DAY + n, lead=DAY, cycle=n * HOUR) for n in range(1, 20)),
        Story("In work", [(BEGIN + 9 * DAY, "In progress")]),
    )
    page, drawn = chart(past)
    assert "need 20 past cards that left the same column; in this window 19 at most did." in page
    assert drawn["legend"]["data"] == []


def test_the_page_says_that_nothing_is_in_work(past: Past) -> None:
    page, drawn = chart(past)
    assert drawn is None
    assert "Cards appear here once they are in In progress or beyond." in page
    assert "Clear a filter." in chart(past, "?team=dev")[0]
    past.board.person.board("NEW", "empty")
    bare = make_past(past.time, past.board.person, "BARE", "UTC")
    bare.board.key = "NEW"
    assert "no active column" in chart(bare)[0]
