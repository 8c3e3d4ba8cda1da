"""The order of cards in a cell, whatever is put, taken out and put back, with little room too."""

from collections.abc import Iterator
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from app.auth import service as auth
from app.auth.actor import Actor
from app.boards import service as boards
from app.boards.history import OpenBoard
from app.cards import placing
from app.cards import service as cards
from app.cards.service import CardFields
from app.cards.spots import Spot
from app.db import Database, Tx
from app.models import Card

_number = st.integers(0, 3)
_steps = st.lists(
    st.tuples(
        st.sampled_from(["add", "index", "before", "after", "archive", "restore", "end"]),
        _number,
        _number,
    ),
    min_size=10,
    max_size=30,
)


@pytest.fixture
def db(sqlite_url: str) -> Iterator[Database]:
    """A database with one person; nobody waits for the disk."""
    database = Database(sqlite_url, synchronous="OFF", pool_size=1)
    database.write_now(lambda tx: auth.add_user(tx, "ada@example.org", "Ada", None))
    yield database
    database.close()


ADA = Actor(1, "Ada", "ada@example.org", False)
KEYS = count(1)


def standing(tx: Tx, column_id: int) -> list[int]:
    """The live cards of a column from the top."""
    return list(
        tx.execute(
            select(Card.id)
            .where(Card.column_id == column_id, Card.archived_at.is_(None))
            .order_by(Card.rank, Card.id)
        ).scalars()
    )


def play(tx: Tx, board: OpenBoard, steps: list[tuple[str, int, int]]) -> None:
    """Carries out steps on one column, and on a list beside it."""
    column_id = board.shape.columns[0].id
    line: list[int] = []
    away: list[int] = []
    for step, which, where in [("add", 0, 0)] * 2 + steps:
        if step == "add":
            fields = CardFields("A card", column_id=column_id)
            line.append(cards.create_card(tx, ADA, board.row.key, fields).id)
        elif step == "restore" and away:
            card_id = away.pop(which % len(away))
            cards.restore_card(tx, ADA, card_id)
            found = standing(tx, column_id)
            # Where among the others it comes is not promised; their order is.
            assert [one for one in found if one != card_id] == line
            line = found
        elif step != "restore" and line:
            card_id = line[which % len(line)]
            others = [one for one in line if one != card_id]
            if step == "archive":
                cards.archive_card(tx, ADA, card_id)
                away.append(card_id)
                line = others
            else:
                spot, index = Spot(), len(others)
                if step == "index":
                    spot, index = Spot(index=where), min(where, len(others))
                elif others and step in {"before", "after"}:
                    index = where % len(others)
                    spot = (
                        Spot(before_card_id=others[index])
                        if step == "before"
                        else Spot(after_card_id=others[index])
                    )
                    index += step == "after"
                cards.move_card(tx, ADA, card_id, column_id, spot=spot)
                line = [*others[:index], card_id, *others[index:]]
        assert standing(tx, column_id) == line


@pytest.mark.parametrize("gap", [2, 1 << 20], ids=["hardly any room", "room"])
def test_a_card_stands_where_it_was_put(
    gap: int, db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(placing, "GAP", gap)

    @settings(
        max_examples=25, suppress_health_check=list(HealthCheck), deadline=None, derandomize=True
    )
    @given(_steps)
    def story(steps: list[tuple[str, int, int]]) -> None:
        def tell(tx: Tx) -> None:
            board = boards.create_board(tx, ADA, f"B{next(KEYS)}", "Board", template="simple")
            play(tx, board, steps)

        db.write_now(tell)

    story()
