"""Throughput and forecast on the flow page: two questions, and a past that is chosen by hand."""

import re
from datetime import date, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from app import clock
from tests.browser import sample
from tests.browser.windows import Windows, until
from tests.support import BoardOf


@pytest.fixture
def flow(windows: Windows, ops: BoardOf) -> Page:
    """The flow page of a board with a past."""
    sample.fill(ops)
    return windows.open(ops.person, f"/boards/{ops.key}/flow")


def asked(page: Page) -> dict[str, str]:
    """What the page's address asks for."""
    return {name: values[-1] for name, values in parse_qs(urlsplit(page.url).query).items()}


def test_intervals_are_chosen_and_a_bar_shows_its_cards(flow: Page) -> None:
    expect(flow.locator("#throughput-week")).to_have_attribute("aria-current", "true")
    flow.locator("#throughput-month").click()
    expect(flow.locator("#throughput-run .chart-title")).to_have_text("Cards done per month")
    expect(flow).to_have_url(re.compile("interval=month.*#throughput"))
    flow.locator("#throughput-run-table").click()
    counts = flow.get_by_role("group", name="Cards done per month as a table").get_by_role("cell")
    assert sum(int(count) for count in counts.all_inner_texts()) > 0
    expect(flow.locator("#throughput-run [data-drawn] canvas")).to_be_visible()
    pinned = flow.locator("#throughput-run-pinned")

    def is_pinned() -> bool:
        """Whether one of the bars was clicked on, wherever they stand; they grow at first."""
        box = flow.locator("#throughput-run .chart-box").bounding_box()
        assert box is not None
        for place in range(98, 30, -2):
            x, y = box["x"] + place / 100 * box["width"], box["y"] + box["height"] - 32
            flow.mouse.click(x, y)
            if pinned.is_visible():
                return True
        return False

    until(is_pinned)
    pinned.get_by_role("link").first.click()
    expect(flow.locator("#panel-name")).to_be_visible()


def test_both_questions_are_asked_in_the_form_and_stand_in_the_address(flow: Page) -> None:
    sentence = flow.locator("#forecast-sentence")
    expect(sentence).to_have_text(re.compile("With 85 % confidence all .* or more will be done."))
    by = date.today() + timedelta(days=100)  # noqa: DTZ011 - the browser's and the board's are UTC
    flow.get_by_label("When are so many done?").fill("7")
    flow.get_by_label("How many are done by?").fill(f"{by}")
    flow.get_by_role("button", name="Forecast", exact=True).click()
    expect(sentence).to_have_text(re.compile("With 85 % confidence 7 cards are done by"))
    assert (asked(flow)["items"], asked(flow)["by"]) == ("7", f"{by}")
    expect(flow.locator("#forecast-when [data-drawn] canvas")).to_be_visible()
    flow.reload()
    expect(sentence).to_have_text(re.compile("With 85 % confidence 7 cards are done by"))
    flow.locator("#forecast-api").click()
    assert '"when"' in flow.locator("body").inner_text()


def test_the_sample_is_dragged_and_the_dates_follow(flow: Page) -> None:
    words = flow.locator("#forecast-past")
    before = words.inner_text()
    box = flow.locator("#forecast-sample .chart-box")
    box.scroll_into_view_if_needed()
    expect(flow.locator("#forecast-sample [data-drawn] canvas")).to_be_visible()
    place = box.bounding_box()
    assert place is not None
    # A year is shown, and the sample is its last quarter.
    x, y = place["x"] + 44 + (place["width"] - 60) * 0.88, place["y"] + place["height"] - 23
    flow.mouse.move(x, y)
    flow.mouse.down()
    flow.mouse.move(x - 15, y)
    flow.mouse.move(x - 30, y)
    flow.mouse.up()
    expect(words).not_to_have_text(before)
    first, end = (date.fromisoformat(asked(flow)[f"sample_{each}"]) for each in ("from", "to"))
    assert (end - first).days == 90
    today = clock.to_datetime(clock.now()).date()
    assert end < today
    expect(flow.get_by_label("Draw from the days from")).to_have_value(f"{first}")
    flow.locator("#forecast-sample-30").click()
    expect(words).to_have_text(re.compile("Drawn from 30 past days"))
    assert asked(flow) == {"sample_days": "30"}


def test_a_question_that_makes_no_sense_is_explained_and_kept(flow: Page) -> None:
    flow.get_by_label("How many are done by?").fill("2020-01-01")
    flow.get_by_role("button", name="Forecast", exact=True).click()
    expect(flow.locator("#forecast-problem")).to_contain_text("must be after today")
    expect(flow.get_by_label("How many are done by?")).to_have_value("2020-01-01")
    flow.get_by_label("How many are done by?").fill("")
    flow.get_by_role("button", name="Forecast", exact=True).click()
    expect(flow.locator("#forecast-sentence")).to_be_visible()
    until(lambda: "by=" not in flow.url)
