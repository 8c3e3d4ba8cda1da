"""The event stream: a board's history as it happens, from any process, while one may see it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import httpx2
import pytest

from app.auth.actor import Actor
from app.cards import service as cards
from app.cards.service import CardFields
from app.db import Tx
from app.live import REMEMBERED
from tests import databases
from tests.servers import Servers, serving
from tests.support import API, BoardOf, Person

LONG = 20.0
_numbers = count(1)


@pytest.fixture(scope="module")
def sqlite_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Two processes of Weir on one SQLite file."""
    folder = tmp_path_factory.mktemp("events")
    with serving(databases.fresh_sqlite(folder / "weir.sqlite3"), folder) as running:
        yield running


@pytest.fixture(scope="module")
def postgresql_servers(
    postgres_databases: databases.PostgresDatabases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Servers]:
    """Two processes of Weir on one PostgreSQL database."""
    folder = tmp_path_factory.mktemp("events")
    with postgres_databases.fresh() as url, serving(url, folder) as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def servers(request: pytest.FixtureRequest) -> Servers:
    """Two processes on one database; the test runs once on each kind."""
    found: Servers = request.getfixturevalue(f"{request.param}_servers")
    return found


@pytest.fixture
def ada(servers: Servers) -> Person:
    """Somebody with an account of their own for each test."""
    return servers.weir.person(f"Ada {next(_numbers)}")


@pytest.fixture
def board(ada: Person) -> BoardOf:
    """A board of Ada's."""
    return ada.board(f"E{ada.id}", template="simple")


class Stream:
    """An open event stream, read message by message."""

    def __init__(self, response: httpx2.Response) -> None:
        self._lines = response.iter_lines()

    def message(self) -> dict[str, str]:
        """The next message that is no comment."""
        fields: dict[str, str] = {}
        for line in self._lines:
            if not line and fields:
                return fields
            if line and not line.startswith(":"):
                name, _, value = line.partition(": ")
                fields[name] = value
        raise EOFError

    def event(self) -> Any:
        """The item of the next message."""
        return json.loads(self.message()["data"])

    def comment(self) -> str:
        """The first comment line."""
        return next(line for line in self._lines if line.startswith(":"))


@contextmanager
def opened(address: str, person: Person, key: str, **more: Any) -> Iterator[Stream]:
    """A stream of a board's events at one of the processes."""
    headers = {"Authorization": f"Bearer {person.token}", **more.pop("headers", {})}
    url = f"{address}{API}/boards/{key}/events"
    with (
        httpx2.Client(timeout=LONG) as client,
        client.stream("GET", url, headers=headers, params=more) as response,
    ):
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        stream = Stream(response)
        stream.comment()  # It is open: what happens from now on arrives.
        yield stream


def test_what_happens_arrives_as_it_stands_in_the_activity(
    servers: Servers, ada: Person, board: BoardOf
) -> None:
    with opened(servers.addresses[0], ada, board.key) as stream:
        card = board.add("A card")
        board.move(card, "In progress")
        created, moved = stream.message(), stream.message()
    assert [created["event"], moved["event"]] == ["card.created", "card.moved"]
    items = board.events()[-2:]
    assert [json.loads(created["data"]), json.loads(moved["data"])] == items
    assert [int(created["id"]), int(moved["id"])] == [item["seq"] for item in items]


def test_what_one_process_commits_reaches_the_streams_of_the_other(
    servers: Servers, ada: Person, board: BoardOf
) -> None:
    with opened(servers.addresses[1], ada, board.key) as stream:
        card = board.add("From the other process")
        assert stream.event()["card"]["id"] == card["id"]


@pytest.mark.parametrize("how", ["Last-Event-ID", "after"])
def test_a_stream_resumes_after_the_last_event_that_was_seen(
    servers: Servers, ada: Person, board: BoardOf, how: str
) -> None:
    seen = board.read()["seq"]
    numbers = [board.add(f"Missed {n}")["number"] for n in range(3)]
    where: dict[str, Any] = (
        {"after": seen} if how == "after" else {"headers": {"Last-Event-ID": str(seen)}}
    )
    with opened(servers.addresses[0], ada, board.key, **where) as stream:
        missed = [stream.event() for _ in numbers]
        later = board.add("Later")
        missed.append(stream.event())
    assert [item["seq"] for item in missed] == list(range(seen + 1, seen + 5))
    assert [item["card"]["number"] for item in missed] == [*numbers, later["number"]]


def test_a_reader_that_comes_back_again_and_again_misses_nothing_and_sees_nothing_twice(
    servers: Servers, ada: Person, board: BoardOf
) -> None:
    first = last = board.read()["seq"]
    got = []
    for turn in range(5):
        board.add(f"Before {turn}")
        address = servers.addresses[turn % 2]
        with opened(address, ada, board.key, after=last) as stream:
            got.append(stream.event()["seq"])
            board.add(f"During {turn}")
            last = stream.event()["seq"]
            got.append(last)
    assert got == list(range(first + 1, first + 11))


def test_a_gap_that_is_too_large_is_told_and_not_filled(
    servers: Servers, ada: Person, board: BoardOf
) -> None:
    actor = ada.actor
    assert isinstance(actor, Actor)

    def many(tx: Tx) -> None:
        for number in range(REMEMBERED + 1):
            cards.create_card(tx, actor, board.key, CardFields(f"One of many {number}"))

    seen = board.read()["seq"]
    servers.weir.db.write_now(many)
    with opened(servers.addresses[0], ada, board.key, after=seen) as stream:
        told = stream.message()
        assert told["event"] == "resync"
        assert int(told["id"]) == board.read()["seq"]
        board.add("After it")
        assert stream.event()["seq"] == int(told["id"]) + 1


def test_somebody_who_has_seen_more_than_there_is_starts_anew(
    servers: Servers, ada: Person, board: BoardOf
) -> None:
    with opened(servers.addresses[0], ada, board.key, after=999_999) as stream:
        assert stream.message()["event"] == "resync"


def test_the_stream_ends_when_the_membership_does(
    servers: Servers, ada: Person, board: BoardOf
) -> None:
    jo = servers.weir.person(f"Jo {ada.id}")
    email = jo.get("/me")["email"]
    ada.post(f"/boards/{board.key}/members", {"email": email, "role": "member"})
    with opened(servers.addresses[1], jo, board.key) as stream:
        ada.delete(f"/boards/{board.key}/members/{jo.id}")
        board.add("A secret of those who stayed")
        told = [stream.message()["event"]]
        while told[-1] != "bye":
            told.append(stream.message()["event"])
        with pytest.raises(EOFError):
            stream.message()
    assert "card.created" not in told


def test_the_stream_ends_when_its_token_is_revoked(
    servers: Servers, ada: Person, board: BoardOf
) -> None:
    other = servers.weir.token(ada)
    token_id = max(token["id"] for token in ada.get("/tokens")["items"])
    with opened(servers.addresses[0], other, board.key) as stream:
        ada.delete(f"/tokens/{token_id}")
        assert stream.message()["event"] == "bye"


def test_a_stranger_and_nobody_get_no_stream(servers: Servers, ada: Person, board: BoardOf) -> None:
    stranger = servers.weir.person(f"Stranger {ada.id}")
    assert stranger.ask("GET", f"/boards/{board.key}/events").status_code == 404
    assert servers.weir.nobody().ask("GET", f"/boards/{board.key}/events").status_code == 401
