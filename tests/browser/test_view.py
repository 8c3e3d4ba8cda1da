"""How the board is looked at: columns that collapse, lanes that fold, density, and a phone."""

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.windows import PHONE, Windows, swipe
from tests.support import BoardOf, Person

NARROW: dict[str, Any] = {**PHONE, "viewport": {"width": 320, "height": 640}}


def width(column: Any) -> float:
    """How wide something is."""
    box = column.bounding_box()
    assert box is not None
    return float(box["width"])


def test_a_column_collapses_to_its_count_and_its_name_and_stays_so(
    windows: Windows, ops: BoardOf
) -> None:
    card = ops.add()
    board = windows.board(ops)
    fold = board.fold_button("Backlog")
    expect(fold).to_have_attribute("aria-expanded", "true")
    board.column("Backlog").hover()
    fold.click()
    expect(fold).to_have_attribute("aria-expanded", "false")
    expect(fold).to_have_accessible_name("Expand Backlog")
    ids = fold.get_attribute("aria-controls") or ""
    assert board.cell_id("Backlog") in ids.split()
    assert width(board.column("Backlog")) == 40
    expect(board.card(card)).to_be_hidden()
    board.page.reload()
    assert width(board.column("Backlog")) == 40
    fold.focus()
    board.page.keyboard.press("Enter")
    expect(board.card(card)).to_be_visible()
    assert width(board.column("Backlog")) > 240


def test_what_is_collapsed_is_so_at_the_first_paint(windows: Windows, ops: BoardOf) -> None:
    board = windows.board(ops)
    board.fold("Ready")
    windows.keep_for_this_test(board.page.context)
    board.page.add_init_script(
        """addEventListener('DOMContentLoaded', () => {
            window.atFirst = document.querySelector('.is-collapsed')?.dataset.name;
        }, { capture: true, once: true });
        new PerformanceObserver((list) => {
            const moved = list.getEntries().flatMap((entry) => entry.sources.map((it) => it.node));
            window.shifted = [...(window.shifted ?? []), ...moved.map((node) => node?.outerHTML)];
        }).observe({ type: 'layout-shift', buffered: true });"""
    )
    board.page.reload()
    expect(board.page.locator("#live")).to_have_text("Live")
    assert board.page.evaluate("window.atFirst") == "Ready"
    assert not board.page.evaluate("window.shifted")


def test_columns_that_are_still_being_read_have_their_room_already(
    windows: Windows, ops: BoardOf
) -> None:
    board = windows.board(ops)
    board.fold("Deploy")
    there = board.column("Ready").bounding_box()
    board.page.evaluate(
        """() => {
            [...document.querySelectorAll('.column')].slice(2).forEach((column) => column.remove());
            WeirFolds.apply();
        }"""
    )
    assert board.column("Ready").bounding_box() == there


def test_a_collapsed_column_takes_a_drop_and_keeps_true_counts(
    windows: Windows, ops: BoardOf
) -> None:
    card = ops.add()
    board = windows.board(ops)
    board.fold("Ready")
    board.drag(card).over("Ready").drop()
    expect(board.spoken).to_contain_text("moved to Ready")
    expect(board.column("Ready").locator(".wip")).to_have_attribute("data-count", "1")
    expect(board.fold_button("Ready")).to_have_attribute("aria-expanded", "false")
    board.fold("Ready")
    board.shows("Ready", card)


def test_a_change_by_somebody_else_leaves_what_is_collapsed_as_it_is(
    windows: Windows, ops: BoardOf
) -> None:
    board = windows.board(ops)
    board.fold("Ready")
    board.fold_lane("Expedite")
    ops.person.patch(f"/columns/{ops.column('Test')}", {"name": "Review"})
    expect(board.page.get_by_role("heading", name="Review")).to_be_visible()
    assert width(board.column("Ready")) == 40
    expect(board.lane_head("Expedite").locator(".lane-fold")).to_have_attribute(
        "aria-expanded", "false"
    )


def test_keys_pass_over_collapsed_columns_and_folded_lanes(windows: Windows, ops: BoardOf) -> None:
    first, _, third = (ops.add(column=name) for name in ("Backlog", "Ready", "Doing"))
    board = windows.board(ops)
    board.fold("Ready")
    board.title(first).focus()
    board.page.keyboard.press("ArrowRight")
    expect(board.title(third)).to_be_focused()


