"""Checklists: named lists of things to do, with their progress on the card's face."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import update

from app.cards.rebuild import rebuild_board
from app.db import Tx
from app.details.checklists import MOST_ITEMS, MOST_LISTS
from app.models import Card
from tests.cards.test_statements import cost
from tests.details.telling import differences, face, newest, story
from tests.support import BoardOf


@pytest.fixture
def card(ops: BoardOf) -> Any:
    """A card of Ada's."""
    return ops.add("A card")


def add_list(board: BoardOf, card: Any, name: str = "Before", *items: str) -> Any:
    """Adds a checklist with items."""
    return board.person.post(f"/cards/{card['id']}/checklists", {"name": name, "items": [*items]})


def change(board: BoardOf, item: Any, **changes: Any) -> Any:
    """Changes an item."""
    return board.person.patch(f"/checklist-items/{item['id']}", changes)


def lists_of(board: BoardOf, card: Any) -> dict[str, list[str]]:
    """The names of a card's checklists, and what is on them."""
    found = board.person.get(f"/cards/{card['id']}/checklists")["items"]
    return {each["name"]: [item["text"] for item in each["items"]] for each in found}


def test_a_card_has_several_checklists(ops: BoardOf, card: Any) -> None:
    first = add_list(ops, card, "Before", "Tell support", "Try the rollback")
    add_list(ops, card, "After")
    assert lists_of(ops, card) == {"Before": ["Tell support", "Try the rollback"], "After": []}
    assert first == {
        "id": first["id"],
        "card_id": card["id"],
        "name": "Before",
        "items": [
            {
                "id": item["id"],
                "checklist_id": first["id"],
                "text": item["text"],
                "checked": False,
                "checked_at": None,
                "checked_by": None,
            }
            for item in first["items"]
        ],
    }
    assert story(ops, card)[1:] == [
        "added the checklist “Before” with 2 items",
        "added the checklist “After”",
    ]


def test_a_checklist_gets_another_name(ops: BoardOf, card: Any) -> None:
    made = add_list(ops, card, "Before", "One")
    renamed = ops.person.patch(f"/checklists/{made['id']}", {"name": "After"})
    assert renamed == {**made, "name": "After"}
    assert story(ops, card)[-1] == "renamed the checklist “Before” to “After”"
    seq = ops.read()["seq"]
    ops.person.patch(f"/checklists/{made['id']}", {"name": "After"})
    assert ops.read()["seq"] == seq


def test_a_checklist_goes_with_all_that_is_on_it(ops: BoardOf, card: Any) -> None:
    made = add_list(ops, card, "Before", "One", "Two")
    change(ops, made["items"][0], checked=True)
    assert face(ops, card)[1] == {"done": 1, "total": 2}
    ops.person.delete(f"/checklists/{made['id']}")
    assert lists_of(ops, card) == {}
    assert face(ops, card)[1] == {"done": 0, "total": 0}
    assert story(ops, card)[-1] == "deleted the checklist “Before”"
    assert ops.person.ask("DELETE", f"/checklists/{made['id']}").status_code == 404
    item = f"/checklist-items/{made['items'][0]['id']}"
    assert ops.person.ask("PATCH", item, json={"checked": True}).status_code == 404
    assert differences(ops) == []


def test_items_are_added_at_the_end_or_in_a_place(ops: BoardOf, card: Any) -> None:
    made = add_list(ops, card, "Before", "One", "Two")
    for body in (
        {"text": "Last"},
        {"text": "First", "index": 0},
        {"text": "Far", "index": 99},
        {"text": "Second", "index": 1},
    ):
        ops.person.post(f"/checklists/{made['id']}/items", body)
    assert lists_of(ops, card)["Before"] == ["First", "Second", "One", "Two", "Last", "Far"]
    assert face(ops, card)[1]["total"] == 6
    assert story(ops, card)[-1] == "added “Second” on the checklist “Before”"


def test_an_item_is_checked_and_unchecked(ops: BoardOf, card: Any) -> None:
    made = add_list(ops, card, "Before", "One", "Two")
    version = ops.person.get(f"/cards/{card['id']}")["version"]
    done = change(ops, made["items"][0], checked=True)
    assert done["checked"]
    assert done["checked_by"] == {"id": ops.person.id, "name": "Ada Lovelace"}
    assert done["checked_at"]
    assert face(ops, card)[1] == {"done": 1, "total": 2}
    assert newest(ops)[0][0] == "item.checked"
    # Once more is nothing.
    seq = ops.read()["seq"]
    assert change(ops, made["items"][0], checked=True) == done
    assert ops.read()["seq"] == seq
    back = change(ops, made["items"][0], checked=False)
    assert back == made["items"][0]
    assert face(ops, card)[1] == {"done": 0, "total": 2}
    assert ops.person.get(f"/cards/{card['id']}")["version"] == version + 2
    assert story(ops, card)[-2:] == [
        "checked off “One” on the checklist “Before”",
        "unchecked “One” on the checklist “Before”",
    ]


def test_of_several_who_check_an_item_at_once_one_does(ops: BoardOf, card: Any) -> None:
    made = add_list(ops, card, "Before", "One", "Two")
    barrier = Barrier(4)

    def check(_: int) -> bool:
        barrier.wait(20)
        return bool(change(ops, made["items"][0], checked=True)["checked"])

    with ThreadPoolExecutor(4) as threads:
        assert all(threads.map(check, range(4)))
    assert [kind for kind, _ in newest(ops, 2)] == ["checklist.created", "item.checked"]
    assert face(ops, card)[1] == {"done": 1, "total": 2}


