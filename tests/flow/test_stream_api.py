"""The value stream through the API, on both databases."""

import csv
import io
import random
from collections import defaultdict
from fractions import Fraction
from itertools import pairwise
from math import prod
from typing import Any

import pytest

from app.clock import DAY, HOUR, MINUTE, SECOND
from app.flow import stream_queries
from app.types import parse_moment
from tests.cards.test_statements import cost
from tests.flow.conftest import START, Past, Story, Time, make_past
from tests.support import Person, Weir

MARCH = {"from": "2026-03-01", "to": "2026-04-01"}
MEMBERS = [
    *("board", "from", "to", "unit", "count", "steps", "lead_time", "process_time", "wait_time"),
    *("flow_efficiency", "rolled_percent_complete_accurate", "handoffs_per_card"),
]
STEP_MEMBERS = [
    *("column_id", "name", "kind", "team", "deleted", "lead_time", "process_time", "wait_time"),
    *("percent_complete_accurate", "exits", "came_back", "longest"),
]


def stream(past: Past, **query: Any) -> Any:
    """The value stream that the API gives of the past's board."""
    return past.board.person.get(f"/boards/{past.board.key}/stats/value-stream", params=query)


def by_name(found: Any) -> dict[str, Any]:
    """The steps of a value stream by their names."""
    return {step["name"]: step for step in found["steps"]}


# --- the numbers ----------------------------------------------------------------------------------


def test_the_steps_share_out_the_time_of_the_finished_cards(past: Past) -> None:
    past.play(
        Story(
            "Sent back",
            [
                ("2026-03-02T00:00:00Z", "To do"),
                ("2026-03-02T06:00:00Z", "In progress"),
                ("2026-03-02T12:00:00Z", "Done"),
                ("2026-03-03T12:00:00Z", "In progress"),
                ("2026-03-03T14:00:00Z", "Done"),
            ],
        ),
        Story(
            "Never worked on", [("2026-03-02T01:00:00Z", "To do"), ("2026-03-04T01:00:00Z", "Done")]
        ),
        Story("Open", [("2026-03-05T00:00:00Z", "To do"), ("2026-03-06T00:00:00Z", "In progress")]),
    )
    found = stream(past, **MARCH)
    assert list(found) == MEMBERS
    assert all(list(step) == STEP_MEMBERS for step in found["steps"])
    assert (found["board"], found["unit"], found["count"]) == ("OPS", "seconds", 2)
    steps = by_name(found)
    assert list(steps) == ["To do", "In progress", "Done"]
    hours = {name: step["lead_time"] / 3600 for name, step in steps.items()}
    assert hours == {"To do": 27, "In progress": 4, "Done": 12}
    assert found["lead_time"] == 43 * 3600
    assert steps["In progress"]["process_time"] == found["process_time"] == 4 * 3600
    assert found["flow_efficiency"] == 4 / 43
    shares = {name: step["percent_complete_accurate"] for name, step in steps.items()}
    # The open card's exit from To do counts too.
    assert shares == {"To do": 1.0, "In progress": 0.5, "Done": None}
    assert found["rolled_percent_complete_accurate"] == 0.5
    assert [step["exits"] for step in found["steps"]] == [3, 2, 0]
    longest = steps["To do"]["longest"]
    assert [(card["title"], card["time"]) for card in longest] == [
        ("Never worked on", 48 * 3600),
        ("Sent back", 6 * 3600),
    ]
    assert list(longest[0]) == ["id", "ref", "title", "time", "wait_time"]


def test_many_cards_are_read_in_pieces_that_add_up(
    past: Past, monkeypatch: pytest.MonkeyPatch
) -> None:
    stories = [
        Story(
            f"Card {day}",
            [
                (f"2026-03-{day:02}T00:00:00Z", "To do"),
                (f"2026-03-{day:02}T0{day}:00:00Z", "In progress"),
                (f"2026-03-{day + 1:02}T00:00:00Z", "To do"),
                (f"2026-03-{day + 2:02}T00:00:00Z", "Done"),
            ],
        )
        for day in range(1, 8)
    ]
    past.play(*stories)
    whole = stream(past, **MARCH)
    monkeypatch.setattr(stream_queries, "CARDS_AT_ONCE", 1)
    assert stream(past, **MARCH) == whole


def test_no_cards_are_a_count_of_zero_and_nulls(past: Past) -> None:
    past.board.add("Not done")
    found = stream(past)
    assert list(found) == MEMBERS
    assert found["count"] == 0
    assert [found[name] for name in MEMBERS[6:]] == [None] * 6
    assert [step["name"] for step in found["steps"]] == ["To do", "In progress", "Done"]
    for step in found["steps"]:
        assert (step["lead_time"], step["process_time"], step["exits"]) == (None, None, 0)
        assert step["longest"] == []


