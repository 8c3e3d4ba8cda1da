"""A board after the model of another one, and a board that comes back from the archive."""

from typing import Any

import pytest

from tests.support import BoardOf, Person

SHOWN = ("name", "position", "kind", "wip_limit", "team", "policy", "ask_before_leaving")


@pytest.fixture
def model(ops: BoardOf, grace: Person) -> BoardOf:
    """A board that has been shaped and worked on."""
    ada = ops.person
    limits = {"wip_limit": 20, "person_wip_limit": 3, "time_zone": "Europe/Berlin"}
    ada.patch(f"/boards/{ops.key}", {**limits, "teams": ["dev", "ops", "qa"]})
    policy = {"policy": "- Green", "ask_before_leaving": True, "team": "qa"}
    ada.patch(f"/columns/{ops.column('Test')}", policy)
    ops.join(grace, "liaison")
    ops.add("A card", labels=["infra"])
    return ops


def copy(board: BoardOf, person: Person | None = None, **more: Any) -> BoardOf:
    """A copy of a board."""
    key = f"{board.key}C"
    return (person or board.person).board(key, "copy", copy_of=board.key, **more)


def shape(board: BoardOf) -> Any:
    """All of a board that a copy of it has too."""
    read = board.read()
    groups = {group["id"]: group["name"] for group in read["groups"]}
    return {
        "columns": [
            {**{name: column[name] for name in SHOWN}, "group": groups.get(column["group_id"])}
            for column in read["columns"]
        ],
        "groups": [(group["name"], group["wip_limit"]) for group in read["groups"]],
        "lanes": [
            (lane["name"], lane["wip_limit"], lane["expedite"], lane["position"])
            for lane in read["lanes"]
        ],
        **{name: read[name] for name in ("wip_limit", "person_wip_limit", "time_zone", "teams")},
    }


def test_a_copy_has_all_of_the_board_but_its_cards(model: BoardOf) -> None:
    made = copy(model)
    assert shape(made) == shape(model)
    assert made.cards() == []
    assert [(m["name"], m["role"]) for m in made.read()["members"]] == [("Ada Lovelace", "manager")]
    # It stands on its own feet.
    made.limit("Test", 1)
    assert model.read()["columns"][4]["wip_limit"] == 3
    made.move(made.add(column="Test"), "Deploy", confirmed=True)
    assert made.events()[0]["seq"] == 1


def test_members_come_along_only_if_they_are_wanted(model: BoardOf) -> None:
    made = copy(model, copy_members=True)
    roles = {member["name"]: member["role"] for member in made.read()["members"]}
    assert roles == {"Ada Lovelace": "manager", "Grace Hopper": "liaison"}


def test_whoever_sees_a_board_may_copy_it_and_manages_the_copy(
    model: BoardOf, grace: Person
) -> None:
    made = copy(model, grace, copy_members=True, time_zone="Asia/Tokyo")
    roles = {member["name"]: member["role"] for member in made.read()["members"]}
    assert roles == {"Grace Hopper": "manager", "Ada Lovelace": "manager"}
    assert made.read()["time_zone"] == "Asia/Tokyo"


def test_a_board_that_one_does_not_see_is_no_model(ops: BoardOf, grace: Person) -> None:
    answers = []
    for model in (ops.key, "NEVER"):
        body = {"key": f"{ops.key}C", "name": "A copy", "template": "copy", "copy_of": model}
        answer = grace.ask("POST", "/boards", json=body)
        assert answer.status_code == 422
        answers.append(answer.text.replace(model, "..."))
    assert answers[0] == answers[1]


@pytest.mark.parametrize(
    "more",
    [
        {"template": "copy"},
        {"template": "simple", "copy_of": "OPS"},
        {"copy_of": "OPS"},
        {"copy_members": True},
        {"template": "copy", "copy_of": "not a key"},
    ],
)
def test_a_copy_says_of_what(ada: Person, more: dict[str, Any]) -> None:
    body = {"key": "NEVERMADE", "name": "A copy", **more}
    assert ada.ask("POST", "/boards", json=body).status_code == 422


def test_an_archived_board_comes_back(ops: BoardOf) -> None:
    path = f"/boards/{ops.key}"
    assert ops.person.ask("POST", f"{path}/restore").json()["type"] == "/problems/not-archived"
    ops.person.delete(path)
    assert ops.try_add().status_code == 409
    back = ops.person.post(f"{path}/restore")
    assert back["archived_at"] is None
    assert ops.events()[-1]["data"] == {"action": "restored"}
    ops.add()
