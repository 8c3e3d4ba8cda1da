"""Bringing cards with their pasts onto a board."""

import json
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from app import clock
from app.auth.actor import Actor
from app.cards.rebuild import examine_board
from app.cards.service import move_card
from app.db import Tx
from app.errors import Invalid, WipLimitReached
from app.exchange import history
from app.exchange.history import import_history
from tests.exchange.documents import (
    COLUMNS,
    block,
    bring,
    card,
    document,
    exported,
    iso,
    try_to_bring,
)
from tests.support import BoardOf, Person, Weir

HOUR = 3600.0


@pytest.fixture(autouse=True)
def the_history_tells_all(weir: Weir, request: pytest.FixtureRequest) -> Any:
    """After each test every derived value of the board OPS is what its events say."""
    yield
    if "ops" in request.fixturenames:
        assert weir.db.read_now(examine_board, "OPS") == []


def told(board: BoardOf, of: Any) -> list[tuple[str, str]]:
    """What a card's events say: when, and what."""
    return [
        (e["at"], e["type"]) for e in board.events() if e["card"] and e["card"]["id"] == of["id"]
    ]


def said(board: BoardOf, *cards: dict[str, Any], **more: Any) -> str:
    """What is said about a document that is wrong."""
    response = try_to_bring(board, *cards, **more)
    assert response.status_code == 422, response.text
    problem = response.json()
    assert problem["type"] == "/problems/validation-error"
    assert all(error["loc"][0] == "body" and error["msg"] for error in problem["errors"])
    return str(problem["detail"])


# --- A card's past -------------------------------------------------------------------------------


def test_a_card_comes_with_its_past_and_its_clocks(ops: BoardOf) -> None:
    past = card(
        "INC1",
        (10, "Doing"),
        (12, "Test"),
        (15, "In production"),
        title="Printer on fire",
        description="Third floor",
        work_type="incident",
        service_class="expedite",
        team="ops",
        labels=["printers", "fire", "printers"],
        lane="Expedite",
        due_on="2024-05-07",
        blocks=[block(11, 11.5, category="approval", note="Signed")],
    )
    assert bring(ops, past) == {"created": 1, "skipped": 0}
    (made,) = ops.cards()
    assert {name: made[name] for name in past if name in made and name != "labels"} == {
        name: past[name] for name in past if name in made and name != "labels"
    }
    assert made["labels"] == ["fire", "printers"]
    assert (made["number"], made["version"]) == (1, 1)
    assert (made["column_id"], made["lane_id"]) == (
        ops.column("In production"),
        ops.lane("Expedite"),
    )
    assert (made["created_at"], made["started_at"], made["done_at"]) == (iso(8), iso(10), iso(15))
    assert (made["lead_time"], made["cycle_time"]) == (7 * HOUR, 5 * HOUR)
    assert (made["process_time"], made["blocked_time"]) == (4.5 * HOUR, 0.5 * HOUR)
    assert made["created_by"]["name"] == "Ada Lovelace"
    assert (made["blocked"], made["archived_at"]) == (None, None)


def test_its_events_tell_the_past_with_its_times(ops: BoardOf) -> None:
    before = ops.read()["seq"]
    bring(
        ops,
        card("A", (10, "Doing"), blocks=[block(11, 12, category="approval", note="Signed")]),
        card("B", at=6),
    )
    events = ops.events(after=before)
    assert [event["seq"] for event in events] == list(range(before + 1, before + 6))
    lane = ops.lane("Standard")
    backlog = {"column_id": ops.column("Backlog"), "lane_id": lane}
    doing = {"column_id": ops.column("Doing"), "lane_id": lane}
    kinds = {"work_type": "feature", "service_class": "standard"}
    why = {"reason": "Waiting", "category": "approval"}
    assert [(e["card"]["ref"], e["at"], e["type"], e["data"]) for e in events] == [
        (
            "OPS-1",
            iso(8),
            "card.created",
            {"title": "Card A", **backlog, **kinds, "imported": True},
        ),
        ("OPS-1", iso(10), "card.moved", {"from": backlog, "to": doing, "imported": True}),
        ("OPS-1", iso(11), "card.blocked", {**why, "imported": True}),
        (
            "OPS-1",
            iso(12),
            "card.unblocked",
            {**why, "note": "Signed", "since": iso(11), "imported": True},
        ),
        (
            "OPS-2",
            iso(6),
            "card.created",
            {"title": "Card B", **backlog, **kinds, "imported": True},
        ),
    ]
    assert all(event["actor"]["name"] == "Ada Lovelace" for event in events)
    # What happens now goes on behind it, with the times of now.
    ops.add("Later")
    newest = ops.events(after=before)[-1]
    assert newest["seq"] == before + 6
    assert newest["at"] > iso(23)


