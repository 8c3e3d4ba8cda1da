"""Prints every figure of speed: `python -m tests.benchmarks [--quick] [sqlite] [postgresql]`.

Weir runs as `weir serve` does, one process, SQLite with synchronous=FULL, PostgreSQL with fsync;
the load comes from the same machine. `--quick` leaves the million cards out.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import httpx2

from app.boards.history import lock_board
from app.cards.closed_days import forget_days
from app.cards.service import move_card
from app.db import Database, Tx
from app.flow.closing import DayCloser
from app.schema import upgrade
from tests import databases
from tests.benchmarks.data import Bench, analyze, done_since, make_board, make_used, some_new_cards
from tests.benchmarks.load import Outcome, load, request

ROOT = Path(__file__).parent.parent.parent
SECONDS = 3.0
WINDOW = 5_000
MOVES = 300
# The statistics that are asked for, and within how many milliseconds they are to be there.
STATISTICS = (
    ("lead-time?from={since}", 25),
    ("cycle-time?from={since}", 25),
    ("process-time?from={since}", 25),
    ("lead-time?from=1970-01-01", 25),
    ("throughput?from={since}", 25),
    ("cfd?from={three_years_ago}", 40),
    ("aging", 50),
    ("value-stream", 50),
    ("blockers", 50),
    ("refusals", 50),
    ("work-mix", 50),
    ("constraint", 50),
    ("summary", 50),
    ("forecast?items=100", 50),
)


class Server:
    """A served application, with the processor time that it has used."""

    def __init__(self, arguments: list[str], port: int, path: str, **environment: str) -> None:
        self.port = port
        begun = time.perf_counter()
        self.process = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdout=subprocess.DEVNULL,
        )
        while True:
            try:
                if httpx2.get(f"http://127.0.0.1:{port}{path}", timeout=5).is_success:
                    break
            except httpx2.TransportError:
                if self.process.poll() is not None or time.perf_counter() - begun > 60:
                    raise
                time.sleep(0.02)
        self.ready_after = time.perf_counter() - begun

    def cpu(self) -> float:
        """Seconds of processor time until now."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self) -> float:
        """Resident memory in KiB."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1024

    def end(self) -> None:
        """Ends it."""
        self.process.terminate()
        self.process.wait(20)


@contextmanager
def bare() -> Iterator[Server]:
    """The yardstick."""
    port = free_port()
    server = Server(["tests.benchmarks.serve", str(port)], port, "/bare")
    try:
        yield server
    finally:
        server.end()


@contextmanager
def weir(url: str, folder: Path) -> Iterator[Server]:
    """Weir on a database."""
    port = free_port()
    server = Server(
        ["app.cli", "serve", "--port", str(port)],
        port,
        "/readyz",
        WEIR_DATABASE_URL=url,
        WEIR_DATA_DIR=str(folder),
        WEIR_LOG_LEVEL="warning",
    )
    try:
        yield server
    finally:
        server.end()


def free_port() -> int:
    """A port on 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def say(what: str, figure: str, goal: str = "") -> None:
    """Prints a figure beside its goal."""
    print(f"  {what:<58} {figure:<34} {goal}", flush=True)


