"""Adding cards at the foot of a column."""

import re

from playwright.sync_api import expect

from tests.browser.sights.board import paste
from tests.browser.windows import Windows
from tests.support import BoardOf, Person


def test_enter_adds_and_stays_and_escape_leaves(windows: Windows, ops: BoardOf) -> None:
    board = windows.board(ops)
    field = board.quick_add("Backlog")
    field.focus()
    for title in ("One", "Two"):
        board.page.keyboard.type(title)
        board.page.keyboard.press("Enter")
        expect(field).to_have_value("")
    expect(field).to_be_focused()
    board.shows("Backlog", *ops.cards())
    board.page.keyboard.press("Escape")
    expect(field).not_to_be_focused()


def test_control_and_enter_add_a_card_and_open_it(windows: Windows, ops: BoardOf) -> None:
    board = windows.board(ops)
    board.quick_add("Ready").fill("Look at me")
    board.page.keyboard.press("Control+Enter")
    expect(board.page).to_have_url(re.compile("/cards/1"))
    expect(board.page.get_by_text("Look at me").first).to_be_visible()


def test_people_and_labels_are_typed_into_the_title(
    windows: Windows, ops: BoardOf, jo: Person
) -> None:
    ops.add("Has the label", labels=["needs review"], column="Ready")
    board = windows.board(ops)
    board.quick_add("Backlog").fill("Rotate #needs review the key for #42 @jo and @nobody")
    board.page.keyboard.press("Enter")
    expect(board.quick_add("Backlog")).to_have_value("")
    (card,) = ops.cards(column_id=ops.column("Backlog"))
    assert card["title"] == "Rotate the key for #42 and @nobody"
    assert [person["id"] for person in card["assignees"]] == [jo.id]
    assert card["labels"] == ["needs review"]


def test_several_lines_become_several_cards(windows: Windows, ops: BoardOf) -> None:
    board = windows.board(ops)
    board.quick_add("Backlog").focus()
    paste(board.page, "- One\n- Two\n\n- Three")
    board.page.get_by_role("button", name="Create 3 cards").click()
    expect(board.column("Backlog").locator(".card-title")).to_have_text(["One", "Two", "Three"])
    board.is_what_the_server_says()


def test_several_lines_that_do_not_all_fit_are_no_cards_at_all(
    windows: Windows, ops: BoardOf
) -> None:
    ops.add(column="Test")
    board = windows.board(ops)
    board.quick_add("Test").focus()
    paste(board.page, "One\nTwo\nThree")
    board.page.get_by_role("button", name="Create 3 cards").click()
    expect(board.notice("Test")).to_contain_text("Test has room for 2 more (1 of 3).")
    assert len(ops.cards()) == 1


def test_a_full_column_says_so_and_offers_the_first_one(windows: Windows, ops: BoardOf) -> None:
    cards = [ops.add(column="Test") for _ in range(2)]
    board = windows.board(ops)
    field = board.quick_add("Test")
    expect(field).to_have_attribute("placeholder", "+ Add card")
    cards.append(ops.add(column="Test"))
    expect(field).to_have_attribute("placeholder", "Test is full (3/3)")
    field.fill("Goes to the left")
    board.page.get_by_role("button", name="Add to Backlog").first.click()
    expect(board.column("Backlog").locator(".card-title")).to_have_text("Goes to the left")
    board.is_what_the_server_says()


def test_what_was_typed_is_kept_after_a_refusal(windows: Windows, ops: BoardOf) -> None:
    board = windows.board(ops)
    ops.person.patch(f"/boards/{ops.key}", {"wip_limit": 1})
    ops.add(column="Deploy")
    field = board.quick_add("Deploy")
    field.fill("Kept")
    board.page.keyboard.press("Enter")
    expect(board.page.locator(".notice").first).to_contain_text("is full (1 of 1)")
    expect(field).to_have_value("Kept")
