"""The filter of a board: its page without scripts, what its script asks for, and the API."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.auth.pages import Browser
from tests.cards.test_faces import bars, face, finish, started
from tests.cards.test_statements import cost, fill
from tests.support import BoardOf, Person, Weir


def day(ahead: int) -> str:
    """A day from today on, in UTC."""
    return (datetime.now(UTC) + timedelta(days=ahead)).date().isoformat()


@pytest.fixture
def many(ops: BoardOf, grace: Person) -> BoardOf:
    """A board with cards of every kind, called by what they are."""
    ops.join(grace)
    ops.limit("Ready", None)
    ops.add("plain", external_id="INC77")
    ops.add("hers", assignee_ids=[grace.id], team="dev", labels=["tls"])
    ops.add("mine", assignee_ids=[ops.person.id], column="Ready", team="ops", work_type="debt")
    ops.add("both", assignee_ids=[ops.person.id, grace.id], column="Ready", due_on=day(-1))
    ops.add("today", due_on=day(0), service_class="fixed_date", description="like hers")
    ops.add("later", due_on=day(60))
    ops.add("fire", column="Doing", lane_id=ops.lane("Expedite"), work_type="incident")
    stuck = ops.add("stuck", column="Doing")
    ops.person.post(f"/cards/{stuck['id']}/block", {"reason": "Why"})
    ops.move(ops.add("finished", due_on=day(-1)), "In production")
    archived = ops.add("archived", assignee_ids=[ops.person.id])
    ops.person.post(f"/cards/{archived['id']}/archive")
    return ops


@pytest.fixture
def window(weir: Weir, ada: Person) -> Browser:
    """Ada's browser."""
    return Browser(weir, ada)


FILTERS: list[tuple[dict[str, Any], set[str]]] = [
    ({"assignee": "me"}, {"mine", "both"}),
    ({"assignee": "none", "due": "none", "type": "feature"}, {"plain", "stuck"}),
    ({"assignee": ["me", "none"], "team": "ops"}, {"mine"}),
    ({"label": "tls"}, {"hers"}),
    ({"team": ["dev", "ops"]}, {"hers", "mine"}),
    ({"type": ["debt", "incident"]}, {"mine", "fire"}),
    ({"class": "fixed_date"}, {"today"}),
    ({"blocked": "true"}, {"stuck"}),
    ({"due": "overdue"}, {"both"}),
    ({"due": "today"}, {"today"}),
    ({"due": ["overdue", "week"]}, {"both", "today"}),
    ({"due": "any"}, {"both", "today", "later"}),
    ({"q": "HERS"}, {"hers", "today"}),
    ({"q": "inc77"}, {"plain"}),
    ({"q": "hers", "team": "dev"}, {"hers"}),
    ({"age": "1"}, set()),
    ({"type": "epic"}, set()),
    ({"assignee": "nobody's"}, set()),
    ({"lane": "9" * 30}, set()),
    ({"due": "someday"}, set()),
]


def titles(html: str) -> tuple[set[str], set[str]]:
    """The titles of the cards of a page: those that are shown, and those that are hidden."""
    found = re.findall(r'<li( hidden)? id="card-.*?class="card-title"[^>]*>([^<]*)<', html, re.S)
    return {t for hidden, t in found if not hidden}, {t for hidden, t in found if hidden}


@pytest.mark.parametrize(("query", "shown"), FILTERS, ids=[str(query) for query, _ in FILTERS])
def test_page_script_and_api_find_the_same_cards(
    many: BoardOf, window: Browser, query: dict[str, Any], shown: set[str]
) -> None:
    page = window.get(f"/boards/{many.key}", params=query)
    here, hidden = titles(page.text)
    assert here == shown
    assert len(here) + len(hidden) == 9
    answer = window.get(f"/boards/{many.key}/matching", params=query).json()
    listed = many.cards(**query)
    assert {card["title"] for card in listed} == shown
    assert answer["ids"] == sorted(card["id"] for card in listed)
    assert f"{len(shown)} of 9 cards" in page.text
    assert answer["line"] == f"{len(shown)} of 9 cards"


