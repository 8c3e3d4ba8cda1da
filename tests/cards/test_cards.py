"""Cards through the API: creating, reading, editing, discarding."""

from typing import Any

import pytest

from app.cards.vocabulary import CATEGORIES, SERVICE_CLASSES, WORK_TYPES
from tests.support import BoardOf, Person

MEMBERS = {
    "id",
    "number",
    "ref",
    "board",
    "title",
    "description",
    "column_id",
    "lane_id",
    "position",
    "work_type",
    "service_class",
    "team",
    "assignees",
    "labels",
    "due_on",
    "external_id",
    "comment_count",
    "checklist",
    "version",
    "created_at",
    "started_at",
    "done_at",
    "lead_time",
    "cycle_time",
    "process_time",
    "age",
    "blocked",
    "blocked_time",
    "archived_at",
    "created_by",
}


def test_a_card_has_the_members_of_the_contract_and_its_defaults(ops: BoardOf) -> None:
    response = ops.try_add("A card")
    assert response.status_code == 201
    card = response.json()
    assert set(card) == MEMBERS
    assert response.headers["etag"] == '"1"'
    assert (card["number"], card["ref"], card["board"]) == (1, f"{ops.key}-1", ops.key)
    assert (card["column_id"], card["lane_id"]) == (ops.column("Backlog"), ops.lane("Standard"))
    assert (card["work_type"], card["service_class"]) == ("feature", "standard")
    assert (card["description"], card["team"], card["due_on"]) == ("", None, None)
    assert (card["assignees"], card["labels"], card["external_id"]) == ([], [], None)
    assert card["version"] == 1
    assert (card["comment_count"], card["checklist"]) == (0, {"done": 0, "total": 0})
    for name in ("started_at", "done_at", "lead_time", "cycle_time", "age", "blocked"):
        assert card[name] is None
    assert (card["process_time"], card["blocked_time"], card["archived_at"]) == (0, 0, None)
    assert card["created_by"] == {"id": ops.person.id, "name": "Ada Lovelace"}


def test_everything_that_is_given_is_kept(ops: BoardOf, grace: Person) -> None:
    ops.join(grace)
    given: dict[str, Any] = {
        "title": "Rotate the key",
        "description": "With *care*.",
        "column_id": ops.column("Ready"),
        "lane_id": ops.lane("Expedite"),
        "work_type": "ops",
        "service_class": "fixed_date",
        "team": "ops",
        "due_on": "2026-12-24",
        "external_id": "INC0000045",
    }
    who = {"assignee_ids": [grace.id, ops.person.id], "labels": ["tls", "audit"]}
    card = ops.person.post(f"/boards/{ops.key}/cards", {**given, **who})
    assert {name: card[name] for name in given} == given
    people = {(person["id"], person["name"]) for person in card["assignees"]}
    assert people == {(grace.id, "Grace Hopper"), (ops.person.id, "Ada Lovelace")}
    assert card["labels"] == ["audit", "tls"]
    assert ops.person.get(f"/cards/{card['id']}") == card


def test_a_card_is_addressed_by_its_id_or_by_its_number_on_its_board(ops: BoardOf) -> None:
    ops.add()
    card = ops.add("Second")
    assert card["number"] == 2
    by_id = ops.person.ask("GET", f"/cards/{card['id']}")
    by_number = ops.person.ask("GET", f"/boards/{ops.key.lower()}/cards/2")
    assert by_id.json() == by_number.json() == card
    assert by_id.headers["etag"] == by_number.headers["etag"] == '"1"'


def test_numbers_are_not_given_out_twice(ops: BoardOf) -> None:
    first = ops.add()
    ops.person.delete(f"/cards/{first['id']}")
    ops.limit("Test", 1)
    ops.add(column="Test")
    assert ops.try_add(column="Test").status_code == 409
    assert [ops.add()["number"], ops.add()["number"]] == [3, 4]


@pytest.mark.parametrize("work_type", WORK_TYPES)
def test_every_work_type_is_taken(ops: BoardOf, work_type: str) -> None:
    assert ops.add(work_type=work_type)["work_type"] == work_type


@pytest.mark.parametrize("service_class", SERVICE_CLASSES)
def test_every_class_of_service_is_taken(ops: BoardOf, service_class: str) -> None:
    assert ops.add(service_class=service_class)["service_class"] == service_class


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", ""),
        ("title", "   "),
        ("title", "two\nlines"),
        ("title", None),
        ("work_type", "epic"),
        ("service_class", None),
        ("column_id", 987_654),
        ("lane_id", 987_654),
        ("team", "marketing"),
        ("assignee_ids", [987_654]),
        ("assignee_ids", ["1"]),
        ("labels", [""]),
        ("labels", "tls"),
        ("due_on", "24.12.2026"),
        ("due_on", "2026-13-01"),
        ("external_id", ""),
        ("position", 1),
        ("number", 7),
        ("version", 1),
    ],
)
def test_what_is_not_valid_is_a_422_that_names_the_place(
    ops: BoardOf, field: str, value: Any
) -> None:
    response = ops.try_add(**{"title": "A card", field: value})
    assert response.status_code == 422
    problem = response.json()
    assert problem["type"] == "/problems/validation-error"
    assert problem["errors"][0]["loc"][:2] == ["body", field]
    assert problem["errors"][0]["msg"]
    assert ops.cards() == []


