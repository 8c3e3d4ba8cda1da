"""Which cards stood where at a moment of the past, and which of them were in work."""

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select

from app.boards.history import OpenBoard
from app.boards.shape import DONE
from app.models import Card, Event, Visit

_Conditions = tuple[ColumnElement[bool], ...]


def standing_at(column_ids: Iterable[int], at: int) -> Iterator[_Conditions]:
    """The conditions on visits (with their cards) by which a card stood in one of some columns just
    before a moment and did not lie in the archive: one set for those who are there still, one for
    those who left since. Each is answered by the index of when cards left a column."""
    columns = list(column_ids)
    for leaving in (Visit.left_at.is_(None), Visit.left_at >= at):
        yield (Visit.column_id.in_(columns), leaving, Visit.entered_at + 0 < at, _is_live(at))


def stood_at(column_ids: Iterable[int], at: int) -> _Conditions:
    """The same for cards that are known already: they lead to their visits."""
    leaving = or_(Visit.left_at.is_(None), Visit.left_at + 0 >= at)
    columns = (Visit.column_id + 0).in_(list(column_ids))
    return (columns, leaving, Visit.entered_at + 0 < at, _is_live(at))


def in_work_at(board: OpenBoard, at: int) -> Iterator[_Conditions]:
    """The conditions on cards by which one that is on the board was started before a moment and not
    done until then: one set for those that are not done now, by their columns, whose indexes know
    no finished ones, one for those of them in the archive, and one for those that were done later.
    The index knows when these were done, and how long before that they were started."""
    started_at: Any = Card.started_at
    there = (Card.discarded_at.is_(None), started_at + 0 < at)
    columns = [column.id for column in board.shape.columns if column.kind != DONE]
    is_live = (Card.column_id.in_(columns), Card.archived_at.is_(None))
    yield (*there, *is_live, Card.done_at.is_(None))
    of_board = Card.board_id == board.id
    # A deleted column may have left some in the archive.
    is_away = (Card.column_id.in_([*columns, *board.shape.gone]), Card.archived_at.is_not(None))
    yield (*there, of_board, *is_away, Card.done_at.is_(None))
    if at <= board.row.changed_at:
        was_started = Card.done_at - Card.cycle_time < at
        is_done = (Card.done_at.is_not(None), Card.done_at >= at)
        yield (Card.discarded_at.is_(None), of_board, *is_done, was_started)


def _is_live(at: int) -> ColumnElement[bool]:
    """That a card did not lie in the archive just before a moment."""
    away = (
        select(Event.type)
        .where(
            Event.card_id == Card.id,
            Event.type.in_(("card.archived", "card.restored")),
            Event.at < at,
        )
        .order_by(Event.at.desc(), Event.seq.desc())
        .limit(1)
        .correlate(Card)
        .scalar_subquery()
    )
    return func.coalesce(away, "") != "card.archived"
