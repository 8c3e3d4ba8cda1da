"""A life for a board: people who create, move, block, archive and shape it at random."""

import random
from collections.abc import Callable
from typing import Any

from sqlalchemy import select

from app import clock
from app.andon import service as andon
from app.auth import service as auth
from app.auth.actor import Actor
from app.boards import membership
from app.boards import service as boards
from app.boards.history import OpenBoard, read_board
from app.cards import service as cards
from app.cards.spots import Spot
from app.db import Database, Tx
from app.errors import AppError
from app.exchange.history import import_history
from app.models import Card
from app.shaping import service as shaping

LABELS = ["urgent", "later", "customer"]


def make_person(db: Database, name: str, *, admin: bool = False) -> Actor:
    """Somebody with an account."""
    email = f"{name.lower()}@example.org"
    user_id = db.write_now(lambda tx: auth.add_user(tx, email, name, None, is_admin=admin))
    return Actor(user_id, name, email, admin)


def make_board(db: Database, key: str = "OPS", template: str = "dev-ops") -> Actor:
    """A board with a manager and a member; the manager."""
    ada, bob = make_person(db, f"Ada{key}"), make_person(db, f"Bob{key}")

    def make(tx: Tx) -> None:
        boards.create_board(tx, ada, key, f"{key} board", template=template)
        membership.add_member(tx, ada, key, bob.email, "member")

    db.write_now(make)
    return ada


