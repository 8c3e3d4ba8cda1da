"""Aging work in progress as it was at the end of a past day, on both databases."""

import random
from typing import Any

import pytest

from app.clock import DAY, HOUR
from app.types import parse_moment
from tests.flow.conftest import Past, Story
from tests.flow.test_flow_page import Reader

BEGIN = parse_moment("2026-03-02T00:00:00Z")
PATH = "/boards/OPS/stats/aging"


def aging(past: Past, **query: Any) -> Any:
    """What the API gives."""
    return past.board.person.get(PATH, params=query)


def day(number: int) -> str:
    """A day of the story."""
    return f"2026-03-{2 + number:02}"


def live(past: Past, number: int) -> list[Any]:
    """The cards that were in work when a day ended, as they were told then."""
    past.time.at(BEGIN + (number + 1) * DAY)
    cards: list[Any] = aging(past)["cards"]
    return cards


def test_each_past_day_shows_what_was_shown_when_it_ended(past: Past) -> None:
    chance, ada = random.Random(7), past.board.person
    past.time.at(BEGIN + HOUR)
    cards = [past.board.add(f"Card {number}")["id"] for number in range(8)]
    told = []
    for number in range(6):
        for hour in range(2, 23):
            past.time.at(BEGIN + number * DAY + hour * HOUR)
            card = chance.choice(cards)
            match chance.randrange(6):
                case 0:
                    ada.ask("POST", f"/cards/{card}/archive")
                case 1:
                    ada.ask("POST", f"/cards/{card}/restore")
                case 2:
                    body = {"reason": "Waits", "category": "other"}
                    ada.ask("POST", f"/cards/{card}/block", json=body)
                case 3:
                    ada.ask("POST", f"/cards/{card}/unblock", json={})
                case _:
                    column = chance.choice(list(past.columns.values()))
                    ada.ask("POST", f"/cards/{card}/move", json={"column_id": column})
        told.append(live(past, number))
    assert any(card["blocked"] for cards in told for card in cards)
    past.time.at(BEGIN + 20 * DAY)
    for number, before in enumerate(told):
        assert aging(past, as_of=day(number))["cards"] == before, day(number)


def test_a_day_ends_in_the_boards_zone(past: Past) -> None:
    past.board.person.patch("/boards/OPS", {"time_zone": "Europe/Berlin"})
    past.play(Story("Late", [(parse_moment("2026-03-02T23:30:00Z"), "In progress")]))
    past.time.at("2026-03-10T12:00:00Z")
    assert aging(past, as_of="2026-03-02")["cards"] == []
    (card,) = aging(past, as_of="2026-03-03")["cards"]
    assert card["age"] == card["time_in_column"] == 23.5 * 3600


def test_the_pace_is_that_of_the_cards_done_until_then(past: Past) -> None:
    past.play(
        Story("First", [(BEGIN, "In progress"), (BEGIN + HOUR, "Done")]),
        Story("Second", [(BEGIN + DAY, "In progress"), (BEGIN + DAY + 9 * HOUR, "Done")]),
    )
    past.time.at(BEGIN + 5 * DAY)

    def mark(**query: Any) -> Any:
        pace = {each["column_id"]: each["percentiles"] for each in aging(past, **query)["pace"]}
        return pace[past.columns["In progress"]]["50"]

    assert mark(as_of=day(0)) == 3600
    assert mark(as_of=day(1)) == mark(as_of=day(0), to=day(5)) == 5 * 3600


def test_what_is_gone_since_is_left_out_and_a_deleted_column_is_named(past: Past) -> None:
    ada = past.board.person
    past.time.at(BEGIN)
    gone, stays = (past.board.add(title, "In progress") for title in ("Gone", "Stays"))
    past.time.at(BEGIN + DAY + HOUR)
    ada.delete(f"/cards/{gone['id']}")
    extra = ada.post("/boards/OPS/columns", {"name": "Review", "kind": "active"})
    ada.delete(f"/columns/{past.columns['In progress']}?move_cards_to={extra['id']}")
    past.time.at(BEGIN + 3 * DAY)
    (card,) = aging(past, as_of=day(0))["cards"]
    assert (card["id"], card["column_id"]) == (stays["id"], past.columns["In progress"])
    text = ada.ask("GET", PATH, params={"as_of": day(0), "format": "csv"}).text
    assert "In progress (deleted)" in text.splitlines()[1]
    page = Reader(ada).page(f"as_of={day(0)}")
    assert page.rows[1][:2] == ["OPS-2 Stays", "In progress (deleted)"]
    assert "At the end of 2 Mar 2026: " in page.text


def test_what_a_deleted_column_left_in_the_archive_was_in_work_before(past: Past) -> None:
    ada = past.board.person
    past.time.at(BEGIN)
    card = past.board.add("Put away", "In progress")
    past.time.at(BEGIN + DAY + HOUR)
    ada.post(f"/cards/{card['id']}/archive", {})
    ada.post("/boards/OPS/columns", {"name": "Review", "kind": "active"})
    ada.delete(f"/columns/{past.columns['In progress']}")
    past.time.at(BEGIN + 3 * DAY)
    assert [each["id"] for each in aging(past, as_of=day(0))["cards"]] == [card["id"]]
    assert aging(past, as_of=day(1))["cards"] == []


def test_today_goes_on_and_days_to_come_are_a_422(past: Past) -> None:
    past.time.at(BEGIN)
    past.board.add("In work", "In progress")
    past.time.at(BEGIN + HOUR)
    assert aging(past, as_of=day(0)) == aging(past)
    assert aging(past, as_of=day(0))["cards"][0]["age"] == 3600
    for wrong in (day(1), "2026-02-30", "yesterday", "2026-03-01T10:00:00Z", ""):
        answer = past.board.person.ask("GET", PATH, params={"as_of": wrong})
        assert answer.status_code == 422, wrong


def test_the_page_asks_for_a_day_and_its_links_give_the_same(past: Past) -> None:
    past.play(Story("In work", [(BEGIN, "In progress")]))
    past.time.at(BEGIN + 9 * DAY)
    reader = Reader(past.board.person)
    page = reader.page(f"as_of={day(2)}&metric=cycle")
    assert page.by_id["aging-as-of"]["value"] == day(2)
    assert page.by_id["aging-as-of"]["max"] == day(9)
    assert "3 days" in page.rows[1][2]
    assert page.link("aging-now") == "/boards/OPS/flow?metric=cycle#aging"
    link = page.link("aging-api").removeprefix("/api/v1")
    assert past.board.person.get(link)["cards"][0]["age"] == 3 * 86_400
    assert f"as_of={day(2)}" in link
    assert "to=2026-03-05T00%3A00%3A00.000000Z" in link
    # The other links of the page keep it.
    assert f"as_of={day(2)}" in page.link("preset-1")


@pytest.mark.parametrize("wrong", ["2026-03-30", "never", "2026-02-30", "²"])
def test_a_day_that_makes_no_sense_is_told_at_the_part(past: Past, wrong: str) -> None:
    past.time.at(BEGIN)
    page = Reader(past.board.person).page(f"as_of={wrong}")
    assert page.status == 422
    assert "“As of” must be a day that has begun" in page.text
    assert page.by_id["aging-as-of"]["value"] == wrong
