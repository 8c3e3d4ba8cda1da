"""Where the time of many cards went, and what came back: all of them at once. Pure.

The definitions are those of the value stream. A card's time from its creation to done is divided
over the columns that it was in: all its stays, the time in `done` before a reopening included. Each
exit from a column to the right is judged by all that the card did later. The cards come as arrays,
a row a stay: a hundred thousand cards are counted in the time that it takes to ask for them.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from app.boards.shape import ELSEWHERE
from app.cards.clocks import NEVER, OPEN, Columns, Interval, merge

Numbers = NDArray[np.int64]

HERE, OTHER, ACTIVE, DONE = range(4)
"""The kind of a stay: that of its column, or what the card took along from another board."""


class Layout(Protocol):
    """What the journeys ask of a board."""

    @property
    def columns(self) -> Columns:
        """Which columns are active, and which are done."""

    @property
    def order(self) -> Mapping[int, int]:
        """The place of each column from the left; a deleted one has that which it had."""

    @property
    def teams(self) -> Mapping[int, str]:
        """Who works in a column, also in one of another board; some have no team."""

    @property
    def deleted_at(self) -> Mapping[int, int]:
        """When the columns were deleted that are not there any more."""


class Stays(NamedTuple):
    """All stays of some cards, those of a card in order, one card behind the other."""

    card: Numbers
    column: Numbers
    entered_at: Numbers
    left_at: Numbers  # OPEN while the card is there
    kind: Numbers
    started: Numbers  # 1 where work was started in a column of a board that the card has left
    done_at: Numbers  # of the card: NEVER for one that is not done
    started_at: Numbers


class Finished(NamedTuple):
    """Cards that are done: how often each changed hands, and how long it was in progress here."""

    card: Numbers
    at: Numbers
    handoffs: Numbers
    progress: Numbers


class Spent(NamedTuple):
    """The time of finished cards by column, a row for each that a card was in: how much of it was
    work, and how old the card was when it left for the last time (NEVER where work had not been
    started, or it never left)."""

    card: Numbers
    at: Numbers  # when the card was done
    column: Numbers
    lead: Numbers
    process: Numbers
    age: Numbers


class Exits(NamedTuple):
    """Moves out of a column to the right, and whether the card came back into it later by a move
    from the right."""

    card: Numbers
    at: Numbers
    column: Numbers
    came_back: Numbers  # 0 or 1


def finished_of(layout: Layout, stays: Stays) -> Finished:
    """The cards that are done, in the order in which they come.

    A handoff is a move into a column whose team differs from that of the last column with a team
    that the card was in, up to where it was done.
    """
    first = _firsts(stays.card)
    is_done = _is_of(stays, layout.columns.done, DONE)
    was_done = np.zeros_like(is_done)
    was_done[1:] = is_done[:-1] & ~first[1:]
    begins = np.flatnonzero(is_done & ~was_done)
    owner = np.cumsum(first) - 1
    # Where it came into `done` for the last time: what it did in there is no part of the stream.
    last = np.full(np.count_nonzero(first), -1, np.int64)
    np.maximum.at(last, owner[begins], begins)
    codes = {team: code for code, team in enumerate(sorted(set(layout.teams.values())), 1)}
    team = _looked_up(stays.column, {one: codes[name] for one, name in layout.teams.items()}, 0)
    named = np.flatnonzero((team > 0) & (np.arange(len(team)) <= last[owner]))
    changed = (team[named][1:] != team[named][:-1]) & (owner[named][1:] == owner[named][:-1])
    count = np.bincount(owner[named][1:][changed], minlength=len(last)).astype(np.int64)
    here = _looked_up(stays.column, dict.fromkeys(layout.order, 1), 0) > 0
    is_started = np.where(
        stays.kind == HERE, _is_one_of(stays, layout.columns.started), stays.started == 1
    )
    rows = np.flatnonzero(here & is_started & (stays.entered_at <= stays.done_at))
    progress = np.zeros(len(last), np.int64)
    length = np.minimum(stays.left_at[rows], stays.done_at[rows]) - stays.entered_at[rows]
    np.add.at(progress, owner[rows], length)
    heads = np.flatnonzero(first)
    done = heads[stays.done_at[heads] != NEVER]
    of = owner[done]
    return Finished(stays.card[done], stays.done_at[done], count[of], progress[of])


def spent_of(layout: Layout, stays: Stays, blocks: Mapping[int, Sequence[Interval]]) -> Spent:
    """The time of the finished cards by column; `blocks` are the blocked intervals of those that
    have any."""
    # What a card did in `done` after it was done is no part of the stream.
    rows = np.flatnonzero((stays.done_at != NEVER) & (stays.entered_at <= stays.done_at))
    some = Stays(*(values[rows] for values in stays))
    left = np.minimum(some.left_at, some.done_at)
    lead = left - some.entered_at
    is_work = _is_of(some, layout.columns.active, ACTIVE)
    process = np.where(is_work, lead - _blocked(some, left, blocks), 0)
    has_age = (some.left_at != OPEN) & (some.started_at != NEVER)
    age = np.where(has_age, some.left_at - some.started_at, NEVER)
    known = _looked_up(some.column, dict.fromkeys(layout.order, 1), 0)
    column = np.where(known > 0, some.column, ELSEWHERE)
    # The rows of a card and column become one.
    order = np.lexsort((column, some.card))
    keys = np.stack((some.card[order], column[order]))
    starts = np.ones(len(order), bool)
    starts[1:] = (keys[:, 1:] != keys[:, :-1]).any(axis=0)
    at = np.flatnonzero(starts)
    if not len(at):
        return Spent(*(np.empty(0, np.int64) for _ in Spent._fields))
    return Spent(
        keys[0, at],
        some.done_at[order][at],
        keys[1, at],
        np.add.reduceat(lead[order], at),
        np.add.reduceat(process[order], at),
        np.maximum.reduceat(age[order], at),
    )


def exits_of(layout: Layout, stays: Stays) -> Exits:
    """The exits to the right.

    That a column was deleted under a card is nobody's verdict on the work: such a move neither
    hands on nor sends back. A move between boards has no direction.
    """
    place = _looked_up(stays.column, layout.order, -1)
    source, target = place[:-1], place[1:]
    deleted = _looked_up(stays.column[:-1], layout.deleted_at, NEVER)
    told = (
        (stays.card[1:] == stays.card[:-1])
        & (source >= 0)
        & (target >= 0)
        & (stays.left_at[:-1] != OPEN)
        & (stays.left_at[:-1] != deleted)
    )
    right = np.flatnonzero(told & (target > source))
    back = np.flatnonzero(told & (target < source))
    # The last time that a card came back into a column, by both of them as one number.
    span = max(len(layout.order), 1)
    owner = np.cumsum(_firsts(stays.card)) - 1
    came = owner[back] * span + target[back]
    last = np.full(np.count_nonzero(_firsts(stays.card)) * span, -1, np.int64)
    np.maximum.at(last, came, back)
    judged = last[owner[right] * span + source[right]] > right
    return Exits(
        stays.card[right], stays.left_at[right], stays.column[right], judged.astype(np.int64)
    )


def _firsts(card: Numbers) -> NDArray[np.bool_]:
    """Where a card's stays begin."""
    first = np.ones(len(card), bool)
    first[1:] = card[1:] != card[:-1]
    return first


