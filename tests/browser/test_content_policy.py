"""No page runs or draws anything that Weir itself did not serve as a file; that each page sends the
policy and keeps it `looks.py` looks at."""

from app.web import CONTENT_SECURITY_POLICY
from tests.browser.windows import Windows
from tests.support import BoardOf


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
