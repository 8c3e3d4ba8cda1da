"""Shaping the board in a browser: order, limits at the head, policies, what a change would do."""

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.windows import PHONE, BoardWindow, Windows, until
from tests.support import BoardOf, Person

LOOKS: dict[str, dict[str, Any]] = {"wide": {}, "phone": PHONE}


@pytest.fixture(params=["wide", "phone"])
def look(request: pytest.FixtureRequest) -> dict[str, Any]:
    """A window on a desk, and one in the hand."""
    return LOOKS[request.param]


def settings(windows: Windows, board: BoardOf, path: str = "", **look: Any) -> Page:
    """Opens a page of the settings."""
    return windows.open(board.person, f"/boards/{board.key}/settings{path}", **look)


def names(page: Page) -> Locator:
    """The columns of the list, and the groups."""
    return page.locator(".part-name")


def test_a_column_is_moved_by_buttons_and_the_focus_stays(
    windows: Windows, ops: BoardOf, look: dict[str, Any]
) -> None:
    page = settings(windows, ops, "/columns", **look)
    button = page.get_by_role("button", name="Move Test up")
    button.click()
    expect(page.get_by_text("The columns have their new order.")).to_be_visible()
    expect(page.get_by_role("button", name="Move Test up")).to_be_focused()
    page.keyboard.press("Enter")
    expect(names(page).nth(1)).to_have_text("Test")
    page.get_by_role("button", name="Move Test up").press("Enter")
    expect(names(page).first).to_have_text("Test")
    # At the top there is no further up: the other button takes the focus.
    expect(page.get_by_role("button", name="Move Test down")).to_be_focused()


def test_a_column_is_dragged_to_another_place(windows: Windows, ops: BoardOf) -> None:
    page = settings(windows, ops, "/columns")
    other = windows.board(ops)
    column = ops.column("Ready to deploy")
    handle = page.locator(".part", has=page.locator(f"#column-{column}")).locator(".part-handle")
    target = page.locator(".part", has=page.get_by_text("Backlog", exact=True))
    handle.hover()
    page.mouse.down()
    box = target.bounding_box()
    assert box is not None
    x, y = box["x"] + 40, box["y"] + 4

    def lies_first() -> bool:
        page.mouse.move(x + 8, y + 20, steps=2)
        page.mouse.move(x, y, steps=2)
        return names(page).first.text_content() == "Ready to deploy"

    until(lies_first)
    page.mouse.up()
    expect(page.get_by_text("The columns have their new order.")).to_be_visible()
    expect(names(page).first).to_have_text("Ready to deploy")
    assert ops.read()["columns"][0]["id"] == column
    # Whoever looks at the board sees it at once.
    expect(other.page.locator(".column-name").first).to_have_text("Ready to deploy")


def test_another_kind_is_asked_for_with_what_it_changes(
    windows: Windows, ops: BoardOf, look: dict[str, Any]
) -> None:
    for _ in range(3):
        ops.add(column="Ready")
    page = settings(windows, ops, "/columns", **look)
    page.get_by_role("link", name="Ready", exact=True).click()
    page.get_by_label("Active").check()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Make Ready an active column?")
    expect(page.get_by_text("3 cards get another start of work.")).to_be_visible()
    page.get_by_role("link", name="Cancel").click()
    assert ops.read()["columns"][1]["kind"] == "queue"
    page.get_by_role("link", name="Ready", exact=True).click()
    page.get_by_label("Active").check()
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("button", name="Change it").click()
    expect(page.get_by_text("Ready is saved.")).to_be_visible()
    assert ops.read()["columns"][1]["kind"] == "active"


def test_without_scripts_columns_are_shaped_all_the_same(windows: Windows, ops: BoardOf) -> None:
    page = settings(windows, ops, "/columns", java_script_enabled=False)
    expect(page.locator(".part-handle").first).to_be_hidden()
    page.get_by_role("button", name="Move Backlog down").click()
    expect(names(page).nth(1)).to_have_text("Backlog")
    page.get_by_label("Name").fill("Review")
    page.get_by_label("Place").select_option("Before Test")
    page.get_by_role("button", name="Add the column").click()
    page.get_by_role("link", name="Review").click()
    page.get_by_role("button", name="Delete Review").click()
    expect(page.get_by_text("The column is deleted.")).to_be_visible()


# ---- Limits at the head --------------------------------------------------------------------------


def limit(page: Page, name: str) -> Locator:
    """The count of a place, which opens the form of its limit."""
    return page.get_by_role("link", name=re.compile(f"^{name}, .*change the limit"))


