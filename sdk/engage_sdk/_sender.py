"""The threaded driver: takes the steps of the pure half with a blocking HTTP client.

Owns the background thread, its HTTP connections, flushing and closing. Decides nothing about messages.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

import httpx

from . import _calls, _processes
from ._delivery import Steps, deliver
from ._outbox import Outbox
from ._settings import Settings, connection_failed, response
from ._wire import Answer, Remark, Report, Request, Send, Settle, Wait

T = TypeVar("T")
MakeHttp = Callable[[], httpx.Client]

# A child must not close what it shares with its parent: closing would speak TLS on the parent's connections.
_left_to_the_parent: list[object] = []


class ThreadSender:
    """Delivers one outbox from one daemon thread, started at the first message."""

    def __init__(self, settings: Settings, make_http: MakeHttp, outbox: Outbox | None = None) -> None:
        self.settings = settings
        self.exit_timeout = settings.exit_timeout
        self.outbox: Outbox = settings.outbox() if outbox is None else outbox
        self._make_http = make_http
        self._http: httpx.Client | None = None
        self._reset()

    def _reset(self) -> None:
        self._lock = threading.RLock()  # starting the thread, opening and closing the HTTP client
        self._driving = threading.Lock()  # whoever holds it delivers
        self._news = threading.Event()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._hurry_to = 0  # up to this mark there is no point in waiting for more messages
        self._deadline: float | None = None

    def forget(self) -> None:
        """After a fork: what waits is the parent's, and so are the thread and the connections."""
        _left_to_the_parent.append(self._http)
        closed = self.outbox.closed
        self._http = None
        self.outbox.reset()
        self.outbox.closed = closed
        self._reset()

    def wake(self) -> None:
        """Tells the thread to look, and starts it if there is none and one can be started."""
        self._start()
        self._news.set()

    def _start(self) -> bool:
        with self._lock:
            if self.outbox.attended:
                return True
            thread = threading.Thread(target=self._run, name="engage-sender", daemon=True)
            # Before it starts: it may call on_error, and so flush(), at once, and must know itself there.
            before, self._thread = self._thread, thread
            self.outbox.attended = True
            try:
                thread.start()
            except RuntimeError:  # none can be started while the interpreter shuts down
                self._thread = before
                self.outbox.attended = False
                return False
            return True

    def _run(self) -> None:
        outbox = self.outbox
        try:
            while True:
                self._news.clear()
                self.settings.tell_all(outbox)
                if outbox.rest():
                    if self._stop.is_set():
                        return
                    self._news.wait()
                    continue
                if outbox.pending == 0:
                    continue  # only something to report
                if not (outbox.is_ripe() or self._stop.is_set() or not outbox.is_settled(self._hurry_to)):
                    self._news.wait(self.settings.flush_interval)
                with self._driving:
                    self._deliver_one_batch()
        finally:
            outbox.attended = False
            if self._stop.is_set():
                self.close_http()

    def _deliver_one_batch(self) -> bool:
        """False if time ran out in the middle of it."""
        drafts = self.outbox.take()
        try:
            return self._drive(deliver(drafts, self.settings.delivery()))
        except Exception as error:  # noqa: BLE001 - our own mistake must cost one batch, not those behind it
            self.settings.tell_failure(error, drafts)
            return True
        finally:
            self.outbox.settle(drafts)

    def _drive(self, steps: Steps) -> bool:
        answer: Answer | None = None
        while True:
            try:
                step = steps.send(answer)
            except StopIteration:
                return True
            answer = None
            if isinstance(step, Send):
                answer = self.exchange(step.request)
            elif isinstance(step, Report):
                self.settings.tell(step)
            elif isinstance(step, Remark):
                self.settings.remark(step)
            elif isinstance(step, Settle):
                self.outbox.settle(step.drafts)
            elif not self._pause(step.seconds):
                if self.outbox.closed:
                    self.outbox.abandon("the client was closed before the next try", step.cause)
                else:
                    self.outbox.put_back()  # only a flush ran out of time: the next one goes on
                return False

    def _pause(self, seconds: float) -> bool:
        """Waits before a retry; False if the client must be closed before that is over."""
        ends_at = time.monotonic() + seconds
        self.settings.tell_all(self.outbox)
        while (left := ends_at - time.monotonic()) > 0:
            if self._deadline is not None and ends_at > self._deadline:
                return False
            if self._stop.is_set():
                time.sleep(left)
            else:
                self._stop.wait(left)
        return True

    def exchange(self, request: Request) -> Answer:
        """Sends a request. Every failure to get an answer is a value, so no library's exception gets out."""
        timeout = self.settings.timeout
        if self._deadline is not None:
            timeout = max(0.05, min(timeout, self._deadline - time.monotonic()))
        try:
            return response(
                self._client().request(
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

    def _client(self) -> httpx.Client:
        with self._lock:
            if self._http is None:
                with _processes.making_http:
                    self._http = self._make_http()
            return self._http

    def close_http(self) -> None:
        """Closes the connections; the next request opens new ones."""
        with self._lock:
            http, self._http = self._http, None
        if http is not None:
            http.close()

    def call(self, call: _calls.Call[T]) -> T:
        """Runs a call that answers, in the caller's thread."""
        self.settings.check_answers(self.outbox)
        steps = _calls.perform(call, self.settings.retry, self.settings.clock, self.settings.random)
        answer: Answer | None = None
        while True:
            try:
                step = steps.send(answer)
            except StopIteration as finished:
                result: T = finished.value
                return result
            if isinstance(step, Wait):
                time.sleep(step.seconds)
                answer = None
            else:
                answer = self.exchange(step.request)

    def flush(self, timeout: float | None) -> bool:
        """Waits until everything queued before is settled."""
        if threading.current_thread() is self._thread:
            return False  # called from on_error or before_send: waiting for itself would never end
        mark = self._hurry_to = self.outbox.mark()
        if self._start():
            self._news.set()
        else:
            self.deliver_here(timeout)
        return self.outbox.wait_until_settled(mark, timeout)

    def deliver_here(self, timeout: float | None) -> None:
        """Delivers what there is in the caller's thread, in about this time."""
        if not self._driving.acquire(timeout=-1 if timeout is None else timeout):
            return
        before = self._deadline
        try:
            self._deadline = None if timeout is None else time.monotonic() + timeout
            while self.outbox.pending and (self._deadline is None or time.monotonic() < self._deadline):
                if not self._deliver_one_batch():
                    break
            self.settings.tell_all(self.outbox)
        finally:
            self._deadline = before
            self._driving.release()

    def close(self, timeout: float) -> bool:
        """Takes no more, delivers what is left within the time, gives up the rest. False if anything was given up."""
        self._deadline = time.monotonic() + timeout
        self.outbox.close()
        self._stop.set()
        if self.outbox.pending and not self._start():
            self.deliver_here(timeout)
        self._news.set()
        if threading.current_thread() is self._thread:
            return False
        self.outbox.wait_until_settled(self.outbox.mark(), timeout)
        self.outbox.abandon("time ran out before they were delivered")
        if self._thread is not None:
            self._thread.join(max(0.0, self._deadline - time.monotonic()))
        self.settings.tell_all(self.outbox)
        if not self.outbox.attended:
            self.close_http()
        _processes.unregister(self)
        return self.outbox.abandoned == 0

    def release(self) -> None:
        """The client was garbage: deliver what is left, then end the thread."""
        self._stop.set()
        if self.outbox.attended:
            self._news.set()
        else:
            self.close_http()

    def drain_at_exit(self, timeout: float) -> None:
        """See `_processes`."""
        self.close(timeout)
