"""The board in all its states."""

import re

from playwright.sync_api import Page, expect

from tests.browser.scene import Scene, Sight, collector, visit
from tests.browser.windows import BoardWindow

SIGHTS: list[Sight] = []
sight = collector(SIGHTS)


@sight()
def board(page: Page, scene: Scene) -> None:
    scene.board(page)


@sight()
def board_unused(page: Page, scene: Scene) -> None:
    scene.board(page, scene.unused)


@sight()
def board_without_columns(page: Page, scene: Scene) -> None:
    scene.board(page, scene.bare)


@sight()
def board_sample(page: Page, scene: Scene) -> None:
    scene.board(page, scene.sample)


@sight()
def board_over_its_limit(page: Page, scene: Scene) -> None:
    scene.board(page, scene.over)


@sight()
def board_menu(page: Page, scene: Scene) -> None:
    board = scene.board(page)
    board.open_menu(scene.card("Rate limit"))
    board.page.keyboard.press("ArrowDown")


@sight()
def board_account_menu(page: Page, scene: Scene) -> None:
    scene.board(page).page.locator("#account-button").click()
    expect(page.locator("#account-menu")).to_be_visible()


@sight()
def board_policy(page: Page, scene: Scene) -> None:
    scene.board(page)
    page.get_by_role("button", name="Policy of Test").click()
    expect(page.get_by_text("Acceptance tests are green.")).to_be_visible()


@sight()
def board_move(page: Page, scene: Scene) -> None:
    scene.board(page).choose(scene.card("Rate limit"), "Move to…")


def choose_another_board(page: Page, scene: Scene, title: str) -> BoardWindow:
    """Goes on from the dialog of a move to the one of another board."""
    board = scene.board(page)
    board.choose(scene.card(title), "Move to…")
    board.dialog.get_by_role("link", name="Another board…").click()
    expect(board.dialog.get_by_label("Board")).to_be_focused()
    return board


@sight()
def board_transfer(page: Page, scene: Scene) -> None:
    choose_another_board(page, scene, "Rate limit")


@sight()
def board_transfer_refusal(page: Page, scene: Scene) -> None:
    board = choose_another_board(page, scene, "Audit log")
    board.dialog.get_by_label("Column").select_option("In progress (3 of 2, over)")
    board.dialog.get_by_role("button", name="Move", exact=True).click()
    expect(page.locator("#board-notice .notice")).to_be_visible()


@sight()
def board_transferred(page: Page, scene: Scene) -> None:
    card = scene.ops.add("Goes to another board")
    board = scene.board(page)
    board.choose(card, "Move to…")
    board.dialog.get_by_role("link", name="Another board…").click()
    board.dialog.get_by_role("button", name="Move", exact=True).click()
    expect(page.locator("#toasts")).to_contain_text("Moved")


@sight()
def board_block(page: Page, scene: Scene) -> None:
    scene.board(page).choose(scene.card("Rate limit"), "Block…")


@sight()
def board_block_with_error(page: Page, scene: Scene) -> None:
    board = scene.board(page)
    board.choose(scene.card("Rate limit"), "Block…")
    board.dialog.get_by_label("What does it wait for?").fill(" ")
    board.dialog.get_by_role("button", name="Block").click()
    expect(board.dialog.locator(".error")).to_be_visible()


@sight()
def board_unblock(page: Page, scene: Scene) -> None:
    scene.board(page).choose(scene.card("Raise the"), "Unblock…")


@sight()
def board_refusal(page: Page, scene: Scene) -> None:
    board = scene.board(page)
    board.choose(scene.card("Audit log"), "Move to…")
    board.dialog.get_by_label("Column").select_option("Test (3 of 3, full)")
    board.dialog.get_by_role("button", name="Move", exact=True).click()
    expect(board.notice("Test")).to_be_visible()


@sight()
def board_typing(page: Page, scene: Scene) -> None:
    field = scene.board(page).quick_add("Backlog")
    field.click()
    field.fill("A card that is being typed")


@sight()
def board_toast(page: Page, scene: Scene) -> None:
    board = scene.board(page)
    card = scene.ops.add("Goes")
    board.choose(card, "Archive")
    expect(page.get_by_role("button", name="Undo")).to_be_visible()


@sight()
def board_filter_menu(page: Page, scene: Scene) -> None:
    scene.board(page)
    page.locator("[popovertarget=filters]:visible").first.click()
    page.locator("#filters").get_by_text("Ops", exact=True).click()
    expect(page.locator("#filter-menu-line")).to_contain_text(" of ")


@sight()
def board_filter_menu_of_a_young_board(page: Page, scene: Scene) -> None:
    scene.board(page, scene.unused)
    page.locator("[popovertarget=filters]:visible").first.click()
    expect(page.locator("#filter-age-hint")).to_be_visible()


@sight()
def board_filtered(page: Page, scene: Scene) -> None:
    scene.board(page)
    visit(page, f"{scene.url}?assignee=me&due=none&team=dev&team=ops")
    expect(page.locator("#filter-line")).to_be_visible()


@sight()
def board_filtered_to_nothing(page: Page, scene: Scene) -> None:
    scene.board(page)
    visit(page, f"{scene.url}?q=nothing+of+the+kind")
    expect(page.locator("#filter-line")).to_contain_text("0 of")


@sight()
def board_view_menu(page: Page, scene: Scene) -> None:
    scene.board(page)
    page.locator("#view-button").click()
    expect(page.locator("#view-menu")).to_be_visible()


