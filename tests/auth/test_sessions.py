"""Where a person is signed in, and ending it, by page and by API."""

import re

from tests.auth.pages import Browser
from tests.support import API, Person, Weir

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def test_sessions_are_listed_and_the_one_that_asks_is_marked(weir: Weir, ada: Person) -> None:
    here, there = Browser(weir, ada), Browser(weir, ada, FIREFOX)
    for browser, current in ((here, [True, False]), (there, [False, True])):
        items = browser.get(f"{API}/sessions").json()["items"]
        assert [item["browser"] for item in items] == ["tests", "Firefox on Linux"]
        assert [item["current"] for item in items] == current
    page = there.get("/account").text
    assert re.search(r"Firefox on Linux</strong>\s*<span class=\"tag\">this browser", page)
    assert 'aria-label="Sign out tests"' in page
    assert 'aria-label="Sign out Firefox' not in page


def test_a_list_of_sessions_comes_in_pages(weir: Weir, ada: Person) -> None:
    browsers = [Browser(weir, ada) for _ in range(3)]
    first = browsers[0].get(f"{API}/sessions?limit=2").json()
    rest = browsers[0].get(f"{API}/sessions?limit=2&cursor={first['next_cursor']}").json()
    assert [len(page["items"]) for page in (first, rest)] == [2, 1]
    assert rest["next_cursor"] is None


def test_one_session_is_ended_and_the_others_go_on(weir: Weir, ada: Person) -> None:
    here, there, third = (Browser(weir, ada) for _ in range(3))
    items = here.get(f"{API}/sessions").json()["items"]
    response = here.send(f"/account/sessions/{items[1]['id']}/end")
    assert response.headers["location"] == "/account"
    assert there.get("/account").headers["location"].startswith("/sign-in")
    assert here.ask("DELETE", f"{API}/sessions/{items[2]['id']}").status_code == 204
    assert third.get(f"{API}/me").status_code == 401
    assert here.get(f"{API}/me").status_code == 200
    assert here.ask("DELETE", f"{API}/sessions/{items[2]['id']}").status_code == 404


def test_all_others_are_ended_at_once(weir: Weir, ada: Person) -> None:
    for method, path in (("POST", "/account/sessions/end-others"), ("DELETE", f"{API}/sessions")):
        here, there, third = (Browser(weir, ada) for _ in range(3))
        assert here.ask(method, path).status_code in {303, 204}
        assert here.get(f"{API}/me").status_code == 200
        assert {other.get(f"{API}/me").status_code for other in (there, third)} == {401}


def test_nobody_ends_a_session_of_somebody_else(weir: Weir, ada: Person, grace: Person) -> None:
    theirs = Browser(weir, grace)
    (item,) = theirs.get(f"{API}/sessions").json()["items"]
    mine = Browser(weir, ada)
    never = mine.ask("DELETE", f"{API}/sessions/987654")
    others = mine.ask("DELETE", f"{API}/sessions/{item['id']}")
    assert (others.status_code, others.content) == (404, never.content)
    assert mine.send(f"/account/sessions/{item['id']}/end").status_code == 404
    assert theirs.get(f"{API}/me").status_code == 200


def test_a_token_does_not_see_or_end_sessions(weir: Weir, ada: Person) -> None:
    browser = Browser(weir, ada)
    (item,) = browser.get(f"{API}/sessions").json()["items"]
    for method, path in (
        ("GET", "/sessions"),
        ("DELETE", "/sessions"),
        ("DELETE", f"/sessions/{item['id']}"),
    ):
        assert ada.ask(method, path).status_code == 403
    assert browser.get(f"{API}/me").status_code == 200
