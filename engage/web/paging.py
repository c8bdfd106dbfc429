"""Cursors and page sizes of lists. A cursor is opaque to callers and points behind the last item they have seen."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Final, TypeVar

import msgspec
from msgspec import Meta, Struct

from engage.errors import InvalidRequest

T = TypeVar("T")

LIMIT_DEFAULT: Final = 50
LIMIT_MAX: Final = 200
CURSOR_CHARS_MAX: Final = 2_000

Number = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
"""As a cursor may hold: with a larger one, which somebody forged, no database can compare."""


class Paging(Struct):
    """Query parameters of a list."""

    cursor: (
        Annotated[str, Meta(description="`next_cursor` of the page before; absent for the first page.")]
        | None
    ) = None
    limit: Annotated[int, Meta(ge=1, le=LIMIT_MAX, description="How many items at most.")] = LIMIT_DEFAULT


def encode_cursor(value: Any) -> str:
    return base64.urlsafe_b64encode(msgspec.msgpack.encode(value)).rstrip(b"=").decode()


def decode_cursor(text: str | None, kind: type[T]) -> T | None:
    """What the cursor points behind, None for the first page. Raises InvalidRequest."""
    if not text:
        return None
    try:
        if len(text) > CURSOR_CHARS_MAX:
            raise ValueError
        data = base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
        return msgspec.msgpack.decode(data, type=kind)
    except (ValueError, binascii.Error, msgspec.MsgspecError):
        raise InvalidRequest("this cursor was not made by this service") from None


def cut(items: Sequence[T], limit: int, place: Callable[[T], Any]) -> tuple[list[T], str | None]:
    """One page of items asked for with `limit` + 1, and the cursor to the next one if there is more."""
    page = list(items[:limit])
    return page, encode_cursor(place(page[-1])) if len(items) > limit else None
