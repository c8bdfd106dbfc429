"""What simple rules award where nothing stands in the way, which is nearly always, and how that is counted.

Where it is known which of an event's rules fire, so is what each awards as long as every limit has room for it: all
that remains is to see that they have, and to add. A rule whose limit is used up is as one whose condition fails, which
is another way. What is neither is for the function of `simple_code`. Owns what is reckoned beforehand; must do exactly
what that function does, so the same property tests hold it against `decide` and `fold`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from msgspec import Struct, field

from engage.core.backtest_counts import BudgetWindow, Side
from engage.core.compiled import CompiledProgram, Matcher, Plan
from engage.core.ledger import credit
from engage.core.limits import TOLD, Counter, Starts, alert, begin, used
from engage.core.rules import multiplied
from engage.core.simple_code import BEYOND
from engage.core.state import AMOUNT_MAX, CompanyState, MemberState, Usage

AT_ONCE: Final = -1
"""A rule that may not fire any more is left whatever else is in the way."""

Leaving = tuple[int, int]
"""(rule, what becomes of it) of one that does not fire for want of room."""
Room = tuple[bool, str, int, int, int, int, int, Leaving | None]
"""A limit, and what a way takes of it: whether it is the company's, its key, the number of its window among those of
the way, what the window may hold before, what is added, and after how many days it is forgotten; then from how much
held on a rule is left, and which."""


class Way(Struct, eq=False):
    """What events come to that no condition of the program tells apart."""

    codes: tuple[int, ...]
    """What becomes of each rule; 0 where it fires."""
    answer: tuple[int, ...] | None
    """Of the event's `Blockers`, where one is asked."""
    amounts: tuple[tuple[int, int], ...]
    """(number of the award, units)."""
    gains: tuple[tuple[str, int], ...]
    """(currency, units) of them all."""
    badges: tuple[str, ...]
    """That are granted to who has them not."""
    starts: Starts
    rooms: tuple[Room, ...]
    budgets: tuple[tuple[Counter, int, int, int], ...]
    """(counter, number of its window, what is added, after how many days it is forgotten)."""
    level: tuple[str, int, Mapping[str, int], int] | None
    """The currency levels are of, what is gained of it, and when who is at a level rises, or at none."""
    lessen: Callable[[Way, Leaving], Way | None]
    less: dict[Leaving, Way | None] = field(default_factory=dict)
    """The ways without a rule."""


class Tally(Struct):
    """What was counted of one event in one company, until it is taken apart."""

    company: str
    windows: Mapping[tuple[str, str, int], BudgetWindow]
    """Of budgets, as `Counts` has them."""
    budget: Callable[[str, int, int, int, int], None]
    """To be told (key, first day of the window, day, units used before, units used now)."""
    awarded: list[int]
    """Units, by the number of the award among those of all the event's rules."""
    days: dict[str, dict[int, int]]
    """Currency -> local day -> units."""
    outcomes: dict[tuple[int, ...], int] = field(default_factory=dict)
    """Verdict codes -> how often."""
    answers: dict[tuple[int, ...], int] = field(default_factory=dict)
    """Of the event's `Blockers`."""
    went: dict[tuple[Way, int], int] = field(default_factory=dict)
    """(way, local day) -> how often."""

    rules: list[tuple[int, str]] = field(default_factory=list)
    """(number of the rule, currency), by the number of the award."""

    def combinations(self) -> int:
        return len(self.outcomes) + len(self.went)

    def settle(self, side: Side, version: int, event: str) -> None:
        """Add what was counted to a side, as if each had been decided."""
        for (way, day), times in self.went.items():
            self.outcomes[way.codes] = self.outcomes.get(way.codes, 0) + times
            if way.answer is not None:
                self.answers[way.answer] = self.answers.get(way.answer, 0) + times
            for number, units in way.amounts:
                self.awarded[number] += units * times
            for currency, units in way.gains:
                self.days[currency][day] = self.days[currency].get(day, 0) + units * times
        self.went.clear()
        for codes, times in self.outcomes.items():
            for rule, code in enumerate(codes):
                key = (version, event, (), rule), code
                side.verdicts[key] = side.verdicts.get(key, 0) + times
        self.outcomes.clear()
        for number, (rule, currency) in enumerate(self.rules):
            if self.awarded[number]:
                side.awarded_by((version, event, (), rule), currency, self.awarded[number])
                self.awarded[number] = 0
        for currency, days in self.days.items():
            for day, amount in days.items():
                side.awarded(self.company, day, currency, amount)
            days.clear()


