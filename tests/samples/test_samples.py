"""Sample boards: made whole, sound, full of life, and gone without a trace."""

import time
from typing import Any

import pytest
from sqlalchemy import select

from app.cards.rebuild import examine_board
from app.db import Tx
from app.models import Base
from app.samples.lessons import LESSONS
from tests.cards.test_faces import bars, face, page
from tests.support import BoardOf, Person, Weir


def sample(person: Person, **body: Any) -> BoardOf:
    """A sample board of somebody's."""
    return BoardOf(person, person.post("/boards/sample", body or None)["key"])


def contents(weir: Weir) -> dict[str, list[str]]:
    """All that the database holds."""

    def read(tx: Tx) -> dict[str, list[str]]:
        tables = Base.metadata.sorted_tables
        return {table.name: sorted(map(repr, tx.execute(select(table)))) for table in tables}

    return weir.db.read_now(read)


def test_a_sample_is_a_dev_ops_board_of_the_one_who_makes_it(ada: Person) -> None:
    board = sample(ada).read()
    assert board["sample"] is True
    assert board["name"] == "Sample: Platform"
    assert [(member["user_id"], member["role"]) for member in board["members"]] == [
        (ada.id, "manager")
    ]
    assert [column["name"] for column in board["columns"]][0::7] == ["Backlog", "In production"]


def test_each_sample_gets_a_key_of_its_own_unless_one_is_chosen(ada: Person) -> None:
    first, second = sample(ada), sample(ada)
    assert first.key != second.key
    assert first.key.startswith("SAMPLE")
    key = f"L{ada.id}"
    assert sample(ada, key=key, name="Look around").read()["name"] == "Look around"
    assert ada.ask("POST", "/boards/sample", json={"key": key}).status_code == 409


def test_a_sample_is_made_quickly(ada: Person) -> None:
    begun = time.process_time()
    sample(ada)
    assert time.process_time() - begun < 2


def test_nothing_is_wrong_with_a_sample(ada: Person) -> None:
    board = sample(ada)
    assert ada.weir.db.read_now(examine_board, board.key) == []


def test_a_sample_is_alive(ada: Person) -> None:
    board = sample(ada)
    stats = ada.get(f"/boards/{board.key}/stats/lead-time")
    assert stats["count"] >= 30
    cards = board.cards()
    assert sum(card["blocked"] is not None for card in cards) == 2
    assert any(card["due_on"] and not card["done_at"] for card in cards)
    assert any(card["assignees"] for card in cards)
    html = page(board)
    assert 'class="age age-' in html
    assert "3/5" in html
    assert "label-blue" in html
    assert {event["type"] for event in board.events()} >= {"move.refused", "card.blocked"}
    in_work = next(card for card in cards if card["age"] and card["title"] not in str(LESSONS))
    assert bars(face(board, in_work["title"])) is not None


def test_its_cord_was_pulled_and_nothing_was_started_meanwhile(ada: Person) -> None:
    board = sample(ada)
    pulls = ada.get(f"/boards/{board.key}/andon/history")["items"]
    assert len(pulls) == 2
    assert board.read()["andon"] is None
    started = {"card.created", "card.moved"}
    moves = [event["at"] for event in board.events() if event["type"] in started]
    for pull in pulls:
        assert pull["learning"]
        assert pull["countermeasure"]
        assert 600 < pull["duration"] <= 7200
        assert not [at for at in moves if pull["pulled_at"] <= at <= pull["resolved_at"]]


def test_the_lessons_can_be_done(ada: Person) -> None:
    board = sample(ada)
    cards = {card["title"]: card for card in board.cards()}
    rename, pull, overfill, block, *_ = (cards[lesson.title] for lesson in LESSONS)
    assert ada.patch(f"/cards/{rename['id']}", {"title": "Renamed"})["title"] == "Renamed"
    board.move(pull, "Doing")
    refused = board.try_move(overfill, "Test")
    assert refused.status_code == 409
    assert refused.json()["place"]["name"] == "Test"
    assert ada.post(f"/cards/{block['id']}/block", {"reason": "A lesson"})["blocked"]
    assert {c["title"] for c in board.cards()} >= {lesson.title for lesson in LESSONS[1:]}


def test_a_removed_sample_leaves_no_trace(ada: Person, grace: Person) -> None:
    weir = ada.weir
    before = contents(weir)
    board = sample(ada)
    board.join(grace)
    cards = board.cards()
    ada.post(f"/cards/{cards[0]['id']}/comments", {"body": "Said"})
    ada.post(f"/cards/{cards[0]['id']}/web-links", {"url": "https://example.org"})
    ada.post(f"/cards/{cards[0]['id']}/checklists", {"name": "To do"})
    ada.patch(f"/cards/{cards[0]['id']}", {"labels": ["new"], "assignee_ids": [grace.id]})
    narrowed = weir.token(ada, boards=[board.key])
    ada.delete(f"/boards/{board.key}/sample")
    assert ada.ask("GET", f"/boards/{board.key}").status_code == 404
    assert narrowed.get("/boards")["items"] == []
    after = contents(weir)
    after["tokens"] = [row for row in after["tokens"] if row in before["tokens"]]
    assert after == before


def test_only_a_manager_removes_a_sample(ada: Person, grace: Person) -> None:
    board = sample(ada)
    board.join(grace)
    assert grace.ask("DELETE", f"/boards/{board.key}/sample").status_code == 403
    assert board.read()["sample"] is True


def test_a_board_of_real_work_is_never_removed(ops: BoardOf) -> None:
    response = ops.person.ask("DELETE", f"/boards/{ops.key}/sample")
    assert response.status_code == 409
    assert response.json()["type"] == "/problems/not-a-sample"
    assert ops.read()["sample"] is False


def test_an_archived_sample_can_be_removed(ada: Person) -> None:
    board = sample(ada)
    ada.delete(f"/boards/{board.key}")
    ada.delete(f"/boards/{board.key}/sample")
    assert ada.ask("GET", f"/boards/{board.key}").status_code == 404


@pytest.mark.parametrize("body", [{"key": "1"}, {"name": ""}, {"template": "simple"}, []])
def test_a_sample_takes_no_nonsense(ada: Person, body: Any) -> None:
    assert ada.ask("POST", "/boards/sample", json=body).status_code == 422
