"""A card in depth in its panel: comments, drafts, mentions, checklists, links."""

import re

from playwright.sync_api import expect

from tests.browser.test_panel import opened, panel
from tests.browser.windows import PHONE, Windows
from tests.support import BoardOf, Person

# --- Comments ------------------------------------------------------------------------------------


def test_people_talk_about_a_card(windows: Windows, ops: BoardOf, jo: Person) -> None:
    card = ops.add("Talked about")
    board = windows.board(ops)
    page = opened(board, card)
    field = page.get_by_role("textbox", name="New comment")
    field.fill("Is the **rollback** tested?")
    field.press("Control+Enter")
    comments = page.get_by_role("region", name="Comments").get_by_role("listitem")
    expect(comments).to_have_count(1)
    expect(comments.first.locator("strong").last).to_have_text("rollback")
    expect(field).to_have_value("")
    expect(board.card(card)).to_contain_text("1")
    jo.post(f"/cards/{card['id']}/comments", {"body": "Yes, since Monday."})
    expect(comments.nth(1)).to_contain_text("Yes, since Monday.")
    comments.first.get_by_role("group").locator("summary").click()
    own = page.get_by_role("textbox", name="Comment", exact=True)
    own.fill("Is it tested?")
    comments.first.get_by_role("button", name="Save").click()
    expect(comments.first).to_contain_text("Is it tested?")
    expect(comments.first).to_contain_text("edited")
    comments.first.locator("summary").click()
    comments.first.get_by_role("button", name="Delete for good").click()
    expect(comments.first).to_contain_text("This comment was deleted.")
    said = jo.get(f"/cards/{card['id']}/comments")["items"]
    assert [comment["body"] for comment in said] == ["", "Yes, since Monday."]


def test_nobody_edits_the_words_of_somebody_else(
    windows: Windows, ops: BoardOf, jo: Person
) -> None:
    card = ops.add("Talked about")
    ops.person.post(f"/cards/{card['id']}/comments", {"body": "Mine"})
    page = opened(windows.board(ops, jo), card)
    expect(page.get_by_text("Mine")).to_be_visible()
    expect(page.locator(".comment summary")).to_have_count(0)


def test_a_draft_is_kept_in_the_browser_until_it_is_sent(windows: Windows, ops: BoardOf) -> None:
    card, other = ops.add("Talked about"), ops.add("Another")
    board = windows.board(ops)
    page = opened(board, card)
    field = page.get_by_role("textbox", name="New comment")
    field.fill("Not yet sent")
    page.keyboard.press("Escape")
    board.title(other).click()
    expect(panel(page)).to_have_attribute("data-ref", other["ref"])
    expect(field).to_have_value("")
    page.reload()
    board.title(card).click()
    expect(panel(page)).to_have_attribute("data-ref", card["ref"])
    expect(field).to_have_value("Not yet sent")
    page.get_by_role("button", name="Comment", exact=True).click()
    expect(page.get_by_role("region", name="Comments")).to_contain_text("Not yet sent")
    expect(field).to_have_value("")
    page.reload()
    expect(field).to_have_value("")
    assert page.evaluate("Object.keys(localStorage).filter((key) => key.includes('draft'))") == []


def test_a_draft_survives_what_others_say(windows: Windows, ops: BoardOf, jo: Person) -> None:
    card = ops.add("Talked about")
    page = opened(windows.board(ops), card)
    field = page.get_by_role("textbox", name="New comment")
    field.fill("I am writ")
    jo.post(f"/cards/{card['id']}/comments", {"body": "Faster"})
    expect(page.get_by_text("Faster")).to_be_visible()
    expect(field).to_have_value("I am writ")
    expect(field).to_be_focused()


