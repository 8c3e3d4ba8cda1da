"""Markers, and the lines in time that charts show: what changed, and when."""

from typing import Any

import pytest

from app.boards.history import Fact, lock_board, read_board, record
from app.db import SQLITE, Tx
from app.flow import lines, markers
from app.flow.lines import Line, read_lines, through
from app.types import parse_moment
from tests.flow.conftest import Past
from tests.support import Weir

PATH = "/boards/OPS/markers"


def test_a_manager_sets_markers_and_everybody_reads_them(past: Past, weir: Weir) -> None:
    ada = past.board.person
    made = ada.post(PATH, {"at": "2026-01-03", "words": "  New deploy pipeline "})
    assert made == {
        "id": made["id"],
        "at": "2026-01-03T00:00:00.000000Z",
        "words": "New deploy pipeline",
        "created_at": "2026-01-05T08:00:00.000000Z",
        "created_by": {"id": ada.id, "name": "Ada Lovelace"},
    }
    exact = ada.post(PATH, {"at": "2026-01-04T10:30:00.000001+01:00", "words": "Exactly then"})
    assert exact["at"] == "2026-01-04T09:30:00.000001Z"
    vera = weir.person("Vera Reader")
    past.board.join(vera, "viewer")
    assert vera.get(PATH) == {"items": [exact, made], "next_cursor": None}
    assert vera.ask("POST", PATH, json={"at": "2026-01-03", "words": "No"}).status_code == 403


def test_a_day_begins_in_the_boards_zone(past: Past) -> None:
    past.board.person.patch("/boards/OPS", {"time_zone": "Europe/Berlin"})
    made = past.board.person.post(PATH, {"at": "2026-03-30", "words": "Summer"})
    assert made["at"] == "2026-03-29T22:00:00.000000Z"


def test_a_deleted_marker_is_gone_and_the_history_knows_it(past: Past) -> None:
    ada = past.board.person
    made = ada.post(PATH, {"at": "2026-01-03", "words": "By mistake"})
    ada.delete(f"{PATH}/{made['id']}")
    assert ada.get(PATH)["items"] == []
    assert ada.ask("DELETE", f"{PATH}/{made['id']}").status_code == 404
    told = [event for event in past.board.events() if event["type"].startswith("marker.")]
    assert [event["type"] for event in told] == ["marker.added", "marker.deleted"]
    for event in told:
        assert event["data"] == {
            "marker_id": made["id"],
            "at": "2026-01-03T00:00:00.000000Z",
            "words": "By mistake",
        }


def test_a_marker_of_another_board_is_not_there(past: Past) -> None:
    ada = past.board.person
    ada.board("NEXT", "simple")
    made = ada.post("/boards/NEXT/markers", {"at": "2026-01-03", "words": "Elsewhere"})
    assert ada.ask("DELETE", f"{PATH}/{made['id']}").status_code == 404
    assert len(ada.get("/boards/NEXT/markers")["items"]) == 1


