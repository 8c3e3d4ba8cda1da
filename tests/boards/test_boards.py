"""Boards through the API: making, reading, changing, archiving."""

from collections.abc import Callable
from typing import Any

import pytest
from httpx2 import Response

from tests.support import BoardOf, Person


def test_dev_ops_is_the_value_stream_from_backlog_to_production(ops: BoardOf) -> None:
    board = ops.read()
    assert [(c["name"], c["kind"], c["wip_limit"], c["position"]) for c in board["columns"]] == [
        ("Backlog", "queue", None, 0),
        ("Ready", "queue", 5, 1),
        ("Doing", "active", None, 2),
        ("Done", "queue", None, 3),
        ("Test", "active", 3, 4),
        ("Ready to deploy", "queue", 3, 5),
        ("Deploy", "active", 2, 6),
        ("In production", "done", None, 7),
    ]
    (group,) = board["groups"]
    assert (group["name"], group["wip_limit"], group["wip_count"]) == ("Development", 5, 0)
    grouped = [c["name"] for c in board["columns"] if c["group_id"] == group["id"]]
    assert grouped == ["Doing", "Done"]
    lanes = [(lane["name"], lane["wip_limit"], lane["expedite"]) for lane in board["lanes"]]
    assert lanes == [("Expedite", 1, True), ("Standard", None, False)]
    assert board["teams"] == ["dev", "ops"]
    assert (board["time_zone"], board["wip_limit"], board["person_wip_limit"]) == (
        "UTC",
        None,
        None,
    )
    assert board["andon"] is None


@pytest.mark.parametrize(
    ("template", "columns", "lanes"),
    [
        ("simple", [("To do", "queue"), ("In progress", "active"), ("Done", "done")], 1),
        ("empty", [], 1),
    ],
)
def test_smaller_templates(
    ada: Person, template: str, columns: list[tuple[str, str]], lanes: int
) -> None:
    board = ada.board(f"S{ada.id}", template).read()
    assert [(column["name"], column["kind"]) for column in board["columns"]] == columns
    assert len(board["lanes"]) == lanes


def test_the_creator_of_a_board_is_its_manager(ops: BoardOf) -> None:
    assert ops.read()["members"] == [
        {
            "user_id": ops.person.id,
            "name": "Ada Lovelace",
            "email": ops.person.email,
            "role": "manager",
        }
    ]


def test_a_key_is_written_in_capitals_and_read_in_any_case(ada: Person) -> None:
    key = f"k{ada.id}"
    made = ada.post("/boards", {"key": key, "name": "Keys", "template": "empty"})
    assert made["key"] == key.upper()
    assert ada.get(f"/boards/{key}")["id"] == ada.get(f"/boards/{key.upper()}")["id"]
    for again in (key, key.upper()):
        taken = ada.ask("POST", "/boards", json={"key": again, "name": "Another"})
        assert (taken.status_code, taken.json()["type"]) == (409, "/problems/already-exists")


@pytest.mark.parametrize(
    "key", ["", "A", "ABCDEFGHIJK", "1AB", "A-B", "A B", "ÄB", "AB\n", 12, None]
)
def test_a_key_has_2_to_10_letters_and_digits_and_begins_with_a_letter(
    ada: Person, key: Any
) -> None:
    response = ada.ask("POST", "/boards", json={"key": key, "name": "Keys"})
    assert response.status_code == 422
    assert response.json()["errors"][0]["loc"] == ["body", "key"]


def test_a_board_of_another_template_is_a_422(ada: Person) -> None:
    body = {"key": f"K{ada.id}", "name": "Keys", "template": "scrum"}
    assert ada.ask("POST", "/boards", json=body).status_code == 422


