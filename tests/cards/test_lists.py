"""Lists of cards: filters and pages."""

from typing import Any

import pytest

from tests.support import BoardOf, Person


@pytest.fixture
def many(ops: BoardOf, grace: Person) -> BoardOf:
    """A board with cards of every kind, called by what they are."""
    ops.join(grace)
    ops.add("plain")
    ops.add("defect", work_type="defect")
    ops.add("fixed date", service_class="fixed_date")
    ops.add("dev", team="dev")
    ops.add("of ops", team="ops", column="Ready")
    ops.add("expedite", lane_id=ops.lane("Expedite"))
    ops.add("hers", assignee_ids=[grace.id])
    ops.add("both", assignee_ids=[grace.id, ops.person.id], labels=["tls"])
    ops.add("labelled", labels=["tls", "audit"], external_id="INC0000045")
    blocked = ops.add("blocked", column="Doing")
    ops.person.post(f"/cards/{blocked['id']}/block", {"reason": "Why"})
    archived = ops.add("archived")
    ops.person.post(f"/cards/{archived['id']}/archive")
    discarded = ops.add("discarded")
    ops.person.delete(f"/cards/{discarded['id']}")
    return ops


def found(board: BoardOf, **query: Any) -> set[str]:
    """The titles of the cards that a filter finds."""
    return {card["title"] for card in board.cards(**query)}


def test_without_a_filter_all_cards_on_the_board_are_listed(many: BoardOf) -> None:
    assert len(many.cards()) == 10
    assert found(many).isdisjoint({"archived", "discarded"})


def test_each_filter_finds_what_it_says(many: BoardOf, grace: Person) -> None:
    assert found(many, column_id=many.column("Ready")) == {"of ops"}
    assert found(many, lane_id=many.lane("Expedite")) == {"expedite"}
    assert found(many, work_type="defect") == {"defect"}
    assert found(many, service_class="fixed_date") == {"fixed date"}
    assert found(many, team="ops") == {"of ops"}
    assert found(many, assignee_id=grace.id) == {"hers", "both"}
    assert found(many, label="tls") == {"both", "labelled"}
    assert found(many, blocked="true") == {"blocked"}
    assert len(found(many, blocked="false")) == 9
    assert found(many, archived="true") == {"archived"}
    assert found(many, external_id="INC0000045") == {"labelled"}
    assert found(many, q="expe") == {"expedite"}


def test_several_values_mean_any_of_them_and_several_filters_all(many: BoardOf) -> None:
    assert found(many, team=["dev", "ops"]) == {"dev", "of ops"}
    assert found(many, work_type=["defect", "debt"]) == {"defect"}
    assert found(many, team="ops", column_id=many.column("Backlog")) == set()
    assert found(many, label=["tls", "audit"], assignee_id=many.person.id) == {"both"}


def test_what_nothing_has_finds_nothing(many: BoardOf) -> None:
    for query in (
        {"column_id": 987_654},
        {"assignee_id": 987_654},
        {"label": "nobody's"},
        {"team": "nobody's"},
        {"external_id": "nobody's"},
        {"q": "nobody's"},
    ):
        assert found(many, **query) == set()


def test_a_search_looks_at_title_description_external_id_and_number(many: BoardOf) -> None:
    card = many.add("Rotate", description="the signing KEY")
    assert found(many, q="ROTA") == {"Rotate"}
    assert found(many, q="signing key") == {"Rotate"}
    assert found(many, q="inc0000045") == {"labelled"}
    assert "Rotate" in found(many, q=str(card["number"]))
    assert found(many, q=card["ref"]) == {"Rotate"}


def test_finished_cards_are_found_by_when_they_were_done(ops: BoardOf) -> None:
    first = ops.move(ops.add("first"), "In production")
    second = ops.move(ops.add("second"), "In production")
    ops.add("unfinished")
    assert found(ops, done_from=first["done_at"]) == {"first", "second"}
    assert found(ops, done_from=second["done_at"]) == {"second"}
    assert found(ops, done_to=second["done_at"]) == {"first"}
    assert found(ops, done_from=first["done_at"], done_to=second["done_at"]) == {"first"}
    assert found(ops, done_from="2020-01-01") == {"first", "second"}
    assert found(ops, done_to="2020-01-01") == set()


def test_a_day_begins_in_the_boards_time_zone(ops: BoardOf) -> None:
    done = ops.move(ops.add(), "In production")["done_at"]
    day, hour = done[:10], int(done[11:13])
    # The day of Greenwich began 14 hours earlier in the far east, 12 hours later in the far west.
    for zone, ahead in (("Pacific/Kiritimati", 14), ("Etc/GMT+12", -12)):
        ops.person.patch(f"/boards/{ops.key}", {"time_zone": zone})
        has_begun = hour + ahead >= 0
        assert bool(ops.cards(done_from=day)) == has_begun, zone


@pytest.mark.parametrize(
    "query",
    [
        {"work_type": "epic"},
        {"blocked": "yes"},
        {"archived": "1"},
        {"column_id": "first"},
        {"done_from": "yesterday"},
        {"limit": 0},
        {"limit": 201},
        {"cursor": "nonsense"},
        {"done_to": "2026-03-02T09:30:00"},
    ],
)
def test_a_filter_that_is_none_is_a_422(ops: BoardOf, query: dict[str, Any]) -> None:
    response = ops.person.ask("GET", f"/boards/{ops.key}/cards", params=query)
    assert response.status_code == 422
    (name,) = query
    assert response.json()["errors"][0]["loc"][:2] == ["query", name]


@pytest.mark.parametrize("limit", [1, 3, 200])
def test_pages_put_together_are_the_list(many: BoardOf, limit: int) -> None:
    everything = many.cards()
    items: list[Any] = []
    cursor = None
    while True:
        query = {"limit": limit, **({"cursor": cursor} if cursor else {})}
        page = many.person.get(f"/boards/{many.key}/cards", params=query)
        assert len(page["items"]) <= limit
        items += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
        assert len(page["items"]) == limit
    times = {"process_time", "age", "blocked_time"}
    assert [{k: v for k, v in item.items() if k not in times} for item in items] == [
        {k: v for k, v in item.items() if k not in times} for item in everything
    ]


def test_what_changes_between_two_pages_is_neither_skipped_nor_seen_twice(ops: BoardOf) -> None:
    cards = [ops.add(f"{n}") for n in range(6)]
    page = ops.person.get(f"/boards/{ops.key}/cards", params={"limit": 3})
    # One that was seen goes, one that is new comes to the front of those that were seen.
    ops.person.delete(f"/cards/{cards[0]['id']}")
    ops.move(ops.add("new"), "Backlog", index=0)
    query = {"limit": 3, "cursor": page["next_cursor"]}
    rest = ops.person.get(f"/boards/{ops.key}/cards", params=query)
    assert [card["title"] for card in page["items"]] == ["0", "1", "2"]
    assert [card["title"] for card in rest["items"]] == ["3", "4", "5"]
    assert rest["next_cursor"] is None


def test_a_page_has_50_items_unless_it_is_said_otherwise(ops: BoardOf) -> None:
    for n in range(51):
        ops.add(f"{n}")
    page = ops.person.get(f"/boards/{ops.key}/cards")
    assert len(page["items"]) == 50
    assert page["next_cursor"] is not None
    whole = ops.person.get(f"/boards/{ops.key}/cards", params={"limit": 51})
    assert (len(whole["items"]), whole["next_cursor"]) == (51, None)
