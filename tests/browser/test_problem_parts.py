"""The flow page in the browser: what blocks and refuses, what the work is, and what changed."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import sample
from tests.browser.windows import Windows
from tests.support import BoardOf


@pytest.fixture
def flow(windows: Windows, ops: BoardOf) -> Page:
    """The flow page of a board with blockers and refusals."""
    cards = {card["title"]: card for card in sample.fill(ops)}
    for _ in range(2):
        assert ops.try_move(cards["Audit log export"], "Test").status_code == 409
    return windows.open(ops.person, f"/boards/{ops.key}/flow?range=1y")


def click_bar(flow: Page, name: str) -> Locator:
    """Clicks the first bar of a chart of lying bars; the place below it, where cards are kept."""
    box = flow.locator(f"#{name} .chart-box")
    box.scroll_into_view_if_needed()
    expect(box).to_have_attribute("data-drawn", "")
    x, y = box.evaluate(
        "(box) => echarts.getInstanceByDom(box)"
        ".convertToPixel({ xAxisIndex: 0, yAxisIndex: 0 }, [0, 0])"
    )
    box.click(position={"x": x + 6, "y": y})
    return flow.locator(f"#{name}-pinned")


def test_a_click_on_a_blocker_shows_its_cards(flow: Page) -> None:
    expect(flow.locator("#blockers-sentence")).to_contain_text("Waiting on a vendor")
    pinned = click_bar(flow, "blockers-category")
    expect(pinned).to_contain_text("Waiting on a vendor:")
    expect(pinned.get_by_role("link", name=re.compile("Raise the file-descriptor"))).to_be_visible()
    flow.keyboard.press("Escape")
    expect(pinned).to_be_hidden()
    flow.locator("#blockers-reason-table").click()
    table = flow.get_by_role("group", name="Time lost by reason as a table")
    expect(table.get_by_role("row", name=re.compile("Vendor ticket 4471"))).to_be_visible()


def test_what_is_blocked_now_leads_to_its_card(flow: Page) -> None:
    flow.locator("#blockers-now").get_by_role("link", name=re.compile("Raise the")).click()
    expect(flow.locator("#panel-name")).to_contain_text("Raise the file-descriptor")


def test_a_click_on_a_place_shows_what_it_refused(flow: Page) -> None:
    expect(flow.locator("#refusals-sentence")).to_contain_text("Test refused all 2 times")
    pinned = click_bar(flow, "refusals-places")
    links = pinned.get_by_role("link", name=re.compile("Audit log export"))
    expect(links).to_have_count(2)
    flow.locator("#refusals-list").click()
    rows = flow.get_by_role("group", name="The refusals one by one").get_by_role("row")
    expect(rows).to_have_count(3)


def test_another_target_is_judged_and_stands_in_the_address(flow: Page) -> None:
    sentence = flow.locator("#work-mix-sentence")
    expect(sentence).to_contain_text("the target of 20 %")
    flow.get_by_label("Target for improvement and debt").fill("5")
    flow.get_by_role("button", name="Set", exact=True).click()
    expect(sentence).to_contain_text("at least the target of 5 %")
    expect(flow).to_have_url(re.compile(r"range=1y&target=5#work-mix"))


def test_a_marker_is_set_stands_in_the_charts_and_can_be_deleted(flow: Page) -> None:
    lines = flow.locator("#lines-table")
    before = lines.get_by_role("row").count()
    flow.get_by_label("What changed").fill("New deploy pipeline")
    day = flow.evaluate("new Date(Date.now() - 864e5).toISOString().slice(0, 10)")
    flow.get_by_label("Day", exact=True).fill(day)
    flow.get_by_role("button", name="Set the marker").click()
    expect(lines).to_contain_text("New deploy pipeline")
    expect(lines.get_by_role("row")).to_have_count(before + 1)
    drawn = flow.locator("#blockers-weeks-data").evaluate("(data) => data.textContent")
    assert "New deploy pipeline" in drawn
    flow.get_by_role("link", name="All markers of the board").click()
    flow.get_by_role("button", name="Delete New deploy pipeline").click()
    expect(flow.get_by_text("No markers yet.")).to_be_visible()
