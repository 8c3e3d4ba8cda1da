"""The filter on the board's page: it hides, counts, says what it does, and stays true."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.windows import PHONE, BoardWindow, Windows, until
from tests.cards.test_faces import finish, started
from tests.support import BoardOf, Person

LOOKS: list[dict[str, Any]] = [{}, PHONE]
ON_BOTH = pytest.mark.parametrize("look", LOOKS, ids=["desktop", "phone"])


def type_text(page: Page, text: str) -> None:
    """Types into the field of the filter, which is opened for that."""
    if not page.locator("#filters").is_visible():
        page.locator("[popovertarget=filters]:visible").first.click()
    field = page.locator("#filter-text")
    field.fill("")
    field.press_sequentially(text)


def shows(board: BoardWindow, *cards: Any) -> None:
    """These cards are to be seen, and no others."""
    found = board.page.locator(".card:not([hidden]) > .card-title")
    expect(found).to_have_text([card["title"] for card in cards])


@ON_BOTH
def test_typing_hides_what_does_not_match_and_the_address_says_so(
    windows: Windows, ops: BoardOf, look: dict[str, Any]
) -> None:
    first, second = ops.add("Rotate the keys"), ops.add("Write the handover")
    board = windows.board(ops, **look)
    type_text(board.page, "keys")
    shows(board, first)
    expect(board.page).to_have_url(re.compile(r"\?q=keys$"))
    expect(board.page.locator("#filter-line")).to_have_text("1 of 2 cards")
    expect(board.spoken).to_have_text("1 of 2 cards")
    expect(board.count("Backlog")).to_have_text("1 of 2")
    board.page.reload()
    shows(board, first)
    board.page.locator("#filter-clear").click()
    shows(board, first, second)
    expect(board.page).to_have_url(re.compile(rf"/boards/{ops.key}$"))
    expect(board.page.locator("#filter-bar")).to_be_hidden()


def test_the_true_number_stands_against_the_limit_and_the_filtered_one_beside_it(
    windows: Windows, ops: BoardOf
) -> None:
    for n in range(4):
        ops.add("mine" if n % 2 else "other", column="Ready", team="ops" if n % 2 else "dev")
    board = windows.board(ops)
    board.page.goto(f"/boards/{ops.key}?team=ops")
    expect(board.count("Ready")).to_have_text("2 of 4 / 5")
    expect(board.column("Ready").locator(".column-head .wip .vh")).to_contain_text(
        "Ready, 4 of 5, 2 shown"
    )
    ops.add("mine", column="Ready", team="ops")
    expect(board.count("Ready")).to_have_text("3 of 5 / 5 full")
    expect(board.quick_add("Ready")).to_have_attribute("placeholder", "Ready is full (5/5)")


def test_a_face_the_blocked_chip_and_my_cards_are_filters_and_chips_take_them_back(
    windows: Windows, ops: BoardOf, ada: Person, jo: Person
) -> None:
    mine = ops.add("mine", assignee_ids=[ada.id])
    his = ops.add("his", assignee_ids=[jo.id])
    stuck = ops.add("stuck")
    ada.post(f"/cards/{stuck['id']}/block", {"reason": "Why"})
    board = windows.board(ops)
    page = board.page
    face = page.locator(f"#face-{jo.id}")
    face.click()
    shows(board, his)
    expect(face).to_have_attribute("aria-current", "true")
    chip = page.get_by_role("link", name="Take away: Assignee is Jo March")
    page.locator(f"#face-{ada.id}").click()
    shows(board, mine, his)
    chip.click()
    shows(board, mine)
    expect(page.locator("#filter-chips")).to_be_focused()
    page.locator("#filter-clear").click()
    page.locator("#filter-blocked").click()
    shows(board, stuck)
    page.locator("#filter-clear").click()
    page.evaluate("document.getElementById('filter-mine').click()")
    shows(board, mine)
    expect(page).to_have_url(re.compile(r"\?assignee=me$"))
    page.evaluate("document.getElementById('filter-mine').click()")
    shows(board, mine, his, stuck)


def test_the_filter_is_live_while_others_work(windows: Windows, ops: BoardOf) -> None:
    first = ops.add("Rotate keys")
    board = windows.board(ops)
    board.page.goto(f"/boards/{ops.key}?q=keys")
    shows(board, first)
    other = ops.add("Nothing of the kind")
    expect(board.card(other)).to_be_attached()
    expect(board.card(other)).to_be_hidden()
    ops.person.patch(f"/cards/{other['id']}", {"title": "More keys"})
    expect(board.card(other)).to_be_visible()
    ops.person.patch(f"/cards/{first['id']}", {"title": "Locks"})
    expect(board.card(first)).to_be_hidden()
    expect(board.page.locator("#filter-line")).to_have_text("1 of 2 cards")


def test_a_column_without_a_match_says_so_and_an_empty_one_does_not(
    windows: Windows, ops: BoardOf
) -> None:
    ops.add("Rotate keys")
    ops.add("Other", column="Ready")
    board = windows.board(ops)

    def hint(column: str) -> str:
        cell = board.cell(column)
        return str(cell.evaluate("(cell) => getComputedStyle(cell, '::after').content"))

    type_text(board.page, "keys")
    expect(board.page.locator("#filter-line")).to_have_text("1 of 2 cards")
    assert hint("Ready") == '"No card here matches."'
    assert hint("Backlog") == "none"
    assert "Nothing here" in hint("Doing")
    board.page.reload()
    until(lambda: hint("Ready") == '"No card here matches."')
    ops.add("More keys", column="Ready")
    until(lambda: hint("Ready") == "none")
    board.page.locator("#filter-clear").click()
    expect(board.page.locator("#filter-bar")).to_be_hidden()
    assert hint("Backlog") == "none"


def test_what_is_older_than_most_is_chosen_in_the_menu_and_stays_true(
    windows: Windows, ops: BoardOf
) -> None:
    finish(ops, *(2 * days - 0.1 for days in range(1, 21)))
    for title, days in (("Young", 3.2), ("Late", 18.2)):
        started(ops, title, "Doing", days)
    young, late = ops.cards(column_id=ops.column("Doing"))
    board = windows.board(ops)
    board.page.locator("#filter-button").click()
    board.page.locator("#filters").get_by_text("Over the board’s 85 %", exact=True).click()
    shows(board, late)
    expect(board.page).to_have_url(re.compile(r"\?age=p85$"))
    expect(board.page.locator("#filter-line")).to_have_text("1 of 22 cards")
    expect(board.count("Doing")).to_have_text("1 of 2")
    # After half the time in Test nobody is late there.
    ops.move(late, "Test")
    expect(board.card(late)).to_be_hidden()
    expect(board.card(young)).to_be_hidden()
    expect(board.page.locator("#filter-line")).to_have_text("0 of 22 cards")


def test_a_young_board_says_why_an_age_is_no_choice_until_it_is_one(
    windows: Windows, ops: BoardOf
) -> None:
    finish(ops, *range(1, 20))
    started(ops, "The twentieth", "Doing", 3)
    (last,) = ops.cards(column_id=ops.column("Doing"))
    page = windows.board(ops).page
    page.locator("#filter-button").click()
    age = page.get_by_role("group", name="Age")
    expect(age.get_by_label("Over the board’s 85 %")).to_be_disabled()
    expect(age).to_have_accessible_description(
        "“Over the board’s 85 %” comes with 20 finished cards."
    )
    ops.move(last, "In production")
    expect(age.get_by_label("Over the board’s 85 %")).to_be_enabled()
    expect(age).to_have_accessible_description("")


def test_a_new_card_that_does_not_match_is_spoken_of(windows: Windows, ops: BoardOf) -> None:
    board = windows.board(ops)
    board.page.goto(f"/boards/{ops.key}?q=keys")
    field = board.quick_add("Backlog")
    field.fill("Something else")
    field.press("Enter")
    toast = board.page.locator(".toast")
    expect(toast).to_contain_text("is hidden by the filter.")
    toast.get_by_role("button").click()
    expect(board.page.locator(".card-title")).to_be_visible()


def test_a_card_is_dropped_beside_what_is_seen_whatever_is_hidden_between(
    windows: Windows, ops: BoardOf
) -> None:
    cards = {
        name: ops.add(name, team=team)
        for name, team in (
            ("a", "ops"),
            ("x", "dev"),
            ("b", "ops"),
            ("y", "dev"),
            ("c", "ops"),
            ("z", "dev"),
        )
    }
    board = windows.board(ops)
    board.page.goto(f"/boards/{ops.key}?team=ops")
    shows(board, cards["a"], cards["b"], cards["c"])
    board.drag(cards["c"]).over("Backlog", before=cards["b"]).drop()
    expect(board.spoken).to_contain_text("position 3 of 6")
    board.drag(cards["a"]).over("Backlog").drop()
    expect(board.spoken).to_contain_text("position 4 of 6")
    found = [card["title"] for card in ops.cards()]
    assert found == ["x", "c", "b", "a", "y", "z"]
    board.is_what_the_server_says()


def test_keys_pass_over_hidden_cards_and_the_focus_is_not_lost_with_one(
    windows: Windows, ops: BoardOf
) -> None:
    first, second, third = (ops.add(name) for name in ("keys one", "other", "keys two"))
    board = windows.board(ops)
    board.page.goto(f"/boards/{ops.key}?q=keys")
    board.title(first).focus()
    board.page.keyboard.press("ArrowDown")
    expect(board.title(third)).to_be_focused()
    ops.person.patch(f"/cards/{third['id']}", {"title": "locks"})
    expect(board.title(first)).to_be_focused()
    expect(board.card(second)).to_be_hidden()


def test_a_card_opened_over_a_filtered_board_leaves_the_filter_as_it_is(
    windows: Windows, ops: BoardOf
) -> None:
    card = ops.add("Rotate keys")
    ops.add("other")
    board = windows.board(ops)
    type_text(board.page, "keys")
    shows(board, card)
    board.page.locator("#filter-close").click()
    board.title(card).click()
    expect(board.page).to_have_url(re.compile(rf"/cards/{card['number']}\?q=keys$"))
    shows(board, card)
    board.page.go_back()
    expect(board.page).to_have_url(re.compile(rf"/boards/{ops.key}\?q=keys$"))
    shows(board, card)


def test_without_scripts_the_form_and_the_chips_do_the_same(windows: Windows, ops: BoardOf) -> None:
    ops.add("Rotate keys", team="ops")
    ops.add("Locks", team="ops")
    page = windows.open(ops.person, f"/boards/{ops.key}", java_script_enabled=False)
    page.locator("#filter-button").click()
    page.locator("#filter-text").fill("keys")
    page.locator("#filters").get_by_text("Ops", exact=True).click()
    page.locator("#filter-apply").click()
    expect(page).to_have_url(re.compile(r"\?q=keys&team=ops$"))
    expect(page.locator(".card:not([hidden])")).to_have_count(1)
    expect(page.locator("#filter-line")).to_have_text("1 of 2 cards")
    page.locator("#filter-chip-1").click()
    expect(page).to_have_url(re.compile(r"\?q=keys$"))


def test_a_letter_that_comes_while_an_answer_is_read_is_not_lost(
    windows: Windows, ops: BoardOf
) -> None:
    ops.add("Rotate keys")
    kettle = ops.add("Mend the kettle")
    board = windows.board(ops)
    # The answer's head is here at once, its body is read for as long as the test wants.
    board.page.evaluate(
        """() => {
            const read = Response.prototype.json;
            Response.prototype.json = async function () {
                window.reading = true;
                await new Promise((go) => { window.readOn = go; });
                return read.call(this);
            };
            window.goOnWithTheNext = () => document.addEventListener("input", () => {
                Response.prototype.json = read;
                window.readOn();
            }, { once: true });
        }"""
    )
    type_text(board.page, "ke")
    until(lambda: board.page.evaluate("window.reading"))
    board.page.evaluate("window.goOnWithTheNext()")
    board.page.locator("#filter-text").press("t")
    shows(board, kettle)
    expect(board.page).to_have_url(re.compile(r"\?q=ket$"))


def test_a_letter_is_one_request_and_what_others_do_is_asked_for_together(
    windows: Windows, ops: BoardOf
) -> None:
    ops.add("Rotate keys")
    board = windows.board(ops)
    page = board.page
    asked: list[str] = []
    page.on("request", lambda request: asked.extend(re.findall("/matching", request.url)))
    type_text(page, "k")
    expect(page.locator("#filter-bar")).to_be_visible()
    expect(page.locator("#filter-line")).to_have_text("1 of 1 card")
    assert len(asked) == 1
    page.locator("#filter-clear").click()
    shows(board, *ops.cards())
    ops.add("Unfiltered, nothing is asked")
    expect(page.locator(".card")).to_have_count(2)
    assert len(asked) == 1


def test_in_a_long_list_a_card_in_the_hand_lays_the_page_out_a_few_times(
    windows: Windows, ops: BoardOf
) -> None:
    """Not once for each card that makes room."""
    ops.limit("Ready", None)
    card = ops.add()
    others = [ops.add(f"Number {n}", column="Ready") for n in range(60)]
    board = windows.board(ops)
    expect(board.cell("Ready")).to_have_class(re.compile("is-long"))
    cdp = board.page.context.new_cdp_session(board.page)
    cdp.send("Performance.enable")

    def layouts() -> float:
        found = cdp.send("Performance.getMetrics")["metrics"]
        return float(next(each["value"] for each in found if each["name"] == "LayoutCount"))

    held = board.drag(card)
    before = layouts()
    held.over("Ready", before=others[2])
    assert layouts() - before < 40
    held.drop()
    expect(board.spoken).to_contain_text("position 3 of 61")


def test_of_a_long_list_the_first_screen_comes_back_at_once_and_the_rest_behind_it(
    windows: Windows, ops: BoardOf
) -> None:
    ops.limit("Ready", None)
    for n in range(30):
        ops.add(f"Number {n}", column="Ready")
    board = windows.board(ops)
    shown = board.page.locator(".card:not([hidden])")
    type_text(board.page, "no such card")
    expect(shown).to_have_count(0)
    board.page.evaluate(
        """() => document.addEventListener("weir:filtered", () => {
            window.first = document.querySelectorAll(".card:not([hidden])").length;
        }, { once: true })"""
    )
    board.page.locator("#filter-text").fill("")
    expect(shown).to_have_count(30)
    assert board.page.evaluate("window.first") == 8
    assert not board.page.locator("#filter-bar").is_visible()


def test_down_a_long_list_all_that_the_screen_holds_comes_back_at_once(
    windows: Windows, ops: BoardOf
) -> None:
    ops.limit("Ready", None)
    for n in range(60):
        ops.add(f"{('Red', 'Blue')[n % 2]} {n}", column="Ready")
    board = windows.board(ops)
    shown = board.page.locator(".card:not([hidden])")
    type_text(board.page, "red")
    expect(shown).to_have_count(30)
    board.page.locator("#board").evaluate("(board) => { board.scrollTop = 800; }")
    board.page.evaluate(
        """() => document.addEventListener("weir:filtered", () => {
            const behind = document.querySelector(".card[hidden]");
            window.last = behind.previousElementSibling.getBoundingClientRect().bottom;
        }, { once: true })"""
    )
    board.page.locator("#filter-text").fill("")
    expect(shown).to_have_count(60)
    last = board.page.evaluate("window.last")
    assert last > board.page.evaluate("innerHeight"), "cards are missing on the screen"
    assert last < 5000, "more than the screen holds was waited for"
