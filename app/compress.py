"""Answers that are large enough are sent compressed, to those who take that.

An answer is compressed whole or not at all: what comes in pieces (an event stream, a file) passes
as it is, so nothing is held back. Static files are compressed once and as small as can be; pages
and JSON each time and quickly: the least level takes a third of the time of the usual one, and
leaves a third more.

What is compressed tells by its length how much of it repeats. Somebody who sees the length of
encrypted answers and makes a browser ask could so guess, letter by letter, at what stands on a page
that also repeats what was asked (the attack is known as BREACH). So what another site has made a
browser ask for is not compressed. Pages that show a secret (a token, a link) show it once, in the
answer to a form, and no other site gets a form through; there is no secret that stands on pages.
"""

import asyncio
import zlib

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LEAST = 4_096
"""Bytes from which compressing is worth its time: about three packets."""
MANY = 65_536
"""Bytes from which it is done on a thread."""
QUICK, SMALL = 1, 9
_KINDS = ("text/html", "application/json", "application/problem+json", "text/csv")
_GZIP = 31  # zlib's way to say: with gzip's head and foot


def gzipped(body: bytes, level: int) -> bytes:
    """Bytes as gzip has them."""
    compressor = zlib.compressobj(level, zlib.DEFLATED, _GZIP)
    return compressor.compress(body) + compressor.flush()


def takes_gzip(headers: Headers) -> bool:
    """Whether whoever asked takes compressed answers."""
    for part in headers.get("accept-encoding", "").split(","):
        name, _, quality = part.partition(";")
        if name.strip().lower() == "gzip":
            return quality.replace(" ", "").lower() not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False


class Compress:
    """Compresses answers on their way out."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Lets a request through, and its answer out smaller where that is worth it."""
        if scope["type"] != "http" or not _may_compress(scope):
            await self.app(scope, receive, send)
            return
        begun: Message | None = None

        async def send_smaller(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = message
                return
            if begun is not None:
                start, begun = begun, None
                message = await _smaller(start, message)
                await send(start)
            await send(message)

        await self.app(scope, receive, send_smaller)


def _may_compress(scope: Scope) -> bool:
    headers = Headers(scope=scope)
    site = headers.get("sec-fetch-site", "none")
    return scope["method"] != "HEAD" and site in {"same-origin", "none"} and takes_gzip(headers)


async def _smaller(start: Message, message: Message) -> Message:
    """An answer's body, compressed if that is worth it; its head says so."""
    body = message.get("body", b"")
    if message.get("more_body", False) or len(body) < LEAST:
        return message
    headers = MutableHeaders(scope=start)
    if "content-encoding" in headers or not headers.get("content-type", "").startswith(_KINDS):
        return message
    if len(body) < MANY:
        small = gzipped(body, QUICK)
    else:
        small = await asyncio.to_thread(gzipped, body, QUICK)
    headers["content-encoding"] = "gzip"
    headers["content-length"] = str(len(small))
    headers.add_vary_header("Accept-Encoding")
    return {**message, "body": small}
