"""Trying one event against a program: what it would do, every rule's verdict, and how the member would stand.

Owns what the event meets: the state as it is now, or for an event of the log the state as it stood when it arrived.
It is decided and folded as live traffic is, in memory, and nothing is written: no company or member comes of it.
"""

from __future__ import annotations

from typing import Any, Final, TypeVar

import msgspec
from msgspec import Struct

from engage.actions.following import Followed, follow
from engage.actions.ingest import without_personal
from engage.actions.inviting import colleague_in, colleague_named
from engage.actions.remarks import event_meant, mistyped
from engage.actions.retelling import Retelling, stretches
from engage.actions.turns import Appended, Member, Turn, Turns
from engage.core.calendar import local_day_hour
from engage.core.call import Call, message_hash
from engage.core.compiled import CompiledProgram, without_personal_traits
from engage.core.conditions import Facts
from engage.core.course import Course
from engage.core.decide import decide
from engage.core.event import Body, Entry, Kind, entry_of
from engage.core.fold import fold, merge_traits
from engage.core.referral import bring, may_bring
from engage.core.state import (
    CompanyState,
    DayRollup,
    MemberState,
    encode_state,
    first_state,
)
from engage.errors import Archived, Conflict, NotFound, Unprocessable
from engage.store.companies import company_id as find_company_id
from engage.store.database import Database
from engage.store.log import Head, find_message, load_entry, load_members
from engage.store.members import external_id_of
from engage.store.statements import Statements

ENTRIES_MAX: Final = 500_000
"""Decided again at most, to know how things stood when an event arrived."""


State = TypeVar("State", MemberState, CompanyState)


class Assumed(Struct, frozen=True):
    """Traits to take for granted beside those that are known."""

    member: dict[str, Any] = {}
    company: dict[str, Any] = {}


class Brought(Struct, frozen=True):
    """What an event that makes an invited member active brings to whoever had invited them."""

    member: str
    appended: Appended


class Tried(Struct, frozen=True):
    appended: Appended
    """The entry it would be, and what is decided of it."""
    facts: Facts | None
    """None without a program: what the conditions of the event's rules read."""
    company_number: int
    """0 for a company that is not there."""
    company: CompanyState
    """After the event."""
    today: int
    """The company's local day when the event arrives."""
    member: str
    before: MemberState | None
    """None: the event would be the member's first."""
    after: MemberState
    warnings: list[str]
    brought: Brought | None = None
    followed: Followed | None = None
    """Of an event that says that its member invited somebody: what comes of that."""


async def try_event(
    database: Database,
    program: CompiledProgram | None,
    call: Call,
    *,
    company: str | None,
    assumed: Assumed,
) -> Tried:
    """Try an event on the state as it is now, at the time the call says it was received.

    `program` None: the version in force. `company` None: one without any history. Raises NotFound.
    """
    async with database.read() as s:
        turn, colleague = await _turn(s, company, call, program)
    known = call.member in turn.members
    _assume(turn, call, assumed)
    warnings, data = call.warnings, call.data
    if turn.program is not None:
        warnings = warnings + mistyped(turn.program, call) + _misspelt(turn.program, call)
        data = without_personal(turn.program, call)
    body = Body(call.message_id, data, call.original_at, call.trusted)
    if known:
        turn.bring_up_to(turn.member(call.member), call.received_at)
    before = _copied(turn.member(call.member).state) if known else None
    facts = _facts(turn, call, body)
    appended = turn.append(call.member, call.kind, call.at, call.received_at, call.name, body)
    after = turn.member(call.member).state
    head = turn.head
    today = local_day_hour(call.received_at, head.state.timezone)[0]
    brought = None
    if appended.brought is not None:
        name = next(one.external_id for one in turn.changed if one.number == appended.brought.entry.member)
        brought = Brought(name, appended.brought)
    state, followed = head.state, None
    if colleague:
        state, after = _copied(state), _copied(after)
        followed = follow(turn, call.member, colleague, call.received_at)
    return Tried(
        appended,
        facts,
        head.company_id,
        state,
        today,
        call.member,
        before,
        after,
        warnings,
        brought,
        followed,
    )


def _misspelt(program: CompiledProgram, call: Call) -> list[str]:
    """The event that was probably meant, of one that the program does not declare: as alike as when it is sent."""
    is_unknown = call.kind == Kind.TRACK and call.name not in program.program.events
    near = event_meant(program, call.name) if is_unknown else ""
    return [f"event {call.name!r} is not declared; did you mean {near!r}?"] if near else []


async def _turn(
    s: Statements, company: str | None, call: Call, program: CompiledProgram | None
) -> tuple[Turn, str]:
    """With `program` in force, unless it is None, and whom the call says that its member invited."""
    if company is None:
        return Turn(Head(0, state=first_state()), 0, program), colleague_in(program, call)
    id = await find_company_id(company)
    if id is None:
        raise NotFound(f"there is no company {company!r}")
    turns = Turns(s)
    await turns.take([id])
    turns[id].program = program or turns[id].program
    colleague = colleague_in(turns[id].program, call)
    await turns.load([(id, name) for name in (call.member, colleague) if name], [])
    return turns[id], colleague


