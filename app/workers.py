"""Several serving processes on one listening socket, kept alive and stopped together."""

import contextlib
import logging
import multiprocessing
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from types import FrameType

from app import log
from app.config import Settings
from app.server import END_SECONDS, CannotServe, run

RESTART_SECONDS = 1.0

logger = logging.getLogger("weir.workers")

# A forked process would share connections and locks with this one; a spawned one begins anew.
_spawn = multiprocessing.get_context("spawn")


class Supervisor:
    """Starts the workers, starts another where one dies, and ends with status 0 when it is told to
    stop."""

    def __init__(self, settings: Settings, listener: socket.socket, count: int) -> None:
        self._settings = settings
        self._listener = listener
        self._workers = [self._start() for _ in range(count)]
        self._stopping = False

    def run(self, ready: Callable[[], None]) -> None:
        """Until a signal says to stop; `ready` is called once all workers answer requests."""
        woken, wake = os.pipe()
        os.set_blocking(wake, False)
        # A signal's handler runs between two steps of this thread; the pipe ends its waiting.
        signal.set_wakeup_fd(wake)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        announced = False
        try:
            while not self._stopping:
                starting = [worker for worker in self._workers if not worker.is_ready]
                if not starting and not announced:
                    announced = True
                    ready()
                fired = wait(
                    [
                        woken,
                        *(worker.process.sentinel for worker in self._workers),
                        *(worker.told for worker in starting),
                    ]
                )
                for worker in starting:
                    if worker.told in fired:
                        worker.hear()
                for place, worker in enumerate(self._workers):
                    if worker.process.sentinel in fired and not self._stopping:
                        self._workers[place] = self._replace(worker)
        finally:
            self._end()
            signal.set_wakeup_fd(-1)

    def _start(self) -> "_Worker":
        told, tell = _spawn.Pipe(duplex=False)
        process = _spawn.Process(
            target=_work, args=(self._settings, self._listener, tell), name="weir worker"
        )
        process.start()
        tell.close()
        return _Worker(process, told)

    def _replace(self, worker: "_Worker") -> "_Worker":
        if not worker.is_ready:
            raise CannotServe("A worker process could not start; the log says why.")
        logger.warning(
            "a worker died; another one is started",
            extra={"pid": worker.process.pid, "status": worker.process.exitcode},
        )
        # One that dies again and again must not take all the machine's time.
        time.sleep(RESTART_SECONDS)
        return self._start()

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self._stopping = True

    def _end(self) -> None:
        self._listener.close()
        for worker in self._workers:
            worker.process.terminate()
        deadline = time.monotonic() + END_SECONDS + 0.5
        for worker in self._workers:
            worker.process.join(max(0.0, deadline - time.monotonic()))
            if worker.process.exitcode is None:
                worker.process.kill()
                worker.process.join()


class _Worker:
    """A worker process, and the pipe by which it says that it is ready."""

    def __init__(self, process: SpawnProcess, told: Connection) -> None:
        self.process = process
        self.told = told
        self.is_ready = False

    def hear(self) -> None:
        with contextlib.suppress(EOFError):
            self.is_ready = bool(self.told.recv())


def _work(settings: Settings, listener: socket.socket, tell: Connection) -> None:
    # Ctrl-C goes to the whole group of processes; the supervisor says when to stop.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    log.configure(settings.log_format, settings.log_level)
    threading.Thread(target=_stop_with_parent, daemon=True).start()
    run(settings, listener, lambda: tell.send(True))


def _stop_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
