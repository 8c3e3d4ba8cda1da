"""Comments: what people say about a card, who may change it, and what of it stays."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import select, update

from app.cards.rebuild import rebuild_board
from app.db import Tx
from app.models import Base, Card
from tests.cards.test_statements import cost
from tests.details.telling import differences, face, newest, story
from tests.support import BoardOf, Person

SECRET = "the password is swordfish"


@pytest.fixture
def card(ops: BoardOf) -> Any:
    """A card of Ada's."""
    return ops.add("A card")


def say(person: Person, card: Any, body: str = "Well") -> Any:
    """Somebody says something about a card."""
    return person.post(f"/cards/{card['id']}/comments", {"body": body})


def said(person: Person, card: Any) -> list[Any]:
    """All that was said about a card."""
    return list(person.get(f"/cards/{card['id']}/comments?limit=200")["items"])


def test_a_comment_is_added_and_read(ops: BoardOf, card: Any) -> None:
    ada = ops.person
    comment = say(ada, card, "  *Tested*, and ready.\n")
    assert comment == {
        "id": comment["id"],
        "card_id": card["id"],
        "author": {"id": ada.id, "name": "Ada Lovelace"},
        "body": "*Tested*, and ready.",
        "created_at": comment["created_at"],
        "edited_at": None,
        "deleted_at": None,
    }
    assert said(ada, card) == [comment]
    assert newest(ops) == [("comment.added", {"comment_id": comment["id"], "mentions": []})]


def test_the_face_of_the_card_counts_its_comments(ops: BoardOf, card: Any) -> None:
    first, _ = say(ops.person, card), say(ops.person, card)
    assert face(ops, card)[0] == 2
    assert ops.person.get(f"/cards/{card['id']}")["version"] == 3
    ops.person.delete(f"/comments/{first['id']}")
    assert face(ops, card)[0] == 1
    assert ops.person.get(f"/cards/{card['id']}")["version"] == 4
    assert differences(ops) == []


def test_comments_come_in_pages_oldest_first(ops: BoardOf, card: Any) -> None:
    ids = [say(ops.person, card, f"{number}")["id"] for number in range(5)]
    first = ops.person.get(f"/cards/{card['id']}/comments?limit=3")
    assert [comment["id"] for comment in first["items"]] == ids[:3]
    rest = ops.person.get(f"/cards/{card['id']}/comments?cursor={first['next_cursor']}")
    assert [comment["id"] for comment in rest["items"]] == ids[3:]
    assert rest["next_cursor"] is None


def test_the_author_edits_it(ops: BoardOf, card: Any) -> None:
    comment = say(ops.person, card, "Once")
    edited = ops.person.patch(f"/comments/{comment['id']}", {"body": "Twice"})
    assert edited["body"] == "Twice"
    assert edited["edited_at"] >= comment["created_at"]
    assert said(ops.person, card) == [edited]
    assert newest(ops) == [("comment.edited", {"comment_id": comment["id"], "mentions": []})]


def test_an_edit_that_changes_nothing_is_none(ops: BoardOf, card: Any) -> None:
    comment = say(ops.person, card, "Once")
    seq = ops.read()["seq"]
    assert ops.person.patch(f"/comments/{comment['id']}", {"body": " Once "}) == comment
    assert ops.read()["seq"] == seq


def test_nobody_edits_the_words_of_somebody_else(ops: BoardOf, card: Any, grace: Person) -> None:
    ops.join(grace)
    comment = say(grace, card)
    root = ops.person.weir.person("Root", email=f"root.{ops.key}@example.org", admin=True)
    for person in (ops.person, root):
        answer = person.ask("PATCH", f"/comments/{comment['id']}", json={"body": "Put"})
        assert answer.status_code == 403
    assert said(grace, card) == [comment]


def test_a_member_deletes_own_comments_and_a_manager_anybodys(
    ops: BoardOf, card: Any, grace: Person
) -> None:
    ops.join(grace)
    of_ada, of_grace, another = say(ops.person, card), say(grace, card), say(grace, card)
    assert grace.ask("DELETE", f"/comments/{of_ada['id']}").status_code == 403
    grace.delete(f"/comments/{of_grace['id']}")
    ops.person.delete(f"/comments/{another['id']}")
    assert [comment["deleted_at"] is None for comment in said(grace, card)] == [True, False, False]
    assert story(ops, card)[-2:] == ["deleted a comment", "deleted a comment of Grace Hopper"]


def test_who_works_on_the_board_no_more_changes_no_comment(
    ops: BoardOf, card: Any, grace: Person
) -> None:
    ops.join(grace)
    comment = say(grace, card)
    ops.person.patch(f"/boards/{ops.key}/members/{grace.id}", {"role": "viewer"})
    for method, body in (("PATCH", {"body": "Later"}), ("DELETE", None)):
        answer = grace.ask(method, f"/comments/{comment['id']}", json=body)
        assert answer.status_code == 403
    assert said(grace, card) == [comment]
    assert grace.ask("POST", f"/cards/{card['id']}/comments", json={"body": "A"}).status_code == 403


