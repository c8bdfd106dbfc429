"""The asyncio driver: takes the steps of the pure half with an asynchronous HTTP client.

Owns the background task, its HTTP connections (one set per event loop), flushing and closing. Decides nothing
about messages. A loop that ends cancels the task; what it had goes back into the queue for the next loop, or
for the exit.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable
from typing import TypeVar

import httpx

from . import _calls, _processes
from ._delivery import Steps, deliver
from ._outbox import Outbox
from ._sender import MakeHttp, ThreadSender
from ._settings import Settings, connection_failed, response
from ._wire import Answer, Remark, Report, Request, Send, Settle, Wait

T = TypeVar("T")
MakeAsyncHttp = Callable[[], httpx.AsyncClient]
Loop = asyncio.AbstractEventLoop

# How often a flush looks whether a sender on another thread's loop is done.
_FOREIGN_POLL_SECONDS = 0.01

_left_to_the_parent: list[object] = []


class TaskSender:
    """Delivers one outbox from one task on the loop that was running when the first message came."""

    def __init__(
        self, settings: Settings, make_http: MakeAsyncHttp, make_blocking_http: MakeHttp | None
    ) -> None:
        self.settings = settings
        self.exit_timeout = settings.exit_timeout
        self.outbox: Outbox = settings.outbox()
        self._make_http = make_http
        self._make_blocking_http = make_blocking_http
        self._reset()

    def _reset(self) -> None:
        self._lock = threading.RLock()
        self._https: dict[Loop, httpx.AsyncClient] = {}
        self._loop: Loop | None = None
        self._task: asyncio.Task[None] | None = None
        self._news = asyncio.Event()
        self._stop = asyncio.Event()
        self._waiters: list[tuple[int, asyncio.Future[None]]] = []
        self._hurry_to = 0
        self._stopping = False
        self._deadline: float | None = None

    def forget(self) -> None:
        """After a fork: what waits is the parent's, and so are the loop, the task and the connections."""
        _left_to_the_parent.append((self._https, self._loop, self._task))
        closed = self.outbox.closed
        self.outbox.reset()
        self.outbox.closed = closed
        self._reset()

    def wake(self) -> None:
        """Tells the task to look. Without one, starts it if a loop is running here; else the first await does."""
        here = asyncio._get_running_loop()
        with self._lock:
            loop = self._loop
            if loop is None or self._task is None or loop.is_closed():
                if here is not None:
                    self._start(here)
            elif loop is here:
                self._news.set()
            else:
                with contextlib.suppress(
                    RuntimeError
                ):  # it closed at this moment: the next await starts anew
                    loop.call_soon_threadsafe(self._news.set)

    def attend_if_needed(self) -> None:
        """Starts delivering what was queued while no loop ran."""
        if self.outbox.pending:
            self.attend()

    def attend(self) -> None:
        """Makes sure that a task is at work, taking over from a loop that does not run any more."""
        here = asyncio.get_running_loop()
        with self._lock:
            if self._task is not None and self._loop is not None and not self._task.done():
                if self._loop is here or self._loop.is_running():
                    return
                if not self._loop.is_closed():
                    self._task.cancel()
            self._start(here)

    def _start(self, loop: Loop) -> None:
        self.outbox.put_back()  # what a task had whose loop ended without a word
        self._loop = loop
        self._news = asyncio.Event()
        self._stop = asyncio.Event()
        if self._stopping:
            self._stop.set()
        self._waiters = []
        self._task = loop.create_task(self._run(self._news), name="engage-sender")
        self.outbox.attended = True

    async def _run(self, news: asyncio.Event) -> None:
        outbox = self.outbox
        try:
            while True:
                news.clear()
                self.settings.tell_all(outbox)
                if outbox.rest():
                    if self._stopping:
                        return
                    await news.wait()
                    continue
                if outbox.pending == 0:
                    continue  # only something to report
                if not (outbox.is_ripe() or self._stopping or not outbox.is_settled(self._hurry_to)):
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(self.settings.flush_interval):
                            await news.wait()
                await self._deliver_one_batch()
        finally:
            if self._task is asyncio.current_task():
                outbox.attended = False
                self._task = None
                await self._close_http(asyncio.get_running_loop())

    async def _deliver_one_batch(self) -> None:
        drafts = self.outbox.take()
        try:
            await self._drive(deliver(drafts, self.settings.delivery()))
        except Exception as error:  # noqa: BLE001 - our own mistake must cost one batch, not those behind it
            self.settings.tell_failure(error, drafts)
        # Not in a finally: when this task is cancelled, what is not settled goes back into the queue.
        self.outbox.settle(drafts)
        self._tell_waiters()

    async def _drive(self, steps: Steps) -> None:
        answer: Answer | None = None
        while True:
            try:
                step = steps.send(answer)
            except StopIteration:
                return
            answer = None
            if isinstance(step, Send):
                answer = await self.exchange(step.request)
            elif isinstance(step, Report):
                self.settings.tell(step)
            elif isinstance(step, Remark):
                self.settings.remark(step)
            elif isinstance(step, Settle):
                self.outbox.settle(step.drafts)
            elif not await self._pause(step.seconds):
                self.outbox.abandon("the client was closed before the next try", step.cause)
                return

    async def _pause(self, seconds: float) -> bool:
        """Waits before a retry; False if the client must be closed before that is over."""
        ends_at = time.monotonic() + seconds
        self.settings.tell_all(self.outbox)
        while (left := ends_at - time.monotonic()) > 0:
            if self._deadline is not None and ends_at > self._deadline:
                return False
            if self._stopping:
                await asyncio.sleep(left)
            else:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(left):
                        await self._stop.wait()
        return True

    def _tell_waiters(self) -> None:
        waiting = []
        for mark, future in self._waiters:
            if future.done():
                continue
            if self.outbox.is_settled(mark):
                future.set_result(None)
            else:
                waiting.append((mark, future))
        self._waiters = waiting

    async def exchange(self, request: Request) -> Answer:
        """Sends a request. Every failure to get an answer is a value, so no library's exception gets out."""
        timeout = self.settings.timeout
        if self._deadline is not None:
            timeout = max(0.05, min(timeout, self._deadline - time.monotonic()))
        try:
            return response(
                await self._client().request(
                    request.method,
                    self.settings.url(request),
                    headers=self.settings.headers(request),
                    content=request.body,
                    timeout=timeout,
                    follow_redirects=False,
                )
            )
        except Exception as error:  # noqa: BLE001
            return connection_failed(error, self.settings.base_url)

    def _client(self) -> httpx.AsyncClient:
        here = asyncio.get_running_loop()
        with self._lock:
            if here not in self._https:
                # Connections of a closed loop can neither be used nor closed.
                self._https = {loop: http for loop, http in self._https.items() if not loop.is_closed()}
                with _processes.making_http:
                    self._https[here] = self._make_http()
            return self._https[here]

    async def _close_http(self, loop: Loop) -> None:
        with self._lock:
            http = self._https.pop(loop, None)
        if http is not None:
            await http.aclose()

    async def call(self, call: _calls.Call[T]) -> T:
        """Runs a call that answers."""
        self.settings.check_answers(self.outbox)
        self.attend_if_needed()
        steps = _calls.perform(call, self.settings.retry, self.settings.clock, self.settings.random)
        answer: Answer | None = None
        while True:
            try:
                step = steps.send(answer)
            except StopIteration as finished:
                result: T = finished.value
                return result
            if isinstance(step, Wait):
                await asyncio.sleep(step.seconds)
                answer = None
            else:
                answer = await self.exchange(step.request)

    async def flush(self, timeout: float | None) -> bool:
        """Waits until everything queued before is settled."""
        mark = self._hurry_to = self.outbox.mark()
        self.attend()
        self.wake()
        return await self._wait_until_settled(mark, timeout)

    async def _wait_until_settled(self, mark: int, timeout: float | None) -> bool:
        try:
            async with asyncio.timeout(timeout):
                while not self.outbox.is_settled(mark):
                    if self._loop is asyncio.get_running_loop():
                        future = self._loop.create_future()
                        self._waiters.append((mark, future))
                        await future
                    else:
                        await asyncio.sleep(_FOREIGN_POLL_SECONDS)
        except TimeoutError:
            return False
        return True

    async def close(self, timeout: float) -> bool:
        """Takes no more, delivers what is left within the time, gives up the rest. False if anything was given up."""
        self._deadline = time.monotonic() + timeout
        self.outbox.close()
        self._stopping = True
        self.attend_if_needed()
        self._stop_here_or_there()
        await self._wait_until_settled(self.outbox.mark(), timeout)
        self.outbox.abandon("time ran out before they were delivered")
        task = self._task
        if (
            task is not None
            and self._loop is asyncio.get_running_loop()
            and task is not asyncio.current_task()
        ):
            await asyncio.wait([task], timeout=max(0.0, self._deadline - time.monotonic()))
            task.cancel()
            await asyncio.wait([task], timeout=1.0)
        self.settings.tell_all(self.outbox)
        await self._close_http(asyncio.get_running_loop())
        _processes.unregister(self)
        return self.outbox.abandoned == 0

    def _stop_here_or_there(self) -> None:
        def stop() -> None:
            self._stop.set()
            self._news.set()

        with self._lock:
            loop = self._loop
        if loop is None or loop.is_closed():
            return
        if loop is asyncio._get_running_loop():
            stop()
        else:
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(stop)

    def release(self) -> None:
        """The client was garbage: deliver what is left, then end the task."""
        self._stopping = True
        self._stop_here_or_there()
        if self.outbox.pending and (self._loop is None or self._loop.is_closed() or not self.outbox.attended):
            _processes.keep(self)

    def drain_at_exit(self, timeout: float) -> None:
        """See `_processes`. No loop can be relied on now, so the rest goes out over blocking connections."""
        self.outbox.close()
        if self._loop is not None and self._loop.is_running():
            self._deadline = time.monotonic() + timeout
            self._stop_here_or_there()
            self.outbox.wait_until_settled(self.outbox.mark(), timeout)
        else:
            self.deliver_blocking(timeout)
        self.outbox.abandon("the process ended")
        self.settings.tell_all(self.outbox)

    def deliver_blocking(self, timeout: float, make_http: MakeHttp | None = None) -> None:
        """Delivers what is queued without a loop. Does nothing where the host's HTTP client is only an async one."""
        self.outbox.put_back()
        make_http = make_http or self._make_blocking_http
        if make_http is None:
            return
        sender = ThreadSender(self.settings, make_http, self.outbox)
        sender.deliver_here(timeout)
        sender.close_http()
