"""The page of a card: what it says, and what one does there."""

import re
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.windows import Windows
from tests.support import BoardOf, Person


def address(board: BoardOf, card: Any) -> str:
    """Where a card's page is."""
    return f"/boards/{board.key}/cards/{card['number']}"


def section(page: Page, name: str) -> Any:
    """A part of the page by its heading."""
    return page.get_by_role("region", name=name)


def test_a_card_has_a_page_with_its_clocks_and_its_story(
    windows: Windows, ops: BoardOf, jo: Person
) -> None:
    card = ops.add(
        "Audit the <b>log</b>",
        description="First line\n<script>alert(1)</script>\n\nLast line",
        column="Ready",
        team="ops",
        work_type="debt",
        assignee_ids=[jo.id],
        labels=["infra"],
        due_on="2027-01-02",
        external_id="ZD-77",
    )
    theirs = ops.seen_by(jo)
    theirs.move(card, "Doing")
    jo.post(f"/cards/{card['id']}/block", {"reason": "Ticket 4471", "category": "approval"})
    jo.post(f"/cards/{card['id']}/unblock", {"note": "They agreed"})
    for _ in range(3):
        ops.add(column="Test")
    theirs.try_move(card, "Test")
    ops.person.patch(f"/cards/{card['id']}", {"title": "Audit the <i>log</i>"})
    page = windows.open(ops.person, address(ops, card))
    expect(page).to_have_title(f"{card['ref']} Audit the <i>log</i> · Weir")
    expect(page.get_by_role("heading", level=1)).to_have_text("Audit the <i>log</i>")
    description = section(page, "Description").locator(".description")
    expect(description).to_have_text("First line\n<script>alert(1)</script>\n\nLast line")
    assert description.evaluate("(text) => getComputedStyle(text).whiteSpace") == "pre-wrap"
    clocks = section(page, "Clocks")
    for words in ("Lead time", "not yet", "Age", "Process time", "Blocked", "< 1 min"):
        expect(clocks).to_contain_text(words)
    stays = section(page, "Time per column").get_by_role("listitem")
    expect(stays).to_have_text([re.compile("Ready"), re.compile(r"Doing\s+now")])
    facts = section(page, "Facts")
    for words in ("Technical debt", "Standard", "2 Jan 2027", "Jo March", "infra", "ZD-77"):
        expect(facts).to_contain_text(words)
    expect(section(page, "Blocked 1 time")).to_contain_text("Approval")
    expect(section(page, "Blocked 1 time")).to_contain_text("Cleared: They agreed")
    told = section(page, "History").get_by_role("listitem").locator("p")
    expect(told).to_have_text(
        [
            "Ada Lovelace changed the title from Audit the <b>log</b> to Audit the <i>log</i>",
            "Jo March tried to move it to Test: Test had 3 of 3",
            "Jo March unblocked it: They agreed",
            "Jo March blocked it: Ticket 4471",
            "Jo March moved it from Ready to Doing",
            "Ada Lovelace created the card in Ready",
        ]
    )


def test_a_done_card_shows_how_long_it_took(windows: Windows, simple: BoardOf) -> None:
    card = simple.add()
    simple.move(card, "In progress")
    simple.move(card, "Done")
    page = windows.open(simple.person, address(simple, card))
    clocks = section(page, "Clocks")
    for words in ("Lead time", "Cycle time", "Process time", "Flow efficiency"):
        expect(clocks.get_by_text(words, exact=True)).to_be_visible()
    expect(clocks).not_to_contain_text("not yet")
    expect(clocks).not_to_contain_text("Age")


def test_title_and_description_are_edited(windows: Windows, ops: BoardOf) -> None:
    card = ops.add("Old title")
    page = windows.open(ops.person, address(ops, card))
    page.get_by_text("Edit title and description").click()
    page.get_by_label("Title").fill("New title")
    page.get_by_role("textbox", name="Description").fill("What is to be done")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status").first).to_have_text("Saved.")
    expect(page.get_by_role("heading", level=1)).to_have_text("New title")
    expect(page.locator(".description")).to_have_text("What is to be done")
    (saved,) = ops.cards()
    assert saved["title"] == "New title"


def test_an_empty_title_is_sent_back_with_all_that_was_typed(
    windows: Windows, ops: BoardOf
) -> None:
    card = ops.add("Old title")
    page = windows.open(ops.person, address(ops, card))
    page.get_by_text("Edit title and description").click()
    page.get_by_label("Title").fill("  ")
    page.get_by_role("textbox", name="Description").fill("Not lost")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("Title")).to_have_accessible_description("must not be empty")
    expect(page.get_by_role("textbox", name="Description")).to_have_value("Not lost")
    expect(page.get_by_role("heading", level=1)).to_have_text("Old title")


