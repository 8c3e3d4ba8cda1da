"""Taking back what one did last on a board."""

from collections.abc import Callable
from typing import Any

import pytest
from httpx2 import Response

from tests.support import BoardOf, Person


def undo(board: BoardOf) -> Any:
    """Takes back the person's last action; what it was."""
    return board.person.post(f"/boards/{board.key}/undo")["undone"]


def try_undo(board: BoardOf) -> Response:
    """Tries to take back the person's last action."""
    return board.person.ask("POST", f"/boards/{board.key}/undo")


def without_time(card: Any) -> Any:
    """What of a card an undo brings back: all but its version, rank and blocked time."""
    left_out = {"version", "process_time", "age", "blocked_time", "blocked", "started_at"}
    return {name: value for name, value in card.items() if name not in left_out}


def titles(board: BoardOf, column: str) -> str:
    """The cards of a column from the top."""
    return "".join(card["title"] for card in board.cards(column_id=board.column(column)))


@pytest.fixture
def abc(ops: BoardOf) -> dict[str, Any]:
    """Three cards in Ready, called A, B and C."""
    return {title: ops.add(title, column="Ready") for title in "ABC"}


def archive(board: BoardOf, card: Any) -> None:
    """Archives a card."""
    board.person.post(f"/cards/{card['id']}/archive")


DEEDS: list[tuple[str, Callable[[BoardOf, Any], object]]] = [
    ("the move of {} to Doing", lambda board, card: board.move(card, "Doing")),
    ("the new place of {}", lambda board, card: board.move(card, "Ready", index=0)),
    (
        "the move of {} to the lane Expedite",
        lambda board, card: board.move(card, "Ready", lane_id=board.lane("Expedite")),
    ),
    (
        "the edit of {}",
        lambda board, card: board.person.patch(
            f"/cards/{card['id']}",
            {
                "title": "Z",
                "description": "Long",
                "team": "ops",
                "due_on": "2026-12-24",
                "labels": ["tls"],
                "external_id": "X1",
            },
        ),
    ),
    (
        "the assignment of {}",
        lambda board, card: board.person.patch(
            f"/cards/{card['id']}", {"assignee_ids": [board.person.id]}
        ),
    ),
    (
        "the edit of {}",
        lambda board, card: board.person.patch(
            f"/cards/{card['id']}", {"title": "Z", "assignee_ids": [board.person.id]}
        ),
    ),
    (
        "the block of {}",
        lambda board, card: board.person.post(f"/cards/{card['id']}/block", {"reason": "Why"}),
    ),
    ("the archiving of {}", archive),
]


@pytest.mark.parametrize(("words", "deed"), DEEDS)
def test_an_action_is_taken_back(
    ops: BoardOf, abc: dict[str, Any], words: str, deed: Callable[[BoardOf, Any], object]
) -> None:
    card = ops.person.get(f"/cards/{abc['B']['id']}")
    deed(ops, card)
    shown = ops.person.get(f"/boards/{ops.key}/undo")["action"]
    assert shown["words"] == words.format(card["ref"])
    undone = undo(ops)
    assert undone["words"] == shown["words"]
    assert undone["cards"] == [{"id": card["id"], "ref": card["ref"]}]
    after = ops.person.get(f"/cards/{card['id']}")
    assert without_time(after) == without_time(card)
    assert after["blocked"] is None
    assert titles(ops, "Ready") == "ABC"
    assert ops.events()[-1]["data"]["undoes"] == undone["seq"]


def test_what_is_taken_back_again_goes_on_to_the_action_before(
    ops: BoardOf, abc: dict[str, Any]
) -> None:
    ops.move(abc["A"], "Doing")
    ops.person.patch(f"/cards/{abc['B']['id']}", {"title": "X"})
    archive(ops, abc["C"])
    words = [undo(ops)["words"].split()[1] for _ in range(3)]
    assert words == ["archiving", "edit", "move"]
    assert titles(ops, "Ready") == "ABC"
    response = try_undo(ops)
    assert (response.status_code, response.json()["type"]) == (409, "/problems/nothing-to-undo")
    assert ops.person.get(f"/boards/{ops.key}/undo") == {"action": None}


