"""Accepting calls: who and which company they concern, what is new, and one commit for all of them.

A call ends in one of four ways, told per message: ok (decided and durable), duplicate (known, nothing done),
rejected (kept with its reason), retry (not kept; the same call may succeed later).
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct

from engage.actions.turns import Appended, Turns
from engage.core.call import ANONYMOUS, MEMBER, Call, Refusal, digest, message_key
from engage.core.compiled import CompiledProgram, without_personal_traits
from engage.core.decisions import REASONS, effects
from engage.core.event import Body, Kind
from engage.store.companies import HOST, create_companies, load_company_ids, may_create_companies
from engage.store.database import Database
from engage.store.held import Place, count_held, hold, load_held, reject, release
from engage.store.log import load_memberships
from engage.store.sqlite import Row, Transaction

HELD_PER_SUBJECT_MAX: Final = 1000
"""Calls kept for one anonymous visitor, or for one member whose company is not known yet."""
REJECT_BYTES_MAX: Final = 4096
"""How much of a refused call is kept."""


class Reason(Struct, frozen=True, omit_defaults=True):
    code: str
    message: str


class Outcome(Struct, omit_defaults=True):
    message_id: str
    status: str
    reason: Reason | None = None
    warnings: list[str] = []
    effects: list[dict[str, Any]] = []


HELD_ANONYMOUS: Final = Reason("held_anonymous", "held until this anonymousId is identified")
HELD_UNATTRIBUTED: Final = Reason("held_unattributed", "held until the member is known in a company")


class Fate(Struct):
    """What is to become of one call: appended to a company's log, held at a place, or refused."""

    call: Call | Refusal
    company_id: int = HOST
    place: Place | None = None
    refusal: Refusal | None = None
    releases: list[Place] = []
    """Where calls may wait for this one."""

    @property
    def appending(self) -> Call | None:
        """The call, when it is to be appended to the log of `company_id`."""
        appended = self.refusal is None and self.place is None
        return self.call if appended and isinstance(self.call, Call) else None


async def accept_calls(
    database: Database, calls: Sequence[Call | Refusal], *, now: int, tell_effects: bool = True
) -> list[Outcome]:
    """Decide and store the calls in one transaction; an outcome for each, in their order.

    `now`, in microseconds UTC, stamps companies created and refusals kept. Raises Unavailable when nothing could be
    written.
    """
    return await database.write(lambda tx: Intake(tx, now, tell_effects).accept(calls))


