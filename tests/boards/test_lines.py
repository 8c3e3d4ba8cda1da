"""The list of boards with what is going on."""

from typing import Any

import pytest

from tests.cards.test_faces import finish
from tests.cards.test_statements import cost
from tests.support import BoardOf, Person


def line(person: Person, key: str) -> Any:
    """A board in the list."""
    items = person.get("/boards", params={"limit": 200})["items"]
    return next(item for item in items if item["key"] == key)


def test_a_board_tells_what_is_going_on_on_it(ops: BoardOf) -> None:
    ada = ops.person
    quiet = {"cards_open": 0, "wip_count": 0, "blocked_count": 0, "over_count": 0, "done_count": 0}
    assert quiet.items() <= line(ada, ops.key).items()
    for column in ("Backlog", "Ready", "Doing", "Test", "Test", "Deploy"):
        card = ops.add(column=column)
    ada.post(f"/cards/{card['id']}/block", {"reason": "Why"})
    ops.limit("Test", 1)
    finish(ops, 1, 2, 3)
    finish(ops, 1, done=8)
    ada.patch(f"/boards/{ops.key}", {"wip_limit": 9})
    found = line(ada, ops.key)
    assert found["cards_open"] == 6
    assert (found["wip_count"], found["wip_limit"]) == (4, 9)
    assert (found["blocked_count"], found["over_count"], found["done_count"]) == (1, 1, 3)
    assert (found["role"], found["sample"]) == ("manager", False)
    ada.patch(f"/boards/{ops.key}", {"wip_limit": 3})
    assert line(ada, ops.key)["over_count"] == 2


def test_the_list_has_the_persons_role(ops: BoardOf, grace: Person) -> None:
    ops.join(grace, "viewer")
    assert line(grace, ops.key)["role"] == "viewer"
    admin = ops.person.weir.person("Root", admin=True, email=f"root{ops.person.id}@example.org")
    assert line(admin, ops.key)["role"] is None


def test_the_list_takes_as_many_statements_whatever_the_number_of_boards(
    ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    costs = []
    for number in range(3):
        board = ada.board(f"N{ada.id}X{number}")
        board.add(column="Doing")
        costs.append(cost(monkeypatch, lambda: ada.get("/boards")))
    assert len(set(costs)) == 1
    assert costs[0] <= 8


def test_the_page_shows_the_numbers(ops: BoardOf) -> None:
    person = ops.person
    card = ops.add(column="Test")
    ops.add(column="Test")
    ops.limit("Test", 1)
    person.post(f"/cards/{card['id']}/block", {"reason": "Why"})
    html = person.weir.client.get(
        "/boards", headers={"Authorization": f"Bearer {person.token}"}
    ).text
    for words in ("<dt>in work</dt><dd>2</dd>", "1 blocked", "1 over its limit"):
        assert words in html
