"""A place that holds more than its limit says since when, and what that means."""

import re
from html import unescape

import pytest

from app.clock import HOUR, MINUTE, now
from tests.cards.test_faces import page
from tests.cards.test_statements import cost
from tests.support import BoardOf, Person

ENDS = {"col": "</header>", "group": "</header>", "lane": "</div>", "board": "faces"}


def why(html: str, head: str) -> str:
    """What a head says of being over its limit; nothing where it is not."""
    at = html.index(f'id="{head}"')
    end = html.index(ENDS[head.partition("-")[0]], at)
    found = re.search(r'class="over-why">([^<]*)<', html[at:end])
    return unescape(found[1]) if found else ""


@pytest.fixture
def over(ops: BoardOf) -> BoardOf:
    """A board with three cards in Test and in work altogether."""
    for title in ("One", "Two", "Three"):
        ops.add(title, column="Test")
    return ops


def test_a_column_over_its_limit_says_since_when(
    over: BoardOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = f"col-{over.column('Test')}-head"
    assert why(page(over), head) == ""
    over.limit("Test", 2)
    assert why(page(over), head) == "Over since the limit fell from 3 to 2 just now."
    over.limit("Test", None)
    over.limit("Test", 1)
    assert why(page(over), head) == "Over since the limit was set just now."
    monkeypatch.setattr("app.clock.now", lambda: now() + 3 * HOUR + MINUTE)
    assert why(page(over), head) == "Over since the limit was set, 3 h ago."
    card = over.cards(column_id=over.column("Test"))[0]
    over.person.post(f"/cards/{card['id']}/archive")
    assert "Over since" in why(page(over), head)
    over.limit("Test", 2)
    assert why(page(over), head) == ""


def test_groups_lanes_and_the_board_say_it_too(over: BoardOf) -> None:
    person, key = over.person, over.key
    over.add("Four", column="Doing")
    over.add("Five", column="Doing")
    group, lane = over.group("Development"), over.lane("Standard")
    person.patch(f"/groups/{group}", {"wip_limit": 1})
    person.patch(f"/lanes/{lane}", {"wip_limit": 2})
    person.patch(f"/boards/{key}", {"wip_limit": 4})
    html = page(over)
    assert why(html, f"group-{group}-head") == ("Over since the limit fell from 5 to 1 just now.")
    assert why(html, f"lane-{lane}-head") == "Over since the limit was set just now."
    assert why(html, "board-summary") == "Over since the limit was set just now."


def test_where_the_history_does_not_tell_since_when_it_says_what_that_means(
    over: BoardOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.cards.over._falls_of", lambda tx, board: {})
    over.limit("Test", 2)
    head = f"col-{over.column('Test')}-head"
    assert why(page(over), head) == "Over its limit: nothing comes in until it is under it."


def test_a_persons_face_says_that_there_is_too_much_in_their_hands(
    over: BoardOf, grace: Person
) -> None:
    over.join(grace)
    for card in over.cards(column_id=over.column("Test"))[:2]:
        over.person.patch(f"/cards/{card['id']}", {"assignee_ids": [grace.id]})
    over.person.patch(f"/boards/{over.key}", {"person_wip_limit": 1})
    assert 'title="Grace Hopper, 2 of 1 in work, over"' in page(over)


def test_the_reason_takes_one_statement_and_is_kept(
    over: BoardOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = cost(monkeypatch, lambda: page(over))
    over.limit("Test", 2)
    over.limit("Ready", 1)
    assert cost(monkeypatch, lambda: page(over)) <= before + 1
    over.add("Another")
    assert cost(monkeypatch, lambda: page(over)) <= before
