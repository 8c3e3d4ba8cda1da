"""The board in one person's hands: what it shows, dragging, the menu of a card, adding cards."""

import re
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from app import clock
from app.days import day_of
from tests.browser.windows import PHONE, TABLET, Windows, swipe
from tests.support import BoardOf, Person

on_both = pytest.mark.parametrize("weir", ["sqlite", "postgresql"], indirect=True)


# ---- What the board shows ------------------------------------------------------------------------


def test_columns_show_their_name_their_count_and_the_state_of_their_limit(
    windows: Windows, ops: BoardOf
) -> None:
    for _ in range(3):
        ops.add(column="Test")
    ops.add(column="Backlog")
    board = windows.board(ops)
    names = board.page.locator(".column .column-name")
    expect(names).to_have_text(
        ["Backlog", "Ready", "Doing", "Done", "Test", "Ready to deploy", "Deploy", "In production"]
    )
    expect(board.count("Backlog")).to_have_text("1")
    expect(board.count("Ready")).to_have_text("0 / 5")
    expect(board.count("Test")).to_have_text("3 / 3 full")
    ops.limit("Test", 2)
    expect(board.count("Test")).to_have_text("3 / 2 over")
    said = "Test, 3 of 2, over, change the limit"
    expect(board.column("Test").locator(".wip .vh")).to_have_text(said)
    meter = board.column("Ready").locator(".meter i")
    expect(meter).to_have_count(5)
    expect(board.column("Test").locator(".meter i.on")).to_have_count(2)


def test_the_three_states_of_a_limit_look_different(windows: Windows, ops: BoardOf) -> None:
    for column, cards in (("Ready", 1), ("Test", 3), ("Deploy", 2)):
        for _ in range(cards):
            ops.add(column=column)
    ops.limit("Deploy", 1)
    board = windows.board(ops)
    chips = [board.column(name).locator(".wip") for name in ("Ready", "Test", "Deploy")]
    colours = "(chip) => { const s = getComputedStyle(chip); return s.color + s.backgroundColor }"
    assert len({chip.evaluate(colours) for chip in chips}) == 3


def test_a_group_is_one_box_with_its_halves(windows: Windows, ops: BoardOf) -> None:
    doing = ops.add(column="Doing")
    ops.add(column="Done")
    board = windows.board(ops)
    group = board.page.get_by_role("region", name="Development")
    expect(group.locator(".column .column-name")).to_have_text(["Doing", "Done"])
    expect(board.group_count("Development")).to_have_text("2 / 5")
    outer = group.bounding_box()
    halves = [board.column(name).bounding_box() for name in ("Doing", "Done")]
    assert outer is not None
    for half in halves:
        assert half is not None
        assert outer["x"] <= half["x"] <= outer["x"] + outer["width"] - half["width"] + 1
    board.drag(doing).over("Done").drop()
    expect(board.count("Done")).to_have_text("2")
    expect(board.group_count("Development")).to_have_text("2 / 5")


def test_lanes_line_up_across_the_columns(windows: Windows, ops: BoardOf) -> None:
    for _ in range(3):
        ops.add(column="Ready")
    ops.add("Put out the fire", column="Deploy", lane_id=ops.lane("Expedite"))
    board = windows.board(ops)
    tops = [
        {
            round(board.cell(column, lane).bounding_box()["y"])  # type: ignore[index]  # it is on the page
            for column in ("Backlog", "Ready", "Doing", "Done", "Deploy", "In production")
        }
        for lane in ("Expedite", "Standard")
    ]
    assert [len(each) for each in tops] == [1, 1]
    assert max(tops[0]) < max(tops[1])
    expect(board.lane_head("Expedite")).to_contain_text("1 / 1 full")
    expect(board.lane_head("Expedite")).to_contain_text("Put out the fire · in Deploy")
    expect(board.lane_head("Standard").locator(".wip > [aria-hidden]")).to_have_text("3")
    ops.add(column="In production")
    expect(board.count("In production")).to_have_text("1")
    expect(board.lane_head("Standard").locator(".wip > [aria-hidden]")).to_have_text("3")


