"""The HTTP server: uvicorn, with a bound on everything a peer can take, and an end in good order.

Owns connections: how many there may be, how long a peer may take to send a request or to take its answer, and what
becomes of all of them at a stop. Must not know what is asked or answered.
"""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import socket
from collections.abc import Generator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Final

import uvicorn
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from engage import telemetry
from engage.errors import EngageError, InvalidRequest, TooSlow, Unavailable
from engage.web.problems import answer_to

CONNECTIONS_MAX: Final = 1_000
"""Who comes when there are more is answered 503, and has REFUSED_MAX places to be told so in."""
REFUSED_MAX: Final = 200
FILES_BESIDE_MAX: Final = 100
"""Open files that are no connections: the database's, the listener, the log."""
BACKLOG: Final = 512

HEAD_SECONDS_MAX: Final = 10.0
"""From the connection, or from a request's first byte, to the end of its head."""
HEAD_BYTES_MAX: Final = 64 * 1024
PIPELINED_MAX: Final = 16
"""Requests sent before the answer to the first; each takes memory long before its turn comes."""
BODY_SECONDS_MAX: Final = 10.0
BODY_BYTES_PER_SECOND_MIN: Final = 128 * 1024
"""A body may take BODY_SECONDS_MAX, and longer as long as it keeps this pace."""
TAKING_SECONDS_MAX: Final = 20.0
"""How long nothing of an answer need be taken before its reader is given up."""
KEEP_ALIVE_SECONDS: Final = 75
"""Longer than proxies keep an unused connection, so that it is they who close it, and never under a request."""
HURRIED_SECONDS_MAX: Final = 2.0
"""All of these when half of the places are taken, so that peers who do nothing keep out nobody for long."""
WATCH_SECONDS: Final = 0.25

STOP_SECONDS: Final = 8
"""How long requests that are under way at a SIGTERM have to end. Below the 10 seconds that containers are given."""
STOP_RECEIVING_SECONDS: Final = 2.0
"""How long after a SIGTERM a peer has to send the rest of its request, or to take the rest of its answer."""
STOP_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)
RETRY_SECONDS: Final = 2
ALWAYS_ANSWERED: Final = frozenset({"/healthz", "/metrics"})
"""An overload must look like one to whoever watches, and not like a service that has died."""


class Peers(ServerState):
    """What all connections of a server share."""

    def __init__(self, app: ASGIApp) -> None:
        super().__init__()
        self.refusing: ASGIApp = Refusing(app, self)
        self.places = places()
        self.stopping = False
        self.alone = asyncio.Event()
        """At a stop: the last connection is gone."""

    @property
    def crowded(self) -> bool:
        return len(self.connections) > self.places // 2

    def refusal(self) -> Unavailable:
        why = "the service is stopping" if self.stopping else "too many connections; try again in a moment"
        return Unavailable(why, retry_after=RETRY_SECONDS)


def places() -> int:
    """How many connections this process can have: each takes an open file, of which it may have been given few."""
    files, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CONNECTIONS_MAX + REFUSED_MAX + FILES_BESIDE_MAX
    if files != resource.RLIM_INFINITY and files < wanted:
        files = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, most))
        return max(1, files - REFUSED_MAX - FILES_BESIDE_MAX)
    return CONNECTIONS_MAX


class Refusing:
    """Answers for a server that takes no more: 503 to everything but the questions of whoever watches it."""

    def __init__(self, app: ASGIApp, peers: Peers) -> None:
        self.app = app
        self.peers = peers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] in ALWAYS_ANSWERED:
            await self.app(scope, receive, send)
            return
        async for _ in Request(scope, receive).stream():
            pass  # a peer that is still sending would find a broken pipe instead of the answer
        await closing(self.peers.refusal())(scope, receive, send)


def closing(error: EngageError) -> Response:
    """The last answer of a connection."""
    answer = answer_to(error)
    answer.headers["connection"] = "close"
    # It tells a page of any site nothing but to try again.
    answer.headers["access-control-allow-origin"] = "*"
    answer.headers["access-control-expose-headers"] = "retry-after"
    return answer