def test_at_the_same_time_a_card_is_unblocked_then_moved_then_blocked(ops: BoardOf) -> None:
    bring(ops, card("A", (9, "Doing"), blocks=[block(9), block(8, 9), block(10, 10)]))
    (made,) = ops.cards()
    assert told(ops, made) == [
        (iso(8), "card.created"),
        (iso(8), "card.blocked"),
        (iso(9), "card.unblocked"),
        (iso(9), "card.moved"),
        (iso(9), "card.blocked"),
        (iso(10), "card.blocked"),
        (iso(10), "card.unblocked"),
    ]
    assert made["blocked"]["since"] == iso(9)


def test_equal_times_are_fine(ops: BoardOf) -> None:
    bring(ops, card("A", (8, "Doing"), (8, "Test"), (8, "In production"), archived_at=iso(8)))
    (made,) = ops.cards(archived="true")
    assert (made["lead_time"], made["cycle_time"], made["process_time"]) == (0, 0, 0)
    assert [kind for _, kind in told(ops, made)][-1] == "card.archived"


def test_a_move_to_where_the_card_is_was_none(ops: BoardOf) -> None:
    bring(ops, card("A", (9, "Backlog"), (10, "Doing"), (11, "Doing"), (12, "Backlog")))
    (made,) = ops.cards()
    assert [at for at, kind in told(ops, made) if kind == "card.moved"] == [iso(10), iso(12)]
    assert made["process_time"] == 2 * HOUR


def test_a_card_reopened_in_the_past_is_done_the_last_time(ops: BoardOf) -> None:
    again = [(10, "In production"), (11, "Doing"), (13, "In production")]
    bring(ops, card("A", *again))
    (made,) = ops.cards()
    assert (made["done_at"], made["lead_time"], made["cycle_time"]) == (
        iso(13),
        5 * HOUR,
        2 * HOUR,
    )


def test_a_blocked_card_went_to_the_right_in_the_past(ops: BoardOf) -> None:
    bring(ops, card("A", (9, "Doing"), (12, "In production"), blocks=[block(8, 11)]))
    (made,) = ops.cards()
    assert (made["process_time"], made["blocked_time"]) == (1 * HOUR, 3 * HOUR)


def test_blocks_that_overlap_count_once(ops: BoardOf) -> None:
    blocks = [block(11, 13), block(9, 12, reason="Vendor"), block(10, 11)]
    bring(ops, card("A", (8, "Doing"), (14, "In production"), blocks=blocks))
    (made,) = ops.cards()
    assert (made["blocked_time"], made["process_time"]) == (4 * HOUR, 2 * HOUR)
    exported_blocks = json.loads(exported(ops))["cards"][0]["blocks"]
    assert [(b["from"], b["until"], b["reason"]) for b in exported_blocks] == [
        (iso(9), iso(12), "Vendor"),
        (iso(10), iso(11), "Waiting"),
        (iso(11), iso(13), "Waiting"),
    ]