def moves(name: str, url: str, folder: Path, bench: Bench, full: Bench) -> None:
    """Accepted and refused moves against the bare POST."""
    goal = ">= 0.30" if name == "sqlite" else ">= 0.12, then 0.20"
    at = [0] * len(bench.cards)

    def move(worker: int) -> bytes:
        at[worker] ^= 1
        body = json.dumps({"column_id": bench.columns[at[worker]]}).encode()
        return request("POST", f"/api/v1/cards/{bench.cards[worker]}/move", body, _token(bench))

    def refused(worker: int) -> bytes:
        body = json.dumps({"column_id": full.columns[1]}).encode()
        path = f"/api/v1/cards/{full.cards[1 + worker]}/move"
        return request("POST", path, body, _token(full))

    def yardstick(worker: int) -> bytes:
        return request("POST", "/bare", b'{"column_id": 1}', _token(bench))

    with bare() as constant, weir(url, folder) as server:
        first = json.dumps({"column_id": full.columns[1]}).encode()
        path = f"/api/v1/cards/{full.cards[0]}/move"
        once = request("POST", path, first, _token(full))
        load(server.port, _always(once), 1, 0.2)
        for clients in (8, 64):
            load(server.port, move, clients, 0.5)
            before = load(constant.port, yardstick, clients, SECONDS / 2)
            accepted = load(server.port, move, clients, SECONDS)
            turned_away = load(server.port, refused, clients, SECONDS)
            after = load(constant.port, yardstick, clients, SECONDS / 2)
            rate = (before.rate + after.rate) / 2
            _only(accepted, 200)
            _only(turned_away, 409)
            share = accepted.rate / rate
            figure = f"{share:.2f} ({accepted.rate:.0f} of {rate:.0f} a second)"
            say(f"accepted moves / bare POST, {clients} clients", figure, goal)
            say(
                f"refused / accepted moves, {clients} clients",
                f"{turned_away.rate / accepted.rate:.2f}",
                ">= 0.8",
            )
            spread = accepted.quantile(0.99) / accepted.quantile(0.5)
            say(
                f"p99 / p50 of a move, {clients} clients",
                f"{spread:.1f} (p50 {accepted.quantile(0.5) * 1000:.1f} ms)",
                "<= 4" if clients == 64 else "",
            )


def pages(url: str, folder: Path, boards: list[Bench]) -> None:
    """The board's page and its JSON, as processor time of the server."""
    with bare() as constant, weir(url, folder) as server:
        idle = _cpu_of(constant, request("GET", "/bare"), 400)
        for bench in boards:
            cards = len(bench.cards)
            cookie = [("Cookie", f"weir_session={bench.cookie}")]
            page = request("GET", f"/boards/{bench.key}", headers=cookie)
            cold = _cpu_of(server, page, 1)
            warm = _cpu_of(server, page, 150)
            say(f"board page of {cards} cards, cold", f"{cold:.0f} ms (clock of 10 ms)", "<= 30 ms")
            say(f"board page of {cards} cards, warm", f"{warm:.2f} ms", "<= 4 ms")
            board = request("GET", f"/api/v1/boards/{bench.key}", headers=_token(bench))
            say(f"board JSON of {cards} cards", f"{_cpu_of(server, board, 200):.2f} ms", "<= 5 ms")
            listing = f"/api/v1/boards/{bench.key}/cards?limit=200"
            cost = _cpu_of(server, request("GET", listing, headers=_token(bench)), 60)
            say("a page of 200 cards as JSON", f"{cost:.2f} ms")
            tag = _etag(server, f"/boards/{bench.key}", cookie[0])
            same = request("GET", f"/boards/{bench.key}", headers=[*cookie, ("If-None-Match", tag)])
            outcome = load(server.port, _always(same), 8, 1.5)
            reference = load(constant.port, _always(request("GET", "/bare")), 8, 1.5)
            say(
                f"304 of the page of {cards} cards / bare GET",
                f"{outcome.rate / reference.rate:.2f} ({_statuses(outcome)})",
                ">= 0.5",
            )
        say("bare GET", f"{idle:.2f} ms")


