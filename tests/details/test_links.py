"""Links between cards: seen from both sides, across boards, in no circle, and leaking nothing."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from httpx2 import Response
from sqlalchemy import insert, update

from app.db import Tx
from app.details import links as links_module
from app.models import Card, CardAddress
from tests.cards.test_statements import cost
from tests.details.telling import differences, newest, story
from tests.support import BoardOf, Person

OTHER_SIDES = {
    "blocks": "blocked_by",
    "blocked_by": "blocks",
    "parent_of": "child_of",
    "child_of": "parent_of",
    "relates_to": "relates_to",
}


@pytest.fixture
def dev(ops: BoardOf) -> BoardOf:
    """Another board of Ada's."""
    return ops.person.board(f"D{ops.key}", "simple")


@pytest.fixture
def hidden(ops: BoardOf, grace: Person) -> BoardOf:
    """A board of Grace's that Ada does not see; Grace is a member of Ada's too."""
    ops.join(grace)
    return grace.board(f"H{ops.key}", "simple")


def try_link(person: Person, card: Any, kind: str, other: Any) -> Response:
    """Tries to link a card to another one, or to what goes by a reference."""
    target = {"ref": other} if isinstance(other, str) else {"card_id": other["id"]}
    return person.ask("POST", f"/cards/{card['id']}/links", json={"kind": kind, **target})


def link(person: Person, card: Any, kind: str, other: Any) -> Any:
    """Links a card to another one."""
    answer = try_link(person, card, kind, other)
    assert answer.status_code == 201, answer.text
    return answer.json()


def seen(person: Person, card: Any) -> list[tuple[str, str]]:
    """A card's links as somebody sees them: kind and reference."""
    found = person.get(f"/cards/{card['id']}/links")["items"]
    return [(each["kind"], each["card"]["ref"]) for each in found]


@pytest.mark.parametrize("kind", OTHER_SIDES)
def test_a_link_is_seen_from_both_sides_and_told_in_both_histories(
    ops: BoardOf, dev: BoardOf, kind: str
) -> None:
    here, there = ops.add("Here"), dev.add("There")
    made = link(ops.person, here, kind, there)
    assert made == {
        "id": made["id"],
        "kind": kind,
        "card": {
            "id": there["id"],
            "ref": there["ref"],
            "board": dev.key,
            "title": "There",
            "column": "To do",
            "done": False,
            "blocked": False,
            "archived": False,
        },
    }
    assert seen(ops.person, here) == [(kind, there["ref"])]
    assert seen(ops.person, there) == [(OTHER_SIDES[kind], here["ref"])]
    data = {"link_id": made["id"], "kind": kind, "other_card_id": there["id"]}
    assert newest(ops) == [("link.added", data)]
    data = {"link_id": made["id"], "kind": OTHER_SIDES[kind], "other_card_id": here["id"]}
    assert newest(dev) == [("link.added", data)]
    ops.person.delete(f"/card-links/{made['id']}")
    assert seen(ops.person, here) == seen(ops.person, there) == []
    assert [kind for kind, _ in newest(ops) + newest(dev)] == ["link.deleted"] * 2
    assert ops.person.ask("DELETE", f"/card-links/{made['id']}").status_code == 404
    assert differences(ops) == differences(dev) == []


def test_the_history_says_it_in_plain_words(ops: BoardOf) -> None:
    card, other = ops.add("Here"), ops.add("There")
    ref = other["ref"]
    for kind in OTHER_SIDES:
        made = link(ops.person, card, kind, other)
        ops.person.delete(f"/card-links/{made['id']}")
    assert story(ops, card)[1:] == [
        f"noted that it blocks {ref}",
        f"no longer says that it blocks {ref}",
        f"noted that it is blocked by {ref}",
        f"no longer says that it is blocked by {ref}",
        f"noted that it is the parent of {ref}",
        f"no longer says that it is the parent of {ref}",
        f"noted that it is a child of {ref}",
        f"no longer says that it is a child of {ref}",
        f"noted that it relates to {ref}",
        f"no longer says that it relates to {ref}",
    ]


def test_a_link_on_one_board_is_told_twice_there(ops: BoardOf) -> None:
    card, other = ops.add("Here"), ops.add("There")
    link(ops.person, card, "blocks", other)
    assert [data["kind"] for _, data in newest(ops, 2)] == ["blocks", "blocked_by"]
    assert story(ops, other)[-1] == f"noted that it is blocked by {card['ref']}"