def test_a_card_comes_blocked_and_is_unblocked_here(ops: BoardOf) -> None:
    open_block = block(9, reason="Vendor ticket", category="waiting_on_vendor")
    bring(ops, card("A", blocks=[open_block, block(10, 11)]), card("B", blocks=[block(9, 10)]))
    made, other = ops.cards()
    assert made["blocked"] == {
        "reason": "Vendor ticket",
        "category": "waiting_on_vendor",
        "since": iso(9),
        "by": {"id": ops.person.id, "name": "Ada Lovelace"},
    }
    assert other["blocked"] is None
    assert ops.try_move(made, "Doing").status_code == 409
    freed = ops.person.post(f"/cards/{made['id']}/unblock", {"note": "Fixed"})
    assert freed["blocked"] is None
    ops.move(made, "Doing")


def test_of_several_open_blocks_the_newest_goes_on(ops: BoardOf) -> None:
    blocks = [block(12, reason="Last"), block(9, reason="First"), block(10, reason="Second")]
    bring(ops, card("A", (8, "Doing"), blocks=blocks))
    (made,) = ops.cards()
    assert (made["blocked"]["reason"], made["blocked"]["since"]) == ("Last", iso(12))
    assert made["process_time"] == 1 * HOUR
    freed = ops.person.post(f"/cards/{made['id']}/unblock")
    assert freed["blocked_time"] == pytest.approx(
        clock.seconds(clock.now() - 1_714_986_000_000_000), abs=60
    )


def test_an_archived_card_comes_into_the_archive(ops: BoardOf) -> None:
    bring(ops, card("A", (9, "Doing"), archived_at=iso(10)))
    assert ops.cards() == []
    (made,) = ops.cards(archived="true")
    assert made["archived_at"] == iso(10)
    assert told(ops, made)[-1] == (iso(10), "card.archived")
    assert all(column["card_count"] == 0 for column in ops.read()["columns"])
    ops.person.post(f"/cards/{made['id']}/restore")
    assert [c["column_id"] for c in ops.cards()] == [ops.column("Doing")]


def test_a_card_without_a_lane_goes_to_the_usual_one(ops: BoardOf) -> None:
    bring(ops, card("A"))
    assert ops.cards()[0]["lane_id"] == ops.lane("Standard")


def test_cards_stand_in_the_order_in_which_they_came_behind_those_that_are_there(
    ops: BoardOf,
) -> None:
    ops.add("Here already")
    bring(
        ops,
        card("C", at=10),
        card("A", at=9),
        card("B", at=9),
        card("Z", at=11, position=4),
        card("Y", at=12, position=3),
    )
    titles = [made["title"] for made in ops.cards()]
    assert titles == ["Here already", "Card Y", "Card Z", "Card A", "Card B", "Card C"]
    assert [made["number"] for made in ops.cards()] == [1, 6, 5, 3, 4, 2]


# --- Which cards ---------------------------------------------------------------------------------


def test_an_import_can_be_repeated(ops: BoardOf) -> None:
    cards = [card("A"), card("B", (9, "Doing"))]
    assert bring(ops, *cards) == {"created": 2, "skipped": 0}
    state = exported(ops), ops.read()["seq"]
    assert bring(ops, *cards) == {"created": 0, "skipped": 2}
    assert (exported(ops), ops.read()["seq"]) == state
    # What is there already is not judged again, whatever has become of the board.
    ops.person.patch(f"/columns/{ops.column('Backlog')}", {"name": "Inbox"})
    assert bring(ops, *cards, card("C", column="Inbox")) == {"created": 1, "skipped": 2}


def test_a_card_without_an_external_id_is_new_each_time(ops: BoardOf) -> None:
    assert bring(ops, card(), card()) == {"created": 2, "skipped": 0}
    assert bring(ops, card()) == {"created": 1, "skipped": 0}


def test_the_external_id_of_a_discarded_card_is_free_again(ops: BoardOf) -> None:
    bring(ops, card("A"))
    ops.person.delete(f"/cards/{ops.cards()[0]['id']}")
    assert bring(ops, card("A")) == {"created": 1, "skipped": 0}


def test_an_external_id_of_another_board_is_none_of_this_one(ops: BoardOf, ada: Person) -> None:
    bring(ops, card("A"))
    assert bring(ada.board("OTHER"), card("A")) == {"created": 1, "skipped": 0}


