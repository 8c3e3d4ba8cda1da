"""What becomes of made-up cards: their places and clocks from what happens to them. Pure.

A few numbers are kept for each card, so that a board of any size is read event by event. Blocked
intervals lie in one stay in an active column each: that is how the department works.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from app.samples import tape
from app.samples.journeys import DEPLOY, DOING, PRODUCTION, TEST
from app.samples.tape import Ints, Reel

NONE = -1
_LATE = np.iinfo(np.int64).max
_ACTIVE = np.isin(np.arange(16) & 7, (DOING, TEST, DEPLOY))
_STARTED = np.isin(np.arange(16) & 7, range(DOING, PRODUCTION))
# What does not change the card itself.
_ASIDE = (tape.CREATED, tape.REFUSED, tape.REFUSED_BLOCKED, tape.LIMITED)


class Story(NamedTuple):
    """Events with what came before them, an entry for each.

    `since` is when the stay or the blocked interval began that the event ends, `was_at` the rank
    that the card had in its old cell; NONE where there is no such thing.
    """

    at: Ints
    codes: Ints
    since: Ints
    was_at: Ints


class Cards(NamedTuple):
    """Some cards as they are at the end, an entry for each; NONE for what is null."""

    numbers: Ints
    cells: Ints
    ranks: Ints
    versions: Ints
    created_at: Ints
    entered_at: Ints
    started_at: Ints
    done_at: Ints
    lead_time: Ints
    cycle_time: Ints
    process_time: Ints
    working_since: Ints
    blocked_time: Ints
    blocked_since: Ints
    was_blocked: NDArray[np.bool_]
    archived_at: Ints
    discarded_at: Ints
    edited: NDArray[np.bool_]
    assigned: NDArray[np.bool_]


class Lives:
    """All cards of a board, as far as the story has been told."""

    def __init__(self, cards: int, gap: int) -> None:
        self._gap = gap
        self._last_ranks = np.zeros(16, np.int64)
        self.reason = np.full(cards + 1, NONE, np.int16)
        self.cell = np.full(cards + 1, NONE, np.int8)
        self._rank = np.zeros(cards + 1, np.int64)
        self._version = np.ones(cards + 1, np.int32)
        self._created = np.full(cards + 1, NONE, np.int64)
        self._entered = np.full(cards + 1, NONE, np.int64)
        self._started = np.full(cards + 1, _LATE, np.int64)
        self._done = np.full(cards + 1, NONE, np.int64)
        self._process = np.zeros(cards + 1, np.int64)
        self._blocked = np.full(cards + 1, NONE, np.int64)
        self._unblocked = np.full(cards + 1, NONE, np.int64)
        self._blocked_time = np.zeros(cards + 1, np.int64)
        self._archived = np.full(cards + 1, NONE, np.int64)
        self._discarded = np.full(cards + 1, NONE, np.int64)
        self._edited = np.zeros(cards + 1, np.bool_)
        self._assigned = np.zeros(cards + 1, np.bool_)

    def take(self, reel: Reel, at: Ints) -> Story:
        """Reads on; what happened with what came before it."""
        numbers, kinds = reel.numbers, reel.kinds
        since = np.full(len(at), NONE, np.int64)
        was_at = np.full(len(at), NONE, np.int64)
        self._take_ranks(reel, was_at)
        self._take_moves(reel, at, since)
        self._take_blocks(reel, at, since)
        changed = numbers[~np.isin(kinds, _ASIDE)]
        np.add.at(self._version, changed, 1)
        for kind, when in (
            (tape.CREATED, self._created),
            (tape.ARCHIVED, self._archived),
            (tape.DISCARDED, self._discarded),
        ):
            (which,) = np.nonzero(kinds == kind)
            when[numbers[which]] = at[which]
        self._edited[numbers[kinds == tape.EDITED]] = True
        self._assigned[numbers[kinds == tape.ASSIGNED]] = True
        return Story(at, reel.codes, since, was_at)

    def _take_ranks(self, reel: Reel, was_at: Ints) -> None:
        """Each card comes to the end of its cell, behind all that came before."""
        kinds = reel.kinds
        (which,) = np.nonzero(kinds <= tape.REORDERED)
        cells = reel.target[which]
        ranks = np.empty(len(which), np.int64)
        for cell in range(16):
            (here,) = np.nonzero(cells == cell)
            ranks[here] = self._last_ranks[cell] + self._gap * np.arange(1, len(here) + 1)
            self._last_ranks[cell] += self._gap * len(here)
        numbers = reel.numbers[which]
        was_at[which] = _before(numbers, ranks, self._rank)
        _before(numbers, cells, self.cell)
        was_at[kinds == tape.CREATED] = NONE

    def _take_moves(self, reel: Reel, at: Ints, since: Ints) -> None:
        kinds, source, target = reel.kinds, reel.source, reel.target
        created = kinds == tape.CREATED
        moved = (kinds == tape.MOVED) & ((source & 7) != (target & 7))
        (which,) = np.nonzero(created | moved)
        numbers, when = reel.numbers[which], at[which]
        entered = _before(numbers, when, self._entered)
        since[which] = np.where(created[which], NONE, entered)
        worked = moved[which] & _ACTIVE[source[which]]
        np.add.at(self._process, numbers[worked], (when - entered)[worked])
        begun = _STARTED[target[which]]
        np.minimum.at(self._started, numbers[begun], when[begun])
        done = (target[which] & 7) == PRODUCTION
        _before(numbers, np.where(done, when, NONE), self._done)

    def _take_blocks(self, reel: Reel, at: Ints, since: Ints) -> None:
        kinds = reel.kinds
        (which,) = np.nonzero((kinds == tape.BLOCKED) | (kinds == tape.UNBLOCKED))
        numbers, when = reel.numbers[which], at[which]
        over = kinds[which] == tape.UNBLOCKED
        begun = _before(numbers, np.where(over, NONE, when), self._blocked)
        _before(numbers, reel.codes[which] & 255, self.reason)
        since[which[over]] = begun[over]
        lost = (when - begun)[over]
        np.add.at(self._process, numbers[over], -lost)
        np.add.at(self._blocked_time, numbers[over], lost)
        np.maximum.at(self._unblocked, numbers[over], when[over])

    def cards(self, first: int, last: int) -> Cards:
        """The cards with the numbers from `first` to `last`."""
        some = slice(first, last + 1)
        created, entered, done = self._created[some], self._entered[some], self._done[some]
        started = np.where(self._started[some] == _LATE, NONE, self._started[some])
        blocked, unblocked = self._blocked[some], self._unblocked[some]
        is_done = done != NONE
        in_work = _ACTIVE[self.cell[some]]
        # Work that goes on: what lies before the end of the last block is over, and of a blocked
        # card what lies before its block.
        since = np.maximum(entered, unblocked)
        until = np.where(blocked == NONE, since, blocked)
        process = self._process[some] + np.where(in_work, until - entered, 0)
        return Cards(
            np.arange(first, first + len(created)),
            self.cell[some].astype(np.int64),
            self._rank[some],
            self._version[some].astype(np.int64),
            created,
            entered,
            started,
            done,
            np.where(is_done, done - created, NONE),
            np.where(is_done & (started != NONE), np.maximum(0, done - started), NONE),
            process,
            np.where(in_work & (blocked == NONE), since, NONE),
            self._blocked_time[some],
            blocked,
            (blocked != NONE) | (unblocked != NONE),
            self._archived[some],
            self._discarded[some],
            self._edited[some],
            self._assigned[some],
        )


def _before(numbers: Ints, values: Ints, state: NDArray[np.signedinteger]) -> Ints:
    """For each event the value that its card had before; `state` has the cards' values and takes
    the new ones."""
    if not len(numbers):
        return np.empty(0, np.int64)
    order = np.argsort(numbers, kind="stable")
    who, new = numbers[order], values[order]
    other = who[1:] != who[:-1]
    first, last = np.concatenate(([True], other)), np.concatenate((other, [True]))
    previous = np.empty(len(new), np.int64)
    previous[1:] = new[:-1]
    previous[first] = state[who[first]]
    state[who[last]] = new[last]
    found = np.empty(len(new), np.int64)
    found[order] = previous
    return found
