"""A server that shares its listening socket with other processes, and leaves each its part of the connections.

The event loops accept all that waits in one go: of processes on one socket the first to wake gets every connection of
a burst, and keeps them. Here each takes one at a time, and waits the longer the more it has, so that whoever has fewer
comes first.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from typing import Final

from engage.web.server import BACKLOG, Connection, Server

WAIT_SECONDS: Final = 50e-6
"""For each connection one has already."""
WAIT_SECONDS_MAX: Final = 0.005
TROUBLE_SECONDS: Final = 1.0
"""How long nothing is accepted after the system refused it, for want of open files say."""

log = logging.getLogger(__name__)


class SharingServer(Server):
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup([])
        self._listeners = sockets or []
        self._making: set[asyncio.Task[object]] = set()
        for listener in self._listeners:
            listener.setblocking(False)
            listener.listen(BACKLOG)
            asyncio.get_running_loop().add_reader(listener, self._come, listener)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for listener in self._listeners:
            asyncio.get_running_loop().remove_reader(listener)
        self._listeners = []
        await super().shutdown(sockets)

    def _come(self, listener: socket.socket) -> None:
        """Somebody waits to be accepted."""
        wait = min(len(self.server_state.connections) * WAIT_SECONDS, WAIT_SECONDS_MAX)
        if wait:
            self._pause(listener, wait)
        else:
            self._accept(listener)

    def _pause(self, listener: socket.socket, seconds: float) -> None:
        """Look away for so long; then take whoever is still waiting."""
        loop = asyncio.get_running_loop()
        loop.remove_reader(listener)
        loop.call_later(seconds, self._resume, listener)

    def _resume(self, listener: socket.socket) -> None:
        if listener in self._listeners:
            asyncio.get_running_loop().add_reader(listener, self._come, listener)
            self._accept(listener)

    def _accept(self, listener: socket.socket) -> None:
        try:
            peer, _ = listener.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return  # another process was quicker, or the peer has left
        except OSError:
            log.exception("no connection can be accepted for the moment")
            self._pause(listener, TROUBLE_SECONDS)
            return
        peer.setblocking(False)
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        making = asyncio.get_running_loop().create_task(self._connect(peer))
        self._making.add(making)
        making.add_done_callback(self._making.discard)

    async def _connect(self, peer: socket.socket) -> None:
        loop = asyncio.get_running_loop()

        def protocol() -> Connection:
            return Connection(config=self.config, server_state=self.server_state, app_state={}, _loop=loop)

        try:
            await loop.connect_accepted_socket(protocol, peer)
        except OSError:
            peer.close()  # it has left already
