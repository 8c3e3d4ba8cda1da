"""WCAG 2.2 A and AA on every page and in every state, wide and light as well as narrow and dark."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.sights import SIGHTS, Scene, Sight, staged
from tests.browser.windows import PHONE, Windows
from tests.support import BoardOf

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text()
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]
# While something lies over the page, only what is in it can be reached.
OVER = "document.querySelector('dialog[open], [popover]:popover-open, .toast, .board .notice')"
RUN_AXE = f"""(tags) => axe.run({OVER} ?? document, {{
    runOnly: {{ type: 'tag', values: tags }},
    rules: {{ 'target-size': {{ enabled: true }} }},
    resultTypes: ['violations'],
}}).then(({{ violations }}) => violations.flatMap((rule) =>
    rule.nodes.map((node) => `${{rule.id}}: ${{node.html}} ${{node.failureSummary}}`)))"""

NARROW = {**PHONE, "viewport": {"width": 320, "height": 640}}
LOOKS: dict[str, dict[str, Any]] = {
    "wide and light": {"viewport": {"width": 1440, "height": 900}, "color_scheme": "light"},
    "narrow and dark": {**NARROW, "color_scheme": "dark"},
    "without colours": {**NARROW, "forced_colors": "active"},
}

# How far one can go from the middle of a control before one hits something else.
SMALL_TARGETS = (
    f"(least) => {{ const over = {OVER};"
    """
    const kinds = 'a[href], button, input:not([type=hidden]), select, textarea, summary';
    const found = [];
    for (const control of (over ?? document).querySelectorAll(kinds)) {
        const ticked = control.matches('[type=checkbox], [type=radio]');
        if (control.disabled) continue;
        const target = (ticked && control.closest('label')) || control;
        if (!target.checkVisibility({ visibilityProperty: true })) continue;
        if (target.closest('.vh, .skip')) continue;
        if (getComputedStyle(target).display === 'inline') continue;
        const hits = (x, y) => target.contains(document.elementFromPoint(x, y));
        target.scrollIntoView({ block: 'center', inline: 'center', behavior: 'instant' });
        const { x, y, width, height } = target.getBoundingClientRect();
        const [middle, centre] = [x + width / 2, y + height / 2];
        const reach = (dx, dy) => {
            let far = 0;
            while (far < least && hits(middle + dx * (far + 1), centre + dy * (far + 1))) far += 1;
            return far;
        };
        const across = reach(-1, 0) + reach(1, 0) + 1, up = reach(0, -1) + reach(0, 1) + 1;
        if (across < least || up < least) found.push(
            `${target.tagName} ${target.id || target.className} ${across} x ${up}`);
    }
    return found;
}"""
)


class Stage(NamedTuple):
    """A scene, and for each look the windows of those who look at it."""

    scene: Scene
    windows: dict[str, dict[str, Page]]


@pytest.fixture(scope="module")
def stage(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A scene of its own, and windows on it."""
    with staged(chromium, tmp_path_factory.mktemp("scene"), finished=12) as (scene, _):
        pages = {
            look: {who: browser.new_page() for who, browser in scene.browsers(**options).items()}
            for look, options in LOOKS.items()
        }
        yield Stage(scene, pages)


@pytest.mark.parametrize("look", [look for look in LOOKS if look != "without colours"])
@pytest.mark.parametrize("sight", SIGHTS, ids=lambda sight: sight.name)
def test_nothing_stands_in_anybodys_way(stage: Stage, sight: Sight, look: str) -> None:
    page = stage.windows[look][sight.who]
    sight.show(page, stage.scene)
    page.evaluate(AXE + ";null")
    assert page.evaluate(RUN_AXE, RULES) == []
    assert not scrolls_sideways(page)
    assert page.evaluate(SMALL_TARGETS, 44 if "narrow" in look else 24) == []


def scrolls_sideways(page: Page) -> bool:
    """Whether the page as a whole is wider than its window."""
    width = "({ scrollWidth, clientWidth }) => scrollWidth > clientWidth"
    return bool(page.locator("html").evaluate(width))


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


# What is chosen, current or full must not be told by a colour that is gone.
ALIKE = """() => [...document.querySelectorAll('[aria-pressed="true"], [aria-current]')]
    .filter((each) => each.checkVisibility() && !each.closest('.vh'))
    .filter((each) => {
        const others = [...each.parentElement.children].filter((other) =>
            other.matches(':is(button, a):not([aria-pressed="true"], [aria-current])')
            && other.checkVisibility());
        const look = (node) => ['backgroundColor', 'color', 'borderTopColor', 'borderBottomWidth',
            'fontWeight', 'textDecorationLine'].map((name) => getComputedStyle(node)[name]).join();
        return others.some((other) => look(other) === look(each));
    }).map((each) => each.id)"""


@pytest.mark.parametrize("sight", SIGHTS, ids=lambda sight: sight.name)
def test_without_colours_everything_is_still_told(stage: Stage, sight: Sight) -> None:
    """Every page has a title and one first heading, too."""
    page = stage.windows["without colours"][sight.who]
    sight.show(page, stage.scene)
    assert page.evaluate(ALIKE) == []
    assert not scrolls_sideways(page)
    assert page.title().endswith(" · Weir")
    expect(page.locator("h1")).to_have_count(1)