def test_names_are_offered_after_an_at(windows: Windows, ops: BoardOf, jo: Person) -> None:
    card = ops.add("Talked about")
    page = opened(windows.board(ops), card)
    field = page.get_by_role("textbox", name="New comment")
    field.press_sequentially("Thanks, @ma")
    names = page.get_by_role("listbox", name="Members").get_by_role("option")
    expect(names).to_have_text(["Jo March"])
    field.press("Enter")
    expect(field).to_have_value("Thanks, @Jo March ")
    expect(names).to_have_count(0)
    field.press_sequentially("and @")
    expect(names).to_have_count(2)
    field.press("ArrowDown")
    expect(names.nth(1)).to_have_attribute("aria-selected", "true")
    field.press("Escape")
    expect(names).to_have_count(0)
    expect(panel(page)).to_be_visible()
    field.press("Control+Enter")
    expect(page.locator(".comment .mention")).to_have_text("@Jo March")


# --- Checklists ----------------------------------------------------------------------------------


def test_a_checklist_is_made_worked_through_and_deleted(windows: Windows, ops: BoardOf) -> None:
    card = ops.add("Has much to do")
    page = opened(windows.board(ops), card)
    page.locator("#checklist-add").click()
    page.get_by_role("textbox", name="Name of the checklist").fill("Before the release")
    page.keyboard.press("Enter")
    new = page.get_by_role("textbox", name="New item of Before the release")
    for text in ("Tell support", "Try the rollback", "Write it up"):
        new.fill(text)
        new.press("Enter")
        expect(page.get_by_role("checkbox", name=text)).to_be_visible()
        expect(new).to_have_value("")
        expect(new).to_be_focused()
    lists = page.get_by_role("region", name="Checklists")
    expect(lists.locator(".checklist-count")).to_have_text("0 of 3")
    page.get_by_role("checkbox", name="Try the rollback").check()
    expect(lists.locator(".checklist-count")).to_have_text("1 of 3")
    lists.get_by_label("Edit Write it up").click()
    lists.get_by_role("textbox", name="Text of the item").fill("Write it down")
    lists.get_by_role("button", name="Save").click()
    expect(page.get_by_role("checkbox", name="Write it down")).to_be_visible()
    lists.get_by_label("Edit Write it down").click()
    lists.get_by_role("button", name="Up", exact=True).click()
    items = lists.locator(".items > li")
    expect(items).to_have_text([re.compile(each) for each in ("Tell", "Write it", "Try")])
    lists.get_by_label("Edit Tell support").click()
    lists.get_by_role("button", name="Delete", exact=True).click()
    expect(items).to_have_count(2)
    lists.get_by_label("Edit the checklist").click()
    lists.get_by_role("textbox", name="Name of the checklist").last.fill("After the release")
    lists.get_by_role("button", name="Save").click()
    expect(lists.get_by_role("heading", level=4)).to_have_text("After the release")
    (made,) = ops.person.get(f"/cards/{card['id']}/checklists")["items"]
    assert [(item["text"], item["checked"]) for item in made["items"]] == [
        ("Write it down", False),
        ("Try the rollback", True),
    ]
    lists.get_by_label("Edit the checklist").click()
    lists.get_by_role("button", name="Delete the checklist").click()
    expect(lists.locator(".checklist")).to_have_count(0)


def test_a_tick_of_somebody_else_comes_in_while_one_types_an_item(
    windows: Windows, ops: BoardOf, jo: Person
) -> None:
    card = ops.add("Has much to do")
    body = {"name": "To do", "items": ["Tell support"]}
    made = ops.person.post(f"/cards/{card['id']}/checklists", body)
    page = opened(windows.board(ops), card)
    page.get_by_role("textbox", name="New item of To do").fill("Try the roll")
    jo.patch(f"/checklist-items/{made['items'][0]['id']}", {"checked": True})
    expect(page.get_by_role("checkbox", name="Tell support")).to_be_checked()
    expect(page.get_by_role("textbox", name="New item of To do")).to_have_value("Try the roll")


# --- Links ---------------------------------------------------------------------------------------


