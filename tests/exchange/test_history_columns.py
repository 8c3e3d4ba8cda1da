"""Columns, lanes, groups and teams that a history brings with it."""

import json
from typing import Any

from tests.exchange.documents import (
    COLUMNS,
    bring,
    card,
    exported,
    iso,
    names,
    said,
)
from tests.support import BoardOf, Person


def test_columns_of_the_document_become_those_of_a_board_without_cards(ops: BoardOf) -> None:
    columns = [
        {"name": "New", "kind": "queue"},
        {"name": "Active", "kind": "active", "wip_limit": 4, "team": "sales"},
        {"name": "Resolved", "kind": "done"},
    ]
    past = card("A", (9, "Active"), column="New", team="sales")
    assert bring(ops, past, columns=columns) == {"created": 1, "skipped": 0}
    board = ops.read()
    assert [(c["name"], c["kind"], c["wip_limit"], c["team"]) for c in board["columns"]] == [
        ("New", "queue", None, None),
        ("Active", "active", 4, "sales"),
        ("Resolved", "done", None, None),
    ]
    assert (names(ops, "groups"), names(ops, "lanes")) == ([], ["Expedite", "Standard"])
    assert board["teams"] == ["dev", "ops", "sales"]
    assert [c["card_count"] for c in board["columns"]] == [0, 1, 0]
    types = [event["type"] for event in ops.events(after=2)]
    assert types == [
        *["column.deleted"] * 8,
        "group.deleted",
        *["column.created"] * 3,
        "board.changed",
        "card.created",
        "card.moved",
    ]
    assert all(event["data"]["imported"] for event in ops.events(after=2))
    ops.move(ops.cards()[0], "Resolved")


def test_columns_that_a_document_replaces_mean_nothing_in_it(ops: BoardOf) -> None:
    past = card("A", (9, "Test"), (10, "Resolved"), column="New")
    heard = said(ops, past, columns=COLUMNS)
    assert heard.startswith("cards[0].moves[0].to: the board has no column 'Test'; it has 'New'")
    assert len(names(ops, "columns")) == 8


def test_columns_that_the_board_has_already_change_nothing(ops: BoardOf, ada: Person) -> None:
    document_of_empty = json.loads(exported(ops))
    before = ops.read()
    assert ada.post("/boards/OPS/import", document_of_empty) == {"created": 0, "skipped": 0}
    assert ops.read() == before


def test_on_a_board_with_cards_the_documents_columns_are_left_aside(ops: BoardOf) -> None:
    ops.add("Here already")
    shape = names(ops, "columns")
    assert bring(ops, card("A"), columns=COLUMNS) == {"created": 1, "skipped": 0}
    assert names(ops, "columns") == shape
    heard = said(ops, card("B", column="New"), columns=COLUMNS)
    assert heard.startswith("cards[0].column: the board has no column 'New'; it has 'Backlog'")


def test_an_archived_card_is_a_card_and_a_discarded_one_is_none(ops: BoardOf) -> None:
    kept = ops.add("Kept")
    ops.person.post(f"/cards/{kept['id']}/archive")
    assert said(ops, card("A", column="New"), columns=COLUMNS).startswith("cards[0].column: ")
    ops.person.delete(f"/cards/{kept['id']}")
    assert bring(ops, card("A", column="New"), columns=COLUMNS)["created"] == 1


def test_lanes_and_groups_of_the_document_become_those_of_a_board_without_cards(
    ops: BoardOf,
) -> None:
    columns = [
        {"name": "In", "kind": "queue", "policy": "Whatever comes"},
        {"name": "Doing", "kind": "active", "group": "Work"},
        {"name": "Done", "kind": "queue", "group": "Work"},
    ]
    lanes = [{"name": "Fast", "expedite": True}, {"name": "Slow", "wip_limit": 7}]
    groups = [{"name": "Work", "wip_limit": 2}]
    bring(ops, card("A", column="In", lane="Fast"), columns=columns, lanes=lanes, groups=groups)
    board = ops.read()
    assert [(g["name"], g["wip_limit"]) for g in board["groups"]] == [("Work", 2)]
    assert [c["group_id"] is not None for c in board["columns"]] == [False, True, True]
    assert board["columns"][0]["policy"] == "Whatever comes"
    assert [(lane["name"], lane["wip_limit"], lane["expedite"]) for lane in board["lanes"]] == [
        ("Fast", 1, True),
        ("Slow", 7, False),
    ]


SHAPES: dict[str, tuple[dict[str, Any], str]] = {
    "a column twice": (
        {"columns": [COLUMNS[0], COLUMNS[1], COLUMNS[0]]},
        "columns[2].name: 'New' stands in columns already",
    ),
    "a lane twice": (
        {"lanes": [{"name": "A"}, {"name": "A"}]},
        "lanes[1].name: 'A' stands in lanes already",
    ),
    "no lane": ({"lanes": []}, "lanes: "),
    "too many columns": (
        {"columns": [{"name": f"{n}", "kind": "queue"} for n in range(41)]},
        "columns: a board has at most 40 columns",
    ),
    "too many lanes": (
        {"lanes": [{"name": f"{n}"} for n in range(21)]},
        "lanes: a board has at most 20 lanes",
    ),
    "an unknown group": (
        {"columns": [{"name": "A", "kind": "queue", "group": "G"}]},
        "columns[0].group: 'G' is none of the document's groups",
    ),
    "a group in two parts": (
        {
            "columns": [
                {"name": "A", "kind": "queue", "group": "G"},
                {"name": "B", "kind": "queue"},
                {"name": "C", "kind": "queue", "group": "G"},
            ],
            "groups": [{"name": "G"}],
        },
        "columns[2].group: the columns of 'G' are not neighbours",
    ),
    "groups without columns": (
        {"groups": [{"name": "G"}]},
        "groups: groups are made of `columns`, and there are none",
    ),
    "a limit of nothing": (
        {"columns": [{"name": "A", "kind": "queue", "wip_limit": 0}]},
        "columns[0].wip_limit: ",
    ),
    "a limit in words": (
        {"columns": [{"name": "A", "kind": "queue", "wip_limit": "4"}]},
        "columns[0].wip_limit: ",
    ),
    "a kind that is none": ({"columns": [{"name": "A", "kind": "doing"}]}, "columns[0].kind: "),
    "an unknown field": (
        {"columns": [{"name": "A", "kind": "queue", "colour": 1}]},
        "columns[0].colour: unknown field",
    ),
    "too many teams": (
        {"columns": [{"name": "A", "kind": "queue", "team": f"t{n}"} for n in range(1)]}
        | {"cards": [card(None, column="A", team=f"t{n}") for n in range(1, 50)]},
        "a board has at most 50 teams",
    ),
}


def test_a_shape_that_makes_no_sense_is_refused(ops: BoardOf) -> None:
    before = ops.read()
    for mistake, (wrong, expected) in SHAPES.items():
        assert said(ops, **wrong).startswith(expected), mistake
    assert ops.read() == before


def test_a_deleted_column_can_be_in_the_past_and_not_at_the_end(ops: BoardOf) -> None:
    ops.person.delete(f"/columns/{ops.column('Test')}")
    bring(ops, card("A", (9, "Test"), (12, "In production")))
    assert ops.cards()[0]["process_time"] == 3 * 3600
    heard = said(ops, card("B", (9, "Test")))
    assert heard == "cards[0].moves[0].to: the card ends in a column that was deleted"
    assert said(ops, card("B", column="Test")).startswith("cards[0].column: the card ends in")
    assert bring(ops, card("B", (9, "Test"), archived_at=iso(10)))["created"] == 1
