"""Members: levels and balances, what moved and why, adjustments and reversals. For server keys alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from typing import Any, Final, cast
from uuid import uuid4

import msgspec

from engage.actions.adjust import Adjustment, adjust
from engage.actions.reverse import reverse
from engage.actions.today import bring_to_now
from engage.actions.turns import program_version
from engage.core.calendar import local_day_hour, to_rfc3339
from engage.core.compiled import CompiledProgram
from engage.core.decisions import REASONS, TYPES, effects
from engage.core.erasure import is_erased
from engage.core.event import ACTIVITY, Kind
from engage.core.gifts import left_to_give
from engage.core.ledger import ACTIVE, NEVER, PLACE_NAMES, account, owner, place
from engage.core.lifecycle import STANDARD, stage_on
from engage.core.limits import window_end
from engage.core.program import Giving, Program
from engage.core.referral import invited
from engage.core.state import CompanyState, MemberState, Wallet
from engage.core.why import explain_rules
from engage.errors import InvalidRequest, NotFound
from engage.store.companies import current_programs, find_company
from engage.store.log import Stored, load_member_entries
from engage.store.members import (
    external_id_of,
    list_members,
    load_company_state,
    load_member_and_program,
)
from engage.store.programs import load_versions
from engage.store.statements import Statements
from engage.store.times import load_times
from engage.web import shapes
from engage.web.api.levels import review, standing
from engage.web.api.nudges import entries_of_nudges, nudge_shapes
from engage.web.api.quests import quest_shapes
from engage.web.api.streaks import streak_shapes
from engage.web.endpoint import SERVER, Asked, endpoint
from engage.web.paging import Number, Paging, cut, decode_cursor, encode_cursor

SCANNED_ENTRIES_MAX: Final = 2_000
"""Entries looked at for one page: a page of a member with few transfers may be short, and has a cursor all the same."""
BLOCK_MAX: Final = 200
_NAME_TRAITS: Final = ("name", "fullname", "displayname")
_FIRST_NAMES, _LAST_NAMES = "firstname", "lastname"


# --- a member -----------------------------------------------------------------------------------------------


def member_shape(
    company: str,
    id: str,
    number: int,
    state: MemberState,
    made: CompiledProgram | None,
    within: CompanyState,
    times: dict[int, int],
    today: int,
) -> shapes.Member:
    """`times`: when the entries happened that granted the badges and sent the nudges. `today`: the company's day."""
    program = made.program if made else None
    level, following, progress = standing(state, made, today)
    badges = program.badges if program else {}
    return shapes.Member(
        id=id,
        company=company,
        name=name_of_traits(state.traits),
        level=level,
        next_level=following,
        progress=progress,
        balances={currency: balance(wallet) for currency, wallet in _wallets(state, program).items()},
        quests=quest_shapes(made, within, state, number, today) if made else [],
        streaks=streak_shapes(made, state, today) if made else [],
        badges=[
            shapes.Badge(badge, badges[badge].name if badge in badges else badge, to_rfc3339(times[seq]))
            for badge, seq in sorted(state.badges.items(), key=lambda item: (item[1], item[0]))
        ],
        traits=state.traits,
        first_seen=to_rfc3339(state.first_at),
        last_seen=to_rfc3339(state.last_at),
        redemptions=_open_redemptions(state),
        giving={one.currency: _allowance(one, state, today) for one in program.giving} if program else {},
        review=review(state, made, within),
        tags=sorted(state.tags),
        nudges=nudge_shapes(state, made, times),
        stage=stage_on(program.lifecycle if program else STANDARD, state, today),
        referral=_referred(state, program),
    )


def _referred(state: MemberState, program: Program | None) -> shapes.Referred | None:
    known = state.referral
    if known is None or program is None or program.referral is None:
        return None
    own = invited(program, state)
    stage = cast("shapes.ReferralStage | None", own.stage if own is not None else None)
    done, needed = (own.done, own.needed) if own is not None else (0, program.referral.count)
    return shapes.Referred(known.sent, known.brought, stage, done, needed)


def told_by(state: MemberState) -> list[int]:
    """The entries whose times are shown."""
    return [*state.badges.values(), *entries_of_nudges(state)]


def _open_redemptions(state: MemberState) -> list[shapes.OpenRedemption]:
    return [
        shapes.OpenRedemption(
            str(seq), one.reward, cast(shapes.OpenStatus, one.status), one.currency, one.amount
        )
        for seq, one in sorted(state.redemptions.items())
        if not one.fulfilled
    ]


