"""A card's panel and its forms, over the board and as pages."""

from playwright.sync_api import Page, expect

from tests.browser.scene import READER, Scene, Sight, collector, visit

SIGHTS: list[Sight] = []
sight = collector(SIGHTS)


@sight()
def card(page: Page, scene: Scene) -> None:
    visit(page, scene.card_url("Split the"))


@sight()
def card_blocked(page: Page, scene: Scene) -> None:
    visit(page, scene.card_url("Raise the"))


@sight()
def card_empty(page: Page, scene: Scene) -> None:
    visit(page, scene.card_url("Nightly load test"))


@sight()
def card_long_ago_done(page: Page, scene: Scene) -> None:
    done = next(card for card in scene.ops.cards() if card["done_at"])
    visit(page, f"{scene.url}/cards/{done['number']}")


@sight()
def card_panel(page: Page, scene: Scene) -> None:
    board = scene.board(page)
    board.title(scene.card("Audit log")).click()
    expect(page.locator("#panel")).to_contain_text("Audit log export")


@sight(READER)
def card_for_a_viewer(page: Page, scene: Scene) -> None:
    visit(page, scene.card_url("Split the"))


@sight()
def card_editing(page: Page, scene: Scene) -> None:
    visit(page, scene.card_url("Split the"))
    page.locator("#description-edit").click()
    expect(page.get_by_role("textbox", name="Description")).to_be_focused()


@sight()
def card_picking_people(page: Page, scene: Scene) -> None:
    visit(page, scene.card_url("Split the"))
    page.locator("#field-assignees").click()
    page.locator("#field-labels").click()


@sight()
def card_adding(page: Page, scene: Scene) -> None:
    visit(page, scene.card_url("Split the"))
    for each in ("checklist-add", "link-add", "address-add"):
        page.locator(f"#{each}").click()
    page.locator(".items .row-edit > summary").first.click()
    page.locator(".comment .editor > summary").first.click()


@sight()
def card_mentioning(page: Page, scene: Scene) -> None:
    visit(page, scene.card_url("Split the"))
    page.locator("#comment-body").press_sequentially("Thanks, @ma")
    expect(page.get_by_role("listbox", name="Members")).to_be_visible()


@sight()
def card_discarding(page: Page, scene: Scene) -> None:
    visit(page, scene.card_url("Split the"))
    page.locator("#panel-discard").click()
    expect(page.get_by_text("This cannot be undone.")).to_be_visible()


@sight()
def card_conflict(page: Page, scene: Scene) -> None:
    visit(page, scene.card_url("Export invoices"))
    page.locator("#description-edit").click()
    field = page.get_by_role("textbox", name="Description")
    field.fill("With the VAT number of each customer")
    url = f"/cards/{scene.card('Export invoices')['id']}"
    version = scene.jo.get(url)["version"]
    scene.jo.patch(url, {"description": f"With the tax number of each customer, draft {version}"})
    field.press("Control+Enter")
    expect(page.locator(".conflict")).to_be_visible()


@sight()
def card_with_errors(page: Page, scene: Scene) -> None:
    visit(page, scene.card_url("Split the"))
    page.locator("#panel-title").fill(" ")
    page.locator("#panel-title").press("Enter")
    expect(page.locator("#panel .error")).to_be_visible()


@sight()
def card_refusal(page: Page, scene: Scene) -> None:
    scene.ada.patch(scene.url, {"person_wip_limit": 1})
    visit(page, scene.card_url("Backup restore"))
    page.locator("#field-assignees").click()
    page.get_by_role("checkbox", name="Mary").click()
    expect(page.locator("#panel .notice")).to_be_visible()
    scene.ada.patch(scene.url, {"person_wip_limit": None})


@sight()
def card_move(page: Page, scene: Scene) -> None:
    visit(page, scene.card_url("Split the") + "/move")


@sight()
def card_transfer(page: Page, scene: Scene) -> None:
    visit(page, scene.card_url("Split the") + "/transfer")


@sight()
def card_transfer_refusal(page: Page, scene: Scene) -> None:
    visit(page, scene.card_url("Split the") + f"/transfer?board={scene.over.key}")
    page.get_by_label("Column").select_option("In progress (3 of 2, over)")
    page.get_by_role("button", name="Move", exact=True).click()
    expect(page.locator(".notice")).to_be_visible()


@sight()
def card_archived_in_its_panel(page: Page, scene: Scene) -> None:
    card = scene.ops.add("Goes to the archive")
    visit(page, f"{scene.url}/cards/{card['number']}")
    page.locator("#panel-archive").click()
    expect(page.get_by_role("button", name="Undo")).to_be_visible()


@sight()
def card_question(page: Page, scene: Scene) -> None:
    visit(page, scene.card_url("Upgrade") + "/move")
    page.get_by_label("Column").select_option("In production")
    page.get_by_role("button", name="Move", exact=True).click()
    expect(page.get_by_role("heading", name="leaves Deploy")).to_be_visible()


@sight()
def card_block(page: Page, scene: Scene) -> None:
    visit(page, scene.card_url("Split the") + "/block")


@sight()
def card_unblock(page: Page, scene: Scene) -> None:
    visit(page, scene.card_url("Raise the") + "/block")
