"""Points, and what they would tell of the events that brought them: see `points_attack.py`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest

from engage.core import prices, published, rounding
from engage.core.measures import FeatureWeek, WeekMeasures
from engage.core.prices import Price, prices_of
from engage.core.program import Program
from engage.core.rounding import balance_step, band_around
from engage.core.state import AMOUNT_MAX
from engage.document import read_program
from tests.privacy.points_attack import attack_points
from tests.privacy.populations import FIRST

ATTACKS = int(os.environ.get("ENGAGE_ATTACKS", "150"))


def learned(companies: int) -> Iterator[str]:
    for index in range(companies):
        for one in attack_points(Random(index)):
            yield f"company {index}: {one}"


def test_points_do_not_tell_how_often_few_did_something() -> None:
    assert list(learned(ATTACKS)) == []


def exact(week: WeekMeasures, currency: str, k: int) -> tuple[int, int]:
    return week.issued[currency], week.issued[currency]


def to_a_fifth(week: WeekMeasures, currency: str, k: int) -> tuple[int, int]:
    step = balance_step(week.issued[currency])
    middle = step * round(week.issued[currency] / step)
    return middle - step // 2, middle + step // 2


def of_one_point(week: WeekMeasures, currency: str, k: int) -> tuple[int, int]:
    week.awards = {currency: {event: Price(0, 1) for event in week.awards[currency]}}
    return issued_band(week, currency, k)


issued_band = published.issued_band


@pytest.mark.parametrize("band", [exact, to_a_fifth, of_one_point])
def test_without_bands_of_what_is_not_told_it_is_learned(
    band: Callable[..., tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(published, "issued_band", band)
    assert next(learned(300), None) is not None


def test_without_room_at_the_end_of_the_bands_it_is_learned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        prices, "band_around", lambda amount, sure, width, most: band_around(amount, sure, width, None)
    )
    assert next(learned(3000), None) is not None


@pytest.mark.parametrize(
    "amount, width, most, band",
    [
        (100, 10, None, (100, 109)),
        (110, 10, None, (110, 119)),
        (99, 10, None, (90, 99)),
        (1000, 10, None, (843, 1028)),
        (112, 10, 115, (100, 115)),
        (100, 0, None, (100, 100)),
    ],
)
def test_a_band_begins_at_what_is_sure_and_the_last_has_room(
    amount: int, width: int, most: int | None, band: tuple[int, int]
) -> None:
    low, high = band_around(amount, 100, width, most)
    assert low <= amount <= high
    assert (low, high) == band


def test_the_price_of_an_event_is_what_its_rules_bring_at_least_and_at_most() -> None:
    program = _program(
        """
name: Prices
multipliers: largest
events: {Export: {}, Deal: {properties: {value: {type: number}}}}
currencies: {points: {}}
rules:
  - {id: export, trigger: Export, effects: [award: 10]}
  - {id: more, trigger: Export, effects: [award: 5], limits: [{per: member, window: day, count: 1}]}
  - {id: deal, trigger: Deal, effects: [award: {currency: points, of: event.properties.value, rate: 0.01}]}
quests: [{id: ten, name: Ten, goal: {event: Export, reach: 10}, effects: [award: 100]}]
"""
    )
    found = prices_of(program)["points"]
    assert found == {"Export": Price(10, 115, 25), "Deal": Price(0, AMOUNT_MAX)}


def test_what_a_few_events_brought_without_an_end_is_not_told() -> None:
    week = WeekMeasures(FIRST, members=30, active=30, active_4w=30, definition=2, floor=5)
    week.events, week.incentivised, week.earners, week.unrewarded = 100, 42, 20, 30
    week.receivers, week.issued = {"points": 20}, {"points": 403}
    week.features = {
        "Export": FeatureWeek(20, 20, 40),
        "Deal": FeatureWeek(2, 2, 2),
        "Note": FeatureWeek(30, 30, 58),
    }
    week.awards["points"] = {"Export": Price(10, 10), "Deal": Price(0, 30)}
    assert published.publish_events(week, 5).issued["points"].value is not None
    for endless in (Price(0, AMOUNT_MAX), Price(0, 0)):
        week.awards["points"]["Deal"] = endless
        assert published.publish_events(week, 5).issued["points"].value is None
    week.awards["points"] = {"Export": Price(10, AMOUNT_MAX)}
    assert published.publish_events(week, 5).issued["points"].text == "403"


def _of_one_member(deals: int) -> float:
    """How far apart are the least and the most deals of one member that brought most of the points, for whoever knows
    how often all else was done; as a share of what they were."""
    k, price, logs = 5, 250, 90
    week = WeekMeasures(FIRST, members=30, active=30, active_4w=30, definition=2, floor=k)
    week.events, week.incentivised, week.earners, week.unrewarded = logs + deals + 60, logs + deals, 30, 30
    week.receivers, week.issued = {"points": 30}, {"points": logs + price * deals}
    week.features = {
        "Log": FeatureWeek(30, 30, logs, often=k),
        "Deal": FeatureWeek(1, 1, deals),
        "Note": FeatureWeek(30, 30, 60, often=k),
    }
    week.awards["points"] = {"Log": Price(1, 1), "Deal": Price(price, price)}
    assert published.publish_events(week, k).issued["points"].value is not None
    low, high = published.issued_band(week, "points", k)
    assert (high - low) // price >= 2 * k - 1
    return (high - low) / price / deals


def test_what_one_member_brought_by_dear_events_is_told_no_closer_than_within_a_sixth(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert min(map(_of_one_member, range(1, 400))) > 0.165
    monkeypatch.setattr(rounding, "BALANCE_STEPS", 1000)
    assert min(map(_of_one_member, range(1, 400))) < 0.165


def _program(text: str) -> Program:
    found: Any = read_program(text)
    assert found.program is not None, [str(problem) for problem in found.problems]
    program: Program = found.program
    return program
