"""The five numbers of a board, each beside the period before. Pure.

Work in progress, the cycle time that 85 % of the cards did not exceed, cards done a week, what is
blocked with the time that this took, and flow efficiency.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from app.flow.blockers import Episodes, Span, lost_by_card
from app.flow.durations import in_words
from app.flow.metrics import DAY, Durations, total_of

WEEK = 7 * DAY
GOOD, BAD, EVEN = "good", "bad", "even"


@dataclass(frozen=True, slots=True)
class Period:
    """What is known of a board and a stretch of time; durations in microseconds."""

    length: int
    wip: int  # at its end
    cycle_time: int | None  # the service level expectation, 85 %
    done: int
    blocked: int  # at its end
    lost: int  # blocked time within it
    process_time: int  # of the cards done in it
    lead_time: int

    @property
    def throughput(self) -> Fraction:
        """Cards done a week."""
        return Fraction(self.done * WEEK, self.length)

    @property
    def efficiency(self) -> Fraction | None:
        """Process time by lead time, of all the cards done together."""
        return Fraction(self.process_time, self.lead_time) if self.lead_time else None


class Strip(NamedTuple):
    """A board's window, and the period of the same length before it."""

    now: Period
    before: Period
    wip_limit: int | None


class Number(NamedTuple):
    """One of the five as a page shows it; `tone` says whether its change is for the better."""

    name: str
    label: str
    words: str
    change: str
    tone: str
    arrow: str


class Times(NamedTuple):
    """What the cards took that were done in a stretch of time."""

    done: int
    lead_time: int
    process_time: int
    cycle_time: int | None  # the service level expectation, 85 %


class Stretches(NamedTuple):
    """Times during which cards were blocked, as arrays; `end` is OPEN for what goes on."""

    card_id: Durations
    start: Durations
    end: Durations


def stretches_of(episodes: Episodes) -> Stretches:
    """When cards were blocked, by their episodes."""
    return Stretches(episodes.card, episodes.start, episodes.end)


def period_of(span: Span, now: int, wip: int, times: Times, blocked: Stretches) -> Period:
    """The five numbers of a stretch of time, from what is known of it."""
    return Period(
        length=span.end - span.start,
        wip=wip,
        cycle_time=times.cycle_time,
        done=times.done,
        blocked=blocked_at(blocked, span.end),
        # What goes on takes time until now, not until an end that is still to come.
        lost=lost_in(blocked, span.start, min(span.end, max(span.start, now))),
        process_time=times.process_time,
        lead_time=times.lead_time,
    )


def lost_in(stretches: Stretches, start: int, end: int) -> int:
    """The blocked time within a stretch of time: of each card once, however often it overlaps."""
    import numpy as np  # noqa: PLC0415 - it takes long to load

    since, until = np.maximum(stretches.start, start), np.minimum(stretches.end, end)
    some = np.flatnonzero(until > since)
    card = stretches.card_id[some]
    *_, lost = lost_by_card(np.zeros(len(some), np.int64), card, since[some], until[some])
    return total_of(lost)


def blocked_at(stretches: Stretches, at: int) -> int:
    """How many cards were blocked just before a moment."""
    import numpy as np  # noqa: PLC0415 - it takes long to load

    return len(np.unique(stretches.card_id[(stretches.start < at) & (stretches.end >= at)]))


def numbers_of(strip: Strip) -> list[Number]:
    """The five numbers in words, each with its change."""
    now, before = strip.now, strip.before
    limit = "" if strip.wip_limit is None else f" / {strip.wip_limit}"
    return [
        Number(
            "wip", "In work", f"{now.wip:,}{limit}", *_counted(now.wip, before.wip, better=None)
        ),
        Number(
            "cycle",
            "85 % done within",
            "–" if now.cycle_time is None else in_words(now.cycle_time, up=True),
            *_timed(now.cycle_time, before.cycle_time),
        ),
        Number(
            "throughput",
            "Done a week",
            tenths(now.throughput),
            *_rated(now.throughput, before.throughput),
        ),
        Number(
            "blocked",
            "Blocked now",
            f"{now.blocked:,}",
            *_counted(now.blocked, before.blocked, better=-1),
        ),
        Number(
            "lost",
            "Blocked time",
            in_words(now.lost) if now.lost else "none",
            *_timed(now.lost, before.lost),
        ),
        Number(
            "efficiency",
            "Flow efficiency",
            "–" if now.efficiency is None else f"{round(now.efficiency * 100)} %",
            *_shared(now.efficiency, before.efficiency),
        ),
    ]


def sort_keys(strip: Strip) -> Mapping[str, Fraction | int | None]:
    """The numbers by their names, for putting boards in order."""
    now = strip.now
    return {
        "wip": now.wip,
        "cycle": now.cycle_time,
        "throughput": now.throughput,
        "blocked": now.blocked,
        "lost": now.lost,
        "efficiency": now.efficiency,
    }


def tenths(value: Fraction) -> str:
    """A number to a tenth: `6.2`, `12`."""
    whole, tenth = divmod(round(value * 10), 10)
    return f"{whole:,}.{tenth}" if tenth else f"{whole:,}"


def _counted(now: int, before: int, *, better: int | None) -> tuple[str, str, str]:
    more = now - before
    words = f"{abs(more):,} {'more' if more > 0 else 'fewer'} than at the start"
    return _change(more, words, better, "as at the start")


def _timed(now: int | None, before: int | None) -> tuple[str, str, str]:
    if now is None or before is None:
        return "" if now is None else "none before", EVEN, ""
    more = now - before
    words = f"{in_words(abs(more))} {'more' if more > 0 else 'less'} than before"
    return _change(more, words, -1)


def _rated(now: Fraction, before: Fraction) -> tuple[str, str, str]:
    more = round((now - before) * 10)
    words = f"{tenths(Fraction(abs(more), 10))} {'more' if more > 0 else 'fewer'} than before"
    return _change(more, words, 1)


def _shared(now: Fraction | None, before: Fraction | None) -> tuple[str, str, str]:
    if now is None or before is None:
        return "" if now is None else "none before", EVEN, ""
    more = round(now * 100) - round(before * 100)
    points = "point" if abs(more) == 1 else "points"
    return _change(more, f"{abs(more)} {points} {'more' if more > 0 else 'less'} than before", 1)


def _change(
    more: int, words: str, better: int | None, same: str = "as before"
) -> tuple[str, str, str]:
    if not more:
        return same, EVEN, ""
    arrow = "▲" if more > 0 else "▼"
    if better is None:
        return words, EVEN, arrow
    return words, GOOD if (more > 0) == (better > 0) else BAD, arrow
