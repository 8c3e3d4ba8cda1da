"""The five numbers of a board, each beside the period before. Pure.

Work in progress, the cycle time that 85 % of the cards did not exceed, cards done a week, what is
blocked with the time that this took, and flow efficiency.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from app.cards.clocks import OPEN
from app.flow.blockers import Episode, Span, union
from app.flow.durations import in_words
from app.flow.metrics import DAY, Durations

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


class Stretches(NamedTuple):
    """Times during which cards were blocked, as arrays; `end` is OPEN for what goes on."""

    card_id: Durations
    start: Durations
    end: Durations


def stretches_of(episodes: Sequence[Episode]) -> Stretches:
    """When cards were blocked, by their episodes."""
    import numpy as np  # noqa: PLC0415 - it takes long to load

    rows = [(each.card_id, each.start, OPEN if each.end is None else each.end) for each in episodes]
    return Stretches(*np.array(rows, np.int64).reshape(-1, len(Stretches._fields)).T)


def lost_in(stretches: Stretches, start: int, end: int) -> int:
    """The blocked time within a stretch of time: of each card once, however often it overlaps."""
    import numpy as np  # noqa: PLC0415 - it takes long to load

    since, until = np.maximum(stretches.start, start), np.minimum(stretches.end, end)
    some = np.flatnonzero(until > since)
    order = some[np.lexsort((since[some], stretches.card_id[some]))]
    card, since, until = stretches.card_id[order], since[order], until[order]
    # Hardly any card was blocked twice at once: where none was, nothing is looked at twice.
    overlaps = (card[1:] == card[:-1]) & (since[1:] < until[:-1])
    twice = np.isin(card, card[1:][overlaps])
    lost = int((until - since)[~twice].sum())
    of_card: dict[int, list[Span]] = {}
    rows = zip(card[twice].tolist(), since[twice].tolist(), until[twice].tolist(), strict=True)
    for card_id, *span in rows:
        of_card.setdefault(card_id, []).append(Span(*span))
    return lost + sum(map(union, of_card.values()))


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
