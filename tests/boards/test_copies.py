"""A board after the model of another one, and a board that comes back from the archive."""

from typing import Any

import pytest

from tests.auth.pages import Browser
from tests.support import BoardOf, Person, Weir

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
    ada.post(f"/boards/{ops.key}/labels", {"name": "customer", "color": "teal"})
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
        "labels": [
            (label["name"], label["color"])
            for label in board.person.get(f"/boards/{board.key}/labels")["items"]
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


# --- The page of a new board ----------------------------------------------------------------------


def test_a_board_is_copied_on_the_page(weir: Weir, model: BoardOf) -> None:
    browser = Browser(weir, model.person)
    page = browser.get("/boards/new", params={"copy_of": model.key})
    assert 'value="copy" checked' in page.text
    assert f'<option value="{model.key}" selected>' in page.text
    form = {"name": "The copy", "key": f"{model.key}C", "template": "copy", "time_zone": ""}
    done = browser.send("/boards/new", **form, copy_of=model.key, copy_members="true")
    assert done.status_code == 303
    made = BoardOf(model.person, f"{model.key}C")
    assert shape(made) == shape(model)
    assert len(made.read()["members"]) == 2


def test_a_copy_on_the_page_is_of_a_board_that_one_sees(
    weir: Weir, ops: BoardOf, grace: Person
) -> None:
    browser = Browser(weir, grace)
    assert "Copy of a board" not in browser.get("/boards/new").text
    form = {"name": "The copy", "key": f"{ops.key}C", "template": "copy"}
    for more, words in (
        ({}, "choose the board that is copied"),
        ({"copy_of": ops.key}, f"{ops.key} is not a board that you see"),
    ):
        answer = browser.send("/boards/new", **form, **more)
        assert answer.status_code == 422
        assert words in answer.text


def test_a_new_board_has_the_chosen_zone_or_utc(weir: Weir, ada: Person) -> None:
    browser = Browser(weir, ada)
    for number, (chosen, zone) in enumerate((("Asia/Tokyo", "Asia/Tokyo"), ("", "UTC"))):
        key = f"Z{ada.id}N{number}"
        form = {"name": "Made", "key": key, "template": "simple", "time_zone": chosen}
        assert browser.send("/boards/new", **form).status_code == 303
        assert ada.get(f"/boards/{key}")["time_zone"] == zone
    answer = browser.send("/boards/new", name="Made", key=f"Z{ada.id}X", time_zone="Nowhere")
    assert answer.status_code == 422
    assert "must be a time zone like Europe/Berlin" in answer.text
