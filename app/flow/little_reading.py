"""Reading Little's law: the cards that were in progress in a window, and those it saw finished."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, func, or_, select

from app.boards.history import OpenBoard
from app.cards.clocks import NEVER, OPEN
from app.cards.filters import CardFilter
from app.days import start_of_day
from app.db import Tx
from app.flow.day_reading import Days, arrays_in, closed_days_in, parted, rest_of
from app.flow.done_reading import read_durations
from app.flow.little import Little, Stays, Steady, little_of
from app.flow.metrics import total
from app.flow.queries import CYCLE, Window, of_cards, within
from app.flow.remembering import recall, remember
from app.flow.standing import in_work_at
from app.flow.stream_queries import CARDS_AT_ONCE, pieces_of
from app.models import Card, DoneDay, Visit
from app.packing import packed, unpacked

MOST_REMEMBERED = 1_000_000
"""Of so many times in progress a process remembers the beginnings and ends, 16 MB."""
_REMEMBERED = "finished in days"


class _Finished(NamedTuple):
    """Cards that were done on closed days: those that were started within a window by sums, the
    others by their times in progress."""

    steady: Steady
    early: Stays


def read_little(tx: Tx, board: OpenBoard, span: Window, cards: CardFilter) -> Little:
    """The law over a window, for the cards that a filter lets through."""
    days = closed_days_in(tx, board, span, cards)
    in_progress = count = cycle_time = 0
    finished = []
    if days is not None:
        whole, cut = parted(days)
        for steady, early in (
            _whole_days(tx, board, whole),
            _finished(tx, board, cut, span.start),
        ):
            in_progress += steady.in_progress
            count += steady.finished
            cycle_time += steady.cycle_time
            finished.append(early)
    rest = rest_of(days, span)
    if rest is not None:
        cycle_times = read_durations(tx, board, CYCLE, rest, cards)
        count, cycle_time = count + len(cycle_times), cycle_time + total(cycle_times)
        finished += [
            stays
            for piece in pieces_of(tx, board, rest)
            for stays in _read(tx, within(_stays(board), board, piece, cards))
        ]
    others = _read(tx, *_not_finished(board, span, cards))
    steady = Steady(in_progress, count, cycle_time)
    return little_of(*span, steady, _joined(finished), _joined(others))


def _whole_days(tx: Tx, board: OpenBoard, days: Days) -> _Finished:
    """The cards of whole closed days; read once for each days, as seen from the first one's
    beginning: what was started since then and finished is steady for any window with these days."""
    key, past = (days.board_id, days.first, days.last), days.closed.past
    known: _Finished | None = recall(tx, _REMEMBERED, key, past)
    if known is None:
        since = start_of_day(date.fromordinal(days.first), days.closed.zone)
        known = _finished(tx, board, days, since)
        remember(tx, _REMEMBERED, key, past, known, len(known.early.entered_at), MOST_REMEMBERED)
    return known


def _finished(tx: Tx, board: OpenBoard, days: Days, since: int) -> _Finished:
    """The cards of closed days; early are those that were started before a moment."""
    in_progress = finished = cycle_time = 0
    early: list[int] = []
    names = ("card_ids", "moments", "cycle", "progress")
    for _, (card, done_at, cycle, progress) in arrays_in(tx, days, DoneDay, *names):
        known = cycle != NEVER
        is_early = known & (done_at - cycle <= since)
        early += card[is_early].tolist()
        in_progress += int(progress[known & ~is_early].sum())
        finished += int(known.sum())
        cycle_time += int(cycle[known].sum())
    parts = range(0, len(early), CARDS_AT_ONCE)
    stays = [_stays_of(tx, board, early[at : at + CARDS_AT_ONCE]) for at in parts]
    return _Finished(Steady(in_progress, finished, cycle_time), _joined(stays))


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


def _stays_of(tx: Tx, board: OpenBoard, card_ids: Sequence[int]) -> Stays:
    (found,) = _read(tx, _stays(board).where(Card.id.in_(card_ids)))
    return found


def _read(tx: Tx, *statements: Select[*tuple[Any, ...]]) -> list[Stays]:
    """What several statements say, asked in one go."""
    (row,) = tx.execute(select(*(each.scalar_subquery() for each in statements)))
    return [Stays(*unpacked(tx, value).reshape(-1, 2).T) for value in row]


def _joined(parts: Iterable[Stays]) -> Stays:
    import numpy as np  # noqa: PLC0415 - it takes long to load

    nothing = np.empty(0, np.int64)
    return Stays(*(np.concatenate(some) for some in zip((nothing, nothing), *parts, strict=True)))
