"""What the tests of cards in depth ask again and again."""

from typing import Any

from app.boards.activity import events_of_card
from app.boards.history import read_board
from app.cards.rebuild import examine_board
from app.cards.story import history_of
from app.db import Tx
from tests.support import BoardOf, Person


def story(board: BoardOf, card: Any, reader: Person | None = None) -> list[str]:
    """A card's history in the words that a person reads, oldest first."""
    actor = (reader or board.person).actor

    def read(tx: Tx) -> list[str]:
        opened = read_board(tx, actor, card_id=card["id"])
        entries = history_of(tx, opened, events_of_card(tx, card["id"]))
        return [entry.sentence for entry in reversed(entries)]

    return board.person.weir.db.read_now(read)


def newest(board: BoardOf, some: int = 1) -> list[tuple[str, Any]]:
    """The newest events of a board: type and data."""
    return [(event["type"], event["data"]) for event in board.events()[-some:]]


def face(board: BoardOf, card: Any) -> tuple[int, dict[str, int]]:
    """How many comments a card has, and how much of its checklists is done."""
    found = board.person.get(f"/cards/{card['id']}")
    return found["comment_count"], found["checklist"]


def differences(board: BoardOf) -> list[str]:
    """What a check of the board finds."""
    found = board.person.weir.db.read_now(lambda tx: examine_board(tx, board.key))
    return [str(difference) for difference in found]
