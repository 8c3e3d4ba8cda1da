"""What the board says no to: the card goes home, and the column that refused says why."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Route, expect

from tests.browser.windows import PHONE, BoardWindow, Windows, until
from tests.support import BoardOf, Person

on_both = pytest.mark.parametrize("weir", ["sqlite", "postgresql"], indirect=True)

STREAM = "**/events?*"


def fill_test(board: BoardOf) -> list[Any]:
    """Fills the column Test, which has room for three."""
    return [board.add(title, column="Test") for title in ("Oldest", "Stuck", "Newest")]


def cut_off(window: BoardWindow) -> None:
    """The window gets no news any more, and does not try to."""
    window.page.route(STREAM, lambda route: route.abort())
    window.page.reload()
    expect(window.page.locator("#live")).to_have_text("Reconnecting…")


@on_both
def test_a_full_column_sends_a_dragged_card_home_and_says_why(
    windows: Windows, ops: BoardOf, jo: Person
) -> None:
    oldest, stuck, newest = fill_test(ops)
    jo.post(f"/cards/{stuck['id']}/block", {"reason": "Vendor ticket 4471"})
    above, card, below = (ops.add(title, column="Doing") for title in ("Above", "It", "Below"))
    board = windows.board(ops)
    board.remember()
    board.drag(card).over("Test", before=newest).drop()
    notice = board.notice("Test")
    expect(notice).to_contain_text(f"Test is full (3 of 3). {card['ref']} went back to Doing.")
    expect(notice).to_contain_text(
        f"Oldest here: {oldest['ref']}, < 1 min · {stuck['ref']} is blocked, < 1 min"
    )
    board.shows("Doing", above, card, below)
    board.shows("Test", oldest, stuck, newest)
    expect(board.title(card)).to_be_focused()
    expect(board.spoken).to_have_text(
        re.compile(
            rf"Not done\. Test is full \(3 of 3\)\. {card['ref']} went back to Doing\. "
            rf"Oldest here: .* {card['ref']} is in Doing, lane Standard, position 2 of 3\."
        )
    )
    expect(board.count("Test")).to_have_text("3 / 3 full")
    expect(board.group_count("Development")).to_have_text("3 / 5")
    board.is_what_the_server_says()
    board.was_not_reloaded()
    refused = [event for event in ops.events() if event["type"] == "move.refused"]
    assert len(refused) == 1
    notice.get_by_role("link", name="See what’s in Test").click()
    expect(board.page).to_have_url(re.compile(f"#{board.cell_id('Test', 'Expedite')}$"))
    expect(board.card(oldest)).to_be_in_viewport()
    board.was_not_reloaded()


def test_a_notice_goes_when_it_is_dismissed_and_with_the_next_move(
    windows: Windows, ops: BoardOf
) -> None:
    fill_test(ops)
    card = ops.add(column="Doing")
    board = windows.board(ops)
    board.drag(card).over("Test").drop()
    expect(board.notice("Test")).to_be_visible()
    board.notice("Test").get_by_role("button", name="Dismiss this notice").click()
    expect(board.notice("Test")).to_have_count(0)
    expect(board.column("Test").locator(".column-name")).to_be_focused()
    board.drag(card).over("Test").drop()
    board.notice("Test").get_by_role("link").focus()
    board.page.keyboard.press("Escape")
    expect(board.notice("Test")).to_have_count(0)
    board.drag(card).over("Test").drop()
    expect(board.notice("Test")).to_be_visible()
    board.drag(card).over("Ready").drop()
    board.shows("Ready", card)
    expect(board.notice("Test")).to_have_count(0)


def test_a_notice_stays_for_twenty_seconds(windows: Windows, ops: BoardOf) -> None:
    fill_test(ops)
    card = ops.add(column="Doing")
    browser = windows.browser_with_clock(ops.person)
    page = browser.new_page()
    page.goto(f"/boards/{ops.key}")
    board = BoardWindow(page, ops)
    board.choose(card, "Move to…")
    board.dialog.get_by_label("Column").select_option(label="Test (3 of 3, full)")
    # From here on no time passes but what is told to, however slow the machine is.
    soon = datetime.fromtimestamp(page.evaluate("Date.now()") / 1000 + 1, UTC)
    browser.clock.pause_at(soon)
    board.dialog.get_by_role("button", name="Move", exact=True).click()

    def is_shown() -> bool:
        browser.clock.run_for(20)
        return board.notice("Test").is_visible()

    until(is_shown)
    browser.clock.run_for(19_000)
    expect(board.notice("Test")).to_be_visible()
    browser.clock.run_for(2_000)
    expect(board.notice("Test")).to_have_count(0)


def test_a_full_group_refuses_a_card(windows: Windows, ops: BoardOf) -> None:
    for column in ("Doing", "Doing", "Doing", "Done", "Done"):
        ops.add(column=column)
    card = ops.add(column="Ready")
    board = windows.board(ops)
    board.drag(card).over("Doing").drop()
    expect(board.notice("Doing")).to_contain_text(
        f"Development is full (5 of 5). {card['ref']} went back to Ready."
    )
    board.shows("Ready", card)
    expect(board.group_count("Development")).to_have_text("5 / 5 full")


def test_a_full_lane_refuses_a_card(windows: Windows, ops: BoardOf) -> None:
    ops.add(column="Deploy", lane_id=ops.lane("Expedite"))
    card = ops.add(column="Doing")
    board = windows.board(ops)
    board.drag(card).over("Doing", lane="Expedite").drop()
    expect(board.notice("Doing")).to_contain_text(
        f"The lane Expedite is full (1 of 1). {card['ref']} is in Doing."
    )
    board.shows("Doing", card)
    board.shows("Doing", lane="Expedite")


def test_a_card_of_the_expedite_lane_passes_a_full_column(windows: Windows, ops: BoardOf) -> None:
    fill_test(ops)
    card = ops.add(column="Doing", lane_id=ops.lane("Expedite"))
    board = windows.board(ops)
    board.drag(card).over("Test", lane="Expedite").drop()
    board.shows("Test", card, lane="Expedite")
    expect(board.count("Test")).to_have_text("3 / 3 full")
    expect(board.notice("Test")).to_have_count(0)


def test_a_person_with_enough_work_is_given_no_more(
    windows: Windows, ops: BoardOf, jo: Person
) -> None:
    ops.person.patch(f"/boards/{ops.key}", {"person_wip_limit": 1})
    ops.add(column="Doing", assignee_ids=[jo.id])
    card = ops.add(column="Ready", assignee_ids=[jo.id])
    board = windows.board(ops)
    board.drag(card).over("Doing").drop()
    expect(board.notice("Doing")).to_contain_text("Jo March has 1 card in work (1 at most).")
    board.shows("Ready", card)


def test_a_blocked_card_goes_left_but_not_right(windows: Windows, ops: BoardOf) -> None:
    card = ops.add(column="Doing")
    ops.person.post(f"/cards/{card['id']}/block", {"reason": "Vendor ticket 4471"})
    board = windows.board(ops)
    board.drag(card).over("Test").drop()
    expect(board.notice("Test")).to_contain_text(
        f"{card['ref']} is blocked: Vendor ticket 4471. {card['ref']} went back to Doing."
    )
    expect(board.notice("Test")).to_contain_text("Unblock it to move it to the right.")
    board.shows("Doing", card)
    expect(board.title(card)).to_be_focused()
    board.drag(card).over("Ready").drop()
    board.shows("Ready", card)
    expect(board.notice("Test")).to_have_count(0)
    board.is_what_the_server_says()


def test_a_card_that_somebody_else_has_moved_meanwhile_is_shown_where_it_is(
    windows: Windows, ops: BoardOf, jo: Person
) -> None:
    windows.allow("net::ERR_FAILED")
    card = ops.add()
    board = windows.board(ops)
    cut_off(board)
    ops.seen_by(jo).move(card, "Deploy")
    board.drag(card).over("Ready").drop()
    expect(board.notice("Ready")).to_contain_text(
        f"{card['ref']} was changed by somebody else. {card['ref']} is in Deploy."
    )
    board.shows("Deploy", card)
    board.shows("Ready")
    expect(board.title(card)).to_be_focused()
    board.is_what_the_server_says()


def test_a_card_that_somebody_else_has_archived_meanwhile_leaves(
    windows: Windows, ops: BoardOf, jo: Person
) -> None:
    windows.allow("net::ERR_FAILED")
    card, other = ops.add(), ops.add()
    board = windows.board(ops)
    cut_off(board)
    jo.post(f"/cards/{card['id']}/archive")
    board.drag(card).over("Ready").drop()
    expect(board.notice("Ready")).to_have_text(
        re.compile(rf"{card['ref']} was archived by somebody else\.")
    )
    expect(board.card(card)).to_have_count(0)
    board.shows("Backlog", other)
    board.is_what_the_server_says()


def test_a_place_beside_a_card_that_has_left_is_no_obstacle_to_the_truth(
    windows: Windows, ops: BoardOf, jo: Person
) -> None:
    windows.allow("net::ERR_FAILED")
    card = ops.add()
    neighbour = ops.add(column="Ready")
    board = windows.board(ops)
    cut_off(board)
    ops.seen_by(jo).move(neighbour, "Doing")
    board.drag(card).over("Ready", after=neighbour).drop()
    expect(board.notice("Ready")).to_contain_text("The place that you chose is not there any more.")
    board.shows("Doing", neighbour)
    board.shows("Backlog", card)
    board.is_what_the_server_says()


def test_the_dialog_is_refused_like_a_drag(windows: Windows, ops: BoardOf) -> None:
    fill_test(ops)
    card = ops.add(column="Doing")
    board = windows.board(ops)
    board.choose(card, "Move to…")
    board.dialog.get_by_label("Column").select_option(label="Test (3 of 3, full)")
    board.dialog.get_by_role("button", name="Move", exact=True).click()
    expect(board.dialog).not_to_be_visible()
    expect(board.notice("Test")).to_contain_text("Test is full (3 of 3).")
    expect(board.title(card)).to_be_focused()
    expect(board.spoken).to_contain_text("Not done. Test is full (3 of 3).")
    board.shows("Doing", card)


@on_both
def test_a_refused_new_card_keeps_what_was_typed(windows: Windows, ops: BoardOf) -> None:
    oldest, *_ = fill_test(ops)
    board = windows.board(ops)
    field = board.quick_add("Test")
    field.fill("One more thing")
    field.press("Enter")
    notice = board.notice("Test")
    expect(notice).to_contain_text("Test is full (3 of 3).")
    expect(notice).to_contain_text("The card was not added; what you typed is still there.")
    expect(notice).to_contain_text(f"Oldest here: {oldest['ref']}")
    expect(field).to_have_value("One more thing")
    expect(field).to_be_focused()
    expect(board.spoken).to_contain_text("Not added. Test is full (3 of 3).")
    ops.move(oldest, "Deploy")
    expect(board.count("Test")).to_have_text("2 / 3")
    expect(field).to_have_value("One more thing")
    field.press("Enter")
    expect(board.cell("Test").locator(".card-title").last).to_have_text("One more thing")
    expect(field).to_have_value("")
    expect(notice).to_have_count(0)


def test_an_archived_card_that_finds_no_room_stays_in_the_archive(
    windows: Windows, ops: BoardOf
) -> None:
    _, _, newest = fill_test(ops)
    board = windows.board(ops)
    board.choose(newest, "Archive")
    expect(board.card(newest)).to_have_count(0)
    ops.add("Was faster", column="Test")
    expect(board.count("Test")).to_have_text("3 / 3 full")
    board.page.get_by_role("button", name="Undo").click()
    notice = board.page.locator(".notice")
    expect(notice).to_contain_text("Test is full (3 of 3).")
    expect(board.card(newest)).to_have_count(0)
    board.is_what_the_server_says()


def test_a_server_that_fails_is_told_apart_from_one_that_refuses(
    windows: Windows, ops: BoardOf
) -> None:
    windows.allow("500")
    card, other = ops.add(), ops.add()
    board = windows.board(ops)
    board.page.route("**/move", lambda route: route.fulfill(status=500, body="broken"))
    board.drag(card).over("Ready").drop()
    notice = board.notice("Ready")
    expect(notice).to_contain_text(f"Not saved. Weir answered 500. {card['ref']} is where it was.")
    board.shows("Backlog", card, other)
    board.page.unroute("**/move")
    notice.get_by_role("button", name="Retry").click()
    board.shows("Ready", card)
    expect(notice).to_have_count(0)
    board.is_what_the_server_says()


def test_a_move_that_never_arrives_is_taken_back(windows: Windows, ops: BoardOf) -> None:
    windows.allow("net::ERR_|htmx:")
    card, other = ops.add(), ops.add()
    board = windows.board(ops)

    def lose(route: Route) -> None:
        route.abort("connectionfailed")

    board.page.route("**/move", lose)
    board.drag(card).over("Ready").drop()
    expect(board.notice("Ready")).to_contain_text("Not saved. Weir could not be reached.")
    board.shows("Backlog", card, other)
    expect(board.spoken).to_have_text("Not saved. Weir could not be reached.")


def test_on_a_phone_the_refusing_column_comes_into_view(windows: Windows, ops: BoardOf) -> None:
    fill_test(ops)
    card = ops.add(column="Backlog")
    board = windows.board(ops, **PHONE)
    board.menu_button(card).tap()
    board.item("Move to…").tap()
    board.dialog.get_by_label("Column").select_option(label="Test (3 of 3, full)")
    board.dialog.get_by_role("button", name="Move", exact=True).tap()
    expect(board.notice("Test")).to_be_in_viewport(ratio=0.9)
