"""The steps that the verbs are made of: each changes one card of a locked board and tells the
history of it. Whether a limit allows it has been asked before."""

from typing import Any, NamedTuple

from sqlalchemy import bindparam, insert, select, update

from app.boards.history import Fact, OpenBoard, record
from app.boards.shape import Cell, Column, Lane
from app.cards.admitting import admit
from app.cards.closed_days import note_other_kind, note_restored
from app.cards.labels import (
    check_members,
    ensure_labels,
    ids,
    ids_text,
    write_assignees,
    write_labels,
)
from app.cards.placing import place_card, set_live
from app.cards.rows import CARD_BY_ID, CardRow
from app.cards.stored_clocks import SET_CLOCKS, stored_clocks
from app.db import Query, Statement, Tx
from app.errors import (
    AlreadyExists,
    CardArchived,
    ChangedSince,
    Invalid,
    NoColumns,
    NotFound,
    StaleVersion,
)
from app.models import BlockedInterval, Card


class _IdRow(NamedTuple):
    id: int


_EXTERNAL = Query(
    select(Card.id).where(
        Card.board_id == bindparam("board_id"),
        Card.external_id == bindparam("external_id"),
        Card.discarded_at.is_(None),
    ),
    _IdRow,
)
FIELDS = ("title", "description", "work_type", "service_class", "team", "due_on", "external_id")
_EDITED = (*FIELDS, "assignee_ids", "label_ids", "version")
_EDIT = Statement(
    update(Card)
    .where(Card.id == bindparam("card_id"))
    .values(**{name: bindparam(name) for name in _EDITED})
)
_BLOCK = Query(
    insert(BlockedInterval)
    .values(
        board_id=bindparam("board_id"),
        card_id=bindparam("card_id"),
        reason=bindparam("reason"),
        category=bindparam("category"),
        started_at=bindparam("started_at"),
        started_by=bindparam("started_by"),
        note="",
    )
    .returning(BlockedInterval.id),
    _IdRow,
)
_UNBLOCK = Statement(
    update(BlockedInterval)
    .where(BlockedInterval.id == bindparam("block_id"))
    .values(ended_at=bindparam("ended_at"), ended_by=bindparam("ended_by"), note=bindparam("note"))
)
_SET_BLOCK = Statement(
    update(Card)
    .where(Card.id == bindparam("card_id"))
    .values(block_id=bindparam("block_id"), was_blocked=True, version=bindparam("version"))
)


def edit_within(
    tx: Tx,
    board: OpenBoard,
    card: CardRow,
    changes: dict[str, Any],
    *,
    judged: bool = False,
    **data: Any,
) -> CardRow:
    """Changes a card's fields; only those named in `changes`. The one step that asks the limit of
    a person by itself, unless a change of many was `judged` as a whole."""
    told: dict[str, Any] = {
        name: {"from": getattr(card, name), "to": changes[name]}
        for name in FIELDS
        if name in changes and changes[name] != getattr(card, name)
    }
    edited = card._replace(**{name: change["to"] for name, change in told.items()})
    if "team" in told:
        check_team(board, edited.team)
    if "external_id" in told and edited.external_id is not None:
        check_external_id(tx, board, edited.external_id)
    old_labels = ids(card.label_ids)
    if "labels" in changes:
        labels = ensure_labels(tx, board.id, changes["labels"])
        if set(labels.values()) != set(old_labels):
            edited = edited._replace(label_ids=ids_text(labels.values()))
            told["labels"] = {"from": old_labels, "to": sorted(labels.values())}
    had = ids(card.assignee_ids)
    has = sorted(set(changes.get("assignee_ids", had)))
    added = [user_id for user_id in has if user_id not in had]
    assigned = has != had
    if assigned:
        check_members(tx, board.id, added)
        if not judged and card.is_live and card.column_id in board.shape.active:
            cell = Cell(card.column_id, card.lane_id)
            people = dict.fromkeys(added, 1)
            admit(tx, board, {}, to=cell, card_id=card.id, action="assign", people=people)
        edited = edited._replace(assignee_ids=ids_text(has))
    if not told and not assigned:
        return card
    edited = edited._replace(version=card.version + 1)
    if told.keys() & {"work_type", "service_class"}:
        note_other_kind(tx, board, card)
    tx.run(_EDIT, card_id=card.id, **{name: getattr(edited, name) for name in _EDITED})
    if "labels" in told:
        write_labels(tx, card.id, told["labels"]["to"])
    if told and assigned:
        # Two events of one action: it is taken back as one.
        data = {"batch": board.seq + 1, **data}
    facts = []
    if told:
        facts.append(Fact("card.edited", card.id, {"changes": told, **data}))
    if assigned:
        write_assignees(tx, card.id, has)
        facts.append(Fact("card.assigned", card.id, {"from": had, "to": has, **data}))
    record(tx, board, *facts)
    return edited


def block_within(
    tx: Tx, board: OpenBoard, card: CardRow, reason: str, category: str, **data: Any
) -> CardRow:
    """Begins a blocked interval of a card that is not blocked."""
    block_id = tx.one(
        _BLOCK,
        board_id=board.id,
        card_id=card.id,
        reason=reason,
        category=category,
        started_at=board.now,
        started_by=board.actor_id,
    ).id
    said = {"reason": reason, "category": category, **data}
    record(tx, board, Fact("card.blocked", card.id, said))
    return _after_block(tx, board, card, block_id)


