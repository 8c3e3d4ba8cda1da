"""What another kind or order of the columns would change, told before it is done."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support import BoardOf, Person, Weir
from tests.worlds import _dump

HOURS = 3600


def preview(board: BoardOf, **query: Any) -> Any:
    """What a change would do."""
    return board.person.get(f"/boards/{board.key}/columns/preview", params=query)


def clocks(board: BoardOf) -> dict[int, tuple[Any, ...]]:
    """The clocks of each card, as far as time does not move them."""
    names = ("started_at", "done_at", "lead_time", "cycle_time")
    return {card["id"]: tuple(card[name] for name in names) for card in board.cards()}


@pytest.fixture
def used(ops: BoardOf) -> BoardOf:
    """A board with ten finished cards: a day in Backlog, 1 to 10 hours in Ready, 5 in Doing; and
    one that waits in Ready."""
    now = datetime.now(UTC).replace(microsecond=0)
    cards: list[dict[str, Any]] = []
    for number in range(1, 11):
        done = now - timedelta(days=number)
        doing = done - timedelta(hours=5)
        ready = doing - timedelta(hours=number)
        moves = [(ready, "Ready"), (doing, "Doing"), (done, "In production")]
        cards.append(_past(f"Done {number}", ready - timedelta(days=1), moves))
    since = now - timedelta(hours=2)
    cards.append(_past("Waits", since, [(since, "Ready")]))
    ops.person.post(f"/boards/{ops.key}/import", {"format": "weir-history/1", "cards": cards})
    return ops


def _past(title: str, made: datetime, moves: list[tuple[datetime, str]]) -> dict[str, Any]:
    return {
        "title": title,
        "created_at": made.isoformat(),
        "column": "Backlog",
        "moves": [{"at": at.isoformat(), "to": column} for at, column in moves],
    }


def test_another_kind_is_told_before_it_is_done(used: BoardOf) -> None:
    told = preview(used, column_id=used.column("Ready"), kind="active")
    assert told == {
        "cards": 11,
        "started": 11,
        "done": 0,
        "process_time": 11,
        "lead_time": told["lead_time"],
        "cycle_time": {
            "before": {"count": 10, "sle": 5 * HOURS},
            "after": {"count": 10, "sle": 14 * HOURS},
        },
        "words": [
            "11 cards get another start of work.",
            "11 cards get another process time.",
            "The 85 % cycle time of the last 90 days goes from 5.0 h to 14.0 h.",
        ],
    }
    assert told["lead_time"]["before"] == told["lead_time"]["after"]


def test_what_was_told_is_what_happens(used: BoardOf) -> None:
    ready = used.column("Ready")
    told = preview(used, column_id=ready, kind="active")
    before = clocks(used)
    used.person.patch(f"/columns/{ready}", {"kind": "active"})
    after = clocks(used)
    assert sum(before[i][0] != after[i][0] for i in before) == told["started"]
    cycles = sorted(each[3] for each in after.values() if each[3] is not None)
    assert cycles[-(-85 * len(cycles) // 100) - 1] == told["cycle_time"]["after"]["sle"]
    # And back: the same the other way round, until everything is as it was.
    back = preview(used, column_id=ready, kind="queue")
    assert back["cycle_time"]["after"] == told["cycle_time"]["before"]
    used.person.patch(f"/columns/{ready}", {"kind": "queue"})
    assert clocks(used) == before


def test_a_done_column_that_is_none_any_more_reopens_its_cards(used: BoardOf) -> None:
    told = preview(used, column_id=used.column("In production"), kind="queue")
    assert (told["cards"], told["done"]) == (10, 10)
    assert told["lead_time"]["after"] == {"count": 0, "sle": None}
    assert "to nothing to measure." in told["words"][1]
    used.person.patch(f"/columns/{used.column('In production')}", {"kind": "queue"})
    assert all(card["done_at"] is None for card in used.cards())


def test_another_order_is_told_before_it_is_done(used: BoardOf) -> None:
    ids = [column["id"] for column in used.read()["columns"]]
    # Ready goes behind the group of Doing and Done.
    order = [ids[0], ids[2], ids[3], ids[1], *ids[4:]]
    told = preview(used, order=order)
    assert told["started"] == 11
    before = clocks(used)
    used.person.ask("PUT", f"/boards/{used.key}/columns/order", json={"column_ids": order})
    after = clocks(used)
    assert sum(before[i][0] != after[i][0] for i in before) == 11


def test_what_changes_nothing_says_nothing(used: BoardOf) -> None:
    ids = [column["id"] for column in used.read()["columns"]]
    for query in (
        {},
        {"column_id": ids[0], "kind": "queue"},
        {"order": ids},
        {"order": [ids[1], ids[0], *ids[2:]]},
    ):
        told = preview(used, **query)
        assert (told["cards"], told["words"]) == (0, [])


def test_asking_writes_nothing(used: BoardOf, weir: Weir) -> None:
    before = weir.db.read_now(_dump)
    preview(used, column_id=used.column("Ready"), kind="active")
    assert weir.db.read_now(_dump) == before


def test_what_would_be_refused_is_refused_here_too(used: BoardOf, weir: Weir) -> None:
    used.person.patch(f"/boards/{used.key}", {"wip_limit": 1})
    used.add(column="Doing")
    before = weir.db.read_now(_dump)
    path = f"/boards/{used.key}/columns/preview"
    query = {"column_id": used.column("Ready"), "kind": "active"}
    refused = used.person.ask("GET", path, params=query)
    assert refused.status_code == 409
    assert refused.json()["type"] == "/problems/wip-limit-reached"
    ids = [column["id"] for column in used.read()["columns"]]
    torn = [ids[0], ids[2], ids[1], *ids[3:]]
    assert used.person.ask("GET", path, params={"order": torn}).status_code == 422
    assert weir.db.read_now(_dump) == before


def test_a_preview_is_of_the_boards_own_columns(used: BoardOf, ada: Person) -> None:
    other = ada.board(f"{used.key}S", "simple")
    path = f"/boards/{used.key}/columns/preview"
    ids = [column["id"] for column in used.read()["columns"]]
    for query in (
        {"column_id": other.column("Done"), "kind": "queue"},
        {"column_id": ids[0]},
        {"kind": "queue"},
        {"column_id": ids[0], "kind": "finished"},
        {"order": ids[1:]},
        {"order": [*ids[1:], ids[1]]},
        {"order": [*ids[1:], other.column("Done")]},
    ):
        assert ada.ask("GET", path, params=query).status_code == 422, query
