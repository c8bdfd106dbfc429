"""Deciding in a process of its own: the service reads and answers requests on one core, and decides and writes on
another, where a single interpreter would do one at a time.

`DecidingProcess` is the queue as the service sees it; `_serve` is the process behind it, which has the same database
open and holds the real queue. Between them goes a pipe of frames. Owns that process: when it dies, whoever waits for it
is told that the service is unavailable, and the next one is started. It ends when its pipe does, so it outlives nobody.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import struct
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from multiprocessing import get_context
from multiprocessing.context import ForkContext, SpawnContext
from multiprocessing.process import BaseProcess
from typing import Final, Generic, TypeVar, cast

import msgspec
from msgspec import Struct

from engage import telemetry
from engage.actions.group_commit import QUEUE_CALLS_MAX, Ingestion
from engage.actions.ingest import Outcome
from engage.core.call import Call, Refusal
from engage.errors import EngageError, TooManyRequests, Unavailable
from engage.interpreter import cores, run_for_throughput
from engage.store.database import Database

T = TypeVar("T")

START_SECONDS_MAX: Final = 30.0
RESTART_SECONDS: Final = 0.5
END_SECONDS_MAX: Final = 10.0
"""For what was accepted and for closing the database, once no more can come. A database that hangs must not keep it."""
QUEUE_SECONDS_MAX: Final = 4.0
"""More than the queue itself allows: while not even that is answered, nobody new need be read."""

log = logging.getLogger(__name__)


class _Asked(Struct, array_like=True):
    """The calls of one request, and where the refused ones stood among them."""

    number: int
    calls: list[Call]
    refused: list[tuple[int, Refusal]] = []


class _Told(Struct, array_like=True):
    """What became of them, or why the request failed as a whole."""

    number: int
    outcomes: list[Outcome] = []
    failed: str = ""
    message: str = ""
    retry_after: int = 0


READY: Final = 0
"""The number of no request: the database is open."""
START: Final = b"\1"
"""Sent before any frame: open the database."""

_LENGTH: Final = struct.Struct("<I")
_encode: Final = msgspec.msgpack.Encoder().encode


class _Pipe(asyncio.Protocol, Generic[T]):
    """Frames both ways. What is sent within one turn of the loop goes out together."""

    def __init__(self, kind: type[T], received: Callable[[list[T]], None], lost: Callable[[], None]) -> None:
        self._decode = msgspec.msgpack.Decoder(list[kind]).decode  # type: ignore[valid-type]
        self._received = received
        self._lost = lost
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._arrived = bytearray()
        self._unsent: list[Struct] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        arrived = self._arrived
        arrived += data
        start = 0
        while len(arrived) - start >= _LENGTH.size:
            end = start + _LENGTH.size + _LENGTH.unpack_from(arrived, start)[0]
            if end > len(arrived):
                break
            self._received(self._decode(memoryview(arrived)[start + _LENGTH.size : end]))
            start = end
        if start:
            del arrived[:start]

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost()

    def send(self, one: Struct) -> None:
        if not self._unsent:
            self._loop.call_soon(self._flush)
        self._unsent.append(one)

    def _flush(self) -> None:
        frame = _encode(self._unsent)
        self._unsent = []
        if self._transport is not None and not self._transport.is_closing():
            self._transport.writelines([_LENGTH.pack(len(frame)), frame])

    def close(self) -> None:
        """Once all that was sent is out."""
        if self._unsent:
            self._flush()
        if self._transport is not None:
            self._transport.close()

    def end(self) -> None:
        """Send no more, and hear what is still said."""
        if self._unsent:
            self._flush()
        if self._transport is not None:
            with suppress(OSError):
                self._transport.write_eof()


class _Waiting(Struct):
    done: asyncio.Future[list[Outcome]]
    calls: int
    since: float


class DecidingProcess:
    """The queue of a process of its own. `launch` it, `start` it, `accept` calls, `stop` it, as with `Ingestion`."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._waiting: dict[int, _Waiting] = {}
        """By number, the oldest first."""
        self._queued = 0
        self._numbers = 0
        self._socket: socket.socket | None = None
        """Our end, until it is the pipe's."""
        self._pipe: _Pipe[_Told] | None = None
        self._process: BaseProcess | None = None
        self._stopping = False
        self._ready = asyncio.Event()
        self._lost = asyncio.Event()
        self._keeping: asyncio.Task[None] | None = None

    def launch(self, *inherited: socket.socket) -> None:
        """Start the process, which waits for `start`. It shall not keep open what is `inherited`.

        While there is a single thread, nothing is in the way of a fork, which takes no time and little memory; a fresh
        interpreter takes a second, and is what a process that has died is replaced by.
        """
        ours, theirs = socket.socketpair()
        forking = sys.platform == "linux" and threading.active_count() == 1
        context: ForkContext | SpawnContext = get_context("fork") if forking else get_context("spawn")
        with theirs:
            arguments = (self._url, theirs, (ours, *inherited) if forking else ())
            self._process = context.Process(target=_serve, args=arguments, daemon=True)
            self._process.start()
        self._socket = ours

    async def start(self) -> None:
        """Have it open the database. Raises Unavailable when the process does not come to answer."""
        self._loop = asyncio.get_running_loop()
        await self._begin()
        self._keeping = self._loop.create_task(self._keep())

    @property
    def pid(self) -> int | None:
        """Of the process that decides; None while there is none."""
        return self._process.pid if self._process is not None and self._pipe is not None else None

    async def stop(self) -> None:
        """Have decided what was accepted, then end."""
        self._stopping = True
        if self._pipe is not None:
            self._pipe.end()
        if self._keeping is not None:
            await self._keeping

    def abandon(self) -> None:
        """Should it never have been started, let it end."""
        if self._socket is not None:
            self._socket.close()

    def check_open(self) -> None:
        """Raises what `accept` would raise whatever is asked, so that nobody reads and decodes a request in vain."""
        if self._stopping or self._pipe is None:
            raise self._gone()
        if self._waiting:
            waited = self._loop.time() - next(iter(self._waiting.values())).since
            if self._queued >= QUEUE_CALLS_MAX or waited > QUEUE_SECONDS_MAX:
                raise self._full()

    async def accept(self, calls: Sequence[Call | Refusal]) -> list[Outcome]:
        """As `Ingestion.accept`. Should the process die meanwhile, nobody can tell what it kept: Unavailable, and what
        is sent again counts once."""
        self.check_open()
        if self._queued and self._queued + len(calls) > QUEUE_CALLS_MAX:
            raise self._full()
        assert self._pipe is not None
        self._numbers += 1
        number = self._numbers
        done: asyncio.Future[list[Outcome]] = self._loop.create_future()
        self._waiting[number] = _Waiting(done, len(calls), self._loop.time())
        self._queued += len(calls)
        good = [call for call in calls if isinstance(call, Call)]
        refused = [] if len(good) == len(calls) else _places(calls)
        self._pipe.send(_Asked(number, good, refused))
        return await done

    def _gone(self) -> Unavailable:
        return Unavailable("the service is stopping" if self._stopping else "the service is starting again")

    def _full(self) -> TooManyRequests:
        return TooManyRequests(f"{self._queued} calls are waiting; try again in a moment")

    # --- the process ----------------------------------------------------------------------------------------

    async def _begin(self) -> None:
        if self._socket is None:
            self.launch()
        assert self._socket is not None
        ours, self._socket = self._socket, None
        with suppress(OSError):  # it has died; that is found out below
            ours.send(START)
        self._ready.clear()
        self._lost.clear()
        _, pipe = await self._loop.create_unix_connection(
            lambda: _Pipe(_Told, self._hear, self._lost.set), sock=ours
        )
        waiting = [self._loop.create_task(one.wait()) for one in (self._ready, self._lost)]
        try:
            await asyncio.wait(waiting, timeout=START_SECONDS_MAX, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()
        if not self._ready.is_set():
            pipe.close()
            raise Unavailable("the process that decides does not start; see the log")
        self._pipe = pipe
        if self._stopping:
            pipe.end()

    async def _keep(self) -> None:
        """Start it again whenever it ends before it is asked to."""
        while True:
            await self._lost.wait()
            self._pipe = None
            self._fail_waiting()
            assert self._process is not None
            await asyncio.to_thread(self._process.join, END_SECONDS_MAX)
            if self._process.is_alive():
                self._process.kill()
            if self._stopping:
                return
            log.error("the process that decides ended with %s", self._process.exitcode)
            if not await self._begin_again():
                return

    async def _begin_again(self) -> bool:
        """False: it is not needed any more."""
        while not self._stopping:
            try:
                await self._begin()
                return True
            except Unavailable as error:
                log.error("%s", error.message)
                await asyncio.sleep(RESTART_SECONDS)
        return False

    def _fail_waiting(self) -> None:
        waiting, self._waiting, self._queued = self._waiting, {}, 0
        for one in waiting.values():
            if not one.done.done():
                one.done.set_exception(self._gone())

    def _hear(self, told: list[_Told]) -> None:
        for one in told:
            if one.number == READY:
                self._ready.set()
                continue
            waiting = self._waiting.pop(one.number)
            self._queued -= waiting.calls
            if waiting.done.done():
                continue  # its client may have gone away
            if one.failed:
                waiting.done.set_exception(_error(one))
            else:
                waiting.done.set_result(one.outcomes)


def _places(calls: Sequence[Call | Refusal]) -> list[tuple[int, Refusal]]:
    return [(place, call) for place, call in enumerate(calls) if isinstance(call, Refusal)]


def _error(told: _Told) -> Exception:
    for kind in (TooManyRequests, Unavailable):
        if told.failed == kind.code:
            return kind(told.message, retry_after=told.retry_after)
    return RuntimeError(told.message)


# --- in the process -----------------------------------------------------------------------------------------


def is_worthwhile() -> bool:
    """Whether there is a second core for it, and the pipes it takes."""
    return sys.platform != "win32" and cores() > 1


def _serve(url: str, pipe: socket.socket, inherited: Sequence[socket.socket]) -> None:
    """Decide what comes through the pipe until its other end is closed."""
    for one in inherited:
        one.close()
    for name in (
        signal.SIGTERM,
        signal.SIGINT,
    ):  # a terminal signals everybody; the end comes through the pipe
        signal.signal(name, signal.SIG_IGN)
    telemetry.start_logging()
    run_for_throughput()
    if pipe.recv(len(START)) != START:
        return  # the service did not come that far
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        try:
            runner.run(_decide(url, pipe))
        except EngageError as error:
            log.error("%s", error.message)
            sys.exit(1)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    try:
        import uvloop
    except ImportError:  # Windows
        return asyncio.new_event_loop
    return uvloop.new_event_loop


async def _decide(url: str, connected: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    database = await Database.open(url)
    try:
        ingestion = Ingestion(database)
        ingestion.start()

        def hear(asked: list[_Asked]) -> None:
            for one in asked:
                try:
                    done = ingestion.enqueue(_calls(one))
                except EngageError as error:
                    pipe.send(_failure(one.number, error))
                else:
                    done.add_done_callback(partial(tell, one.number))

        def tell(number: int, done: asyncio.Future[list[Outcome]]) -> None:
            error = done.exception()
            pipe.send(_Told(number, done.result()) if error is None else _failure(number, error))

        class Hearing(_Pipe[_Asked]):
            def eof_received(self) -> bool:
                ended.set()
                return True  # what was accepted is still to be told

        _, pipe = await loop.create_unix_connection(lambda: Hearing(_Asked, hear, ended.set), sock=connected)
        pipe.send(_Told(READY))
        await ended.wait()
        end = threading.Timer(END_SECONDS_MAX, os._exit, (1,))
        end.daemon = True
        end.start()
        await ingestion.stop()
        await asyncio.sleep(0)  # the last are told by callbacks
        pipe.close()
    finally:
        await database.close()


def _calls(asked: _Asked) -> list[Call | Refusal]:
    calls: list[Call | Refusal] = list(asked.calls)
    for place, refusal in asked.refused:
        calls.insert(place, refusal)
    return calls


def _failure(number: int, error: BaseException) -> _Told:
    if isinstance(error, TooManyRequests | Unavailable):
        return _Told(number, failed=error.code, message=error.message, retry_after=error.retry_after)
    return _Told(number, failed="internal", message=f"{type(error).__name__}: {error}")
