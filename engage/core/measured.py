"""A member's state as measuring reads it: what no measure looks at is skipped, most of its bytes and of the time.

Owns which fields those are; any other has no name here, so that it cannot be read by mistake.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, cast

import msgspec
from msgspec.structs import FieldInfo, fields

from engage.core.state import MemberState

MEASURED: Final = frozenset(
    {
        "away",
        "days",
        "days_base",
        "earning",
        "features",
        "funnels",
        "joined",
        "last_day",
        "left",
        "level",
        "rewarded",
        "rises",
        "shares",
        "spending",
        "standing",
        "streaks",
        "tags",
        "traits",
        "uses",
        "wallets",
    }
)


def _field(one: FieldInfo) -> tuple[str, Any, Any]:
    if one.name not in MEASURED:
        return f"unread_{one.name}", msgspec.Raw, msgspec.Raw()
    if one.default is not msgspec.NODEFAULT:
        return one.name, one.type, one.default
    return one.name, one.type, msgspec.field(default_factory=one.default_factory)


_Measured: Final = msgspec.defstruct(
    "_Measured", [_field(one) for one in fields(MemberState)], array_like=True, gc=False
)

decode_measured: Final = cast("Callable[[bytes], MemberState]", msgspec.msgpack.Decoder(_Measured).decode)
"""Of the bytes of a `MemberState`: it has the fields in MEASURED and no others."""