def go(
    way: Way,
    company: CompanyState,
    member: MemberState,
    day: int,
    tally: Tally | None,
    gained: dict[str, int],
) -> bool:
    """Go a way, or one with fewer rules. False: something is in the way, and nothing is changed."""
    starts, own, shared = way.starts[day], member.usage, company.usage
    left: Leaving | None = None
    for of_company, key, window, most, _, _, least, leaving in way.rooms:
        held = (shared if of_company else own).get(key)
        before = held.get(starts[window], 0) if held else 0
        if before > most:
            if left is not None or leaving is None or before < least:
                return False
            left = leaving
            if least == AT_ONCE:
                break
    for counter, window, units, _ in way.budgets:
        if not _has_room(counter, shared, starts[window], units):
            return False
    if left is not None:
        less = way.less[left] if left in way.less else way.lessen(way, left)
        return less is not None and go(less, company, member, day, tally, gained)
    wallets = member.wallets
    for currency, units in way.gains:
        wallet = wallets.get(currency)
        if wallet is None or wallet.active + units > AMOUNT_MAX or wallet.earned + units > AMOUNT_MAX:
            return False
    if way.level is not None:
        currency, units, following, first = way.level
        wallet = wallets.get(currency)
        if (wallet.earned if wallet is not None else 0) + units >= following.get(member.level, first):
            return False
    for badge in way.badges:
        if badge not in member.badges:
            return False
    if tally is not None:
        for counter, window, units, _ in way.budgets:
            budget = tally.windows.get((tally.company, counter.key, starts[window]))
            if budget is None or budget.used + units >= budget.following:
                return False
        _count(way, starts, day, tally, gained)
    for of_company, key, window, _, units, kept, _, _ in way.rooms:
        usage, start = shared if of_company else own, starts[window]
        held = usage.get(key)
        if held and start in held:
            held[start] += units
        else:
            begin(usage, key, start, units, kept)
    for counter, window, units, kept in way.budgets:
        held, start = shared.get(counter.key), starts[window]
        if held and start in held:
            held[start] += units
        else:
            begin(shared, counter.key, start, units, kept)
    for currency, units in way.gains:
        wallet = wallets[currency]
        wallet.earned += units
        lots = wallet.lots
        if lots and not lots[-1][0]:
            wallet.active += units
            lots[-1] = (0, lots[-1][1] + units)
        else:
            credit(wallet, units)
    return True


def _has_room(budget: Counter, usage: Usage, start: int, units: int) -> bool:
    """Also for nobody having to be told."""
    total = used(usage, budget.key, start) + units
    if total > budget.most:
        return False
    if not budget.alerts or total < budget.alerts[0][0]:
        return True
    return alert(budget, start, total, used(usage, budget.key + TOLD, start)) is None


def _count(way: Way, starts: tuple[int, ...], day: int, tally: Tally, gained: dict[str, int]) -> None:
    which, went = (way, day), tally.went
    went[which] = went[which] + 1 if which in went else 1
    for currency, units in way.gains:
        gained[currency] = gained[currency] + units if currency in gained else units
    for counter, window, units, _ in way.budgets:
        budget = tally.windows[tally.company, counter.key, starts[window]]
        budget.used += units
        budget.days[day] = budget.days.get(day, 0) + units


def way_of(
    program: CompiledProgram,
    matcher: Matcher,
    codes: tuple[int, ...],
    answer: tuple[int, ...] | None,
    lessen: Callable[[Way, Leaving], Way | None],
) -> Way | None:
    """The way of events whose rules come to `codes`, where that says all; else None."""
    plans = [plan for plan in matcher.plans if not codes[plan.index]]
    amounts = _amounts(program, matcher, plans)
    if amounts is None or not all(amounts.values()):
        return None
    numbered = [(plan, award) for plan in matcher.plans for award in plan.awards]
    needs: dict[Counter, int] = {counter: 1 for plan in plans for counter in plan.firings}
    gains: dict[str, int] = {}
    for number, units in amounts.items():
        award = numbered[number][1]
        gains[award.currency] = gains.get(award.currency, 0) + units
        for counter in dict.fromkeys(award.counters):
            needs[counter] = needs.get(counter, 0) + units
    windows = tuple(dict.fromkeys(counter.window for counter in needs))
    keys = {budget.key for budget in program.program.budgets}
    late_days = program.program.late_days
    leaving = {
        counter: found
        for plan in plans
        for counter, found in _leaving(plan, [amounts[n] for n in amounts if numbered[n][0] is plan])
    }
    return Way(
        codes,
        answer,
        tuple(amounts.items()),
        tuple(gains.items()),
        tuple(badge for plan in plans for badge in plan.badges),
        Starts(windows),
        tuple(
            (
                *(counter.company, counter.key, windows.index(counter.window)),
                *(counter.most - need, need, late_days + counter.reach),
                *leaving.get(counter, (AT_ONCE, None)),
            )
            for counter, need in needs.items()
            if counter.key not in keys
        ),
        tuple(
            (counter, windows.index(counter.window), need, late_days + counter.reach)
            for counter, need in needs.items()
            if counter.key in keys
        ),
        _level(program, gains),
        lessen,
    )


def _amounts(program: CompiledProgram, matcher: Matcher, plans: list[Plan]) -> dict[int, int] | None:
    """Number of the award -> units, by these rules; None where some depend on the event."""
    policy = program.program.multipliers
    found, number = {}, 0
    for plan in matcher.plans:
        for award in plan.awards:
            if plan in plans:
                if award.formula is not None:
                    return None
                factors = [
                    thousandths
                    for one in matcher.multipliers
                    if one in plans
                    for currency, thousandths in one.factors
                    if currency == award.currency
                ]
                found[number] = multiplied(award.amount, factors, policy)
            number += 1
    return found


def _leaving(plan: Plan, amounts: list[int]) -> Iterator[tuple[Counter, tuple[int, Leaving]]]:
    """The limits for want of whose room a rule does not fire, and from how much held on that is all there is to it."""
    for counter in plan.firings:
        yield counter, (AT_ONCE, (plan.index, counter.refused))
    if len(amounts) == 1:
        for counter in dict.fromkeys(plan.awards[0].counters):
            if not counter.cut:
                yield counter, (max(0, counter.most - amounts[0] + 1), (plan.index, counter.refused))
            elif not plan.grants:
                yield counter, (counter.most, (plan.index, counter.refused))


def _level(
    program: CompiledProgram, gains: Mapping[str, int]
) -> tuple[str, int, Mapping[str, int], int] | None:
    levels = program.program.levels
    if levels is None or not levels.steps or not gains:
        return None
    thresholds = (*program.level_thresholds, BEYOND)
    following = {id: thresholds[rank] for id, rank in program.level_ranks.items()}
    return levels.currency, gains.get(levels.currency, 0), following, thresholds[0]
