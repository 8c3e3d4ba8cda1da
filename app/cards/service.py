"""What people do with cards. Each verb is a plain function of a transaction, the person and values;
it locks the board first, raises to refuse and returns the card as it is then."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import bindparam, insert, select, update

from app.auth.actor import Actor
from app.boards.history import Fact, OpenBoard, lock_board, record
from app.boards.shape import Cell, Column, Lane
from app.cards.clocks import Stay
from app.cards.labels import (
    check_members,
    ensure_labels,
    ids,
    ids_text,
    write_assignees,
    write_labels,
)
from app.cards.placing import (
    AT_THE_END,
    SET_CLOCKS,
    NewCard,
    Spot,
    UnknownNeighbour,
    admit,
    check_confirmed,
    check_not_blocked,
    find_rank,
    insert_card,
    place_card,
    set_live,
    stored_clocks,
)
from app.cards.rows import CARD_BY_ID, CardRow
from app.db import Query, Statement, Tx
from app.errors import (
    AlreadyBlocked,
    AlreadyExists,
    CardArchived,
    Invalid,
    NoColumns,
    NotArchived,
    NotBlocked,
    NotFound,
    StaleVersion,
)
from app.models import BlockedInterval, Card

WORK_TYPES = ("feature", "defect", "debt", "improvement", "ops", "incident")
SERVICE_CLASSES = ("standard", "fixed_date", "expedite", "intangible")
CATEGORIES = (
    "waiting_on_team",
    "waiting_on_vendor",
    "waiting_on_customer",
    "environment",
    "approval",
    "defect",
    "missing_information",
    "dependency",
    "manual_work",
    "other",
)


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
_EDIT = Statement(
    update(Card)
    .where(Card.id == bindparam("card_id"))
    .values(
        **{
            name: bindparam(name)
            for name in (
                "title",
                "description",
                "work_type",
                "service_class",
                "team",
                "due_on",
                "external_id",
                "assignee_ids",
                "label_ids",
                "version",
            )
        }
    )
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


class CardFields(NamedTuple):
    """What a new card is given; by default it goes to the leftmost column and ordinary lane."""

    title: str
    description: str = ""
    column_id: int | None = None
    lane_id: int | None = None
    work_type: str = "feature"
    service_class: str = "standard"
    team: str | None = None
    assignee_ids: Sequence[int] = ()
    labels: Sequence[str] = ()
    due_on: str | None = None
    external_id: str | None = None


def create_card(tx: Tx, actor: Actor | None, board_key: str, fields: CardFields) -> CardRow:
    """Creates a card at the end of a column; its clock starts now."""
    board = lock_board(tx, actor, key=board_key)
    column = (
        _leftmost(board)
        if fields.column_id is None
        else _column(board, fields.column_id, "body", "column_id")
    )
    lane = (
        board.shape.default_lane
        if fields.lane_id is None
        else _lane(board, fields.lane_id, "body", "lane_id")
    )
    assignees = sorted(set(fields.assignee_ids))
    check_members(tx, board.id, fields.assignee_ids)
    _check_team(board, fields.team)
    if fields.external_id is not None:
        _check_external_id(tx, board, fields.external_id)
    cell = Cell(column.id, lane.id)
    active = int(column.id in board.shape.active)
    admit(
        tx,
        board,
        {cell: 1},
        to=cell,
        card_id=None,
        action="create",
        people=dict.fromkeys(assignees, active),
    )
    labels = ensure_labels(tx, board.id, fields.labels)
    new = NewCard(
        title=fields.title,
        description=fields.description,
        work_type=fields.work_type,
        service_class=fields.service_class,
        team=fields.team,
        due_on=fields.due_on,
        external_id=fields.external_id,
        stays=(Stay(column.id, board.now, None),),
        lane_id=lane.id,
        assignee_ids=ids_text(assignees),
        label_ids=ids_text(labels.values()),
    )
    card_id = insert_card(tx, board, new, find_rank(tx, cell, AT_THE_END))
    write_assignees(tx, card_id, assignees, fresh=True)
    write_labels(tx, card_id, labels.values(), fresh=True)
    data: dict[str, Any] = {
        "title": fields.title,
        "column_id": column.id,
        "lane_id": lane.id,
        "work_type": fields.work_type,
        "service_class": fields.service_class,
    }
    if assignees:
        # A person's limit counts from here on, so the history has to tell it.
        data["assignee_ids"] = assignees
    record(tx, board, Fact("card.created", card_id, data))
    return tx.one(CARD_BY_ID, card_id=card_id)


def move_card(
    tx: Tx,
    actor: Actor | None,
    card_id: int,
    column_id: int,
    lane_id: int | None = None,
    spot: Spot | None = None,
    version: int | None = None,
    confirmed: bool = False,
) -> CardRow:
    """Moves a card to a column, lane and place; refused where a limit has no room, where the card
    is blocked and would go to the right, where it would leave a column to the right that asks for
    its points and they are not `confirmed`, and where it has changed since `version`."""
    board = lock_board(tx, actor, card_id=card_id)
    card = _card(tx, board, card_id)
    _check_version(card, version)
    _check_live(card)
    column = _column(board, column_id, "body", "column_id")
    lane = (
        board.shape.lane[card.lane_id]
        if lane_id is None
        else _lane(board, lane_id, "body", "lane_id")
    )
    to = Cell(column.id, lane.id)
    return move_within(tx, board, card, to, spot or AT_THE_END, confirmed=confirmed)


def move_within(
    tx: Tx,
    board: OpenBoard,
    card: CardRow,
    to: Cell,
    spot: Spot,
    *,
    confirmed: bool = False,
    **data: Any,
) -> CardRow:
    """Moves a card on its locked board, by the rules."""
    source = Cell(card.column_id, card.lane_id)
    if to != source:
        check_not_blocked(board, card, to.column_id, to.lane_id)
        active = board.shape.active
        more = int(to.column_id in active) - int(source.column_id in active)
        admit(
            tx,
            board,
            {source: -1, to: 1},
            to=to,
            card_id=card.id,
            action="move",
            people=dict.fromkeys(ids(card.assignee_ids), more) if more else None,
        )
        # Asked last: nobody goes through the points of a move that is refused all the same.
        points = check_confirmed(board, card, to.column_id, confirmed=confirmed)
        if points:
            data["confirmed"] = points
    try:
        return place_card(tx, board, card, to, spot, **data)
    except UnknownNeighbour as error:
        name = str(error)
        message = "names no other card in that column and lane"
        raise Invalid((("body", name), f"{name} {message}")) from None


def edit_card(
    tx: Tx,
    actor: Actor | None,
    card_id: int,
    changes: dict[str, Any],
    version: int | None = None,
) -> CardRow:
    """Changes a card's fields; only those named in `changes`. Nothing is overwritten that somebody
    changed since `version`."""
    board = lock_board(tx, actor, card_id=card_id)
    card = _card(tx, board, card_id)
    _check_version(card, version)
    edited = card
    told: dict[str, Any] = {}
    for name in (
        "title",
        "description",
        "work_type",
        "service_class",
        "team",
        "due_on",
        "external_id",
    ):
        if name in changes and changes[name] != getattr(card, name):
            told[name] = {"from": getattr(card, name), "to": changes[name]}
            edited = edited._replace(**{name: changes[name]})
    if "team" in told:
        _check_team(board, edited.team)
    if "external_id" in told and edited.external_id is not None:
        _check_external_id(tx, board, edited.external_id)
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
        if card.is_live and card.column_id in board.shape.active:
            cell = Cell(card.column_id, card.lane_id)
            people = dict.fromkeys(added, 1)
            admit(tx, board, {}, to=cell, card_id=card.id, action="assign", people=people)
        edited = edited._replace(assignee_ids=ids_text(has))
    if not told and not assigned:
        return card
    edited = edited._replace(version=card.version + 1)
    tx.run(_EDIT, card_id=card.id, **{name: getattr(edited, name) for name in _EDITED})
    if "labels" in told:
        write_labels(tx, card.id, told["labels"]["to"])
    facts = []
    if told:
        facts.append(Fact("card.edited", card.id, {"changes": told}))
    if assigned:
        write_assignees(tx, card.id, has)
        facts.append(Fact("card.assigned", card.id, {"from": had, "to": has}))
    record(tx, board, *facts)
    return edited


_EDITED = (
    "title",
    "description",
    "work_type",
    "service_class",
    "team",
    "due_on",
    "external_id",
    "assignee_ids",
    "label_ids",
    "version",
)


def block_card(
    tx: Tx, actor: Actor | None, card_id: int, reason: str, category: str = "other"
) -> CardRow:
    """Flags a card as blocked, with a reason; a new blocked interval begins."""
    board = lock_board(tx, actor, card_id=card_id)
    card = _card(tx, board, card_id)
    _check_live(card)
    if card.block_id is not None:
        raise AlreadyBlocked(f"{card.ref} is blocked already: {card.block_reason}.")
    block_id = tx.one(
        _BLOCK,
        board_id=board.id,
        card_id=card.id,
        reason=reason,
        category=category,
        started_at=board.now,
        started_by=board.actor_id,
    ).id
    record(tx, board, Fact("card.blocked", card.id, {"reason": reason, "category": category}))
    return _after_block(tx, board, card, block_id)


def unblock_card(tx: Tx, actor: Actor | None, card_id: int, note: str = "") -> CardRow:
    """Takes a card's block away; the interval ends and is kept."""
    board = lock_board(tx, actor, card_id=card_id)
    card = _card(tx, board, card_id)
    if card.block_id is None:
        raise NotBlocked(f"{card.ref} is not blocked.")
    tx.run(
        _UNBLOCK,
        block_id=card.block_id,
        ended_at=board.now,
        ended_by=board.actor_id,
        note=note,
    )
    data = {"reason": card.block_reason, "category": card.block_category, "note": note}
    record(tx, board, Fact("card.unblocked", card.id, data))
    return _after_block(tx, board, card, None)


