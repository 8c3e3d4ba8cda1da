"""The panel of a card: its fields, what becomes of it, and what others do meanwhile."""

import re

from playwright.sync_api import expect

from tests.browser.test_panel import description, opened, panel, saved, title
from tests.browser.windows import Windows
from tests.support import BoardOf, Person

# --- Fields --------------------------------------------------------------------------------------


def test_fields_are_saved_as_they_change(windows: Windows, ops: BoardOf, jo: Person) -> None:
    card = ops.add("A card", labels=["infra"])
    board = windows.board(ops)
    page = opened(board, card)
    history = page.get_by_role("region", name="History").get_by_role("listitem")
    for name, value, said in (
        ("team", "ops", "set the team to ops"),
        ("work_type", "debt", "to Technical debt"),
        ("service_class", "fixed_date", "to Fixed date"),
    ):
        page.locator(f"#field-{name}").select_option(value)
        expect(history.first).to_contain_text(said)
    page.locator("#field-due_on").fill("2027-01-02")
    page.locator("#field-external_id").fill("ZD-77")
    expect(history.first).to_contain_text("set the due date to 2027-01-02")
    page.locator("#field-external_id").press("Enter")
    expect(history.first).to_contain_text("set the id elsewhere to ZD-77")
    page.locator("#field-assignees").click()
    page.get_by_role("checkbox", name="Jo March").check()
    expect(page.locator("#field-assignees")).to_contain_text("Jo March")
    page.locator("#field-labels").click()
    page.locator("#field-new-label").fill("urgent")
    page.locator("#field-new-label").press("Enter")
    expect(page.get_by_role("checkbox", name="urgent")).to_be_checked()
    page.get_by_role("checkbox", name="infra").uncheck()
    expect(page.locator("#field-labels")).not_to_contain_text("infra")
    now = saved(ops, card)
    assert {name: now[name] for name in ("team", "work_type", "service_class", "due_on")} == {
        "team": "ops",
        "work_type": "debt",
        "service_class": "fixed_date",
        "due_on": "2027-01-02",
    }
    assert now["external_id"] == "ZD-77"
    assert [person["name"] for person in now["assignees"]] == ["Jo March"]
    assert now["labels"] == ["urgent"]
    board.is_what_the_server_says()


def test_a_person_who_has_enough_to_do_is_not_assigned(
    windows: Windows, ops: BoardOf, jo: Person
) -> None:
    ops.add("Theirs", column="Doing", assignee_ids=[jo.id])
    card = ops.add("Another", column="Doing")
    ops.person.patch(f"/boards/{ops.key}", {"person_wip_limit": 1})
    page = opened(windows.board(ops), card)
    page.locator("#field-assignees").click()
    page.get_by_role("checkbox", name="Jo March").click()
    expect(panel(page).get_by_role("alert").filter(has_text="Jo March")).to_contain_text(
        "Jo March has 1 card in work (1 at most)."
    )
    expect(page.get_by_role("checkbox", name="Jo March")).not_to_be_checked()
    assert saved(ops, card)["assignees"] == []


def test_a_refused_field_says_why_and_keeps_what_was_typed(windows: Windows, ops: BoardOf) -> None:
    ops.add("First", external_id="ZD-77")
    card = ops.add("Second")
    page = opened(windows.board(ops), card)
    page.locator("#field-external_id").fill("ZD-77")
    page.locator("#field-external_id").press("Enter")
    expect(page.locator("#at-external_id").get_by_role("alert")).to_contain_text("ZD-77")
    expect(page.locator("#field-external_id")).to_have_value("ZD-77")


def test_a_card_is_moved_blocked_and_unblocked_from_its_panel(
    windows: Windows, ops: BoardOf
) -> None:
    card = ops.add("Moves")
    board = windows.board(ops)
    page = opened(board, card)
    page.locator("#panel-move").click()
    board.dialog.get_by_label("Column").select_option("Ready (0 of 5)")
    board.dialog.get_by_role("button", name="Move", exact=True).click()
    board.shows("Ready", card)
    expect(panel(page).locator(".panel-place")).to_contain_text("Ready")
    page.locator("#panel-block").click()
    board.dialog.get_by_label("What does it wait for?").fill("A signature")
    board.dialog.get_by_role("button", name="Block").click()
    expect(page.locator("#panel-blocked")).to_contain_text("A signature")
    page.locator("#panel-block").click()
    board.dialog.get_by_role("button", name="Unblock").click()
    expect(page.locator("#panel-blocked")).to_have_count(0)


def test_a_card_is_archived_and_restored_or_refused_in_its_panel(
    windows: Windows, ops: BoardOf
) -> None:
    card = ops.add("Comes back", column="Test")
    board = windows.board(ops)
    page = opened(board, card)
    page.locator("#panel-archive").click()
    expect(board.card(card)).to_have_count(0)
    expect(panel(page)).to_contain_text("Archived")
    others = [ops.add(column="Test") for _ in range(3)]
    page.locator("#panel-restore").click()
    expect(page.locator("#panel-problem")).to_contain_text("Test is full (3 of 3).")
    ops.person.post(f"/cards/{others[0]['id']}/archive")
    page.locator("#panel-restore").click()
    expect(board.card(card)).to_be_visible()
    expect(panel(page)).not_to_contain_text("Archived")


