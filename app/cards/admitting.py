"""Whether a change may be: the limits, and what else holds a card where it is.

`admit` asks the rule about the counts as they would be. What is not let through is raised, and kept
in the history as a refusal.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import and_, bindparam, func, select

from app import clock
from app.boards import rules
from app.boards.cord import pull_json, pull_of
from app.boards.history import Fact, OpenBoard, keep_refusal
from app.boards.policy import points_of
from app.boards.shape import Cell
from app.cards.rows import CardRow
from app.db import Query, Tx
from app.errors import AndonPulled, CardBlocked, ConfirmationNeeded, WipLimitReached
from app.models import Card, CardAssignee, Column, User

LISTED = 20
# The type of work that may be started while the cord is pulled: it is the swarm.
SWARM = "incident"


class Way(NamedTuple):
    """A card that would come to a cell, from a column of the board or (None) from elsewhere."""

    work_type: str
    source: int | None
    to: Cell


class _Filling(NamedTuple):
    id: int
    number: int
    title: str
    created_at: int
    started_at: int | None
    done_at: int | None
    block_id: int | None


class _Held(NamedTuple):
    user_id: int
    name: str
    cards: int


_live = and_(Card.archived_at.is_(None), Card.discarded_at.is_(None))
_filling = (Card.id, Card.number, Card.title, Card.created_at, Card.started_at, Card.done_at)
_oldest_first = (Card.started_at.is_(None), Card.started_at, Card.created_at, Card.id)

_FILLING_CELL = Query(
    select(*_filling, Card.block_id)
    .where(Card.column_id == bindparam("column_id"), Card.lane_id == bindparam("lane_id"), _live)
    .order_by(*_oldest_first)
    .limit(LISTED),
    _Filling,
)
_HELD = Query(
    select(
        User.id.label("user_id"),
        User.name,
        select(func.count())
        .select_from(CardAssignee)
        .join(Card, Card.id == CardAssignee.card_id)
        .join(Column, Column.id == Card.column_id)
        .where(
            CardAssignee.user_id == User.id,
            Card.board_id == bindparam("board_id"),
            Column.kind == "active",
            _live,
        )
        .scalar_subquery()
        .label("cards"),
    ).where(User.id == bindparam("user_id")),
    _Held,
)


def admit(
    tx: Tx,
    board: OpenBoard,
    changes: Mapping[Cell, int],
    *,
    to: Cell,
    card_id: int | None,
    action: str,
    people: Mapping[int, int] | None = None,
    card_ids: Sequence[int] = (),
) -> None:
    """Refuses a change that a limit does not let through; the refusal is kept in the history.

    `changes` says how many cards more (or fewer) each cell would have, `people` how many cards more
    in active columns each person would have. `card_ids` are those of a change of many, which is
    judged as the one change that it is.
    """
    counts = dict(board.counts)
    for cell, delta in changes.items():
        counts[cell] = counts.get(cell, 0) + delta
    held = []
    if people and board.shape.person_wip_limit is not None:
        for user_id, delta in people.items():
            row = tx.one(_HELD, user_id=user_id, board_id=board.id)
            held.append((user_id, row.name, row.cards, row.cards + delta))
    overflow = rules.check_limits((board.shape, board.counts), (board.shape, counts), held)
    if overflow is not None:
        raise limit_refusal(
            tx,
            board,
            overflow,
            to=to,
            card_id=card_id,
            action=action,
            card_ids=card_ids,
            many=bool(card_ids) or sum(delta for delta in changes.values() if delta > 0) > 1,
        )


def admit_one(
    tx: Tx, board: OpenBoard, cell: Cell, people: Iterable[int], *, card_id: int | None, action: str
) -> None:
    """Refuses one card more in a cell, with the people who are on it, as `admit` does."""
    more = int(cell.column_id in board.shape.active)
    on_it = dict.fromkeys(people, more)
    admit(tx, board, {cell: 1}, to=cell, card_id=card_id, action=action, people=on_it)


def limit_refusal(
    tx: Tx,
    board: OpenBoard,
    overflow: rules.Overflow,
    *,
    to: Cell | None,
    card_id: int | None,
    action: str,
    detail: str | None = None,
    place_is_new: bool = False,
    card_ids: Sequence[int] = (),
    many: bool = False,
) -> WipLimitReached:
    """The refusal by a limit: which one, its value, the count, and the cards that fill the place.

    A place that is made by the refused change goes with it: the refusal says its name and no id.
    The refusal of a change of many cards says how many places are free, too.
    """
    place, name, limit, count = overflow.place, overflow.name, overflow.limit, overflow.count
    place_id = None if place_is_new else place.id
    refusal = WipLimitReached(
        detail or _full_words(name, count, limit),
        scope=place.scope,
        place={"id": place_id, "name": name},
        limit=limit,
        count=count,
        cards=_cards_filling(tx, board, place),
        **({"free": max(0, limit - count)} if many else {}),
    )
    data: dict[str, Any] = {
        "scope": place.scope,
        "place": {"id": place_id, "name": name},
        "limit": limit,
        "count": count,
        "to": None if to is None else {"column_id": to.column_id, "lane_id": to.lane_id},
        "action": action,
    }
    if card_ids:
        data["card_ids"] = list(card_ids)
    keep_refusal(board, refusal, Fact("move.refused", card_id, data))
    return refusal


def check_not_blocked(board: OpenBoard, card: CardRow, column_id: int, lane_id: int) -> None:
    """Refuses to move a blocked card to the right (rule 9)."""
    if card.block_id is None or not rules.is_to_the_right(board.shape, card.column_id, column_id):
        return
    refusal = CardBlocked(
        f"{card.ref} is blocked: {card.block_reason}. Unblock it to move it to the right.",
        reason=card.block_reason,
        category=card.block_category,
        since=clock.iso_or_none(card.block_since),
    )
    place, to = {"id": card.id, "name": card.ref}, Cell(column_id, lane_id)
    data = _told_without_limit("blocked", place, to, "move")
    keep_refusal(board, refusal, Fact("move.refused", card.id, data))
    raise refusal


def check_cord(
    tx: Tx,
    board: OpenBoard,
    ways: Iterable[Way],
    *,
    card_id: int | None,
    action: str,
    card_ids: Sequence[int] = (),
    places_are_new: bool = False,
) -> None:
    """Refuses to start new work while the andon cord is pulled (rule 10), but for incidents; the
    refusal is kept in the history."""
    pull = pull_of(board.row)
    if pull is None:
        return
    for work_type, source, to in ways:
        if work_type == SWARM or not rules.starts_work(board.shape, source, to.column_id):
            continue
        told = pull_json(tx, pull)
        refusal = AndonPulled(
            f"The cord of {board.row.name} is pulled: {pull.reason}. "
            "No new work is started until it is released; incidents are.",
            **{name: told[name] for name in ("reason", "pulled_by", "pulled_at")},
        )
        # A place that is made by the refused change goes with it.
        there = None if places_are_new else to
        place = {"id": board.id, "name": board.row.name}
        data = _told_without_limit("andon", place, there, action)
        if card_ids:
            data["card_ids"] = list(card_ids)
        keep_refusal(board, refusal, Fact("move.refused", card_id, data))
        raise refusal


def _told_without_limit(
    scope: str, place: dict[str, Any], to: Cell | None, action: str
) -> dict[str, Any]:
    """What the history keeps of a refusal by another rule than a limit."""
    there = None if to is None else to._asdict()
    return {
        "scope": scope,
        "place": place,
        "limit": None,
        "count": None,
        "to": there,
        "action": action,
    }


def check_confirmed(
    board: OpenBoard, card: CardRow, column_id: int, *, confirmed: bool
) -> list[str]:
    """The points of the column that a card leaves to the right, where that column asks for them;
    refuses where they are not confirmed. It is a question, so the history keeps no refusal."""
    column = board.shape.column.get(card.column_id)
    if column is None or not column.ask_before_leaving:
        return []
    if not rules.is_to_the_right(board.shape, card.column_id, column_id):
        return []
    points = points_of(column.policy)
    if points and not confirmed:
        raise ConfirmationNeeded(
            f"Before a card leaves {column.name}, its points are confirmed: {'; '.join(points)}.",
            column={"id": column.id, "name": column.name},
            points=points,
        )
    return points


def _full_words(name: str, count: int, limit: int) -> str:
    """`Test is full (3 of 3).`, or how many more it takes where many would come at once."""
    if count >= limit:
        return f"{name} is full ({count} of {limit})."
    return f"{name} has room for {limit - count} more ({count} of {limit})."


def _cards_of_person(tx: Tx, board: OpenBoard, user_id: int) -> list[_Filling]:
    """The cards that a person has in active columns, as they were before what is refused: that may
    be that another column becomes one."""
    found = tx.execute(
        select(*_filling, Card.block_id)
        .join(CardAssignee, CardAssignee.card_id == Card.id)
        .where(
            CardAssignee.user_id == user_id,
            Card.board_id == board.id,
            Card.column_id.in_(board.shape.active),
            _live,
        )
        .order_by(*_oldest_first)
        .limit(LISTED)
    )
    return [_Filling._make(row) for row in found]


def _cards_filling(tx: Tx, board: OpenBoard, place: rules.Place) -> list[dict[str, Any]]:
    if place.scope == rules.PERSON:
        rows = _cards_of_person(tx, board, place.id)
    else:
        rows = [
            row
            for cell in rules.cells_of(board.shape, place)
            if board.counts.get(cell)
            for row in tx.all(_FILLING_CELL, column_id=cell.column_id, lane_id=cell.lane_id)
        ]
        rows.sort(key=lambda r: (r.started_at is None, r.started_at or 0, r.created_at, r.id))
    return [
        {
            "id": row.id,
            "ref": f"{board.row.key}-{row.number}",
            "title": row.title,
            "age": clock.seconds(max(0, board.now - row.started_at))
            if row.started_at is not None and row.done_at is None
            else None,
            "blocked": row.block_id is not None,
        }
        for row in rows[:LISTED]
    ]
