"""In which weeks members were active, and which weeks were quiet, against a plain recount of their days."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from engage.core.activity import count_in, mark_day
from engage.core.calendar import month_end, week_of
from engage.core.measures import WeekMeasures
from engage.core.quiet import Activity
from engage.core.state import MemberState

WEEK = 7
MONDAY = 739_200 - 739_200 % 28 + 1
WEEKS = 30
FLOOR = 3


class Recount:
    def __init__(self, days: list[set[int]]) -> None:
        self.days = days

    def came(self, one: int, monday: int) -> bool:
        return any(monday <= day < monday + WEEK for day in self.days[one])

    def count(self, monday: int) -> int:
        return sum(self.came(one, monday) for one in range(len(self.days)))

    def began(self) -> int:
        firsts = sorted(week_of(min(days)) for days in self.days if days)
        return firsts[FLOOR - 1] if len(firsts) >= FLOOR else 0


def _state(days: set[int]) -> MemberState:
    state = MemberState()
    for day in sorted(days):
        mark_day(state, day)
    return state


def companies() -> Iterator[tuple[Recount, list[int], Activity]]:
    for seed in range(60):
        random = Random(seed)
        often = [random.choice((0, 0.01, 0.05, 0.3)) for _ in range(random.choice((2, 3, 6, 130)))]
        span = range(MONDAY, MONDAY + WEEK * WEEKS)
        days = [{day for day in span if random.random() < chance} for chance in often]
        first = random.randrange(10, WEEKS - 5)
        mondays = [MONDAY + WEEK * week for week in range(first, first + random.choice((1, 5)))]
        weeks = [WeekMeasures(monday) for monday in mondays]
        yield Recount(days), mondays, Activity(weeks, [_state(one) for one in days], FLOOR)


def test_a_week_with_fewer_active_members_than_the_floor_is_quiet_in_every_month() -> None:
    for recount, mondays, activity in companies():
        for monday in mondays:
            for ago in range(4):
                end = month_end(monday) - 4 * WEEK * ago
                loud = {back for back in range(4) if recount.count(end - WEEK * back) >= FLOOR}
                assert activity.loud_weeks(monday, ago) == sum(1 << back for back in loud)


def test_a_habit_is_of_the_twelve_weeks_that_end_with_the_month_quiet_ones_aside() -> None:
    for recount, mondays, activity in companies():
        for index, monday in enumerate(mondays):
            twelve = [month_end(monday) - WEEK * back for back in range(11, -1, -1)]
            loud = [recount.count(week) >= FLOOR for week in twelve]
            for one, used in enumerate(activity.used):
                came = [recount.came(one, week) and told for week, told in zip(twelve, loud, strict=True)]
                assert activity.habit(used, index) == sum(1 << WEEK * at for at in range(12) if came[at])


def test_a_week_says_how_many_came_in_each_of_its_month_and_since_when_as_many_as_the_floor_did() -> None:
    for recount, mondays, activity in companies():
        for index, monday in enumerate(mondays):
            week = WeekMeasures(monday)
            activity.describe(index, week)
            counts = [recount.count(month_end(monday) - WEEK * back) for back in (3, 2, 1, 0)]
            assert week.month == [count if count >= FLOOR else 0 for count in counts]
            began = recount.began()
            assert week.since == (began if began <= monday else 0)


def test_the_place_of_a_week_is_told_from_the_first_week_of_the_first_month() -> None:
    for recount, mondays, activity in companies():
        origin = month_end(mondays[0]) - 3 * WEEK
        for monday, (here, month, loud) in zip(mondays, activity.places, strict=True):
            first = month_end(monday) - 3 * WEEK
            assert (origin + WEEK * here, origin + WEEK * month) == (monday, first)
            told = {at for at in range(4) if recount.count(first + WEEK * at) >= FLOOR}
            assert loud == sum(1 << at for at in told)


def test_events_are_of_the_week_asked_for_and_none_outside_those_counted() -> None:
    member = MemberState(uses=(MONDAY, bytes([3, 0, 5])))
    told = [count_in(member.uses, MONDAY + WEEK * week) for week in range(-2, 5)]
    assert told == [0, 0, 3, 0, 5, 0, 0]
