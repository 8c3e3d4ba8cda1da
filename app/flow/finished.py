"""Reading what was finished from day to day, what is still to do, and what follows from both."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import NamedTuple

from sqlalchemy import func, select

from app.boards.history import OpenBoard
from app.boards.shape import DONE
from app.cards.filters import CardFilter
from app.cards.queries import filtered
from app.days import day_of, next_day, start_of_day
from app.db import Tx
from app.errors import Invalid, NoThroughput
from app.flow.done_reading import read_done_times
from app.flow.forecast import POINTS, how_many, when
from app.flow.queries import EVERY_CARD, Wanted, Window
from app.flow.throughput import DAY, Interval, throughput
from app.models import Card
from app.words import day_words

DEFAULT_SAMPLE_DAYS = 90
MOST_SAMPLE_DAYS = 3_660


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be forecast, and from which past.

    `items` is None for the board's own backlog, `by` is None where it is not asked. The sample is
    the whole past days within `wanted`, or the `sample_days` before its end.
    """

    items: int | None
    by: date | None
    sample_days: int | None
    wanted: Wanted

    @property
    def asks_when(self) -> bool:
        """Whether it is asked when so many cards are done; also where nothing is asked for."""
        return self.items is not None or self.by is None


class PastDays(NamedTuple):
    """A sample: whole past days one after the other, and what each of them finished."""

    first: date
    end: date  # the day after the last one
    counts: list[int]


class Forecast(NamedTuple):
    """The answers to a question, by percentage; an answer that was not asked for is None.

    A date is None where it lies beyond the calendar, a number where it is more than a million.
    """

    sample: PastDays
    items: int
    today: date
    when: dict[int, date | None] | None
    how_many: dict[int, int | None] | None


def read_throughput(
    tx: Tx, board: OpenBoard, window: Window, cards: CardFilter, interval: str
) -> list[Interval]:
    """How many cards were finished in each interval of a window, in the board's zone."""
    done = read_done_times(tx, board, window, cards)
    return throughput(done, window, board.row.time_zone, interval)


def sample_bounds(
    board: OpenBoard, wanted: Wanted, sample_days: int | None = None
) -> tuple[date, date]:
    """The first of the past days that a forecast draws from, and the day after the last one; 422
    where there is no such day, or too many."""
    zone = board.row.time_zone
    today = day_of(board.now, zone)
    end = today if wanted.end is None else min(today, _whole_days_before(wanted.end, zone))
    if wanted.start is None:
        first = end - timedelta(days=sample_days or DEFAULT_SAMPLE_DAYS)
    elif sample_days is None:
        first = _first_whole_day(wanted.start, zone)
    else:
        raise Invalid((("query", "sample_days"), "must not be given together with `from`"))
    if first >= end:
        message = "the sample must have a whole day that is over, in the board's zone"
        raise Invalid((("query", "to" if wanted.start is None else "from"), message))
    if (end - first).days > MOST_SAMPLE_DAYS:
        message = f"the sample must have at most {MOST_SAMPLE_DAYS} days"
        raise Invalid((("query", "from"), message))
    return first, end


def read_days(
    tx: Tx, board: OpenBoard, first: date, end: date, cards: CardFilter
) -> list[Interval]:
    """What each day finished, from one day to before another."""
    zone = board.row.time_zone
    window = Window(start_of_day(first, zone), start_of_day(end, zone))
    return read_throughput(tx, board, window, cards, DAY)


def read_forecast(tx: Tx, board: OpenBoard, question: Question) -> Forecast:
    """The answers to a question, from the sample that it names."""
    first, end = sample_bounds(board, question.wanted, question.sample_days)
    days = read_days(tx, board, first, end, question.wanted.cards)
    sample = PastDays(first, end, [day.count for day in days])
    return forecast_from(tx, board, sample, question)


def forecast_from(tx: Tx, board: OpenBoard, sample: PastDays, question: Question) -> Forecast:
    """The answers to a question; 422 for a day that is not after today, 409 where the sample has
    no finished card."""
    today = day_of(board.now, board.row.time_zone)
    if question.by is not None and question.by <= today:
        raise Invalid((("query", "by"), f"must be after today, {today} in the board's zone"))
    if not any(sample.counts):
        raise nothing_finished(sample)
    items = question.items
    if items is None:
        items = read_backlog(tx, board, question.wanted.cards)
    dates = amounts = None
    if question.asks_when:
        dates = when_done(sample, items, today)
    if question.by is not None:
        amounts = how_many(sample.counts, (question.by - today).days)
    return Forecast(sample, items, today, dates, amounts)


def when_done(sample: PastDays, items: int, today: date) -> dict[int, date | None]:
    """For each percentage the day on which so many cards are done; nothing to do is done today."""
    if not items:
        return dict.fromkeys(POINTS, today)
    most_days = (date.max - today).days
    return {
        point: None if days is None else today + timedelta(days=days)
        for point, days in when(sample.counts, items, most_days=most_days).items()
    }


def read_backlog(tx: Tx, board: OpenBoard, cards: CardFilter) -> int:
    """How many cards of the board are not done yet, wherever they stand; the archived ones do not
    count."""
    if cards == EVERY_CARD:
        kinds = {column.id: column.kind for column in board.shape.columns}
        return sum(n for cell, n in board.counts.items() if kinds.get(cell.column_id) != DONE)
    statement = filtered(select(func.count()), board.id, replace(cards, archived=False))
    found: int = tx.execute(statement.where(Card.done_at.is_(None))).scalar_one()
    return found


def nothing_finished(sample: PastDays) -> NoThroughput:
    """The refusal to forecast from days on which nothing was finished."""
    last = sample.end - timedelta(days=1)
    days = len(sample.counts)
    return NoThroughput(
        f"No such card was finished in the {days} days from {day_words(sample.first)} to "
        f"{day_words(last)}, so there is no pace to forecast from.",
        sample_days=days,
        sample_total=0,
    )


def _whole_days_before(end: str | int, zone: str) -> date:
    return date.fromisoformat(end) if isinstance(end, str) else day_of(end, zone)


def _first_whole_day(start: str | int, zone: str) -> date:
    if isinstance(start, str):
        return date.fromisoformat(start)
    day = day_of(start, zone)
    return day if start_of_day(day, zone) == start else next_day(day)
