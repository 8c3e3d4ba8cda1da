"""Taking a board's cards with their pasts out, and bringing them in again."""

import csv
import json
from collections import defaultdict
from io import StringIO
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app import clock
from app.auth.actor import Actor
from app.auth.service import add_user
from app.boards.service import create_board
from app.cards.rebuild import examine_board
from app.db import Tx
from app.exchange import export
from app.exchange.export import export_history, export_sheet
from app.exchange.history import import_history
from app.exchange.places import distinct
from app.exchange.schemas import read_document
from tests.exchange.documents import block, bring, card, exported, iso
from tests.support import BoardOf, Person, Weir

KEYS = (f"B{number}" for number in count(1))


def again(board: BoardOf, template: str = "empty") -> bytes:
    """What an empty board exports once it has taken this board's export."""
    data = exported(board)
    other = board.person.board(next(KEYS), template)
    response = board.person.ask("POST", f"/boards/{other.key}/import", content=data)
    assert response.status_code == 200, response.text
    assert board.person.weir.db.read_now(examine_board, other.key) == []
    return exported(other)


# --- The document --------------------------------------------------------------------------------


def test_a_board_is_exported_in_the_format_of_the_import(ops: BoardOf) -> None:
    past = card(
        "INC1",
        (10, "Doing"),
        (12, "In production"),
        work_type="incident",
        team="ops",
        labels=["b", "a"],
        blocks=[block(11, 11.5, category="approval")],
    )
    bring(ops, past)
    ops.person.patch("/boards/OPS", {"name": "Ours"})
    response = ops.person.ask("GET", "/boards/ops/export")
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["Content-Disposition"] == 'attachment; filename="OPS-history.json"'
    document = response.json()
    assert list(document) == ["format", "columns", "groups", "lanes", "cards"]
    assert document["format"] == "weir-history/1"
    assert document["columns"][2] == {
        "name": "Doing",
        "kind": "active",
        "wip_limit": None,
        "team": "dev",
        "group": "Development",
    }
    assert document["lanes"] == [
        {"name": "Expedite", "wip_limit": 1, "expedite": True},
        {"name": "Standard", "wip_limit": None, "expedite": False},
    ]
    assert document["cards"] == [
        {
            "external_id": "INC1",
            "title": "Card INC1",
            "work_type": "incident",
            "service_class": "standard",
            "team": "ops",
            "description": "",
            "labels": ["a", "b"],
            "lane": "Standard",
            "created_at": iso(8),
            "column": "Backlog",
            "moves": [{"at": iso(10), "to": "Doing"}, {"at": iso(12), "to": "In production"}],
            "blocks": [
                {"from": iso(11), "until": iso(11.5), "reason": "Waiting", "category": "approval"}
            ],
        }
    ]
    # A card a line, so that two exports can be compared by eye.
    assert len(response.text.splitlines()) == 2


def test_a_board_without_anything_is_exported_too(ada: Person) -> None:
    empty = ada.board("NIL", "empty")
    assert json.loads(exported(empty)) == {
        "format": "weir-history/1",
        "columns": [],
        "lanes": [{"name": "Standard", "wip_limit": None, "expedite": False}],
        "cards": [],
    }
    assert again(empty, "dev-ops") == exported(empty)


def test_what_people_did_comes_out_and_in_again(ops: BoardOf, ada: Person) -> None:
    first = ops.add("First", description="a\nb", labels=["x"], due_on="2026-12-24", team="dev")
    second = ops.add("Second", "Doing", lane_id=ops.lane("Expedite"), external_id="EXT-2")
    third = ops.add("Third", "Backlog")
    ops.add("Fourth", "Test", service_class="intangible")
    ops.move(third, "Backlog", index=0)
    ops.move(first, "Ready")
    ops.move(second, "In production")
    ops.move(second, "Doing", lane_id=ops.lane("Standard"))
    ada.post(f"/cards/{first['id']}/block", {"reason": "Vendor", "category": "waiting_on_vendor"})
    ada.post(f"/cards/{first['id']}/unblock", {"note": "They answered"})
    ada.post(f"/cards/{first['id']}/block", {"reason": "Again"})
    ada.post(f"/cards/{ops.add('Kept', 'Deploy')['id']}/archive")
    ada.delete(f"/cards/{ops.add('Thrown away')['id']}")
    data = exported(ops)
    cards = json.loads(data)["cards"]
    assert [made["title"] for made in cards] == ["First", "Second", "Third", "Fourth", "Kept"]
    assert cards[0]["due_on"] == "2026-12-24"
    assert [made.get("note") for made in cards[0]["blocks"]] == ["They answered", None]
    assert (cards[0]["external_id"], cards[1]["external_id"]) == (None, "EXT-2")
    assert [move["to"] for move in cards[1]["moves"]] == ["In production", "Doing"]
    assert cards[4]["archived_at"] is not None
    for template in ("empty", "simple", "dev-ops"):
        assert again(ops, template) == data


