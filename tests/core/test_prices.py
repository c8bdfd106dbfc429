"""What one event brings at least and at most, beside every way in which its multipliers may meet."""

from __future__ import annotations

from itertools import combinations

import pytest

from engage.core.prices import Price, band_of_issued, prices_of
from engage.core.program import Multipliers
from engage.core.rules import multiplied
from engage.core.state import AMOUNT_MAX
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


VALUE = "of: event.properties.value"


@pytest.mark.parametrize(
    "awards, price",
    [
        (f"award: {{{VALUE}, rate: 0.5}}", Price(0, AMOUNT_MAX)),
        (f"award: 10, award: {{{VALUE}, rate: 0.5}}", Price(10, AMOUNT_MAX)),
        (f"award: {{{VALUE}, rate: 0.5, max: 70}}", Price(0, 70)),
        (f"award: {{{VALUE}, brackets: [{{from: 0, amount: 5}}, {{from: 9, amount: 40}}]}}", Price(0, 40)),
        (f"award: {{{VALUE}, min: 60, brackets: [{{from: 0, amount: 5}}]}}", Price(0, 60)),
        (
            f"award: {{{VALUE}, brackets: [{{from: 0, amount: 5}}, {{from: 9, rate: 1}}]}}",
            Price(0, AMOUNT_MAX),
        ),
    ],
)
def test_a_formula_brings_no_more_than_its_end(awards: str, price: Price) -> None:
    assert _prices(f"rules: [{{id: deal, trigger: Deal, effects: [{awards}]}}]") == {"Deal": price}


def test_a_limited_formula_ends_at_its_limit_and_that_of_some_events_at_nothing() -> None:
    rule = f"id: deal, trigger: Deal, effects: [award: {{{VALUE}, rate: 0.5}}]"
    limits = (
        "{per: member, window: month, currency: points, amount: 500}, {per: member, window: day, count: 3}"
    )
    assert _prices(f"rules: [{{{rule}, limits: [{limits}]}}]") == {"Deal": Price(0, 500)}
    some = "conditions: {field: event.hour, op: lt, value: 12}"
    fixed = "{id: fixed, trigger: Deal, effects: [award: 10]}"
    assert _prices(f"rules: [{fixed}, {{{rule}, {some}}}]") == {
        "Deal": Price(10, 10),
        "": Price(0, AMOUNT_MAX),
    }


def test_a_gift_is_what_no_event_brings() -> None:
    gifts = "giving: [{currency: points, window: month, allowance: 100, to_one: 40}]"
    rules = "rules: [{id: deal, trigger: Deal, effects: [award: 10]}]"
    assert _prices(f"{rules}\n{gifts}") == {"Deal": Price(10, 10), "": Price(0, 40)}
    assert _prices(gifts.replace(", to_one: 40", "")) == {"": Price(0, 100)}


def _prices(text: str) -> dict[str, Price]:
    found = read_program(
        "name: Prices\nevents: {Deal: {properties: {value: {type: number}}}}\ncurrencies: {points: {}}\n"
        + text
    )
    assert found.program is not None, [str(problem) for problem in found.problems]
    return prices_of(found.program)["points"]


# --- what is told of points beside events ---------------------------------------------------------------------


def _told(prices: dict[str, Price], amount: int, told: dict[str, int], earned: int) -> tuple[int, int]:
    return band_of_issued(amount, prices, told, earned, 5, alone=True)


def test_of_a_formula_without_an_end_the_band_holds_what_was_issued() -> None:
    for price in (Price(0, 0), Price(0, AMOUNT_MAX), Price(10, AMOUNT_MAX)):
        for amount in (200, 203, 12_345):
            low, high = _told({"Deal": price}, amount, {"Deal": 20}, 20)
            assert low <= amount <= high <= 1.25 * low + 1, price


def test_what_fewer_than_k_gave_is_not_told_beside_the_events() -> None:
    prices = {"Deal": Price(10, 10), "": Price(0, 40)}
    bands = {_told(prices, 200 + given, {"Deal": 20}, 20) for given in range(4 * 40 + 1)}
    assert bands == {(200, 599)}
