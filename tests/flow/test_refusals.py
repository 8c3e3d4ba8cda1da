"""Refusals by place: where the limits said no, on both databases."""

import csv
import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.boards.history import read_board
from app.clock import DAY
from app.db import SQLITE, Tx
from app.flow import files, refusals_reading
from app.flow.queries import EVERY_CARD, Window
from app.flow.refusals import SCOPES, Kind, add_up
from app.flow.weeks import counted, weeks_of
from app.types import parse_moment
from tests.flow.conftest import Past
from tests.support import Person, Weir

MARCH = {"from": "2026-03-01", "to": "2026-04-01"}
PATH = "/boards/OPS/stats/refusals"


# --- the numbers ----------------------------------------------------------------------------------


def kinds() -> st.SearchStrategy[list[Kind]]:
    """Refusals of a few places and people, and some that no limit made."""
    place = st.builds(
        lambda scope, number, name: {"scope": scope, "place": {"id": number, "name": name}},
        st.sampled_from([*SCOPES, "blocked"]),
        st.sampled_from([None, 1, 2]),
        st.sampled_from(["Test", "Deploy"]),
    )
    return st.lists(
        st.builds(
            lambda place, limit, actor, moments: Kind(
                {**place, "limit": limit, "count": limit + 1}, actor, np.array(moments, np.int64)
            ),
            place,
            st.integers(1, 3),
            st.sampled_from([None, 1, 2]),
            st.lists(st.integers(0, 100), min_size=1, max_size=4),
        )
    )


@given(kinds())
def test_every_refusal_is_counted_once(some: list[Kind]) -> None:
    found = add_up(some)
    assert found.count + sum(found.others.values()) == sum(kind.times for kind in some)
    assert len(found.moments) == found.count
    for place in found.places:
        assert place.count == sum(count for _, count in place.people) == len(place.moments)
        assert place.last == max(place.moments)
        assert place.held == place.limit + 1
    counts = [place.count for place in found.places]
    assert counts == sorted(counts, reverse=True)
    named = {(place.scope, place.id) for place in found.places if place.id is not None}
    assert len(named) == len([place for place in found.places if place.id is not None])


@given(st.integers(0, 10**16), st.integers(1, 400 * DAY), st.data())
def test_every_moment_of_a_window_lies_in_one_of_its_weeks(
    start: int, length: int, data: st.DataObject
) -> None:
    weeks = weeks_of(start, start + length, "Europe/Berlin")
    assert [weeks[0].start, weeks[-1].end] == [start, start + length]
    assert all(week.start < week.end and week.monday.weekday() == 0 for week in weeks)
    assert [week.end for week in weeks[:-1]] == [week.start for week in weeks[1:]]
    moments = data.draw(st.lists(st.integers(start, start + length - 1)))
    assert counted(np.array(moments, np.int64), weeks) == [
        sum(week.start <= moment < week.end for moment in moments) for week in weeks
    ]


# --- through the API ------------------------------------------------------------------------------


class Full:
    """The board with room for one card in progress, which is taken."""

    def __init__(self, past: Past) -> None:
        self.past = past
        self.board = past.board
        self.board.limit("In progress", 1)
        self.inside = self.board.add("Takes the room", "In progress")
        self.waiting = self.board.add("Finds no room", "To do")

    def refuse(self, at: str, person: Person | None = None, card: Any = None) -> None:
        """Lets somebody try to move a card there."""
        self.past.time.at(at)
        board = self.board if person is None else self.board.seen_by(person)
        answer = board.try_move(card or self.waiting, "In progress")
        assert answer.status_code == 409

    def stats(self, **query: Any) -> Any:
        """The statistics that the API gives."""
        return self.board.person.get(PATH, params=query)

    def rows(self, **query: Any) -> list[dict[str, str]]:
        """The refusals one by one."""
        answer = self.board.person.ask("GET", PATH, params={**query, "format": "csv"})
        assert answer.status_code == 200, answer.text
        return list(csv.DictReader(io.StringIO(answer.text)))


@pytest.fixture
def full(past: Past) -> Full:
    """Ada's board, where nothing more can be started."""
    return Full(past)


