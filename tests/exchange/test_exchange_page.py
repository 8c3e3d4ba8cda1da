"""The page on which cards come and go with their pasts."""

import html
import json
import re
from typing import Any

import pytest
from httpx2 import Response

from tests.auth.pages import Browser
from tests.exchange.documents import card, document, exported, try_to_bring
from tests.support import BoardOf, Person, Weir


@pytest.fixture
def browser(weir: Weir, ada: Person) -> Browser:
    """Ada's browser."""
    return Browser(weir, ada)


@pytest.fixture
def grace(weir: Weir) -> Person:
    """Somebody who is on no board yet."""
    return weir.person("Grace Hopper")


def send(browser: Browser, board: BoardOf, content: Any, **fields: str) -> Response:
    """Sends a file by the form."""
    text = content if isinstance(content, bytes) else json.dumps(content).encode()
    files = {"file": ("history.json", text, "application/json")}
    return browser.ask("POST", f"/boards/{board.key}/import", files=files, data=fields)


def words(response: Response) -> str:
    """A page's text."""
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", response.text)))


def test_a_file_brings_its_cards_and_again_none(ops: BoardOf, browser: Browser) -> None:
    history = document(card("A", (9, "Ready")), card("B"))
    done = send(browser, ops, history)
    assert (done.status_code, done.headers["location"]) == (303, f"/boards/{ops.key}")
    assert "2 cards came onto the board." in words(browser.get(f"/boards/{ops.key}"))
    assert {each["external_id"] for each in ops.cards()} == {"A", "B"}
    history["cards"].append(card("C"))
    assert send(browser, ops, history).status_code == 303
    told = "1 card came onto the board, 2 are there already."
    assert told in words(browser.get(f"/boards/{ops.key}"))


def test_a_pasted_text_does_as_well(ops: BoardOf, browser: Browser) -> None:
    text = json.dumps(document(card("A")))
    for kind in ("data", "files"):
        fields = {"text": text} if kind == "data" else {"text": (None, text.replace("A", "B"))}
        done = browser.ask("POST", f"/boards/{ops.key}/import", **{kind: fields})
        assert done.status_code == 303
    assert len(ops.cards()) == 2


def test_a_try_says_what_would_come_and_does_nothing(ops: BoardOf, browser: Browser) -> None:
    assert send(browser, ops, document(card("A"))).status_code == 303
    before = exported(ops), ops.events()
    history = document(card("A"), card("B"))
    tried = send(browser, ops, history, check="true")
    told = "1 card would come onto the board, 1 is there already. Nothing was imported yet."
    assert tried.status_code == 200
    assert told in words(tried)
    answer = ops.person.post(f"/boards/{ops.key}/import?dry_run=true", history)
    assert answer == {"created": 1, "skipped": 1}
    crowd = document(*(card(f"N{n}", (9, "Test")) for n in range(9)))
    for refused in (
        send(browser, ops, crowd, check="true"),
        ops.person.ask("POST", f"/boards/{ops.key}/import?dry_run=true", json=crowd),
    ):
        assert refused.status_code == 409
        assert "Test has 0 of 3 cards, and 9 more would end there" in refused.text
    assert (exported(ops), ops.events()) == before


def test_a_try_on_a_board_without_cards_leaves_it_its_columns(
    ops: BoardOf, browser: Browser
) -> None:
    before = ops.read()
    columns = [{"name": "New", "kind": "queue"}, {"name": "Closed", "kind": "done"}]
    history = document(card("A", column="New"), columns=columns)
    assert "1 card would come" in words(send(browser, ops, history, check="true"))
    assert ops.read() == before
    assert send(browser, ops, history).status_code == 303
    assert [column["name"] for column in ops.read()["columns"]] == ["New", "Closed"]


def test_what_is_wrong_names_the_entry_and_keeps_what_was_pasted(
    ops: BoardOf, browser: Browser
) -> None:
    history = document(card("A", (7, "Ready")), card("B", column="Nowhere"))
    page = browser.send(f"/boards/{ops.key}/import", text=json.dumps(history))
    assert page.status_code == 422
    said = words(page)
    for error in try_to_bring(ops, *history["cards"]).json()["errors"]:
        assert error["msg"] in said
    assert "cards[0].moves[0].at: " in said
    assert "cards[1].column: " in said
    assert "Nothing was imported." in said
    assert json.dumps(history) in html.unescape(page.text)
    assert ops.cards() == []


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b"null", b'{"format": "x"}'])
def test_what_is_no_history_is_said_in_words(
    ops: BoardOf, browser: Browser, content: bytes
) -> None:
    page = send(browser, ops, content)
    assert page.status_code == 422
    assert 'id="import-problems"' in page.text
    assert ops.cards() == []


def test_a_full_column_and_foreign_columns_are_said_too(
    weir: Weir, ops: BoardOf, browser: Browser, grace: Person
) -> None:
    crowd = document(*(card(f"N{n}", (9, "Test")) for n in range(4)))
    full = send(browser, ops, crowd)
    assert full.status_code == 409
    assert "4 more would end there: nothing was imported" in words(full)
    assert ops.events()[-1]["type"] == "move.refused"
    ops.join(grace)
    shape = document(card("A", column="New"), columns=[{"name": "New", "kind": "done"}])
    hers = send(Browser(weir, grace), ops, shape)
    assert hers.status_code == 403
    assert "Only a manager of the board may give it other columns" in words(hers)


def test_everybody_on_the_board_can_take_its_cards_along_and_who_works_there_brings_some(
    weir: Weir, ops: BoardOf, browser: Browser, grace: Person
) -> None:
    path = f"/boards/{ops.key}/import"
    ops.add("One")
    page = browser.get(path).text
    assert 'id="settings-import"' in page
    assert 'id="import-send"' in page
    for link in re.findall(r'href="(/api/v1/[^"]*)"', page):
        answer = browser.get(html.unescape(link))
        assert answer.status_code == 200
        assert "attachment" in answer.headers["content-disposition"]
    hers = Browser(weir, grace)
    assert hers.get(path).status_code == 404
    assert send(hers, ops, document(card("A"))).status_code == 404
    ops.join(grace)
    member = hers.get(path).text
    assert 'id="import-send"' in member
    assert 'id="settings-import"' not in member
    ops.person.patch(f"/boards/{ops.key}/members/{grace.id}", {"role": "viewer"})
    viewer = hers.get(path).text
    assert 'id="import-send"' not in viewer
    assert 'id="export-json"' in viewer
    assert send(hers, ops, document(card("A"))).status_code == 403
    ops.person.delete(f"/boards/{ops.key}")
    assert 'id="import-send"' not in browser.get(path).text
    assert send(browser, ops, document(card("A"))).status_code == 409
