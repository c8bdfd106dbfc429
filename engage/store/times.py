"""When the entries of a log happened, for views that know only their numbers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from engage.store.statements import Statements

_ENTRIES: Final = (
    "SELECT e.seq, e.at FROM {keys} k JOIN engage_entry e ON e.company_id = k.column1 AND e.seq = k.column2"
)
_MOMENTS: Final = (
    "SELECT m.seq, m.at FROM {keys} k JOIN engage_moment m ON m.company_id = k.column1 AND m.seq = k.column2"
)


async def load_times(s: Statements, company_id: int, seqs: Iterable[int]) -> dict[int, int]:
    """seq -> when it happened, microseconds UTC. Of archived entries, those that granted a badge or
    sent or opened a nudge."""
    found: dict[int, int] = {}
    missing = set(seqs)
    for sql in (_ENTRIES, _MOMENTS):
        if not missing:
            break
        keys = [(company_id, seq) for seq in sorted(missing)]
        found |= {row[0]: row[1] for row in await s.lookup(sql, keys, scope=[company_id])}
        missing -= found.keys()
    return found