def test_refusals_are_told_by_place_with_how_often_when_last_and_who(
    full: Full, weir: Weir
) -> None:
    jo = weir.person("Jo March")
    full.board.join(jo)
    full.refuse("2026-03-02T10:00:00Z")
    full.refuse("2026-03-03T10:00:00Z", jo)
    full.refuse("2026-03-17T10:00:00Z")
    ada = full.board.person
    assert full.stats(**MARCH) == {
        "board": "OPS",
        "from": "2026-03-01T00:00:00.000000Z",
        "to": "2026-04-01T00:00:00.000000Z",
        "count": 3,
        "places": [
            {
                "scope": "column",
                "id": full.past.columns["In progress"],
                "name": "In progress",
                "count": 3,
                "last": "2026-03-17T10:00:00.000000Z",
                "limit": 1,
                "held": 1,
                "people": [
                    {"id": ada.id, "name": "Ada Lovelace", "count": 2},
                    {"id": jo.id, "name": "Jo March", "count": 1},
                ],
            }
        ],
        # The first day of March was a Sunday.
        "weeks": [
            {"start": f"2026-{day}", "count": count}
            for day, count in (
                *(("02-23", 0), ("03-02", 2), ("03-09", 0)),
                *(("03-16", 1), ("03-23", 0), ("03-30", 0)),
            )
        ],
        "other_rules": {},
    }


def test_no_refusals_are_a_count_of_zero(full: Full) -> None:
    found = full.stats(**MARCH)
    assert (found["count"], found["places"], found["other_rules"]) == (0, [], {})
    assert [week["count"] for week in found["weeks"]] == [0] * 6


def test_a_window_takes_its_first_microsecond_in_and_leaves_its_last_out(full: Full) -> None:
    for at in (
        *("2026-02-28T23:59:59.999999Z", "2026-03-01T00:00:00Z"),
        *("2026-03-31T23:59:59.999999Z", "2026-04-01T00:00:00Z"),
    ):
        full.refuse(at)
    assert full.stats(**MARCH)["count"] == 2
    assert [row["at"] for row in full.rows(**MARCH)] == [
        "2026-03-31T23:59:59.999999Z",
        "2026-03-01T00:00:00.000000Z",
    ]


def test_the_limit_and_what_was_held_are_those_of_the_last_time(full: Full) -> None:
    full.refuse("2026-03-02T10:00:00Z")
    full.board.limit("In progress", 2)
    full.board.add("Takes the rest", "In progress")
    full.refuse("2026-03-03T10:00:00Z")
    (place,) = full.stats(**MARCH)["places"]
    assert (place["count"], place["limit"], place["held"]) == (2, 2, 2)


def test_a_deleted_place_keeps_its_name_and_its_refusals(full: Full) -> None:
    full.refuse("2026-03-02T10:00:00Z")
    column = full.past.columns["In progress"]
    target = full.past.columns["To do"]
    full.board.person.delete(f"/columns/{column}", params={"move_cards_to": target})
    (place,) = full.stats(**MARCH)["places"]
    assert (place["id"], place["name"], place["count"]) == (column, "In progress", 1)


def test_each_place_has_its_own_refusals_the_busiest_first(full: Full) -> None:
    full.refuse("2026-03-02T10:00:00Z")
    full.board.limit("In progress", None)
    full.board.person.patch("/boards/OPS", {"wip_limit": 1})
    for hour in (11, 12):
        full.refuse(f"2026-03-02T{hour}:00:00Z")
    full.past.time.at("2026-03-02T13:00:00Z")
    assert full.board.try_add("Not made", "In progress").status_code == 409
    found = full.stats(**MARCH)
    assert [(place["scope"], place["count"]) for place in found["places"]] == [
        ("board", 3),
        ("column", 1),
    ]
    assert (full.rows(**MARCH)[0]["action"], full.rows(**MARCH)[0]["ref"]) == ("create", "")


def test_what_another_rule_refused_is_told_apart(full: Full) -> None:
    full.refuse("2026-03-02T10:00:00Z")
    ada = full.board.person
    ada.post(f"/cards/{full.waiting['id']}/block", {"reason": "vendor"})
    full.refuse("2026-03-02T11:00:00Z")
    found = full.stats(**MARCH)
    assert (found["count"], found["other_rules"]) == (1, {"blocked": 1})
    assert sum(week["count"] for week in found["weeks"]) == 1
    assert len(full.rows(**MARCH)) == 1