def test_a_card_shows_what_one_must_know_of_it(windows: Windows, ops: BoardOf, jo: Person) -> None:
    due = day_of(clock.now(), "UTC") + timedelta(days=1)
    card = ops.add(
        "Audit <b>log</b> & export",
        column="Doing",
        team="ops",
        work_type="debt",
        service_class="fixed_date",
        due_on=due.isoformat(),
        assignee_ids=[jo.id],
        labels=["infra"],
    )
    jo.post(f"/cards/{card['id']}/block", {"reason": "Vendor ticket 4471"})
    board = windows.board(ops)
    face = board.card(card)
    for words in (card["ref"], "ops", "Due tomorrow", "JM", "Audit <b>log</b> & export", "Debt"):
        expect(face).to_contain_text(words)
    expect(face.locator(".card-block")).to_have_text("⊘Vendor ticket 4471 · < 1 min")
    expect(face.locator(".age")).to_have_text("< 1 min")
    expect(face.locator(".label")).to_have_text("infra")
    expect(board.title(card)).to_have_accessible_description(
        f"{card['ref']}, Ops, assigned to Jo March, due tomorrow, age < 1 min, "
        "blocked: Vendor ticket 4471 · < 1 min, labelled infra"
    )
    expect(board.page.locator("#board-summary")).to_contain_text("1 blocked")


def test_a_done_column_shows_the_newest_and_leads_to_the_rest(
    windows: Windows, simple: BoardOf
) -> None:
    cards = [simple.add(f"Number {n}", column="Done") for n in range(53)]
    board = windows.board(simple)
    expect(board.cell("Done").locator(".card")).to_have_count(50)
    expect(board.card(cards[-1])).to_be_visible()
    expect(board.card(cards[0])).to_have_count(0)
    older = board.column("Done").get_by_role("link", name="3 older done cards")
    expect(older).to_have_attribute("href", re.compile(f"^/boards/{simple.key}/flow"))


def test_a_board_without_columns_says_so(windows: Windows, ada: Person, weir: Any) -> None:
    board = windows.board(weir.board(ada, "empty"))
    expect(board.page.locator(".empty-board")).to_contain_text("This board has no columns yet")


# ---- Dragging ------------------------------------------------------------------------------------


@on_both
def test_a_card_is_dragged_to_another_column(windows: Windows, ops: BoardOf) -> None:
    card = ops.add("Audit log export")
    board = windows.board(ops)
    board.remember()
    asked: list[str] = []
    board.page.on("request", lambda request: asked.append(request.url.rpartition("/")[2]))
    board.drag(card).over("Ready").drop()
    board.shows("Ready", card)
    expect(board.spoken).to_have_text(
        f"{card['ref']} moved to Ready, lane Standard, position 1 of 1."
    )
    expect(board.count("Backlog")).to_have_text("0")
    expect(board.count("Ready")).to_have_text("1 / 5")
    board.is_what_the_server_says()
    board.was_not_reloaded()
    assert asked == ["move"]


def test_a_card_is_dragged_to_a_place_between_others(windows: Windows, ops: BoardOf) -> None:
    card = ops.add("Comes in between")
    above, below = ops.add(column="Ready"), ops.add(column="Ready")
    board = windows.board(ops)
    board.drag(card).over("Ready", before=below).drop()
    board.shows("Ready", above, card, below)
    expect(board.spoken).to_have_text(
        f"{card['ref']} moved to Ready, lane Standard, position 2 of 3."
    )
    board.is_what_the_server_says()


def test_a_card_is_dragged_to_another_place_in_its_column(windows: Windows, ops: BoardOf) -> None:
    first, second, third = (ops.add(column="Test") for _ in range(3))
    board = windows.board(ops)
    board.drag(third).over("Test", before=first).drop()
    board.shows("Test", third, first, second)
    expect(board.spoken).to_have_text(
        f"{third['ref']} moved to Test, lane Standard, position 1 of 3."
    )
    board.drag(third).over("Test", after=first).drop()
    board.shows("Test", first, third, second)
    expect(board.spoken).to_contain_text("position 2 of 3")
    board.is_what_the_server_says()


