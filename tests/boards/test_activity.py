"""A board's history through the API: what each verb leaves, in order, page by page."""

from typing import Any

from tests.support import BoardOf, Person


def last(board: BoardOf, verb: str) -> Any:
    """The newest event, which must be of a type."""
    event = board.events()[-1]
    assert event["type"] == verb
    return event


def test_an_event_says_what_happened_when_by_whom_and_to_which_card(ops: BoardOf) -> None:
    card = ops.add("Rotate the key", work_type="ops", service_class="expedite")
    event = last(ops, "card.created")
    assert event == {
        "seq": ops.read()["seq"],
        "type": "card.created",
        "at": card["created_at"],
        "actor": {"id": ops.person.id, "name": "Ada Lovelace"},
        "card": {
            "id": card["id"],
            "number": 1,
            "ref": f"{ops.key}-1",
            "title": "Rotate the key",
        },
        "data": {
            "title": "Rotate the key",
            "column_id": card["column_id"],
            "lane_id": card["lane_id"],
            "work_type": "ops",
            "service_class": "expedite",
        },
    }
    assert event["at"].endswith("Z")


def test_every_verb_of_a_card_leaves_its_event(ops: BoardOf, grace: Person) -> None:
    ops.join(grace)
    me = ops.person
    other = ops.add("Another", assignee_ids=[me.id])
    assert last(ops, "card.created")["data"]["assignee_ids"] == [me.id]
    card = ops.add("A card")
    path = f"/cards/{card['id']}"
    here = {"column_id": card["column_id"], "lane_id": card["lane_id"]}
    there = {"column_id": ops.column("Doing"), "lane_id": card["lane_id"]}

    ops.move(card, "Backlog", before_card_id=other["id"])
    stood = {"in": here, "was_at": card["position"]}
    assert last(ops, "card.reordered")["data"] == stood
    stood = {"from": here, "to": there, "was_at": me.get(path)["position"]}
    ops.move(card, "Doing")
    assert last(ops, "card.moved")["data"] == stood
    me.patch(path, {"title": "Another title", "due_on": "2026-12-24"})
    assert last(ops, "card.edited")["data"] == {
        "changes": {
            "title": {"from": "A card", "to": "Another title"},
            "due_on": {"from": None, "to": "2026-12-24"},
        }
    }
    me.patch(path, {"assignee_ids": [grace.id, me.id]})
    assert last(ops, "card.assigned")["data"] == {"from": [], "to": sorted([grace.id, me.id])}
    me.post(f"{path}/block", {"reason": "Vendor", "category": "waiting_on_vendor"})
    said = {"reason": "Vendor", "category": "waiting_on_vendor"}
    assert last(ops, "card.blocked")["data"] == said
    me.post(f"{path}/unblock", {"note": "They answered"})
    assert last(ops, "card.unblocked")["data"] == {**said, "note": "They answered"}
    me.post(f"{path}/archive")
    assert last(ops, "card.archived")["data"] == there
    me.post(f"{path}/restore")
    assert last(ops, "card.restored")["data"] == there
    me.delete(path)
    event = last(ops, "card.discarded")
    assert event["data"] == {**there, "number": card["number"], "title": "Another title"}
    # A card that was discarded stays readable in the history.
    assert event["card"]["title"] == "Another title"


def test_a_refusal_is_kept_with_who_when_card_and_place(ops: BoardOf, grace: Person) -> None:
    ops.join(grace)
    ops.limit("Test", 1)
    ops.add(column="Test")
    card = ops.add("Waiting")
    assert ops.seen_by(grace).try_move(card, "Test").status_code == 409
    event = last(ops, "move.refused")
    assert event["actor"] == {"id": grace.id, "name": "Grace Hopper"}
    assert event["card"]["id"] == card["id"]
    assert event["data"] == {
        "scope": "column",
        "place": {"id": ops.column("Test"), "name": "Test"},
        "limit": 1,
        "count": 1,
        "to": {"column_id": ops.column("Test"), "lane_id": card["lane_id"]},
        "action": "move",
    }


def test_a_refused_creation_is_kept_without_a_card(ops: BoardOf) -> None:
    ops.limit("Test", 1)
    ops.add(column="Test")
    assert ops.try_add(column="Test").status_code == 409
    event = last(ops, "move.refused")
    assert event["card"] is None
    assert event["data"]["action"] == "create"


def test_activity_comes_oldest_first_in_pages_and_from_any_seq(ops: BoardOf) -> None:
    for n in range(7):
        ops.add(f"Card {n}")
    everything = ops.events()
    assert [event["seq"] for event in everything] == list(range(1, len(everything) + 1))
    path = f"/boards/{ops.key}/activity"
    page = ops.person.get(path, params={"limit": 4})
    assert page["items"] == everything[:4]
    after = {"limit": 4, "cursor": page["next_cursor"]}
    assert ops.person.get(path, params=after)["items"] == everything[4:8]
    rest = ops.person.get(path, params={"after": 6, "limit": 200})
    assert (rest["items"], rest["next_cursor"]) == (everything[6:], None)
    newest = len(everything)
    nothing = ops.person.get(path, params={"after": newest})
    assert nothing == {"items": [], "next_cursor": None}


def test_a_card_has_its_own_history(ops: BoardOf) -> None:
    card, other = ops.add("A card"), ops.add("Another")
    ops.move(card, "Ready")
    ops.move(other, "Ready")
    ops.person.post(f"/cards/{card['id']}/block", {"reason": "Why"})
    items = ops.person.get(f"/cards/{card['id']}/history")["items"]
    assert [item["type"] for item in items] == ["card.created", "card.moved", "card.blocked"]
    assert {item["card"]["id"] for item in items} == {card["id"]}
    first = ops.person.get(f"/cards/{card['id']}/history", params={"limit": 2})
    more = {"limit": 2, "cursor": first["next_cursor"]}
    rest = ops.person.get(f"/cards/{card['id']}/history", params=more)
    assert first["items"] + rest["items"] == items


def test_a_request_that_fails_leaves_no_event(ops: BoardOf) -> None:
    card = ops.add()
    before = ops.read()["seq"]
    for method, path, body in (
        ("POST", f"/boards/{ops.key}/cards", {"title": "A card", "team": "nobody"}),
        ("POST", f"/cards/{card['id']}/move", {"column_id": 987654}),
        ("POST", f"/cards/{card['id']}/unblock", {}),
        ("POST", f"/cards/{card['id']}/restore", None),
        ("PATCH", f"/cards/{card['id']}", {"title": ""}),
    ):
        assert ops.person.ask(method, path, json=body).status_code in {409, 422}
    assert ops.read()["seq"] == before