def test_a_lane_is_a_filter(many: BoardOf, window: Browser) -> None:
    query = {"lane": str(many.lane("Expedite"))}
    assert titles(window.get(f"/boards/{many.key}", params=query).text)[0] == {"fire"}
    assert [card["title"] for card in many.cards(**query)] == ["fire"]


def test_what_is_over_the_boards_85_percent_is_a_filter(ops: BoardOf, window: Browser) -> None:
    # They left Doing after just under 1 to 20 days, Test after just under 2 to 40.
    finish(ops, *(2 * days - 0.1 for days in range(1, 21)))
    ops.limit("Test", 5)
    for title, column, days in (
        ("16 in Doing", "Doing", 16.2),
        ("18 in Doing", "Doing", 18.2),
        ("18 in Test", "Test", 18.2),
        ("35 in Test", "Test", 35.2),
    ):
        started(ops, title, column, days)
    ops.add("Not started")
    late = {"18 in Doing", "35 in Test"}
    assert {card["title"] for card in ops.cards(age="p85")} == late
    assert {t for t in ("16 in Doing", "18 in Test", *late) if (bars(face(ops, t)) or 0) >= 3} == (
        late
    )
    page = window.get(f"/boards/{ops.key}?age=p85").text
    assert titles(page)[0] == late
    assert "Age</strong> over the board’s 85 %" in page
    answer = window.get(f"/boards/{ops.key}/matching?age=p85").json()
    assert (len(answer["ids"]), answer["line"]) == (2, "2 of 25 cards")
    assert answer["some"][f"col-{ops.column('Test')}-head"] == 1
    assert {card["title"] for card in ops.cards(age=["p85", "18"])} == {*late, "18 in Test"}
    assert {card["title"] for card in ops.cards(age="p85", column_id=ops.column("Test"))} == {
        "35 in Test"
    }


def test_under_20_finished_cards_the_menu_says_why_that_age_is_no_choice(
    ops: BoardOf, window: Browser
) -> None:
    why = "“Over the board’s 85 %” comes with 20 finished cards."
    started(ops, "Old", "Doing", 50.1)
    finish(ops, *[1] * 19)

    def choice(query: str = "") -> str:
        found = re.search(
            r'<input[^>]*name="age" value="p85"[^>]*>', window.get(f"/boards/{ops.key}{query}").text
        )
        assert found
        return found[0]

    assert "disabled" in choice()
    assert why in window.get(f"/boards/{ops.key}").text
    # Whoever follows an address can take it back.
    assert "disabled" not in choice("?age=p85")
    assert ops.cards(age="p85") == []
    finish(ops, 1)
    assert "disabled" not in choice()
    assert why not in window.get(f"/boards/{ops.key}").text
    assert [card["title"] for card in ops.cards(age="p85")] == ["Old"]


def test_the_api_puts_its_old_and_its_new_names_together(many: BoardOf, grace: Person) -> None:
    found = many.cards(assignee_id=grace.id, assignee="me")
    assert {card["title"] for card in found} == {"hers", "mine", "both"}


def test_the_heads_keep_the_true_number_beside_the_filtered_one(
    many: BoardOf, window: Browser
) -> None:
    many.limit("Ready", 5)
    ready, doing = many.column("Ready"), many.column("Doing")
    page = window.get(f"/boards/{many.key}", params={"team": "ops"}).text
    words = re.sub(r"<[^>]+>", "", page[page.index(f'id="col-{ready}-head"') :][:900])
    assert "1 of 2 / 5" in words
    assert "Ready, 2 of 5, 1 shown" in words
    answer = window.get(f"/boards/{many.key}/matching", params={"q": "fire"}).json()
    # An expedite card does not count against the limit of a column, filtered or not.
    many.limit("Doing", 4)
    limited = window.get(f"/boards/{many.key}/matching", params={"q": "fire"}).json()
    assert answer["some"][f"col-{doing}-head"] == 1
    assert limited["some"][f"col-{doing}-head"] == 0
    lane = f"lane-{many.lane('Expedite')}-head"
    assert limited["some"][lane] == 1


def test_without_a_filter_every_card_matches_and_no_number_stands_beside_another(
    many: BoardOf, window: Browser
) -> None:
    answer = window.get(f"/boards/{many.key}/matching").json()
    assert answer["ids"] is None
    assert answer["some"] == {}
    assert " of 9 cards" not in window.get(f"/boards/{many.key}").text.split("filter-line")[0]