def statistics_of(url: str, folder: Path, small: Bench, large: Bench | None) -> None:
    """Each statistic of a board of ten thousand cards and of a million, whole requests."""
    benches = [small] if large is None else [small, large]
    db = Database(url, pool_size=1)
    since = {bench.key: done_since(db, bench, WINDOW) for bench in benches}
    db.close()
    three_years_ago = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 3 * 365 * 86_400))
    with weir(url, folder) as server:
        if large is not None:
            say("start to ready, one million cards", f"{server.ready_after:.2f} s", "<= 3 s")
        for what, goal in STATISTICS:
            cost = [
                _duration_of(
                    server,
                    bench,
                    what.format(since=since[bench.key], three_years_ago=three_years_ago),
                )
                for bench in benches
            ]
            few, *many = (f"{each:.1f} ms" for each in cost)
            name = what.format(since=f"the last {WINDOW:,}", three_years_ago="3 years ago")
            say(f"{name}, 10,000 cards", few, f"<= {goal} ms")
            if many:
                share = cost[1] / cost[0]
                say(f"{name}, 1,000,000 cards", f"{many[0]}, {share:.1f} times", f"<= {goal} ms")
        for bench in benches:
            cookie = [("Cookie", f"weir_session={bench.cookie}")]
            page = request("GET", f"/boards/{bench.key}/flow", headers=cookie)
            took = load(server.port, _always(page), 1, 4.0)
            _only(took, 200)
            cost_of_page = statistics.median(took.latencies) * 1000
            say(f"the whole flow page, {bench.key}", f"{cost_of_page:.1f} ms", "<= 250 ms")


def _duration_of(server: Server, bench: Bench, what: str) -> float:
    """How long a statistic takes one client, in milliseconds."""
    ask = request("GET", f"/api/v1/boards/{bench.key}/stats/{what}", headers=_token(bench))
    took = load(server.port, _always(ask), 1, 2.0)
    _only(took, 200)
    return statistics.median(took.latencies) * 1000


def moves_of_a_large_board(db: Database, bench: Bench) -> tuple[float, float]:
    """How many moves there are with closed days for each one without, and how many a second: by
    turns, one after the other, each in a transaction of its own."""
    work, wait = bench.columns[1:3]
    took = {True: 0.0, False: 0.0}
    cards = iter(db.write_now(some_new_cards, bench, 6 * MOVES))

    def forget(tx: Tx) -> None:
        forget_days(tx, lock_board(tx, None, key=bench.key))

    for turn in range(6):
        is_closed = bool(turn % 2)
        if is_closed:
            asyncio.run(DayCloser(db).close_all())
        else:
            db.write_now(forget)
        begun = time.perf_counter()
        for card in islice(cards, MOVES):
            for column in (work, wait, work):
                db.write_now(move_card, None, card, column)
        took[is_closed] += time.perf_counter() - begun
    return took[False] / took[True], 9 * MOVES / took[True]


def streams(url: str, folder: Path, bench: Bench) -> None:
    """One move to the last of many open event streams."""
    with weir(url, folder) as server:
        for count, goal in ((500, "<= 30 ms"), (2000, "<= 100 ms")):
            took, size = asyncio.run(_streams(server, bench, count))
            say(f"one move to the last of {count} streams", f"{took * 1000:.0f} ms", goal)
            say(f"memory of each of {count} streams", f"{size:.0f} KiB", "<= 40 KiB")


async def _streams(server: Server, bench: Bench, count: int) -> tuple[float, float]:
    before = server.memory()
    token = _token(bench)
    opened = []
    for _ in range(count):
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(request("GET", f"/api/v1/boards/{bench.key}/events", headers=token))
        opened.append((reader, writer))
    for reader, _ in opened:
        await reader.readuntil(b": still here\n\n")
    await asyncio.sleep(0.5)  # the memory of the requests is given back
    size = (server.memory() - before) / count
    took = []
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    for index in range(9):
        body = json.dumps({"column_id": bench.columns[(index + 1) % 2]}).encode()
        path = f"/api/v1/cards/{bench.cards[-1]}/move"
        waiting = [asyncio.create_task(_arrival(each, b"event: card.moved")) for each, _ in opened]
        await asyncio.sleep(0)  # all of them wait
        begun = time.perf_counter()
        writer.write(request("POST", path, body, token))
        arrived = await asyncio.gather(*waiting)
        took.append(max(arrived) - begun)
        await asyncio.sleep(0.1)  # nothing of this one is measured with the next
    for _, each in [*opened, (reader, writer)]:
        each.close()
    return statistics.median(took), size


