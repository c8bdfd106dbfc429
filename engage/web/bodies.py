"""Request bodies: how much of one is read, and how much it may become when inflated.

An answer may come in the middle of a body: the server then reads the rest and throws it away, so that the sender
finds the answer instead of a broken pipe.
"""

from __future__ import annotations

import zlib
from typing import Final

from starlette.requests import Request

from engage.errors import InvalidRequest, TooLarge

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

_GZIP: Final = 16 + zlib.MAX_WBITS


async def read_body(request: Request, most: int) -> bytes:
    """The body as sent. Raises TooLarge above `most` bytes."""
    declared = request.headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and int(declared[:20]) > most:
        raise _too_large(most)
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > most:
            raise _too_large(most)
        chunks.append(chunk)
    return b"".join(chunks)


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
