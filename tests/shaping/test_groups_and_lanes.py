"""Groups and lanes through the API."""

from typing import Any

import pytest
from httpx2 import Response

from tests.support import BoardOf


def group(board: BoardOf, name: str = "Development") -> Any:
    """A group's JSON."""
    return next(each for each in board.read()["groups"] if each["name"] == name)


def members(board: BoardOf, group_id: int) -> list[str]:
    """The columns of a group."""
    return [c["name"] for c in board.read()["columns"] if c["group_id"] == group_id]


def columns(board: BoardOf, *names: str) -> list[int]:
    """The ids of columns."""
    return [board.column(name) for name in names]


def refused(response: Response) -> tuple[str, int, int]:
    """What a limit's refusal says."""
    assert response.status_code == 409, response.text
    body = response.json()
    assert body["type"] == "/problems/wip-limit-reached"
    return body["scope"], body["limit"], body["count"]


# --- Groups --------------------------------------------------------------------------------------


def test_neighbouring_columns_become_one_work_centre(ops: BoardOf) -> None:
    wanted = columns(ops, "Ready to deploy", "Deploy")
    body = {"name": "Delivery", "wip_limit": 4, "column_ids": wanted}
    made = ops.person.post(f"/boards/{ops.key}/groups", body)
    assert made == {"id": made["id"], "name": "Delivery", "wip_limit": 4, "wip_count": 0}
    assert members(ops, made["id"]) == ["Ready to deploy", "Deploy"]
    event = ops.events()[-1]
    assert (event["type"], event["data"]["name"]) == ("group.created", "Delivery")


def test_the_columns_of_a_group_are_neighbours(ops: BoardOf) -> None:
    before = ops.read()
    body = {"name": "Apart", "column_ids": columns(ops, "Backlog", "Test")}
    assert ops.person.ask("POST", f"/boards/{ops.key}/groups", json=body).status_code == 422
    path = f"/groups/{group(ops)['id']}"
    body = {"column_ids": columns(ops, "Doing", "Test")}
    assert ops.person.ask("PATCH", path, json=body).status_code == 422
    assert ops.read() == before


def test_a_column_joins_and_leaves_a_group(ops: BoardOf) -> None:
    found = group(ops)
    path = f"/columns/{ops.column('Test')}"
    ops.person.patch(path, {"group_id": found["id"]})
    assert members(ops, found["id"]) == ["Doing", "Done", "Test"]
    ops.person.patch(path, {"group_id": None})
    assert members(ops, found["id"]) == ["Doing", "Done"]


def test_a_column_with_too_many_cards_does_not_join(ops: BoardOf) -> None:
    for _ in range(3):
        ops.add(column="Test")
        ops.add(column="Doing")
    path = f"/columns/{ops.column('Test')}"
    response = ops.person.ask("PATCH", path, json={"group_id": group(ops)["id"]})
    assert refused(response) == ("group", 5, 3)
    assert members(ops, group(ops)["id"]) == ["Doing", "Done"]


def test_a_groups_limit_is_changed_and_removed(ops: BoardOf) -> None:
    path = f"/groups/{group(ops)['id']}"
    before = ops.read()["seq"]
    assert ops.person.patch(path, {"wip_limit": 2})["wip_limit"] == 2
    ops.add(column="Doing")
    ops.add(column="Done")
    assert refused(ops.try_add(column="Doing")) == ("group", 2, 2)
    assert ops.person.patch(path, {"wip_limit": None})["wip_limit"] is None
    ops.add(column="Doing")
    told = [e["data"] for e in ops.events(before) if e["type"] == "limit.changed"]
    place = {"id": group(ops)["id"], "name": "Development"}
    assert told == [
        {"scope": "group", "place": place, "from": 5, "to": 2},
        {"scope": "group", "place": place, "from": 2, "to": None},
    ]


def test_moving_within_a_full_group_is_allowed(ops: BoardOf) -> None:
    cards = [ops.add(column="Doing") for _ in range(5)]
    assert refused(ops.try_add(column="Done")) == ("group", 5, 5)
    ops.move(cards[0], "Done")
    ops.move(cards[0], "Doing")
    assert group(ops)["wip_count"] == 5


def test_a_dissolved_group_leaves_its_columns(ops: BoardOf) -> None:
    found = group(ops)
    for _ in range(5):
        ops.add(column="Doing")
    ops.person.delete(f"/groups/{found['id']}")
    assert ops.read()["groups"] == []
    assert {c["group_id"] for c in ops.read()["columns"]} == {None}
    ops.add(column="Doing")
    assert ops.events()[-2]["type"] == "group.deleted"
    assert ops.person.ask("PATCH", f"/groups/{found['id']}", json={"name": "x"}).status_code == 404


# --- Lanes ---------------------------------------------------------------------------------------


def add_lane(board: BoardOf, **fields: Any) -> Any:
    """Adds a lane; its JSON."""
    return board.person.post(f"/boards/{board.key}/lanes", {"name": "Ideas", **fields})


def lanes(board: BoardOf) -> list[str]:
    """The lanes from top to bottom."""
    return [lane["name"] for lane in board.read()["lanes"]]


def delete_lane(board: BoardOf, name: str, target: str | None = None) -> Response:
    """Tries to delete a lane."""
    query = {} if target is None else {"move_cards_to": board.lane(target)}
    return board.person.ask("DELETE", f"/lanes/{board.lane(name)}", params=query)


