"""Small companies at random, and a year of their reports: thirteen months of four weeks, with members who join, leave
and change departments, or roles, and do more or less. Measured by the product from what each of them did, and
remembered month by month as it is."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import NamedTuple

from msgspec.structs import replace

from engage.core.activity import USES_MAX, mark_day
from engage.core.lifecycle import Gone, Lifecycle, note_left
from engage.core.looks import keep_month
from engage.core.measures import WeekMeasures, measure_weeks
from engage.core.program import Program
from engage.core.program_measures import RoleTrait
from engage.core.published import remember_peaks
from engage.core.published_stages import remember_stages
from engage.core.state import CompanyState, DayRollup, MemberState
from tests.privacy.populations import FIRST, WEEK

MONTHS = 13
WEEKS = 4 * MONTHS
TUESDAY = 1
STAYS = WEEKS
ROLES = ("decision_maker", "manager", "executor")
PROGRAM = Program("year", {}, {}, department="place", lifecycle=Lifecycle(left=Gone("status")))
OF_ROLES = replace(PROGRAM, department="", role=RoleTrait("place", {role: (role,) for role in ROLES}))


class Person(NamedTuple):
    """`joined`, `left`: before which week; `weeks`: in which active, as bits; `places`: the departments, or roles, at
    the months' ends; `events`: in each week in which active, one for each day at least; `days`: of each week, on how
    many active if at all; else on one; `away`: from which week until which one, as if left."""

    joined: int
    left: int
    places: tuple[str, ...]
    weeks: int
    events: int = 1
    away: tuple[int, int] = (0, 0)
    days: tuple[int, ...] = ()

    def days_in(self, week: int) -> int:
        days = self.days[week] if self.days else 1
        # Not on the Monday of the first week: then who was new is not told by weeks alone.
        is_first = self.weeks & (1 << week + 1) - 1 == 1 << week
        return min(days, WEEK - is_first) * (self.weeks >> week & 1)

    def events_in(self, week: int) -> int:
        return max(self.events, self.days_in(week)) * (self.weeks >> week & 1)

    def month(self, at: int) -> int:
        return self.weeks >> 4 * at & 0b1111

    def quarter(self, at: int) -> int:
        """The twelve weeks that end with a month."""
        return (self.weeks << 8) >> 4 * at & 0xFFF


class Year(NamedTuple):
    """`roles`: so many months first, places are roles; then departments."""

    k: int
    members: list[Person]
    roles: int = 0

    def loud(self, month: int) -> int:
        """The weeks of a month that were not quiet."""
        return sum(
            1 << week
            for week in range(4)
            if sum(one.month(month) >> week & 1 for one in self.members) >= self.k
        )


def random_year(
    random: Random, departments: Sequence[str] = ("",), roles: Sequence[str] = (), *, busy: bool = False
) -> Year:
    """Of kinds that attacks do well on: hardly larger than the floor, sparse or nearly full, each month like the one
    before but for few, joiners and leavers in waves. `busy`: some do a lot in each week."""
    k = random.choice((3, 3, 4, 5))
    mix = _Mix(random, k, departments)
    if roles:
        mix.roles, mix.roles_until = roles, random.choice((MONTHS, MONTHS, random.randrange(2, MONTHS)))
        mix.moving = random.choice((0.0, 0.05, 0.15))
    if busy:
        mix.busy = tuple(random.choice((1, 2, 14, 18, 60)) for _ in range(random.randint(1, 3)))
    most = random.choice((6, 9, 14)) if len({*departments, *roles}) > 1 else random.choice((4, 6, 9))
    return Year(k, [mix.person() for _ in range(random.randint(2 * k, most * k))], mix.roles_until)


class _Mix:
    roles: Sequence[str] = ()
    roles_until = 0
    busy: Sequence[int] = ()

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
        places = self._places()
        weeks = self._weeks(joined, left)
        return Person(joined, left, places, weeks, random.choice(self.busy) if self.busy else 1)

    def _places(self) -> tuple[str, ...]:
        random, until = self.random, self.roles_until
        places = [random.choice(self.departments)] * MONTHS
        if self.roles:
            places[:until] = [random.choice(self.roles)] * until
        if random.random() < self.moving:
            at = self.move
            places[at:] = [random.choice(self.departments)] * (MONTHS - at)
            if at < until:
                places[at:until] = [random.choice(self.roles)] * (until - at)
        return tuple(places)

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


def with_absences(random: Random, year: Year) -> Year:
    """Some of those who stay leave by the host's list, most of them together, and come back some weeks later."""
    share, began = random.choice((0.1, 0.3, 0.6)), random.randrange(4, WEEKS - 8)
    weeks = random.choice((1, 2, 4, 4, 5, 6, 8))
    members = []
    for one in year.members:
        start = began + random.choice((0, 0, 0, 1, 4))
        if random.random() < share and one.joined < start and start + weeks < WEEKS and one.left == STAYS:
            here = one.weeks & ~((1 << weeks) - 1 << start)
            one = one._replace(away=(start, start + weeks), weeks=here)
        members.append(one)
    return year._replace(members=members)


def weeks_of_year(year: Year, named: int = FIRST - 1) -> list[WeekMeasures]:
    """As the product measures and freezes them, month by month. `named`: the day on which the first members were."""
    states, days = [], {FIRST + WEEK * week: DayRollup() for week in range(WEEKS)}
    for one in year.members:
        state = MemberState(joined=FIRST + WEEK * one.joined if one.joined else named)
        if one.left < STAYS:
            state.left = FIRST + WEEK * one.left - 1
        for week in range(WEEKS):
            rollup = days[FIRST + WEEK * week]
            for day in range(one.days_in(week)):
                rollup.members += mark_day(state, FIRST + WEEK * week + (TUESDAY + day) % WEEK)
            rollup.events += one.events_in(week)
        state.uses = (FIRST, bytes(min(USES_MAX, one.events_in(week)) for week in range(WEEKS)))
        if one.joined:
            days[FIRST + WEEK * one.joined].joined += 1
        states.append(state)
    company = CompanyState(members=len(states))
    frozen: dict[int, WeekMeasures] = {}
    for month in range(MONTHS):
        for state, one in zip(states, year.members, strict=True):
            for week, status in zip(one.away, ("left", "back"), strict=True):
                if 4 * month < week <= 4 * month + 4:
                    note_left(
                        PROGRAM.lifecycle, state, {"status": status}, FIRST + WEEK * week - (status == "left")
                    )
                    state.traits["status"] = status
            state.traits = {"place": one.places[month], "status": state.traits.get("status", "")}
        mondays = [FIRST + WEEK * (4 * month + week) for week in range(4)]
        program = OF_ROLES if month < year.roles else PROGRAM
        if not any(any(one.places) for one in year.members):
            program = replace(PROGRAM, department="")
        for week in measure_weeks(program, company, states, days, mondays, (), year.k):
            keep_month(week, frozen)
            before = frozen.get(week.monday - WEEK)
            remember_peaks([week], before, year.k)
            remember_stages(week, before)
            frozen[week.monday] = week
    return [frozen[monday] for monday in sorted(frozen)]