def test_the_same_entry_twice_is_one_card(ops: BoardOf) -> None:
    assert bring(ops, card("A"), card("B"), card("A")) == {"created": 2, "skipped": 1}


def test_two_entries_with_one_external_id_and_two_pasts_are_refused(ops: BoardOf) -> None:
    heard = said(ops, card("A"), card("B"), card("A", (9, "Doing")))
    assert heard == "cards[2].external_id: 'A' stands in cards[0] with another past"


def test_many_external_ids_are_looked_up_at_once(ops: BoardOf) -> None:
    cards = [card(f"X{number}") for number in range(history.LOOKED_UP + 2)]
    assert bring(ops, cards[0], cards[-1]) == {"created": 2, "skipped": 0}
    assert bring(ops, *cards) == {"created": history.LOOKED_UP, "skipped": 2}


# --- What is wrong is named ----------------------------------------------------------------------

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


# --- Columns, lanes, teams -----------------------------------------------------------------------


def names(board: BoardOf, kind: str) -> list[str]:
    """The names of a board's columns, groups or lanes."""
    return [thing["name"] for thing in board.read()[kind]]


def test_columns_of_the_document_become_those_of_a_board_without_cards(ops: BoardOf) -> None:
    columns = [
        {"name": "New", "kind": "queue"},
        {"name": "Active", "kind": "active", "wip_limit": 4, "team": "sales"},
        {"name": "Resolved", "kind": "done"},
    ]
    past = card("A", (9, "Active"), column="New", team="sales")
    assert bring(ops, past, columns=columns) == {"created": 1, "skipped": 0}
    board = ops.read()
    assert [(c["name"], c["kind"], c["wip_limit"], c["team"]) for c in board["columns"]] == [
        ("New", "queue", None, None),
        ("Active", "active", 4, "sales"),
        ("Resolved", "done", None, None),
    ]
    assert (names(ops, "groups"), names(ops, "lanes")) == ([], ["Expedite", "Standard"])
    assert board["teams"] == ["dev", "ops", "sales"]
    assert [c["card_count"] for c in board["columns"]] == [0, 1, 0]
    types = [event["type"] for event in ops.events(after=2)]
    assert types == [
        *["column.deleted"] * 8,
        "group.deleted",
        *["column.created"] * 3,
        "board.changed",
        "card.created",
        "card.moved",
    ]
    assert all(event["data"]["imported"] for event in ops.events(after=2))
    ops.move(ops.cards()[0], "Resolved")


def test_columns_that_a_document_replaces_mean_nothing_in_it(ops: BoardOf) -> None:
    past = card("A", (9, "Test"), (10, "Resolved"), column="New")
    heard = said(ops, past, columns=COLUMNS)
    assert heard.startswith("cards[0].moves[0].to: the board has no column 'Test'; it has 'New'")
    assert len(names(ops, "columns")) == 8


def test_columns_that_the_board_has_already_change_nothing(ops: BoardOf, ada: Person) -> None:
    document_of_empty = json.loads(exported(ops))
    before = ops.read()
    assert ada.post("/boards/OPS/import", document_of_empty) == {"created": 0, "skipped": 0}
    assert ops.read() == before


def test_on_a_board_with_cards_the_documents_columns_are_left_aside(ops: BoardOf) -> None:
    ops.add("Here already")
    shape = names(ops, "columns")
    assert bring(ops, card("A"), columns=COLUMNS) == {"created": 1, "skipped": 0}
    assert names(ops, "columns") == shape
    heard = said(ops, card("B", column="New"), columns=COLUMNS)
    assert heard.startswith("cards[0].column: the board has no column 'New'; it has 'Backlog'")


def test_an_archived_card_is_a_card_and_a_discarded_one_is_none(ops: BoardOf) -> None:
    kept = ops.add("Kept")
    ops.person.post(f"/cards/{kept['id']}/archive")
    assert said(ops, card("A", column="New"), columns=COLUMNS).startswith("cards[0].column: ")
    ops.person.delete(f"/cards/{kept['id']}")
    assert bring(ops, card("A", column="New"), columns=COLUMNS)["created"] == 1


