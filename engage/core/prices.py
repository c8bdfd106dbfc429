"""What one event brings by a program: how far the points of a week tell how often something was done.

Owns this reckoning alone. Must not know who did what, nor what may be told (`engage.core.published`).
"""

from __future__ import annotations

from math import prod
from typing import NamedTuple

from engage.core.effects import Award, Formula, Multiply
from engage.core.goals import referral_rules, reward_rules
from engage.core.program import Program, Rule
from engage.core.state import AMOUNT_MAX


class Price(NamedTuple):
    """The least and the most that one event brings; of formulas without an end no number of events follows, and they
    are in neither. Stored within measures."""

    least: int
    most: int


Prices = dict[str, dict[str, Price]]
"""Currency -> event -> its price. "" is what no event triggers, such as a quest: the most that comes at once."""


def prices_of(program: Program) -> Prices:
    found: Prices = {}
    rules = (*program.rules, *reward_rules(program), *referral_rules(program))
    for rule in rules:
        for effect in rule.effects:
            if isinstance(effect, Award):
                prices = found.setdefault(effect.currency, {})
                known, own = prices.get(rule.trigger, Price(0, 0)), _price(rule, effect)
                most = known.most + own.most if rule.trigger else max(known.most, own.most)
                prices[rule.trigger] = Price(known.least + own.least if rule.trigger else 0, most)
    for currency, prices in found.items():
        factor = _factor(program, rules, currency)
        for event, price in prices.items():
            prices[event] = Price(price.least, min(AMOUNT_MAX, price.most * factor // 1000))
    return found


def _price(rule: Rule, award: Award) -> Price:
    if award.formula is not None:
        return Price(0, _highest(award.formula))
    always = not (rule.conditions or rule.limits or rule.audience or rule.campaign or rule.group)
    return Price(award.amount if always and not award.pending else 0, award.amount)


def _highest(formula: Formula) -> int:
    if formula.most is not None:
        return formula.most
    if formula.rate or any(bracket.rate for bracket in formula.brackets):
        return 0
    return max((bracket.amount for bracket in formula.brackets), default=0)


def _factor(program: Program, rules: tuple[Rule, ...], currency: str) -> int:
    """In thousandths, of all multipliers that may meet."""
    found = [
        effect.thousandths
        for rule in rules
        for effect in rule.effects
        if isinstance(effect, Multiply) and effect.currency == currency
    ]
    if program.multipliers == "largest":
        return max([1000, *found])
    if program.multipliers == "add":
        return 1000 + sum(found)
    return int(1000 * prod(max(1.0, one / 1000) for one in found))