def test_the_order_of_a_column_comes_out_and_in_again(ops: BoardOf) -> None:
    made = [ops.add(f"Card {number}") for number in range(4)]
    assert "position" not in json.loads(exported(ops))["cards"][0]
    ops.move(made[3], "Backlog", index=0)
    ops.move(made[0], "Backlog", index=2)
    data = exported(ops)
    assert [one["position"] for one in json.loads(data)["cards"]] == [2, 1, 3, 0]
    assert again(ops) == data


def test_shape_teams_and_policies_come_out_and_in_again(ops: BoardOf, ada: Person) -> None:
    ada.patch("/boards/OPS", {"teams": ["dev", "ops", "qa"]})
    ada.patch(
        f"/columns/{ops.column('Test')}",
        {"policy": "All *green*", "team": "qa", "ask_before_leaving": True},
    )
    ada.patch(f"/groups/{ops.group('Development')}", {"wip_limit": 9, "name": "Dev"})
    ada.patch(f"/lanes/{ops.lane('Expedite')}", {"wip_limit": None, "name": "Fast"})
    for number in range(7):
        ops.add("Card", "Doing" if number % 2 else "Done", team="qa")
    # A team that is on no list any more stays on its cards.
    ada.patch("/boards/OPS", {"teams": ["dev", "ops"]})
    data = exported(ops)
    for template in ("empty", "dev-ops"):
        assert again(ops, template) == data


def test_columns_of_one_name_are_told_apart(ops: BoardOf, ada: Person) -> None:
    ada.patch(f"/columns/{ops.column('Ready to deploy')}", {"name": "Done"})
    ada.post("/boards/OPS/lanes", {"name": "Standard"})
    done = [column["id"] for column in ops.read()["columns"] if column["name"] == "Done"]
    lanes = [lane["id"] for lane in ops.read()["lanes"] if lane["name"] == "Standard"]
    ops.add("One", column_id=done[0], lane_id=lanes[1])
    ops.add("Two", column_id=done[1], lane_id=lanes[0])
    data = exported(ops)
    document = json.loads(data)
    assert [made["column"] for made in document["cards"]] == ["Done", "Done (2)"]
    assert [made["lane"] for made in document["cards"]] == ["Standard (2)", "Standard"]
    assert again(ops) == data
    # On the board itself the names mean the same.
    assert bring(ops, card("A", (9, "Done (2)"), lane="Standard (2)"))["created"] == 1
    assert (ops.cards(external_id="A")[0]["column_id"]) == done[1]


def test_names_are_told_apart_whatever_they_are() -> None:
    assert distinct(["A", "A (2)", "A", "A", "B"]) == ["A", "A (2)", "A (3)", "A (4)", "B"]
    long = "x" * 100
    assert distinct([long, long]) == [long, "x" * 96 + " (2)"]


def test_a_deleted_column_is_in_the_export_while_cards_have_been_there(
    ops: BoardOf, ada: Person
) -> None:
    moved = ops.add("Moved", "Test")
    queue = ops.add("Waited", "Ready to deploy")
    kept = ops.add("Kept", "Deploy")
    ada.post(f"/cards/{kept['id']}/archive")
    for name in ("Test", "Ready to deploy"):
        ada.delete(f"/columns/{ops.column(name)}?move_cards_to={ops.column('In production')}")
    ada.delete(f"/columns/{ops.column('Deploy')}")
    ada.delete(f"/columns/{ops.column('Ready')}")
    ada.post("/boards/OPS/columns", {"name": "Test", "kind": "active"})
    data = exported(ops)
    document = json.loads(data)
    assert document["columns"][-3:] == [
        {
            "name": "Test (2)",
            "kind": "active",
            "wip_limit": None,
            "team": "dev",
            "deleted": True,
            "started": True,
        },
        {
            "name": "Ready to deploy",
            "kind": "queue",
            "wip_limit": None,
            "team": None,
            "deleted": True,
            "started": True,
        },
        {
            "name": "Deploy",
            "kind": "active",
            "wip_limit": None,
            "team": "ops",
            "deleted": True,
            "started": True,
        },
    ]
    assert "Ready" not in [column["name"] for column in document["columns"]]
    assert again(ops) == data
    # The clocks know what the deleted columns were.
    other = ada.board("THERE", "simple")
    ada.ask("POST", "/boards/THERE/import", content=data)
    for here in (moved, queue):
        was = ada.get(f"/cards/{here['id']}")
        now = ada.get(f"/boards/{other.key}/cards/{here['number']}")
        assert now["started_at"] == was["started_at"] is not None
        assert now["process_time"] == was["process_time"]


