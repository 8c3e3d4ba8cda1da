"""The panel of a card: opened over the live board, walked through, closed; what one writes."""

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.windows import PHONE, BoardWindow, Windows, until
from tests.support import BoardOf, Person


def address(board: BoardOf, card: Any) -> str:
    """Where a card's page is."""
    return f"/boards/{board.key}/cards/{card['number']}"


def panel(page: Page) -> Locator:
    """The panel."""
    return page.locator("#panel")


def title(page: Page) -> Locator:
    """The field of the title in the panel."""
    return page.locator("#panel-title")


def description(page: Page) -> Locator:
    """The field of the description, once it is open."""
    return page.get_by_role("textbox", name="Description")


def opened(board: BoardWindow, card: Any) -> Page:
    """Opens a card from the board."""
    board.title(card).click()
    expect(panel(board.page)).to_have_attribute("data-ref", card["ref"])
    return board.page


def saved(board: BoardOf, card: Any) -> Any:
    """A card as the server has it."""
    return board.person.get(f"/cards/{card['id']}")


# --- Open, close, walk ---------------------------------------------------------------------------


def test_a_card_opens_over_the_board_and_back_closes_it(windows: Windows, ops: BoardOf) -> None:
    card = ops.add("Audit the log")
    board = windows.board(ops)
    board.remember()
    before = board.page.title()
    page = opened(board, card)
    expect(page).to_have_url(re.compile(address(ops, card) + "$"))
    expect(page).to_have_title(f"{card['ref']} Audit the log · Weir")
    expect(panel(page)).to_be_focused()
    expect(board.card(card)).to_be_visible()
    page.go_back()
    expect(panel(page)).to_be_hidden()
    expect(page).to_have_url(re.compile(f"/boards/{ops.key}$"))
    expect(page).to_have_title(before)
    expect(board.title(card)).to_be_focused()
    page.go_forward()
    expect(panel(page)).to_have_attribute("data-ref", card["ref"])
    board.was_not_reloaded()


def test_enter_opens_and_escape_closes_with_the_focus_on_the_card(
    windows: Windows, ops: BoardOf
) -> None:
    card = ops.add("Audit the log")
    board = windows.board(ops)
    board.title(card).focus()
    board.page.keyboard.press("Enter")
    expect(panel(board.page)).to_be_focused()
    board.page.keyboard.press("Escape")
    expect(panel(board.page)).to_be_hidden()
    expect(board.title(card)).to_be_focused()
    expect(board.page).to_have_url(re.compile(f"/boards/{ops.key}$"))


def test_a_reload_shows_the_board_with_the_panel(windows: Windows, ops: BoardOf) -> None:
    card, other = ops.add("Audit the log"), ops.add("Something else")
    board = windows.board(ops)
    page = opened(board, card)
    page.reload()
    expect(panel(page)).to_have_attribute("data-ref", card["ref"])
    expect(page.locator("#live")).to_have_text("Live")
    expect(board.card(other)).to_be_visible()
    expect(page).to_have_title(f"{card['ref']} Audit the log · Weir")
    page.locator("#panel-close").click()
    expect(panel(page)).to_be_hidden()
    expect(page).to_have_url(re.compile(f"/boards/{ops.key}$"))
    expect(page).to_have_title(f"{ops.key} board ({ops.key}) · Weir")


def test_the_board_goes_on_living_beside_the_panel(
    windows: Windows, ops: BoardOf, jo: Person
) -> None:
    card, other = ops.add("Open"), ops.add("Moves")
    board = windows.board(ops)
    page = opened(board, card)
    ops.seen_by(jo).move(other, "Ready")
    board.shows("Ready", other)
    board.drag(card).over("Ready").drop()
    board.shows("Ready", other, card)
    expect(panel(page).locator(".panel-place")).to_contain_text("Ready")


def test_j_and_k_walk_through_the_column(windows: Windows, ops: BoardOf) -> None:
    first, second, third = (ops.add(name) for name in ("First", "Second", "Third"))
    ops.add("Elsewhere", column="Ready")
    board = windows.board(ops)
    page = opened(board, first)
    expect(page.locator("#panel-previous")).to_be_disabled()
    for key, card in (("j", second), ("j", third), ("k", second)):
        page.keyboard.press(key)
        expect(panel(page)).to_have_attribute("data-ref", card["ref"])
        expect(page).to_have_url(re.compile(address(ops, card) + "$"))
    page.locator("#panel-next").click()
    expect(panel(page)).to_have_attribute("data-ref", third["ref"])
    page.keyboard.press("j")
    expect(board.spoken).to_have_text("This is the last card of the column.")
    title(page).click()
    page.keyboard.press("k")
    expect(title(page)).to_have_value(re.compile("k"))
    page.keyboard.press("Escape")
    page.go_back()
    expect(panel(page)).to_be_hidden()


