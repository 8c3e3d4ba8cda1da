"""Links between cards, on one board or across boards that the person sees: a card blocks another,
is its parent, or relates to it. The other card sees the same link from its side."""

from typing import Any, NamedTuple

from sqlalchemy import bindparam, delete, func, insert, or_, select

from app.auth.actor import Actor
from app.boards.history import VIEWER, Fact, OpenBoard, lock_board, read_board, record
from app.cards.refs import card_id_of_ref
from app.cards.rows import CARD_BY_ID, CardRow
from app.db import POSTGRESQL, Query, Statement, Tx
from app.details.linked import (
    BLOCKED_BY,
    BLOCKS,
    CHILD_OF,
    OTHER_SIDE,
    PARENT_OF,
    RELATES_TO,
    LinkRow,
    links_of,
)
from app.errors import AlreadyExists, Conflict, Forbidden, HasParent, Invalid, LinkCycle, NotFound
from app.models import Card, CardLink

MOST_LINKS = 200

# Any number of our own: those who add a link that must not close a circle come one after another,
# since a circle can go through boards of which neither of two such links locks both.
_TURN = 7_345_201


class _Stored(NamedTuple):
    id: int
    kind: str
    from_card_id: int
    to_card_id: int


class _IdRow(NamedTuple):
    id: int


_BY_ID = Query(
    select(CardLink.id, CardLink.kind, CardLink.from_card_id, CardLink.to_card_id).where(
        CardLink.id == bindparam("link_id")
    ),
    _Stored,
)
_SAME = Query(
    select(CardLink.id).where(
        CardLink.kind == bindparam("kind"),
        CardLink.from_card_id == bindparam("from_card"),
        CardLink.to_card_id == bindparam("to_card"),
    ),
    _IdRow,
)
_MOST = Statement(
    select(func.count())
    .select_from(CardLink)
    .where(
        or_(
            CardLink.from_card_id == bindparam("card_id"),
            CardLink.to_card_id == bindparam("card_id"),
        )
    )
)
_PARENT = Query(
    select(CardLink.id)
    .join(Card, Card.id == CardLink.from_card_id)
    .where(
        CardLink.kind == PARENT_OF,
        CardLink.to_card_id == bindparam("card_id"),
        Card.discarded_at.is_(None),
    ),
    _IdRow,
)
# All that a card leads to by links of one kind. Discarded cards are gone, and lead nowhere.
_reached = (
    select(CardLink.to_card_id.label("id"))
    .where(CardLink.kind == bindparam("kind"), CardLink.from_card_id == bindparam("from_card"))
    .cte("reached", recursive=True)
)
_reached = _reached.union(
    select(CardLink.to_card_id)
    .join(_reached, _reached.c.id == CardLink.from_card_id)
    .join(Card, Card.id == CardLink.from_card_id)
    .where(CardLink.kind == bindparam("kind"), Card.discarded_at.is_(None))
)
_LEADS_TO = Query(select(_reached.c.id).where(_reached.c.id == bindparam("to_card")), _IdRow)
_ADD = Query(
    insert(CardLink)
    .values(
        {
            name: bindparam(name)
            for name in ("kind", "from_card_id", "to_card_id", "created_at", "created_by")
        }
    )
    .returning(CardLink.id),
    _IdRow,
)
_DELETE = Statement(delete(CardLink).where(CardLink.id == bindparam("link_id")))
_TAKE_TURN = Statement(select(func.pg_advisory_xact_lock(_TURN)))


def link_cards(tx: Tx, actor: Actor | None, card_id: int, kind: str, target: int | str) -> LinkRow:
    """Links a card to another one, which goes by its id or by its reference (`OPS-42`).

    The person works on both boards: a link is a change of both cards. No circle of blocking cards
    or of parents comes to be, and a card has one parent at most.
    """
    _check_may_work(read_board(tx, actor, card_id=card_id), "this card")
    other_id, other_board = _find_target(tx, actor, target)
    if other_id == card_id:
        raise Invalid((_place_of(target), "a card is not linked to itself"))
    _check_may_work(other_board, "the other card")
    if kind != RELATES_TO and tx.dialect == POSTGRESQL:
        tx.scalar(_TAKE_TURN)
    boards, cards = _lock_both(tx, actor, card_id, other_id)
    stored, first, second = _stored(kind, card_id, other_id)
    if tx.first(_SAME, kind=stored, from_card=first, to_card=second) is not None:
        raise AlreadyExists("The two cards are linked like this already.")
    _check(tx, cards, stored, first, second)
    link_id = tx.one(
        _ADD,
        kind=stored,
        from_card_id=first,
        to_card_id=second,
        created_at=max(board.now for board in boards.values()),
        created_by=None if actor is None else actor.id,
    ).id
    _tell(tx, boards, "link.added", link_id, (card_id, kind, other_id))
    return next(link for link in links_of(tx, actor, card_id) if link.id == link_id)


