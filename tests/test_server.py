"""The server as it stands on the network: what it closes, what it refuses, and how it stops."""

import contextlib
import os
import re
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from httpx2 import Client, HTTPError
from sqlalchemy import select

from app.auth import service as auth
from app.boards import service as boards
from app.cards.rebuild import examine_board
from app.cards.service import CardFields, create_card
from app.config import Settings, load_secret
from app.db import Database, Tx
from app.models import Card
from app.protocol import MAX_HEAD, Protocol
from app.schema import upgrade
from app.server import CannotServe, Server, listen, make_server, serve
from tests.lives import make_person
from tests.processes import Served

PATIENCE = 1
SLACK = 5.0
"""Seconds by which a busy machine may be late."""


class Here:
    """A server in this process, on a free port."""

    def __init__(self, database_url: str, data_dir: Path, **settings: Any) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = self.listener.getsockname()
        self.url = f"http://127.0.0.1:{self.address[1]}"
        chosen = Settings(
            database_url=database_url, data_dir=data_dir, base_url=self.url, **settings
        )
        ready = threading.Event()
        self.server = make_server(chosen, ready.set)
        self.db: Database = self.server.config.app.state.db  # type: ignore[union-attr]  # an app
        self._thread = threading.Thread(target=self.server.run, args=([self.listener],))
        self._thread.start()
        assert ready.wait(20)

    def stop(self) -> float:
        """Stops; how many seconds it took."""
        begun = time.monotonic()
        self.server.should_exit = True
        self._thread.join(20)
        assert not self._thread.is_alive()
        return time.monotonic() - begun

    def connect(self) -> socket.socket:
        """A bare connection."""
        return socket.create_connection(self.address, timeout=PATIENCE + SLACK + 5)

    def say(self, *pieces: bytes) -> bytes:
        """All that is answered to some bytes until the connection is closed."""
        with self.connect() as connection:
            for piece in pieces:
                connection.sendall(piece)
            return everything(connection)


def everything(connection: socket.socket) -> bytes:
    """All that comes until the other side closes."""
    received = b""
    while piece := connection.recv(65536):
        received += piece
    return received


def within(seconds: float, is_so: Callable[[], bool]) -> bool:
    """Whether something comes true in that time."""
    deadline = time.monotonic() + seconds
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.05)
    return is_so()


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Here]:
    """A server with little patience, on a database of its own."""
    folder = tmp_path_factory.mktemp("here")
    url = f"sqlite:///{folder / 'weir.db'}"
    upgrade(url)
    server = Here(url, folder, request_timeout=PATIENCE)
    yield server
    server.stop()


GET = b"GET /healthz HTTP/1.1\r\nHost: x\r\n"


# --- What is left open --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        (b"", b""),
        (b"\r\n", b"HTTP/1.1 408"),
        (b"GE", b"HTTP/1.1 408"),
        (GET, b"HTTP/1.1 408"),
        (GET + b"X-Long: aaa", b"HTTP/1.1 408"),
        (GET + b"\r\n" + GET, b"HTTP/1.1 200"),
    ],
)
def test_a_head_that_does_not_come_ends_the_connection(
    here: Here, sent: bytes, answer: bytes
) -> None:
    begun = time.monotonic()
    assert here.say(sent).startswith(answer)
    assert PATIENCE * 0.8 < time.monotonic() - begun < PATIENCE + SLACK


def test_a_head_that_comes_letter_by_letter_is_not_waited_for(here: Here) -> None:
    begun = time.monotonic()
    with here.connect() as connection, contextlib.suppress(OSError):
        for letter in GET * 10:
            connection.sendall(bytes([letter]))
            time.sleep(0.1)  # as a client that dawdles
    assert time.monotonic() - begun < PATIENCE + SLACK


def test_a_body_that_does_not_come_is_not_waited_for(here: Here) -> None:
    begun = time.monotonic()
    answer = here.say(
        b"POST /api/v1/boards HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n"
        b"Content-Type: application/json\r\n\r\n{"
    )
    assert answer.startswith(b"HTTP/1.1 408")
    assert b"/problems/request-timeout" in answer
    assert time.monotonic() - begun < PATIENCE + SLACK


def test_a_connection_that_is_kept_alive_is_closed_when_nothing_follows(here: Here) -> None:
    begun = time.monotonic()
    answers = here.say(GET + b"\r\n", GET + b"\r\n")
    assert answers.count(b"HTTP/1.1 200") == 2
    assert PATIENCE * 0.8 < time.monotonic() - begun < PATIENCE + SLACK


