"""Moves through the API: places, clocks, refusals."""

from datetime import datetime
from typing import Any

import pytest

from tests.support import BoardOf


def titles(board: BoardOf, column: str) -> list[str]:
    """The cards of a column from the top."""
    return [card["title"] for card in board.cards(column_id=board.column(column))]


def seconds(start: str, end: str) -> float:
    """The time from one timestamp to another."""
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()


@pytest.fixture
def abc(ops: BoardOf) -> dict[str, Any]:
    """Three cards in Ready, called A, B and C."""
    return {title: ops.add(title, column="Ready") for title in "ABC"}


# --- Places --------------------------------------------------------------------------------------


def test_without_a_place_a_card_comes_to_the_end(ops: BoardOf, abc: dict[str, Any]) -> None:
    moved = ops.move(ops.add("X"), "Ready")
    assert moved["column_id"] == ops.column("Ready")
    assert titles(ops, "Ready") == ["A", "B", "C", "X"]


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ({"index": 0}, "XABC"),
        ({"index": 1}, "AXBC"),
        ({"index": 3}, "ABCX"),
        ({"index": 1_000_000}, "ABCX"),
        ({"before_card_id": "A"}, "XABC"),
        ({"before_card_id": "C"}, "ABXC"),
        ({"after_card_id": "A"}, "AXBC"),
        ({"after_card_id": "C"}, "ABCX"),
    ],
)
def test_a_card_comes_where_it_is_wanted(
    ops: BoardOf, abc: dict[str, Any], place: dict[str, Any], expected: str
) -> None:
    where = {name: abc[value]["id"] if value in abc else value for name, value in place.items()}
    ops.move(ops.add("X"), "Ready", **where)
    assert "".join(titles(ops, "Ready")) == expected


@pytest.mark.parametrize(
    ("card", "place", "expected"),
    [
        ("A", {}, "BCA"),
        ("C", {"index": 0}, "CAB"),
        ("A", {"index": 1}, "BAC"),
        ("B", {"before_card_id": "A"}, "BAC"),
        ("A", {"after_card_id": "B"}, "BAC"),
        ("A", {"index": 2}, "BCA"),
    ],
)
def test_a_card_is_reordered_in_its_column(
    ops: BoardOf, abc: dict[str, Any], card: str, place: dict[str, Any], expected: str
) -> None:
    where = {name: abc[value]["id"] if value in abc else value for name, value in place.items()}
    ops.move(abc[card], "Ready", **where)
    assert "".join(titles(ops, "Ready")) == expected
    assert ops.events()[-1]["type"] == "card.reordered"


@pytest.mark.parametrize(
    ("card", "place"),
    [
        ("C", {}),
        ("A", {"index": 0}),
        ("B", {"index": 1}),
        ("B", {"after_card_id": "A"}),
        ("B", {"before_card_id": "C"}),
        ("B", {"before_card_id": "B"}),
        ("B", {"after_card_id": "B"}),
    ],
)
def test_moving_a_card_to_where_it_stands_is_nothing(
    ops: BoardOf, abc: dict[str, Any], card: str, place: dict[str, Any]
) -> None:
    where = {name: abc[value]["id"] if value in abc else value for name, value in place.items()}
    before = ops.read()["seq"]
    assert ops.move(abc[card], "Ready", **where)["version"] == 1
    assert ops.read()["seq"] == before
    assert titles(ops, "Ready") == ["A", "B", "C"]


@pytest.mark.parametrize(
    "place",
    [
        {"before_card_id": 987_654},
        {"after_card_id": 987_654},
        {"index": 0, "before_card_id": 1},
        {"before_card_id": 1, "after_card_id": 1},
        {"index": -1},
        {"index": "0"},
        {"index": 1.0},
        {"index": True},
    ],
)
def test_a_place_that_is_none_is_a_422(ops: BoardOf, place: dict[str, Any]) -> None:
    card = ops.add()
    before = ops.read()["seq"]
    assert ops.try_move(card, "Ready", **place).status_code == 422
    assert ops.read()["seq"] == before


def test_a_neighbour_stands_in_the_column_and_lane_that_are_named(
    ops: BoardOf, abc: dict[str, Any]
) -> None:
    elsewhere, archived = ops.add(column="Test"), ops.add(column="Ready")
    ops.person.post(f"/cards/{archived['id']}/archive")
    card = ops.add()
    for neighbour in (elsewhere, archived, card):
        response = ops.try_move(card, "Ready", before_card_id=neighbour["id"])
        assert response.status_code == 422
        assert response.json()["errors"][0]["loc"] == ["body", "before_card_id"]
    lane = ops.lane("Expedite")
    response = ops.try_move(card, "Ready", lane_id=lane, after_card_id=abc["A"]["id"])
    assert response.status_code == 422


