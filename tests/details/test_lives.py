"""Whatever people do with cards in depth, in any order: what is derived is what the history says,
and what must never be is not."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import func, select

from app.boards.history import OpenBoard
from app.cards.rebuild import examine_board
from app.db import Database, Tx
from app.details import checklists, comments, links, weblinks
from app.details.linked import KINDS
from app.models import Card, CardLabel, CardLink, Checklist, ChecklistItem, Comment, Label, WebLink
from app.shaping import labels
from tests.lives import LABELS, Life, make_board


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    """An empty database."""
    database = Database(database_url, synchronous="NORMAL", pool_size=1)
    yield database
    database.close()


class BusyLife(Life):
    """A life in which people also speak, tick off, link and label."""

    def __init__(self, db: Database, seed: int) -> None:
        super().__init__(db, make_board(db), "OPS", seed)
        self.verbs += [
            (8, self.comment),
            (3, self.uncomment),
            (4, self.begin_list),
            (8, self.change_item),
            (2, self.drop_item),
            (1, self.drop_list),
            (10, self.link),
            (2, self.unlink),
            (2, self.point),
            (5, self.relabel),
            (1, self.unlabel),
        ]

    def _any(self, tx: Tx, column: Any) -> int:
        found = [int(each) for each in tx.execute(select(column)).scalars()]
        return self.chance.choice(found or [0])

    def comment(self, tx: Tx, board: OpenBoard) -> None:
        said = self.chance.choice(["Well", "@AdaOPS, see `this`", "- [x] done"])
        comments.add_comment(tx, self.ada, self._card(tx), said)

    def uncomment(self, tx: Tx, board: OpenBoard) -> None:
        comments.delete_comment(tx, self.ada, self._any(tx, Comment.id))

    def begin_list(self, tx: Tx, board: OpenBoard) -> None:
        items = ["One", "Two", "Three"][: self.chance.randint(0, 3)]
        checklists.add_checklist(tx, self.ada, self._card(tx), "A list", items)

    def change_item(self, tx: Tx, board: OpenBoard) -> None:
        changes = {"checked": self.chance.random() < 0.7, "index": self.chance.randint(0, 3)}
        checklists.change_item(tx, self.ada, self._any(tx, ChecklistItem.id), changes)

    def drop_item(self, tx: Tx, board: OpenBoard) -> None:
        checklists.delete_item(tx, self.ada, self._any(tx, ChecklistItem.id))

    def drop_list(self, tx: Tx, board: OpenBoard) -> None:
        checklists.delete_checklist(tx, self.ada, self._any(tx, Checklist.id))

    def link(self, tx: Tx, board: OpenBoard) -> None:
        kind, other = self.chance.choice(KINDS), self._card(tx)
        links.link_cards(tx, self.ada, self._card(tx), kind, other)

    def unlink(self, tx: Tx, board: OpenBoard) -> None:
        links.unlink_cards(tx, self.ada, self._any(tx, CardLink.id))

    def point(self, tx: Tx, board: OpenBoard) -> None:
        if self.chance.random() < 0.5:
            weblinks.delete_web_link(tx, self.ada, self._any(tx, WebLink.id))
        else:
            weblinks.add_web_link(tx, self.ada, self._card(tx), "https://example.org", "Example")

    def relabel(self, tx: Tx, board: OpenBoard) -> None:
        change = {"name": self.chance.choice(LABELS), "color": self.chance.choice(["red", "teal"])}
        labels.change_label(tx, self.ada, self._any(tx, Label.id), change)

    def unlabel(self, tx: Tx, board: OpenBoard) -> None:
        labels.delete_label(tx, self.ada, self._any(tx, Label.id))


@pytest.mark.parametrize("seed", [1, 2])
def test_after_any_life_everything_is_as_the_history_says(db: Database, seed: int) -> None:
    life = BusyLife(db, seed)
    life.live(400)
    assert {verb.__name__ for _, verb in life.verbs[-11:]} <= set(life.done)
    assert db.read_now(examine_board, "OPS") == []
    db.read_now(check_links)
    db.read_now(check_labels)
    db.read_now(check_comments)


def check_links(tx: Tx) -> None:
    """No circle and one parent at most, among the cards that are not discarded."""
    gone = set(tx.execute(select(Card.id).where(Card.discarded_at.is_not(None))).scalars())
    for kind in ("blocks", "parent_of"):
        rows = tx.execute(
            select(CardLink.from_card_id, CardLink.to_card_id).where(CardLink.kind == kind)
        )
        ahead: dict[int, set[int]] = {}
        for row in rows:
            if not gone & {row.from_card_id, row.to_card_id}:
                ahead.setdefault(row.from_card_id, set()).add(row.to_card_id)
        children = [child for those in ahead.values() for child in those]
        assert kind == "blocks" or len(children) == len(set(children))
        for start, after in ahead.items():
            reached, fresh = set[int](), after
            while fresh:
                reached |= fresh
                fresh = {end for card in fresh for end in ahead.get(card, ())} - reached
            assert start not in reached


def check_labels(tx: Tx) -> None:
    """No card carries a removed label."""
    removed = select(Label.id).where(Label.removed_at.is_not(None))
    carried = select(func.count()).select_from(CardLabel).where(CardLabel.label_id.in_(removed))
    assert tx.execute(carried).scalar() == 0


def check_comments(tx: Tx) -> None:
    """Of a deleted comment no text is left."""
    deleted = tx.execute(select(Comment.body).where(Comment.deleted_at.is_not(None))).scalars()
    assert set(deleted) == {""}
