"""Blockers by category and by reason: how often, and how much time they take."""

import csv
import io
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cards.clocks import OPEN
from app.clock import HOUR, SECOND
from app.flow import files
from app.flow.blockers import (
    Episode,
    Episodes,
    Span,
    add_up,
    balances,
    belongs,
    lost_by,
    shares,
    union,
)
from tests.flow.conftest import Past
from tests.support import Weir

MARCH = {"from": "2026-03-01", "to": "2026-04-01"}
PATH = "/boards/OPS/stats/blockers"


# --- the numbers ----------------------------------------------------------------------------------


@st.composite
def episodes(draw: st.DrawFn) -> list[Episode]:
    """Episodes of a few cards within a hundred microseconds, some of which go on."""
    start = draw(st.lists(st.integers(0, 100), max_size=12))
    return [
        Episode(
            draw(st.integers(1, 3)),
            draw(st.sampled_from(["approval", "defect"])),
            draw(st.sampled_from(["Vendor", " vendor ", "Somebody"])),
            at,
            draw(st.one_of(st.none(), st.integers(at, 110))),
        )
        for at in start
    ]


def as_arrays(some: list[Episode]) -> Episodes:
    """The same episodes, in the order in which they began."""
    causes = sorted({(each.category, each.reason) for each in some})
    rows = [
        (
            each.card_id,
            each.start,
            OPEN if each.end is None else each.end,
            causes.index((each.category, each.reason)),
        )
        for each in sorted(some, key=lambda each: each.start)
    ]
    card, start, end, cause = np.array(rows, np.int64).reshape(-1, 4).T
    return Episodes(card, start, end, cause, causes)


def same(one: str, other: str) -> bool:
    """Whether two reasons are the same but for case and spaces around them."""
    return one.strip().casefold() == other.strip().casefold()


def lost_at(episodes: list[Episode], window: Span, now: int) -> int:
    """The time lost, found by looking at every microsecond."""
    return sum(
        len({e.card_id for e in episodes if e.start <= at < (now if e.end is None else e.end)})
        for at in range(window.start, min(window.end, now))
    )


@given(episodes(), st.integers(0, 100), st.integers(1, 60), st.integers(100, 130))
def test_the_time_lost_is_counted_once_for_each_card(
    some: list[Episode], start: int, length: int, now: int
) -> None:
    window = Span(start, start + length)
    found = add_up(as_arrays(some), window, now)
    assert found.whole.total == lost_at(some, window, now)
    for cause in found.categories:
        mine = [each for each in some if each.category == cause.name]
        assert cause.total == lost_at(mine, window, now) <= found.whole.total
        assert cause.total == sum(time for _, time in cause.lost_most)
        assert cause.cards == len(cause.lost_most)
        assert [time for _, time in cause.lost_most] == sorted(
            (
                lost_at([e for e in mine if e.card_id == card], window, now)
                for card, _ in cause.lost_most
            ),
            reverse=True,
        )
        assert cause.mean == Fraction(cause.total, cause.episodes)
    for causes in (found.categories, found.reasons):
        assert sum(cause.episodes for cause in causes) == found.whole.episodes
        assert sum(cause.open_now for cause in causes) == found.whole.open_now
        assert sum(cause.total for cause in causes) >= found.whole.total
        totals = [cause.total for cause in causes]
        assert totals == sorted(totals, reverse=True)
        assert shares(totals)[-1:] in ([], [0], [1])
    assert len(found.reasons) <= 2
    for cause in found.reasons:
        mine = [e for e in some if belongs(e, window) and same(e.reason, cause.name)]
        last = max(each.start for each in mine)
        assert cause.episodes == len(mine)
        assert cause.name in {each.reason for each in mine if each.start == last}
    assert [lost_by(each, window, now) for each in some] == [
        lost_at([each], window, now) for each in some
    ]


