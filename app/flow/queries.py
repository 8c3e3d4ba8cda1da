"""Reading what is measured: windows, and the cards that were done in them."""

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from sqlalchemy import Select, bindparam, or_, select

from app import clock
from app.auth.actor import Actor
from app.auth.names import names_of
from app.boards.history import OpenBoard, read_board
from app.cards.filters import CardFilter
from app.cards.labels import ids, read_labels
from app.cards.queries import filtered
from app.cards.rows import CardRow, select_cards
from app.days import start_of
from app.db import Query, Tx
from app.errors import Invalid
from app.flow.scatter import Finished
from app.models import Card, CardAssignee, CardLabel, Label

DEFAULT_WINDOW = 90 * clock.DAY
PART = 1_000

CSV_HEAD = (
    *("ref", "title", "work_type", "service_class", "team", "lane", "assignees", "labels"),
    *("external_id", "created_at", "started_at", "done_at"),
    *("lead_time", "cycle_time", "process_time", "blocked_time"),
)

LEAD = "lead"
CYCLE = "cycle"
PROCESS = "process"
EVERY_CARD = CardFilter(archived=None)

MEASURES = {LEAD: Card.lead_time, CYCLE: Card.cycle_time, PROCESS: Card.process_time}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which cards are to be measured: done within a window, of these kinds.

    `start` and `end` are a day in the board's zone, a timestamp, or None for the last 90 days up
    to now.
    """

    start: str | int | None
    end: str | int | None
    cards: CardFilter


class Window(NamedTuple):
    """A window's bounds in microseconds since 1970: `start <= done_at < end`."""

    start: int
    end: int


class Part(NamedTuple):
    """Some of the cards behind a measurement as rows of a table, and where the next part begins."""

    board_key: str
    measure: str
    wanted: Wanted
    rows: list[tuple[str | None, ...]]
    after: tuple[int, int] | None


class _Newest(NamedTuple):
    done_at: int


_DONE = (
    Card.board_id == bindparam("board_id"),
    Card.done_at.is_not(None),
    Card.discarded_at.is_(None),
)
_NEWEST = Query(select(Card.done_at).where(*_DONE).order_by(Card.done_at.desc()).limit(1), _Newest)


def window_of(board: OpenBoard, wanted: Wanted) -> Window:
    """The window that is wanted; 422 where nothing can lie in it."""
    zone = board.row.time_zone
    end = start_of(wanted.end, zone)
    if end is None:
        # What was done in this very microsecond is in.
        end = max(board.now, board.row.changed_at + 1)
    start = start_of(wanted.start, zone)
    if start is None:
        start = end - DEFAULT_WINDOW
    if start >= end:
        before = "now" if wanted.end is None else "`to`"
        raise Invalid((("query", "from"), f"must be before {before}"))
    return Window(start, end)


def finished_cards(
    tx: Tx, board: OpenBoard, measure: str, window: Window, cards: CardFilter, most: int
) -> list[Finished]:
    """The cards of the same times, the last done first."""
    column = MEASURES[measure]
    columns = (Card.done_at, column, Card.number, Card.title, Card.team, Card.was_blocked)
    statement = (
        within(select(*columns), board, window, cards)
        .where(column.is_not(None))
        .order_by(Card.done_at.desc(), Card.id.desc())
        .limit(most)
    )
    return [Finished._make(row) for row in tx.execute(statement)]


def newest_done(tx: Tx, board: OpenBoard) -> int | None:
    """When the board's last card was done; None where none ever was."""
    found = tx.first(_NEWEST, board_id=board.id)
    return None if found is None else found.done_at


