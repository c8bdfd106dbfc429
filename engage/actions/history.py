"""Reading members' pasts back from the log, for the quests that count them.

Owns how far back that reaches: to the newest entry that was archived. What counts is for `engage.core.history`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Any

from engage.core.compiled import CompiledProgram
from engage.core.decisions import decode_record
from engage.core.event import Kind
from engage.core.history import Tally, counted_ids
from engage.core.state import CompanyState, MemberState
from engage.store.log import entry_of, load_past
from engage.store.statements import Row, Statements

Version = Callable[[int], Awaitable[CompiledProgram | None]]
"""The compiled program of a published version."""


async def count_history(
    s: Statements,
    version: Version,
    program: CompiledProgram,
    company_id: int,
    company: CompanyState,
    member: MemberState,
    quests: Collection[int],
) -> dict[str, Any]:
    """What a HISTORY entry says of a member's past, counted for some quests of the program in force."""
    rows = await load_past(s, company_id, member.last_seq, company.archived)
    undone = {entry_of(row).body.data["seq"] for row in rows if row[1] == Kind.REVERSAL}
    tally = Tally(program, company, member, quests)
    await add_rows(tally, [row for row in rows if row[0] not in undone], version)
    return tally.said()


async def add_rows(tally: Tally, rows: Sequence[Row], version: Version) -> None:
    """Rows of ENTRY_COLUMNS of the member's, in order."""
    for row in rows:
        if row[1] == Kind.TRACK and row[9] in tally.program.counting:
            record = decode_record(row[11])
            by = await version(row[8]) if record.advances else None
            tally.add(entry_of(row), record, counted_ids(record, by.program if by else None))