@given(episodes(), st.lists(st.integers(1, 30), min_size=1, max_size=5))
def test_what_is_open_is_what_was_open_and_came_and_did_not_go(
    some: list[Episode], lengths: list[int]
) -> None:
    borders = [sum(lengths[:n]) for n in range(len(lengths) + 1)]
    spans = [Span(*pair) for pair in pairwise(borders)]
    open_before = 0
    for span, balance in zip(spans, balances(as_arrays(some), spans), strict=True):
        assert balance.open == open_before + balance.new - balance.resolved
        assert balance.open == sum(
            each.start < span.end and (each.end is None or each.end >= span.end) for each in some
        )
        open_before = balance.open


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)).map(sorted)))
def test_the_union_of_stretches_is_what_any_of_them_covers(pairs: list[list[int]]) -> None:
    spans = [Span(*pair) for pair in pairs]
    covered = {at for span in spans for at in range(span.start, span.end)}
    assert union(spans) == len(covered)


def test_an_episode_belongs_to_the_window_in_which_it_ended_or_went_on() -> None:
    window = Span(10, 20)
    for start, end, is_in in (
        *((0, 9, False), (0, 10, True), (0, 30, True), (0, None, True)),
        *((10, 10, True), (19, 19, True), (20, 20, False), (20, None, False)),
    ):
        episode = Episode(1, "other", "", start, end)
        assert belongs(episode, window) is is_in
        assert len(as_arrays([episode]).belonging(window)) == is_in


# --- through the API ------------------------------------------------------------------------------


class Blocked:
    """A board whose cards are blocked and unblocked."""

    def __init__(self, past: Past) -> None:
        self.past = past
        self.ada = past.board.person

    def card(self, at: str, title: str = "A card", **fields: Any) -> Any:
        """A card in progress from a time on."""
        self.past.time.at(at)
        return self.past.board.add(title, "In progress", **fields)

    def block(self, card: Any, at: str, reason: str = "vendor", **more: Any) -> None:
        """Blocks a card at a time."""
        self.past.time.at(at)
        self.ada.post(f"/cards/{card['id']}/block", {"reason": reason, **more})

    def unblock(self, card: Any, at: str, note: str = "") -> None:
        """Unblocks it."""
        self.past.time.at(at)
        self.ada.post(f"/cards/{card['id']}/unblock", {"note": note})

    def stats(self, **query: Any) -> Any:
        """The statistics that the API gives."""
        return self.ada.get(PATH, params=query)

    def rows(self, **query: Any) -> list[dict[str, str]]:
        """The blocked intervals one by one."""
        answer = self.ada.ask("GET", PATH, params={**query, "format": "csv"})
        assert answer.status_code == 200, answer.text
        return list(csv.DictReader(io.StringIO(answer.text)))


@pytest.fixture
def blocked(past: Past) -> Blocked:
    """Ada's board."""
    return Blocked(past)


def test_blockers_are_told_by_category_and_reason_by_week_and_as_they_are_now(
    blocked: Blocked,
) -> None:
    first = blocked.card("2026-03-02T08:00:00Z", "First")
    second = blocked.card("2026-03-02T09:00:00Z", "Second")
    blocked.block(first, "2026-03-02T10:00:00Z", "Vendor ticket", category="waiting_on_vendor")
    blocked.unblock(first, "2026-03-02T13:00:00Z")
    blocked.block(first, "2026-03-09T10:00:00Z", "vendor  TICKET", category="waiting_on_vendor")
    blocked.unblock(first, "2026-03-09T11:00:00Z")
    blocked.block(second, "2026-03-10T10:00:00Z", "No key", category="approval")
    blocked.past.time.at("2026-03-10T12:00:00Z")
    vendor = {"episodes": 2, "total": 14400.0, "mean": 7200.0, "open_now": 0}
    approval = {"episodes": 1, "total": 7200.0, "mean": 7200.0, "open_now": 1}
    assert blocked.stats(**{"from": "2026-03-02", "to": "2026-03-16"}) == {
        "board": "OPS",
        "from": "2026-03-02T00:00:00.000000Z",
        "to": "2026-03-16T00:00:00.000000Z",
        "unit": "seconds",
        "episodes": 3,
        "total": 21600.0,
        "mean": 7200.0,
        "open_now": 1,
        "categories": [
            {"category": "waiting_on_vendor", **vendor},
            {"category": "approval", **approval},
        ],
        "reasons": [{"reason": "vendor  TICKET", **vendor}, {"reason": "No key", **approval}],
        "other_reasons": 0,
        "weeks": [
            {"start": "2026-03-02", "new": 1, "resolved": 1, "open": 0},
            {"start": "2026-03-09", "new": 2, "resolved": 1, "open": 1},
        ],
        "blocked": [
            {
                "id": second["id"],
                "ref": second["ref"],
                "title": "Second",
                "category": "approval",
                "reason": "No key",
                "since": "2026-03-10T10:00:00.000000Z",
                "blocked_for": 7200.0,
            }
        ],
    }


