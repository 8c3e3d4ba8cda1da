"""The andon cord: while it is pulled no new work is started, on any path, and all else goes on."""

from typing import Any

import pytest
from httpx2 import Response

from app.cards.rebuild import examine_board
from tests.support import BoardOf, Person, Weir

REASON = "Staging rejects new pods"


@pytest.fixture
def pulled(ops: BoardOf) -> BoardOf:
    """Ada's board with a card in Backlog, one in Doing, and the cord pulled."""
    ops.add("Waits")
    ops.add("Under way", column="Doing")
    pull(ops)
    return ops


def pull(board: BoardOf, reason: str = REASON) -> Any:
    """Pulls a board's cord; the board then."""
    return board.person.post(f"/boards/{board.key}/andon", {"reason": reason})


def release(board: BoardOf, **told: str) -> Any:
    """Releases a board's cord; the board then."""
    return board.person.post(f"/boards/{board.key}/andon/resolve", told)


def history(board: BoardOf) -> list[Any]:
    """The board's pulls."""
    items: list[Any] = board.person.get(f"/boards/{board.key}/andon/history")["items"]
    return items


def card(board: BoardOf, title: str) -> Any:
    """The card with a title."""
    return next(each for each in board.cards() if each["title"] == title)


def move(board: BoardOf, title: str, column: str, **more: Any) -> Response:
    """Tries to move a card."""
    path = f"/cards/{card(board, title)['id']}/move"
    body = {"column_id": board.column(column), **more}
    return board.person.ask("POST", path, json=body)


def refused(response: Response) -> Any:
    """The problem of a change that the cord refused."""
    assert response.status_code == 409, response.text
    problem = response.json()
    assert problem["type"] == "/problems/andon-pulled"
    return problem


# --- Pulling and releasing -----------------------------------------------------------------------


def test_a_pulled_cord_stands_in_the_board_with_who_and_why(ops: BoardOf) -> None:
    assert ops.read()["andon"] is None
    board = pull(ops)
    assert board["andon"]["reason"] == REASON
    assert board["andon"]["pulled_by"] == {"id": ops.person.id, "name": "Ada Lovelace"}
    event = ops.events()[-1]
    assert (event["type"], event["data"]) == ("andon.pulled", {"reason": REASON})
    assert board["andon"]["pulled_at"] == event["at"]
    assert ops.read()["andon"] == board["andon"]


def test_a_cord_that_is_pulled_already_cannot_be_pulled(pulled: BoardOf) -> None:
    before = pulled.read()
    response = pulled.person.ask("POST", f"/boards/{pulled.key}/andon", json={"reason": "Again"})
    assert response.status_code == 409
    assert response.json()["type"] == "/problems/andon-already-pulled"
    assert REASON in response.json()["detail"]
    assert pulled.read() == before


def test_a_cord_that_hangs_cannot_be_released_or_helped_with(ops: BoardOf) -> None:
    before = ops.read()
    for path in ("resolve", "help"):
        body: dict[str, Any] | None = {} if path == "resolve" else None
        response = ops.person.ask("POST", f"/boards/{ops.key}/andon/{path}", json=body)
        assert response.status_code == 409
        assert response.json()["type"] == "/problems/andon-not-pulled"
    assert ops.read() == before


def test_a_pull_needs_a_reason(ops: BoardOf) -> None:
    bodies: list[dict[str, Any]] = [{}, {"reason": "  "}, {"reason": "x" * 501}]
    bodies.append({"reason": "x", "more": 1})
    for body in bodies:
        response = ops.person.ask("POST", f"/boards/{ops.key}/andon", json=body)
        assert response.status_code == 422, body
    assert ops.read()["andon"] is None


def test_what_was_learnt_stands_in_the_history(pulled: BoardOf, grace: Person) -> None:
    pulled.join(grace)
    pulled.seen_by(grace).person.post(f"/boards/{pulled.key}/andon/help")
    open_pull = history(pulled)[0]
    assert (open_pull["resolved_at"], open_pull["resolved_by"]) == (None, None)
    assert [each["name"] for each in open_pull["helpers"]] == ["Grace Hopper"]
    board = release(pulled, learning="Quota", countermeasure="Alert at 80 %")
    assert board["andon"] is None
    pull(pulled, "Again")
    newest, first = history(pulled)
    assert (newest["reason"], newest["helpers"], newest["learning"]) == ("Again", [], "")
    assert (first["reason"], first["learning"]) == (REASON, "Quota")
    assert first["countermeasure"] == "Alert at 80 %"
    assert first["pulled_by"]["name"] == first["resolved_by"]["name"] == "Ada Lovelace"
    assert [each["name"] for each in first["helpers"]] == ["Grace Hopper"]
    assert first["duration"] >= 0
    assert first["pulled_at"] == open_pull["pulled_at"] < first["resolved_at"]