def unblock_within(tx: Tx, board: OpenBoard, card: CardRow, note: str, **data: Any) -> CardRow:
    """Ends the blocked interval of a blocked card."""
    tx.run(
        _UNBLOCK,
        block_id=card.block_id,
        ended_at=board.now,
        ended_by=board.actor_id,
        note=note,
    )
    said = {"reason": card.block_reason, "category": card.block_category, "note": note, **data}
    record(tx, board, Fact("card.unblocked", card.id, said))
    return _after_block(tx, board, card, None)


def archive_within(tx: Tx, board: OpenBoard, card: CardRow, **data: Any) -> CardRow:
    """Takes a card that is on the board into the archive."""
    archived = set_live(tx, board, card, archived_at=board.now, discarded_at=None)
    record(tx, board, Fact("card.archived", card.id, {**where(card), **data}))
    return archived


def cell_to_restore(board: OpenBoard, card: CardRow) -> Cell:
    """Where an archived card goes back to: where it was, or the left end where that has gone."""
    shape = board.shape
    return Cell(
        card.column_id if card.column_id in shape.column else leftmost(board).id,
        card.lane_id if card.lane_id in shape.lane else shape.default_lane.id,
    )


def restore_within(tx: Tx, board: OpenBoard, card: CardRow, cell: Cell, **data: Any) -> CardRow:
    """Puts an archived card back onto the board, into a cell that has room."""
    if cell != Cell(card.column_id, card.lane_id):
        # Two events of one action: it is taken back as one.
        data = {"batch": board.seq + 1, **data}
    card = place_card(tx, board, card, cell, None, **data)
    note_restored(tx, board, card)
    restored = set_live(tx, board, card, archived_at=None, discarded_at=None)
    record(tx, board, Fact("card.restored", card.id, {**where(card), **data}))
    return restored


def _after_block(tx: Tx, board: OpenBoard, card: CardRow, block_id: int | None) -> CardRow:
    version = card.version + 1
    tx.run(_SET_BLOCK, card_id=card.id, block_id=block_id, version=version)
    tx.run(SET_CLOCKS, card_id=card.id, **stored_clocks(tx, board, card.id)._asdict())
    return tx.one(CARD_BY_ID, card_id=card.id)


def read_card(tx: Tx, board: OpenBoard, card_id: int) -> CardRow:
    """The card, read after its board was locked; a conflict where it went to another board while
    one waited for the lock."""
    card = tx.first(CARD_BY_ID, card_id=card_id)
    if card is None:
        raise NotFound
    if card.board_id != board.id:
        raise ChangedSince("Somebody has just moved the card to another board.")
    return card


def leftmost(board: OpenBoard) -> Column:
    """The board's first column; a conflict where it has none."""
    if not board.shape.columns:
        raise NoColumns(f"The board {board.row.key} has no column yet.")
    return board.shape.columns[0]


def column_of(board: OpenBoard, column_id: int, *place: str) -> Column:
    """A column of the board by its id; 422 at that place of the input where it is none."""
    column = board.shape.column.get(column_id)
    if column is None:
        raise Invalid((place, f"column {column_id} is not a column of this board"))
    return column


def lane_of(board: OpenBoard, lane_id: int, *place: str) -> Lane:
    """A lane of the board by its id; 422 at that place of the input where it is none."""
    lane = board.shape.lane.get(lane_id)
    if lane is None:
        raise Invalid((place, f"lane {lane_id} is not a lane of this board"))
    return lane


def cell_to_come_to(board: OpenBoard, column_id: int | None, lane_id: int | None) -> Cell:
    """Where a card comes onto the board: by default the leftmost column, the ordinary lane."""
    column = (
        leftmost(board) if column_id is None else column_of(board, column_id, "body", "column_id")
    )
    lane = (
        board.shape.default_lane if lane_id is None else lane_of(board, lane_id, "body", "lane_id")
    )
    return Cell(column.id, lane.id)


def check_version(card: CardRow, version: int | None) -> None:
    """412 where the card has changed since a version."""
    if version is not None and version != card.version:
        raise StaleVersion(card.version)


def check_live(card: CardRow) -> None:
    """A conflict where the card is in the archive."""
    if card.archived_at is not None:
        raise CardArchived(f"{card.ref} is in the archive. Restore it first.")


def check_team(board: OpenBoard, team: str | None) -> None:
    """422 where a team is none of the board's."""
    if team is not None and team not in board.teams:
        known = ", ".join(board.teams) or "none"
        raise Invalid((("body", "team"), f"team {team!r} is not one of the board's: {known}"))


def check_external_id(tx: Tx, board: OpenBoard, external_id: str) -> None:
    """A conflict where another card of the board has this id of another system."""
    if tx.first(_EXTERNAL, board_id=board.id, external_id=external_id) is not None:
        raise AlreadyExists(
            f"A card of {board.row.key} has the external id {external_id!r} already."
        )


def where(card: CardRow) -> dict[str, Any]:
    """A card's column and lane, as events tell them."""
    return {"column_id": card.column_id, "lane_id": card.lane_id}
