"""Reading blocked intervals as episodes: those of a window, of the cards that a filter finds."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Select, or_, select

from app.boards.history import OpenBoard
from app.cards.filters import CardFilter
from app.db import Tx
from app.flow.blockers import Episode, Span, belongs
from app.flow.queries import Window, of_cards
from app.models import BlockedInterval, Card, User


class Told(NamedTuple):
    """An episode with all that is known of it."""

    id: int
    episode: Episode
    number: int
    title: str
    by: str | None
    note: str


def read_episodes(tx: Tx, board: OpenBoard, window: Window, cards: CardFilter) -> list[Episode]:
    """The blocked intervals that belong to a window, in the order in which they began: of all
    cards but the discarded ones. A card that came from another board has brought its own."""
    found: list[Episode] = []
    # One after the other, each by the index: what ended long ago is not even looked at.
    for ended in (BlockedInterval.ended_at.is_(None), BlockedInterval.ended_at >= window.start):
        statement = _blocked(select(*_EPISODE), board, window, cards).where(ended)
        rows = tx.execute(statement.order_by(BlockedInterval.started_at, BlockedInterval.id))
        found += map(_episode, rows.all())
    found.sort(key=lambda episode: episode.start)
    return [episode for episode in found if belongs(episode, Span(*window))]


def told_part(
    tx: Tx, board: OpenBoard, window: Window, cards: CardFilter, limit: int, after: int = 0
) -> list[Told]:
    """A window's episodes with all that is known of them, in the order of their ids, of which
    `after` is the last one of the part before."""
    statement = (
        _blocked(
            select(
                *_EPISODE,
                BlockedInterval.id,
                Card.number,
                Card.title,
                User.name,
                BlockedInterval.note,
            ),
            board,
            window,
            cards,
        )
        .outerjoin(User, User.id == BlockedInterval.started_by)
        .where(
            BlockedInterval.id > after,
            or_(BlockedInterval.ended_at.is_(None), BlockedInterval.ended_at >= window.start),
        )
        .order_by(BlockedInterval.id)
        .limit(limit)
    )
    return [
        Told(row.id, _episode(row), row.number, row.title, row.name, row.note)
        for row in tx.execute(statement)
    ]


_EPISODE = (
    BlockedInterval.card_id,
    BlockedInterval.category,
    BlockedInterval.reason,
    BlockedInterval.started_at,
    BlockedInterval.ended_at,
    Card.done_at,
    Card.archived_at,
)


def _blocked(
    statement: Select[*tuple[Any, ...]], board: OpenBoard, window: Window, cards: CardFilter
) -> Select[*tuple[Any, ...]]:
    joined = statement.select_from(BlockedInterval).join(Card, Card.id == BlockedInterval.card_id)
    # What goes on longer than its card is worked on is cut by whoever reads the rows.
    within = joined.where(
        BlockedInterval.board_id == board.id, BlockedInterval.started_at < window.end
    )
    return of_cards(within, board, cards)


def _episode(row: Sequence[Any]) -> Episode:
    card_id, category, reason, start, *ends = row[: len(_EPISODE)]
    known = [end for end in ends if end is not None]
    # A card that is blocked after it was done waits for nothing.
    return Episode(card_id, category, reason, start, max(start, min(known)) if known else None)
