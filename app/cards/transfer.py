"""Moving a card to another board: it keeps its id, past and clocks, and gets a number there."""

from typing import Any, NamedTuple

from sqlalchemy import bindparam, select

from app.auth.actor import Actor
from app.boards.history import VIEWER, Fact, OpenBoard, lock_board, read_board, record
from app.cards.admitting import Way, admit_one, check_cord
from app.cards.closed_days import recounted
from app.cards.crossing import Coming, bring_card, take_card_away
from app.cards.labels import (
    ensure_labels,
    ids,
    ids_text,
    member_ids,
    read_labels,
    write_assignees,
    write_labels,
)
from app.cards.rows import CARD_BY_ID, CardRow
from app.cards.steps import (
    cell_to_come_to,
    check_external_id,
    check_live,
    check_version,
    read_card,
    where,
)
from app.db import BOARD_OF_CARD, Query, Tx
from app.errors import Forbidden, Invalid
from app.models import Board, CardAddress, Member


class BoardRef(NamedTuple):
    """A board to which a card may go."""

    key: str
    name: str


class _Number(NamedTuple):
    number: int


_OWN_NUMBER = Query(
    select(CardAddress.number).where(
        CardAddress.board_id == bindparam("board_id"), CardAddress.card_id == bindparam("card_id")
    ),
    _Number,
)


def boards_to_go_to(tx: Tx, actor: Actor, board_id: int) -> list[BoardRef]:
    """The other boards on which a person may work, by name."""
    statement = select(Board.id, Board.key, Board.name).where(
        Board.id != board_id, Board.archived_at.is_(None)
    )
    if not actor.is_admin:
        statement = statement.join(Member, Member.board_id == Board.id).where(
            Member.user_id == actor.id, Member.role != VIEWER
        )
    rows = tx.execute(statement.order_by(Board.name, Board.key))
    return [BoardRef(row.key, row.name) for row in rows if actor.reaches(row.id)]


def transfer_card(
    tx: Tx,
    actor: Actor | None,
    card_id: int,
    board_key: str,
    column_id: int | None = None,
    lane_id: int | None = None,
    version: int | None = None,
) -> CardRow:
    """Moves a card to another board, to the end of a column there, by default the leftmost.

    Whoever does it may work on both. The limits of the other board judge it like a new card.
    People who are no members there are taken off it, labels go along by their names, and the team
    where it is one there. A card that comes back gets the number that it had.
    """
    source, target = _lock_both(tx, actor, card_id, board_key)
    card = read_card(tx, source, card_id)
    check_version(card, version)
    check_live(card)
    cell = cell_to_come_to(target, column_id, lane_id)
    if card.external_id is not None:
        check_external_id(tx, target, card.external_id)
    members = member_ids(tx, target.id)
    kept = [user_id for user_id in ids(card.assignee_ids) if user_id in members]
    way = Way(card.work_type, None, cell)
    check_cord(tx, target, [way], card_id=None, action="transfer")
    admit_one(tx, target, cell, kept, card_id=None, action="transfer")
    names = read_labels(tx, source.id)
    labels = ensure_labels(tx, target.id, [names[label_id] for label_id in ids(card.label_ids)])
    team = card.team if card.team in target.teams else None
    known = tx.first(_OWN_NUMBER, board_id=target.id, card_id=card.id)
    if known is None:
        target.last_number += 1
    number = target.last_number if known is None else known.number
    told = {**where(card), "number": card.number, "title": card.title}
    coming = Coming(number, cell, team, ids_text(kept), ids_text(labels.values()))
    with recounted(tx, source, card), recounted(tx, target, card):
        meanings = take_card_away(tx, source, card)
        record(tx, source, Fact("card.left", card.id, {**told, "to": {"board_id": target.id}}))
        bring_card(tx, target, card, coming)
    write_assignees(tx, card.id, kept)
    write_labels(tx, card.id, labels.values())
    data: dict[str, Any] = {
        "column_id": cell.column_id,
        "lane_id": cell.lane_id,
        "number": number,
        "title": card.title,
        "from": {"board_id": source.id, "ref": card.ref},
        "assignee_ids": kept,
        "label_ids": sorted(labels.values()),
        "team": team,
        # What the columns were in which it has been: its clocks go by that for ever.
        "columns": {
            str(column_id): {"kind": kind, "started_work": started}
            for column_id, (kind, started) in meanings.items()
        },
    }
    dropped = [user_id for user_id in ids(card.assignee_ids) if user_id not in kept]
    if dropped:
        data["dropped_assignee_ids"] = dropped
    if team != card.team:
        data["dropped_team"] = card.team
    record(tx, target, Fact("card.arrived", card.id, data))
    tx.memory.setdefault(BOARD_OF_CARD, {})[str(card.id)] = target.row.key
    return tx.one(CARD_BY_ID, card_id=card.id)


def _lock_both(
    tx: Tx, actor: Actor | None, card_id: int, board_key: str
) -> tuple[OpenBoard, OpenBoard]:
    """Both boards, locked in the order of their ids, whoever comes from which side."""
    here = read_board(tx, actor, card_id=card_id)
    if not here.may_work:
        raise Forbidden("You may look at this board, but not change it.")
    there = read_board(tx, actor, key=board_key)
    if here.id == there.id:
        raise Invalid((("body", "board"), "is the board on which the card is"))
    locked = {
        board_id: lock_board(tx, actor, board_id=board_id)
        for board_id in sorted((here.id, there.id))
    }
    source, target = locked[here.id], locked[there.id]
    # Later than all that has happened on either board, so that the card's history has one order.
    now = max(source.now, target.now, source.row.changed_at + 1, target.row.changed_at + 1)
    source.now = target.now = now
    return source, target
