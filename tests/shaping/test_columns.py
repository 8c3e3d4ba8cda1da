"""Columns through the API: adding, changing, ordering, deleting, with the cards that are there."""

from typing import Any

import pytest
from httpx2 import Response

from tests.support import BoardOf


def names(board: BoardOf) -> list[str]:
    """The columns from left to right."""
    return [column["name"] for column in board.read()["columns"]]


def add(board: BoardOf, **fields: Any) -> Any:
    """Adds a column; its JSON."""
    return board.person.post(f"/boards/{board.key}/columns", {"name": "Review", **fields})


def delete(board: BoardOf, name: str, target: str | None = None) -> Response:
    """Tries to delete a column."""
    query = {} if target is None else {"move_cards_to": board.column(target)}
    return board.person.ask("DELETE", f"/columns/{board.column(name)}", params=query)


def order(board: BoardOf, *wanted: str) -> Response:
    """Tries to put the columns in another order."""
    body = {"column_ids": [board.column(name) for name in wanted]}
    return board.person.ask("PUT", f"/boards/{board.key}/columns/order", json=body)


@pytest.fixture
def simple(ops: BoardOf) -> BoardOf:
    """A board with To do, In progress (3) and Done."""
    return ops.person.board(f"{ops.key}S", "simple")


def test_a_column_comes_to_the_right_end_or_where_it_is_wanted(simple: BoardOf) -> None:
    made = add(simple)
    assert made == {
        "id": made["id"],
        "name": "Review",
        "position": 3,
        "kind": "queue",
        "wip_limit": None,
        "group_id": None,
        "team": None,
        "policy": "",
        "ask_before_leaving": False,
        "card_count": 0,
        "wip_count": 0,
    }
    add(simple, name="Triage", position=0, kind="queue", wip_limit=2, team="ops", policy="*Ready*")
    add(simple, name="Far", position=99)
    assert names(simple) == ["Triage", "To do", "In progress", "Done", "Review", "Far"]
    assert [c["position"] for c in simple.read()["columns"]] == list(range(6))
    event = simple.events()[-2]
    assert event["type"] == "column.created"
    assert event["data"]["name"] == "Triage"


def test_a_column_is_given_another_name_kind_limit_team_and_policy(simple: BoardOf) -> None:
    path = f"/columns/{simple.column('In progress')}"
    body = {"name": "Building", "wip_limit": 2, "team": "dev", "policy": "Tests pass."}
    before = simple.read()["seq"]
    changed = simple.person.patch(path, body)
    assert {name: changed[name] for name in body} == body
    limit, rest = simple.events(before)
    assert (limit["type"], limit["data"]) == (
        "limit.changed",
        {
            "scope": "column",
            "place": {"id": changed["id"], "name": "In progress"},
            "from": 3,
            "to": 2,
        },
    )
    assert rest["type"] == "column.changed"
    assert rest["data"]["changes"] == {
        "name": {"from": "In progress", "to": "Building"},
        "team": {"from": None, "to": "dev"},
        "policy": {"from": "", "to": "Tests pass."},
    }
    seq = simple.read()["seq"]
    simple.person.patch(path, body)
    assert simple.read()["seq"] == seq


@pytest.mark.parametrize("limit", [0, -1, 2.5, "4", True])
def test_a_limit_is_a_whole_number_from_1(simple: BoardOf, limit: Any) -> None:
    path = f"/columns/{simple.column('To do')}"
    assert simple.person.ask("PATCH", path, json={"wip_limit": limit}).status_code == 422
    body = {"name": "Review", "wip_limit": limit}
    path = f"/boards/{simple.key}/columns"
    assert simple.person.ask("POST", path, json=body).status_code == 422


def test_a_limit_is_removed_by_null(simple: BoardOf) -> None:
    simple.limit("In progress", None)
    for _ in range(5):
        simple.add(column="In progress")
    assert simple.read()["columns"][1]["wip_limit"] is None


def test_a_limit_below_the_count_throws_nothing_out_and_lets_nothing_in(simple: BoardOf) -> None:
    cards = [simple.add(column="In progress") for _ in range(3)]
    simple.limit("In progress", 1)
    column = simple.read()["columns"][1]
    assert (column["wip_limit"], column["wip_count"]) == (1, 3)
    assert simple.try_add(column="In progress").json()["count"] == 3
    for card in cards[:2]:
        assert simple.try_add(column="In progress").status_code == 409
        simple.move(card, "Done")
    assert simple.try_add(column="In progress").status_code == 409
    simple.move(cards[2], "Done")
    simple.add(column="In progress")


