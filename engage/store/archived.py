"""What the database keeps of archived entries: which file holds them, and the times that outlive them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Final, NamedTuple

from engage.core.checkpoint import Rows
from engage.store.statements import Row, Statements, Transaction

MOMENTS_PER_READ: Final = 5000

INSERT_FILES: Final = (
    "INSERT INTO engage_archive (company_id, first_seq, last_seq, entries, bytes, month, name, hash) {rows}"
)
# The time of an entry does not change, whoever keeps it.
INSERT_MOMENTS: Final = (
    "INSERT INTO engage_moment (company_id, seq, at) {rows} ON CONFLICT (company_id, seq) DO NOTHING"
)


class File(NamedTuple):
    """A file of the archive. Its entries lie from `first_seq` to `last_seq`; other files may hold some between."""

    first_seq: int
    last_seq: int
    entries: int
    size: int
    month: str
    """Of their arrival, UTC: 2026-05."""
    name: str
    """Within the archive's folder, with forward slashes."""
    hash: bytes
    """Of its bytes."""


async def load_files(s: Statements, company_id: int) -> list[File]:
    """The files of a company's archive, by their first entry."""
    rows = await s.rows(
        "SELECT first_seq, last_seq, entries, bytes, month, name, hash FROM engage_archive "
        "WHERE {scope} ORDER BY first_seq",
        scope=[company_id],
    )
    return [File(*row) for row in rows]


async def load_moments(s: Statements, company_id: int, last: int) -> AsyncIterator[list[Row]]:
    """(seq, when it happened) of archived entries that the state still refers to, by seq."""
    after = 0
    while True:
        rows = await s.rows(
            "SELECT seq, at FROM engage_moment WHERE {scope} AND seq > ? AND seq <= ? ORDER BY seq LIMIT ?",
            [after, last, MOMENTS_PER_READ],
            scope=[company_id],
        )
        if not rows:
            return
        yield rows
        after = rows[-1][0]


async def files_hash(s: Statements, company_id: int, more: Sequence[File] = ()) -> bytes:
    """Of the files there are, and of `more` that follow them."""
    rows = Rows()
    rows.add([*await load_files(s, company_id), *more])
    return rows.digest()


async def moments_hash(s: Statements, company_id: int, last: int) -> bytes:
    rows = Rows()
    async for some in load_moments(s, company_id, last):
        rows.add(some)
    return rows.digest()


async def drop_entries(tx: Transaction, company_id: int, last: int) -> int:
    """Forget the entries up to `last`; how many there were."""
    return await tx.execute("DELETE FROM engage_entry WHERE {scope} AND seq <= ?", [last], scope=[company_id])
