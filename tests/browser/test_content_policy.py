"""No page runs or draws anything that Weir itself did not serve as a file."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Response

from app.web import CONTENT_SECURITY_POLICY
from tests.browser.sights import SIGHTS, Scene, staged
from tests.browser.windows import Windows
from tests.support import BoardOf


class Inline(HTMLParser):
    """Finds styles, scripts and handlers inside a page's HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Looks at one element."""
        names = dict(attrs)
        if tag == "style" or (tag == "script" and "src" not in names):
            self.found.append(tag)
        self.found += [
            f"{tag} {name}" for name in names if re.match(r"style$|on|hx-on|hx-vals-js", name)
        ]


@pytest.fixture
def scene(chromium: Browser, tmp_path: Path) -> Iterator[tuple[Scene, Windows]]:
    """A scene, and windows on it."""
    with staged(chromium, tmp_path, finished=3) as scene:
        yield scene


def test_every_page_is_silent_and_keeps_the_policy(scene: tuple[Scene, Windows]) -> None:
    """The windows themselves listen for violations, errors and warnings; here all pages are opened
    in one look, and every document that they load is read."""
    shown, windows = scene
    pages = {who: browser.new_page() for who, browser in shown.browsers().items()}
    documents: list[Response] = []

    def keep(answer: Response) -> None:
        if answer.request.resource_type == "document":
            documents.append(answer)

    for page in pages.values():
        page.on("response", keep)
    for sight in SIGHTS:
        documents.clear()
        sight.show(pages[sight.who], shown)
        for document in documents:
            headers = document.headers
            assert headers["content-security-policy"] == CONTENT_SECURITY_POLICY, document.url
            assert headers["x-content-type-options"] == "nosniff", document.url
            assert headers["x-frame-options"] == "DENY", document.url
        # The body of a page that was left is not kept.
        assert Inline(documents[-1].text()).found == [], sight.name
    assert not windows.complaints, "\n".join(windows.complaints)


def test_the_policy_allows_nothing_inline_and_nothing_from_elsewhere() -> None:
    rules = dict(rule.strip().split(" ", 1) for rule in CONTENT_SECURITY_POLICY.split(";"))
    assert rules["default-src"] == rules["base-uri"] == rules["object-src"] == "'none'"
    assert rules["frame-ancestors"] == "'none'"
    assert {rules[f"{kind}-src"] for kind in ("script", "style", "connect", "font")} == {"'self'"}
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert "*" not in CONTENT_SECURITY_POLICY


def test_a_script_that_finds_its_way_into_a_page_does_not_run(
    windows: Windows, ops: BoardOf
) -> None:
    windows.allow("violates the (following|policy)")
    page = windows.board(ops).page
    page.evaluate(
        """() => {
            const script = document.createElement('script');
            script.textContent = 'window.ran = true';
            document.head.append(script);
            document.body.insertAdjacentHTML('beforeend', '<img src="x" onerror="window.ran = 1">');
        }"""
    )
    assert page.evaluate("window.ran") is None
    assert len(windows.complaints) == 0


def test_htmx_evaluates_nothing_keeps_nothing_and_asks_nobody_else(
    windows: Windows, ops: BoardOf
) -> None:
    page = windows.board(ops).page
    config = page.evaluate("htmx.config")
    for name in ("allowEval", "includeIndicatorStyles", "allowScriptTags"):
        assert config[name] is False, name
    assert config["selfRequestsOnly"] is True
    assert config["historyCacheSize"] == 0
    assert page.evaluate("localStorage.length") == 0
    assert page.evaluate("sessionStorage['htmx-history-cache']") is None


def test_what_people_type_is_shown_as_they_typed_it(windows: Windows, ops: BoardOf) -> None:
    nasty = "<img src=x onerror=alert(1)> {{ 7 * 7 }} \" onmouseover='x'"
    card = ops.add(nasty, column="Doing", description=nasty, labels=["<b>"])
    ops.person.post(f"/cards/{card['id']}/block", {"reason": nasty})
    ops.person.patch(f"/columns/{ops.column('Test')}", {"name": "<i>Test</i>", "policy": nasty})
    board = windows.board(ops)
    assert board.title(card).inner_text() == nasty
    assert nasty in board.card(card).locator(".card-block").inner_text()
    board.choose(card, "Move to…")
    assert nasty in board.dialog.inner_text()
    assert "<i>Test</i> (0 of 3)" in board.dialog.inner_text()
    board.page.goto(f"/boards/{ops.key}/cards/{card['number']}")
    assert board.page.locator("#panel-prose").inner_text() == nasty
    assert board.page.locator("main img, #panel img").count() == 0