def test_how_the_other_card_stands_is_seen(ops: BoardOf, dev: BoardOf) -> None:
    card = ops.add("Here")
    done, stuck, put_away = dev.add("Done", "Done"), dev.add("Stuck"), dev.add("Away")
    dev.person.post(f"/cards/{stuck['id']}/block", {"reason": "Why"})
    for other in (done, stuck, put_away):
        link(ops.person, card, "relates_to", other)
    dev.person.post(f"/cards/{put_away['id']}/archive")
    found = ops.person.get(f"/cards/{card['id']}/links")["items"]
    flags = [[each["card"][flag] for flag in ("done", "blocked", "archived")] for each in found]
    assert flags == [[True, False, False], [False, True, False], [False, False, True]]


def test_a_card_goes_by_its_reference_in_any_case(ops: BoardOf, dev: BoardOf) -> None:
    card, other = ops.add("Here"), dev.add("There")
    assert link(ops.person, card, "blocks", other["ref"].lower())["card"]["id"] == other["id"]


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "blocks"},
        {"kind": "blocks", "card_id": 1, "ref": "OPS-1"},
        {"kind": "blocks", "ref": "OPS"},
        {"kind": "blocks", "ref": "OPS-1-2"},
        {"kind": "blocks", "ref": "OPS-99999999999999999999"},
        {"kind": "blocks", "ref": "OPS-１"},
        {"kind": "duplicates", "card_id": 1},
        {"kind": "blocks", "card_id": 0},
        {"kind": "blocks", "card_id": 2**63},
        {"card_id": 1},
    ],
)
def test_what_is_no_link_is_refused(ops: BoardOf, body: Any) -> None:
    card = ops.add("Here")
    answer = ops.person.ask("POST", f"/cards/{card['id']}/links", json=body)
    assert answer.status_code == 422


@pytest.mark.parametrize("kind", OTHER_SIDES)
def test_a_card_is_not_linked_to_itself(ops: BoardOf, kind: str) -> None:
    card = ops.add("Here")
    for target in (card, card["ref"]):
        assert try_link(ops.person, card, kind, target).status_code == 422
    assert seen(ops.person, card) == []


def test_the_same_link_comes_once_from_whichever_side(ops: BoardOf) -> None:
    card, other = ops.add("Here"), ops.add("There")
    for kind, back in OTHER_SIDES.items():
        made = link(ops.person, card, kind, other)
        for again in (
            try_link(ops.person, card, kind, other),
            try_link(ops.person, other, back, card),
        ):
            assert (again.status_code, again.json()["type"]) == (409, "/problems/already-exists")
        ops.person.delete(f"/card-links/{made['id']}")
    # Two cards may well be linked in two ways.
    link(ops.person, card, "relates_to", other)
    link(ops.person, card, "blocks", other)
    assert len(seen(ops.person, card)) == 2


@pytest.mark.parametrize("kind", ["blocks", "parent_of"])
def test_no_circle_comes_to_be(ops: BoardOf, dev: BoardOf, kind: str) -> None:
    a, b, c = ops.add("A"), dev.add("B"), ops.add("C")
    link(ops.person, a, kind, b)
    link(ops.person, b, kind, c)
    for card, by, other in ((c, kind, a), (a, OTHER_SIDES[kind], c)):
        answer = try_link(ops.person, card, by, other)
        assert (answer.status_code, answer.json()["type"]) == (409, "/problems/link-cycle")
    # Nor one of two.
    alone, other = ops.add("Alone"), dev.add("Other")
    link(ops.person, alone, kind, other)
    assert try_link(ops.person, other, kind, alone).json()["type"] == "/problems/link-cycle"
    assert seen(ops.person, a) == [(kind, b["ref"])]
    assert seen(ops.person, c) == [(OTHER_SIDES[kind], b["ref"])]


def test_another_kind_of_link_is_no_part_of_a_circle(ops: BoardOf) -> None:
    a, b = ops.add("A"), ops.add("B")
    for card, kind, other in (
        (a, "blocks", b),
        (b, "parent_of", a),
        (b, "relates_to", a),
    ):
        link(ops.person, card, kind, other)
    # Two ways to one place are no circle.
    c, d = ops.add("C"), ops.add("D")
    for first, second in ((a, c), (b, d), (c, d), (a, d)):
        link(ops.person, first, "blocks", second)


def test_a_discarded_card_is_no_part_of_a_circle_and_no_parent(ops: BoardOf) -> None:
    a, b, c = ops.add("A"), ops.add("B"), ops.add("C")
    link(ops.person, a, "parent_of", b)
    link(ops.person, b, "parent_of", c)
    ops.person.delete(f"/cards/{b['id']}")
    link(ops.person, c, "parent_of", a)
    assert seen(ops.person, c) == [("parent_of", a["ref"])]


def test_a_card_has_one_parent_at_most(ops: BoardOf, dev: BoardOf) -> None:
    child, first, second = ops.add("Child"), ops.add("First"), dev.add("Second")
    made = link(ops.person, child, "child_of", first)
    for answer in (
        try_link(ops.person, child, "child_of", second),
        try_link(ops.person, second, "parent_of", child),
    ):
        assert (answer.status_code, answer.json()["type"]) == (409, "/problems/has-parent")
    ops.person.delete(f"/card-links/{made['id']}")
    link(ops.person, second, "parent_of", child)


