"""Group commit: requests that arrive while one commit runs share the next one.

No timers: whatever waited is the next group. A request returns when all its calls are decided and durable. The
queue is bounded, so an overload is told at once instead of growing into a latency.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Sequence
from typing import Final

from engage.actions.ingest import Outcome, accept_calls
from engage.core.call import Call, Refusal
from engage.errors import EngageError, TooManyRequests, Unavailable
from engage.store.database import Database

QUEUE_CALLS_MAX: Final = 20_000
GROUP_CALLS_MAX: Final = 2_000
"""Calls per commit: enough that the fixed costs vanish, few enough that a commit stays far below a second."""

log = logging.getLogger(__name__)


def now() -> int:
    """Microseconds UTC."""
    return time.time_ns() // 1000


class _Request:
    def __init__(self, calls: Sequence[Call | Refusal], done: asyncio.Future[list[Outcome]]) -> None:
        self.calls = calls
        self.done = done


class Ingestion:
    """The queue and the one task that empties it. `start` it, `accept` calls, `stop` it."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.queued = 0
        self._requests: deque[_Request] = deque()
        self._arrived = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._stopping = False

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._commit_groups())

    async def stop(self) -> None:
        """Commit what was accepted into the queue, then end."""
        self._stopping = True
        self._arrived.set()
        if self._task is not None:
            await self._task

    async def accept(self, calls: Sequence[Call | Refusal]) -> list[Outcome]:
        """Decide the calls and return when they are durable; an outcome for each, in their order.

        Raises TooManyRequests when the queue is full and Unavailable when the database cannot be written; then
        nothing of the request was kept.
        """
        if self._stopping or self._task is None:
            raise Unavailable("the service is stopping")
        if self.queued and self.queued + len(calls) > QUEUE_CALLS_MAX:
            raise TooManyRequests(f"{self.queued} calls are waiting; try again in a moment")
        request = _Request(calls, asyncio.get_running_loop().create_future())
        self._requests.append(request)
        self.queued += len(calls)
        self._arrived.set()
        return await request.done

    async def _commit_groups(self) -> None:
        while self._requests or not self._stopping:
            if not self._requests:
                self._arrived.clear()
                await self._arrived.wait()
                continue
            group = self._next_group()
            try:
                await self._commit(group)
            except EngageError as error:
                _fail(group, error)
            except Exception as error:  # noqa: BLE001 - one request must not take its neighbours down
                await self._commit_one_by_one(group, error)
            self.queued -= sum(len(request.calls) for request in group)

    def _next_group(self) -> list[_Request]:
        group = [self._requests.popleft()]
        size = len(group[0].calls)
        while self._requests and size + len(self._requests[0].calls) <= GROUP_CALLS_MAX:
            group.append(self._requests.popleft())
            size += len(group[-1].calls)
        return group

    async def _commit(self, group: Sequence[_Request]) -> None:
        outcomes = await accept_calls(
            self.database, [call for request in group for call in request.calls], now=now()
        )
        start = 0
        for request in group:
            end = start + len(request.calls)
            if (
                not request.done.done()
            ):  # its client may have gone away; the calls are in the log all the same
                request.done.set_result(outcomes[start:end])
            start = end

    async def _commit_one_by_one(self, group: Sequence[_Request], error: Exception) -> None:
        """A defect of ours: let only the request that meets it fail."""
        log.error("a commit of %d requests failed", len(group), exc_info=error)
        for request in group:
            try:
                await self._commit([request])
            except Exception as own:  # noqa: BLE001 - told to the one request it belongs to
                _fail([request], own)


def _fail(group: Sequence[_Request], error: Exception) -> None:
    for request in group:
        if not request.done.done():
            request.done.set_exception(error)
