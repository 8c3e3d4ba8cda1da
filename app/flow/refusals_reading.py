"""Reading refusals: from the index of rare events, however long the history is.

The facts of a refusal are the same text for all refusals of one kind, so the database adds up by
text, and only one text of each kind is looked into. What was refused stays as it was: up to the end
of the closed days a process remembers it.
"""

from collections.abc import Mapping
from itertools import chain
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Select, literal_column, or_, select

from app.boards.activity import EventRow, select_events
from app.boards.history import OpenBoard
from app.cards.closed_days import Closed, closed_of
from app.cards.filters import CardFilter
from app.db import Tx
from app.flow.queries import EVERY_CARD, Window, of_cards
from app.flow.refusals import SCOPES, Kind, Refusals, add_up
from app.flow.remembering import recall, remember
from app.models import RARE_EVENTS, Card, Event
from app.packing import packed, unpacked


class Refused(NamedTuple):
    """A refusal, and whether its card is still there to be looked at."""

    event: EventRow
    facts: Mapping[str, Any]
    has_card: bool


_Kinds = Mapping[tuple[str, int | None], Kind]


class _Past(NamedTuple):
    """All refusals of a time, those of a kind in order: what is told in the same words, and who was
    refused."""

    window: Window
    kinds: _Kinds


MOST_REMEMBERED = 500_000
"""Of so many refusals a process remembers when they were."""
_REMEMBERED = "refusals"

_by_a_limit = or_(*(Event.data.contains(f'"scope":"{scope}"') for scope in SCOPES))


def read_refusals(tx: Tx, board: OpenBoard, window: Window, cards: CardFilter) -> Refusals:
    """All refusals of a window by place. With a filter those of the cards that it lets through;
    without one also those of cards that were never made, or are discarded."""
    # Several statistics of one request ask for the same.
    known: dict[Any, Refusals] = board.known.setdefault("refusals", {})
    if (window, cards) not in known:
        known[window, cards] = add_up(_kinds(tx, board, window, cards))
    return known[window, cards]


def _kinds(tx: Tx, board: OpenBoard, window: Window, cards: CardFilter) -> list[Kind]:
    closed = closed_of(tx, board) if cards == EVERY_CARD else None
    if closed is None or window.start >= closed.until:
        return list(_read(tx, board, window, cards).values())
    until = min(window.end, closed.until)
    past = _remembered(tx, board, Window(window.start, until), closed)
    found = [part for kind in past.kinds.values() if (part := _part(kind, window)).times]
    if until < window.end:
        found += _read(tx, board, Window(until, window.end), cards).values()
    return found


def refused_part(
    tx: Tx,
    board: OpenBoard,
    window: Window,
    cards: CardFilter,
    limit: int,
    after: tuple[int, int] | None = None,
) -> list[Refused]:
    """A window's refusals by a limit one by one, the last first; `after` is the time and the `seq`
    of the last one of the part before."""
    statement = (
        _refused(select_events().add_columns(Card.discarded_at), board, window, cards)
        .where(_by_a_limit)
        .order_by(Event.at.desc(), Event.seq.desc())
        .limit(limit)
    )
    if after is not None:
        at, seq = after
        statement = statement.where(Event.at <= at, or_(Event.at < at, Event.seq < seq))
    found = [(EventRow._make(row[:-1]), row[-1]) for row in tx.execute(statement).all()]
    return [
        Refused(event, event.facts, event.card_number is not None and discarded_at is None)
        for event, discarded_at in found
    ]


def _remembered(tx: Tx, board: OpenBoard, window: Window, closed: Closed) -> _Past:
    """The refusals of a time before the last closed day's end, to which none is added any more."""
    known: _Past | None = recall(tx, _REMEMBERED, board.id, closed.past)
    if known is None:
        found = _Past(window, _read(tx, board, window, EVERY_CARD))
    elif known.window.start <= window.start and known.window.end >= window.end:
        return known
    else:
        since, until = known.window
        start, end = min(window.start, since), max(window.end, until)
        before = _read(tx, board, Window(start, since), EVERY_CARD) if start < since else {}
        after = _read(tx, board, Window(until, end), EVERY_CARD) if until < end else {}
        found = _Past(Window(start, end), _one_after_another(before, known.kinds, after))
    size = sum(kind.times for kind in found.kinds.values())
    remember(tx, _REMEMBERED, board.id, closed.past, found, size, MOST_REMEMBERED)
    return found


def _one_after_another(*parts: _Kinds) -> _Kinds:
    """Refusals of several times, of which each lies behind the one before it."""
    import numpy as np  # noqa: PLC0415 - it takes long to load

    found: dict[tuple[str, int | None], list[Kind]] = {}
    for key, kind in chain.from_iterable(part.items() for part in parts):
        found.setdefault(key, []).append(kind)
    return {
        key: some[0]
        if len(some) == 1
        else some[0]._replace(moments=np.concatenate([kind.moments for kind in some]))
        for key, some in found.items()
    }


def _part(kind: Kind, window: Window) -> Kind:
    """The refusals of a window."""
    first, last = kind.moments.searchsorted(window)
    return kind._replace(moments=kind.moments[first:last])


def _read(tx: Tx, board: OpenBoard, window: Window, cards: CardFilter) -> _Kinds:
    """The refusals of a window, those of a kind in the order of time."""
    import numpy as np  # noqa: PLC0415 - it takes long to load

    columns = (Event.data, Event.actor_id, packed(Event.at).label("moments"))
    statement: Select[*tuple[Any, ...]] = select(*columns).select_from(Event)
    if cards != EVERY_CARD:
        statement = statement.join(Card, Card.id == Event.card_id)
    statement = _refused(statement, board, window, cards).group_by(Event.data, Event.actor_id)
    return {
        (row.data, row.actor_id): Kind(
            orjson.loads(row.data), row.actor_id, np.sort(unpacked(tx, row.moments))
        )
        for row in tx.execute(statement)
    }


def _refused(
    statement: Select[*tuple[Any, ...]], board: OpenBoard, window: Window, cards: CardFilter
) -> Select[*tuple[Any, ...]]:
    statement = statement.where(
        Event.board_id == board.id,
        # A parameter would keep the databases from seeing that the index has them all.
        Event.type == literal_column("'move.refused'"),
        RARE_EVENTS,
        Event.at >= window.start,
        Event.at < window.end,
    )
    return statement if cards == EVERY_CARD else of_cards(statement, board, cards)
