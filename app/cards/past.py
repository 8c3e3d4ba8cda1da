"""What a board's finished cards took, as its open cards are held against it.

Asked once in a few minutes for each board and kept in the process's memory: never by request, and
of so many of the newest cards at most that it costs the same on an old board.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Select, Subquery, bindparam, func, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction

from app.boards.history import OpenBoard
from app.boards.shape import Shape
from app.cards.pace import PROMISE, Pace, pace_of
from app.clock import DAY, MINUTE
from app.db import Query, Statement, Tx
from app.models import Card, Visit
from app.ranks import nearest_rank

WINDOW = 90 * DAY
FRESH = 5 * MINUTE
# The newest so many finished cards speak for the rest.
MOST_CARDS = 1_000
MOST_LEAD_TIMES = 20_000
# Up to so many finished cards each further one is asked for at once: it is cheap and still matters.
FEW = 200


class listed(GenericFunction[str]):  # noqa: N801 - a function of SQL
    """All values of a whole-number column as one text, with commas between them."""

    inherit_cache = True
    name = "listed"


@compiles(listed, "sqlite")
def _listed_for_sqlite(element: Any, compiler: Any, **more: Any) -> str:
    return f"group_concat({compiler.process(element.clauses, **more)})"


@compiles(listed, "postgresql")
def _listed_for_postgresql(element: Any, compiler: Any, **more: Any) -> str:
    return f"string_agg(({compiler.process(element.clauses, **more)})::text, ',')"


class Left(NamedTuple):
    """How old finished cards were when they left a column, as a text of numbers."""

    column_id: int
    ages: str


def select_ages(cards: Subquery) -> Select[*tuple[Any, ...]]:
    """The ages at which some cards (`id`, `started_at`) left each column for the last time."""
    leaving = (
        select(Visit.column_id, (func.max(Visit.left_at) - cards.c.started_at).label("age"))
        .join(cards, cards.c.id == Visit.card_id)
        .where(Visit.left_at.is_not(None))
        .group_by(Visit.column_id, Visit.card_id, cards.c.started_at)
        .subquery()
    )
    # A column in one value, as the numbers that they are: a row a card would cost more.
    return select(leaving.c.column_id, listed(leaving.c.age).label("ages")).group_by(
        leaving.c.column_id
    )


_FINISHED = (
    Card.board_id == bindparam("board_id"),
    Card.done_at.is_not(None),
    Card.discarded_at.is_(None),
    Card.done_at >= bindparam("since", type_=BigInteger),
)
_newest = (
    select(Card.id, Card.started_at)
    .where(*_FINISHED, Card.started_at.is_not(None))
    .order_by(Card.done_at.desc())
    .limit(MOST_CARDS)
    .subquery()
)
_AGES = Query(select_ages(_newest), Left)
_leads = (
    select(Card.lead_time)
    .where(*_FINISHED)
    .order_by(Card.done_at.desc())
    .limit(MOST_LEAD_TIMES)
    .subquery()
)
_LEADS = Statement(select(listed(_leads.c.lead_time)))


@dataclass(frozen=True, slots=True)
class Past:
    """What the last 90 days say: the pace of each column, and the lead time that 85 % of the cards
    did not exceed (None where none was finished)."""

    pace: dict[int, Pace]
    promise: int | None


class _Kept(NamedTuple):
    mark: tuple[int, int]
    done: int | None  # cards in done columns, while each further one is asked for at once
    past: Past


def past_of(tx: Tx, board: OpenBoard) -> Past:
    """A board's past as it was a few minutes ago at most."""
    shape = board.shape
    mark = (board.row.shape, board.now // FRESH)
    done = sum(count for cell, count in board.counts.items() if cell.column_id in shape.done)
    key = ("past", board.id)
    kept: _Kept | None = tx.memory.get(key)
    if kept is None or kept.mark != mark or kept.done not in {None, done}:
        past, finished = _read(tx, board)
        kept = tx.memory[key] = _Kept(mark, done if finished < FEW else None, past)
    return kept.past


def _read(tx: Tx, board: OpenBoard) -> tuple[Past, int]:
    since = board.now - WINDOW
    leads = _numbers(tx.scalar(_LEADS, board_id=board.id, since=since))
    if not leads:
        return Past({}, None), 0
    left = tx.all(_AGES, board_id=board.id, since=since)
    pace = pace_of(stages_of(board.shape), ages_of(left))
    return Past(pace, nearest_rank(sorted(leads), PROMISE)), len(leads)


def stages_of(shape: Shape) -> list[int]:
    """The columns in which a card has an age, from left to right."""
    return [column.id for column in shape.columns if column.id in shape.started]


def ages_of(left: Iterable[Left]) -> dict[int, list[int]]:
    """The ages by column, in order."""
    return {row.column_id: sorted(_numbers(row.ages)) for row in left}


def _numbers(text: str | None) -> list[int]:
    return [] if not text else [int(number) for number in text.split(",")]
