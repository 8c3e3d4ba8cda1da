"""Streams from the inside: pings, clients that do not read, and clients that go and come back."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from app import live
from app.auth import service as auth
from app.auth.actor import Actor, Credentials, digest, identify
from app.boards import service as boards
from app.boards.history import read_board
from app.cards import service as cards
from app.cards.service import CardFields
from app.db import Database, Tx
from app.live import EventStream, Hub

SOON = 10.0


class Viewer:
    """Somebody who looks at a board through a stream, as the server sees them."""

    def __init__(self, hub: Hub, board_id: int, credentials: Credentials, **more: Any) -> None:
        self.received = bytearray()
        self.reads = asyncio.Event()
        self.reads.set()
        self.news = asyncio.Event()
        self.gone = asyncio.Event()
        self.complete = False
        seq = more.pop("seq")
        self.stream = EventStream(hub, board_id, seq, more.get("after"), credentials)
        self.task = asyncio.create_task(self.stream({"type": "http"}, self._receive, self._send))

    async def _receive(self) -> Any:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        await self.reads.wait()
        if message["type"] == "http.response.body":
            self.received += message["body"]
            self.complete = not message["more_body"]
        self.news.set()

    async def sees(self, text: str) -> None:
        """Waits until something has arrived."""
        async with asyncio.timeout(SOON):
            while text.encode() not in self.received:
                self.news.clear()
                await self.news.wait()

    async def leaves(self) -> None:
        """Goes away, as a browser does that is closed."""
        self.gone.set()
        async with asyncio.timeout(SOON):
            await self.task


class Stage:
    """A board, its manager's session, and the hub."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.hub = Hub(db)

        def make(tx: Tx) -> tuple[Actor, str, int]:
            user_id = auth.add_user(tx, "ada@example.org", "Ada", None)
            ada = Actor(user_id, "Ada", "ada@example.org", False)
            board = boards.create_board(tx, ada, "OPS", "Ops", template="simple")
            return ada, auth.begin_session(tx, user_id, "tests", 1), board.id

        self.ada, secret, self.board_id = db.write_now(make)
        self.credentials = Credentials("session", digest(secret))

    async def seq(self) -> int:
        """The board's newest event."""
        board = await self.db.read(lambda tx: read_board(tx, self.ada, key="OPS"))
        return board.seq

    async def viewer(self, **more: Any) -> Viewer:
        """Somebody who opens a stream now."""
        return Viewer(self.hub, self.board_id, self.credentials, seq=await self.seq(), **more)

    async def add(self, title: str) -> None:
        """A card is created."""
        await self.db.write(cards.create_card, self.ada, "OPS", CardFields(title))


@pytest.fixture
def stage(sqlite_url: str) -> Iterator[Stage]:
    """A board and a hub; the loop is made by the test."""
    db = Database(sqlite_url, synchronous="OFF")
    yield Stage(db)
    db.close()


def play(stage: Stage, story: Callable[[], Awaitable[None]]) -> None:
    """Runs a story with the hub at work."""

    async def run() -> None:
        await stage.hub.start()
        try:
            await story()
        finally:
            await stage.hub.stop()

    asyncio.run(run())


