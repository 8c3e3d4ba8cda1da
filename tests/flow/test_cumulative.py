"""The cumulative flow: whoever was there at the end of a day is counted, on every way there."""

from datetime import date
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.clock import DAY
from app.flow.cumulative import Band, change_over, counts_at
from tests.flow.conftest import Past, Time, make_past, story
from tests.support import Person

stays = st.lists(st.tuples(st.integers(0, 100), st.none() | st.integers(0, 100)))


@given(stays, st.lists(st.integers(0, 120), min_size=1))
def test_those_who_are_there_are_those_who_came_before_and_had_not_left(
    stays: list[tuple[int, int | None]], moments: list[int]
) -> None:
    spans = [(came, None if left is None else max(came, left)) for came, left in stays]
    found = counts_at(
        moments,
        np.array([came for came, _ in spans], np.int64),
        np.array([left for _, left in spans if left is not None], np.int64),
    )
    assert found == [
        sum(came < at and (left is None or left >= at) for came, left in spans) for at in moments
    ]


def test_what_came_less_what_was_finished_is_what_has_grown() -> None:
    bands = [Band(1, "To do", "queue", False, [9, 4]), Band(2, "Done", "done", False, [9, 12])]
    change = change_over([3, 10], bands, [False, True])
    assert (change.came, change.finished) == (3, 2)
    assert (change.open_before, change.open_after) == (3, 4)


def flow_of(past: Past, **query: Any) -> dict[str, list[int]]:
    """The counts of each column, by its name."""
    found = past.board.person.get(f"/boards/{past.board.key}/stats/cfd", params=query)
    assert all(len(each["counts"]) == len(found["dates"]) for each in found["series"])
    return {each["name"]: each["counts"] for each in found["series"]}


WEEK = {"from": "2026-03-01", "to": "2026-03-06"}


def move(past: Past, card: Any, column: str) -> None:
    """Moves a card at the time that it is."""
    past.board.person.post(f"/cards/{card['id']}/move", {"column_id": past.columns[column]})


def test_a_card_stands_where_it_was_at_the_end_of_each_day(past: Past) -> None:
    past.play(
        story("2026-03-04T09:00:00Z", lead=2 * DAY, cycle=DAY),
        story("2026-03-03T09:00:00Z", lead=DAY, cycle=None),
    )
    assert flow_of(past, **WEEK) == {
        "To do": [0, 2, 0, 0, 0],
        "In progress": [0, 0, 1, 0, 0],
        "Done": [0, 0, 1, 2, 2],
    }


def test_a_card_that_goes_back_is_shown_where_it_was(past: Past) -> None:
    card = past.done("2026-03-02T12:00:00Z", lead=DAY)
    past.time.at("2026-03-04T12:00:00Z")
    move(past, card, "In progress")
    assert flow_of(past, **WEEK)["Done"] == [0, 1, 1, 0, 0]
    assert flow_of(past, **WEEK)["In progress"] == [0, 0, 0, 1, 1]


def test_archived_cards_count_where_they_are_done_and_discarded_ones_never(past: Past) -> None:
    done, gone = past.play(story("2026-03-02T12:00:00Z"), story("2026-03-02T12:00:00Z"))
    past.time.at("2026-03-04T12:00:00Z")
    past.board.person.post(f"/cards/{done['id']}/archive", {})
    past.board.person.ask("DELETE", f"/cards/{gone['id']}")
    assert flow_of(past, **WEEK)["Done"] == [0, 1, 1, 1, 1]


def test_a_card_that_was_put_away_unfinished_is_off_the_board_until_it_is_back(past: Past) -> None:
    past.time.at("2026-03-01T12:00:00Z")
    away, back = past.board.add("Away"), past.board.add("Back")
    past.time.at("2026-03-03T12:00:00Z")
    for card in (away, back):
        past.board.person.post(f"/cards/{card['id']}/archive", {})
    past.time.at("2026-03-05T12:00:00Z")
    past.board.person.post(f"/cards/{back['id']}/restore", {})
    assert flow_of(past, **WEEK)["To do"] == [2, 2, 0, 0, 1]


def test_a_deleted_column_stays_in_its_past(past: Past) -> None:
    past.time.at("2026-03-01T12:00:00Z")
    card = past.board.add("A card", column="In progress")
    past.time.at("2026-03-03T12:00:00Z")
    move(past, card, "Done")
    past.board.person.ask("DELETE", f"/columns/{past.columns['In progress']}")
    assert flow_of(past, **WEEK) == {
        "To do": [0, 0, 0, 0, 0],
        "In progress": [1, 1, 0, 0, 0],
        "Done": [0, 0, 1, 1, 1],
    }
    assert "In progress" not in flow_of(past, **{"from": "2026-03-04", "to": "2026-03-06"})


def test_a_card_that_left_for_another_board_was_here_until_then(past: Past, ada: Person) -> None:
    past.time.at("2026-03-01T12:00:00Z")
    card = past.board.add("A card")
    other = make_past(past.time, ada, "NEXT", "UTC")
    past.time.at("2026-03-03T12:00:00Z")
    ada.post(f"/cards/{card['id']}/transfer", {"board": "NEXT"})
    assert flow_of(past, **WEEK)["To do"] == [1, 1, 0, 0, 0]
    assert flow_of(other, **WEEK)["To do"] == [0, 0, 1, 1, 1]


def test_a_day_is_one_of_the_boards_zone_also_where_clocks_change(time: Time, ada: Person) -> None:
    past = make_past(time, ada, "BER", "Europe/Berlin")
    time.at("2026-03-29T21:59:59Z")  # Half a second before midnight there.
    past.board.add("Still on Sunday")
    time.at("2026-03-29T22:00:00Z")
    past.board.add("Monday")
    query = {"from": "2026-03-28", "to": "2026-03-31"}
    assert flow_of(past, **query)["To do"] == [0, 1, 2]


def test_the_last_day_ends_with_the_window_and_filters_leave_some_out(past: Past) -> None:
    past.play(story("2026-03-02T12:00:00Z", work_type="defect"), story("2026-03-02T18:00:00Z"))
    assert flow_of(past, **{"from": "2026-03-02", "to": "2026-03-02T15:00:00Z"})["Done"] == [1]
    assert flow_of(past, work_type="defect", **WEEK)["Done"] == [0, 1, 1, 1, 1]


def test_the_file_has_a_day_a_row(past: Past) -> None:
    past.done("2026-03-02T12:00:00Z")
    answer = past.board.person.ask(
        "GET", f"/boards/{past.board.key}/stats/cfd", params={**WEEK, "format": "csv"}
    )
    head, *rows = answer.text.splitlines()
    assert head == "date,To do,In progress,Done"
    assert [date.fromisoformat(row.split(",")[0]).day for row in rows] == [1, 2, 3, 4, 5]
    assert rows[1] == "2026-03-02,0,0,1"


def test_more_days_than_anybody_looks_at_are_refused(past: Past) -> None:
    answer = past.board.person.ask(
        "GET",
        f"/boards/{past.board.key}/stats/cfd",
        params={"from": "1970-01-01", "to": "2100-01-01"},
    )
    assert answer.status_code == 422
    assert "40,000 days" in answer.text
    page = past.board.person.weir.client.get(
        f"/boards/{past.board.key}/flow?from=1970-01-01&to=2100-01-01",
        headers={"Authorization": f"Bearer {past.board.person.token}"},
    )
    assert page.status_code == 422
    assert "40,000 days" in page.text