def _allowance(giving: Giving, state: MemberState, today: int) -> shapes.Allowance:
    end = window_end(giving.window, today)
    until = date.fromordinal(end).isoformat() if end else None
    return shapes.Allowance(giving.allowance, giving.window, left_to_give(giving, state, today), until)


def name_of_traits(traits: dict[str, Any]) -> str | None:
    if not traits:
        return None
    for key in _NAME_TRAITS:
        if isinstance(name := traits.get(key), str) and name:
            return name
    parts = [part for key in (_FIRST_NAMES, _LAST_NAMES) if isinstance(part := traits.get(key), str) and part]
    return " ".join(parts) or None


def _wallets(state: MemberState, program: Program | None) -> dict[str, Wallet]:
    """A currency nobody has earned yet is a balance of nothing, not an absent one."""
    return (
        {currency: Wallet() for currency in program.currencies} | state.wallets if program else state.wallets
    )


def balance(wallet: Wallet) -> shapes.Balance:
    return shapes.Balance(
        active=wallet.active,
        held=wallet.held,
        pending=sum(waiting.units for waiting in wallet.pending),
        earned=wallet.earned,
        spent=wallet.spent,
        expired=sum(units for _, units in wallet.expired),
        expiring=[
            shapes.Expiring(date.fromordinal(day).isoformat(), units)
            for day, units in wallet.lots
            if day != NEVER
        ],
    )


async def _within(s: Statements, company_id: int, now: int) -> tuple[CompanyState, int]:
    """The company's state and local day."""
    found = await load_company_state(s, company_id)
    within = found[0] if found else CompanyState()
    return within, local_day_hour(now, within.timezone)[0]


async def find_member(
    s: Statements, asked: Asked[Any, Any]
) -> tuple[int, int, MemberState, int, CompanyState]:
    """(company's number, member's number, state, program version in force, the company's state). Raises NotFound."""
    company_id = await find_company(s, asked.path["company"])
    found = await load_member_and_program(s, company_id, asked.path["member"])
    if found is None:
        raise NotFound(f"there is no member {asked.path['member'][:255]!r} in this company")
    return company_id, *found


@endpoint(
    "GET", "/v1/companies/{company}/members", kinds=SERVER, summary="List a company's members", tag="members"
)
async def list_company_members(asked: Asked[None, Paging]) -> shapes.Members:
    after = decode_cursor(asked.query.cursor, Number) or 0
    async with asked.services.database.read() as s:
        company_id = await find_company(s, asked.path["company"])
        version = (await current_programs(s, [company_id]))[company_id]
        made = await program_version(version)
        rows = await list_members(s, company_id, after, asked.query.limit + 1)
        page, cursor = cut(rows, asked.query.limit, lambda row: row[0])
        times = await load_times(s, company_id, [seq for row in page for seq in told_by(row[2])])
        now = asked.services.now()
        within, today = await _within(s, company_id, now)
        for number, id, state in page:
            times |= await bring_to_now(s, company_id, number, id, state, version, within, now)
    company = asked.path["company"]
    found = [
        member_shape(company, id, number, state, made, within, times, today)
        for number, id, state in page
        if not is_erased(id)
    ]
    return shapes.Members(found, cursor)


@endpoint(
    "GET",
    "/v1/companies/{company}/members/{member}",
    kinds=SERVER,
    summary="Read a member: level, progress, balances, quests, streaks, badges",
    tag="members",
)
async def get_member(asked: Asked[None, None]) -> shapes.Member:
    async with asked.services.database.read() as s:
        company_id, number, state, version, within = await find_member(s, asked)
        made = await program_version(version)
        times = await load_times(s, company_id, told_by(state))
        id, now = asked.path["member"], asked.services.now()
        times |= await bring_to_now(s, company_id, number, id, state, version, within, now)
    today = local_day_hour(now, within.timezone)[0]
    return member_shape(asked.path["company"], id, number, state, made, within, times, today)


# --- a member's history -------------------------------------------------------------------------------------


Place = tuple[Number, Number]
"""Where a page of a history begins: an entry, and how many of its transfers were shown already."""


def _read_cursor(cursor: str | None, number: int) -> Place | None:
    found = decode_cursor(cursor, tuple[Number, Place])
    if found is not None and found[0] != number:
        raise InvalidRequest("this cursor belongs to another list")
    return None if found is None else found[1]


def _write_cursor(number: int, following: Place | None) -> str | None:
    return None if following is None else encode_cursor((number, following))


def _ends_archived(start: Place | None, following: Place | None, newest: int, archived: int) -> bool:
    """Whether a list that began at `start`, or at the member's `newest` entry, would go on in the archive."""
    return (following or start or (newest, 0))[0] <= archived


