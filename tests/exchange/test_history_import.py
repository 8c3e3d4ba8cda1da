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
from app.cards.service import move_card
from app.db import Tx
from app.errors import WipLimitReached
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
    names,
    said,
    try_to_bring,
)
from tests.support import BoardOf, Person, Weir

HOUR = 3600.0


def told(board: BoardOf, of: Any) -> list[tuple[str, str]]:
    """What a card's events say: when, and what."""
    return [
        (e["at"], e["type"]) for e in board.events() if e["card"] and e["card"]["id"] == of["id"]
    ]


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