def test_nothing_blocked_is_zero_and_null(blocked: Blocked) -> None:
    blocked.card("2026-03-02T08:00:00Z")
    found = blocked.stats(**MARCH)
    assert (found["episodes"], found["total"], found["mean"]) == (0, 0, None)
    assert (found["categories"], found["reasons"], found["blocked"]) == ([], [], [])


def test_only_the_time_within_the_window_is_lost_in_it(blocked: Blocked) -> None:
    card = blocked.card("2026-02-20T08:00:00Z")
    blocked.block(card, "2026-02-27T00:00:00Z")
    blocked.unblock(card, "2026-03-01T12:00:00Z")
    blocked.block(card, "2026-03-31T18:00:00Z")
    blocked.unblock(card, "2026-04-03T00:00:00Z")
    found = blocked.stats(**MARCH)
    assert (found["episodes"], found["total"]) == (2, 18 * HOUR / SECOND)
    assert [row["seconds_in_window"] for row in blocked.rows(**MARCH)] == [
        "43200.000000",
        "21600.000000",
    ]
    # It goes on at the window's end, and is over by now.
    assert (found["open_now"], found["weeks"][-1]["open"]) == (0, 1)
    assert blocked.stats(**{"from": "2026-03-02", "to": "2026-03-31"})["episodes"] == 0


def test_what_was_lost_in_all_is_what_the_cards_say(blocked: Blocked) -> None:
    cards = [blocked.card("2026-03-02T08:00:00Z", str(n)) for n in range(3)]
    for hour, card in enumerate(cards, 10):
        blocked.block(card, f"2026-03-02T{hour}:00:00Z")
    blocked.unblock(cards[0], "2026-03-02T13:00:00.000001Z")
    blocked.block(cards[0], "2026-03-02T14:00:00Z", category="defect")
    blocked.unblock(cards[1], "2026-03-02T15:00:00Z")
    blocked.past.board.move(cards[1], "Done")
    blocked.past.time.at("2026-03-02T20:00:00Z")
    told = [blocked.ada.get(f"/cards/{card['id']}")["blocked_time"] for card in cards]
    assert blocked.stats(**MARCH)["total"] == pytest.approx(sum(told), abs=1e-9)


def test_a_blocker_ends_when_its_card_is_archived_or_done(blocked: Blocked) -> None:
    kept = blocked.card("2026-03-02T08:00:00Z", "Kept")
    done = blocked.card("2026-03-02T08:00:00Z", "Done")
    blocked.block(kept, "2026-03-02T10:00:00Z")
    blocked.past.board.move(done, "Done")
    blocked.block(done, "2026-03-02T11:00:00Z")
    blocked.past.time.at("2026-03-02T12:00:00Z")
    assert blocked.stats(**MARCH)["open_now"] == 1
    blocked.ada.post(f"/cards/{kept['id']}/archive")
    blocked.past.time.at("2026-03-02T18:00:00Z")
    found = blocked.stats(**MARCH)
    assert (found["open_now"], found["blocked"]) == (0, [])
    assert (found["episodes"], found["total"]) == (2, 7200.0)


