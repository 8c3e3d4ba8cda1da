"""Reading refusals: from the index of rare events, however long the history is.

The facts of a refusal are the same text for all refusals of one kind, so the database adds up by
text, and only one text of each kind is looked into.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Select, literal_column, or_, select

from app.boards.activity import EventRow, select_events
from app.boards.history import OpenBoard
from app.cards.filters import CardFilter
from app.db import Tx
from app.flow.queries import EVERY_CARD, Window, of_cards
from app.flow.refusals import SCOPES, Kind, Refusals, add_up
from app.models import RARE_EVENTS, Card, Event
from app.packing import packed, unpacked


class Refused(NamedTuple):
    """A refusal, and whether its card is still there to be looked at."""

    event: EventRow
    facts: Mapping[str, Any]
    has_card: bool


_by_a_limit = or_(*(Event.data.contains(f'"scope":"{scope}"') for scope in SCOPES))


def read_refusals(tx: Tx, board: OpenBoard, window: Window, cards: CardFilter) -> Refusals:
    """All refusals of a window by place. With a filter those of the cards that it lets through;
    without one also those of cards that were never made, or are discarded."""
    columns = (Event.data, Event.actor_id, packed(Event.at).label("moments"))
    statement: Select[*tuple[Any, ...]] = select(*columns).select_from(Event)
    if cards != EVERY_CARD:
        statement = statement.join(Card, Card.id == Event.card_id)
    statement = _refused(statement, board, window, cards).group_by(Event.data, Event.actor_id)
    return add_up(
        Kind(orjson.loads(row.data), row.actor_id, unpacked(tx, row.moments))
        for row in tx.execute(statement)
    )


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
    found = [(EventRow._make(row[:-1]), row[-1]) for row in tx.execute(statement)]
    return [
        Refused(event, event.facts, event.card_number is not None and discarded_at is None)
        for event, discarded_at in found
    ]


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