@pytest.mark.parametrize("name", ["name", "kind", "policy", "ask_before_leaving"])
def test_what_every_column_has_cannot_be_taken_away(simple: BoardOf, name: str) -> None:
    path = f"/columns/{simple.column('To do')}"
    assert simple.person.ask("PATCH", path, json={name: None}).status_code == 422


def test_a_team_is_one_of_the_boards(simple: BoardOf) -> None:
    path = f"/columns/{simple.column('To do')}"
    assert simple.person.ask("PATCH", path, json={"team": "marketing"}).status_code == 422
    body = {"name": "Review", "team": "marketing"}
    path = f"/boards/{simple.key}/columns"
    assert simple.person.ask("POST", path, json=body).status_code == 422


# --- Order ---------------------------------------------------------------------------------------


def test_columns_are_put_in_another_order(simple: BoardOf) -> None:
    response = order(simple, "In progress", "To do", "Done")
    assert [column["name"] for column in response.json()["columns"]] == [
        "In progress",
        "To do",
        "Done",
    ]
    assert names(simple) == ["In progress", "To do", "Done"]
    event = simple.events()[-1]
    assert (event["type"], event["data"]["action"]) == ("column.changed", "ordered")
    seq = simple.read()["seq"]
    order(simple, "In progress", "To do", "Done")
    assert simple.read()["seq"] == seq


def test_every_column_is_named_once(simple: BoardOf) -> None:
    for wanted in (("To do", "Done"), ("To do", "To do", "Done"), ()):
        assert order(simple, *wanted).status_code == 422
    assert names(simple) == ["To do", "In progress", "Done"]


def test_the_order_does_not_tear_a_group_apart(ops: BoardOf) -> None:
    wanted = names(ops)
    wanted.insert(0, wanted.pop(wanted.index("Done")))
    response = order(ops, *wanted)
    assert response.status_code == 422
    assert "Development" in response.json()["detail"]


def test_an_order_that_makes_too_much_of_the_backlog_work_in_progress_is_refused(
    simple: BoardOf,
) -> None:
    """What lies right of the first active column counts for the board."""
    for _ in range(3):
        simple.add(column="To do")
    simple.person.patch(f"/boards/{simple.key}", {"wip_limit": 2})
    response = order(simple, "In progress", "To do", "Done")
    assert response.status_code == 409
    assert (response.json()["scope"], response.json()["count"]) == ("board", 0)
    assert names(simple) == ["To do", "In progress", "Done"]
    event = simple.events()[-1]
    assert (event["type"], event["data"]["action"]) == ("move.refused", "shape")


# --- What a column means -------------------------------------------------------------------------


def test_a_column_that_becomes_done_finishes_its_cards_when_they_came_there(
    simple: BoardOf,
) -> None:
    """Their clocks are read anew from their past."""
    card = simple.add()
    moved = simple.move(card, "In progress")
    path = f"/columns/{simple.column('In progress')}"
    simple.person.patch(path, {"kind": "done"})
    done = simple.person.get(f"/cards/{card['id']}")
    assert done["done_at"] is not None
    assert done["done_at"] == moved["started_at"]
    assert (done["started_at"], done["cycle_time"], done["process_time"]) == (None, None, 0)
    simple.person.patch(path, {"kind": "active"})
    again = simple.person.get(f"/cards/{card['id']}")
    assert (again["started_at"], again["done_at"]) == (moved["started_at"], None)


def test_a_column_becomes_active_only_where_its_people_have_room(simple: BoardOf) -> None:
    me = simple.person
    for _ in range(2):
        simple.add(column="To do", assignee_ids=[me.id])
    me.patch(f"/boards/{simple.key}", {"person_wip_limit": 1})
    path = f"/columns/{simple.column('To do')}"
    response = me.ask("PATCH", path, json={"kind": "active"})
    assert response.status_code == 409
    refused = response.json()
    assert (refused["scope"], refused["place"]) == (
        "person",
        {"id": me.id, "name": "Ada Lovelace"},
    )


# --- Deleting ------------------------------------------------------------------------------------


def test_an_empty_column_is_deleted(simple: BoardOf) -> None:
    add(simple)
    assert delete(simple, "Review").status_code == 204
    assert names(simple) == ["To do", "In progress", "Done"]
    event = simple.events()[-1]
    assert event["type"] == "column.deleted"
    assert (event["data"]["name"], event["data"]["moved_to"]) == ("Review", None)


