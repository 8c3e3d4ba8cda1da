"""The panel of a card without a browser: what is asked for, what comes back, what it costs."""

from typing import Any

import pytest
from httpx2 import Response
from sqlalchemy import insert

from app.auth import service as auth
from app.db import Tx
from app.models import CardAddress
from tests.cards.test_statements import cost
from tests.support import BoardOf, Person

HTMX = {"HX-Request": "true"}


class Reader:
    """A person who has signed in on the pages."""

    def __init__(self, person: Person) -> None:
        self.weir = person.weir
        secret = self.weir.db.write_now(auth.begin_session, person.id, "tests", 1)
        self.cookie = {"Cookie": f"{self.weir.app.state.cookie}={secret}"}

    def get(self, path: str, headers: dict[str, str] = HTMX) -> Response:
        """Asks for a page, or with the usual headers for a part of one."""
        return self.weir.client.get(path, headers={**self.cookie, **headers})

    def post(self, path: str, headers: dict[str, str] = HTMX, /, **form: Any) -> Response:
        """Sends a form."""
        return self.weir.client.post(path, headers={**self.cookie, **headers}, data=form)


@pytest.fixture
def card(ops: BoardOf) -> Any:
    """A card on Ada's board."""
    return ops.add("Audit the log", description="- [ ] one\n- [ ] two")


@pytest.fixture
def path(ops: BoardOf, card: Any) -> str:
    """The address of that card's page."""
    return f"/boards/{ops.key}/cards/{card['number']}"


@pytest.fixture
def page(ada: Person) -> Reader:
    """Ada at her browser."""
    return Reader(ada)


def test_a_plain_request_gets_the_board_with_the_panel_and_htmx_the_panel_alone(
    page: Reader, path: str
) -> None:
    whole, part = page.get(path, {}), page.get(path)
    assert whole.status_code == part.status_code == 200
    for answer in (whole, part):
        assert "HX-Request" in answer.headers["vary"]
    assert "<html" in whole.text
    assert 'id="board"' in whole.text
    assert part.text.lstrip().startswith("<aside")
    for answer in (whole, part):
        assert answer.text.count('id="panel"') == 1
        assert "Audit the log" in answer.text


def test_a_change_brings_the_panel_and_what_changed_on_the_board(
    page: Reader, path: str, ops: BoardOf
) -> None:
    answer = page.post(f"{path}/fields", field="team", team="ops")
    assert answer.status_code == 200
    assert 'id="panel"' in answer.text
    assert 'id="arrivals"' in answer.text
    assert ops.cards()[0]["team"] == "ops"
    plain = page.post(f"{path}/fields", {}, field="team", team="")
    assert plain.status_code == 303
    assert plain.headers["location"] == f"{path}#at-team"
    assert ops.cards()[0]["team"] is None


def test_a_text_is_saved_over_the_one_that_was_seen_and_over_no_other(
    page: Reader, path: str, card: Any, ops: BoardOf
) -> None:
    first = page.get(path).text.split('data-seen-title="')[1][:16]
    ops.person.patch(f"/cards/{card['id']}", {"team": "ops"})
    stale = {"version": card["version"], "seen": first}
    assert page.post(f"{path}/texts/title", title="Mine", **stale).status_code == 200
    refused = page.post(f"{path}/texts/title", title="Mine again", **stale)
    assert refused.status_code == 409
    assert "changed the title while you were writing" in refused.text
    assert "Mine again" in refused.text
    assert ops.cards()[0]["title"] == "Mine"
    # Who saves what is there already disturbs nobody.
    assert page.post(f"{path}/texts/title", title="Mine", **stale).status_code == 200


def test_without_a_mark_the_version_decides(
    page: Reader, path: str, card: Any, ops: BoardOf
) -> None:
    ops.person.patch(f"/cards/{card['id']}", {"team": "ops"})
    old, new = {"version": card["version"]}, {"version": card["version"] + 1}
    assert page.post(f"{path}/texts/description", description="Mine", **old).status_code == 409
    assert page.post(f"{path}/texts/description", description="", **new).status_code == 200
    assert ops.cards()[0]["description"] == ""


def test_a_task_is_ticked_by_its_place(page: Reader, path: str, card: Any, ops: BoardOf) -> None:
    values = {"version": card["version"], "checked": "true"}
    assert page.post(f"{path}/tasks", task=1, **values).status_code == 200
    assert ops.cards()[0]["description"] == "- [ ] one\n- [x] two"
    assert page.post(f"{path}/tasks", task=0, **values).status_code == 409
    values["version"] += 1
    assert page.post(f"{path}/tasks", task=7, **values).status_code == 422
    assert ops.cards()[0]["description"] == "- [ ] one\n- [x] two"


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"field": "work_type", "work_type": ""}, "must be one of the choices"),
        ({"field": "work_type", "work_type": "novel"}, "must be one of the choices"),
        ({"field": "team", "team": "finance"}, "is not one of the board"),
        ({"field": "due_on", "due_on": "2026-02-30"}, "must be a day that exists"),
        ({"field": "title"}, "must be one of the choices"),
        ({"field": "assignee_ids", "assignee_ids": "987654"}, "is not a member"),
    ],
)
def test_a_field_that_cannot_be_is_refused_in_words(
    page: Reader, path: str, ops: BoardOf, form: dict[str, str], said: str
) -> None:
    before = ops.cards()
    answer = page.post(f"{path}/fields", **form)
    assert answer.status_code == 422
    assert form["field"] == "title" or said in answer.text
    assert ops.cards() == before