async def _arrival(reader: asyncio.StreamReader, what: bytes) -> float:
    while what not in await reader.readuntil(b"\n\n"):
        pass
    return time.perf_counter()


def starting(url_of_empty: str, folder: Path) -> None:
    """The first start."""
    with weir(url_of_empty, folder) as server:
        say("start to ready, empty database", f"{server.ready_after:.2f} s", "<= 2 s")


def _cpu_of(server: Server, message: bytes, times: int) -> float:
    """Processor time of the server for one request, in milliseconds."""
    begun = server.cpu()
    left = times

    async def ask() -> None:
        nonlocal left
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=1 << 24)
        while left:
            left -= 1
            writer.write(message)
            head = await reader.readuntil(b"\r\n\r\n")
            at = head.lower().find(b"content-length:")
            await reader.readexactly(int(head[at + 15 : head.index(b"\r\n", at)]))
        writer.close()

    asyncio.run(ask())
    return (server.cpu() - begun) / times * 1000


def _always(message: bytes) -> Callable[[int], bytes]:
    return lambda worker: message


def _token(bench: Bench) -> list[tuple[str, str]]:
    return [("Authorization", f"Bearer {bench.token}")]


def _etag(server: Server, path: str, header: tuple[str, str]) -> str:
    with httpx2.Client(base_url=f"http://127.0.0.1:{server.port}") as client:
        return str(client.get(path, headers=[header]).headers["etag"])


def _statuses(outcome: Outcome) -> str:
    return ", ".join(f"{count} x {status}" for status, count in outcome.statuses.items())


def _only(outcome: Outcome, status: int) -> None:
    if set(outcome.statuses) != {status}:
        sys.exit(f"expected {status} alone, got {_statuses(outcome)}")


def measure(name: str, fresh: Callable[[str], str], folder: Path, *, quick: bool) -> None:
    """All figures on one kind of database."""
    print(name, flush=True)
    starting(fresh("empty"), folder)
    url = fresh("filled")
    upgrade(url)
    db = Database(url)
    work, full = make_board(db, "WORK", 64), make_board(db, "FULL", 65, limit=1)
    shown = [make_board(db, "SMALL", 200), make_board(db, "BIG", 1000)]
    few = make_used(db, "FEW", 10_000)
    many = None if quick else make_used(db, "MANY", 1_000_000)
    analyze(db)
    begun = time.process_time()
    asyncio.run(DayCloser(db).close_all())
    say("closing all days of these boards once", f"{time.process_time() - begun:.1f} s")
    share, rate = moves_of_a_large_board(db, few)
    figure = f"{share:.2f} ({rate:.0f} a second)"
    say("moves with closed days / without, every third one back", figure, ">= 0.9")
    db.close()
    moves(name, url, folder, work, full)
    pages(url, folder, shown)
    statistics_of(url, folder, few, many)
    streams(url, folder, work)


def main() -> None:
    """Measures on SQLite and on PostgreSQL, or on those that are named."""
    wanted = [word for word in sys.argv[1:] if not word.startswith("-")]
    quick = "--quick" in sys.argv
    alive = databases.make_folder()
    try:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            if not wanted or "sqlite" in wanted:
                measure("sqlite", lambda what: f"sqlite:///{folder / what}.db", folder, quick=quick)
            if not wanted or "postgresql" in wanted:
                server = databases.PostgresServer(folder / "postgresql", durable=True)
                try:

                    def fresh(what: str) -> str:
                        import psycopg  # noqa: PLC0415 - SQLite does without

                        with psycopg.connect(server.url(), autocommit=True) as admin:
                            admin.execute(f"CREATE DATABASE {what}")
                        return server.url(what)

                    measure("postgresql", fresh, folder, quick=quick)
                finally:
                    server.remove()
    finally:
        databases.remove_folder(alive)


if __name__ == "__main__":
    main()
