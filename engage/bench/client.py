"""The load generator: a process of its own that sends requests made beforehand and looks at every answer.

It costs little of the processor the service needs: no HTTP library, no encoding, a few searches in the bytes of each
answer. Closed loop: each connection sends its next request when the last is answered. Open loop: requests are due at
a fixed rate whatever the service does, and a latency counts from when its request was due, so a stall is felt by all
that waited behind it. Run as `python -m engage.bench.client PLAN`; the report goes to stdout.
"""

from __future__ import annotations

import asyncio
import gc
import socket
import sys
import time
from collections import deque
from pathlib import Path
from typing import Final, cast

import msgspec
from msgspec import Struct

TICK_SECONDS: Final = 0.001
SILENCE_SECONDS_MAX: Final = 120.0


class Shot(Struct, array_like=True):
    """A request, and how many times its answer must say OK."""

    data: bytes
    oks: int = 0


OK: Final = b'"status":"ok"'


class Plan(Struct):
    host: str
    port: int
    connections: int
    shots: list[Shot]
    rate: float | None = None
    """Requests per second of the open loop; None: closed loop."""


class Report(Struct):
    seconds: float
    """From the first request sent to the last answer."""
    answered: int
    failed: int
    first_failure: str
    p50_ms: float
    p99_ms: float
    max_ms: float
    cpu_seconds: float


class Load:
    """What is still to be sent, and what came of it."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.waiting: deque[tuple[float, Shot]] = deque()
        self.idle: list[Connection] = []
        self.latencies: list[float] = []
        self.failed = 0
        self.first_failure = ""
        self.sent = 0
        self.done = asyncio.Event()
        self.began = self.ended = 0.0

    def next_shot(self, now: float) -> tuple[float, Shot] | None:
        """(when it was due, the request), None while nothing is due."""
        if self.plan.rate is not None:
            return self.waiting.popleft() if self.waiting else None
        if self.sent == len(self.plan.shots):
            return None
        self.sent += 1
        return now, self.plan.shots[self.sent - 1]

    def answered(self, due: float, shot: Shot, answer: bytes) -> None:
        self.ended = time.perf_counter()
        self.latencies.append(self.ended - due)
        if not answer.startswith(b"HTTP/1.1 20") or answer.count(OK) != shot.oks:
            self.fail(answer[:400].decode(errors="replace"))
        if len(self.latencies) == len(self.plan.shots):
            self.done.set()

    def fail(self, what: str) -> None:
        self.failed += 1
        self.first_failure = self.first_failure or what

    async def run(self, connections: list[Connection]) -> None:
        self.began = self.ended = time.perf_counter()
        if not self.plan.shots:
            return
        if self.plan.rate is None:
            for connection in connections:
                connection.advance(self.began)
        else:
            self.idle = connections
            await self._release(self.plan.rate)
        while not self.done.is_set():
            before = len(self.latencies)
            try:
                async with asyncio.timeout(SILENCE_SECONDS_MAX):
                    await self.done.wait()
            except TimeoutError:
                if len(self.latencies) == before:
                    self.fail(f"no answer for {SILENCE_SECONDS_MAX:.0f} s")
                    return

    async def _release(self, rate: float) -> None:
        released = 0
        while released < len(self.plan.shots):
            now = time.perf_counter()
            due = min(len(self.plan.shots), int((now - self.began) * rate) + 1)
            while released < due:
                self.waiting.append((self.began + released / rate, self.plan.shots[released]))
                released += 1
            while self.waiting and self.idle:
                self.idle.pop().advance(now)
            await asyncio.sleep(TICK_SECONDS)


class Connection(asyncio.Protocol):
    """One kept connection with at most one request under way."""

    def __init__(self, load: Load) -> None:
        self.load = load
        self.transport: asyncio.Transport | None = None
        self._current: tuple[float, Shot] | None = None
        self._received = bytearray()
        self._wanted = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def advance(self, now: float) -> None:
        self._current = self.load.next_shot(now)
        if self._current is None:
            if self.load.plan.rate is not None:
                self.load.idle.append(self)
            return
        assert self.transport is not None
        self.transport.write(self._current[1].data)

    def data_received(self, data: bytes) -> None:
        received = self._received
        received += data
        if not self._wanted:
            end = received.find(b"\r\n\r\n")
            if end < 0:
                return
            self._wanted = end + 4 + _content_length(bytes(received[:end]))
        if len(received) < self._wanted:
            return
        answer = bytes(received)
        received.clear()
        self._wanted = 0
        assert self._current is not None
        self.load.answered(*self._current, answer)
        self.advance(time.perf_counter())

    def connection_lost(self, error: Exception | None) -> None:
        if not self.load.done.is_set():
            self.load.fail(f"the connection was closed: {error}")
            self.load.done.set()


def _content_length(head: bytes) -> int:
    at = head.lower().find(b"content-length:")
    return 0 if at < 0 else int(head[at + 15 :].split(b"\r\n", 1)[0])


async def run(plan: Plan) -> Report:
    load = Load(plan)
    loop = asyncio.get_running_loop()
    connections: list[Connection] = []
    for _ in range(plan.connections):
        _, connection = await loop.create_connection(lambda: Connection(load), plan.host, plan.port)
        connections.append(connection)
    started = time.process_time()
    await load.run(connections)
    spent = time.process_time() - started
    load.done.set()
    for connection in connections:
        if connection.transport is not None:
            connection.transport.close()
    ranked = sorted(load.latencies) or [0.0]
    return Report(
        seconds=load.ended - load.began,
        answered=len(load.latencies),
        failed=load.failed,
        first_failure=load.first_failure,
        p50_ms=ranked[len(ranked) // 2] * 1000,
        p99_ms=ranked[min(len(ranked) - 1, len(ranked) * 99 // 100)] * 1000,
        max_ms=ranked[-1] * 1000,
        cpu_seconds=spent,
    )


def _new_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop
    except ImportError:  # Windows
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


def main() -> None:
    plan = msgspec.msgpack.decode(Path(sys.argv[1]).read_bytes(), type=Plan)
    gc.disable()
    with asyncio.Runner(loop_factory=_new_loop) as runner:
        report = runner.run(run(plan))
    sys.stdout.buffer.write(msgspec.json.encode(report))


if __name__ == "__main__":
    main()