def _assume(turn: Turn, call: Call, assumed: Assumed) -> None:
    """The member's without an entry in the member's name, which would be their first."""
    own, shared = assumed.member, assumed.company
    if turn.program is not None:
        own, shared = without_personal_traits(turn.program, own, shared)
    member = turn.members[call.member] = turn.member(call.member)
    merge_traits(member.state.traits, own)
    if shared:
        turn.append("", Kind.GROUP, call.received_at, call.received_at, "", Body("", shared))


def _facts(turn: Turn, call: Call, body: Body) -> Facts | None:
    if turn.program is None:
        return None
    company = turn.head.state
    day, hour = local_day_hour(call.at, company.timezone)
    entry = Entry(0, call.kind, 0, call.at, call.received_at, day, hour, 0, call.name, body)
    return Course(turn.program, company, turn.member(call.member).state, entry).facts()


async def try_recorded(
    database: Database, program: CompiledProgram | None, *, company: str, message_id: str
) -> Tried:
    """Try a recorded event again, on the state exactly as it stood when it arrived. `program` None: the version that
    was in force. Raises NotFound, Conflict for what is no event, Archived, and Unprocessable when it takes too long.
    """
    async with database.read() as s:
        id = await find_company_id(company)
        seq = await find_message(s, id, message_hash(message_id)) if id is not None else None
        if id is None or seq is None:
            raise NotFound(f"company {company!r} has no event {message_id!r}")
        stored = await load_entry(s, id, seq)
        if stored is None:
            raise Archived(f"event {message_id!r} is archived")
        if stored.entry.kind != Kind.TRACK:
            raise Conflict(f"{message_id!r} is not an event")
        retelling = Retelling(id, company)
        await retelling.begin(s, seq)
        member = await external_id_of(s, id, stored.entry.member)
    try:
        if seq - retelling.seq > ENTRIES_MAX:
            raise Unprocessable(
                f"{seq - retelling.seq} entries would have to be decided again to know how things stood then; "
                f"the most is {ENTRIES_MAX}. A backtest of its day can"
            )
        async for block in retelling.blocks(database, seq - 1):
            async for rows in stretches(block.rows, beside_others=True):
                retelling.tell(rows, block)
        async with database.read() as s:
            block = await retelling.read(s, seq)
        entry = entry_of(block.rows[0])
        state = retelling.members[entry.member].state
        numbers = may_bring(state.referral) if state.referral is not None else ()
        inviters = {number: retelling.members[number].state for number in numbers}
        program = program or block.programs[entry.program]
        colleague = colleague_named(program, entry.name, entry.body.data) if entry.body.trusted else ""
        async with database.read() as s:
            found = (await load_members(s, [(id, colleague)], [id])).values() if colleague else ()
        known = [Member(number, colleague, retelling.members[number].state) for number, _ in found]
    finally:
        retelling.close()
    before = _copied(state) if state.last_seq else None
    facts = Course(program, retelling.company, state, entry).facts() if program is not None else None
    decision = decide(program, retelling.company, state, entry)
    fold(program, retelling.company, state, DayRollup(), entry, decision)
    today = local_day_hour(entry.received_at, retelling.company.timezone)[0]
    appended = Appended(entry, decision, program)
    brought = None
    if (led := decision.record.led) is not None and led.active:
        inviter = _inviter_s(appended, retelling.company, state, inviters[led.by])
        async with database.read() as s:
            brought = Brought(await external_id_of(s, id, led.by), inviter)
    company_then, after, followed = retelling.company, state, None
    if colleague:
        company_then, after = _copied(company_then), _copied(after)
        turn = Turn(
            Head(id, entry.seq, program_id=entry.program, state=retelling.company), entry.program, program
        )
        people = [Member(entry.member, member, state), *(one for one in known if one.state.last_seq)]
        turn.members = {one.external_id: one for one in people}
        followed = follow(turn, member, colleague, entry.received_at)
    return Tried(appended, facts, id, company_then, today, member, before, after, [], brought, followed)


def _copied(state: State) -> State:
    """As it stands now, whatever is folded into it later."""
    return msgspec.msgpack.decode(encode_state(state), type=type(state))


def _inviter_s(by: Appended, company: CompanyState, member: MemberState, inviter: MemberState) -> Appended:
    """The entry that would follow in the inviter's log."""
    entry = by.entry
    assert member.referral is not None
    assert member.referral.via is not None
    day, hour = local_day_hour(entry.received_at, company.timezone)
    at, body = entry.received_at, Body("", bring(member, entry))
    number = member.referral.via.by
    told = Entry(entry.seq, Kind.REFERRAL, number, at, at, day, hour, entry.program, "", body)
    return Appended(told, decide(by.program, company, inviter, told), by.program)
