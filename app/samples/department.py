"""A department at work on a board of any size: what happens, event by event, within the limits.

Cards arrive, wait, are pulled where there is room, are worked on, blocked, sent back, finished,
reopened and archived. Time is counted in hours of work. Pure: the same seed, the same events.
"""

from array import array
from collections import deque
from collections.abc import Callable, Iterator
from heapq import heappop, heappush
from math import exp, log1p, sqrt

import numpy as np

from app.samples import fates, tape
from app.samples.fates import arrivals, stream
from app.samples.journeys import (
    BACKLOG,
    DEPLOY,
    DEVELOPED,
    DOING,
    PRODUCTION,
    READY,
    TEST,
    WAITING,
)
from app.samples.looks import REASONS, Looks
from app.samples.scale import GROUP, LANE, PLACES, LimitChange, Scale, growth, planned_limits
from app.samples.tape import EXPEDITE, Reel

AT_ONCE = 100_000
GONE = 255

# What the heap holds: something that is due, for a card.
_ARRIVE, _FINISH, _BLOCK, _UNBLOCK, _DROP, _REOPEN, _DAY = range(7)
_WORKDAY = 10.9  # hours
# Hours of work: the middle, how far it scatters, and how often a card is blocked meanwhile.
_WORK = {DOING: (6.0, 0.8, 0.09), TEST: (4.6, 0.7, 0.06), DEPLOY: (2.4, 0.8, 0.05)}
_BLOCKED = (5.0, 1.0)
_LONGEST_BLOCK = 120.0
_QUICK = 0.25
_PLACE_OF: tuple[int | None, ...] = (None, READY, GROUP, GROUP, TEST, WAITING, DEPLOY, None)