def test_a_column_with_cards_is_deleted_only_where_they_have_somewhere_to_go(
    simple: BoardOf,
) -> None:
    cards = [simple.add(f"Card {n}", column="In progress") for n in range(3)]
    simple.add("There already", column="To do")
    response = delete(simple, "In progress")
    assert (response.status_code, response.json()["type"]) == (409, "/problems/column-not-empty")
    gone = simple.column("In progress")
    assert delete(simple, "In progress", "To do").status_code == 204
    assert names(simple) == ["To do", "Done"]
    titles = [card["title"] for card in simple.cards()]
    assert titles == ["There already", "Card 0", "Card 1", "Card 2"]
    assert simple.read()["columns"][0]["card_count"] == 4
    assert simple.person.ask("PATCH", f"/columns/{gone}", json={"name": "x"}).status_code == 404
    history = simple.person.get(f"/cards/{cards[0]['id']}/history")["items"]
    assert history[-1]["data"]["from"]["column_id"] == gone
    # Its past stays: the time in it was work.
    assert simple.person.get(f"/cards/{cards[0]['id']}")["started_at"] is not None


def test_the_cards_of_a_deleted_column_obey_the_limits_all_or_none(simple: BoardOf) -> None:
    for _ in range(3):
        simple.add(column="To do")
    simple.add(column="In progress")
    before = simple.read()
    response = delete(simple, "To do", "In progress")
    assert response.status_code == 409
    refused = response.json()
    assert (refused["scope"], refused["limit"], refused["count"]) == ("column", 3, 1)
    after = simple.read()
    assert after["columns"] == before["columns"]
    assert [e["type"] for e in simple.events(before["seq"])] == ["move.refused"]


def test_a_blocked_card_keeps_its_column_from_being_emptied_to_the_right(simple: BoardOf) -> None:
    card = simple.add(column="To do")
    simple.person.post(f"/cards/{card['id']}/block", {"reason": "Why"})
    response = delete(simple, "To do", "Done")
    assert (response.status_code, response.json()["type"]) == (409, "/problems/card-blocked")
    assert names(simple) == ["To do", "In progress", "Done"]


@pytest.mark.parametrize("target", ["itself", "unknown"])
def test_cards_go_to_another_column_of_the_board(simple: BoardOf, target: str) -> None:
    column = simple.column("To do")
    query = {"move_cards_to": column if target == "itself" else 987_654}
    response = simple.person.ask("DELETE", f"/columns/{column}", params=query)
    assert response.status_code == 422
    assert response.json()["errors"][0]["loc"] == ["query", "move_cards_to"]


def test_an_archived_card_of_a_deleted_column_comes_back_at_the_left(simple: BoardOf) -> None:
    card = simple.add(column="In progress")
    simple.person.post(f"/cards/{card['id']}/archive")
    assert delete(simple, "In progress").status_code == 204
    restored = simple.person.post(f"/cards/{card['id']}/restore")
    assert restored["column_id"] == simple.column("To do")
    assert simple.read()["columns"][0]["card_count"] == 1


def test_without_the_first_active_column_less_counts_as_started(ops: BoardOf) -> None:
    for name in ("Doing", "Done"):
        ops.add(column=name)
    assert ops.read()["wip_count"] == 2
    assert delete(ops, "Doing", "Backlog").status_code == 204
    assert ops.read()["wip_count"] == 0


def test_a_board_has_at_most_40_columns(simple: BoardOf) -> None:
    for n in range(37):
        add(simple, name=f"Column {n}")
    path = f"/boards/{simple.key}/columns"
    assert simple.person.ask("POST", path, json={"name": "One more"}).status_code == 409


def test_who_has_enough_in_work_is_told_of_no_card_that_is_not_in_work_yet(ops: BoardOf) -> None:
    ada = ops.person
    ops.person.patch(f"/boards/{ops.key}", {"person_wip_limit": 1})
    working = ops.add("In work", column="Doing", assignee_ids=[ada.id])
    ops.add("Waits", column="Ready", assignee_ids=[ada.id])
    path = f"/columns/{ops.column('Ready')}"
    response = ada.ask("PATCH", path, json={"kind": "active"})
    assert response.status_code == 409
    problem = response.json()
    assert (problem["scope"], problem["count"], problem["limit"]) == ("person", 1, 1)
    assert [card["id"] for card in problem["cards"]] == [working["id"]]
