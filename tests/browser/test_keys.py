"""The keyboard: every key of the board, the help, the palette, the quick look, undo."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.served import Served
from tests.browser.windows import BoardWindow, Windows
from tests.support import BoardOf, Person


def press(board: BoardWindow, *keys: str) -> None:
    """Presses keys one after the other."""
    for key in keys:
        board.page.keyboard.press(key)


def test_arrows_and_letters_move_the_focus(windows: Windows, ops: BoardOf) -> None:
    first, second = ops.add("First"), ops.add("Second")
    third = ops.add("Third", column="Ready")
    board = windows.board(ops)
    press(board, "ArrowDown")
    expect(board.title(first)).to_be_focused()
    press(board, "j")
    expect(board.title(second)).to_be_focused()
    press(board, "ArrowRight")
    expect(board.title(third)).to_be_focused()
    press(board, "h", "k")
    expect(board.title(first)).to_be_focused()
    press(board, "Enter")
    expect(board.page).to_have_url(re.compile(f"/cards/{first['number']}"))


def test_shift_and_an_arrow_move_a_card_at_once(windows: Windows, ops: BoardOf) -> None:
    cards = [ops.add(title) for title in "ABC"]
    board = windows.board(ops)
    board.title(cards[0]).focus()
    press(board, "Shift+ArrowDown", "Shift+ArrowDown")
    board.shows("Backlog", cards[1], cards[2], cards[0])
    press(board, "Shift+ArrowRight", "Shift+ArrowRight")
    board.shows("Doing", cards[0])
    expect(board.title(cards[0])).to_be_focused()
    expect(board.spoken).to_have_text(
        f"{cards[0]['ref']} moved to Doing, lane Standard, position 1 of 1."
    )
    expect(board.page.locator("#toasts")).to_contain_text(f"Moved {cards[0]['ref']} to Doing")
    press(board, "Shift+ArrowUp")
    board.shows("Doing", cards[0], lane="Expedite")
    board.is_what_the_server_says()


def test_a_move_that_is_refused_leaves_the_focus_on_its_card(
    windows: Windows, simple: BoardOf
) -> None:
    for _ in range(3):
        simple.add(column="In progress")
    card = simple.add("One too many")
    board = windows.board(simple)
    board.title(card).focus()
    press(board, "Shift+ArrowRight")
    expect(board.notice("In progress")).to_contain_text("In progress is full (3 of 3).")
    expect(board.title(card)).to_be_focused()
    expect(board.spoken).to_contain_text("Not done. In progress is full (3 of 3).")
    board.shows("To do", card)


def test_undo_takes_back_the_last_change(windows: Windows, ops: BoardOf) -> None:
    cards = [ops.add(title) for title in "AB"]
    board = windows.board(ops)
    board.title(cards[0]).focus()
    press(board, "Shift+ArrowRight")
    board.shows("Ready", cards[0])
    press(board, "Control+z")
    board.shows("Backlog", *cards)
    expect(board.title(cards[0])).to_be_focused()
    expect(board.spoken).to_have_text(f"Undid the move of {cards[0]['ref']} to Ready.")
    press(board, "Control+z")
    expect(board.page.locator("#board-notice")).to_contain_text("You have changed nothing here")


def test_the_toast_of_a_move_takes_it_back(windows: Windows, ops: BoardOf) -> None:
    card = ops.add()
    board = windows.board(ops)
    board.drag(card).over("Ready").drop()
    toast = board.page.locator("#toasts")
    expect(toast).to_contain_text(f"Moved {card['ref']} to Ready")
    toast.get_by_role("button", name="Undo").click()
    board.shows("Backlog", card)
    board.is_what_the_server_says()


def test_an_undo_that_finds_no_room_says_so(windows: Windows, ops: BoardOf) -> None:
    card = ops.add(column="Test")
    board = windows.board(ops)
    board.title(card).focus()
    press(board, "Shift+ArrowRight")
    board.shows("Ready to deploy", card)
    for _ in range(3):
        ops.add(column="Test")
    expect(board.count("Test")).to_have_text("3 / 3 full")
    press(board, "Control+z")
    expect(board.notice("Test")).to_contain_text("Test is full (3 of 3).")
    board.shows("Ready to deploy", card)


def test_an_undo_that_is_possible_no_more_says_what_the_next_one_does(
    windows: Windows, ops: BoardOf, jo: Person
) -> None:
    cards = [ops.add(title) for title in "AB"]
    board = windows.board(ops)
    for card in cards:
        board.title(card).focus()
        press(board, "Shift+ArrowRight")
        board.shows("Ready", *cards[: cards.index(card) + 1])
    ops.seen_by(jo).move(cards[1], "Doing")
    board.shows("Doing", cards[1])
    press(board, "Control+z")
    notice = board.page.locator("#board-notice")
    words = f"Jo March has changed {cards[1]['ref']} since."
    expect(notice.locator("strong")).to_have_text(words)
    expect(notice).to_contain_text(f"Undo again takes back the move of {cards[0]['ref']} to Ready.")
    press(board, "Control+z")
    board.shows("Backlog", cards[0])
    board.shows("Doing", cards[1])


def test_keys_open_the_forms_of_a_card(windows: Windows, ops: BoardOf, jo: Person) -> None:
    card = ops.add("A card")
    board = windows.board(ops, jo)
    board.title(card).focus()
    press(board, "m")
    expect(board.dialog.get_by_label("Column")).to_be_visible()
    press(board, "Escape")
    expect(board.dialog).to_be_hidden()
    press(board, "b")
    board.dialog.get_by_label("What does it wait for?").fill("Vendor")
    press(board, "Control+Enter")
    expect(board.card(card)).to_contain_text("Vendor")
    expect(board.title(card)).to_be_focused()
    press(board, "i")
    expect(board.card(card).locator(".face")).to_have_text("JM")
    press(board, "i")
    expect(board.card(card).locator(".face")).to_have_count(0)
    press(board, "a")
    board.dialog.get_by_label("Ada Lovelace").check()
    board.dialog.get_by_role("button", name="Assign").click()
    expect(board.card(card).locator(".face")).to_have_text("AL")
    press(board, "l")
    board.dialog.get_by_label("New label").fill("tls")
    press(board, "Enter")
    expect(board.card(card)).to_contain_text("tls")
    press(board, "e")
    board.dialog.get_by_label("Title").fill("Another title")
    press(board, "Enter")
    expect(board.title(card)).to_have_text("Another title")
    expect(board.title(card)).to_be_focused()
    board.is_what_the_server_says()


def test_a_new_card_and_the_quick_look(windows: Windows, ops: BoardOf) -> None:
    card = ops.add("A card", column="Ready", description="What it is about")
    board = windows.board(ops)
    press(board, "c")
    expect(board.quick_add("Backlog")).to_be_focused()
    board.page.keyboard.type("n?x")
    expect(board.quick_add("Backlog")).to_have_value("n?x")
    expect(board.page.locator("dialog[open]")).to_have_count(0)
    press(board, "Escape")
    board.title(card).focus()
    press(board, "Space")
    expect(board.page.locator("#peek")).to_contain_text("What it is about")
    press(board, "Space")
    expect(board.page.locator("#peek")).to_be_hidden()
    press(board, "n")
    expect(board.quick_add("Ready")).to_be_focused()


def test_the_help_lists_the_keys_and_has_the_switch(windows: Windows, ops: BoardOf) -> None:
    card = ops.add()
    board = windows.board(ops)
    press(board, "?")
    help_ = board.page.locator("#help-dialog")
    expect(help_).to_contain_text("Block or unblock")
    off = help_.get_by_role("button", name="Off")
    off.click()
    expect(off).to_have_attribute("aria-pressed", "true")
    press(board, "Escape")
    expect(help_).to_be_hidden()
    board.title(card).focus()
    press(board, "?", "x", "m")
    expect(board.page.locator("dialog[open]")).to_have_count(0)
    expect(board.page.locator("#select-bar")).to_be_hidden()
    # What is no single letter goes on.
    press(board, "Shift+ArrowRight")
    board.shows("Ready", card)
    board.page.reload()
    board.title(card).focus()
    press(board, "?")
    expect(help_).to_be_hidden()


def test_no_key_acts_with_a_modifier_or_while_a_word_is_composed(
    windows: Windows, ops: BoardOf
) -> None:
    card = ops.add()
    board = windows.board(ops)
    board.title(card).focus()
    press(board, "Alt+m", "Alt+x")
    board.page.evaluate(
        "document.activeElement.dispatchEvent(new KeyboardEvent('keydown',"
        " { key: 'x', isComposing: true, bubbles: true }))"
    )
    expect(board.page.locator("dialog[open]")).to_have_count(0)
    expect(board.page.locator("#select-bar")).to_be_hidden()


def test_the_palette_finds_cards_boards_and_commands(
    windows: Windows, ops: BoardOf, simple: BoardOf
) -> None:
    card = ops.add("Rotate the signing key")
    other = simple.add("Sign the contract")
    board = windows.board(ops)
    board.title(card).focus()
    press(board, "Control+k")
    text = board.page.locator("#palette-text")
    expect(text).to_be_focused()
    options = board.page.locator("#palette").get_by_role("option")
    expect(options.first).to_have_text(re.compile("Open"))
    text.fill("block")
    press(board, "Enter")
    expect(board.dialog).to_contain_text(f"Block {card['ref']}")
    # Its title is there before the dialog is.
    expect(board.dialog).to_be_visible()
    press(board, "Escape")
    expect(board.dialog).to_be_hidden()
    press(board, "Control+k")
    text.fill("contract")
    expect(options.first).to_contain_text(other["ref"])
    press(board, "Enter")
    expect(board.page).to_have_url(re.compile(f"/boards/{simple.key}/cards/{other['number']}"))


def test_a_viewer_is_offered_nothing_that_changes_a_card(
    windows: Windows, weir: Served, ops: BoardOf
) -> None:
    card = ops.add()
    viewer = weir.person("Vera Viewer")
    ops.join(viewer, "viewer")
    board = windows.board(ops, viewer)
    board.title(card).focus()
    press(board, "m", "x", "Shift+ArrowRight", "?")
    help_ = board.page.locator("#help-dialog")
    expect(help_).to_be_visible()
    expect(help_).not_to_contain_text("Move to…")
    board.shows("Backlog", card)


@pytest.mark.parametrize("words", ["Go to a card, a board, a command", "Undo my last change"])
def test_what_the_help_says_is_there(windows: Windows, ops: BoardOf, words: str) -> None:
    board = windows.board(ops)
    press(board, "?")
    expect(board.page.locator("#help-dialog")).to_contain_text(words)
