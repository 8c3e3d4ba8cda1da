"""Who asks again for what has not changed is told so without a look at it.

An answer 304 that a route gave is given again to the same question (address, credentials, tag) as
long as nothing at all has changed in the database, by whatever process, and no time has come at
which it would be another: the page grows older, the session ends. SQLite tells in microseconds that
nothing was written, PostgreSQL in one look for all who ask at the same time.
"""

from hashlib import blake2b
from typing import NamedTuple

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app import clock
from app.db import Database

MOST = 1_000
"""So many answers are remembered; after that all are forgotten."""
# The parts of a question's head by which its answer can be another.
_ASKED_BY = frozenset({b"authorization", b"cookie", b"if-none-match", b"hx-request"})


class _Known(NamedTuple):
    stamp: object
    good_until: int
    headers: list[tuple[bytes, bytes]]


class Unchanged:
    """Answers what was answered before, while that is sure to be the same."""

    def __init__(self, app: ASGIApp, db: Database) -> None:
        self.app = app
        self.db = db
        self._known: dict[bytes, _Known] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Lets a request through, or answers it here."""
        question = _question(scope)
        # Before anything is read: what is written meanwhile counts as written afterwards.
        stamp = None if question is None else await self.db.stamp()
        if question is None or stamp is None:
            await self.app(scope, receive, send)
            return
        known = self._known.get(question)
        if known is not None and known.stamp == stamp and clock.now() < known.good_until:
            headers = list(known.headers)
            await send({"type": "http.response.start", "status": 304, "headers": headers})
            await send({"type": "http.response.body", "body": b""})
            return

        async def send_noted(message: Message) -> None:
            good_until = scope["state"].get("good_until")
            if message["type"] == "http.response.start" and good_until is not None:
                if len(self._known) >= MOST:
                    self._known.clear()
                self._known[question] = _Known(stamp, good_until, list(message["headers"]))
            await send(message)

        await self.app(scope, receive, send_noted)


def _question(scope: Scope) -> bytes | None:
    """What is asked and by whom, as a digest; None for what is no conditional question."""
    if scope["type"] != "http" or scope["method"] != "GET":
        return None
    given = [pair for pair in scope["headers"] if pair[0] in _ASKED_BY]
    if not any(name == b"if-none-match" for name, _ in given):
        return None
    parts = [scope["path"].encode(), scope["query_string"]]
    for name, value in given:
        parts += (name, value)
    # Each part with its length, so that no two questions look alike.
    text = b"".join(b"%d:%b" % (len(part), part) for part in parts)
    return blake2b(text, digest_size=32).digest()