def test_an_archived_card_of_a_deleted_lane_is_exported_where_it_would_come_back(
    ops: BoardOf, ada: Person
) -> None:
    kept = ops.add("Kept", lane_id=ops.lane("Expedite"))
    ada.post(f"/cards/{kept['id']}/archive")
    ada.delete(f"/lanes/{ops.lane('Expedite')}")
    data = exported(ops)
    assert json.loads(data)["cards"][0]["lane"] == "Standard"
    assert again(ops) == data


def test_a_large_board_is_read_in_parts(ops: BoardOf, monkeypatch: pytest.MonkeyPatch) -> None:
    bring(
        ops,
        *(card(f"A{n}", (9 + n / 10, "In production"), blocks=[block(8.5, 9)]) for n in range(7)),
    )
    ops.person.delete(f"/cards/{ops.cards()[2]['id']}")
    whole = exported(ops)
    sheet = ops.person.ask("GET", "/boards/OPS/export?format=csv").text
    monkeypatch.setattr(export, "AT_ONCE", 2)
    assert exported(ops) == whole
    assert ops.person.ask("GET", "/boards/OPS/export?format=csv").text == sheet
    assert len(json.loads(whole)["cards"]) == 6


# --- Any history at all --------------------------------------------------------------------------

NAMES = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zs", "Zl", "Zp"]), min_size=1
).filter(lambda text: text.strip() == text)
MOMENTS = st.integers(0, 1_700_000_000_000_000)


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """A document with columns and lanes of its own, and cards with any past in them."""
    columns: list[dict[str, Any]] = [
        {"name": name, "kind": draw(st.sampled_from(["queue", "active", "done"]))}
        for name in draw(st.lists(NAMES, min_size=1, max_size=5, unique_by=_as_stored))
    ]
    lanes: list[dict[str, Any]] = [
        {"name": name, "expedite": draw(st.booleans()), "wip_limit": None}
        for name in draw(st.lists(NAMES, min_size=1, max_size=3, unique_by=_as_stored))
    ]
    column = st.sampled_from([entry["name"] for entry in columns])
    lane = st.sampled_from([entry["name"] for entry in lanes])
    cards = [draw(_cards(column, lane, number)) for number in range(draw(st.integers(0, 6)))]
    return {"format": "weir-history/1", "columns": columns, "lanes": lanes, "cards": cards}


def _as_stored(name: str) -> str:
    document = {"format": "weir-history/1", "lanes": [{"name": name}], "cards": []}
    lanes = read_document(document).lanes
    assert lanes
    return lanes[0].name


@st.composite
def _cards(
    draw: st.DrawFn, column: st.SearchStrategy[str], lane: st.SearchStrategy[str], number: int
) -> dict[str, Any]:
    times = sorted(draw(st.lists(MOMENTS, min_size=1, max_size=6)))
    blocks = []
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(times[0], 1_700_000_000_000_000))
        until = draw(st.none() | st.integers(start, 1_700_000_000_000_000))
        blocks.append(
            {
                "from": clock.iso(start),
                "until": clock.iso_or_none(until),
                "reason": draw(NAMES),
                "category": draw(st.sampled_from(["approval", "other"])),
            }
        )
    more: dict[str, Any] = {}
    if draw(st.booleans()):
        more["archived_at"] = clock.iso(draw(st.integers(times[0], 1_700_000_000_000_000)))
    if draw(st.booleans()):
        more["position"] = draw(st.integers(0, 3))
    return {
        "external_id": draw(st.none() | st.just(f"X{number}")),
        "title": draw(NAMES),
        "description": draw(st.sampled_from(["", "a\n\nb", "=1+1"])),
        "labels": draw(st.lists(st.sampled_from(["a", "b", "é"]), max_size=3)),
        "team": draw(st.none() | st.sampled_from(["dev", "qa"])),
        "due_on": draw(st.none() | st.just("2026-01-01")),
        "lane": draw(st.none() | lane),
        "created_at": clock.iso(times[0]),
        "column": draw(column),
        "moves": [{"at": clock.iso(at), "to": draw(column)} for at in times[1:]],
        "blocks": blocks,
        **more,
    }


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(document=documents(), template=st.sampled_from(["empty", "dev-ops"]))
def test_any_history_that_is_taken_in_comes_out_and_in_again_as_it_is(
    weir: Weir, document: dict[str, Any], template: str
) -> None:
    actor = weir.db.write_now(_somebody)

    def bring_in(key: str, data: dict[str, Any] | bytes) -> bytes:
        weir.db.write_now(lambda tx: create_board(tx, actor, key, key, template=template))
        weir.db.write_now(import_history, actor, key, read_document(data))
        assert weir.db.read_now(examine_board, key) == []
        return weir.db.read_now(export_history, actor, key)

    data = bring_in(next(KEYS), document)
    assert len(json.loads(data)["cards"]) == len(document["cards"])
    other = next(KEYS)
    assert bring_in(other, data) == data
    again = weir.db.write_now(import_history, actor, other, read_document(data))
    known = sum(one["external_id"] is not None for one in document["cards"])
    assert again == (len(document["cards"]) - known, known)
    rows = list(csv.reader(StringIO(weir.db.read_now(export_sheet, actor, other).decode())))
    assert len(rows) == 1 + len(document["cards"]) + again.created


