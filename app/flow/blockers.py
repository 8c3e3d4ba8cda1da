"""What blocks the work: how often, and how much time it takes from the cards. Pure.

An episode is a blocked interval of a card. It ends with its unblocking, or when its card is done or
archived: then nothing waits any more. It belongs to a window if it began before the window's end
and did not end before its start; of its time the part within the window is lost there. Overlapping
episodes of one card take its time once: from the whole, and from each category and reason.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any, NamedTuple

from app.cards.clocks import OPEN
from app.flow.metrics import Durations, total_of

MOST_CARDS = 20
"""Of so many cards it is told what a cause took from them."""


class Episode(NamedTuple):
    """A card's blocked interval; `end` is None while it goes on."""

    card_id: int
    category: str
    reason: str
    start: int
    end: int | None


class Episodes(NamedTuple):
    """Blocked intervals as arrays, in the order in which they began; `end` is OPEN while one goes
    on, `cause` the place of its category and its reason among `causes`."""

    card: Durations
    start: Durations
    end: Durations
    cause: Durations
    causes: Sequence[tuple[str, str]]

    def __len__(self) -> int:
        return len(self.card)

    def some(self, chosen: Any) -> "Episodes":
        """Those at some places, or for which an array has True."""
        return Episodes(
            self.card[chosen], self.start[chosen], self.end[chosen], self.cause[chosen], self.causes
        )

    def belonging(self, window: "Span") -> "Episodes":
        """Those that belong to a window."""
        return self.some((self.start < window.end) & (self.end >= window.start))

    def going_on(self, most: int) -> list[Episode]:
        """Those that go on, as many of them as began first."""
        import numpy as np  # noqa: PLC0415 - it takes long to load

        some = self.some(np.flatnonzero(self.end == OPEN)[:most])
        rows = zip(some.card.tolist(), some.start.tolist(), some.cause.tolist(), strict=True)
        return [
            Episode(card, category, reason, start, None)
            for card, start, cause in rows
            for category, reason in (self.causes[cause],)
        ]