def archive_card(tx: Tx, actor: Actor | None, card_id: int) -> CardRow:
    """Takes a card off the board into the archive."""
    board = lock_board(tx, actor, card_id=card_id)
    card = _card(tx, board, card_id)
    _check_live(card)
    archived = set_live(tx, board, card, archived_at=board.now, discarded_at=None)
    record(tx, board, Fact("card.archived", card.id, _where(card)))
    return archived


def restore_card(tx: Tx, actor: Actor | None, card_id: int) -> CardRow:
    """Puts an archived card back where it was, or at the left end where that column has gone;
    refused where there is no room."""
    board = lock_board(tx, actor, card_id=card_id)
    card = _card(tx, board, card_id)
    if card.archived_at is None:
        raise NotArchived(f"{card.ref} is not in the archive.")
    shape = board.shape
    cell = Cell(
        card.column_id if card.column_id in shape.column else _leftmost(board).id,
        card.lane_id if card.lane_id in shape.lane else shape.default_lane.id,
    )
    active = int(cell.column_id in shape.active)
    admit(
        tx,
        board,
        {cell: 1},
        to=cell,
        card_id=card.id,
        action="restore",
        people=dict.fromkeys(ids(card.assignee_ids), active),
    )
    card = place_card(tx, board, card, cell, None)
    restored = set_live(tx, board, card, archived_at=None, discarded_at=None)
    record(tx, board, Fact("card.restored", card.id, _where(card)))
    return restored


