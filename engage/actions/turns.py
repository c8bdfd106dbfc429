"""Taking companies' turns: load their heads, append entries in order, write everything in one go.

Every action that changes a company does it through `Turns`. What is appended is decided and folded at once, so the
next entry sees the state the one before it left. Inside a transaction the turns are held until it ends. Ahead of one
they are only assumed: `basis` says on what, and the commit checks that it still holds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, Final
from weakref import WeakKeyDictionary

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from engage.actions.history import Archived, count_history, launches_of
from engage.actions.semantics import adopt_rules
from engage.core.agenda import next_due
from engage.core.calendar import local_day_hour, midnight, utc_day
from engage.core.chain import Item, link
from engage.core.compiled import CompiledProgram, compile_program
from engage.core.decide import Undone, decide
from engage.core.decisions import Decision, Led, decode_record, encode_record
from engage.core.event import SEMANTICS, Body, Entry, Kind
from engage.core.fold import fold
from engage.core.history import awaiting_count, named_entries
from engage.core.launches import Launch
from engage.core.leaderboards import Standing, standings
from engage.core.notices import notices
from engage.core.referral import bring, may_bring
from engage.core.state import CompanyState, DayRollup, MemberState, encode_state, merge_days
from engage.core.terms import Term, tells_of_a_term, term_of_traits
from engage.store.companies import current_programs, load_program, newest_version
from engage.store.database import database_in_use
from engage.store.log import (
    Basis,
    Head,
    MessageKey,
    Stored,
    Writes,
    load_heads,
    load_members,
    load_messages,
    load_rollups,
)
from engage.store.referral import name_numbers, referred_row
from engage.store.statements import Row, Statements, Transaction
from engage.store.terms import stated_row

PROGRAMS_MAX: Final = 256
MEMBERS_KEPT: Final = 20_000
"""Of members, about 2 KB each, and companies that stay in memory between commits."""
COMPANY_IDS_KEPT: Final = 100_000
NOTHING_SAID: Final = Body("", {})

_json = msgspec.json.Encoder().encode

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


class Member(Struct, gc=False):
    number: int
    external_id: str
    state: MemberState
    changed: bool = False
    due: int = 0
    """The local day of the next tick as the agenda has it; 0 for none."""
    planned_by: int = 0
    """The program version by which that is."""
    standings: frozenset[Standing] = frozenset()
    """The rows of leaderboards that were written from here."""
    past: dict[str, Any] | None = None
    """What a HISTORY entry is to say, when one is due."""


class Appended(Struct, frozen=True, gc=False):
    entry: Entry
    decision: Decision
    program: CompiledProgram | None
    brought: Appended | None = None
    """What it brought to whoever had invited the member."""


class Turn:
    """One company's turn: its head, who acts in it, and what has been appended."""

    def __init__(self, head: Head, program_id: int, program: CompiledProgram | None) -> None:
        self.head = head
        self.program_id = program_id
        self.program = program
        """The program in force for the next entry."""
        self.members: dict[str, Member] = {}
        self.changed: list[Member] = []
        self.latest: list[Member] = []
        """Whom the last commit changed."""
        self.items: list[Item] = []
        self.rollups: dict[int, DayRollup] = {}
        """What is appended adds to each local day."""
        self.days: dict[int, DayRollup] = {}
        """Local days as they are stored, or will be when the commit before this one is done."""
        self.touched = False
        """The head moves on although nothing is appended."""
        self.notices: list[Row] = []
        """For the outbox."""
        self.terms: dict[int, Term] = {}
        """First day -> the contract term that the company's traits tell of."""
        self.inviters: dict[int, str] = {}
        """Their external ids, of members who may bring them something."""
        self.referred: dict[int, Row] = {}
        """What referrals became, by the number of the colleague."""
        self._company_alone = Member(0, "", MemberState())

    def member(self, external_id: str) -> Member:
        """The member, or a new one whom the next entry will count. Without an external id: the company alone.

        Who is new is known once `append` has an entry of theirs: with the number kept for whoever is only asked
        about, the next one who acts would have the same.
        """
        member = self.members.get(external_id)
        if member is not None:
            return member
        if not external_id:
            return self._company_alone
        return Member(self.head.state.members + 1, external_id, MemberState())

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
        self.adopt_program(received_at)
        member = self.member(external_id)
        if member.state.last_seq:
            self.bring_up_to(member, received_at)
        elif external_id:
            self.members[external_id] = member
        day, hour = local_day_hour(at, self.head.state.timezone)
        appended = self._append(member, kind, at, received_at, day, hour, name, body, undone)
        led = appended.decision.record.led
        return appended if led is None else self._refer(member, appended, led)

    def _refer(self, member: Member, appended: Appended, led: Led) -> Appended:
        """Tell the inviter's log of a colleague who became active, in the same commit, and keep what to list."""
        entry, brought = appended.entry, None
        if led.active and entry.kind != Kind.REVERSAL:
            inviter, now = self.member(self.inviters[led.by]), entry.received_at
            self.bring_up_to(inviter, now)
            day, hour = local_day_hour(now, self.head.state.timezone)
            body = Body("", bring(member.state, entry))
            brought = self._append(inviter, Kind.REFERRAL, now, now, day, hour, "", body, None)
            appended = Appended(entry, appended.decision, appended.program, brought)
        if led.active or led.invitation:
            seq = brought.entry.seq if brought is not None else 0
            self.referred[member.number] = referred_row(
                self.head.company_id, member.number, member.state, entry, seq
            )
        return appended

    def adopt_program(self, now: int) -> None:
        """From here on the version in force decides."""
        head = self.head
        if head.program_id != self.program_id:
            head.program_id = self.program_id
            day, hour = local_day_hour(now, head.state.timezone)
            body = Body("", {"program": head.program_id})
            self._append(self._company_alone, Kind.PROGRAM, now, now, day, hour, "", body, None)

    def bring_up_to(self, member: Member, now: int) -> bool:
        """Append the ticks of the days on which something awaited the member, up to the local day of `now`, in order,
        and what quests launched since count of the member's past. Whatever comes next finds the member as of that day,
        however long nobody looked. False when nothing was due."""
        self.adopt_program(now)
        counts = self.awaits_count(member.state)
        if not member.changed and member.planned_by == self.program_id and not counts:
            day = member.due  # as it was reckoned with the state that is still theirs
        else:
            day = self._next_tick(member.state)
        if not counts and not 0 < day <= utc_day(now) + 1:
            return False  # on no clock of the world is it that day yet
        zone, done = self.head.state.timezone, False
        today, hour = local_day_hour(now, zone)
        while 0 < day <= today:
            at = min(midnight(day, zone), now)
            self._append(member, Kind.TICK, at, now, day, 0, "", NOTHING_SAID, None)
            day, done = self._next_tick(member.state), True
        if counts and member.past is not None:
            self._append(member, Kind.HISTORY, now, now, today, hour, "", Body("", member.past), None)
            member.past, done = None, True
        return done

    def _append(
        self,
        member: Member,
        kind: int,
        at: int,
        received_at: int,
        day: int,
        hour: int,
        name: str,
        body: Body,
        undone: Undone | None,
    ) -> Appended:
        head, state = self.head, member.state
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
        for n, notice in enumerate(notices(entry, decision, self.program)):
            data = _json({"member": member.external_id} | notice.data if notice.member else notice.data)
            self.notices.append((head.company_id, entry.seq, n, received_at, notice.type, data))
        if kind == Kind.GROUP and body.trusted and tells_of_a_term(body.data):
            term = term_of_traits(head.state.traits)
            if isinstance(term, Term):
                self.terms[term.start] = replace(term, recorded_at=received_at)
        if member.number and not member.changed:
            member.changed = True
            self.changed.append(member)
        return Appended(entry, decision, self.program)

    def stands_at(self, head: Head) -> bool:
        """Whether nobody wrote to the company since."""
        return (self.head.seq, self.head.chain) == (head.seq, head.chain)

    def close(self, writes: Writes) -> None:
        """Add the rows of what was appended, and be ready for the next commit."""
        head = self.head
        if self.items:
            for entry, record, transfers in self.items:
                writes.add_entry(head.company_id, entry, record, transfers)
            head.chain = link(head.chain, self.items)
            head.links += 1
            writes.links.append((head.company_id, head.links, head.seq, head.chain))
        if self.items or self.touched:
            head.seq += self.touched
            writes.add_head(head)
        for member in sorted(self.changed, key=lambda member: member.number):
            state = encode_state(member.state)
            writes.members.append((head.company_id, member.number, member.external_id, state))
            member.changed = False
            self.plan(member, writes)
            self.rank(member, writes)
        for day, more in sorted(self.rollups.items()):
            merge_days(self.days.setdefault(day, DayRollup()), more)
            writes.rollups.append((head.company_id, day, encode_state(self.days[day])))
        self.days = {day: self.days[day] for day in self.rollups}
        self.latest, self.changed = self.changed, []
        writes.outbox += self.notices
        writes.stated_terms += [stated_row(head.company_id, term) for term in self.terms.values()]
        writes.referred += self.referred.values()
        self.items, self.rollups, self.touched, self.notices = [], {}, False, []
        self.terms, self.referred = {}, {}

    def plan(self, member: Member, writes: Writes) -> None:
        """Put the member's next tick into the agenda, unless it is there."""
        due = self.next_due(member.state)
        member.planned_by = self.program_id
        if due != member.due:
            member.due = due
            writes.agenda.append((self.head.company_id, member.number, due))

    def rank(self, member: Member, writes: Writes) -> None:
        """Write what the member's score on a leaderboard became."""
        if self.program is None or not self.program.program.leaderboards or not member.state.scores:
            return
        now = frozenset(standings(self.program, self.head.state, member.state))
        for board, slot, *score in sorted(now - member.standings):
            writes.standings.append((self.head.company_id, board, slot, member.number, *score))
        member.standings = now

    def next_due(self, state: MemberState) -> int:
        return next_look(self.program, self.head.state, state)

    def _next_tick(self, state: MemberState) -> int:
        return next_due(self.program, self.head.state, state) if self.program else 0

    def awaits_count(self, state: MemberState) -> list[int]:
        return _awaits_count(self.program, self.head.state, state)

    def launches(self, member: Member, seq: int) -> tuple[Launch, ...]:
        """Those appended since the last commit that counted the member's event `seq`."""
        return tuple(
            Launch(entry, decode_record(record), transfers, self.program)
            for entry, record, transfers in self.items
            if entry.kind == Kind.HISTORY
            and entry.member == member.number
            and self.program is not None
            and seq in named_entries(entry.body.data)
        )

    async def look_back(self, s: Statements, member: Member) -> None:
        """Read what of the member's past quests are to count, for `bring_up_to` to append."""
        quests = self.awaits_count(member.state)
        if quests:
            assert self.program is not None
            company = (self.head.company_id, self.head.state)
            member.past = await count_history(
                s, program_version, self.program, *company, member.state, quests
            )


