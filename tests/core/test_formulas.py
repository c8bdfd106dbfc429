"""Formulas of awards: exact, bounded, and as a person with a pencil would reckon."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engage.core.conditions import Facts
from engage.core.formulas import MISSING, reckon, rounded
from engage.core.program import Bracket, Formula, Round
from engage.core.state import AMOUNT_MAX

HOW = st.sampled_from(["half_even", "down", "up"])


def facts(value: object) -> Facts:
    return Facts({"value": value}, {}, {})


def formula(rate: int = 0, *brackets: Bracket, round: Round = "half_even") -> Formula:
    return Formula("event.properties.value", "number", rate, brackets, round)


@given(value=st.decimals(0, 10**6, places=3), rate=st.integers(1, 10**9), how=HOW)
def test_a_rate_is_exact_to_the_last_decimal(value: object, rate: int, how: Round) -> None:
    exact = Fraction(str(value)) * rate / 10**6
    worth = reckon(formula(rate, round=how), facts(float(str(value))))
    assert {"half_even": round(exact), "down": exact // 1, "up": -(-exact // 1)}[how] == worth


def test_a_float_is_its_shortest_decimal_spelling() -> None:
    assert Fraction("1.005") > 1.005  # the float itself lies below what was written
    assert reckon(formula(100_000_000, round="down"), facts(1.005)) == 100
    assert reckon(formula(1_000_000_000, round="down"), facts(1.005)) == 1005


@pytest.mark.parametrize("value", [None, "5", True, float("nan"), float("inf"), [1], 2**53])
def test_what_is_no_number_is_missing(value: object) -> None:
    assert reckon(formula(1_000_000), facts(value)) == MISSING


@pytest.mark.parametrize("value", [1.7e308, 2**53 - 1, 5e-324, -1.7e308, 0, -0.0])
def test_no_number_is_too_large_or_too_small(value: float) -> None:
    worth = reckon(formula(10**12), facts(value))
    assert worth == (AMOUNT_MAX if value > 1 else 0)
    assert reckon(formula(0, Bracket(0, 7), Bracket(10**15, rate=10**12)), facts(value)) in (0, 7, AMOUNT_MAX)


@given(st.integers(0, 10**6), st.integers(1, 10**6))
def test_rounding_is_never_off_by_one(numerator: int, denominator: int) -> None:
    exact = Fraction(numerator, denominator)
    assert rounded(numerator, denominator) == round(exact)
    assert rounded(numerator, denominator, "down") <= exact <= rounded(numerator, denominator, "up")
    assert rounded(numerator, denominator, "up") - rounded(numerator, denominator, "down") == (exact % 1 != 0)


@pytest.mark.parametrize(
    "value, worth",
    [(1.999, 0), (2, 10), (9.9999, 10), (10, 30), (99.9999, 30), (100, 50), (101, 50), (103, 52)],
)
def test_the_last_bracket_reached_counts_for_the_whole(value: float, worth: int) -> None:
    brackets = (Bracket(2_000, 10), Bracket(10_000, 30), Bracket(100_000, rate=500_000))
    assert reckon(formula(0, *brackets), facts(value)) == worth
