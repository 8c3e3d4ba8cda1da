"""Cards that are selected, and the bar that changes all of them at once."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.windows import PHONE, BoardWindow, Windows
from tests.support import BoardOf


@pytest.fixture
def cards(ops: BoardOf) -> list[Any]:
    """Four cards in the backlog."""
    return [ops.add(title) for title in "ABCD"]


def bar(board: BoardWindow) -> Any:
    """The bar of the selected cards."""
    return board.page.get_by_role("toolbar")


def select(board: BoardWindow, *cards: Any) -> None:
    """Selects cards by their key."""
    for card in cards:
        board.title(card).focus()
        board.page.keyboard.press("x")


def test_cards_are_selected_by_key_box_and_click(
    windows: Windows, ops: BoardOf, cards: list[Any]
) -> None:
    board = windows.board(ops)
    select(board, cards[0])
    expect(bar(board)).to_contain_text("1 selected")
    expect(board.spoken).to_have_text("1 card selected.")
    board.title(cards[2]).click(modifiers=["Shift"])
    expect(bar(board)).to_contain_text("3 selected")
    board.title(cards[3]).click(modifiers=["ControlOrMeta"])
    expect(bar(board)).to_contain_text("4 selected")
    board.card(cards[1]).hover()
    board.page.get_by_label(f"Select {cards[1]['ref']}").click()
    expect(bar(board)).to_contain_text("3 selected")
    board.title(cards[0]).focus()
    board.page.keyboard.press("Escape")
    expect(bar(board)).to_be_hidden()
    expect(board.card(cards[0])).not_to_have_class("is-selected")


def test_selected_cards_move_as_one_and_come_back_as_one(
    windows: Windows, ops: BoardOf, cards: list[Any]
) -> None:
    board = windows.board(ops)
    select(board, *cards[:3])
    board.page.keyboard.press("m")
    board.dialog.get_by_label("Column").select_option("Ready (0 of 5)")
    board.dialog.get_by_role("button", name="Move 3 cards").click()
    board.shows("Ready", *cards[:3])
    expect(board.page.locator("#toasts")).to_contain_text("Moved 3 cards to Ready")
    expect(board.spoken).to_have_text("Moved 3 cards to Ready.")
    expect(bar(board)).to_contain_text("3 selected")
    board.page.keyboard.press("Control+z")
    board.shows("Backlog", *cards)
    board.is_what_the_server_says()


def test_what_fits_only_in_part_is_refused_as_a_whole(
    windows: Windows, ops: BoardOf, cards: list[Any]
) -> None:
    ops.add(column="Test")
    board = windows.board(ops)
    select(board, *cards)
    bar(board).get_by_role("button", name="Move").click()
    board.dialog.get_by_label("Column").select_option("Test (1 of 3)")
    board.dialog.get_by_role("button", name="Move 4 cards").click()
    expect(board.notice("Test")).to_contain_text("Test has room for 2 more (1 of 3).")
    expect(board.notice("Test")).to_contain_text("Nothing was changed.")
    board.shows("Backlog", *cards)
    expect(bar(board)).to_contain_text("4 selected")


def test_selected_cards_are_assigned_labelled_blocked_and_archived(
    windows: Windows, ops: BoardOf, cards: list[Any]
) -> None:
    ops.person.patch(f"/cards/{cards[0]['id']}", {"labels": ["tls"]})
    board = windows.board(ops)
    select(board, *cards[:2])
    board.page.keyboard.press("a")
    board.dialog.get_by_label("Ada Lovelace").check()
    board.dialog.locator("#many-submit").click()
    expect(board.card(cards[1]).locator(".face")).to_have_text("AL")
    board.page.keyboard.press("l")
    expect(board.dialog).to_contain_text("on 1 of 2")
    board.dialog.get_by_label("tls").check()
    board.dialog.locator("#many-submit").click()
    expect(board.card(cards[1])).to_contain_text("tls")
    board.page.keyboard.press("b")
    board.dialog.get_by_label("What do they wait for?").fill("Storm")
    board.dialog.locator("#many-submit").click()
    expect(board.card(cards[0])).to_contain_text("Storm")
    expect(board.card(cards[1])).to_contain_text("Storm")
    bar(board).get_by_role("button", name="Archive").click()
    board.shows("Backlog", cards[2], cards[3])
    expect(bar(board)).to_be_hidden()
    board.page.get_by_role("button", name="Undo").click()
    board.shows("Backlog", *cards)


def test_a_selection_outlasts_the_changes_of_others_and_ends_with_its_cards(
    windows: Windows, ops: BoardOf, cards: list[Any]
) -> None:
    board = windows.board(ops)
    select(board, *cards[:2])
    ops.move(cards[0], "Ready")
    board.shows("Ready", cards[0])
    expect(bar(board)).to_contain_text("2 selected")
    expect(board.page.get_by_label(f"Select {cards[0]['ref']}")).to_be_checked()
    ops.person.post(f"/cards/{cards[1]['id']}/archive")
    expect(bar(board)).to_contain_text("1 selected")
    ops.person.post(f"/cards/{cards[0]['id']}/archive")
    expect(bar(board)).to_be_hidden()


def test_two_hundred_cards_are_answered_briefly(windows: Windows, ops: BoardOf) -> None:
    cards = [ops.add(f"Number {n}") for n in range(60)]
    board = windows.board(ops)
    board.title(cards[0]).focus()
    board.page.keyboard.press("x")
    board.title(cards[-1]).click(modifiers=["Shift"])
    expect(bar(board)).to_contain_text("60 selected")
    with board.page.expect_response("**/cards/bulk") as answer:
        board.page.keyboard.press("i")
    assert len(answer.value.body()) < 20_000
    expect(board.card(cards[-1]).locator(".face")).to_have_text("AL")


def test_on_a_phone_cards_are_selected_by_touch(
    windows: Windows, ops: BoardOf, cards: list[Any]
) -> None:
    board = windows.board(ops, **PHONE)
    board.menu_button(cards[0]).tap()
    board.item("Select").tap()
    expect(bar(board)).to_contain_text("1 selected")
    board.title(cards[1]).tap()
    expect(bar(board)).to_contain_text("2 selected")
    bar(board).get_by_role("button", name="Clear").tap()
    expect(bar(board)).to_be_hidden()
    board.title(cards[1]).tap()
    board.page.wait_for_url("**/cards/*")
