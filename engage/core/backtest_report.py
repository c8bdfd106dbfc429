"""What a backtest found, as an administrator reads it: what the trial awards beside what was awarded, and why.

Owns the shape of the answer and its words. Must not know how anything was counted or where it is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import TypeVar

from msgspec import Struct

from engage.core.backtest import UNDER_TRIAL
from engage.core.backtest_budgets import BudgetFound, Daily, budgets_found
from engage.core.backtest_counts import Counts, Side
from engage.core.backtest_people import Pair, People, Someone, Standing
from engage.core.blockers import parts
from engage.core.compiled import CompiledProgram
from engage.core.decisions import REASONS
from engage.core.ledger import ISSUED
from engage.core.program import Program
from engage.core.verdicts import VERDICTS, Verdict, fired
from engage.core.why import verdict_text, verdict_word

K = TypeVar("K")


class CurrencyFound(Struct, frozen=True):
    """`awarded` by rules, and `returned`: taken back by undoing events. Whole units."""

    currency: str
    awarded: Pair
    returned: Pair
    members: Pair
    """Who was awarded something."""
    cost: Cost | None
    """Of what was awarded less what was returned, where the price of a unit is given."""


class Cost(Struct, frozen=True):
    """In whatever money the price was, exactly."""

    trial: str
    actual: str
    difference: str


class DayFound(Struct, frozen=True):
    """What was awarded on one local day, less what was returned on it."""

    day: str
    currency: str
    awarded: Pair


class LevelFound(Struct, frozen=True):
    """How many members stand at a level when the period ends."""

    level: str
    members: Pair


class LevelChange(Struct, frozen=True):
    """Members whom the trial leaves at another level than they have."""

    level: Standing
    members: int


class MemberFound(Struct, frozen=True):
    company: str
    member: str
    currency: str
    awarded: Pair
    level: Standing


class Stop(Struct, frozen=True):
    """What stopped a rule or cut its award, how often, and how many events it alone kept from the rule."""

    verdict: str
    text: str
    times: int
    alone: int | None
    """None where it is not known: of rules with several clauses that no event triggers."""


class RuleFound(Struct, frozen=True):
    """One rule: for how many events it was considered, how often it fired, what it awarded, and what stopped it."""

    rule: str
    name: str
    considered: Pair
    fired: Pair
    awarded: dict[str, Pair]
    stopped: list[Stop]
    """Of the trial, the most frequent first."""


class UndecidedFound(Struct, frozen=True):
    """Events that no rule was considered for, and why."""

    code: str
    message: str
    events: Pair


class CompanyFound(Struct, frozen=True):
    company: str
    currency: str
    awarded: Pair
    """Less what was returned."""


class BacktestReport(Struct, frozen=True):
    """A whole backtest. Every figure stands on both sides: the trial's, and what was actually done."""

    first_day: str
    last_day: str
    companies: int
    entries: int
    events: int
    currencies: list[CurrencyFound]
    days: list[DayFound]
    budgets: list[BudgetFound]
    levels: list[LevelFound]
    level_changes: list[LevelChange]
    movers: list[MemberFound]
    """Some of those whose level differs."""
    winners: list[MemberFound]
    """In each currency, who gets most from the trial."""
    rules: list[RuleFound]
    badges: dict[str, Pair]
    undecided: list[UndecidedFound]
    by_company: list[CompanyFound]
    redemptions: Pair
    """Asked for, and not for want of points refused."""
    below_zero: int
    """Members whom the trial leaves with less than nothing: by hand they were taken what it does not award."""
    left_out: tuple[str, ...] = ()
    """Companies of whom members were erased since: what they did then cannot be decided again."""


def report(
    counts: Counts,
    people: People,
    names: Mapping[tuple[str, int], str],
    program: CompiledProgram | None,
    versions: Mapping[int, CompiledProgram],
    *,
    days: tuple[int, int],
    companies: int,
    prices: Mapping[str, Decimal],
    left_out: Sequence[str] = (),
) -> BacktestReport:
    """`program` is the one under trial, None for those that were in force. `versions` are those that were in force,
    by number; `names` the external ids of `people.movers` and `people.winners` by company and number."""
    mains = program.program if program is not None else None
    return BacktestReport(
        first_day=_day(days[0]),
        last_day=_day(days[1]),
        companies=companies,
        left_out=tuple(left_out),
        entries=counts.entries,
        events=counts.events,
        currencies=_currencies(counts, people, prices),
        days=[
            DayFound(_day(day), currency, pair)
            for (day, currency), pair in _net(counts, lambda key: (key[1], key[2]))
        ],
        budgets=budgets_found(counts, mains, versions, _daily(counts)) if mains is not None else [],
        levels=[LevelFound(level, Pair(*both)) for level, both in _by_rank(people.levels, mains)],
        level_changes=[
            LevelChange(level, members)
            for level, members in sorted(
                people.changes.items(), key=lambda one: (-one[1], one[0].actual, one[0].trial)
            )
        ],
        movers=[_named(one, names) for one in people.movers],
        winners=[_named(one, names) for _, best in sorted(people.winners.items()) for one in best],
        rules=_rules(counts, program, versions),
        badges={
            badge: Pair(counts.trial.badges.get(badge, 0), counts.actual.badges.get(badge, 0))
            for badge in sorted(counts.trial.badges.keys() | counts.actual.badges.keys())
        },
        undecided=[
            UndecidedFound(
                *REASONS[reason],
                Pair(counts.trial.undecided.get(reason, 0), counts.actual.undecided.get(reason, 0)),
            )
            for reason in sorted(counts.trial.undecided.keys() | counts.actual.undecided.keys())
        ],
        by_company=[
            CompanyFound(company, currency, pair)
            for (company, currency), pair in _net(counts, lambda key: (key[0], key[2]))
        ],
        redemptions=Pair(counts.trial.redemptions, counts.actual.redemptions),
        below_zero=people.below_zero,
    )


