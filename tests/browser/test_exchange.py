"""Importing and exporting in a browser: from one board to another, with scripts and without."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.windows import Windows
from tests.support import BoardOf


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "none"])
def test_a_board_is_exported_and_imported_into_an_empty_one(
    windows: Windows, ops: BoardOf, tmp_path: Path, scripts: bool
) -> None:
    ops.move(ops.add("Rotate the keys"), "In production")
    ops.add("Write the handover", column="Ready")
    page = windows.open(
        ops.person,
        f"/boards/{ops.key}/import",
        accept_downloads=True,
        java_script_enabled=scripts,
    )
    with page.expect_download() as download:
        page.get_by_role("link", name="Cards with their pasts").click()
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    other = ops.person.board(f"{ops.key}X", "empty")
    page.goto(f"/boards/{other.key}")
    page.goto(f"/boards/{other.key}/import")
    page.get_by_label("File", exact=True).set_input_files(file)
    page.get_by_role("button", name="Check first").click()
    expect(page.get_by_role("status").first).to_contain_text("2 cards would come onto the board.")
    assert other.cards() == []
    page.get_by_label("File", exact=True).set_input_files(file)
    page.get_by_role("button", name="Import").click()
    expect(page).to_have_url(re.compile(f"/boards/{other.key}$"))
    expect(page.get_by_text("2 cards came onto the board.")).to_be_visible()
    expect(page.locator(".card-title")).to_have_count(2)


def test_a_mistake_is_named_and_the_pasted_text_stays(windows: Windows, ops: BoardOf) -> None:
    page = windows.open(ops.person, f"/boards/{ops.key}/import")
    page.get_by_text("Paste its text instead").click()
    field = page.get_by_label("Text of the file")
    text = '{"format": "weir-history/1", "cards": [{"title": "Old", "column": "Ready"}]}'
    field.fill(text)
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_role("alert")).to_contain_text("cards[0].created_at")
    expect(field).to_have_value(text)
