"""Playing a board of any size before it is written: what happens is kept in a file meanwhile."""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, Self

import numpy as np

from app.cards.placing import GAP
from app.samples.department import Department
from app.samples.hours import WorkingTime
from app.samples.lives import Lives, Story
from app.samples.looks import Looks, looks_of
from app.samples.scale import LimitChange, scale_of

AT_ONCE = 20_000
_FIELDS = len(Story._fields)
_BYTES = 8

# Told how far a step of the work has come: its name, and a share from 0 to 1.
Progress = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class Wish:
    """A board that is wanted: of how many cards, from which seed, of how many years up to when."""

    cards: int
    seed: int
    years: float
    end: int
    time_zone: str = "UTC"
    key: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Played:
    """All that happened on a board that is not written yet; its events lie in a file, which is gone
    when the block is left."""

    wish: Wish
    start: int
    looks: Looks
    lives: Lives
    first_limits: dict[int, int]
    last_limits: dict[int, int]
    changes: list[LimitChange]
    stories: IO[bytes]
    events: int

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.stories.close()

    def told(self) -> Iterator[Story]:
        """The events in the order of time, some at once."""
        self.stories.seek(0)
        left = self.events
        while left:
            count = min(AT_ONCE, left)
            left -= count
            read = self.stories.read(count * _FIELDS * _BYTES)
            yield Story(*np.frombuffer(read, np.int64).reshape(count, _FIELDS).T)


def play(wish: Wish, progress: Progress) -> Played:
    """Lets a department work for the time that is wanted; the same wish, the same board."""
    scale = scale_of(wish.cards, wish.years)
    time = WorkingTime(wish.end, wish.years, wish.time_zone)
    for_looks, for_work = np.random.default_rng(wish.seed).spawn(2)
    looks = looks_of(for_looks, wish.cards)
    department = Department(scale, looks, for_work, time.total)
    lives = Lives(wish.cards, GAP)
    stories = tempfile.TemporaryFile(prefix="weir-")  # noqa: SIM115 - it outlives this function
    events = 0
    for reel in department.work():
        if len(reel.hours):
            story = lives.take(reel, time.at(reel.hours))
            stories.write(np.column_stack(story).tobytes())
            events += len(reel.hours)
            progress("playing", float(reel.hours[-1]) / time.total)
    return Played(
        wish,
        time.start,
        looks,
        lives,
        department.first_limits,
        department.limits,
        department.limit_changes,
        stories,
        events,
    )
