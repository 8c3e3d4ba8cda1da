"""Every page and every state: WCAG 2.2 A and AA, wide and light as well as narrow and dark, without
colours too, and the content security policy. One visit serves as many questions as it can."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Response, expect

from app.web import CONTENT_SECURITY_POLICY
from tests.browser.browsers import Browsers
from tests.browser.scene import Scene, Sight, staged
from tests.browser.sights import SIGHTS
from tests.browser.windows import PHONE, Windows

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

WIDE_AND_LIGHT: dict[str, Any] = {
    "viewport": {"width": 1440, "height": 900},
    "color_scheme": "light",
}
NARROW_AND_DARK: dict[str, Any] = {
    **PHONE,
    "viewport": {"width": 320, "height": 640},
    "color_scheme": "dark",
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
        const size = () => {
            const { x, y, width, height } = target.getBoundingClientRect();
            const [middle, centre] = [x + width / 2, y + height / 2];
            const reach = (dx, dy, most) => {
                let far = 0;
                while (far < most && hits(middle + dx * (far + 1), centre + dy * (far + 1)))
                    far += 1;
                return far;
            };
            return [[1, 0], [0, 1]].map(([dx, dy]) => {
                const before = reach(-dx, -dy, least - 1);
                return before + 1 + reach(dx, dy, least - 1 - before);
            });
        };
        if (Math.min(...size()) >= least) continue;
        // It may only be out of sight, or partly so.
        target.scrollIntoView({ block: 'center', inline: 'center', behavior: 'instant' });
        const [across, up] = size();
        if (across < least || up < least) found.push(
            `${target.tagName} ${target.id || target.className} ${across} x ${up}`);
    }
    return found;
}"""
)

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


class Inline(HTMLParser):
    """Finds styles, scripts and handlers inside a page's HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Looks at one element."""
        names = dict(attrs)
        # What a chart is drawn from is no script: nothing runs it.
        is_data = ("type", "application/json") in attrs
        if tag == "style" or (tag == "script" and "src" not in names and not is_data):
            self.found.append(tag)
        self.found += [
            f"{tag} {name}" for name in names if re.match(r"style$|on|hx-on|hx-vals-js", name)
        ]


class Look:
    """A scene as it is looked at in one way, by each kind of person in a window of their own."""

    def __init__(self, scene: Scene, windows: Windows, browsers: dict[str, BrowserContext]) -> None:
        self._scene = scene
        self._windows = windows
        self._pages = {who: browser.new_page() for who, browser in browsers.items()}
        self.documents: list[Response] = []
        for page in self._pages.values():
            page.on("response", self._keep)

    def at(self, sight: Sight) -> Page:
        """The window in which somebody has come to a sight, in the colours of this look."""
        page = self._pages[sight.who]
        page.emulate_media(forced_colors="none")
        self.documents.clear()
        sight.show(page, self._scene)
        return page

    def is_silent(self) -> None:
        """No window has complained: of an error, a warning, something that the policy forbids."""
        heard, self._windows.complaints[:] = self._windows.complaints[:], []
        assert not heard, "\n".join(heard)

    def _keep(self, answer: Response) -> None:
        if answer.request.resource_type == "document":
            self.documents.append(answer)


@pytest.fixture(scope="module")
def stage(
    chromium: Browsers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Scene, Windows]]:
    """A scene of its own, and windows on it."""
    with staged(chromium, tmp_path_factory.mktemp("scene"), finished=12) as found:
        yield found


@pytest.fixture(scope="module")
def wide_and_light(stage: tuple[Scene, Windows]) -> Look:
    """The scene on a large screen."""
    return Look(*stage, stage[0].browsers(**WIDE_AND_LIGHT))


@pytest.fixture(scope="module")
def narrow_and_dark(stage: tuple[Scene, Windows]) -> Look:
    """The scene on a small phone."""
    return Look(*stage, stage[0].browsers(**NARROW_AND_DARK))


@pytest.mark.parametrize("sight", SIGHTS, ids=lambda sight: sight.name)
def test_wide_and_light_nothing_stands_in_anybodys_way_and_the_policy_is_kept(
    wide_and_light: Look, sight: Sight
) -> None:
    page = wide_and_light.at(sight)
    documents = wide_and_light.documents
    for document in documents:
        headers = document.headers
        assert headers["content-security-policy"] == CONTENT_SECURITY_POLICY, document.url
        assert headers["x-content-type-options"] == "nosniff", document.url
        assert headers["x-frame-options"] == "DENY", document.url
    # The body of a page that was left is not kept.
    assert Inline(documents[-1].text()).found == []
    nothing_stands_in_anybodys_way(page, least=24)
    wide_and_light.is_silent()


@pytest.mark.parametrize("sight", SIGHTS, ids=lambda sight: sight.name)
def test_narrow_and_dark_nothing_stands_in_anybodys_way_nor_without_colours(
    narrow_and_dark: Look, sight: Sight
) -> None:
    """Every page has a title and one first heading, too."""
    page = narrow_and_dark.at(sight)
    nothing_stands_in_anybodys_way(page, least=44)
    assert page.title().endswith(" · Weir")
    expect(page.locator("h1")).to_have_count(1)
    page.emulate_media(forced_colors="active")
    assert page.evaluate(ALIKE) == []
    assert not scrolls_sideways(page)
    narrow_and_dark.is_silent()


def nothing_stands_in_anybodys_way(page: Page, least: int) -> None:
    """What holds in every look; `least` is how large a control must be."""
    page.evaluate(AXE + ";null")
    assert page.evaluate(RUN_AXE, RULES) == []
    assert not scrolls_sideways(page)
    assert page.evaluate(SMALL_TARGETS, least) == []


def scrolls_sideways(page: Page) -> bool:
    """Whether the page as a whole is wider than its window."""
    width = "({ scrollWidth, clientWidth }) => scrollWidth > clientWidth"
    return bool(page.locator("html").evaluate(width))