# --- Too much -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "head",
    [
        GET + b"X-Long: " + b"a" * 200_000 + b"\r\n\r\n",
        GET + b"".join(b"X-%d: some value\r\n" % n for n in range(10_000)) + b"\r\n",
        b"GET /" + b"a" * MAX_HEAD + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        GET + b"X-Endless: " + b"a" * 500_000,
    ],
    ids=["one", "many", "address", "endless"],
)
def test_headers_that_are_too_large_are_refused(here: Here, head: bytes) -> None:
    assert here.say(head).startswith(b"HTTP/1.1 431 ")


def test_large_headers_that_fit_are_taken(here: Here) -> None:
    head = GET + b"Connection: close\r\nCookie: " + b"a" * (MAX_HEAD - 200) + b"\r\n\r\n"
    assert here.say(head).startswith(b"HTTP/1.1 200 ")
    in_pieces = [head[at : at + 5000] for at in range(0, len(head), 5000)]
    assert here.say(*in_pieces).startswith(b"HTTP/1.1 200 ")


def test_who_sends_too_large_a_body_still_reads_why_it_is_refused(here: Here) -> None:
    size = 8_000_000
    head = b"POST /api/v1/boards HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % size
    with here.connect() as connection:
        connection.sendall(head)
        with contextlib.suppress(OSError):
            connection.sendall(b"x" * size)
        answer = everything(connection)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert answer.endswith(b"}")


def test_a_body_without_end_that_nobody_reads_ends_the_connection(here: Here) -> None:
    begun = time.monotonic()
    piece = b"1000\r\n" + b"x" * 4096 + b"\r\n"
    with here.connect() as connection:
        connection.sendall(GET + b"Transfer-Encoding: chunked\r\n\r\n")
        with contextlib.suppress(OSError):
            while time.monotonic() - begun < 10:
                connection.sendall(piece)
                time.sleep(0.01)  # the server has time to say no
    assert time.monotonic() - begun < 2 + SLACK


async def endless_answer(scope: Any, receive: Any, send: Any) -> None:
    """An application whose answer fits into no buffer."""
    if scope["type"] == "http":
        size = 50_000_000
        headers = [(b"content-length", str(size).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"x" * size})


def test_who_takes_nothing_of_an_answer_is_dropped() -> None:
    listener = listen("127.0.0.1", 0, patience=PATIENCE / 2)
    config = uvicorn.Config(endless_answer, http=Protocol, ws="none", log_config=None)
    ready = threading.Event()
    server = Server(config, ready.set, lambda: None)
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    assert ready.wait(20)
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(listener.getsockname())
        connection.sendall(GET + b"\r\n")
        assert within(5, lambda: len(server.server_state.connections) == 1)
        assert within(PATIENCE + SLACK, lambda: not server.server_state.connections)
    server.should_exit = True
    thread.join(20)
    listener.close()


# --- What is not HTTP as we take it -------------------------------------------------------------


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET /\xc3\xa4 HTTP/1.1\r\nHost: x\r\n\r\n",
        GET + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
        GET + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        GET + b"Bad Header: x\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
    ids=["two-hosts", "no-host", "tls", "letters", "lengths", "smuggled", "header", "http2"],
)
def test_what_is_not_well_formed_is_refused(here: Here, request_bytes: bytes) -> None:
    assert here.say(request_bytes).startswith(b"HTTP/1.1 400 ")


def test_an_offer_of_another_protocol_is_not_taken(here: Here) -> None:
    offer = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"
    assert here.say(GET + offer + b"\r\n").startswith(b"HTTP/1.1 200 ")


def test_requests_that_come_together_are_answered_in_order(here: Here) -> None:
    last = b"GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    answer = here.say((GET + b"\r\n") * 5 + last)
    assert answer.count(b'{"status":"alive"}') == 5
    assert answer.endswith(b'{"status":"ready"}')


def test_the_server_does_not_tell_what_it_is_made_of(here: Here) -> None:
    answer = here.say(GET + b"Connection: close\r\n\r\n").lower()
    assert b"\r\nserver:" not in answer
    assert b"\r\ndate:" in answer


# --- Starting -----------------------------------------------------------------------------------