def test_lanes_and_groups_of_the_document_become_those_of_a_board_without_cards(
    ops: BoardOf,
) -> None:
    columns = [
        {"name": "In", "kind": "queue", "policy": "Whatever comes"},
        {"name": "Doing", "kind": "active", "group": "Work"},
        {"name": "Done", "kind": "queue", "group": "Work"},
    ]
    lanes = [{"name": "Fast", "expedite": True}, {"name": "Slow", "wip_limit": 7}]
    groups = [{"name": "Work", "wip_limit": 2}]
    bring(ops, card("A", column="In", lane="Fast"), columns=columns, lanes=lanes, groups=groups)
    board = ops.read()
    assert [(g["name"], g["wip_limit"]) for g in board["groups"]] == [("Work", 2)]
    assert [c["group_id"] is not None for c in board["columns"]] == [False, True, True]
    assert board["columns"][0]["policy"] == "Whatever comes"
    assert [(lane["name"], lane["wip_limit"], lane["expedite"]) for lane in board["lanes"]] == [
        ("Fast", 1, True),
        ("Slow", 7, False),
    ]


SHAPES: dict[str, tuple[dict[str, Any], str]] = {
    "a column twice": (
        {"columns": [COLUMNS[0], COLUMNS[1], COLUMNS[0]]},
        "columns[2].name: 'New' stands in columns already",
    ),
    "a lane twice": (
        {"lanes": [{"name": "A"}, {"name": "A"}]},
        "lanes[1].name: 'A' stands in lanes already",
    ),
    "no lane": ({"lanes": []}, "lanes: "),
    "too many columns": (
        {"columns": [{"name": f"{n}", "kind": "queue"} for n in range(41)]},
        "columns: a board has at most 40 columns",
    ),
    "too many lanes": (
        {"lanes": [{"name": f"{n}"} for n in range(21)]},
        "lanes: a board has at most 20 lanes",
    ),
    "an unknown group": (
        {"columns": [{"name": "A", "kind": "queue", "group": "G"}]},
        "columns[0].group: 'G' is none of the document's groups",
    ),
    "a group in two parts": (
        {
            "columns": [
                {"name": "A", "kind": "queue", "group": "G"},
                {"name": "B", "kind": "queue"},
                {"name": "C", "kind": "queue", "group": "G"},
            ],
            "groups": [{"name": "G"}],
        },
        "columns[2].group: the columns of 'G' are not neighbours",
    ),
    "groups without columns": (
        {"groups": [{"name": "G"}]},
        "groups: groups are made of `columns`, and there are none",
    ),
    "a limit of nothing": (
        {"columns": [{"name": "A", "kind": "queue", "wip_limit": 0}]},
        "columns[0].wip_limit: ",
    ),
    "a limit in words": (
        {"columns": [{"name": "A", "kind": "queue", "wip_limit": "4"}]},
        "columns[0].wip_limit: ",
    ),
    "a kind that is none": ({"columns": [{"name": "A", "kind": "doing"}]}, "columns[0].kind: "),
    "an unknown field": (
        {"columns": [{"name": "A", "kind": "queue", "colour": 1}]},
        "columns[0].colour: unknown field",
    ),
    "too many teams": (
        {"columns": [{"name": "A", "kind": "queue", "team": f"t{n}"} for n in range(1)]}
        | {"cards": [card(None, column="A", team=f"t{n}") for n in range(1, 50)]},
        "a board has at most 50 teams",
    ),
}


def test_a_shape_that_makes_no_sense_is_refused(ops: BoardOf) -> None:
    before = ops.read()
    for mistake, (wrong, expected) in SHAPES.items():
        assert said(ops, **wrong).startswith(expected), mistake
    assert ops.read() == before


