"""What a team talks about when it stands before its board."""

from datetime import date

import pytest

from app.clock import DAY, HOUR
from app.flow.standup import (
    Moved,
    Stay,
    last_working_day,
    moved_since,
)
from app.types import parse_moment
from tests.flow.conftest import Past, Story, story
from tests.flow.test_flow_page import Page

# A Wednesday.
NOON = parse_moment("2026-03-18T12:00:00Z")


def standup(past: Past) -> str:
    """The text of the page."""
    person = past.board.person
    answer = person.weir.client.get(
        f"/boards/{past.board.key}/standup", headers={"Authorization": f"Bearer {person.token}"}
    )
    assert answer.status_code == 200
    return Page(200, answer.text).text


@pytest.mark.parametrize(
    ("today", "last"),
    [
        ("2026-03-18", "2026-03-17"),
        ("2026-03-16", "2026-03-13"),
        ("2026-03-15", "2026-03-13"),
        ("2026-03-14", "2026-03-13"),
    ],
)
def test_the_last_working_day_is_no_day_of_a_weekend(today: str, last: str) -> None:
    assert last_working_day(date.fromisoformat(today)) == date.fromisoformat(last)


def test_a_card_has_moved_that_stands_elsewhere_than_it_did() -> None:
    stays = [
        Stay(1, 10, 0),
        Stay(1, 20, 50),
        Stay(1, 30, 60),
        Stay(2, 10, 0),
        Stay(2, 20, 55),
        Stay(2, 10, 58),
        Stay(3, 10, 51),
        Stay(3, 20, 52),
        Stay(4, 10, 0),
        Stay(4, 20, 49),
    ]
    assert moved_since(stays, 50) == [Moved(1, 10, 30)]


def test_the_page_says_what_there_is_to_talk_about(past: Past) -> None:
    person = past.board.person
    past.play(
        *(story(NOON - 9 * DAY + n, lead=DAY, cycle=HOUR) for n in range(20)),
        Story("Slow", [(NOON - 8 * DAY, "In progress")]),
        Story("Went on", [(NOON - 8 * DAY, "To do"), (NOON - 2 * HOUR, "In progress")]),
        Story("Went back", [(NOON - 7 * DAY, "In progress"), (NOON - HOUR, "To do")]),
        Story("Finished", [(NOON - 6 * DAY, "In progress"), (NOON - 90 * HOUR // 60, "Done")]),
        Story("New", [(NOON - HOUR, "To do")]),
    )
    slow = next(card for card in past.board.cards() if card["title"] == "Slow")
    person.post(f"/cards/{slow['id']}/block", {"reason": "Vendor ticket 4471"})
    past.time.at(NOON + HOUR)
    person.patch(f"/columns/{past.columns['In progress']}", {"wip_limit": 1})
    said = standup(past)
    assert (
        "1 card is blocked, 2 are older than 85 % of past cards were, In progress is full; "
        "3 cards moved since yesterday." in said
    )
    assert "Vendor ticket 4471" in said
    assert "In progress 2 / 1 over by 1" in said
    # From right to left.
    moved = said[said.index("Moved since yesterday") :]
    assert moved.index("Finished") < moved.index("Went on") < moved.index("Went back")
    assert "To do back from In progress" in moved
    assert "New" not in moved
    assert "Wednesday, 18 Mar 2026 · 3 in work" in said


def test_where_there_is_nothing_the_page_says_so(past: Past) -> None:
    past.time.at("2026-03-16T12:00:00Z")
    said = standup(past)
    assert "Nothing is blocked, late or full; no card moved since Friday." in said
    assert "This needs 20 finished cards to hold the others against." in said
    assert "No card has moved since Friday." in said
    past.board.person.board("NEW", "empty")
    past.board.key = "NEW"
    assert "Nothing is blocked." in standup(past)


def test_the_day_is_that_of_the_boards_zone(past: Past) -> None:
    past.board.person.patch("/boards/OPS", {"time_zone": "Pacific/Kiritimati"})
    past.time.at("2026-03-17T11:00:00Z")
    assert "Wednesday, 18 Mar 2026" in standup(past)
