"""A card is carried to another board, from the board, from its panel and by a plain form."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.windows import PHONE, BoardWindow, Windows
from tests.support import BoardOf


@pytest.fixture
def shop(ops: BoardOf, simple: BoardOf) -> BoardOf:
    """Another board of Ada's: To do, In progress (3), Done."""
    simple.person.patch(f"/boards/{simple.key}", {"name": "Web shop"})
    return simple


@pytest.fixture
def card(ops: BoardOf) -> Any:
    """A card that is wanted elsewhere."""
    return ops.add("Wanders")


def choose_another_board(board: BoardWindow, column: str) -> None:
    """Goes on from the dialog of a move to the one of another board, and moves the card there."""
    board.dialog.get_by_role("link", name="Another board…").click()
    expect(board.dialog.get_by_label("Board")).to_be_focused()
    board.dialog.get_by_label("Column").select_option(column)
    board.dialog.get_by_role("button", name="Move", exact=True).click()


def fill(board: BoardOf) -> None:
    """Leaves no room in the column that has a limit."""
    for title in ("One", "Two", "Three"):
        board.add(title, "In progress")


def is_there(page: Page, shop: BoardOf) -> None:
    """The page shows the card on the other board."""
    expect(page).to_have_url(re.compile(f"/boards/{shop.key}/cards/1$"))
    expect(page.locator("#panel-title")).to_have_value("Wanders")


def test_a_card_goes_to_another_board_from_the_board(
    windows: Windows, ops: BoardOf, shop: BoardOf, card: Any
) -> None:
    stays = ops.add("Stays")
    board = windows.board(ops)
    board.choose(card, "Move to…")
    choose_another_board(board, "In progress (0 of 3)")
    board.shows("Backlog", stays)
    words = f"Moved {card['ref']} to {shop.key}-1"
    expect(board.spoken).to_have_text(f"{words}.")
    toast = board.page.locator("#toasts")
    expect(toast).to_contain_text(words)
    expect(toast.get_by_role("button", name="Undo")).to_have_count(0)
    toast.get_by_role("button", name="Open").click()
    is_there(board.page, shop)
    assert [each["title"] for each in shop.cards()] == ["Wanders"]


def test_the_columns_are_those_of_the_board_that_is_chosen(
    windows: Windows, ops: BoardOf, shop: BoardOf, card: Any
) -> None:
    other = ops.person.board(f"Z{ops.key}"[:10], "dev-ops")
    other.person.patch(f"/boards/{other.key}", {"name": "Zoo"})
    board = windows.board(ops)
    board.choose(card, "Move to…")
    board.dialog.get_by_role("link", name="Another board…").click()
    board.dialog.get_by_label("Board").select_option(f"Zoo ({other.key})")
    expect(board.dialog.get_by_label("Lane")).to_be_visible()
    expect(board.dialog.get_by_label("Column").locator("option").first).to_have_text("Backlog")
    board.dialog.get_by_label("Board").select_option(f"Web shop ({shop.key})")
    expect(board.dialog.get_by_label("Lane")).to_have_count(0)
    board.dialog.get_by_role("button", name="Move", exact=True).click()
    expect(board.card(card)).to_have_count(0)
    assert shop.cards()[0]["column_id"] == shop.column("To do")


def test_a_card_goes_to_another_board_from_its_panel_and_its_address_leads_on(
    windows: Windows, ops: BoardOf, shop: BoardOf, card: Any
) -> None:
    board = windows.board(ops)
    page = board.page
    board.title(card).click()
    expect(page.locator("#panel")).to_be_visible()
    old = page.url
    page.locator("#panel-move").click()
    choose_another_board(board, "To do")
    expect(board.card(card)).to_have_count(0)
    expect(page.locator("#panel")).to_be_hidden()
    expect(page).to_have_url(re.compile(f"/boards/{ops.key}$"))
    expect(board.spoken).to_have_text(f"Moved {card['ref']} to {shop.key}-1.")
    page.goto(old)
    is_there(page, shop)


def test_what_is_being_written_in_the_panel_outlives_the_card(
    windows: Windows, ops: BoardOf, shop: BoardOf, card: Any
) -> None:
    # The panel asks for the card that has gone, and says so.
    windows.allow("Error Code 404")
    board = windows.board(ops)
    page = board.page
    board.title(card).click()
    page.locator("#comment-body").fill("Half a")
    page.locator("#panel-move").click()
    choose_another_board(board, "To do")
    expect(page.locator("#panel-problem")).to_contain_text("The card is not here any more.")
    expect(page.locator("#comment-body")).to_have_value("Half a")


def test_a_full_board_says_so_and_the_card_stays(
    windows: Windows, ops: BoardOf, shop: BoardOf, card: Any
) -> None:
    fill(shop)
    board = windows.board(ops)
    board.choose(card, "Move to…")
    choose_another_board(board, "In progress (3 of 3, full)")
    notice = board.page.locator("#board-notice .notice")
    expect(notice).to_contain_text("In progress on Web shop is full (3 of 3).")
    expect(notice).to_contain_text(f"{card['ref']} stays in Backlog.")
    expect(notice).to_contain_text(f"Oldest here: {shop.key}-1")
    expect(board.spoken).to_contain_text("Not done. In progress on Web shop is full (3 of 3).")
    expect(board.title(card)).to_be_focused()
    board.shows("Backlog", card)
    assert len(shop.cards()) == 3


def test_on_a_phone_a_card_goes_from_its_page(
    windows: Windows, ops: BoardOf, shop: BoardOf, card: Any
) -> None:
    board = windows.board(ops, **PHONE)
    board.title(card).tap()
    board.page.locator("#panel-move").tap()
    choose_another_board(board, "In progress (0 of 3)")
    expect(board.page.locator("#toasts")).to_contain_text(f"to {shop.key}-1")
    expect(board.card(card)).to_have_count(0)


def test_without_a_script_it_is_a_form_of_its_own(
    windows: Windows, ops: BoardOf, shop: BoardOf, card: Any
) -> None:
    fill(shop)
    page = windows.board(ops, java_script_enabled=False).page
    page.get_by_role("link", name="Wanders").click()
    page.get_by_role("link", name="Move to…").click()
    page.get_by_role("link", name="Another board…").click()
    page.get_by_label("Column").select_option("In progress (3 of 3, full)")
    page.get_by_role("button", name="Move", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("In progress on Web shop is full (3 of 3).")
    page.get_by_label("Column").select_option("To do")
    page.get_by_role("button", name="Move", exact=True).click()
    expect(page.locator(".flash")).to_have_text(f"Moved {card['ref']} to {shop.key}-4.")
    expect(page.locator("#panel-title")).to_have_value("Wanders")


def test_who_works_on_one_board_alone_is_told_so(windows: Windows, ops: BoardOf, card: Any) -> None:
    board = windows.board(ops)
    board.choose(card, "Move to…")
    board.dialog.get_by_role("link", name="Another board…").click()
    expect(board.dialog).to_contain_text("There is no other board on which you may work.")
    expect(board.dialog.get_by_role("button", name="Move", exact=True)).to_have_count(0)
    board.dialog.get_by_role("link", name="Cancel").click()
    expect(board.dialog).to_be_hidden()
    expect(board.card(card)).to_be_visible()