def test_exits_count_though_no_card_is_done(past: Past) -> None:
    past.play(
        Story("Open", [("2026-03-05T00:00:00Z", "To do"), ("2026-03-06T00:00:00Z", "In progress")])
    )
    found = stream(past, **MARCH)
    assert found["count"] == 0
    assert by_name(found)["To do"]["percent_complete_accurate"] == 1.0
    assert found["rolled_percent_complete_accurate"] == 1.0


def test_blocked_time_in_an_active_column_is_waiting(past: Past) -> None:
    (card,) = past.play(Story("Waits", [("2026-03-02T08:00:00Z", "In progress")]))
    past.time.at("2026-03-02T09:00:00Z")
    past.board.person.post(f"/cards/{card['id']}/block", {"reason": "vendor"})
    past.time.at("2026-03-02T11:00:00Z")
    past.board.person.post(f"/cards/{card['id']}/unblock", {})
    past.time.at("2026-03-02T12:00:00Z")
    past.board.move(card, "Done")
    step = by_name(stream(past, **MARCH))["In progress"]
    assert (step["lead_time"], step["process_time"], step["wait_time"]) == (14400, 7200, 7200)
    assert step["longest"][0]["wait_time"] == 7200


def test_handoffs_are_counted_by_the_columns_teams(past: Past) -> None:
    for name, team in (("To do", "dev"), ("In progress", "ops"), ("Done", "dev")):
        past.board.person.patch(f"/columns/{past.columns[name]}", {"team": team})
    past.done("2026-03-02T00:00:00Z")
    past.done("2026-03-05T00:00:00Z", cycle=None)
    assert stream(past, **MARCH)["handoffs_per_card"] == 1.0
    assert by_name(stream(past, **MARCH))["In progress"]["team"] == "ops"


def test_a_deleted_column_stays_where_it_was_and_is_marked(past: Past) -> None:
    board, person = past.board, past.board.person
    made = person.post("/boards/OPS/columns", {"name": "Review", "kind": "active", "position": 2})
    past.columns["Review"] = made["id"]
    past.play(
        Story(
            "Reviewed",
            [
                ("2026-03-02T00:00:00Z", "In progress"),
                ("2026-03-02T01:00:00Z", "Review"),
                ("2026-03-02T03:00:00Z", "In progress"),
                ("2026-03-02T04:00:00Z", "Review"),
                ("2026-03-02T05:00:00Z", "Done"),
            ],
        )
    )
    last = board.add("Under way", "Review")
    past.time.at("2026-03-03T00:00:00Z")
    before = stream(past, **MARCH)
    person.delete(f"/columns/{made['id']}?move_cards_to={past.columns['In progress']}")
    found = stream(past, **MARCH)
    assert [(step["name"], step["deleted"]) for step in found["steps"]] == [
        ("To do", False),
        ("In progress", False),
        ("Review", True),
        ("Done", False),
    ]
    for step in found["steps"]:
        step["deleted"] = False
    # Nobody sent the card back that the deletion moved.
    assert {**found, "to": None} == {**before, "to": None}
    assert by_name(found)["In progress"]["percent_complete_accurate"] == 0.5
    assert board.person.get(f"/cards/{last['id']}")["column_id"] == past.columns["In progress"]
    # A window in which nothing went through it does not name it.
    assert len(stream(past, **{"from": "2026-03-03", "to": "2026-03-04"})["steps"]) == 3


def test_the_time_on_another_board_is_a_step_without_a_name_of_its_own(
    time: Time, ada: Person
) -> None:
    dev, ops = (make_past(time, ada, key, "UTC") for key in ("DEV", "OPS"))
    for board in (dev, ops):
        board.time.at(START)
    ada.patch(f"/columns/{dev.columns['In progress']}", {"team": "dev"})
    ada.patch(f"/columns/{ops.columns['In progress']}", {"team": "ops"})
    (card,) = dev.play(
        Story(
            "Handed over",
            [("2026-03-02T00:00:00Z", "To do"), ("2026-03-02T02:00:00Z", "In progress")],
        )
    )
    time.at("2026-03-02T05:00:00Z")
    ada.post(f"/cards/{card['id']}/transfer", {"board": "OPS"})
    time.at("2026-03-02T06:00:00Z")
    ops.board.move(card, "In progress")
    time.at("2026-03-02T10:00:00Z")
    ops.board.move(card, "Done")
    found = stream(ops, **MARCH)
    first = found["steps"][0]
    assert (first["column_id"], first["name"], first["kind"]) == (None, "Other boards", None)
    assert (first["lead_time"], first["process_time"], first["exits"]) == (18000, 10800, 0)
    assert sum(step["lead_time"] for step in found["steps"]) == found["lead_time"] == 36000
    assert found["handoffs_per_card"] == 1.0
    assert stream(dev, **MARCH)["count"] == 0
    assert all(step["exits"] == 0 for step in stream(dev, **MARCH)["steps"])


