"""People of the installation: added, switched off and on, made administrators, by page and API."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import support
from tests.auth.pages import Browser
from tests.support import API, BoardOf, Person, Weir

PASSWORD = "correct horse battery"


@pytest.fixture
def weir(database_url: str, tmp_path: Path) -> Iterator[Weir]:
    """A Weir of its own: who is the last administrator depends on all people."""
    with support.running(database_url, tmp_path) as running:
        yield running


@pytest.fixture
def root(weir: Weir) -> Person:
    """The only administrator."""
    return weir.person("Addy Admin", admin=True)


@pytest.fixture
def admin(weir: Weir, root: Person) -> Browser:
    """The administrator's browser."""
    return Browser(weir, root)


@pytest.fixture
def ada(weir: Weir, root: Person) -> Person:
    """Somebody who is no administrator."""
    return weir.person("Ada Lovelace", password=PASSWORD)


def signs_in(weir: Weir, email: str, password: str) -> bool:
    """Whether a password opens an account."""
    weir.client.cookies.clear()
    form: dict[str, Any] = {"email": email, "password": password}
    response = weir.client.post("/sign-in", data=form)
    weir.client.cookies.clear()
    return response.status_code == 303


def open_link(weir: Weir, url: str, password: str = PASSWORD, again: str | None = None) -> Any:
    """Chooses a password where a link leads."""
    weir.client.cookies.clear()
    form: dict[str, Any] = {"password": password, "again": password if again is None else again}
    response = weir.client.post(url.partition("8000")[2], data=form)
    weir.client.cookies.clear()
    return response


# --- Adding --------------------------------------------------------------------------------------


def test_somebody_is_added_and_chooses_a_password_by_a_link_that_works_once(
    weir: Weir, root: Person
) -> None:
    made = root.post("/admin/users", {"email": "Grace@Example.org", "name": "Grace Hopper"})
    assert (made["email"], made["has_password"], made["active"]) == (
        "grace@example.org",
        False,
        True,
    )
    url = made["password_link"]["url"]
    assert not signs_in(weir, made["email"], "")
    page = weir.client.get(url.partition("8000")[2])
    assert "For Grace Hopper (grace@example.org)." in page.text
    assert open_link(weir, url, again="something else").status_code == 422
    assert open_link(weir, url, "brief").status_code == 422
    response = open_link(weir, url)
    assert (response.status_code, response.headers["location"]) == (303, "/boards")
    assert "weir_session" in response.headers["set-cookie"]
    assert signs_in(weir, made["email"], PASSWORD)
    assert open_link(weir, url, "another password").status_code == 404
    assert signs_in(weir, made["email"], PASSWORD)
    assert root.get(f"/admin/users/{made['id']}")["has_password"]


def test_the_page_shows_the_link_this_one_time(weir: Weir, admin: Browser) -> None:
    page = admin.send("/admin/users", name="Grace Hopper", email="grace@example.org")
    assert page.status_code == 200
    found = re.search(r'value="(http[^"]+/password/[^"]+)"', page.text)
    assert found is not None
    assert open_link(weir, found[1]).status_code == 303
    people = admin.get("/admin").text
    assert "/password/" not in people
    assert "grace@example.org" in people
    again = admin.send("/admin/users", name="Grace Again", email="grace@example.org")
    assert again.status_code == 409
    assert "has an account already" in again.text
    assert 'value="Grace Again"' in again.text
    assert admin.send("/admin/users", name=" ", email="nobody").status_code == 422


def test_a_newer_link_replaces_the_older(weir: Weir, admin: Browser, ada: Person) -> None:
    path = f"{API}/admin/users/{ada.id}/password-link"
    older, newer = (admin.ask("POST", path).json()["url"] for _ in range(2))
    session = Browser(weir, ada)
    assert open_link(weir, older).status_code == 404
    assert signs_in(weir, ada.email, PASSWORD)
    assert session.get(f"{API}/me").status_code == 200
    assert open_link(weir, newer, "another password").status_code == 303
    assert session.get(f"{API}/me").status_code == 401
    assert not signs_in(weir, ada.email, PASSWORD)


def test_a_link_ends_when_its_owner_changes_the_password(
    weir: Weir, admin: Browser, ada: Person
) -> None:
    link = admin.ask("POST", f"{API}/admin/users/{ada.id}/password-link").json()["url"]
    body = {"old_password": PASSWORD, "new_password": "staple of a better horse"}
    assert Browser(weir, ada).ask("PUT", f"{API}/me/password", json=body).status_code == 204
    assert open_link(weir, link).status_code == 404


# --- Switching off -------------------------------------------------------------------------------


