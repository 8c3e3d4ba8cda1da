"""A card's links to other cards, as the person who asks sees them."""

from typing import Any, NamedTuple

from sqlalchemy import Select, bindparam, literal_column, or_, select, true, union_all

from app.auth.actor import Actor
from app.db import Query, Tx
from app.models import Board, Card, CardLink, Column, Member

BLOCKS = "blocks"
BLOCKED_BY = "blocked_by"
PARENT_OF = "parent_of"
CHILD_OF = "child_of"
RELATES_TO = "relates_to"
KINDS = (BLOCKS, BLOCKED_BY, PARENT_OF, CHILD_OF, RELATES_TO)

# What a link is for the card at its other end.
OTHER_SIDE = {
    BLOCKS: BLOCKED_BY,
    BLOCKED_BY: BLOCKS,
    PARENT_OF: CHILD_OF,
    CHILD_OF: PARENT_OF,
    RELATES_TO: RELATES_TO,
}


class LinkRow(NamedTuple):
    """A link as one card sees it: what it is to which other card, and how that one stands."""

    id: int
    kind: str
    card_id: int
    board_id: int
    board_key: str
    number: int
    title: str
    column_name: str
    done_at: int | None
    block_id: int | None
    archived_at: int | None

    @property
    def ref(self) -> str:
        """The other card's name: `OPS-42`."""
        return f"{self.board_key}-{self.number}"


class _Seen(NamedTuple):
    id: int
    kind: str
    card_id: int
    board_id: int
    board_key: str
    number: int
    title: str
    column_name: str
    done_at: int | None
    block_id: int | None
    archived_at: int | None
    outward: int


def _select_links(mine: Any, other: Any, outward: int) -> Select[*tuple[Any, ...]]:
    visible = or_(
        bindparam("sees_all", type_=Card.was_blocked.type).is_(true()),
        select(Member.user_id)
        .where(Member.board_id == Card.board_id, Member.user_id == bindparam("user_id"))
        .exists(),
    )
    return (
        select(
            CardLink.id,
            CardLink.kind,
            Card.id.label("card_id"),
            Card.board_id,
            Board.key.label("board_key"),
            Card.number,
            Card.title,
            Column.name.label("column_name"),
            Card.done_at,
            Card.block_id,
            Card.archived_at,
            literal_column(str(outward)).label("outward"),
        )
        .join(Card, Card.id == other)
        .join(Board, Board.id == Card.board_id)
        .join(Column, Column.id == Card.column_id)
        .where(mine == bindparam("card_id"), Card.discarded_at.is_(None), visible)
    )


_OF_CARD = Query(
    union_all(
        _select_links(CardLink.from_card_id, CardLink.to_card_id, 1),
        _select_links(CardLink.to_card_id, CardLink.from_card_id, 0),
    ),
    _Seen,
)


def links_of(tx: Tx, actor: Actor | None, card_id: int) -> list[LinkRow]:
    """A card's links to cards that the person sees, oldest first: one statement for any number.
    Whoever asks has been found to see the card itself."""
    sees_all = actor is None or actor.is_admin
    rows = tx.all(
        _OF_CARD, card_id=card_id, sees_all=sees_all, user_id=0 if actor is None else actor.id
    )
    return [
        LinkRow(*row[:-1])._replace(kind=row.kind if row.outward else OTHER_SIDE[row.kind])
        for row in sorted(rows)
        if actor is None or actor.reaches(row.board_id)
    ]


def link_json(link: LinkRow) -> dict[str, Any]:
    """A link as the API shows it from one card's side."""
    return {
        "id": link.id,
        "kind": link.kind,
        "card": {
            "id": link.card_id,
            "ref": link.ref,
            "board": link.board_key,
            "title": link.title,
            "column": link.column_name,
            "done": link.done_at is not None,
            "blocked": link.block_id is not None,
            "archived": link.archived_at is not None,
        },
    }