class Intake:
    """One commit of calls: attribution first, then the companies' turns, then entries in order of arrival."""

    def __init__(self, tx: Transaction, now: int, tell_effects: bool) -> None:
        self.tx = tx
        self.now = now
        self.tell_effects = tell_effects
        self.turns = Turns(tx)
        self.company_ids: dict[str, int] = {}
        self.waiting: dict[Place, list[Call]] = {}
        """Calls of this commit that are held, unless a later call of it releases them."""
        self.held: dict[Place, list[Call]] = {}
        """Calls held by earlier commits that a call of this one may release."""
        self.held_counts: dict[Place, int] = {}
        self.released: set[Place] = set()
        self.rejects: list[Row] = []

    async def accept(self, calls: Sequence[Call | Refusal]) -> list[Outcome]:
        readable = [call for call in calls if isinstance(call, Call)]
        await self._resolve_companies(readable)
        fates = await self._attribute(calls, readable)
        await self._take_turns(fates)
        await self._find_held(fates)
        outcomes = []
        for fate in fates:
            outcomes.append(self._settle(fate))
            if fate.releases:
                await self._release(fate)
        await self._finish()
        return outcomes

    async def _resolve_companies(self, calls: Sequence[Call]) -> None:
        named = {call.company for call in calls if call.company}
        self.company_ids = await load_company_ids(self.tx, named)
        unknown = {call.company for call in calls if call.company and call.trusted} - self.company_ids.keys()
        if unknown and await may_create_companies():
            self.company_ids |= await create_companies(self.tx, unknown, self.now)

    async def _attribute(self, calls: Sequence[Call | Refusal], readable: Sequence[Call]) -> list[Fate]:
        """The company of each call: the one it names, else the only one its member is known in."""
        homeless = {call.member for call in readable if call.member and not call.company}
        companies = await load_memberships(self.tx, homeless)
        fates = []
        for call in calls:
            if isinstance(call, Refusal):
                fates.append(Fate(call, self.company_ids.get(call.company, HOST), refusal=call))
                continue
            fate = self._attributed(call, companies)
            fates.append(fate)
            if call.member in homeless and fate.company_id:
                companies.setdefault(call.member, set()).add(fate.company_id)
        return fates

    def _attributed(self, call: Call, companies: dict[str, set[int]]) -> Fate:
        company_id = self.company_ids.get(call.company, HOST)
        if call.company and not company_id:
            message = f"company {call.company!r} is not known and may not be created by this call"
            return Fate(call, refusal=_refusal(call, "company_unknown", message, retry=True))
        if not call.member and call.kind != Kind.GROUP:
            return Fate(call, place=(company_id, ANONYMOUS + call.anonymous))
        if company_id:
            return Fate(call, company_id)
        known = companies.get(call.member, set())
        if len(known) > 1:
            message = f"{call.member!r} is known in {len(known)} companies; name one in context.groupId"
            return Fate(call, refusal=_refusal(call, "company_ambiguous", message))
        if not known:
            return Fate(call, place=(HOST, MEMBER + call.member))
        return Fate(call, min(known))

    async def _take_turns(self, fates: Sequence[Fate]) -> None:
        appending = [(fate.company_id, call) for fate in fates if (call := fate.appending)]
        await self.turns.take({company_id for company_id, _ in appending})
        people = {(company_id, call.member) for company_id, call in appending if call.member}
        messages = {(company_id, *message_key(call)) for company_id, call in appending}
        await self.turns.load(sorted(people), sorted(messages))

    async def _find_held(self, fates: Sequence[Fate]) -> None:
        for fate in fates:
            call = fate.appending
            if call and call.member:
                fate.releases = self._releases(call, fate.company_id)
        self.held = await load_held(self.tx, {place for fate in fates for place in fate.releases})
        to_hold = {fate.place for fate in fates if fate.place}
        self.held_counts = await count_held(self.tx, to_hold)

    def _releases(self, call: Call, company_id: int) -> list[Place]:
        """A member's first call in a company releases what waited for their company; an identify or alias that
        names a visitor releases what the visitor did."""
        places: list[Place] = []
        if not self.turns.knows(company_id, call.member):
            places.append((HOST, MEMBER + call.member))
        visitor = {Kind.IDENTIFY: call.anonymous, Kind.ALIAS: call.previous_id}.get(call.kind, "")
        if visitor:
            places += [(company_id, ANONYMOUS + visitor), (HOST, ANONYMOUS + visitor)]
        return places

    def _settle(self, fate: Fate) -> Outcome:
        call = fate.appending
        if call is not None:
            return self._append(call, fate.company_id)
        if fate.refusal is not None:
            return self._refuse(fate.company_id, fate.refusal, fate.call)
        assert isinstance(fate.call, Call)
        assert fate.place is not None
        return self._hold(fate.call, fate.place)

    def _refuse(self, company_id: int, refusal: Refusal, call: Call | Refusal) -> Outcome:
        if not refusal.retry:
            self._reject(company_id, refusal, call)
        status = "retry" if refusal.retry else "rejected"
        return Outcome(refusal.message_id, status, Reason(refusal.code, refusal.message))

    def _hold(self, call: Call, place: Place) -> Outcome:
        waiting = self.waiting.setdefault(place, [])
        if len(waiting) + self.held_counts.get(place, 0) >= HELD_PER_SUBJECT_MAX:
            message = f"{HELD_PER_SUBJECT_MAX} calls are held for this subject already"
            return self._refuse(place[0], _refusal(call, "held_full", message), call)
        waiting.append(call)
        reason = HELD_ANONYMOUS if place[1].startswith(ANONYMOUS) else HELD_UNATTRIBUTED
        return Outcome(call.message_id, "ok", reason, call.warnings)

    def _append(self, call: Call, company_id: int) -> Outcome:
        day, hash = message_key(call)
        body_digest = digest(call)
        known = self.turns.known.get((company_id, day, hash))
        if known is not None:
            return self._duplicate(call, company_id, known[1] == body_digest)
        program = self.turns.program(company_id)
        warnings, data = call.warnings, call.data
        if program is not None:
            warnings = warnings + _mistyped(program, call)
            data = _without_personal(program, call)
        body = Body(call.message_id, data, call.original_at, call.trusted)
        appended = self.turns.append(
            company_id, call.member, call.kind, call.at, call.received_at, call.name, body
        )
        self.turns.remember(company_id, day, hash, appended.entry.seq, body_digest)
        return self._told(call.message_id, appended, warnings)

    def _told(self, message_id: str, appended: Appended, warnings: list[str]) -> Outcome:
        decision, program = appended.decision, appended.program
        reason = REASONS.get(decision.record.undecided)
        outcome = Outcome(message_id, "ok", Reason(*reason) if reason else None, warnings)
        if self.tell_effects and program is not None:
            matcher = program.matchers.get(appended.entry.name)
            rules = matcher.rules if matcher else ()
            outcome.effects = effects(decision.record, decision.transfers, rules, program.program)
        return outcome

    def _duplicate(self, call: Call, company_id: int, same: bool) -> Outcome:
        """The first copy wins. Another body under the same id is a client's mistake, and kept to be seen."""
        if same:
            return Outcome(call.message_id, "duplicate")
        message = "another call with this messageId was accepted before; the first one counts"
        self._reject(company_id, _refusal(call, "conflicting_duplicate", message), call)
        return Outcome(call.message_id, "duplicate", Reason("conflicting_duplicate", message))

    async def _release(self, fate: Fate) -> None:
        """Append what waited for this call after it, as its member's and its company's."""
        for place in fate.releases:
            calls = self.waiting.pop(place, [])
            if place in self.held:
                calls = self.held.pop(place) + calls
                self.released.add(place)
            if not calls:
                continue
            await self.turns.load([], [(fate.company_id, *message_key(call)) for call in calls])
            assert isinstance(fate.call, Call)
            for call in calls:
                call.member = fate.call.member
                self._append(call, fate.company_id)

    def _reject(self, company_id: int, refusal: Refusal, call: Call | Refusal) -> None:
        said = msgspec.json.encode(call)[:REJECT_BYTES_MAX]
        self.rejects.append(
            (company_id, self.now, random.getrandbits(62), refusal.code, refusal.message, said)
        )

    async def _finish(self) -> None:
        await self.turns.save()
        await hold(self.tx, [(place, call) for place, calls in self.waiting.items() for call in calls])
        await release(self.tx, self.released)
        await reject(self.tx, self.rejects)


def _refusal(call: Call, code: str, message: str, *, retry: bool = False) -> Refusal:
    return Refusal(code, message, call.message_id, call.company, retry)


def _mistyped(program: CompiledProgram, call: Call) -> list[str]:
    if call.kind != Kind.TRACK:
        return []
    return [
        f"property {name!r} is not of its declared type; taken as missing"
        for name in program.mistyped(call.name, call.data)
    ]


def _without_personal(program: CompiledProgram, call: Call) -> dict[str, Any]:
    if call.kind == Kind.IDENTIFY:
        return without_personal_traits(program, call.data, {})[0]
    if call.kind == Kind.GROUP:
        return without_personal_traits(program, {}, call.data)[1]
    return program.without_personal(call.name, call.data)
