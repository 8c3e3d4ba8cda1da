"""The administrator's pages, the help and errors."""

from playwright.sync_api import Page, expect

from tests.browser.scene import ADMINISTRATOR, Scene, Sight, collector, visit

SIGHTS: list[Sight] = []
sight = collector(SIGHTS)


@sight(ADMINISTRATOR)
def admin_people(page: Page, scene: Scene) -> None:
    visit(page, "/admin")


@sight(ADMINISTRATOR)
def admin_people_with_errors(page: Page, scene: Scene) -> None:
    visit(page, "/admin")
    page.get_by_label("Name").fill("Ada Lovelace")
    page.get_by_label("E-mail").fill(scene.ada.email)
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator(".error")).to_be_visible()


@sight(ADMINISTRATOR)
def admin_person(page: Page, scene: Scene) -> None:
    visit(page, f"/admin/users/{scene.mk.id}")
    page.get_by_role("button", name="Make a link to a new password").click()
    expect(page.locator("#new-link")).to_be_visible()


@sight(ADMINISTRATOR)
def admin_person_switched_off(page: Page, scene: Scene) -> None:
    visit(page, f"/admin/users/{scene.switched_off.id}")


@sight(ADMINISTRATOR)
def admin_boards(page: Page, scene: Scene) -> None:
    visit(page, "/admin/boards")


@sight(ADMINISTRATOR)
def admin_health(page: Page, scene: Scene) -> None:
    visit(page, "/admin/health")


@sight()
def error_not_allowed(page: Page, scene: Scene) -> None:
    page.goto("/admin")


@sight()
def error_not_found(page: Page, scene: Scene) -> None:
    page.goto("/boards/NOSUCH")