def test_what_belongs_to_another_card_is_not_there(page: Reader, path: str, ops: BoardOf) -> None:
    other = ops.add("Another")
    base = f"/cards/{other['id']}"
    comment = ops.person.post(f"{base}/comments", {"body": "Said"})
    made = ops.person.post(f"{base}/checklists", {"name": "To do", "items": ["One"]})
    address = ops.person.post(f"{base}/web-links", {"url": "https://example.org"})
    forms: tuple[tuple[str, dict[str, str]], ...] = (
        (f"comments/{comment['id']}", {"body": "Mine"}),
        (f"comments/{comment['id']}/delete", {}),
        (f"checklists/{made['id']}", {"name": "Mine"}),
        (f"checklists/{made['id']}/delete", {}),
        (f"checklists/{made['id']}/items", {"text": "Mine"}),
        (f"items/{made['items'][0]['id']}", {"index": "0", "checked": "true"}),
        (f"addresses/{address['id']}", {"url": "https://example.com"}),
        (f"addresses/{address['id']}/delete", {}),
        ("links/987654/delete", {}),
    )
    for part, form in forms:
        assert page.post(f"{path}/{part}", **form).status_code == 404, part
    assert ops.person.get(f"{base}/comments")["items"] == [comment]
    assert ops.person.get(f"{base}/checklists")["items"] == [made]
    assert ops.person.get(f"{base}/web-links")["items"] == [address]


def test_a_viewer_sees_no_form_and_may_send_none(
    path: str, ops: BoardOf, grace: Person, card: Any
) -> None:
    ops.join(grace, "viewer")
    viewer = Reader(grace)
    assert "<form" not in viewer.get(path).text
    version = {"version": str(card["version"])}
    for part, form in (
        ("texts/title", {"title": "Mine", **version}),
        ("texts/description", {"description": "Mine", **version}),
        ("tasks", {"task": "0", "checked": "true", **version}),
        ("fields", {"field": "team", "team": "ops"}),
        ("discard", {}),
        ("comments", {"body": "Mine"}),
        ("checklists", {"name": "Mine"}),
        ("links", {"kind": "blocks", "ref": card["ref"]}),
        ("addresses", {"url": "https://example.org"}),
    ):
        before = ops.events()
        answer = viewer.post(f"{path}/{part}", **form)
        assert answer.status_code in {403, 422}, part
        assert ops.events() == before


def test_a_stranger_finds_nothing(path: str, grace: Person) -> None:
    stranger = Reader(grace)
    assert stranger.get(path).status_code == 404
    assert stranger.get(f"{path}/candidates?ref=a").status_code == 404
    assert stranger.post(f"{path}/comments", body="Hello").status_code == 404


def test_an_old_number_leads_to_where_the_card_is_now(
    page: Reader, ops: BoardOf, ada: Person, grace: Person
) -> None:
    other = ada.board("NEWER", "simple")
    card, board_id = other.add("Has moved"), ops.read()["id"]

    def leave(tx: Tx) -> None:
        old = {"board_id": board_id, "number": 77, "card_id": card["id"]}
        old |= {"title": "As it was", "left_at": 1}
        tx.execute(insert(CardAddress).values(old))

    ops.person.weir.db.write_now(leave)
    old = f"/boards/{ops.key}/cards/77"
    answer = page.get(old, {})
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/boards/{other.key}/cards/{card['number']}"
    # A panel over the old board is not exchanged for one of another board.
    assert page.get(old, HTMX).status_code == 404
    ops.join(grace)
    assert Reader(grace).get(old).status_code == 404


def test_cards_to_link_to_are_found_where_one_may_look(
    page: Reader, path: str, ops: BoardOf, ada: Person, grace: Person
) -> None:
    mine = ada.board("OTHER", "simple").add("Elsewhere")
    theirs = grace.board("SECRET", "simple").add("Hidden")
    near = ops.add("Rotate the key")
    found = {
        text: page.get(f"{path}/candidates?ref={text}").text
        for text in ("rotate", near["ref"], mine["ref"].lower(), theirs["ref"], "nothing", "")
    }
    assert near["ref"] in found["rotate"]
    assert near["ref"] in found[near["ref"]]
    assert "Elsewhere" in found[mine["ref"].lower()]
    for text in (theirs["ref"], "nothing", ""):
        assert "<option" not in found[text], text


def test_a_panel_takes_as_many_statements_whatever_is_on_the_card(
    page: Reader, path: str, card: Any, ops: BoardOf, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = f"/cards/{card['id']}"
    costs = []
    for some in (1, 12):
        for n in range(some):
            other = ops.add(f"Linked {some} {n}")
            ada.post(f"{base}/comments", {"body": f"Said {n}"})
            ada.post(f"{base}/checklists", {"name": f"List {n}", "items": ["One", "Two"]})
            ada.post(f"{base}/links", {"kind": "relates_to", "ref": other["ref"]})
            ada.post(f"{base}/web-links", {"url": f"https://example.org/{n}"})
            ada.post(f"{base}/block", {"reason": f"Why {n}"})
            ada.post(f"{base}/unblock")
            ops.move(card, "Ready" if n % 2 else "Backlog")
        # The words of the newest history need the same names each time.
        ada.patch(base, {"assignee_ids": [], "labels": [f"label {n}" for n in range(some)]})
        ada.patch(base, {"assignee_ids": [ada.id]})
        costs.append(cost(monkeypatch, lambda: page.get(path)))
    assert costs[0] == costs[1], costs
    assert costs[1] <= 24
