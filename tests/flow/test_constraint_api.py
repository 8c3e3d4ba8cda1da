"""The constraint through the API, on both databases."""

import csv
import io
import itertools
import random
from collections import Counter
from typing import Any

import pytest

from app.clock import HOUR
from app.types import parse_moment
from tests.cards.test_statements import cost
from tests.flow.conftest import Past, Story, Time, make_past
from tests.support import Person, Weir

MARCH = {"from": "2026-03-01T00:00:00Z", "to": "2026-04-01T00:00:00Z"}
MEMBERS = [*("board", "from", "to", "constraint", "reason", "advice", "centres", "littles_law")]


def constraint(past: Past, **query: Any) -> Any:
    """The constraint that the API gives of the past's board."""
    return past.board.person.get(f"/boards/{past.board.key}/stats/constraint", params=query)


@pytest.fixture
def works(time: Time, ada: Person) -> Past:
    """A board with two work centres: In progress, and behind a queue Review with a limit of 1."""
    past = make_past(time, ada, "OPS", "UTC")
    person = past.board.person
    for name, kind, limit in (("Review", "active", 1), ("Waiting", "queue", None)):
        body = {"name": name, "kind": kind, "wip_limit": limit, "position": 2}
        past.columns[name] = person.post("/boards/OPS/columns", body)["id"]
    return past


# --- what is said ---------------------------------------------------------------------------------


def test_the_column_that_holds_the_flow_is_named_with_its_evidence(works: Past) -> None:
    works.play(
        Story(
            "First",
            [
                ("2026-03-01T00:00:00Z", "In progress"),
                ("2026-03-02T00:00:00Z", "Waiting"),
                ("2026-03-03T00:00:00Z", "Review"),
                ("2026-03-11T00:00:00Z", "Done"),
            ],
        ),
        Story(
            "Second", [("2026-03-02T00:00:00Z", "In progress"), ("2026-03-03T00:00:00Z", "Waiting")]
        ),
    )
    person = works.board.person
    second = next(card for card in works.board.cards() if card["title"] == "Second")
    works.time.at("2026-03-05T00:00:00Z")
    review = {"column_id": works.columns["Review"]}
    works.time.at("2026-03-11T12:00:00Z")
    works.play(Story("Third", [("2026-03-11T12:00:00Z", "Review")]))
    assert person.ask("POST", f"/cards/{second['id']}/move", json=review).status_code == 409
    works.time.at("2026-03-12T00:00:00Z")
    window = {"from": "2026-03-02T00:00:00Z", "to": "2026-03-12T00:00:00Z"}
    found = constraint(works, **window)
    assert list(found) == MEMBERS
    progress, review = found["centres"]
    assert [centre["name"] for centre in found["centres"]] == ["In progress", "Review"]
    assert found["constraint"] == review
    assert found["reason"] is None
    assert (review["scope"], review["id"], review["limit"]) == (
        "column",
        works.columns["Review"],
        1,
    )
    assert review["full"] == pytest.approx(8.5 / 10)
    assert review["queue"] == pytest.approx((1 + 9) / 10)
    assert (review["queue_share"], review["refusal_share"], review["refusals"]) == (1.0, 1.0, 1)
    assert (review["starved"], review["queue_is_limited"]) == (None, False)
    assert review["time_share"] == 9 / 10
    # Somebody worked on the second card while nobody reviewed: for a day.
    assert (progress["starved"], progress["full"], progress["queue"]) == (0.1, None, None)
    assert found["advice"]["step"] == "subordinate"
    assert "1.0 cards wait in front of Review" in found["advice"]["words"]
    law = found["littles_law"]
    assert (law["wip_at_start"], law["wip_at_end"]) == (2, 2)
    assert law["cycle_time"] == 10 * 86400


def test_a_board_without_cards_or_without_work_has_no_constraint(past: Past) -> None:
    found = constraint(past)
    assert (found["constraint"], found["advice"], found["littles_law"]) == (None, None, None)
    assert "No card was on the board" in found["reason"]
    past.board.add("Waits")
    past.time.at(past.time.now + HOUR)
    found = constraint(past)
    assert found["constraint"] is None
    assert "Nothing waited" in found["reason"]
    assert found["littles_law"]["ratio"] is None


def test_a_limit_that_changed_is_judged_as_it_was_at_each_moment(past: Past) -> None:
    past.board.limit("In progress", 2)
    past.play(
        Story("One", [("2026-03-01T00:00:00Z", "In progress")]),
        Story("Two", [("2026-03-02T00:00:00Z", "In progress")]),
    )
    past.time.at("2026-03-05T00:00:00Z")
    past.board.limit("In progress", 3)
    past.time.at("2026-03-07T00:00:00Z")
    past.board.limit("In progress", None)
    past.time.at("2026-03-08T00:00:00Z")
    past.board.limit("In progress", 1)
    past.time.at("2026-03-11T00:00:00Z")
    window = {"from": "2026-03-01T00:00:00Z", "to": "2026-03-11T00:00:00Z"}
    (centre,) = constraint(past, **window)["centres"]
    assert centre["full"] == (3 + 3) / 10
    # Asked of an earlier time it is told as it was then.
    earlier = {"from": "2026-03-02T00:00:00Z", "to": "2026-03-06T00:00:00Z"}
    assert constraint(past, **earlier)["centres"][0]["full"] == 3 / 4


