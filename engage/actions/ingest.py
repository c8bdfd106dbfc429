"""Accepting calls: who and which company they concern, what is new, and one commit for all of them.

A call ends in one of four ways, told per message: ok (decided and durable), duplicate (known, nothing done),
rejected (kept with its reason), retry (not kept; the same call may succeed later).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from hashlib import blake2b
from typing import Any, Final

import msgspec
from msgspec import Struct

from engage.actions.inviting import colleague_in, send_invitation
from engage.actions.remarks import event_meant, mistyped, unread_traits
from engage.actions.side_by_side import all_ended
from engage.actions.turns import Appended, TransactionNeeded, Turns, WorkingSet, program_version
from engage.core.call import ANONYMOUS, MEMBER, Call, Refusal, digest, message_key
from engage.core.compiled import CompiledProgram, without_personal_traits
from engage.core.decisions import REASONS, Undecided, effects
from engage.core.event import Body, Kind
from engage.store.companies import (
    HOST,
    create_companies,
    current_programs,
    load_company_ids,
    may_create_companies,
)
from engage.store.database import Database
from engage.store.held import Place, count_held, insert_held, insert_rejects, load_held, release
from engage.store.log import INSERT_MESSAGES, Basis, MessageKey, load_memberships, load_messages, proof
from engage.store.referral import INSERT_INVITATIONS, invitation_row
from engage.store.statements import Insert, Row, Statements, Transaction

HELD_PER_SUBJECT_MAX: Final = 1000
"""Calls kept for one anonymous visitor, or for one member whose company is not known yet."""
IDENTIFYING: Final = frozenset({Kind.IDENTIFY, Kind.ALIAS})
REJECT_BYTES_MAX: Final = 4096
"""How much of a refused call is kept."""


class Reason(Struct, frozen=True, omit_defaults=True, gc=False):
    code: str
    message: str


class Outcome(Struct, omit_defaults=True, gc=False):
    message_id: str
    status: str
    reason: Reason | None = None
    warnings: list[str] = []
    effects: list[dict[str, Any]] = []


HELD_ANONYMOUS: Final = Reason("held_anonymous", "held until this anonymousId is identified")
HELD_UNATTRIBUTED: Final = Reason("held_unattributed", "held until the member is known in a company")


class Append(Struct, gc=False):
    """The call goes into the log of `company_id`, unless `key` (company, day, hash) is known."""

    call: Call
    company_id: int
    key: MessageKey
    releases: list[Place] = []
    """Where calls may wait for this one."""


class Hold(Struct, frozen=True, gc=False):
    call: Call
    place: Place


class Refuse(Struct, frozen=True, gc=False):
    call: Call | Refusal
    company_id: int
    refusal: Refusal


Fate = Append | Hold | Refuse


async def accept_calls(
    database: Database, calls: Sequence[Call | Refusal], *, now: int, tell_effects: bool = True
) -> list[Outcome]:
    """Accept calls in one transaction; an outcome for each, in their order. `now` stamps companies created.

    Raises Unavailable when the database cannot be written; then nothing was kept. `tell_effects` False leaves them
    out of the outcomes, for those who do not look at them.
    """
    outcomes, _ = await accept_in_turn(database, calls, now, tell_effects)
    return outcomes


async def accept_in_turn(
    database: Database, calls: Sequence[Call | Refusal], now: int, tell_effects: bool
) -> tuple[list[Outcome], WorkingSet]:
    """Take the turns, decide and write, all in one transaction; and what that leaves to decide the next calls on."""

    async def work(tx: Transaction) -> tuple[list[Outcome], WorkingSet]:
        intake = Intake(tx, WorkingSet(), now, tell_effects)
        outcomes = await intake.accept(calls)
        inserts = await intake.close()
        # In this order: a visitor whose calls were released may have made others since, in the same commit.
        await release(tx, intake.released)
        await tx.insert(inserts, scope=intake.scope())
        return outcomes, intake.kept

    return await database.write(work)


async def accept_by_company(
    database: Database, calls: Sequence[Call | Refusal], now: int, tell_effects: bool
) -> list[Outcome]:
    """The same in a transaction for each company, at once. When one fails, what the others committed stays: sent
    again, those calls are duplicates."""
    slices: dict[str, list[int]] = {}
    for place, call in enumerate(calls):
        slices.setdefault("" if is_open(call) else call.company, []).append(place)
    work = (
        accept_in_turn(database, [calls[place] for place in places], now, tell_effects)
        for places in slices.values()
    )
    outcomes: dict[int, Outcome] = {}
    for places, result in zip(slices.values(), await all_ended(work), strict=True):
        outcomes |= zip(places, result[0], strict=True)
    return [outcomes[place] for place in range(len(calls))]


class Decided(Struct):
    """Calls decided ahead of their transaction: it need only write, if they were decided on what still holds."""

    basis: Basis
    inserts: list[Insert]
    scope: Collection[int]
    outcomes: list[Outcome]

    async def commit(self, database: Database) -> bool:
        """False: somebody else wrote to one of the companies meanwhile, and nothing was done."""
        return await database.insert_if(
            self.basis.checks(), self.inserts, scope=self.scope, proof=proof(self.inserts)
        )


def is_open(call: Call | Refusal) -> bool:
    """Whether it says who somebody is, or depends on what others say of that: decided in a transaction, in order."""
    if isinstance(call, Refusal):
        return False
    return not (call.member and call.company) or (call.kind in IDENTIFYING and bool(_visitors(call, HOST)))


async def decide_ahead(
    s: Statements, kept: WorkingSet, calls: Sequence[Call | Refusal], now: int, tell_effects: bool
) -> Decided | None:
    """Decide calls, none of them open, on what is committed or, in `kept`, about to be. None when that takes a
    transaction: for calls that create a company or release what was held."""
    intake = Intake(s, kept, now, tell_effects)
    try:
        outcomes = await intake.accept(calls)
    except TransactionNeeded:
        return None
    return Decided(intake.turns.basis, await intake.close(), intake.scope(), outcomes)


class Intake:
    """One commit of calls: attribution first, then the companies' turns, then entries in order of arrival."""

    def __init__(self, s: Statements, kept: WorkingSet, now: int, tell_effects: bool) -> None:
        self.s = s
        self.kept = kept
        self.now = now
        self.tell_effects = tell_effects
        self.turns = Turns(s, kept)
        self.company_ids: dict[str, int] = {}
        self.waiting: dict[Place, list[Call]] = {}
        """Calls of this commit that are held, unless a later call of it releases them."""
        self.held: dict[Place, list[Call]] = {}
        """Calls held by earlier commits that a call of this one may release."""
        self.held_counts: dict[Place, int] = {}
        self.released: set[Place] = set()
        self.settled: dict[MessageKey, tuple[int, int]] = {}
        """Messages that were held once and are no longer: (seq, digest) by the place's company. HOST is one here, as
        what was released into one company must not be released into another when it is sent again."""
        self.settling: list[Row] = []
        self.rejects: list[tuple[int, Refusal, Call | Refusal]] = []
        self.colleagues: set[tuple[int, str]] = set()
        """Those whom calls invite and who are loaded, if they are known."""
        self.invitations: list[Row] = []

    async def accept(self, calls: Sequence[Call | Refusal]) -> list[Outcome]:
        await self._resolve_companies(calls)
        fates = await self._attribute(calls)
        await self._take_turns(fates)
        await self._find_held(fates)
        outcomes = []
        for fate in fates:
            outcome = self._settle(fate)
            outcomes.append(outcome)
            # A copy releases nothing: it may name another member than the call that counted.
            if isinstance(fate, Append) and fate.releases and outcome.status == "ok":
                self._release(fate)
        return outcomes

    async def _resolve_companies(self, calls: Sequence[Call | Refusal]) -> None:
        """The companies that are named, also by calls that cannot be accepted; only the others may create one."""
        named = {call.company for call in calls if call.company}
        known = self.kept.company_ids
        missing = named - known.keys()
        if missing:
            known |= await load_company_ids(self.s, missing)
        creating = {
            call.company
            for call in calls
            if call.company not in known and call.company and isinstance(call, Call) and call.trusted
        }
        if creating and await may_create_companies():
            known |= await create_companies(self._transaction(), creating, self.now)
        self.company_ids = {name: known[name] for name in named if name in known}

    def scope(self) -> Collection[int]:
        """The companies that calls name or were attributed to, and the host."""
        return {HOST, *self.turns.basis.heads, *self.company_ids.values()}

    def _transaction(self) -> Transaction:
        if not isinstance(self.s, Transaction):
            raise TransactionNeeded
        return self.s

    async def _attribute(self, calls: Sequence[Call | Refusal]) -> list[Fate]:
        """The company of each call: the one it names, else the only one its member is known in."""
        homeless = {
            call.member for call in calls if isinstance(call, Call) and call.member and not call.company
        }
        companies = await load_memberships(self.s, homeless) if homeless else {}
        fates: list[Fate] = []
        for call in calls:
            if isinstance(call, Refusal):
                fates.append(Refuse(call, self.company_ids.get(call.company, HOST), call))
                continue
            fate = self._attributed(call, companies)
            fates.append(fate)
            if homeless and isinstance(fate, Append) and call.member in homeless:
                companies.setdefault(call.member, set()).add(fate.company_id)
        return fates

    def _attributed(self, call: Call, companies: dict[str, set[int]]) -> Fate:
        company_id = self.company_ids.get(call.company, HOST)
        if call.company and not company_id:
            message = f"company {call.company!r} is not known and may not be created by this call"
            return Refuse(call, HOST, _refusal(call, "company_unknown", message, retry=True))
        if not call.member and call.kind != Kind.GROUP:
            return Hold(call, (company_id, ANONYMOUS + call.anonymous))
        if not company_id:
            known = companies.get(call.member, set())
            if len(known) > 1:
                message = f"{call.member!r} is known in {len(known)} companies; name one in context.groupId"
                return Refuse(call, HOST, _refusal(call, "company_ambiguous", message))
            if not known:
                return Hold(call, (HOST, MEMBER + call.member))
            company_id = min(known)
        return Append(call, company_id, (company_id, *message_key(call)))

    async def _take_turns(self, fates: Sequence[Fate]) -> None:
        appends = [fate for fate in fates if isinstance(fate, Append)]
        await self.turns.take({fate.company_id for fate in appends})
        people = {(fate.company_id, fate.call.member) for fate in appends}
        people |= self._colleagues((fate.company_id, fate.call) for fate in appends)
        await self.turns.load(people, {fate.key for fate in appends})

    def _colleagues(self, calls: Iterable[tuple[int, Call]]) -> set[tuple[int, str]]:
        """Whom calls say that their members invited."""
        named = ((id, colleague_in(self.turns[id].program, call)) for id, call in calls)
        found = {(id, name) for id, name in named if name}
        self.colleagues |= found
        return found

    async def _find_held(self, fates: Sequence[Fate]) -> None:
        """What waits, here and in the database, for calls of this commit, and which messages of it are known."""
        arriving: dict[Place, list[Call]] = {}
        for fate in fates:
            if isinstance(fate, Hold):
                arriving.setdefault(fate.place, []).append(fate.call)
        openings: list[Append] = []
        for fate in fates:
            if isinstance(fate, Append) and self._may_release(fate):
                fate.releases = self._releases(fate.call, fate.company_id)
                openings.append(fate)
        if not openings and not arriving:
            return
        await self.turns.take([HOST])
        self.held = await load_held(self.s, {place for fate in openings for place in fate.releases})
        if self.held or arriving:
            # Holding and releasing both move the host's head, so that whoever read what is held before is found out.
            self._transaction()
            self.turns[HOST].touched = True
        visitors: set[Place] = set()
        for fate in openings:
            # An identify may itself have waited for its company: then its visitor waits for the same call.
            for place in [place for place in fate.releases if place[1].startswith(MEMBER)]:
                for call in (*self.held.get(place, ()), *arriving.get(place, ())):
                    fate.releases = fate.releases + _visitors(call, fate.company_id)
                    visitors.update(_visitors(call, fate.company_id))
        self.held |= await load_held(self.s, visitors - self.held.keys())
        self.held_counts = await count_held(self.s, arriving)
        places = (*arriving.items(), *self.held.items())
        holding = {(place[0], *message_key(call)) for place, calls in places for call in calls}
        self.settled = await load_messages(self.s, sorted(holding), {key[0] for key in holding})
        keys = {
            (fate.company_id, *message_key(call))
            for fate in openings
            for place in fate.releases
            for call in (*self.held.get(place, ()), *arriving.get(place, ()))
        }
        waiting = [
            (fate.company_id, call)
            for fate in openings
            for place in fate.releases
            for call in (*self.held.get(place, ()), *arriving.get(place, ()))
        ]
        await self.turns.load(self._colleagues(waiting), keys)

    def _may_release(self, fate: Append) -> bool:
        """A member known in the company who says nothing new about who they are releases nothing."""
        call = fate.call
        return bool(call.member) and (
            call.kind in IDENTIFYING or call.member not in self.turns[fate.company_id].members
        )

    def _releases(self, call: Call, company_id: int) -> list[Place]:
        """A member's first call in a company releases what waited for their company; an identify or alias that
        names a visitor releases what the visitor did."""
        places = [] if call.member in self.turns[company_id].members else [(HOST, MEMBER + call.member)]
        return places + _visitors(call, company_id)

    def _settle(self, fate: Fate) -> Outcome:
        if isinstance(fate, Append):
            return self._append(fate.call, fate.key)
        if isinstance(fate, Hold):
            return self._hold(fate.call, fate.place)
        return self._refuse(fate.company_id, fate.refusal, fate.call)

    def _refuse(self, company_id: int, refusal: Refusal, call: Call | Refusal) -> Outcome:
        if not refusal.retry:
            self._reject(company_id, refusal, call)
        status = "retry" if refusal.retry else "rejected"
        return Outcome(refusal.message_id, status, Reason(refusal.code, refusal.message))

    def _hold(self, call: Call, place: Place) -> Outcome:
        key = (place[0], *message_key(call))
        if key in self.settled:
            # A company's digest covers who the visitor turned out to be, so only the host's can be compared.
            return self._duplicate(call, place[0], place[0] != HOST or self.settled[key][1] == digest(call))
        waiting = self.waiting.setdefault(place, [])
        if len(waiting) + self.held_counts.get(place, 0) >= HELD_PER_SUBJECT_MAX:
            message = f"{HELD_PER_SUBJECT_MAX} calls are held for this subject already"
            return self._refuse(place[0], _refusal(call, "held_full", message), call)
        waiting.append(call)
        reason = HELD_ANONYMOUS if place[1].startswith(ANONYMOUS) else HELD_UNATTRIBUTED
        return Outcome(call.message_id, "ok", reason, call.warnings)

    def _append(self, call: Call, key: MessageKey) -> Outcome:
        company_id, body_digest = key[0], digest(call)
        known = self.turns.known.get(key)
        if known is not None:
            return self._duplicate(call, company_id, known[1] == body_digest)
        program = self.turns[company_id].program
        warnings, data = call.warnings, call.data
        if program is not None and data:
            warnings = warnings + mistyped(program, call)
            data = without_personal(program, call)
        body = Body(call.message_id, data, call.original_at, call.trusted)
        appended = self.turns[company_id].append(
            call.member, call.kind, call.at, call.received_at, call.name, body
        )
        self.turns.remember(key, appended.entry.seq, body_digest)
        if call.kind == Kind.GROUP and call.trusted:
            warnings = warnings + unread_traits(call.data, self.turns[company_id].head.state.traits)
        if self.colleagues and (company_id, colleague := colleague_in(program, call)) in self.colleagues:
            warnings = warnings + self._invite(company_id, call, colleague)
        return self._told(call.message_id, appended, warnings)

    def _invite(self, company_id: int, call: Call, colleague: str) -> list[str]:
        """What the event says was done: a warning for each thing that stands in the way."""
        sent, lacks = send_invitation(
            self.turns[company_id], call.member, colleague, "", f"event {call.message_id}", call.received_at
        )
        if sent is not None:
            self.invitations.append(invitation_row(company_id, sent))
        return [f"not invited: {lack.text}" for lack in lacks]

    def _told(self, message_id: str, appended: Appended, warnings: list[str]) -> Outcome:
        decision, program = appended.decision, appended.program
        outcome = Outcome(message_id, "ok", self._why_undecided(appended), warnings)
        if self.tell_effects and program is not None:
            rules = program.rules_considered(appended.entry.name, decision.record.occasions)
            outcome.effects = effects(
                decision.record, decision.transfers, rules, program.program, calling=program.calls
            )
        return outcome

    def _why_undecided(self, appended: Appended) -> Reason | None:
        undecided, program = appended.decision.record.undecided, appended.program
        if undecided not in REASONS:
            return None
        code, message = REASONS[undecided]
        if undecided == Undecided.UNDECLARED_EVENT and self.tell_effects and program is not None:
            meant = event_meant(program, appended.entry.name)
            message += f"; did you mean {meant!r}?" if meant else ""
        return Reason(code, message)

    def _duplicate(self, call: Call, company_id: int, same: bool) -> Outcome:
        """The first copy wins. Another body under the same id is a client's mistake, and kept to be seen."""
        if same:
            return Outcome(call.message_id, "duplicate")
        message = "another call with this messageId was accepted before; the first one counts"
        self._reject(company_id, _refusal(call, "conflicting_duplicate", message), call)
        return Outcome(call.message_id, "duplicate", Reason("conflicting_duplicate", message))

    def _release(self, fate: Append) -> None:
        """Append what waited for this call after it, as its member's and its company's, in the order of its times."""
        waited: list[tuple[int, Call]] = []
        for place in fate.releases:
            if place in self.held:
                waited += ((place[0], call) for call in self.held.pop(place))
                self.released.add(place)
                self.held_counts.pop(place, None)
            waited += ((place[0], call) for call in self.waiting.pop(place, []))
        for holder, call in sorted(waited, key=lambda one: one[1].at):
            day, hash = message_key(call)
            before = self.settled.setdefault((holder, day, hash), settled := (0, digest(call)))
            if before is not settled:
                self._duplicate(call, fate.company_id, holder != HOST or before == settled)
                continue
            if holder == HOST:
                self.settling.append((HOST, day, hash, *settled))
            # A copy: should this commit fail, the same calls are tried again one by one.
            known = msgspec.structs.replace(call, member=fate.call.member)
            self._append(known, (fate.company_id, day, hash))

    def _reject(self, company_id: int, refusal: Refusal, call: Call | Refusal) -> None:
        self.rejects.append((company_id, refusal, call))

    async def close(self) -> list[Insert]:
        """The rows of everything that was accepted, held and refused."""
        inserts = (await self.turns.close()).inserts()
        if self.invitations:
            inserts.append((INSERT_INVITATIONS, self.invitations))
        owners = {place[0] for place in self.waiting} | {company_id for company_id, _, _ in self.rejects}
        if not owners:
            return [*inserts, (INSERT_MESSAGES, self.settling)]
        versions = await current_programs(self.s, owners)
        programs = {owner: await program_version(id) for owner, id in versions.items()}
        held = [
            (place, _loggable(programs[place[0]], call))
            for place, calls in self.waiting.items()
            for call in calls
        ]
        rejects = [self._reject_row(programs[one[0]], *one) for one in self.rejects]
        return [*inserts, (INSERT_MESSAGES, self.settling), insert_held(held), insert_rejects(rejects)]

    def _reject_row(
        self, program: CompiledProgram | None, company_id: int, refusal: Refusal, call: Call | Refusal
    ) -> Row:
        """Numbered by what it says, so that the same refusal of the same call is kept once."""
        kept = _loggable(program, call) if isinstance(call, Call) else call.said
        received_at = call.received_at if isinstance(call, Call) else self.now
        said = msgspec.json.encode(kept)
        number = int.from_bytes(blake2b(said + refusal.code.encode(), digest_size=7).digest(), "big")
        return company_id, received_at, number, refusal.code, refusal.message, said[:REJECT_BYTES_MAX]


