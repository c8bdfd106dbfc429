"""Request bodies: how much of one is read, and how much it may become when inflated.

A body that is too large is read to its end and thrown away, within bounds: a server that answers in the middle of
a body resets the connection, and the client sees a broken pipe instead of the 413.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator
from typing import Final

from starlette.requests import Request

from engage.errors import InvalidRequest, TooLarge

WIRE_BYTES_MAX: Final = 8 * 1024 * 1024
"""A tracking request as sent. The largest that a real client was seen to send is 1.2 MB, and may be 4 MiB."""
KEYLESS_WIRE_BYTES_MAX: Final = 1024 * 1024
"""The same without a key in its headers: nobody knows yet whose memory it fills. Clients that put their key into the
body send at most 508 KB."""
INFLATED_BYTES_MAX: Final = 8 * 1024 * 1024
DOCUMENT_WIRE_BYTES_MAX: Final = 1024 * 1024 + 4096
"""Any other request; a program is at most 1 MiB, and says so itself when it is more."""
DRAINED_BYTES_MAX: Final = 64 * 1024 * 1024
DRAINED_SECONDS_MAX: Final = 10.0

_GZIP: Final = 16 + zlib.MAX_WBITS


async def read_body(request: Request, most: int) -> bytes:
    """The body as sent. Raises TooLarge above `most` bytes."""
    declared = request.headers.get("content-length", "")
    too_large = declared.isascii() and declared.isdigit() and int(declared[:20]) > most
    if too_large and "expect" in request.headers:
        raise _too_large(most)  # the client asks before it sends
    chunks: list[bytes] = []
    size = 0
    stream = request.stream()
    if not too_large:
        async for chunk in stream:
            size += len(chunk)
            if size > most:
                too_large = True
                break
            chunks.append(chunk)
    if too_large:
        chunks.clear()
        await drain(stream)
        raise _too_large(most)
    return b"".join(chunks)


async def drain(stream: AsyncIterator[bytes]) -> None:
    """Throw the rest of a body away, within bounds, so that its sender comes to read the answer."""
    size = 0
    try:
        async with asyncio.timeout(DRAINED_SECONDS_MAX):
            async for chunk in stream:
                size += len(chunk)
                if size > DRAINED_BYTES_MAX:
                    return
    except TimeoutError:
        return


def _too_large(most: int) -> TooLarge:
    return TooLarge(f"the body is larger than {most} bytes")


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
            room -= len(part)
            if room <= 0:
                raise TooLarge(f"the body inflates to more than {most} bytes")
            if not stream.eof:
                raise InvalidRequest("the gzip body ends too soon")
            rest = stream.unused_data
    except zlib.error:
        raise InvalidRequest("the body is not gzip, although Content-Encoding says so") from None
    return b"".join(parts)
