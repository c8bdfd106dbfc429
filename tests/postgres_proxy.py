"""Stands between a client and PostgreSQL, passes everything on, and cuts the line at a chosen moment.

Knows one thing of the protocol: what a client sends at once arrives at once, on a socket of the same machine.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Literal

When = Literal["before", "after"]


class Proxy:
    """Listens in a folder as the server does. Until `cut` is asked for, nobody notices it."""

    def __init__(self, upstream: Path, folder: Path) -> None:
        self._upstream = upstream
        self.folder = folder
        self.cuts = 0
        self._chosen: Callable[[bytes], bool] | None = None
        self._when: When = "before"
        self._tasks: set[asyncio.Task[None]] = set()

    def cut(self, chosen: Callable[[bytes], bool], when: When) -> None:
        """Cut the first line on which the client sends what is chosen: before it is passed on, or after the server has
        answered, and the answer is kept."""
        self._chosen, self._when = chosen, when

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_server, to_server = await asyncio.open_unix_connection(self._upstream / ".s.PGSQL.5432")
        back = asyncio.create_task(self._pass_on(from_server, writer))
        try:
            while data := await reader.read(1 << 20):
                if self._chosen is None or not self._chosen(data):
                    to_server.write(data)
                    continue
                self._chosen = None
                self.cuts += 1
                if self._when == "after":
                    back.cancel()
                    await asyncio.wait([back])
                    to_server.write(data)
                    await from_server.read(1)
                break
        except ConnectionError:
            pass
        finally:
            back.cancel()
            await asyncio.wait([back])
            for end in (writer, to_server):
                end.close()
                with suppress(ConnectionError):
                    await end.wait_closed()

    @staticmethod
    async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(1 << 20):
                writer.write(data)
        writer.close()


@asynccontextmanager
async def proxy(upstream: Path, folder: Path) -> AsyncIterator[Proxy]:
    """`upstream`: the folder of the server's socket."""
    standing = Proxy(upstream, folder)
    server = await asyncio.start_unix_server(standing.serve, folder / ".s.PGSQL.5432")
    try:
        yield standing
    finally:
        server.close()
