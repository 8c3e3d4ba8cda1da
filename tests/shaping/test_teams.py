"""A board's teams: added, renamed with what carries them, taken off the list."""

from typing import Any

import pytest

from tests.support import BoardOf


def teams(board: BoardOf) -> Any:
    """The board's list of teams."""
    return board.read()["teams"]


def test_a_team_is_added(ops: BoardOf) -> None:
    path = f"/boards/{ops.key}/teams"
    assert ops.person.post(path, {"name": " platform "})["teams"] == ["dev", "ops", "platform"]
    assert ops.person.ask("POST", path, json={"name": "platform"}).status_code == 409
    event = ops.events()[-1]
    assert event["type"] == "board.changed"
    assert event["data"]["changes"]["teams"]["to"] == ["dev", "ops", "platform"]


def test_a_renamed_team_is_renamed_on_cards_and_columns(ops: BoardOf) -> None:
    card = ops.add(team="dev")
    other = ops.add(team="ops")
    ops.person.patch(f"/boards/{ops.key}/teams/dev", {"name": "product & design"})
    assert teams(ops) == ["product & design", "ops"]
    now = {each["id"]: each for each in ops.cards()}
    assert now[card["id"]]["team"] == "product & design"
    assert now[card["id"]]["version"] == card["version"] + 1
    assert now[other["id"]] == other
    columns = {column["name"]: column["team"] for column in ops.read()["columns"]}
    assert (columns["Test"], columns["Deploy"]) == ("product & design", "ops")
    assert ops.events()[-1]["data"]["renamed"] == {"from": "dev", "to": "product & design"}
    # A name with signs in it is reached by its address like any other.
    ops.person.patch(f"/boards/{ops.key}/teams/product%20%26%20design", {"name": "product"})
    assert teams(ops) == ["product", "ops"]


def test_a_team_that_is_taken_off_the_list_stays_on_what_carries_it(ops: BoardOf) -> None:
    card = ops.add(team="ops")
    ops.person.delete(f"/boards/{ops.key}/teams/ops")
    assert teams(ops) == ["dev"]
    assert ops.cards()[0] == card
    deploy = ops.column("Deploy")
    # The column keeps it when something else of it changes, even if all of it is sent.
    changed = ops.person.patch(f"/columns/{deploy}", {"name": "Ship", "team": "ops"})
    assert (changed["name"], changed["team"]) == ("Ship", "ops")
    path = f"/columns/{ops.column('Test')}"
    assert ops.person.ask("PATCH", path, json={"team": "ops"}).status_code == 422


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_a_team_that_is_not_there_is_not_found(ops: BoardOf, method: str) -> None:
    body = {"json": {"name": "qa"}} if method == "PATCH" else {}
    path = f"/boards/{ops.key}/teams/nobody"
    assert ops.person.ask(method, path, **body).status_code == 404


def test_a_name_is_taken_once(ops: BoardOf) -> None:
    path = f"/boards/{ops.key}/teams/dev"
    assert ops.person.ask("PATCH", path, json={"name": "ops"}).status_code == 409
    before = ops.read()["seq"]
    ops.person.patch(path, {"name": "dev"})
    assert ops.read()["seq"] == before
    assert ops.person.ask("PATCH", path, json={"name": " "}).status_code == 422
