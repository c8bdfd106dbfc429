"""Formulas: how many units an award is worth when that depends on a number, reckoned exactly.

Owns the arithmetic of awards. No floats: a fraction is taken at its shortest decimal spelling (1.1 is eleven tenths), a
rate is a whole number of millionths, and there is one rounding, at the end. So every machine, replay and backtest
reckons the same. Must not know limits, multipliers or balances.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from engage.core.conditions import Facts, read_named
from engage.core.program import MILLIONTHS_ONE, THOUSANDTHS_ONE, Bracket, Formula, Round
from engage.core.state import AMOUNT_MAX

MISSING: Final = -1
"""The field is not given, or is of another type: there is nothing to reckon with."""


def reckon(formula: Formula, facts: Facts) -> int:
    """The units a formula is worth, at most AMOUNT_MAX; 0 when that is less than one; MISSING.

    `min` lifts what is worth something: a refund, whose value is negative, is not lifted to an award.
    """
    value = read_named(formula.of, formula.type, facts)
    if value is None:
        return MISSING
    numerator, denominator = Decimal(repr(value)).as_integer_ratio()
    rate, worth = formula.rate, 0
    if formula.brackets:
        bracket = _bracket(formula.brackets, numerator, denominator)
        if bracket is None:
            return 0
        rate, worth = bracket.rate, bracket.amount
    numerator, denominator = numerator * rate, denominator * MILLIONTHS_ONE
    if not worth and numerator <= 0:
        return 0
    worth = max(worth or rounded(numerator, denominator, formula.round), formula.least)
    return min(worth, formula.most or AMOUNT_MAX)


def _bracket(brackets: tuple[Bracket, ...], numerator: int, denominator: int) -> Bracket | None:
    """The last one that the value reaches; None below the first."""
    reached = None
    for bracket in brackets:
        if numerator * THOUSANDTHS_ONE < bracket.start * denominator:
            break
        reached = bracket
    return reached


def rounded(numerator: int, denominator: int, how: Round = "half_even") -> int:
    """A fraction, not below zero, as a whole number."""
    whole, rest = divmod(numerator, denominator)
    if how == "down" or not rest:
        return whole
    if how == "up" or rest * 2 > denominator or (rest * 2 == denominator and whole % 2):
        return whole + 1
    return whole