def test_several_workers_on_sqlite_are_refused_in_one_line(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    with pytest.raises(CannotServe, match="On SQLite one process serves"):
        serve(settings, "127.0.0.1", 0, workers=2)


def test_a_port_that_is_taken_is_said(here: Here, tmp_path: Path) -> None:
    with pytest.raises(CannotServe, match=r"Cannot listen on 127.0.0.1, port \d+: Address already"):
        serve(Settings(data_dir=tmp_path), "127.0.0.1", here.address[1], workers=1)
    with pytest.raises(CannotServe, match=r"Cannot listen on no\.such\.host\.invalid"):
        serve(Settings(data_dir=tmp_path), "no.such.host.invalid", 0, workers=1)
    assert list(tmp_path.iterdir()) == []


def test_those_who_start_at_once_share_one_key(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: load_secret(settings), range(32)))
    assert len(keys) == 1
    assert [file.name for file in settings.data_dir.iterdir()] == ["secret"]
    settings.key_file.write_text("")
    with pytest.raises(ValueError, match="too short"):
        load_secret(settings)


# --- Stopping -----------------------------------------------------------------------------------


def sign_up(db: Database, key: str = "OPS") -> str:
    """Somebody with a board and a token, made beside the server; the token."""
    ada = make_person(db, "Ada")

    def make(tx: Tx) -> str:
        boards.create_board(tx, ada, key, "Ops", template="simple")
        return auth.create_token(tx, ada, "tests").secret

    return db.write_now(make)


def open_stream(address: tuple[str, int], token: str) -> socket.socket:
    """An event stream whose first bytes have come."""
    connection = socket.create_connection(address, timeout=20)
    connection.sendall(
        b"GET /api/v1/boards/OPS/events HTTP/1.1\r\nHost: x\r\n"
        b"Authorization: Bearer %b\r\n\r\n" % token.encode()
    )
    received = b""
    while b": still here" not in received:
        received += connection.recv(4096)
    assert received.startswith(b"HTTP/1.1 200 "), received
    return connection


def test_open_streams_end_whole_when_the_server_stops(database_url: str, tmp_path: Path) -> None:
    here = Here(database_url, tmp_path)
    token = sign_up(here.db)
    streams = [open_stream(here.address, token) for _ in range(50)]
    seconds = here.stop()
    print(f"stopped with 50 streams in {seconds:.2f} s")
    assert seconds < SLACK
    for stream in streams:
        with stream:
            # The end of a chunked answer: it was finished, not torn off.
            assert everything(stream).endswith(b"0\r\n\r\n")


def test_what_another_process_writes_reaches_the_streams(database_url: str, tmp_path: Path) -> None:
    here = Here(database_url, tmp_path)
    other = Database(database_url, pool_size=1)
    token = sign_up(other)
    with open_stream(here.address, token) as stream:
        for number in range(3):
            fields = CardFields(f"Card {number}")
            other.write_now(create_card, None, "OPS", fields)
            begun = time.monotonic()
            while b"event: card.created" not in stream.recv(4096):
                pass
            # Sooner than the look that is taken every five seconds in any case.
            assert time.monotonic() - begun < 4
    other.close()
    here.stop()


