"""Events whose rules award simply: told from how they are stored, without a decision.

Most rules award a fixed amount within limits per day, week or month: what they do is a few sums. Owns which events of
a program these are. What else a rule can do (wait, expire, belong to a campaign or group, count by department, tag,
advance a quest) is for `decide` and `fold`, and so is what an award may bring about: a level, a badge, a budget to be
told of. The generated function must do exactly what those two do, which a property test holds against them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from msgspec import Struct, field

from engage.core.backtest_counts import Side
from engage.core.blockers import blockers
from engage.core.compiled import CompiledProgram, Matcher, Plan
from engage.core.simple_code import Award, generate

MULTIPLIERS_MAX: Final = 3
"""Of one event: each doubles the amounts that are reckoned beforehand."""


class Tally(Struct):
    """What was counted of one event, until it is taken apart."""

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

    rules: list[tuple[int, str]] = field(default_factory=list)
    """(number of the rule, currency), by the number of the award."""

    def settle(self, side: Side, company: str, version: int, event: str) -> None:
        """Add what was counted to a side, as if each had been decided."""
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
                side.awarded(company, day, currency, amount)
            days.clear()


def new_tallies(
    program: CompiledProgram | None, events: Iterable[str], budget: Callable[[str, int, int, int, int], None]
) -> dict[str, Tally]:
    """One for each of some events."""
    if program is None:
        return {}
    found = {}
    for event in events:
        awards = [
            (plan.index, award.currency) for plan in program.matchers[event].plans for award in plan.awards
        ]
        days: dict[str, dict[int, int]] = {currency: {} for _, currency in awards}
        found[event] = Tally(budget, [0] * len(awards), days, rules=awards)
    return found


def simple_awards(program: CompiledProgram | None) -> Mapping[str, Award]:
    """By event, for those whose rules all are simple."""
    if program is None or program.period_key or program.reads_stage:
        return {}
    parts = blockers(program)
    return {
        event: generate(program, matcher, parts.get(event))
        for event, matcher in program.matchers.items()
        if event not in _counted(program) and _is_simple(program, matcher)
    }


def _counted(program: CompiledProgram) -> set[str]:
    """Events that bring something else about, whatever their rules do."""
    policy = program.program.referral
    boards = {board.what for board in program.program.leaderboards if board.of == "event"}
    return {*program.counting, *boards, *([policy.event] if policy is not None else ())}


def _is_simple(program: CompiledProgram, matcher: Matcher) -> bool:
    if matcher.exclusive or matcher.dated or len(matcher.multipliers) > MULTIPLIERS_MAX:
        return False
    boards = {board.what for board in program.program.leaderboards if board.of == "currency"}
    return all(_awards_simply(plan, boards | program.expires.keys()) for plan in matcher.plans)


def _awards_simply(plan: Plan, watched: set[str]) -> bool:
    """`watched`: the currencies whose awards count for something else."""
    if plan.tags or plan.nudges or plan.freezes or plan.advances or (plan.factors and plan.awards):
        return False
    counters = [*plan.firings, *(counter for award in plan.awards for counter in award.counters)]
    return all(counter.plain for counter in counters) and not any(
        award.pending is not None or award.currency in watched for award in plan.awards
    )
