"""The settings of a board."""

from playwright.sync_api import Page, expect

from tests.browser.scene import NEWCOMER, Scene, Sight, collector, visit

SIGHTS: list[Sight] = []
sight = collector(SIGHTS)


@sight()
def settings_board(page: Page, scene: Scene) -> None:
    visit(page, f"{scene.url}/settings")


@sight()
def settings_board_with_errors(page: Page, scene: Scene) -> None:
    visit(page, f"{scene.url}/settings")
    page.get_by_label("Limit of the board").fill("0")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".error")).to_be_visible()


@sight()
def settings_board_archived(page: Page, scene: Scene) -> None:
    visit(page, f"/boards/{scene.archived.key}/settings")


@sight()
def settings_columns(page: Page, scene: Scene) -> None:
    visit(page, f"{scene.url}/settings/columns")


@sight()
def settings_columns_with_errors(page: Page, scene: Scene) -> None:
    visit(page, f"{scene.url}/settings/columns")
    page.get_by_label("Name").fill(" ")
    page.get_by_role("button", name="Add the column").click()
    expect(page.locator(".error")).to_be_visible()


@sight()
def settings_columns_none(page: Page, scene: Scene) -> None:
    visit(page, f"/boards/{scene.bare.key}/settings/columns")


@sight()
def settings_columns_archived(page: Page, scene: Scene) -> None:
    visit(page, f"/boards/{scene.archived.key}/settings/columns")


@sight()
def settings_column(page: Page, scene: Scene) -> None:
    visit(page, f"{scene.url}/settings/columns/{scene.ops.column('Test')}")


@sight()
def settings_column_preview(page: Page, scene: Scene) -> None:
    visit(page, f"{scene.url}/settings/columns/{scene.ops.column('Ready')}")
    page.get_by_label("Active").check()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("another start of work")).to_be_visible()


@sight()
def settings_groups(page: Page, scene: Scene) -> None:
    visit(page, f"{scene.url}/settings/groups")


@sight()
def settings_group(page: Page, scene: Scene) -> None:
    visit(page, f"{scene.url}/settings/groups/{scene.ops.group('Development')}")


@sight()
def settings_labels(page: Page, scene: Scene) -> None:
    visit(page, f"{scene.url}/settings/labels")


@sight()
def settings_labels_with_errors(page: Page, scene: Scene) -> None:
    visit(page, f"{scene.url}/settings/labels")
    page.get_by_label("Name of the label api").fill("infra")
    page.get_by_role("button", name="Save api").click()
    expect(page.locator(".error")).to_be_visible()


@sight()
def settings_lanes(page: Page, scene: Scene) -> None:
    visit(page, f"{scene.url}/settings/lanes")


@sight()
def settings_lane(page: Page, scene: Scene) -> None:
    visit(page, f"{scene.url}/settings/lanes/{scene.ops.lane('Expedite')}")


@sight()
def boards_list(page: Page, scene: Scene) -> None:
    visit(page, "/boards")


@sight(NEWCOMER)
def boards_none(page: Page, scene: Scene) -> None:
    visit(page, "/boards")


@sight()
def board_new(page: Page, scene: Scene) -> None:
    visit(page, "/boards/new")


@sight()
def board_new_copy(page: Page, scene: Scene) -> None:
    visit(page, f"/boards/new?copy_of={scene.ops.key}")


@sight()
def board_new_with_errors(page: Page, scene: Scene) -> None:
    visit(page, "/boards/new")
    page.get_by_label("Name").fill("Another")
    page.get_by_label("Key").fill(scene.ops.key)
    page.get_by_role("button", name="Make the board").click()
    expect(page.locator(".error")).to_be_visible()