def test_a_card_that_is_archived_on_another_board_did_fill_its_place(
    past: Past, ada: Person
) -> None:
    make_past(past.time, ada, "NEXT", "UTC")
    past.board.limit("In progress", 1)
    (card,) = past.play(
        Story("Goes", [("2026-03-01T00:00:00Z", "In progress"), ("2026-03-06T00:00:00Z", "To do")])
    )
    past.time.at("2026-03-07T00:00:00Z")
    ada.post(f"/cards/{card['id']}/transfer", {"board": "NEXT"})
    ada.post(f"/cards/{card['id']}/archive", {})
    past.time.at("2026-03-12T00:00:00Z")
    window = {"from": "2026-03-02T00:00:00Z", "to": "2026-03-12T00:00:00Z"}
    assert constraint(past, **window)["centres"][0]["full"] == 4 / 10


def test_times_are_those_of_the_filtered_cards_and_fullness_that_of_all(past: Past) -> None:
    past.board.limit("In progress", 1)
    past.done("2026-03-03T00:00:00Z", lead=48 * HOUR, cycle=24 * HOUR, work_type="ops")
    past.done("2026-03-06T00:00:00Z", lead=24 * HOUR, cycle=12 * HOUR, work_type="debt")
    past.time.at("2026-03-11T00:00:00Z")
    window = {"from": "2026-03-01T00:00:00Z", "to": "2026-03-11T00:00:00Z"}
    whole, some = constraint(past, **window), constraint(past, **window, work_type="debt")
    assert whole["centres"][0]["full"] == some["centres"][0]["full"] == 36 / 240
    assert (whole["littles_law"]["wip"], some["littles_law"]["wip"]) == (0.15, 0.05)
    assert whole["littles_law"]["ratio"] == some["littles_law"]["ratio"] == 1.0


# --- beside an independent calculation ------------------------------------------------------------


def _counts(events: list[Any], until: int) -> Counter[int]:
    """How many live cards stood in each column, told by a board's whole history up to a moment."""
    place: dict[int, int] = {}
    away: set[int] = set()
    for event in events:
        if parse_moment(event["at"]) > until or not event["card"]:
            continue
        card, kind, data = event["card"]["id"], event["type"], event["data"]
        if kind in {"card.created", "card.moved"}:
            place[card] = data.get("to", data)["column_id"]
        elif kind in {"card.archived", "card.discarded", "card.left"}:
            away.add(card)
        elif kind == "card.restored":
            away.discard(card)
    return Counter(column for card, column in place.items() if card not in away)


@pytest.mark.parametrize("seed", range(2))
def test_fullness_and_waiting_are_those_of_the_events(works: Past, seed: int) -> None:
    chance, board, person = random.Random(seed), works.board, works.board.person
    board.limit("In progress", 2)
    columns = [
        works.columns[name] for name in ("To do", "In progress", "Waiting", "Review", "Done")
    ]
    start, at = parse_moment(MARCH["from"]), parse_moment("2026-02-26T00:00:00Z")
    cards: list[Any] = []
    moments = []
    while at < parse_moment("2026-03-12T00:00:00Z"):
        at += chance.randrange(1, 8 * HOUR)
        moments.append(works.time.at(at))
        deed = chance.random()
        if not cards or deed < 0.2:
            answer = board.try_add("A card", column_id=chance.choice(columns))
            cards += [answer.json()] if answer.status_code == 201 else []
        elif deed < 0.8:
            body = {"column_id": chance.choice(columns)}
            person.ask("POST", f"/cards/{chance.choice(cards)['id']}/move", json=body)
        elif deed < 0.9:
            person.ask("POST", f"/cards/{chance.choice(cards)['id']}/archive")
        elif deed < 0.97:
            person.ask("POST", f"/cards/{chance.choice(cards)['id']}/restore")
        else:
            person.ask("DELETE", f"/cards/{chance.choice(cards)['id']}")
    end = works.time.at("2026-03-14T00:00:00Z")
    events = board.events()
    stops = [start, *(each for each in moments if start < each < end), end]
    full = waited = 0
    for since, until in itertools.pairwise(stops):
        counts = _counts(events, since)
        full += (counts[works.columns["In progress"]] >= 2) * (until - since)
        waited += counts[works.columns["Waiting"]] * (until - since)
    found = constraint(works, **{**MARCH, "to": "2026-03-14T00:00:00Z"})
    progress, review = found["centres"]
    assert progress["full"] == pytest.approx(full / (end - start), rel=1e-12)
    assert review["queue"] == pytest.approx(waited / (end - start), rel=1e-12)
    law = found["littles_law"]
    days = (end - start) / 1_000_000
    assert law["wip"] * days == pytest.approx(
        law["product"] * days - law["before"] - law["outside"] + law["unfinished"]
    )


# --- in which form, for whom, at what cost --------------------------------------------------------


def test_the_csv_has_a_row_for_each_work_centre(works: Past) -> None:
    works.done("2026-03-03T00:00:00Z")
    path = "/boards/OPS/stats/constraint"
    answer = works.board.person.ask("GET", path, params={**MARCH, "format": "csv"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="OPS-constraint.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["name"] for row in rows] == ["In progress", "Review"]


def test_a_stranger_sees_no_constraint(past: Past, weir: Weir) -> None:
    stranger = weir.person("Eve Stranger")
    hidden = stranger.ask("GET", "/boards/OPS/stats/constraint")
    absent = stranger.ask("GET", "/boards/NONE/stats/constraint")
    assert (hidden.status_code, hidden.content) == (404, absent.content)


def test_it_takes_as_many_statements_whatever_the_number_of_cards(past: Past) -> None:
    past.done("2026-03-02T12:00:00Z")
    few = cost(pytest.MonkeyPatch(), lambda: constraint(past, **MARCH))
    for day in range(4, 8):
        past.done(f"2026-03-0{day}T12:00:00Z", labels=[f"{day}"])
    assert cost(pytest.MonkeyPatch(), lambda: constraint(past, **MARCH)) == few
