"""A card's past told by its events alone: what every derived value is made of. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from app import clock
from app.cards.clocks import Interval, Stay


class PastEvent(NamedTuple):
    """An event of a card's history."""

    at: int
    type: str
    actor_id: int | None
    data: Mapping[str, Any]


class Block(NamedTuple):
    """A blocked interval, with who began and who ended it, and why."""

    started_at: int
    ended_at: int | None
    reason: str
    category: str
    started_by: int | None
    ended_by: int | None
    note: str


class BrokenHistory(ValueError):
    """The events of a card do not begin with its creation."""


@dataclass(slots=True)
class Past:
    """Where a card has been, and where it is."""

    stays: list[Stay]
    lane_id: int
    blocks: list[Block] = field(default_factory=list)
    archived_at: int | None = None
    discarded_at: int | None = None

    @property
    def column_id(self) -> int:
        """Where the card is."""
        return self.stays[-1].column_id

    @property
    def is_live(self) -> bool:
        """Whether the card stands on the board."""
        return self.archived_at is None and self.discarded_at is None

    @property
    def intervals(self) -> list[Interval]:
        """When the card was blocked."""
        return [Interval(block.started_at, block.ended_at) for block in self.blocks]


def replay(events: Iterable[PastEvent]) -> Past:
    """A card's past from its events in the order of `seq`; BrokenHistory without a creation."""
    past: Past | None = None
    for event in events:
        if past is None:
            if event.type != "card.created":
                raise BrokenHistory(event.type)
            stay = Stay(event.data["column_id"], event.at, None)
            past = Past([stay], event.data["lane_id"])
        elif event.type == "card.moved":
            _move(past, event)
        elif event.type == "card.arrived":
            _arrive(past, event)
        elif event.type == "card.blocked":
            reason, category = event.data["reason"], event.data["category"]
            block = Block(event.at, None, reason, category, event.actor_id, None, "")
            past.blocks.append(block)
        elif event.type == "card.unblocked":
            _unblock(past, event)
        elif event.type == "card.archived":
            past.archived_at = event.at
        elif event.type == "card.restored":
            past.archived_at = None
        elif event.type == "card.discarded":
            past.discarded_at = event.at
    if past is None:
        raise BrokenHistory("no events")
    return past


def _move(past: Past, event: PastEvent) -> None:
    to = event.data["to"]
    past.lane_id = to["lane_id"]
    if to["column_id"] != past.column_id:
        past.stays[-1] = past.stays[-1]._replace(left_at=event.at)
        past.stays.append(Stay(to["column_id"], event.at, None))


def _arrive(past: Past, event: PastEvent) -> None:
    meanings = event.data["columns"]
    past.stays[-1] = past.stays[-1]._replace(left_at=event.at)
    for index, stay in enumerate(past.stays):
        # What a stay means once the card has left its board it means for ever.
        if stay.kind is None:
            past.stays[index] = stay._replace(**meanings[str(stay.column_id)])
    past.lane_id = event.data["lane_id"]
    past.stays.append(Stay(event.data["column_id"], event.at, None))


def _unblock(past: Past, event: PastEvent) -> None:
    # Imported blocks may overlap: their endings say which of them they end.
    since = event.data.get("since")
    opened = [index for index, block in enumerate(past.blocks) if block.ended_at is None]
    if since is not None:
        why = (event.data["reason"], event.data["category"])
        opened = [
            index
            for index in opened
            if clock.iso(past.blocks[index].started_at) == since
            and (past.blocks[index].reason, past.blocks[index].category) == why
        ]
    if opened:
        past.blocks[opened[0]] = past.blocks[opened[0]]._replace(
            ended_at=event.at, ended_by=event.actor_id, note=event.data["note"]
        )