def test_a_request_that_does_not_end_cannot_hold_the_server(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.server.GRACE_SECONDS", 1)
    here = Here(sqlite_url, tmp_path)
    with here.connect() as connection:
        connection.sendall(b"POST /api/v1/boards HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n")
        time.sleep(0.1)  # the head has come
        assert here.stop() < 1 + SLACK


def test_weir_starts_on_an_empty_database_and_stops_with_status_0(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    begun = time.monotonic()
    with Served("", folder) as weir:
        print(f"ready in {time.monotonic() - begun:.2f} s")
        # The last of the lines that it begins with.
        assert within(SLACK, lambda: "The secret key" in "".join(weir.printed))
        text = "".join(weir.printed)
        link = re.search(
            r"Open +(http://127\.0\.0\.1:\d+/setup\?t=\S+) +\(works once, 24 h\)", text
        )
        assert link is not None, text
        assert f"The secret key was made in {folder / 'secret'}" in text
        assert (folder / "secret").stat().st_mode & 0o777 == 0o600
        with Client() as client:
            assert client.get(link[1]).status_code == 200
            assert client.get(link[1] + "x").status_code == 404
            assert client.get(f"{weir.url}/readyz").status_code == 200
        db = Database(f"sqlite:///{folder / 'weir.db'}")
        token = sign_up(db)
        db.close()
        address = ("127.0.0.1", int(weir.url.rpartition(":")[2]))
        streams = [open_stream(address, token) for _ in range(50)]
        status, seconds = weir.stop()
        print(f"stopped in {seconds:.2f} s")
        assert status == 0
        assert seconds < SLACK
        for stream in streams:
            stream.close()
    assert not any(word in line for line in weir.logged for word in ("rror", "Traceback", token))
    assert any("path=/setup status=200" in line for line in weir.logged)

    with Served("", folder, log_level="warning") as weir:
        assert weir.printed == [f"  Weir 0.1.0 is ready: {weir.url}\n"]
        status, _ = weir.stop(signal.SIGINT)
        assert status == 0
    assert weir.logged == []


def keep_adding(url: str, token: str, acknowledged: list[int], stop: threading.Event) -> None:
    """Creates cards until the server is gone; notes the number of each that was answered."""
    with Client(headers={"Authorization": f"Bearer {token}"}, timeout=10) as client:
        while not stop.is_set():
            try:
                answer = client.post(f"{url}/api/v1/boards/OPS/cards", json={"title": "A card"})
            except HTTPError:
                return
            if answer.status_code == 201:
                acknowledged.append(answer.json()["number"])


def test_what_was_answered_survives_kill_9(database_url: str, tmp_path: Path) -> None:
    db = Database(database_url)
    token = sign_up(db)
    db.close()
    acknowledged: list[int] = []
    stop = threading.Event()
    with Served(database_url, tmp_path) as weir, ThreadPoolExecutor(8) as pool:
        url = weir.url
        for _ in range(8):
            pool.submit(keep_adding, url, token, acknowledged, stop)
        deadline = time.monotonic() + 20
        while len(acknowledged) < 100 and time.monotonic() < deadline:
            time.sleep(0.01)
        weir.process.kill()
        stop.set()
    assert len(acknowledged) >= 100
    db = Database(database_url)
    found = db.read_now(lambda tx: sorted(tx.execute(select(Card.number)).scalars()))
    assert set(acknowledged) <= set(found)
    assert found == list(range(1, len(found) + 1))
    assert db.read_now(examine_board, "OPS") == []
    db.close()


# --- Several processes --------------------------------------------------------------------------


def workers_of(weir: Served) -> list[int]:
    """The serving processes of a supervisor."""
    parent = weir.process.pid
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return [
        int(child)
        for child in children
        if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()
    ]


def is_running(process: int) -> bool:
    """Whether a process is there and has not ended, whoever has yet to hear of it."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return "State:\tZ" not in status


def sockets_of(worker: int) -> int:
    """How many connections a process has."""
    return sum("socket:" in str(file.readlink()) for file in Path(f"/proc/{worker}/fd").iterdir())


def test_two_workers_serve_as_one_and_a_dead_one_is_replaced(
    postgresql_url: str, tmp_path: Path
) -> None:
    db = Database(postgresql_url)
    token = sign_up(db)
    db.close()
    with Served(postgresql_url, tmp_path, "--workers", "2") as weir:
        address = ("127.0.0.1", int(weir.url.rpartition(":")[2]))
        first, second = workers_of(weir)
        before = {worker: sockets_of(worker) for worker in (first, second)}
        streams: list[socket.socket] = []
        while len(streams) < 100 and not all(
            sockets_of(worker) > before[worker] + 1 for worker in before
        ):
            streams.append(open_stream(address, token))
        headers = {"Authorization": f"Bearer {token}"}
        with Client(headers=headers, timeout=10) as client:
            # Whichever worker took it: the streams of both tell of it.
            cards = f"{weir.url}/api/v1/boards/OPS/cards"
            assert client.post(cards, json={"title": "A card"}).status_code == 201
        for stream in streams:
            received = b""
            while b"event: card.created" not in received:
                received += stream.recv(4096)
            stream.close()

        os.kill(first, signal.SIGKILL)
        assert within(30, lambda: first not in (now := workers_of(weir)) and len(now) == 2)
        assert any("a worker died" in line and f"pid={first}" in line for line in weir.logged)
        with Client(headers=headers, timeout=20) as client:
            for _ in range(5):
                assert client.get(f"{weir.url}/readyz").status_code == 200
        status, seconds = weir.stop()
        assert status == 0
        assert seconds < SLACK
    assert weir.printed == [f"  Weir 0.1.0 is ready: {weir.url}\n"]


def test_workers_do_not_outlive_their_supervisor(postgresql_url: str, tmp_path: Path) -> None:
    with Served(postgresql_url, tmp_path, "--workers", "2") as weir:
        workers = workers_of(weir)
        assert len(workers) == 2
        weir.process.kill()
        assert within(15, lambda: not any(map(is_running, workers)))
