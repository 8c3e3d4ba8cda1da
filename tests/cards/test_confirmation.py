"""A column that asks: a card leaves it to the right only with its points confirmed."""

from typing import Any

import pytest

from tests.support import BoardOf

POINTS = ["Tests are green", "Somebody else has read it"]


@pytest.fixture
def asking(ops: BoardOf) -> BoardOf:
    """A board whose column Test asks before a card leaves it."""
    policy = "\n".join(f"- {point}" for point in POINTS)
    body = {"policy": policy, "ask_before_leaving": True}
    changed = ops.person.patch(f"/columns/{ops.column('Test')}", body)
    assert changed["ask_before_leaving"] is True
    return ops


def moves(board: BoardOf) -> list[Any]:
    """What the history tells of moves."""
    return [event["data"] for event in board.events() if event["type"] == "card.moved"]


def test_no_column_asks_by_itself(ops: BoardOf) -> None:
    ops.person.patch(f"/columns/{ops.column('Test')}", {"policy": "- Green"})
    card = ops.add(column="Test")
    ops.move(card, "Ready to deploy")
    assert "confirmed" not in moves(ops)[-1]


def test_leaving_to_the_right_without_a_confirmation_is_refused(asking: BoardOf) -> None:
    card = asking.add(column="Test")
    before = asking.read()["seq"]
    refused = asking.try_move(card, "Ready to deploy")
    assert refused.status_code == 409
    problem = refused.json()
    assert problem["type"] == "/problems/confirmation-needed"
    assert problem["points"] == POINTS
    assert problem["column"] == {"id": asking.column("Test"), "name": "Test"}
    # It is a question and not a limit that said no: the history keeps nothing of it.
    assert asking.read()["seq"] == before
    assert asking.cards()[0]["column_id"] == asking.column("Test")


def test_what_was_confirmed_stands_in_the_history(asking: BoardOf) -> None:
    card = asking.add(column="Test")
    moved = asking.move(card, "Ready to deploy", confirmed=True)
    assert moved["column_id"] == asking.column("Ready to deploy")
    assert moves(asking)[-1]["confirmed"] == POINTS


def test_to_the_left_within_the_column_and_to_another_lane_nothing_is_asked(
    asking: BoardOf,
) -> None:
    card = asking.add(column="Test")
    asking.add(column="Test")
    asking.move(card, "Test", index=1)
    asking.move(card, "Test", lane_id=asking.lane("Expedite"))
    asking.move(card, "Doing")
    # Nobody confirmed anything that was not asked, whatever the request says.
    asking.move(card, "Done", confirmed=True)
    assert all("confirmed" not in data for data in moves(asking))


def test_a_column_without_a_policy_has_nothing_to_ask(asking: BoardOf) -> None:
    asking.person.patch(f"/columns/{asking.column('Test')}", {"policy": ""})
    asking.move(asking.add(column="Test"), "Deploy")


def test_a_full_column_says_no_before_anybody_goes_through_the_points(asking: BoardOf) -> None:
    for _ in range(2):
        asking.add(column="Deploy")
    card = asking.add(column="Test")
    assert asking.try_move(card, "Deploy").json()["type"] == "/problems/wip-limit-reached"


def test_a_column_that_goes_asks_nothing_of_the_cards_that_it_leaves(asking: BoardOf) -> None:
    card = asking.add(column="Test")
    target = asking.column("Ready to deploy")
    asking.person.delete(f"/columns/{asking.column('Test')}?move_cards_to={target}")
    assert asking.cards()[0]["id"] == card["id"]
    assert asking.cards()[0]["column_id"] == target


@pytest.mark.parametrize("confirmed", ["true", 1, None, []])
def test_a_confirmation_is_true_or_false(asking: BoardOf, confirmed: Any) -> None:
    card = asking.add(column="Test")
    assert asking.try_move(card, "Deploy", confirmed=confirmed).status_code == 422
