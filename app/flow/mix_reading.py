"""Reading what the work is made of: the cards done in a window, and those in progress."""

from typing import NamedTuple

from sqlalchemy import func, select

from app.boards.history import OpenBoard
from app.boards.shape import DONE
from app.cards.filters import CardFilter
from app.db import Tx
from app.flow.metrics import Durations
from app.flow.mix import Kind
from app.flow.queries import Window, of_cards, within
from app.models import Card
from app.packing import packed, unpacked


class Finished(NamedTuple):
    """The cards of one kind that were done in a window, and when each of them was."""

    kind: Kind
    moments: Durations


def read_finished(tx: Tx, board: OpenBoard, window: Window, cards: CardFilter) -> list[Finished]:
    """The cards done in a window by type and class of service: the archived ones among them, the
    discarded ones not."""
    columns = (Card.work_type, Card.service_class, packed(Card.done_at).label("moments"))
    statement = within(select(*columns), board, window, cards)
    found = []
    for row in tx.execute(statement.group_by(Card.work_type, Card.service_class)):
        moments = unpacked(tx, row.moments)
        found.append(Finished(Kind(row.work_type, row.service_class, len(moments)), moments))
    return found


def read_in_progress(tx: Tx, board: OpenBoard, cards: CardFilter) -> list[Kind]:
    """The cards that are started and not done now, by type and class of service."""
    # By the columns, which have an index of what stands in them: it knows no finished cards.
    open_columns = [column.id for column in board.shape.columns if column.kind != DONE]
    statement = select(Card.work_type, Card.service_class, func.count().label("cards")).where(
        Card.column_id.in_(open_columns),
        Card.archived_at.is_(None),
        Card.started_at.is_not(None),
        Card.done_at.is_(None),
    )
    rows = tx.execute(
        of_cards(statement, board, cards, by_columns=True).group_by(
            Card.work_type, Card.service_class
        )
    )
    return [Kind(row.work_type, row.service_class, int(row.cards)) for row in rows]