@sight()
def board_collapsed(page: Page, scene: Scene) -> None:
    board = scene.board(page)
    for name in ("Backlog", "Done", "In production"):
        board.fold(name)
    page.evaluate("localStorage.clear()")


@sight()
def board_lane_folded(page: Page, scene: Scene) -> None:
    scene.board(page).fold_lane("Expedite")
    page.evaluate("localStorage.clear()")


@sight()
def board_compact(page: Page, scene: Scene) -> None:
    scene.board(page)
    page.locator("html").evaluate("(html) => { html.dataset.density = 'compact'; }")


@sight()
def board_help(page: Page, scene: Scene) -> None:
    scene.board(page)
    page.keyboard.press("?")
    expect(page.locator("#help-dialog")).to_be_visible()


@sight()
def board_palette(page: Page, scene: Scene) -> None:
    board = scene.board(page)
    board.title(scene.card("Rate limit")).focus()
    page.keyboard.press("Control+k")
    page.get_by_role("combobox").fill("r")
    expect(page.locator("#palette-list")).to_contain_text("Rate limit")


@sight()
def board_peek(page: Page, scene: Scene) -> None:
    board = scene.board(page)
    board.title(scene.card("Raise the")).focus()
    page.keyboard.press("Space")
    expect(page.locator("#peek")).to_be_visible()


def select(page: Page, scene: Scene) -> BoardWindow:
    """Selects three cards of the board."""
    board = scene.board(page)
    for title in ("Rate limit", "Audit log", "Split the"):
        board.title(scene.card(title)).focus()
        page.keyboard.press("x")
    expect(page.locator("#select-bar")).to_contain_text("3 selected")
    return board


@sight()
def board_selected(page: Page, scene: Scene) -> None:
    select(page, scene)


@sight()
def board_many_move(page: Page, scene: Scene) -> None:
    select(page, scene).page.keyboard.press("m")
    expect(page.get_by_role("dialog")).to_be_visible()


@sight()
def board_many_assign(page: Page, scene: Scene) -> None:
    select(page, scene).page.keyboard.press("a")
    expect(page.get_by_role("dialog")).to_be_visible()


@sight()
def board_many_label(page: Page, scene: Scene) -> None:
    select(page, scene).page.keyboard.press("l")
    expect(page.get_by_role("dialog")).to_be_visible()


@sight()
def board_many_block(page: Page, scene: Scene) -> None:
    select(page, scene).page.keyboard.press("b")
    expect(page.get_by_role("dialog")).to_be_visible()


@sight()
def board_many_refusal(page: Page, scene: Scene) -> None:
    board = select(page, scene)
    page.keyboard.press("m")
    board.dialog.get_by_label("Column").select_option("Test (3 of 3, full)")
    board.dialog.get_by_role("button", name="Move 3 cards").click()
    expect(board.notice("Test")).to_be_visible()


@sight()
def board_title(page: Page, scene: Scene) -> None:
    scene.board(page).title(scene.card("Rate limit")).focus()
    page.keyboard.press("e")
    expect(page.get_by_role("dialog")).to_be_visible()


@sight()
def board_several_lines(page: Page, scene: Scene) -> None:
    field = scene.board(page).quick_add("Backlog")
    field.focus()
    paste(page, "One\nTwo\nThree")
    expect(page.get_by_role("button", name="Create 3 cards")).to_be_visible()


def paste(page: Page, text: str) -> None:
    """Pastes a text where the focus is."""
    page.evaluate(
        """(text) => {
            const data = new DataTransfer();
            data.setData('text/plain', text);
            const paste = new ClipboardEvent('paste', { clipboardData: data, bubbles: true });
            document.activeElement.dispatchEvent(paste);
        }""",
        text,
    )


@sight()
def board_offline(page: Page, scene: Scene) -> None:
    scene.board(page)
    page.context.set_offline(True)
    expect(page.locator("#offline-band")).to_be_visible()
    page.context.set_offline(False)
    page.evaluate("dispatchEvent(new Event('offline'))")
    expect(page.locator("#live")).to_have_text(re.compile("Offline|Live|Reconnecting"))


@sight()
def board_limit(page: Page, scene: Scene) -> None:
    scene.board(page)
    page.get_by_role("link", name="Ready, 2 of 5").click()
    expect(page.get_by_label("Cards at most")).to_be_focused()


@sight()
def board_limit_of_each_person(page: Page, scene: Scene) -> None:
    scene.board(page)
    page.locator("#view-button").click()
    page.locator("#view-limit-person").click()
    expect(page.get_by_label("Cards at most")).to_be_focused()


@sight()
def board_limit_with_error(page: Page, scene: Scene) -> None:
    scene.board(page)
    page.get_by_role("link", name="Ready, 2 of 5").click()
    page.get_by_label("Cards at most").fill("0")
    page.get_by_role("button", name="Set", exact=True).click()
    expect(page.get_by_text("It must be at least 1.")).to_be_visible()


@sight()
def board_question(page: Page, scene: Scene) -> None:
    board = scene.board(page)
    board.choose(scene.card("Upgrade"), "Move to…")
    board.dialog.get_by_label("Column").select_option("In production")
    board.dialog.get_by_role("button", name="Move", exact=True).click()
    expect(page.get_by_role("heading", name="leaves Deploy")).to_be_visible()
    page.get_by_label("announced").check()
