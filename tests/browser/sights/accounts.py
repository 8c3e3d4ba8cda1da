"""Signing in, the account and what leads there."""

from playwright.sync_api import Page, expect

from tests.browser.scene import NEWCOMER, NOBODY, Scene, Sight, collector, visit

SIGHTS: list[Sight] = []
sight = collector(SIGHTS)


@sight()
def account(page: Page, scene: Scene) -> None:
    visit(page, "/account")


@sight()
def account_token(page: Page, scene: Scene) -> None:
    visit(page, "/account")
    page.get_by_label("What is it for?").fill("Nightly report")
    page.get_by_label("Ends after (days)").fill("30")
    page.get_by_role("button", name="Make a token").click()
    expect(page.locator("#new-token")).to_be_visible()


@sight()
def account_with_errors(page: Page, scene: Scene) -> None:
    visit(page, "/account")
    page.get_by_label("What is it for?").fill("Nightly report")
    page.get_by_label("Ends after (days)").fill("99999")
    page.get_by_role("button", name="Make a token").click()
    expect(page.locator(".error")).to_be_visible()


@sight()
def account_with_a_wrong_password(page: Page, scene: Scene) -> None:
    visit(page, "/account")
    page.get_by_label("Password until now").fill("wrong password")
    page.get_by_label("New password").fill("staple of a better horse")
    page.get_by_label("The new one again").fill("staple of another horse")
    page.get_by_role("button", name="Change the password").click()
    expect(page.locator(".error")).to_be_visible()


@sight(NOBODY)
def password_link(page: Page, scene: Scene) -> None:
    visit(page, f"/password/{scene.password_link}")
    page.get_by_label("Password", exact=True).fill("correct horse battery")
    page.get_by_label("The same again").fill("battery staple horse")
    page.get_by_role("button", name="Set the password").click()
    expect(page.locator(".error")).to_be_visible()


@sight(NOBODY)
def sign_in(page: Page, scene: Scene) -> None:
    visit(page, "/sign-in")


@sight(NOBODY)
def sign_in_with_error(page: Page, scene: Scene) -> None:
    visit(page, "/sign-in")
    page.get_by_label("E-mail").fill(scene.ada.email)
    page.get_by_label("Password").fill("wrong password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()


@sight(NOBODY)
def invite(page: Page, scene: Scene) -> None:
    visit(page, f"/invite/{scene.invite}")


@sight(NEWCOMER)
def invite_with_account(page: Page, scene: Scene) -> None:
    visit(page, f"/invite/{scene.invite}")


@sight(NOBODY)
def invite_with_errors(page: Page, scene: Scene) -> None:
    visit(page, f"/invite/{scene.invite}")
    page.get_by_label("Your name").fill("Ada Lovelace")
    page.get_by_label("E-mail").fill(scene.ada.email)
    page.get_by_label("Password").fill("correct horse battery")
    page.get_by_role("button", name="Make an account and join").click()
    expect(page.locator(".error")).to_be_visible()


@sight(NOBODY)
def setup(page: Page, scene: Scene) -> None:
    visit(page, f"{scene.empty.url}/setup?t={scene.set_up}")


@sight(NOBODY)
def setup_with_errors(page: Page, scene: Scene) -> None:
    visit(page, f"{scene.empty.url}/setup?t={scene.set_up}")
    page.get_by_label("Your name").fill("Ada Lovelace")
    page.get_by_label("E-mail").fill("ada@example.org")
    page.get_by_label("Password").fill("correct horse battery")
    page.get_by_role("button", name="Begin").click()
    expect(page.locator(".error")).to_be_visible()


@sight(NOBODY)
def setup_done(page: Page, scene: Scene) -> None:
    page.goto("/setup?t=spent")


@sight()
def help_page(page: Page, scene: Scene) -> None:
    visit(page, "/help")