def test_an_item_is_renamed_which_the_face_does_not_show(ops: BoardOf, card: Any) -> None:
    made = add_list(ops, card, "Before", "One")
    version = ops.person.get(f"/cards/{card['id']}")["version"]
    assert change(ops, made["items"][0], text="Uno")["text"] == "Uno"
    assert lists_of(ops, card) == {"Before": ["Uno"]}
    assert ops.person.get(f"/cards/{card['id']}")["version"] == version
    assert story(ops, card)[-1] == "changed “One” to “Uno” on the checklist “Before”"


@pytest.mark.parametrize(
    ("item", "index", "order"),
    [(0, 2, "bcad"), (3, 0, "dabc"), (1, 1, "abcd"), (2, 99, "abdc"), (2, 1, "acbd")],
)
def test_items_take_another_place(
    ops: BoardOf, card: Any, item: int, index: int, order: str
) -> None:
    made = add_list(ops, card, "Letters", "a", "b", "x", "c", "d")
    # A gap is no place.
    gone = made["items"].pop(2)
    ops.person.delete(f"/checklist-items/{gone['id']}")
    change(ops, made["items"][item], index=index)
    assert lists_of(ops, card)["Letters"] == list(order)
    if order != "abcd":
        assert story(ops, card)[-1].endswith("another place on the checklist “Letters”")


def test_several_changes_of_an_item_are_told_as_what_they_are(ops: BoardOf, card: Any) -> None:
    made = add_list(ops, card, "Before", "One", "Two")
    change(ops, made["items"][0], text="Uno", checked=True, index=1)
    assert [kind for kind, _ in newest(ops, 2)] == ["item.changed", "item.checked"]
    assert story(ops, card)[-2:] == [
        "changed “One” to “Uno” and gave “Uno” another place on the checklist “Before”",
        "checked off “Uno” on the checklist “Before”",
    ]


def test_an_item_is_deleted(ops: BoardOf, card: Any) -> None:
    made = add_list(ops, card, "Before", "One", "Two")
    ops.person.delete(f"/checklist-items/{made['items'][0]['id']}")
    assert lists_of(ops, card) == {"Before": ["Two"]}
    assert face(ops, card)[1] == {"done": 0, "total": 1}
    assert story(ops, card)[-1] == "deleted “One” on the checklist “Before”"


def test_there_are_so_many_and_no_more(ops: BoardOf, card: Any) -> None:
    full = add_list(ops, card, "Full", *(f"{number}" for number in range(MOST_ITEMS)))
    path = f"/checklists/{full['id']}/items"
    assert ops.person.ask("POST", path, json={"text": "More"}).status_code == 409
    for number in range(MOST_LISTS - 1):
        add_list(ops, card, f"{number}")
    path = f"/cards/{card['id']}/checklists"
    assert ops.person.ask("POST", path, json={"name": "More"}).status_code == 409
    body = {"name": "Too much", "items": ["x"] * (MOST_ITEMS + 1)}
    assert ops.person.ask("POST", path, json=body).status_code == 422
    assert face(ops, card)[1]["total"] == MOST_ITEMS


def test_checklists_come_in_pages(ops: BoardOf, card: Any) -> None:
    for name in "abc":
        add_list(ops, card, name)
    first = ops.person.get(f"/cards/{card['id']}/checklists?limit=2")
    rest = ops.person.get(f"/cards/{card['id']}/checklists?cursor={first['next_cursor']}")
    assert [each["name"] for each in first["items"] + rest["items"]] == ["a", "b", "c"]


@pytest.mark.parametrize("body", [{"checked": None}, {"checked": 1}, {"text": ""}, {"index": -1}])
def test_what_is_no_change_of_an_item_is_refused(ops: BoardOf, card: Any, body: Any) -> None:
    item = add_list(ops, card, "Before", "One")["items"][0]
    answer = ops.person.ask("PATCH", f"/checklist-items/{item['id']}", json=body)
    assert answer.status_code == 422


def test_wrong_counts_are_found_and_put_right(ops: BoardOf, card: Any) -> None:
    add_list(ops, card, "Before", "One", "Two")

    def tamper(tx: Tx) -> None:
        wrong = update(Card).values(item_count=9, checked_count=4)
        tx.execute(wrong.where(Card.id == card["id"]))

    ops.person.weir.db.write_now(tamper)
    assert differences(ops) == ["1 card: item_count", "1 card: checked_count"]
    ops.person.weir.db.write_now(rebuild_board, ops.key)
    assert face(ops, card)[1] == {"done": 0, "total": 2}
    assert differences(ops) == []


def test_an_answer_that_was_kept_is_not_given_to_those_who_see_the_board_no_more(
    ops: BoardOf, card: Any
) -> None:
    made = add_list(ops, card)
    guest = ops.person.weir.person("Guest", email=f"guest{made['id']}@example.org")
    ops.join(guest)
    path, body = f"/checklists/{made['id']}/items", {"text": "Once"}
    headers = {"Idempotency-Key": "once"}
    first = guest.post(path, body, headers=headers)
    assert guest.post(path, body, headers=headers) == first
    ops.person.delete(f"/boards/{ops.key}/members/{guest.id}")
    assert guest.ask("POST", path, json=body, headers=headers).status_code == 404
    assert lists_of(ops, card) == {"Before": ["Once"]}


def test_reading_takes_the_same_few_statements_for_one_and_for_many(
    ops: BoardOf, card: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read() -> None:
        lists_of(ops, card)

    add_list(ops, card, "First", "One")
    one = cost(monkeypatch, read)
    for number in range(8):
        add_list(ops, card, f"{number}", "One", "Two", "Three")
    assert cost(monkeypatch, read) == one <= 7