def test_many_cards_at_one_spot_keep_their_order(ops: BoardOf) -> None:
    """Each comes right behind the first, so that the room between two of them is used up."""
    first, last = ops.add("first"), ops.add("last")
    expected: list[str] = []
    for n in range(30):
        card = ops.add(f"{n}")
        ops.move(card, "Backlog", after_card_id=first["id"])
        expected.insert(0, f"{n}")
    assert titles(ops, "Backlog") == ["first", *expected, "last"]
    positions = [card["position"] for card in ops.cards()]
    assert positions == sorted(set(positions))
    assert last["title"] == "last"


def test_a_card_keeps_its_lane_unless_another_is_named(ops: BoardOf) -> None:
    expedite = ops.lane("Expedite")
    card = ops.add(lane_id=expedite)
    assert ops.move(card, "Ready")["lane_id"] == expedite
    assert ops.move(card, "Ready", lane_id=ops.lane("Standard"))["lane_id"] == ops.lane("Standard")
    assert ops.events()[-1]["type"] == "card.moved"


def test_cards_are_ordered_by_column_lane_and_place(ops: BoardOf) -> None:
    for column in ("Test", "Backlog"):
        for lane in ("Standard", "Expedite"):
            for n in (1, 2):
                if (column, lane, n) != ("Test", "Expedite", 2):
                    ops.add(f"{column} {lane} {n}", column, lane_id=ops.lane(lane))
    assert [card["title"] for card in ops.cards()] == [
        "Backlog Expedite 1",
        "Backlog Expedite 2",
        "Backlog Standard 1",
        "Backlog Standard 2",
        "Test Expedite 1",
        "Test Standard 1",
        "Test Standard 2",
    ]


# --- Clocks --------------------------------------------------------------------------------------


def test_a_journey_is_measured_from_creation_to_done(ops: BoardOf) -> None:
    card = ops.add()
    ready = ops.move(card, "Ready")
    assert (ready["started_at"], ready["age"]) == (None, None)
    doing = ops.move(card, "Doing")
    times = {event["type"]: event["at"] for event in ops.events()}
    assert doing["started_at"] == times["card.moved"]
    assert doing["age"] >= 0
    waiting = ops.move(card, "Done")
    assert waiting["started_at"] == doing["started_at"]
    done = ops.move(card, "In production")
    at = [event["at"] for event in ops.events() if event["type"] == "card.moved"]
    assert done["done_at"] == at[-1]
    assert done["lead_time"] == seconds(card["created_at"], done["done_at"])
    assert done["cycle_time"] == seconds(done["started_at"], done["done_at"])
    assert done["process_time"] == seconds(at[1], at[2])
    assert done["age"] is None
    again = ops.move(card, "Test")
    assert (again["done_at"], again["lead_time"], again["cycle_time"]) == (None, None, None)
    assert again["started_at"] == doing["started_at"]
    assert again["age"] > 0
    finished = ops.move(card, "In production")
    assert finished["lead_time"] > done["lead_time"]
    assert finished["created_at"] == card["created_at"]


def test_a_card_that_was_never_started_has_a_lead_time_and_no_cycle_time(ops: BoardOf) -> None:
    done = ops.move(ops.add(), "In production")
    assert done["lead_time"] > 0
    assert (done["cycle_time"], done["started_at"], done["process_time"]) == (None, None, 0)


def test_a_card_created_in_done_took_no_time(ops: BoardOf) -> None:
    done = ops.add(column="In production")
    assert (done["lead_time"], done["cycle_time"]) == (0, None)
    assert done["done_at"] == done["created_at"]


def test_blocked_time_is_no_process_time(ops: BoardOf) -> None:
    card = ops.add(column="Doing")
    path = f"/cards/{card['id']}"
    ops.person.post(f"{path}/block", {"reason": "Why"})
    ops.person.post(f"{path}/unblock")
    done = ops.move(card, "In production")
    blocked, unblocked = (e["at"] for e in ops.events() if "blocked" in e["type"])
    assert done["blocked_time"] == seconds(blocked, unblocked)
    assert done["process_time"] == pytest.approx(
        done["cycle_time"] - done["blocked_time"], abs=1e-9
    )


