"""Group commit: requests that arrive while one commit runs share the next one, decided meanwhile.

No timers: whatever waited is the next group. While its predecessor is written, a group is decided on what that one
leaves (`engage.actions.turns.WorkingSet`), so deciding and writing overlap. Who finds that another process wrote to
one of its companies meanwhile decides again with the turns taken first. Where companies live on several machines each
has a transaction of its own. A request returns when all its calls are
decided and durable. The queue is bounded, so an overload is told at once instead of growing into a latency.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from engage.actions.ingest import (
    Decided,
    Outcome,
    accept_by_company,
    accept_in_turn,
    decide_ahead,
    is_open,
)
from engage.actions.turns import WorkingSet
from engage.clock import now
from engage.core.call import Call, Refusal
from engage.errors import EngageError, TooManyRequests, Unavailable
from engage.store.database import Database

QUEUE_CALLS_MAX: Final = 10_000
QUEUE_SECONDS_MAX: Final = 3
"""While a request would wait longer than this to be decided, or one has, new ones are refused: however slow the disk
is, what is accepted is answered soon."""
GROUP_CALLS_MAX: Final = 2_000
"""Calls per commit: enough that the fixed costs vanish, few enough that a commit stays far below a second."""

CONTENDED_SECONDS: Final = 5
"""How long a company that somebody else wrote to meanwhile is decided in its turn."""
SHARED_SECONDS: Final = 60
"""How long others are thought to write at all."""

log = logging.getLogger(__name__)


class _Request:
    def __init__(self, calls: Sequence[Call | Refusal], done: asyncio.Future[list[Outcome]]) -> None:
        self.calls = calls
        self.done = done
        self.arrived = time.monotonic()
        self.open = any(is_open(call) for call in calls)
        """Belongs into a group that is decided in its transaction. Others are not to wait for that one."""


class Queue(Protocol):
    """What takes calls: `Ingestion`, or what stands for one elsewhere."""

    def check_open(self) -> None: ...

    async def accept(self, calls: Sequence[Call | Refusal]) -> list[Outcome]: ...


class Ingestion:
    """The queue and the one task that empties it. `start` it, `accept` calls, `stop` it."""

    def __init__(
        self,
        database: Database,
        *,
        clock: Callable[[], int] = now,
        tell_effects: bool = True,
        patient: bool = False,
    ) -> None:
        """`patient`: refuse nobody for having to wait. Who asks knows how much is enough."""
        self.database = database
        self.patient = patient
        self.clock = clock
        self.tell_effects = tell_effects
        self.queued = 0
        self._kept = WorkingSet()
        self._overtaken: dict[str, float] = {}
        """Companies that somebody else wrote to while a group was decided, and when."""
        self._requests: deque[_Request] = deque()
        self._arrived = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._stopping = False
        self._group_seconds = 0.0
        """From one group to the next, of late."""

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._commit_groups())

    async def stop(self) -> None:
        """Commit what was accepted into the queue, then end."""
        self._stopping = True
        self._arrived.set()
        if self._task is not None:
            await self._task

    def check_open(self) -> None:
        """Raises what `accept` would raise whatever is asked, so that nobody reads and decodes a request in vain."""
        if self._stopping or self._task is None:
            raise Unavailable("the service is stopping")
        if self.patient:
            return
        waited = time.monotonic() - self._requests[0].arrived if self._requests else 0.0
        to_wait = self.queued / GROUP_CALLS_MAX * self._group_seconds
        if self.queued >= QUEUE_CALLS_MAX or max(waited, to_wait) > QUEUE_SECONDS_MAX:
            raise self._full()

    def _full(self) -> TooManyRequests:
        return TooManyRequests(f"{self.queued} calls are waiting; try again in a moment")

    async def accept(self, calls: Sequence[Call | Refusal]) -> list[Outcome]:
        """Decide the calls and return when they are durable; an outcome for each, in their order.

        Raises TooManyRequests when the queue is full and Unavailable when the database cannot be written; then
        nothing of the request was kept.
        """
        return await self.enqueue(calls)

    def enqueue(self, calls: Sequence[Call | Refusal]) -> asyncio.Future[list[Outcome]]:
        """`accept`, for who waits for many at once."""
        self.check_open()
        if self.queued and self.queued + len(calls) > QUEUE_CALLS_MAX and not self.patient:
            raise self._full()
        request = _Request(calls, asyncio.get_running_loop().create_future())
        self._requests.append(request)
        self.queued += len(calls)
        self._arrived.set()
        return request.done

    async def _commit_groups(self) -> None:
        commit: asyncio.Task[bool] | None = None
        while self._requests or not self._stopping:
            if not self._requests:
                self._arrived.clear()
                await self._arrived.wait()
                continue
            began = time.monotonic()
            group = self._next_group()
            calls = [call for request in group for call in request.calls]
            if commit is None or commit.done():
                self._settled(commit is None or await commit)
                commit = None
            decided = None if group[0].open else await self._decide_ahead(calls)
            if commit is not None and not await commit:
                decided = None  # what it was decided on is void
                self._settled(False)
            if decided is not None:
                commit = asyncio.create_task(self._commit(group, decided))
            else:
                commit = None
                await self._commit_in_turn(group, calls)
            self._group_seconds += (time.monotonic() - began - self._group_seconds) / 4
        if commit is not None:
            await commit

    def _settled(self, kept: bool) -> None:
        """The commit is done: what it left is in the database, or nowhere."""
        if kept:
            self._kept.latest = ()
        else:
            self._kept = WorkingSet()

    def _next_group(self) -> list[_Request]:
        """The oldest request and those that may share its commit, in the order they came."""
        group = [self._requests.popleft()]
        size = len(group[0].calls)
        passed: deque[_Request] = deque()
        while self._requests and size + len(self._requests[0].calls) <= GROUP_CALLS_MAX:
            request = self._requests.popleft()
            if request.open == group[0].open:
                group.append(request)
                size += len(request.calls)
            else:
                passed.append(request)
        self._requests.extendleft(reversed(passed))
        return group

    async def _decide_ahead(self, calls: Sequence[Call | Refusal]) -> Decided | None:
        try:
            if self.database.one_company_per_transaction or self._contended(calls):
                return None
            async with self.database.read() as s:
                return await decide_ahead(s, self._kept, calls, self.clock(), self.tell_effects)
        except Exception:  # told by the second try, and to the one request that it belongs to
            log.debug("a group is decided again in its turn", exc_info=True)
            self._kept = WorkingSet()  # some of it may be half decided
            return None

    def _contended(self, calls: Sequence[Call | Refusal]) -> bool:
        """Whether others keep writing to one of the companies: then what is decided ahead is decided in vain."""
        if not self._overtaken:
            return False
        moment = time.monotonic()
        self._overtaken = {n: at for n, at in self._overtaken.items() if moment - at < SHARED_SECONDS}
        self._kept.shared = bool(self._overtaken)
        return any(moment - self._overtaken.get(call.company, 0.0) < CONTENDED_SECONDS for call in calls)

    async def _commit(self, group: Sequence[_Request], decided: Decided) -> bool:
        """Write a group that was decided ahead. False when it had to be decided again, or failed."""
        try:
            if await decided.commit(self.database):
                self._tell(group, decided.outcomes)
                return True
        except EngageError as error:
            self._fail(group, error)
            return False
        except Exception as error:
            log.error("a commit of %d requests failed", len(group), exc_info=error)
        calls = [call for request in group for call in request.calls]
        self._overtaken |= {call.company: time.monotonic() for call in calls}
        await self._commit_in_turn(group, calls)
        return False

    async def _commit_in_turn(self, group: Sequence[_Request], calls: Sequence[Call | Refusal]) -> None:
        try:
            if self.database.one_company_per_transaction:
                outcomes = await accept_by_company(self.database, calls, self.clock(), self.tell_effects)
            else:
                outcomes, left = await accept_in_turn(self.database, calls, self.clock(), self.tell_effects)
                self._kept.adopt(left)
            self._tell(group, outcomes)
        except EngageError as error:
            self._fail(group, error)
        except Exception as error:
            if len(group) == 1:
                self._fail(group, error)
                return
            # A defect of ours: let only the request that meets it fail.
            log.error("a commit of %d requests failed", len(group), exc_info=error)
            for request in group:
                await self._commit_in_turn([request], request.calls)

    def _tell(self, group: Sequence[_Request], outcomes: list[Outcome]) -> None:
        start = 0
        for request in group:
            end = start + len(request.calls)
            # Its client may have gone away; the calls are in the log all the same.
            if not request.done.done():
                request.done.set_result(outcomes[start:end])
            start = end
        self.queued -= start

    def _fail(self, group: Sequence[_Request], error: Exception) -> None:
        for request in group:
            if not request.done.done():
                request.done.set_exception(error)
            self.queued -= len(request.calls)
