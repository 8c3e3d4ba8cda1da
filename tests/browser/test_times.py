"""Points in time are shown in the reader's own zone, in the server's words."""

import re

import pytest
from playwright.sync_api import Page, expect

from app.auth import service as auth
from tests.browser.served import Served
from tests.browser.windows import Windows
from tests.support import BoardOf

TOKYO = "Asia/Tokyo"
NEW_YORK = "America/New_York"


@pytest.fixture
def ends(weir: Served, ops: BoardOf) -> None:
    """Ada has a token that ends in the night before a new year, by UTC."""
    new_year = 1_924_990_200_000_000  # 2030-12-31T23:30:00Z
    actor = ops.person.actor
    assert actor is not None
    weir.db.write_now(lambda tx: auth.create_token(tx, actor, "Yearly", expires_at=new_year))


def end_of(page: Page) -> tuple[str, str | None]:
    """The words and the title of when that token ends."""
    time = page.get_by_role("listitem").filter(has_text="Yearly").locator("time").last
    expect(time).to_have_attribute("datetime", re.compile("^2030-12-31T23:30:00"))
    return time.inner_text(), time.get_attribute("title")


@pytest.mark.usefixtures("ends")
@pytest.mark.parametrize(
    ("zone", "words"), [(TOKYO, "1 Jan 2031, 08:30"), (NEW_YORK, "31 Dec 2030, 18:30")]
)
def test_a_time_is_the_readers_own(windows: Windows, ops: BoardOf, zone: str, words: str) -> None:
    page = windows.open(ops.person, "/account", timezone_id=zone)
    assert end_of(page) == (words, f"{words} ({zone})")


@pytest.mark.usefixtures("ends")
def test_without_a_script_it_is_the_servers(windows: Windows, ops: BoardOf) -> None:
    page = windows.open(ops.person, "/account", timezone_id=TOKYO, java_script_enabled=False)
    assert end_of(page) == ("31 Dec 2030, 23:30", None)


def test_what_comes_later_is_seen_to_as_it_comes(windows: Windows, ops: BoardOf) -> None:
    page = windows.open(ops.person, "/boards", timezone_id=TOKYO)
    page.evaluate(
        """() => {
            const bring = (id, stamp, words) => document.querySelector('main').insertAdjacentHTML(
                'beforeend', `<p><time id="${id}" datetime="${stamp}">${words}</time></p>`);
            bring('new', '2026-03-02T20:00:00.000000Z', '2 Mar 2026, 20:00');
            bring('ago', '2026-03-02T20:00:00Z', '3 h');
            bring('day', '2026-03-02', '2 Mar 2026');
        }"""
    )
    expect(page.locator("#new")).to_have_text("3 Mar 2026, 05:00")
    expect(page.locator("#ago")).to_have_text("3 h")
    expect(page.locator("#ago")).to_have_attribute("title", f"3 Mar 2026, 05:00 ({TOKYO})")
    expect(page.locator("#day")).to_have_text("2 Mar 2026")
    expect(page.locator("#day")).not_to_have_attribute("title", re.compile(".*"))
    # A fragment that is morphed in has the server's words again.
    page.evaluate("document.getElementById('new').textContent = '2 Mar 2026, 20:00'")
    expect(page.locator("#new")).to_have_text("3 Mar 2026, 05:00")