class WorkingSet:
    """What the commits of one process leave in memory, so that the next can be decided while the last is written,
    on what it wrote. Exact as long as nobody else writes to the same companies, which each commit checks."""

    def __init__(self) -> None:
        self.company_ids: dict[str, int] = {}
        self.turns: dict[int, Turn] = {}
        self.versions: dict[int, int] = {}
        """Company -> id of the program version in force, as of `newest_version`."""
        self.newest_version: int | None = None
        self.unseen: dict[MessageKey, tuple[int, int]] = {}
        """Messages of the last commit, which a reader may not see yet."""
        self.latest: Collection[int] = ()
        """The companies of the last commit, until it is done."""
        self.shared = False
        """Others were seen to write: what the last commit did not leave is looked at before it is decided on."""

        self._size = 0

    def adopt(self, later: WorkingSet) -> None:
        """Take over what a commit of its own has left since."""
        self.company_ids |= later.company_ids
        self.turns |= later.turns
        self.unseen = {}
        if self.newest_version != later.newest_version:
            self.newest_version, self.versions = later.newest_version, {}
        self.versions |= later.versions
        self.grow(later._size, later.turns)

    def grow(self, size: int, latest: Collection[int]) -> None:
        """Count `size` more members and companies. What would be too much is forgotten, but for what the `latest`
        commit, which may not be done yet, changed in its companies."""
        self._size += size
        if len(self.company_ids) > COMPANY_IDS_KEPT:
            self.company_ids.clear()
        if self._size > MEMBERS_KEPT:
            self.turns = {id: self.turns[id] for id in latest}
            for turn in self.turns.values():
                turn.members = {member.external_id: member for member in turn.latest}
            self._size = sum(1 + len(turn.members) for turn in self.turns.values())