def test_the_list_of_boards_comes_in_pages(ada: Person) -> None:
    keys = [ada.board(f"P{n}X{ada.id}", "empty").key for n in range(5)]
    seen: list[str] = []
    cursor = None
    while True:
        query = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        page = ada.get("/boards", params=query)
        assert len(page["items"]) <= 2
        seen += [item["key"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == keys


def test_a_board_that_has_not_changed_is_not_sent_again(ops: BoardOf) -> None:
    path = f"/boards/{ops.key}"
    tag = ops.person.ask("GET", path).headers["etag"]
    again = ops.person.ask("GET", path, headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    ops.add()
    changed = ops.person.ask("GET", path, headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.headers["etag"] != tag


def test_seq_grows_with_every_change(ops: BoardOf) -> None:
    seen = [ops.read()["seq"]]
    changes: list[Callable[[], Any]] = [
        ops.add,
        lambda: ops.limit("Ready", 4),
        lambda: ops.person.patch(f"/boards/{ops.key}", {"name": "Another name"}),
        lambda: ops.person.post(f"/boards/{ops.key}/lanes", {"name": "Ideas"}),
        lambda: ops.person.post(f"/boards/{ops.key}/columns", {"name": "Review"}),
    ]
    for change in changes:
        change()
        seen.append(ops.read()["seq"])
    assert seen == sorted(set(seen))


def test_a_change_is_told_with_what_was_before(ops: BoardOf) -> None:
    before = ops.read()["seq"]
    body = {"name": "Platform", "time_zone": "Europe/Berlin", "teams": ["dev", "ops", "qa"]}
    changed = ops.person.patch(f"/boards/{ops.key}", body)
    assert {name: changed[name] for name in body} == body
    (event,) = ops.events(before)
    assert event["type"] == "board.changed"
    assert event["data"] == {
        "action": "changed",
        "changes": {
            "name": {"from": f"{ops.key} board", "to": "Platform"},
            "time_zone": {"from": "UTC", "to": "Europe/Berlin"},
            "teams": {"from": ["dev", "ops"], "to": ["dev", "ops", "qa"]},
        },
    }


def test_a_change_to_what_is_there_already_is_none(ops: BoardOf) -> None:
    before = ops.read()
    assert ops.person.patch(f"/boards/{ops.key}", {"name": before["name"]})["seq"] == before["seq"]
    assert ops.person.patch(f"/boards/{ops.key}", {})["seq"] == before["seq"]


def test_limits_of_the_board_and_of_its_people_are_set_changed_and_removed(ops: BoardOf) -> None:
    before = ops.read()
    path = f"/boards/{ops.key}"
    ops.person.patch(path, {"wip_limit": 9, "person_wip_limit": 2})
    ops.person.patch(path, {"wip_limit": 8})
    left = ops.person.patch(path, {"person_wip_limit": None})
    assert (left["wip_limit"], left["person_wip_limit"]) == (8, None)
    told = [event["data"] for event in ops.events(before["seq"])]
    place = {"id": before["id"], "name": before["name"]}
    assert told == [
        {"scope": "board", "place": place, "from": None, "to": 9},
        {"scope": "person", "place": place, "from": None, "to": 2},
        {"scope": "board", "place": place, "from": 9, "to": 8},
        {"scope": "person", "place": place, "from": 2, "to": None},
    ]


@pytest.mark.parametrize("limit", [0, -1, 1.5, "4", True, [], {}, 1e9])
@pytest.mark.parametrize("name", ["wip_limit", "person_wip_limit"])
def test_a_limit_is_a_whole_number_from_1_or_none(ops: BoardOf, name: str, limit: Any) -> None:
    response = ops.person.ask("PATCH", f"/boards/{ops.key}", json={name: limit})
    assert response.status_code == 422
    assert response.json()["errors"][0]["loc"] == ["body", name]


@pytest.mark.parametrize("name", ["name", "time_zone", "teams"])
def test_what_every_board_has_cannot_be_taken_away(ops: BoardOf, name: str) -> None:
    response = ops.person.ask("PATCH", f"/boards/{ops.key}", json={name: None})
    assert response.status_code == 422
    assert response.json()["errors"] == [{"loc": ["body", name], "msg": "must not be null"}]


# --- What is held against a limit ----------------------------------------------------------------


def test_counts_say_what_is_held_against_each_limit(ops: BoardOf) -> None:
    expedite = ops.lane("Expedite")
    ops.add(column="Backlog")
    ops.add(column="Doing")
    ops.add(column="Done")
    ops.add(column="Doing", lane_id=expedite)
    ops.add(column="Backlog", lane_id=expedite)
    archived = ops.add(column="Doing")
    ops.person.post(f"/cards/{archived['id']}/archive")
    board = ops.read()
    counts = {c["name"]: (c["card_count"], c["wip_count"]) for c in board["columns"]}
    assert counts["Backlog"] == (2, 1)
    assert counts["Doing"] == (2, 1)
    assert counts["Done"] == (1, 1)
    assert [group["wip_count"] for group in board["groups"]] == [2]
    assert {lane["name"]: lane["wip_count"] for lane in board["lanes"]} == {
        "Expedite": 1,
        "Standard": 2,
    }
    assert board["wip_count"] == 3


# --- The archive ---------------------------------------------------------------------------------


def test_an_archived_board_is_read_and_changed_no_more(ops: BoardOf, grace: Person) -> None:
    card = ops.add()
    board = ops.read()
    column, lane, group = (board[kind][0]["id"] for kind in ("columns", "lanes", "groups"))
    me, key = ops.person, ops.key
    me.delete(f"/boards/{key}")
    assert ops.read()["archived_at"] is not None
    assert me.get("/boards")["items"][0]["archived_at"] is not None
    assert [c["id"] for c in ops.cards()] == [card["id"]]
    assert ops.events()[-1]["data"] == {"action": "archived"}
    writes: list[tuple[str, str, Any]] = [
        ("PATCH", f"/boards/{key}", {"name": "Another"}),
        ("DELETE", f"/boards/{key}", None),
        ("POST", f"/boards/{key}/cards", {"title": "A card"}),
        ("PATCH", f"/cards/{card['id']}", {"title": "Another"}),
        ("DELETE", f"/cards/{card['id']}", None),
        ("POST", f"/cards/{card['id']}/move", {"column_id": column}),
        ("POST", f"/cards/{card['id']}/block", {"reason": "Why"}),
        ("POST", f"/cards/{card['id']}/unblock", {}),
        ("POST", f"/cards/{card['id']}/archive", None),
        ("POST", f"/cards/{card['id']}/restore", None),
        ("POST", f"/boards/{key}/columns", {"name": "Review"}),
        ("PATCH", f"/columns/{column}", {"name": "Review"}),
        ("DELETE", f"/columns/{column}", None),
        ("PUT", f"/boards/{key}/columns/order", {"column_ids": [column]}),
        ("POST", f"/boards/{key}/groups", {"name": "Review"}),
        ("PATCH", f"/groups/{group}", {"name": "Review"}),
        ("DELETE", f"/groups/{group}", None),
        ("POST", f"/boards/{key}/lanes", {"name": "Ideas"}),
        ("PATCH", f"/lanes/{lane}", {"name": "Ideas"}),
        ("DELETE", f"/lanes/{lane}", None),
        ("PUT", f"/boards/{key}/lanes/order", {"lane_ids": [lane]}),
        ("POST", f"/boards/{key}/members", {"email": grace.email, "role": "viewer"}),
        ("PATCH", f"/boards/{key}/members/{me.id}", {"role": "viewer"}),
        ("DELETE", f"/boards/{key}/members/{me.id}", None),
        ("POST", f"/boards/{key}/import", {"format": "weir-history/1", "cards": []}),
    ]
    seq = ops.read()["seq"]
    for method, path, body in writes:
        response: Response = me.ask(method, path, json=body)
        found = (response.status_code, response.json()["type"])
        assert found == (409, "/problems/board-archived"), f"{method} {path}: {found}"
    assert ops.read()["seq"] == seq
