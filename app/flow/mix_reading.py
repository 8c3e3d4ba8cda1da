"""Reading what the work is made of: the cards done in a window, and those in progress."""

from datetime import date
from typing import NamedTuple

from sqlalchemy import case, func, select

from app.boards.history import OpenBoard
from app.boards.shape import DONE
from app.cards.filters import CardFilter
from app.cards.vocabulary import SERVICE_CLASSES, WORK_TYPES
from app.days import start_of_day
from app.db import Tx
from app.flow.day_reading import Days, closed_days_in, parted
from app.flow.metrics import Durations
from app.flow.mix import Kind
from app.flow.queries import EVERY_CARD, Window, of_cards, within
from app.flow.remembering import frozen, recall, remember
from app.models import Card
from app.packing import packed, unpacked

MOST_REMEMBERED = 2_000_000
"""Of so many finished cards a process remembers the kinds, 16 MB."""
_REMEMBERED = "kinds"
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

    days = closed_days_in(tx, board, window, cards)
    whole = None if days is None else parted(days)[0]
    if whole is None or whole.first == whole.last:
        numbers = _numbers(tx, board, window, cards)
    else:
        first, last = (
            start_of_day(date.fromordinal(day), whole.closed.zone)
            for day in (whole.first, whole.last)
        )
        parts = [
            _whole_days(tx, board, whole, Window(first, last)),
            _numbers(tx, board, Window(window.start, first), cards),
            _numbers(tx, board, Window(last, window.end), cards),
        ]
        numbers = np.concatenate(parts)
    moments, kinds = np.divmod(numbers, _KINDS)
    order = np.argsort(kinds.astype(np.int8), kind="stable")
    there, begins = np.unique(kinds[order], return_index=True)
    found = []
    for kind, some in zip(there.tolist(), np.split(moments[order], begins[1:]), strict=False):
        work_type, service_class = divmod(kind, len(SERVICE_CLASSES))
        name = Kind(WORK_TYPES[work_type], SERVICE_CLASSES[service_class], len(some))
        found.append(Finished(name, some))
    return found


def _numbers(tx: Tx, board: OpenBoard, window: Window, cards: CardFilter) -> Durations:
    """When the cards were done and of which kind they are, as one number a card: putting them in
    groups would take the database longer than all the rest."""
    if window.start >= window.end:
        return unpacked(tx, None)
    statement = within(select(packed(Card.done_at * _KINDS + _KIND)), board, window, cards)
    return unpacked(tx, tx.execute(statement).scalar())


def _whole_days(tx: Tx, board: OpenBoard, days: Days, window: Window) -> Durations:
    """The same of whole closed days; read once for each days."""
    key, past = (board.id, days.first, days.last), days.closed.past
    known: Durations | None = recall(tx, _REMEMBERED, key, past)
    if known is None:
        known = frozen(_numbers(tx, board, window, EVERY_CARD))
        remember(tx, _REMEMBERED, key, past, known, len(known), MOST_REMEMBERED)
    return known


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
