"""Taking a sample board away with all that belongs to it, its history too."""

from sqlalchemy import BindParameter, bindparam, delete, or_, select

from app.auth.actor import Actor
from app.boards.history import MANAGER, lock_board
from app.db import Statement, Tx
from app.errors import Conflict, NotASample
from app.models import (
    BlockedInterval,
    Board,
    Card,
    CardAddress,
    CardAssignee,
    CardLabel,
    CardLink,
    Cell,
    ChangeDay,
    Checklist,
    ChecklistItem,
    ClosedFlow,
    Column,
    ColumnDay,
    Comment,
    DoneDay,
    Event,
    ExitDay,
    Group,
    Invite,
    Label,
    Lane,
    LoadDay,
    Marker,
    Member,
    StayDay,
    TokenBoard,
    Visit,
    WebLink,
)

_board: BindParameter[int] = bindparam("board")
_cards = select(Card.id).where(Card.board_id == _board)
_columns = select(Column.id).where(Column.board_id == _board)
_checklists = select(Checklist.id).where(Checklist.card_id.in_(_cards))
# A card that has been on two boards belongs to both histories.
_WANDERED = Statement(
    select(CardAddress.number)
    .where(or_(CardAddress.board_id == _board, CardAddress.card_id.in_(_cards)))
    .limit(1)
)
_DAYS = (ChangeDay, DoneDay, StayDay, ExitDay, LoadDay)
# What refers to something goes before it.
_DELETIONS = tuple(
    Statement(deletion)
    for deletion in (
        delete(WebLink).where(WebLink.card_id.in_(_cards)),
        delete(CardLink).where(
            or_(CardLink.from_card_id.in_(_cards), CardLink.to_card_id.in_(_cards))
        ),
        delete(ChecklistItem).where(ChecklistItem.checklist_id.in_(_checklists)),
        delete(Checklist).where(Checklist.card_id.in_(_cards)),
        delete(Comment).where(Comment.card_id.in_(_cards)),
        delete(CardLabel).where(CardLabel.card_id.in_(_cards)),
        delete(CardAssignee).where(CardAssignee.card_id.in_(_cards)),
        delete(Visit).where(Visit.board_id == _board),
        delete(BlockedInterval).where(BlockedInterval.board_id == _board),
        delete(Event).where(Event.board_id == _board),
        delete(Marker).where(Marker.board_id == _board),
        delete(Card).where(Card.board_id == _board),
        delete(Label).where(Label.board_id == _board),
        delete(Cell).where(Cell.board_id == _board),
        delete(Lane).where(Lane.board_id == _board),
        delete(ColumnDay).where(ColumnDay.column_id.in_(_columns)),
        *(delete(days).where(days.board_id == _board) for days in _DAYS),
        delete(ClosedFlow).where(ClosedFlow.board_id == _board),
        delete(Column).where(Column.board_id == _board),
        delete(Group).where(Group.board_id == _board),
        delete(Invite).where(Invite.board_id == _board),
        delete(Member).where(Member.board_id == _board),
        delete(TokenBoard).where(TokenBoard.board_id == _board),
        delete(Board).where(Board.id == _board),
    )
)


def remove_sample(tx: Tx, actor: Actor | None, key: str) -> None:
    """Removes a sample board completely; 409 for a board of real work, which is only archived."""
    board = lock_board(tx, actor, need=MANAGER, even_archived=True, key=key)
    if not board.row.sample:
        raise NotASample(f"{board.row.key} is no sample board: it can be archived, not removed.")
    if tx.scalar(_WANDERED, board=board.id) is not None:
        raise Conflict(
            "A card has gone from or to another board, which needs its history. "
            "Archive the board instead."
        )
    for deletion in _DELETIONS:
        tx.run(deletion, board=board.id)
    # Its pages and streams end at once.
    tx.rights = True