def test_the_focus_of_a_card_that_went_into_a_collapsed_column_is_at_what_expands_it(
    windows: Windows, ops: BoardOf
) -> None:
    card = ops.add()
    board = windows.board(ops)
    board.fold("Ready")
    board.choose(card, "Move to…")
    board.dialog.get_by_label("Column").select_option("Ready (0 of 5)")
    board.dialog.get_by_role("button", name="Move", exact=True).click()
    expect(board.fold_button("Ready")).to_be_focused()


def test_all_columns_and_lanes_fold_and_unfold_from_the_view_menu(
    windows: Windows, ops: BoardOf
) -> None:
    card = ops.add()
    board = windows.board(ops)
    page = board.page
    page.locator("#view-button").click()
    page.locator("#view-collapse").click()
    expect(page.locator(".column.is-collapsed")).to_have_count(8)
    page.locator("#view-expand").click()
    expect(page.locator(".column.is-collapsed")).to_have_count(0)
    page.locator("#view-fold").click()
    expect(board.card(card)).to_be_hidden()
    page.locator("#view-unfold").click()
    expect(board.card(card)).to_be_visible()


def test_an_expedite_lane_stands_on_top_and_is_one_line_when_it_is_empty(
    windows: Windows, ops: BoardOf
) -> None:
    lanes = [ops.lane("Standard"), ops.lane("Expedite")]
    order = {"lane_ids": lanes}
    assert ops.person.ask("PUT", f"/boards/{ops.key}/lanes/order", json=order).is_success
    ops.add("ordinary")
    board = windows.board(ops)
    heads = board.page.locator(".lane-head")
    expect(heads.first).to_contain_text("Expedite")
    cell = board.cell("Backlog", "Expedite").bounding_box()
    assert cell is not None
    assert cell["height"] == 0
    ops.add("fire", lane_id=lanes[1])
    expect(board.cell("Backlog", "Expedite").locator(".card")).to_be_visible()


def test_density_is_kept_with_the_account_and_a_compact_card_is_one_line(
    windows: Windows, ops: BoardOf
) -> None:
    card = ops.add("A title that is far too long for one line " * 4, column="Doing")
    board = windows.board(ops)
    page = board.page
    page.locator("#view-button").click()
    with page.expect_response("**/account/preferences"):
        page.locator("#view-compact").click()
    expect(page.locator("html")).to_have_attribute("data-density", "compact")
    box = board.card(card).bounding_box()
    assert box is not None
    assert box["height"] == 34
    expect(board.card(card).locator(".ref")).to_be_visible()
    expect(board.card(card).locator(".age")).to_be_visible()
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-density", "compact")


def test_density_is_chosen_without_scripts(windows: Windows, ops: BoardOf) -> None:
    page = windows.open(ops.person, f"/boards/{ops.key}", java_script_enabled=False)
    page.locator("#view-button").click()
    page.locator("#view-compact").click()
    expect(page).to_have_url(re.compile(rf"/boards/{ops.key}$"))
    expect(page.locator("html")).to_have_attribute("data-density", "compact")


# ---- A phone -------------------------------------------------------------------------------------


def test_on_a_phone_a_tab_leads_to_its_column_and_says_where_one_is(
    windows: Windows, ops: BoardOf
) -> None:
    board = windows.board(ops, **PHONE)
    tabs = board.page.locator("#column-tabs")
    expect(tabs.locator("[aria-current]")).to_have_text(re.compile("^Backlog"))
    tabs.get_by_role("link", name="Test").click()
    expect(tabs.locator("[aria-current]")).to_have_text(re.compile("^Test"))
    expect(board.column("Test")).to_be_in_viewport(ratio=0.9)
    ops.add(column="Ready")
    expect(tabs.get_by_role("link", name="Ready 1 / 5")).to_be_attached()


def test_on_a_phone_one_column_is_seen_at_a_time_and_a_finger_goes_to_the_next(
    windows: Windows, ops: BoardOf
) -> None:
    board = windows.board(ops, **PHONE)
    swipe(board.page, board.column("Backlog"), -300)
    expect(board.column("Ready")).to_be_in_viewport(ratio=0.95)
    expect(board.page.locator("#column-tabs [aria-current]")).to_have_text(re.compile("^Ready"))


