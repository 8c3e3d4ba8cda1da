"""The own password: changed with the old one, by a session alone; guesses are counted."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from httpx2 import Response

from tests import support
from tests.auth.pages import Browser
from tests.support import API, Person, Weir

_numbers = count(1)
OLD, NEW = "correct horse battery", "staple of a better horse"


@pytest.fixture
def ada(weir: Weir) -> Person:
    """Somebody with a password whom no other test knows."""
    return weir.person("Ada Lovelace", email=f"ada.pw{next(_numbers)}@example.org", password=OLD)


def change(browser: Browser, old: str = OLD, new: str = NEW, again: str | None = None) -> Response:
    """Sends the page's form."""
    again = new if again is None else again
    return browser.send("/account/password", old_password=old, new_password=new, again=again)


def signs_in(weir: Weir, person: Person, password: str) -> bool:
    """Whether a password opens the account."""
    form: dict[str, Any] = {"email": person.email, "password": password}
    weir.client.cookies.clear()
    response = weir.client.post("/sign-in", data=form)
    weir.client.cookies.clear()
    return response.status_code == 303


def test_the_password_changes_and_other_sessions_end(weir: Weir, ada: Person) -> None:
    here, there = Browser(weir, ada), Browser(weir, ada)
    response = change(here)
    assert (response.status_code, response.headers["location"]) == (303, "/account")
    assert "1 other session ended." in here.get("/account").text
    assert there.get(f"{API}/me").status_code == 401
    assert ada.get("/me")["email"] == ada.email  # by the token, which goes on
    assert signs_in(weir, ada, NEW)
    assert not signs_in(weir, ada, OLD)


def test_a_client_changes_it_by_a_session_and_not_by_a_token(weir: Weir, ada: Person) -> None:
    body = {"old_password": OLD, "new_password": NEW}
    assert ada.ask("PUT", "/me/password", json=body).status_code == 403
    here, there = Browser(weir, ada), Browser(weir, ada)
    wrong = here.ask("PUT", f"{API}/me/password", json={**body, "old_password": "wrong horse"})
    assert wrong.status_code == 422
    assert wrong.json()["errors"][0]["loc"] == ["body", "old_password"]
    assert here.ask("PUT", f"{API}/me/password", json=body).status_code == 204
    assert there.get(f"{API}/me").status_code == 401
    assert signs_in(weir, ada, NEW)


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"old": "wrong horse"}, "is not your password"),
        ({"new": "2 brief"}, "must have at least 8 characters"),
        ({"new": "x" * 129}, "must have at most 128 characters"),
        ({"again": "something else"}, "is not the same as the new one"),
        ({"new": "", "again": ""}, "must not be empty"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_changes(
    weir: Weir, ada: Person, sent: dict[str, str], said: str
) -> None:
    here, there = Browser(weir, ada), Browser(weir, ada)
    response = change(here, **sent)
    assert response.status_code == 422
    assert said in response.text
    assert not [typed for typed in (OLD, NEW, *sent.values()) if typed and typed in response.text]
    assert there.get(f"{API}/me").status_code == 200
    assert signs_in(weir, ada, OLD)


@pytest.fixture
def strict(database_url: str, tmp_path: Path) -> Iterator[Weir]:
    """A Weir that lets two guesses pass."""
    with support.running(database_url, tmp_path, sign_in_attempts=2) as running:
        yield running


def test_guesses_are_counted_with_those_of_signing_in(strict: Weir) -> None:
    ada = strict.person("Ada Lovelace", password=OLD)
    browser = Browser(strict, ada)
    assert [change(browser, "wrong horse").status_code for _ in range(2)] == [422, 422]
    response = change(browser)
    assert response.status_code == 429
    assert int(response.headers["retry-after"]) > 0
    assert "Wait a quarter of an hour." in response.text
    assert not signs_in(strict, ada, OLD)
