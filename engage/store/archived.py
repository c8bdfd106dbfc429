"""What the database keeps of archived entries: which file holds them, and the times that outlive them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Final, NamedTuple

from engage.core.checkpoint import Rows
from engage.store.scope import EVERY_COMPANY
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


class Total(NamedTuple):
    companies: int
    files: int
    entries: int
    bytes: int


async def total_archived(s: Statements) -> Total:
    """Of all companies."""
    rows = await s.rows(
        "SELECT COUNT(DISTINCT company_id), COUNT(*), COALESCE(SUM(entries), 0), COALESCE(SUM(bytes), 0) "
        "FROM engage_archive WHERE {scope}",
        scope=EVERY_COMPANY,
    )
    return Total(*map(int, rows[0]))


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
    """Of the files there are, and of `more` that will be there."""
    rows = Rows()
    rows.add(sorted([*await load_files(s, company_id), *more]))
    return rows.digest()


async def moments_hash(s: Statements, company_id: int, last: int) -> bytes:
    rows = Rows()
    async for some in load_moments(s, company_id, last):
        rows.add(some)
    return rows.digest()


# --- the entries themselves -----------------------------------------------------------------------------------


async def first_entry(s: Statements, company_id: int) -> int | None:
    """The oldest entry that is there."""
    rows = await s.rows("SELECT MIN(seq) FROM engage_entry WHERE {scope}", scope=[company_id])
    return rows[0][0] if rows else None


async def load_arrivals(s: Statements, company_id: int, after: int, limit: int) -> list[Row]:
    """(seq, received_at, number of the member or 0) of the entries above `after`, in order."""
    return await s.rows(
        "SELECT seq, received_at, member_id FROM engage_entry WHERE {scope} AND seq > ? ORDER BY seq LIMIT ?",
        [after, limit],
        scope=[company_id],
    )


async def name_members(s: Statements, company_id: int, numbers: Iterable[int]) -> dict[int, str]:
    """number -> external id."""
    rows = await s.lookup(
        "SELECT m.id, m.external_id FROM {keys} k "
        "JOIN engage_member m ON m.company_id = k.column1 AND m.id = k.column2",
        [(company_id, number) for number in sorted(set(numbers))],
        scope=[company_id],
    )
    return {row[0]: row[1] for row in rows}


async def last_link(s: Statements, company_id: int, seq: int) -> tuple[int, int]:
    """(number, last seq) of the last commit that ends at `seq` or before; (0, 0) when there is none.

    Numbers and seqs rise together, so it is found by halving.
    """
    rows = await s.rows("SELECT MAX(number) FROM engage_link WHERE {scope}", scope=[company_id])
    low, high, found = 0, rows[0][0] or 0, 0
    while low < high:
        middle = (low + high + 1) // 2
        [(last_seq,)] = await s.rows(
            "SELECT last_seq FROM engage_link WHERE {scope} AND number = ?", [middle], scope=[company_id]
        )
        if last_seq <= seq:
            low, found = middle, last_seq
        else:
            high = middle - 1
    return low, found


async def drop_entries(tx: Transaction, company_id: int, last: int) -> int:
    """Forget the entries up to `last`; how many there were."""
    return await tx.execute("DELETE FROM engage_entry WHERE {scope} AND seq <= ?", [last], scope=[company_id])
