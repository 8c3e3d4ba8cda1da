"""What somebody did last on a board, found in its history."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import orjson
from sqlalchemy import and_, bindparam, or_, select

from app.boards.history import OpenBoard
from app.cards.bulk import names
from app.cards.rows import CardRow
from app.db import Query, Tx
from app.models import Event, User

REMEMBERED = 2_000
"""Events of the board among which somebody's last action is looked for."""
_AT_ONCE = 400

MOVED, REORDERED = "card.moved", "card.reordered"
EDITED, ASSIGNED = "card.edited", "card.assigned"
BLOCKED, UNBLOCKED = "card.blocked", "card.unblocked"
ARCHIVED, RESTORED = "card.archived", "card.restored"
_KINDS = (MOVED, REORDERED, EDITED, ASSIGNED, BLOCKED, UNBLOCKED, ARCHIVED, RESTORED)
LET_GO = "undo.refused"
"""Somebody wanted to take back what can be taken back no more: it is passed over from then on."""
_ASPECT = {
    MOVED: "place",
    REORDERED: "place",
    ASSIGNED: "people",
    BLOCKED: "block",
    UNBLOCKED: "block",
    ARCHIVED: "archive",
    RESTORED: "archive",
}


class _EventRow(NamedTuple):
    seq: int
    at: int
    type: str
    card_id: int
    data: str
    name: str | None


class Deed(NamedTuple):
    """One change of one card, as the history tells it."""

    type: str
    card_id: int
    facts: Mapping[str, Any]


class LastAction(NamedTuple):
    """What somebody did last on a board, with all that belongs to it, oldest first."""

    seq: int  # of its first event, which all of them name as their batch
    last_seq: int
    at: int
    deeds: list[Deed]


_events = (
    select(Event.seq, Event.at, Event.type, Event.card_id, Event.data, User.name)
    .outerjoin(User, User.id == Event.actor_id)
    .where(Event.board_id == bindparam("board_id"))
)
_of_cards = and_(Event.card_id.is_not(None), or_(*(Event.type == kind for kind in _KINDS)))
_OWN_BEFORE = Query(
    _events.where(
        or_(_of_cards, Event.type == LET_GO),
        Event.actor_id == bindparam("actor_id"),
        Event.seq < bindparam("before"),
        Event.seq > bindparam("after"),
    )
    .order_by(Event.seq.desc())
    .limit(_AT_ONCE),
    _EventRow,
)
_OTHERS_AFTER = Query(
    _events.where(
        _of_cards,
        or_(Event.actor_id.is_(None), Event.actor_id != bindparam("actor_id")),
        Event.seq > bindparam("after"),
    ).order_by(Event.seq),
    _EventRow,
)


def last_action(tx: Tx, board: OpenBoard, *, but: int | None = None) -> LastAction | None:
    """The newest action of the person that was neither undone nor let go, among the last events of
    the board; `but` one."""
    undone = set() if but is None else {but}
    found: list[tuple[_EventRow, Mapping[str, Any]]] = []
    number = None
    before = board.seq + 1
    while True:
        rows = tx.all(
            _OWN_BEFORE,
            board_id=board.id,
            actor_id=board.actor_id,
            before=before,
            after=board.seq - REMEMBERED,
        )
        for row in rows:
            facts = orjson.loads(row.data)
            if "undoes" in facts:
                undone.add(facts["undoes"])
                continue
            batch = facts.get("batch", row.seq)
            if batch in undone or not _can_be_undone(row.type, facts):
                continue
            if number not in {None, batch}:
                return _action(found)
            number = batch
            found.append((row, facts))
        if len(rows) < _AT_ONCE:
            return _action(found) if found else None
        before = rows[-1].seq


def _can_be_undone(kind: str, facts: Mapping[str, Any]) -> bool:
    # What an import brought and what a change of the board's shape entailed was no act on a card.
    if "imported" in facts or "because" in facts:
        return False
    return kind not in {MOVED, REORDERED} or "was_at" in facts


def _action(found: Sequence[tuple[_EventRow, Mapping[str, Any]]]) -> LastAction:
    events = list(reversed(found))
    deeds = [Deed(row.type, row.card_id, facts) for row, facts in events]
    if any(deed.type == RESTORED for deed in deeds):
        # Where its column had gone it was moved while it was put back: it does not go there again.
        deeds = [deed for deed in deeds if deed.type == RESTORED]
    first, last = events[0][0], events[-1][0]
    return LastAction(events[0][1].get("batch", first.seq), last.seq, first.at, deeds)


def changes_of_others(tx: Tx, board: OpenBoard, after: int) -> list[tuple[Deed, str]]:
    """What others have done with cards of the board since an event, and who they are."""
    rows = tx.all(_OTHERS_AFTER, board_id=board.id, actor_id=board.actor_id, after=after)
    return [
        (Deed(row.type, row.card_id, orjson.loads(row.data)), row.name or "Weir") for row in rows
    ]


def aspects_of(deed: Deed) -> list[str]:
    """What of its card a change touched; two that touch the same stand in each other's way."""
    return list(deed.facts["changes"]) if deed.type == EDITED else [_ASPECT[deed.type]]


def words_of(board: OpenBoard, action: LastAction, cards: Sequence[CardRow]) -> str:
    """`the move of OPS-7 to Test`, `the archiving of OPS-7 and 4 other cards`."""
    deed = action.deeds[0]
    whose = names(sorted(cards, key=lambda card: card.number)) if cards else "a card"
    what = {
        MOVED: "move",
        REORDERED: "new place",
        EDITED: "edit",
        ASSIGNED: "assignment",
        BLOCKED: "block",
        UNBLOCKED: "unblocking",
        ARCHIVED: "archiving",
        RESTORED: "restoring",
    }[deed.type]
    said = f"the {what} of {whose}"
    if deed.type != MOVED:
        return said
    columns = {each.facts["to"]["column_id"] for each in action.deeds}
    if deed.facts["from"]["column_id"] == deed.facts["to"]["column_id"]:
        lane = board.shape.lane.get(deed.facts["to"]["lane_id"])
        return said if lane is None else f"{said} to the lane {lane.name}"
    column = board.shape.column.get(columns.pop())
    return said if column is None else f"{said} to {column.name}"
