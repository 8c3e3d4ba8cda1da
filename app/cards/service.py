"""What people do with cards. Each verb is a plain function of a transaction, the person and values;
it locks the board first, raises to refuse and returns the card as it is then."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from app.auth.actor import Actor
from app.boards.history import Fact, OpenBoard, lock_board, record
from app.boards.shape import Cell
from app.cards.admitting import (
    Way,
    admit,
    admit_one,
    check_confirmed,
    check_cord,
    check_not_blocked,
)
from app.cards.clocks import Stay
from app.cards.closed_days import count_out, recounted
from app.cards.labels import (
    check_members,
    ensure_labels,
    ids,
    ids_text,
    write_assignees,
    write_labels,
)
from app.cards.placing import NewCard, find_rank, insert_card, place_card, set_live
from app.cards.rows import CARD_BY_ID, CardRow
from app.cards.spots import AT_THE_END, Spot, UnknownNeighbour
from app.cards.steps import (
    archive_within,
    block_within,
    cell_to_come_to,
    cell_to_restore,
    check_external_id,
    check_live,
    check_team,
    check_version,
    column_of,
    edit_within,
    lane_of,
    leftmost,
    read_card,
    restore_within,
    unblock_within,
    where,
)
from app.db import Tx
from app.errors import AlreadyBlocked, Invalid, NotArchived, NotBlocked


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
    cell = cell_to_come_to(board, fields.column_id, fields.lane_id)
    assignees = sorted(set(fields.assignee_ids))
    check_members(tx, board.id, fields.assignee_ids)
    check_team(board, fields.team)
    if fields.external_id is not None:
        check_external_id(tx, board, fields.external_id)
    way = Way(fields.work_type, None, cell)
    check_cord(tx, board, [way], card_id=None, action="create")
    admit_one(tx, board, cell, assignees, card_id=None, action="create")
    labels = ensure_labels(tx, board.id, fields.labels)
    new = NewCard(
        title=fields.title,
        description=fields.description,
        work_type=fields.work_type,
        service_class=fields.service_class,
        team=fields.team,
        due_on=fields.due_on,
        external_id=fields.external_id,
        stays=(Stay(cell.column_id, board.now, None),),
        lane_id=cell.lane_id,
        assignee_ids=ids_text(assignees),
        label_ids=ids_text(labels.values()),
    )
    card_id = insert_card(tx, board, new, find_rank(tx, cell, AT_THE_END))
    write_assignees(tx, card_id, assignees, fresh=True)
    write_labels(tx, card_id, labels.values(), fresh=True)
    data: dict[str, Any] = {
        "title": fields.title,
        "column_id": cell.column_id,
        "lane_id": cell.lane_id,
        "work_type": fields.work_type,
        "service_class": fields.service_class,
    }
    if assignees:
        # A person's limit counts from here on, so the history has to tell it.
        data["assignee_ids"] = assignees
    record(tx, board, Fact("card.created", card_id, data))
    return tx.one(CARD_BY_ID, card_id=card_id)


def create_cards(
    tx: Tx, actor: Actor | None, board_key: str, cards: Sequence[CardFields]
) -> list[CardRow]:
    """Creates some cards at the end of one column, all of them or none."""
    board = lock_board(tx, actor, key=board_key)
    first = cards[0]
    column = leftmost(board).id if first.column_id is None else first.column_id
    lane = board.shape.default_lane.id if first.lane_id is None else first.lane_id
    if len(cards) > 1 and column in board.shape.column and lane in board.shape.lane:
        people: Counter[int] = Counter()
        if column in board.shape.active:
            for fields in cards:
                people.update(set(fields.assignee_ids))
        cell = Cell(column, lane)
        more = {cell: len(cards)}
        admit(tx, board, more, to=cell, card_id=None, action="create", people=people)
    return [create_card(tx, actor, board_key, fields) for fields in cards]


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
    is blocked and would go to the right, where the andon cord is pulled and it would be new work,
    where it would leave a column to the right that asks for its points and they are not
    `confirmed`, and where it has changed since `version`."""
    board = lock_board(tx, actor, card_id=card_id)
    card = read_card(tx, board, card_id)
    check_version(card, version)
    check_live(card)
    column = column_of(board, column_id, "body", "column_id")
    lane = (
        board.shape.lane[card.lane_id]
        if lane_id is None
        else lane_of(board, lane_id, "body", "lane_id")
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
        way = Way(card.work_type, source.column_id, to)
        check_cord(tx, board, [way], card_id=card.id, action="move")
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
    card = read_card(tx, board, card_id)
    check_version(card, version)
    return edit_within(tx, board, card, changes)


def block_card(
    tx: Tx, actor: Actor | None, card_id: int, reason: str, category: str = "other"
) -> CardRow:
    """Flags a card as blocked, with a reason; a new blocked interval begins."""
    board = lock_board(tx, actor, card_id=card_id)
    card = read_card(tx, board, card_id)
    check_live(card)
    if card.block_id is not None:
        raise AlreadyBlocked(f"{card.ref} is blocked already: {card.block_reason}.")
    return block_within(tx, board, card, reason, category)


def unblock_card(tx: Tx, actor: Actor | None, card_id: int, note: str = "") -> CardRow:
    """Takes a card's block away; the interval ends and is kept."""
    board = lock_board(tx, actor, card_id=card_id)
    card = read_card(tx, board, card_id)
    if card.block_id is None:
        raise NotBlocked(f"{card.ref} is not blocked.")
    return unblock_within(tx, board, card, note)


def archive_card(tx: Tx, actor: Actor | None, card_id: int) -> CardRow:
    """Takes a card off the board into the archive."""
    board = lock_board(tx, actor, card_id=card_id)
    card = read_card(tx, board, card_id)
    check_live(card)
    return archive_within(tx, board, card)


def restore_card(tx: Tx, actor: Actor | None, card_id: int) -> CardRow:
    """Puts an archived card back where it was, or at the left end where that column has gone;
    refused where there is no room."""
    board = lock_board(tx, actor, card_id=card_id)
    card = read_card(tx, board, card_id)
    if card.archived_at is None:
        raise NotArchived(f"{card.ref} is not in the archive.")
    cell = cell_to_restore(board, card)
    admit_one(tx, board, cell, ids(card.assignee_ids), card_id=card.id, action="restore")
    return restore_within(tx, board, card, cell)


def discard_card(tx: Tx, actor: Actor | None, card_id: int) -> None:
    """Discards a card: gone from the board and from the statistics; the history keeps it."""
    board = lock_board(tx, actor, card_id=card_id)
    card = read_card(tx, board, card_id)
    with recounted(tx, board, card):
        set_live(tx, board, card, archived_at=card.archived_at, discarded_at=board.now)
    count_out(tx, card.id)
    data = {**where(card), "number": card.number, "title": card.title}
    record(tx, board, Fact("card.discarded", card.id, data))