def test_a_deleted_column_can_be_in_the_past_and_not_at_the_end(ops: BoardOf) -> None:
    ops.person.delete(f"/columns/{ops.column('Test')}")
    bring(ops, card("A", (9, "Test"), (12, "In production")))
    assert ops.cards()[0]["process_time"] == 3 * HOUR
    heard = said(ops, card("B", (9, "Test")))
    assert heard == "cards[0].moves[0].to: the card ends in a column that was deleted"
    assert said(ops, card("B", column="Test")).startswith("cards[0].column: the card ends in")
    assert bring(ops, card("B", (9, "Test"), archived_at=iso(10)))["created"] == 1


# --- Limits --------------------------------------------------------------------------------------


def test_only_where_the_cards_end_up_is_judged(ops: BoardOf) -> None:
    past = [(9, "Ready"), (10, "Doing"), (11, "Test"), (12, "Deploy")]
    passed = [card(f"A{n}", *past, (13, "In production")) for n in range(20)]
    bring(ops, *passed, card("B1", *past), card("B2", *past))
    assert ops.try_add("One more", "Deploy").status_code == 409


def test_a_full_column_refuses_the_whole_import_and_the_refusal_is_kept(ops: BoardOf) -> None:
    here = ops.add("Here already", "Test")
    before = ops.read()
    response = try_to_bring(ops, *(card(f"A{n}", (9, "Test")) for n in range(3)), card("B"))
    assert response.status_code == 409
    problem = response.json()
    test = ops.column("Test")
    assert problem["type"] == "/problems/wip-limit-reached"
    assert (problem["scope"], problem["place"]) == ("column", {"id": test, "name": "Test"})
    assert (problem["limit"], problem["count"]) == (3, 1)
    assert [filling["id"] for filling in problem["cards"]] == [here["id"]]
    assert problem["detail"] == (
        "Test has 1 of 3 cards, and 3 more would end there: nothing was imported."
    )
    assert ops.read() == {**before, "seq": before["seq"] + 1}
    (refused,) = ops.events(after=before["seq"])
    assert (refused["type"], refused["card"]) == ("move.refused", None)
    assert refused["data"] == {
        "scope": "column",
        "place": {"id": test, "name": "Test"},
        "limit": 3,
        "count": 1,
        "to": {"column_id": test, "lane_id": ops.lane("Standard")},
        "action": "import",
    }
    assert bring(ops, card("A1", (9, "Test")), card("A2", (9, "Test")))["created"] == 2


@pytest.mark.parametrize(
    ("scope", "limit", "cards"),
    [
        ("group", 5, [card(None, (9, "Doing" if n % 2 else "Done")) for n in range(6)]),
        ("lane", 1, [card(None, (9, to), lane="Expedite") for to in ("Doing", "Deploy")]),
        ("board", 4, [card(None, (9, to)) for to in ("Doing", "Done", "Test", "Test", "Deploy")]),
    ],
)
def test_every_limit_holds(ops: BoardOf, scope: str, limit: int, cards: list[Any]) -> None:
    if scope == "board":
        ops.person.patch("/boards/OPS", {"wip_limit": limit})
    problem = try_to_bring(ops, *cards).json()
    assert (problem["status"], problem["scope"], problem["limit"]) == (409, scope, limit)
    assert bring(ops, *cards[:limit])["created"] == limit


def test_cards_of_an_expedite_lane_and_archived_ones_need_no_room_in_a_column(
    ops: BoardOf,
) -> None:
    ops.limit("Test", 1)
    bring(
        ops,
        card("A", (9, "Test")),
        card("B", (9, "Test"), lane="Expedite"),
        card("C", (9, "Test"), archived_at=iso(10)),
    )
    columns = {column["name"]: column for column in ops.read()["columns"]}
    assert (columns["Test"]["card_count"], columns["Test"]["wip_count"]) == (2, 1)


