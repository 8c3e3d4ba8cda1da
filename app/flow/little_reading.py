"""Reading Little's law: the cards that were in progress in a window, and those it saw finished."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, func, or_, select

from app.boards.history import OpenBoard
from app.cards.clocks import NEVER, OPEN
from app.cards.filters import CardFilter
from app.db import Tx
from app.flow.day_reading import Days, arrays_in, closed_days_in, rest_of
from app.flow.done_reading import read_durations
from app.flow.little import Little, Stays, Steady, little_of
from app.flow.metrics import total
from app.flow.queries import CYCLE, Window, of_cards, within
from app.flow.standing import in_work_at
from app.flow.stream_queries import CARDS_AT_ONCE, pieces_of
from app.models import Card, DoneDay, Visit
from app.packing import packed, unpacked


class _Closed(NamedTuple):
    """What closed days say of the cards done in them: some by sums, and which of them were in
    progress before the window began."""

    steady: Steady
    early: Sequence[int]


def read_little(tx: Tx, board: OpenBoard, span: Window, cards: CardFilter) -> Little:
    """The law over a window, for the cards that a filter lets through."""
    days = closed_days_in(tx, board, span, cards)
    (in_progress, count, cycle_time), early = _closed(tx, days)
    finished = [_stays_of(tx, board, early, at) for at in range(0, len(early), CARDS_AT_ONCE)]
    rest = rest_of(days, span)
    if rest is not None:
        cycle_times = read_durations(tx, board, CYCLE, rest, cards)
        count, cycle_time = count + len(cycle_times), cycle_time + total(cycle_times)
        finished += [
            _read(tx, within(_stays(board), board, piece, cards))
            for piece in pieces_of(tx, board, rest)
        ]
    others = [_read(tx, some) for some in _not_finished(board, span, cards)]
    steady = Steady(in_progress, count, cycle_time)
    return little_of(*span, steady, _joined(finished), _joined(others))


def _closed(tx: Tx, days: Days | None) -> _Closed:
    in_progress = finished = cycle_time = 0
    early: list[int] = []
    if days is not None:
        names = ("card_ids", "moments", "cycle", "progress")
        for _, (card, done_at, cycle, progress) in arrays_in(tx, days, DoneDay, *names):
            known = cycle != NEVER
            is_early = known & (done_at - cycle <= days.window.start)
            early += card[is_early].tolist()
            in_progress += int(progress[known & ~is_early].sum())
            finished += int(known.sum())
            cycle_time += int(cycle[known].sum())
    return _Closed(Steady(in_progress, finished, cycle_time), early)


def _stays(board: OpenBoard) -> Select[*tuple[Any, ...]]:
    """The times in progress of cards."""
    shape = board.shape
    # The cards lead to their stays: the columns have far more of them.
    column_id = Visit.column_id + 0
    here = column_id.in_([*shape.column, *shape.gone])
    is_started = or_(
        and_(Visit.kind.is_(None), column_id.in_(shape.started)),
        and_(Visit.kind.is_not(None), Visit.started_work.is_(True), here),
    )
    # A card in the archive is not in progress.
    left_at = func.coalesce(Visit.left_at, Card.archived_at, OPEN)
    return (
        select(packed(Visit.entered_at, left_at))
        .select_from(Visit)
        .join(Card, Card.id == Visit.card_id)
        .where(is_started)
    )


def _not_finished(
    board: OpenBoard, span: Window, cards: CardFilter
) -> Iterator[Select[*tuple[Any, ...]]]:
    """The times in progress of the cards that a window did not see finished."""
    stays = _stays(board).where(
        Visit.entered_at < span.end, or_(Visit.left_at.is_(None), Visit.left_at > span.start)
    )
    for in_work in in_work_at(board, span.end):
        yield of_cards(stays.where(*in_work), board, cards, by_columns=True)


def _stays_of(tx: Tx, board: OpenBoard, card_ids: Sequence[int], first: int) -> Stays:
    some = card_ids[first : first + CARDS_AT_ONCE]
    return _read(tx, _stays(board).where(Card.id.in_(some)))


def _read(tx: Tx, statement: Select[*tuple[Any, ...]]) -> Stays:
    return Stays(*unpacked(tx, tx.execute(statement).scalar()).reshape(-1, 2).T)


def _joined(parts: Sequence[Stays]) -> Stays:
    import numpy as np  # noqa: PLC0415 - it takes long to load

    nothing = np.empty(0, np.int64)
    return Stays(*(np.concatenate(some) for some in zip((nothing, nothing), *parts, strict=True)))
