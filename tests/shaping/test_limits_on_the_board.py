"""A limit that is changed where the board shows it, and the question before a card leaves."""

import html
import re
from typing import Any

import pytest
from httpx2 import Response

from tests.auth.pages import Browser
from tests.support import BoardOf, Person, Weir

HTMX = {"HX-Request": "true"}


@pytest.fixture
def browser(weir: Weir, ada: Person) -> Browser:
    """Ada's browser."""
    return Browser(weir, ada)


def send(browser: Browser, board: BoardOf, scope: str, place: int, limit: str) -> Response:
    """Sends the small form at a count."""
    form = {"scope": scope, "place": place, "wip_limit": limit}
    return browser.ask("POST", f"/boards/{board.key}/limits", data=form, headers=HTMX)


def test_the_limits_of_the_whole_board_are_in_its_view_menu(
    ops: BoardOf, browser: Browser, grace: Person
) -> None:
    ops.join(grace)
    ops.add("Hers", column="Doing", assignee_ids=[grace.id])
    place = ops.read()["id"]
    for scope, field in (("board", "wip_limit"), ("person", "person_wip_limit")):
        before = ops.read()["seq"]
        done = send(browser, ops, scope, place, "1")
        assert done.status_code == 200, scope
        link = rf'id="view-limit-{scope}"[^>]*data-limit="1">Limit of [a-z ]+ <span>1</span>'
        assert re.search(link, done.text), scope
        assert re.search(link, browser.get(f"/boards/{ops.key}").text), scope
        assert ops.read()[field] == 1
        event = ops.events(before)[0]
        assert (event["type"], event["data"]["scope"]) == ("limit.changed", scope)
    # Every face says whose limit is reached.
    assert done.text.count("Grace Hopper, 1 of 1 in work") >= 2
    gone = send(browser, ops, "person", place, "")
    assert "in work" not in gone.text
    assert ops.read()["person_wip_limit"] is None


def test_each_kind_of_limit_is_changed_and_shown(ops: BoardOf, browser: Browser) -> None:
    for scope, place in (
        ("column", ops.column("Test")),
        ("group", ops.group("Development")),
        ("lane", ops.lane("Expedite")),
        ("board", ops.read()["id"]),
    ):
        before = ops.read()["seq"]
        done = send(browser, ops, scope, place, "7")
        assert done.status_code == 200, scope
        assert "0 / 7" in done.text, scope
        event = ops.events(before)[0]
        assert (event["type"], event["data"]["to"]) == ("limit.changed", 7)
        whole = 'data-after="" data-full="1"'
        assert (whole if scope == "board" else f'data-after="{before}"') in done.text
        assert send(browser, ops, scope, place, "").status_code == 200
        assert ops.events(before)[1]["data"]["to"] is None


@pytest.mark.parametrize("limit", ["0", "-1", "2.5", "x", "1e3", "99999999"])
def test_what_is_no_limit_is_said_in_words(ops: BoardOf, browser: Browser, limit: str) -> None:
    before = ops.read()
    refused = send(browser, ops, "column", ops.column("Test"), limit)
    assert refused.status_code == 422
    assert re.search(r'id="limit-problem"[^>]*>It must be (at|a whole)', refused.text)
    assert ops.read() == before


def test_a_limit_is_of_a_place_on_this_board(ops: BoardOf, ada: Person, browser: Browser) -> None:
    other = ada.board(f"{ops.key}S", "simple")
    before = other.read()
    for scope, place in (
        ("column", other.column("Done")),
        ("lane", other.lane("Standard")),
        ("group", other.column("Done")),
        ("board", before["id"]),
        ("person", before["id"]),
    ):
        assert send(browser, ops, scope, place, "2").status_code == 404
    assert other.read() == before
    assert send(browser, ops, "card", 1, "2").status_code == 422


def test_only_who_shapes_the_board_is_shown_the_way(
    weir: Weir, ops: BoardOf, grace: Person, browser: Browser
) -> None:
    ops.join(grace, "member")
    hers = Browser(weir, grace)
    column = ops.column("Test")
    link = f'href="/boards/{ops.key}/settings/columns/{column}"'
    assert link in browser.get(f"/boards/{ops.key}").text
    page = hers.get(f"/boards/{ops.key}").text
    assert link not in page
    assert "limit-menu" not in page
    assert send(hers, ops, "column", column, "9").status_code == 403
    ops.person.delete(f"/boards/{ops.key}")
    assert link not in browser.get(f"/boards/{ops.key}").text


# --- The question ---------------------------------------------------------------------------------


@pytest.fixture
def asking(ops: BoardOf) -> BoardOf:
    """A board whose column Test asks before a card leaves it."""
    policy = "- Tests are *green*\n- `lint` & read\n- <b>no</b> tags"
    body = {"policy": policy, "ask_before_leaving": True}
    ops.person.patch(f"/columns/{ops.column('Test')}", body)
    return ops


def move(browser: Browser, card: Any, **form: Any) -> Response:
    """Sends the form that moves a card."""
    return browser.send(f"/boards/{card['board']}/cards/{card['number']}/move", **form)


def test_without_scripts_the_points_are_a_page(asking: BoardOf, browser: Browser) -> None:
    card = asking.add("Goes", column="Test")
    target = asking.column("Deploy")
    asked = move(browser, card, column_id=target, index=0, version=card["version"])
    assert asked.status_code == 409
    assert f"Before {card['ref']} leaves Test" in asked.text
    assert "Tests are <em>green</em>" in asked.text
    assert "<code>lint</code> &amp; read" in asked.text
    assert "<b>no</b>" not in asked.text
    assert asked.text.count('type="checkbox" required') == 3
    assert asking.cards()[0]["column_id"] == asking.column("Test")
    hidden = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', asked.text)
    sent = {name: html.unescape(value) for name, value in hidden}
    assert sent == {
        "column_id": str(target),
        "index": "0",
        "version": str(card["version"]),
        "confirmed": "true",
    }
    done = move(browser, card, **sent)
    assert done.status_code == 303
    assert asking.cards()[0]["column_id"] == target
    told = [event for event in asking.events() if event["type"] == "card.moved"]
    assert told[-1]["data"]["confirmed"][0] == "Tests are *green*"


def test_with_scripts_they_are_a_dialog_and_the_card_is_where_it_was(
    asking: BoardOf, browser: Browser
) -> None:
    card = asking.add("Goes", column="Test")
    path = f"/boards/{asking.key}/cards/{card['number']}/move"
    form = {"column_id": asking.column("Deploy")}
    asked = browser.ask("POST", path, data=form, headers=HTMX)
    assert asked.status_code == 409
    assert '<div id="policy-ask" hx-swap-oob="innerHTML">' in asked.text
    cell = f"cell-{asking.column('Test')}-{asking.lane('Standard')}"
    assert f'<ol data-list="{cell}"' in asked.text
    assert "notice" not in asked.text


def test_a_moved_card_tells_what_was_confirmed(asking: BoardOf, browser: Browser) -> None:
    card = asking.add("Goes", column="Test")
    asking.move(card, "Deploy", confirmed=True)
    page = browser.get(f"/boards/{asking.key}/cards/{card['number']}")
    assert "moved it from Test to Deploy, with all confirmed: Tests are *green*;" in page.text


def test_a_policy_is_shown_as_it_was_meant(asking: BoardOf, browser: Browser) -> None:
    page = browser.get(f"/boards/{asking.key}").text
    assert "<li>Tests are <em>green</em></li>" in page
    assert "Each point is ticked before a card leaves to the right." in page
