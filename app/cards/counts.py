"""How many comments and checklist items a card has, as its face shows it: counted anew from what
there is with every change of them, so that the numbers cannot drift."""

from typing import NamedTuple

from sqlalchemy import bindparam, func, or_, select, update

from app.db import Query, Statement, Tx
from app.models import Card, Checklist, ChecklistItem, Comment


class WrongCounts(NamedTuple):
    """A card whose stored numbers are not those of what it has."""

    id: int
    comment_count: bool
    item_count: bool
    checked_count: bool


_comments = (
    select(func.count())
    .select_from(Comment)
    .where(Comment.card_id == Card.id, Comment.deleted_at.is_(None))
    .correlate(Card)
    .scalar_subquery()
)
_items_of_card = (
    select(func.count())
    .select_from(ChecklistItem)
    .join(Checklist, Checklist.id == ChecklistItem.checklist_id)
    .where(Checklist.card_id == Card.id)
    .correlate(Card)
)
_items = _items_of_card.scalar_subquery()
_checked = _items_of_card.where(ChecklistItem.checked_at.is_not(None)).scalar_subquery()
_COUNT = Statement(
    update(Card)
    .where(Card.id == bindparam("card_id"))
    .values(
        comment_count=_comments,
        item_count=_items,
        checked_count=_checked,
        version=Card.version + 1,
    )
)
_wrong = {
    "comment_count": Card.comment_count != _comments,
    "item_count": Card.item_count != _items,
    "checked_count": Card.checked_count != _checked,
}
_WRONG = Query(
    select(Card.id, *(wrong.label(name) for name, wrong in _wrong.items()))
    .where(Card.board_id == bindparam("board_id"), or_(*_wrong.values()))
    .order_by(Card.id),
    WrongCounts,
)


def count_details(tx: Tx, card_id: int) -> None:
    """Counts a card's comments and checklist items; its face has changed, so its version rises."""
    tx.run(_COUNT, card_id=card_id)


def wrong_counts(tx: Tx, board_id: int) -> list[WrongCounts]:
    """The cards of a board whose stored numbers are wrong, and which of them."""
    return tx.all(_WRONG, board_id=board_id)
