"""When the entries of a log happened, for views that know only their numbers."""

from __future__ import annotations

from collections.abc import Collection

from engage.store.statements import Statements


async def load_times(s: Statements, company_id: int, seqs: Collection[int]) -> dict[int, int]:
    """seq -> when it happened, microseconds UTC."""
    if not seqs:
        return {}
    rows = await s.lookup(
        "SELECT e.seq, e.at FROM {keys} k "
        "JOIN engage_entry e ON e.company_id = k.column1 AND e.seq = k.column2",
        [(company_id, seq) for seq in sorted(set(seqs))],
        scope=[company_id],
    )
    return {row[0]: row[1] for row in rows}
