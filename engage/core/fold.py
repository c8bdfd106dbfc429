"""Folding an entry and its decision into the state: the only code that changes a state document.

Live traffic and replay fold with the same function, so a replay of the log rebuilds every document bit for bit.
"""

from __future__ import annotations

from operator import attrgetter
from typing import Any, Final

import msgspec

from engage.core.activity import mark_day, mark_earning, mark_feature, mark_rewarded, mark_use, with_week
from engage.core.adjustments import fold_adjustment
from engage.core.basis import count
from engage.core.calendar import is_time_zone, week_of
from engage.core.campaign_counters import PREFIX as CAMPAIGNS
from engage.core.campaigns import fold_firing, fold_step
from engage.core.compiled import CompiledProgram
from engage.core.conditions import fold_name
from engage.core.decisions import Decision
from engage.core.erasure import fold_erasure
from engage.core.event import ACTIVITY, Entry, Kind
from engage.core.expiry import expiry_day, note_notices, slide
from engage.core.funnels import advance
from engage.core.gifts import fold_gift
from engage.core.history import launches_since
from engage.core.leaderboards import boards_since, score
from engage.core.ledger import (
    ACTIVE,
    ADJUSTED,
    EXPIRED,
    ISSUED,
    NEVER,
    PENDING,
    PLAIN,
    SPENT,
    Detail,
    Transfer,
    account,
    credit,
    move,
    place,
    points_due,
    wallet_of,
)
from engage.core.levels import note_level, rules_since, standing_known, still_rested
from engage.core.lifecycle import note_left
from engage.core.limits import use
from engage.core.nudges import come_back, open_nudge, send
from engage.core.program import LATE_DAYS_DEFAULT
from engage.core.referral import WITHDRAWN, fold_led, fold_referral, fold_withdrawal, note_first
from engage.core.rewards import fold_redemption
from engage.core.state import (
    CompanyState,
    DayRollup,
    MemberState,
    Standing,
    add_to,
)
from engage.core.streaks import with_leave
from engage.core.tags import change as change_tags

SEATS_MAX: Final = 10_000_000
NAME_CHARS_MAX: Final = 255
TRAITS_MAX: Final = 200
TRAIT_BYTES_MAX: Final = 1024
"""Of one member or company, in the encoding that is stored."""

_BOOKS: Final = {
    ISSUED: (attrgetter("issued"), -1),
    ADJUSTED: (attrgetter("adjusted"), -1),
    SPENT: (attrgetter("spent"), 1),
    EXPIRED: (attrgetter("expired"), 1),
    PENDING: (attrgetter("pending"), 1),
}
"""Of which places a day's rollup keeps sums, and whether what they receive counts up or down."""

_size = msgspec.msgpack.Encoder().encode


def fold(
    program: CompiledProgram | None,
    company: CompanyState,
    member: MemberState,
    rollup: DayRollup,
    entry: Entry,
    decision: Decision,
    *,
    reported: bool = True,
) -> None:
    """Change `company`, `member` and `rollup`: what this commit adds to the entry's local day, yet to be merged.

    Not `reported`: no report will be made of these states, and what nothing but reports reads is left out.
    """
    if entry.member and not member.last_seq:
        rollup.joined += 1
        company.members += 1
        member.first_at = entry.at
        member.joined = entry.day
        member.counted = entry.seq if company.launches else 0
    if entry.kind in ACTIVITY:
        _fold_activity(program, company, member, rollup, entry, decision, reported)
    elif entry.body.trusted:
        # Traits steer conditions, seats and time zone: a write key, which may be public, records them and no more.
        if entry.kind == Kind.IDENTIFY:
            if program is not None and program.program.lifecycle.left is not None:
                note_left(program.program.lifecycle, member, entry.body.data, entry.day)
            merge_traits(member.traits, entry.body.data)
        elif entry.kind in (Kind.GROUP, Kind.SETTING):
            _fold_company(company, entry.body.data)
        elif entry.kind == Kind.PROGRAM:
            company.program_since = entry.day
            if program is not None:
                company.level_rules = rules_since(program, company, entry.day)
            company.boards = boards_since(program, company, entry.seq)
            company.launches = launches_since(program, company, entry.seq)
        elif entry.kind == Kind.NUDGE:
            open_nudge(company, member, entry.body.data["opened"], entry)
        elif entry.kind == Kind.HISTORY:
            member.counted = entry.seq
        elif entry.kind == Kind.PREFERENCES:
            member.preferences |= entry.body.data["preferences"]
        elif entry.kind == Kind.TICK:
            member.ticked = entry.day
            if program is not None and program.notices:
                note_notices(program, member, entry.day)
        elif entry.kind == Kind.LEAVE:
            member.leaves = with_leave(member.leaves, entry.body.data)
        elif entry.kind == Kind.CHECKPOINT:
            company.archived = entry.body.data["archived"]
            company.semantics = entry.body.data["semantics"]
        elif entry.kind == Kind.ERASURE:
            fold_erasure(member, entry.day)
        elif entry.kind == Kind.CAMPAIGN:
            fold_step(company, entry.body.data, entry.at)
    if entry.kind == Kind.ADJUSTMENT:
        fold_adjustment(member, entry, decision)
    if entry.kind == Kind.GIFT:
        fold_gift(program, member, entry, decision)
    if entry.kind == Kind.REFERRAL:
        fold_referral(member, rollup, entry, decision)  # what it brings is folded as of any decision
    if program is not None and program.program.leaderboards and entry.member:
        score(program, company, member, entry, decision)
    if decision.changes_anything:
        _fold_decision(program, company, member, rollup, entry, decision, reported)
    company.last_seq = entry.seq
    if entry.member:
        member.last_seq = entry.seq