def test_a_card_is_dragged_into_a_lane(windows: Windows, ops: BoardOf) -> None:
    card = ops.add(column="Doing")
    board = windows.board(ops)
    board.drag(card).over("Doing", lane="Expedite").drop()
    board.shows("Doing", card, lane="Expedite")
    expect(board.lane_head("Expedite")).to_contain_text("1 / 1 full")
    expect(board.card(card)).to_contain_text("Expedite")
    board.is_what_the_server_says()


def test_escape_ends_a_drag_and_nothing_has_happened(windows: Windows, ops: BoardOf) -> None:
    card, other = ops.add(), ops.add()
    board = windows.board(ops)
    asked: list[str] = []
    board.page.on("request", lambda request: asked.append(request.method))
    board.drag(card).over("Ready").cancel()
    board.shows("Backlog", card, other)
    expect(board.page.locator("#board.is-dragging")).to_have_count(0)
    assert "POST" not in asked


def test_a_column_under_the_card_is_marked_and_a_full_one_differently(
    windows: Windows, ops: BoardOf
) -> None:
    card = ops.add()
    for _ in range(3):
        ops.add(column="Test")
    board = windows.board(ops)
    drag = board.drag(card).over("Ready")
    expect(board.column("Ready")).to_have_class(re.compile(r"\bis-target\b"))
    drag.over("Test")
    expect(board.column("Test")).to_have_class(re.compile(r"\bis-target-full\b"))
    expect(board.column("Ready")).not_to_have_class(re.compile("is-target"))
    drag.cancel()
    expect(board.column("Test")).not_to_have_class(re.compile("is-target"))


def test_a_card_is_dragged_by_touch_after_a_long_press(windows: Windows, simple: BoardOf) -> None:
    first, second = simple.add("First"), simple.add("Second")
    board = windows.board(simple, **PHONE)
    board.press_on(first).over("To do", after=second).drop()
    board.shows("To do", second, first)
    board.is_what_the_server_says()


def test_a_card_is_dragged_to_another_column_by_touch(windows: Windows, ops: BoardOf) -> None:
    card = ops.add()
    board = windows.board(ops, **TABLET)
    board.press_on(card).over("Ready").drop()
    board.shows("Ready", card)
    expect(board.count("Ready")).to_have_text("1 / 5")
    board.is_what_the_server_says()


def test_a_short_touch_opens_the_card_and_a_swipe_scrolls(
    windows: Windows, simple: BoardOf
) -> None:
    card = simple.add("Tapped")
    board = windows.board(simple, **PHONE)
    swipe(board.page, board.card(card), -240)
    expect(board.column("In progress")).to_be_in_viewport(ratio=0.9)
    swipe(board.page, board.column("In progress"), 240)
    expect(board.column("To do")).to_be_in_viewport(ratio=0.9)
    board.shows("To do", card)
    board.title(card).tap()
    expect(board.page).to_have_url(re.compile(rf"/cards/{card['number']}$"))


def test_on_a_phone_one_column_is_seen_at_a_time(windows: Windows, ops: BoardOf) -> None:
    ops.add(column="Backlog")
    board = windows.board(ops, **PHONE)
    box = board.column("Backlog").bounding_box()
    assert box is not None
    assert 320 < box["width"] < 390
    expect(board.column("Ready")).not_to_be_in_viewport(ratio=0.2)


# ---- The menu of a card, by keyboard alone -------------------------------------------------------


def press(page: Page, *keys: str) -> None:
    """Presses keys, one after the other."""
    for key in keys:
        page.keyboard.press(key)


