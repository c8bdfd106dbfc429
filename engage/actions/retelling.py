"""Telling a company's log again, to know exactly how everything stood at some entry.

Owns where that begins (the newest checkpoint before it, else the first entry) and how entries are read back, a block
at a time. Entries are decided again by the versions that were in force, as in `replay`, which is exact; nothing is
compared here and nothing is written. Memory does not grow with the log, nor much with the members.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from operator import itemgetter
from typing import Final

from msgspec import Struct

from engage.actions.replay import ArchivedLog
from engage.actions.turns import program_version, undone
from engage.core.backtest_counts import Followed, decode_seen, encode_seen
from engage.core.calendar import to_rfc3339
from engage.core.checkpoint import Of
from engage.core.compiled import CompiledProgram
from engage.core.decide import Undone, decide
from engage.core.event import SEMANTICS, Kind, decode_body, entry_of
from engage.core.fold import fold
from engage.core.simple_awards import simple_awards
from engage.core.state import (
    CompanyState,
    DayRollup,
    MemberState,
    decode_company,
    decode_member,
    encode_state,
    first_state,
)
from engage.core.uneventful import Uneventful
from engage.errors import Archived, Conflict
from engage.store.archived import first_entry
from engage.store.checkpoints import load_checkpoints, load_items, load_transfers
from engage.store.database import Database
from engage.store.erasing import list_erased
from engage.store.log import load_entry, load_entry_rows, with_transfers
from engage.store.scratch import Scratch
from engage.store.statements import Row, Statements

ENTRIES_PER_READ: Final = 2000
ENTRIES_AT_A_STRETCH: Final = 50
"""Beside a running service, a few milliseconds' worth: as long as this, its other requests wait."""
MEMBERS_IN_MEMORY: Final = 20_000
"""About 2 KB each."""
VERSIONS_IN_MEMORY: Final = 100


class BeforeErasure(Conflict):
    """What rested on properties that were erased cannot be told again."""


