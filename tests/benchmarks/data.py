"""What the benchmarks run on: people, boards and cards, many of them made in bulk."""

from __future__ import annotations

import random
from typing import Any, NamedTuple

from sqlalchemy import bindparam, insert, text

from app import clock
from app.auth import service as auth
from app.auth.actor import Actor
from app.boards import service as boards
from app.boards.service import new_shape
from app.cards import service as cards
from app.cards.placing import GAP
from app.cards.service import CardFields
from app.db import Database, Statement, Tx
from app.models import Card

BULK = 20_000


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
        email = f"{key.lower()}@example.org"
        user_id = auth.add_user(tx, email, f"{key} bench", None)
        actor = Actor(user_id, f"{key} bench", email, False)
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
                    assignee_ids=[user_id] if number % 2 else [],
                ),
            ).id
            for number in range(live)
        ]
        token = auth.create_token(tx, actor, "benchmarks").secret
        cookie = auth.begin_session(tx, user_id, "benchmarks", 1)
        return Bench(key, token, cookie, columns, made)

    return db.write_now(make)


_FIELDS = (  # noqa: SIM905 - a list of thirty words reads worse
    "board_id number title description work_type service_class team due_on external_id version "
    "created_by column_id lane_id rank archived_at discarded_at created_at entered_at started_at "
    "done_at lead_time cycle_time process_time working_since blocked_time block_id was_blocked "
    "assignee_ids label_ids"
).split()
_CARD = Statement(insert(Card).values({name: bindparam(name) for name in _FIELDS}))


def add_done(db: Database, bench: Bench, count: int, *, recent: int) -> None:
    """Adds done cards in bulk: `recent` of them in the last 30 days, the rest before."""
    chance = random.Random(1)
    now = clock.now()
    with_board = _place(db, bench)
    first = with_board["last_number"] + 1
    for begun in range(0, count, BULK):
        rows = []
        for index in range(begun, min(count, begun + BULK)):
            done_at = now - int(
                chance.uniform(0, 29) * clock.DAY
                if index < recent
                else chance.uniform(40, 3 * 365) * clock.DAY
            )
            lead = int(chance.lognormvariate(1.2, 0.8) * clock.DAY)
            rows.append(_done_card(with_board, first + index, done_at, lead))
        db.write_now(lambda tx, rows=rows: tx.run_many(_CARD, rows))

    def finish(tx: Tx) -> None:
        values = {"n": count, "board": with_board["board_id"], "column": bench.columns[2]}
        tx.execute(
            text("UPDATE boards SET last_number = last_number + :n WHERE id = :board"), values
        )
        tx.execute(
            text("UPDATE cells SET card_count = card_count + :n WHERE column_id = :column"), values
        )

    db.write_now(finish)


def analyze(db: Database) -> None:
    """Lets the database look at its tables, as it does by itself sooner or later."""
    db.write_now(lambda tx: tx.execute(text("ANALYZE")))


def _place(db: Database, bench: Bench) -> dict[str, int]:
    def look(tx: Tx) -> dict[str, int]:
        row = tx.execute(
            text(
                "SELECT b.id AS board_id, b.last_number, l.id AS lane_id FROM boards b "
                "JOIN lanes l ON l.board_id = b.id WHERE b.key = :key"
            ),
            {"key": bench.key},
        ).one()
        return {**row._mapping, "column_id": bench.columns[2]}

    return db.read_now(look)


def _done_card(place: dict[str, int], number: int, done_at: int, lead: int) -> dict[str, Any]:
    created_at = done_at - lead
    return {
        "board_id": place["board_id"],
        "number": number,
        "title": f"Done card {number}",
        "description": "",
        "work_type": ("feature", "defect", "debt", "improvement", "ops", "incident")[number % 6],
        "service_class": "standard",
        "team": None,
        "due_on": None,
        "external_id": None,
        "version": 3,
        "created_by": None,
        "column_id": place["column_id"],
        "lane_id": place["lane_id"],
        "rank": number * GAP,
        "archived_at": None,
        "discarded_at": None,
        "created_at": created_at,
        "entered_at": done_at,
        "started_at": created_at + lead // 3,
        "done_at": done_at,
        "lead_time": lead,
        "cycle_time": lead - lead // 3,
        "process_time": lead // 4,
        "working_since": None,
        "blocked_time": 0,
        "block_id": None,
        "was_blocked": False,
        "assignee_ids": "[]",
        "label_ids": "[]",
    }