def test_a_card_is_moved_by_keyboard_alone(windows: Windows, ops: BoardOf) -> None:
    card = ops.add("Moved by keys")
    above, below = ops.add(column="Ready"), ops.add(column="Ready")
    board = windows.board(ops)
    page = board.page
    board.title(card).focus()
    press(page, "Tab")
    expect(board.menu_button(card)).to_be_focused()
    press(page, "Enter")
    expect(board.item("Open")).to_be_focused()
    press(page, "ArrowDown", "Enter")
    expect(board.dialog).to_be_visible()
    expect(board.dialog).to_have_accessible_name(f"Move {card['ref']}")
    column = board.dialog.get_by_label("Column")
    expect(column).to_be_focused()
    place = board.dialog.get_by_label("Place")
    press(page, "R", "e", "a")
    expect(place).to_contain_text(above["ref"])
    page.keyboard.press("Tab")
    expect(board.dialog.get_by_label("Lane")).to_be_focused()
    page.keyboard.press("Tab")
    expect(place).to_be_focused()
    press(page, "A", "f", "t")
    expect(place.locator("option:checked")).to_have_text(f"After {above['ref']} A card")
    press(page, "Tab", "Enter")
    expect(board.dialog).not_to_be_visible()
    board.shows("Ready", above, card, below)
    expect(board.title(card)).to_be_focused()
    expect(board.spoken).to_have_text(
        f"{card['ref']} moved to Ready, lane Standard, position 2 of 3."
    )
    board.is_what_the_server_says()


def test_the_dialog_names_full_columns_and_offers_every_place(
    windows: Windows, ops: BoardOf
) -> None:
    card = ops.add("Wants to move")
    for _ in range(3):
        ops.add(column="Test")
    board = windows.board(ops)
    board.choose(card, "Move to…")
    column = board.dialog.get_by_label("Column")
    expect(column.locator("option:checked")).to_have_text("Backlog")
    expect(column.locator("option", has_text="Test")).to_have_text("Test (3 of 3, full)")
    expect(column.locator("option", has_text="Doing")).to_have_text("Development: Doing")
    column.select_option("Test (3 of 3, full)")
    place = board.dialog.get_by_label("Place").locator("option")
    expect(place).to_have_count(4)
    expect(place.first).to_have_text("At the top")
    expect(place.last).to_have_text("At the bottom")
    expect(board.dialog.locator("option:checked").last).to_have_text("At the bottom")
    expect(board.dialog.get_by_label("Lane").locator("option")).to_have_text(
        ["Expedite (0 of 1)", "Standard"]
    )


def test_a_lane_is_chosen_in_the_dialog(windows: Windows, ops: BoardOf) -> None:
    card = ops.add(column="Doing")
    board = windows.board(ops)
    board.choose(card, "Move to…")
    board.dialog.get_by_label("Lane").select_option("Expedite (0 of 1)")
    board.dialog.get_by_role("button", name="Move", exact=True).click()
    board.shows("Doing", card, lane="Expedite")


def test_escape_closes_menu_and_dialog_and_gives_the_focus_back(
    windows: Windows, ops: BoardOf
) -> None:
    card = ops.add()
    board = windows.board(ops)
    page = board.page
    button = board.menu_button(card)
    button.focus()
    press(page, "Enter")
    expect(board.menu).to_be_visible()
    expect(button).to_have_attribute("aria-expanded", "true")
    press(page, "Escape")
    expect(board.menu).not_to_be_visible()
    expect(button).to_be_focused()
    for words in ("Move to…", "Block…"):
        board.choose(card, words)
        press(page, "Escape")
        expect(board.dialog).not_to_be_visible()
        expect(button).to_be_focused()
    board.choose(card, "Block…")
    board.dialog.get_by_role("link", name="Cancel").click()
    expect(board.dialog).not_to_be_visible()
    expect(button).to_be_focused()
    board.shows("Backlog", card)


def test_the_dialog_keeps_the_focus_inside(windows: Windows, ops: BoardOf) -> None:
    card = ops.add()
    board = windows.board(ops)
    board.choose(card, "Move to…")
    inside = (
        "document.activeElement === document.body || !!document.activeElement.closest('dialog')"
    )
    for _ in range(8):
        press(board.page, "Tab")
        assert board.page.evaluate(inside)


