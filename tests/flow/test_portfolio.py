"""The five numbers of all boards that a person sees, through the API and on their page."""

import csv
import io
from collections.abc import Iterator
from typing import Any

import pytest

from app.clock import DAY, HOUR
from app.db import Tx
from app.types import parse_moment
from tests.flow.conftest import Past, Story, Time, make_past, story
from tests.flow.test_flow_page import Page
from tests.support import Person, Weir

BEGIN = parse_moment("2026-03-01T00:00:00Z")
MARCH = {"from": "2026-03-01", "to": "2026-04-01"}


def boards(person: Person, **query: Any) -> list[Any]:
    """What the API gives."""
    found: list[Any] = person.get("/portfolio", params=query)["boards"]
    return found


def page(person: Person, query: str = "") -> Page:
    """The page."""
    answer = person.weir.client.get(
        f"/portfolio{query}", headers={"Authorization": f"Bearer {person.token}"}
    )
    return Page(answer.status_code, answer.text)


def order(person: Person, query: str) -> list[str]:
    """The keys of the boards, from the top."""
    names = page(person, query).by_id
    return [name.removeprefix("portfolio-") for name in names if name.startswith("portfolio-OP")]


@pytest.fixture
def ada_with_boards(past: Past, time: Time, ada: Person) -> Person:
    """Ada with three boards: quick, slow, and one on which nothing was done."""
    other = make_past(time, ada, "OPT", "Europe/Berlin")
    past.play(
        *(story(BEGIN + n * DAY, lead=2 * DAY, cycle=HOUR) for n in range(3, 6)),
        Story("A", [(BEGIN + 6 * DAY, "In progress")]),
    )
    other.play(
        story(BEGIN + 9 * DAY, lead=3 * DAY, cycle=2 * DAY),
        *(Story(name, [(BEGIN + 9 * DAY, "In progress")]) for name in ("B", "C")),
    )
    blocked = other.board.cards()[0]
    ada.post(f"/cards/{blocked['id']}/block", {"reason": "Waiting"})
    ada.board("OPX", "empty")
    ada.board("OPA", "simple")
    ada.delete("/boards/OPA")
    time.at(BEGIN + 11 * DAY)
    return ada


def test_each_board_has_the_numbers_of_its_own_summary(ada_with_boards: Person) -> None:
    ada = ada_with_boards
    found = boards(ada, **MARCH)
    assert [board["board"] for board in found] == ["OPS", "OPT", "OPX"]
    for board in found:
        assert board.pop("name") == f"{board['board']} board"
        assert board.pop("sample") is False
        window = {"from": board["from"], "to": board["to"]}
        assert board == ada.get(f"/boards/{board['board']}/stats/summary", params=window)
    ops, opt, opx = found
    assert (ops["wip"], ops["count"], ops["cycle_time_85"]) == (1, 3, 3600)
    assert (opt["wip"], opt["blocked"], opt["blocked_time"]) == (2, 1, 2 * 86_400)
    assert (opx["wip"], opx["cycle_time_85"]) == (0, None)


def test_the_csv_has_each_board_and_the_period_before(ada_with_boards: Person) -> None:
    ada = ada_with_boards
    answer = ada.ask("GET", "/portfolio", params={**MARCH, "format": "csv"})
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(row["board"], row["period"]) for row in rows] == [
        (key, period) for key in ("OPS", "OPT", "OPX") for period in ("window", "before")
    ]
    assert (rows[0]["wip"], rows[0]["count"], rows[0]["cycle_time_85"]) == ("1", "3", "3600.000000")
    assert (rows[4]["name"], rows[4]["cycle_time_85"]) == ("OPX board", "")
    bounds = {"from": rows[2]["from"], "to": rows[2]["to"], "format": "csv"}
    one = ada.ask("GET", "/boards/OPT/stats/summary", params=bounds)
    assert list(csv.DictReader(io.StringIO(one.text))) == rows[2:4]
    link = page(ada).link("portfolio-csv")
    file = ada.weir.client.get(link, headers={"Authorization": f"Bearer {ada.token}"})
    assert len(file.text.splitlines()) == 7


def test_a_person_sees_the_numbers_of_their_own_boards_alone(
    ada_with_boards: Person, weir: Weir
) -> None:
    eve = weir.person("Eve Stranger")
    assert boards(eve) == []
    assert "You are on no board yet." in page(eve).text
    narrowed = weir.token(ada_with_boards, boards=["OPT"])
    assert [board["board"] for board in boards(narrowed)] == ["OPT"]


def test_a_window_that_makes_no_sense_is_a_422(ada: Person) -> None:
    for query in ({"from": "2026-03-02", "to": "2026-03-02"}, {"from": "2199-01-01"}):
        assert ada.ask("GET", "/portfolio", params=query).status_code == 422


def test_the_boards_are_in_the_order_that_the_address_says(ada_with_boards: Person) -> None:
    ada = ada_with_boards
    assert order(ada, "") == ["OPS", "OPT", "OPX"]
    assert order(ada, "?sort=-name") == ["OPX", "OPT", "OPS"]
    assert order(ada, "?sort=-wip") == ["OPT", "OPS", "OPX"]
    assert order(ada, "?sort=wip") == ["OPX", "OPS", "OPT"]
    # Without a cycle time it stands last, whichever way.
    assert order(ada, "?sort=-cycle") == ["OPT", "OPS", "OPX"]
    assert order(ada, "?sort=cycle") == ["OPS", "OPT", "OPX"]
    assert order(ada, "?sort=-throughput") == ["OPS", "OPT", "OPX"]
    assert order(ada, "?sort=-blocked") == order(ada, "?sort=-lost") == ["OPT", "OPS", "OPX"]
    assert order(ada, "?sort=-efficiency") == ["OPT", "OPS", "OPX"]
    assert order(ada, "?sort=speed&range=2w") == ["OPS", "OPT", "OPX"]


def test_the_page_reads_and_leads_on(ada_with_boards: Person) -> None:
    found = page(ada_with_boards, "?range=30d&sort=-wip")
    assert "3 boards with 3 cards in work, 1 of them blocked; 4 cards done" in found.text
    assert found.link("portfolio-OPS") == "/boards/OPS/flow?range=30d"
    assert found.link("sort-wip") == "/portfolio?range=30d&sort=wip"
    assert found.link("sort-cycle") == "/portfolio?range=30d&sort=-cycle"
    assert found.link("sort-name") == "/portfolio?range=30d"
    assert found.link("preset-2") == "/portfolio?sort=-wip"
    first = next(row for row in found.rows if row[0].startswith("OPT"))
    assert first[4:6] == ["1▲ 1 more than at the start", "2 days▲ 2 days more than before"]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The statements that are carried out."""
    seen: list[str] = []
    for name in ("_execute", "execute"):
        original = getattr(Tx, name)

        def noting(tx: Tx, *args: Any, original: Any = original) -> Any:
            seen.append("")
            return original(tx, *args)

        monkeypatch.setattr(Tx, name, noting)
    yield seen
    monkeypatch.undo()


def test_any_number_of_boards_takes_the_same_statements(ada: Person, asked: list[str]) -> None:
    counts = []
    for number in (1, 4):
        for each in range(number):
            ada.board(f"B{number}{each}", "dev-ops")
        boards(ada)
        asked.clear()
        boards(ada)
        counts.append(len(asked))
    assert counts[0] == counts[1]