def test_a_limit_is_changed_at_the_head_for_everybody(
    windows: Windows, ops: BoardOf, jo: Person, look: dict[str, Any]
) -> None:
    for _ in range(3):
        ops.add(column="Test")
    board = windows.board(ops, **look)
    others = windows.board(ops, jo)
    page = board.page
    limit(page, "Test").click()
    field = page.get_by_label("Cards at most")
    expect(field).to_be_focused()
    expect(field).to_have_value("3")
    field.fill("none")
    field.press("Enter")
    expect(page.get_by_text("It must be a whole number.")).to_be_visible()
    expect(field).to_be_focused()
    field.fill("2")
    field.press("Enter")
    expect(page.locator("#limit-menu")).to_be_hidden()
    expect(board.count("Test")).to_have_text("3 / 2 over")
    expect(board.column("Test").locator(".over-why")).to_have_text(
        "Over since the limit fell from 3 to 2 just now."
    )
    expect(limit(page, "Test")).to_be_focused()
    expect(board.spoken).to_have_text("Limit of Test: 2.")
    expect(others.count("Test")).to_have_text("3 / 2 over")
    expect(others.column("Test").locator(".over-why")).to_contain_text("fell from 3 to 2")
    expect(others.page.locator("a.wip")).to_have_count(0)


def test_the_limit_of_a_group_and_of_a_lane_goes_with_the_keyboard(
    windows: Windows, ops: BoardOf
) -> None:
    board = windows.board(ops)
    page = board.page
    limit(page, "Development").press("Enter")
    page.get_by_role("button", name="No limit").press("Enter")
    expect(board.group_count("Development")).to_have_text("0")
    limit(page, "Expedite").press("Enter")
    page.keyboard.type("2")
    page.keyboard.press("Enter")
    expect(board.lane_head("Expedite").locator(".wip > [aria-hidden]")).to_have_text("0 / 2")
    limit(page, "Expedite").press("Enter")
    page.keyboard.press("Escape")
    expect(limit(page, "Expedite")).to_be_focused()
    board.remember()
    limits = [event["data"]["to"] for event in ops.events() if event["type"] == "limit.changed"]
    assert limits == [None, 2]


def test_a_persons_limit_is_changed_in_the_view_menu_and_shows_on_every_face(
    windows: Windows, ops: BoardOf, jo: Person, look: dict[str, Any]
) -> None:
    card = ops.add("His", column="Doing", assignee_ids=[jo.id])
    board = windows.board(ops, **look)
    others = windows.board(ops, jo)
    page = board.page
    page.locator("#view-button").click()
    page.get_by_role("link", name="Limit of each person none").click()
    expect(page.get_by_role("heading", name="Limit of each person")).to_be_visible()
    expect(page.get_by_label("Cards at most")).to_be_focused()
    page.keyboard.type("1")
    page.keyboard.press("Enter")
    expect(page.locator("#limit-menu")).to_be_hidden()
    expect(board.spoken).to_have_text("Limit of each person: 1.")
    expect(page.locator("#view-button")).to_be_focused()
    for window in (board, others):
        expect(window.card(card).locator(".face")).to_have_attribute(
            "title", "Jo March, 1 of 1 in work"
        )
    expect(others.page.locator("#view-limit-person")).to_have_count(0)
    page.locator("#view-button").click()
    page.get_by_role("link", name="Limit of each person 1").click()
    page.get_by_role("button", name="No limit").click()
    for window in (board, others):
        expect(window.card(card).locator(".face")).to_have_attribute("title", "Jo March")


def test_the_boards_own_limit_is_changed_in_the_view_menu_with_the_keyboard(
    windows: Windows, ops: BoardOf
) -> None:
    ops.add("One", column="Doing")
    page = windows.board(ops).page
    page.locator("#view-button").press("Enter")
    page.locator("#view-limit-board").press("Enter")
    page.keyboard.type("4")
    page.keyboard.press("Enter")
    expect(page.locator("#board-summary .wip > [aria-hidden]")).to_have_text("1 / 4")
    assert ops.read()["wip_limit"] == 4
    page.locator("#view-button").press("Enter")
    expect(page.locator("#view-limit-board")).to_have_text("Limit of the board 4")


def test_without_scripts_the_count_leads_to_the_settings(windows: Windows, ops: BoardOf) -> None:
    page = windows.board(ops, java_script_enabled=False).page
    limit(page, "Test").click()
    page.get_by_label("Limit").fill("4")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Test is saved.")).to_be_visible()
    assert ops.read()["columns"][4]["wip_limit"] == 4


# ---- The question before a card leaves -----------------------------------------------------------


@pytest.fixture
def asking(ops: BoardOf) -> BoardOf:
    """A board whose column Test asks before a card leaves it."""
    body = {"policy": "- Tests are green\n- Somebody has read it", "ask_before_leaving": True}
    ops.person.patch(f"/columns/{ops.column('Test')}", body)
    return ops