def test_cards_are_found_by_title_and_linked(windows: Windows, ops: BoardOf) -> None:
    card, other = ops.add("Split the worker"), ops.add("Rotate the signing key")
    board = windows.board(ops)
    page = opened(board, card)
    page.locator("#link-add").click()
    page.get_by_role("combobox", name="What").select_option("Blocked by")
    field = page.get_by_role("combobox", name="The other card", exact=True)
    field.press_sequentially("signing")
    option = page.locator("#link-cards option")
    expect(option).to_have_attribute("value", other["ref"])
    field.fill(other["ref"])
    field.press("Enter")
    links = page.get_by_role("region", name="Links").get_by_role("listitem")
    expect(links).to_contain_text(f"{other['ref']} Rotate the signing key")
    expect(links).to_contain_text("Blocked by")
    links.get_by_role("link").click()
    expect(panel(page)).to_have_attribute("data-ref", other["ref"])
    expect(links).to_contain_text("Blocks")
    expect(links).to_contain_text("Split the worker")
    links.get_by_role("button", name="Take away").click()
    expect(links).to_have_count(0)
    assert ops.person.get(f"/cards/{card['id']}/links")["items"] == []


def test_a_link_that_cannot_be_says_why(windows: Windows, ops: BoardOf) -> None:
    card = ops.add("Alone")
    page = opened(windows.board(ops), card)
    page.locator("#link-add").click()
    field = page.get_by_role("combobox", name="The other card", exact=True)
    for ref, said in (
        ("NOSUCH-1", "there is no such card, or none that you may see"),
        (card["ref"], "a card is not linked to itself"),
    ):
        field.fill(ref)
        field.press("Enter")
        expect(page.locator("#link-error")).to_have_text(said)
        expect(field).to_have_value(ref)


def test_addresses_outside_are_kept_with_a_card(windows: Windows, ops: BoardOf) -> None:
    card = ops.add("Has a page elsewhere")
    page = opened(windows.board(ops), card)
    page.locator("#address-add").click()
    page.get_by_role("textbox", name="Address").fill("https://wiki.example.org/a")
    page.get_by_role("textbox", name="Title (optional)").fill("The wiki")
    page.keyboard.press("Enter")
    link = page.get_by_role("link", name="The wiki")
    expect(link).to_have_attribute("href", "https://wiki.example.org/a")
    expect(link).to_have_attribute("rel", re.compile("noopener"))
    page.get_by_label("Edit the address").click()
    page.get_by_role("textbox", name="Address").first.fill("https://wiki.example.org/b")
    page.get_by_role("button", name="Save", exact=True).first.click()
    expect(link).to_have_attribute("href", "https://wiki.example.org/b")
    page.get_by_label("Edit the address").click()
    page.get_by_role("button", name="Take away").click()
    expect(link).to_have_count(0)


def test_on_a_phone_one_comments_and_ticks(windows: Windows, ops: BoardOf) -> None:
    card = ops.add("In the train")
    body = {"name": "To do", "items": ["Tell support"]}
    ops.person.post(f"/cards/{card['id']}/checklists", body)
    board = windows.board(ops, **PHONE)
    board.title(card).tap()
    page = board.page
    page.get_by_role("checkbox", name="Tell support").check()
    expect(page.locator(".checklist-count")).to_have_text("1 of 1")
    page.get_by_role("textbox", name="New comment").fill("On my way")
    page.get_by_role("button", name="Comment", exact=True).tap()
    expect(page.get_by_role("region", name="Comments")).to_contain_text("On my way")
    page.go_back()
    expect(board.card(card)).to_be_visible()


def test_a_viewer_reads_it_all_and_changes_nothing(
    windows: Windows, ops: BoardOf, jo: Person
) -> None:
    card, other = ops.add("Read", description="- [ ] a task"), ops.add("Linked")
    base = f"/cards/{card['id']}"
    ops.person.post(f"{base}/comments", {"body": "Said"})
    ops.person.post(f"{base}/checklists", {"name": "To do", "items": ["Tell support"]})
    ops.person.post(f"{base}/links", {"kind": "blocks", "ref": other["ref"]})
    ops.person.patch(f"/boards/{ops.key}/members/{jo.id}", {"role": "viewer"})
    page = opened(windows.board(ops, jo), card)
    for words in ("Said", "Tell support", "Blocks", "Linked", "a task"):
        expect(panel(page)).to_contain_text(words)
    expect(panel(page).locator("form")).to_have_count(0)
    expect(panel(page).locator("input:not(:disabled), textarea, select")).to_have_count(0)
