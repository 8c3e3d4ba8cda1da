"""Reading the five numbers: of one board with filters, or of many boards in the same statements."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import Select, func, select

from app import clock
from app.boards.history import OpenBoard
from app.cards.clocks import OPEN
from app.cards.closed_days import closed_of
from app.cards.filters import CardFilter
from app.cards.pace import PROMISE
from app.db import Tx
from app.flow.cumulative_reading import cards_at
from app.flow.metrics import Durations, in_order, sle
from app.flow.queries import EVERY_CARD, Window, of_cards
from app.flow.standing import standing_at
from app.flow.strip import Period, Stretches, Strip, blocked_at, lost_in
from app.models import BlockedInterval, Card, Cell, Column, Visit
from app.packing import packed, unpacked

_Narrow = Callable[[Select[*tuple[Any, ...]]], Select[*tuple[Any, ...]]]

_PresentAt = Callable[[Tx, Sequence["Counted"], int, _Narrow | None], dict[int, int]]


class Counted(NamedTuple):
    """A board whose numbers are wanted: its columns in which work is started, the deleted ones as
    they were, and its limit."""

    id: int
    started: frozenset[int]
    wip_limit: int | None


class _Done(NamedTuple):
    cards: int
    lead_time: int
    process_time: int
    cycle_time: int | None


_NOTHING = _Done(0, 0, 0, None)


def read_strip(tx: Tx, board: OpenBoard, window: Window, cards: CardFilter) -> Strip:
    """The five numbers of a board for a window, and for the period of the same length before."""
    counted = Counted(board.id, board.shape.started, board.row.wip_limit)
    if cards == EVERY_CARD:
        present_at = _by_days(board) if closed_of(tx, board) is not None else None
        strips = read_strips(tx, [counted], window, board.now, present_at=present_at)
        return strips[board.id]
    narrow = partial(_narrowed, board, cards)
    return read_strips(tx, [counted], window, board.now, narrow)[board.id]


def read_strips(
    tx: Tx,
    boards: Sequence[Counted],
    window: Window,
    now: int,
    narrow: _Narrow | None = None,
    present_at: _PresentAt | None = None,
) -> dict[int, Strip]:
    """The five numbers of boards, by their ids: the same few statements for any number of them.

    `narrow` lets some cards of a single board through; `present_at` counts what was in work.
    """
    if not boards:
        return {}
    length = window.end - window.start
    before = Window(window.start - length, window.start)
    done = {each: _done(tx, boards, each, narrow) for each in (window, before)}
    in_work = present_at or _present_at
    there = {
        window: _present(tx, boards, narrow)
        if window.end >= now
        else in_work(tx, boards, window.end, narrow),
        before: in_work(tx, boards, before.end, narrow),
    }
    stretches = _stretches(tx, boards, before.start, window.end, narrow)
    nothing = Stretches(*(unpacked(tx, None) for _ in Stretches._fields))

    def period(board_id: int, span: Window) -> Period:
        cards, lead_time, process_time, cycle_time = done[span].get(board_id, _NOTHING)
        blocked = stretches.get(board_id, nothing)
        return Period(
            length=length,
            wip=there[span].get(board_id, 0),
            cycle_time=cycle_time,
            done=cards,
            blocked=blocked_at(blocked, span.end),
            # What goes on takes time until now, not until an end that is still to come.
            lost=lost_in(blocked, span.start, min(span.end, max(span.start, now))),
            process_time=process_time,
            lead_time=lead_time,
        )

    return {
        board.id: Strip(period(board.id, window), period(board.id, before), board.wip_limit)
        for board in boards
    }


def _narrowed(
    board: OpenBoard, cards: CardFilter, statement: Select[*tuple[Any, ...]]
) -> Select[*tuple[Any, ...]]:
    return of_cards(statement, board, cards)


def _ids(boards: Iterable[Counted]) -> list[int]:
    return [board.id for board in boards]


def _columns(boards: Iterable[Counted]) -> list[int]:
    return sorted(column for board in boards for column in board.started)


def _chosen(tx: Tx, statement: Select[*tuple[Any, ...]], narrow: _Narrow | None) -> Iterable[Any]:
    statement = statement.where(Card.discarded_at.is_(None))
    return tx.execute(statement if narrow is None else narrow(statement)).all()


def _done(
    tx: Tx, boards: Sequence[Counted], span: Window, narrow: _Narrow | None
) -> dict[int, _Done]:
    """What was done in a stretch of time. Sums are made of whole seconds and of the rest: those of
    a million cards' microseconds are more than a number of the database holds."""
    parts = [
        func.sum(part)
        for column in (Card.lead_time, Card.process_time)
        for part in (column // clock.SECOND, column % clock.SECOND)
    ]
    statement = (
        select(Card.board_id, func.count(), packed(Card.cycle_time), *parts)
        .where(
            Card.board_id.in_(_ids(boards)),
            Card.done_at.is_not(None),
            Card.done_at >= span.start,
            Card.done_at < span.end,
        )
        .group_by(Card.board_id)
    )
    found = {}
    for board_id, count, cycles, lead, lead_rest, process, process_rest in _chosen(
        tx, statement, narrow
    ):
        ordered = in_order(unpacked(tx, cycles))
        found[board_id] = _Done(
            count,
            int(lead) * clock.SECOND + int(lead_rest),
            int(process) * clock.SECOND + int(process_rest),
            sle(ordered, PROMISE) if len(ordered) else None,
        )
    return found


def _present(tx: Tx, boards: Sequence[Counted], narrow: _Narrow | None) -> dict[int, int]:
    """How many cards are in work now."""
    if narrow is None:
        counts = (
            select(Cell.board_id, func.sum(Cell.card_count).label("cards"))
            .where(Cell.column_id.in_(_columns(boards)))
            .group_by(Cell.board_id)
        )
        return {row.board_id: int(row.cards) for row in tx.execute(counts)}
    statement = (
        select(Card.board_id, func.count())
        .where(Card.column_id.in_(_columns(boards)), Card.archived_at.is_(None))
        .group_by(Card.board_id)
    )
    return dict(_chosen(tx, statement, narrow))


def _by_days(board: OpenBoard) -> _PresentAt:
    """Counts what was in work on a board by the days that are closed."""

    def present_at(
        tx: Tx, boards: Sequence[Counted], at: int, narrow: _Narrow | None
    ) -> dict[int, int]:
        counts = cards_at(tx, board, at)
        return {each.id: sum(counts.get(one, 0) for one in each.started) for each in boards}

    return present_at


def _present_at(
    tx: Tx, boards: Sequence[Counted], at: int, narrow: _Narrow | None
) -> dict[int, int]:
    """How many cards were in work just before a moment: those that stood in a column in which work
    is started, and had not been put into the archive."""
    found: dict[int, int] = {}
    for standing in standing_at(_columns(boards), at):
        statement = (
            select(Column.board_id, func.count())
            .select_from(Visit)
            .join(Card, Card.id == Visit.card_id)
            .join(Column, Column.id == Visit.column_id)
            .where(*standing)
            .group_by(Column.board_id)
        )
        for board_id, count in _chosen(tx, statement, narrow):
            found[board_id] = found.get(board_id, 0) + count
    return found


def _stretches(
    tx: Tx, boards: Sequence[Counted], start: int, end: int, narrow: _Narrow | None
) -> Mapping[int, Stretches]:
    """When cards were blocked, by board; what goes on ends when its card is done or archived."""
    import numpy as np  # noqa: PLC0415 - it takes long to load

    columns = (
        BlockedInterval.card_id,
        BlockedInterval.started_at,
        *(
            func.coalesce(each, OPEN)
            for each in (BlockedInterval.ended_at, Card.done_at, Card.archived_at)
        ),
    )
    found: dict[int, list[Durations]] = {}
    # One after the other, each by the index: what ended long ago is not even looked at.
    for ended in (BlockedInterval.ended_at.is_(None), BlockedInterval.ended_at >= start):
        statement = (
            select(BlockedInterval.board_id, packed(*columns))
            .select_from(BlockedInterval)
            .join(Card, Card.id == BlockedInterval.card_id)
            .where(
                BlockedInterval.board_id.in_(_ids(boards)), BlockedInterval.started_at < end, ended
            )
            .group_by(BlockedInterval.board_id)
        )
        for board_id, value in _chosen(tx, statement, narrow):
            found.setdefault(board_id, []).append(unpacked(tx, value).reshape(-1, len(columns)))
    stretches = {}
    for board_id, parts in found.items():
        card, begun, *ends = np.concatenate(parts).T
        until = np.maximum(begun, np.minimum.reduce(ends))
        stretches[board_id] = Stretches(card, begun, until)
    return stretches
