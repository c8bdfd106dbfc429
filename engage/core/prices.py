"""What one event brings by a program: how far the points of a week tell how often something was done.

Owns this reckoning alone. Must not know who did what, nor what may be told (`engage.core.published`).
"""

from __future__ import annotations

from typing import Final, NamedTuple

from engage.core.effects import Award, Formula, Multiply
from engage.core.goals import referral_rules, reward_rules
from engage.core.program import THOUSANDTHS_ONE, Program, Rule
from engage.core.rules import multiplied
from engage.core.state import AMOUNT_MAX


class Price(NamedTuple):
    """The least and the most that one event brings; of formulas without an end no number of events follows, and they
    are in neither. Stored within measures."""

    least: int
    most: int


NOTHING: Final = Price(0, 0)
Prices = dict[str, dict[str, Price]]
"""Currency -> event -> its price. "" is what no event triggers, such as a quest: the most that comes at once."""


def prices_of(program: Program) -> Prices:
    found: Prices = {}
    rules = (*program.rules, *reward_rules(program), *referral_rules(program))
    for rule in rules:
        for currency, own in _brought(program, rules, rule).items():
            prices = found.setdefault(currency, {})
            known = prices.get(rule.trigger, NOTHING)
            if rule.trigger:
                prices[rule.trigger] = _together(known, own)
            else:
                prices[rule.trigger] = Price(0, max(known.most, own.most))
    return found


def _brought(program: Program, rules: tuple[Rule, ...], rule: Rule) -> dict[str, Price]:
    """Currency -> what a rule awards when it fires."""
    found: dict[str, Price] = {}
    for effect in rule.effects:
        if isinstance(effect, Award):
            own = _multiplied(_price(rule, effect), program, rules, effect.currency)
            found[effect.currency] = _together(found.get(effect.currency, NOTHING), own)
    return found


def _together(one: Price, other: Price) -> Price:
    return Price(one.least + other.least, min(AMOUNT_MAX, one.most + other.most))


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


def _multiplied(price: Price, program: Program, rules: tuple[Rule, ...], currency: str) -> Price:
    """By the multipliers that may meet: those that take most away, and those that add most."""
    found = [
        effect.thousandths
        for rule in rules
        for effect in rule.effects
        if isinstance(effect, Multiply) and effect.currency == currency
    ]
    lowering = sorted(one for one in found if one < THOUSANDTHS_ONE)
    raising = [one for one in found if one > THOUSANDTHS_ONE]
    if program.multipliers == "largest":
        lowering = lowering[:1]
    return Price(
        multiplied(price.least, lowering, program.multipliers),
        multiplied(price.most, raising, program.multipliers),
    )
