"""The andon cord: pulled, about to be, released, and its page."""

from playwright.sync_api import Page, expect

from tests.browser.scene import READER, Scene, Sight, collector, visit

SIGHTS: list[Sight] = []
sight = collector(SIGHTS)


@sight()
def cord_pulled(page: Page, scene: Scene) -> None:
    scene.board(page, scene.stopped)


@sight(READER)
def cord_pulled_for_a_reader(page: Page, scene: Scene) -> None:
    scene.board(page, scene.stopped)


@sight()
def cord_refusal(page: Page, scene: Scene) -> None:
    board = scene.board(page, scene.stopped)
    board.choose(scene.waiting, "Move to…")
    board.dialog.get_by_label("Column").select_option("In progress (1 of 3)")
    board.dialog.get_by_role("button", name="Move", exact=True).click()
    expect(board.notice("In progress")).to_be_visible()


@sight()
def cord_incident(page: Page, scene: Scene) -> None:
    board = scene.board(page, scene.stopped)
    board.quick_add("In progress").fill("Pods are rejected")
    expect(page.get_by_role("button", name="Add as incident").nth(0)).to_be_visible()


@sight()
def cord_pull(page: Page, scene: Scene) -> None:
    scene.board(page)
    page.locator("#cord-link").click()
    expect(page.get_by_label("What is wrong?")).to_be_focused()


@sight()
def cord_pull_with_error(page: Page, scene: Scene) -> None:
    scene.board(page)
    page.locator("#cord-link").click()
    page.get_by_label("What is wrong?").fill(" ")
    page.get_by_role("button", name="Pull the cord").click()
    expect(page.locator("#cord-reason-help.error")).to_be_visible()


@sight()
def cord_release(page: Page, scene: Scene) -> None:
    scene.board(page, scene.stopped)
    page.locator("#cord-release").click()
    expect(page.get_by_label("What did we learn?")).to_be_focused()


@sight()
def cord_page(page: Page, scene: Scene) -> None:
    visit(page, f"/boards/{scene.stopped.key}/andon")


@sight(READER)
def cord_page_for_a_reader(page: Page, scene: Scene) -> None:
    visit(page, f"/boards/{scene.stopped.key}/andon")


@sight()
def cord_page_unused(page: Page, scene: Scene) -> None:
    visit(page, f"{scene.url}/andon")


@sight()
def cord_at_the_stand_up(page: Page, scene: Scene) -> None:
    visit(page, f"/boards/{scene.stopped.key}/standup")