def test_unblocking_and_restoring_are_taken_back(ops: BoardOf, abc: dict[str, Any]) -> None:
    path = f"/cards/{abc['A']['id']}"
    ops.person.post(f"{path}/block", {"reason": "Vendor", "category": "waiting_on_vendor"})
    ops.person.post(f"{path}/unblock")
    undo(ops)
    blocked = ops.person.get(path)["blocked"]
    assert (blocked["reason"], blocked["category"]) == ("Vendor", "waiting_on_vendor")
    archive(ops, abc["B"])
    ops.person.post(f"/cards/{abc['B']['id']}/restore")
    undo(ops)
    assert titles(ops, "Ready") == "AC"


def test_everybody_takes_back_their_own(ops: BoardOf, abc: dict[str, Any], grace: Person) -> None:
    ops.join(grace)
    ops.move(abc["A"], "Doing")
    ops.seen_by(grace).move(abc["B"], "Doing")
    undo(ops)
    assert titles(ops, "Ready") == "AC"
    assert titles(ops, "Doing") == "B"


def test_an_undo_obeys_the_limits(ops: BoardOf) -> None:
    cards = [ops.add(column="Test") for _ in range(3)]
    ops.move(cards[0], "Ready to deploy")
    ops.limit("Test", 2)
    before = ops.read()["seq"]
    response = try_undo(ops)
    assert response.json()["type"] == "/problems/wip-limit-reached"
    assert response.json()["place"]["name"] == "Test"
    assert [event["type"] for event in ops.events(before)] == ["move.refused"]
    ops.limit("Test", 3)
    assert undo(ops)["words"] == f"the move of {cards[0]['ref']} to Ready to deploy"


def test_an_undo_of_an_archiving_needs_room(ops: BoardOf) -> None:
    cards = [ops.add(column="Test") for _ in range(3)]
    archive(ops, cards[0])
    ops.add(column="Test")
    assert try_undo(ops).json()["type"] == "/problems/wip-limit-reached"


def test_a_blocked_card_does_not_go_to_the_right_by_an_undo(
    ops: BoardOf, abc: dict[str, Any], grace: Person
) -> None:
    ops.join(grace)
    ops.move(abc["A"], "Backlog")
    grace.post(f"/cards/{abc['A']['id']}/block", {"reason": "Vendor"})
    assert try_undo(ops).json()["type"] == "/problems/card-blocked"


@pytest.mark.parametrize(
    ("words", "since"),
    [
        ("Grace Hopper has changed {} since.", lambda board, card: board.move(card, "Test")),
        ("{} is in the archive.", archive),
        (
            "The card is not on this board any more.",
            lambda board, card: board.person.delete(f"/cards/{card['id']}"),
        ),
    ],
)
def test_what_somebody_else_changed_since_is_not_taken_back(
    ops: BoardOf,
    abc: dict[str, Any],
    grace: Person,
    words: str,
    since: Callable[[BoardOf, Any], object],
) -> None:
    ops.join(grace)
    ops.move(abc["A"], "Doing")
    since(ops.seen_by(grace), abc["A"])
    before = ops.read()["seq"]
    response = try_undo(ops)
    assert (response.status_code, response.json()["type"]) == (409, "/problems/changed-since")
    expected = f"{words.format(abc['A']['ref'])} Nothing was undone."
    assert response.json()["detail"] == expected
    assert [event["type"] for event in ops.events(before)] == ["undo.refused"]


@pytest.mark.parametrize("by", ["one", "somebody else"])
def test_what_can_be_taken_back_no_more_is_passed_over_by_the_next_undo(
    ops: BoardOf, abc: dict[str, Any], grace: Person, by: str
) -> None:
    ops.join(grace)
    web = ops.person.board(f"W{ops.key}"[:10], "simple")
    web.join(grace)
    ops.move(abc["A"], "Doing")
    ops.move(abc["B"], "Doing")
    ops.move(abc["C"], "Doing")
    who = ops.person if by == "one" else grace
    for gone in "BC":
        who.post(f"/cards/{abc[gone]['id']}/transfer", {"board": web.key})
    for told in ("a card to Doing", f"{abc['A']['ref']} to Doing"):
        detail = try_undo(ops).json()["detail"]
        assert detail == (
            "The card is not on this board any more. Nothing was undone."
            f" Undo again takes back the move of {told}."
        )
    assert ops.person.get(f"/boards/{ops.key}/undo")["action"]["cards"][0]["ref"] == abc["A"]["ref"]
    assert undo(ops)["words"] == f"the move of {abc['A']['ref']} to Doing"
    assert titles(ops, "Ready") == "A"
    assert try_undo(ops).json()["type"] == "/problems/nothing-to-undo"


