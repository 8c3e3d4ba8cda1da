"""Many cards at once: all of them, or none."""

from typing import Any

import pytest
from httpx2 import Response

from tests.support import BoardOf, Person


def many(board: BoardOf, action: str, cards: list[Any], **body: Any) -> Response:
    """Asks for a change of many cards."""
    chosen = [{"id": card["id"]} for card in cards]
    path = f"/boards/{board.key}/cards/bulk"
    return board.person.ask("POST", path, json={"action": action, "cards": chosen, **body})


def done(response: Response) -> Any:
    """The JSON of a change that was made."""
    assert response.status_code == 200, response.text
    return response.json()


def told(board: BoardOf, after: int) -> list[str]:
    """The types of the events after one."""
    return [event["type"] for event in board.events(after)]


@pytest.fixture
def abc(ops: BoardOf) -> list[Any]:
    """Three cards in the backlog."""
    return [ops.add(title) for title in "ABC"]


def test_many_cards_move_as_one_in_the_order_in_which_they_stand(
    ops: BoardOf, abc: list[Any]
) -> None:
    before = ops.read()["seq"]
    answer = done(many(ops, "move", [abc[2], abc[0]], column_id=ops.column("Ready")))
    assert answer["batch"] == before + 1
    assert [card["ref"] for card in answer["cards"]] == [abc[0]["ref"], abc[2]["ref"]]
    assert [card["title"] for card in ops.cards(column_id=ops.column("Ready"))] == ["A", "C"]
    events = ops.events(before)
    assert [event["type"] for event in events] == ["card.moved", "card.moved"]
    assert {event["data"]["batch"] for event in events} == {before + 1}


def test_a_move_that_fits_only_in_part_is_refused_as_a_whole(ops: BoardOf, abc: list[Any]) -> None:
    ops.add(column="Test")
    before = ops.read()["seq"]
    response = many(ops, "move", abc, column_id=ops.column("Test"))
    assert response.status_code == 409
    problem = response.json()
    assert problem["type"] == "/problems/wip-limit-reached"
    assert (problem["limit"], problem["count"], problem["free"]) == (3, 1, 2)
    assert problem["detail"] == "Test has room for 2 more (1 of 3)."
    assert [card["column_id"] for card in ops.cards()][:3] == [ops.column("Backlog")] * 3
    (event,) = ops.events(before)
    assert (event["type"], event["card"]) == ("move.refused", None)
    assert event["data"]["card_ids"] == [card["id"] for card in abc]
    assert done(many(ops, "move", abc[:2], column_id=ops.column("Test")))["batch"]


def test_a_group_counts_the_cards_that_stay_in_it_once(ops: BoardOf) -> None:
    cards = [ops.add(column="Doing") for _ in range(5)]
    assert done(many(ops, "move", cards, column_id=ops.column("Done")))["batch"]


def test_a_blocked_card_holds_the_others_back(ops: BoardOf, abc: list[Any]) -> None:
    ops.person.post(f"/cards/{abc[1]['id']}/block", {"reason": "Vendor"})
    before = ops.read()["seq"]
    response = many(ops, "move", abc, column_id=ops.column("Ready"))
    assert response.json()["type"] == "/problems/card-blocked"
    assert told(ops, before) == ["move.refused"]
    assert {card["column_id"] for card in ops.cards()} == {ops.column("Backlog")}


def test_a_column_that_asks_is_asked_for_many_too(ops: BoardOf) -> None:
    cards = [ops.add(column="Ready") for _ in range(2)]
    policy = {"policy": "- Sized", "ask_before_leaving": True}
    ops.person.patch(f"/columns/{ops.column('Ready')}", policy)
    to = {"column_id": ops.column("Doing")}
    assert many(ops, "move", cards, **to).json()["type"] == "/problems/confirmation-needed"
    done(many(ops, "move", cards, **to, confirmed=True))
    assert ops.events()[-1]["data"]["confirmed"] == ["Sized"]


def test_people_are_added_and_taken_and_their_limit_holds(
    ops: BoardOf, abc: list[Any], grace: Person
) -> None:
    ops.join(grace)
    me = ops.person
    done(many(ops, "assign", abc, add=[me.id, grace.id]))
    done(many(ops, "assign", abc[:1], remove=[me.id]))
    assert [len(card["assignees"]) for card in ops.cards()] == [1, 2, 2]
    me.patch(f"/boards/{ops.key}", {"person_wip_limit": 1})
    response = many(ops, "move", abc[1:], column_id=ops.column("Doing"))
    assert (response.json()["scope"], response.json()["free"]) == ("person", 1)
    working = [ops.add(column="Doing") for _ in range(2)]
    response = many(ops, "assign", working, add=[grace.id])
    assert (response.json()["scope"], response.json()["place"]["name"]) == (
        "person",
        "Grace Hopper",
    )