def test_a_quiet_stream_is_kept_awake_with_comments(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert live.PING_SECONDS <= 15
    monkeypatch.setattr(live, "PING_SECONDS", 0.1)
    monkeypatch.setattr(live, "CHECK_SECONDS", 0.05)

    async def story() -> None:
        viewer = await stage.viewer()
        await viewer.sees(": still here\n\n" * 4)
        assert b"data:" not in viewer.received
        await viewer.leaves()

    play(stage, story)


def test_signing_out_ends_the_streams_of_the_session(stage: Stage) -> None:
    async def story() -> None:
        viewer = await stage.viewer()
        await viewer.sees(":")
        await stage.db.write(lambda tx: auth.sign_out(tx, identify(tx, stage.credentials)))
        await viewer.sees("event: bye")
        async with asyncio.timeout(SOON):
            await viewer.task
        assert viewer.complete

    play(stage, story)


def test_a_session_that_expires_ends_its_streams_without_anybody_doing_anything(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "CHECK_SECONDS", 0.05)

    async def story() -> None:
        viewer = await stage.viewer()
        await viewer.sees(":")

        def expire(tx: Tx) -> None:
            tx.cursor.execute("UPDATE sessions SET expires_at = 0")

        await stage.db.write(expire)
        await viewer.sees("event: bye")

    play(stage, story)


def test_a_client_that_does_not_read_is_dropped(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "SEND_SECONDS", 0.2)

    async def story() -> None:
        slow, quick = await stage.viewer(), await stage.viewer()
        await slow.sees(":")
        await quick.sees(":")
        slow.reads.clear()
        await stage.add("One")
        async with asyncio.timeout(SOON):
            await slow.task
        await stage.add("Two")
        await quick.sees("Two")
        assert not slow.complete

    play(stage, story)


def test_a_stream_that_opens_while_the_last_one_closes_hears_what_comes(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page that is loaded again closes its stream and opens another at once, while the board's
    events may just be on their way to the first."""
    first_read = asyncio.Event()
    go_on = asyncio.Event()
    read = stage.db.read

    async def slow_read(fn: Any, *args: Any) -> Any:
        found = await read(fn, *args)
        if fn is live.read_frames and not first_read.is_set():
            first_read.set()
            await go_on.wait()
        return found

    async def story() -> None:
        monkeypatch.setattr(stage.db, "read", slow_read)
        first = await stage.viewer()
        await first.sees(":")
        await first_read.wait()
        await first.leaves()
        second = await stage.viewer()
        await second.sees(":")
        go_on.set()
        # What the first one's events were read for comes to its end now.
        for _ in range(20):
            await asyncio.sleep(0)
        await stage.add("After the page was loaded again")
        await second.sees("After the page was loaded again")

    play(stage, story)


def test_a_board_without_streams_is_not_watched(stage: Stage) -> None:
    async def story() -> None:
        viewers = [await stage.viewer() for _ in range(3)]
        for viewer in viewers:
            await viewer.sees(":")
        assert list(stage.hub.channels) == [stage.board_id]
        for viewer in viewers:
            await viewer.leaves()
        assert stage.hub.channels == {}

    play(stage, story)


def test_when_the_server_stops_every_stream_ends_whole(stage: Stage) -> None:
    async def story() -> None:
        viewers = [await stage.viewer() for _ in range(3)]
        for viewer in viewers:
            await viewer.sees(":")
        stage.hub.close_streams()
        async with asyncio.timeout(SOON):
            await asyncio.gather(*(viewer.task for viewer in viewers))
        assert all(viewer.complete for viewer in viewers)
        late = await stage.viewer()
        async with asyncio.timeout(SOON):
            await late.task
        assert late.complete

    play(stage, story)


def test_every_event_reaches_every_viewer_once_and_in_order_however_they_come_and_go(
    stage: Stage,
) -> None:
    """Writers do not wait for anybody; viewers leave and come back with the last they have seen."""

    async def story() -> None:
        begin = await stage.seq()
        seen: list[list[int]] = [[], [], []]

        async def watch(mine: list[int], patience: int) -> None:
            while len(mine) < 60:
                after = mine[-1] if mine else begin
                viewer = await stage.viewer(after=after)
                for _ in range(patience):
                    await asyncio.sleep(0.002)  # it watches for a while
                await viewer.leaves()
                mine += [
                    int(line.removeprefix("id: "))
                    for line in viewer.received.decode().splitlines()
                    if line.startswith("id: ")
                ]

        async def write() -> None:
            for number in range(60):
                await stage.add(f"Card {number}")

        async with asyncio.timeout(30):
            await asyncio.gather(write(), *(watch(mine, n + 1) for n, mine in enumerate(seen)))
        for mine in seen:
            assert mine == list(range(begin + 1, begin + 61))

    play(stage, story)
