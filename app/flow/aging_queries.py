"""Reading the cards in work, and at what ages past cards left the columns."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from sqlalchemy import select

from app import clock
from app.boards.history import OpenBoard
from app.boards.shape import DONE
from app.cards.clocks import NEVER
from app.cards.filters import CardFilter
from app.cards.pace import FEWEST, Pace, pace_of
from app.cards.past import Left, ages_of, select_ages, stages_of
from app.cards.queries import filtered
from app.db import Tx
from app.flow.aging import AgingCard
from app.flow.day_reading import Days, arrays_in, closed_days_in, parted, rest_of
from app.flow.metrics import Durations
from app.flow.queries import EVERY_CARD, Window, within
from app.flow.remembering import frozen, recall, remember
from app.models import Card, StayDay

MOST_REMEMBERED = 4_000_000
"""Of so many stays in columns a process remembers the ages, 32 MB."""
_REMEMBERED = "ages"

CSV_HEAD = ("ref", "title", "column", "age", "time_in_column", "blocked")


class AgingWork(NamedTuple):
    """The cards in work, the oldest first, and the pace of those done in a window."""

    cards: list[AgingCard]
    pace: dict[int, Pace]
    most_past: int  # how many past cards left the column that most of them left


def read_aging(
    tx: Tx, board: OpenBoard, window: Window, cards: CardFilter, fewest: int = FEWEST
) -> AgingWork:
    """What is in work now, beside what was done in a window; a column that fewer than `fewest` past
    cards left says nothing of its own."""
    stages = stages_of(board.shape)
    ages = _past_ages(tx, board, window, cards, stages)
    return AgingWork(
        cards_in_work(tx, board, cards),
        pace_of(stages, ages, fewest),
        max((len(ages.get(column_id, ())) for column_id in stages), default=0),
    )


def _past_ages(
    tx: Tx, board: OpenBoard, window: Window, cards: CardFilter, stages: Sequence[int]
) -> dict[int, Durations]:
    """The ages at which the cards done in a window left each stage for the last time, in order."""
    import numpy as np  # noqa: PLC0415 - it takes long to load

    found: dict[int, list[Durations]] = {}
    days = closed_days_in(tx, board, window, cards)
    if days is not None:
        whole, others = parted(days)
        found = {column_id: [ages] for column_id, ages in _whole_days(tx, whole).items()}
        for column_id, (ages,) in arrays_in(tx, others, StayDay, "age"):
            found.setdefault(column_id, []).append(ages[ages != NEVER])
    rest = rest_of(days, window)
    if rest is not None:
        past = within(select(Card.id, Card.started_at), board, rest, cards)
        past = past.where(Card.started_at.is_not(None))
        left = (Left._make(row) for row in tx.execute(select_ages(past.subquery())))
        for column_id, some in ages_of(left).items():
            found.setdefault(column_id, []).append(np.array(some, np.int64))
    return {
        column_id: np.sort(np.concatenate(found[column_id]))
        for column_id in stages
        if column_id in found
    }


def _whole_days(tx: Tx, days: Days) -> Mapping[int, Durations]:
    """The ages of those that were done on whole closed days, in order; read once for each days."""
    import numpy as np  # noqa: PLC0415 - it takes long to load

    key, past = (days.board_id, days.first, days.last), days.closed.past
    known: dict[int, Durations] | None = recall(tx, _REMEMBERED, key, past)
    if known is None:
        found: dict[int, list[Durations]] = {}
        for column_id, (ages,) in arrays_in(tx, days, StayDay, "age"):
            found.setdefault(column_id, []).append(ages[ages != NEVER])
        known = {
            column_id: frozen(np.sort(np.concatenate(ages))) for column_id, ages in found.items()
        }
        size = sum(map(len, known.values()))
        remember(tx, _REMEMBERED, key, past, known, size, MOST_REMEMBERED)
    return known


def cards_in_work(tx: Tx, board: OpenBoard, cards: CardFilter) -> list[AgingCard]:
    """The live cards that are started and not done, the oldest first."""
    columns = tuple(column.id for column in board.shape.columns if column.kind != DONE)
    if not columns:
        return []
    # Asked for by their columns, whose index has the cards that are there: those that are done need
    # not be looked through.
    statement = select(
        Card.id,
        Card.number,
        Card.title,
        Card.column_id,
        Card.started_at,
        Card.entered_at,
        Card.block_id,
    ).where(
        Card.column_id.in_(columns),
        Card.archived_at.is_(None),
        Card.discarded_at.is_(None),
        Card.started_at.is_not(None),
        Card.done_at.is_(None),
    )
    if cards != EVERY_CARD:
        some = replace(cards, archived=False)
        statement = filtered(statement, board.id, some, by_columns=True)
    return [
        AgingCard(
            row.id,
            row.number,
            row.title,
            row.column_id,
            board.now - row.started_at,
            board.now - row.entered_at,
            row.block_id is not None,
        )
        for row in tx.execute(statement.order_by(Card.started_at, Card.id))
    ]


def seconds_text(duration: int) -> str:
    """A duration in seconds to the last digit."""
    return f"{duration // clock.SECOND}.{duration % clock.SECOND:06d}"
