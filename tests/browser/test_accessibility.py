"""What WCAG 2.2 asks for that no look at a still page shows; `looks.py` has the rest."""

from playwright.sync_api import expect

from tests.browser.windows import Windows
from tests.support import BoardOf


def test_the_focus_can_always_be_seen(windows: Windows, ops: BoardOf) -> None:
    ops.add("A card")
    for path in ("", "/people", "/flow", "/cards/1"):
        page = windows.open(ops.person, f"/boards/{ops.key}{path}")
        for _ in range(25):
            page.keyboard.press("Tab")
            shown = page.evaluate(
                """() => {
                    const focused = document.activeElement;
                    const rings = [focused, focused.closest('.card, .board-item')];
                    // A date field rings its parts itself.
                    return focused.matches('body, [type=date]') || rings.some((each) => each &&
                        getComputedStyle(each).outlineStyle !== 'none' &&
                        parseFloat(getComputedStyle(each).outlineWidth) >= 2);
                }"""
            )
            assert shown, page.evaluate("document.activeElement.outerHTML")


def test_larger_text_spacing_loses_nothing(windows: Windows, ops: BoardOf) -> None:
    card = ops.add("Raise the file-descriptor limit on all of the edge nodes", column="Doing")
    board = windows.board(ops, viewport={"width": 1440, "height": 900}, bypass_csp=True)
    board.page.add_style_tag(
        content="* { line-height: 1.5 !important; letter-spacing: .12em !important;"
        " word-spacing: .16em !important }"
    )
    clipped = """(each) => each.scrollWidth > each.clientWidth + 1
        || each.scrollHeight > each.clientHeight + 1"""
    expect(board.card(card)).to_be_visible()
    assert not board.card(card).evaluate(clipped)
    assert not board.column("Test").locator(".column-head").evaluate(clipped)
    board.menu_button(card).click()
    assert not board.item("Move to…").evaluate(clipped)


def test_without_motion_nothing_slides_or_pulses(windows: Windows, ops: BoardOf) -> None:
    card = ops.add()
    board = windows.board(ops, reduced_motion="reduce")
    board.drag(card).over("Ready").drop()
    board.shows("Ready", card)
    assert board.page.evaluate("document.getAnimations().length") == 0


def test_page_titles_and_languages_are_given(windows: Windows, ops: BoardOf) -> None:
    page = windows.open(ops.person)
    for path, title in (
        ("/boards", "Boards"),
        (f"/boards/{ops.key}", f"{ops.key} board ({ops.key})"),
        (f"/boards/{ops.key}/people", f"People on {ops.key} board"),
        (f"/boards/{ops.key}/archive", f"Archive of {ops.key} board"),
        ("/account", "Account"),
    ):
        page.goto(path)
        expect(page).to_have_title(f"{title} · Weir")
        expect(page.locator("html")).to_have_attribute("lang", "en")
