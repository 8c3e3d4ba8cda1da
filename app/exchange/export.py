"""A board's cards with their pasts as a history document, and as a sheet with their clocks."""

from collections.abc import Iterator, Mapping
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple

import orjson
from sqlalchemy import String, bindparam, literal, select

from app import clock
from app.auth.actor import Actor
from app.auth.names import names_of
from app.boards.history import OpenBoard, read_board
from app.cards.labels import ids, read_labels
from app.cards.render import age, blocked_time, process_time
from app.cards.rows import CardRow, select_cards
from app.csvtext import csv_rows
from app.db import Query, Tx
from app.exchange.places import GoneColumn, ShapeEntries, gone_columns, shape_entries
from app.exchange.schemas import FORMAT, ColumnEntry
from app.models import BlockedInterval, Card, Column, Visit

# Cards are read so many at a time: a large board is never in memory as rows.
AT_ONCE = 1000

SHEET = (
    *("ref", "title", "work_type", "service_class", "team", "column", "lane", "assignees"),
    *("labels", "external_id", "due_on", "created_at", "started_at", "done_at", "lead_time"),
    *("cycle_time", "process_time", "age", "blocked_time", "blocked_since", "blocked_category"),
    *("blocked_reason", "archived_at"),
)


class _Stay(NamedTuple):
    card_id: int
    column_id: int
    entered_at: int


class _Block(NamedTuple):
    card_id: int
    started_at: int
    ended_at: int | None
    reason: str
    category: str
    note: str


class _Standing(NamedTuple):
    id: int
    column_id: int
    lane_id: int
    entered_at: int
    number: int


class _ColumnId(NamedTuple):
    column_id: int


class _Names(NamedTuple):
    columns: dict[int, str]
    lanes: dict[int, str]
    labels: dict[int, str]


_some_cards = (
    Card.board_id == bindparam("board_id"),
    Card.discarded_at.is_(None),
    Card.number > bindparam("after"),
)
_CARDS = Query(
    select_cards()
    .where(*_some_cards)
    .order_by(Card.number)
    .limit(bindparam("some", type_=Card.number.type)),
    CardRow,
)
_STAYS = Query(
    select(Visit.card_id, Visit.column_id, Visit.entered_at)
    .join(Card, Card.id == Visit.card_id)
    .where(*_some_cards, Card.number <= bindparam("upto"))
    .order_by(Visit.card_id, Visit.id),
    _Stay,
)
_BLOCKS = Query(
    select(
        BlockedInterval.card_id,
        BlockedInterval.started_at,
        BlockedInterval.ended_at,
        BlockedInterval.reason,
        BlockedInterval.category,
        BlockedInterval.note,
    )
    .join(Card, Card.id == BlockedInterval.card_id)
    .where(*_some_cards, Card.number <= bindparam("upto"))
    .order_by(BlockedInterval.card_id, BlockedInterval.started_at, BlockedInterval.id),
    _Block,
)
# Cards that wait or are worked on, as they stand in their cells.
_STANDING = Query(
    select(Card.id, Card.column_id, Card.lane_id, Card.entered_at, Card.number)
    .join(Column, Column.id == Card.column_id)
    .where(
        Card.board_id == bindparam("board_id"),
        Card.archived_at.is_(None),
        Card.discarded_at.is_(None),
        Column.kind != "done",
    )
    .order_by(Card.column_id, Card.lane_id, Card.rank, Card.id),
    _Standing,
)
_VISITED = Query(
    select(Visit.column_id)
    .join(Card, Card.id == Visit.card_id)
    .join(Column, Column.id == Visit.column_id)
    .where(
        Column.board_id == bindparam("board_id"),
        Column.deleted_at.is_not(None),
        Card.discarded_at.is_(None),
    )
    .distinct(),
    _ColumnId,
)

_FOREIGN = Query(
    select(
        Visit.column_id.label("id"),
        Column.name,
        Visit.kind,
        literal(None, String).label("team"),
        Visit.started_work,
    )
    .join(Card, Card.id == Visit.card_id)
    .join(Column, Column.id == Visit.column_id)
    .where(
        Card.board_id == bindparam("board_id"),
        Column.board_id != Card.board_id,
        Card.discarded_at.is_(None),
    )
    .distinct()
    .order_by(Visit.column_id),
    GoneColumn,
)


def export_history(tx: Tx, actor: Actor | None, key: str) -> bytes:
    """A board's columns, lanes and cards (archived ones too, discarded ones not) as a history
    document: JSON with a card a line, which an empty board takes as it is."""
    board = read_board(tx, actor, key=key)
    shape = shape_entries(board.shape, [*_visited(tx, board), *_foreign(tx, board)])
    head = {
        "format": FORMAT,
        "columns": [_column_json(column) for column in shape.columns],
        **({"groups": [g.model_dump() for g in shape.groups]} if shape.groups else {}),
        "lanes": [lane.model_dump() for lane in shape.lanes],
    }
    cards = b",\n".join(_card_lines(tx, board, shape))
    return orjson.dumps(head)[:-1] + b',"cards":[' + (b"\n" + cards if cards else b"") + b"]}\n"


def export_sheet(tx: Tx, actor: Actor | None, key: str) -> bytes:
    """A board's cards as CSV (UTF-8), one a row, with their clocks in seconds. Text that a
    spreadsheet would take for a formula begins with an apostrophe."""
    board = read_board(tx, actor, key=key)
    names = _Names(
        columns=shape_entries(board.shape, gone_columns(tx, board.id)).column_names,
        lanes={lane.id: lane.name for lane in board.shape.lanes},
        labels=read_labels(tx, board.id),
    )
    parts = [csv_rows([SHEET])]
    for cards in _chunks(tx, board):
        people = names_of(tx, {person for card in cards for person in ids(card.assignee_ids)})
        parts.append(csv_rows(_row(card, board.now, names, people) for card in cards))
    return "".join(parts).encode()


