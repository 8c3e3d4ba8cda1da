"""A request that is sent again with its key gets the first answer again."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from httpx2 import Response
from sqlalchemy import update

from app import clock
from app.db import Tx
from app.models import IdempotencyRecord
from tests.support import BoardOf, Person, Weir

KEY = {"Idempotency-Key": "0f6b0e4c-once"}


def create(board: BoardOf, title: str = "A card", **more: Any) -> Response:
    """Sends one and the same request to create a card."""
    return board.person.ask(
        "POST", f"/boards/{board.key}/cards", json={"title": title}, headers=KEY, **more
    )


def at_once(request: Callable[[], Response], times: int = 8) -> list[Response]:
    """Sends a request from several threads at once."""
    barrier = Barrier(times)

    def send(_: int) -> Response:
        barrier.wait(20)
        return request()

    with ThreadPoolExecutor(times) as threads:
        return list(threads.map(send, range(times)))


def test_a_request_that_is_sent_again_is_answered_again_and_not_done_again(ops: BoardOf) -> None:
    first, again = create(ops), create(ops)
    assert first.status_code == again.status_code == 201
    assert again.content == first.content
    assert again.headers["etag"] == first.headers["etag"]
    assert again.headers["content-type"] == first.headers["content-type"]
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert len(ops.cards()) == 1
    assert [event["type"] for event in ops.events()].count("card.created") == 1


def test_the_same_json_in_another_spelling_is_the_same_body(ops: BoardOf) -> None:
    path = f"/boards/{ops.key}/cards"
    for text in ('{"title": "A", "team": null}', '{"team":null,\n"title":"\\u0041"}'):
        headers = {**KEY, "Content-Type": "application/json"}
        assert ops.person.ask("POST", path, content=text, headers=headers).status_code == 201
    assert len(ops.cards()) == 1


def test_another_body_with_the_same_key_is_refused(ops: BoardOf) -> None:
    create(ops)
    other = create(ops, "Another card")
    assert other.status_code == 422
    assert other.json()["type"] == "/problems/idempotency-key-reused"
    assert len(ops.cards()) == 1


def test_a_key_belongs_to_its_person_and_its_route(ops: BoardOf, grace: Person) -> None:
    create(ops)
    ops.join(grace)
    assert create(ops.seen_by(grace)).status_code == 201
    other = ops.person.board(f"{ops.key}B", "simple")
    assert create(other).status_code == 201
    assert [len(ops.cards()), len(other.cards())] == [2, 1]


def test_another_token_of_the_same_person_gets_the_first_answer_too(
    weir: Weir, ops: BoardOf
) -> None:
    first = create(ops)
    assert create(ops.seen_by(weir.token(ops.person))).content == first.content


def test_after_24_hours_a_key_is_forgotten(weir: Weir, ops: BoardOf) -> None:
    create(ops)

    def age(hours: float) -> None:
        def back(tx: Tx) -> None:
            at = clock.now() - int(hours * clock.HOUR)
            tx.execute(update(IdempotencyRecord).values(created_at=at))

        weir.db.write_now(back)

    age(23.9)
    assert create(ops).headers["idempotency-replayed"] == "true"
    age(24.1)
    fresh = create(ops)
    assert fresh.status_code == 201
    assert "idempotency-replayed" not in fresh.headers
    assert len(ops.cards()) == 2
    assert create(ops).content == fresh.content


def test_a_refusal_by_a_limit_is_answered_again_even_when_there_is_room_by_then(
    ops: BoardOf,
) -> None:
    ops.limit("Test", 1)
    standing, waiting = ops.add(column="Test"), ops.add()
    body = {"column_id": ops.column("Test")}

    def move() -> Response:
        return ops.person.ask("POST", f"/cards/{waiting['id']}/move", json=body, headers=KEY)

    first = move()
    assert first.status_code == 409
    ops.move(standing, "Backlog")
    again = move()
    assert (again.status_code, again.content) == (409, first.content)
    assert again.headers["content-type"] == "application/problem+json"
    assert again.headers["idempotency-replayed"] == "true"
    assert [event["type"] for event in ops.events()].count("move.refused") == 1


def test_requests_with_one_key_at_once_make_one_card(ops: BoardOf) -> None:
    answers = at_once(lambda: create(ops))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotency-replayed" not in answer.headers for answer in answers) == 1
    assert len(ops.cards()) == 1


def test_refused_requests_with_one_key_at_once_leave_one_trace(ops: BoardOf) -> None:
    ops.limit("Test", 1)
    ops.add(column="Test")
    waiting = ops.add()
    body = {"column_id": ops.column("Test")}
    answers = at_once(
        lambda: ops.person.ask("POST", f"/cards/{waiting['id']}/move", json=body, headers=KEY)
    )
    assert {answer.status_code for answer in answers} == {409}
    assert len({answer.content for answer in answers}) == 1
    assert [event["type"] for event in ops.events()].count("move.refused") == 1


def test_a_refused_change_of_shape_with_one_key_at_once_leaves_one_trace(ops: BoardOf) -> None:
    """This refusal comes after something was written, which is undone."""
    for _ in range(2):
        ops.add(column="Backlog")
    ops.person.patch(f"/boards/{ops.key}", {"wip_limit": 1})
    # With an active column at the left end all the cards would be work in progress.
    body = {"name": "Triage", "kind": "active", "position": 0}
    before = ops.read()
    answers = at_once(
        lambda: ops.person.ask("POST", f"/boards/{ops.key}/columns", json=body, headers=KEY)
    )
    assert {answer.status_code for answer in answers} == {409}
    assert len({answer.content for answer in answers}) == 1
    assert [event["type"] for event in ops.events(before["seq"])] == ["move.refused"]
    assert ops.read()["columns"] == before["columns"]


def test_boards_made_at_once_with_one_key_are_one(ada: Person) -> None:
    body = {"key": f"N{ada.id}", "name": "New"}
    answers = at_once(lambda: ada.ask("POST", "/boards", json=body, headers=KEY))
    assert {answer.status_code for answer in answers} == {201}
    assert len(ada.get("/boards")["items"]) == 1


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb"])
def test_a_key_that_is_none_is_a_422(ops: BoardOf, key: str) -> None:
    answer = ops.person.ask(
        "POST",
        f"/boards/{ops.key}/cards",
        json={"title": "A card"},
        headers={"Idempotency-Key": key},
    )
    assert answer.status_code == 422
    assert ops.cards() == []
