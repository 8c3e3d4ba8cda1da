"""Telling viewers that a board has changed: events of the history as server-sent events.

Each board with open streams has one channel, which reads new events once for all of them and
keeps the newest in memory. A stream holds no database connection and no queue: it knows up to
where it has sent, so a slow client catches up from there, or is told to fetch everything anew.
"""

import asyncio
import contextlib
import logging
import sqlite3
from collections import deque
from collections.abc import Collection

import orjson
from fastapi.sse import format_sse_event
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.auth.actor import Credentials, identify
from app.boards.activity import event_json, events_after
from app.boards.history import read_board
from app.db import CHANNEL, POSTGRESQL, Database, Tx
from app.errors import AppError

log = logging.getLogger("weir.live")

REMEMBERED = 500
PING = b": still here\n\n"
PING_SECONDS = 14.0
CHECK_SECONDS = 5.0
POLL_SECONDS = 0.5
SEND_SECONDS = 20.0
BYE = format_sse_event(event="bye", data_str="{}")


class Hub:
    """All open streams of this process."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.channels: dict[int, Channel] = {}
        self.closing = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begins to listen for changes, of this process and of others."""
        self._loop = asyncio.get_running_loop()
        self.db.on_commit = self._committed
        listen = self._listen if self.db.dialect == POSTGRESQL else self._poll
        self._tasks = [asyncio.create_task(listen()), asyncio.create_task(self._tick())]

    async def stop(self) -> None:
        """Ends every stream and stops listening."""
        self.close_streams()
        self.db.on_commit = lambda boards, rights: None
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def close_streams(self) -> None:
        """Ends every stream, so that the server can stop; new ones end at once."""
        self.closing = True
        for channel in self.channels.values():
            channel.wake()

    def channel(self, board_id: int, seq: int) -> "Channel":
        """The channel of a board, made with the first stream."""
        found = self.channels.get(board_id)
        if found is None:
            found = self.channels[board_id] = Channel(self, board_id, seq)
        return found

    def leave(self, channel: "Channel") -> None:
        """Ends a channel to which nobody listens any more."""
        # The next stream may have come meanwhile, and with it another channel of the same board.
        if not channel.streams and self.channels.get(channel.board_id) is channel:
            del self.channels[channel.board_id]

    def _committed(self, boards: set[int], rights: bool) -> None:
        # On a worker thread. Without streams there is nobody to tell.
        if self.channels and self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has just been closed
                self._loop.call_soon_threadsafe(self._changed, boards, rights)

    def _changed(self, boards: set[int], rights: bool) -> None:
        for board_id in self.channels if rights else boards:
            channel = self.channels.get(board_id)
            if channel is not None:
                channel.refresh(rights)

    def _all_changed(self) -> None:
        self._changed(set(self.channels), True)

    async def _tick(self) -> None:
        """Looks at rights that end by themselves (an expired session) and keeps proxies awake."""
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            self._all_changed()

    async def _listen(self) -> None:
        """PostgreSQL: hears of every commit on any process. What was missed while the connection
        was lost is read as soon as it is back."""
        import psycopg  # noqa: PLC0415  # it takes long to load, and SQLite does without

        url = self.db.url.set(drivername="postgresql").render_as_string(hide_password=False)
        told = False
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(
                    url, autocommit=True, application_name="weir listen", connect_timeout=3
                ) as connection:
                    await connection.execute(f"LISTEN {CHANNEL}")
                    told = False
                    self._all_changed()
                    async for notice in connection.notifies():
                        if notice.payload == "rights":
                            self._all_changed()
                        elif notice.payload.isdecimal():
                            self._changed({int(notice.payload)}, False)
            except (psycopg.Error, OSError) as error:
                if not told:
                    log.warning("not listening for changes: %s", " ".join(str(error).split()))
                told = True
            await asyncio.sleep(1)

    async def _poll(self) -> None:
        """SQLite: sees that another process (an import, say) has written to the file."""
        versions: dict[int, int] = {}
        while True:
            await asyncio.sleep(POLL_SECONDS)
            if not self.channels:
                continue
            with contextlib.suppress(AppError, sqlite3.Error):
                connection, version = await self.db.read(data_version)
                if versions.get(connection) != version:
                    self._changed(set(self.channels), False)
                versions[connection] = version


def data_version(tx: Tx) -> tuple[int, int]:
    """A reading connection, and its number that changes when another connection has written to the
    SQLite file. The numbers of two connections have nothing to do with each other."""
    tx.cursor.execute("PRAGMA data_version")
    return id(tx.connection), int(tx.cursor.fetchone()[0])


