"""Labels: a board's words for its cards, with a colour each."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from app.boards.history import read_board
from app.cards.labels import COLORS
from app.cards.wall import arrivals_of
from app.db import Tx
from tests.cards.test_statements import cost
from tests.details.telling import differences, newest, story
from tests.support import BoardOf, Person


def add(board: BoardOf, name: str, **more: Any) -> Any:
    """Makes a label."""
    return board.person.post(f"/boards/{board.key}/labels", {"name": name, **more})


def labels(board: BoardOf) -> dict[str, tuple[str, int]]:
    """A board's labels: their colours, and how many cards carry them."""
    found = board.person.get(f"/boards/{board.key}/labels?limit=200")["items"]
    return {label["name"]: (label["color"], label["card_count"]) for label in found}


def id_of(board: BoardOf, name: str) -> int:
    """A label's id."""
    found = board.person.get(f"/boards/{board.key}/labels?limit=200")["items"]
    return next(int(label["id"]) for label in found if label["name"] == name)


def painted(board: BoardOf, card: Any) -> str:
    """The HTML of a card's face, as the board has it."""
    weir = board.person.weir

    def paint(tx: Tx) -> str:
        opened = read_board(tx, board.person.actor, key=board.key)
        arrivals, _ = arrivals_of(tx, weir.app.state.web, opened, [card["id"]])
        return str(arrivals[0].html)

    return weir.db.read_now(paint)


def test_a_label_is_made_with_or_without_a_colour(ops: BoardOf) -> None:
    made = add(ops, " customer ")
    assert made == {"id": made["id"], "name": "customer", "color": "grey", "card_count": 0}
    assert newest(ops) == [
        ("label.created", {"label_id": made["id"], "name": "customer", "color": "grey"})
    ]
    assert add(ops, "urgent", color="red")["color"] == "red"
    assert labels(ops) == {"customer": ("grey", 0), "urgent": ("red", 0)}


@pytest.mark.parametrize("color", COLORS)
def test_ten_colours_are_known(ops: BoardOf, color: str) -> None:
    assert add(ops, color, color=color)["color"] == color


@pytest.mark.parametrize(
    "body", [{"name": ""}, {"name": "a", "color": "purple"}, {"name": "a", "color": ""}, {}]
)
def test_what_is_no_label_is_refused(ops: BoardOf, body: Any) -> None:
    answer = ops.person.ask("POST", f"/boards/{ops.key}/labels", json=body)
    assert answer.status_code == 422
    assert labels(ops) == {}


def test_a_name_is_there_once(ops: BoardOf) -> None:
    add(ops, "customer")
    other = add(ops, "urgent")
    for answer in (
        ops.person.ask("POST", f"/boards/{ops.key}/labels", json={"name": "customer"}),
        ops.person.ask("PATCH", f"/labels/{other['id']}", json={"name": "customer"}),
    ):
        assert (answer.status_code, answer.json()["type"]) == (409, "/problems/already-exists")


def test_a_card_with_an_unknown_label_makes_it(ops: BoardOf, grace: Person) -> None:
    ops.join(grace)
    ops.seen_by(grace).add("A card", labels=["customer"])
    ops.add("Another", labels=["customer", "urgent"])
    assert labels(ops) == {"customer": ("grey", 2), "urgent": ("grey", 1)}


def test_a_member_makes_labels_and_a_manager_shapes_them(ops: BoardOf, grace: Person) -> None:
    ops.join(grace)
    made = add(ops.seen_by(grace), "customer")
    assert grace.ask("PATCH", f"/labels/{made['id']}", json={"color": "red"}).status_code == 403
    assert grace.ask("DELETE", f"/labels/{made['id']}").status_code == 403
    ops.person.patch(f"/labels/{made['id']}", {"color": "red"})
    assert labels(ops) == {"customer": ("red", 0)}


def test_labels_come_by_name_in_pages(ops: BoardOf) -> None:
    for name in ("zebra", "Ape", "ape", "bear"):
        add(ops, name)
    first = ops.person.get(f"/boards/{ops.key}/labels?limit=3")
    assert [label["name"] for label in first["items"]] == ["Ape", "ape", "bear"]
    rest = ops.person.get(f"/boards/{ops.key}/labels?cursor={first['next_cursor']}")
    assert [label["name"] for label in rest["items"]] == ["zebra"]


def test_another_name_is_on_every_card_at_once(ops: BoardOf) -> None:
    card = ops.add("A card", labels=["customer"])
    label_id = id_of(ops, "customer")
    before = painted(ops, card)
    assert "customer" in before
    renamed = ops.person.patch(f"/labels/{label_id}", {"name": "client"})
    assert renamed == {"id": label_id, "name": "client", "color": "grey", "card_count": 1}
    now = ops.person.get(f"/cards/{card['id']}")
    assert (now["labels"], now["version"]) == (["client"], card["version"] + 1)
    assert "client" in painted(ops, card)
    assert "customer" not in painted(ops, card)
    change = {"name": {"from": "customer", "to": "client"}}
    data = {"label_id": label_id, "name": "client", "changes": change}
    assert newest(ops) == [("label.changed", data)]


