"""A small HTTP load generator: plain sockets, one request under way on each connection."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field


@dataclass
class Outcome:
    """What a load measured: answers by status, and how long each took in seconds."""

    seconds: float = 0.0
    statuses: dict[int, int] = field(default_factory=dict)
    latencies: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Answers per second."""
        return len(self.latencies) / self.seconds

    def quantile(self, share: float) -> float:
        """A quantile of the latencies, in seconds."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def request(
    method: str, path: str, body: bytes = b"", headers: Iterable[tuple[str, str]] = ()
) -> bytes:
    """A request as it goes over the wire."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
    lines += [f"{name}: {value}" for name, value in headers]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


async def _connection(
    port: int, make: Callable[[int], bytes], worker: int, until: float, outcome: Outcome
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 22)
    try:
        while time.perf_counter() < until:
            sent = time.perf_counter()
            writer.write(make(worker))
            head = await reader.readuntil(b"\r\n\r\n")
            status = int(head[9:12])
            at = head.lower().find(b"content-length:")
            if at >= 0:
                length = int(head[at + 15 : head.index(b"\r\n", at)])
                if length:
                    await reader.readexactly(length)
            outcome.latencies.append(time.perf_counter() - sent)
            outcome.statuses[status] = outcome.statuses.get(status, 0) + 1
    finally:
        writer.close()


async def _load(port: int, make: Callable[[int], bytes], clients: int, seconds: float) -> Outcome:
    outcome = Outcome()
    begun = time.perf_counter()
    until = begun + seconds
    await asyncio.gather(*(_connection(port, make, n, until, outcome) for n in range(clients)))
    outcome.seconds = time.perf_counter() - begun
    return outcome


def load(port: int, make: Callable[[int], bytes], clients: int, seconds: float) -> Outcome:
    """Sends requests on `clients` connections for some seconds; `make(worker)` gives the next."""
    try:
        import uvloop  # noqa: PLC0415 - not everywhere
    except ImportError:
        return asyncio.run(_load(port, make, clients, seconds))
    return uvloop.run(_load(port, make, clients, seconds))