def test_a_lane_comes_to_the_bottom_or_where_it_is_wanted(ops: BoardOf) -> None:
    made = add_lane(ops)
    assert made == {
        "id": made["id"],
        "name": "Ideas",
        "position": 2,
        "wip_limit": None,
        "expedite": False,
        "wip_count": 0,
    }
    add_lane(ops, name="First", position=0)
    assert lanes(ops) == ["First", "Expedite", "Standard", "Ideas"]
    event = ops.events()[-1]
    assert (event["type"], event["data"]["action"]) == ("lane.changed", "created")


def test_an_expedite_lane_has_the_limit_1_unless_another_is_given(ops: BoardOf) -> None:
    assert add_lane(ops, expedite=True)["wip_limit"] == 1
    assert add_lane(ops, expedite=True, wip_limit=2)["wip_limit"] == 2
    assert add_lane(ops, expedite=True, wip_limit=None)["wip_limit"] is None


def test_an_expedite_card_passes_a_full_column_but_not_its_lane(ops: BoardOf) -> None:
    expedite = ops.lane("Expedite")
    ops.limit("Deploy", 1)
    ops.add(column="Deploy")
    ops.add(column="Deploy", lane_id=expedite)
    assert refused(ops.try_add(column="Deploy")) == ("column", 1, 1)
    assert refused(ops.try_add(column="Test", lane_id=expedite)) == ("lane", 1, 1)
    ops.add(column="Backlog", lane_id=expedite)


def test_a_lanes_limit_counts_what_is_in_progress(ops: BoardOf) -> None:
    ops.person.patch(f"/lanes/{ops.lane('Standard')}", {"wip_limit": 1})
    for name in ("Backlog", "Ready", "In production", "Doing"):
        ops.add(column=name)
    assert refused(ops.try_add(column="Done")) == ("lane", 1, 1)
    standard = next(lane for lane in ops.read()["lanes"] if lane["name"] == "Standard")
    assert standard["wip_count"] == 1


def test_changing_a_cards_lane_needs_room_there(ops: BoardOf) -> None:
    ops.add(column="Test", lane_id=ops.lane("Expedite"))
    card = ops.add(column="Doing")
    response = ops.try_move(card, "Doing", lane_id=ops.lane("Expedite"))
    assert refused(response) == ("lane", 1, 1)
    assert ops.person.get(f"/cards/{card['id']}")["lane_id"] == ops.lane("Standard")


def test_an_expedite_lane_becomes_ordinary_only_where_the_columns_have_room(ops: BoardOf) -> None:
    ops.limit("Deploy", 1)
    ops.add(column="Deploy")
    ops.add(column="Deploy", lane_id=ops.lane("Expedite"))
    path = f"/lanes/{ops.lane('Expedite')}"
    assert refused(ops.person.ask("PATCH", path, json={"expedite": False})) == ("column", 1, 1)


def test_a_lane_is_given_another_name(ops: BoardOf) -> None:
    before = ops.read()["seq"]
    ops.person.patch(f"/lanes/{ops.lane('Standard')}", {"name": "Normal", "wip_limit": 9})
    assert lanes(ops) == ["Expedite", "Normal"]
    limit, changed = ops.events(before)
    assert (limit["type"], limit["data"]["scope"]) == ("limit.changed", "lane")
    assert changed["data"]["changes"] == {"name": {"from": "Standard", "to": "Normal"}}


def test_lanes_are_put_in_another_order(ops: BoardOf) -> None:
    path = f"/boards/{ops.key}/lanes/order"
    wanted = [ops.lane("Standard"), ops.lane("Expedite")]
    response = ops.person.ask("PUT", path, json={"lane_ids": wanted})
    assert [lane["id"] for lane in response.json()["lanes"]] == wanted
    assert lanes(ops) == ["Standard", "Expedite"]
    for wrong in (wanted[:1], [*wanted, wanted[0]], []):
        assert ops.person.ask("PUT", path, json={"lane_ids": wrong}).status_code == 422


def test_a_lane_with_cards_is_deleted_only_where_they_have_somewhere_to_go(ops: BoardOf) -> None:
    add_lane(ops)
    cards = [ops.add(column=name, lane_id=ops.lane("Ideas")) for name in ("Doing", "Test")]
    assert delete_lane(ops, "Ideas").status_code == 409
    assert refused(delete_lane(ops, "Ideas", "Expedite")) == ("lane", 1, 0)
    assert delete_lane(ops, "Ideas", "Standard").status_code == 204
    assert lanes(ops) == ["Expedite", "Standard"]
    found = [ops.person.get(f"/cards/{card['id']}")["lane_id"] for card in cards]
    assert found == [ops.lane("Standard")] * 2


def test_the_last_lane_stays(ops: BoardOf) -> None:
    assert delete_lane(ops, "Expedite").status_code == 204
    response = delete_lane(ops, "Standard")
    assert (response.status_code, response.json()["type"]) == (409, "/problems/last-of-its-kind")


@pytest.mark.parametrize("name", ["name", "expedite"])
def test_what_every_lane_has_cannot_be_taken_away(ops: BoardOf, name: str) -> None:
    path = f"/lanes/{ops.lane('Standard')}"
    assert ops.person.ask("PATCH", path, json={name: None}).status_code == 422
