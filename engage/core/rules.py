"""How the rules that one event triggers fire together: limits, budgets, multipliers, awards and badges.

Owns what becomes of a rule whose conditions hold. Must not know why an event is decided at all, levels, or storage:
`engage.core.decide` asks, and turns the answer into a decision.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from engage.core.compiled import CompiledProgram, Matcher, Plan
from engage.core.event import Entry
from engage.core.ledger import ACTIVE, ISSUED, Transfer, account
from engage.core.limits import Counter, Use, used, window_start
from engage.core.program import THOUSANDTHS_ONE, Multipliers
from engage.core.state import AMOUNT_MAX, CompanyState, MemberState
from engage.core.verdicts import VERDICTS, Verdict, fired, verdict_code

FIRED: Final = verdict_code(Verdict.FIRED)
CEILING: Final = verdict_code(Verdict.CEILING)


def fire_rules(
    program: CompiledProgram,
    matcher: Matcher,
    stopped: Sequence[int],
    company: CompanyState,
    member: MemberState,
    entry: Entry,
) -> tuple[tuple[int, ...], Firing]:
    """The verdict code of each rule, in declared order, and what the fired ones grant.

    `stopped` has, per rule, 0 when its conditions hold, else the number of the node that stopped it. A rule that
    multiplies may then be refused for its own awards, though its factor was counted: all are decided again without it.
    """
    plans = matcher.plans
    refused: dict[int, int] = {}
    while True:
        firing = Firing(program, company, member, entry)
        factors: dict[str, list[int]] = {}
        multiplying = firing.factors(plans, stopped, refused, factors) if matcher.multiplies else ()
        codes = []
        for plan, node in zip(plans, stopped, strict=True):
            code = node * VERDICTS + Verdict.CONDITION if node else refused.get(plan.index)
            codes.append(firing.fire(plan, factors) if code is None else code)
        unfired = {index: codes[index] for index in multiplying if not fired(codes[index])}
        if not unfired:
            return tuple(codes), firing
        refused |= unfired


class Firing:
    """One event in front of its rules: what has been granted so far, and the limits it has used up."""

    __slots__ = ("badges", "company", "day", "member", "program", "spendable", "transfers", "uses")

    def __init__(
        self, program: CompiledProgram, company: CompanyState, member: MemberState, entry: Entry
    ) -> None:
        self.program = program
        self.company = company
        self.member = member
        self.day = entry.day
        self.spendable = account(entry.member, ACTIVE)
        self.transfers: list[Transfer] = []
        self.badges: list[str] = []
        self.uses: list[Use] = []

    def left(self, counter: Counter) -> int:
        """What the counter allows still, after the events before this one and the rules before this one."""
        start = window_start(counter.window, self.day)
        left = counter.most - used(
            (self.company if counter.company else self.member).usage, counter.key, start
        )
        for use in self.uses:
            if use.key == counter.key and use.start == start and use.company == counter.company:
                left -= use.amount
        return left

    def count(self, counter: Counter, amount: int) -> None:
        self.uses.append(Use(counter.company, counter.key, window_start(counter.window, self.day), amount))

    def exhausted(self, plan: Plan) -> int:
        """The code of the limit on firings that refuses the rule, or 0."""
        for counter in plan.firings:
            if self.left(counter) < 1:
                return counter.refused
        return 0

    def factors(
        self,
        plans: Sequence[Plan],
        stopped: Sequence[int],
        refused: dict[int, int],
        factors: dict[str, list[int]],
    ) -> Sequence[int]:
        """Which rules multiply; their factors (thousandths) go into `factors`, by currency."""
        multiplying: list[int] = []
        for plan in plans:
            if not plan.factors or stopped[plan.index] or plan.index in refused or self.exhausted(plan):
                continue
            multiplying.append(plan.index)
            for currency, thousandths in plan.factors:
                factors.setdefault(currency, []).append(thousandths)
        return multiplying

    def fire(self, plan: Plan, factors: dict[str, list[int]]) -> int:
        """The verdict code of a rule whose conditions hold, and its effects if it fires."""
        exhausted = self.exhausted(plan)
        if exhausted:
            return exhausted
        kept = len(self.transfers), len(self.uses)
        code, granted = FIRED, bool(plan.badges or plan.factors)
        refusal = FIRED
        for award in plan.awards:
            amount, stop = award.amount, None
            if factors:
                amount = multiplied(amount, factors.get(award.currency), self.program.program.multipliers)
            if award.counters:
                amount, stop = self.allowed(award.counters, amount)
            if (stop is not None and not stop.cut) or self.overflows(award.currency, amount):
                # Refused, and as a whole: what the rule had awarded so far is taken back.
                del self.transfers[kept[0] :], self.uses[kept[1] :]
                return stop.refused if stop is not None and not stop.cut else CEILING
            if stop is not None and not code:
                code, refusal = stop.cut, stop.refused
            if amount:
                granted = True
                self.award(plan.index, award.currency, amount, award.counters)
        if not granted and code:
            return refusal  # an award cut to nothing is a refusal by the same limit or budget
        for badge in plan.badges:
            if badge not in self.member.badges and badge not in self.badges:
                self.badges.append(badge)
        for counter in plan.firings:
            self.count(counter, 1)
        return code

    def allowed(self, counters: Sequence[Counter], amount: int) -> tuple[int, Counter | None]:
        """What limits and budgets leave of an award, and the last one that cut or the first that refuses it."""
        stop = None
        for counter in counters:
            left = self.left(counter)
            if left < amount:
                stop = counter
                if not counter.cut:
                    return 0, stop
                amount = max(left, 0)
        return amount, stop

    def overflows(self, currency: str, amount: int) -> bool:
        wallet = self.member.wallets.get(currency)
        standing = max(wallet.active, wallet.earned) if wallet else 0
        for transfer in self.transfers:
            standing += transfer.amount if transfer.currency == currency else 0
        return standing + amount > AMOUNT_MAX

    def award(self, rule: int, currency: str, amount: int, counters: Sequence[Counter]) -> None:
        self.transfers.append(Transfer(currency, account(0, ISSUED), self.spendable, amount, rule))
        for counter in counters:
            self.count(counter, amount)


def multiplied(amount: int, factors: list[int] | None, policy: Multipliers) -> int:
    """A base award times its factors (thousandths), rounded half to even, at most AMOUNT_MAX.

    By the program's policy: the largest factor, all of them one after the other, or the sum of their surpluses.
    """
    if not factors:
        return amount
    numerator, denominator = amount, 1
    if policy == "compound":
        for factor in factors:
            numerator, denominator = numerator * factor, denominator * THOUSANDTHS_ONE
    else:
        extra = sum(factor - THOUSANDTHS_ONE for factor in factors)
        factor = max(factors) if policy == "largest" else max(0, THOUSANDTHS_ONE + extra)
        numerator, denominator = amount * factor, THOUSANDTHS_ONE
    whole, rest = divmod(numerator, denominator)
    if rest * 2 > denominator or (rest * 2 == denominator and whole % 2):
        whole += 1
    return min(whole, AMOUNT_MAX)