def test_another_colour_is_on_every_card_at_once(ops: BoardOf) -> None:
    card = ops.add("A card", labels=["customer"])
    assert "label-grey" in painted(ops, card)
    ops.person.patch(f"/labels/{id_of(ops, 'customer')}", {"color": "teal"})
    assert "label-teal" in painted(ops, card)
    # To clients the card is as it was.
    assert ops.person.get(f"/cards/{card['id']}")["version"] == card["version"]


def test_a_change_that_changes_nothing_is_none(ops: BoardOf) -> None:
    made = add(ops, "customer")
    seq = ops.read()["seq"]
    path = f"/labels/{made['id']}"
    assert ops.person.patch(path, {"name": "customer", "color": "grey"}) == made
    assert ops.read()["seq"] == seq


def test_a_removed_label_is_off_all_cards_and_in_the_history_still(ops: BoardOf) -> None:
    card = ops.add("A card", labels=["customer", "urgent"])
    archived = ops.add("Away", labels=["customer"])
    ops.person.post(f"/cards/{archived['id']}/archive")
    gone = ops.add("Gone", labels=["customer"])
    ops.person.delete(f"/cards/{gone['id']}")
    ops.person.delete(f"/labels/{id_of(ops, 'customer')}")
    assert labels(ops) == {"urgent": ("grey", 1)}
    now = ops.person.get(f"/cards/{card['id']}")
    assert (now["labels"], now["version"]) == (["urgent"], card["version"] + 1)
    assert ops.person.get(f"/cards/{archived['id']}")["labels"] == []
    assert [kind for kind, _ in newest(ops, 3)] == ["label.deleted", "card.edited", "card.edited"]
    assert story(ops, card)[-1] == "changed the labels from customer, urgent to urgent"
    assert story(ops, archived)[-1] == "took away the labels (it was customer)"
    assert ops.cards(label="customer") == []
    assert differences(ops) == []


def test_a_removed_label_is_offered_no_more(ops: BoardOf) -> None:
    made = add(ops, "customer")
    ops.person.delete(f"/labels/{made['id']}")
    for method, body in (("PATCH", {"color": "red"}), ("DELETE", None)):
        answer = ops.person.ask(method, f"/labels/{made['id']}", json=body)
        never = ops.person.ask(method, "/labels/987654", json=body)
        assert (answer.status_code, answer.content) == (404, never.content)


def test_the_removal_of_a_label_is_not_undone_card_by_card(ops: BoardOf) -> None:
    card = ops.add("A card", labels=["customer"])
    ops.person.delete(f"/labels/{id_of(ops, 'customer')}")
    answer = ops.person.ask("POST", f"/boards/{ops.key}/undo")
    assert answer.status_code == 409
    assert ops.person.get(f"/cards/{card['id']}")["labels"] == []


def test_a_removed_name_that_is_used_again_comes_back(ops: BoardOf) -> None:
    made = add(ops, "customer", color="teal")
    ops.person.delete(f"/labels/{made['id']}")
    assert add(ops, "customer") == made
    ops.person.delete(f"/labels/{made['id']}")
    assert add(ops, "customer", color="pink") == {**made, "color": "pink"}
    ops.person.delete(f"/labels/{made['id']}")
    ops.add("A card", labels=["customer"])
    assert labels(ops) == {"customer": ("pink", 1)}


def test_no_label_takes_the_name_of_a_removed_one(ops: BoardOf) -> None:
    """Else the history would speak of two things by one name."""
    made, other = add(ops, "customer"), add(ops, "client")
    ops.person.delete(f"/labels/{made['id']}")
    answer = ops.person.ask("PATCH", f"/labels/{other['id']}", json={"name": "customer"})
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/already-exists")


def test_of_several_who_make_one_label_at_once_one_does(ops: BoardOf) -> None:
    barrier = Barrier(4)

    def make(_: int) -> int:
        barrier.wait(20)
        path = f"/boards/{ops.key}/labels"
        return ops.person.ask("POST", path, json={"name": "customer"}).status_code

    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(make, range(4))) == [201, 409, 409, 409]


def test_reading_takes_the_same_few_statements_for_one_and_for_many(
    ops: BoardOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read() -> None:
        labels(ops)

    add(ops, "first")
    one = cost(monkeypatch, read)
    for number in range(8):
        ops.add("A card", labels=[f"{number}"])
    assert cost(monkeypatch, read) == one <= 5