def test_what_somebody_saved_meanwhile_is_shown_beside_ones_own(
    windows: Windows, ops: BoardOf, jo: Person
) -> None:
    card = ops.add("Old title")
    page = windows.open(ops.person, address(ops, card))
    page.get_by_text("Edit title and description").click()
    page.get_by_label("Title").fill("My title")
    page.get_by_role("textbox", name="Description").fill("My words")
    jo.patch(f"/cards/{card['id']}", {"title": "Their title", "description": "Their words"})
    page.get_by_role("button", name="Save").click()
    conflict = page.get_by_role("alert")
    expect(conflict).to_contain_text("Jo March saved this card while you were writing")
    expect(conflict).to_contain_text("Their title")
    expect(conflict).to_contain_text("Their words")
    expect(page.get_by_label("Title")).to_have_value("My title")
    expect(page.get_by_role("textbox", name="Description")).to_have_value("My words")
    assert ops.cards()[0]["title"] == "Their title"
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("My title")
    expect(page.locator(".description")).to_have_text("My words")


def test_a_card_is_moved_from_its_page_or_refused_there(windows: Windows, ops: BoardOf) -> None:
    card = ops.add("Moves")
    for _ in range(3):
        ops.add(column="Test")
    page = windows.open(ops.person, address(ops, card))
    page.get_by_role("link", name="Move to…").click()
    page.get_by_label("Column").select_option("Ready (0 of 5)")
    page.get_by_role("button", name="Move", exact=True).click()
    expect(page).to_have_url(re.compile(f"/boards/{ops.key}$"))
    expect(page.locator(f"#col-{ops.column('Ready')} .card")).to_have_count(1)
    page.goto(address(ops, card))
    page.get_by_role("link", name="Move to…").click()
    page.get_by_label("Column").select_option("Test (3 of 3, full)")
    page.get_by_role("button", name="Move", exact=True).click()
    expect(page.locator(".notice")).to_contain_text(
        f"Test is full (3 of 3). {card['ref']} went back to Ready."
    )


def test_a_card_is_blocked_unblocked_archived_and_restored_from_its_page(
    windows: Windows, ops: BoardOf
) -> None:
    card = ops.add("Stuck", column="Doing")
    page = windows.open(ops.person, address(ops, card))
    page.get_by_role("link", name="Block…").click()
    page.get_by_label("What does it wait for?").fill("A signature")
    page.get_by_role("button", name="Block").click()
    page.goto(address(ops, card))
    expect(page.locator(".block-banner")).to_contain_text("Blocked for < 1 min")
    expect(page.locator(".block-banner")).to_contain_text("A signature")
    page.get_by_role("link", name="Unblock…").click()
    page.get_by_role("button", name="Unblock").click()
    page.goto(address(ops, card))
    expect(page.locator(".block-banner")).to_have_count(0)
    page.get_by_role("button", name="Archive").click()
    expect(page).to_have_url(re.compile(f"/boards/{ops.key}$"))
    page.goto(address(ops, card))
    expect(page.locator(".card-header")).to_contain_text("Archived")
    page.get_by_role("button", name="Restore to Doing").click()
    expect(page.locator(f"#card-{card['id']}")).to_be_visible()


def test_the_archive_gives_cards_back_or_says_why_not(windows: Windows, ops: BoardOf) -> None:
    first, second = ops.add("Comes back", column="Ready"), ops.add("Finds no room", column="Test")
    for card in (first, second):
        ops.person.post(f"/cards/{card['id']}/archive")
    for _ in range(3):
        ops.add(column="Test")
    page = windows.open(ops.person, f"/boards/{ops.key}/archive")
    expect(page.get_by_role("row")).to_have_count(3)
    page.get_by_role("button", name=f"Restore {first['ref']}").click()
    expect(page.get_by_role("status").first).to_have_text(f"{first['ref']} is back on the board.")
    expect(page.get_by_role("row")).to_have_count(2)
    page.get_by_role("button", name=f"Restore {second['ref']}").click()
    expect(page.get_by_role("alert")).to_contain_text("Test is full (3 of 3).")
    expect(page.get_by_role("row")).to_have_count(2)
    page.get_by_role("link", name="See what’s in Test").click()
    expect(page).to_have_url(re.compile(f"/boards/{ops.key}#cell-"))
    page.goto(f"/boards/{ops.key}/archive")
    ops.limit("Test", 4)
    page.get_by_role("button", name=f"Restore {second['ref']}").click()
    expect(page.get_by_text("Nothing is archived.")).to_be_visible()


def test_a_card_that_is_not_there_is_not_found(windows: Windows, ops: BoardOf) -> None:
    page = windows.open(ops.person, f"/boards/{ops.key}/cards/999")
    expect(page.get_by_role("heading", level=1)).to_have_text("Not found")
    page.get_by_role("link", name="All boards", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Boards")
