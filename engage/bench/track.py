"""What `track()` of our client costs the host's own thread, beside the least that any queue must do.

Each round is a process of its own (`python -m engage.bench.track`): a heap full of another case's rows would slow the
collector. The client sends to a transport that answers at once, so nothing but its own work is measured.
"""

from __future__ import annotations

import itertools
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

import httpx
import msgspec
from msgspec import Struct

from engage.bench.errors import CannotRun, RoundFailed
from engage.bench.figures import Sample
from engage.bench.processes import environment
from engage.bench.workshop import Case, Round, Workshop

if TYPE_CHECKING:
    from engage_sdk import Client

NAME: Final = "track_call"
STRETCHES: Final = 200
CALLS: Final = 95
"""Of one stretch: less than a batch, so that the sender sleeps through it."""
PROPERTIES: Final = {"pages": 3, "format": "pdf", "title": "Quarterly report", "shared": True}


class Costs(Struct, frozen=True):
    """Microseconds per call."""

    alone: float
    """The sender asleep, as it is until a batch has come together."""
    busy: float
    """While the sender encodes and sends on the other side of the interpreter's lock."""
    busy_cpu: float
    """The same in the thread's own processor time."""
    least: float
    """An id, the time and a copy of the properties, put into a queue under a lock."""


def measure() -> Costs:
    busy, busy_cpu = _busy()
    return Costs(_alone(), busy, busy_cpu, _least())


def _alone() -> float:
    spent = 0.0
    with _client(flush_interval=600) as client:
        for _ in range(STRETCHES):
            # The first after a rest wakes the sender, which then waits for a whole batch.
            client.track("emp-1", "Warm-up", company="acme")
            began = time.perf_counter()
            for _ in range(CALLS):
                client.track("emp-1", "Report Exported", company="acme", properties=PROPERTIES)
            spent += time.perf_counter() - began
            _delivered(client.flush())
    return spent / STRETCHES / CALLS * 1e6


def _busy() -> tuple[float, float]:
    with _client(flush_interval=0.5) as client:
        began, cpu = time.perf_counter(), time.thread_time()
        for _ in range(STRETCHES * CALLS):
            client.track("emp-1", "Report Exported", company="acme", properties=PROPERTIES)
        elapsed, spent = time.perf_counter() - began, time.thread_time() - cpu
        _delivered(client.flush(60))
    return elapsed / STRETCHES / CALLS * 1e6, spent / STRETCHES / CALLS * 1e6


def _least() -> float:
    queue: deque[tuple[str, str, int, str, str, dict[str, object]]] = deque()
    lock, ids = threading.Lock(), itertools.count()
    spent = 0.0
    for _ in range(STRETCHES):
        began = time.perf_counter()
        for _ in range(CALLS):
            item = ("track", f"id-{next(ids):012x}", time.time_ns(), "emp-1", "acme", dict(PROPERTIES))
            with lock:
                queue.append(item)
        spent += time.perf_counter() - began
        queue.clear()
    return spent / STRETCHES / CALLS * 1e6


def _delivered(all_of_it: bool) -> None:
    if not all_of_it:
        raise RoundFailed("the client did not deliver what it was given")


def _client(flush_interval: float) -> Client:
    from engage_sdk import Client

    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"success": True})

    return Client(
        "http://engage.example.com",
        key="k",
        queue_size=STRETCHES * CALLS * 2,
        flush_at=100,
        flush_interval=flush_interval,
        make_http=lambda: httpx.Client(transport=httpx.MockTransport(answer)),
    )


@contextmanager
def _prepare(workshop: Workshop) -> Iterator[Callable[[], Round]]:
    if find_spec("engage_sdk") is None:
        raise CannotRun("the client is not installed: pip install engage-sdk, or ./sdk in a checkout")

    def measured() -> Round:
        done = subprocess.run(
            [sys.executable, "-m", "engage.bench.track"], env=environment(), capture_output=True, check=False
        )
        if done.returncode:
            raise RoundFailed(f"the calls ended with {done.returncode}: {done.stderr[-500:]!r}")
        costs = msgspec.json.decode(done.stdout, type=Costs)
        return {NAME: Sample(costs.alone, costs.least, {"busy": costs.busy, "busy_cpu": costs.busy_cpu})}

    yield measured


CASES: Final = (Case((NAME,), _prepare, in_quick=(NAME,)),)

if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(measure()))
