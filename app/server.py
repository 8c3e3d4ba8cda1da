"""`weir serve`: the application behind uvicorn, in one process or several, from start to stop."""

import asyncio
import gc
import logging
import math
import os
import resource
import signal
import socket
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any
from urllib.parse import quote

import uvicorn

from app import __version__, log
from app.auth.service import new_setup_link
from app.config import Settings, load_secret
from app.db import Database
from app.protocol import Protocol
from app.schema import place_of, upgrade

GRACE_SECONDS = 5
"""How long answers may take once the server was told to stop."""
END_SECONDS = 9.0
"""When the process ends in any case; what was answered has been committed by then."""
MANY_FILES = 65_536
SWITCH_SECONDS = 0.0005

logger = logging.getLogger("weir.server")


class CannotServe(Exception):
    """The server cannot start; the message says why in one line."""


def serve(settings: Settings, host: str, port: int, workers: int) -> None:
    """Migrates the database if need be, and serves until a signal says to stop."""
    from app.workers import Supervisor  # noqa: PLC0415  # it imports this module

    if settings.is_sqlite and workers > 1:
        raise CannotServe(
            "On SQLite one process serves: leave --workers at 1, or set WEIR_DATABASE_URL to a "
            "PostgreSQL database."
        )
    _allow_many_files()
    with listen(host, port, settings.request_timeout) as listener:
        log.configure(settings.log_format, settings.log_level)
        settings = _with_address(settings, host, listener.getsockname()[1])
        upgrade(settings.url)
        key_is_new = not settings.secret_key.get_secret_value() and not settings.key_file.exists()
        load_secret(settings)

        def announce() -> None:
            print(announcement(settings, key_is_new=key_is_new), flush=True)

        if workers == 1:
            run(settings, listener, announce)
        else:
            Supervisor(settings, listener, workers).run(announce)


def run(settings: Settings, listener: socket.socket, ready: Callable[[], None]) -> None:
    """Serves in this process; `ready` is called once requests are answered."""
    # A worker thread that comes back from the database waits this long at most for the event
    # loop's thread, and not the usual 5 ms: a unit of work comes back a dozen times.
    sys.setswitchinterval(SWITCH_SECONDS)
    make_server(settings, ready).run(sockets=[listener])


def make_server(settings: Settings, ready: Callable[[], None]) -> "Server":
    """Weir behind uvicorn, not listening yet."""
    from app.main import create_app  # noqa: PLC0415  # a supervisor never needs it

    app = create_app(settings)
    config = uvicorn.Config(
        app,
        http=Protocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        forwarded_allow_ips=settings.trusted_proxies,
        timeout_keep_alive=math.ceil(settings.request_timeout),
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    return Server(config, ready, app.state.hub.close_streams)


class Server(uvicorn.Server):
    """uvicorn's server, which ends open event streams when it stops, and ends with status 0."""

    def __init__(
        self, config: uvicorn.Config, ready: Callable[[], None], close_streams: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._ready = ready
        self._close_streams = close_streams

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begins to answer requests."""
        await super().startup(sockets)
        gc.enable()
        if self.started:
            self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Lets what was begun come to its end, for some seconds."""
        self._close_streams()
        await super().shutdown(sockets)
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        # One turn of the loop for the connections to go: it cannot be closed while they are open.
        await asyncio.sleep(0)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stops; a second Ctrl-C does not wait for anything."""
        # uvicorn would raise the signal once more at the end and so end with its status.
        if not self.should_exit:
            end = threading.Timer(END_SECONDS, _end_now)
            end.daemon = True
            end.start()
        elif sig == signal.SIGINT:
            self.force_exit = True
        self.should_exit = True


def announcement(settings: Settings, *, key_is_new: bool = False) -> str:
    """What is printed once Weir is ready: where it is and, on an empty database, the one-time link
    that makes the first account."""
    db = Database(settings.url, pool_size=1)
    try:
        secret = db.write_now(new_setup_link)
    finally:
        db.close()
    if secret is None:
        return f"  Weir {__version__} is ready: {settings.base_url}"
    data = place_of(settings.url)
    if key_is_new:
        data += f"     The secret key was made in {settings.key_file}"
    return (
        f"  Weir {__version__} is ready\n"
        f"  Open   {settings.base_url}/setup?t={quote(secret)}   (works once, 24 h)\n"
        f"  Data   {data}"
    )


def _end_now() -> None:
    logger.warning("requests did not end in time; ending without them")
    logging.shutdown()
    os._exit(0)


def _allow_many_files() -> None:
    """Each connection is an open file, and the usual 1,024 are too few for event streams."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MANY_FILES if hard == resource.RLIM_INFINITY else min(MANY_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def listen(host: str, port: int, patience: float) -> socket.socket:
    """A socket that listens on an address; CannotServe says why it cannot."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        listener = socket.socket(family, kind, protocol)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            _give_up_on_silence(listener, patience)
            listener.bind(address)
            listener.listen(2048)
        except BaseException:  # it goes on, without the socket
            listener.close()
            raise
    except (OSError, OverflowError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise CannotServe(f"Cannot listen on {host}, port {port}: {why}.") from None
    return listener


def _give_up_on_silence(listener: socket.socket, patience: float) -> None:
    # Who takes nothing of an answer for this long is gone. Connections inherit it.
    option: Any = getattr(socket, "TCP_USER_TIMEOUT", None)
    if option is not None:
        listener.setsockopt(socket.IPPROTO_TCP, option, math.ceil(2 * patience * 1000))


def _with_address(settings: Settings, host: str, port: int) -> Settings:
    """The settings with the address at which Weir listens, unless one is set."""
    if "base_url" in settings.model_fields_set:
        return settings
    name = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)  # noqa: S104 - only told
    name = f"[{name}]" if ":" in name else name
    return settings.model_copy(update={"base_url": f"http://{name}:{port}"})
