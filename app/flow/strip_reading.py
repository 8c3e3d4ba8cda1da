"""Reading the five numbers: of one board with filters, or of many boards in the same statements."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import Select, func, select

from app import clock
from app.boards.history import OpenBoard
from app.cards.clocks import NEVER, OPEN
from app.cards.closed_days import closed_of
from app.cards.filters import CardFilter
from app.cards.pace import PROMISE
from app.db import Tx
from app.flow.blockers import Episodes, Span
from app.flow.blockers_reading import read_episodes
from app.flow.cumulative_reading import cards_at
from app.flow.done_reading import Done, read_done
from app.flow.metrics import Durations, in_order, sle, total_of
from app.flow.queries import EVERY_CARD, Window, of_cards
from app.flow.standing import standing_at
from app.flow.strip import Period, Stretches, Strip, Times, period_of, stretches_of
from app.models import BlockedInterval, Card, Cell, Column, Visit
from app.packing import packed, unpacked

_Narrow = Callable[[Select[*tuple[Any, ...]]], Select[*tuple[Any, ...]]]


class Counted(NamedTuple):
    """A board whose numbers are wanted: its columns in which work is started, the deleted ones as
    they were, and its limit."""

    id: int
    started: frozenset[int]
    wip_limit: int | None


_NOTHING = Times(0, 0, 0, None)


def read_strip(
    tx: Tx,
    board: OpenBoard,
    window: Window,
    cards: CardFilter,
    episodes: Episodes | None = None,
    before: Mapping[int, int] | None = None,
) -> Strip:
    """The five numbers of a board for a window, and for the period of the same length before.

    Who has read them already gives the `episodes` of both, and how many cards were in each column
    just `before` the window.
    """
    both = Window(2 * window.start - window.end, window.end)
    done = read_done(tx, board, both, cards)
    if episodes is None:
        episodes = read_episodes(tx, board, both, cards)
    stretches = stretches_of(episodes)
    counted = Counted(board.id, board.shape.started, board.row.wip_limit)
    narrow = None if cards == EVERY_CARD else partial(_narrowed, board, cards)

    def in_work_at(at: int) -> int:
        if narrow is not None or closed_of(tx, board) is None:
            return _present_at(tx, [counted], at, narrow).get(board.id, 0)
        counts = cards_at(tx, board, at)
        return sum(counts.get(column, 0) for column in counted.started)

    if window.end >= board.now:
        wip = _present(tx, [counted], narrow).get(board.id, 0)
    else:
        wip = in_work_at(window.end)
    if before is None:
        wip_before = in_work_at(window.start)
    else:
        wip_before = sum(before.get(column, 0) for column in counted.started)
    first = Window(both.start, window.start)

    def period(span: Window, count: int) -> Period:
        return period_of(Span(*span), board.now, count, _times_of(done.within(span)), stretches)

    return Strip(
        period(window, wip),
        period(first, wip_before),
        board.row.wip_limit,
    )


def _times_of(done: Done) -> Times:
    cycles = in_order(done.cycle[done.cycle != NEVER])
    return Times(
        len(done.at),
        total_of(done.lead),
        total_of(done.process),
        sle(cycles, PROMISE) if len(cycles) else None,
    )


def read_strips(tx: Tx, boards: Sequence[Counted], window: Window, now: int) -> dict[int, Strip]:
    """The five numbers of boards, by their ids: the same few statements for any number of them."""
    if not boards:
        return {}
    before = Window(2 * window.start - window.end, window.start)
    done = {each: _done(tx, boards, each) for each in (window, before)}
    there = {
        window: _present(tx, boards, None)
        if window.end >= now
        else _present_at(tx, boards, window.end, None),
        before: _present_at(tx, boards, before.end, None),
    }
    stretches = _stretches(tx, boards, before.start, window.end)
    nothing = Stretches(*(unpacked(tx, None) for _ in Stretches._fields))

    def period(board_id: int, span: Window) -> Period:
        times = done[span].get(board_id, _NOTHING)
        blocked = stretches.get(board_id, nothing)
        return period_of(Span(*span), now, there[span].get(board_id, 0), times, blocked)

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


def _done(tx: Tx, boards: Sequence[Counted], span: Window) -> dict[int, Times]:
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
        tx, statement, None
    ):
        ordered = in_order(unpacked(tx, cycles))
        found[board_id] = Times(
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


def _stretches(tx: Tx, boards: Sequence[Counted], start: int, end: int) -> Mapping[int, Stretches]:
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
        for board_id, value in _chosen(tx, statement, None):
            found.setdefault(board_id, []).append(unpacked(tx, value).reshape(-1, len(columns)))
    stretches = {}
    for board_id, parts in found.items():
        card, begun, *ends = np.concatenate(parts).T
        until = np.maximum(begun, np.minimum.reduce(ends))
        stretches[board_id] = Stretches(card, begun, until)
    return stretches
