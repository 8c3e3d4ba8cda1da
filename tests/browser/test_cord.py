"""The andon cord in the browser: one pulls it, and everybody sees it at once."""

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.windows import BoardWindow, Windows, until
from tests.support import BoardOf, Person

REASON = "Staging rejects new pods"


def pull(board: BoardWindow, reason: str = REASON) -> None:
    """Pulls the cord by the board's own button."""
    board.page.locator("#cord-link").click()
    board.dialog.get_by_label("What is wrong?").fill(reason)
    board.dialog.get_by_role("button", name="Pull the cord").click()
    expect(board.dialog).not_to_be_visible()


def test_who_pulls_the_cord_stops_new_work_for_everybody_at_once(
    windows: Windows, ops: BoardOf, jo: Person
) -> None:
    card = ops.add("Waits", column="Ready")
    mine, hers = windows.board(ops), windows.board(ops.seen_by(jo))
    expect(hers.page.locator(".cord-band")).to_have_count(0)
    pull(mine)
    for board in (mine, hers):
        cord = board.page.locator("#cord")
        expect(cord).to_contain_text(f"Cord pulled · {REASON}")
        expect(cord).to_contain_text("Ada Lovelace")
        expect(board.column("Doing")).to_contain_text("■ no new work")
        expect(board.page).to_have_title(f"(■) {ops.read()['name']} ({ops.key}) · Weir")
        expect(board.spoken).to_contain_text("Cord pulled")
    hers.choose(card, "Move to…")
    hers.dialog.get_by_label("Column").select_option(str(ops.column("Doing")))
    hers.dialog.get_by_role("button", name="Move", exact=True).click()
    notice = hers.notice("Doing")
    expect(notice).to_contain_text(f"The cord is pulled: {REASON}.")
    expect(notice).to_contain_text("No new work is started until it is released.")
    assert ops.cards()[0]["column_id"] == ops.column("Ready")


def test_who_helps_is_counted_and_the_release_asks_what_was_learnt(
    windows: Windows, ops: BoardOf, jo: Person
) -> None:
    ops.person.post(f"/boards/{ops.key}/andon", {"reason": REASON})
    mine, hers = windows.board(ops), windows.board(ops.seen_by(jo))
    hers.page.get_by_role("button", name="I’m helping").click()
    for board in (mine, hers):
        expect(board.page.locator("#cord")).to_contain_text("1 swarming")
    expect(hers.page.get_by_role("button", name="I’m helping")).to_have_count(0)
    expect(hers.page.locator("#cord-release")).to_be_focused()
    mine.page.locator("#cord-release").click()
    mine.dialog.get_by_label("What did we learn?").fill("The quota was never raised")
    mine.dialog.get_by_role("button", name="Release the cord").click()
    for board in (mine, hers):
        expect(board.page.locator(".cord-band")).to_have_count(0)
        expect(board.page.locator(".cord-stop")).to_have_count(0)
        expect(board.page).to_have_title(f"{ops.read()['name']} ({ops.key}) · Weir")
    expect(hers.spoken).to_have_text("The cord is released. Work may be started.")
    mine.page.goto(f"/boards/{ops.key}/andon")
    expect(mine.page.locator(".pull")).to_contain_text("The quota was never raised")
    expect(mine.page.locator(".pull")).to_contain_text("with Jo March")


def test_who_comes_too_late_sees_who_pulled_it(windows: Windows, ops: BoardOf) -> None:
    board = windows.board(ops)
    board.page.locator("#cord-link").click()
    board.dialog.get_by_label("What is wrong?").fill("The same")
    ops.person.post(f"/boards/{ops.key}/andon", {"reason": REASON})
    expect(board.page.locator("#cord")).to_contain_text(REASON)
    board.dialog.get_by_role("button", name="Pull the cord").click()
    expect(board.dialog).not_to_be_visible()
    expect(board.page.locator("#cord")).to_contain_text(REASON)
    assert ops.read()["andon"]["reason"] == REASON


def test_a_pull_without_a_reason_asks_for_one(windows: Windows, ops: BoardOf) -> None:
    board = windows.board(ops)
    board.page.locator("#cord-link").click()
    board.dialog.get_by_label("What is wrong?").fill("  ")
    board.dialog.get_by_role("button", name="Pull the cord").click()
    expect(board.dialog.locator(".error")).to_have_text("must not be empty")
    board.dialog.get_by_label("What is wrong?").fill(REASON)
    board.dialog.get_by_role("button", name="Pull the cord").click()
    expect(board.page.locator("#cord")).to_contain_text(REASON)


def test_how_long_it_has_been_pulled_goes_on_by_itself(windows: Windows, ops: BoardOf) -> None:
    ops.person.post(f"/boards/{ops.key}/andon", {"reason": REASON})
    board = windows.board(ops)
    ago = board.page.locator("#cord [data-ago]")
    expect(ago).to_have_text("< 1 min ago")
    board.page.clock.install()
    board.page.reload()
    board.page.clock.fast_forward(5 * 60_000)
    expect(ago).to_have_text("5 min ago")


