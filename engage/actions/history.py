"""Reading members' pasts back from the log, for the quests that count them.

Owns how far back that reaches: to the newest entry that was archived. What counts is for `engage.core.history`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Any

from msgspec.structs import replace

from engage.core.compiled import CompiledProgram
from engage.core.decisions import decode_record
from engage.core.event import Entry, Kind, entry_of
from engage.core.history import (
    Tally,
    awaiting_count,
    counted_ids,
    named_entries,
)
from engage.core.launches import Launch, without
from engage.core.state import CompanyState, MemberState, decode_member, encode_state
from engage.store.checkpoints import load_transfers
from engage.store.log import load_past, with_transfers
from engage.store.statements import Row, Statements

Version = Callable[[int], Awaitable[CompiledProgram | None]]
"""The compiled program of a published version."""
Archived = Callable[[int], Row | None]
"""An archived entry read back, by its seq: ENTRY_COLUMNS."""


async def count_history(
    s: Statements,
    version: Version,
    program: CompiledProgram,
    company_id: int,
    company: CompanyState,
    member: MemberState,
    quests: Collection[int],
    archived: Archived | None = None,
) -> dict[str, Any]:
    """What a HISTORY entry says of a member's past, counted for some quests of the program in force. `archived`: for
    what was let go since."""
    rows = await load_past(s, company_id, member.last_seq, company.archived)
    rows = _with_archived(rows, archived, member.last_seq, company.archived)
    undone = {entry_of(row).body.data["seq"] for row in rows if row[1] == Kind.REVERSAL}
    tally = Tally(program, company, member, quests)
    await add_rows(tally, [row for row in rows if row[0] not in undone], version)
    return tally.said()


def _with_archived(rows: list[Row], archived: Archived | None, newest: int, after: int) -> list[Row]:
    """A member's entries above `after`, oldest first: `rows`, from `newest` back, and before them those archived."""
    older: list[Row] = []
    oldest = rows[0][3] if rows else newest
    while archived is not None and oldest > after and (row := archived(oldest)) is not None:
        older.append(row)
        oldest = row[3]
    return [*older[::-1], *rows]


async def launches_of(
    s: Statements,
    version: Version,
    company_id: int,
    seq: int,
    newest: int,
    archived: Archived | None = None,
) -> tuple[Launch, ...]:
    """The launches of quests that counted the event `seq`, of those up to the member's entry `newest`."""
    rows = _with_archived(await load_past(s, company_id, newest, seq), archived, newest, seq)
    found: list[Launch] = []
    for row in rows:
        if row[1] == Kind.REVERSAL:
            event, record = entry_of(row).body.data["seq"], decode_record(row[11])
            found = [*without(found, event, record)]
        if row[1] != Kind.HISTORY or seq not in named_entries((entry := entry_of(row)).body.data):
            continue
        program = await version(entry.program)
        assert program is not None
        transfers = await load_transfers(s, company_id, entry.seq - 1, entry.seq)
        [stored] = with_transfers([row], (one[:1] + one[2:] for one in transfers))
        found.append(Launch(entry, decode_record(row[11]), stored.transfers, program))
    return tuple(found)


async def add_rows(tally: Tally, rows: Sequence[Row], version: Version) -> None:
    """Rows of ENTRY_COLUMNS of the member's, in order."""
    for row in rows:
        if row[1] == Kind.TRACK and row[9] in tally.program.counting:
            record = decode_record(row[11])
            by = await version(row[8]) if record.advances else None
            tally.add(entry_of(row), record, counted_ids(record, by.program if by else None))


class Recount:
    """Proves what HISTORY entries say while a log is replayed: `begin` each commit, `note` each entry before it is
    folded, and ask `said` of a HISTORY entry.

    A past is read before anything of its commit is decided: with the member as before the ticks of that commit, and
    with the company's traits as before its calls.
    """

    def __init__(self) -> None:
        self._members: dict[int, bytes] = {}
        self._traits: dict[str, Any] | None = None

    def begin(self) -> None:
        self._members, self._traits = {}, None

    def note(
        self, program: CompiledProgram | None, company: CompanyState, member: MemberState, entry: Entry
    ) -> None:
        if entry.kind in (Kind.GROUP, Kind.SETTING) and self._traits is None:
            self._traits = dict(company.traits)
            return
        if program is None or entry.kind != Kind.TICK or entry.member in self._members:
            return
        if awaiting_count(program, company, member):
            self._members[entry.member] = encode_state(member)

    async def said(
        self,
        s: Statements,
        version: Version,
        program: CompiledProgram | None,
        company_id: int,
        company: CompanyState,
        member: MemberState,
        entry: Entry,
        archived: Archived | None = None,
    ) -> dict[str, Any]:
        """What the entry is to say. The entries that it counted must be in the database still, or `archived` has
        them."""
        if program is None:
            return {}
        quests = awaiting_count(program, company, member)
        before = self._members.get(entry.member)
        then = replace(company, traits=company.traits if self._traits is None else self._traits)
        who = member if before is None else decode_member(before)
        return await count_history(s, version, program, company_id, then, who, quests, archived)
