"""Addresses outside Weir: http and https, and no others."""

from typing import Any

import pytest

from app.details.weblinks import MOST_WEB_LINKS
from tests.cards.test_statements import cost
from tests.details.telling import newest, story
from tests.support import BoardOf

URL = "https://status.example.org/incidents/81?page=2#top"


@pytest.fixture
def card(ops: BoardOf) -> Any:
    """A card of Ada's."""
    return ops.add("A card")


def add(board: BoardOf, card: Any, url: str = URL, **more: Any) -> Any:
    """Adds an address to a card."""
    return board.person.post(f"/cards/{card['id']}/web-links", {"url": url, **more})


def links_of(board: BoardOf, card: Any) -> list[Any]:
    """A card's addresses."""
    return list(board.person.get(f"/cards/{card['id']}/web-links?limit=200")["items"])


def test_an_address_is_added_with_or_without_a_title(ops: BoardOf, card: Any) -> None:
    first, second = add(ops, card), add(ops, card, title=" Incident 81 ")
    assert first == {
        "id": first["id"],
        "card_id": card["id"],
        "url": URL,
        "title": "",
        "created_at": first["created_at"],
        "created_by": {"id": ops.person.id, "name": "Ada Lovelace"},
    }
    assert second["title"] == "Incident 81"
    assert links_of(ops, card) == [first, second]
    data = {"web_link_id": second["id"], "url": URL, "title": "Incident 81"}
    assert newest(ops) == [("web_link.added", data)]
    assert story(ops, card)[1:] == [
        f"added the link {URL}",
        f"added the link “Incident 81” ({URL})",
    ]


def test_an_address_and_its_title_change(ops: BoardOf, card: Any) -> None:
    made = add(ops, card, title="Old")
    path = f"/web-links/{made['id']}"
    assert ops.person.patch(path, {"title": "New"}) == {**made, "title": "New"}
    ops.person.patch(path, {"title": ""})
    changed = ops.person.patch(path, {"url": "http://127.0.0.1:8000/"})
    assert links_of(ops, card) == [changed]
    seq = ops.read()["seq"]
    ops.person.patch(path, {"url": "http://127.0.0.1:8000/", "title": ""})
    assert ops.read()["seq"] == seq
    assert story(ops, card)[-3:] == [
        f"called the link {URL} “New”",
        f"took the title of the link {URL} away",
        f"changed the link {URL} to http://127.0.0.1:8000/",
    ]


def test_an_address_is_taken_away(ops: BoardOf, card: Any) -> None:
    made = add(ops, card)
    ops.person.delete(f"/web-links/{made['id']}")
    assert links_of(ops, card) == []
    assert ops.person.ask("DELETE", f"/web-links/{made['id']}").status_code == 404
    assert story(ops, card)[-1] == f"took the link {URL} away"


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JAVASCRIPT:alert(1)",
        "data:text/html,a",
        "ftp://example.org",
        "mailto:a@example.org",
        "file:///etc/passwd",
        "//example.org",
        "/boards",
        "example.org",
        "https://",
        "https:///a",
        "https:example.org",
        "http://[",
        "http://a:99999999",
        "https://good.example\\@bad.example",
        "https://a b.example",
        "https://a.example/\n",
        "https://a.example/\x00",
        "https://a.example/" + "x" * 2_000,
        "",
        5,
        None,
    ],
)
def test_what_is_no_address_of_the_web_is_refused(ops: BoardOf, card: Any, url: Any) -> None:
    # Around an address there may be room, as it comes with copying.
    if url == "https://a.example/\n":
        assert add(ops, card, url)["url"] == "https://a.example/"
        return
    path = f"/cards/{card['id']}/web-links"
    answer = ops.person.ask("POST", path, json={"url": url})
    assert answer.status_code == 422
    made = add(ops, card)
    answer = ops.person.ask("PATCH", f"/web-links/{made['id']}", json={"url": url})
    assert answer.status_code == 422
    assert links_of(ops, card) == [made]


@pytest.mark.parametrize(
    "url",
    ["HTTPS://EXAMPLE.ORG", "http://[::1]:8080/a", "https://münchen.example/ä?ö=ü", "http://a/"],
)
def test_other_addresses_are_kept_as_they_came(ops: BoardOf, card: Any, url: str) -> None:
    assert add(ops, card, url)["url"] == url


def test_there_are_so_many_and_no_more(ops: BoardOf, card: Any) -> None:
    for number in range(MOST_WEB_LINKS):
        add(ops, card, f"https://example.org/{number}")
    answer = ops.person.ask("POST", f"/cards/{card['id']}/web-links", json={"url": URL})
    assert answer.status_code == 409
    assert len(links_of(ops, card)) == MOST_WEB_LINKS


def test_reading_takes_the_same_few_statements_for_one_and_for_many(
    ops: BoardOf, card: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read() -> None:
        links_of(ops, card)

    add(ops, card)
    one = cost(monkeypatch, read)
    for _ in range(8):
        add(ops, card)
    assert cost(monkeypatch, read) == one <= 6
