"""The same in its basic form: plain pages, links and forms, without a line of script."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.served import Served
from tests.browser.windows import BoardWindow, Windows
from tests.support import BoardOf, Person

PASSWORD = "correct horse battery"


@pytest.fixture
def board(windows: Windows, ops: BoardOf) -> BoardWindow:
    """Ada's window on her board, without scripts."""
    return windows.board(ops, java_script_enabled=False)


def card_page(board: BoardWindow, card: Any) -> Page:
    """Opens a card by the link on the board."""
    board.page.goto(f"/boards/{board.board.key}")
    board.title(card).click()
    expect(board.page.locator("#panel-name")).to_have_text(f"{card['ref']} {card['title']}")
    return board.page


def test_signing_in_and_out(windows: Windows, weir: Served) -> None:
    ada = weir.person("Ada Lovelace", password=PASSWORD)
    page = windows.open(path="/boards", java_script_enabled=False)
    page.get_by_label("E-mail").fill(ada.email)
    page.get_by_label("Password").fill("wrong password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_have_text("The e-mail address or the password is wrong.")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Boards")
    page.locator("#account-button").click()
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.locator("#account-button").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


def test_a_card_is_added(board: BoardWindow) -> None:
    board.quick_add("Ready").fill("By a plain form")
    board.quick_add("Ready").press("Enter")
    expect(board.page).to_have_url(re.compile(f"/boards/{board.board.key}$"))
    expect(board.cell("Ready").locator(".card-title")).to_have_text(["By a plain form"])
    board.quick_add("Ready").fill("And one by the button")
    board.column("Ready").get_by_role("button", name="Add the card to Ready").click()
    expect(board.cell("Ready").locator(".card")).to_have_count(2)
    expect(board.count("Ready")).to_have_text("2 / 5")


def test_a_refused_new_card_comes_back_with_its_text_and_the_reason(
    board: BoardWindow, ops: BoardOf
) -> None:
    for _ in range(3):
        ops.add(column="Test")
    board.page.reload()
    board.quick_add("Test").fill("One too many")
    board.quick_add("Test").press("Enter")
    expect(board.notice("Test")).to_contain_text("Test is full (3 of 3).")
    expect(board.notice("Test")).to_contain_text("what you typed is still there")
    expect(board.quick_add("Test")).to_have_value("One too many")
    expect(board.notice("Test").get_by_role("button")).to_have_count(0)
    assert len(ops.cards()) == 3


def test_a_card_is_moved_by_the_form_on_its_page(board: BoardWindow, ops: BoardOf) -> None:
    card = ops.add("Moves")
    above, below = ops.add(column="Ready"), ops.add(column="Ready")
    page = card_page(board, card)
    page.get_by_role("link", name="Move to…").click()
    page.get_by_label("Column").select_option("Ready (2 of 5)")
    page.get_by_role("button", name="Show the places of this column").click()
    expect(page.get_by_label("Column").locator("option:checked")).to_have_text("Ready (2 of 5)")
    page.get_by_label("Place").select_option(f"After {above['ref']} A card")
    page.get_by_role("button", name="Move", exact=True).click()
    board.shows("Ready", above, card, below)


def test_the_menu_of_a_card_leads_to_its_page(board: BoardWindow, ops: BoardOf) -> None:
    card = ops.add("Has a menu")
    board.page.reload()
    board.menu_button(card).click()
    expect(board.page.locator("#panel-name")).to_contain_text("Has a menu")


def test_a_refused_move_shows_the_board_with_the_reason(board: BoardWindow, ops: BoardOf) -> None:
    card = ops.add("Stays")
    oldest, *_ = [ops.add(column="Test") for _ in range(3)]
    page = card_page(board, card)
    page.get_by_role("link", name="Move to…").click()
    page.get_by_label("Column").select_option("Test (3 of 3, full)")
    page.get_by_role("button", name="Move", exact=True).click()
    expect(board.notice("Test")).to_contain_text(
        f"Test is full (3 of 3). {card['ref']} went back to Backlog."
    )
    expect(board.notice("Test")).to_contain_text(f"Oldest here: {oldest['ref']}")
    board.shows("Backlog", card)