class TransactionNeeded(Exception):
    """Ends an attempt to decide ahead, before anything was decided."""


class Turns:
    """The turns of some companies: until the transaction ends, or as far as `basis` still holds at the commit."""

    def __init__(self, s: Statements, kept: WorkingSet | None = None) -> None:
        self.s = s
        self.kept = kept or WorkingSet()
        self.ahead = kept is not None and not isinstance(s, Transaction)
        self.basis = Basis()
        self.known: dict[MessageKey, tuple[int, int]] = {}
        self._turns: dict[int, Turn] = {}
        self._messages: list[Row] = []
        self._loaded = 0

    def __getitem__(self, company_id: int) -> Turn:
        return self._turns[company_id]

    async def take(self, ids: Collection[int]) -> None:
        """Take the companies' turns, in the order of their ids so that two never wait for each other."""
        kept = self.kept
        asked = [id for id in ids if id not in kept.turns or (kept.shared and id not in kept.latest)]
        heads = await load_heads(self.s, asked) if asked else {}
        # Once the turns are taken, which may mean to wait: others may have published, and written by that, meanwhile.
        await self._learn_versions(ids)
        for id in sorted(ids):
            version = kept.versions[id]
            program = await program_version(version)
            turn = kept.turns.get(id)
            if turn is None or (id in heads and not turn.stands_at(heads[id])):
                turn = kept.turns[id] = Turn(heads[id], version, program)
                self._loaded += 1
            turn.program_id, turn.program = version, program
            if turn.head.links and turn.head.state.semantics != SEMANTICS:
                await adopt_rules(self.s, turn)
            self._turns[id] = turn
            self.basis.heads[id] = (turn.head.seq, turn.head.chain)

    async def _learn_versions(self, ids: Collection[int]) -> None:
        kept = self.kept
        if kept.newest_version is None:
            kept.newest_version = await newest_version(self.s)
        self.basis.newest_version = kept.newest_version
        missing = [id for id in ids if id not in kept.versions]
        if missing:
            kept.versions |= await current_programs(self.s, missing)

    async def load(self, people: Collection[tuple[int, str]], messages: Collection[MessageKey]) -> None:
        """Load members by (company, external id) and look messages up, set-wise."""
        await self._load_members(people)
        inviters = await self._inviters(people)
        await self._load_members(inviters)
        await self._look_back([*people, *inviters])
        self.known |= await load_messages(self.s, messages, {key[0] for key in messages})
        for key in self.kept.unseen.keys() & messages:
            self.known[key] = self.kept.unseen[key]

    async def _load_members(self, people: Iterable[tuple[int, str]]) -> None:
        missing = sorted(one for one in people if one[1] not in self._turns[one[0]].members)
        found = await load_members(self.s, missing, {one[0] for one in missing}) if missing else {}
        self._loaded += len(missing)
        for (company_id, external_id), (number, state) in found.items():
            turn = self._turns[company_id]
            due = turn.next_due(state)
            # By the version that has decided so far: the newest is not in the log before somebody acts, and what
            # awaits a member by it begins with the day on which it is.
            turn.members[external_id] = Member(
                number, external_id, state, due=due, planned_by=turn.head.program_id
            )

    async def _inviters(self, people: Iterable[tuple[int, str]]) -> list[tuple[int, str]]:
        """Whoever invited some of these and may be brought something by what they do."""
        wanted: set[tuple[int, int]] = set()
        for company_id, name in people:
            member = self._turns[company_id].members.get(name)
            if member is not None and member.state.referral is not None:
                wanted |= {(company_id, number) for number in may_bring(member.state.referral)}
        unnamed = sorted(one for one in wanted if one[1] not in self._turns[one[0]].inviters)
        if unnamed:
            for (company_id, number), name in (await name_numbers(self.s, unnamed)).items():
                self._turns[company_id].inviters[number] = name
        return [(company_id, self._turns[company_id].inviters[number]) for company_id, number in wanted]

    async def _look_back(self, people: Iterable[tuple[int, str]]) -> None:
        """What of their pasts quests are to count. Not ahead of the transaction: the newest of it may be on its way."""
        for company_id, external_id in people:
            turn = self._turns[company_id]
            member = turn.members.get(external_id)
            if member is None or not turn.awaits_count(member.state):
                continue
            if self.ahead:
                raise TransactionNeeded
            await turn.look_back(self.s, member)

    def remember(self, key: MessageKey, seq: int, digest: int = 0) -> None:
        """Never accept this message again."""
        self.known[key] = (seq, digest)
        self._messages.append((*key, seq, digest))

    async def close(self) -> Writes:
        """The rows of everything appended: entries, transfers, state, rollups and one link per company."""
        days = [(id, day) for id, turn in self._turns.items() for day in turn.rollups if day not in turn.days]
        for (id, day), stored in (await load_rollups(self.s, sorted(days), {id for id, _ in days})).items():
            self._turns[id].days[day] = stored
        writes = Writes(messages=self._messages)
        for turn in self._turns.values():
            turn.close(writes)
        self.kept.unseen = {(row[0], row[1], row[2]): (row[3], row[4]) for row in self._messages}
        self.kept.latest = self._turns.keys()
        self.kept.grow(self._loaded, self._turns)
        return writes

    async def save(self) -> None:
        """Write it all, in the transaction that holds the turns."""
        assert isinstance(self.s, Transaction)
        await self.s.insert((await self.close()).inserts(), scope=self._turns)


def next_look(program: CompiledProgram | None, company: CompanyState, state: MemberState) -> int:
    """The local day (ordinal) on which the scheduler is to look at a member; 0 when nothing awaits them."""
    if program is None:
        return 0
    day = next_due(program, company, state)
    if not _awaits_count(program, company, state):
        return day
    since = company.program_since or 1
    return min(day, since) if day else since


def _awaits_count(program: CompiledProgram | None, company: CompanyState, state: MemberState) -> list[int]:
    """Numbers of the quests that are to count the member's past."""
    if program is None or not program.recounts:
        return []
    return awaiting_count(program, company, state)


async def undone(
    s: Statements, company_id: int, stored: Stored, newest: int = 0, archived: Archived | None = None
) -> Undone:
    """What a reversal of a stored entry needs to know of it. `newest`: the member's entry before the reversal, where
    launches of quests may have counted it; what came between is read then."""
    seq, launches = stored.entry.seq, tuple[Launch, ...]()
    if newest > seq:
        launches = await launches_of(s, program_version, company_id, seq, newest, archived)
    return Undone(
        stored.entry,
        decode_record(stored.decision),
        stored.transfers,
        await program_version(stored.entry.program),
        launches,
    )
