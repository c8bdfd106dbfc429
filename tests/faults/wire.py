"""HTTP by hand, for peers that no library would let one be: slow, silent, endless, or gone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tests.faults.account import Answer, Call, Wrong
from tests.faults.serving import Engage


def raw(call: Call, key: str, *, chunked: bool = False) -> bytes:
    """A request as it goes over the wire."""
    body = json.dumps(call.body).encode() if call.method == "POST" else b""
    head = f"{call.method} {call.path} HTTP/1.1\r\nhost: engage\r\nauthorization: Bearer {key}\r\n"
    if chunked:
        middle = len(body) // 2
        parts = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:middle], body[middle:]))
        return f"{head}transfer-encoding: chunked\r\n\r\n".encode() + parts + b"0\r\n\r\n"
    return f"{head}content-length: {len(body)}\r\n\r\n".encode() + body


@dataclass
class Peer:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, data: bytes) -> None:
        """What is not taken by the system is waited for."""
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self, seconds: float = 10) -> Answer | None:
        """The next answer; None when the connection was closed without one."""
        try:
            async with asyncio.timeout(seconds):
                return await self._answer()
        except (asyncio.IncompleteReadError, ConnectionError):
            return None

    async def _answer(self) -> Answer:
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").splitlines()
        pairs = (line.partition(": ") for line in head[1:] if line)
        headers = {name.lower(): value for name, _, value in pairs}
        content = await self.reader.readexactly(int(headers.get("content-length", 0)))
        return Answer(int(head[0].split()[1]), headers, content)

    async def closed(self, seconds: float) -> None:
        """Raises Wrong when the server has not closed it by then."""
        try:
            async with asyncio.timeout(seconds):
                while await self.reader.read(65536):
                    pass
        except ConnectionError:
            pass
        except TimeoutError:
            raise Wrong(f"still open after {seconds:g} s") from None


@asynccontextmanager
async def connected(engage: Engage) -> AsyncIterator[Peer]:
    reader, writer = await asyncio.open_connection("127.0.0.1", engage.port, limit=2**20)
    try:
        yield Peer(reader, writer)
    finally:
        writer.transport.abort()
