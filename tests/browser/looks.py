"""How a sight is looked at: WCAG 2.2 A and AA, narrow and dark as well as wide and light, without
colours too, and the content security policy. One visit serves all of these questions: what somebody
has come to on a small phone is then looked at as if it were a large screen.

Of many sights most is what stands on another one, to the letter and in all that a look depends on:
its colours and sizes are judged once, how everything goes together each time."""

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Literal, NamedTuple

from playwright.sync_api import CDPSession, Page, Response, expect

from app.web import CONTENT_SECURITY_POLICY
from tests.browser.browsers import BARE
from tests.browser.scene import Scene, Sight
from tests.browser.windows import PHONE, Windows

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text()
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]
ALL = {"type": "tag", "values": TAGS}
# What else can be wrong in other colours, and of what is there on a small screen alone.
OF_THIS_LOOK = {
    "type": "rule",
    "values": [
        "aria-hidden-focus",
        "aria-valid-attr-value",
        "button-name",
        "color-contrast",
        "label",
        "link-name",
        "nested-interactive",
        "scrollable-region-focusable",
        "select-name",
    ],
}
# These take most of the time, and judge a part by its look alone.
BY_LOOK = ["color-contrast", "target-size"]
# While something lies over the page, only what is in it can be reached.
OVER = "document.querySelector('dialog[open], [popover]:popover-open, .toast, .board .notice')"
# What may stand on several sights as it is.
PARTS = "header, nav, section, table, .column, .card"
LIES_OVER = f"""() => {{
    const over = {OVER};
    return over && `${{over.tagName}} #${{over.id}}`;
}}"""
# A part is known by all that its look depends on: its letters, the elements that it lies in, and of
# everything in it the size and what it is drawn with, which its surroundings may change too. Nobody
# sees where a link leads to and what a chart was drawn from.
UNSEEN = (
    r'/ (href|action|_echarts_instance_)="[^"]*"'
    r'|<script type="application\/json"[^]*?<\/script>/g'
)
RUN_AXE = f"""async ([which, seen]) => {{
    const known = new Set(seen), fresh = [], again = [], judged = new Set();
    const bare = (node) => node.cloneNode(false).outerHTML.replace({UNSEEN}, ' $1');
    const read = new Map();
    const drawn = (node) => {{
        if (!read.has(node)) {{
            const look = getComputedStyle(node);
            read.set(node, [`${{node.offsetWidth}} ${{node.offsetHeight}} `, [look.color,
                look.backgroundColor, look.backgroundImage, look.opacity, look.fontSize,
                look.fontWeight, look.visibility].join()]);
        }}
        return read.get(node);
    }};
    const name = (part) => {{
        let text = part.outerHTML.replace({UNSEEN}, ' $1')
            + part.checkVisibility() + part.contains(document.activeElement);
        for (let each = part.parentElement; each; each = each.parentElement)
            text += bare(each) + drawn(each)[1];
        for (const each of [part, ...part.querySelectorAll('*')]) text += drawn(each).join('');
        let [a, b] = [1, 2];
        for (let at = 0; at < text.length; at += 1) {{
            a = Math.imul(a ^ text.charCodeAt(at), 2654435761);
            b = Math.imul(b ^ text.charCodeAt(at), 1597334677);
        }}
        return `${{a}} ${{b}} ${{text.length}}`;
    }};
    const over = {OVER};
    for (const part of (over ?? document).querySelectorAll('{PARTS}')) {{
        if (judged.has(part)) continue;
        const itself = name(part);
        if (!known.has(itself)) fresh.push(itself);
        else for (const each of [part, ...part.querySelectorAll('*')]) judged.add(each);
    }}
    for (const id of {BY_LOOK}) {{
        const rule = axe._audit.getRule(id);
        const judges = (rule.judges ??= rule.matches);
        rule.matches = (node, ...more) => !judged.has(node) && judges.call(rule, node, ...more);
    }}
    const {{ violations }} = await axe.run(over ?? document, {{
        runOnly: which,
        rules: which.type === 'tag' ? {{ 'target-size': {{ enabled: true }} }} : {{}},
        resultTypes: ['violations'],
    }});
    return [fresh, violations.flatMap((rule) =>
        rule.nodes.map((node) => `${{rule.id}}: ${{node.html}} ${{node.failureSummary}}`))];
}}"""

NARROW_AND_DARK: dict[str, Any] = {
    **PHONE,
    "viewport": {"width": 320, "height": 640},
    "color_scheme": "dark",
}
NARROW = {"width": 320, "height": 640, "deviceScaleFactor": 1, "mobile": True}
WIDE = {"width": 1440, "height": 900, "deviceScaleFactor": 1, "mobile": False}
# Nothing is scrolled any more, as when one comes there with a large screen; what draws itself anew
# in another look has done so, and nothing is on its way.
SETTLED = """() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => {
    for (const each of document.querySelectorAll('*'))
        if (each.scrollTop || each.scrollLeft)
            each.scrollTo({ top: 0, left: 0, behavior: 'instant' });
    for (const each of document.getAnimations())
        if (each.effect.getComputedTiming().endTime !== Infinity) each.finish();
    done();
})))"""

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
                let [far, step] = [0, 4];
                // Nothing that lies over a control is thinner than four pixels.
                while (far < most) {
                    const next = Math.min(far + step, most);
                    if (hits(middle + dx * next, centre + dy * next)) far = next;
                    else if (step === 1) break;
                    else step = 1;
                }
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


