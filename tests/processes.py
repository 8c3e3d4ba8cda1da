"""Weir as a process of its own, started by its command line on a free port of 127.0.0.1."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
STARTED_SECONDS = 60
STOPPED_SECONDS = 12


def environment(database_url: str, data_dir: Path, **settings: Any) -> dict[str, str]:
    """The environment in which a command of Weir runs."""
    chosen = {"WEIR_DATA_DIR": str(data_dir), "WEIR_DATABASE_URL": database_url}
    chosen |= {f"WEIR_{name.upper()}": str(value) for name, value in settings.items()}
    ours = {name: value for name, value in os.environ.items() if not name.startswith("WEIR_")}
    return {**ours, "WEIR_PASSWORD_MEMORY_KIB": "8192", "WEIR_PASSWORD_PASSES": "1", **chosen}


class Served:
    """`weir serve`; ended at the latest when the `with` block ends."""

    def __init__(self, database_url: str, data_dir: Path, *arguments: str, **settings: Any) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "app.cli", "serve", "--port", "0", *arguments],
            cwd=ROOT,
            env=environment(database_url, data_dir, **settings),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.printed: list[str] = []
        self.logged: list[str] = []
        self._ready = threading.Event()
        self._readers = [
            threading.Thread(target=self._read, args=(self.process.stdout, self.printed)),
            threading.Thread(target=self._read, args=(self.process.stderr, self.logged)),
        ]
        for reader in self._readers:
            reader.start()

    def __enter__(self) -> "Served":
        ready = self._ready.wait(STARTED_SECONDS)
        if not ready or self.process.poll() is not None:
            self.__exit__()
            raise AssertionError(f"not ready: {self.printed} {self.logged}")
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(STOPPED_SECONDS)
        for reader in self._readers:
            reader.join(STOPPED_SECONDS)

    @property
    def url(self) -> str:
        """Where it listens."""
        found = re.search(r"http://[^/\s]+", "".join(self.printed))
        assert found is not None
        return found[0]

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, float]:
        """Sends a signal; the status with which it ends, and after how many seconds."""
        begun = time.monotonic()
        self.process.send_signal(number)
        status = self.process.wait(STOPPED_SECONDS)
        return status, time.monotonic() - begun

    def _read(self, stream: Any, lines: list[str]) -> None:
        with stream:
            for line in stream:
                lines.append(line)
                if lines is self.printed and "http://" in line:
                    self._ready.set()
        self._ready.set()
