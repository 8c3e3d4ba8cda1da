"""What a board tells at a glance, live: bars of age, reached limits, title and icon, first steps,
and the sample board."""

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.windows import PHONE, Windows
from tests.cards.test_faces import finish, started
from tests.support import BoardOf, Person


def named(board: BoardOf, title: str) -> Any:
    """A card of a board by its title."""
    return next(card for card in board.cards() if card["title"] == title)


def color(at: Locator, what: str = "color") -> str:
    """A colour as the browser paints it."""
    return str(at.evaluate(f"(node) => getComputedStyle(node)['{what}']"))


def test_bars_of_age_fill_beside_the_boards_own_past(windows: Windows, ops: BoardOf) -> None:
    finish(ops, *(2 * days - 0.1 for days in range(1, 21)))
    for title, days in (("Young", 0.5), ("Old", 17.5), ("Very old", 40.2)):
        started(ops, title, "Doing", days)
    board = windows.board(ops)
    for title, bars in (("Young", 0), ("Old", 3), ("Very old", 4)):
        age = board.card(named(ops, title)).locator(".age")
        expect(age).to_have_class(f"age age-{bars}")
        colors = [color(bar, "backgroundColor") for bar in age.locator("i").all()]
        assert len(colors) == 4
        assert [each != colors[-1] for each in colors] == (
            [n < bars for n in range(4)] if bars < 4 else [False] * 4
        )
    old = named(ops, "Old")
    expect(board.card(old).locator(".age")).to_have_text("17 d")
    expect(board.card(old).locator(".age")).to_have_attribute(
        "title", re.compile("^17 d, older than 85 % of past cards at this stage: 85 % had left")
    )
    expect(board.title(old)).to_have_accessible_description(
        f"{old['ref']}, age 17 d, older than 85 % of past cards at this stage"
    )


def test_a_young_board_shows_days_alone(windows: Windows, ops: BoardOf) -> None:
    started(ops, "Old", "Doing", 40.2)
    age = windows.board(ops).card(named(ops, "Old")).locator(".age")
    expect(age).to_have_text("40 d")
    expect(age.locator("i")).to_have_count(0)


def test_a_long_title_takes_three_lines_at_most_and_is_there_whole(
    windows: Windows, ops: BoardOf
) -> None:
    long = "A title that goes on and on, " * 8
    card = ops.add(long.strip(", "))
    board = windows.board(ops)
    title = board.title(card)
    lines = title.evaluate("(n) => n.clientHeight / parseFloat(getComputedStyle(n).lineHeight)")
    assert round(lines) == 3
    expect(title).to_have_attribute("title", card["title"])
    expect(title).to_have_accessible_name(card["title"])


def test_a_click_beside_the_title_opens_the_card_too(windows: Windows, ops: BoardOf) -> None:
    card = ops.add("A card", column="Doing")
    board = windows.board(ops)
    board.card(card).locator(".age").click()
    expect(board.page).to_have_url(re.compile(f"/cards/{card['number']}"))


def test_a_reached_limit_of_a_person_shows_on_all_faces_as_others_work(
    windows: Windows, ops: BoardOf, jo: Person
) -> None:
    ops.person.patch(f"/boards/{ops.key}", {"person_wip_limit": 2})
    first = ops.add("First", column="Doing", assignee_ids=[jo.id])
    second = ops.add("Second", column="Ready", assignee_ids=[jo.id])
    board = windows.board(ops)
    faces = [board.card(card).locator(".face") for card in (first, second)]
    faces.append(board.page.locator(f"#board-people [data-person='{jo.id}']"))
    for face in faces:
        expect(face).to_have_attribute("title", "Jo March")
    ops.move(second, "Doing")
    for face in faces:
        expect(face).to_have_attribute("title", "Jo March, 2 of 2 in work")
    for ring in (*faces[:2], faces[2].locator(".face")):
        expect(ring).to_have_class(re.compile("is-full"))
        assert color(ring, "outlineStyle") == "solid"
    expect(board.title(second)).to_have_accessible_description(
        re.compile(r"assigned to Jo March \(2 of 2 in work\)")
    )
    ops.move(first, "Ready")
    for face in faces:
        expect(face).to_have_attribute("title", "Jo March")