def _somebody(tx: Tx) -> Actor:
    email = f"{next(KEYS)}@example.org".lower()
    return Actor(add_user(tx, email, "Ada", None, is_admin=False), "Ada", email, False)


# --- The sheet -----------------------------------------------------------------------------------


def sheet(board: BoardOf) -> list[dict[str, str]]:
    """The rows of a board's export as CSV."""
    response = board.person.ask("GET", f"/boards/{board.key}/export", params={"format": "csv"})
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert response.headers["Content-Disposition"] == f'attachment; filename="{board.key}.csv"'
    return list(csv.DictReader(StringIO(response.text, newline="")))


def test_the_sheet_has_a_card_a_row_with_its_clocks(ops: BoardOf) -> None:
    bring(
        ops,
        card("A", (10, "Doing"), (12.5, "In production"), labels=["y", "x"], team="dev"),
        card("B", (10, "Doing"), blocks=[block(11, reason='A "vendor", again')]),
        card("C", archived_at=iso(9)),
    )
    done, blocked, archived = sheet(ops)
    assert {name: value for name, value in done.items() if value} == {
        "ref": "OPS-1",
        "title": "Card A",
        "work_type": "feature",
        "service_class": "standard",
        "team": "dev",
        "column": "In production",
        "lane": "Standard",
        "labels": "x, y",
        "external_id": "A",
        "created_at": iso(8),
        "started_at": iso(10),
        "done_at": iso(12.5),
        "lead_time": "16200.000000",
        "cycle_time": "9000.000000",
        "process_time": "9000.000000",
        "blocked_time": "0.000000",
    }
    assert blocked["blocked_reason"] == 'A "vendor", again'
    assert (blocked["blocked_category"], blocked["blocked_since"]) == ("other", iso(11))
    assert (blocked["lead_time"], blocked["cycle_time"]) == ("", "")
    assert float(blocked["age"]) - float(blocked["blocked_time"]) == pytest.approx(3600)
    assert archived["archived_at"] == iso(9)


def test_the_sheet_has_people_and_no_formulas(ops: BoardOf) -> None:
    signs = ("=", "+", "-", "@")
    for sign in signs:
        ops.add(f"{sign}HYPERLINK(1)", labels=[f"{sign}1"], assignee_ids=[ops.person.id])
    for row in sheet(ops):
        assert row["title"][:2] in {f"'{sign}" for sign in signs}
        assert row["labels"].startswith("'")
        assert row["assignees"] == "Ada Lovelace"
    # In the document nothing is touched.
    assert [made["title"][0] for made in json.loads(exported(ops))["cards"]] == list(signs)


# --- Who may -------------------------------------------------------------------------------------


def test_whoever_sees_the_board_may_export_it(weir: Weir, ops: BoardOf) -> None:
    viewer = weir.person("Vera Viewer")
    ops.join(viewer, "viewer")
    answers = defaultdict(list)
    for name, person in {
        "viewer": viewer,
        "read-only": weir.token(ops.person, read_only=True),
        "stranger": weir.person("Eve"),
        "nobody": weir.nobody(),
    }.items():
        for form in ("json", "csv"):
            answer = person.ask("GET", "/boards/OPS/export", params={"format": form})
            answers[name].append(answer.status_code)
    assert answers == {
        "viewer": [200, 200],
        "read-only": [200, 200],
        "stranger": [404, 404],
        "nobody": [401, 401],
    }
    assert viewer.ask("GET", "/boards/OPS/export?format=xml").status_code == 422


def test_an_archived_board_can_be_exported(ops: BoardOf, ada: Person) -> None:
    ops.add("Card")
    data = exported(ops)
    ada.delete("/boards/OPS")
    assert exported(ops) == data
