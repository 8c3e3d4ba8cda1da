"""Reading blocked intervals as episodes: those of a window, of the cards that a filter finds.

What ended on whole days that are closed a process remembers, so that a page reads each of them
once: no card's past changes it without another `Closed.past`.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Select, bindparam, func, or_, select

from app.boards.history import OpenBoard
from app.cards.clocks import OPEN
from app.cards.closed_days import Closed, closed_of
from app.cards.filters import CardFilter
from app.db import Query, Tx
from app.flow.blockers import Episode, Episodes, Span
from app.flow.metrics import Durations
from app.flow.queries import EVERY_CARD, Window, of_cards
from app.flow.remembering import frozen, recall, remember
from app.models import BlockedInterval, Card, User
from app.packing import least, packed, together

MOST_REMEMBERED = 1_000_000
"""Of so many blocked intervals a process remembers the numbers, 48 MB."""
_REMEMBERED = "blocked intervals"


class Told(NamedTuple):
    """An episode with all that is known of it."""

    id: int
    episode: Episode
    number: int
    title: str
    by: str | None
    note: str


class _Row(NamedTuple):
    category: str
    reason: str
    episodes: int
    numbers: Any


class _Rows(NamedTuple):
    """Blocked intervals, and the categories and reasons among which `cause` is the place of each.
    The numbers are arrays one below the other: `_NUMBERS`, and the causes."""

    numbers: Durations
    causes: Sequence[tuple[str, str]]


class _Kept(NamedTuple):
    """What a process remembers: all that was ended from one moment to before another, in the order
    in which it was ended."""

    since: int
    until: int
    rows: _Rows


_OPEN = BlockedInterval.ended_at.is_(None)
_OVER = (
    BlockedInterval.ended_at >= bindparam("since", type_=BigInteger),
    BlockedInterval.ended_at < bindparam("until", type_=BigInteger),
)
_NUMBERS = (
    BlockedInterval.id,
    BlockedInterval.card_id,
    BlockedInterval.started_at,
    func.coalesce(BlockedInterval.ended_at, OPEN),
    # A card that is blocked after it was done or archived waits for nothing.
    least(
        *(
            func.coalesce(each, OPEN)
            for each in (BlockedInterval.ended_at, Card.done_at, Card.archived_at)
        )
    ),
)


_ENDED_AT = 3  # its place among them


def _packed(board: Any, end: Any) -> Select[*tuple[Any, ...]]:
    """What blocked cards of a board and began before an end, with those of one reason in a row."""
    return (
        select(
            BlockedInterval.category,
            BlockedInterval.reason,
            func.count().label("episodes"),
            packed(*_NUMBERS).label("numbers"),
        )
        .join(Card, Card.id == BlockedInterval.card_id)
        .where(BlockedInterval.board_id == board, BlockedInterval.started_at < end)
        .group_by(BlockedInterval.category, BlockedInterval.reason)
    )


_every = _packed(bindparam("board"), bindparam("end", type_=BigInteger)).where(
    Card.board_id == bindparam("board"), Card.discarded_at.is_(None)
)
_EVERY_OPEN, _EVERY_OVER = Query(_every.where(_OPEN), _Row), Query(_every.where(*_OVER), _Row)


def read_episodes(tx: Tx, board: OpenBoard, window: Window, cards: CardFilter) -> Episodes:
    """The blocked intervals that belong to a window, in the order in which they began: of all
    cards but the discarded ones. A card that came from another board has brought its own."""
    import numpy as np  # noqa: PLC0415 - it takes long to load

    # One after the other, each by the index: what ended long ago is not even looked at.
    if cards == EVERY_CARD:
        closed = closed_of(tx, board)
        since, parts = window.start, []
        if closed is not None and since < closed.whole:
            parts.append(_remembered(tx, board, closed, since))
            since = closed.whole
        bounds = {"board": board.id, "end": window.end}
        rows = tx.all(_EVERY_OPEN, **bounds)
        parts.append(_rows(tx, [*rows, *tx.all(_EVERY_OVER, **bounds, since=since, until=OPEN)]))
        found = parts[0] if len(parts) == 1 else _together(*parts)
    else:
        some = of_cards(_packed(board.id, window.end), board, cards)
        bounds = {"since": window.start, "until": OPEN}
        rows = [*tx.execute(some.where(_OPEN)), *tx.execute(some.where(*_OVER), bounds)]
        found = _rows(tx, rows)
    ids, card, start, _, end, cause = found.numbers
    order = np.lexsort((ids, start))
    numbers = (card, start, np.maximum(start, end), cause)
    card, start, end, cause = (each[order] for each in numbers)
    return Episodes(card, start, end, cause, found.causes).belonging(Span(*window))


def _remembered(tx: Tx, board: OpenBoard, closed: Closed, since: int) -> _Rows:
    """What was ended from a moment on and before the last closed day."""
    import numpy as np  # noqa: PLC0415 - it takes long to load

    until = closed.whole
    known: _Kept | None = recall(tx, _REMEMBERED, board.id, closed.past)
    if known is None or known.since > since or known.until < until:
        missing = [(since, until)]
        if known is not None:
            missing = [(since, known.since), (known.until, until)]
        read = [
            row
            for first, last in missing
            if first < last
            for row in tx.all(_EVERY_OVER, board=board.id, end=OPEN, since=first, until=last)
        ]
        rows = _rows(tx, read)
        if known is not None:
            rows = _together(known.rows, rows)
        numbers = rows.numbers[:, np.argsort(rows.numbers[_ENDED_AT], kind="stable")]
        rows = _Rows(frozen(numbers), rows.causes)
        known = _Kept(since if known is None else min(since, known.since), until, rows)
        size = numbers.shape[1]
        remember(tx, _REMEMBERED, board.id, closed.past, known, size, MOST_REMEMBERED)
    numbers = known.rows.numbers
    first = int(np.searchsorted(numbers[_ENDED_AT], since))
    return _Rows(numbers[:, first:], known.rows.causes)


def _rows(tx: Tx, found: Sequence[Any]) -> _Rows:
    import numpy as np  # noqa: PLC0415 - it takes long to load

    causes: dict[tuple[str, str], int] = {}
    places = [causes.setdefault((row.category, row.reason), len(causes)) for row in found]
    numbers = together(tx, [row.numbers for row in found]).reshape(-1, len(_NUMBERS)).T
    cause = np.repeat(np.array(places, np.int64), [row.episodes for row in found])
    return _Rows(np.vstack([numbers, cause]), list(causes))


def _together(one: _Rows, other: _Rows) -> _Rows:
    import numpy as np  # noqa: PLC0415 - it takes long to load

    causes = {cause: place for place, cause in enumerate(one.causes)}
    places = [causes.setdefault(cause, len(causes)) for cause in other.causes]
    cause = np.array(places, np.int64)[other.numbers[-1]]
    more = np.vstack([other.numbers[:-1], cause])
    return _Rows(np.concatenate([one.numbers, more], axis=1), list(causes))


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
