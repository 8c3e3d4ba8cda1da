"""Members through the API: who is on a board, in which role, and how that ends."""

from typing import Any

import pytest

from tests.support import BoardOf, Person


def roles(board: BoardOf) -> dict[int, str]:
    """Who is on a board."""
    return {member["user_id"]: member["role"] for member in board.read()["members"]}


@pytest.mark.parametrize("role", ["viewer", "member", "liaison", "manager"])
def test_a_person_with_an_account_becomes_a_member(ops: BoardOf, grace: Person, role: str) -> None:
    body = {"email": grace.email.upper(), "role": role}
    before = ops.read()["seq"]
    made = ops.person.post(f"/boards/{ops.key}/members", body)
    expected = {"user_id": grace.id, "name": "Grace Hopper", "email": grace.email, "role": role}
    assert made == expected
    assert expected in ops.read()["members"]
    assert expected in ops.person.get(f"/boards/{ops.key}/members")["items"]
    (event,) = ops.events(before)
    assert event["type"] == "member.changed"
    assert event["data"] == {"user_id": grace.id, "name": "Grace Hopper", "from": None, "to": role}


def test_an_address_without_an_account_is_a_422(ops: BoardOf) -> None:
    body = {"email": "nobody@example.org", "role": "member"}
    response = ops.person.ask("POST", f"/boards/{ops.key}/members", json=body)
    assert response.status_code == 422
    assert response.json()["errors"][0]["loc"] == ["body", "email"]


def test_nobody_becomes_a_member_twice(ops: BoardOf, grace: Person) -> None:
    ops.join(grace)
    body = {"email": grace.email, "role": "manager"}
    response = ops.person.ask("POST", f"/boards/{ops.key}/members", json=body)
    assert (response.status_code, response.json()["type"]) == (409, "/problems/already-exists")
    assert roles(ops)[grace.id] == "member"


@pytest.mark.parametrize("role", ["owner", "", None, 1, "Manager"])
def test_a_role_is_one_of_four(ops: BoardOf, grace: Person, role: Any) -> None:
    body = {"email": grace.email, "role": role}
    assert ops.person.ask("POST", f"/boards/{ops.key}/members", json=body).status_code == 422


def test_a_role_changes_at_once(ops: BoardOf, grace: Person) -> None:
    ops.join(grace, "viewer")
    theirs = ops.seen_by(grace)
    assert theirs.try_add().status_code == 403
    before = ops.read()["seq"]
    changed = ops.person.patch(f"/boards/{ops.key}/members/{grace.id}", {"role": "member"})
    assert changed["role"] == "member"
    assert theirs.try_add().status_code == 201
    event = ops.events(before)[0]
    assert event["data"] == {
        "user_id": grace.id,
        "name": "Grace Hopper",
        "from": "viewer",
        "to": "member",
    }
    # The same role again is no change.
    seq = ops.read()["seq"]
    ops.person.patch(f"/boards/{ops.key}/members/{grace.id}", {"role": "member"})
    assert ops.read()["seq"] == seq


def test_whoever_is_removed_sees_nothing_any_more_and_stays_in_the_history(
    ops: BoardOf, grace: Person
) -> None:
    ops.join(grace)
    card = ops.seen_by(grace).add("Hers", assignee_ids=[grace.id])
    ops.person.delete(f"/boards/{ops.key}/members/{grace.id}")
    assert grace.ask("GET", f"/boards/{ops.key}").status_code == 404
    assert grace.ask("GET", f"/cards/{card['id']}").status_code == 404
    created = next(e for e in ops.events() if e["type"] == "card.created")
    assert created["actor"] == {"id": grace.id, "name": "Grace Hopper"}
    assert ops.events()[-1]["data"]["to"] is None
    kept = ops.person.get(f"/cards/{card['id']}")
    assert kept["created_by"] == {"id": grace.id, "name": "Grace Hopper"}


def test_a_board_keeps_its_last_manager(ops: BoardOf, grace: Person) -> None:
    ops.join(grace)
    me = f"/boards/{ops.key}/members/{ops.person.id}"
    for response in (
        ops.person.ask("DELETE", me),
        ops.person.ask("PATCH", me, json={"role": "member"}),
    ):
        assert (response.status_code, response.json()["type"]) == (
            409,
            "/problems/last-of-its-kind",
        )
    assert roles(ops)[ops.person.id] == "manager"
    ops.person.patch(f"/boards/{ops.key}/members/{grace.id}", {"role": "manager"})
    ops.person.delete(me)
    assert roles(ops.seen_by(grace)) == {grace.id: "manager"}


def test_somebody_who_is_no_member_cannot_be_changed_or_removed(
    ops: BoardOf, grace: Person
) -> None:
    path = f"/boards/{ops.key}/members/{grace.id}"
    assert ops.person.ask("PATCH", path, json={"role": "member"}).status_code == 404
    assert ops.person.ask("DELETE", path).status_code == 404


def test_members_come_in_pages_by_name(ops: BoardOf, grace: Person) -> None:
    ops.join(grace)
    for n in range(3):
        ops.join(grace.weir.person("Twin Name", email=f"twin{n}.{ops.person.id}@example.org"))
    seen: list[int] = []
    cursor = None
    while True:
        query = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        page = ops.person.get(f"/boards/{ops.key}/members", params=query)
        seen += [member["user_id"] for member in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    members = ops.read()["members"]
    assert sorted(seen) == sorted(member["user_id"] for member in members)
    assert len(seen) == len(set(seen)) == 5
