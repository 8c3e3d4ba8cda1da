"""Accounts: setting up, signing in and out, invite links, roles, tokens, the theme."""

import re

import pytest
from httpx2 import Client
from playwright.sync_api import Page, expect

from app.auth import service as auth
from tests.browser.served import Served
from tests.browser.windows import Windows
from tests.support import BoardOf, Person

on_both = pytest.mark.parametrize("weir", ["sqlite", "postgresql"], indirect=True)

PASSWORD = "correct horse battery"


def sign_in(page: Page, email: str, password: str = PASSWORD) -> None:
    """Fills in the form and sends it."""
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def heading(page: Page, words: str) -> None:
    """The page is headed so."""
    expect(page.get_by_role("heading", level=1)).to_have_text(words)


# ---- Setting up ----------------------------------------------------------------------------------


def test_the_set_up_link_makes_an_administrator_and_a_board_and_works_once(
    own_weir: Served, own_windows: Windows
) -> None:
    link = f"/setup?t={own_weir.db.write_now(auth.new_setup_link)}"
    page = own_windows.open(path=link)
    heading(page, "Set up Weir")
    page.get_by_label("Your name").fill("Ada Lovelace")
    page.get_by_label("E-mail").fill("ada@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    expect(page.get_by_role("radio", name=re.compile("Dev \\+ Ops"))).to_be_checked()
    page.get_by_label("Name of the board").fill("Platform")
    page.get_by_label("Key").fill("plat")
    page.get_by_label("Add a sample board").uncheck()
    page.get_by_role("button", name="Begin").click()
    expect(page).to_have_url(re.compile("/boards/PLAT$"))
    expect(page.get_by_role("status").first).to_have_text("Weir is set up. Welcome.")
    expect(page.locator("#live")).to_have_text("Live")
    expect(page.get_by_role("heading", name="In production")).to_be_visible()
    again = own_windows.open(path=link)
    expect(again.locator("main")).to_contain_text("This Weir has been set up.")
    expect(again.get_by_label("Password")).to_have_count(0)


def test_the_first_run_offers_a_sample_board_beside_ones_own(
    own_weir: Served, own_windows: Windows
) -> None:
    page = own_windows.open(path=f"/setup?t={own_weir.db.write_now(auth.new_setup_link)}")
    page.get_by_label("Your name").fill("Ada Lovelace")
    page.get_by_label("E-mail").fill("ada@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Name of the board").fill("Platform")
    page.get_by_role("button", name="Begin").click()
    expect(page).to_have_url(re.compile("/boards/SAMPLE$"))
    expect(page.locator(".sample-band")).to_contain_text("This is a sample board.")
    page.goto("/boards")
    expect(page.get_by_role("link", name="Platform", exact=True)).to_be_visible()


def test_a_set_up_form_with_mistakes_keeps_what_was_typed(
    own_weir: Served, own_windows: Windows
) -> None:
    page = own_windows.open(path=f"/setup?t={own_weir.db.write_now(auth.new_setup_link)}")
    page.get_by_label("Your name").fill("Ada Lovelace")
    page.get_by_label("E-mail").fill("ada@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Begin").click()
    expect(page.get_by_label("Name of the board")).to_have_accessible_description(
        "must not be empty"
    )
    expect(page.get_by_label("Your name")).to_have_value("Ada Lovelace")
    expect(page.get_by_label("Password")).to_have_value("")
    page.get_by_role("radio", name=re.compile("None yet")).check()
    page.get_by_label("Add a sample board").uncheck()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Begin").click()
    heading(page, "Boards")
    expect(page.get_by_text("You are on no board yet")).to_be_visible()


def test_a_set_up_link_that_was_never_printed_does_not_exist(
    own_windows: Windows,
) -> None:
    heading(own_windows.open(path="/setup?t=guessed"), "Not found")


# ---- Signing in and out --------------------------------------------------------------------------


@on_both
def test_a_person_signs_in_where_they_wanted_to_go_and_out_again(
    windows: Windows, weir: Served
) -> None:
    ada = weir.person("Ada Lovelace", password=PASSWORD)
    board = weir.board(ada)
    page = windows.open(path=f"/boards/{board.key}/people")
    expect(page).to_have_url(re.compile("/sign-in"))
    sign_in(page, ada.email.upper())
    expect(page).to_have_url(re.compile(f"/boards/{board.key}/people$"))
    page.locator("#account-button").click()
    menu = page.get_by_role("navigation", name="Account")
    expect(menu).to_contain_text(ada.email)
    menu.get_by_role("button", name="Sign out").click()
    heading(page, "Sign in")
    page.go_back()
    page.reload()
    expect(page).to_have_url(re.compile("/sign-in"))


def test_a_wrong_password_and_an_unknown_address_are_answered_alike(
    windows: Windows, weir: Served
) -> None:
    ada = weir.person("Ada Lovelace", password=PASSWORD)
    page = windows.open(path="/sign-in")
    said = []
    for email in (ada.email, "nobody@example.org"):
        sign_in(page, email, "wrong password")
        expect(page.get_by_role("alert")).to_be_visible()
        said.append(page.get_by_role("alert").inner_text())
        expect(page.get_by_label("E-mail")).to_have_value(email)
        expect(page.get_by_label("Password")).to_have_value("")
    assert said == ["The e-mail address or the password is wrong."] * 2


def test_too_many_wrong_passwords_have_to_wait(own_weir: Served, own_windows: Windows) -> None:
    ada = own_weir.person("Ada Lovelace", password=PASSWORD)
    page = own_windows.open(path="/sign-in")
    for _ in range(3):
        sign_in(page, ada.email, "wrong password")
        expect(page.get_by_role("alert")).to_contain_text("is wrong")
    sign_in(page, ada.email)
    expect(page.get_by_role("alert")).to_contain_text("Too many failed sign-ins. Wait")
    heading(page, "Sign in")


# ---- Boards and people ---------------------------------------------------------------------------


def test_a_board_is_made_from_a_template(windows: Windows, weir: Served) -> None:
    ada = weir.person("Ada Lovelace")
    page = windows.open(ada)
    expect(page.get_by_text("You are on no board yet")).to_be_visible()
    page.get_by_role("link", name="Make a board").click()
    page.get_by_label("Name").fill("Payments")
    page.get_by_label("Key").fill(f"pay{ada.id}")
    page.get_by_role("radio", name=re.compile("Simple")).check()
    page.get_by_label("Time zone").select_option("Berlin")
    page.get_by_role("button", name="Make the board").click()
    expect(page).to_have_url(re.compile(f"/boards/PAY{ada.id}$"))
    expect(page.locator(".column .column-name")).to_have_text(["To do", "In progress", "Done"])
    page.get_by_role("link", name="Weir, all boards").click()
    expect(page.get_by_role("listitem")).to_contain_text(["Payments"])
    page.goto("/boards/new")
    page.get_by_label("Name").fill("Payments again")
    page.get_by_label("Key").fill(f"PAY{ada.id}")
    page.get_by_role("button", name="Make the board").click()
    expect(page.get_by_label("Key")).to_have_accessible_description(
        f"A board with the key PAY{ada.id} exists."
    )


def test_an_invite_link_brings_new_people_until_it_is_revoked(
    windows: Windows, weir: Served, ops: BoardOf
) -> None:
    page = windows.open(ops.person, f"/boards/{ops.key}/people")
    invites = page.get_by_role("region", name="Invite links")
    invites.get_by_label("Role").select_option("Member")
    invites.get_by_role("button", name="Make an invite link").click()
    link = page.get_by_label(re.compile("Link for a new member")).input_value()
    assert link.startswith(f"{weir.url}/invite/")
    page.goto(f"/boards/{ops.key}/people")
    expect(page.get_by_label(re.compile("Link for a new member"))).to_have_count(0)
    newcomer = windows.open(path=link)
    heading(newcomer, f"Join {ops.key} board")
    expect(newcomer.locator("main")).to_contain_text("Ada Lovelace invites you")
    newcomer.get_by_label("Your name").fill("Grace Hopper")
    newcomer.get_by_label("E-mail").fill(f"grace.{ops.key}@example.org")
    newcomer.get_by_label("Password").fill("short")
    newcomer.get_by_role("button", name="Make an account and join").click()
    assert newcomer.get_by_label("Password").evaluate("(field) => field.validity.tooShort")
    newcomer.get_by_label("Password").fill(PASSWORD)
    newcomer.get_by_role("button", name="Make an account and join").click()
    expect(newcomer).to_have_url(re.compile(f"/boards/{ops.key}$"))
    newcomer.get_by_placeholder("+ Add card").first.fill("By the newcomer")
    newcomer.keyboard.press("Enter")
    expect(newcomer.locator(".card-title")).to_have_text(["By the newcomer"])
    # It works for others too, and tells apart who has an account.
    taken = windows.open(path=link)
    taken.get_by_label("Your name").fill("Grace Hopper")
    taken.get_by_label("E-mail").fill(f"grace.{ops.key}@example.org")
    taken.get_by_label("Password").fill(PASSWORD)
    taken.get_by_role("button", name="Make an account and join").click()
    expect(taken.get_by_label("E-mail")).to_have_accessible_description(
        "There is an account with this address: sign in first."
    )
    jo = weir.person("Jo March")
    second = windows.open(jo, link)
    expect(second.locator("main")).to_contain_text("You are signed in as Jo March")
    second.get_by_role("button", name="Join the board").click()
    expect(second).to_have_url(re.compile(f"/boards/{ops.key}$"))
    page.reload()
    members = page.get_by_role("region", name="Members").get_by_role("listitem")
    expect(members).to_contain_text(["Ada Lovelace (you)", "Grace Hopper", "Jo March"])
    page.get_by_role("button", name="Revoke the link by Ada Lovelace for a member").click()
    expect(page.get_by_role("status").first).to_have_text("The link does not work any more.")
    heading(windows.open(path=link), "Not found")


def test_people_are_added_get_roles_and_are_removed(
    windows: Windows, weir: Served, ops: BoardOf
) -> None:
    jo = weir.person("Jo March")
    page = windows.open(ops.person, f"/boards/{ops.key}/people")
    add = page.get_by_role("region", name="Add somebody who has an account")
    add.get_by_label("E-mail").fill("nobody@example.org")
    add.get_by_role("button", name="Add").click()
    expect(add.get_by_label("E-mail")).to_have_accessible_description(
        "nobody@example.org has no account here; send an invite link"
    )
    add.get_by_label("E-mail").fill(jo.email)
    add.get_by_role("button", name="Add").click()
    expect(page.get_by_role("status").first).to_have_text("Jo March is on the board.")
    page.get_by_role("combobox", name="Role of Jo March").select_option("Viewer")
    page.get_by_role("button", name="Save the role of Jo March").click()
    expect(page.get_by_role("status").first).to_have_text("Jo March is a viewer now.")
    expect(page.get_by_role("combobox", name="Role of Jo March")).to_have_value("viewer")
    page.get_by_role("button", name="Remove Jo March from the board").click()
    expect(page.get_by_role("region", name="Members")).not_to_contain_text("Jo March")
    page.get_by_role("combobox", name="Role of Ada Lovelace").select_option("Member")
    page.get_by_role("button", name="Save the role of Ada Lovelace").click()
    expect(page.get_by_role("alert")).to_have_text("A board keeps at least one manager.")


def test_a_viewer_sees_the_board_and_has_nothing_to_change_it_with(
    windows: Windows, weir: Served, ops: BoardOf
) -> None:
    card = ops.add("Only looked at")
    viewer = weir.person("Vera Viewer")
    ops.join(viewer, "viewer")
    board = windows.board(ops, viewer)
    expect(board.title(card)).to_be_visible()
    expect(board.page.locator(".quick-add, .card-menu, .column-plus, #dialog")).to_have_count(0)
    board.page.goto(f"/boards/{ops.key}/cards/{card['number']}")
    expect(board.page.locator("#panel-name")).to_have_text("Only looked at")
    expect(board.page.locator("main form, #panel form, #panel .button")).to_have_count(0)
    board.page.goto(f"/boards/{ops.key}/people")
    expect(board.page.get_by_role("region", name="Members")).to_contain_text("Ada Lovelace")
    expect(board.page.locator("main form")).to_have_count(0)
    board.page.goto(f"/boards/{ops.key}/cards/{card['number']}/move")
    board.page.get_by_role("button", name="Move", exact=True).click()
    heading(board.page, "Not allowed")


def test_a_member_works_with_cards_and_does_not_manage_people(
    windows: Windows, ops: BoardOf, jo: Person
) -> None:
    page = windows.open(jo, f"/boards/{ops.key}/people")
    expect(page.get_by_role("region", name="Members")).to_contain_text("Ada Lovelace")
    expect(page.get_by_role("region", name="Invite links")).to_have_count(0)
    page.goto(f"/boards/{ops.key}")
    expect(page.locator(".quick-add").first).to_be_visible()


def test_a_board_of_others_does_not_exist(windows: Windows, weir: Served, ops: BoardOf) -> None:
    page = windows.open(weir.person("Sid Stranger"), f"/boards/{ops.key}")
    heading(page, "Not found")
    expect(page.locator("body")).not_to_contain_text(f"{ops.key} board")


# ---- The account ---------------------------------------------------------------------------------


def test_a_name_is_changed(windows: Windows, ops: BoardOf) -> None:
    page = windows.open(ops.person, "/account")
    page.get_by_label("Name", exact=True).fill("Ada King")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status").first).to_have_text("Saved.")
    page.goto(f"/boards/{ops.key}")
    expect(page.get_by_role("list", name="People on this board")).to_contain_text("Ada King")


@on_both
def test_a_token_is_shown_once_works_and_is_revoked(
    windows: Windows, weir: Served, ops: BoardOf
) -> None:
    page = windows.open(ops.person, "/account")
    made = page.get_by_role("list", name="Your tokens")
    page.get_by_label("What is it for?").fill("Nightly report")
    page.get_by_label("Ends after (days)").fill("30")
    page.get_by_label("Read only").check()
    page.get_by_role("button", name="Make a token").click()
    secret = page.get_by_label("copy it now, it is not shown again").input_value()
    assert secret not in page.url
    row = made.get_by_role("listitem").filter(has_text="Nightly report")
    expect(row).to_contain_text("read")
    with Client(base_url=weir.url, headers={"Authorization": f"Bearer {secret}"}) as script:
        path = f"/api/v1/boards/{ops.key}"
        assert script.get(path).status_code == 200
        assert script.post(f"{path}/cards", json={"title": "No"}).status_code == 403
        page.goto("/account")
        assert secret not in page.content()
        row.get_by_role("button", name="Revoke Nightly report").click()
        expect(page.get_by_role("status").first).to_have_text("The token is revoked.")
        expect(row).to_have_count(0)
        assert script.get(path).status_code == 401


def test_a_token_with_a_mistake_comes_back_as_it_was_filled_in(
    windows: Windows, ops: BoardOf
) -> None:
    page = windows.open(ops.person, "/account")
    page.get_by_label("What is it for?").fill("Nightly report")
    page.get_by_label("Ends after (days)").fill("99999")
    page.get_by_label("Read only").check()
    page.get_by_role("checkbox", name=re.compile(ops.key)).check()
    page.get_by_role("button", name="Make a token").click()
    expect(page.get_by_label("Ends after (days)")).to_have_accessible_description(
        "must be at most 3650"
    )
    expect(page.get_by_label("What is it for?")).to_have_value("Nightly report")
    expect(page.get_by_label("Read only")).to_be_checked()
    expect(page.get_by_role("checkbox", name=re.compile(ops.key))).to_be_checked()


# ---- Preferences ---------------------------------------------------------------------------------


def kept(page: Page) -> None:
    """The server knows what was chosen."""
    expect(page.locator("[data-prefer][aria-busy]")).to_have_count(0)


BACKGROUND = "() => getComputedStyle(document.body).backgroundColor"


def test_a_chosen_theme_stays_and_the_automatic_one_follows_the_system(
    windows: Windows, ops: BoardOf
) -> None:
    page = windows.open(ops.person, f"/boards/{ops.key}", color_scheme="light")
    light = page.evaluate(BACKGROUND)
    page.locator("#account-button").click()
    page.get_by_role("button", name="Dark").click()
    expect(page).to_have_url(re.compile(f"/boards/{ops.key}$"))
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    kept(page)
    dark = page.evaluate(BACKGROUND)
    assert dark != light
    page.goto("/account")
    assert page.evaluate(BACKGROUND) == dark
    page.locator("#account-button").click()
    for place in ("theme", "account-theme"):
        expect(page.locator(f"#{place}-dark")).to_have_attribute("aria-pressed", "true")
    page.locator("#theme-system").click()
    expect(page.locator("#account-theme-system")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("html")).not_to_have_attribute("data-theme", re.compile(".*"))
    assert page.evaluate(BACKGROUND) == light
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(BACKGROUND) == dark


def test_a_preference_takes_hold_without_leaving_the_page(windows: Windows, ops: BoardOf) -> None:
    page = windows.open(ops.person, f"/boards/{ops.key}")
    root = page.locator("html")
    page.evaluate("window.stays = true")
    page.locator("#account-button").click()
    page.get_by_role("button", name="Compact").click()
    expect(root).to_have_attribute("data-density", "compact")
    page.get_by_role("group", name="Shortcuts").get_by_role("button", name="Off").click()
    expect(root).to_have_attribute("data-shortcuts", "off")
    expect(page.get_by_role("button", name="Compact")).to_have_attribute("aria-pressed", "true")
    assert page.evaluate("window.stays")
    kept(page)
    page.reload()
    expect(root).to_have_attribute("data-density", "compact")
    expect(root).to_have_attribute("data-shortcuts", "off")
    elsewhere = windows.open(ops.person, "/boards")
    expect(elsewhere.locator("html")).to_have_attribute("data-density", "compact")


# ---- Password and sessions -----------------------------------------------------------------------


@on_both
def test_a_new_password_ends_what_is_open_elsewhere(windows: Windows, weir: Served) -> None:
    ada = weir.person("Ada Lovelace", password=PASSWORD)
    board = weir.board(ada)
    elsewhere = windows.board(board)
    page = windows.open(ada, "/account")
    page.get_by_label("Password until now").fill("wrong password")
    page.get_by_label("New password").fill("staple of a better horse")
    page.get_by_label("The new one again").fill("staple of a better horse")
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_label("Password until now")).to_have_accessible_description(
        "is not your password"
    )
    expect(page.get_by_label("New password")).to_have_value("")
    page.get_by_label("Password until now").fill(PASSWORD)
    page.get_by_label("New password").fill("staple of a better horse")
    page.get_by_label("The new one again").fill("staple of a better horse")
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_role("status").first).to_contain_text("The password is changed.")
    expect(elsewhere.page.locator("#live")).to_have_text("Signed out")


@on_both
def test_another_browser_is_signed_out_and_its_board_knows_at_once(
    windows: Windows, ops: BoardOf
) -> None:
    elsewhere = windows.board(ops)
    page = windows.open(ops.person, "/account")
    sessions = page.get_by_role("region", name="Where you are signed in")
    expect(sessions.get_by_role("listitem").first).to_contain_text("this browser")
    sessions.get_by_role("listitem").nth(1).get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("status").first).to_have_text("That browser is signed out.")
    expect(elsewhere.page.locator("#live")).to_have_text("Signed out")
    expect(sessions.get_by_role("listitem")).to_have_count(1)
    expect(sessions.get_by_role("button")).to_have_count(0)
    third = windows.board(ops)
    page.reload()
    sessions.get_by_role("button", name="Sign out everywhere else").click()
    expect(page.get_by_role("status").first).to_have_text("1 other session ended.")
    expect(third.page.locator("#live")).to_have_text("Signed out")