# --- Who may, and what is not seen ---------------------------------------------------------------


def test_a_hidden_card_is_left_out_entirely(ops: BoardOf, hidden: BoardOf) -> None:
    ada, grace = ops.person, hidden.person
    card, other = ops.add("Here"), hidden.add("A secret")
    made = link(grace, card, "blocks", other)
    assert seen(grace, card) == [("blocks", other["ref"])]
    assert ada.get(f"/cards/{card['id']}/links") == {"items": [], "next_cursor": None}
    assert story(ops, card, grace)[-1] == f"noted that it blocks {other['ref']}"
    assert story(ops, card)[-1] == "noted that it blocks a card that you may not see"
    for path in (f"/boards/{ops.key}/activity", f"/cards/{card['id']}/history"):
        text = ada.ask("GET", f"{path}?limit=200").text
        assert hidden.key not in text
        assert "secret" not in text
    # A link that one does not see is not there.
    answer = ada.ask("DELETE", f"/card-links/{made['id']}")
    assert (answer.status_code, answer.content) == (
        404,
        ada.ask("DELETE", "/card-links/987654").content,
    )
    # To those who see all boards nothing is hidden.
    root = ada.weir.person("Root", email=f"root.{ops.key}@example.org", admin=True)
    assert seen(root, card) == [("blocks", other["ref"])]
    # And a token that reaches one board only shows no other one.
    narrowed = ada.weir.token(grace, boards=[ops.key])
    assert seen(narrowed, card) == []


def test_a_card_that_one_does_not_see_cannot_be_linked(ops: BoardOf, hidden: BoardOf) -> None:
    card, other = ops.add("Here"), hidden.add("A secret")
    gone = ops.add("Gone")
    ops.person.delete(f"/cards/{gone['id']}")
    never = f"NEVER-{other['number']}"
    answers = [
        try_link(ops.person, card, "blocks", target)
        for target in (other, other["ref"], {"id": 987_654}, never, gone, f"{hidden.key}-99")
    ]
    assert {answer.status_code for answer in answers} == {422}
    said = {answer.json()["errors"][0]["msg"] for answer in answers}
    assert said == {"there is no such card, or none that you may see"}
    assert newest(hidden)[0][0] == "card.created"


def test_whoever_links_works_on_both_boards(ops: BoardOf, dev: BoardOf, grace: Person) -> None:
    here, there = ops.add("Here"), dev.add("There")
    ops.join(grace)
    dev.join(grace, "viewer")
    for card, other in ((here, there), (there, here)):
        answer = try_link(grace, card, "blocks", other)
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/forbidden")
    assert seen(grace, here) == []
    dev.person.patch(f"/boards/{dev.key}/members/{grace.id}", {"role": "member"})
    link(grace, here, "blocks", there)


def test_whoever_works_on_one_of_the_boards_may_take_the_link_away(
    ops: BoardOf, dev: BoardOf, grace: Person
) -> None:
    here, there = ops.add("Here"), dev.add("There")
    ops.join(grace, "viewer")
    dev.join(grace, "viewer")
    made = link(ops.person, here, "blocks", there)
    assert grace.ask("DELETE", f"/card-links/{made['id']}").status_code == 403
    dev.person.patch(f"/boards/{dev.key}/members/{grace.id}", {"role": "member"})
    grace.delete(f"/card-links/{made['id']}")
    assert seen(ops.person, here) == []
    assert newest(ops)[0][0] == newest(dev)[0][0] == "link.deleted"


def test_on_an_archived_board_no_link_comes_or_goes(ops: BoardOf, dev: BoardOf) -> None:
    here, there, another = ops.add("Here"), dev.add("There"), ops.add("Another")
    made = link(ops.person, here, "blocks", there)
    dev.person.delete(f"/boards/{dev.key}")
    answers = (
        try_link(ops.person, another, "blocks", there),
        ops.person.ask("DELETE", f"/card-links/{made['id']}"),
    )
    for answer in answers:
        assert (answer.status_code, answer.json()["type"]) == (409, "/problems/board-archived")
    assert seen(ops.person, here) == [("blocks", there["ref"])]


