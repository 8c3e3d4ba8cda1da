"""HTTP on one connection: uvicorn's protocol on httptools, with an end to everything that it leaves
open for ever.

The head of a request (its first line and headers) must arrive within a time and fit into a size. A
body that nobody reads any more ends the connection, gently, so that the answer still arrives.
"""

import asyncio
from collections.abc import Callable
from typing import Any, cast

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

MAX_HEAD = 32 * 1024
LINGER_SECONDS = 2.0


class Protocol(HttpToolsProtocol):
    """One connection."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._patience: float = config.timeout_keep_alive
        self._in_head = True
        self._head_bytes = 0  # since the head began; the last piece may hold more than the head
        self._head_too_large = False
        self._head_due: asyncio.TimerHandle | None = None
        self._lingering = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """A client has connected: it has some seconds to ask for something."""
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        super().connection_lost(exc)
        self._head_is_here()

    def data_received(self, data: bytes) -> None:
        """Something came from the client."""
        if self._lingering:
            return
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_due is None:
                self._await_head()
        super().data_received(data)
        if self._in_head and self._head_bytes > MAX_HEAD and not self.transport.is_closing():
            self._refuse(b"431 Request Header Fields Too Large")

    def on_headers_complete(self) -> None:
        """The head of a request is complete."""
        if self._head_bytes > MAX_HEAD:
            size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
            if size > MAX_HEAD:
                self._head_too_large = True
                raise ValueError("the head of the request is too large")
        self._in_head = False
        self._head_is_here()
        super().on_headers_complete()
        cycle = cast(Any, self.cycle)
        if cycle is not None:
            cycle.transport = _GentleTransport(self.transport, self._close_gently)

    def on_message_complete(self) -> None:
        """The body of a request is complete; the next head may follow."""
        self._in_head = True
        self._head_bytes = 0
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """A request was answered."""
        super().on_response_complete()
        if self._body_is_unread() and not self.transport.is_closing():
            self._close_gently()

    def send_400_response(self, msg: str) -> None:
        """Answers what is not HTTP, or not HTTP that we take."""
        if self._head_too_large:
            self._refuse(b"431 Request Header Fields Too Large")
        else:
            super().send_400_response(msg)

    def _unsupported_upgrade_warning(self) -> None:
        """An offer to go on with another protocol is not taken; the request is served as it is."""

    def _await_head(self) -> None:
        self._head_due = self.loop.call_later(self._patience, self._head_is_late)

    def _head_is_here(self) -> None:
        if self._head_due is not None:
            self._head_due.cancel()
            self._head_due = None

    def _head_is_late(self) -> None:
        self._head_due = None
        if self.transport.is_closing():
            return
        if self._head_bytes:
            self._refuse(b"408 Request Timeout")
        else:
            self.transport.close()

    def _refuse(self, status: bytes) -> None:
        text = status[4:]
        self.transport.write(
            b"HTTP/1.1 %b\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: %d\r\n"
            b"connection: close\r\n\r\n%b" % (status, len(text), text)
        )
        self._linger()

    def _close_gently(self) -> None:
        if self._body_is_unread():
            self._linger()
        else:
            self.transport.close()

    def _body_is_unread(self) -> bool:
        cycle = cast(Any, self.cycle)
        if cycle is None or self.pipeline:
            return False
        return bool(cycle.response_complete and cycle.more_body)

    def _linger(self) -> None:
        # To close at once while the client is still sending would reset the connection, and the
        # client would lose the answer that says why.
        if self._lingering:
            return
        self._lingering = True
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.loop.call_later(LINGER_SECONDS, self.transport.close)


class _GentleTransport:
    """The transport as one answer sees it: closing it is left to the connection."""

    __slots__ = ("close", "is_closing", "write")

    def __init__(self, transport: asyncio.Transport, close: Callable[[], None]) -> None:
        self.write = transport.write
        self.is_closing = transport.is_closing
        self.close = close