# --- beside an independent calculation ------------------------------------------------------------


class Naive:
    """The value stream from the history of each card, by the words of its definition."""

    def __init__(self, past: Past, **query: str) -> None:
        board = past.board.read()
        self.past = past
        self.kinds = {column["id"]: column["kind"] for column in board["columns"]}
        self.order = {column["id"]: place for place, column in enumerate(board["columns"])}
        self.start, self.end = parse_moment(query["from"]), parse_moment(query["to"])
        self.count = 0
        self.lead: dict[int, int] = defaultdict(int)
        self.process: dict[int, int] = defaultdict(int)
        self.exits: dict[int, list[bool]] = defaultdict(list)
        for card in past.board.cards(archived="true") + past.board.cards():
            self.add(card)

    def add(self, card: Any) -> None:
        """Adds what a card's events say."""
        path: list[tuple[int, int]] = []
        marks: list[tuple[int, int]] = []
        for event in self.past.board.person.get(f"/cards/{card['id']}/history?limit=200")["items"]:
            at, data = parse_moment(event["at"]), event["data"]
            place = {"card.created": data, "card.moved": data.get("to")}.get(event["type"])
            if place and (not path or place["column_id"] != path[-1][0]):
                path.append((place["column_id"], at))
            if event["type"] in {"card.blocked", "card.unblocked"}:
                marks.append((at, 1 if event["type"] == "card.blocked" else -1))
        self.judge(path)
        done, was_done = None, False
        for column, at in path:
            is_done = self.kinds[column] == "done"
            done = at if is_done and not was_done else done if is_done else None
            was_done = is_done
        if done is None or not self.start <= done < self.end:
            return
        self.count += 1
        ends = [at for _, at in path[1:]] + [done]
        for (column, since), until in zip(path, ends, strict=True):
            if since < done:
                self.lead[column] += until - since
                self.process[column] += self.worked(column, marks, since, until)

    def worked(self, column: int, marks: list[tuple[int, int]], since: int, until: int) -> int:
        """The time in a column in which it was active and the card not blocked."""
        edges = sorted({since, until, *(at for at, _ in marks if since < at < until)})
        return sum(
            high - low
            for low, high in pairwise(edges)
            if self.kinds[column] == "active" and not sum(step for at, step in marks if at <= low)
        )

    def judge(self, path: list[tuple[int, int]]) -> None:
        """Adds what a card's exits to the right came to."""
        moves = [(here, there, at) for (here, _), (there, at) in pairwise(path)]
        for index, (here, there, at) in enumerate(moves):
            if self.order[there] > self.order[here] and self.start <= at < self.end:
                self.exits[here].append(
                    not any(
                        later == here and self.order[origin] > self.order[here]
                        for origin, later, _ in moves[index + 1 :]
                    )
                )


@pytest.mark.parametrize("seed", range(3))
def test_a_random_history_is_measured_as_its_events_say(past: Past, seed: int) -> None:
    chance, board = random.Random(seed), past.board
    person = board.person
    for name, kind in (("Review", "active"), ("Waiting", "queue"), ("Gone live", "done")):
        person.post("/boards/OPS/columns", {"name": name, "kind": kind, "position": 2})
    columns = [column["id"] for column in board.read()["columns"]]
    cards: list[Any] = []
    at = parse_moment("2026-02-20T00:00:00Z")
    for _ in range(160):
        at += chance.randrange(1, 12 * HOUR)
        past.time.at(at)
        if not cards or chance.random() < 0.15:
            fields = {
                "column_id": chance.choice(columns),
                "work_type": chance.choice(["ops", "debt"]),
            }
            cards.append(board.add("A card", **fields))
            continue
        card = chance.choice(cards)
        deed = chance.random()
        if deed < 0.7:
            body = {"column_id": chance.choice(columns)}
            person.ask("POST", f"/cards/{card['id']}/move", json=body)
        elif deed < 0.82:
            person.ask("POST", f"/cards/{card['id']}/block", json={"reason": "vendor"})
        elif deed < 0.92:
            person.ask("POST", f"/cards/{card['id']}/unblock", json={})
        elif deed < 0.95:
            person.ask("POST", f"/cards/{card['id']}/archive")
        elif deed < 0.98:
            person.ask("POST", f"/cards/{card['id']}/restore")
        else:
            person.ask("DELETE", f"/cards/{card['id']}")
    person.ask("PUT", "/boards/OPS/columns/order", json={"column_ids": columns[::-1]})
    for query in (
        {"from": "2026-02-01T00:00:00Z", "to": "2026-12-01T00:00:00Z"},
        {"from": "2026-03-10T12:00:00Z", "to": "2026-04-05T00:00:00Z"},
    ):
        naive, found = Naive(past, **query), stream(past, **query)
        assert found["count"] == naive.count > 0
        shares = []
        for step in found["steps"]:
            lead = Fraction(naive.lead[step["column_id"]], naive.count * SECOND)
            process = Fraction(naive.process[step["column_id"]], naive.count * SECOND)
            assert (step["lead_time"], step["process_time"]) == (float(lead), float(process))
            judged = naive.exits[step["column_id"]]
            assert (step["exits"], step["came_back"]) == (len(judged), judged.count(False))
            if judged:
                shares.append(Fraction(sum(judged), len(judged)))
        assert found["rolled_percent_complete_accurate"] == float(prod(shares))
        whole = Fraction(sum(naive.lead.values()), naive.count * SECOND)
        assert found["lead_time"] == float(whole) == past.stats(**query)["mean"]
        assert found["process_time"] == past.stats("process", **query)["mean"]