def test_an_external_id_is_unique_among_the_cards_that_are_kept(ops: BoardOf) -> None:
    first = ops.add(external_id="INC1")
    taken = ops.try_add(external_id="INC1")
    assert (taken.status_code, taken.json()["type"]) == (409, "/problems/already-exists")
    other = ops.add(external_id="INC2")
    path = f"/cards/{other['id']}"
    assert ops.person.ask("PATCH", path, json={"external_id": "INC1"}).status_code == 409
    assert ops.person.patch(path, {"external_id": "INC2"})["version"] == 1
    ops.person.delete(f"/cards/{first['id']}")
    ops.add(external_id="INC1")
    # Another board has ids of its own.
    ops.person.board(f"{ops.key}X", "simple").add(external_id="INC1")


def test_a_board_without_columns_takes_no_cards(ada: Person) -> None:
    response = ada.board(f"E{ada.id}", "empty").try_add()
    assert (response.status_code, response.json()["type"]) == (409, "/problems/no-columns")


# --- Editing -------------------------------------------------------------------------------------


def test_a_card_is_edited_field_by_field(ops: BoardOf, grace: Person) -> None:
    ops.join(grace)
    card = ops.add("A card", labels=["old"], team="dev")
    path = f"/cards/{card['id']}"
    changes: list[dict[str, Any]] = [
        {"title": "Another title"},
        {"description": "More to say"},
        {"work_type": "defect", "service_class": "expedite"},
        {"team": None},
        {"labels": ["new", "old"]},
        {"due_on": "2027-01-31"},
        {"external_id": "INC7"},
        {"assignee_ids": [grace.id]},
    ]
    for version, change in enumerate(changes, start=2):
        response = ops.person.ask("PATCH", path, json=change)
        assert response.headers["etag"] == f'"{version}"'
        found = response.json()
        assert found["version"] == version
        if "assignee_ids" in change:
            assert [person["id"] for person in found["assignees"]] == change["assignee_ids"]
        else:
            assert {name: found[name] for name in change} == change
    assert ops.person.get(path) == found
    cleared = ops.person.patch(path, {"due_on": None, "external_id": None, "labels": []})
    assert (cleared["due_on"], cleared["external_id"], cleared["labels"]) == (None, None, [])


def test_an_edit_that_changes_nothing_makes_no_version(ops: BoardOf) -> None:
    card = ops.add("A card", labels=["a"], assignee_ids=[ops.person.id])
    before = ops.read()["seq"]
    same = {"title": " A card ", "labels": ["a", "a"], "assignee_ids": [ops.person.id] * 2}
    assert ops.person.patch(f"/cards/{card['id']}", same) == card
    assert ops.person.patch(f"/cards/{card['id']}", {}) == card
    assert ops.read()["seq"] == before


@pytest.mark.parametrize(
    "name", ["title", "description", "work_type", "service_class", "assignee_ids", "labels"]
)
def test_what_every_card_has_cannot_be_taken_away(ops: BoardOf, name: str) -> None:
    card = ops.add()
    response = ops.person.ask("PATCH", f"/cards/{card['id']}", json={name: None})
    assert response.status_code == 422


@pytest.mark.parametrize("name", ["column_id", "lane_id", "version", "created_at", "blocked"])
def test_a_place_is_changed_by_a_move_alone(ops: BoardOf, name: str) -> None:
    card = ops.add()
    response = ops.person.ask("PATCH", f"/cards/{card['id']}", json={name: 1})
    assert response.status_code == 422


def test_only_members_are_assigned_and_whoever_left_may_stay_assigned(
    ops: BoardOf, grace: Person
) -> None:
    card = ops.add()
    path = f"/cards/{card['id']}"
    body = {"assignee_ids": [ops.person.id, grace.id]}
    response = ops.person.ask("PATCH", path, json=body)
    assert response.status_code == 422
    assert response.json()["errors"][0]["loc"][:2] == ["body", "assignee_ids"]
    ops.join(grace)
    ops.person.patch(path, body)
    ops.person.delete(f"/boards/{ops.key}/members/{grace.id}")
    # The card can still be edited, and taken from her.
    assert len(ops.person.patch(path, {"title": "Hers still"})["assignees"]) == 2
    assert ops.person.patch(path, {"assignee_ids": []})["assignees"] == []