def test_markers_come_in_pages_without_a_gap(past: Past) -> None:
    ada = past.board.person
    # Several at the same moment, across the border of a page.
    for number, day in enumerate((3, 4, 4, 4, 5)):
        ada.post(PATH, {"at": f"2026-01-0{day}", "words": str(number)})
    found: list[str] = []
    cursor: dict[str, Any] = {}
    while True:
        page = ada.get(PATH, params={"limit": 2, **cursor})
        found += [item["words"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert found == ["4", "3", "2", "1", "0"]


def test_a_board_has_so_many_markers_and_no_more(
    past: Past, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(markers, "MOST_MARKERS", 1)
    body = {"at": "2026-01-03", "words": "One"}
    past.board.person.post(PATH, body)
    assert past.board.person.ask("POST", PATH, json=body).status_code == 409


# --- Lines ----------------------------------------------------------------------------------------


def lines_of(past: Past, start: str, end: str) -> list[Line]:
    """The lines of a window."""

    def read(tx: Tx) -> list[Line]:
        board = read_board(tx, None, key="OPS")
        return read_lines(tx, board, parse_moment(start), parse_moment(end))

    return past.board.person.weir.db.read_now(read)


def test_limits_cords_and_markers_are_lines_in_the_order_of_time(past: Past) -> None:
    ada = past.board.person
    ada.post(PATH, {"at": "2026-03-03", "words": "New deploy pipeline"})
    past.time.at("2026-03-01T10:00:00Z")
    past.board.limit("In progress", 3)
    past.time.at("2026-03-02T10:00:00Z")
    ada.patch("/boards/OPS", {"wip_limit": 9, "person_wip_limit": 2})
    past.time.at("2026-03-04T10:00:00Z")

    def pull(tx: Tx) -> None:
        board = lock_board(tx, ada.actor, key="OPS")
        record(tx, board, Fact("andon.pulled", None, {"reason": "Staging rejects pods"}))

    ada.weir.db.write_now(pull)
    found = lines_of(past, "2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z")
    assert [(line.number, line.kind, line.words) for line in found] == [
        (1, "limit", "Limit of In progress: none → 3"),
        (2, "limit", "Limit of each person: none → 2"),
        (3, "limit", "Limit of the board: none → 9"),
        (4, "marker", "New deploy pipeline"),
        (5, "andon", "Cord pulled: Staging rejects pods"),
    ]
    assert lines_of(past, "2026-03-01T10:00:00.000001Z", "2026-03-02T10:00:00Z") == []
    assert len(lines_of(past, "2026-03-01T10:00:00Z", "2026-03-02T10:00:00Z")) == 1


def test_of_many_lines_the_last_ones_are_shown(past: Past, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MOST_LINES", 2)
    for day in (5, 3, 4):
        past.board.person.post(PATH, {"at": f"2026-01-0{day}", "words": str(day)})
    found = lines_of(past, "2026-01-01T00:00:00Z", "2026-01-05T00:00:00.000001Z")
    assert [(line.number, line.words) for line in found] == [(1, "4"), (2, "5")]


def test_lines_are_found_by_the_index_of_rare_events(past: Past, weir: Weir) -> None:
    def plan(tx: Tx, kind: str) -> str:
        text, constants = lines._EVENTS[kind].compiled(tx.dialect)
        word = "EXPLAIN QUERY PLAN" if tx.dialect == SQLITE else "EXPLAIN"
        if tx.dialect != SQLITE:
            # A handful of rows is read in full, whatever there is for the many.
            tx.cursor.execute("SET LOCAL enable_seqscan = off")
            tx.cursor.execute("SET LOCAL enable_bitmapscan = off")
        values = {**constants, "board_id": 1, "start": 0, "end": 2**60}
        tx.cursor.execute(f"{word} {text}", values)
        return str(tx.cursor.fetchall())

    for kind in lines._EVENTS:
        assert "ix_events_rare" in weir.db.read_now(plan, kind)


def test_lines_are_a_series_of_their_own() -> None:
    some = [Line(1, 10, "limit", "Limit of Test: 3 → 4"), Line(2, 99, "marker", "Too late")]
    option = {"series": [{"type": "bar", "data": [1]}, {"type": "line", "data": [2]}]}
    found = through(option, some, lambda at: at // 10 if at < 50 else None, 9)
    *before, added = found["series"]
    assert before == option["series"]
    assert added["data"] == []
    (mark,) = added["markLine"]["data"]
    assert (mark["xAxis"], mark["words"]) == (1, "1: Limit of Test: 3 → 4")
    assert mark["label"]["formatter"] == "1"
    assert through(option, [], float, 9) == option
    assert through(option, some, lambda _: None, 9) == option


def test_lines_near_each_other_carry_their_numbers_together() -> None:
    some = [Line(number, at, "marker", f"At {at}") for number, at in enumerate((5, 5, 6, 50), 1)]
    added = through({"series": []}, some, float, 90)["series"][0]
    data = added["markLine"]["data"]
    assert [each["xAxis"] for each in data] == [5, 5, 6, 50]
    assert [each["label"]["formatter"] for each in data if each["label"]["show"]] == ["1–3", "4"]
    assert data[0]["words"] == data[1]["words"] == "1: At 5\n2: At 5"