def test_filters_leave_the_refusals_of_their_cards(full: Full) -> None:
    past, ada = full.past, full.board.person
    full.refuse("2026-03-02T10:00:00Z")
    past.time.at("2026-03-02T11:00:00Z")
    labelled = full.board.add("Labelled", "To do", labels=["red"], work_type="ops", team="ops")
    ada.patch(f"/cards/{labelled['id']}", {"assignee_ids": [ada.id]})
    full.refuse("2026-03-02T12:00:00Z", card=labelled)
    assert full.board.try_add("Not made", "In progress").status_code == 409
    lane = labelled["lane_id"]
    for query, count in (
        ({}, 3),
        ({"lane_id": lane}, 2),
        ({"label": "red"}, 1),
        ({"label": ["red", "blue"], "team": "ops"}, 1),
        ({"assignee_id": ada.id}, 1),
        ({"work_type": "ops"}, 1),
        ({"work_type": "defect"}, 0),
        ({"service_class": "expedite"}, 0),
    ):
        assert full.stats(**MARCH, **query)["count"] == count, query
        assert len(full.rows(**MARCH, **query)) == count, query


def test_a_discarded_cards_refusals_stay_those_of_the_place(full: Full) -> None:
    full.refuse("2026-03-02T10:00:00Z")
    full.board.person.delete(f"/cards/{full.waiting['id']}")
    assert full.stats(**MARCH)["count"] == 1
    assert full.stats(**MARCH, work_type="feature")["count"] == 0


def test_the_csv_has_every_refusal_the_last_first(
    full: Full, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "PART", 2)
    for minute in range(5):
        full.refuse(f"2026-03-02T10:{minute:02}:00Z")
    # Two in the same microsecond, across the border of a part.
    full.refuse("2026-03-02T10:04:00Z")
    rows = full.rows()
    assert [row["at"][14:16] for row in rows] == ["04", "04", "03", "02", "01", "00"]
    assert rows[0] == {
        "at": "2026-03-02T10:04:00.000000Z",
        "ref": full.waiting["ref"],
        "title": "Finds no room",
        "person": "Ada Lovelace",
        "action": "move",
        "scope": "column",
        "place_id": str(full.past.columns["In progress"]),
        "place": "In progress",
        "limit": "1",
        "held": "1",
    }


def test_weeks_are_those_of_the_boards_zone(full: Full) -> None:
    full.board.person.patch("/boards/OPS", {"time_zone": "Pacific/Auckland"})
    full.refuse("2026-03-08T12:00:00Z")  # Monday, one o'clock at night
    weeks = full.stats(**{"from": "2026-03-02", "to": "2026-03-16"})["weeks"]
    assert weeks == [{"start": "2026-03-02", "count": 0}, {"start": "2026-03-09", "count": 1}]


def test_what_makes_no_sense_is_refused(full: Full) -> None:
    for query in ("format=xml", "from=2026-03-02&to=2026-03-02", "work_type=none"):
        assert full.board.person.ask("GET", f"{PATH}?{query}").status_code == 422


def test_refusals_are_found_by_the_index_of_rare_events(
    full: Full, weir: Weir, monkeypatch: pytest.MonkeyPatch
) -> None:
    plans: list[str] = []

    def explain(tx: Tx) -> None:
        execute = tx.execute

        def explained(self: Tx, statement: Any, values: Any = None) -> Any:
            compiled = statement.compile(
                dialect=tx.connection.dialect, compile_kwargs={"literal_binds": True}
            )
            word = "EXPLAIN QUERY PLAN" if tx.dialect == SQLITE else "EXPLAIN"
            rows = tx.connection.exec_driver_sql(f"{word} {compiled}".replace("%", "%%"))
            plans.append(str(rows.fetchall()))
            return execute(statement, values)

        if tx.dialect != SQLITE:
            # A handful of rows is read in full, whatever there is for the many.
            tx.cursor.execute("SET LOCAL enable_seqscan = off")
            tx.cursor.execute("SET LOCAL enable_bitmapscan = off")
        monkeypatch.setattr(Tx, "execute", explained)
        board = read_board(tx, None, key="OPS")
        window = Window(0, parse_moment("2026-04-01T00:00:00Z"))
        refusals_reading.read_refusals(tx, board, window, EVERY_CARD)
        refusals_reading.refused_part(tx, board, window, EVERY_CARD, 10)

    weir.db.read_now(explain)
    assert len(plans) == 2
    assert all("ix_events_rare" in plan for plan in plans), plans