class Department:
    """Everybody who works on the board, and the board as it is meanwhile."""

    def __init__(self, scale: Scale, looks: Looks, chance: np.random.Generator, hours: float):
        self.limit_changes: list[LimitChange] = []
        self.limits = {place: scale.limit(place, growth(0.0)) for place in PLACES}
        self.first_limits = dict(self.limits)
        self._scale = scale
        self._hours = hours
        arrival_chance, fate_chance, *rest = chance.spawn(4)
        self._arrivals = array("d", arrivals(arrival_chance, scale.cards, hours).tobytes())
        self._fates = array("H", fates.fates_of(fate_chance, looks).astype(np.uint16).tobytes())
        self._uniform = stream(rest[0].random)
        self._normal = stream(rest[1].standard_normal)
        self._rate = scale.cards / hours
        # Bigger boards have smaller cards.
        self._size = 1 / scale.factor
        # Between things that happen at once lie some moments.
        self._tick = min(0.02, 0.1 * hours / (12 * scale.cards))
        self._kept_hours = scale.kept / self._rate
        self._due: list[tuple[float, int]] = []
        self._now = 0.0
        self._times: list[float] = []
        self._codes: list[int] = []
        cards = scale.cards + 1
        self._step = bytearray(cards)
        self._lane = bytearray(cards)
        self._done_at = array("d", bytes(8 * cards))
        self._reason: dict[int, int] = {}
        self._backlog: list[tuple[float, int]] = []
        self._urgent: deque[int] = deque()
        self._ready: deque[int] = deque()
        self._developed: deque[int] = deque()
        self._tested: deque[int] = deque()
        self._returned: deque[int] = deque()
        self._waiting: deque[int] = deque()
        self._finished: deque[tuple[float, int]] = deque()
        self._held = dict.fromkeys(PLACES, 0)
        self._wanted_limits = deque(planned_limits(scale, hours))

    def work(self) -> Iterator[Reel]:
        """All that happens, some events at a time."""
        heappush(self._due, (0.0, _DAY))
        heappush(self._due, (self._arrivals[0], (1 << 3) | _ARRIVE))
        then: tuple[Callable[[int], None], ...] = (
            self._arrive,
            self._finish,
            self._block,
            self._unblock,
            self._drop,
            self._reopen,
            self._begin_day,
        )
        while self._due:
            at, key = heappop(self._due)
            if at >= self._hours:
                break
            self._now = max(self._now, at)
            then[key & 7](key >> 3)
            self._pull()
            if len(self._codes) >= AT_ONCE:
                yield self._reel()
        yield self._reel()

    # --- What is due

    def _arrive(self, number: int) -> None:
        if number < self._scale.cards:
            heappush(self._due, (self._arrivals[number], ((number + 1) << 3) | _ARRIVE))
        fate = self._fates[number - 1]
        if fate & fates.IS_INCIDENT:
            self._arrive_urgently(number, fate)
            return
        self._tell(number, tape.CREATED, BACKLOG)
        usual = self._scale.backlog / self._rate
        if fate & (fates.IS_DROPPED | fates.IS_UNSTARTED):
            # Nobody gets to it before it turns out that nobody has to.
            self._later(2.5 * usual * self._wait(), number, _DROP)
            heappush(self._backlog, (self._now + 20 * usual, number))
            return
        patience = 0.5 * usual * exp(1.2 * self._normal())
        heappush(self._backlog, (self._now + patience, number))
        if self._held[READY] >= self.limits[READY] and self._uniform() < 0.01:
            self._refused(number, READY)

    def _arrive_urgently(self, number: int, fate: int) -> None:
        if fate & fates.IS_RAISED:
            self._tell(number, tape.CREATED, BACKLOG)
            self._tell(number, tape.MOVED, (BACKLOG << 4) | BACKLOG | EXPEDITE)
        else:
            self._tell(number, tape.CREATED, BACKLOG | EXPEDITE)
        self._lane[number] = EXPEDITE
        self._urgent.append(number)
        if self._held[LANE] >= self.limits[LANE] and self._uniform() < 0.5:
            self._refused(number, LANE)

    def _finish(self, number: int) -> None:
        """Somebody has finished the work on a card in its column."""
        step = self._step[number]
        if self._lane[number]:
            self._go_on_urgently(number, step)
        elif step == DOING:
            self._after_doing(number)
        elif step == TEST:
            self._after_test(number)
        else:
            self._after_deploy(number)

    def _after_doing(self, number: int) -> None:
        fate, chance = self._fates[number - 1], self._uniform()
        if chance < 0.012:
            self._tell(number, tape.DISCARDED, DOING)
            self._held[GROUP] -= 1
            self._step[number] = GONE
        elif fate & fates.SKIPS_TEST and self._has_room(WAITING):
            self._go(number, WAITING)
            self._waiting.append(number)
        elif chance < 0.3 and not self._developed and self._has_room(TEST):
            self._go(number, TEST)
            self._begin(number, TEST)
        else:
            self._go(number, DEVELOPED)
            self._developed.append(number)
            if chance > 0.94 and not self._has_room(TEST):
                self._refused(number, TEST)

    def _after_test(self, number: int) -> None:
        chance = self._uniform()
        if chance < 0.11:
            self._give_back(number)
        elif chance < 0.13:
            self._go(number, PRODUCTION)
        else:
            self._tested.append(number)
            if chance > 0.85 and not self._has_room(WAITING):
                self._refused(number, WAITING)

    def _give_back(self, number: int) -> None:
        """A card that did not pass goes back to development, as soon as there is room."""
        if self._has_room(GROUP):
            self._go(number, DOING)
            self._begin(number, DOING, _QUICK)
            return
        if self._uniform() < 0.3:
            self._refused(number, GROUP)
        if len(self._returned) < max(1, self.limits[TEST] // 3):
            self._returned.append(number)
        else:
            # With more of them here and everything developed before them nobody could go on.
            self._begin(number, TEST, _QUICK)

    def _after_deploy(self, number: int) -> None:
        if self._uniform() < 0.03 and self._has_room(WAITING):
            # Rolled back; it is tried again.
            self._go(number, WAITING)
            self._waiting.append(number)
        else:
            self._go(number, PRODUCTION)

    def _go_on_urgently(self, number: int, step: int) -> None:
        to = {DOING: TEST, TEST: DEPLOY, DEPLOY: PRODUCTION}[step]
        self._go(number, to)
        if to != PRODUCTION:
            self._begin(number, to, _QUICK)

    def _block(self, number: int) -> None:
        chance = self._uniform()
        # The first reasons are the most frequent ones.
        reason = int(len(REASONS) * chance * (0.6 + 0.4 * chance))
        self._reason[number] = reason
        self._tell(number, tape.BLOCKED, reason)
        if self._uniform() < 0.04:
            to = (self._step[number] + 1) | self._lane[number]
            self._tell(number, tape.REFUSED_BLOCKED, to)

    def _unblock(self, number: int) -> None:
        self._tell(number, tape.UNBLOCKED, self._reason.pop(number))

    def _drop(self, number: int) -> None:
        if self._step[number] != BACKLOG:
            return
        if self._fates[number - 1] & fates.IS_UNSTARTED:
            # It proved to be done already.
            self._go(number, PRODUCTION)
            return
        self._tell(number, tape.DISCARDED, BACKLOG)
        self._step[number] = GONE

    def _reopen(self, number: int) -> None:
        """Something that was in production proves not to work."""
        if self._step[number] != PRODUCTION or self._lane[number]:
            return
        if not self._has_room(GROUP):
            self._refused(number, GROUP)
        self._returned.append(number)

    def _begin_day(self, day: int) -> None:
        self._later(_WORKDAY, day + 1, _DAY)
        while self._finished and self._finished[0][0] < self._now - self._kept_hours:
            at, number = self._finished.popleft()
            if self._step[number] == PRODUCTION and self._done_at[number] == at:
                self._tell(number, tape.ARCHIVED, PRODUCTION | self._lane[number])
                self._step[number] = GONE
        while self._wanted_limits and self._wanted_limits[0][0] <= self._now:
            _, place, new = self._wanted_limits.popleft()
            old = self.limits[place]
            if new != old:
                self._tell(len(self.limit_changes), tape.LIMITED, place)
                self.limit_changes.append(LimitChange(place, old, new))
                self.limits[place] = new

    # --- What follows

    def _pull(self) -> None:
        """Whoever has room takes the next card, from the right to the left."""
        held, limits = self._held, self.limits
        while self._waiting and held[DEPLOY] < limits[DEPLOY]:
            number = self._waiting.popleft()
            self._go(number, DEPLOY)
            self._begin(number, DEPLOY)
        while self._tested and held[WAITING] < limits[WAITING]:
            number = self._tested.popleft()
            self._go(number, WAITING)
            self._waiting.append(number)
        while self._developed and held[TEST] < limits[TEST]:
            number = self._developed.popleft()
            self._go(number, TEST)
            self._begin(number, TEST)
        while self._returned and held[GROUP] < limits[GROUP]:
            number = self._returned.popleft()
            # Some of what is to come back has been archived meanwhile.
            if self._step[number] != GONE:
                self._go(number, DOING)
                self._begin(number, DOING, _QUICK)
        while self._ready and held[GROUP] < limits[GROUP]:
            number = self._ready.popleft()
            if self._fates[number - 1] & fates.IS_ASSIGNED:
                self._tell(number, tape.ASSIGNED, 0)
            self._go(number, DOING)
            self._begin(number, DOING)
        while self._backlog and held[READY] < limits[READY]:
            _, number = heappop(self._backlog)
            if self._step[number] == BACKLOG:
                self._get_ready(number)
        while self._urgent and held[LANE] < limits[LANE]:
            number = self._urgent.popleft()
            self._go(number, DOING)
            self._begin(number, DOING, _QUICK)

    def _get_ready(self, number: int) -> None:
        fate = self._fates[number - 1]
        if fate & fates.IS_REORDERED:
            self._tell(number, tape.REORDERED, BACKLOG)
        if fate & fates.IS_DESCRIBED:
            self._tell(number, tape.EDITED, 0)
        self._go(number, READY)
        self._ready.append(number)

    def _begin(self, number: int, step: int, share: float = 1.0) -> None:
        """Somebody begins to work on a card; now and then it is blocked meanwhile."""
        middle, scatter, blocked = _WORK[step]
        # With more before them people hurry, with less they take their time.
        pace = (self._scale.backlog / (len(self._backlog) + 1.0)) ** 0.6
        pace = min(3.0, max(0.3, pace)) * self._size * share
        takes = middle * pace * exp(scatter * self._normal())
        if self._uniform() < blocked:
            until = _BLOCKED[0] * exp(_BLOCKED[1] * self._normal())
            lost = min(_LONGEST_BLOCK, until) * sqrt(self._size)
            before = takes * self._uniform()
            self._later(before, number, _BLOCK)
            self._later(before + lost, number, _UNBLOCK)
            takes += lost
        self._later(takes, number, _FINISH)

    def _go(self, number: int, to: int) -> None:
        """A card moves to another column of its lane."""
        source, lane = self._step[number], self._lane[number]
        if lane:
            self._held[LANE] += (to != PRODUCTION) - (source not in {BACKLOG, PRODUCTION})
        else:
            left, taken = _PLACE_OF[source], _PLACE_OF[to]
            if left is not None:
                self._held[left] -= 1
            if taken is not None:
                self._held[taken] += 1
        self._step[number] = to
        self._tell(number, tape.MOVED, ((source | lane) << 4) | to | lane)
        if to == PRODUCTION:
            self._done_at[number] = self._now
            self._finished.append((self._now, number))
            if self._fates[number - 1] & fates.IS_REOPENED and not lane:
                self._fates[number - 1] ^= fates.IS_REOPENED
                self._later(0.5 * self._kept_hours * self._wait(), number, _REOPEN)

    def _has_room(self, place: int) -> bool:
        return self._held[place] < self.limits[place]

    def _refused(self, number: int, place: int) -> None:
        # A limit can have been set below what is there.
        over = min(15, self._held[place] - self.limits[place])
        self._tell(number, tape.REFUSED, (over << 4) | place)

    def _tell(self, number: int, kind: int, detail: int) -> None:
        self._now += self._tick * self._uniform()
        self._times.append(self._now)
        self._codes.append((number << 12) | (kind << 8) | detail)

    def _later(self, hours: float, number: int, what: int) -> None:
        heappush(self._due, (self._now + hours, (number << 3) | what))

    def _wait(self) -> float:
        """How long one waits for what may come at any time, about 1."""
        return -log1p(-self._uniform())

    def _reel(self) -> Reel:
        reel = Reel(np.array(self._times, np.float64), np.array(self._codes, np.int64))
        self._times.clear()
        self._codes.clear()
        return reel
