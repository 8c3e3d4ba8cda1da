"""Reading what the work is made of: the cards done in a window, and those in progress."""

from typing import NamedTuple

from sqlalchemy import case, func, select

from app.boards.history import OpenBoard
from app.boards.shape import DONE
from app.cards.filters import CardFilter
from app.cards.vocabulary import SERVICE_CLASSES, WORK_TYPES
from app.db import Tx
from app.flow.metrics import Durations
from app.flow.mix import Kind
from app.flow.queries import Window, of_cards, within
from app.models import Card
from app.packing import packed, unpacked

_KINDS = len(WORK_TYPES) * len(SERVICE_CLASSES)
# The place of a card's type and class of service among all pairs of them.
_KIND = case(
    {name: place * len(SERVICE_CLASSES) for place, name in enumerate(WORK_TYPES)},
    value=Card.work_type,
) + case({name: place for place, name in enumerate(SERVICE_CLASSES)}, value=Card.service_class)


class Finished(NamedTuple):
    """The cards of one kind that were done in a window, and when each of them was."""

    kind: Kind
    moments: Durations


def read_finished(tx: Tx, board: OpenBoard, window: Window, cards: CardFilter) -> list[Finished]:
    """The cards done in a window by type and class of service: the archived ones among them, the
    discarded ones not."""
    import numpy as np  # noqa: PLC0415 - it takes long to load

    # One number a card: putting them in groups would take the database longer than all the rest.
    statement = within(select(packed(Card.done_at * _KINDS + _KIND)), board, window, cards)
    moments, kinds = np.divmod(unpacked(tx, tx.execute(statement).scalar()), _KINDS)
    order = np.argsort(kinds.astype(np.int8), kind="stable")
    there, begins = np.unique(kinds[order], return_index=True)
    found = []
    for kind, some in zip(there.tolist(), np.split(moments[order], begins[1:]), strict=False):
        work_type, service_class = divmod(kind, len(SERVICE_CLASSES))
        name = Kind(WORK_TYPES[work_type], SERVICE_CLASSES[service_class], len(some))
        found.append(Finished(name, some))
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