def _visitors(call: Call, company_id: int) -> list[Place]:
    """Where the calls wait of the visitor whom an identify or alias names."""
    visitor = ""
    if call.kind == Kind.IDENTIFY:
        visitor = call.anonymous
    elif call.kind == Kind.ALIAS:
        visitor = call.previous_id
    return [(company_id, ANONYMOUS + visitor), (HOST, ANONYMOUS + visitor)] if visitor else []


def _refusal(call: Call, code: str, message: str, *, retry: bool = False) -> Refusal:
    return Refusal(code, message, call.message_id, call.company, retry)


def _loggable(program: CompiledProgram | None, call: Call) -> Call:
    """The call as it may be kept outside the log: what is declared personal is stored nowhere.

    What waits for a company is held by the host's default program, since the company's own is not known yet.
    """
    if program is None or not call.data:
        return call
    data = without_personal(program, call)
    return call if data == call.data else msgspec.structs.replace(call, data=data, digest=digest(call))


def without_personal(program: CompiledProgram, call: Call) -> dict[str, Any]:
    """What of a call's data may be logged."""
    if call.kind == Kind.IDENTIFY:
        return without_personal_traits(program, call.data, {})[0]
    if call.kind == Kind.GROUP:
        return without_personal_traits(program, {}, call.data)[1]
    return program.without_personal(call.name, call.data)