def test_a_card_is_blocked_and_unblocked(board: BoardWindow, ops: BoardOf) -> None:
    card = ops.add("Waits", column="Doing")
    page = card_page(board, card)
    page.get_by_role("link", name="Block…").click()
    page.get_by_label("What does it wait for?").fill("   ")
    page.get_by_role("button", name="Block").click()
    expect(page.get_by_label("What does it wait for?")).to_have_accessible_description(
        "must not be empty"
    )
    page.get_by_label("What does it wait for?").fill("Vendor ticket 4471")
    page.get_by_role("button", name="Block").click()
    expect(board.card(card).locator(".card-block")).to_contain_text("Vendor ticket 4471")
    page = card_page(board, card)
    page.get_by_role("link", name="Unblock…").click()
    page.get_by_role("button", name="Unblock").click()
    expect(board.card(card).locator(".card-block")).to_have_count(0)


def test_a_blocked_card_is_refused_on_its_way_to_the_right(
    board: BoardWindow, ops: BoardOf
) -> None:
    card = ops.add("Waits", column="Doing")
    ops.person.post(f"/cards/{card['id']}/block", {"reason": "Vendor ticket 4471"})
    page = card_page(board, card)
    page.get_by_role("link", name="Move to…").click()
    page.get_by_label("Column").select_option("Test (0 of 3)")
    page.get_by_role("button", name="Move", exact=True).click()
    expect(board.notice("Test")).to_contain_text("is blocked: Vendor ticket 4471.")


def test_a_card_is_archived_and_restored(board: BoardWindow, ops: BoardOf) -> None:
    card, other = ops.add("Goes and comes back"), ops.add("Stays")
    page = card_page(board, card)
    page.get_by_role("button", name="Archive").click()
    board.shows("Backlog", other)
    expect(page.locator(".flash")).to_have_text(f"Archived {card['ref']}.")
    page.get_by_role("button", name="Undo my last change").click()
    expect(page.locator(".flash")).to_have_text(f"Undid the archiving of {card['ref']}.")
    page = card_page(board, card)
    page.get_by_role("button", name="Archive").click()
    expect(page.locator(".flash")).to_have_text(f"Archived {card['ref']}.")
    page.get_by_role("button", name="View").click()
    page.get_by_role("link", name="Archived cards").click()
    page.get_by_role("button", name=f"Restore {card['ref']}").click()
    expect(page.get_by_role("heading", name="Nothing is archived")).to_be_visible()
    page.get_by_role("link", name="Board", exact=True).click()
    expect(board.card(card)).to_be_visible()


def test_a_card_is_edited_and_a_conflict_shown(
    board: BoardWindow, ops: BoardOf, jo: Person
) -> None:
    card = ops.add("Old title", description="Old words")
    page = card_page(board, card)
    page.locator("#panel-title").fill("My title")
    jo.patch(f"/cards/{card['id']}", {"title": "Their title"})
    page.get_by_role("button", name="Save the title").click()
    expect(page.get_by_role("alert")).to_contain_text("Their title")
    expect(page.locator("#panel-title")).to_have_value("My title")
    page.get_by_role("button", name="Save the title").click()
    expect(board.title(card)).to_have_text("My title")
    page.locator("#description-edit").click()
    page.get_by_role("textbox", name="Description").fill("My **words**")
    jo.patch(f"/cards/{card['id']}", {"description": "Their words"})
    page.locator("#description-save").click()
    expect(page.get_by_role("alert")).to_contain_text("Jo March changed the description")
    expect(page.get_by_role("textbox", name="Description")).to_have_value("My **words**")
    page.get_by_role("button", name="Save mine instead").click()
    expect(page.locator("#panel-prose strong")).to_have_text("words")