def test_assigning_obeys_the_persons_limit(ops: BoardOf, grace: Person) -> None:
    ops.join(grace)
    ops.person.patch(f"/boards/{ops.key}", {"person_wip_limit": 1})
    working = ops.add("Hers", column="Doing", assignee_ids=[grace.id])
    other, waiting = ops.add(column="Test"), ops.add(column="Backlog")
    body = {"assignee_ids": [grace.id]}
    refused = ops.person.ask("PATCH", f"/cards/{other['id']}", json={**body, "title": "Other"})
    assert refused.status_code == 409
    problem = refused.json()
    assert problem["scope"] == "person"
    assert problem["place"] == {"id": grace.id, "name": "Grace Hopper"}
    assert (problem["limit"], problem["count"]) == (1, 1)
    assert [card["id"] for card in problem["cards"]] == [working["id"]]
    # Nothing else changed either.
    assert ops.person.get(f"/cards/{other['id']}")["title"] == "A card"
    ops.person.patch(f"/cards/{waiting['id']}", body)
    assert ops.try_move(waiting, "Doing").json()["scope"] == "person"
    ops.move(working, "Done")
    ops.move(waiting, "Doing")


# --- Versions ------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["edit", "move"])
def test_nothing_is_overwritten_that_somebody_changed_meanwhile(ops: BoardOf, verb: str) -> None:
    card = ops.add()
    ops.person.patch(f"/cards/{card['id']}", {"title": "Somebody else's"})

    def change(tag: str) -> Any:
        headers = {"If-Match": tag}
        if verb == "edit":
            body: Any = {"title": "Mine"}
            return ops.person.ask("PATCH", f"/cards/{card['id']}", json=body, headers=headers)
        body = {"column_id": ops.column("Ready")}
        return ops.person.ask("POST", f"/cards/{card['id']}/move", json=body, headers=headers)

    before = ops.read()["seq"]
    stale = change('"1"')
    assert stale.status_code == 412
    assert stale.json()["type"] == "/problems/stale-version"
    assert stale.json()["current_version"] == 2
    assert ops.read()["seq"] == before
    fresh = change('"2"')
    assert fresh.status_code == 200
    assert fresh.headers["etag"] == '"3"'
    assert change("*").status_code == 200


def test_every_change_of_a_card_is_a_version(ops: BoardOf) -> None:
    card = ops.add()
    path = f"/cards/{card['id']}"
    assert ops.move(card, "Ready")["version"] == 2
    assert ops.person.post(f"{path}/block", {"reason": "Why"})["version"] == 3
    assert ops.person.post(f"{path}/unblock")["version"] == 4
    assert ops.person.post(f"{path}/archive")["version"] == 5
    assert ops.person.post(f"{path}/restore")["version"] == 6


# --- Blocking ------------------------------------------------------------------------------------


@pytest.mark.parametrize("category", CATEGORIES)
def test_a_card_is_blocked_with_a_reason_and_a_category(ops: BoardOf, category: str) -> None:
    card = ops.add()
    body = {"reason": " Vendor ticket 4471 ", "category": category}
    found = ops.person.post(f"/cards/{card['id']}/block", body)
    assert found["blocked"] == {
        "reason": "Vendor ticket 4471",
        "category": category,
        "since": found["blocked"]["since"],
        "by": {"id": ops.person.id, "name": "Ada Lovelace"},
    }
    assert found["blocked"]["since"] == ops.events()[-1]["at"]


def test_blocking_needs_a_reason_and_is_done_once(ops: BoardOf) -> None:
    card = ops.add()
    path = f"/cards/{card['id']}/block"
    for body in ({"reason": ""}, {"reason": "  \n"}, {}, {"reason": "Why", "category": "rain"}):
        assert ops.person.ask("POST", path, json=body).status_code == 422
    assert ops.person.post(path, {"reason": "Why"})["blocked"]["category"] == "other"
    again = ops.person.ask("POST", path, json={"reason": "Another"})
    assert (again.status_code, again.json()["type"]) == (409, "/problems/already-blocked")


def test_unblocking_ends_it_and_the_time_stays(ops: BoardOf) -> None:
    card = ops.add()
    path = f"/cards/{card['id']}"
    none = ops.person.ask("POST", f"{path}/unblock", json={})
    assert (none.status_code, none.json()["type"]) == (409, "/problems/not-blocked")
    ops.person.post(f"{path}/block", {"reason": "Why"})
    found = ops.person.post(f"{path}/unblock", {"note": "Solved"})
    assert found["blocked"] is None
    assert found["blocked_time"] > 0
    # The body may be left out altogether.
    ops.person.post(f"{path}/block", {"reason": "Again"})
    assert ops.person.ask("POST", f"{path}/unblock").status_code == 200


