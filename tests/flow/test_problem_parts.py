"""The parts of the flow page about blockers, refusals, the work mix, and what changed when."""

import json
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from app.clock import HOUR
from app.flow import refusals_section
from tests.flow.conftest import Past
from tests.flow.test_flow_page import Page, Reader
from tests.support import Weir

WINDOW = "from=2026-03-02&to=2026-03-16"


@pytest.fixture
def reader(past: Past) -> Reader:
    """Ada, who reads the pages of her board."""
    return Reader(past.board.person)


def chart(page: Page, name: str) -> Any:
    """The option of a chart on the page."""
    found = re.search(rf'id="{name}-data">(.*?)</script>', page.html, re.DOTALL)
    assert found is not None, name
    return json.loads(found[1])


# The charts over time, and where on their axis the fourth and the tenth of March stand.
OVER_TIME = {
    "times-scatter": [1772625600000, 1773100800000],
    "throughput-run": [0, 1],
    "cumulative-chart": [2, 8],
    "blockers-weeks": [0, 1],
    "refusals-weeks": [0, 1],
    "mix-weeks": [0, 1],
    "forecast-sample": None,
}


def block(past: Past, card: Any, start: str, end: str | None, reason: str, category: str) -> None:
    """Blocks a card from one time to another."""
    past.time.at(start)
    body = {"reason": reason, "category": category}
    past.board.person.post(f"/cards/{card['id']}/block", body)
    if end is not None:
        past.time.at(end)
        past.board.person.post(f"/cards/{card['id']}/unblock", {})


# --- Blockers -------------------------------------------------------------------------------------


def test_blockers_are_read_in_a_sentence_and_drawn_with_their_cards(
    past: Past, reader: Reader
) -> None:
    past.time.at("2026-03-02T08:00:00Z")
    first = past.board.add("First <b>", "In progress")
    second = past.board.add("Second", "In progress")
    block(past, first, "2026-03-02T10:00:00Z", "2026-03-02T16:00:00Z", "Ticket", "approval")
    block(past, second, "2026-03-09T10:00:00Z", None, "No key", "waiting_on_vendor")
    past.time.at("2026-03-09T12:00:00Z")
    page = reader.page(WINDOW)
    assert (
        "Cards lost 8 hours to 2 blockers, 75 % of it to “Approval”; 1 card is blocked now."
    ) in page.text
    assert ["OPS-2 Second", "2 hours", "No key", "Waiting on a vendor", "9 Mar 2026, 10:00"] in [
        [" ".join(cell.split()) for cell in row] for row in page.rows
    ]
    bars, line = chart(page, "blockers-category")["series"]
    assert [bar["value"] for bar in bars["data"]] == [6, 2]
    assert bars["data"][0]["cards"] == [["OPS-1", "/boards/OPS/cards/1", "First <b> · 6 hours"]]
    assert [point["value"] for point in line["data"]] == [[75, 0], [100, 1]]
    weeks = chart(page, "blockers-weeks")["series"]
    assert [[bar["value"] for bar in each["data"]] for each in weeks] == [[1, 1], [1, 0], [0, 1]]
    assert "<b>" not in page.html
    assert page.link("blockers-csv").endswith("&format=csv")


def test_where_nothing_was_blocked_or_refused_the_page_says_so(past: Past, reader: Reader) -> None:
    page = reader.page(WINDOW)
    assert "No card was blocked in this window." in page.text
    assert "No limit refused anything in this window." in page.text
    assert "No card was finished in this window, and none is in progress." in page.text
    assert "Nothing that the charts would show as a line was changed" in page.text
    filtered = reader.page(f"{WINDOW}&team=ops")
    assert "None of these cards was blocked" in filtered.text
    assert "No limit refused one of these cards" in filtered.text
    assert "The filters leave no card" in filtered.text


# --- Refusals -------------------------------------------------------------------------------------


