"""After fifty thousand operations, one after the other, every day that is closed is right."""

import random
from typing import Any

from sqlalchemy import select, text

from app import clock
from app.auth.actor import Actor
from app.boards.history import lock_board
from app.cards import service
from app.cards.closed_days import close_days, forget_days
from app.cards.rebuild import examine_board
from app.cards.service import CardFields
from app.clock import HOUR
from app.db import Database, Tx
from app.errors import AppError
from app.models import Board, Card, Event, User
from app.samples.big import write_board_played
from app.samples.playing import Wish, play
from tests.flow.conftest import Time
from tests.support import Person, Weir

CARDS, OPERATIONS = 4_900, 2_000
STATISTICS = (
    *("cfd", "lead-time", "cycle-time", "process-time", "throughput", "value-stream"),
    *("aging", "constraint", "summary", "blockers", "work-mix"),
)
SPANS_DAYS = (20, 90, 400)


class _Hands:
    """Somebody who does this and that on a large board, by chance."""

    def __init__(self, tx: Tx, actor: Actor, time: Time) -> None:
        self.chance = random.Random(1)
        self.actor, self.time = actor, time
        self.board = tx.execute(select(Board.id, Board.key).where(Board.key == "BIG")).one()
        cards = select(Card.id).where(Card.board_id == self.board.id, Card.discarded_at.is_(None))
        self.cards = list(tx.execute(cards.order_by(Card.id.desc()).limit(800)).scalars())
        shape = lock_board(tx, actor, key="BIG").shape
        self.columns = [column.id for column in shape.columns]

    def do_something(self, tx: Tx) -> None:
        """One thing, some minutes after the one before; what the rules refuse is not done."""
        self.time.now += self.chance.randrange(HOUR)
        card_id = self.chance.choice(self.cards)
        act = self.chance.choice(
            ["add", *["move"] * 8, "block", "unblock", "archive", "restore", "discard"]
        )
        try:
            if act == "add":
                fields = CardFields("Another one")
                self.cards.append(service.create_card(tx, self.actor, "BIG", fields).id)
            elif act == "move":
                service.move_card(tx, self.actor, card_id, self.chance.choice(self.columns))
            elif act == "block":
                service.block_card(tx, self.actor, card_id, "?", "other")
            else:
                getattr(service, f"{act}_card")(tx, self.actor, card_id)
        except AppError:
            return


def _statistics(ada: Person, now: int) -> list[Any]:
    return [
        ada.get(
            f"/boards/BIG/stats/{statistic}",
            params={"from": clock.iso(now - days * clock.DAY), "to": clock.iso(to)},
        )
        for statistic in STATISTICS
        for days in SPANS_DAYS
        for to in (now + 1, now - 10 * clock.DAY)
    ]


def _measure(db: Database) -> None:
    """A database that is used knows how large its tables are."""
    db.write_now(lambda tx: tx.execute(text("ANALYZE")))


def _close(db: Database) -> None:
    while db.write_now(close_days, "BIG"):
        pass


def test_after_a_long_history_closed_days_say_what_the_cards_say(
    weir: Weir, ada: Person, time: Time
) -> None:
    db = weir.db
    with play(Wish(CARDS, 1, 1.5, time.now, key="BIG"), lambda step, share: None) as played:

        def make(tx: Tx) -> _Hands:
            row = tx.execute(select(User.id, User.name, User.email)).first()
            assert row is not None
            actor = Actor(row.id, row.name, row.email, True)
            write_board_played(tx, actor, played, lambda step, share: None)
            return _Hands(tx, actor, time)

        hands = db.write_now(make)
    _measure(db)
    _close(db)

    def work(tx: Tx) -> None:
        for _ in range(OPERATIONS // 10):
            hands.do_something(tx)

    for part in range(10):
        db.write_now(work)
        if part % 3 == 0:
            _close(db)
    _measure(db)
    closed = _statistics(ada, time.now)
    events = db.read_now(
        lambda tx: tx.execute(select(Event.seq).order_by(Event.seq.desc())).first()
    )
    assert events is not None
    assert events.seq > 45_000
    assert db.read_now(examine_board, "BIG") == []

    def forget(tx: Tx) -> None:
        forget_days(tx, lock_board(tx, None, key="BIG"))

    db.write_now(forget)
    assert _statistics(ada, time.now) == closed
