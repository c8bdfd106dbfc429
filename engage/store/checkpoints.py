"""Checkpoints in the database, and what proves them: the links, transfers and known messages they cover, in order.

Owns how the state of a company of any size is kept in rows of a few kilobytes, packed. Must not know what a
checkpoint means; see `engage.core.checkpoint`.
"""

from __future__ import annotations

import secrets
import zlib
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from typing import Final

from engage.core.checkpoint import (
    Checkpoint,
    Item,
    Rows,
    decode_checkpoint,
    decode_items,
    encode_checkpoint,
    encode_items,
)
from engage.store.statements import Insert, Row, Statements, Transaction

PART_BYTES: Final = 65_536
"""How much of the state goes into one row, before it is packed to about a third."""
PARTS_PER_READ: Final = 64
MESSAGES_PER_READ: Final = 5000
STATE_BITS: Final = 62
SEQ_MAX: Final = 2**62
PACKING: Final = 1
"""The quickest: it packs to 36 %, the densest to 33 % in twice the time."""

INSERT_CHECKPOINTS: Final = "INSERT INTO engage_checkpoint (company_id, entry, document) {rows}"
INSERT_PARTS: Final = "INSERT INTO engage_checkpoint_part (company_id, state, part, document) {rows}"


async def load_checkpoints(s: Statements, company_id: int) -> list[tuple[int, Checkpoint]]:
    """(seq of its CHECKPOINT entry, checkpoint), oldest first."""
    rows = await s.rows(
        "SELECT entry, document FROM engage_checkpoint WHERE {scope} ORDER BY entry", scope=[company_id]
    )
    return [(entry, decode_checkpoint(document)) for entry, document in rows]


async def newest_checkpoint(s: Statements, company_id: int) -> int:
    """The seq of its CHECKPOINT entry; 0 when there is none."""
    rows = await s.rows("SELECT MAX(entry) FROM engage_checkpoint WHERE {scope}", scope=[company_id])
    return rows[0][0] or 0


def insert_checkpoint(company_id: int, entry: int, checkpoint: Checkpoint) -> Insert:
    return INSERT_CHECKPOINTS, [(company_id, entry, encode_checkpoint(checkpoint))]


def insert_parts(rows: Sequence[Row]) -> Insert:
    return INSERT_PARTS, rows


# --- the state ----------------------------------------------------------------------------------------------


class PartMissing(Exception):
    """A state is not kept whole."""


class Packing:
    """The state of a company on its way into rows: items in, in their one order, and parts out."""

    def __init__(self, company_id: int) -> None:
        self.company_id = company_id
        self.kept_as = secrets.randbits(STATE_BITS)
        """The number under which it is kept, as that of no attempt that was abandoned or is made beside this one."""
        self._parts = 0
        self._hash = Rows()
        self._held: list[Item] = []
        self._size = 0

    def add(self, items: Iterable[Item]) -> Iterator[Row]:
        """The parts that these items fill."""
        for item in items:
            self._hash.add([(item.of, item.key, item.document)])
            self._held.append(item)
            self._size += len(item.document)
            if self._size >= PART_BYTES:
                yield self._part()

    def end(self) -> Iterator[Row]:
        """The last part."""
        if self._held:
            yield self._part()

    def hash(self) -> bytes:
        """As `core.checkpoint.state_hash` would have it."""
        return self._hash.digest()

    def _part(self) -> Row:
        packed = zlib.compress(encode_items(self._held), PACKING)
        self._held, self._size = [], 0
        self._parts += 1
        return self.company_id, self.kept_as, self._parts - 1, packed


async def load_items(s: Statements, company_id: int, kept_as: int) -> AsyncIterator[list[Item]]:
    """What `Packing` was given, a bounded number of bytes at a time. Nothing, when the state is not kept."""
    following = 0
    while True:
        rows = await s.rows(
            "SELECT part, document FROM engage_checkpoint_part WHERE {scope} AND state = ? AND part >= ? "
            "ORDER BY part LIMIT ?",
            [kept_as, following, PARTS_PER_READ],
            scope=[company_id],
        )
        for part, document in rows:
            if part != following:
                raise PartMissing(f"part {following} of the state is missing")
            following += 1
            yield decode_items(zlib.decompress(document))
        if len(rows) < PARTS_PER_READ:
            return