def test_single_keys_can_be_switched_off(windows: Windows, ops: BoardOf) -> None:
    card, other = ops.add("First"), ops.add("Second")
    board = windows.board(ops)
    board.page.evaluate("document.documentElement.dataset.shortcuts = 'off'")
    page = opened(board, card)
    page.keyboard.press("j")
    page.locator("#panel-next").click()
    expect(panel(page)).to_have_attribute("data-ref", other["ref"])


def test_on_a_phone_the_panel_is_a_page(windows: Windows, ops: BoardOf) -> None:
    card = ops.add("Audit the log")
    board = windows.board(ops, **PHONE)
    board.title(card).tap()
    page = board.page
    expect(panel(page)).to_have_attribute("data-ref", card["ref"])
    box = panel(page).bounding_box()
    assert box is not None
    assert (box["x"], box["width"]) == (0, 390)
    expect(board.card(card)).not_to_be_visible()
    page.locator("#panel-close").tap()
    expect(board.card(card)).to_be_visible()
    expect(board.title(card)).to_be_focused()


# --- What it shows -------------------------------------------------------------------------------


def test_the_panel_tells_a_cards_story_and_where_its_time_went(
    windows: Windows, ops: BoardOf, jo: Person
) -> None:
    card = ops.add(
        "Audit the <b>log</b>",
        description="First **line**\n<script>alert(1)</script>",
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
    expect(title(page)).to_have_value("Audit the <i>log</i>")
    expect(page.locator("#panel-prose strong")).to_have_text("line")
    expect(page.locator("#panel-prose")).to_contain_text("<script>alert(1)</script>")
    time = page.get_by_role("region", name="Where it spent its time")
    for words in ("Lead time", "so far", "Age", "Process time", "Blocked", "< 1 min"):
        expect(time).to_contain_text(words)
    rows = time.get_by_role("table").get_by_role("row")
    expect(rows).to_have_text([re.compile("Column"), re.compile("Ready"), re.compile("Doing, now")])
    expect(time.locator("tr .stuck")).to_have_count(1)
    expect(time).to_contain_text("Approval")
    expect(time).to_contain_text("Cleared: They agreed")
    expect(page.locator("#field-work_type")).to_have_value("debt")
    expect(page.locator("#field-due_on")).to_have_value("2027-01-02")
    expect(page.locator("#field-external_id")).to_have_value("ZD-77")
    expect(page.locator("#field-assignees")).to_contain_text("Jo March")
    expect(page.locator("#field-labels")).to_contain_text("infra")
    told = page.get_by_role("region", name="History").get_by_role("listitem").locator("p")
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
    time = page.get_by_role("region", name="Where it spent its time")
    for words in ("Lead time", "Cycle time", "Process time", "Flow efficiency"):
        expect(time.get_by_text(words, exact=True)).to_be_visible()
    expect(time).not_to_contain_text("so far")


def test_a_long_history_is_shown_in_part_and_whole(windows: Windows, ops: BoardOf) -> None:
    card = ops.add("Name 0")
    for n in range(1, 33):
        ops.person.patch(f"/cards/{card['id']}", {"title": f"Name {n}"})
    board = windows.board(ops)
    page = opened(board, card)
    told = page.get_by_role("region", name="History").get_by_role("listitem")
    expect(told).to_have_count(30)
    page.get_by_role("link", name="Show 3 older").click()
    expect(told).to_have_count(33)
    expect(told.last).to_contain_text("created the card")


# --- Title and description save themselves -------------------------------------------------------


def test_enter_saves_the_title_and_escape_leaves_it(windows: Windows, ops: BoardOf) -> None:
    card = ops.add("Old title")
    board = windows.board(ops)
    page = opened(board, card)
    title(page).fill("New\ntitle")
    title(page).press("Enter")
    expect(board.title(card)).to_have_text("New title")
    expect(title(page)).to_have_value("New title")
    expect(panel(page)).to_be_focused()
    expect(page).to_have_title(f"{card['ref']} New title · Weir")
    title(page).fill("Not this")
    title(page).press("Escape")
    expect(title(page)).to_have_value("New title")
    expect(panel(page)).to_be_focused()
    assert saved(ops, card)["title"] == "New title"
    assert [event["type"] for event in ops.events()].count("card.edited") == 1


def test_leaving_the_title_saves_it(windows: Windows, ops: BoardOf) -> None:
    card = ops.add("Old title")
    board = windows.board(ops)
    page = opened(board, card)
    title(page).fill("New title")
    board.page.locator("#panel .panel-where").click()
    expect(board.title(card)).to_have_text("New title")


def test_an_empty_title_is_not_saved_and_says_so(windows: Windows, ops: BoardOf) -> None:
    card = ops.add("Old title")
    board = windows.board(ops)
    page = opened(board, card)
    title(page).fill("  ")
    title(page).press("Enter")
    expect(title(page)).to_have_accessible_description("must not be empty")
    expect(board.title(card)).to_have_text("Old title")
    title(page).fill("Better")
    title(page).press("Enter")
    expect(board.title(card)).to_have_text("Better")


def test_the_description_saves_itself_after_a_pause_and_is_shown_as_it_reads(
    windows: Windows, ops: BoardOf
) -> None:
    card = ops.add("A card")
    board = windows.board(ops)
    page = opened(board, card)
    page.locator("#description-edit").click()
    expect(description(page)).to_be_focused()
    description(page).fill("What is **to be done**")
    expect(page.locator("#description-state")).to_have_text("Saved.")
    expect(description(page)).to_be_focused()
    assert saved(ops, card)["description"] == "What is **to be done**"
    description(page).press_sequentially(" today")
    description(page).press("Escape")
    expect(page.locator("#panel-prose")).to_have_text("What is to be done today")
    expect(description(page)).to_be_hidden()
    expect(panel(page)).to_be_visible()
    assert saved(ops, card)["description"] == "What is **to be done** today"


def test_leaving_the_description_saves_and_closes_it(windows: Windows, ops: BoardOf) -> None:
    card = ops.add("A card")
    page = opened(windows.board(ops), card)
    page.locator("#description-edit").click()
    description(page).fill("Before I go")
    page.locator("#field-external_id").click()
    expect(page.locator("#panel-prose")).to_have_text("Before I go")
    page.locator("#description-edit").click()
    description(page).fill("With the keyboard")
    description(page).press("Control+Enter")
    expect(page.locator("#panel-prose")).to_have_text("With the keyboard")


def test_what_is_written_is_saved_before_another_card_comes(windows: Windows, ops: BoardOf) -> None:
    card, other = ops.add("First"), ops.add("Second")
    board = windows.board(ops)
    page = opened(board, card)
    page.locator("#description-edit").click()
    description(page).fill("Not lost")
    board.title(other).click()
    expect(panel(page)).to_have_attribute("data-ref", other["ref"])
    expect(page.locator("#panel-prose")).to_have_count(0)
    assert saved(ops, card)["description"] == "Not lost"
    assert saved(ops, other)["description"] == ""


def test_tasks_are_ticked_where_they_are_read(windows: Windows, ops: BoardOf) -> None:
    card = ops.add("A card", description="Now:\n\n- [ ] one\n- [x] two\n  - [ ] three")
    page = opened(windows.board(ops), card)
    boxes = page.locator("#panel-prose input")
    # One after the other, whatever the answer to the first does to the second meanwhile.
    boxes.nth(2).click()
    boxes.nth(1).click()
    expected = "Now:\n\n- [ ] one\n- [ ] two\n  - [x] three"
    until(lambda: saved(ops, card)["description"] == expected)
    expect(boxes.nth(1)).not_to_be_checked()
    expect(boxes.nth(2)).to_be_checked()
    expect(page.get_by_role("region", name="History")).to_contain_text("changed the description")


# --- Conflicts -----------------------------------------------------------------------------------


@pytest.fixture
def conflict(windows: Windows, ops: BoardOf, jo: Person) -> tuple[Page, Any]:
    """A window in which one's own description stands against another one."""
    card = ops.add("A card", description="At first")
    page = opened(windows.board(ops), card)
    page.locator("#description-edit").click()
    description(page).fill("My words")
    jo.patch(f"/cards/{card['id']}", {"description": "Their words"})
    description(page).press("Control+Enter")
    box = page.locator("#conflict-description")
    expect(box).to_contain_text("Jo March changed the description while you were writing")
    expect(box).to_contain_text("Their words")
    expect(description(page)).to_have_value("My words")
    assert saved(ops, card)["description"] == "Their words"
    return page, card


def test_words_that_wait_for_their_turn_do_not_pass_over_a_conflict_that_nobody_has_seen(
    windows: Windows, ops: BoardOf, jo: Person
) -> None:
    card = ops.add("A card", description="At first")
    page = opened(windows.board(ops), card)
    on_their_way: list[Route] = []

    def hold_the_first(route: Route) -> None:
        if on_their_way:
            route.continue_()
        else:
            on_their_way.append(route)

    page.route("**/texts/description", hold_the_first)
    page.locator("#description-edit").click()
    description(page).fill("My words")
    description(page).press("Control+Enter")
    until(lambda: page.evaluate("1") and on_their_way)
    description(page).press("Control+Enter")
    jo.patch(f"/cards/{card['id']}", {"description": "Their words"})
    on_their_way[0].continue_()
    expect(page.locator("#conflict-description")).to_contain_text("Their words")
    expect(page.locator("#description-state")).to_have_text("")
    page.get_by_role("link", name="Take this one").click()
    expect(page.locator("#panel-prose")).to_have_text("Their words")
    assert saved(ops, card)["description"] == "Their words"


def test_ones_own_words_can_be_kept(conflict: tuple[Page, Any], ops: BoardOf) -> None:
    page, card = conflict
    page.get_by_role("button", name="Save mine instead").click()
    expect(page.locator("#panel-prose")).to_have_text("My words")
    expect(page.locator(".conflict")).to_have_count(0)
    assert saved(ops, card)["description"] == "My words"


def test_the_others_words_can_be_taken(conflict: tuple[Page, Any], ops: BoardOf) -> None:
    page, card = conflict
    page.get_by_role("link", name="Take this one").click()
    expect(page.locator("#panel-prose")).to_have_text("Their words")
    expect(page.locator(".conflict")).to_have_count(0)
    assert saved(ops, card)["description"] == "Their words"


def test_both_can_be_merged_and_nothing_is_saved_until_then(
    conflict: tuple[Page, Any], ops: BoardOf, jo: Person
) -> None:
    page, card = conflict
    jo.patch(f"/cards/{card['id']}", {"team": "ops"})
    expect(page.locator("#field-team")).to_have_value("ops")
    expect(page.locator(".conflict")).to_have_count(1)
    page.locator("#panel-close").click()
    expect(panel(page)).to_be_visible()
    page.get_by_role("button", name="Add it below mine").click()
    expect(description(page)).to_have_value("My words\n\nTheir words")
    assert saved(ops, card)["description"] == "Their words"
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#panel-prose")).to_have_text("My words Their words")
    assert saved(ops, card)["description"] == "My words\n\nTheir words"


def test_a_title_that_somebody_changed_is_shown_beside_ones_own(
    windows: Windows, ops: BoardOf, jo: Person
) -> None:
    card = ops.add("Old title")
    page = opened(windows.board(ops), card)
    title(page).fill("My title")
    jo.patch(f"/cards/{card['id']}", {"title": "Their title"})
    title(page).press("Enter")
    expect(page.locator("#conflict-title")).to_contain_text("Their title")
    expect(title(page)).to_have_value("My title")
    page.get_by_role("button", name="Save mine instead").click()
    expect(page.locator("#conflict-title")).to_have_count(0)
    assert saved(ops, card)["title"] == "My title"


def test_a_change_of_something_else_is_no_conflict(
    windows: Windows, ops: BoardOf, jo: Person
) -> None:
    card = ops.add("Old title")
    page = opened(windows.board(ops), card)
    title(page).fill("My title")
    jo.patch(f"/cards/{card['id']}", {"team": "ops", "description": "Their words"})
    expect(page.locator("#panel-prose")).to_have_text("Their words")
    expect(title(page)).to_have_value("My title")
    title(page).press("Enter")
    expect(page.get_by_role("region", name="History")).to_contain_text("from Old title to My title")
    expect(page.locator(".conflict")).to_have_count(0)
