"""The constraint on the flow page, in a browser."""

import re

from playwright.sync_api import expect

from tests.browser import sample
from tests.browser.windows import Windows
from tests.support import BoardOf


def test_the_constraint_is_named_with_its_evidence_and_the_next_step(
    windows: Windows, ops: BoardOf
) -> None:
    sample.fill(ops)
    flow = windows.open(ops.person, f"/boards/{ops.key}/flow?range=1y")
    expect(flow.locator("#constraint-sentence")).to_contain_text("holds the flow")
    evidence = flow.get_by_role("group", name="Evidence by work centre")
    expect(evidence.get_by_role("row").filter(has_text="constraint")).to_have_count(1)
    next_step = flow.locator("#constraint-advice [aria-current=step] strong")
    heading = flow.locator("#constraint-advice h3")
    expect(heading).to_have_text(re.compile(f"Next: {next_step.inner_text()}", re.IGNORECASE))
    flow.locator("#constraint-little-table").click()
    expect(flow.get_by_role("group", name="Little’s law as a sum")).to_be_visible()