async def is_kept_whole(s: Statements, company_id: int, kept_as: int, hash: bytes) -> bool:
    """Whether `core.checkpoint.state_hash` of what is kept is this."""
    rows = Rows()
    try:
        async for items in load_items(s, company_id, kept_as):
            rows.add((item.of, item.key, item.document) for item in items)
    except PartMissing:
        return False
    return rows.digest() == hash


async def is_kept(s: Statements, company_id: int, kept_as: int) -> bool:
    rows = await s.rows(
        "SELECT COUNT(*) FROM engage_checkpoint_part WHERE {scope} AND state = ?",
        [kept_as],
        scope=[company_id],
    )
    return bool(rows[0][0])


async def other_parts(s: Statements, company_id: int, kept_as: int) -> tuple[int, int] | None:
    """(number, how many parts) of a state that is kept beside that one, or None."""
    rows = await s.rows(
        "SELECT state, MAX(part) + 1 FROM engage_checkpoint_part WHERE {scope} AND state != ? GROUP BY state LIMIT 1",
        [kept_as],
        scope=[company_id],
    )
    return (rows[0][0], rows[0][1]) if rows else None


async def drop_parts(tx: Transaction, company_id: int, kept_as: int, first: int = 0) -> int:
    """Forget the parts from `first` on of a state."""
    return await tx.execute(
        "DELETE FROM engage_checkpoint_part WHERE {scope} AND state = ? AND part >= ?",
        [kept_as, first],
        scope=[company_id],
    )


# --- what it covers -----------------------------------------------------------------------------------------


async def load_links(s: Statements, company_id: int, after: int, limit: int) -> list[tuple[int, int, bytes]]:
    """(number, last seq of the commit, hash) of the links of a company's chain above number `after`, in order."""
    rows = await s.rows(
        "SELECT number, last_seq, hash FROM engage_link WHERE {scope} AND number > ? ORDER BY number LIMIT ?",
        [after, limit],
        scope=[company_id],
    )
    return [(row[0], row[1], row[2]) for row in rows]


async def load_transfers(s: Statements, company_id: int, after: int, last: int) -> list[Row]:
    """(seq, n, currency, source, target, amount, rule) of the entries above `after` up to `last`, in order."""
    return await s.rows(
        "SELECT seq, n, currency, source, target, amount, rule FROM engage_transfer "
        "WHERE {scope} AND seq > ? AND seq <= ? ORDER BY seq, n",
        [after, last],
        scope=[company_id],
    )


async def messages_hash(s: Statements, company_id: int, last: int) -> tuple[int, bytes]:
    """How many messages entries up to `last` made known, and the hash of their rows."""
    rows, count = Rows(), 0
    async for some in _load_known(s, company_id, last):
        rows.add(some)
        count += len(some)
    return count, rows.digest()


async def _load_known(s: Statements, company_id: int, last: int) -> AsyncIterator[list[Row]]:
    """(day, hash, seq, digest) of every message known by an entry up to `last`, in order of day and hash."""
    day, hash = -(2**31), b""
    while True:
        rows = await s.rows(
            "SELECT day, hash, seq, digest FROM engage_message "
            "WHERE {scope} AND seq <= ? AND (day, hash) > (?, ?) ORDER BY day, hash LIMIT ?",
            [last, day, hash, MESSAGES_PER_READ],
            scope=[company_id],
        )
        if not rows:
            return
        yield rows
        day, hash = rows[-1][0], rows[-1][1]


async def load_bodies(
    s: Statements, company_id: int, after: int, kind: int, last: int = SEQ_MAX
) -> list[bytes]:
    """The bodies of the entries of a kind above `after` up to `last`."""
    rows = await s.rows(
        "SELECT body FROM engage_entry WHERE {scope} AND seq > ? AND seq <= ? AND kind = ?",
        [after, last, kind],
        scope=[company_id],
    )
    return [row[0] for row in rows]


async def count_strays(s: Statements, company_id: int, last: int) -> int:
    """How many entries and transfers there are that no log up to entry `last` can have."""
    count = 0
    for table in ("engage_entry", "engage_transfer"):
        sql = f"SELECT COUNT(*) FROM {table} WHERE {{scope}} AND (seq < 1 OR seq > ?)"
        count += (await s.rows(sql, [last], scope=[company_id]))[0][0]
    return count


async def count_messages(s: Statements, company_id: int) -> int:
    rows = await s.rows("SELECT COUNT(*) FROM engage_message WHERE {scope}", scope=[company_id])
    return int(rows[0][0])