# --- Refusals ------------------------------------------------------------------------------------


def test_a_refusal_says_which_limit_its_value_the_count_and_what_fills_it(ops: BoardOf) -> None:
    ops.limit("Test", 2)
    old = ops.add("Oldest work", column="Test")
    blocked = ops.add("Blocked", column="Test")
    ops.person.post(f"/cards/{blocked['id']}/block", {"reason": "Why"})
    card = ops.add("Waiting", column="Ready")
    response = ops.try_move(card, "Test")
    assert response.status_code == 409
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    ages = [each.pop("age") for each in problem["cards"]]
    assert problem == {
        "type": "/problems/wip-limit-reached",
        "title": "WIP limit reached",
        "status": 409,
        "detail": "Test is full (2 of 2).",
        "scope": "column",
        "place": {"id": ops.column("Test"), "name": "Test"},
        "limit": 2,
        "count": 2,
        "cards": [
            {
                "id": old["id"],
                "ref": f"{ops.key}-1",
                "title": "Oldest work",
                "blocked": False,
            },
            {
                "id": blocked["id"],
                "ref": f"{ops.key}-2",
                "title": "Blocked",
                "blocked": True,
            },
        ],
    }
    assert ages == sorted(ages, reverse=True)
    assert ops.person.get(f"/cards/{card['id']}") == card


def test_the_cards_of_a_refusal_are_the_oldest_20(ops: BoardOf) -> None:
    """By the start of their work, then by their creation, whatever their place."""
    cards = [ops.add(f"{n}", column="Backlog") for n in range(24)]
    started = [cards[n] for n in (7, 3, 15)]
    for card in started:
        ops.move(card, "Doing")
        ops.move(card, "Backlog", index=0)
    ops.limit("Backlog", 1)
    problem = ops.try_add(column="Backlog").json()
    assert (problem["limit"], problem["count"]) == (1, 24)
    rest = [str(n) for n in range(24) if n not in {7, 3, 15}]
    assert [card["title"] for card in problem["cards"]] == ["7", "3", "15", *rest][:20]
    assert [card["age"] is not None for card in problem["cards"]] == [True] * 3 + [False] * 17


def test_the_group_the_lane_and_the_board_refuse_in_their_own_name(ops: BoardOf) -> None:
    board = ops.read()
    for _ in range(2):
        ops.add(column="Doing")
    card = ops.add(column="Ready")

    def refused(column: str, **place: Any) -> tuple[Any, Any]:
        problem = ops.try_move(card, column, **place).json()
        return problem["scope"], problem["place"]

    ops.person.patch(f"/boards/{ops.key}", {"wip_limit": 2})
    assert refused("Test") == ("board", {"id": board["id"], "name": board["name"]})
    standard = ops.lane("Standard")
    ops.person.patch(f"/lanes/{standard}", {"wip_limit": 2})
    assert refused("Test") == ("lane", {"id": standard, "name": "Standard"})
    development = ops.group("Development")
    ops.person.patch(f"/groups/{development}", {"wip_limit": 2})
    assert refused("Done") == ("group", {"id": development, "name": "Development"})
    ops.limit("Doing", 2)
    assert refused("Doing") == ("column", {"id": ops.column("Doing"), "name": "Doing"})


def test_reordering_in_a_full_column_is_always_allowed(ops: BoardOf) -> None:
    cards = [ops.add(f"{n}", column="Test") for n in range(3)]
    assert ops.try_add(column="Test").status_code == 409
    ops.move(cards[2], "Test", index=0)
    assert titles(ops, "Test") == ["2", "0", "1"]
    ops.limit("Test", 1)
    ops.move(cards[1], "Test", index=0)
    ops.move(cards[1], "Ready")


def test_a_refused_card_is_where_it_was(ops: BoardOf) -> None:
    for _ in range(3):
        ops.add(column="Test")
    above, card, below = (ops.add(title, column="Ready") for title in ("above", "card", "below"))
    before = ops.read()
    assert ops.try_move(card, "Test", index=0).status_code == 409
    assert titles(ops, "Ready") == ["above", "card", "below"]
    after = ops.read()
    assert after["columns"] == before["columns"]
    assert after["seq"] == before["seq"] + 1
    assert ops.person.get(f"/cards/{card['id']}") == card
    assert above["version"] == below["version"] == 1