def test_a_place_over_its_limit_refuses_no_card_that_ends_elsewhere(ops: BoardOf) -> None:
    for _ in range(3):
        ops.add("Card", "Test")
    ops.limit("Test", 1)
    assert bring(ops, card("A", (9, "Test"), (10, "Backlog")))["created"] == 1
    assert try_to_bring(ops, card("B", (9, "Test"))).status_code == 409


def test_a_limit_that_the_document_brings_holds_for_its_own_cards(ops: BoardOf) -> None:
    columns = [*COLUMNS[:1], {"name": "Active", "kind": "active", "wip_limit": 1}]
    cards = [card("A", (9, "Active"), column="New"), card("B", (9, "Active"), column="New")]
    shape = names(ops, "columns")
    problem = try_to_bring(ops, *cards, columns=columns).json()
    # The column went with the import, so it has no id.
    assert (problem["status"], problem["place"]) == (409, {"id": None, "name": "Active"})
    assert names(ops, "columns") == shape
    refused = ops.events()[-1]
    assert (refused["type"], refused["data"]["to"]) == ("move.refused", None)
    assert refused["data"]["place"] == {"id": None, "name": "Active"}
    assert bring(ops, cards[0], columns=columns)["created"] == 1


def test_imports_and_moves_at_once_never_overflow_a_column(weir: Weir, ops: BoardOf) -> None:
    ops.limit("Ready", None)
    doing, actor = ops.column("Doing"), ops.person.actor
    waiting = [ops.add(f"Waits {number}", "Ready") for number in range(6)]
    for number in range(4):
        # One below the limit of the group.
        ops.add(f"Works {number}", "Doing")
    barrier = threading.Barrier(13)

    def attempt(verb: Callable[..., Any], *args: Any) -> str:
        barrier.wait(timeout=30)
        try:
            weir.db.write_now(verb, actor, *args)
        except WipLimitReached:
            return "refused"
        return "done"

    def watch() -> str:
        barrier.wait(timeout=30)
        for _ in range(20):
            group = next(g for g in ops.read()["groups"])
            assert group["wip_count"] <= group["wip_limit"]
        return "seen"

    with ThreadPoolExecutor(13) as threads:
        outcomes = [threads.submit(attempt, move_card, one["id"], doing) for one in waiting]
        outcomes += [
            threads.submit(attempt, import_history, "OPS", document(card(f"A{n}", (9, "Doing"))))
            for n in range(6)
        ]
        outcomes.append(threads.submit(watch))
        found = Counter(outcome.result() for outcome in outcomes)
    assert found == {"done": 1, "refused": 11, "seen": 1}
    types = Counter(event["type"] for event in ops.events())
    assert types["move.refused"] == 11
    assert next(c["card_count"] for c in ops.read()["columns"] if c["id"] == doing) == 5


# --- All or nothing ------------------------------------------------------------------------------

TABLES = (
    *("cards", "visits", "blocked_intervals", "labels", "card_labels", "events"),
    *("columns", "column_groups", "lanes", "cells"),
)


