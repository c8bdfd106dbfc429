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
from engage.core.decisions import Decision, decode_record, encode_record
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
from engage.store.sqlite import Row, Transaction

PROGRAMS_MAX = 256

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
    changed: bool = False


class Appended(Struct, frozen=True):
    entry: Entry
    decision: Decision
    program: CompiledProgram | None


class Turn:
    """One company's turn: its head, who acts in it, and what has been appended."""

    def __init__(self, head: Head, program_id: int, program: CompiledProgram | None) -> None:
        self.head = head
        self.program_id = program_id
        self.program = program
        """The program in force for the next entry."""
        self.members: dict[str, Member] = {}
        self.items: list[Item] = []
        self.rollups: dict[int, DayRollup] = {}
        self._company_alone = Member(0, "", MemberState())

    def member(self, external_id: str) -> Member:
        """The member, or a new one whom the next entry will count. Without an external id: the company alone."""
        member = self.members.get(external_id)
        if member is not None:
            return member
        if not external_id:
            return self._company_alone
        number = self.head.state.members + 1
        member = self.members[external_id] = Member(number, external_id, MemberState())
        return member

    def append(
        self,
        external_id: str,
        kind: int,
        at: int,
        received_at: int,
        name: str,
        body: Body,
        undone: Undone | None = None,
    ) -> Appended:
        """Append one entry to the company's log: decide it and fold it. A member not yet known is new."""
        head = self.head
        if head.program_id != self.program_id:
            head.program_id = self.program_id
            self.append(
                "", Kind.PROGRAM, received_at, received_at, "", Body("", {"program": head.program_id})
            )
        member = self.member(external_id)
        state = member.state
        day, hour = local_day_hour(at, head.state.timezone)
        head.seq += 1
        previous = state.last_seq if member.number else 0
        entry = Entry(
            head.seq, kind, member.number, at, received_at, day, hour, head.program_id, name, body, previous
        )
        decision = decide(self.program, head.state, state, entry, undone)
        rollup = self.rollups.get(day)
        if rollup is None:
            rollup = self.rollups[day] = DayRollup()
        fold(self.program, head.state, state, rollup, entry, decision)
        self.items.append((entry, encode_record(decision.record), decision.transfers))
        member.changed = member.number > 0
        return Appended(entry, decision, self.program)


class Turns:
    """The turns of some companies, until the transaction ends."""

    def __init__(self, tx: Transaction) -> None:
        self.tx = tx
        self.known: dict[MessageKey, tuple[int, int]] = {}
        self._turns: dict[int, Turn] = {}
        self._messages: list[Row] = []

    def __getitem__(self, company_id: int) -> Turn:
        return self._turns[company_id]

    async def take(self, ids: Collection[int]) -> None:
        """Take the companies' turns, in the order of their ids so that two never wait for each other."""
        heads = await load_heads(self.tx, ids)
        current = await current_programs(self.tx, ids)
        for id, head in heads.items():
            self._turns[id] = Turn(head, current[id], await program_version(current[id]))

    async def load(self, people: Sequence[tuple[int, str]], messages: Collection[MessageKey]) -> None:
        """Load members by (company, external id) and look messages up, set-wise."""
        found = await load_members(self.tx, people, self._turns)
        for (company_id, external_id), (number, state) in found.items():
            self._turns[company_id].members.setdefault(external_id, Member(number, external_id, state))
        self.known |= await load_messages(self.tx, messages, self._turns)

    def remember(self, key: MessageKey, seq: int, digest: int = 0) -> None:
        """Never accept this message again."""
        self.known[key] = (seq, digest)
        self._messages.append((*key, seq, digest))

    async def save(self) -> None:
        """Write it all: entries, transfers, state, rollups and one link per company."""
        writes = Writes(messages=self._messages)
        for company_id, turn in self._turns.items():
            if turn.items:
                _write_turn(writes, company_id, turn)
        days = [(id, day) for id, turn in self._turns.items() for day in sorted(turn.rollups)]
        stored = await load_rollups(self.tx, days, self._turns)
        for company_id, day in days:
            rollup = stored.get((company_id, day), DayRollup())
            merge_days(rollup, self._turns[company_id].rollups[day])
            writes.rollups.append((company_id, day, encode_state(rollup)))
        await writes.save(self.tx, self._turns)


def _write_turn(writes: Writes, company_id: int, turn: Turn) -> None:
    head = turn.head
    for entry, record, transfers in turn.items:
        writes.add_entry(company_id, entry, record, transfers)
    head.chain = link(head.chain, turn.items)
    head.links += 1
    writes.links.append((company_id, head.links, head.seq, head.chain))
    writes.add_head(head)
    changed = [member for member in turn.members.values() if member.changed]
    for member in sorted(changed, key=lambda member: member.number):
        writes.members.append((company_id, member.number, member.external_id, encode_state(member.state)))


async def undone(stored: Stored) -> Undone:
    """What a reversal of a stored entry needs to know of it."""
    return Undone(
        stored.entry,
        decode_record(stored.decision),
        stored.transfers,
        await program_version(stored.entry.program),
    )
