"""A board's history as items: what happened, when, who did it, to which card."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Select, bindparam, select

from app import clock
from app.db import Query, Tx
from app.models import Board, Card, Event, User


class EventRow(NamedTuple):
    """An event with the names of its actor and card."""

    board_id: int
    board_key: str
    seq: int
    type: str
    at: int
    actor_id: int | None
    actor_name: str | None
    card_id: int | None
    card_number: int | None
    card_title: str | None
    data: str

    @property
    def facts(self) -> dict[str, Any]:
        """The event's data."""
        return dict(orjson.loads(self.data))


def _select_events() -> Select[*tuple[Any, ...]]:
    return (
        select(
            Event.board_id,
            Board.key.label("board_key"),
            Event.seq,
            Event.type,
            Event.at,
            Event.actor_id,
            User.name.label("actor_name"),
            Event.card_id,
            Card.number.label("card_number"),
            Card.title.label("card_title"),
            Event.data,
        )
        .select_from(Event)
        .join(Board, Board.id == Event.board_id)
        .outerjoin(User, User.id == Event.actor_id)
        .outerjoin(Card, Card.id == Event.card_id)
    )


_AFTER = Query(
    _select_events()
    .where(Event.board_id == bindparam("board_id"), Event.seq > bindparam("after"))
    .order_by(Event.seq)
    .limit(bindparam("some", type_=Event.seq.type)),
    EventRow,
)
_OF_CARD = Query(
    _select_events()
    .where(Event.card_id == bindparam("card_id"), Event.seq > bindparam("after"))
    .order_by(Event.seq)
    .limit(bindparam("some", type_=Event.seq.type)),
    EventRow,
)


def events_after(tx: Tx, board_id: int, after: int, some: int) -> list[EventRow]:
    """A board's events after a `seq`, oldest first."""
    return tx.all(_AFTER, board_id=board_id, after=after, some=some)


def events_of_card(tx: Tx, card_id: int, after: int = 0, some: int = 1_000_000) -> list[EventRow]:
    """A card's events, oldest first."""
    return tx.all(_OF_CARD, card_id=card_id, after=after, some=some)


def event_json(row: EventRow) -> dict[str, Any]:
    """An event as the API and the event stream show it."""
    return {
        "seq": row.seq,
        "type": row.type,
        "at": clock.iso(row.at),
        "actor": None if row.actor_id is None else {"id": row.actor_id, "name": row.actor_name},
        "card": None
        if row.card_id is None
        else {
            "id": row.card_id,
            "number": row.card_number,
            "ref": f"{row.board_key}-{row.card_number}",
            "title": row.card_title,
        },
        "data": orjson.loads(row.data),
    }


def events_json(rows: Sequence[EventRow]) -> list[dict[str, Any]]:
    """Events as the API shows them."""
    return [event_json(row) for row in rows]