def _fold_activity(
    program: CompiledProgram | None,
    company: CompanyState,
    member: MemberState,
    rollup: DayRollup,
    entry: Entry,
    decision: Decision,
    reported: bool,
) -> None:
    at = entry.at
    if at > company.head_at:
        company.head_at = at
    if at > member.last_at:
        member.last_at = at
    if entry.day <= member.awaited_until:
        come_back(company, member, entry.day)
    if not member.events:
        note_first(program, member, entry.seq)
    member.events += 1
    new = mark_day(member, entry.day)
    if program is not None and program.sliding:
        slide(program, member, entry.day)
    if reported:
        rollup.members += new
        _note_activity(program, member, rollup, entry, decision)


def _note_activity(
    program: CompiledProgram | None, member: MemberState, rollup: DayRollup, entry: Entry, decision: Decision
) -> None:
    """What reports say of it."""
    name, names = entry.name, rollup.names
    rollup.events += 1
    names[name] = names.get(name, 0) + 1
    if decision.transfers and decision.transfers[-1].source == ISSUED:  # awards come last
        rollup.incentivised += 1
        mark_rewarded(member, entry.day)
    else:
        mark_earning(member, "", entry.day)
    mark_use(member, entry.day)
    if entry.kind == Kind.TRACK and (program is None or name in program.program.events):
        mark_feature(member, name, entry.day)
        if program is not None and name in program.funnels:
            advance(program, member, name, entry.day)


def _fold_decision(
    program: CompiledProgram | None,
    company: CompanyState,
    member: MemberState,
    rollup: DayRollup,
    entry: Entry,
    decision: Decision,
    reported: bool,
) -> None:
    _fold_transfers(program, member, entry, decision)
    if reported:
        for transfer in decision.transfers:
            _count(rollup, transfer)
            if transfer.source == ISSUED:
                mark_earning(member, transfer.currency, entry.day)
    for currency, change in decision.earned:
        wallet_of(member.wallets, currency).earned += change
        if program is not None and program.period_key:
            _count_earned(program, member, entry, decision, currency, change)
    late_days = program.program.late_days if program else LATE_DAYS_DEFAULT
    for change_of_use in decision.uses:
        if change_of_use.company:
            use(company.usage, change_of_use, late_days)
        elif change_of_use.key.startswith(CAMPAIGNS):
            fold_firing(company, member, change_of_use, late_days)
        else:
            use(member.usage, change_of_use, late_days)
    for id, quested in decision.quests:
        if quested.windows or quested.times:
            member.quests[id] = quested
        else:
            member.quests.pop(id, None)
    for id, run in decision.streaks:
        member.streaks[id] = run
    record, more = decision.record, decision.record.more
    if more is not None:
        if more.department:
            assert program is not None
            company.departments.setdefault(member.traits[program.program.department], more.department)
        if more.tags:
            change_tags(member, more.tags)
        if more.nudges:
            send(company, member, more.nudges, entry)
        if more.status == WITHDRAWN:
            fold_withdrawal(member)
        if more.led is not None:
            fold_led(member, rollup, entry, more.led)
    for badge in record.badges:
        if entry.kind == Kind.REVERSAL:
            del member.badges[badge]
        else:
            member.badges[badge] = entry.seq
    if record.level_before != record.level_after:
        for level, change in ((record.level_before, -1), (record.level_after, 1)):
            if level:
                add_to(company.levels, level, change)
                add_to(rollup.levels, level, change)
        note_level(member, entry.day, record.level_before)
        member.level = record.level_after
        if member.rested:
            member.rested = still_rested(program, member)
        if program is not None and program.reviews:
            _standing(member).reached = entry.day
    if decision.rested is not None:
        member.rested[decision.rested[0]] = decision.rested[1]
    if decision.reviewed is not None:
        standing = _standing(member)
        standing.reviewed, standing.falls = decision.reviewed
        standing.reviewed_by = entry.seq


