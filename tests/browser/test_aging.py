"""Aging work in progress on the flow page: its dots lead to the cards."""

import re

import pytest
from playwright.sync_api import Page, Position, expect

from tests.browser import sample
from tests.browser.windows import Windows
from tests.support import BoardOf

# Where the middle of the oldest dot of the last series but one lies on its chart.
PLACE = """(box) => {
    const chart = echarts.getInstanceByDom(box);
    const { series } = chart.getOption();
    const index = series.length - 2, oldest = series[index].data.reduce(
        (found, dot) => (dot.value[1] > found.value[1] ? dot : found));
    return chart.convertToPixel({ seriesIndex: index }, oldest.value.slice(0, 2));
}"""


@pytest.fixture
def flow(windows: Windows, ops: BoardOf) -> Page:
    """The flow page of a board with work in progress and a past."""
    sample.fill(ops)
    return windows.open(ops.person, f"/boards/{ops.key}/flow")


def test_a_click_on_a_dot_keeps_its_cards_and_they_lead_on(flow: Page) -> None:
    box = flow.locator("#aging-chart .chart-box[data-drawn]")
    expect(flow.locator("#aging-sentence")).to_have_text(
        re.compile(r"\d of 9 cards are older than 85 % .+: [A-Z0-9]+-\d+ first\.")
    )
    x, y = box.evaluate(PLACE)
    at: Position = {"x": x, "y": y}
    box.click(position=at)
    pinned = flow.locator("#aging-chart-pinned")
    expect(pinned.get_by_role("link")).to_have_text([re.compile("Upgrade PostgreSQL to 18")])
    flow.keyboard.press("Escape")
    expect(pinned).to_be_hidden()
    box.click(position=at)
    pinned.get_by_role("link").click()
    expect(flow.locator("#panel-name")).to_contain_text("Upgrade PostgreSQL to 18")


def test_the_dots_are_walked_by_keys_said_listed_and_let_go(flow: Page) -> None:
    box = flow.get_by_role("application", name=re.compile("^The age of each card in work"))
    expect(box).to_have_accessible_description(re.compile("^Arrow keys walk through a chart"))
    said, tip, pinned = (
        flow.locator(each) for each in ("#live-region", ".chart-tip", "#aging-chart-pinned")
    )
    box.focus()
    flow.keyboard.press("End")
    expect(said).to_have_text(re.compile("Upgrade PostgreSQL to 18, .+ in Deploy"))
    flow.keyboard.press("ArrowLeft")
    flow.keyboard.press("ArrowLeft")
    # In the column the dot that is as old as the one before.
    expect(said).to_have_text(re.compile("in Test. 4 of 4 here$"))
    flow.keyboard.press("ArrowDown")
    expect(said).to_have_text(re.compile("in Test. 3 of 4 here$"))
    expect(tip.filter(has_text="in Test")).to_be_visible()
    expect(box.locator(".chart-ring")).to_be_visible()
    flow.keyboard.press("Enter")
    expect(said).to_have_text("1 card is listed below the chart.")
    pinned.get_by_role("link").focus()
    flow.keyboard.press("Escape")
    expect(pinned).to_be_hidden()
    expect(box).to_be_focused()
    flow.keyboard.press("Home")
    expect(box.locator(".chart-ring")).to_be_visible()
    flow.keyboard.press("Escape")
    expect(box.locator(".chart-ring")).to_have_count(0)


def test_bars_are_walked_by_their_axis_and_lines_are_said(flow: Page) -> None:
    said = flow.locator("#live-region")
    flow.locator("#blockers-category .chart-box").focus()
    flow.keyboard.press("ArrowDown")
    expect(said).to_have_text(re.compile("^Waiting on a vendor: .+ 1 of 2 here$"))
    flow.keyboard.press("ArrowRight")
    expect(said).to_have_text(re.compile("^Down to here .+ 2 of 2 here$"))
    flow.locator("#cumulative-chart .chart-box").focus()
    flow.keyboard.press("ArrowLeft")
    expect(said).to_have_text(re.compile("In production: .+ Limit of each person: none → 2$"))


def test_the_cards_can_be_read_as_a_table_the_oldest_first(flow: Page) -> None:
    flow.locator("#aging-chart-table").click()
    table = flow.get_by_role("group", name="Age in days by column as a table").get_by_role("table")
    rows = table.get_by_role("row")
    expect(rows).to_have_count(10)
    expect(rows.nth(1)).to_contain_text("Upgrade PostgreSQL to 18")
    expect(rows.nth(1)).to_contain_text("past cards at this stage")
    expect(table.get_by_role("cell", name="blocked", exact=True)).to_have_count(1)