def _visited(tx: Tx, board: OpenBoard) -> list[GoneColumn]:
    """The deleted columns in which cards have been."""
    visited = {row.column_id for row in tx.all(_VISITED, board_id=board.id)}
    return [column for column in gone_columns(tx, board.id) if column.id in visited]


def _foreign(tx: Tx, board: OpenBoard) -> list[GoneColumn]:
    """The columns of other boards in which cards have been before they came here, as they were."""
    found = {row.id: row for row in tx.all(_FOREIGN, board_id=board.id)}
    return list(found.values())


def _chunks(tx: Tx, board: OpenBoard) -> Iterator[list[CardRow]]:
    """The board's cards by number."""
    after = 0
    while cards := tx.all(_CARDS, board_id=board.id, after=after, some=AT_ONCE):
        yield cards
        after = cards[-1].number


def _card_lines(tx: Tx, board: OpenBoard, shape: ShapeEntries) -> Iterator[bytes]:
    positions = _positions(tx, board)
    labels = read_labels(tx, board.id)
    for cards in _chunks(tx, board):
        some = {
            "board_id": board.id,
            "after": cards[0].number - 1,
            "upto": cards[-1].number,
        }
        by_card = attrgetter("card_id")
        stays = {i: list(rows) for i, rows in groupby(tx.all(_STAYS, **some), key=by_card)}
        blocks = {i: list(rows) for i, rows in groupby(tx.all(_BLOCKS, **some), key=by_card)}
        for card in cards:
            entry = _card_json(card, stays[card.id], blocks.get(card.id, []), shape, labels)
            if card.id in positions:
                entry["position"] = positions[card.id]
            yield orjson.dumps(entry)


def _positions(tx: Tx, board: OpenBoard) -> dict[int, int]:
    """Where the cards stand in the cells whose order is not the one in which they came there."""
    positions: dict[int, int] = {}
    standing = tx.all(_STANDING, board_id=board.id)
    for _, rows in groupby(standing, key=attrgetter("column_id", "lane_id")):
        cell = list(rows)
        if cell != sorted(cell, key=attrgetter("entered_at", "number")):
            positions.update((card.id, index) for index, card in enumerate(cell))
    return positions


def _column_json(column: ColumnEntry) -> dict[str, Any]:
    told = {
        "name": column.name,
        "kind": column.kind,
        "wip_limit": column.wip_limit,
        "team": column.team,
    }
    if column.group is not None:
        told["group"] = column.group
    if column.policy:
        told["policy"] = column.policy
    if column.ask_before_leaving:
        told["ask_before_leaving"] = True
    if column.deleted:
        told |= {"deleted": True, "started": column.started}
    return told


def _card_json(
    card: CardRow,
    stays: list[_Stay],
    blocks: list[_Block],
    shape: ShapeEntries,
    labels: dict[int, str],
) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "external_id": card.external_id,
        "title": card.title,
        "work_type": card.work_type,
        "service_class": card.service_class,
        "team": card.team,
        "description": card.description,
        "labels": sorted(labels[i] for i in ids(card.label_ids)),
        # The lane of an archived card can have gone; the card would come back to the usual one.
        "lane": shape.lane_names.get(card.lane_id, shape.default_lane),
        "created_at": clock.iso(card.created_at),
        "column": shape.column_names[stays[0].column_id],
        "moves": [
            {"at": clock.iso(stay.entered_at), "to": shape.column_names[stay.column_id]}
            for stay in stays[1:]
        ],
        "blocks": [_block_json(block) for block in blocks],
    }
    if card.due_on is not None:
        entry["due_on"] = card.due_on
    if card.archived_at is not None:
        entry["archived_at"] = clock.iso(card.archived_at)
    return entry


def _block_json(block: _Block) -> dict[str, Any]:
    told = {
        "from": clock.iso(block.started_at),
        "until": clock.iso_or_none(block.ended_at),
        "reason": block.reason,
        "category": block.category,
    }
    return {**told, "note": block.note} if block.note else told


def _row(
    card: CardRow, now: int, names: _Names, people: Mapping[int, str]
) -> tuple[str | None, ...]:
    return (
        card.ref,
        card.title,
        card.work_type,
        card.service_class,
        card.team,
        names.columns[card.column_id],
        names.lanes.get(card.lane_id),
        ", ".join(people[person] for person in ids(card.assignee_ids)),
        ", ".join(sorted(names.labels[label] for label in ids(card.label_ids))),
        card.external_id,
        card.due_on,
        clock.iso(card.created_at),
        clock.iso_or_none(card.started_at),
        clock.iso_or_none(card.done_at),
        _seconds(card.lead_time),
        _seconds(card.cycle_time),
        _seconds(process_time(card, now)),
        _seconds(age(card, now)),
        _seconds(blocked_time(card, now)),
        clock.iso_or_none(card.block_since),
        card.block_category,
        card.block_reason,
        clock.iso_or_none(card.archived_at),
    )


def _seconds(duration: int | None) -> str | None:
    """A duration in seconds to the last digit, never in the notation of very small numbers."""
    if duration is None:
        return None
    return f"{duration // clock.SECOND}.{duration % clock.SECOND:06d}"