class Span(NamedTuple):
    """A stretch of time: `start <= at < end`."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Cause:
    """Why cards were blocked, and what it took, in microseconds."""

    name: str
    episodes: int
    total: int
    open_now: int
    cards: int
    lost_most: tuple[tuple[int, int], ...]  # cards, and the time that each of them lost

    @property
    def mean(self) -> Fraction | None:
        """The time lost for each episode."""
        return Fraction(self.total, self.episodes) if self.episodes else None


@dataclass(frozen=True, slots=True)
class Blockers:
    """All that blocked cards in a window, whatever took most time first."""

    whole: Cause
    categories: tuple[Cause, ...]
    reasons: tuple[Cause, ...]


class Balance(NamedTuple):
    """A stretch of time: how many episodes began and ended in it, and went on at its end."""

    new: int
    resolved: int
    open: int


def belongs(episode: Episode, window: Span) -> bool:
    """Whether an episode belongs to a window."""
    return episode.start < window.end and (episode.end is None or episode.end >= window.start)


def add_up(episodes: Episodes, window: Span, now: int, most: int = MOST_CARDS) -> Blockers:
    """Episodes by category and by reason, those that do not belong to the window left out; of each
    cause so many of the cards that lost most by it."""
    import numpy as np  # noqa: PLC0415 - it takes long to load

    some = episodes.belonging(window)
    nobody = Cause("", 0, 0, 0, 0, ())
    if not len(some):
        return Blockers(nobody, (), ())
    by_category, names = _grouped(some, lambda category, _: category)
    by_reason, kinds = _grouped(some, lambda _, reason: same_reason(reason))
    # A dict keeps the last one: the words in which a reason was given last.
    order = np.lexsort((-np.arange(len(some)), some.start))
    newest = dict(zip(by_reason[order].tolist(), some.cause[order].tolist(), strict=True))
    reasons = [some.causes[newest[n]][1] for n in range(len(kinds))]
    # In this order once for all: what is put into groups keeps it.
    order = np.lexsort((some.start, some.card))
    seen = _seen(some.some(order), window, now)
    (whole,) = _causes(seen, np.zeros(len(some), np.int64), [""], most)
    return Blockers(
        whole,
        _in_order(_causes(seen, by_category[order], names, most)),
        _in_order(_causes(seen, by_reason[order], reasons, most)),
    )


def balances(episodes: Episodes, spans: Sequence[Span]) -> list[Balance]:
    """How many episodes began, ended and went on in each of some stretches of time."""
    import numpy as np  # noqa: PLC0415 - it takes long to load

    starts, ends = np.sort(episodes.start), np.sort(episodes.end[episodes.end != OPEN])
    since = np.array([span.start for span in spans], np.int64)
    until = np.array([span.end for span in spans], np.int64)
    begun, over = np.searchsorted(starts, until), np.searchsorted(ends, until)
    new = begun - np.searchsorted(starts, since)
    resolved = over - np.searchsorted(ends, since)
    counts = (new.tolist(), resolved.tolist(), (begun - over).tolist())
    return [Balance(*row) for row in zip(*counts, strict=True)]


def lost_by(episode: Episode, window: Span, now: int) -> int:
    """The time that a window lost by one episode."""
    if not belongs(episode, window):
        return 0
    end = min(window.end, now if episode.end is None else min(episode.end, now))
    return max(0, end - max(episode.start, window.start))


def shares(totals: Sequence[int]) -> list[Fraction]:
    """The cumulative shares of some totals, which are in order; of nothing, zeros."""
    whole, found, so_far = sum(totals), list[Fraction](), 0
    for total in totals:
        so_far += total
        found.append(Fraction(so_far, whole) if whole else Fraction(0))
    return found


@lru_cache(1_000)
def same_reason(reason: str) -> str:
    """By what reasons count as the same: their words, without regard to case."""
    return " ".join(reason.casefold().split())


class _Seen(NamedTuple):
    """Episodes, and from when to when a window saw them."""

    card: Durations
    since: Durations
    until: Durations
    goes_on: Durations


def _seen(episodes: Episodes, window: Span, now: int) -> _Seen:
    import numpy as np  # noqa: PLC0415 - it takes long to load

    # What is in progress takes time until now, not until a window's end that is still to come.
    since = np.maximum(episodes.start, window.start)
    until = np.minimum(episodes.end, max(window.start, min(window.end, now)))
    return _Seen(episodes.card, since, np.maximum(since, until), episodes.end == OPEN)


def _grouped(episodes: Episodes, key: Callable[[str, str], str]) -> tuple[Durations, list[str]]:
    """The number of the group of each episode, and the keys of the groups: those are together whose
    category and reason have the same one."""
    import numpy as np  # noqa: PLC0415 - it takes long to load

    there, places = np.unique(episodes.cause, return_inverse=True)
    groups: dict[str, int] = {}
    numbers = [
        groups.setdefault(key(*episodes.causes[cause]), len(groups)) for cause in there.tolist()
    ]
    return np.array(numbers, np.int64)[places], list(groups)


def _causes(seen: _Seen, group: Durations, names: Sequence[str], most: int) -> list[Cause]:
    """What each group of episodes took, of which there are as many as names; of all that was seen,
    by card and time."""
    import numpy as np  # noqa: PLC0415 - it takes long to load

    # Small numbers are put in order in a tenth of the time.
    size = np.int16 if len(names) < 2**15 else np.int64
    order = np.argsort(group.astype(size), kind="stable")
    stretches = (each[order] for each in (group, seen.card, seen.since, seen.until))
    of_group, cards, lost = _lost_in_order(*stretches)
    if most:
        # Those that lost most come first in their group.
        order = np.argsort(-lost, kind="stable")
        order = order[np.argsort(of_group[order].astype(size), kind="stable")]
        cards, lost = cards[order], lost[order]
    bounds = np.searchsorted(of_group, np.arange(len(names) + 1)).tolist()
    episodes = np.bincount(group, minlength=len(names)).tolist()
    going_on = np.bincount(group[seen.goes_on], minlength=len(names)).tolist()
    found = []
    for place, name in enumerate(names):
        first, end = bounds[place], bounds[place + 1]
        first_ones = slice(first, min(end, first + most))
        found.append(
            Cause(
                name=name,
                episodes=episodes[place],
                total=total_of(lost[first:end]),
                open_now=going_on[place],
                cards=end - first,
                lost_most=tuple(
                    zip(cards[first_ones].tolist(), lost[first_ones].tolist(), strict=True)
                ),
            )
        )
    return found


def _in_order(causes: list[Cause]) -> tuple[Cause, ...]:
    return tuple(sorted(causes, key=lambda cause: (-cause.total, -cause.episodes, cause.name)))


def lost_by_card(
    group: Durations, card: Durations, since: Durations, until: Durations
) -> tuple[Durations, Durations, Durations]:
    """The groups, their cards and the time that each of these lost, of stretches of time that are
    in groups and may overlap; by group and card."""
    import numpy as np  # noqa: PLC0415 - it takes long to load

    order = np.lexsort((since, card, group))
    return _lost_in_order(group[order], card[order], since[order], until[order])


def _lost_in_order(
    group: Durations, card: Durations, since: Durations, until: Durations
) -> tuple[Durations, Durations, Durations]:
    import numpy as np  # noqa: PLC0415 - it takes long to load

    is_first = np.ones(len(card), bool)
    is_first[1:] = (card[1:] != card[:-1]) | (group[1:] != group[:-1])
    firsts = np.flatnonzero(is_first)
    lost = np.add.reduceat(until - since, firsts) if len(firsts) else until - since
    # Hardly any card was blocked twice at once: where none was, nothing is looked at twice.
    overlaps = np.flatnonzero(~is_first[1:] & (since[1:] < until[:-1]))
    ends = np.append(firsts[1:], len(card))
    for place in np.unique(np.searchsorted(firsts, overlaps, "right") - 1).tolist():
        some = slice(firsts[place], ends[place])
        spans = zip(since[some].tolist(), until[some].tolist(), strict=True)
        lost[place] = union(Span(*span) for span in spans)
    return group[firsts], card[firsts], lost


def union(spans: Iterable[Span]) -> int:
    """How much time some stretches cover: where they overlap, once."""
    covered, reached = 0, 0
    for span in sorted(spans):
        covered += max(0, span.end - max(span.start, reached))
        reached = max(reached, span.end)
    return covered
