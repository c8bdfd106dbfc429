"""How the rules of one trigger fire together: limits, budgets, multipliers, awards and badges.

Owns what becomes of a rule whose conditions hold. Must not know why an event is decided at all, levels, or storage:
`engage.core.decide` asks, and the course of the decision keeps what was granted.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from engage.core.compiled import Matcher, Plan
from engage.core.course import Course
from engage.core.formulas import MISSING, reckon, rounded
from engage.core.groups import fire_in_groups
from engage.core.limits import Counter
from engage.core.pending import crowded, hold_back
from engage.core.program import THOUSANDTHS_ONE, Multipliers
from engage.core.state import AMOUNT_MAX
from engage.core.verdicts import Extended, Verdict, extended_code, fired, verdict_code

FIRED: Final = verdict_code(Verdict.FIRED)
CEILING: Final = verdict_code(Verdict.CEILING)


def fire_rules(course: Course, matcher: Matcher, stopped: Sequence[int]) -> None:
    """Fire the rules of one trigger: each gets a verdict, and the course what the fired ones grant.

    `stopped` has, per rule, 0 when its conditions hold, else the code of what stopped it. A rule that
    multiplies may then be refused for its own awards, though its factor was counted: all are decided again without it.
    """
    plans = matcher.plans
    refused: dict[int, int] = {}
    while True:
        factors: dict[str, list[int]] = {}
        multiplying = _factors(course, matcher.multipliers, stopped, refused, factors)
        start = course.mark() if multiplying else None
        codes: list[int] = []
        if matcher.exclusive:
            known = [code or refused.get(index) for index, code in enumerate(stopped)]
            codes = fire_in_groups(course, plans, known, partial(_fire, course, factors))
        else:
            for plan, stop in zip(plans, stopped, strict=True):
                code = stop or refused.get(plan.index)
                codes.append(code or _fire(course, factors, plan))
        unfired = {index: codes[index] for index in multiplying if not fired(codes[index])}
        if not unfired or start is None:
            course.verdicts += codes
            return
        refused |= unfired
        course.go_back(start)


def _factors(
    course: Course,
    multipliers: Sequence[Plan],
    stopped: Sequence[int],
    refused: dict[int, int],
    factors: dict[str, list[int]],
) -> Sequence[int]:
    """Which rules multiply this time; their factors (thousandths) go into `factors`, by currency."""
    multiplying: list[int] = []
    for plan in multipliers:
        if stopped[plan.index] or plan.index in refused or _exhausted(course, plan):
            continue
        multiplying.append(plan.index)
        for currency, thousandths in plan.factors:
            factors.setdefault(currency, []).append(thousandths)
    return multiplying


def _exhausted(course: Course, plan: Plan) -> int:
    """The code of the limit on firings that refuses the rule, or 0."""
    for counter in plan.firings:
        if course.left(counter) < 1:
            return counter.refused
    return 0


def _fire(course: Course, factors: dict[str, list[int]], plan: Plan) -> int:
    """The verdict code of a rule whose conditions hold, and its effects if it fires."""
    exhausted = _exhausted(course, plan)
    if exhausted:
        return exhausted
    # Nothing comes before the first award that could have to be taken back.
    before = course.mark() if len(plan.awards) > 1 else None
    code, granted = FIRED, plan.grants
    refusal = FIRED
    for award in plan.awards:
        amount, stop = award.amount, None
        if award.formula is not None:
            amount = reckon(award.formula, course.facts())
            if amount < 1:
                if not code:
                    code, refusal = unearned(award.effect, amount)
                continue
        if factors:
            amount = multiplied(amount, factors.get(award.currency), course.program.program.multipliers)
        if award.counters:
            amount, stop = _allowed(course, award.counters, amount)
        if (stop is not None and not stop.cut) or course.overflows(award.currency, amount):
            # Refused, and as a whole: what the rule had awarded so far is taken back.
            if before is not None:
                course.go_back(before)
            return stop.refused if stop is not None and not stop.cut else CEILING
        if award.pending is not None and crowded(course, award):
            if before is not None:
                course.go_back(before)
            return extended_code(Extended.CROWDED, award.effect)
        if stop is not None and not code:
            code, refusal = stop.cut, stop.refused
        if amount:
            granted = True
            if award.pending is None:
                course.award(plan.index, award.currency, amount)
            else:
                hold_back(course, plan, award, amount)
            for counter in award.counters:
                course.count(counter, amount)
    if not granted and code:
        return refusal  # an award cut to nothing is a refusal by the same limit or budget
    if plan.grants:
        for badge in plan.badges:
            course.grant(badge)
        course.freezes += plan.freezes
        course.pushes += plan.advances
        course.tags += plan.tags
        course.nudges += plan.nudges
    for counter in plan.firings:
        course.count(counter, 1)
    return code


def _allowed(course: Course, counters: Sequence[Counter], amount: int) -> tuple[int, Counter | None]:
    """What limits and budgets leave of an award, and the last one that cut or the first that refuses it."""
    stop = None
    for counter in counters:
        left = course.left(counter)
        if left < amount:
            stop = counter
            if not counter.cut:
                return 0, stop
            amount = max(left, 0)
    return amount, stop


def unearned(effect: int, reckoned: int) -> tuple[int, int]:
    """The codes of a formula that is worth nothing: of a rule that does something else, and of one that does not."""
    if reckoned == MISSING:
        return extended_code(Extended.FIRED_MISSING, effect), extended_code(Extended.MISSING, effect)
    return extended_code(Extended.FIRED_BELOW_ONE, effect), extended_code(Extended.BELOW_ONE, effect)


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
    return min(rounded(numerator, denominator), AMOUNT_MAX)
