"""A card's past as a document tells it: checked, then told as stays, blocked intervals and events.
Pure."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from app import clock
from app.cards.clocks import Stay
from app.exchange.schemas import BlockEntry, CardEntry, Loc

# What comes first of what happened at the same time: a card is unblocked, moved, then blocked.
CREATED, UNBLOCKED, MOVED, BLOCKED, UNBLOCKED_AT_ONCE, ARCHIVED = range(6)


class Block(NamedTuple):
    """A blocked interval with why; `until` is None while it goes on."""

    start: int
    until: int | None
    reason: str
    category: str
    note: str


class Happening(NamedTuple):
    """Something that happened to a card, as the history tells it."""

    at: int
    order: int
    type: str
    data: dict[str, Any]


def errors_in_time(card: CardEntry, now: int) -> Iterator[tuple[Loc, str]]:
    """Where time goes back within a card, or goes on into the future."""
    times: list[tuple[Loc, int, int]] = [(("created_at",), card.created_at, card.created_at)]
    before = card.created_at
    for index, move in enumerate(card.moves):
        times.append((("moves", index, "at"), move.at, before))
        before = max(before, move.at)
    for index, block in enumerate(card.blocks):
        times.append((("blocks", index, "from"), block.start, card.created_at))
        if block.until is not None:
            times.append((("blocks", index, "until"), block.until, block.start))
    if card.archived_at is not None:
        times.append((("archived_at",), card.archived_at, card.created_at))
    for loc, at, earliest in times:
        if at > now:
            yield loc, f"{clock.iso(at)} is in the future"
        elif at < earliest:
            yield loc, f"{clock.iso(at)} is before {clock.iso(earliest)}: time never goes back"


def stays_of(card: CardEntry, columns: Mapping[str, int]) -> list[Stay]:
    """The card's stays in columns; a move into the column where it is already is none."""
    stays = [Stay(columns[card.column], card.created_at, None)]
    for move in card.moves:
        if columns[move.to] != stays[-1].column_id:
            stays[-1] = stays[-1]._replace(left_at=move.at)
            stays.append(Stay(columns[move.to], move.at, None))
    return stays


def blocks_of(card: CardEntry) -> list[Block]:
    """The card's blocked intervals by their beginnings; they may overlap, and one at most is open.

    A card has one open block: of several, each ends where the next of them begins. The time that
    they cover together stays the same.
    """
    blocks: list[Block] = []
    opened: int | None = None
    for entry in sorted(card.blocks, key=_start):
        if entry.until is None:
            if opened is not None:
                blocks[opened] = blocks[opened]._replace(until=entry.start)
            opened = len(blocks)
        blocks.append(Block(entry.start, entry.until, entry.reason, entry.category, entry.note))
    return blocks


def happenings(
    card: CardEntry, stays: list[Stay], blocks: list[Block], lane_id: int
) -> list[Happening]:
    """What happened to the card in the order of time, with the data of live events.

    `since` tells which of overlapping blocks an unblocking ended.
    """
    where = [{"column_id": stay.column_id, "lane_id": lane_id} for stay in stays]
    created = {
        "title": card.title,
        **where[0],
        "work_type": card.work_type,
        "service_class": card.service_class,
    }
    found = [Happening(card.created_at, CREATED, "card.created", created)]
    for index in range(1, len(stays)):
        data: dict[str, Any] = {"from": where[index - 1], "to": where[index]}
        found.append(Happening(stays[index].entered_at, MOVED, "card.moved", data))
    for block in blocks:
        why = {"reason": block.reason, "category": block.category}
        found.append(Happening(block.start, BLOCKED, "card.blocked", why))
        if block.until is not None:
            order = UNBLOCKED if block.until > block.start else UNBLOCKED_AT_ONCE
            data = {**why, "note": block.note, "since": clock.iso(block.start)}
            found.append(Happening(block.until, order, "card.unblocked", data))
    if card.archived_at is not None:
        at = card.archived_at
        there = max(index for index, stay in enumerate(stays) if stay.entered_at <= at)
        found.append(Happening(at, ARCHIVED, "card.archived", where[there]))
    return sorted(found, key=_when)


def _start(block: BlockEntry) -> int:
    return block.start


def _when(happening: Happening) -> tuple[int, int]:
    return happening.at, happening.order