def test_labels_are_added_and_taken(ops: BoardOf, abc: list[Any]) -> None:
    done(many(ops, "label", abc, add=["tls", "infra"]))
    done(many(ops, "label", abc[:2], remove=["tls"]))
    assert [card["labels"] for card in ops.cards()] == [["infra"], ["infra"], ["infra", "tls"]]


def test_what_is_so_already_is_left_as_it_is(ops: BoardOf, abc: list[Any]) -> None:
    ops.person.post(f"/cards/{abc[0]['id']}/block", {"reason": "The first reason"})
    done(many(ops, "block", abc, reason="The second reason", category="approval"))
    reasons = [card["blocked"]["reason"] for card in ops.cards()]
    assert reasons == ["The first reason", "The second reason", "The second reason"]
    done(many(ops, "unblock", abc[:1], note="Solved"))
    done(many(ops, "unblock", abc))
    done(many(ops, "archive", abc[:1]))
    done(many(ops, "archive", abc))
    assert ops.cards() == []
    assert done(many(ops, "archive", abc))["batch"] is None
    done(many(ops, "restore", abc))
    assert len(ops.cards()) == 3
    seq = ops.read()["seq"]
    for action in ("restore", "unblock", "assign", "label"):
        assert done(many(ops, action, abc))["batch"] is None
    assert ops.read()["seq"] == seq


def test_many_are_not_restored_where_they_have_no_room(ops: BoardOf) -> None:
    cards = [ops.add(column="Test") for _ in range(3)]
    done(many(ops, "archive", cards))
    ops.add(column="Test")
    response = many(ops, "restore", cards)
    assert (response.status_code, response.json()["free"]) == (409, 2)
    done(many(ops, "restore", cards[1:]))


def test_a_card_that_changed_meanwhile_holds_the_others_back(ops: BoardOf, abc: list[Any]) -> None:
    ops.person.patch(f"/cards/{abc[1]['id']}", {"title": "Another title"})
    chosen = [{"id": card["id"], "version": 1} for card in abc]
    path = f"/boards/{ops.key}/cards/bulk"
    response = ops.person.ask("POST", path, json={"action": "archive", "cards": chosen})
    assert (response.status_code, response.json()["type"]) == (409, "/problems/changed-since")
    assert response.json()["cards"] == [{"id": abc[1]["id"], "ref": abc[1]["ref"], "version": 2}]
    assert len(ops.cards()) == 3


def test_cards_that_are_not_of_the_board_are_named(
    ops: BoardOf, ada: Person, abc: list[Any]
) -> None:
    other = ada.board("OTHER", "simple").add()
    response = many(ops, "archive", [abc[0], other, {"id": 987_654}])
    assert response.status_code == 422
    assert [e["loc"] for e in response.json()["errors"]] == [
        ["body", "cards", 1, "id"],
        ["body", "cards", 2, "id"],
    ]
    assert len(ops.cards()) == 3


def test_an_archived_card_is_not_moved(ops: BoardOf, abc: list[Any]) -> None:
    done(many(ops, "archive", abc[:1]))
    response = many(ops, "move", abc, column_id=ops.column("Ready"))
    assert response.json()["type"] == "/problems/card-archived"


@pytest.mark.parametrize(
    "body",
    [
        {"action": "move", "cards": []},
        {"action": "explode", "cards": [{"id": 1}]},
        {"action": "move", "cards": [{"id": 1}]},
        {"action": "archive", "cards": [{"id": 1}] * 201},
        {"action": "archive", "cards": [{"id": 1}], "column_id": 1},
        {"action": "block", "cards": [{"id": 1}], "reason": " "},
        {"cards": [{"id": 1}]},
    ],
)
def test_what_is_no_change_of_many_is_a_422(ops: BoardOf, body: Any) -> None:
    assert ops.person.ask("POST", f"/boards/{ops.key}/cards/bulk", json=body).status_code == 422


def test_two_hundred_cards_are_changed_at_once(ops: BoardOf) -> None:
    cards = [ops.add(f"Number {n}") for n in range(200)]
    answer = done(many(ops, "move", cards, column_id=ops.column("In production")))
    assert len(answer["cards"]) == 200
    ops.person.post(f"/boards/{ops.key}/undo")
    titles = [card["title"] for card in ops.cards(column_id=ops.column("Backlog"))]
    assert titles == [card["title"] for card in cards]