class Members(dict[int, Followed]):
    """The members of a company by number, those that appeared last in memory and the others on a disk."""

    def __init__(self) -> None:
        super().__init__()
        self._scratch = Scratch()
        self._kept = False
        """Whether somebody is on the disk."""

    def close(self) -> None:
        self._scratch.close()

    def __missing__(self, number: int) -> Followed:
        if len(self) >= MEMBERS_IN_MEMORY:
            self._put_away(MEMBERS_IN_MEMORY // 2)
        kept = self._scratch.get(number)
        found = _followed(kept[1], kept[2]) if kept is not None else Followed(MemberState())
        self[number] = found
        return found

    def _put_away(self, count: int) -> None:
        self._kept = True
        numbers = list(self)[:count]
        self._scratch.put(
            (number, encode_state(found.state), encode_seen(found.seen))
            for number, found in ((number, self[number]) for number in numbers)
        )
        for number in numbers:
            del self[number]

    def put(self, members: Sequence[tuple[int, bytes]]) -> None:
        """Members as they are kept in a checkpoint."""
        self._kept = True
        self._scratch.put((number, document, encode_seen(None)) for number, document in members)

    def in_order(self) -> Iterator[tuple[int, Followed]]:
        """All of them by number; nobody may appear meanwhile."""
        if not self._kept:
            yield from sorted(self.items(), key=itemgetter(0))
            return
        self._put_away(len(self))
        for number, state, seen in self._scratch.in_order():
            yield number, _followed(state, seen)


def _followed(state: bytes | None, seen: bytes) -> Followed:
    assert state is not None
    return Followed(decode_member(state), decode_seen(seen))


class Block(Struct):
    """Entries as they are stored, in order, and what deciding them again takes."""

    rows: list[Row]
    """ENTRY_COLUMNS."""
    programs: dict[int, CompiledProgram | None]
    undone: dict[int, Undone]
    """What each reversal undoes, by the reversal's seq and as it is recorded."""


async def stretches(rows: list[Row], *, beside_others: bool) -> AsyncIterator[list[Row]]:
    """The rows, all at once, or `beside_others` a few at a time, with as long a pause after what is done with them."""
    if not beside_others:
        yield rows
        return
    for first in range(0, len(rows), ENTRIES_AT_A_STRETCH):
        began = time.perf_counter()
        yield rows[first : first + ENTRIES_AT_A_STRETCH]
        await asyncio.sleep(time.perf_counter() - began)


class Told(dict[int, Uneventful]):
    """Version -> what it makes of events without a decision: the same for all companies that follow it, and to make it
    takes as long as to decide hundreds of events."""

    def by(self, version: int, program: CompiledProgram | None) -> Uneventful:
        found = self.get(version)
        if found is None:
            if len(self) >= VERSIONS_IN_MEMORY:
                self.clear()
            found = self[version] = Uneventful(program, simple_awards(program))
        return found


class Retelling:
    """One company's log. `begin` it before some entry, then `advance` to it, or read on block by block."""

    def __init__(
        self, id: int, name: str, archive: ArchivedLog | None = None, told: Told | None = None
    ) -> None:
        """`told`: where other companies' logs are retold as well."""
        self.id = id
        self.name = name
        self.archive = archive
        self.seq = 0
        """The entry after which the state stands as it is here."""
        self.archived = 0
        self.company: CompanyState = first_state()
        self.members = Members()
        self._told = Told() if told is None else told

    def close(self) -> None:
        self.members.close()

    async def begin(self, s: Statements, before: int) -> None:
        """Stand at the newest state there is from before the entry `before`.

        Raises Archived when that takes archived entries and no archive was given, and Conflict when only another
        release could decide them again, or nobody, as members were erased.
        """
        checkpoints = [checkpoint for _, checkpoint in await load_checkpoints(s, self.id)]
        newest = checkpoints[-1] if checkpoints else None
        self.archived = max((one.archived for one in checkpoints), default=0)
        if newest is not None and newest.seq < before and newest.semantics == SEMANTICS:
            async for items in load_items(s, self.id, newest.kept_as):
                for item in items:
                    if item.of == Of.COMPANY:
                        self.company = decode_company(item.document)
                self.members.put([(item.key, item.document) for item in items if item.of == Of.MEMBER])
            self.seq = newest.seq
            return
        if any(one.decided_by != SEMANTICS for one in checkpoints):
            raise Conflict(f"what {self.name} did by then was decided by the rules of another release")
        if newest is not None and await list_erased(s, self.id):
            sealed = await load_entry(s, self.id, newest.seq)
            day = f", until {to_rfc3339(sealed.entry.received_at)[:10]}," if sealed is not None else ""
            words = f"what {self.name} did before members were erased{day} cannot be decided again"
            raise BeforeErasure(f"{words}; choose what came after")
        oldest = await first_entry(s, self.id)
        if oldest is not None and oldest > 1 and self.archive is None:
            words = (
                f"entries 1 to {oldest - 1} of {self.name} are archived and needed to know how things stood"
            )
            raise Archived(f"{words}; name the folder with --archive")

    async def blocks(self, database: Database, last: int) -> AsyncIterator[Block]:
        """What follows up to the entry `last`. The caller moves past each block before it asks for the next."""
        while self.seq < last:
            async with database.read() as s:
                block = await self.read(s, last)
            yield block

    async def read(self, s: Statements, last: int) -> Block:
        """The entries that follow, some of them, up to `last` at most."""
        until = min(self.seq + ENTRIES_PER_READ, last)
        if self.archive is not None and self.seq < self.archived:
            until = min(until, self.archived)
            rows = self.archive.rows(self.seq, until)
        else:
            rows = await load_entry_rows(s, self.id, self.seq, until)
        if len(rows) != until - self.seq:
            raise Conflict(f"entries of {self.name} were archived meanwhile; try again")
        programs = {id: await program_version(id) for id in {row[8] for row in rows}}
        undoing = {}
        for row in rows:
            if row[1] == Kind.REVERSAL:
                undoing[row[0]] = await self._undone(s, decode_body(row[10]).data["seq"], row[3])
        return Block(rows, programs, undoing)

    async def _undone(self, s: Statements, seq: int, newest: int) -> Undone:
        found = await load_entry(s, self.id, seq)
        row = self.archive.row(seq) if found is None and self.archive is not None else None
        if row is not None:
            transfers = await load_transfers(s, self.id, seq - 1, seq)
            [found] = with_transfers([row], (one[:1] + one[2:] for one in transfers))
        if found is None:
            raise Archived(f"entry {seq} of {self.name}, which was undone, is archived")
        archived = self.archive.row if self.archive is not None else None
        return await undone(s, self.id, found, newest, archived)

    def tell(self, rows: Sequence[Row], block: Block) -> None:
        """Decide some rows of a block, those that follow, as they were decided, and fold them."""
        company, members, told = self.company, self.members, self._told
        rollup = DayRollup()
        for row in rows:
            program = block.programs[row[8]]
            member = members[row[2]].state if row[2] else MemberState()
            if told.by(row[8], program).passes(company, member, row):
                continue
            entry = entry_of(row)
            decision = decide(program, company, member, entry, block.undone.get(entry.seq))
            fold(program, company, member, rollup, entry, decision, reported=False)
        self.seq += len(rows)
