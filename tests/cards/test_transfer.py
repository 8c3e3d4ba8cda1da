"""Moving a card to another board."""

from typing import Any

import pytest
from httpx2 import Response

from app.cards.rebuild import examine_board
from tests.auth.pages import Browser
from tests.support import BoardOf, Person, Weir


@pytest.fixture
def web(ops: BoardOf) -> BoardOf:
    """Ada's other board: To do, In progress (3), Done."""
    return ops.person.board(f"W{ops.key}"[:10], "simple")


def transfer(board: BoardOf, card: Any, to: BoardOf, **where: Any) -> Any:
    """Moves a card to another board; its JSON then."""
    response = try_transfer(board, card, to, **where)
    assert response.status_code == 200, response.text
    return response.json()["card"]


def try_transfer(board: BoardOf, card: Any, to: BoardOf, **where: Any) -> Response:
    """Tries to move a card to another board."""
    path = f"/cards/{card['id']}/transfer"
    return board.person.ask("POST", path, json={"board": to.key, **where})


def sound(weir: Weir, *boards: BoardOf) -> None:
    """What is derived of the boards is what their histories say."""
    for board in boards:
        assert weir.db.read_now(examine_board, board.key) == []


def test_a_card_goes_to_another_board_and_keeps_what_it_is(
    weir: Weir, ops: BoardOf, web: BoardOf
) -> None:
    web.add("The first there")
    card = ops.add("Wanders", column="Doing", description="Long", work_type="debt")
    moved = transfer(ops, card, web)
    assert moved["id"] == card["id"]
    assert (moved["board"], moved["number"], moved["ref"]) == (web.key, 2, f"{web.key}-2")
    assert moved["column_id"] == web.column("To do")
    same = ("title", "description", "work_type", "created_at", "started_at", "created_by")
    assert {name: moved[name] for name in same} == {name: card[name] for name in same}
    assert moved["version"] == card["version"] + 1
    assert ops.cards() == []
    assert [each["title"] for each in web.cards()] == ["The first there", "Wanders"]
    assert ops.read()["columns"][2]["card_count"] == 0
    assert [ops.events()[-1]["type"], web.events()[-1]["type"]] == ["card.left", "card.arrived"]
    sound(weir, ops, web)


def test_its_clocks_go_on(weir: Weir, ops: BoardOf, web: BoardOf) -> None:
    card = ops.add(column="Doing")
    ops.person.post(f"/cards/{card['id']}/block", {"reason": "Vendor"})
    ops.person.post(f"/cards/{card['id']}/unblock")
    ops.move(card, "Done")
    moved = transfer(ops, card, web)
    assert moved["started_at"] == card["started_at"]
    assert moved["process_time"] > 0
    assert moved["blocked_time"] > 0
    done = web.move(moved, "Done")
    assert done["lead_time"] > done["cycle_time"] - 0.000_001
    assert done["process_time"] >= moved["process_time"]
    stats = ops.person.get(f"/boards/{web.key}/stats/lead-time")
    assert (stats["count"], stats["mean"]) == (1, done["lead_time"])
    sound(weir, ops, web)


def test_a_done_card_counts_where_it_is(weir: Weir, ops: BoardOf, web: BoardOf) -> None:
    card = ops.add(column="Doing")
    ops.move(card, "In production")
    at = ops.person.get(f"/cards/{card['id']}")["done_at"]
    moved = transfer(ops, card, web, column_id=web.column("Done"))
    assert moved["done_at"] == at
    counts = [
        ops.person.get(f"/boards/{board.key}/stats/lead-time")["count"] for board in (ops, web)
    ]
    assert counts == [0, 1]
    sound(weir, ops, web)


def test_what_its_old_columns_become_later_does_not_change_its_past(
    weir: Weir, ops: BoardOf, web: BoardOf
) -> None:
    card = ops.add(column="Doing")
    moved = transfer(ops, card, web)
    ops.person.patch(f"/columns/{ops.column('Doing')}", {"kind": "queue"})
    ops.person.patch(f"/columns/{web.column('In progress')}", {"kind": "queue"})
    ops.person.patch(f"/columns/{web.column('In progress')}", {"kind": "active"})
    now = ops.person.get(f"/cards/{card['id']}")
    same = ("started_at", "process_time")
    assert [now[name] for name in same] == [moved[name] for name in same]
    sound(weir, ops, web)


