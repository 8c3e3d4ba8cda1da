"""How many statements a request takes: the same on a board of ten cards and of a hundred."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from app.db import Tx
from tests.support import BoardOf

# Besides BEGIN and COMMIT. On PostgreSQL a move writes its rows together, in one statement.
MOVE = {"sqlite": 13, "postgresql": 8}
REFUSED_MOVE = {"sqlite": 10, "postgresql": 10}
BOARD = 4
CARDS = 6
CARD = 6


@contextmanager
def counted(patch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Notes every statement that units of work carry out."""
    seen: list[str] = []

    def noting(name: str) -> None:
        original = getattr(Tx, name)

        def wrapped(self: Tx, *args: Any, **values: Any) -> Any:
            # On SQLite what goes together is carried out, and noted, one by one.
            if name != "run_together" or (self.dialect == "postgresql" and len(args) > 1):
                seen.append(name)
            return original(self, *args, **values)

        patch.setattr(Tx, name, wrapped)

    for name in ("_execute", "run_many", "run_together", "execute"):
        noting(name)
    yield seen
    patch.undo()


def cost(patch: pytest.MonkeyPatch, request: Callable[[], Any]) -> int:
    """How many statements a request takes, once what is kept in memory is there."""
    request()
    with counted(patch) as seen:
        request()
    return len(seen)


def fill(board: BoardOf, count: int) -> None:
    """Puts cards onto a board, with people and labels."""
    for n in range(count):
        board.add(f"{n}", labels=[f"label {n % 9}"], assignee_ids=[board.person.id])


def test_a_request_takes_as_many_statements_whatever_the_number_of_cards(
    ops: BoardOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    for column in ("Ready", "Test", "Ready to deploy", "Deploy"):
        ops.limit(column, 1000)
    card = ops.add(labels=["label 0"], assignee_ids=[ops.person.id])
    ready, test = ops.column("Ready"), ops.column("Test")
    person, path = ops.person, f"/boards/{ops.key}"
    there = [ready, test]

    def move() -> None:
        there.reverse()
        person.post(f"/cards/{card['id']}/move", {"column_id": there[0]})

    requests: dict[str, Callable[[], Any]] = {
        "move": move,
        "board": lambda: person.get(path),
        "cards": lambda: person.get(f"{path}/cards", params={"limit": 200}),
        "card": lambda: person.get(f"/cards/{card['id']}"),
    }
    costs = []
    for count in (5, 45):
        fill(ops, count)
        costs.append({name: cost(monkeypatch, ask) for name, ask in requests.items()})
    assert costs[0] == costs[1]
    dialect = person.weir.db.dialect
    limits = {"move": MOVE[dialect], "board": BOARD, "cards": CARDS, "card": CARD}
    over = {name: n for name, n in costs[0].items() if n > limits[name]}
    assert over == {}, costs[0]


def test_a_refusal_takes_as_many_statements_whatever_the_number_of_cards(
    ops: BoardOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    ops.limit("Ready", 1)
    ops.add(column="Ready")
    card = ops.add()
    body = {"column_id": ops.column("Ready")}
    costs = []
    for count in (2, 30):
        fill(ops, count)

        def refused() -> None:
            response = ops.person.ask("POST", f"/cards/{card['id']}/move", json=body)
            assert response.status_code == 409

        costs.append(cost(monkeypatch, refused))
    assert costs[0] == costs[1] <= REFUSED_MOVE[ops.person.weir.db.dialect]
