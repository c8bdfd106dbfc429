"""Scoring on all cores: processes that score batches of companies, each with the database open, beside the one that
asked for it.

Owns these processes only: what a batch is and what becomes of it is `engage.actions.score`'s business. Each is told its
batches through a pipe, answers through it and ends when it does, so it outlives nobody by more than a batch. One that
dies costs nothing but time: its batches are then scored by who asked.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Final

from engage import telemetry
from engage.actions.score import Hand, Hands, ScoredBatch, score_batch
from engage.actions.score_company import Host
from engage.errors import Unavailable
from engage.interpreter import cores, run_for_throughput
from engage.store.database import Database

PROCESSES_MAX: Final = 8
"""With the one that asks. SQLite has one writer, who is busy for a tenth of the time that a batch takes."""
MEMBERS_LEAST: Final = 20_000
"""Of fewer the rest is done before another interpreter has come to begin."""
END_SECONDS_MAX: Final = 5.0

log = logging.getLogger(__name__)


def hands_beside(url: str, members_least: int = MEMBERS_LEAST) -> Hands:
    """One for every core but the one that the asking process has."""

    @asynccontextmanager
    async def hands(host: Host, members: int) -> AsyncIterator[Sequence[Hand]]:
        count = min(cores(), PROCESSES_MAX) - 1 if members >= members_least else 0
        helpers = [_Helper(url, host) for _ in range(count)]
        try:
            yield [helper.score for helper in helpers]
        finally:
            for helper in helpers:
                helper.end()

    return hands


class _Helper:
    def __init__(self, url: str, host: Host) -> None:
        context = get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process: BaseProcess = context.Process(target=_work, args=(url, host, theirs), daemon=True)
        with theirs, _uninterrupted():
            self._process.start()
        self._busy = False

    async def score(self, ids: Sequence[int]) -> ScoredBatch | None:
        """None: the process is gone. Raises Unavailable as `score_batch` does."""
        self._busy = True
        try:
            answer = await asyncio.to_thread(self._ask, ids)
        except (EOFError, OSError):
            log.warning("a process that scores has ended; its companies are scored without it")
            answer = None
        self._busy = False
        if isinstance(answer, Unavailable):
            raise answer
        return answer

    def _ask(self, ids: Sequence[int]) -> ScoredBatch | Unavailable | None:
        self._pipe.send(list(ids))
        answer: ScoredBatch | Unavailable = self._pipe.recv()
        return answer

    def end(self) -> None:
        """At once where it is busy: nobody is there to be told, and what it was about to freeze is frozen next time."""
        if self._busy:
            self._process.kill()
        else:
            with suppress(OSError):
                self._pipe.send(None)
        self._process.join(END_SECONDS_MAX)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._pipe.close()


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """What is started meanwhile never hears Ctrl-C, which a terminal sends to everybody: the end comes by the pipe."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may say so
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


# --- in the process -----------------------------------------------------------------------------------------


def _work(url: str, host: Host, pipe: Connection) -> None:
    telemetry.start_logging()
    run_for_throughput()
    try:
        asyncio.run(_score(url, host, pipe))
    except (EOFError, OSError):
        sys.exit(1)  # who asked is gone


async def _score(url: str, host: Host, pipe: Connection) -> None:
    database = await Database.open(url)
    try:
        while (ids := await asyncio.to_thread(pipe.recv)) is not None:
            try:
                pipe.send(await score_batch(database, host, ids))
            except Unavailable as error:
                pipe.send(error)
    finally:
        await database.close()