def test_a_card_is_blocked_with_a_reason_and_unblocked(windows: Windows, ops: BoardOf) -> None:
    card = ops.add("Waits for somebody", column="Doing")
    board = windows.board(ops)
    page = board.page
    board.menu_button(card).focus()
    press(page, "Enter", "b", "Enter")
    reason = board.dialog.get_by_label("What does it wait for?")
    expect(reason).to_be_focused()
    press(page, "Space")
    board.dialog.get_by_role("button", name="Block").click()
    expect(board.dialog.locator(".error")).to_have_text("must not be empty")
    reason.fill("Vendor ticket 4471")
    board.dialog.get_by_label("Kind").select_option("Waiting on a vendor")
    board.dialog.get_by_role("button", name="Block").click()
    expect(board.dialog).not_to_be_visible()
    expect(board.card(card).locator(".card-block")).to_contain_text("Vendor ticket 4471")
    expect(board.spoken).to_have_text(f"{card['ref']} is blocked.")
    expect(board.title(card)).to_be_focused()
    expect(page.locator("#board-summary")).to_contain_text("1 blocked")
    (blocked,) = ops.cards()
    assert blocked["blocked"]["reason"] == "Vendor ticket 4471"
    assert blocked["blocked"]["category"] == "waiting_on_vendor"
    board.choose(card, "Unblock…")
    expect(board.dialog.get_by_label("What cleared it?")).to_be_focused()
    page.keyboard.type("They called back")
    board.dialog.get_by_role("button", name="Unblock").click()
    expect(board.card(card).locator(".card-block")).to_have_count(0)
    expect(board.spoken).to_have_text(f"{card['ref']} is unblocked.")
    expect(page.locator("#board-summary")).not_to_contain_text("blocked")
    assert ops.cards()[0]["blocked"] is None


def test_a_card_is_archived_and_the_archiving_undone(windows: Windows, ops: BoardOf) -> None:
    first, second = ops.add("Goes"), ops.add("Stays")
    board = windows.board(ops)
    board.menu_button(first).focus()
    press(board.page, "Enter", "A", "Enter")
    board.shows("Backlog", second)
    expect(board.spoken).to_have_text(f"Archived {first['ref']}.")
    expect(board.title(second)).to_be_focused()
    assert [card["ref"] for card in ops.cards()] == [second["ref"]]
    board.page.get_by_role("button", name="Undo").click()
    expect(board.card(first)).to_be_visible()
    expect(board.spoken).to_have_text(f"Undid the archiving of {first['ref']}.")
    expect(board.count("Backlog")).to_have_text("2")
    board.is_what_the_server_says()


def test_the_last_card_of_a_column_leaves_the_focus_to_its_heading(
    windows: Windows, ops: BoardOf
) -> None:
    card = ops.add()
    board = windows.board(ops)
    board.choose(card, "Archive")
    expect(board.card(card)).to_have_count(0)
    expect(board.column("Backlog").locator(".column-name")).to_be_focused()


# ---- Adding cards --------------------------------------------------------------------------------


@on_both
def test_cards_are_added_at_the_foot_of_a_column_one_after_the_other(
    windows: Windows, ops: BoardOf
) -> None:
    board = windows.board(ops)
    board.remember()
    field = board.quick_add("Ready")
    field.click()
    for number, title in enumerate(("First", "Second", "Third <i>"), start=1):
        board.page.keyboard.type(title)
        press(board.page, "Enter")
        expect(board.cell("Ready").locator(".card-title")).to_have_count(number)
        expect(field).to_have_value("")
        expect(field).to_be_focused()
    expect(board.cell("Ready").locator(".card-title")).to_have_text(
        ["First", "Second", "Third <i>"]
    )
    expect(board.count("Ready")).to_have_text("3 / 5")
    expect(board.spoken).to_have_text(re.compile("Added .*-3 to Ready: Third <i>"))
    board.is_what_the_server_says()
    board.was_not_reloaded()


def test_the_plus_of_a_column_leads_to_its_field(windows: Windows, ops: BoardOf) -> None:
    board = windows.board(ops)
    board.column("Ready").get_by_role("link", name="Add a card to Ready").click()
    expect(board.quick_add("Ready")).to_be_focused()


def test_an_empty_title_adds_nothing(windows: Windows, ops: BoardOf) -> None:
    board = windows.board(ops)
    field = board.quick_add("Ready")
    field.click()
    press(board.page, "Enter")
    press(board.page, "Space", "Enter")
    expect(board.notice("Ready")).to_contain_text("The title must not be empty.")
    expect(field).to_be_focused()
    assert ops.cards() == []