def test_a_form_with_empty_fields_leads_to_the_one_address_of_its_filter(
    ops: BoardOf, window: Browser
) -> None:
    path = f"/boards/{ops.key}"
    for sent, tidy in (
        ("q=&team=ops&assignee=me", "?assignee=me&team=ops"),
        ("q=", ""),
        ("work_type=debt", "?type=debt"),
    ):
        answer = window.get(f"{path}?{sent}")
        assert (answer.status_code, answer.headers["location"]) == (303, path + tidy)
    assert window.get(f"{path}?utm_source=mail&team=ops").status_code == 200


def test_each_chip_leads_to_the_board_without_it(many: BoardOf, window: Browser) -> None:
    page = window.get(f"/boards/{many.key}?blocked=true&due=none").text
    chips = re.findall(r'class="filter-chip[^"]*" id="[^"]*" href="([^"]*)"', page)
    path = f"/boards/{many.key}"
    assert chips == [f"{path}?due=none", f"{path}?blocked=true", path]
    text = re.sub(
        r"<[^>]+>", " ", page[page.index('id="filter-chips') : page.index('id="filter-line')]
    )
    assert "Blocked" in text
    assert "no date" in text


def test_what_is_asked_for_is_escaped_and_can_be_taken_back(ops: BoardOf, window: Browser) -> None:
    page = window.get(f"/boards/{ops.key}", params={"label": "<script>alert(1)</script>"})
    assert page.status_code == 200
    assert "<script>alert" not in page.text
    assert "is &lt;script&gt;alert(1)" in page.text


@pytest.mark.parametrize(
    "query",
    [
        "q=%00",
        "q=%ff%fe",
        "q=%ed%a0%80",
        "assignee=99999999999999999999999",
        "age=99999999999999999999999",
        "age=-5",
        "lane=%00",
        "due=%0d%0a",
        "label=" + "x" * 2000,
        "&".join(f"team=t{n}" for n in range(400)),
        "q=%25%5C_",
    ],
)
def test_no_address_is_too_much(ops: BoardOf, window: Browser, query: str) -> None:
    for path in ("", "/matching"):
        assert window.get(f"/boards/{ops.key}{path}?{query}").status_code in {200, 303}
    assert ops.person.ask("GET", f"/boards/{ops.key}/cards?{query}").status_code in {200, 422}


def test_an_unchanged_board_is_unchanged_for_the_same_filter_only(
    many: BoardOf, window: Browser
) -> None:
    path = f"/boards/{many.key}"
    tag = window.get(f"{path}?team=ops").headers["etag"]
    headers = {"If-None-Match": tag}
    assert window.get(f"{path}?team=ops", headers=headers).status_code == 304
    assert window.get(f"{path}?team=dev", headers=headers).status_code == 200
    assert window.get(path, headers=headers).status_code == 200


def test_cards_that_were_finished_long_ago_are_neither_shown_nor_counted_as_found(
    ops: BoardOf, window: Browser
) -> None:
    for n in range(53):
        ops.move(ops.add(f"Part {n}"), "In production")
    page = window.get(f"/boards/{ops.key}?q=part").text
    assert "50 of 50 cards" in page
    assert "3 older done cards" in page
    assert "50 of 53" in re.sub(r"<[^>]+>", "", page)


def test_a_filter_takes_as_many_statements_whatever_the_number_of_cards(
    ops: BoardOf, window: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    asks: dict[str, Callable[[], Any]] = {
        "page": lambda: window.get(f"/boards/{ops.key}?assignee=me&label=label+1&due=none"),
        "matching": lambda: window.get(f"/boards/{ops.key}/matching?q=1&team=ops"),
        "age": lambda: window.get(f"/boards/{ops.key}/matching?age=p85"),
    }
    costs = []
    for count in (3, 40):
        fill(ops, count)
        costs.append({name: cost(monkeypatch, ask) for name, ask in asks.items()})
    assert costs[0] == costs[1]
    assert costs[0]["page"] <= 6
    assert costs[0]["matching"] <= 6
    assert costs[0]["age"] <= 6
