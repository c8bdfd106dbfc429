"""Who used and earned what, week by week and month by month, recounted from the weeks themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

import pytest

from engage.core.activity import mark_day, mark_earning, mark_feature
from engage.core.calendar import month_end
from engage.core.measures import WeekMeasures
from engage.core.program import Currency, EventType, Program, Rule
from engage.core.state import CompanyState, DayRollup, MemberState
from tests.core.measuring import measure_weeks

FIRST = month_end(739_018)
"""The last Monday of a month: week 0."""
WEEKS = 14
NAMES = ("Export", "Share")
USED = (*NAMES, "Sign in")
"""The last was used before there was a program, which does not declare it."""
CURRENCIES = ("", "gems", "points")

Own = dict[str, set[int]]
"""The weeks in which one member did each thing."""


def month_of(week: int) -> int:
    return (week + 3) // 4


def twice(members: Sequence[set[int]], over: int, place: Callable[[int], int], floor: int) -> int:
    """How many did it in two weeks, or months, up to one that is over; counted up to the floor."""
    return min(floor, sum(len({place(week) for week in own if place(week) <= over}) > 1 for own in members))


def any_of(own: Own, names: Sequence[str]) -> set[int]:
    return set().union(*(own[name] for name in names))


def random_company(random: Random, floor: int) -> tuple[list[MemberState], list[Own], list[Own]]:
    """Members, in which weeks they used each key event, and in which they were awarded what: nothing is ""."""
    states, used, earned = [], [], []
    for _ in range(random.randint(floor, 9)):
        state = MemberState(joined=FIRST - 200)
        did: Own = {name: set() for name in USED}
        got: Own = {name: set() for name in CURRENCIES}
        for name in USED:
            for week in random.sample(range(-9, WEEKS), random.choice((0, 0, 1, 2, 3, 6))):
                currency = random.choice(CURRENCIES)
                mark_day(state, FIRST + 7 * week)
                mark_feature(state, name, FIRST + 7 * week)
                mark_earning(state, currency, FIRST + 7 * week)
                did[name].add(week)
                got[currency].add(week)
        states.append(state)
        used.append(did)
        earned.append(got)
    return states, used, earned


def measured(states: Sequence[MemberState], rewarded: Sequence[str], floor: int) -> list[WeekMeasures]:
    rules = tuple(Rule(name, name, name) for name in rewarded)
    program = Program(
        "Told", {"points": Currency("")}, {name: EventType(name) for name in NAMES}, rules=rules
    )
    mondays = [FIRST + 7 * at for at in range(WEEKS)]
    days = {monday: DayRollup() for monday in mondays}
    return measure_weeks(program, CompanyState(members=len(states)), states, days, mondays, (), floor)


@pytest.mark.parametrize("seed", range(40))
def test_who_used_and_earned_what_is_as_the_weeks_say(seed: int) -> None:
    random = Random(seed)
    floor = random.choice((2, 3, 5))
    states, used, earned = random_company(random, floor)
    rewarded = random.sample(NAMES, random.choice((0, 1, 1, 2)))
    beyond = [any_of(own, [name for name in USED if name not in rewarded]) for own in used]
    paid = [any_of(own, CURRENCIES[1:]) for own in earned]
    came = [any_of(own, USED) for own in used]
    loud = {week for week in range(-9, WEEKS) if sum(week in own for own in came) >= floor}

    def in_month(members: Sequence[set[int]], month: int) -> int:
        return sum(any(month_of(week) == month for week in own & loud) for own in members)

    for at, week in enumerate(measured(states, rewarded, floor)):
        month = at // 4  # the newest that is over
        for name, feature in week.features.items():
            each = [own[name] for own in used]
            assert feature.members == sum(at in own for own in each)
            assert feature.members_4w == in_month(each, month)
            assert feature.often == twice(each, at, int, floor)
            assert feature.again == twice(each, month, month_of, floor)
            assert feature.organic is (name not in rewarded)
        assert week.organic_4w == in_month(beyond, month)
        assert week.organic_again == twice(beyond, month, month_of, floor)
        assert week.earners_often == twice(paid, at, int, floor)
        assert week.unrewarded_often == twice([own[""] for own in earned], at, int, floor)
        for currency in CURRENCIES[1:]:
            often = twice([own[currency] for own in earned], at, int, floor)
            assert week.receivers_often.get(currency, 0) == often


def test_what_is_longer_ago_than_is_remembered_is_not_counted_as_once_more() -> None:
    member = MemberState(joined=FIRST - 800)
    for week in (-70, 0):
        mark_day(member, FIRST + 7 * week)
        mark_feature(member, "Export", FIRST + 7 * week)
        mark_earning(member, "points", FIRST + 7 * week)
    for told in measured([member], (), 5):
        assert (told.features["Export"].often, told.features["Export"].again, told.organic_again) == (0, 0, 0)
        assert (told.earners_often, told.receivers_often) == (0, {})
