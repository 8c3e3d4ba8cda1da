"""The stand-up page keeps itself up to date."""

import re

from playwright.sync_api import expect

from tests.browser.windows import Windows
from tests.support import BoardOf


def test_the_page_shows_what_happens_on_the_board(windows: Windows, ops: BoardOf) -> None:
    card = ops.add("Split the worker", "Doing")
    page = windows.open(ops.person, f"/boards/{ops.key}/standup")
    sentence = page.locator("#standup-sentence")
    expect(sentence).to_have_text(re.compile("Nothing is blocked, late or full; no card moved"))
    ops.person.post(f"/cards/{card['id']}/block", {"reason": "Vendor ticket"})
    expect(sentence).to_contain_text("1 card is blocked;")
    blocked = page.get_by_role("region", name="Blocked 1")
    expect(blocked.get_by_role("listitem")).to_contain_text(["Vendor ticket"])
    ops.person.post(f"/cards/{card['id']}/unblock", {})
    expect(sentence).to_contain_text("Nothing is blocked")


def test_the_flow_page_leads_there_and_a_card_leads_on(windows: Windows, ops: BoardOf) -> None:
    card = ops.add("Split the worker", "Doing")
    ops.person.post(f"/cards/{card['id']}/block", {"reason": "Vendor ticket"})
    page = windows.open(ops.person, f"/boards/{ops.key}/flow")
    page.locator("#flow-standup").click()
    link = page.get_by_role("link", name="Split the worker")
    link.click()
    expect(page.locator("#panel-name")).to_contain_text("Split the worker")
    ops.person.patch(f"/cards/{card['id']}", {"title": "Split the billing worker"})
    expect(page.locator("#panel-title")).to_have_value("Split the billing worker")
    expect(page.get_by_role("main")).to_contain_text("Split the billing worker")
    page.go_back()
    expect(page.locator("#panel")).to_be_hidden()
    expect(page.get_by_role("link", name="Split the billing worker")).to_be_focused()
