"""Weir as it is really served: processes of their own, spoken to through HTTP."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from httpx2 import Client

from app.config import Settings
from app.main import create_app
from tests.support import Weir

ROOT = Path(__file__).parent.parent


class Servers:
    """Several processes of `weir serve` on one database."""

    def __init__(self, weir: Weir, addresses: list[str]) -> None:
        self.weir = weir
        self.addresses = addresses


@contextmanager
def serving(database_url: str, data_dir: Path, processes: int = 2) -> Iterator[Servers]:
    """Starts servers on a migrated database; they end with the block."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("WEIR_")},
        "WEIR_DATABASE_URL": database_url,
        "WEIR_DATA_DIR": str(data_dir),
        "WEIR_SECRET_KEY": "the key of these tests",
    }
    command = [sys.executable, "-m", "app.cli", "serve", "--port", "0"]
    with tempfile.TemporaryFile() as log:
        started = [
            subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=log, text=True
            )
            for _ in range(processes)
        ]
        try:
            addresses = [_address(process) for process in started]
            app = create_app(Settings(database_url=database_url, data_dir=data_dir))
            try:
                with Client(base_url=addresses[0], timeout=30) as client:
                    yield Servers(Weir(app, client), addresses)
            finally:
                app.state.db.close()
        finally:
            for process in started:
                process.terminate()
            for process in started:
                process.wait(15)
                assert process.stdout is not None
                process.stdout.close()


def _address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    for line in process.stdout:
        found = re.search(r"http://[0-9.]+:\d+", line)
        if found:
            return found[0]
    raise AssertionError("the server ended before it was ready")
