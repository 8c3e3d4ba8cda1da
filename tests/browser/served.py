"""Weir on a real port of 127.0.0.1, for browsers and other programs."""

import socket
import threading
import time
from itertools import count
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from httpx2 import Client

from app.auth import service as auth
from app.config import Settings
from app.main import create_app
from app.protocol import Protocol
from tests import support

STARTED_SECONDS = 20


class Served(support.Weir):
    """Weir behind uvicorn; it can be stopped, and started again on the same port and database."""

    def __init__(self, database_url: str, data_dir: Path, **settings: Any) -> None:
        self._port = 0
        listener = self._listen()
        self._port = listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self._port}"
        self._settings = Settings(
            database_url=database_url,
            data_dir=data_dir,
            base_url=self.url,
            password_memory_kib=8192,
            password_passes=1,
            **settings,
        )
        self._numbers = count(1)
        super().__init__(create_app(self._settings), Client(base_url=self.url, timeout=30))
        self._serve(listener)

    def start(self) -> None:
        """Starts again after `stop`."""
        super().__init__(create_app(self._settings), self.client)
        self._serve(self._listen())

    def stop(self) -> None:
        """Ends every request and stream, and stops listening."""
        self._server.should_exit = True
        self._thread.join(STARTED_SECONDS)
        assert not self._thread.is_alive(), "the server does not stop"

    def close(self) -> None:
        """Stops for good."""
        self.stop()
        self.client.close()

    def person(self, name: str, **more: Any) -> support.Person:
        """Makes an account with a token and an address of its own, however many have the name."""
        email = f"{name.lower().replace(' ', '.')}.{next(self._numbers)}@example.org"
        return super().person(name, **{"email": email, **more})

    def board(self, person: support.Person, template: str = "dev-ops") -> support.BoardOf:
        """Makes a board with a key of its own."""
        return person.board(f"OPS{next(self._numbers)}", template)

    def session(self, person: support.Person) -> str:
        """Signs a person in; the secret of the session's cookie."""
        return self.db.write_now(auth.begin_session, person.id, "tests", 1)

    def _listen(self) -> socket.socket:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self._port))
        return listener

    def _serve(self, listener: socket.socket) -> None:
        self._server = _Server(self.app)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [listener]}, daemon=True
        )
        self._thread.start()
        deadline = time.monotonic() + STARTED_SECONDS
        while not self._server.started:
            assert self._thread.is_alive(), "the server did not start"
            assert time.monotonic() < deadline, "the server does not start"
            time.sleep(0.005)


class _Server(uvicorn.Server):
    def __init__(self, app: FastAPI) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=Protocol,
                ws="none",
                lifespan="on",
                log_config=None,
                access_log=False,
                timeout_graceful_shutdown=2,
            )
        )
        self._hub = app.state.hub

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """An open event stream would keep the server from stopping."""
        self._hub.close_streams()
        await super().shutdown(sockets)