def icon_of(page: Page) -> str:
    """The page's icon."""
    return page.locator("#favicon").get_attribute("href") or ""


def test_title_and_icon_tell_the_boards_state_as_it_changes(windows: Windows, ops: BoardOf) -> None:
    card = ops.add("A card", column="Test")
    ops.add("Another", column="Test")
    page = windows.board(ops).page
    name = f"{ops.read()['name']} ({ops.key}) · Weir"
    expect(page).to_have_title(name)
    assert icon_of(page).startswith("/static/img/favicon.svg")
    ops.person.post(f"/cards/{card['id']}/block", {"reason": "Vendor"})
    expect(page).to_have_title(f"(1⊘) {name}")
    assert icon_of(page).startswith("/static/img/favicon-blocked.svg")
    ops.limit("Test", 1)
    expect(page).to_have_title(f"(1⊘ 1 over) {name}")
    assert icon_of(page).startswith("/static/img/favicon-over.svg")
    assert page.request.get(icon_of(page)).ok
    ops.person.post(f"/cards/{card['id']}/unblock", {})
    ops.limit("Test", None)
    expect(page).to_have_title(name)
    assert icon_of(page).startswith("/static/img/favicon.svg")


@pytest.mark.parametrize("look", [{}, PHONE])
def test_an_empty_board_tells_what_to_do_until_a_card_is_there(
    windows: Windows, ops: BoardOf, look: dict[str, Any]
) -> None:
    board = windows.board(ops, **look)
    steps = board.page.get_by_role("region", name=re.compile("ready for its first card"))
    expect(steps).to_be_visible()
    for link in ("#first-settings", "#first-people", "#first-import"):
        address = board.page.locator(link).get_attribute("href")
        assert board.page.request.get(address or "").ok
    ops.add("The first")
    expect(steps).to_be_hidden()


def test_a_viewer_of_an_empty_board_is_not_told_to_shape_it(
    windows: Windows, ops: BoardOf, jo: Person
) -> None:
    ops.person.patch(f"/boards/{ops.key}/members/{jo.id}", {"role": "viewer"})
    page = windows.board(ops.seen_by(jo), jo).page
    expect(page.locator("#first-steps")).to_be_visible()
    expect(page.locator("#first-steps a")).to_have_count(0)


def test_the_list_of_boards_says_what_is_going_on(windows: Windows, ops: BoardOf) -> None:
    card = ops.add("A card", column="Test")
    ops.add("Another", column="Test")
    ops.limit("Test", 1)
    ops.person.post(f"/cards/{card['id']}/block", {"reason": "Vendor"})
    page = windows.open(ops.person)
    item = page.locator(".board-item").filter(has=page.locator(f"#board-{ops.key}"))
    expect(item).to_contain_text("1 blocked")
    expect(item).to_contain_text("1 over its limit")
    expect(item.locator("dd")).to_have_text(["2", "2", "0"])


def test_a_sample_board_is_made_teaches_and_goes_in_one_click(windows: Windows, jo: Person) -> None:
    page = windows.open(jo)
    page.get_by_role("button", name="Make a sample board").click()
    expect(page.locator(".sample-band")).to_contain_text("This is a sample board.")
    expect(page.locator("#live")).to_have_text("Live")
    assert page.locator(".age i").count() >= 12
    expect(page.get_by_text("3/5")).to_be_visible()
    key = page.url.rpartition("/")[2]
    # The lesson of the limit.
    overfill = page.locator(".card", has_text="Try to overfill Test")
    expect(overfill).to_be_visible()
    page.get_by_role("button", name="Remove sample board").click()
    expect(page).to_have_url(re.compile("/boards$"))
    expect(page.get_by_role("status").first).to_have_text("The sample board is gone.")
    assert jo.ask("GET", f"/boards/{key}").status_code == 404
