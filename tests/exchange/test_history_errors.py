"""What is wrong with a history is named, and nothing of it is taken."""

import json
from typing import Any

import pytest

from app.errors import Invalid
from app.exchange import history
from app.exchange.history import import_history
from tests.exchange.documents import (
    block,
    bring,
    card,
    document,
    iso,
    said,
    try_to_bring,
)
from tests.support import BoardOf, Weir

IN_THE_PAST = "is before 2024-05-06T08:00:00.000000Z: time never goes back"
MISTAKES: dict[str, tuple[dict[str, Any], str]] = {
    "a move before the creation": (
        card("A", (7, "Doing")),
        f"cards[1].moves[0].at: {iso(7)} {IN_THE_PAST}",
    ),
    "a move before the one before": (
        card("A", (10, "Doing"), (9, "Test")),
        f"cards[1].moves[1].at: {iso(9)} is before {iso(10)}: time never goes back",
    ),
    "a block before the creation": (
        card("A", blocks=[block(8, 9), block(7, 9)]),
        f"cards[1].blocks[1].from: {iso(7)} {IN_THE_PAST}",
    ),
    "a block that ends before it begins": (
        card("A", blocks=[block(10, 9)]),
        f"cards[1].blocks[0].until: {iso(9)} is before {iso(10)}: time never goes back",
    ),
    "archived before the creation": (
        card("A", archived_at=iso(7)),
        f"cards[1].archived_at: {iso(7)} {IN_THE_PAST}",
    ),
    "a creation in the future": (
        card("A", created_at="2199-01-01T00:00:00Z"),
        "cards[1].created_at: 2199-01-01T00:00:00.000000Z is in the future",
    ),
    "a block that ends in the future": (
        card("A", blocks=[{**block(9), "until": "2199-01-01T00:00:00Z"}]),
        "cards[1].blocks[0].until: 2199-01-01T00:00:00.000000Z is in the future",
    ),
    "an unknown column": (
        card("A", column="Nowhere"),
        "cards[1].column: the board has no column 'Nowhere'; it has 'Backlog', 'Ready'",
    ),
    "an unknown column of a move": (
        card("A", (9, "Doing"), (10, "doing")),
        "cards[1].moves[1].to: the board has no column 'doing'; it has",
    ),
    "an unknown lane": (
        card("A", lane="Fast"),
        "cards[1].lane: the board has no lane 'Fast'; it has 'Expedite', 'Standard'",
    ),
    "an unknown team": (
        card("A", team="sales"),
        "cards[1].team: the board has no team 'sales'; it has 'dev', 'ops'",
    ),
    "a time without a zone": (
        card("A", created_at="2024-05-06T08:00:00"),
        "cards[1].created_at: must be a timestamp with a zone, like 2026-03-02T09:30:00Z",
    ),
    "a year that is far away": (
        card("A", created_at="9999-12-31T23:59:00-23:59"),
        "cards[1].created_at: must",
    ),
    "a number for a time": (card("A", created_at=8), "cards[1].created_at: must be a timestamp"),
    "a huge number for a time": (
        card("A", created_at=10**30),
        "cards[1].created_at: must be a timestamp",
    ),
    "a huge number for a place": (card("A", position=10**30), "cards[1].position: "),
    "a truth for a place": (card("A", position=True), "cards[1].position: "),
    "a NUL in the title": (
        card("A", title="a\0b"),
        "cards[1].title: must not contain a NUL character",
    ),
    "an empty title": (card("A", title="  "), "cards[1].title: must not be empty"),
    "a number for a title": (card("A", title=5), "cards[1].title: "),
    "a title that is too long": (card("A", title="x" * 501), "cards[1].title: must have at most"),
    "a line end in a column's name": (
        card("A", (9, "Doi\nng")),
        "cards[1].moves[0].to: must not contain control characters",
    ),
    "an empty external id": (card(""), "cards[1].external_id: must not be empty"),
    "an unknown work type": (card("A", work_type="story"), "cards[1].work_type: "),
    "an unknown category": (
        card("A", blocks=[block(9, category="weather")]),
        "cards[1].blocks[0].category: ",
    ),
    "a block without a reason": (
        card("A", blocks=[{"from": iso(9)}]),
        "cards[1].blocks[0].reason: Field required",
    ),
    "a field too many": (card("A", colour="red"), "cards[1].colour: unknown field"),
    "moves that are no list": (card("A", moves={"at": iso(9)}), "cards[1].moves: "),
    "no card at all": ("A", "cards[1]: "),  # type: ignore[dict-item]  # on purpose
}


def test_an_error_names_the_entry_and_nothing_is_imported(ops: BoardOf) -> None:
    before = ops.read()
    for mistake, (wrong, expected) in MISTAKES.items():
        heard = said(ops, card("GOOD"), wrong)
        assert heard.startswith(expected), mistake
    assert ops.read() == before
    assert ops.cards() == []


def test_errors_of_several_cards_are_said_at_once(ops: BoardOf) -> None:
    response = try_to_bring(ops, *(card(str(n), column=f"No {n}") for n in range(30)))
    problem = response.json()
    assert [error["loc"] for error in problem["errors"]] == [
        ["body", "cards", number, "column"] for number in range(history.MOST_ERRORS)
    ]
    assert problem["detail"].count("; cards[") == history.MOST_ERRORS - 1


BODIES: dict[str, bytes] = {
    "nothing": b"",
    "no JSON": b"title,created_at",
    "half of it": b'{"format": "weir-history/1", "cards": [',
    "a list": b"[]",
    "null": b"null",
    "another format": b'{"format": "weir-history/2", "cards": []}',
    "no format": b'{"cards": []}',
    "no cards": b'{"format": "weir-history/1"}',
    "bytes that are no text": b'{"format": "weir-history/1", "cards": [], "\xff": 1}',
    "half a surrogate": b'{"format": "weir-history/1", "cards": [{"title": "\\ud800"}]}',
    "half a surrogate as a field": b'{"format": "weir-history/1", "cards": [], "\\udfff": 1}',
    "not a number": b'{"format": "weir-history/1", "cards": [{"position": NaN}]}',
    "endless": b'{"format": "weir-history/1", "cards": [{"position": 1e999}]}',
    "deep": b"[" * 100_000,
    "deep in a card": b'{"format": "weir-history/1", "cards": [' + b'{"moves": [' * 5_000,
    "many mistakes": b'{"format": "weir-history/1", "cards": [' + b"1," * 200_000 + b"1]}",
}


def test_a_body_that_is_no_document_is_a_422(ops: BoardOf) -> None:
    for name, body in BODIES.items():
        response = ops.person.ask("POST", "/boards/OPS/import", content=body)
        assert response.status_code == 422, name
        assert len(response.content) < 5_000, name
        assert response.json()["detail"], name


def test_a_document_may_be_larger_than_other_bodies(weir: Weir, ops: BoardOf) -> None:
    cards = [card(str(number), description="x" * 50_000) for number in range(22)]
    assert len(json.dumps(cards)) > weir.settings.max_body_bytes
    assert bring(ops, *cards)["created"] == 22


def test_a_document_from_python_is_read_like_one_in_json(weir: Weir, ops: BoardOf) -> None:
    with pytest.raises(Invalid, match=r"^cards\[0\]\.moves\[0\]\.at: must be a timestamp"):
        weir.db.write_now(
            import_history, None, "OPS", document({**card("A"), "moves": [{"at": "x", "to": "y"}]})
        )
