"""The decision: what an entry of the log does, given the program and the state just before it.

Pure: no I/O and no clock. Live traffic, replay and dry runs all come through `decide`, so they cannot disagree.
It reads the state and never changes it; `engage.core.fold` does that with what this returns.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from engage.core.calendar import DAY
from engage.core.cascade import concluded, consider
from engage.core.compiled import CompiledProgram, Matcher
from engage.core.course import Course
from engage.core.decisions import Decision, Record, Undecided, checkpoint_record
from engage.core.event import Entry, Kind
from engage.core.gifts import decide_gift
from engage.core.goals import Counting
from engage.core.ledger import ACTIVE, ADJUSTED, Transfer, account, owner
from engage.core.levels import counted_day, level_without
from engage.core.limits import Use, counted
from engage.core.quests import advance, taken_back
from engage.core.rewards import decide_redemption
from engage.core.rules import fire_rules
from engage.core.state import CompanyState, MemberState, Quested, Wallet
from engage.core.ticks import decide_tick
from engage.core.verdicts import fired

NOTHING: Final = Decision(Record(undecided=Undecided.NOT_AN_EVENT))
DISTRUSTED: Final = Decision(Record(undecided=Undecided.UNTRUSTED_SOURCE))
TRAITS: Final = frozenset({Kind.IDENTIFY, Kind.GROUP})
"""Calls whose traits change nothing when they come with a write key."""


class Undone(Struct, frozen=True):
    """What a reversal needs to know of the entry it undoes, as it is stored."""

    entry: Entry
    record: Record
    transfers: tuple[Transfer, ...]
    program: CompiledProgram | None


def decide(
    program: CompiledProgram | None,
    company: CompanyState,
    member: MemberState,
    entry: Entry,
    undone: Undone | None = None,
) -> Decision:
    """What `entry` does. `undone` is given for a reversal, and only then."""
    if entry.kind == Kind.TRACK:
        return _decide_event(program, company, member, entry)
    if entry.kind == Kind.ADJUSTMENT:
        return _decide_adjustment(program, company, member, entry)
    if entry.kind == Kind.REVERSAL:
        assert undone is not None
        return _decide_reversal(program, member, undone)
    if entry.kind == Kind.TICK:
        assert program is not None
        return decide_tick(Course(program, company, member, entry))
    if entry.kind == Kind.REDEMPTION:
        return decide_redemption(program, company, member, entry)
    if entry.kind == Kind.GIFT:
        return decide_gift(program, member, entry)
    if entry.kind == Kind.CHECKPOINT:
        return Decision(checkpoint_record(bytes.fromhex(entry.body.data["hash"])))
    return NOTHING if entry.body.trusted or entry.kind not in TRAITS else DISTRUSTED


def _decide_event(
    program: CompiledProgram | None, company: CompanyState, member: MemberState, entry: Entry
) -> Decision:
    if program is None:
        return Decision(Record(undecided=Undecided.NO_PROGRAM))
    event = program.program.events.get(entry.name)
    if event is None:
        return Decision(Record(undecided=Undecided.UNDECLARED_EVENT))
    if entry.at < company.head_at - program.program.late_days * DAY:
        return Decision(Record(undecided=Undecided.TOO_LATE))
    if not entry.body.trusted and not event.browser:
        return Decision(Record(undecided=Undecided.UNTRUSTED_SOURCE))
    matcher, counting = program.matchers.get(entry.name), program.counting.get(entry.name)
    if counting is not None:
        return _decide_counting(Course(program, company, member, entry), matcher, counting)
    if matcher is None:
        return Decision(Record())
    course = Course(program, company, member, entry)
    stopped = matcher.unconditional or matcher.match(course.facts())
    if all(stopped):
        return Decision(Record(verdicts=stopped))
    fire_rules(course, matcher, stopped)
    return concluded(course)


def _decide_counting(course: Course, matcher: Matcher | None, counting: Counting) -> Decision:
    """An event that quests count: its own rules first, then what it adds to quests."""
    gains = counting.gains(course.facts())
    if matcher is not None:
        consider(course, matcher)
    for number, gained in gains.items():
        advance(course, number, gained)
    return concluded(course)


def _decide_adjustment(
    program: CompiledProgram | None, company: CompanyState, member: MemberState, entry: Entry
) -> Decision:
    """A correction by hand. It corrects what was earned too, so a level can rise by it."""
    currency, amount = entry.body.data["currency"], entry.body.data["amount"]
    outside, spendable = account(0, ADJUSTED), account(entry.member, ACTIVE)
    source, target = (outside, spendable) if amount > 0 else (spendable, outside)
    transfer = Transfer(currency, source, target, abs(amount))
    if program is None:
        return Decision(Record(), (transfer,), ((currency, amount),))
    course = Course(program, company, member, entry)
    course.transfers.append(transfer)
    return concluded(course)


def _decide_reversal(program: CompiledProgram | None, member: MemberState, undone: Undone) -> Decision:
    """The exact opposite of an entry's own effects, whatever happened since; later decisions stand.

    Points that were spent meanwhile become a debt if the currency allows it, else what is left is taken, and what was
    corrected by hand meanwhile is not taken from the earned points a second time.
    """
    transfers: list[Transfer] = []
    earned: dict[str, int] = {}
    taken: dict[str, int] = {}
    for transfer in undone.transfers:
        name, amount, change = transfer.currency, transfer.amount, transfer.amount
        gained = bool(owner(transfer.target))
        if gained and not _may_owe(program, name):
            wallet = member.wallets.get(name) or Wallet()
            amount = max(0, min(amount, wallet.active - taken.get(name, 0)))
            change = max(0, min(change, wallet.earned + earned.get(name, 0)))
        taken[name] = taken.get(name, 0) + amount
        earned[name] = earned.get(name, 0) + (-change if gained else change)
        if amount:
            transfers.append(Transfer(name, transfer.target, transfer.source, amount, transfer.rule))
    badges = tuple(badge for badge in undone.record.badges if member.badges.get(badge) == undone.entry.seq)
    before = after = member.level
    if program and program.program.levels and before and before == undone.record.level_after:
        # Only the level that this entry reached is taken back: one reached since is a later decision.
        after = level_without(program, member, earned, undone.entry)
    record = Record(
        badges=badges,
        level_before=before if before != after else "",
        level_after=after if before != after else "",
    )
    quests: tuple[tuple[str, Quested], ...] = ()
    if undone.record.advances:
        assert undone.program is not None
        made = undone.record.advances
        quests = tuple(taken_back(undone.program.program, member, undone.entry.day, made))
    return Decision(
        record,
        tuple(transfers),
        tuple(earned.items()),
        tuple(released(undone, transfers)),
        earned_on=counted_day(program, member, undone.entry),
        quests=quests,
    )


def _may_owe(program: CompiledProgram | None, currency: str) -> bool:
    declared = program.program.currencies.get(currency) if program else None
    return declared is not None and declared.debt == "allow"


def released(undone: Undone, returned: list[Transfer]) -> Iterator[Use]:
    """The share of limits and budgets that an entry had used, given back. One that was not decided used none.

    Of amounts, what was `returned`: units that could not be taken back stay awarded, and a budget is a promise that
    no more than so many are.
    """
    if undone.program is None or undone.entry.kind != Kind.TRACK or undone.record.undecided:
        return
    considered = undone.program.considered(undone.entry.name, undone.record.occasions)
    plans = [plan for matcher in considered for plan in matcher.plans]
    entry, department = undone.entry, undone.record.department
    for plan, code in zip(plans, undone.record.verdicts, strict=True):
        for counter in plan.firings if fired(code) else ():
            yield counted(counter, entry, department, -1)
    for transfer in returned:
        counters = next(a.counters for a in plans[transfer.rule].awards if a.currency == transfer.currency)
        for counter in counters:
            yield counted(counter, entry, department, -transfer.amount)
