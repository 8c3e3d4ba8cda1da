"""Reading what the cards done in a window took, and when they were done.

The numbers come as arrays. Those of days that are closed the process remembers (`done_memory.py`);
for the rest the database hands over all of them in one value, without a filter from the index
`ix_cards_done` alone. So an answer costs the same on a board of ten thousand finished cards and of
a million. What one request has read is at hand for its other statistics.
"""

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from sqlalchemy import BigInteger, bindparam, func, select

from app.boards.history import OpenBoard
from app.cards.clocks import NEVER
from app.cards.filters import CardFilter
from app.db import Statement, Tx
from app.flow.day_reading import closed_days_in, rest_of
from app.flow.done_memory import done_in_order, done_on_days
from app.flow.metrics import Durations, Ordered, ordered, together
from app.flow.queries import CYCLE, EVERY_CARD, LEAD, PROCESS, Window, within
from app.models import Card
from app.packing import packed, unpacked

MOMENTS = "moments"
_VALUES = {
    MOMENTS: Card.done_at,
    LEAD: Card.lead_time,
    CYCLE: func.coalesce(Card.cycle_time, NEVER),
    PROCESS: Card.process_time,
}

_NAMES = tuple(_VALUES)


class Done(NamedTuple):
    """Cards that were done: when, and what they took; each stands at the same place in all of the
    arrays. The cycle time is NEVER where work was never started."""

    at: Durations
    lead: Durations
    cycle: Durations
    process: Durations

    def within(self, window: Window) -> "Done":
        """Those that were done in a part of the time."""
        some = (self.at >= window.start) & (self.at < window.end)
        return Done(*(each[some] for each in self))


class _Read(NamedTuple):
    """What a request has read already."""

    window: Window
    cards: CardFilter
    arrays: Mapping[str, Durations]


def read_done(tx: Tx, board: OpenBoard, window: Window, cards: CardFilter) -> Done:
    """The cards done in a window, in no order: the archived ones among them, the discarded ones
    not."""
    return Done(*_read(tx, board, window, cards, *_NAMES))


def read_durations(
    tx: Tx, board: OpenBoard, measure: str, window: Window, cards: CardFilter
) -> Durations:
    """The lead, cycle or process times of the cards done in a window, in no order: the archived
    cards among them, the discarded ones not. Cards that were never started have no cycle time."""
    (values,) = _read(tx, board, window, cards, measure)
    return values[values != NEVER] if measure == CYCLE else values


def read_ordered(
    tx: Tx, board: OpenBoard, measure: str, window: Window, cards: CardFilter
) -> Ordered:
    """The same times from the shortest to the longest, with their sums."""
    days = closed_days_in(tx, board, window, cards)
    known = None if days is None else done_in_order(tx, days, measure)
    if known is None:
        return ordered(read_durations(tx, board, measure, window, cards))
    of_days, others = known
    parts = done_on_days(tx, others, (measure,))
    rest = rest_of(others, window)
    if rest is not None:
        parts.append(_since(tx, board, rest, (measure,)))
    values = joined([values for (values,) in parts])
    return together(of_days, ordered(values[values != NEVER]))


def read_done_times(tx: Tx, board: OpenBoard, window: Window, cards: CardFilter) -> Durations:
    """When the cards of a window were done, in no order, in microseconds since 1970: the archived
    cards among them, the discarded ones not."""
    (moments,) = _read(tx, board, window, cards, MOMENTS)
    return moments


def read_finished(
    tx: Tx, board: OpenBoard, measure: str, window: Window, cards: CardFilter
) -> Durations:
    """The same times, each with when its card was done: two numbers a row, in no order."""
    import numpy as np  # noqa: PLC0415 - it takes long to load

    at, took = _read(tx, board, window, cards, MOMENTS, measure)
    found: Durations = np.stack([at, took], axis=1)
    return found[took != NEVER] if measure == CYCLE else found


def joined(parts: list[Durations]) -> Durations:
    """Arrays one behind the other."""
    import numpy as np  # noqa: PLC0415 - it takes long to load

    return parts[0] if len(parts) == 1 else np.concatenate([np.empty(0, np.int64), *parts])


def _read(
    tx: Tx, board: OpenBoard, window: Window, cards: CardFilter, *names: str
) -> tuple[Durations, ...]:
    read: list[_Read] = board.known.setdefault("done", [])
    for each in read:
        if (
            each.cards == cards
            and each.window.start <= window.start
            and each.window.end >= window.end
            and each.arrays.keys() >= {MOMENTS, *names}
        ):
            at = each.arrays[MOMENTS]
            some = (at >= window.start) & (at < window.end)
            return tuple(each.arrays[name][some] for name in names)
    days = closed_days_in(tx, board, window, cards)
    parts = [] if days is None else done_on_days(tx, days, names)
    rest = rest_of(days, window)
    if rest is not None and days is not None:
        parts.append(_since(tx, board, rest, names))
    elif rest is not None:
        parts.append(_rest(tx, board, rest, cards, names))
    found = tuple(joined([part[place] for part in parts]) for place in range(len(names)))
    read.append(_Read(window, cards, dict(zip(names, found, strict=True))))
    return found


def _since(
    tx: Tx, board: OpenBoard, window: Window, names: tuple[str, ...]
) -> tuple[Durations, ...]:
    """What happened since the closed days: little, so that all of it is read once for a request."""
    known: dict[Window, Done] = board.known.setdefault("done since", {})
    if window not in known:
        known[window] = Done(*_rest(tx, board, window, EVERY_CARD, _NAMES))
    return tuple(known[window][_NAMES.index(name)] for name in names)


def _rest(
    tx: Tx, board: OpenBoard, window: Window, cards: CardFilter, names: tuple[str, ...]
) -> tuple[Durations, ...]:
    """What is read from the cards themselves."""
    import numpy as np  # noqa: PLC0415 - it takes long to load

    if cards == EVERY_CARD:
        bounds = {"board_id": board.id, "start": window.start, "end": window.end}
        value = tx.scalar(_statement(names), **bounds)
    else:
        columns = [_VALUES[name] for name in names]
        value = tx.execute(within(select(packed(*columns)), board, window, cards)).scalar()
    return tuple(np.ascontiguousarray(unpacked(tx, value).reshape(-1, len(names)).T))


@cache
def _statement(names: tuple[str, ...]) -> Statement:
    return Statement(
        select(packed(*(_VALUES[name] for name in names))).where(
            Card.board_id == bindparam("board_id"),
            Card.done_at.is_not(None),
            Card.discarded_at.is_(None),
            Card.done_at >= bindparam("start", type_=BigInteger),
            Card.done_at < bindparam("end", type_=BigInteger),
        )
    )
