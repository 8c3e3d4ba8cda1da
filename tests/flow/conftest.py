"""A board whose past is played through the API, by a clock that the test sets."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from app import clock
from app.clock import DAY, HOUR
from app.types import parse_moment
from tests.support import BoardOf, Person

START = "2026-01-05T08:00:00Z"


def moment_of(moment: str | int) -> int:
    """A moment in microseconds since 1970, however it is given."""
    return moment if isinstance(moment, int) else parse_moment(moment)


class Time:
    """The time that it is for the whole application."""

    def __init__(self, now: int) -> None:
        self.now = now

    def at(self, moment: str | int) -> int:
        """Lets it be this time from now on; in microseconds since 1970."""
        self.now = moment_of(moment)
        return self.now


@dataclass
class Story:
    """What happens to a card: in which column it stands from when on, and what else it has."""

    title: str
    stays: list[tuple[str | int, str]]
    fields: dict[str, Any] = field(default_factory=dict)
    card: Any = None


def story(done_at: str | int, lead: int = DAY, cycle: int | None = HOUR, **fields: Any) -> Story:
    """What happens to a card that is done at a time and takes so long."""
    end = moment_of(done_at)
    stays: list[tuple[str | int, str]] = [(end - lead, "To do")]
    if cycle is not None:
        stays.append((end - cycle, "In progress"))
    return Story(fields.pop("title", "A card"), [*stays, (end, "Done")], fields)


class Past:
    """A board of three columns (To do, In progress, Done) and its past."""

    def __init__(self, board: BoardOf, time: Time) -> None:
        self.board = board
        self.time = time
        self.columns = {column["name"]: column["id"] for column in board.read()["columns"]}

    def play(self, *stories: Story) -> list[Any]:
        """Lets everything happen in its order; the cards as they stand at the end."""
        steps = sorted(
            (moment_of(at), place, number)
            for number, story in enumerate(stories)
            for place, (at, _) in enumerate(story.stays)
        )
        for at, place, number in steps:
            assert at >= self.time.now, "the board's time does not go back"
            self.time.at(at)
            story = stories[number]
            column = self.columns[story.stays[place][1]]
            if place == 0:
                fields = {**story.fields, "column_id": column}
                story.card = self.board.add(story.title, **fields)
            else:
                body = {"column_id": column}
                moved = self.board.person.post(f"/cards/{story.card['id']}/move", body)
                story.card = moved["card"]
        return [story.card for story in stories]

    def done(self, at: str | int, lead: int = DAY, cycle: int | None = HOUR, **fields: Any) -> Any:
        """A card that was done at a time; one that was never started where `cycle` is None."""
        (card,) = self.play(story(at, lead, cycle, **fields))
        return card

    def stats(self, measure: str = "lead", **query: Any) -> Any:
        """The statistics that the API gives."""
        path = f"/boards/{self.board.key}/stats/{measure}-time"
        return self.board.person.get(path, params=query)

    def found(self, **query: Any) -> list[str]:
        """The titles of the cards that a query measures, the first done first."""
        path = f"/boards/{self.board.key}/stats/lead-time"
        answer = self.board.person.ask("GET", path, params={**query, "format": "csv"})
        assert answer.status_code == 200, answer.text
        titles = [line.split(",")[1] for line in answer.text.splitlines()[1:]]
        assert len(titles) == self.stats(**query)["count"]
        return titles[::-1]


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    """The clock, at the beginning of what is played."""
    time = Time(parse_moment(START))
    monkeypatch.setattr(clock, "now", lambda: time.now)
    return time


@pytest.fixture
def past(time: Time, ada: Person) -> Past:
    """Ada's board OPS in UTC, without limits."""
    return make_past(time, ada, "OPS", "UTC")


def make_past(time: Time, person: Person, key: str, time_zone: str) -> Past:
    """A board without limits whose past is still to come."""
    board = person.board(key, "simple", time_zone=time_zone)
    board.limit("In progress", None)
    return Past(board, time)