class Channel:
    """The open streams of one board, and its newest events as they are sent."""

    def __init__(self, hub: Hub, board_id: int, seq: int) -> None:
        self.hub = hub
        self.board_id = board_id
        self.seq = seq  # up to which events are in `recent`
        self.recent: deque[tuple[int, bytes]] = deque(maxlen=REMEMBERED)
        self.streams: set[EventStream] = set()
        self._stale = False
        self._check = False
        self._task: asyncio.Task[None] | None = None

    def wake(self) -> None:
        """Lets every stream look whether there is something for it."""
        for stream in self.streams:
            stream.wakeup.set()

    def refresh(self, check: bool) -> None:
        """Fetches what is new, and looks again at who may see it where `check` says so."""
        self._stale = True
        self._check = self._check or check
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._pump())

    def since(self, seq: int) -> bytes | None:
        """The events after `seq` as they are sent; None where they are not all remembered."""
        if seq >= self.seq:
            return b""
        if self.recent and self.recent[-1][0] == seq + 1:
            return self.recent[-1][1]
        if not self.recent or self.recent[0][0] > seq + 1:
            return None
        return b"".join(frame for number, frame in self.recent if number > seq)

    async def _pump(self) -> None:
        while self._stale:
            self._stale = False
            check, self._check = self._check, False
            asked = {stream.credentials for stream in self.streams}
            try:
                frames, gone = await self.hub.db.read(
                    read_frames, self.board_id, self.seq, asked, check
                )
            except AppError as error:
                log.warning("board %s: %s", self.board_id, error.detail)
                return
            for seq, frame in frames:
                self.recent.append((seq, frame))
                self.seq = seq
            if len(frames) == REMEMBERED:
                self._stale = True
            for stream in self.streams:
                if stream.credentials in gone:
                    stream.ended = True
            self.wake()
            self.hub.leave(self)


def read_frames(
    tx: Tx, board_id: int, after: int, asked: Collection[Credentials] = (), check: bool = False
) -> tuple[list[tuple[int, bytes]], set[Credentials]]:
    """A board's events after a `seq` as they are sent, and those of the asked credentials that do
    not see the board any more; looked at where `check` says so or a membership has changed."""
    rows = events_after(tx, board_id, after, REMEMBERED)
    gone = set()
    if check or any(row.type == "member.changed" for row in rows):
        for credentials in asked:
            try:
                read_board(tx, identify(tx, credentials), board_id=board_id)
            except AppError:
                gone.add(credentials)
    frames = [
        (
            row.seq,
            format_sse_event(
                id=str(row.seq), event=row.type, data_str=orjson.dumps(event_json(row)).decode()
            ),
        )
        for row in rows
    ]
    return frames, gone


class EventStream(Response):
    """The answer that stays open: a board's events after `after`, as they happen."""

    media_type = "text/event-stream"

    def __init__(
        self, hub: Hub, board_id: int, seq: int, after: int | None, credentials: Credentials
    ) -> None:
        super().__init__()
        self.credentials = credentials
        self.wakeup = asyncio.Event()
        self.ended = False
        self._hub = hub
        self._board_id = board_id
        self._seq = seq
        self._sent = seq if after is None else after
        self._disconnected = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends events until the client goes, its rights end or the server stops."""
        await send(
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [
                    (b"content-type", b"text/event-stream; charset=utf-8"),
                    (b"cache-control", b"no-store"),
                    (b"x-accel-buffering", b"no"),
                ],
            }
        )
        channel = self._hub.channel(self._board_id, self._seq)
        channel.streams.add(self)
        watcher = asyncio.create_task(self._watch(receive))
        try:
            # The first bytes open the stream for the client, and find what came in between.
            await self._send(send, PING)
            channel.refresh(False)
            await self._run(channel, send)
        except (OSError, TimeoutError):
            pass  # The client went away, or did not read.
        except AppError as error:
            # The database is gone: the client comes back, and asks for what it has missed.
            log.warning("board %s: %s", self._board_id, error.detail)
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            channel.streams.discard(self)
            watcher.cancel()
            self._hub.leave(channel)

    async def _run(self, channel: Channel, send: Send) -> None:
        loop = asyncio.get_running_loop()
        quiet_since = loop.time()
        if self._sent > self._seq:
            # The client has seen more than there is: another database, or a restored backup.
            await self._send(send, self._resync(self._seq))
        while not (self._disconnected or self._hub.closing):
            self.wakeup.clear()
            if self.ended:
                await self._send(send, BYE)
                break
            data = channel.since(self._sent)
            if data is None:
                data = await self._catch_up()
            elif self._sent < channel.seq:
                self._sent = channel.seq
            if not data and loop.time() - quiet_since > PING_SECONDS - CHECK_SECONDS:
                data = PING
            if data:
                await self._send(send, data)
                quiet_since = loop.time()
                continue
            await self.wakeup.wait()
        if not self._disconnected:
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _catch_up(self) -> bytes:
        frames, _ = await self._hub.db.read(read_frames, self._board_id, self._sent)
        if len(frames) >= REMEMBERED:
            channel = self._hub.channel(self._board_id, self._seq)
            return self._resync(max(channel.seq, frames[-1][0]))
        if frames:
            self._sent = frames[-1][0]
        return b"".join(frame for _, frame in frames)

    def _resync(self, seq: int) -> bytes:
        self._sent = seq
        data = orjson.dumps({"seq": seq}).decode()
        return format_sse_event(event="resync", id=str(seq), data_str=data)

    async def _watch(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._disconnected = True
        self.wakeup.set()

    @staticmethod
    async def _send(send: Send, data: bytes) -> None:
        # A client that does not read is dropped; it catches up when it comes back.
        async with asyncio.timeout(SEND_SECONDS):
            await send({"type": "http.response.body", "body": data, "more_body": True})