def test_refusals_are_read_in_a_sentence_and_listed_one_by_one(
    past: Past, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refusals_section, "MOST_LISTED", 2)
    past.board.limit("In progress", 1)
    past.board.add("Takes the room", "In progress")
    card = past.board.add("Waits", "To do")
    gone = past.board.add("Gone", "To do")
    for day, moved in ((3, card), (4, gone)):
        past.time.at(f"2026-03-{day:02}T10:00:00Z")
        assert past.board.try_move(moved, "In progress").status_code == 409
    past.time.at("2026-03-05T10:00:00Z")
    assert past.board.try_add("Never made", "In progress").status_code == 409
    past.board.person.delete(f"/cards/{gone['id']}")
    page = reader.page(WINDOW)
    assert (
        "In progress refused all 3 times that a limit said no, last on 5 Mar 2026, 10:00, "
        "when it held 1 of 1."
    ) in page.text
    (bar,) = chart(page, "refusals-places")["series"][0]["data"]
    # Whose card is not there any more leads to the board.
    assert bar["cards"] == [
        ["", "/boards/OPS", "A new card · Ada Lovelace, 5 Mar 2026, 10:00"],
        ["OPS-3", "/boards/OPS", "Gone · Ada Lovelace, 4 Mar 2026, 10:00"],
        ["OPS-2", "/boards/OPS/cards/2", "Waits · Ada Lovelace, 3 Mar 2026, 10:00"],
    ]
    listed = [row for row in page.rows if row[1:2] and "Ada Lovelace" in row]
    assert [row[1] for row in listed] == ["A new card", "OPS-3 Gone"]
    assert "1 older refusal is left out of this table; the CSV has them all." in page.text


# --- The work mix ---------------------------------------------------------------------------------


def test_the_mix_is_read_against_the_target(past: Past, reader: Reader) -> None:
    for day, work_type in ((2, "feature"), (3, "feature"), (4, "debt"), (10, "incident")):
        fields: dict[str, Any] = {"work_type": work_type}
        past.done(f"2026-03-{day:02}T12:00:00Z", lead=2 * HOUR, **fields)
    page = reader.page(WINDOW)
    said = (
        "Of 4 finished cards 25 % improved the system or paid back debt, {} % ; "
        "25 % were unplanned."
    )
    assert said.format("at least the target of 20").replace(" ;", ";") in page.text
    higher = reader.page(f"{WINDOW}&target=30")
    assert said.format("under the target of 30").replace(" ;", ";") in higher.text
    assert parse_qs(urlsplit(higher.link("work-mix-api")).query)["target"] == ["30"]
    assert higher.by_id["mix-target"]["value"] == "30"
    series = chart(page, "mix-weeks")["series"]
    assert [bar["value"] for bar in series[0]["data"]] == [2, 0]
    (months,) = chart(page, "mix-months")["series"]
    assert [each["value"] for each in months["data"]] == [25]
    assert months["markLine"]["data"] == [{"yAxis": 20, "name": "Target\n20 %"}]
    assert ["Mar 2026", "4", "1", "25 %", "reached"] in page.rows
    assert ["Mar 2026", "4", "1", "25 %", "under"] in higher.rows
    assert ["Improvement and debt", "1", "25 %", "0", "–"] in page.rows


def test_a_target_that_makes_no_sense_is_told(past: Past, reader: Reader) -> None:
    for wrong in ("101", "-1", "much", "2.5", "²"):
        page = reader.page(f"{WINDOW}&target={wrong}")
        assert page.status == 422
        assert "The target must be a whole number from 0 to 100." in page.text


# --- Lines ----------------------------------------------------------------------------------------


