"""Text that is taken comes back as it was, and what no text may be is refused: to the letter."""

import unicodedata
from typing import Any, NamedTuple

import pytest
from sqlalchemy import bindparam, select

from app.db import Query
from app.errors import Invalid
from app.models import Card
from tests.support import BoardOf, Person, Weir

TEXTS = [
    "Ünïcödé and 漢字",
    "🦑 👩‍👩‍👧‍👦 🏳️‍🌈",
    "right to left: \u202eabc\u202c مرحبا",
    "'; DROP TABLE cards; --",
    '"quotes" \\back\\slashes\\ %s {} {{ }} $1 :name ?',
    "<script>alert(1)</script> & <b>bold</b>",
    "noncharacters \ufffe\uffff \U0010ffff and a replacement \ufffd",
    "zero\u200bwidth\u200djoiners",
    "=1+1",
]


def test_text_that_is_taken_comes_back_as_it_was(ops: BoardOf) -> None:
    for text in TEXTS:
        card = ops.add(text, description=text, labels=[text], external_id=text)
        ops.person.post(f"/cards/{card['id']}/block", {"reason": text})
        found = ops.person.get(f"/cards/{card['id']}")
        expected = unicodedata.normalize("NFC", text)
        assert found["title"] == found["description"] == found["external_id"] == expected
        assert found["labels"] == [expected]
        assert found["blocked"]["reason"] == expected
        for query in ({"q": text}, {"label": text}, {"external_id": text}):
            assert [each["id"] for each in ops.cards(**query)] == [card["id"]]
        assert ops.events()[-2]["data"]["title"] == expected


def test_text_is_composed_and_trimmed(ops: BoardOf) -> None:
    card = ops.add("  U\u0308ber\u00a0\n", description="\n Text \n")
    assert (card["title"], card["description"]) == ("Über", "Text")


def test_text_may_be_as_long_as_it_is_said_and_not_one_character_longer(ops: BoardOf) -> None:
    for name, most in (("title", 500), ("description", 50_000), ("external_id", 200)):
        for letter in ("x", "漢", "🦑"):
            body = {"title": "A card", name: letter * most}
            assert ops.person.post(f"/boards/{ops.key}/cards", body)[name] == letter * most
            assert ops.try_add(**{"title": "A card", name: letter * (most + 1)}).status_code == 422
            ops.person.delete(f"/cards/{ops.cards()[-1]['id']}")


def test_a_search_finds_what_it_says_in_any_case_and_nothing_else(ops: BoardOf) -> None:
    ops.add("50 or ab or backslash")
    for text in ("50%", "a_b", "back\\slash", "ÜBER", "straße", "ОПС"):
        card = ops.add(f"This is {text} in a title")
        for query in (text, text.lower()):
            assert [each["id"] for each in ops.cards(q=query)] == [card["id"]], query


def test_a_time_zone_that_is_none_is_a_422(ada: Person) -> None:
    zones = ("", "Mars/Base", "../../etc/passwd", "Europe", "\x00", "x" * 100, "/etc/localtime")
    for zone in zones:
        body = {"key": "ZONE", "name": "A", "time_zone": zone}
        assert ada.ask("POST", "/boards", json=body).status_code == 422, zone
    assert ada.get("/boards")["items"] == []


def test_an_address_that_grows_when_it_is_folded_is_judged_by_what_is_kept(ops: BoardOf) -> None:
    for local in ("ß" * 242, "ß" * 121):
        body = {"email": f"{local}@example.org", "role": "viewer"}
        response = ops.person.ask("POST", "/boards/OPS/members", json=body)
        assert response.status_code == 422
        assert ("characters" in response.text) == (len(local) == 242)


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, "\ud800"])
def test_what_the_types_would_overlook_is_caught_at_the_database(
    weir: Weir, caplog: pytest.LogCaptureFixture, value: Any
) -> None:
    """The last net: an answer for the client, and a line in the log, since it is a bug."""
    column = Card.number if isinstance(value, int) else Card.title
    query = Query(select(Card.id).where(column == bindparam("value")), _Id)
    for ask in (weir.db.read_now, weir.db.write_now):
        caplog.clear()
        with pytest.raises(Invalid):
            ask(lambda tx: tx.all(query, value=value))
        assert [record.name for record in caplog.records] == ["weir.db"]


class _Id(NamedTuple):
    id: int