def test_a_failure_in_the_middle_leaves_nothing_behind(
    weir: Weir, ops: BoardOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rows(tx: Tx) -> dict[str, int]:
        found = {}
        for table in TABLES:
            tx.cursor.execute(f"SELECT count(*) FROM {table}")  # noqa: S608 - the names above
            found[table] = tx.cursor.fetchone()[0]
        return found

    before = weir.db.read_now(rows), ops.read()
    written = history._write_some
    calls = []

    def breaks(*args: Any) -> None:
        written(*args)
        calls.append(args)
        if len(calls) == 2:
            raise RuntimeError("the power fails")

    monkeypatch.setattr(history, "_write_some", breaks)
    monkeypatch.setattr(history, "AT_ONCE", 2)
    cards = [
        card(f"A{n}", (9, "Active"), column="New", labels=["x"], blocks=[block(9)])
        for n in range(5)
    ]
    with pytest.raises(RuntimeError, match="the power fails"):
        weir.db.write_now(
            import_history, ops.person.actor, "OPS", document(*cards, columns=COLUMNS)
        )
    assert (weir.db.read_now(rows), ops.read()) == before
    monkeypatch.setattr(history, "_write_some", written)
    assert bring(ops, *cards, columns=COLUMNS)["created"] == 5
    assert [made["blocked"]["since"] for made in ops.cards()] == [iso(9)] * 5


def test_an_idempotency_key_gets_the_first_answer_again(ops: BoardOf, ada: Person) -> None:
    body = document(card())
    headers = {"Idempotency-Key": "once"}
    first = ada.ask("POST", "/boards/OPS/import", json=body, headers=headers)
    again = ada.ask("POST", "/boards/OPS/import", json=body, headers=headers)
    assert (first.json(), again.json()) == ({"created": 1, "skipped": 0},) * 2
    assert again.headers["Idempotency-Replayed"] == "true"
    assert len(ops.cards()) == 1


# --- Who may -------------------------------------------------------------------------------------


def _member(weir: Weir, ops: BoardOf, role: str) -> Person:
    person = weir.person(f"The {role}")
    ops.join(person, role)
    return person


CALLERS: dict[str, tuple[Callable[[Weir, BoardOf], Person], int]] = {
    "nobody": (lambda weir, ops: weir.nobody(), 401),
    "a stranger": (lambda weir, ops: weir.person("Eve"), 404),
    "a viewer": (lambda weir, ops: _member(weir, ops, "viewer"), 403),
    "a member": (lambda weir, ops: _member(weir, ops, "member"), 200),
    "a liaison": (lambda weir, ops: _member(weir, ops, "liaison"), 200),
    "an administrator": (lambda weir, ops: weir.person("Root", admin=True), 200),
    "a read-only token": (lambda weir, ops: weir.token(ops.person, read_only=True), 403),
}


def test_who_works_with_cards_may_import(weir: Weir, ops: BoardOf) -> None:
    for caller, (make, status) in CALLERS.items():
        person = make(weir, ops)
        before = ops.read()
        answer = person.ask("POST", "/boards/OPS/import", json=document(card(caller)))
        assert answer.status_code == status, caller
        if status != 200:
            assert ops.read() == before, caller
            # Nobody learns from the answer to a bad document what is not theirs to know.
            bad = person.ask("POST", "/boards/OPS/import", content=b"{")
            assert bad.status_code == status, caller


def test_only_a_manager_gives_a_board_other_columns(weir: Weir, ops: BoardOf) -> None:
    member = ops.seen_by(_member(weir, ops, "member"))
    same = json.loads(exported(ops))
    refused = try_to_bring(member, card("A", column="New"), columns=COLUMNS)
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/forbidden")
    assert try_to_bring(member, lanes=[{"name": "Only"}]).status_code == 403
    # Columns that are those of the board already are nobody's change.
    same["cards"] = [card("A")]
    assert member.person.post("/boards/OPS/import", same)["created"] == 1


def test_a_token_for_another_board_does_not_see_this_one(weir: Weir, ops: BoardOf) -> None:
    ops.person.board("OTHER")
    narrowed = weir.token(ops.person, boards=["OTHER"])
    answer = narrowed.ask("POST", "/boards/OPS/import", json=document(card("A")))
    assert answer.status_code == 404
    assert narrowed.ask("GET", "/boards/OPS/export").status_code == 404


def test_an_archived_board_takes_no_import(ops: BoardOf, ada: Person) -> None:
    ada.delete("/boards/OPS")
    answer = ada.ask("POST", "/boards/OPS/import", json=document(card("A")))
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/board-archived")


def test_the_service_itself_imports_in_nobodys_name(weir: Weir, ops: BoardOf) -> None:
    nobody: Actor | None = None
    past = card("A", column="New", blocks=[block(9)])
    result = weir.db.write_now(
        import_history, nobody, "OPS", document(past, columns=COLUMNS, lanes=[{"name": "All"}])
    )
    assert result == (1, 0)
    (made,) = ops.cards()
    assert (made["created_by"], made["blocked"]["by"]) == (None, None)
    assert all(event["actor"] is None for event in ops.events(after=2))
