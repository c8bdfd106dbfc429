"""What one event brings at least and at most, beside every way in which its multipliers may meet."""

from __future__ import annotations

from itertools import combinations

import pytest

from engage.core.prices import Price, prices_of
from engage.core.program import Multipliers
from engage.core.rules import multiplied
from engage.document import read_program

AMOUNTS = (5, 5, 1000)


@pytest.mark.parametrize("policy", ["largest", "compound", "add"])
@pytest.mark.parametrize("factors", [(), (1500,), (1150, 1200), (1500, 2000, 1050), (500,), (800, 500, 1500)])
def test_multipliers_bring_no_less_and_no_more(policy: Multipliers, factors: tuple[int, ...]) -> None:
    awards = "".join(
        f"  - {{id: a{n}, trigger: Export, effects: [award: {a}]}}\n" for n, a in enumerate(AMOUNTS)
    )
    multipliers = "".join(
        f"  - {{id: m{n}, trigger: Export, conditions: {{field: event.hour, op: lt, value: {n + 1}}}, "
        f"effects: [multiply: {{by: {factor / 1000}}}]}}\n"
        for n, factor in enumerate(factors)
    )
    program = read_program(
        f"name: Prices\nmultipliers: {policy}\nevents: {{Export: {{}}}}\ncurrencies: {{points: {{}}}}\n"
        f"rules:\n{awards}{multipliers}"
    ).program
    assert program is not None
    brought = [
        sum(multiplied(amount, list(met), policy) for amount in AMOUNTS)
        for count in range(len(factors) + 1)
        for met in combinations(factors, count)
    ]
    assert prices_of(program)["points"] == {"Export": Price(min(brought), max(brought))}


def test_a_quest_that_awards_twice_brings_both_at_once() -> None:
    program = read_program(
        "name: Prices\nevents: {Export: {}}\ncurrencies: {points: {}}\nquests:\n"
        "  - {id: ten, name: Ten, goal: {event: Export, reach: 10}, effects: [award: 100, award: 50]}\n"
        "  - {id: two, name: Two, goal: {event: Export, reach: 2}, effects: [award: 120]}\n"
    ).program
    assert program is not None
    assert prices_of(program)["points"] == {"": Price(0, 150)}
