"""What the benchmarks run on: people, boards and cards, a million of them made up in bulk."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import select, text, update

from app import clock
from app.auth import service as auth
from app.auth.actor import Actor
from app.boards import service as boards
from app.boards.history import lock_board
from app.boards.service import new_shape
from app.cards import service as cards
from app.cards.service import CardFields
from app.db import Database, Tx
from app.models import Board, Card, Column, Group
from app.samples.big import write_board_played
from app.samples.playing import Wish, play
from app.samples.scale import usual_years


class Bench(NamedTuple):
    """A board to measure on."""

    key: str
    token: str
    cookie: str
    columns: list[int]
    cards: list[int]


def make_board(db: Database, key: str, live: int, *, limit: int | None = None) -> Bench:
    """A board of three columns with cards in the first, and somebody who works on it; `limit` is
    the second column's."""

    def make(tx: Tx) -> Bench:
        actor = _person(tx, key)
        board = boards.create_board(tx, actor, key, f"{key} bench", template="simple")
        columns = [column.id for column in board.shape.columns]
        tx.execute(
            text("UPDATE columns SET wip_limit = :limit WHERE id = :id"),
            {"limit": limit, "id": columns[1]},
        )
        tx.execute(
            text("UPDATE boards SET shape = :shape WHERE id = :id"),
            {"shape": new_shape(), "id": board.id},
        )
        made = [
            cards.create_card(
                tx,
                actor,
                key,
                CardFields(
                    f"Card {number} of a board that is measured",
                    team=("dev", "ops", None)[number % 3],
                    labels=["measured"] if number % 4 == 0 else [],
                    assignee_ids=[actor.id] if number % 2 else [],
                ),
            ).id
            for number in range(live)
        ]
        return _bench(tx, actor, key, columns, made)

    return db.write_now(make)


def make_used(db: Database, key: str, cards: int) -> Bench:
    """A board on which so many cards have come by, and whose board it is."""
    wish = Wish(cards, 1, usual_years(cards), clock.now(), key=key)

    def make(tx: Tx) -> Bench:
        actor = _person(tx, key)
        board = write_board_played(tx, actor, played, lambda step, share: None)
        return _bench(tx, actor, key, [column.id for column in board.shape.columns], [])

    with play(wish, lambda step, share: None) as played:
        return db.write_now(make)


def some_new_cards(tx: Tx, bench: Bench, count: int) -> list[int]:
    """Cards of a board whose limits are taken away."""
    board = lock_board(tx, None, key=bench.key)
    for column in board.shape.columns:
        tx.execute(update(Column).where(Column.id == column.id).values(wip_limit=None))
    tx.execute(update(Group).where(Group.board_id == board.id).values(wip_limit=None))
    tx.execute(update(Board).where(Board.id == board.id).values(shape=new_shape()))
    fields = CardFields("A card that is moved")
    return [cards.create_card(tx, None, bench.key, fields).id for _ in range(count)]


def done_since(db: Database, bench: Bench, cards: int) -> str:
    """When the last so many finished cards of a board began to be finished."""
    newest_first = (
        select(Card.done_at)
        .join(Board, Board.id == Card.board_id)
        .where(Board.key == bench.key, Card.done_at.is_not(None), Card.discarded_at.is_(None))
        .order_by(Card.done_at.desc())
    )
    found = db.read_now(lambda tx: tx.execute(newest_first.offset(cards - 1).limit(1)).scalar())
    assert found is not None, f"{bench.key} has fewer than {cards} finished cards"
    return clock.iso(found)


def analyze(db: Database) -> None:
    """Lets the database look at its tables, as it does by itself sooner or later."""
    db.write_now(lambda tx: tx.execute(text("ANALYZE")))


def _person(tx: Tx, key: str) -> Actor:
    """Somebody who works on a board."""
    email = f"{key.lower()}@example.org"
    return Actor(auth.add_user(tx, email, f"{key} bench", None), f"{key} bench", email, False)


def _bench(tx: Tx, actor: Actor, key: str, columns: list[int], cards: list[int]) -> Bench:
    token = auth.create_token(tx, actor, "benchmarks").secret
    cookie = auth.begin_session(tx, actor.id, "benchmarks", 1)
    return Bench(key, token, cookie, columns, cards)
