"""Two people at one board: what one does appears at the other's, without getting in the way."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.served import Served
from tests.browser.windows import BoardWindow, Windows, until
from tests.support import BoardOf, Person

on_both = pytest.mark.parametrize("weir", ["sqlite", "postgresql"], indirect=True)

SOON = 10
"""Seconds within which a change is seen: one is promised, but tests share the machine."""


@pytest.fixture
def two(windows: Windows, ops: BoardOf, jo: Person) -> tuple[BoardWindow, BoardWindow]:
    """Ada's window and Jo's."""
    return windows.board(ops), windows.board(ops, jo)


def node(window: BoardWindow, card: Any) -> Any:
    """The very element that shows a card."""
    return window.card(card).element_handle()


def is_still(window: BoardWindow, card: Any, element: Any) -> bool:
    """Whether a card is shown by the same element as before."""
    found = window.card(card).element_handle()
    return bool(window.page.evaluate("([a, b]) => a === b", [element, found]))


# ---- What one does, the other sees ---------------------------------------------------------------


@on_both
def test_what_one_person_does_appears_at_the_others_within_a_second(
    windows: Windows, ops: BoardOf, jo: Person, capsys: pytest.CaptureFixture[str]
) -> None:
    card = ops.add("Seen by both")
    mine, theirs = windows.board(ops), windows.board(ops, jo)
    took: dict[str, float] = {}

    @contextmanager
    def timed(what: str) -> Iterator[None]:
        begun = time.perf_counter()
        yield
        took[what] = time.perf_counter() - begun

    drag = mine.drag(card).over("Ready")
    with timed("moved"):
        drag.drop()
        theirs.shows("Ready", card, within=SOON)
    mine.quick_add("Backlog").fill("New here")
    with timed("created"):
        mine.quick_add("Backlog").press("Enter")
        new = theirs.cell("Backlog").locator(".card", has_text="New here")
        expect(new).to_be_visible(timeout=SOON * 1000)
    expect(theirs.count("Backlog")).to_have_text("1")
    mine.choose(card, "Block…")
    mine.dialog.get_by_label("What does it wait for?").fill("A key")
    with timed("blocked"):
        mine.dialog.get_by_role("button", name="Block").click()
        strip = theirs.card(card).locator(".card-block")
        expect(strip).to_be_visible(timeout=SOON * 1000)
    mine.open_menu(card)
    with timed("archived"):
        mine.item("Archive").click()
        expect(theirs.card(card)).to_have_count(0, timeout=SOON * 1000)
    with capsys.disabled():
        lines = [f"{what}: seen after {s * 1000:.0f} ms" for what, s in took.items()]
        print("", *lines, sep="\n  ")
    assert max(took.values()) < SOON
    theirs.is_what_the_server_says()
    mine.is_what_the_server_says()


def test_what_the_api_does_appears_too(windows: Windows, ops: BoardOf) -> None:
    window = windows.board(ops)
    card = ops.add("By a script")
    window.shows("Backlog", card)
    ops.person.patch(f"/cards/{card['id']}", {"title": "Under another name"})
    expect(window.title(card)).to_have_text("Under another name")
    ops.limit("Test", 9)
    expect(window.count("Test")).to_have_text("0 / 9")
    ops.person.patch(f"/columns/{ops.column('Test')}", {"name": "Quality"})
    expect(window.page.get_by_role("heading", name="Quality")).to_be_visible()


def test_changes_by_others_are_pointed_out_and_told_to_screen_readers(
    two: tuple[BoardWindow, BoardWindow], ops: BoardOf
) -> None:
    mine, theirs = two
    card = ops.add()
    mine.shows("Backlog", card)
    mine.drag(card).over("Ready").drop()
    expect(theirs.card(card)).to_have_class("card is-pulse")
    theirs.shows("Ready", card)
    expect(theirs.spoken).to_contain_text("by others.")


# ---- Without getting in the way ------------------------------------------------------------------


@on_both
def test_a_drag_is_not_disturbed_by_what_others_do(
    windows: Windows, ops: BoardOf, jo: Person
) -> None:
    held, leaving, moving = ops.add("Held"), ops.add("Leaves"), ops.add("Moves")
    there = ops.add("Is there", column="Ready")
    mine = windows.board(ops)
    drag = mine.drag(held).over("Ready", before=there)
    element = node(mine, held)
    theirs = ops.seen_by(jo)
    with mine.told(3):
        theirs.move(moving, "Ready", index=0)
        jo.post(f"/cards/{leaving['id']}/archive")
        new = theirs.add("New", column="Ready")
    # The page knows of it, and holds still.
    mine.shows("Ready", held, there)
    mine.shows("Backlog", leaving, moving)
    drag.drop()
    mine.shows("Ready", moving, held, there, new)
    mine.shows("Backlog")
    mine.is_what_the_server_says()
    assert is_still(mine, held, element)


def test_a_card_that_is_archived_while_it_is_dragged_leaves_after_the_drop(
    windows: Windows, ops: BoardOf, jo: Person
) -> None:
    held, other = ops.add(), ops.add()
    mine = windows.board(ops)
    drag = mine.drag(held).over("Ready")
    jo.post(f"/cards/{held['id']}/archive")
    drag.drop()
    expect(mine.card(held)).to_have_count(0)
    expect(mine.notice("Ready")).to_contain_text("was archived by somebody else")
    mine.shows("Backlog", other)
    mine.is_what_the_server_says()


def test_a_drag_that_is_given_up_brings_what_was_held_back(
    windows: Windows, ops: BoardOf, jo: Person
) -> None:
    held = ops.add()
    mine = windows.board(ops)
    drag = mine.drag(held).over("Ready")
    new = ops.seen_by(jo).add("Came meanwhile")
    drag.cancel()
    mine.shows("Backlog", held, new)
    mine.is_what_the_server_says()


def test_the_focus_stays_on_its_card_wherever_others_move_it(
    two: tuple[BoardWindow, BoardWindow], ops: BoardOf, jo: Person
) -> None:
    mine, _ = two
    card, neighbour = ops.add(), ops.add()
    mine.shows("Backlog", card, neighbour)
    mine.title(card).focus()
    element = node(mine, card)
    theirs = ops.seen_by(jo)
    for column in ("Ready", "Doing", "Backlog"):
        theirs.move(card, column)
        expect(mine.cell(column).locator(f"#card-{card['id']}")).to_be_visible()
        expect(mine.title(card)).to_be_focused()
    jo.patch(f"/cards/{card['id']}", {"title": "Another title", "labels": ["new"]})
    expect(mine.title(card)).to_have_text("Another title")
    expect(mine.title(card)).to_be_focused()
    assert is_still(mine, card, element)
    jo.post(f"/cards/{card['id']}/archive")
    expect(mine.card(card)).to_have_count(0)
    expect(mine.title(neighbour)).to_be_focused()
    theirs.move(neighbour, "Deploy")
    mine.shows("Deploy", neighbour)
    expect(mine.title(neighbour)).to_be_focused()
    jo.post(f"/cards/{neighbour['id']}/archive")
    expect(mine.column("Deploy").locator(".column-name")).to_be_focused()


def test_typed_text_and_the_focus_stay_in_the_field(
    two: tuple[BoardWindow, BoardWindow], ops: BoardOf, jo: Person
) -> None:
    mine, _ = two
    field = mine.quick_add("Ready")
    field.click()
    mine.page.keyboard.type("Half a sen")
    theirs = ops.seen_by(jo)
    card = theirs.add(column="Ready")
    mine.shows("Ready", card)
    ops.limit("Ready", 2)
    expect(mine.count("Ready")).to_have_text("1 / 2")
    mine.page.keyboard.type("tence")
    expect(field).to_have_value("Half a sentence")
    expect(field).to_be_focused()


def test_an_open_menu_and_dialog_stay_open(
    two: tuple[BoardWindow, BoardWindow], ops: BoardOf, jo: Person
) -> None:
    mine, _ = two
    card = ops.add()
    mine.choose(card, "Block…")
    reason = mine.dialog.get_by_label("What does it wait for?")
    mine.page.keyboard.type("Vendor")
    other = ops.seen_by(jo).add()
    mine.shows("Backlog", card, other)
    ops.limit("Backlog", 7)
    expect(mine.count("Backlog")).to_have_text("2 / 7")
    expect(reason).to_be_focused()
    expect(reason).to_have_value("Vendor")
    mine.page.keyboard.press("Escape")
    mine.open_menu(card)
    third = ops.seen_by(jo).add()
    mine.shows("Backlog", card, other, third)
    expect(mine.menu).to_be_visible()
    expect(mine.item("Open")).to_be_focused()


def test_the_board_stays_where_it_was_scrolled_to(
    windows: Windows, ops: BoardOf, jo: Person
) -> None:
    cards = [ops.add(f"Number {n}", column="Backlog") for n in range(30)]
    mine = windows.board(ops, viewport={"width": 900, "height": 500})
    # Where a card is seen: what lies above it may turn out to be less high than was thought.
    place = """async (card) => {
        const frame = () => new Promise(requestAnimationFrame);
        for (let i = 0; i < 3; i += 1) await frame();
        const { x, y } = card.getBoundingClientRect();
        return [Math.round(x), Math.round(y)];
    }"""
    mine.page.locator("#board").evaluate(
        "(board) => board.scrollTo({ left: 200, top: 700, behavior: 'instant' })"
    )
    mine.page.locator(".card").first.evaluate(place)
    seen = mine.page.locator(
        "#"
        + mine.cell("Backlog").evaluate(
            "(cell) => [...cell.children].find((c) => c.getBoundingClientRect().top > 200).id"
        )
    )
    before = seen.evaluate(place)
    theirs = ops.seen_by(jo)
    theirs.move(cards[-1], "Ready")
    mine.shows("Ready", cards[-1])
    new = theirs.add("At the end")
    expect(mine.card(new)).to_have_count(1)
    assert seen.evaluate(place) == before
    ops.limit("Ready", 9)
    expect(mine.count("Ready")).to_have_text("1 / 9")
    assert seen.evaluate(place) == before


@on_both
def test_of_two_people_who_drop_into_the_last_place_one_is_refused(
    windows: Windows, ops: BoardOf, jo: Person
) -> None:
    for _ in range(2):
        ops.add(column="Test")
    hers, his = ops.add("Hers", column="Doing"), ops.add("His", column="Done")
    mine, theirs = windows.board(ops), windows.board(ops, jo)
    first, second = mine.drag(hers).over("Test"), theirs.drag(his).over("Test")
    first.drop()
    second.drop()
    for window in (mine, theirs):
        expect(window.cell("Test").locator(".card")).to_have_count(3)
        expect(window.count("Test")).to_have_text("3 / 3 full")
    until(lambda: mine.notice("Test").count() + theirs.notice("Test").count() == 1)
    loser, card, home = (
        (theirs, his, "Done") if theirs.notice("Test").count() else (mine, hers, "Doing")
    )
    expect(loser.notice("Test")).to_contain_text(f"{card['ref']} went back to {home}.")
    for window in (mine, theirs):
        window.shows(home, card)
        window.is_what_the_server_says()
    assert len([event for event in ops.events() if event["type"] == "move.refused"]) == 1


# ---- The connection ------------------------------------------------------------------------------


def test_a_page_without_network_says_so_and_catches_up(
    windows: Windows, ops: BoardOf, jo: Person
) -> None:
    windows.allow("net::ERR_INTERNET_DISCONNECTED")
    card, leaving = ops.add(), ops.add()
    window = windows.board(ops)
    window.remember()
    live = window.page.locator("#live")
    window.page.context.set_offline(True)
    expect(live).to_have_text("Offline")
    expect(window.page.locator("#offline-band")).to_have_text(
        "You are offline. Changes are paused; what you see may be old."
    )
    theirs = ops.seen_by(jo)
    theirs.move(card, "Ready")
    jo.post(f"/cards/{leaving['id']}/archive")
    new = theirs.add("Came meanwhile")
    window.shows("Backlog", card, leaving)
    window.page.context.set_offline(False)
    expect(live).to_have_text("Live")
    expect(window.page.locator("#offline-band")).not_to_be_visible()
    window.shows("Ready", card)
    window.shows("Backlog", new)
    window.is_what_the_server_says()
    window.was_not_reloaded()


def test_many_changes_during_an_absence_arrive_as_the_whole_board(
    windows: Windows, ops: BoardOf, jo: Person
) -> None:
    windows.allow("net::ERR_INTERNET_DISCONNECTED")
    card = ops.add()
    window = windows.board(ops)
    window.quick_add("Ready").fill("Not yet sent")
    window.page.context.set_offline(True)
    expect(window.page.locator("#live")).to_have_text("Offline")
    theirs = ops.seen_by(jo)
    new = [theirs.add(f"Number {n}") for n in range(5)]
    for n in range(205):
        jo.patch(f"/cards/{card['id']}", {"title": f"Title {n}"})
    ops.person.post(f"/boards/{ops.key}/columns", {"name": "Watching", "kind": "done"})
    window.page.context.set_offline(False)
    window.shows("Backlog", card, *new)
    expect(window.title(card)).to_have_text("Title 204")
    expect(window.page.get_by_role("heading", name="Watching")).to_be_visible()
    expect(window.quick_add("Ready")).to_have_value("Not yet sent")
    window.is_what_the_server_says()
    # What came with the whole board can be used like what was there before.
    fresh = BoardWindow(window.page, ops)
    fresh.drag(new[0]).over("Watching").drop()
    fresh.shows("Watching", new[0])
    fresh.is_what_the_server_says()


def test_after_a_restart_of_the_server_the_page_goes_on(
    own_windows: Windows, own_weir: Served
) -> None:
    own_windows.allow("net::ERR_|htmx:|status of 50")
    ops = own_weir.board(own_weir.person("Ada Lovelace"))
    card = ops.add()
    window = own_windows.board(ops)
    window.remember()
    live = window.page.locator("#live")
    own_weir.stop()
    expect(live).to_have_text("Reconnecting…")
    window.drag(card).over("Ready").drop()
    expect(window.notice("Ready")).to_contain_text("Not saved. Weir could not be reached.")
    window.shows("Backlog", card)
    own_weir.start()
    ops.move(card, "Doing")
    expect(live).to_have_text("Live", timeout=20_000)
    window.shows("Doing", card)
    new = ops.add("After the restart")
    window.shows("Backlog", new)
    window.is_what_the_server_says()
    window.was_not_reloaded()


# ---- Rights --------------------------------------------------------------------------------------


@on_both
def test_who_is_taken_off_the_board_sees_nothing_more_of_it(
    windows: Windows, ops: BoardOf, jo: Person
) -> None:
    windows.allow("Error Code 404")
    card = ops.add("Seen")
    theirs = windows.board(ops, jo)
    asked: list[str] = []
    theirs.page.on("request", lambda request: asked.append(request.url))
    ops.person.delete(f"/boards/{ops.key}/members/{jo.id}")
    expect(theirs.page.locator("#live")).to_have_text("Signed out")
    ops.person.patch(f"/cards/{card['id']}", {"title": "A secret"})
    ops.add("Another secret")
    theirs.drag(card).over("Ready").drop()
    expect(theirs.notice("Ready")).to_contain_text("Not saved.")
    theirs.shows("Backlog", card)
    expect(theirs.page.locator("body")).not_to_contain_text("secret")
    assert not [url for url in asked if "/events" in url]
    theirs.page.reload()
    expect(theirs.page.get_by_role("heading", level=1)).to_have_text("Not found")


def test_signing_out_in_one_window_ends_the_other(windows: Windows, ops: BoardOf) -> None:
    mine = windows.board(ops)
    other = mine.page.context.new_page()
    other.goto("/boards")
    other.locator("#account-button").click()
    other.get_by_role("button", name="Sign out").click()
    expect(other.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(mine.page.locator("#live")).to_have_text("Signed out")


def test_who_becomes_a_viewer_is_refused_from_then_on(
    windows: Windows, ops: BoardOf, jo: Person
) -> None:
    windows.allow("Error Code 403")
    card = ops.add()
    theirs = windows.board(ops, jo)
    ops.person.patch(f"/boards/{ops.key}/members/{jo.id}", {"role": "viewer"})
    theirs.drag(card).over("Ready").drop()
    expect(theirs.notice("Ready")).to_contain_text("Not saved. You may not do this here.")
    theirs.shows("Backlog", card)
