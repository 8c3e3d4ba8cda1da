"""What blocks the work: how often, and how much time it takes from the cards. Pure.

An episode is a blocked interval of a card. It ends with its unblocking, or when its card is done or
archived: then nothing waits any more. It belongs to a window if it began before the window's end
and did not end before its start; of its time the part within the window is lost there. Overlapping
episodes of one card take its time once: from the whole, and from each category and reason.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple


class Episode(NamedTuple):
    """A card's blocked interval; `end` is None while it goes on."""

    card_id: int
    category: str
    reason: str
    start: int
    end: int | None


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
    cards: tuple[tuple[int, int], ...]  # and the time that each of them lost, the most first

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


def add_up(episodes: Iterable[Episode], window: Span, now: int) -> Blockers:
    """Episodes by category and by reason, those that do not belong to the window left out."""
    # What is in progress takes time until now, not until a window's end that is still to come.
    seen = window._replace(end=max(window.start, min(window.end, now)))
    some = [_seen(episode, seen) for episode in episodes if belongs(episode, window)]
    return Blockers(
        _cause("", some),
        _causes(some, lambda each: each.episode.category, lambda some: some[0].episode.category),
        _causes(some, lambda each: same_reason(each.episode.reason), _newest_words),
    )


def balances(episodes: Sequence[Episode], spans: Sequence[Span]) -> list[Balance]:
    """How many episodes began, ended and went on in each of some stretches of time."""
    starts = sorted(each.start for each in episodes)
    ends = sorted(each.end for each in episodes if each.end is not None)

    return [
        Balance(
            bisect_left(starts, span.end) - bisect_left(starts, span.start),
            bisect_left(ends, span.end) - bisect_left(ends, span.start),
            bisect_left(starts, span.end) - bisect_left(ends, span.end),
        )
        for span in spans
    ]


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
    """An episode and the part of it that a window saw."""

    episode: Episode
    span: Span


def _seen(episode: Episode, window: Span) -> _Seen:
    end = window.end if episode.end is None else min(episode.end, window.end)
    return _Seen(episode, Span(max(episode.start, window.start), end))


def _causes(
    episodes: Sequence[_Seen],
    key: Callable[[_Seen], str],
    name: Callable[[Sequence[_Seen]], str],
) -> tuple[Cause, ...]:
    found: dict[str, list[_Seen]] = {}
    for each in episodes:
        found.setdefault(key(each), []).append(each)
    causes = [_cause(name(some), some) for some in found.values()]
    causes.sort(key=lambda cause: (-cause.total, -cause.episodes, cause.name))
    return tuple(causes)


def _newest_words(episodes: Sequence[_Seen]) -> str:
    return max(episodes, key=lambda each: each.episode.start).episode.reason


def _cause(name: str, episodes: Sequence[_Seen]) -> Cause:
    of_card: dict[int, list[Span]] = {}
    for episode, span in episodes:
        of_card.setdefault(episode.card_id, []).append(span)
    lost = [
        # Hardly any card was blocked twice.
        (card_id, union(spans) if len(spans) > 1 else max(0, spans[0].end - spans[0].start))
        for card_id, spans in of_card.items()
    ]
    lost.sort(key=lambda one: (-one[1], one[0]))
    return Cause(
        name=name,
        episodes=len(episodes),
        total=sum(time for _, time in lost),
        open_now=sum(each.episode.end is None for each in episodes),
        cards=tuple(lost),
    )


def union(spans: Iterable[Span]) -> int:
    """How much time some stretches cover: where they overlap, once."""
    covered, reached = 0, 0
    for span in sorted(spans):
        covered += max(0, span.end - max(span.start, reached))
        reached = max(reached, span.end)
    return covered