def measured_cards(
    tx: Tx,
    board: OpenBoard,
    measure: str,
    window: Window,
    cards: CardFilter,
    limit: int,
    after: tuple[int, int] | None = None,
) -> list[CardRow]:
    """The cards behind a measurement, the last done first; `after` is the `done_at` and the id of
    the last card of the part before."""
    statement = (
        within(select_cards(), board, window, cards)
        .where(MEASURES[measure].is_not(None))
        .order_by(Card.done_at.desc(), Card.id.desc())
        .limit(limit)
    )
    if after is not None:
        done_at, card_id = after
        # The first condition is what the index is searched by.
        statement = statement.where(
            Card.done_at <= done_at, or_(Card.done_at < done_at, Card.id < card_id)
        )
    return [CardRow._make(row) for row in tx.execute(statement)]


def cards_part(
    tx: Tx,
    actor: Actor,
    key: str,
    measure: str,
    wanted: Wanted,
    after: tuple[int, int] | None = None,
) -> Part:
    """The next thousand cards behind a measurement as rows under `CSV_HEAD`."""
    board = read_board(tx, actor, key=key)
    window = window_of(board, wanted)
    found = measured_cards(tx, board, measure, window, wanted.cards, PART + 1, after)
    cards = found[:PART]
    people = names_of(tx, {person for card in cards for person in ids(card.assignee_ids)})
    labels = read_labels(tx, board.id)
    lanes = {lane.id: lane.name for lane in board.shape.lanes}
    rows = [_csv_row(card, lanes, people, labels) for card in cards]
    last = (cards[-1].done_at or 0, cards[-1].id) if len(found) > PART else None
    # Now has moved on when the next part is read: the window stays what it was.
    fixed = replace(wanted, start=window.start, end=window.end)
    return Part(board.row.key, measure, fixed, rows, last)


def _csv_row(
    card: CardRow, lanes: dict[int, str], people: dict[int, str], labels: dict[int, str]
) -> tuple[str | None, ...]:
    return (
        card.ref,
        card.title,
        card.work_type,
        card.service_class,
        card.team,
        lanes.get(card.lane_id),
        ", ".join(people[person] for person in ids(card.assignee_ids)),
        ", ".join(sorted(labels[label] for label in ids(card.label_ids))),
        card.external_id,
        clock.iso(card.created_at),
        clock.iso_or_none(card.started_at),
        clock.iso_or_none(card.done_at),
        _seconds_text(card.lead_time),
        _seconds_text(card.cycle_time),
        _seconds_text(card.process_time),
        _seconds_text(card.blocked_time),
    )


def _seconds_text(duration: int | None) -> str | None:
    """A duration in seconds to the last digit, never in the notation of very small numbers."""
    if duration is None:
        return None
    return f"{duration // clock.SECOND}.{duration % clock.SECOND:06d}"


def within(
    statement: Select[*tuple[Any, ...]], board: OpenBoard, window: Window, cards: CardFilter
) -> Select[*tuple[Any, ...]]:
    """A statement over a board's cards, narrowed to those of a filter, done in a window."""
    return of_cards(statement, board, replace(cards, done_from=window.start, done_to=window.end))


def of_cards(
    statement: Select[*tuple[Any, ...]],
    board: OpenBoard,
    cards: CardFilter,
    *,
    by_columns: bool = False,
) -> Select[*tuple[Any, ...]]:
    """A statement over a board's cards, narrowed to those that a filter lets through."""
    others = replace(cards, label=(), assignee_id=())
    statement = filtered(statement, board.id, others, by_columns=by_columns)
    # Asked of each card of the window. Gathering all cards with a label first would cost more the
    # longer the board has been in use.
    if cards.label:
        statement = statement.where(
            select(CardLabel.card_id)
            .join(Label, Label.id == CardLabel.label_id)
            .where(
                CardLabel.card_id == Card.id,
                Label.board_id == board.id,
                Label.name.in_(cards.label),
            )
            .exists()
        )
    if cards.assignee_id:
        statement = statement.where(
            select(CardAssignee.card_id)
            .where(CardAssignee.card_id == Card.id, CardAssignee.user_id.in_(cards.assignee_id))
            .exists()
        )
    return statement
