"""A checkpoint: the state folded from a company's log up to one entry, and a hash of everything that led to it.

The log holds the hash, in the decision of a CHECKPOINT entry, so the chain of links covers it. From a checkpoint a
replay can start although the entries before it are gone: the checkpoint's hash covers the state itself, and every
transfer, link and known message up to there, all of which are kept for ever.

How the stored shape may change: `Checkpoint` is an array, a field is only ever appended with a default that leaves the
encoding of those before as it was; kinds of items are never reused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import blake2b
from typing import Any, Final

import msgspec
from msgspec import Struct
from msgspec.structs import astuple

from engage.core.chain import GENESIS, LINK_BYTES
from engage.core.state import CompanyState, DayRollup, MemberState, encode_state


class Checkpoint(Struct, frozen=True, array_like=True, omit_defaults=True):
    seq: int
    """The last entry that is folded into the state; the last of its commit."""
    links: int
    chain: bytes
    """How many links the chain had there, and the hash of the last."""
    decided_by: int
    """The semantics that decided the entries since the checkpoint before; see `event.SEMANTICS`."""
    semantics: int
    """The semantics that decide from the CHECKPOINT entry on."""
    archived: int
    """Entries up to this one are archived and may be gone; 0 when none are."""
    kept_as: int
    """The number under which the state is kept: no other attempt at a checkpoint has it."""
    state: bytes
    """`state_hash` of the state."""
    transfers: bytes
    """`Rows` of every transfer up to `seq`: (seq, n, currency, source, target, amount, rule), by seq and n."""
    link_rows: bytes
    """`Rows` of every link up to `links`: (number, last_seq, hash)."""
    messages: int
    """How many messages were known by entries up to `seq`."""
    message_rows: bytes
    """`Rows` of them: (day, hash, seq, digest), by day and hash."""
    files: bytes
    """`Rows` of the archive's files up to `archived`, by their first entry."""
    moments: bytes
    """`Rows` of the times kept of archived entries: (seq, at), by seq."""
    previous: bytes = GENESIS
    """The hash of the checkpoint before this one."""


_encode = msgspec.msgpack.Encoder().encode
decode_checkpoint = msgspec.msgpack.Decoder(Checkpoint).decode


def encode_checkpoint(checkpoint: Checkpoint) -> bytes:
    return _encode(checkpoint)


def checkpoint_hash(checkpoint: Checkpoint) -> bytes:
    return blake2b(_encode(checkpoint), digest_size=LINK_BYTES).digest()


def said(checkpoint: Checkpoint) -> dict[str, Any]:
    """What its CHECKPOINT entry says."""
    return {
        "seq": checkpoint.seq,
        "hash": checkpoint_hash(checkpoint).hex(),
        "archived": checkpoint.archived,
        "semantics": checkpoint.semantics,
    }


class Rows:
    """The hash of rows that are read in order, some at a time."""

    def __init__(self) -> None:
        self._hash = blake2b(digest_size=LINK_BYTES)

    def add(self, rows: Iterable[Iterable[Any]]) -> None:
        for row in rows:
            self._hash.update(_encode(tuple(row)))

    def digest(self) -> bytes:
        """Of the rows so far; more may follow."""
        return self._hash.digest()


# --- the state ----------------------------------------------------------------------------------------------


class Of:
    """What an item is a document of."""

    COMPANY: Final = 0
    DAY: Final = 1
    MEMBER: Final = 2


class Item(Struct, frozen=True, array_like=True):
    """One document of the state. `key`: 0 for the company, the local day, or the member's number."""

    of: int
    key: int
    document: bytes


_decode_items = msgspec.msgpack.Decoder(list[Item]).decode


def state_items(
    company: CompanyState, days: dict[int, DayRollup], members: Iterable[tuple[int, MemberState]]
) -> Iterator[Item]:
    """The state in the one order in which it is hashed: the company, its days, its members by number."""
    yield Item(Of.COMPANY, 0, encode_state(company))
    for day, rollup in sorted(days.items()):
        yield Item(Of.DAY, day, encode_state(rollup))
    yield from member_items(members)


def member_items(members: Iterable[tuple[int, MemberState]]) -> Iterator[Item]:
    for number, member in members:
        yield Item(Of.MEMBER, number, encode_state(member))


def state_hash(items: Iterable[Item]) -> bytes:
    rows = Rows()
    rows.add(map(astuple, items))
    return rows.digest()


def encode_items(items: list[Item]) -> bytes:
    return _encode(items)


def decode_items(data: bytes) -> list[Item]:
    return _decode_items(data)