class Window(NamedTuple):
    """A window, and what turns it from a phone into a large screen."""

    page: Page
    hand: CDPSession

    def bring_axe(self) -> None:
        """Makes axe known to the page. By this way the browser remembers how it is compiled."""
        self.hand.send("Runtime.evaluate", {"expression": AXE})

    def look(self, size: dict[str, Any], color_scheme: Literal["dark", "light"]) -> None:
        """Changes the screen and the colours."""
        self.hand.send("Emulation.setDeviceMetricsOverride", size)
        touch = {"enabled": size["mobile"], "maxTouchPoints": 1}
        self.hand.send("Emulation.setTouchEmulationEnabled", touch)
        self.page.emulate_media(color_scheme=color_scheme, forced_colors="none")


class Stage:
    """A scene as each kind of person looks at it, in a window of their own."""

    def __init__(self, scene: Scene, windows: Windows) -> None:
        self._scene = scene
        self._windows = windows
        self._of: dict[str, Window] = {}
        # The parts in which nothing is wrong, in each look.
        self._seen: dict[int, set[str]] = {44: set(), 24: set()}
        self.documents: list[Response] = []
        for who, browser in scene.browsers(**NARROW_AND_DARK).items():
            page = browser.new_page()
            page.on("response", self._keep)
            self._of[who] = Window(page, browser.new_cdp_session(page))

    def come_to(self, sight: Sight) -> Window:
        """The window in which somebody has come to a sight, on a phone and in the dark."""
        window = self._of[sight.who]
        # What is left behind is not laid out and drawn once more.
        window.page.goto(BARE)
        window.look(NARROW, "dark")
        self.documents.clear()
        sight.show(window.page, self._scene)
        return window

    def widen(self, window: Window, sight: Sight) -> None:
        """Lets the window be a large screen in the light, on which the same is to be seen."""
        over = window.page.evaluate(LIES_OVER)
        window.look(WIDE, "light")
        window.page.evaluate(SETTLED)
        if window.page.evaluate(LIES_OVER) != over:
            # What the change of the screen has closed is opened again; the board without it is
            # another sight.
            self.come_again(window, sight)

    def come_again(self, window: Window, sight: Sight) -> None:
        """Comes to a sight anew, on the screen as it is."""
        sight.show(window.page, self._scene)
        window.bring_axe()

    def complaints(self) -> list[str]:
        """What windows complain of: errors, warnings, things that the policy forbids."""
        heard, self._windows.complaints[:] = self._windows.complaints[:], []
        return heard

    def _keep(self, answer: Response) -> None:
        if answer.request.resource_type == "document":
            self.documents.append(answer)

    def look_at(self, sight: Sight) -> dict[str, list[str]]:
        """What is wrong there, in each look."""
        window = self.come_to(sight)
        page, documents = window.page, self.documents
        for document in documents:
            headers = document.headers
            assert headers["content-security-policy"] == CONTENT_SECURITY_POLICY, document.url
            assert headers["x-content-type-options"] == "nosniff", document.url
            assert headers["x-frame-options"] == "DENY", document.url
        # The body of a page that was left is not kept.
        assert Inline(documents[-1].text()).found == []
        assert page.title().endswith(" · Weir")
        expect(page.locator("h1")).to_have_count(1)
        window.bring_axe()
        found = {"narrow and dark": self._in_the_way(page, OF_THIS_LOOK, least=44)}
        page.emulate_media(forced_colors="active")
        found["without colours"] = [*page.evaluate(ALIKE), *sideways(page)]
        self.widen(window, sight)
        found["wide and light"] = self._in_the_way(page, ALL, least=24)
        if found["wide and light"]:
            # That may be of the change of the screen alone: what counts is how one finds it.
            self.come_again(window, sight)
            found["wide and light"] = self._in_the_way(page, ALL, least=24)
        found["complaints"] = self.complaints()
        return {what: wrong for what, wrong in found.items() if wrong}

    def _in_the_way(self, page: Page, rules: dict[str, Any], least: int) -> list[str]:
        """What must not be so in any look; `least` is how large a control must be."""
        seen = self._seen[least]
        fresh, found = page.evaluate(RUN_AXE, [rules, sorted(seen)])
        if not found:
            seen.update(fresh)
        return [*found, *sideways(page), *page.evaluate(SMALL_TARGETS, least)]


def sideways(page: Page) -> list[str]:
    """Whether the page as a whole is wider than its window."""
    width = "({ scrollWidth, clientWidth }) => [scrollWidth, clientWidth]"
    across, room = page.locator("html").evaluate(width)
    return [f"{across} pixels wide where there are {room}"] if across > room else []