# ---- The keyboard on the board -------------------------------------------------------------------


def test_tab_stops_once_in_each_column_and_arrows_go_from_card_to_card(
    windows: Windows, simple: BoardOf
) -> None:
    first, second, third = (simple.add(f"Number {n}") for n in range(3))
    right = simple.add(column="In progress")
    board = windows.board(simple)
    page = board.page
    stops = board.column("To do").locator(".card [tabindex='0']")
    expect(stops).to_have_count(2)  # the card's title and its ⋯
    board.title(first).focus()
    for key, card in (
        ("ArrowDown", second),
        ("ArrowDown", third),
        ("ArrowDown", third),
        ("Home", first),
        ("End", third),
        ("ArrowUp", second),
        ("ArrowRight", right),
        ("ArrowLeft", first),
    ):
        press(page, key)
        expect(board.title(card)).to_be_focused()
    press(page, "ArrowDown", "Tab")
    expect(board.menu_button(second)).to_be_focused()
    press(page, "Tab")
    expect(board.quick_add("To do")).to_be_focused()
    press(page, "Shift+Tab", "Shift+Tab")
    expect(board.title(second)).to_be_focused()
    press(page, "Enter")
    expect(page).to_have_url(re.compile(rf"/cards/{second['number']}$"))


def test_the_focus_goes_through_the_page_from_the_top_to_the_right(
    windows: Windows, simple: BoardOf
) -> None:
    card = simple.add()
    board = windows.board(simple)
    page = board.page
    page.evaluate("document.activeElement.blur()")
    seen = []
    for _ in range(28):
        press(page, "Tab")
        seen.append(page.evaluate("document.activeElement.id"))
    columns = [board.column(name).get_attribute("id") for name in ("To do", "In progress", "Done")]
    expected = ["skip", "brand", f"face-{simple.person.id}", "filter-button", "cord-link"]
    expected += ["flow-link"]
    expected += ["view-button", "new-card", "account-button", "board"]
    limits = [f"limit-column-{(column or '').removeprefix('col-')}" for column in columns]
    expected += [limits[0], f"{columns[0]}-plus", f"{columns[0]}-fold"]
    expected += [f"card-{card['id']}-link", f"card-{card['id']}-menu"]
    expected += [f"{columns[0]}-title", f"{columns[0]}-submit"]
    for column, limit in zip(columns[1:], limits[1:], strict=True):
        expected += [limit, *(f"{column}-{part}" for part in ("plus", "fold", "title", "submit"))]
    assert seen[: len(expected)] == expected


def test_the_focus_never_hides_behind_what_sticks_and_never_scrolls_the_board_in_vain(
    windows: Windows, ops: BoardOf
) -> None:
    cards = [ops.add(f"Number {n}") for n in range(20)]
    board = windows.board(ops, viewport={"width": 1200, "height": 600})
    page = board.page
    scroller = page.locator("#board")
    for field in (board.quick_add("Backlog"), board.column("Backlog").locator(".column-plus")):
        field.evaluate("(field) => field.focus()")
        assert scroller.evaluate("(board) => board.scrollTop") == 0
    uncovered = """(title) => {
        const card = title.closest('.card');
        const { left, top, bottom } = card.getBoundingClientRect();
        const seen = (y) => document.elementFromPoint(left + 40, y)?.closest('.card') === card;
        return seen(top + 4) && seen(bottom - 4);
    }"""
    board.title(cards[0]).focus()
    for key, order in (("ArrowDown", cards[1:]), ("ArrowUp", cards[-2::-1])):
        for card in order:
            press(page, key)
            expect(board.title(card)).to_be_focused()
            assert board.title(card).evaluate(uncovered), card["title"]


def test_the_skip_link_leads_to_the_board(windows: Windows, simple: BoardOf) -> None:
    page = windows.board(simple).page
    press(page, "Tab", "Enter")
    expect(page.locator("#board")).to_be_focused()