# --- which cards ----------------------------------------------------------------------------------


def test_filters_are_those_of_the_cards(past: Past, weir: Weir) -> None:
    past.play(
        Story(
            "a",
            [("2026-03-02T00:00:00Z", "In progress"), ("2026-03-02T01:00:00Z", "Done")],
            {"labels": ["red"], "assignee_ids": [past.board.person.id], "work_type": "ops"},
        ),
        Story(
            "b",
            [
                ("2026-03-02T00:00:00Z", "In progress"),
                ("2026-03-02T02:00:00Z", "Done"),
                ("2026-03-02T03:00:00Z", "In progress"),
                ("2026-03-02T04:00:00Z", "Done"),
            ],
            {"team": "dev"},
        ),
    )

    def shown(**query: Any) -> tuple[int, float | None]:
        found = stream(past, **MARCH, **query)
        return found["count"], by_name(found)["In progress"]["percent_complete_accurate"]

    assert shown() == (2, 2 / 3)
    assert shown(label="red") == shown(work_type="ops") == (1, 1.0)
    assert shown(assignee_id=past.board.person.id) == (1, 1.0)
    assert shown(team="dev") == (1, 0.5)
    assert shown(label="blue") == (0, None)
    assert shown(lane_id=past.board.read()["lanes"][0]["id"]) == (2, 2 / 3)


def test_archived_cards_count_and_discarded_ones_do_not(past: Past) -> None:
    kept = past.done("2026-03-02T00:00:00Z")
    gone = past.done("2026-03-05T00:00:00Z")
    past.board.person.post(f"/cards/{kept['id']}/archive")
    past.board.person.delete(f"/cards/{gone['id']}")
    found = stream(past, **MARCH)
    assert (found["count"], by_name(found)["In progress"]["exits"]) == (1, 1)


def test_a_stranger_sees_no_value_stream(past: Past, weir: Weir) -> None:
    stranger = weir.person("Eve Stranger")
    for form in ("json", "csv"):
        hidden = stranger.ask("GET", f"/boards/OPS/stats/value-stream?format={form}")
        absent = stranger.ask("GET", f"/boards/NONE/stats/value-stream?format={form}")
        assert (hidden.status_code, hidden.content) == (404, absent.content)


# --- as CSV ---------------------------------------------------------------------------------------


def test_the_csv_has_a_row_for_each_step_and_the_whole(past: Past) -> None:
    past.done("2026-03-03T00:00:00.000001Z", lead=DAY + 1, cycle=HOUR)
    past.done("2026-03-05T00:00:00Z", lead=DAY, cycle=MINUTE)
    person = past.board.person
    answer = person.ask("GET", "/boards/OPS/stats/value-stream", params={**MARCH, "format": "csv"})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    disposition = answer.headers["content-disposition"]
    assert disposition == 'attachment; filename="OPS-value-stream.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.content.decode(), newline="")))
    assert [row["step"] for row in rows] == ["To do", "In progress", "Done", "Whole"]
    assert rows[1] == {
        "step": "In progress",
        "kind": "active",
        "team": "",
        "deleted": "no",
        "lead_time": "1830",
        "process_time": "1830",
        "wait_time": "0",
        "percent_complete_accurate": "1.000000",
        "exits": "2",
        "came_back": "0",
    }
    assert rows[3]["percent_complete_accurate"] == "1.000000"


# --- at what cost ---------------------------------------------------------------------------------


def test_it_takes_as_many_statements_whatever_the_number_of_cards(past: Past) -> None:
    past.done("2026-03-02T12:00:00Z")
    few = cost(pytest.MonkeyPatch(), lambda: stream(past, **MARCH))
    for day in range(4, 9):
        past.done(f"2026-03-0{day}T12:00:00Z", labels=[f"{day}"])
    assert cost(pytest.MonkeyPatch(), lambda: stream(past, **MARCH)) == few