def test_a_blocked_card_goes_left_and_about_but_not_to_the_right(ops: BoardOf) -> None:
    card, other = ops.add(column="Doing"), ops.add(column="Doing")
    body = {"reason": "Waiting for the vendor", "category": "waiting_on_vendor"}
    ops.person.post(f"/cards/{card['id']}/block", body)
    response = ops.try_move(card, "Done")
    assert response.status_code == 409
    problem = response.json()
    assert problem["type"] == "/problems/card-blocked"
    assert (problem["reason"], problem["category"]) == (body["reason"], body["category"])
    assert ops.events()[-1]["type"] == "move.refused"
    assert ops.person.get(f"/cards/{card['id']}")["column_id"] == ops.column("Doing")
    ops.move(card, "Doing", after_card_id=other["id"])
    ops.move(card, "Doing", lane_id=ops.lane("Expedite"))
    ops.move(card, "Ready")
    assert ops.try_move(card, "Doing").status_code == 409
    ops.person.post(f"/cards/{card['id']}/unblock")
    ops.move(card, "Doing")


# --- Archive and discard -------------------------------------------------------------------------


def test_an_archived_card_is_off_the_board_and_comes_back_where_it_was(ops: BoardOf) -> None:
    first, card, last = (ops.add(title, column="Test") for title in ("First", "A card", "Last"))
    path = f"/cards/{card['id']}"
    archived = ops.person.post(f"{path}/archive")
    assert archived["archived_at"] is not None
    assert [each["id"] for each in ops.cards()] == [first["id"], last["id"]]
    assert [each["id"] for each in ops.cards(archived="true")] == [card["id"]]
    assert ops.read()["columns"][4]["card_count"] == 2
    again = ops.person.ask("POST", f"{path}/archive")
    assert (again.status_code, again.json()["type"]) == (409, "/problems/card-archived")
    for verb, body in (("move", {"column_id": ops.column("Ready")}), ("block", {"reason": "Why"})):
        response = ops.person.ask("POST", f"{path}/{verb}", json=body)
        assert (response.status_code, response.json()["type"]) == (409, "/problems/card-archived")
    restored = ops.person.post(f"{path}/restore")
    assert restored["archived_at"] is None
    assert [each["id"] for each in ops.cards()] == [first["id"], card["id"], last["id"]]
    twice = ops.person.ask("POST", f"{path}/restore")
    assert (twice.status_code, twice.json()["type"]) == (409, "/problems/not-archived")


def test_a_card_is_not_restored_into_a_full_column(ops: BoardOf) -> None:
    ops.limit("Test", 1)
    card = ops.add(column="Test")
    ops.person.post(f"/cards/{card['id']}/archive")
    there = ops.add(column="Test")
    response = ops.person.ask("POST", f"/cards/{card['id']}/restore")
    assert response.status_code == 409
    assert response.json()["cards"][0]["id"] == there["id"]
    assert ops.events()[-1]["data"]["action"] == "restore"
    assert ops.person.get(f"/cards/{card['id']}")["archived_at"] is not None


def test_a_restored_card_does_not_come_between_two_that_belong_together(ops: BoardOf) -> None:
    """Where another card was put exactly where it stood, there is an order all the same."""
    a, b = ops.add("A"), ops.add("B")
    ops.person.post(f"/cards/{a['id']}/archive")
    c = ops.add("C")
    ops.move(c, "Backlog", before_card_id=b["id"])
    ops.person.post(f"/cards/{a['id']}/restore")
    d = ops.add("D")
    ops.move(d, "Backlog", after_card_id=a["id"])
    order = [card["title"] for card in ops.cards()]
    assert order.index("D") == order.index("A") + 1
    assert len({card["position"] for card in ops.cards()}) == 4


def test_a_discarded_card_is_gone(ops: BoardOf) -> None:
    card = ops.add(column="Doing")
    path = f"/cards/{card['id']}"
    ops.person.delete(path)
    assert ops.cards() == ops.cards(archived="true") == []
    assert ops.read()["columns"][2]["card_count"] == 0
    for method, where, body in (
        ("GET", path, None),
        ("GET", f"/boards/{ops.key}/cards/{card['number']}", None),
        ("GET", f"{path}/history", None),
        ("PATCH", path, {"title": "x"}),
        ("DELETE", path, None),
        ("POST", f"{path}/move", {"column_id": ops.column("Ready")}),
        ("POST", f"{path}/restore", None),
    ):
        assert ops.person.ask(method, where, json=body).status_code == 404
    # An archived card can be discarded too.
    other = ops.add()
    ops.person.post(f"/cards/{other['id']}/archive")
    ops.person.delete(f"/cards/{other['id']}")
    assert ops.cards(archived="true") == []