def _standing(member: MemberState) -> Standing:
    if member.standing is None:
        member.standing = Standing()
    return member.standing


def _count_earned(
    program: CompiledProgram,
    member: MemberState,
    entry: Entry,
    decision: Decision,
    currency: str,
    change: int,
) -> None:
    """In the period of its day. What was counted in others when the program counted otherwise says nothing here."""
    levels = program.program.levels
    assert levels is not None
    if currency != levels.currency:
        return
    if decision.released:
        apart = [one for one in decision.released if one.currency == currency]
        change -= sum(one.change for one in apart)
        known = standing_known(program, member)
        for one in apart:
            if known is not None and known.since <= one.by:
                count(levels, known, member.joined, one.day, one.change)
        if apart and not change:
            return
    if decision.earned_on < 0:
        return
    standing = _standing(member)
    if standing.key != program.period_key:
        standing.key, standing.since, standing.earned = program.period_key, entry.seq, {}
    count(levels, standing, member.joined, decision.earned_on or entry.day, change)


def _fold_transfers(
    program: CompiledProgram | None,
    member: MemberState,
    entry: Entry,
    decision: Decision,
) -> None:
    if entry.kind == Kind.REDEMPTION:
        fold_redemption(program, member, entry, decision)  # it keeps what it was paid with
        for transfer in decision.transfers:
            if place(transfer.target) == SPENT:
                used = member.spending.get(transfer.currency, (0, 0))
                member.spending[transfer.currency] = with_week(used, week_of(entry.day))
    elif decision.transfers:
        _move(program, member, entry, decision)
    lasting = decision.details is None and (program is None or not program.expires)
    if member.points_due or not lasting or entry.kind == Kind.REDEMPTION:
        member.points_due = points_due(member.wallets)


def _move(program: CompiledProgram | None, member: MemberState, entry: Entry, decision: Decision) -> None:
    details, own, awarded = decision.details, account(entry.member, ACTIVE), dict[str, int]()
    for number, transfer in enumerate(decision.transfers):
        detail = details.get(number) if details is not None else None
        if detail is None and transfer.source == ISSUED and transfer.target == own:  # nearly all are
            currency = transfer.currency
            if currency not in awarded:
                awarded[currency] = 0
                wallet_of(member.wallets, currency)
            awarded[currency] += transfer.amount
            continue
        move(member.wallets, transfer, detail or _detail(program, member, transfer, entry.day))
    for currency, amount in awarded.items():  # what was taken was taken before
        day = expiry_day(program, currency, entry.day, member.last_day) if program is not None else NEVER
        credit(member.wallets[currency], amount, day)


def _detail(program: CompiledProgram | None, member: MemberState, transfer: Transfer, day: int) -> Detail:
    """Of points that are simply awarded or taken: the currency's policy says when they expire."""
    if program is None or transfer.currency not in program.expires or place(transfer.target) != ACTIVE:
        return PLAIN
    return Detail(expiry_day(program, transfer.currency, day, member.last_day))


def _count(rollup: DayRollup, transfer: Transfer) -> None:
    """Add a transfer to what the company's books say of the day."""
    if transfer.source == ISSUED and place(transfer.target) == ACTIVE:  # nearly all are
        add_to(rollup.issued, transfer.currency, transfer.amount)
        return
    for number, sign in ((transfer.source, -1), (transfer.target, 1)):
        book = _BOOKS.get(place(number))
        if book is not None:
            sums, way = book
            add_to(sums(rollup), transfer.currency, sign * way * transfer.amount)


def merge_traits(traits: dict[str, Any], more: dict[str, Any]) -> None:
    """Names compare folded (`createdAt` is `created_at`); null clears, absent keeps. What is too much stays in the
    log alone: a state document is read and written with every event."""
    for name, value in more.items():
        key = fold_name(name)
        if value is None:
            traits.pop(key, None)
        elif (key in traits or len(traits) < TRAITS_MAX) and len(_size(value)) <= TRAIT_BYTES_MAX:
            traits[key] = value


def _fold_company(company: CompanyState, traits: dict[str, Any]) -> None:
    """`name`, `timezone` and `seats` are the company's own; a value that cannot be one of them is left a trait."""
    merge_traits(company.traits, traits)
    for name, value in traits.items():
        match fold_name(name):
            case "name" if isinstance(value, str):
                company.name = value[:NAME_CHARS_MAX]
            case "timezone" if isinstance(value, str) and is_time_zone(value):
                company.timezone = value
            case "seats" if value is None:
                company.seats = None
            case "seats" if is_seats(value):
                company.seats = int(value)


def is_seats(value: Any) -> bool:
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and 0 <= value <= SEATS_MAX
        and value == int(value)
    )