def test_people_labels_and_team_go_along_where_they_are_known(
    weir: Weir, ops: BoardOf, web: BoardOf, grace: Person
) -> None:
    ops.join(grace)
    me = ops.person
    both = [me.id, grace.id]
    card = ops.add(assignee_ids=both, labels=["tls", "infra"], team="ops")
    web.add(labels=["tls"])
    web.person.patch(f"/boards/{web.key}", {"teams": ["web"]})
    moved = transfer(ops, card, web)
    assert [person["id"] for person in moved["assignees"]] == [me.id]
    assert moved["labels"] == ["infra", "tls"]
    assert moved["team"] is None
    arrived = web.events()[-1]["data"]
    assert (arrived["dropped_assignee_ids"], arrived["dropped_team"]) == ([grace.id], "ops")
    sound(weir, ops, web)


def test_a_blocked_card_stays_blocked(weir: Weir, ops: BoardOf, web: BoardOf) -> None:
    card = ops.add()
    ops.person.post(f"/cards/{card['id']}/block", {"reason": "Vendor"})
    moved = transfer(ops, card, web)
    assert moved["blocked"]["reason"] == "Vendor"
    ops.person.post(f"/cards/{card['id']}/unblock")
    sound(weir, ops, web)


def test_the_limits_of_the_other_board_hold(ops: BoardOf, web: BoardOf) -> None:
    for _ in range(3):
        web.add(column="In progress")
    card = ops.add("One too many")
    before = ops.read()["seq"]
    response = try_transfer(ops, card, web, column_id=web.column("In progress"))
    assert (response.status_code, response.json()["type"]) == (409, "/problems/wip-limit-reached")
    refused = web.events()[-1]
    assert (refused["type"], refused["data"]["action"]) == ("move.refused", "transfer")
    assert refused["card"] is None
    assert ops.read()["seq"] == before
    assert len(ops.cards()) == 1


def test_the_limit_of_a_person_holds(ops: BoardOf, web: BoardOf) -> None:
    me = ops.person
    me.patch(f"/boards/{web.key}", {"person_wip_limit": 1})
    web.add(column="In progress", assignee_ids=[me.id])
    card = ops.add(assignee_ids=[me.id])
    response = try_transfer(ops, card, web, column_id=web.column("In progress"))
    assert response.json()["scope"] == "person"


def test_one_works_on_both_boards_or_moves_nothing(
    ops: BoardOf, web: BoardOf, grace: Person
) -> None:
    card = ops.add()
    hers = ops.seen_by(grace)
    assert try_transfer(hers, card, web).status_code == 404
    ops.join(grace)
    assert try_transfer(hers, card, web).status_code == 404
    web.join(grace, "viewer")
    assert try_transfer(hers, card, web).status_code == 403
    ops.person.patch(f"/boards/{web.key}/members/{grace.id}", {"role": "member"})
    assert try_transfer(hers, card, web).status_code == 200


@pytest.mark.parametrize("where", [{"column_id": 987_654}, {"lane_id": 987_654}])
def test_a_place_that_is_none_of_the_other_board_is_a_422(
    ops: BoardOf, web: BoardOf, where: dict[str, int]
) -> None:
    assert try_transfer(ops, ops.add(), web, **where).status_code == 422
    card = ops.add()
    column = ops.column("Doing")
    assert try_transfer(ops, card, web, column_id=column).status_code == 422
    assert try_transfer(ops, card, ops).status_code == 422


def test_the_old_number_leads_to_those_who_may_see_the_card(
    ops: BoardOf, web: BoardOf, grace: Person
) -> None:
    ops.join(grace)
    card = ops.add("Then")
    old = f"/boards/{ops.key}/cards/{card['number']}"
    transfer(ops, card, web)
    ops.person.patch(f"/cards/{card['id']}", {"title": "Now"})
    assert ops.person.get(old)["title"] == "Now"
    assert grace.ask("GET", old).status_code == 404
    # Who sees the old board alone reads there what the card was.
    told = [event["card"] for event in ops.seen_by(grace).events() if event["card"]]
    assert {(each["ref"], each["title"]) for each in told} == {(card["ref"], "Then")}


