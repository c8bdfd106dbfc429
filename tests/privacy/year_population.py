"""Small companies at random, and a year of their reports: thirteen months of four weeks, with members who join, leave
and change departments. Measured by the product from what each of them did, and remembered month by month as it is."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import NamedTuple

from msgspec.structs import replace

from engage.core.activity import mark_day
from engage.core.lifecycle import Gone, Lifecycle
from engage.core.looks import keep_month
from engage.core.measures import WeekMeasures, measure_weeks
from engage.core.program import Program
from engage.core.published import remember_peaks
from engage.core.state import CompanyState, DayRollup, MemberState
from tests.privacy.populations import FIRST, WEEK

MONTHS = 13
WEEKS = 4 * MONTHS
WEDNESDAY = 2
STAYS = WEEKS
PROGRAM = Program("year", {}, {}, department="department", lifecycle=Lifecycle(left=Gone("status")))


class Person(NamedTuple):
    """`joined`, `left`: before which week; `weeks`: in which active, as bits; `departments`: at the months' ends."""

    joined: int
    left: int
    departments: tuple[str, ...]
    weeks: int

    def month(self, at: int) -> int:
        return self.weeks >> 4 * at & 0b1111


class Year(NamedTuple):
    k: int
    members: list[Person]

    def loud(self, month: int) -> int:
        """The weeks of a month that were not quiet."""
        return sum(
            1 << week
            for week in range(4)
            if sum(one.month(month) >> week & 1 for one in self.members) >= self.k
        )


def random_year(random: Random, departments: Sequence[str] = ("",)) -> Year:
    """Of kinds that attacks do well on: hardly larger than the floor, sparse or nearly full, each month like the one
    before but for few, joiners and leavers in waves."""
    k = random.choice((3, 3, 4, 5))
    mix = _Mix(random, k, departments)
    most = random.choice((4, 6, 9)) if len(departments) == 1 else random.choice((6, 9, 14))
    return Year(k, [mix.person() for _ in range(random.randint(2 * k, most * k))])


class _Mix:
    def __init__(self, random: Random, k: int, departments: Sequence[str]) -> None:
        self.random, self.departments = random, departments
        self.never = random.choice((0.0, 0.1, 0.4))
        self.kinds = [random.choice((0.05, 0.3, 0.6, 0.8, 0.95, 1.0)) for _ in range(random.randint(1, 3))]
        self.rest = random.choice((0.0, 0.03, 0.15))
        self.joining = random.choice((0.0, 0.0, 0.1, 0.3))
        self.joins = sorted(4 * random.randrange(MONTHS) + random.choice((0, 0, 2)) for _ in range(2))
        self.leaving = random.choice((0.0, 0.0, 0.1, 0.3))
        self.leaves = sorted(4 * random.randrange(3, MONTHS) + random.choice((0, 0, 2)) for _ in range(2))
        self.moving = random.choice((0.0, 0.05, 0.15)) if len(departments) > 1 else 0.0
        self.move = random.randrange(2, MONTHS)
        self.waves = [random.choice((0, 0, random.randrange(WEEKS))) for _ in range(3)]
        self.spread = random.choice((1, 4, 8))

    def person(self) -> Person:
        random = self.random
        joined = random.choice(self.joins) if random.random() < self.joining else 0
        left = random.choice(self.leaves) if random.random() < self.leaving else STAYS
        if left <= joined:
            left = STAYS
        home = random.choice(self.departments)
        departments = [home] * MONTHS
        if random.random() < self.moving:
            departments[self.move :] = [random.choice(self.departments)] * (MONTHS - self.move)
        return Person(joined, left, tuple(departments), self._weeks(joined, left))

    def _weeks(self, joined: int, left: int) -> int:
        random = self.random
        if random.random() < self.never:
            return 0
        began = max(joined, random.choice(self.waves) + random.randrange(self.spread))
        often, resting, weeks = random.choice(self.kinds), False, 0
        for week in range(began, left):
            if not week % 4:
                resting = random.random() < (0.6 if resting else self.rest)
            if week == began or (not resting and random.random() < often):
                weeks |= 1 << week
        return weeks & (1 << WEEKS) - 1


def weeks_of_year(year: Year) -> list[WeekMeasures]:
    """As the product measures and freezes them, month by month."""
    states, days = [], {FIRST + WEEK * week: DayRollup() for week in range(WEEKS)}
    for one in year.members:
        state = MemberState(joined=FIRST + WEEK * one.joined if one.joined else FIRST - 1)
        if one.left < STAYS:
            state.left = FIRST + WEEK * one.left - 1
        for week in range(WEEKS):
            if one.weeks >> week & 1:
                mark_day(state, FIRST + WEEK * week + WEDNESDAY)
        if one.joined:
            days[FIRST + WEEK * one.joined].joined += 1
        states.append(state)
    company = CompanyState(members=len(states))
    frozen: dict[int, WeekMeasures] = {}
    for month in range(MONTHS):
        for state, one in zip(states, year.members, strict=True):
            state.traits = {"department": one.departments[month]}
        mondays = [FIRST + WEEK * (4 * month + week) for week in range(4)]
        program = PROGRAM if any(year.members[0].departments) else replace(PROGRAM, department="")
        for week in measure_weeks(program, company, states, days, mondays, (), year.k):
            keep_month(week, frozen)
            remember_peaks([week], frozen.get(week.monday - WEEK), year.k)
            frozen[week.monday] = week
    return [frozen[monday] for monday in sorted(frozen)]