class Life:
    """Random verbs on one board; what the rules refuse is refused, and the life goes on."""

    def __init__(self, db: Database, ada: Actor, key: str, seed: int) -> None:
        self.db = db
        self.ada = ada
        self.key = key
        self.chance = random.Random(seed)
        self.refused = 0
        self.done: dict[str, int] = {}
        self.verbs: list[tuple[int, Callable[[Tx, OpenBoard], Any]]] = [
            (12, self.create),
            (30, self.move),
            (4, self.reorder),
            (6, self.block),
            (6, self.unblock),
            (5, self.edit),
            (3, self.archive),
            (3, self.restore),
            (1, self.discard),
            (1, self.bring),
            (2, self.change_column),
            (1, self.add_column),
            (1, self.delete_column),
            (1, self.order_columns),
            (1, self.change_lane),
            (1, self.add_lane),
            (1, self.delete_lane),
            (1, self.change_board),
            (1, self.pull_cord),
            (1, self.help_with_it),
            (3, self.release_cord),
        ]

    def live(self, steps: int) -> None:
        """So many verbs, one transaction each."""
        weights = [weight for weight, _ in self.verbs]
        for _, verb in self.chance.choices(self.verbs, weights, k=steps):
            try:
                self.db.write_now(self._do, verb)
            except AppError:
                self.refused += 1
            else:
                self.done[verb.__name__] = self.done.get(verb.__name__, 0) + 1

    def _do(self, tx: Tx, verb: Callable[[Tx, OpenBoard], Any]) -> None:
        verb(tx, read_board(tx, None, key=self.key))

    def _card(self, tx: Tx, *, archived: bool = False) -> int:
        found = tx.execute(
            select(Card.id).where(
                Card.discarded_at.is_(None),
                Card.archived_at.is_not(None) if archived else Card.archived_at.is_(None),
            )
        )
        return self.chance.choice([int(row.id) for row in found] or [0])

    def _column(self, board: OpenBoard) -> int:
        return self.chance.choice([column.id for column in board.shape.columns] or [0])

    def _lane(self, board: OpenBoard) -> int:
        return self.chance.choice([lane.id for lane in board.shape.lanes])

    def _people(self, tx: Tx, board: OpenBoard) -> list[int]:
        members = [member.user_id for member in membership.members_of(tx, board.id)]
        return self.chance.sample(members, self.chance.randint(0, len(members)))

    def create(self, tx: Tx, board: OpenBoard) -> None:
        fields = cards.CardFields(
            title=f"Card {self.chance.random():.4f}",
            column_id=self._column(board) if self.chance.random() < 0.5 else None,
            lane_id=self._lane(board) if self.chance.random() < 0.3 else None,
            assignee_ids=self._people(tx, board) if self.chance.random() < 0.3 else (),
            labels=self.chance.sample(LABELS, self.chance.randint(0, 2)),
        )
        cards.create_card(tx, self.ada, self.key, fields)

    def move(self, tx: Tx, board: OpenBoard) -> None:
        lane = self._lane(board) if self.chance.random() < 0.2 else None
        cards.move_card(tx, self.ada, self._card(tx), self._column(board), lane)

    def reorder(self, tx: Tx, board: OpenBoard) -> None:
        card_id = self._card(tx)
        column_id = tx.execute(select(Card.column_id).where(Card.id == card_id)).scalar()
        cards.move_card(tx, self.ada, card_id, column_id or 0, spot=Spot(index=0))

    def block(self, tx: Tx, board: OpenBoard) -> None:
        category = self.chance.choice(["other", "approval"])
        cards.block_card(tx, self.ada, self._card(tx), "Waiting", category)

    def unblock(self, tx: Tx, board: OpenBoard) -> None:
        blocked = tx.execute(select(Card.id).where(Card.block_id.is_not(None)))
        card_id = self.chance.choice([row.id for row in blocked] or [0])
        cards.unblock_card(tx, self.ada, card_id, self.chance.choice(["", "It came"]))

    def edit(self, tx: Tx, board: OpenBoard) -> None:
        changes = {
            "title": f"Card {self.chance.random():.4f}",
            "assignee_ids": self._people(tx, board),
            "labels": self.chance.sample(LABELS, self.chance.randint(0, 3)),
        }
        cards.edit_card(tx, self.ada, self._card(tx), changes)

    def archive(self, tx: Tx, board: OpenBoard) -> None:
        cards.archive_card(tx, self.ada, self._card(tx))

    def restore(self, tx: Tx, board: OpenBoard) -> None:
        cards.restore_card(tx, self.ada, self._card(tx, archived=True))

    def discard(self, tx: Tx, board: OpenBoard) -> None:
        card_id = self._card(tx, archived=self.chance.random() < 0.3)
        cards.discard_card(tx, self.ada, card_id)

    def bring(self, tx: Tx, board: OpenBoard) -> None:
        """Imports two cards with pasts, with overlapping blocks."""
        hour = board.now - self.chance.randint(100, 200) * clock.HOUR
        names = [column.name for column in board.shape.columns]
        times = sorted(self.chance.randint(0, 90) for _ in range(6))
        at = [clock.iso(hour + hours * clock.HOUR) for hours in times]
        imported = [
            {
                "external_id": f"X{self.chance.random()}",
                "title": "From elsewhere",
                "created_at": at[0],
                "column": self.chance.choice(names),
                "moves": [{"at": when, "to": self.chance.choice(names)} for when in at[1:4]],
                "blocks": [
                    {"from": at[1], "until": at[4], "reason": "One", "category": "approval"},
                    {"from": at[2], "until": at[3], "reason": "Two"},
                    {"from": at[5], "until": None, "reason": "Three"},
                ][: self.chance.randint(0, 3)],
                "archived_at": at[5] if self.chance.random() < 0.2 else None,
            }
            for _ in range(2)
        ]
        document = {"format": "weir-history/1", "cards": imported}
        import_history(tx, self.ada, self.key, document)

    def change_column(self, tx: Tx, board: OpenBoard) -> None:
        change: dict[str, Any] = self.chance.choice(
            [
                {"kind": self.chance.choice(["queue", "active", "done"])},
                {"wip_limit": self.chance.choice([None, 2, 5])},
                {"name": f"Renamed {self.chance.randint(1, 1000)}"},
            ]
        )
        shaping.change_column(tx, self.ada, self._column(board), change)

    def add_column(self, tx: Tx, board: OpenBoard) -> None:
        fields = {
            "name": f"New {self.chance.randint(1, 100_000)}",
            "kind": self.chance.choice(["queue", "active", "done"]),
            "wip_limit": None,
            "group_id": None,
            "team": None,
            "policy": "",
        }
        shaping.add_column(tx, self.ada, self.key, fields, self.chance.randint(0, 6))

    def delete_column(self, tx: Tx, board: OpenBoard) -> None:
        target = self._column(board) if self.chance.random() < 0.8 else None
        if len(board.shape.columns) > 3:
            shaping.delete_column(tx, self.ada, self._column(board), target)

    def order_columns(self, tx: Tx, board: OpenBoard) -> None:
        ids = [column.id for column in board.shape.columns]
        shaping.order_columns(tx, self.ada, self.key, self.chance.sample(ids, len(ids)))

    def change_lane(self, tx: Tx, board: OpenBoard) -> None:
        change: dict[str, Any] = self.chance.choice(
            [{"expedite": True}, {"expedite": False}, {"wip_limit": 4}]
        )
        shaping.change_lane(tx, self.ada, self._lane(board), change)

    def add_lane(self, tx: Tx, board: OpenBoard) -> None:
        name = f"Lane {self.chance.randint(1, 100_000)}"
        fields = {"name": name, "wip_limit": None, "expedite": False}
        shaping.add_lane(tx, self.ada, self.key, fields)

    def delete_lane(self, tx: Tx, board: OpenBoard) -> None:
        shaping.delete_lane(tx, self.ada, self._lane(board), self._lane(board))

    def change_board(self, tx: Tx, board: OpenBoard) -> None:
        change: dict[str, Any] = self.chance.choice(
            [{"wip_limit": 30}, {"person_wip_limit": 6}, {"name": "Ops"}]
        )
        boards.change_board(tx, self.ada, self.key, change)

    def pull_cord(self, tx: Tx, board: OpenBoard) -> None:
        andon.pull_cord(tx, self.ada, self.key, f"Wrong {self.chance.random():.3f}")

    def help_with_it(self, tx: Tx, board: OpenBoard) -> None:
        andon.help_with_it(tx, self.ada, self.key)

    def release_cord(self, tx: Tx, board: OpenBoard) -> None:
        andon.release_cord(tx, self.ada, self.key, "Learnt")
