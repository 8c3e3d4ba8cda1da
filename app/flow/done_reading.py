"""Reading what the cards done in a window took, and when they were done.

The numbers come as arrays. Those of days that are closed stand there ready; for the rest the
database hands over all of them in one value, without a filter from the index `ix_cards_done` alone.
So an answer costs the same on a board of ten thousand finished cards and of a million.
"""

from sqlalchemy import BigInteger, bindparam, select

from app.boards.history import OpenBoard
from app.cards.clocks import NEVER
from app.cards.filters import CardFilter
from app.db import Statement, Tx
from app.flow.day_reading import arrays_in, closed_days_in, rest_of
from app.flow.metrics import Durations
from app.flow.queries import CYCLE, EVERY_CARD, MEASURES, Window, within
from app.models import Card, DoneDay
from app.packing import packed, unpacked

_DONE_AT = "done_at"
_VALUES = {**MEASURES, _DONE_AT: Card.done_at}
_STATEMENTS = {
    name: Statement(
        select(packed(column)).where(
            Card.board_id == bindparam("board_id"),
            Card.done_at.is_not(None),
            Card.discarded_at.is_(None),
            Card.done_at >= bindparam("start", type_=BigInteger),
            Card.done_at < bindparam("end", type_=BigInteger),
        )
    )
    for name, column in _VALUES.items()
}


def read_durations(
    tx: Tx, board: OpenBoard, measure: str, window: Window, cards: CardFilter
) -> Durations:
    """The lead, cycle or process times of the cards done in a window, in no order: the archived
    cards among them, the discarded ones not. Cards that were never started have no cycle time."""
    values = _read(tx, board, measure, window, cards)
    return values[values != NEVER] if measure == CYCLE else values


def read_done_times(tx: Tx, board: OpenBoard, window: Window, cards: CardFilter) -> Durations:
    """When the cards of a window were done, in no order, in microseconds since 1970: the archived
    cards among them, the discarded ones not."""
    return _read(tx, board, _DONE_AT, window, cards)


def read_finished(
    tx: Tx, board: OpenBoard, measure: str, window: Window, cards: CardFilter
) -> Durations:
    """The same times, each with when its card was done: two numbers a row, in no order."""
    import numpy as np  # noqa: PLC0415 - it takes long to load

    days = closed_days_in(tx, board, window, cards)
    parts: list[Durations] = [np.empty((0, 2), np.int64)]
    if days is not None:
        for _, pair in arrays_in(tx, days, DoneDay, "moments", measure):
            parts.append(np.stack(pair, axis=1))
    rest = rest_of(days, window)
    if rest is not None:
        statement = within(select(packed(Card.done_at, MEASURES[measure])), board, rest, cards)
        parts.append(unpacked(tx, tx.execute(statement).scalar()).reshape(-1, 2))
    found: Durations = np.concatenate(parts)
    some: Durations = found[found[:, 1] != NEVER]
    return some


def _read(tx: Tx, board: OpenBoard, name: str, window: Window, cards: CardFilter) -> Durations:
    import numpy as np  # noqa: PLC0415 - it takes long to load

    days = closed_days_in(tx, board, window, cards)
    parts: list[Durations] = [np.empty(0, np.int64)]
    if days is not None:
        kept = "moments" if name == _DONE_AT else name
        parts += [values for _, (values,) in arrays_in(tx, days, DoneDay, kept)]
    rest = rest_of(days, window)
    if rest is None:
        return np.concatenate(parts)
    if cards == EVERY_CARD:
        bounds = {"board_id": board.id, "start": rest.start, "end": rest.end}
        value = tx.scalar(_STATEMENTS[name], **bounds)
    else:
        value = tx.execute(within(select(packed(_VALUES[name])), board, rest, cards)).scalar()
    return np.concatenate([*parts, unpacked(tx, value)])