async def _history(
    s: Statements, company_id: int, state: MemberState, start: Place | None, wanted: int, archived: int
) -> AsyncIterator[Stored]:
    """The member's entries, newest first, from that place on; SCANNED_ENTRIES_MAX at most, some `wanted` at a time."""
    newest = state.last_seq if start is None else start[0]
    scanned = 0
    while archived < newest <= state.last_seq and scanned < SCANNED_ENTRIES_MAX:
        block = await load_member_entries(s, company_id, newest, min(wanted + 1, BLOCK_MAX))
        for stored in block:
            if stored.entry.seq <= archived:  # it may be there still
                return
            yield stored
        scanned += len(block)
        newest = block[-1].entry.previous if block else 0


@endpoint(
    "GET",
    "/v1/companies/{company}/members/{member}/transfers",
    kinds=SERVER,
    summary="What moved in a member's wallets, newest first",
    tag="members",
    description="A page may be short of `limit` and still have a `next_cursor`.",
)
async def list_transfers(asked: Asked[None, Paging]) -> shapes.Transfers:
    page: list[shapes.Transfer] = []
    following: tuple[int, int] | None = None
    async with asked.services.database.read() as s:
        company_id, number, state, _, within = await find_member(s, asked)
        start = _read_cursor(asked.query.cursor, number)
        archived = within.archived
        async for stored in _history(s, company_id, state, start, asked.query.limit, archived):
            entry = stored.entry
            moved = await _transfers(s, company_id, stored, number)
            skipped = start[1] if start is not None and entry.seq == start[0] else 0
            room = asked.query.limit - len(page)
            if len(moved) - skipped > room:
                page += moved[skipped : skipped + room]
                following = (entry.seq, skipped + room)
                break
            page += moved[skipped:]
            following = (entry.previous, 0) if entry.previous else None
    if _ends_archived(start, following, state.last_seq, archived):
        return shapes.Transfers(page, None, archived=True)
    return shapes.Transfers(page, _write_cursor(number, following))


_TRANSFER_KINDS: Final = {
    Kind.ADJUSTMENT: "adjustment",
    Kind.REVERSAL: "reversal",
    Kind.REDEMPTION: "redemption",
    Kind.GIFT: "gift",
}


async def _transfers(s: Statements, company_id: int, stored: Stored, number: int) -> list[shapes.Transfer]:
    entry = stored.entry
    kind = _TRANSFER_KINDS.get(entry.kind, "award")
    said = entry.body.data if kind != "award" else {}
    own = account(number, 0)
    # A reversal's rules are those of the event it undid, by a program that may have gone since.
    program = await program_version(entry.program) if kind != "reversal" else None
    rules = program.rules_considered(entry.name, stored.record.occasions) if program else ()
    colleague = said.get("to") or said.get("from") if kind == "gift" else None
    if entry.kind == Kind.REFERRAL:
        colleague = entry.body.data.get("colleague")
    other = await external_id_of(s, company_id, colleague) if colleague else None
    moved = []
    for n, transfer in enumerate(stored.transfers):
        # Between two places of a member, what they can spend decides: to hold takes it away, to cancel brings it back.
        incoming = owner(transfer.target) == owner(own) and transfer.source != account(number, ACTIVE)
        values: dict[str, Any] = {
            "id": f"{entry.seq}-{n}",
            "at": to_rfc3339(entry.at),
            "currency": transfer.currency,
            "amount": transfer.amount if incoming else -transfer.amount,
            "from": PLACE_NAMES[place(transfer.source)],
            "to": PLACE_NAMES[place(transfer.target)],
            "kind": TYPES.get((place(transfer.source), place(transfer.target)), kind)
            if kind == "award"
            else kind,
            "rule": rules[transfer.rule].id if 0 <= transfer.rule < len(rules) else None,
            "event": entry.name,
            "message_id": entry.body.message_id if kind == "award" else said.get("message_id"),
            "redemption": str(said.get("redemption", entry.seq)) if kind == "redemption" else None,
            "colleague": other,
            "message": said.get("message"),
            "reason": said.get("reason"),
            "actor": said.get("actor"),
        }
        moved.append(msgspec.convert({key: value for key, value in values.items() if value}, shapes.Transfer))
    return moved