def contents(person: Person) -> str:
    """All that the database holds, as one text."""

    def read(tx: Tx) -> str:
        return repr([tx.execute(select(table)).all() for table in Base.metadata.sorted_tables])

    return person.weir.db.read_now(read)


def test_the_text_of_a_deleted_comment_is_gone_from_the_database(ops: BoardOf, card: Any) -> None:
    ada, key = ops.person, {"Idempotency-Key": f"comment {ops.key}"}
    # The address may spell the id in another way, and the answer is kept all the same.
    path = f"/cards/0{card['id']}/comments"
    comment = ada.post(path, {"body": f"{SECRET} {ops.key}"}, headers=key)
    ada.patch(f"/comments/{comment['id']}", {"body": f"{SECRET}, {ops.key}"})
    assert SECRET in contents(ada)
    ada.delete(f"/comments/{comment['id']}")
    assert SECRET not in contents(ada)
    again = ada.post(path, {"body": f"{SECRET} {ops.key}"}, headers=key)
    assert (again["id"], again["body"]) == (comment["id"], "")
    assert again["deleted_at"]
    (left,) = said(ada, card)
    assert left == again | {"edited_at": left["edited_at"]}


def test_a_deleted_comment_is_not_there_for_a_change(ops: BoardOf, card: Any) -> None:
    comment = say(ops.person, card)
    ops.person.delete(f"/comments/{comment['id']}")
    for method, body in (("PATCH", {"body": "Back"}), ("DELETE", None)):
        answer = ops.person.ask(method, f"/comments/{comment['id']}", json=body)
        never = ops.person.ask(method, "/comments/987654", json=body)
        assert (answer.status_code, answer.content) == (404, never.content)


def test_members_who_are_mentioned_stand_in_the_event(
    ops: BoardOf, card: Any, grace: Person
) -> None:
    comment = say(ops.person, card, "@grace and @Ada Lovelace")
    assert newest(ops)[0][1]["mentions"] == [ops.person.id]
    ops.join(grace, "viewer")
    ops.person.patch(f"/comments/{comment['id']}", {"body": "@grace, `@ada`"})
    assert newest(ops)[0][1]["mentions"] == [grace.id]
    assert story(ops, card)[1:] == [
        "commented and mentioned Ada Lovelace",
        "changed a comment and mentioned Grace Hopper",
    ]


def test_a_comment_must_say_something(ops: BoardOf, card: Any) -> None:
    for body in ("", "  \n\t ", None, 5, "x" * 50_001, "a\x00b"):
        answer = ops.person.ask("POST", f"/cards/{card['id']}/comments", json={"body": body})
        assert answer.status_code == 422
    assert said(ops.person, card) == []


def test_an_archived_card_is_still_spoken_about_and_a_discarded_one_is_not_there(
    ops: BoardOf, card: Any
) -> None:
    comment = say(ops.person, card)
    ops.person.post(f"/cards/{card['id']}/archive")
    say(ops.person, card)
    ops.person.delete(f"/cards/{card['id']}")
    assert ops.person.ask("GET", f"/cards/{card['id']}/comments").status_code == 404
    answer = ops.person.ask("PATCH", f"/comments/{comment['id']}", json={"body": "Late"})
    assert answer.status_code == 404


def test_on_an_archived_board_nothing_is_said_any_more(ops: BoardOf, card: Any) -> None:
    say(ops.person, card)
    ops.person.delete(f"/boards/{ops.key}")
    answer = ops.person.ask("POST", f"/cards/{card['id']}/comments", json={"body": "Late"})
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/board-archived")
    assert len(said(ops.person, card)) == 1


def test_wrong_counts_are_found_and_put_right(ops: BoardOf, card: Any) -> None:
    say(ops.person, card)

    def tamper(tx: Tx) -> None:
        tx.execute(update(Card).values(comment_count=7).where(Card.id == card["id"]))

    db = ops.person.weir.db
    db.write_now(tamper)
    assert differences(ops) == ["1 card: comment_count"]
    db.write_now(rebuild_board, ops.key)
    assert differences(ops) == []
    assert face(ops, card)[0] == 1


def test_of_many_who_speak_at_once_each_is_counted(ops: BoardOf, card: Any, grace: Person) -> None:
    ops.join(grace)
    people = [ops.person, grace] * 4
    barrier = Barrier(len(people))

    def speak(person: Person) -> None:
        barrier.wait(20)
        say(person, card)

    with ThreadPoolExecutor(len(people)) as threads:
        list(threads.map(speak, people))
    assert face(ops, card)[0] == len(said(ops.person, card)) == len(people)
    assert ops.person.get(f"/cards/{card['id']}")["version"] == 1 + len(people)
    assert differences(ops) == []


def test_reading_takes_the_same_few_statements_for_one_and_for_many(
    ops: BoardOf, card: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read() -> None:
        said(ops.person, card)

    say(ops.person, card)
    one = cost(monkeypatch, read)
    for number in range(10):
        say(ops.person, card, f"{number}")
    assert cost(monkeypatch, read) == one <= 6
