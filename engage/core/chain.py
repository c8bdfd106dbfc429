"""The hash chain: one link per commit of a company.

A link covers amounts, internal ids, times and causes, never names or properties, so a person can be erased and the
chain still verifies.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Final

import msgspec

from engage.core.event import Entry
from engage.core.ledger import Transfer

LINK_BYTES: Final = 32
GENESIS: Final = bytes(LINK_BYTES)

_encode = msgspec.msgpack.Encoder().encode
Item = tuple[Entry, bytes, tuple[Transfer, ...]]
"""An entry, its encoded decision record, and its transfers."""


def link(previous: bytes, items: Sequence[Item]) -> bytes:
    """The hash of a commit on top of the one before it."""
    covered = [
        (
            e.seq,
            e.kind,
            e.member,
            e.at,
            e.received_at,
            e.day,
            e.hour,
            e.program,
            e.previous,
            record,
            transfers,
        )
        for e, record, transfers in items
    ]
    return blake2b(previous + _encode(covered), digest_size=LINK_BYTES).digest()