def test_the_fields_of_a_card_are_changed(board: BoardWindow, ops: BoardOf, jo: Person) -> None:
    card = ops.add("A card")
    page = card_page(board, card)
    page.locator("#field-team").select_option("ops")
    page.locator("#team-save").click()
    expect(page.locator("#field-team")).to_have_value("ops")
    page.locator("#field-due_on").fill("2027-01-02")
    page.locator("#due_on-save").click()
    page.locator("#field-assignees").click()
    page.get_by_role("checkbox", name="Jo March").check()
    page.locator("#assignee_ids-save").click()
    expect(page.locator("#field-assignees")).to_contain_text("Jo March")
    page.locator("#field-labels").click()
    page.get_by_label("New label").fill("urgent")
    page.locator("#labels-save").click()
    expect(page.locator("#field-labels")).to_contain_text("urgent")
    ops.add("First", external_id="ZD-77")
    page.locator("#field-external_id").fill("ZD-77")
    page.locator("#external_id-save").click()
    expect(page.locator("#at-external_id").get_by_role("alert")).to_contain_text("ZD-77")
    expect(page.locator("#field-external_id")).to_have_value("ZD-77")
    (changed,) = [each for each in ops.cards() if each["id"] == card["id"]]
    assert (changed["team"], changed["due_on"], changed["labels"]) == (
        "ops",
        "2027-01-02",
        ["urgent"],
    )


def test_a_card_is_talked_about_worked_through_and_linked(board: BoardWindow, ops: BoardOf) -> None:
    card, other = ops.add("A card"), ops.add("Another")
    page = card_page(board, card)
    page.get_by_label("New comment").fill("Is it **tested**?")
    page.locator("#comment-save").click()
    expect(page.locator(".comment strong").last).to_have_text("tested")
    page.locator(".comment summary").click()
    page.get_by_label("Comment", exact=True).fill("It is tested.")
    page.locator(".comment").get_by_role("button", name="Save").click()
    expect(page.locator(".comment")).to_contain_text("It is tested.")
    page.locator("#checklist-add").click()
    page.locator("#checklist-save").click()
    page.get_by_label("New item of To do").fill("Tell support")
    page.get_by_role("button", name="Add to To do").click()
    page.get_by_role("checkbox", name="Tell support").check()
    page.locator(".item").get_by_role("button", name="Save").last.click()
    expect(page.locator(".checklist-count")).to_have_text("1 of 1")
    page.locator("#link-add").click()
    page.get_by_label("The other card", exact=True).fill("NOSUCH-1")
    page.locator("#link-save").click()
    expect(page.locator("#link-error")).to_contain_text("no such card")
    page.get_by_label("The other card", exact=True).fill(other["ref"])
    page.locator("#link-save").click()
    expect(page.locator(".links")).to_contain_text("Another")
    page.locator("#address-add").click()
    page.get_by_label("Address", exact=True).fill("https://wiki.example.org")
    page.locator("#address-save").click()
    expect(page.locator(".links")).to_contain_text("wiki.example.org")


def test_a_card_is_discarded_after_a_question(board: BoardWindow, ops: BoardOf) -> None:
    card = ops.add("Goes for ever")
    page = card_page(board, card)
    page.locator("#panel-discard").click()
    page.get_by_role("button", name=f"Discard {card['ref']}").click()
    expect(page.get_by_role("status").first).to_have_text(f"{card['ref']} is discarded.")
    expect(board.card(card)).to_have_count(0)


def test_a_card_is_closed_by_a_link(board: BoardWindow, ops: BoardOf) -> None:
    card = ops.add("Only looked at")
    page = card_page(board, card)
    expect(page.locator(".scripted").first).to_be_hidden()
    page.get_by_role("link", name=f"Close {card['ref']}").click()
    expect(page).to_have_url(re.compile(f"/boards/{ops.key}#card-"))
    expect(page.locator("#panel")).to_be_hidden()


def test_the_flow_page_and_its_filters(windows: Windows, simple: BoardOf) -> None:
    card = simple.add(team="ops")
    simple.add(team="dev", column="Done")
    simple.move(card, "Done")
    page = windows.open(simple.person, f"/boards/{simple.key}/flow", java_script_enabled=False)
    expect(page.locator("#times-cards")).to_have_text("The 2 cards behind it")
    page.get_by_role("button", name="Team").click()
    page.get_by_role("checkbox", name="ops").check()
    page.get_by_role("group", name="Team").get_by_role("button", name="Apply").click()
    expect(page.locator("#times-cards")).to_have_text("The 1 card behind it")


def test_a_page_without_scripts_does_not_claim_to_be_live(board: BoardWindow) -> None:
    expect(board.page.locator("#live")).not_to_have_text("Live")