def test_a_circle_through_a_hidden_board_is_refused_in_the_same_words(
    ops: BoardOf, hidden: BoardOf
) -> None:
    ada, grace = ops.person, hidden.person
    a, b, c, d = (ops.add(title) for title in "ABCD")
    secret = hidden.add("A secret")
    link(grace, a, "blocks", secret)
    link(grace, secret, "blocks", b)
    link(ada, c, "blocks", d)
    through = try_link(ada, b, "blocks", a).json()
    plain = try_link(ada, d, "blocks", c).json()
    assert through["type"] == plain["type"] == "/problems/link-cycle"
    assert through == {**plain, "detail": plain["detail"].replace(d["ref"], b["ref"])}
    link(grace, secret, "parent_of", c)
    answer = try_link(ada, c, "child_of", a)
    assert answer.json()["type"] == "/problems/has-parent"
    assert hidden.key not in answer.text


def test_there_are_so_many_and_no_more(ops: BoardOf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links_module, "MOST_LINKS", 2)
    hub = ops.add("Hub")
    for _ in range(2):
        link(ops.person, hub, "blocks", ops.add("Spoke"))
    answer = try_link(ops.person, ops.add("Spoke"), "relates_to", hub)
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/conflict")


def test_links_come_in_pages(ops: BoardOf) -> None:
    hub = ops.add("Hub")
    refs = [link(ops.person, hub, "blocks", ops.add("Spoke"))["card"]["ref"] for _ in range(3)]
    first = ops.person.get(f"/cards/{hub['id']}/links?limit=2")
    rest = ops.person.get(f"/cards/{hub['id']}/links?cursor={first['next_cursor']}")
    assert [each["card"]["ref"] for each in first["items"] + rest["items"]] == refs


def test_reading_takes_the_same_few_statements_for_one_and_for_many(
    ops: BoardOf, dev: BoardOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = ops.add("Hub")

    def read() -> None:
        seen(ops.person, hub)

    link(ops.person, hub, "blocks", dev.add("Spoke"))
    one = cost(monkeypatch, read)
    for _ in range(8):
        link(ops.person, hub, "relates_to", dev.add("Spoke"))
    assert cost(monkeypatch, read) == one <= 6


def test_a_card_that_has_moved_is_found_by_its_old_reference(ops: BoardOf, dev: BoardOf) -> None:
    """Whatever moved it there: its old number leads to it still."""
    card, other = ops.add("Here"), dev.add("There")
    old = 7_000

    def remember(tx: Tx) -> None:
        board_id = ops.read()["id"]
        values = {"board_id": board_id, "number": old, "card_id": other["id"]}
        values |= {"title": "As it was", "left_at": 1}
        tx.execute(insert(CardAddress).values(values))

    ops.person.weir.db.write_now(remember)
    assert link(ops.person, card, "blocks", f"{ops.key}-{old}")["card"]["ref"] == other["ref"]


# --- At once -------------------------------------------------------------------------------------


def at_once(*requests: Callable[[], Response]) -> list[int]:
    """Sends requests at the same time; how many succeeded and failed, sorted."""
    barrier = Barrier(len(requests))

    def send(request: Callable[[], Response]) -> int:
        barrier.wait(20)
        return request().status_code

    with ThreadPoolExecutor(len(requests)) as threads:
        return sorted(threads.map(send, requests))


def test_two_links_at_once_make_no_circle(ops: BoardOf, dev: BoardOf) -> None:
    for _ in range(8):
        a, b = ops.add("A"), dev.add("B")
        assert at_once(
            partial(try_link, ops.person, a, "blocks", b),
            partial(try_link, ops.person, b, "blocks", a),
        ) == [201, 409]


def test_two_links_on_four_boards_at_once_make_no_circle(ops: BoardOf, dev: BoardOf) -> None:
    """Neither of the two locks a board of the other."""
    boards = [ops, dev, *(ops.person.board(f"{x}{ops.key}", "simple") for x in "EF")]
    for _ in range(6):
        a, b, c, d = (board.add("A card") for board in boards)
        link(ops.person, b, "blocks", c)
        link(ops.person, d, "blocks", a)
        assert at_once(
            partial(try_link, ops.person, a, "blocks", b),
            partial(try_link, ops.person, c, "blocks", d),
        ) == [201, 409]


def test_two_parents_at_once_are_one(ops: BoardOf, dev: BoardOf) -> None:
    for _ in range(6):
        child, first, second = ops.add("Child"), dev.add("First"), dev.add("Second")
        assert at_once(
            partial(try_link, ops.person, child, "child_of", first),
            partial(try_link, ops.person, second, "parent_of", child),
        ) == [201, 409]


def test_a_card_elsewhere_that_is_gone_takes_its_links_along(ops: BoardOf, dev: BoardOf) -> None:
    here, there = ops.add("Here"), dev.add("There")
    made = link(ops.person, here, "blocks", there)

    def discard(tx: Tx) -> None:
        tx.execute(update(Card).values(discarded_at=1).where(Card.id == there["id"]))

    ops.person.weir.db.write_now(discard)
    assert seen(ops.person, here) == []
    assert ops.person.ask("DELETE", f"/card-links/{made['id']}").status_code == 404
