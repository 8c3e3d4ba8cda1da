"""What every request passes through: limits of size and time, the origin check, security headers,
a request id and one line in the log."""

import asyncio
import logging
import time
from secrets import token_hex

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.config import Settings
from app.errors import AppError, BadRequest, BodyTooLarge, Forbidden, RequestTimeout
from app.problems import answer, reported
from app.web import CONTENT_SECURITY_POLICY

log = logging.getLogger("weir.request")

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
# Refusals of rights and what the service itself could not do stand out.
_LEVELS = {
    401: logging.WARNING,
    403: logging.WARNING,
    429: logging.WARNING,
    500: logging.ERROR,
    503: logging.WARNING,
    507: logging.ERROR,
}


class Guard:
    """The outermost layer. It does not touch the database."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.settings = settings
        self._headers = [
            (b"content-security-policy", CONTENT_SECURITY_POLICY.encode()),
            (b"x-content-type-options", b"nosniff"),
            (b"referrer-policy", b"same-origin"),
            (b"x-frame-options", b"DENY"),
            (b"cross-origin-opener-policy", b"same-origin"),
        ]
        if settings.is_secure:
            self._headers.append((b"strict-transport-security", b"max-age=31536000"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Lets a request through, or answers it here."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun = time.perf_counter()
        request_id = token_hex(8)
        scope.setdefault("state", {})["request_id"] = request_id
        status = 500
        begun_answer = False

        async def send_guarded(message: Message) -> None:
            nonlocal status, begun_answer
            if message["type"] == "http.response.start":
                begun_answer = True
                status = message["status"]
                headers = MutableHeaders(scope=message)
                raw = headers.raw
                raw.extend(self._headers)
                raw.append((b"x-request-id", request_id.encode()))
                if "cache-control" not in headers:
                    raw.append((b"cache-control", b"private, no-cache"))
            await send(message)

        try:
            refused = self._refused(scope)
            if refused is not None:
                await _answer(refused, scope, receive, send_guarded)
                return
            await self.app(scope, self._limited(scope, receive), send_guarded)
        except Exception as error:  # whatever it is, the client gets an answer
            if begun_answer:
                raise  # Half an answer is out: the connection ends.
            known = reported(Request(scope), error)
            await _answer(known, scope, receive, send_guarded)
        finally:
            level = _LEVELS.get(status, logging.INFO)
            if log.isEnabledFor(level):
                client = scope.get("client")
                log.log(
                    level,
                    "request",
                    extra={
                        "method": scope["method"],
                        "path": scope["path"],
                        "status": status,
                        "ms": round((time.perf_counter() - begun) * 1000, 1),
                        "client": client[0] if client else "-",
                        "request_id": request_id,
                    },
                )

    def _refused(self, scope: Scope) -> AppError | None:
        headers = scope["headers"]
        if sum(1 for name, _ in headers if name == b"host") != 1:
            return BadRequest("The request must name its host once.")
        if scope["method"] in _SAFE:
            return None
        found = Headers(raw=headers)
        length = found.get("content-length")
        if length is not None and length.isdigit() and int(length) > self._room(scope):
            return BodyTooLarge(f"The body may have {self._room(scope)} bytes.")
        return _cross_origin(found)

    def _room(self, scope: Scope) -> int:
        if scope["path"].endswith("/import"):
            return self.settings.max_import_bytes
        return self.settings.max_body_bytes

    def _limited(self, scope: Scope, receive: Receive) -> Receive:
        """Counts the body as it comes, and gives it only so much time."""
        if scope["method"] in _SAFE:
            return receive
        room = self._room(scope)
        deadline = asyncio.get_running_loop().time() + self.settings.request_timeout
        seen = 0
        complete = False

        async def receive_limited() -> Message:
            nonlocal seen, complete
            if complete:
                return await receive()
            try:
                async with asyncio.timeout_at(deadline):
                    message = await receive()
            except TimeoutError:
                raise RequestTimeout("The request's body did not arrive in time.") from None
            if message["type"] == "http.request":
                seen += len(message.get("body", b""))
                complete = not message.get("more_body", False)
                if seen > room:
                    raise BodyTooLarge(f"The body may have {room} bytes.")
            return message

        return receive_limited


def _cross_origin(headers: Headers) -> AppError | None:
    """Refuses a change that another site has made a browser ask for."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        if site in {"same-origin", "none"}:
            return None
        return Forbidden("A change must come from Weir's own pages.")
    origin = headers.get("origin")
    if origin is None:
        return None  # No browser: a program sends neither header.
    if origin.partition("://")[2] == headers.get("host"):
        return None
    return Forbidden("A change must come from Weir's own pages.")


async def _answer(error: AppError, scope: Scope, receive: Receive, send: Send) -> None:
    response = answer(Request(scope, receive), error)
    response.headers["connection"] = "close"
    await response(scope, receive, send)
