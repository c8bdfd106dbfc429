"""Several processes behind one socket: started together, replaced when one dies, stopped together.

Owns the processes only: what each of them does is `engage.app`'s business. They share nothing but the socket and the
database, so they could as well run on several machines.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, Final

from engage.errors import EngageError, Unavailable

STARTS_MAX: Final = 5
STARTS_SECONDS: Final = 60
"""Workers that die more often than this do not die by chance."""
STOP_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)

log = logging.getLogger(__name__)

Announce = Callable[[str], None]
Work = Callable[[socket.socket, Announce], None]
"""Serves on the socket until SIGTERM. Told to processes by name, so it must be importable."""


class _Worker:
    def __init__(self, process: BaseProcess, told: Connection) -> None:
        self.process = process
        self.told = told
        """What it announces. It ends itself when this is closed: no worker outlives who started it."""
        self.lines: list[str] = []


class Workers:
    """`run` them until SIGTERM or SIGINT."""

    def __init__(self, work: Work, count: int, listener: socket.socket, announce: Announce) -> None:
        self._work = work
        self._count = count
        self._listener = listener
        self._announce = announce
        self._workers: list[_Worker] = []
        self._died: deque[float] = deque(maxlen=STARTS_MAX)
        self._announced = False
        self._stopping = False

    def run(self) -> None:
        """Raises Unavailable when workers cannot be kept alive."""
        previous = {name: signal.signal(name, self._stop) for name in STOP_SIGNALS}
        try:
            for _ in range(self._count):
                self._start()
            while self._workers:
                self._listen()
                self._replace_dead()
        finally:
            for worker in self._workers:
                worker.process.kill()
            for name, handler in previous.items():
                signal.signal(name, handler)
        if len(self._died) == STARTS_MAX and not self._stopping:
            raise Unavailable(f"{STARTS_MAX} workers ended within {STARTS_SECONDS} s; see the log")

    def _start(self) -> None:
        context = get_context("spawn")
        told, telling = context.Pipe()
        process = context.Process(target=_serve, args=(self._work, self._listener, telling))
        process.start()
        telling.close()
        self._workers.append(_Worker(process, told))

    def _listen(self) -> None:
        """Wait for a word of a worker, or for its end."""
        by_end = {worker.told: worker for worker in self._workers}
        for ready in wait([*by_end, *(worker.process.sentinel for worker in self._workers)], timeout=1):
            worker = by_end.get(ready)  # type: ignore[call-overload]
            try:
                if worker is not None:
                    worker.lines.append(worker.told.recv())
            except (EOFError, OSError):
                worker.process.join()
        if not self._announced and all(len(worker.lines) == 2 for worker in self._workers):
            self._announced = True
            for line in self._workers[0].lines:
                self._announce(line)

    def _replace_dead(self) -> None:
        for worker in [worker for worker in self._workers if not worker.process.is_alive()]:
            self._workers.remove(worker)
            worker.told.close()
            if self._stopping:
                continue
            log.error("worker %s ended with %s", worker.process.pid, worker.process.exitcode)
            self._died.append(time.monotonic())
            if len(self._died) == STARTS_MAX and self._died[-1] - self._died[0] < STARTS_SECONDS:
                self._workers, dying = [], self._workers
                for other in dying:
                    other.process.terminate()
                return
            self._start()

    def _stop(self, number: int, _: Any) -> None:
        """A second signal reaches the workers as well, and ends them at once."""
        self._stopping = True
        self._listener.close()  # the last to have it open: whoever connected now would wait for nobody
        for worker in self._workers:
            if worker.process.pid is not None and worker.process.is_alive():
                os.kill(worker.process.pid, number)


def _serve(work: Work, listener: socket.socket, telling: Connection) -> None:
    # A terminal signals every process of a group: with what is passed on that would be two signals, of which the
    # second ends a worker at once.
    os.setpgid(0, 0)

    def end_with_parent() -> None:
        try:
            telling.recv()
        except (EOFError, OSError):
            os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=end_with_parent, daemon=True).start()
    try:
        work(listener, telling.send)
    except EngageError as error:
        log.error("a worker cannot serve: %s", error)
        sys.exit(1)