def test_without_a_script_the_cord_has_its_page(windows: Windows, ops: BoardOf) -> None:
    board = windows.board(ops, java_script_enabled=False)
    page = board.page
    page.locator("#cord-link").click()
    page.get_by_label("What is wrong?").fill(REASON)
    page.get_by_role("button", name="Pull the cord").click()
    expect(page.locator("#cord")).to_contain_text(REASON)
    page.get_by_role("button", name="I’m helping").click()
    expect(page.locator("#cord")).to_contain_text("1 swarming")
    page.locator("#cord-release").click()
    page.get_by_role("button", name="Release the cord").click()
    expect(page.locator(".cord-band")).to_have_count(0)
    expect(page.locator(".flash")).to_contain_text("The cord is released.")


def test_a_reader_sees_the_cord_and_no_way_to_pull_it(
    windows: Windows, ops: BoardOf, jo: Person
) -> None:
    ops.person.patch(f"/boards/{ops.key}/members/{jo.id}", {"role": "viewer"})
    ops.person.post(f"/boards/{ops.key}/andon", {"reason": REASON})
    page = windows.board(ops.seen_by(jo)).page
    expect(page.locator("#cord")).to_contain_text(REASON)
    for control in ("#cord-link", "#cord-help", "#cord-release"):
        expect(page.locator(control)).to_have_count(0)
    page.goto(f"/boards/{ops.key}/andon")
    expect(page.locator("main")).to_contain_text(REASON)
    expect(page.locator("#cord-form")).to_have_count(0)


def test_a_card_that_is_dragged_into_work_goes_back_with_the_reason(
    windows: Windows, ops: BoardOf
) -> None:
    card = ops.add("Waits", column="Ready")
    other = ops.add("Under way", column="Doing")
    ops.person.post(f"/boards/{ops.key}/andon", {"reason": REASON})
    board = windows.board(ops)
    board.drag(card).over("Doing", before=other).drop()
    expect(board.notice("Doing")).to_contain_text(f"{card['ref']} went back to Ready.")
    expect(board.cell("Ready").locator(f"#card-{card['id']}")).to_be_visible()
    assert {each["title"]: each["column_id"] for each in ops.cards()} == {
        "Waits": ops.column("Ready"),
        "Under way": ops.column("Doing"),
    }


def test_a_card_that_is_written_into_work_stays_in_its_field(
    windows: Windows, ops: BoardOf
) -> None:
    ops.person.post(f"/boards/{ops.key}/andon", {"reason": REASON})
    board = windows.board(ops)
    board.quick_add("Doing").fill("New")
    board.quick_add("Doing").press("Enter")
    notice = board.notice("Doing")
    expect(notice).to_contain_text(f"The cord is pulled: {REASON}.")
    expect(notice).to_contain_text("what you typed is still there")
    expect(board.quick_add("Doing")).to_have_value("New")
    assert ops.cards() == []


def test_an_incident_is_written_into_work_and_other_cards_go_to_the_backlog(
    windows: Windows, ops: BoardOf
) -> None:
    board = windows.board(ops)
    field = board.quick_add("Test")
    expect(field).to_have_attribute("placeholder", "+ Add card")
    pull(board)
    for column in ("Doing", "Test", "In production"):
        expect(board.quick_add(column)).to_have_attribute(
            "placeholder", "Cord pulled: incidents only"
        )
    expect(board.quick_add("Ready")).to_have_attribute("placeholder", "+ Add card")
    field.fill("Pods are rejected")
    board.column("Test").get_by_role("button", name="Add as incident").click()
    expect(board.cell("Test").locator(".card")).to_have_count(1)
    field.fill("Raise the quota")
    board.column("Test").get_by_role("button", name="Add to Backlog").click()
    expect(board.cell("Backlog").locator(".card")).to_have_count(1)
    made = {card["title"]: (card["column_id"], card["work_type"]) for card in ops.cards()}
    assert made == {
        "Pods are rejected": (ops.column("Test"), "incident"),
        "Raise the quota": (ops.column("Backlog"), "feature"),
    }
    ops.person.post(f"/boards/{ops.key}/andon/resolve", {})
    expect(field).to_have_attribute("placeholder", "+ Add card")
    field.fill("Ordinary again")
    expect(board.column("Test").get_by_role("button", name="Add as incident")).to_be_hidden()


@pytest.mark.parametrize("grouped", [True, False])
def test_the_lanes_begin_below_the_head_that_says_no_new_work(
    windows: Windows, ops: BoardOf, grouped: bool
) -> None:
    if not grouped:
        ops.person.delete(f"/groups/{ops.group('Development')}")
    board = windows.board(ops)
    pull(board)
    expect(board.column("Doing").locator(".cord-stop")).to_be_visible()
    lane = board.page.locator(".lane-head").first
    head = board.column("Doing").locator(".column-top")
    until(lambda: bottom(head) <= top(lane))


def top(part: Locator) -> float:
    """Where a part of the page begins."""
    return float(part.evaluate("(part) => part.getBoundingClientRect().top"))


def bottom(part: Locator) -> float:
    """Where a part of the page ends."""
    return float(part.evaluate("(part) => part.getBoundingClientRect().bottom"))