def test_archiving_in_the_panel_is_taken_back_as_on_the_board(
    windows: Windows, ops: BoardOf
) -> None:
    card = ops.add("Comes back")
    board = windows.board(ops)
    page = opened(board, card)
    page.locator("#panel-archive").click()
    expect(board.spoken).to_have_text(f"Archived {card['ref']}.")
    expect(board.card(card)).to_have_count(0)
    page.locator("#toasts").get_by_role("button", name="Undo").click()
    expect(board.card(card)).to_be_visible()
    expect(page.locator("#panel-archive")).to_be_visible()
    expect(panel(page)).to_have_attribute("data-ref", card["ref"])


def test_discarding_asks_and_says_that_there_is_no_way_back(windows: Windows, ops: BoardOf) -> None:
    card = ops.add("Goes for ever")
    board = windows.board(ops)
    page = opened(board, card)
    page.locator("#panel-discard").click()
    expect(panel(page)).to_contain_text("This cannot be undone.")
    page.get_by_role("button", name=f"Discard {card['ref']}").click()
    expect(board.card(card)).to_have_count(0)
    expect(panel(page)).to_be_hidden()
    expect(page).to_have_url(re.compile(f"/boards/{ops.key}$"))
    assert ops.cards() == []


# --- While others work ---------------------------------------------------------------------------


def test_what_others_change_comes_into_the_panel_and_never_over_what_is_written(
    windows: Windows, ops: BoardOf, jo: Person
) -> None:
    card = ops.add("A card", description="At first")
    page = opened(windows.board(ops), card)
    page.locator("#description-edit").click()
    description(page).fill("I am writ")
    jo.patch(f"/cards/{card['id']}", {"title": "Their title", "description": "Theirs"})
    expect(title(page)).to_have_value("Their title")
    expect(description(page)).to_have_value("I am writ")
    expect(description(page)).to_be_focused()
    jo.post(f"/cards/{card['id']}/block", {"reason": "Ticket 4471"})
    expect(page.locator("#panel-blocked")).to_contain_text("Ticket 4471")
    expect(description(page)).to_have_value("I am writ")


def test_a_card_that_somebody_discards_closes(windows: Windows, ops: BoardOf, jo: Person) -> None:
    card = ops.add("Goes")
    board = windows.board(ops)
    page = opened(board, card)
    jo.delete(f"/cards/{card['id']}")
    expect(panel(page)).to_be_hidden()
    expect(board.card(card)).to_have_count(0)


def test_what_could_not_be_saved_stays_and_can_be_sent_again(
    windows: Windows, ops: BoardOf
) -> None:
    windows.allow("Failed to load resource|htmx:(afterRequest|sendError)")
    card = ops.add("Old title")
    board = windows.board(ops)
    page = opened(board, card)
    page.route("**/title", lambda route: route.abort())
    title(page).fill("New title")
    title(page).press("Enter")
    expect(page.locator("#panel-problem")).to_contain_text("Weir could not be reached")
    expect(title(page)).to_have_value("New title")
    page.unroute("**/title")
    page.get_by_role("button", name="Retry").click()
    expect(board.title(card)).to_have_text("New title")
    expect(page.locator("#panel-problem")).to_be_hidden()


# --- The archive, and cards that are not there ---------------------------------------------------


def test_the_archive_gives_cards_back_or_says_why_not(windows: Windows, ops: BoardOf) -> None:
    first, second = ops.add("Comes back", column="Ready"), ops.add("Finds no room", column="Test")
    for card in (first, second):
        ops.person.post(f"/cards/{card['id']}/archive")
    for _ in range(3):
        ops.add(column="Test")
    page = windows.open(ops.person, f"/boards/{ops.key}/archive")
    expect(page.get_by_role("row")).to_have_count(3)
    page.get_by_role("button", name=f"Restore {first['ref']}").click()
    expect(page.get_by_role("status").first).to_have_text(f"{first['ref']} is back on the board.")
    expect(page.get_by_role("row")).to_have_count(2)
    page.get_by_role("button", name=f"Restore {second['ref']}").click()
    expect(page.get_by_role("alert")).to_contain_text("Test is full (3 of 3).")
    expect(page.get_by_role("row")).to_have_count(2)
    page.get_by_role("link", name="See what’s in Test").click()
    expect(page).to_have_url(re.compile(f"/boards/{ops.key}#cell-"))
    page.goto(f"/boards/{ops.key}/archive")
    ops.limit("Test", 4)
    page.get_by_role("button", name=f"Restore {second['ref']}").click()
    expect(page.get_by_role("heading", name="Nothing is archived")).to_be_visible()


def test_a_card_that_is_not_there_is_not_found(windows: Windows, ops: BoardOf) -> None:
    page = windows.open(ops.person, f"/boards/{ops.key}/cards/999")
    expect(page.get_by_role("heading", level=1)).to_have_text("Not found")
    page.get_by_role("link", name="All boards", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Boards")