def test_overlapping_blocks_of_a_card_take_its_time_once_from_the_whole(blocked: Blocked) -> None:
    day = "2026-03-02T{:02}:00:00Z".format
    blocks = [
        {"from": day(9), "until": day(12), "reason": "one", "category": "approval"},
        {"from": day(10), "until": day(11), "reason": "two", "category": "approval"},
        {"from": day(11), "until": day(14), "reason": "three", "category": "defect"},
    ]
    card = {"title": "Overlapping", "created_at": day(8), "column": "To do", "blocks": blocks}
    blocked.past.time.at("2026-03-03T00:00:00Z")
    document = {"format": "weir-history/1", "cards": [card]}
    blocked.ada.post("/boards/OPS/import", document)
    found = blocked.stats(**MARCH)
    assert (found["episodes"], found["total"]) == (3, 5 * 3600.0)
    assert [(each["category"], each["total"]) for each in found["categories"]] == [
        ("approval", 3 * 3600.0),
        ("defect", 3 * 3600.0),
    ]


def test_discarded_cards_do_not_count_and_filters_leave_those_of_their_cards(
    blocked: Blocked,
) -> None:
    plain = blocked.card("2026-03-02T08:00:00Z")
    special = blocked.card("2026-03-02T08:00:00Z", labels=["red"], team="ops", work_type="ops")
    gone = blocked.card("2026-03-02T08:00:00Z", labels=["red"])
    blocked.ada.patch(f"/cards/{special['id']}", {"assignee_ids": [blocked.ada.id]})
    for card in (plain, special, gone):
        blocked.block(card, "2026-03-02T10:00:00Z")
    blocked.past.time.at("2026-03-02T12:00:00Z")
    blocked.ada.delete(f"/cards/{gone['id']}")
    for query, count in (
        ({}, 2),
        ({"lane_id": plain["lane_id"]}, 2),
        ({"label": "red"}, 1),
        ({"team": "ops", "work_type": ["ops", "defect"]}, 1),
        ({"assignee_id": blocked.ada.id}, 1),
        ({"service_class": "expedite"}, 0),
    ):
        found = blocked.stats(**MARCH, **query)
        assert found["episodes"] == len(found["blocked"]) == count, query
        assert len(blocked.rows(**MARCH, **query)) == count, query


def test_the_csv_has_every_blocked_interval(
    blocked: Blocked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "PART", 2)
    card = blocked.card("2026-03-02T08:00:00Z", "Stuck")
    for hour in range(10, 15):
        blocked.block(card, f"2026-03-02T{hour}:00:00Z", str(hour))
        blocked.unblock(card, f"2026-03-02T{hour}:30:00Z", "gone")
    rows = blocked.rows(**MARCH)
    assert [row["reason"] for row in rows] == ["10", "11", "12", "13", "14"]
    assert rows[0] == {
        "ref": card["ref"],
        "title": "Stuck",
        "category": "other",
        "reason": "10",
        "by": "Ada Lovelace",
        "from": "2026-03-02T10:00:00.000000Z",
        "until": "2026-03-02T10:30:00.000000Z",
        "seconds_in_window": "1800.000000",
        "note": "gone",
    }


def test_a_card_takes_its_blockers_to_another_board(blocked: Blocked, weir: Weir) -> None:
    blocked.ada.board("NEXT", "simple")
    card = blocked.card("2026-03-02T08:00:00Z")
    blocked.block(card, "2026-03-02T10:00:00Z")
    blocked.unblock(card, "2026-03-02T11:00:00Z")
    blocked.ada.post(f"/cards/{card['id']}/transfer", {"board": "NEXT"})
    assert blocked.stats(**MARCH)["episodes"] == 0
    assert blocked.ada.get("/boards/NEXT/stats/blockers", params=MARCH)["episodes"] == 1