def test_what_changed_stands_in_the_charts_and_in_a_list(past: Past, reader: Reader) -> None:
    past.board.person.post("/boards/OPS/markers", {"at": "2026-03-10", "words": "A <b> pipeline"})
    past.done("2026-03-03T12:00:00Z")
    past.time.at("2026-03-04T12:00:00Z")
    past.board.limit("In progress", 3)
    cards = [past.board.add(f"Card {number}", "In progress") for number in range(3)]
    assert past.board.try_add("One too many", "In progress").status_code == 409
    block(past, cards[0], "2026-03-05T12:00:00Z", None, "No key", "waiting_on_vendor")
    past.time.at("2026-03-15T12:00:00Z")
    page = reader.page(WINDOW)
    for name, places in OVER_TIME.items():
        lines = chart(page, name)["series"][-1]["markLine"]["data"]
        words = [line["words"] for line in lines]
        assert words == ["1: Limit of In progress: none → 3", "2: A <b> pipeline"], name
        assert places is None or [line["xAxis"] for line in lines] == places, name
        notes = page.html.split(f'id="{name}-notes"')[1].split("</ul>")[0]
        assert "Limit of In progress: none → 3" in notes
        assert "A &lt;b&gt; pipeline" in notes
    # In one month they lie on each other, and each tells of both.
    together = chart(page, "mix-months")["series"][-1]["markLine"]["data"]
    assert {line["words"] for line in together} == {"\n".join(words)}
    assert [line["label"]["show"] for line in together] == [True, False]
    assert ["2", "10 Mar 2026, 00:00", "A <b> pipeline", "Marker"] in page.rows
    assert "2 changes in this window stand in the charts." in page.text


def test_a_manager_sets_and_deletes_a_marker_by_plain_forms(past: Past, weir: Weir) -> None:
    ada = past.board.person
    past.board.person.patch("/boards/OPS", {"time_zone": "Europe/Berlin"})
    url = "/boards/OPS/flow/markers"

    def send(path: str, **fields: str) -> Any:
        headers = {"Authorization": f"Bearer {ada.token}"}
        return weir.client.post(path, data=fields, headers=headers)

    answer = send(url, words="New pipeline", day="2026-01-03", time="09:30")
    assert (answer.status_code, answer.headers["location"]) == (303, "/boards/OPS/flow#markers")
    send(url, words="A day", day="2026-01-04", time="")
    found = ada.get("/boards/OPS/markers")["items"]
    assert [(each["words"], each["at"]) for each in found] == [
        ("A day", "2026-01-03T23:00:00.000000Z"),
        ("New pipeline", "2026-01-03T08:30:00.000000Z"),
    ]
    for fields in (
        {"words": "", "day": "2026-01-03"},
        {"words": "Kept", "day": "2026-02-30"},
        {"words": "Kept", "day": "2026-01-03", "time": "25:00"},
        {"words": "Kept"},
    ):
        wrong = send(url, **fields)
        assert wrong.status_code == 422
        assert f'value="{fields["words"]}"' in wrong.text
    gone = send(f"{url}/{found[0]['id']}/delete")
    assert gone.headers["location"] == url
    assert len(ada.get("/boards/OPS/markers")["items"]) == 1


def test_whoever_is_no_manager_reads_markers_and_sets_none(past: Past, weir: Weir) -> None:
    past.board.person.post("/boards/OPS/markers", {"at": "2026-01-03", "words": "A change"})
    mo = weir.person("Mo Member")
    past.board.join(mo)
    headers = {"Authorization": f"Bearer {mo.token}"}
    page = weir.client.get("/boards/OPS/flow/markers", headers=headers)
    assert "A change" in page.text
    assert "marker-form" not in page.text
    assert "marker-form" not in weir.client.get("/boards/OPS/flow", headers=headers).text
    for path, fields in (("", {"words": "No", "day": "2026-01-03"}), ("/1/delete", {})):
        answer = weir.client.post(f"/boards/OPS/flow/markers{path}", data=fields, headers=headers)
        assert answer.status_code == 403
    eve = {"Authorization": f"Bearer {weir.person('Eve Stranger').token}"}
    assert weir.client.get("/boards/OPS/flow/markers", headers=eve).status_code == 404
