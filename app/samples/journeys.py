"""Sixty days of made-up work on a board of the template `dev-ops`: a team that keeps its limits.

Cards arrive, are worked on and are pulled as soon as there is room. It is played in working hours
and put before the given moment, so that the end is the same whenever a sample is made. Pure.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, timedelta
from typing import Any, NamedTuple

from app import clock
from app.clock import HOUR, MINUTE

DAYS = 60
SEED = 909
STEPS = ("Backlog", "Ready", "Doing", "Done", "Test", "Ready to deploy", "Deploy", "In production")
BACKLOG, READY, DOING, DEVELOPED, TEST, WAITING, DEPLOY, PRODUCTION = range(8)

_MORNING, _EVENING = 8, 18
_WORKDAY = _EVENING - _MORNING
_KEPT_DONE = 10 * _WORKDAY  # So long a finished card stays on the board.
# Work in hours in the steps in which somebody works: the middle, and how far it scatters.
_WORK = {DOING: (15.0, 0.65), TEST: (7.0, 0.6), DEPLOY: (3.0, 0.7)}
_ROOM = {READY: 2, TEST: 3, WAITING: 3, DEPLOY: 2}
_DEVELOPMENT = 3  # Two places of the group stay free for those who try the board.
_REASONS = (
    ("Vendor ticket 4471", "waiting_on_vendor"),
    ("Staging is down", "environment"),
    ("Waits for the security review", "approval"),
    ("Nobody knows the old rounding rule", "missing_information"),
    ("Needs the new schema first", "dependency"),
    ("Customer has not confirmed the date", "waiting_on_customer"),
    ("Waits for the database team", "waiting_on_team"),
)
_KINDS = (
    ("feature", "dev", 10),
    ("defect", "dev", 4),
    ("debt", "dev", 2),
    ("improvement", "dev", 2),
    ("ops", "ops", 5),
)
_LABELS = ("api", "billing", "infra", "security", "ux")
# What is there to do: a pattern, and what it is done to.
_TITLES: dict[str, tuple[tuple[str, str], ...]] = {
    "feature": (
        ("Export {} as CSV", "invoices|deliveries|refunds|time sheets|contracts|orders"),
        ("Rate limit for {}", "the public API|webhooks|password resets|uploads|searches"),
        ("Filter {}", "orders by region|the audit log|deliveries by date|refunds by reason"),
        ("Let people undo {}", "an archive|a bulk edit|a merge|an assignment"),
        ("Send {} by e-mail", "receipts|weekly totals|reminders|delivery notes"),
        ("Sign in with {}", "a passkey|the company account|a one-time code"),
        ("Show {} on the dashboard", "open orders|failed payments|stock by site|late orders"),
    ),
    "defect": (
        ("{} are lost after a restart", "Sessions|Drafts|Queued mails|Upload previews"),
        ("Wrong total for {}", "partial refunds|gift cards|two currencies|late fees"),
        ("{} time out at noon", "Exports|Reports|Webhooks|Searches"),
        ("{} cannot be printed", "Labels|Long invoices|Delivery notes|Contracts"),
    ),
    "debt": (
        ("Retire the old {}", "importer|report job|session store|mail queue|price list"),
        ("Split {}", "the billing worker|the order table|the admin pages|the settings"),
    ),
    "improvement": (
        ("Speed up {}", "the search|the nightly build|the first page|the test suite"),
        ("Trace {}", "slow requests|failed jobs|lost messages|cache misses"),
    ),
    "ops": (
        ("Upgrade {}", "PostgreSQL|the load balancer|the build hosts|the mail relay"),
        ("Alert on {}", "certificate expiry|full disks|slow queries|failed backups"),
        ("Restore drill for {}", "the orders database|the file store|the wiki|the ledger"),
        ("Move {} to the new cluster", "the crons|the queue|the search|the metrics"),
        ("Rotate {}", "the signing keys|the database passwords|the TLS certificates"),
    ),
    "incident": (("{} is down", "Checkout|Sign-in|The mail relay|The partner API"),),
}


@dataclass(slots=True)
class Journey:
    """A card on its way; times are working hours since the beginning."""

    title: str
    work_type: str
    team: str
    labels: list[str]
    lane: str
    due_in: int | None
    moves: list[tuple[float, int]]
    blocks: list[tuple[float, float | None, str, str]] = field(default_factory=list)
    work_left: float = 0.0
    blocked_until: float = 0.0
    may_come_back: bool = False

    @property
    def step(self) -> int:
        """Where it is."""
        return self.moves[-1][1]


class Refused(NamedTuple):
    """A card that found a place full: when, and which place."""

    at: float
    card: int
    step: int


@dataclass(frozen=True, slots=True)
class Play:
    """All that happened: the cards in the order of their coming, and what was refused."""

    cards: list[Journey]
    refusals: list[Refused]
    hours: int


def played(seed: int = SEED) -> Play:
    """Lets the team work for sixty days."""
    return _Team(seed).work()


def document(play: Play, now: int) -> dict[str, Any]:
    """What happened as a history document that ends at a moment."""
    when = Calendar(play.hours, now)
    return {
        "format": "weir-history/1",
        "cards": [_entry(index, card, when) for index, card in enumerate(play.cards)],
    }


class Calendar:
    """Working hours as moments: the last one ends a little before now, nights and weekends lie
    between them."""

    def __init__(self, hours: int, now: int) -> None:
        end = clock.to_datetime(now - 10 * MINUTE).astimezone(UTC)
        found: list[int] = []
        hour = end.replace(minute=0, second=0, microsecond=0)
        while len(found) <= hours:
            if hour.weekday() < 5 and _MORNING <= hour.hour < _EVENING:
                found.append(clock.from_datetime(hour))
            hour -= timedelta(hours=1)
        self.hours = hours
        self._moments = found[::-1]
        self._end = clock.from_datetime(end)
        self.today = end.date()

    def at(self, hour: float) -> int:
        """The moment of a working hour."""
        whole = min(int(hour), len(self._moments) - 1)
        return min(self._moments[whole] + int((hour - whole) * HOUR), self._end)

    def day(self, ahead: int) -> date:
        """The day so many days from today."""
        return self.today + timedelta(days=ahead)


class _Team:
    """Who works: as many cards as the limits let in, none faster than it takes."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)  # noqa: S311 - made up, and no secret
        self._cards: list[Journey] = []
        self._refusals: list[Refused] = []
        self._time = 0.0
        self._titles = {kind: list(all_titles(kind)) for kind in _TITLES}
        for titles in self._titles.values():
            self._chance.shuffle(titles)

    def work(self) -> Play:
        """Sixty days, hour by hour."""
        weekdays = DAYS * 5 // 7
        hours = weekdays * _WORKDAY
        for _ in range(6):
            self._arrive()
        for hour in range(hours):
            self._time = float(hour)
            if hour % 6 == 0 and self._count(BACKLOG) < 7 and self._chance.random() < 0.85:
                self._arrive()
            if hour in {hours // 3, 2 * hours // 3, hours - 9}:
                self._arrive("incident", "ops", "Expedite")
            for step in range(DEPLOY, -1, -1):
                for index, card in enumerate(self._cards):
                    if card.step == step:
                        self._go_on(index, card)
            self._come_back()
        for card in self._cards:
            # What is not over yet goes on.
            card.blocks = [
                (start, until if until is not None and until < hours else None, reason, category)
                for start, until, reason, category in card.blocks
            ]
        return Play(self._cards, self._refusals, hours)

    def _soon(self) -> float:
        """A moment later in this hour: what happens has its order, as the limits need it."""
        self._time += self._chance.uniform(0.002, 0.02)
        return self._time

    def _arrive(self, kind: str = "", team: str = "", lane: str = "Standard") -> None:
        if not kind:
            kinds = [each for each in _KINDS if self._titles[each[0]]]
            kind, team, _ = self._chance.choices(kinds, [weight for *_, weight in kinds])[0]
        titles = self._titles[kind]
        labels = sorted(self._chance.sample(_LABELS, self._chance.choice((0, 0, 1, 1, 2))))
        due = self._chance.randint(3, 30) if self._chance.random() < 0.12 else None
        moves = [(self._soon(), BACKLOG)]
        card = Journey(titles.pop(), kind, team, labels, lane, due, moves)
        card.may_come_back = self._chance.random() < 0.06
        self._cards.append(card)

    def _go_on(self, index: int, card: Journey) -> None:
        """Works an hour on a card, or pulls it on where its work is done and there is room."""
        at = self._soon()
        if at < card.blocked_until:
            return
        if card.work_left > 0:
            card.work_left -= 1
            if self._chance.random() < 0.012:
                self._block(at, card)
            return
        step = card.step
        to = step + 1
        if card.lane != "Expedite" and not self._has_room(to):
            if to in _ROOM and step != BACKLOG and self._chance.random() < 0.25:
                self._refusals.append(Refused(at, index, to))
            return
        if step == TEST and self._chance.random() < 0.12 and self._has_room(DOING):
            to = DOING
        card.moves.append((at, to))
        if to in _WORK:
            middle, scatter = _WORK[to]
            pace = 0.2 if card.lane == "Expedite" else 1.0
            card.work_left = pace * middle * self._chance.lognormvariate(0, scatter)

    def _has_room(self, step: int) -> bool:
        if step in {DOING, DEVELOPED}:
            inside = self._count(DOING) + self._count(DEVELOPED)
            return step == DEVELOPED or inside < _DEVELOPMENT
        return step not in _ROOM or self._count(step) < _ROOM[step]

    def _count(self, step: int) -> int:
        return sum(card.step == step and card.lane != "Expedite" for card in self._cards)

    def _block(self, at: float, card: Journey) -> None:
        reason, category = self._chance.choice(_REASONS)
        card.blocked_until = at + self._chance.lognormvariate(2.6, 0.7)
        card.blocks.append((at, card.blocked_until, reason, category))

    def _come_back(self) -> None:
        """Now and then something that was in production proves not to work."""
        for card in self._cards:
            done_for = self._time - card.moves[-1][0]
            if card.may_come_back and card.step == PRODUCTION and done_for > 12:
                if self._has_room(TEST):
                    card.may_come_back = False
                    card.moves.append((self._soon(), TEST))
                    card.work_left = 4
                return


def _entry(index: int, card: Journey, when: Calendar) -> dict[str, Any]:
    due = None if card.due_in is None else when.day(card.due_in)
    if due is not None and card.step == PRODUCTION:
        done = clock.to_datetime(when.at(card.moves[-1][0])).date()
        due = done + timedelta(days=(card.due_in or 0) % 7)
    (begun, first), *moves = card.moves
    put_away = card.moves[-1][0] + _KEPT_DONE
    archived = card.step == PRODUCTION and put_away < when.hours
    return {
        "title": card.title,
        "work_type": card.work_type,
        "service_class": "fixed_date" if due else "standard",
        "team": card.team,
        "labels": card.labels,
        "lane": card.lane,
        "due_on": None if due is None else due.isoformat(),
        "created_at": clock.iso(when.at(begun)),
        "archived_at": clock.iso(when.at(put_away)) if archived else None,
        "column": STEPS[first],
        "moves": [{"at": clock.iso(when.at(at)), "to": STEPS[step]} for at, step in moves],
        "blocks": [
            {
                "from": clock.iso(when.at(start)),
                "until": None if until is None else clock.iso(when.at(until)),
                "reason": reason,
                "category": category,
            }
            for start, until, reason, category in card.blocks
        ],
    }


def all_titles(kind: str) -> Iterator[str]:
    """All titles that a card of a type can have here."""
    for pattern, words in _TITLES[kind]:
        for word in words.split("|"):
            yield pattern.format(word)