def unlink_cards(tx: Tx, actor: Actor | None, link_id: int) -> None:
    """Takes a link away. Whoever sees both cards and works on either board may do that; where one
    of them is hidden, there is no link."""
    link = tx.first(_BY_ID, link_id=link_id)
    if link is None:
        raise NotFound
    # Both are visible before either board is locked.
    for card_id in (link.from_card_id, link.to_card_id):
        read_board(tx, actor, card_id=card_id)
    boards, _ = _lock_both(tx, actor, link.from_card_id, link.to_card_id, need=VIEWER)
    if not any(board.may_work for board in boards.values()):
        raise Forbidden("You may look at these boards, but not change them.")
    if tx.run(_DELETE, link_id=link_id) == 0:
        raise NotFound
    _tell(tx, boards, "link.deleted", link_id, (link.from_card_id, link.kind, link.to_card_id))


def _find_target(tx: Tx, actor: Actor | None, target: int | str) -> tuple[int, OpenBoard]:
    """The other card and its board; 422 in the same words where there is none and where the person
    does not see it."""
    try:
        card_id = card_id_of_ref(tx, actor, target) if isinstance(target, str) else target
        return card_id, read_board(tx, actor, card_id=card_id)
    except NotFound:
        message = "there is no such card, or none that you may see"
        raise Invalid((_place_of(target), message)) from None


def _place_of(target: int | str) -> tuple[str, str]:
    return ("body", "ref" if isinstance(target, str) else "card_id")


def _check_may_work(board: OpenBoard, which: str) -> None:
    if not board.may_work:
        raise Forbidden(f"You may look at the board of {which}, but not change it.")


def _lock_both(
    tx: Tx, actor: Actor | None, *card_ids: int, **how: Any
) -> tuple[dict[int, OpenBoard], list[CardRow]]:
    """Locks the boards of two cards in the order of the boards' ids; each card's board, and the
    cards as they are then."""
    found = {card_id: _card(tx, card_id).board_id for card_id in card_ids}
    locked: dict[int, OpenBoard] = {}
    for card_id, board_id in sorted(found.items(), key=lambda item: item[1]):
        if board_id not in locked:
            locked[board_id] = lock_board(tx, actor, card_id=card_id, **how)
    cards = [_card(tx, card_id) for card_id in card_ids]
    # One that went to another board just before is not on a locked one.
    if any(card.board_id not in {board.id for board in locked.values()} for card in cards):
        raise NotFound
    return {card.id: locked[card.board_id] for card in cards}, cards


def _card(tx: Tx, card_id: int) -> CardRow:
    card = tx.first(CARD_BY_ID, card_id=card_id)
    if card is None:
        raise NotFound
    return card


def _stored(kind: str, card_id: int, other_id: int) -> tuple[str, int, int]:
    """How a link is stored: its kind, from which card, to which."""
    if kind == RELATES_TO:
        return kind, min(card_id, other_id), max(card_id, other_id)
    if kind in {BLOCKED_BY, CHILD_OF}:
        return OTHER_SIDE[kind], other_id, card_id
    return kind, card_id, other_id


def _check(tx: Tx, cards: list[CardRow], kind: str, first: int, second: int) -> None:
    """What must not come to be. The words are the same whether or not the person sees the cards
    that stand in the way."""
    ref = {card.id: card.ref for card in cards}
    for card_id in (first, second):
        if tx.scalar(_MOST, card_id=card_id) >= MOST_LINKS:
            raise Conflict(f"{ref[card_id]} has {MOST_LINKS} links, which is the most.")
    if kind == PARENT_OF and tx.first(_PARENT, card_id=second) is not None:
        raise HasParent(f"{ref[second]} has a parent already.")
    if kind == RELATES_TO:
        return
    if tx.first(_LEADS_TO, kind=kind, from_card=second, to_card=first) is not None:
        word = "wait for" if kind == BLOCKS else "be a part of"
        raise LinkCycle(f"{ref[first]} would in the end {word} itself.")


def _tell(
    tx: Tx,
    boards: dict[int, OpenBoard],
    event: str,
    link_id: int,
    link: tuple[int, str, int],
) -> None:
    """Writes a link into the histories of both cards, each from its side. The other card goes by
    its id alone there: not everybody who reads the one sees the other."""
    card_id, kind, other_id = link
    facts = [
        Fact(event, card_id, {"link_id": link_id, "kind": kind, "other_card_id": other_id}),
        Fact(
            event,
            other_id,
            {"link_id": link_id, "kind": OTHER_SIDE[kind], "other_card_id": card_id},
        ),
    ]
    if boards[card_id] is boards[other_id]:
        record(tx, boards[card_id], *facts)
        return
    for fact in facts:
        record(tx, boards[fact.card_id or 0], fact)