def test_its_history_is_one_story(ops: BoardOf, web: BoardOf) -> None:
    card = ops.add(column="Ready")
    ops.move(card, "Doing")
    moved = transfer(ops, card, web)
    web.move(moved, "In progress")
    transfer(web, moved, ops)
    path = f"/cards/{card['id']}/history"
    history = ops.person.get(path)["items"]
    assert [event["type"] for event in history] == [
        "card.created",
        "card.moved",
        "card.left",
        "card.arrived",
        "card.moved",
        "card.left",
        "card.arrived",
    ]
    pages: list[Any] = []
    cursor: str | None = None
    while True:
        more = {} if cursor is None else {"cursor": cursor}
        page = ops.person.get(path, params={"limit": 2, **more})
        pages += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert pages == history


def test_a_card_that_comes_back_has_its_number_again(
    weir: Weir, ops: BoardOf, web: BoardOf
) -> None:
    card = ops.add(column="Doing")
    moved = transfer(ops, card, web, column_id=web.column("In progress"))
    ops.add("Made meanwhile")
    back = transfer(web, moved, ops)
    assert back["ref"] == card["ref"]
    assert ops.person.get(f"/boards/{web.key}/cards/{moved['number']}")["ref"] == card["ref"]
    again = transfer(ops, back, web)
    assert again["ref"] == moved["ref"]
    assert web.add()["number"] == moved["number"] + 1
    sound(weir, ops, web)


def test_an_external_id_that_is_taken_there_holds_it_back(ops: BoardOf, web: BoardOf) -> None:
    web.add(external_id="X1")
    assert try_transfer(ops, ops.add(external_id="X1"), web).status_code == 409


def test_an_archived_card_stays(ops: BoardOf, web: BoardOf) -> None:
    card = ops.add()
    ops.person.post(f"/cards/{card['id']}/archive")
    assert try_transfer(ops, card, web).json()["type"] == "/problems/card-archived"


def test_what_was_exported_there_can_be_imported(ops: BoardOf, web: BoardOf) -> None:
    card = ops.add(column="Doing")
    transfer(ops, card, web, column_id=web.column("In progress"))
    web.add(column="Done")
    document = ops.person.get(f"/boards/{web.key}/export")
    copy = ops.person.board(f"C{ops.key}"[:10], "empty")
    ops.person.post(f"/boards/{copy.key}/import", document)
    assert ops.person.get(f"/boards/{copy.key}/export") == document
    clocks = ("created_at", "started_at", "done_at")
    found = [[each[name] for name in clocks] for each in copy.cards()]
    assert found == [[each[name] for name in clocks] for each in web.cards()]


# --- The page ------------------------------------------------------------------------------------


def test_the_form_moves_a_card_and_its_old_address_leads_there(
    weir: Weir, ops: BoardOf, web: BoardOf
) -> None:
    card = ops.add("Wanders")
    browser = Browser(weir, ops.person)
    old = f"/boards/{ops.key}/cards/{card['number']}"
    assert "Another board…" in browser.get(f"{old}/move").text
    form = browser.get(f"{old}/transfer", params={"board": web.key})
    assert "In progress (0 of 3)" in form.text
    fields = {"board": web.key, "column_id": web.column("In progress")}
    sent = browser.ask("POST", f"{old}/transfer", data=fields, follow_redirects=False)
    new = f"/boards/{web.key}/cards/1"
    assert (sent.status_code, sent.headers["location"]) == (303, new)
    assert browser.get(old, follow_redirects=False).headers["location"] == new
    assert f"where it was {card['ref']}" in browser.get(new).text


def test_a_refusal_of_the_form_says_why(weir: Weir, ops: BoardOf, web: BoardOf) -> None:
    for _ in range(3):
        web.add(column="In progress")
    card = ops.add()
    browser = Browser(weir, ops.person)
    path = f"/boards/{ops.key}/cards/{card['number']}/transfer"
    fields = {"board": web.key, "column_id": web.column("In progress")}
    refused = browser.send(path, **fields)
    assert refused.status_code == 409
    assert f"In progress on {web.key} board is full (3 of 3)." in refused.text
    # What was chosen stays chosen, and the reason stands beside it.
    assert f'<option value="{fields["column_id"]}" selected>' in refused.text
    beside = f'id="transfer-column_id-help">In progress on {web.key} board is full (3 of 3).</p>'
    assert beside in refused.text
    part = browser.ask("POST", path, data=fields, headers={"HX-Request": "true"})
    assert (part.status_code, "is full (3 of 3)" in part.text) == (409, True)
    moved = browser.ask("POST", path, data={"board": web.key}, headers={"HX-Request": "true"})
    assert f'data-gone="card-{card["id"]}"' in moved.text