def test_what_a_limit_holds_back_is_not_passed_over(ops: BoardOf, abc: dict[str, Any]) -> None:
    ops.move(abc["A"], "Doing")
    ops.move(abc["B"], "Doing")
    ops.limit("Ready", 1)
    for _ in range(2):
        assert try_undo(ops).json()["type"] == "/problems/wip-limit-reached"
    ops.limit("Ready", None)
    assert undo(ops)["cards"][0]["ref"] == abc["B"]["ref"]


def test_everybody_lets_go_of_their_own(ops: BoardOf, abc: dict[str, Any], grace: Person) -> None:
    ops.join(grace)
    hers = ops.seen_by(grace)
    ops.move(abc["B"], "Doing")
    hers.move(abc["A"], "Doing")
    ops.move(abc["A"], "Test")
    assert try_undo(hers).json()["type"] == "/problems/changed-since"
    assert try_undo(hers).json()["type"] == "/problems/nothing-to-undo"
    assert undo(ops)["cards"][0]["ref"] == abc["A"]["ref"]


def test_an_id_that_another_card_has_now_is_let_go(ops: BoardOf, abc: dict[str, Any]) -> None:
    path = f"/cards/{abc['A']['id']}"
    ops.person.patch(path, {"external_id": "X1"})
    ops.person.patch(path, {"external_id": None})
    ops.add(external_id="X1")
    response = try_undo(ops)
    assert response.json()["detail"] == (
        f"A card of {ops.key} has the external id 'X1' already. Nothing was undone."
        f" Undo again takes back the edit of {abc['A']['ref']}."
    )


def test_what_somebody_else_changed_of_something_else_does_not_stand_in_the_way(
    ops: BoardOf, abc: dict[str, Any], grace: Person
) -> None:
    ops.join(grace)
    path = f"/cards/{abc['A']['id']}"
    ops.person.patch(path, {"title": "Z"})
    grace.patch(path, {"description": "Hers"})
    ops.seen_by(grace).move(abc["A"], "Doing")
    undo(ops)
    card = ops.person.get(path)
    assert (card["title"], card["description"]) == ("A", "Hers")


def test_a_change_of_many_is_taken_back_as_one(ops: BoardOf, abc: dict[str, Any]) -> None:
    chosen = [{"id": card["id"]} for card in abc.values()]
    path = f"/boards/{ops.key}/cards/bulk"
    ops.person.post(path, {"action": "block", "cards": chosen, "reason": "Storm"})
    ops.person.post(path, {"action": "unblock", "cards": chosen})
    ops.person.post(path, {"action": "move", "cards": chosen, "column_id": ops.column("Test")})
    assert undo(ops)["words"] == f"the move of {abc['A']['ref']} and 2 other cards to Test"
    assert titles(ops, "Ready") == "ABC"
    assert len(undo(ops)["cards"]) == 3
    assert all(card["blocked"] for card in ops.cards())
    undo(ops)
    assert not any(card["blocked"] for card in ops.cards())


def test_a_place_that_has_gone_takes_no_card_back(ops: BoardOf, abc: dict[str, Any]) -> None:
    ops.move(abc["A"], "Backlog")
    target = ops.column("Backlog")
    ops.person.delete(f"/columns/{ops.column('Ready')}?move_cards_to={target}")
    response = try_undo(ops)
    assert response.json()["type"] == "/problems/changed-since"
    assert "not there any more" in response.json()["detail"]


def test_neither_imports_nor_changes_of_the_shape_are_taken_back(ops: BoardOf) -> None:
    ops.add(column="Ready")
    target = ops.column("Backlog")
    ops.person.delete(f"/columns/{ops.column('Ready')}?move_cards_to={target}")
    old: dict[str, Any] = {
        "title": "Old",
        "created_at": "2020-01-01T00:00:00Z",
        "column": "Backlog",
    }
    old |= {"moves": [{"at": "2020-01-02T00:00:00Z", "to": "Doing"}]}
    ops.person.post(f"/boards/{ops.key}/import", {"format": "weir-history/1", "cards": [old]})
    assert try_undo(ops).json()["type"] == "/problems/nothing-to-undo"


def test_the_history_says_what_was_undone(ops: BoardOf, abc: dict[str, Any]) -> None:
    ops.move(abc["A"], "Doing")
    undo(ops)
    event = ops.events()[-1]
    assert event["type"] == "card.moved"
    assert event["data"]["undoes"] == event["seq"] - 1