def test_the_history_comes_in_pages_the_last_pull_first(ops: BoardOf) -> None:
    for number in range(5):
        pull(ops, f"Reason {number}")
        release(ops, learning=f"Learnt {number}")
    seen, cursor = [], None
    while True:
        query = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        page = ops.person.get(f"/boards/{ops.key}/andon/history", params=query)
        seen += [(each["reason"], each["learning"]) for each in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == [(f"Reason {number}", f"Learnt {number}") for number in (4, 3, 2, 1, 0)]


def test_whoever_helps_is_named_once(pulled: BoardOf, grace: Person) -> None:
    pulled.join(grace)
    for _ in range(2):
        grace.post(f"/boards/{pulled.key}/andon/help")
    board = pulled.person.post(f"/boards/{pulled.key}/andon/help")
    assert [each["name"] for each in board["andon"]["helpers"]] == ["Grace Hopper", "Ada Lovelace"]
    assert [event["type"] for event in pulled.events()].count("andon.helped") == 2


def test_a_viewer_sees_the_cord_and_cannot_pull_it(ops: BoardOf, grace: Person) -> None:
    ops.join(grace, "viewer")
    body = {"reason": REASON}
    assert grace.ask("POST", f"/boards/{ops.key}/andon", json=body).status_code == 403
    pull(ops)
    assert grace.get(f"/boards/{ops.key}")["andon"]["reason"] == REASON
    assert len(grace.get(f"/boards/{ops.key}/andon/history")["items"]) == 1
    assert grace.ask("POST", f"/boards/{ops.key}/andon/resolve", json={}).status_code == 403


def test_the_list_of_boards_says_where_the_cord_is_pulled(pulled: BoardOf) -> None:
    lines = {line["key"]: line for line in pulled.person.get("/boards?limit=200")["items"]}
    assert lines[pulled.key]["andon_pulled"] is True
    release(pulled)
    lines = {line["key"]: line for line in pulled.person.get("/boards?limit=200")["items"]}
    assert lines[pulled.key]["andon_pulled"] is False


# --- What it refuses -----------------------------------------------------------------------------


@pytest.mark.parametrize("column", ["Doing", "Done", "Test", "Deploy", "In production"])
def test_no_card_goes_from_before_the_first_active_column_into_it_or_beyond(
    pulled: BoardOf, column: str
) -> None:
    before = card(pulled, "Waits")
    problem = refused(move(pulled, "Waits", column))
    assert problem["reason"] == REASON
    assert problem["pulled_by"] == {"id": pulled.person.id, "name": "Ada Lovelace"}
    assert problem["pulled_at"] == pulled.read()["andon"]["pulled_at"]
    assert card(pulled, "Waits") == before
    event = pulled.events()[-1]
    assert event["type"] == "move.refused"
    assert event["card"]["id"] == before["id"]
    assert event["data"]["scope"] == "andon"
    assert event["data"]["to"]["column_id"] == pulled.column(column)


@pytest.mark.parametrize("column", ["Doing", "Ready to deploy", "In production"])
def test_no_card_is_created_there(pulled: BoardOf, column: str) -> None:
    body = {"title": "New", "column_id": pulled.column(column)}
    refused(pulled.person.ask("POST", f"/boards/{pulled.key}/cards", json=body))
    assert len(pulled.cards()) == 2


def test_incidents_are_created_and_started_anywhere(pulled: BoardOf) -> None:
    pulled.add("Straight in", column="Test", work_type="incident")
    pulled.add("Swarm", work_type="incident")
    assert move(pulled, "Swarm", "Deploy").status_code == 200


def test_work_that_is_under_way_goes_on_and_planning_too(pulled: BoardOf) -> None:
    assert move(pulled, "Under way", "Test").status_code == 200
    assert move(pulled, "Under way", "Doing").status_code == 200
    assert move(pulled, "Waits", "Ready").status_code == 200
    pulled.add("For later", column="Ready")
    pulled.person.post(f"/cards/{card(pulled, 'Under way')['id']}/block", {"reason": "Pods"})


def test_what_goes_back_to_the_backlog_is_not_started_anew(pulled: BoardOf) -> None:
    assert move(pulled, "Under way", "Backlog").status_code == 200
    refused(move(pulled, "Under way", "Doing"))
    undone = pulled.person.ask("POST", f"/boards/{pulled.key}/undo")
    refused(undone)
    assert card(pulled, "Under way")["column_id"] == pulled.column("Backlog")


def test_many_at_once_are_refused_where_one_of_them_is_new_work(pulled: BoardOf) -> None:
    cards = [{"id": card(pulled, title)["id"]} for title in ("Under way", "Waits")]
    body = {"action": "move", "cards": cards, "column_id": pulled.column("Test")}
    problem = refused(pulled.person.ask("POST", f"/boards/{pulled.key}/cards/bulk", json=body))
    assert problem["reason"] == REASON
    assert card(pulled, "Under way")["column_id"] == pulled.column("Doing")
    assert pulled.events()[-1]["data"]["card_ids"] == [each["id"] for each in reversed(cards)]


def test_no_card_comes_from_another_board_as_new_work(pulled: BoardOf) -> None:
    other = pulled.person.board(f"W{pulled.key}"[:10], "simple")
    there = other.add("Elsewhere", column="In progress")
    path = f"/cards/{there['id']}/transfer"
    body = {"board": pulled.key, "column_id": pulled.column("Doing")}
    refused(pulled.person.ask("POST", path, json=body))
    assert other.cards()[0]["id"] == there["id"]
    body["column_id"] = pulled.column("Ready")
    assert pulled.person.ask("POST", path, json=body).status_code == 200


def test_a_column_that_goes_does_not_push_its_cards_into_work(pulled: BoardOf) -> None:
    column, doing = pulled.column("Backlog"), pulled.column("Test")
    path = f"/columns/{column}?move_cards_to={doing}"
    refused(pulled.person.ask("DELETE", path))
    assert card(pulled, "Waits")["column_id"] == column
    path = f"/columns/{column}?move_cards_to={pulled.column('Ready')}"
    assert pulled.person.ask("DELETE", path).status_code in {200, 204}


def test_an_import_brings_no_new_work(pulled: BoardOf) -> None:
    def document(column: str, **more: str) -> Any:
        entry = {"title": "Brought", "created_at": "2026-01-05T09:00:00Z", "column": column, **more}
        return {"format": "weir-history/1", "cards": [entry]}

    path = f"/boards/{pulled.key}/import"
    refused(pulled.person.ask("POST", path, json=document("Doing")))
    assert len(pulled.cards()) == 2
    for entry in (document("Ready"), document("Doing", work_type="incident")):
        assert pulled.person.ask("POST", path, json=entry).is_success
    assert len(pulled.cards()) == 4


def test_a_card_that_was_archived_in_work_comes_back_to_it(pulled: BoardOf) -> None:
    there = card(pulled, "Under way")
    pulled.person.post(f"/cards/{there['id']}/archive")
    back = pulled.person.post(f"/cards/{there['id']}/restore")
    assert back["column_id"] == pulled.column("Doing")


def test_after_the_release_work_is_started_again(pulled: BoardOf) -> None:
    release(pulled)
    assert move(pulled, "Waits", "Doing").status_code == 200
    assert pulled.add("New", column="Doing")["started_at"] is not None


def test_where_the_first_column_is_active_nothing_but_incidents_is_created(ada: Person) -> None:
    board = ada.board("ANDON", "empty")
    body = {"name": "Work", "kind": "active"}
    ada.post(f"/boards/{board.key}/columns", body)
    pull(board)
    refused(ada.ask("POST", f"/boards/{board.key}/cards", json={"title": "New"}))
    ada.post(f"/boards/{board.key}/cards", {"title": "Swarm", "work_type": "incident"})


def test_a_limit_is_asked_after_the_cord(pulled: BoardOf) -> None:
    pulled.person.patch(f"/columns/{pulled.column('Doing')}", {"wip_limit": 1})
    refused(move(pulled, "Waits", "Doing"))
    release(pulled)
    response = move(pulled, "Waits", "Doing")
    assert response.json()["type"] == "/problems/wip-limit-reached"


def test_refusals_by_the_cord_are_counted_beside_those_by_limits(pulled: BoardOf) -> None:
    refused(move(pulled, "Waits", "Doing"))
    found = pulled.person.get(f"/boards/{pulled.key}/stats/refusals")
    assert found["other_rules"] == {"andon": 1}
    assert found["count"] == 0


def test_the_history_of_a_card_says_that_the_cord_refused(pulled: BoardOf, weir: Weir) -> None:
    refused(move(pulled, "Waits", "Doing"))
    there = card(pulled, "Waits")
    events = pulled.person.get(f"/cards/{there['id']}/history")["items"]
    assert events[-1]["type"] == "move.refused"
    assert weir.db.read_now(examine_board, pulled.key) == []


def test_each_pull_stands_among_the_changes_of_the_flow_page(pulled: BoardOf) -> None:
    person = pulled.person
    answer = person.weir.client.get(
        f"/boards/{pulled.key}/flow", headers={"Authorization": f"Bearer {person.token}"}
    )
    assert f"Cord pulled: {REASON}" in answer.text