@endpoint(
    "GET",
    "/v1/companies/{company}/members/{member}/decisions",
    kinds=SERVER,
    summary="What was decided about a member's events, newest first",
    tag="members",
    description="For each event the rules considered: fired, or the clause or limit that stopped them. "
    "A page may be short of `limit` and still have a `next_cursor`.",
)
async def list_decisions(asked: Asked[None, Paging]) -> shapes.Decisions:
    chosen: list[Stored] = []
    following: Place | None = None
    async with asked.services.database.read() as s:
        company_id, number, state, _, within = await find_member(s, asked)
        start = _read_cursor(asked.query.cursor, number)
        archived = within.archived
        async for stored in _history(s, company_id, state, start, asked.query.limit, archived):
            if len(chosen) == asked.query.limit:
                following = (stored.entry.seq, 0)
                break
            if stored.entry.kind in ACTIVITY or stored.record.verdicts:
                chosen.append(stored)
            following = (stored.entry.previous, 0) if stored.entry.previous else None
        versions = await load_versions({stored.entry.program for stored in chosen if stored.entry.program})
        page = [
            await _decision(stored, versions[stored.entry.program].number if stored.entry.program else None)
            for stored in chosen
        ]
    if _ends_archived(start, following, state.last_seq, archived):
        return shapes.Decisions(page, None, archived=True)
    return shapes.Decisions(page, _write_cursor(number, following))


async def _decision(stored: Stored, version: int | None) -> shapes.Decision:
    entry = stored.entry
    program = await program_version(entry.program)
    rules = program.rules_considered(entry.name, stored.record.occasions) if program else ()
    reason = REASONS.get(stored.record.undecided)
    considered = stored.record.verdicts and program is not None
    done = effects(stored.record, stored.transfers, rules, program.program if program else None)
    return shapes.Decision(
        seq=entry.seq,
        message_id=entry.body.message_id,
        event=entry.name,
        at=to_rfc3339(entry.at),
        received_at=to_rfc3339(entry.received_at),
        program_version=version,
        status="undecided" if stored.record.undecided else "decided",
        effects=msgspec.convert(done, list[shapes.Effect]),
        rules=msgspec.convert(
            explain_rules(stored.record, rules, program.program) if considered and program else [],
            list[shapes.RuleVerdict],
        ),
        reason=shapes.Reason(*reason) if reason else msgspec.UNSET,
    )


# --- corrections --------------------------------------------------------------------------------------------


def actor_of(asked: Asked[Any, Any], given: str | None) -> str:
    """Every write by hand carries its actor; a host that names none is known by its key."""
    assert asked.principal is not None
    return given or f"key {asked.principal.key_id}"


@endpoint(
    "POST",
    "/v1/companies/{company}/members/{member}/adjustments",
    kinds=SERVER,
    summary="Add points to a member by hand, or take some away",
    tag="members",
    status=201,
    errors=(409,),
    description="One above the program's `approval_above` has the status `requested` and waits for a second person.",
    idempotent_by_key=True,
)
async def create_adjustment(asked: Asked[shapes.NewAdjustment, None]) -> shapes.Adjustment:
    given = asked.body
    if given.amount == 0:
        raise InvalidRequest("amount: must not be 0")
    done = await adjust(
        asked.services.database,
        company=asked.path["company"],
        member=asked.path["member"],
        currency=given.currency,
        amount=given.amount,
        reason=given.reason,
        actor=actor_of(asked, given.actor),
        idempotency_key=asked.idempotency_key or uuid4().hex,
        now=asked.services.now(),
    )
    return adjusted(done)


def adjusted(done: Adjustment) -> shapes.Adjustment:
    return shapes.Adjustment(
        id=str(done.seq),
        currency=done.currency,
        amount=done.amount,
        reason=done.reason,
        actor=done.actor,
        balance=balance(done.wallet),
        status=done.status,
    )


@endpoint(
    "POST",
    "/v1/companies/{company}/events/{message_id}/reversal",
    kinds=SERVER,
    summary="Undo one event's own effects; later decisions stand",
    tag="members",
    errors=(409,),
    description="409 when it was undone before.",
    idempotent_by_key=True,
    body_optional=True,
)
async def create_reversal(asked: Asked[shapes.NewReversal, None]) -> shapes.Reversal:
    done = await reverse(
        asked.services.database,
        company=asked.path["company"],
        message_id=asked.path["message_id"],
        reason=asked.body.reason or "",
        actor=actor_of(asked, asked.body.actor),
        idempotency_key=asked.idempotency_key or "",
        now=asked.services.now(),
    )
    return shapes.Reversal(done.message_id, msgspec.convert(done.effects, list[shapes.Effect]))


ENDPOINTS: Final = [
    list_company_members,
    get_member,
    list_transfers,
    list_decisions,
    create_adjustment,
    create_reversal,
]