def _is_of(stays: Stays, some: frozenset[int], kind: int) -> NDArray[np.bool_]:
    """Which stays are in one of some columns of the board, which are of a kind."""
    return np.where(stays.kind == HERE, _is_one_of(stays, some), stays.kind == kind)


def _is_one_of(stays: Stays, some: frozenset[int]) -> NDArray[np.bool_]:
    return np.isin(stays.column, np.array(sorted(some), np.int64))


def _looked_up(keys: Numbers, values: Mapping[int, int], otherwise: int) -> Numbers:
    if not values:
        return np.full(len(keys), otherwise, np.int64)
    known = np.array(sorted(values), np.int64)
    found = np.array([values[key] for key in known.tolist()], np.int64)
    at = np.minimum(np.searchsorted(known, keys), len(known) - 1)
    return np.where(known[at] == keys, found[at], otherwise)


def _blocked(stays: Stays, left: Numbers, blocks: Mapping[int, Sequence[Interval]]) -> Numbers:
    """How long each stay was blocked; what overlaps counts once."""
    lost = np.zeros(len(left), np.int64)
    card, start, until = [], [], []
    for card_id, intervals in blocks.items():
        for interval in merge(intervals) if len(intervals) > 1 else intervals:
            card.append(card_id)
            start.append(interval.start)
            until.append(OPEN if interval.until is None else interval.until)
    if not card:
        return lost
    # Each interval is held against each stay of its card.
    heads = np.flatnonzero(_firsts(stays.card))
    owners = stays.card[heads]
    by_id = np.argsort(owners, kind="stable")
    wanted = np.array(card, np.int64)
    at = np.minimum(np.searchsorted(owners[by_id], wanted), max(len(owners) - 1, 0))
    known = owners[by_id][at] == wanted if len(owners) else np.zeros(len(wanted), bool)
    of = by_id[at[known]]
    ends = np.append(heads[1:], len(left))
    lengths = ends[of] - heads[of]
    pairs = np.repeat(np.arange(len(of)), lengths)
    stay = (
        heads[of][pairs] + np.arange(len(pairs)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    )
    begins = np.array(start, np.int64)[known][pairs]
    stops = np.array(until, np.int64)[known][pairs]
    overlap = np.minimum(left[stay], stops) - np.maximum(stays.entered_at[stay], begins)
    np.add.at(lost, stay, np.maximum(overlap, 0))
    return lost
