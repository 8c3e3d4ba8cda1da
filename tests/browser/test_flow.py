"""The flow page: reading how long work takes, and asking it about less."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import sample
from tests.browser.served import Served
from tests.browser.windows import Windows, until
from tests.support import BoardOf


@pytest.fixture
def flow(windows: Windows, ops: BoardOf) -> Page:
    """The flow page of a board with a past."""
    sample.fill(ops)
    return windows.open(ops.person, f"/boards/{ops.key}/flow")


def behind(flow: Page) -> Locator:
    """The rows of the cards behind the times, which are opened for that."""
    flow.locator("#times-cards").click()
    return flow.get_by_role("group", name="The cards behind it").get_by_role("row")


def test_the_flow_page_reads_the_result_in_a_sentence_and_numbers(flow: Page) -> None:
    expect(flow.get_by_role("heading", level=1)).to_contain_text("Flow of")
    expect(flow.locator("#times-sentence")).to_have_text(
        re.compile(r"85 % of \d+ cards were done within [\d.]+ (days|hours)\.")
    )
    for name in ("Cards", "Mean"):
        expect(flow.locator(".metric dt", has_text=name).first).to_be_visible()
    bars = flow.locator(".histogram .bar-on")
    assert bars.count() > 3
    expect(behind(flow).nth(1)).to_be_visible()


def test_window_and_clock_are_chosen_and_stand_in_the_address(flow: Page, ops: BoardOf) -> None:
    sentence = flow.locator("#times-sentence")
    lead = sentence.inner_text()
    clocks = flow.get_by_role("navigation", name="Clock")
    clocks.get_by_role("link", name="Cycle time").click()
    expect(sentence).not_to_have_text(lead)
    expect(clocks.get_by_role("link", name="Cycle time")).to_have_attribute("aria-current", "true")
    flow.get_by_role("navigation", name="Window").get_by_role("link", name="1 y").click()
    expect(flow).to_have_url(re.compile(r"metric=cycle"))
    everything = f"The {sample.FINISHED} cards behind it"
    expect(flow.locator("#times-cards")).to_have_text(everything)
    flow.get_by_label("From", exact=True).fill("2020-01-01")
    flow.get_by_label("to before").fill("2020-02-01")
    flow.get_by_role("button", name="Show").click()
    expect(flow).to_have_url(re.compile(r"from=2020-01-01&to=2020-02-01"))
    expect(flow.locator("#times-missing")).to_be_visible()
    flow.go_back()
    expect(flow.locator("#times-cards")).to_have_text(everything)


def test_filters_narrow_the_numbers_and_can_be_cleared(flow: Page) -> None:
    whole = flow.locator("#times-sentence").inner_text()
    flow.get_by_role("button", name="Team").click()
    flow.get_by_role("checkbox", name="ops").check()
    flow.get_by_role("group", name="Team").get_by_role("button", name="Apply").click()
    expect(flow).to_have_url(re.compile(r"team=ops"))
    expect(flow.locator("#times-sentence")).not_to_have_text(whole)
    expect(flow.get_by_role("button", name="Team 1 chosen")).to_be_visible()
    flow.get_by_role("link", name="Clear filters").click()
    expect(flow.locator("#times-sentence")).to_have_text(whole)


def test_the_cards_behind_the_numbers_lead_to_their_pages(flow: Page) -> None:
    row = behind(flow).nth(1)
    title = row.get_by_role("link").inner_text()
    row.get_by_role("link").click()
    expect(flow.locator("#panel-name")).to_contain_text(title)


def test_the_same_numbers_come_as_csv_and_from_the_api(flow: Page) -> None:
    with flow.expect_download() as download:
        flow.locator("#times-csv").click()
    text = download.value.path().read_text()
    assert text.count("\n") > 10
    flow.locator("#times-api").click()
    assert '"percentiles"' in flow.locator("body").inner_text()


def test_a_window_that_makes_no_sense_is_explained(flow: Page, ops: BoardOf) -> None:
    flow.get_by_label("From", exact=True).fill("2024-02-01")
    flow.get_by_label("to before").fill("2024-01-01")
    flow.get_by_role("button", name="Show").click()
    expect(flow.get_by_role("alert")).to_have_text(
        re.compile("The window must begin before it ends.")
    )
    expect(flow.get_by_label("From", exact=True)).to_have_value("2024-02-01")


def test_a_board_without_finished_cards_says_what_is_missing(
    windows: Windows, simple: BoardOf
) -> None:
    page = windows.open(simple.person, f"/boards/{simple.key}/flow")
    expect(page.locator("#times-missing")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_the_histogram_can_be_read_as_a_table(flow: Page) -> None:
    flow.locator("#histogram-table").click()
    table = flow.get_by_role("group", name="Histogram as a table").get_by_role("table")
    counts = table.get_by_role("cell").all_inner_texts()
    assert sum(int(count) for count in counts) > 0


def test_a_chart_is_drawn_told_by_the_pointer_and_drawn_anew_in_the_dark(flow: Page) -> None:
    box = flow.locator("#cumulative-chart .chart-box")
    expect(box).to_have_attribute("aria-label", re.compile(r"\d+ cards came and \d+ were finished"))
    drawing = box.locator("canvas")
    expect(drawing).to_be_visible()
    light = drawing.evaluate("canvas => canvas.toDataURL()")
    flow.emulate_media(color_scheme="dark")
    until(lambda: drawing.evaluate("canvas => canvas.toDataURL()") != light)
    dark = drawing.evaluate("canvas => canvas.toDataURL()")
    box.hover()
    until(lambda: drawing.evaluate("canvas => canvas.toDataURL()") != dark)


def test_the_parts_of_a_chart_differ_where_colours_are_forced(flow: Page) -> None:
    flow.emulate_media(forced_colors="active")
    flow.reload()
    colors = flow.locator("#cumulative-chart .chart-box[data-drawn]").evaluate(
        "(box) => echarts.getInstanceByDom(box).getOption().series.map((each) => each.color)"
    )
    assert len(set(filter(None, colors))) > 4


def test_each_chart_can_be_read_as_a_table(flow: Page) -> None:
    flow.locator("#cumulative-chart-table").click()
    table = flow.get_by_role("group", name="Cumulative flow as a table").get_by_role("table")
    expect(table.get_by_role("columnheader").last).to_have_text("In production")
    expect(table.get_by_role("row")).to_have_count(1 + 91)


def test_a_step_of_the_value_stream_leads_to_the_cards_that_were_longest_in_it(
    flow: Page,
) -> None:
    expect(flow.locator("#stream-sentence")).to_contain_text("flow efficiency")
    step = flow.locator("#stream-map .stream-card").first
    longest = flow.locator(f"#{step.get_attribute('id')}-cards")
    expect(longest).to_be_hidden()
    step.click()
    expect(longest).to_contain_text("longest here")
    link = longest.get_by_role("link").first
    ref = link.locator(".ref").inner_text()
    link.click()
    expect(flow.locator("#panel .ref").first).to_have_text(ref)
    expect(longest).to_be_hidden()
    flow.keyboard.press("Escape")
    expect(step).to_be_focused()


def test_a_card_opens_over_the_page_and_its_close_gives_everything_back(
    flow: Page, ops: BoardOf
) -> None:
    panel, row = flow.locator("#panel"), behind(flow).nth(1)
    title = row.get_by_role("link").inner_text()
    row.get_by_role("link").press("Enter")
    expect(panel).to_be_focused()
    expect(flow).to_have_title(re.compile(rf"{title} · Weir"))
    expect(flow).to_have_url(re.compile(rf"/boards/{ops.key}/flow\?card=\d+$"))
    flow.keyboard.press("Escape")
    expect(row.get_by_role("link")).to_be_focused()
    expect(panel).to_be_hidden()
    expect(flow).to_have_url(re.compile(rf"/boards/{ops.key}/flow$"))
    flow.go_forward()
    expect(panel).to_be_visible()
    flow.reload()
    expect(flow.locator("#panel-name")).to_contain_text(title)
    flow.locator("#panel-close").click()
    expect(panel).to_be_hidden()
    expect(flow).to_have_title(re.compile("^Flow of"))
    expect(flow).to_have_url(re.compile(rf"/boards/{ops.key}/flow$"))


def test_a_card_is_changed_over_the_page(flow: Page, ops: BoardOf) -> None:
    row = behind(flow).nth(1)
    number = int(row.locator(".ref").inner_text().split("-")[1])
    row.get_by_role("link").click()
    flow.locator("#panel-title").fill("Another title")
    flow.locator("#panel-title").press("Enter")
    expect(flow.locator("#panel-history")).to_contain_text("Another title")
    flow.locator("#comment-body").fill("A word about it")
    flow.keyboard.press("Control+Enter")
    expect(flow.locator(".comment")).to_contain_text(["A word about it"])
    assert ops.person.get(f"/boards/{ops.key}/cards/{number}")["title"] == "Another title"


def open_card(flow: Page) -> int:
    """Opens the second of the cards behind the numbers over the page; its number."""
    row = behind(flow).nth(1)
    number = int(row.locator(".ref").inner_text().split("-")[1])
    row.get_by_role("link").click()
    expect(flow.locator("#panel")).to_be_focused()
    return number


def test_a_card_is_moved_over_the_page_and_a_refusal_is_said_there(
    flow: Page, ops: BoardOf
) -> None:
    number = open_card(flow)
    ops.limit("Ready", 2)
    flow.keyboard.press("m")
    dialog = flow.locator("#dialog")
    expect(dialog).to_contain_text(f"Move {ops.key}-{number}")
    flow.locator("#move-column").select_option(str(ops.column("Ready")))
    dialog.get_by_role("button", name="Move", exact=True).click()
    expect(flow.locator("#dialog-problem")).to_contain_text("Not done. Ready is full")
    flow.locator("#move-column").select_option(str(ops.column("Doing")))
    dialog.get_by_role("button", name="Move", exact=True).click()
    expect(dialog).to_be_hidden()
    expect(flow.locator("#panel-history")).to_contain_text("Doing")
    expect(flow.locator("#live-region")).to_have_text(f"{ops.key}-{number} is moved.")
    expect(flow.locator("#panel")).to_be_focused()
    expect(flow).to_have_url(re.compile(rf"/flow\?card={number}$"))


def test_a_card_is_blocked_over_the_page_and_what_lacks_comes_back_in_the_form(
    flow: Page, ops: BoardOf
) -> None:
    card = ops.add("In work", "Doing")
    flow.goto(f"/boards/{ops.key}/flow?card={card['number']}")
    flow.locator("#panel-block").click()
    flow.locator("#block-reason").fill(" ")
    flow.locator("#block-submit").click()
    expect(flow.locator("#block-reason-error")).to_be_visible()
    flow.locator("#block-reason").fill("Waits for a key")
    flow.locator("#block-submit").click()
    expect(flow.locator("#dialog")).to_be_hidden()
    expect(flow.locator("#panel")).to_contain_text("Waits for a key")
    assert ops.person.get(f"/cards/{card['id']}")["blocked"]["reason"] == "Waits for a key"


def test_what_others_do_to_the_card_over_the_page_is_seen_at_once(flow: Page, ops: BoardOf) -> None:
    number = open_card(flow)
    card = ops.person.get(f"/boards/{ops.key}/cards/{number}")
    ops.person.patch(f"/cards/{card['id']}", {"title": "Named by another"})
    expect(flow.locator("#panel-name")).to_contain_text("Named by another")
    flow.keyboard.press("Escape")
    expect(flow.locator("#panel")).to_be_hidden()


def test_a_card_goes_to_another_board_over_the_page(weir: Served, flow: Page, ops: BoardOf) -> None:
    other = weir.board(ops.person)
    open_card(flow)
    flow.locator("#panel-move").click()
    flow.locator("#move-elsewhere").click()
    flow.locator("#transfer-board").select_option(value=other.key)
    flow.locator("#transfer-form").get_by_role("button", name=re.compile("^Move")).click()
    expect(flow.locator("#panel")).to_be_hidden()
    assert [card["title"] for card in other.cards()]
    expect(flow).to_have_url(re.compile(rf"/boards/{ops.key}/flow$"))


def test_points_that_are_to_be_confirmed_are_asked_on_their_page(flow: Page, ops: BoardOf) -> None:
    card = ops.add("To be left", "Doing")
    policy = {"policy": "- It is tested", "ask_before_leaving": True}
    ops.person.patch(f"/columns/{ops.column('Doing')}", policy)
    ops.limit("Test", None)
    flow.goto(f"/boards/{ops.key}/flow?card={card['number']}")
    flow.locator("#panel-move").click()
    flow.locator("#move-column").select_option(str(ops.column("Test")))
    flow.locator("#dialog").get_by_role("button", name="Move", exact=True).click()
    expect(flow.locator("#policy-form")).to_contain_text("It is tested")
    expect(flow).to_have_title(re.compile("leaves Doing"))
