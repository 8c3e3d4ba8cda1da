"""A board's history as items: what happened, when, who did it, to which card."""

from collections import deque
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol, TypeVar

import orjson
from sqlalchemy import Select, and_, bindparam, case, select

from app import clock
from app.db import Query, Tx
from app.models import Board, Card, CardAddress, Event, User


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


class Told(Protocol):
    """An event of a card on one of the boards on which it has been."""

    @property
    def board_id(self) -> int:
        """The board whose history has it."""

    @property
    def type(self) -> str:
        """What happened."""

    @property
    def data(self) -> str:
        """The facts, as JSON."""


T = TypeVar("T", bound=Told)
_is_here = Card.board_id == Event.board_id


def select_events() -> Select[*tuple[Any, ...]]:
    """The statement that every read of events with their names starts from."""
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
            # A card that has gone to another board is told of as it was here.
            case((_is_here, Card.number), else_=CardAddress.number).label("card_number"),
            case((_is_here, Card.title), else_=CardAddress.title).label("card_title"),
            Event.data,
        )
        .select_from(Event)
        .join(Board, Board.id == Event.board_id)
        .outerjoin(User, User.id == Event.actor_id)
        .outerjoin(Card, Card.id == Event.card_id)
        .outerjoin(
            CardAddress,
            and_(CardAddress.card_id == Event.card_id, CardAddress.board_id == Event.board_id),
        )
    )


_AFTER = Query(
    select_events()
    .where(Event.board_id == bindparam("board_id"), Event.seq > bindparam("after"))
    .order_by(Event.seq)
    .limit(bindparam("some", type_=Event.seq.type)),
    EventRow,
)
_OF_CARD = Query(
    select_events()
    .where(Event.card_id == bindparam("card_id"))
    .order_by(Event.board_id, Event.seq),
    EventRow,
)


def events_after(tx: Tx, board_id: int, after: int, some: int) -> list[EventRow]:
    """A board's events after a `seq`, oldest first."""
    return tx.all(_AFTER, board_id=board_id, after=after, some=some)


def events_of_card(tx: Tx, card_id: int) -> list[EventRow]:
    """A card's events, oldest first, on all boards on which it has been."""
    return in_order(tx.all(_OF_CARD, card_id=card_id))


def in_order(events: Sequence[T]) -> list[T]:
    """A card's events in the order in which they happened: given board by board in the order of
    `seq`, they go on where `card.left` says that the card went."""
    boards: dict[int, deque[T]] = {}
    for event in events:
        boards.setdefault(event.board_id, deque()).append(event)
    if len(boards) < 2:
        return list(events)
    here = next(board for board, told in boards.items() if told[0].type != "card.arrived")
    ordered: list[T] = []
    while boards.get(here):
        event = boards[here].popleft()
        ordered.append(event)
        if event.type == "card.left":
            here = int(orjson.loads(event.data)["to"]["board_id"])
    return [*ordered, *(event for told in boards.values() for event in told)]


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
