"""Taking companies' turns: load their heads, append entries in order, write everything in one go.

Every action that changes a company does it through `Turns`, inside one transaction. What is appended is decided
and folded at once, so the next entry sees the state the one before it left.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from weakref import WeakKeyDictionary

from msgspec import Struct

from engage.core.calendar import local_day_hour
from engage.core.chain import Item, link
from engage.core.compiled import CompiledProgram, compile_program
from engage.core.decide import Undone, decide
from engage.core.decisions import Decision, Record, decode_record, encode_record
from engage.core.event import Body, Entry, Kind
from engage.core.fold import fold
from engage.core.state import DayRollup, MemberState, encode_state, merge_days
from engage.store.companies import current_programs, load_program
from engage.store.database import database_in_use
from engage.store.log import (
    Head,
    MessageKey,
    Stored,
    Writes,
    load_heads,
    load_members,
    load_messages,
    load_rollups,
)
from engage.store.sqlite import Transaction

PROGRAMS_MAX = 256
NOTHING_DECIDED = encode_record(Record())

# By database and version id, least recently used first. Versions never change, but two databases number alike.
_programs: WeakKeyDictionary[object, dict[int, CompiledProgram]] = WeakKeyDictionary()


async def program_version(id: int) -> CompiledProgram | None:
    """The compiled program of a published version; None for 0, the time before any was published."""
    if id == 0:
        return None
    programs = _programs.setdefault(database_in_use(), {})
    program = programs.pop(id, None) or compile_program(await load_program(id))
    programs[id] = program
    while len(programs) > PROGRAMS_MAX:
        del programs[next(iter(programs))]
    return program


class Member(Struct):
    number: int
    external_id: str
    state: MemberState


class Appended(Struct, frozen=True):
    entry: Entry
    decision: Decision
    program: CompiledProgram | None


class Turns:
    """The turns of some companies, until the transaction ends."""

    def __init__(self, tx: Transaction) -> None:
        self.tx = tx
        self.heads: dict[int, Head] = {}
        self.known: dict[MessageKey, tuple[int, int]] = {}
        self._members: dict[tuple[int, str], Member] = {}
        self._nobody = Member(0, "", MemberState())
        self._programs: dict[int, CompiledProgram | None] = {}
        self._rollups: dict[tuple[int, int], DayRollup] = {}
        self._items: dict[int, list[Item]] = {}
        self._changed: set[tuple[int, str]] = set()
        self._writes = Writes()

    async def take(self, ids: Collection[int]) -> None:
        """Take the companies' turns, in the order of their ids so that two never wait for each other."""
        self.heads = await load_heads(self.tx, ids)
        current = await current_programs(self.tx, ids)
        versions = {*current.values(), *(head.program_id for head in self.heads.values())}
        self._programs = {id: await program_version(id) for id in versions}
        self._current = current

    async def load(
        self, people: Sequence[tuple[int, str]], messages: Sequence[tuple[int, int, bytes]]
    ) -> None:
        """Load members by (company, external id) and look messages up, set-wise."""
        found = await load_members(self.tx, people, self.heads)
        for key, (number, state) in found.items():
            self._members.setdefault(key, Member(number, key[1], state))
        self.known |= await load_messages(self.tx, messages, self.heads)

    def knows(self, company_id: int, external_id: str) -> bool:
        return (company_id, external_id) in self._members

    def member(self, company_id: int, external_id: str) -> Member:
        """The member, or a new one whom the next entry will count. Without an external id: the company alone."""
        if not external_id:
            return self._nobody
        key = (company_id, external_id)
        member = self._members.get(key)
        if member is None:
            number = self.heads[company_id].state.members + 1
            member = self._members[key] = Member(number, external_id, MemberState())
        return member

    def program(self, company_id: int) -> CompiledProgram | None:
        """The program in force for the company's next entry."""
        return self._programs[self._current[company_id]]

    def append(
        self,
        company_id: int,
        external_id: str,
        kind: int,
        at: int,
        received_at: int,
        name: str,
        body: Body,
        undone: Undone | None = None,
    ) -> Appended:
        """Append one entry to the company's log: decide it and fold it. A member not yet known is new."""
        head = self.heads[company_id]
        if head.program_id != self._current[company_id]:
            head.program_id = self._current[company_id]
            notice = Body("", {"program": head.program_id})
            self._append(head, self._nobody, Kind.PROGRAM, received_at, received_at, "", notice, None)
        member = self.member(company_id, external_id)
        return self._append(head, member, kind, at, received_at, name, body, undone)

    def _append(
        self,
        head: Head,
        member: Member,
        kind: int,
        at: int,
        received_at: int,
        name: str,
        body: Body,
        undone: Undone | None,
    ) -> Appended:
        day, hour = local_day_hour(at, head.state.timezone)
        head.seq += 1
        entry = Entry(
            seq=head.seq,
            kind=kind,
            member=member.number,
            at=at,
            received_at=received_at,
            day=day,
            hour=hour,
            program=head.program_id,
            name=name,
            body=body,
            previous=member.state.last_seq if member.number else 0,
        )
        program = self._programs[head.program_id]
        decision = decide(program, head.state, member.state, entry, undone)
        rollup = self._rollups.get((head.company_id, day))
        if rollup is None:
            rollup = self._rollups[(head.company_id, day)] = DayRollup()
        fold(program, head.state, member.state, rollup, entry, decision)
        record = encode_record(decision.record)
        self._items.setdefault(head.company_id, []).append((entry, record, decision.transfers))
        if member.number:
            self._changed.add((head.company_id, member.external_id))
        return Appended(entry, decision, program)

    def remember(self, key: MessageKey, seq: int, digest: int = 0) -> None:
        """Never accept this message again."""
        self.known[key] = (seq, digest)
        self._writes.messages.append((*key, seq, digest))

    async def save(self) -> None:
        """Write it all: entries, transfers, state, rollups and one link per company."""
        writes = self._writes
        for company_id, items in self._items.items():
            head = self.heads[company_id]
            for entry, record, transfers in items:
                writes.add_entry(company_id, entry, record, transfers)
            head.chain = link(head.chain, items)
            head.links += 1
            writes.links.append((company_id, head.links, head.seq, head.chain))
            writes.add_head(head)
        for key in sorted(self._changed):
            member = self._members[key]
            writes.members.append((key[0], member.number, member.external_id, encode_state(member.state)))
        stored = await load_rollups(self.tx, sorted(self._rollups), self.heads)
        for (company_id, day), more in sorted(self._rollups.items()):
            rollup = stored.get((company_id, day), DayRollup())
            merge_days(rollup, more)
            writes.rollups.append((company_id, day, encode_state(rollup)))
        await writes.save(self.tx, self.heads)


async def undone(stored: Stored) -> Undone:
    """What a reversal of a stored entry needs to know of it."""
    return Undone(
        stored.entry,
        decode_record(stored.decision),
        stored.transfers,
        await program_version(stored.entry.program),
    )