@pytest.mark.parametrize("look", [PHONE, NARROW], ids=["390", "320"])
def test_on_a_phone_everything_is_in_reach_and_nothing_is_wider_than_the_screen(
    windows: Windows, ops: BoardOf, jo: Person, look: dict[str, Any]
) -> None:
    ops.person.patch(f"/boards/{ops.key}", {"name": "A board with quite a long name for a phone"})
    stuck = ops.add("x" * 200, assignee_ids=[jo.id])
    ops.person.post(f"/cards/{stuck['id']}/block", {"reason": "y" * 200})
    board = windows.board(ops, **look)
    page = board.page
    page.goto(f"/boards/{ops.key}?assignee={jo.id}&blocked=true&class=standard&type=feature")
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(wide) == 0
    for control in ("#bar-board", "#bar-mine", "#bar-new", "#bar-filter", "#bar-flow"):
        expect(page.locator(control)).to_be_in_viewport(ratio=1)
        assert width(page.locator(control)) >= 44
    for control in ("#view-button", "#account-button", "#filter-blocked"):
        expect(page.locator(control)).to_be_in_viewport(ratio=1)
    expect(page.locator("#board-name")).to_be_visible()
    assert width(page.locator("#board-name")) > 40


def test_the_bar_of_a_phone_filters_and_makes_a_card(
    windows: Windows, ops: BoardOf, ada: Person
) -> None:
    mine, _ = ops.add("mine", assignee_ids=[ada.id]), ops.add("other")
    board = windows.board(ops, **PHONE)
    page = board.page
    page.locator("#bar-mine").click()
    expect(page.locator(".card:not([hidden]) .card-title")).to_have_text([mine["title"]])
    page.locator("#bar-mine").click()
    expect(page.locator(".card:not([hidden])")).to_have_count(2)
    page.locator("#bar-new").click()
    expect(board.quick_add("Backlog")).to_be_focused()


@pytest.mark.parametrize(
    ("path", "here"),
    [
        ("/flow", "Flow"),
        ("/people", "People"),
        ("/archive", "Archive"),
        ("/settings", "Settings"),
        ("/settings/columns", "Settings"),
        ("/cards/1/move", None),
    ],
)
def test_the_bar_of_a_phone_is_on_every_page_of_the_board_and_says_where_one_is(
    windows: Windows, ops: BoardOf, path: str, here: str | None
) -> None:
    ops.add("One")
    page = windows.open(ops.person, f"/boards/{ops.key}{path}", **PHONE)
    bar = page.locator("#phone-bar")
    current = bar.locator("[aria-current=page]")
    expect(current).to_have_text([here] if here else [])
    for control in bar.locator(":scope > *").all():
        expect(control).to_be_in_viewport(ratio=1)
        assert width(control) >= 44
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(wide) == 0
    # What stands last on the page is not covered for good.
    last = page.locator("main :is(a, button, input, p):visible").last
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    foot, top = last.bounding_box(), bar.bounding_box()
    assert foot is not None
    assert top is not None
    assert foot["y"] + foot["height"] <= top["y"]


def test_the_bar_of_a_phone_leads_to_the_board_from_its_other_pages(
    windows: Windows, ops: BoardOf, ada: Person
) -> None:
    mine, _ = ops.add("mine", assignee_ids=[ada.id]), ops.add("other")
    page = windows.open(ada, f"/boards/{ops.key}/flow", **PHONE)
    page.locator("#bar-mine").click()
    expect(page.locator(".card:not([hidden]) .card-title")).to_have_text([mine["title"]])
    page.locator("#bar-flow").click()
    expect(page).to_have_title(re.compile("^Flow"))
    page.locator("#bar-new").click()
    expect(page.locator(f"#col-{ops.column('Backlog')}-title")).to_be_focused()


@pytest.mark.parametrize("size", [1440, 640])
def test_on_a_desk_there_is_no_bar_at_the_foot(windows: Windows, ops: BoardOf, size: int) -> None:
    for path in ("", "/flow"):
        view = {"width": size, "height": 700}
        page = windows.open(ops.person, f"/boards/{ops.key}{path}", viewport=view)
        expect(page.locator("#phone-bar")).to_be_hidden()
        expect(page.locator("#phone-bar")).to_have_count(1)


@pytest.mark.parametrize("size", [1440, 1024, 768, 640])
def test_the_toolbar_is_one_line_at_every_width(
    windows: Windows, ops: BoardOf, jo: Person, size: int
) -> None:
    ops.person.patch(f"/boards/{ops.key}", {"name": "A board with quite a long name " * 3})
    stuck = ops.add()
    ops.person.post(f"/cards/{stuck['id']}/block", {"reason": "Why"})
    board = windows.board(ops, viewport={"width": size, "height": 700})
    page = board.page
    top = page.locator(".top").bounding_box()
    assert top is not None
    assert top["height"] <= 49
    for control in ("#filter-button", "#flow-link", "#view-button", "#new-card", "#filter-blocked"):
        expect(page.locator(control)).to_be_in_viewport(ratio=1)
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(wide) == 0