def test_who_is_switched_off_is_out_at_once_everywhere(
    weir: Weir, root: Person, admin: Browser, ada: Person
) -> None:
    session, ops = Browser(weir, ada), ada.board("OPS")
    link = admin.ask("POST", f"{API}/admin/users/{ada.id}/password-link").json()["url"]
    changed = root.patch(f"/admin/users/{ada.id}", {"active": False})
    assert (changed["active"], changed["sessions"]) == (False, 0)
    assert session.get(f"{API}/me").status_code == 401
    assert ada.ask("GET", "/me").status_code == 401
    assert not signs_in(weir, ada.email, PASSWORD)
    assert open_link(weir, link, "another password").status_code == 404
    refused = admin.ask("POST", f"{API}/admin/users/{ada.id}/password-link")
    assert refused.status_code == 409
    # The name stays where it was.
    assert root.get(f"/boards/{ops.key}/members")["items"][0]["name"] == "Ada Lovelace"
    response = admin.send(f"/admin/users/{ada.id}", active="yes")
    assert response.status_code == 303
    assert "Ada Lovelace is switched on." in admin.get(f"/admin/users/{ada.id}").text
    assert ada.ask("GET", "/me").status_code == 200
    assert session.get(f"{API}/me").status_code == 401
    assert signs_in(weir, ada.email, PASSWORD)


def test_the_last_administrator_stays(weir: Weir, root: Person, admin: Browser) -> None:
    path = f"/admin/users/{root.id}"
    for change in ({"active": False}, {"is_admin": False}):
        response = root.ask("PATCH", path, json=change)
        assert response.status_code == 409
        assert response.json()["type"] == "/problems/last-of-its-kind"
    page = admin.send(path, is_admin="no")
    assert page.status_code == 409
    assert "Weir keeps at least one administrator." in page.text
    second = weir.person("Second Admin", admin=True)
    root.patch(f"/admin/users/{second.id}", {"active": False})
    # One who is switched off does not count.
    assert root.ask("PATCH", path, json={"is_admin": False}).status_code == 409
    root.patch(f"/admin/users/{second.id}", {"active": True})
    assert root.patch(path, {"is_admin": False})["is_admin"] is False
    assert root.ask("GET", "/admin/users").status_code == 403


def test_rights_of_an_administrator_end_at_once(
    weir: Weir, root: Person, admin: Browser, ada: Person, ops: BoardOf
) -> None:
    second = weir.person("Second Admin", admin=True)
    board = f"/boards/{ops.key}"
    assert second.ask("GET", board).status_code == 200
    admin.send(f"/admin/users/{second.id}", is_admin="no")
    assert second.ask("GET", board).status_code == 404
    assert second.ask("GET", "/admin/health").status_code == 403
    admin.send(f"/admin/users/{second.id}", is_admin="yes")
    assert second.ask("GET", board).status_code == 200


# --- Who may -------------------------------------------------------------------------------------


def test_a_token_makes_no_administrator_and_no_link(weir: Weir, root: Person, ada: Person) -> None:
    refused = [
        root.ask("POST", "/admin/users", json={"email": "a@b.cd", "name": "A", "is_admin": True}),
        root.ask("PATCH", f"/admin/users/{ada.id}", json={"is_admin": True}),
        root.ask("POST", f"/admin/users/{ada.id}/password-link"),
    ]
    assert [response.status_code for response in refused] == [403, 403, 403]
    assert [each["email"] for each in root.get("/admin/users")["items"]] == [root.email, ada.email]


def test_a_narrowed_or_reading_token_does_not_administer(
    weir: Weir, root: Person, ada: Person, ops: BoardOf
) -> None:
    narrowed = weir.token(root, boards=[ops.key])
    assert narrowed.ask("GET", "/admin/users").status_code == 403
    reader = weir.token(root, read_only=True)
    assert reader.ask("GET", "/admin/users").status_code == 200
    response = reader.ask("PATCH", f"/admin/users/{ada.id}", json={"name": "Other"})
    assert response.status_code == 403


@pytest.mark.parametrize(
    "path", ["/admin", "/admin/boards", "/admin/health", "/admin/users/1", "/admin/users/987654"]
)
def test_the_pages_are_for_administrators(weir: Weir, root: Person, ada: Person, path: str) -> None:
    page = Browser(weir, ada).get(path)
    assert page.status_code == 403
    assert "Only an administrator may do this." in page.text
    assert root.email not in page.text
    weir.client.cookies.clear()
    assert weir.client.get(path).headers["location"].startswith("/sign-in")


def test_the_form_that_was_sent_by_somebody_else_changes_nothing(
    weir: Weir, root: Person, ada: Person
) -> None:
    browser = Browser(weir, ada)
    for path, form in (
        (f"/admin/users/{root.id}", {"active": "no"}),
        (f"/admin/users/{ada.id}", {"is_admin": "yes"}),
        (f"/admin/users/{ada.id}/password-link", {}),
        ("/admin/users", {"name": "Grace", "email": "grace@example.org"}),
    ):
        assert browser.send(path, **form).status_code == 403
    assert len(root.get("/admin/users")["items"]) == 2
    assert root.get("/me")["is_admin"]


def test_people_come_in_pages(root: Person, ada: Person) -> None:
    first = root.get("/admin/users?limit=1")
    assert [each["name"] for each in first["items"]] == ["Addy Admin"]
    rest = root.get(f"/admin/users?limit=1&cursor={first['next_cursor']}")
    assert [each["name"] for each in rest["items"]] == ["Ada Lovelace"]
    assert rest["next_cursor"] is None
