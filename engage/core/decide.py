"""The decision: what an entry of the log does, given the program and the state just before it.

Pure: no I/O and no clock. Live traffic, replay and dry runs all come through `decide`, so they cannot disagree.
It reads the state and never changes it; `engage.core.fold` does that with what this returns.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from engage.core.calendar import DAY, weekday_of
from engage.core.compiled import CompiledProgram
from engage.core.conditions import Facts
from engage.core.decisions import VERDICTS, Decision, Record, Undecided, Verdict, fired, verdict_code
from engage.core.event import Entry, Kind
from engage.core.ledger import ACTIVE, ADJUSTED, ISSUED, Transfer, account, owner
from engage.core.limits import Use, used, window_start
from engage.core.program import THOUSANDTHS_ONE, Award, GrantBadge, Limit, Multiply, Program, Rule
from engage.core.state import AMOUNT_MAX, CompanyState, MemberState, Usage, Wallet

NOTHING: Final = Decision(Record(undecided=Undecided.NOT_AN_EVENT))


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
        return _decide_adjustment(program, member, entry)
    if entry.kind == Kind.REVERSAL:
        assert undone is not None
        return _decide_reversal(program, member, undone)
    return NOTHING


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
    matcher = program.matchers.get(entry.name)
    if matcher is None:
        return Decision(Record())
    facts = Facts(
        properties=entry.body.data,
        member_traits=member.traits,
        company_traits=company.traits,
        level_rank=program.level_ranks.get(member.level, 0),
        hour=entry.hour,
        weekday=weekday_of(entry.day),
    )
    stopped = matcher.match(facts)
    if all(stopped):
        return Decision(Record(verdicts=tuple(map(_stopped_by, stopped))))
    refused: dict[int, int] = {}
    while True:
        case = _Case(program.program, company, member, entry)
        factors, multiplying = case.factors(matcher.rules, stopped, refused)
        codes = []
        for index, rule in enumerate(matcher.rules):
            node = stopped[index]
            code = _stopped_by(node) if node else refused.get(index)
            codes.append(case.fire(index, rule, factors) if code is None else code)
        unfired = {index: codes[index] for index in multiplying if not fired(codes[index])}
        if not unfired:
            return _decided(program, member, tuple(codes), case)
        # A rule may be refused for its own awards after its factor was counted: decide again without that rule.
        refused |= unfired


def _stopped_by(node: int) -> int:
    return verdict_code(Verdict.CONDITION, node)


def _decided(program: CompiledProgram, member: MemberState, codes: tuple[int, ...], case: _Case) -> Decision:
    if not case.uses and not case.transfers and not case.badges:
        return Decision(Record(verdicts=codes))
    earned: dict[str, int] = {}
    for transfer in case.transfers:
        earned[transfer.currency] = earned.get(transfer.currency, 0) + transfer.amount
    before, after = member.level, raised_level(program, member, earned)
    record = Record(
        verdicts=codes,
        badges=tuple(case.badges),
        level_before=before if before != after else "",
        level_after=after if before != after else "",
    )
    return Decision(record, tuple(case.transfers), tuple(earned.items()), tuple(case.uses))


class _Case:
    """One event in front of its rules: what has been granted so far, and the limits it has used up."""

    def __init__(self, program: Program, company: CompanyState, member: MemberState, entry: Entry) -> None:
        self.program = program
        self.company = company
        self.member = member
        self.entry = entry
        self.transfers: list[Transfer] = []
        self.badges: list[str] = []
        self.uses: list[Use] = []

    def used(self, company: bool, key: str, start: int) -> int:
        """Used before this event, and by the rules before this one."""
        usage: Usage = self.company.usage if company else self.member.usage
        total = used(usage, key, start)
        for use in self.uses:
            if use.start == start and use.key == key and use.company == company:
                total += use.amount
        return total

    def left(self, limit: Limit, amount: int) -> int:
        start = window_start(limit.window, self.entry.day)
        return amount - self.used(limit.per == "company", limit.key, start)

    def exhausted(self, rule: Rule) -> int | None:
        """Which limit on firings refuses the rule, if one does."""
        for index, limit in enumerate(rule.limits):
            if limit.count is not None and self.left(limit, limit.count) < 1:
                return index
        return None

    def factors(
        self, rules: tuple[Rule, ...], stopped: tuple[int, ...], refused: dict[int, int]
    ) -> tuple[dict[str, list[int]], list[int]]:
        """(currency -> the factors, in thousandths, of the multiplying rules; which rules these are)."""
        factors: dict[str, list[int]] = {}
        multiplying: list[int] = []
        for index, rule in enumerate(rules):
            if stopped[index] or index in refused:
                continue
            for effect in rule.effects:
                if isinstance(effect, Multiply) and self.exhausted(rule) is None:
                    factors.setdefault(effect.currency, []).append(effect.thousandths)
                    multiplying.append(index)
        return factors, multiplying

    def fire(self, index: int, rule: Rule, factors: dict[str, list[int]]) -> int:
        """The verdict code of a rule whose conditions hold, and its effects if it fires."""
        exhausted = self.exhausted(rule)
        if exhausted is not None:
            return verdict_code(Verdict.LIMIT, exhausted)
        kept = len(self.transfers), len(self.uses)
        code, granted = verdict_code(Verdict.FIRED), False
        for effect in rule.effects:
            if not isinstance(effect, Award):
                granted = True
                continue
            amount = multiplied(effect.amount, factors.get(effect.currency), self.program)
            amount, stop, refused = self.allowed(rule, effect.currency, amount)
            if refused:  # the rule is refused as a whole: what it had awarded so far is taken back
                del self.transfers[kept[0] :], self.uses[kept[1] :]
                return stop
            code = stop if stop and not code else code
            if amount:
                granted = True
                self.award(index, rule, effect.currency, amount)
        if not granted and code:
            return _as_refusal(code)
        for effect in rule.effects:
            if isinstance(effect, GrantBadge) and not self.has(effect.badge):
                self.badges.append(effect.badge)
        for limit in rule.limits:
            if limit.count is not None:
                self.count(limit, 1)
        return code

    def has(self, badge: str) -> bool:
        return badge in self.member.badges or badge in self.badges

    def allowed(self, rule: Rule, currency: str, amount: int) -> tuple[int, int, bool]:
        """(what limits and budgets leave of an award, the code of the one that stopped it, whether it is refused)."""
        code = 0
        for index, limit in enumerate(rule.limits):
            if limit.currency != currency or limit.amount is None:
                continue
            left = self.left(limit, limit.amount)
            if left < amount:
                if limit.over == "refuse":
                    return 0, verdict_code(Verdict.LIMIT, index), True
                amount, code = max(left, 0), verdict_code(Verdict.CUT_BY_LIMIT, index)
        for index, budget in enumerate(self.program.budgets):
            if budget.currency != currency:
                continue
            start = window_start(budget.window, self.entry.day)
            left = budget.amount - self.used(True, budget.key, start)
            if left < amount:
                if budget.over == "refuse":
                    return 0, verdict_code(Verdict.BUDGET, index), True
                amount, code = max(left, 0), verdict_code(Verdict.CUT_BY_BUDGET, index)
        wallet = self.member.wallets.get(currency)
        standing = max(wallet.active, wallet.earned) if wallet else 0
        for transfer in self.transfers:
            standing += transfer.amount if transfer.currency == currency else 0
        if standing + amount > AMOUNT_MAX:
            return 0, verdict_code(Verdict.CEILING), True
        return amount, code, False

    def award(self, index: int, rule: Rule, currency: str, amount: int) -> None:
        source, target = account(0, ISSUED), account(self.entry.member, ACTIVE)
        self.transfers.append(Transfer(currency, source, target, amount, index))
        for limit in rule.limits:
            if limit.currency == currency and limit.amount is not None:
                self.count(limit, amount)
        for budget in self.program.budgets:
            if budget.currency == currency:
                self.uses.append(Use(True, budget.key, window_start(budget.window, self.entry.day), amount))

    def count(self, limit: Limit, amount: int) -> None:
        start = window_start(limit.window, self.entry.day)
        self.uses.append(Use(limit.per == "company", limit.key, start, amount))


def _as_refusal(code: int) -> int:
    """An award cut to nothing is a refusal by the same limit or budget."""
    index, verdict = divmod(code, VERDICTS)
    return verdict_code(Verdict.BUDGET if verdict == Verdict.CUT_BY_BUDGET else Verdict.LIMIT, index)


def multiplied(amount: int, factors: list[int] | None, program: Program) -> int:
    """A base award times its factors (thousandths), rounded half to even, at most AMOUNT_MAX.

    By the program's policy: the largest factor, all of them one after the other, or the sum of their surpluses.
    """
    if not factors:
        return amount
    numerator, denominator = amount, 1
    if program.multipliers == "compound":
        for factor in factors:
            numerator, denominator = numerator * factor, denominator * THOUSANDTHS_ONE
    else:
        extra = sum(factor - THOUSANDTHS_ONE for factor in factors)
        factor = max(factors) if program.multipliers == "largest" else max(0, THOUSANDTHS_ONE + extra)
        numerator, denominator = amount * factor, THOUSANDTHS_ONE
    whole, rest = divmod(numerator, denominator)
    if rest * 2 > denominator or (rest * 2 == denominator and whole % 2):
        whole += 1
    return min(whole, AMOUNT_MAX)


def raised_level(program: CompiledProgram, member: MemberState, earned: dict[str, int]) -> str:
    """The level after earning more: it rises at once, over several steps if need be, and never falls here."""
    levels = program.program.levels
    if levels is None:
        return member.level
    rank = reached_rank(program, member, earned)
    return levels.steps[rank - 1].id if rank > program.level_ranks.get(member.level, 0) else member.level


def reached_rank(program: CompiledProgram, member: MemberState, earned: dict[str, int]) -> int:
    """How many thresholds the earned points reach, with `earned` (currency -> change) added."""
    assert program.program.levels is not None
    currency = program.program.levels.currency
    wallet = member.wallets.get(currency)
    return bisect_right(program.level_thresholds, (wallet.earned if wallet else 0) + earned.get(currency, 0))


def _decide_adjustment(program: CompiledProgram | None, member: MemberState, entry: Entry) -> Decision:
    """A correction by hand. It corrects what was earned too, so a level can rise by it."""
    currency, amount = entry.body.data["currency"], entry.body.data["amount"]
    outside, spendable = account(0, ADJUSTED), account(entry.member, ACTIVE)
    source, target = (outside, spendable) if amount > 0 else (spendable, outside)
    earned = {currency: amount}
    after = raised_level(program, member, earned) if program else member.level
    changed = after != member.level
    record = Record(level_before=member.level if changed else "", level_after=after if changed else "")
    return Decision(record, (Transfer(currency, source, target, abs(amount)),), tuple(earned.items()))


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
        rank = reached_rank(program, member, earned)
        rank = min(rank, program.level_ranks.get(before, rank))
        after = program.program.levels.steps[rank - 1].id if rank else ""
    record = Record(
        badges=badges,
        level_before=before if before != after else "",
        level_after=after if before != after else "",
    )
    return Decision(record, tuple(transfers), tuple(earned.items()), tuple(released(undone, transfers)))


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
    matcher = undone.program.matchers.get(undone.entry.name)
    rules = matcher.rules if matcher else ()
    day = undone.entry.day
    for rule, code in zip(rules, undone.record.verdicts, strict=True):
        for limit in rule.limits if fired(code) else ():
            if limit.count is not None:
                yield Use(limit.per == "company", limit.key, window_start(limit.window, day), -1)
    for transfer in returned:
        for limit in rules[transfer.rule].limits:
            if limit.currency == transfer.currency and limit.amount is not None:
                start = window_start(limit.window, day)
                yield Use(limit.per == "company", limit.key, start, -transfer.amount)
        for budget in undone.program.program.budgets:
            if budget.currency == transfer.currency:
                yield Use(True, budget.key, window_start(budget.window, day), -transfer.amount)