def _day(day: int) -> str:
    return date.fromordinal(day).isoformat()


def _named(one: Someone, names: Mapping[tuple[str, int], str]) -> MemberFound:
    return MemberFound(one.company, names[(one.company, one.number)], one.currency, one.awarded, one.level)


def _by_rank(levels: Mapping[str, list[int]], program: Program | None) -> list[tuple[str, list[int]]]:
    """In the order of the trial's levels; those it does not have come first."""
    ranks = (
        {level.id: rank for rank, level in enumerate(program.levels.steps)}
        if program and program.levels
        else {}
    )
    return sorted(levels.items(), key=lambda one: (ranks.get(one[0], -1), one[0]))


# --- points ---------------------------------------------------------------------------------------------------

Key = tuple[str, int, str, int, int]
"""(company, day, currency, place it came from, place it went to)."""


def _issued(side: Side, by: Callable[[Key], K], *, returned: bool = False) -> dict[K, int]:
    """Units awarded, or those returned, by whatever of the key is wanted."""
    sums: dict[K, int] = {}
    for key, amount in side.moved.items():
        if key[4 if returned else 3] == ISSUED:
            sums[by(key)] = sums.get(by(key), 0) + amount
    return sums


def _net(counts: Counts, by: Callable[[Key], K]) -> list[tuple[K, Pair]]:
    """Awarded less returned, on both sides, in order."""
    sums: dict[K, list[int]] = {}
    for side, counted in enumerate((counts.trial, counts.actual)):
        for returned, sign in ((False, 1), (True, -1)):
            for key, amount in _issued(counted, by, returned=returned).items():
                sums.setdefault(key, [0, 0])[side] += sign * amount
    return [(key, Pair(*both)) for key, both in sorted(sums.items())]


def _currencies(counts: Counts, people: People, prices: Mapping[str, Decimal]) -> list[CurrencyFound]:
    sides = (counts.trial, counts.actual)
    awarded = [_issued(side, lambda key: key[2]) for side in sides]
    returned = [_issued(side, lambda key: key[2], returned=True) for side in sides]
    found = []
    for currency in sorted({name for sums in (*awarded, *returned) for name in sums}):
        gained = Pair(*(sums.get(currency, 0) for sums in awarded))
        back = Pair(*(sums.get(currency, 0) for sums in returned))
        price = prices.get(currency)
        cost = None
        if price is not None:
            net = gained.trial - back.trial, gained.actual - back.actual
            cost = Cost(f"{price * net[0]:f}", f"{price * net[1]:f}", f"{price * (net[0] - net[1]):+f}")
        members = Pair(*people.awarded.get(currency, (0, 0)))
        found.append(CurrencyFound(currency, gained, back, members, cost))
    return found


def _daily(counts: Counts) -> Daily:
    daily: Daily = {}
    for (company, currency, day), pair in _net(counts, lambda key: (key[0], key[2], key[1])):
        daily.setdefault((company, "", currency), []).append((day, pair.actual))
    return daily


# --- rules ----------------------------------------------------------------------------------------------------


def _rules(
    counts: Counts, program: CompiledProgram | None, versions: Mapping[int, CompiledProgram]
) -> list[RuleFound]:
    """Those of the trial in their order, then those that only were in force."""
    known = dict(versions) if program is None else {**versions, UNDER_TRIAL: program}
    order = {rule.id: (0, place) for place, rule in enumerate(program.program.rules)} if program else {}
    found: dict[str, _Rule] = {}
    for side, counted in enumerate((counts.trial, counts.actual)):
        for ((version, event, occasions, index), code), times in counted.verdicts.items():
            rules = known[version].rules_considered(event, occasions)
            rule = rules[index]
            one = found.setdefault(rule.id, _Rule(rule.name))
            one.considered[side] += times
            one.fired[side] += times if fired(code) else 0
            if side == 0 and code % VERDICTS != Verdict.FIRED:
                node, verdict = divmod(code, VERDICTS)
                alone: int | None = 0 if fired(code) else times
                if verdict == Verdict.CONDITION and len(list(parts(rule.conditions))) > 1:
                    alone = None if occasions else counts.alone.get((event, index, node), 0)
                text = verdict_text(code, rule, rules, known[version].program, {})
                one.stop(verdict_word(code), text, times, alone)
        for ((version, event, occasions, index), currency), amount in counted.by_rule.items():
            rule = known[version].rules_considered(event, occasions)[index]
            one = found.setdefault(rule.id, _Rule(rule.name))
            one.awarded.setdefault(currency, [0, 0])[side] += amount
    ids = sorted(found, key=lambda id: order.get(id, (1, 0)))
    return [found[id].found(id) for id in ids]


class _Rule:
    """A rule by its id, whichever versions it stands in."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.considered = [0, 0]
        self.fired = [0, 0]
        self.awarded: dict[str, list[int]] = {}
        self.stops: dict[tuple[str, str], tuple[int, int | None]] = {}

    def stop(self, verdict: str, text: str, times: int, alone: int | None) -> None:
        before, before_alone = self.stops.get((verdict, text), (0, 0))
        known = None if alone is None or before_alone is None else before_alone + alone
        self.stops[(verdict, text)] = before + times, known

    def found(self, id: str) -> RuleFound:
        stops = sorted(self.stops.items(), key=lambda one: (-one[1][0], one[0]))
        return RuleFound(
            id,
            self.name,
            Pair(*self.considered),
            Pair(*self.fired),
            {currency: Pair(*both) for currency, both in sorted(self.awarded.items())},
            [Stop(verdict, text, *sums) for (verdict, text), sums in stops],
        )