def discard_card(tx: Tx, actor: Actor | None, card_id: int) -> None:
    """Discards a card: gone from the board and from the statistics; the history keeps it."""
    board = lock_board(tx, actor, card_id=card_id)
    card = _card(tx, board, card_id)
    set_live(tx, board, card, archived_at=card.archived_at, discarded_at=board.now)
    data = {**_where(card), "number": card.number, "title": card.title}
    record(tx, board, Fact("card.discarded", card.id, data))


def _after_block(tx: Tx, board: OpenBoard, card: CardRow, block_id: int | None) -> CardRow:
    version = card.version + 1
    tx.run(_SET_BLOCK, card_id=card.id, block_id=block_id, version=version)
    tx.run(SET_CLOCKS, card_id=card.id, **stored_clocks(tx, board, card.id)._asdict())
    return tx.one(CARD_BY_ID, card_id=card.id)


def _card(tx: Tx, board: OpenBoard, card_id: int) -> CardRow:
    """The card, read after its board was locked."""
    card = tx.first(CARD_BY_ID, card_id=card_id)
    if card is None or card.board_id != board.id:
        raise NotFound
    return card


def _leftmost(board: OpenBoard) -> Column:
    if not board.shape.columns:
        raise NoColumns(f"The board {board.row.key} has no column yet.")
    return board.shape.columns[0]


def _column(board: OpenBoard, column_id: int, *place: str) -> Column:
    column = board.shape.column.get(column_id)
    if column is None:
        raise Invalid((place, f"column {column_id} is not a column of this board"))
    return column


def _lane(board: OpenBoard, lane_id: int, *place: str) -> Lane:
    lane = board.shape.lane.get(lane_id)
    if lane is None:
        raise Invalid((place, f"lane {lane_id} is not a lane of this board"))
    return lane


def _check_version(card: CardRow, version: int | None) -> None:
    if version is not None and version != card.version:
        raise StaleVersion(card.version)


def _check_live(card: CardRow) -> None:
    if card.archived_at is not None:
        raise CardArchived(f"{card.ref} is in the archive. Restore it first.")


def _check_team(board: OpenBoard, team: str | None) -> None:
    if team is not None and team not in board.teams:
        known = ", ".join(board.teams) or "none"
        raise Invalid((("body", "team"), f"team {team!r} is not one of the board's: {known}"))


def _check_external_id(tx: Tx, board: OpenBoard, external_id: str) -> None:
    if tx.first(_EXTERNAL, board_id=board.id, external_id=external_id) is not None:
        raise AlreadyExists(f"A card with the external id {external_id!r} is on this board.")


def _where(card: CardRow) -> dict[str, Any]:
    return {"column_id": card.column_id, "lane_id": card.lane_id}
