"""How a person likes the pages: kept with the account, by page and by API."""

import pytest

from tests.auth.pages import Browser
from tests.support import BoardOf, Person, Weir

STANDARD = {"theme": "system", "density": "comfortable", "shortcuts": True}


def test_nobody_has_to_choose_anything(ada: Person) -> None:
    assert ada.get("/me")["preferences"] == STANDARD


@pytest.mark.parametrize(
    "change", [{"theme": "dark"}, {"density": "compact"}, {"shortcuts": False}, {}]
)
def test_one_preference_changes_and_the_others_stay(ada: Person, change: dict[str, object]) -> None:
    answer = ada.patch("/me", change)
    assert answer["preferences"] == {**STANDARD, **change}
    assert ada.get("/me") == answer
    assert answer["name"] == "Ada Lovelace"


def test_the_name_changes_for_everybody(ada: Person, ops: BoardOf) -> None:
    assert ada.patch("/me", {"name": "  Ada King "})["name"] == "Ada King"
    assert ops.read()["members"][0]["name"] == "Ada King"


@pytest.mark.parametrize(
    "change",
    [{"theme": "pink"}, {"density": None}, {"shortcuts": "off"}, {"name": " "}, {"email": "a@b.c"}],
)
def test_what_is_no_preference_is_refused(ada: Person, change: dict[str, object]) -> None:
    before = ada.get("/me")
    assert ada.ask("PATCH", "/me", json=change).status_code == 422
    assert ada.get("/me") == before


def test_a_token_that_only_reads_changes_nothing(weir: Weir, ada: Person) -> None:
    reader = weir.token(ada, read_only=True)
    assert reader.ask("PATCH", "/me", json={"theme": "dark"}).status_code == 403


def test_a_form_keeps_a_preference_and_leads_back(weir: Weir, ada: Person, ops: BoardOf) -> None:
    browser = Browser(weir, ada)
    board = f"/boards/{ops.key}"
    response = browser.send("/account/preferences", density="compact", back=f"{board}?q=rate")
    assert (response.status_code, response.headers["location"]) == (303, f"{board}?q=rate")
    referer = {"Referer": f"http://127.0.0.1:8000{board}"}
    response = browser.ask(
        "POST", "/account/preferences", data={"shortcuts": "off"}, headers=referer
    )
    assert response.headers["location"] == board
    page = browser.get(board).text
    assert 'data-density="compact" data-shortcuts="off"' in page
    assert ada.get("/me")["preferences"] == {**STANDARD, "density": "compact", "shortcuts": False}


@pytest.mark.parametrize("back", ["https://example.org/", "//example.org", "/\\example.org"])
def test_no_form_leads_out_of_weir(weir: Weir, ada: Person, back: str) -> None:
    response = Browser(weir, ada).send("/account/preferences", theme="dark", back=back)
    assert response.headers["location"] == "/boards"


def test_a_script_stays_where_it_is(weir: Weir, ada: Person) -> None:
    for headers in ({"HX-Request": "true"}, {"Sec-Fetch-Mode": "cors"}):
        response = Browser(weir, ada).ask(
            "POST", "/account/preferences", data={"theme": "dark"}, headers=headers
        )
        assert (response.status_code, response.content) == (204, b"")


def test_a_form_with_nonsense_changes_nothing(weir: Weir, ada: Person) -> None:
    assert Browser(weir, ada).send("/account/preferences", theme="pink").status_code == 422
    assert ada.get("/me")["preferences"] == STANDARD


def test_a_board_that_is_shown_otherwise_is_another_page(
    weir: Weir, ada: Person, ops: BoardOf
) -> None:
    browser = Browser(weir, ada)
    board = f"/boards/{ops.key}"
    for change in ({"theme": "dark"}, {"density": "compact"}, {"shortcuts": "off"}):
        tag = browser.get(board).headers["etag"]
        browser.send("/account/preferences", **change)
        answer = browser.get(board, headers={"If-None-Match": tag})
        assert answer.status_code == 200, change
        assert answer.headers["etag"] != tag


def test_the_theme_follows_its_person_and_stays_on_the_sign_in_page(
    weir: Weir, ada: Person
) -> None:
    Browser(weir, ada).send("/account/preferences", theme="dark")
    elsewhere = Browser(weir, ada)
    assert 'data-theme="dark"' in elsewhere.get("/account").text
    elsewhere.send("/sign-out")
    assert 'data-theme="dark"' in elsewhere.get("/sign-in").text
    ada.patch("/me", {"theme": "system"})
    again = Browser(weir, ada)
    again.cookies["weir_theme"] = "light"
    answer = again.get("/account")
    assert "data-theme" not in answer.text
    assert 'weir_theme=""' in answer.headers["set-cookie"]
