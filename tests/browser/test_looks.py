"""What was in order on one sight and is not on another one is found there."""

from typing import Any

import pytest

from tests.browser.looks import ALL, AXE, RUN_AXE
from tests.browser.windows import Windows

PAGE = """<!doctype html><html lang="en"><title>A page</title><style>
    p { color: black; background: white }
    button { height: 28px; width: 28px; display: block }
    .pale p, hr + section p, main:has(dialog) p { color: #ccc }
    .dark { background: #333 }
    .dark p { background: none }
    .tight button { height: 10px; width: 10px; padding: 0 }
</style><main><h1>A page</h1><section><h2>A part</h2><p>Its words</p>
<button>a</button><button>b</button></section></main>"""


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ("document.body.classList.add('pale')", "color-contrast"),
        ("document.body.classList.add('dark')", "color-contrast"),
        (
            "document.querySelector('section').before(document.createElement('hr'))",
            "color-contrast",
        ),
        (
            "document.querySelector('main').append(document.createElement('dialog'))",
            "color-contrast",
        ),
        ("document.querySelector('p').style.color = '#ccc'", "color-contrast"),
        ("document.body.classList.add('tight')", "target-size"),
        ("document.querySelector('h1').remove()", "page-has-heading-one"),
        (
            "document.querySelector('main').outerHTML += '<main></main>'",
            "landmark-no-duplicate-main",
        ),
        ("document.documentElement.lang = ''", "html-has-lang"),
    ],
)
def test_a_part_that_is_known_is_judged_anew_where_it_looks_otherwise(
    windows: Windows, change: str, rule: str
) -> None:
    page = windows.open(path="about:blank")

    def judged(seen: list[str]) -> Any:
        return page.evaluate(RUN_AXE, [ALL, seen])

    page.set_content(PAGE)
    page.evaluate(AXE + ";null")
    seen, found = judged([])
    assert found == []
    assert judged(seen) == [[], []]
    page.evaluate(change)
    _, found = judged(seen)
    assert rule in {each.split(":")[0] for each in found}