class Connection(HttpToolsProtocol):
    """One connection, and since when its peer has owed us something: its request, or taking the answer."""

    server_state: Peers

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._receiving: str | None = "head"
        """What of a request is awaited; None while the peer awaits our answer, or has nothing to ask."""
        self._since = self.loop.time()
        self._received = 0
        self._answering: RequestResponseCycle | None = None
        """The request whose answer is next. Uvicorn only knows the newest, which may have been sent after it."""
        self._unsent = 0
        self._unsent_since = 0.0
        peers = self.server_state
        if len(self.connections) > peers.places + REFUSED_MAX:
            self._cut("full")
        elif len(self.connections) > peers.places or peers.stopping:
            telemetry.CUT_CONNECTIONS.labels("stopping" if peers.stopping else "full").inc()
            self.app = peers.refusing

    def connection_lost(self, exc: Exception | None) -> None:
        self._leave()
        super().connection_lost(exc)
        if not self.connections:
            self.server_state.alone.set()

    # --- what the parser tells ------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        self._received += len(data)
        super().data_received(data)
        if self._receiving == "head" and self._received > HEAD_BYTES_MAX:
            self._cut("head", InvalidRequest(f"the head is larger than {HEAD_BYTES_MAX} bytes"))

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._await("head")

    def on_headers_complete(self) -> None:
        if len(self.pipeline) >= PIPELINED_MAX:
            self._cut("pipelined")
            raise ValueError("the parser stops here")
        super().on_headers_complete()
        self._answering = self._answering or self.cycle
        self._await("body")

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._receiving = None

    def on_response_complete(self) -> None:
        self._answering = self.pipeline[-1][0] if self.pipeline else None
        super().on_response_complete()
        self._since = self.loop.time()

    def send_400_response(self, msg: str) -> None:
        self._cut("invalid", InvalidRequest("this is not HTTP/1.1"))

    def _await(self, part: str) -> None:
        self._receiving, self._since, self._received = part, self.loop.time(), 0

    # --- patience -------------------------------------------------------------------------------------------

    def check(self, now: float) -> None:
        """Cut it off when the peer has kept us waiting too long."""
        if self._takes_nothing(now):
            self._cut("taking")
        elif self._receiving and now - self._since > self._patience():
            peers, begun = self.server_state, self._receiving == "body" or self._received > 0
            late = peers.refusal() if peers.stopping else TooSlow("the request did not arrive in time")
            self._cut("sending", late if begun else None)
        elif self._unused and self.server_state.crowded and now - self._since > HURRIED_SECONDS_MAX:
            self.transport.close()

    def _takes_nothing(self, now: float) -> bool:
        unsent = self.transport.get_write_buffer_size()
        if unsent == 0 or unsent != self._unsent:
            self._unsent, self._unsent_since = unsent, now
        return unsent > 0 and now - self._unsent_since > self._hurried(TAKING_SECONDS_MAX)

    def _patience(self) -> float:
        if self._receiving == "head":
            return self._hurried(HEAD_SECONDS_MAX)
        return self._hurried(BODY_SECONDS_MAX) + self._received / BODY_BYTES_PER_SECOND_MIN

    def _hurried(self, seconds: float) -> float:
        if self.server_state.stopping:
            return STOP_RECEIVING_SECONDS
        return HURRIED_SECONDS_MAX if self.server_state.crowded else seconds

    # --- ends -----------------------------------------------------------------------------------------------

    @property
    def _unused(self) -> bool:
        """All that was asked is answered."""
        return self._receiving is None and self._answering is None

    def shutdown(self) -> None:
        """At a stop: close what is unused, and let the peer of any other have STOP_RECEIVING_SECONDS from now."""
        super().shutdown()
        self._since = self._unsent_since = self.loop.time()

    def stop(self) -> None:
        """At the end of a stop: tell whoever still waits that it was in vain."""
        self._cut("stopping", self.server_state.refusal())

    def _cut(self, reason: str, error: EngageError | None = None) -> None:
        """End it, and say why when an answer is awaited and none has begun."""
        if self.transport.is_closing() and error is not None:
            return
        telemetry.CUT_CONNECTIONS.labels(reason).inc()
        if error is not None and self._awaits_answer:
            answer = closing(error)
            lines = [b"%s: %s\r\n" % header for header in answer.raw_headers]
            self.transport.write(
                b"".join([STATUS_LINE[answer.status_code], *lines, b"\r\n", bytes(answer.body)])
            )
        self._leave()
        if reason == "taking":
            self.transport.abort()
        else:
            self.transport.close()

    @property
    def _awaits_answer(self) -> bool:
        """Whether the next answer the peer gets is that to the request it is sending, or has sent."""
        if self._answering is None:
            return self._receiving == "head"
        return self._answering is self.cycle and not self._answering.response_started

    def _leave(self) -> None:
        """Whoever works for this peer is told that it is gone, and writes no more."""
        if self._answering is not None:
            self._answering.disconnected = True
            self._answering.message_event.set()


class Server(uvicorn.Server):
    """Uvicorn that says when it listens, watches its connections, and ends with 0 after SIGTERM: by itself it would
    die of the signal."""

    server_state: Peers

    def __init__(self, app: ASGIApp) -> None:
        config = uvicorn.Config(
            app,
            http=Connection,
            ws="none",
            lifespan="off",  # entered by the caller: uvicorn turns an error of it into a log line and exit code 3
            log_config=None,
            access_log=False,
            server_header=False,
            backlog=BACKLOG,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
        )
        super().__init__(config)
        self.server_state = Peers(app)
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._watching = asyncio.create_task(self._watch())
        self.listening.set()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            now = asyncio.get_running_loop().time()
            for connection in tuple(self.server_state.connections):
                assert isinstance(connection, Connection)
                connection.check(now)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take nothing new, let what was asked be answered for STOP_SECONDS, and tell the rest to come again."""
        self.server_state.stopping = True
        for listener in (*self.servers, *(sockets or ())):
            listener.close()
        connections = self.server_state.connections
        for connection in tuple(connections):
            connection.shutdown()
        if connections:
            self.server_state.alone.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(STOP_SECONDS):
                    await self.server_state.alone.wait()
        for connection in tuple(connections):
            assert isinstance(connection, Connection)
            connection.stop()
        self._watching.cancel()
        await asyncio.wait([self._watching])

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        previous = {name: signal.signal(name, self.handle_exit) for name in STOP_SIGNALS}
        try:
            yield
        finally:
            for name, handler in previous.items():
                signal.signal(name, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The first signal stops; the second ends at once, which loses nothing that was acknowledged."""
        if self.should_exit:
            signal.signal(sig, signal.SIG_DFL)
            os.kill(os.getpid(), sig)
        self.should_exit = True


def listen(host: str, port: int) -> socket.socket:
    """A socket for `Server.serve`. Raises OSError when the address is taken or is none."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named as TCP: on a socket that only says "stream" asyncio leaves Nagle's algorithm on, 40 ms an answer.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    return listener