def question(board: BoardWindow) -> Locator:
    """The dialog with the points."""
    return board.page.locator("#policy-dialog")


def answer(board: BoardWindow) -> None:
    """Ticks all points, and goes on."""
    for point in ("Tests are green", "Somebody has read it"):
        question(board).get_by_label(point).check()
    question(board).get_by_role("button", name="All met, move it").click()


def test_a_dragged_card_is_asked_for_and_goes_when_all_is_ticked(
    windows: Windows, asking: BoardOf
) -> None:
    card = asking.add("Goes", column="Test")
    board = windows.board(asking)
    board.drag(card).over("Ready to deploy").drop()
    expect(question(board).get_by_role("heading")).to_have_text(f"Before {card['ref']} leaves Test")
    expect(question(board).get_by_label("Tests are green")).to_be_focused()
    board.shows("Test", card)
    # Not before all is ticked.
    question(board).get_by_label("Tests are green").check()
    question(board).get_by_role("button", name="All met, move it").click()
    expect(question(board)).to_be_visible()
    answer(board)
    expect(question(board)).to_be_hidden()
    board.shows("Ready to deploy", card)
    expect(board.spoken).to_contain_text("moved to Ready to deploy")
    board.is_what_the_server_says()


def test_a_card_that_is_not_ready_stays(
    windows: Windows, asking: BoardOf, look: dict[str, Any]
) -> None:
    card = asking.add("Stays", column="Test")
    board = windows.board(asking, **look)
    for way_out in ("Cancel", "Escape"):
        board.choose(card, "Move to…")
        board.dialog.get_by_label("Column").select_option("Deploy (0 of 2)")
        board.dialog.get_by_role("button", name="Move", exact=True).click()
        expect(question(board)).to_be_visible()
        expect(board.dialog).to_be_hidden()
        if way_out == "Cancel":
            question(board).get_by_role("link", name="Cancel").click()
        else:
            board.page.keyboard.press("Escape")
        expect(question(board)).to_be_hidden()
        expect(board.title(card)).to_be_focused()
        expect(board.spoken).to_contain_text("Not moved.")
    board.shows("Test", card)
    board.choose(card, "Move to…")
    board.dialog.get_by_label("Column").select_option("Deploy (0 of 2)")
    board.dialog.get_by_role("button", name="Move", exact=True).click()
    answer(board)
    board.shows("Deploy", card)
    board.is_what_the_server_says()


def test_to_the_left_nothing_is_asked(windows: Windows, asking: BoardOf) -> None:
    card = asking.add("Goes back", column="Test")
    board = windows.board(asking)
    board.drag(card).over("Ready").drop()
    board.shows("Ready", card)
    expect(question(board)).to_be_hidden()


def test_without_scripts_the_question_is_a_page(windows: Windows, asking: BoardOf) -> None:
    card = asking.add("Goes", column="Test")
    page = windows.open(
        asking.person,
        f"/boards/{asking.key}/cards/{card['number']}/move",
        java_script_enabled=False,
    )
    page.get_by_label("Column").select_option("Deploy (0 of 2)")
    page.get_by_role("button", name="Move", exact=True).click()
    page.get_by_label("Tests are green").check()
    page.get_by_label("Somebody has read it").check()
    page.get_by_role("button", name="All met, move it").click()
    expect(page).to_have_url(re.compile(f"/boards/{asking.key}$"))
    assert asking.cards()[0]["column_id"] == asking.column("Deploy")


# ---- A copy --------------------------------------------------------------------------------------


def test_a_board_is_copied_from_its_settings(
    windows: Windows, ops: BoardOf, look: dict[str, Any]
) -> None:
    ops.add(column="Ready")
    page = settings(windows, ops, **look)
    page.get_by_role("link", name="Make a copy").click()
    expect(page.get_by_label("Copy of a board")).to_be_checked()
    page.get_by_role("radio", name="Simple").check()
    expect(page.get_by_label("Board to copy")).to_be_hidden()
    page.get_by_role("radio", name="Copy of a board").check()
    expect(page.get_by_label("Board to copy").locator("option:checked")).to_have_text(
        f"{ops.key} board ({ops.key})"
    )
    page.get_by_label("Name").fill("The copy")
    page.get_by_label("Key").fill(f"C{ops.key}")
    page.get_by_role("button", name="Make the board").click()
    expect(page).to_have_url(re.compile(f"/boards/C{ops.key}$"))
    expect(page.locator(".column")).to_have_count(8)
    expect(page.locator(".card")).to_have_count(0)
