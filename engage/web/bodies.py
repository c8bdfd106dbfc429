"""Request bodies: how much of one is read, how much it may become when inflated, and how much all may be together.

An answer may come in the middle of a body: the server then reads the rest and throws it away, so that the sender
finds the answer instead of a broken pipe.
"""

from __future__ import annotations

import asyncio
import zlib
from collections import deque
from types import TracebackType
from typing import Final

from starlette.requests import Request

from engage.errors import InvalidRequest, TooLarge, TooManyRequests

WIRE_BYTES_MAX: Final = 8 * 1024 * 1024
"""A tracking request as sent. The largest that a real client was seen to send is 1.2 MB, and may be 4 MiB."""
KEYLESS_WIRE_BYTES_MAX: Final = 1024 * 1024
"""The same without a key in its headers: nobody knows yet whose memory it fills. Clients that put their key into the
body send at most 508 KB."""
INFLATED_BYTES_MAX: Final = 8 * 1024 * 1024
GZIP_MEMBERS_MAX: Final = 64
"""A body of nothing but empty members would be copied once for each of them."""
DOCUMENT_WIRE_BYTES_MAX: Final = 1024 * 1024 + 4096
"""Any other request; a program is at most 1 MiB, and says so itself when it is more."""

ROOM_BYTES: Final = 16 * 1024 * 1024
"""Of all larger bodies together, from before they are read to the answer. Decoded, one takes several times its size."""
SMALL_BYTES_MAX: Final = 64 * 1024
"""A body up to this needs no room of its own: the server holds as much of every connection anyway."""
ROOM_SECONDS_MAX: Final = 2.0
"""How long a request waits for room before it is told to come again."""

_GZIP: Final = 16 + zlib.MAX_WBITS


class Room:
    """What all bodies may take of the memory together. Who needs more than is left waits, in the order of arrival."""

    def __init__(self, size: int = ROOM_BYTES) -> None:
        self.free = size
        self.inflating = asyncio.Lock()
        """Held by the one body that has been inflated and has no room yet."""
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    def share(self) -> Share:
        return Share(self)

    async def take(self, size: int) -> None:
        """Raises TooManyRequests when there is no room for so long that it is better to ask again."""
        if size <= self.free and not self._waiting:
            self.free -= size
            return
        given: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((size, given))
        try:
            async with asyncio.timeout(ROOM_SECONDS_MAX):
                await given
        except BaseException as error:
            # Given in the last moment, it goes back; else whoever is behind may fit now.
            self.give(0 if given.cancel() or given.cancelled() else size)
            if isinstance(error, TimeoutError):
                raise no_room() from None
            raise

    def give(self, size: int) -> None:
        self.free += size
        while self._waiting and (self._waiting[0][1].done() or self._waiting[0][0] <= self.free):
            wanted, given = self._waiting.popleft()
            if not given.done():
                self.free -= wanted
                given.set_result(None)


class Share:
    """One request's part of the room, until it is answered."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self.size = 0

    def __enter__(self) -> Share:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.room.give(self.size)

    async def resize(self, body: int) -> None:
        """For a body of so many bytes. Raises TooManyRequests when it is to grow and there is no room."""
        size = body if body > SMALL_BYTES_MAX else 0
        if size > self.size:
            await self.room.take(size - self.size)
        else:
            self.room.give(self.size - size)
        self.size = size


def no_room() -> TooManyRequests:
    return TooManyRequests("too much is being received already; try again in a moment")


async def read_body(request: Request, most: int, share: Share) -> bytes:
    """The body as sent. Raises TooLarge above `most` bytes, and TooManyRequests when there is no room for it."""
    text = request.headers.get("content-length", "")
    declared = int(text[:20]) if text.isascii() and text.isdigit() else 0
    if declared > most:
        raise _too_large(most)
    await share.resize(declared)
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > most:
            raise _too_large(most)
        chunks.append(chunk)
        if size > declared:  # it came in pieces whose number was not said
            await share.resize(size)
    return b"".join(chunks)


def _too_large(most: int) -> TooLarge:
    return TooLarge(f"the body is larger than {most} bytes")


async def inflate_into(share: Share, body: bytes, encoding: str) -> bytes:
    """`inflate`, with room for what it becomes. Raises TooManyRequests when there is none."""
    if not encoding:
        return body
    try:
        # One at a time, so that what is inflated and has no room yet is bounded too.
        async with asyncio.timeout(ROOM_SECONDS_MAX), share.room.inflating:
            inflated = inflate(body, encoding)
            await share.resize(len(inflated))
    except TimeoutError:
        raise no_room() from None
    return inflated


def inflate(body: bytes, encoding: str, most: int = INFLATED_BYTES_MAX) -> bytes:
    """The body behind its Content-Encoding. Raises TooLarge above `most` bytes, without making more of them."""
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        return body
    if encoding not in ("gzip", "x-gzip"):
        raise InvalidRequest(f"Content-Encoding may be gzip, not {encoding[:40]!r}")
    parts: list[bytes] = []
    room = most + 1
    rest = body
    try:
        while rest:  # a gzip file may have several members
            stream = zlib.decompressobj(_GZIP)
            part = stream.decompress(rest, room)
            parts.append(part)
            if len(parts) > GZIP_MEMBERS_MAX:
                raise InvalidRequest(f"the gzip body has more than {GZIP_MEMBERS_MAX} members")
            room -= len(part)
            if room <= 0:
                raise TooLarge(f"the body inflates to more than {most} bytes")
            if not stream.eof:
                raise InvalidRequest("the gzip body ends too soon")
            rest = stream.unused_data
    except zlib.error:
        raise InvalidRequest("the body is not gzip, although Content-Encoding says so") from None
    return b"".join(parts)
