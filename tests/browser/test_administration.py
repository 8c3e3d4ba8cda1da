"""The administrator's pages: somebody is added, switched off while at work, and let in again."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.served import Served
from tests.browser.windows import Windows
from tests.support import BoardOf, Person

on_both = pytest.mark.parametrize("weir", ["sqlite", "postgresql"], indirect=True)

PASSWORD = "correct horse battery"


@pytest.fixture
def root(weir: Served) -> Person:
    """An administrator."""
    return weir.person("Addy Admin", admin=True)


def choose(page: Page, password: str = PASSWORD) -> None:
    """Fills in the form to which a link leads."""
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_label("The same again").fill(password)
    page.get_by_role("button", name="Set the password and sign in").click()


def test_somebody_is_added_and_comes_in_by_the_link(
    windows: Windows, weir: Served, root: Person
) -> None:
    page = windows.open(root)
    page.locator("#account-button").click()
    page.get_by_role("link", name="Administration").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("People")
    email = f"grace.{root.id}@example.org"
    page.get_by_label("Name").fill("Grace Hopper")
    page.get_by_label("E-mail").fill(email)
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Grace Hopper")
    expect(page.locator("main")).to_contain_text("no password yet")
    link = page.get_by_label(re.compile("Pass this on to Grace Hopper")).input_value()
    newcomer = windows.open(path=link)
    choose(newcomer)
    expect(newcomer.get_by_role("heading", level=1)).to_have_text("Boards")
    page.goto("/admin")
    row = page.get_by_role("listitem").filter(has_text=email)
    expect(row).not_to_contain_text("no password yet")
    expect(row).to_contain_text("1 session")
    row.get_by_role("link").click()
    expect(page.get_by_label(re.compile("Pass this on"))).to_have_count(0)


@on_both
def test_who_is_switched_off_loses_the_open_board_at_once(
    windows: Windows, root: Person, ops: BoardOf, jo: Person
) -> None:
    board = windows.board(ops, jo)
    page = windows.open(root, f"/admin/users/{jo.id}")
    page.get_by_role("button", name="Switch off").click()
    expect(page.get_by_role("status").first).to_have_text("Jo March is switched off.")
    expect(board.page.locator("#live")).to_have_text("Signed out")
    board.page.goto("/boards")
    expect(board.page).to_have_url(re.compile("/sign-in"))
    page.get_by_role("button", name="Switch on").click()
    expect(page.get_by_role("status").first).to_have_text("Jo March is switched on.")


def test_an_archived_board_comes_back(windows: Windows, root: Person, ops: BoardOf) -> None:
    ops.person.delete(f"/boards/{ops.key}")
    page = windows.open(root, "/admin/boards")
    page.get_by_role("button", name=f"Restore {ops.key} board").click()
    expect(page.get_by_role("status").first).to_have_text(f"{ops.key} board is back.")
    expect(page.locator(f"#restore-{ops.key}")).to_have_count(0)


def test_nobody_else_is_led_there(windows: Windows, ops: BoardOf) -> None:
    page = windows.open(ops.person)
    page.locator("#account-button").click()
    expect(page.get_by_role("link", name="Help")).to_be_visible()
    expect(page.get_by_role("link", name="Administration")).to_have_count(0)
