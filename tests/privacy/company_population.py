"""Small companies at random, as a year of reports describes them: two months in a row, and four looks at the second.

Drawn as what each member is and did, not as events: how measures are counted is tested where they are made. Joining
goes on while reports are read, which moves the size of the company under figures of a month that is over.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise
from random import Random
from typing import NamedTuple

from engage.core.balances import CurrencyWeek
from engage.core.calendar import month_end
from engage.core.measures import FeatureWeek, WeekMeasures
from engage.core.published import remember_peaks
from engage.core.published_stages import remember_stages
from engage.core.segments import GroupWeek
from engage.core.stage_weeks import active_part, no_stages

WEEK = 7
LOOKS = 7
"""Weeks: the four of the second month, of which the last is the first look at it, and three more."""
LEVELS = 3
FEATURES = ("Export", "Share", "Print", "other")
"""The first two earn nothing, as the last, which is no key event; the third does."""
ORGANIC = 0b1011
STEPS = 3
NEVER, EARLIER, CAME = range(3)
"""When somebody was active first: not yet, before the second month, in it."""


class Base(NamedTuple):
    """What all figures of activity are about. `pattern`: the weeks of the second month, one bit each."""

    joined: int  # the look before which, 0: before the second month
    since: int
    pattern: int
    habit: bool
    use: int  # class of use, see `engage.core.segments`; -1: none, for who never came
    left: bool


class Member(NamedTuple):
    base: Base
    cohort: int
    before: bool  # active in the first month
    department: str
    role: str
    features: int  # bits
    steps: int
    level: int  # when the first month ended
    rises: int  # weeks in which to a higher one, bits
    falling: bool
    broken: bool
    at_risk: bool

    @property
    def level_now(self) -> int:
        return self.level + self.rises.bit_count()


class Company(NamedTuple):
    k: int
    first: int  # the Monday of the second month
    young: bool  # so that the first look at the second month is in the twelfth week
    members: list[Member]

    def loud(self) -> int:
        """The weeks of the second month that were not quiet."""
        return sum(
            1 << week
            for week in range(4)
            if sum(one.base.pattern >> week & 1 for one in self.members) >= self.k
        )

    def began_in_the_first_month(self, cohort: int) -> bool:
        """So that whoever is of it was active in the four weeks before the second month."""
        return cohort == self.first - WEEK


def part_of(base: Base, loud: int) -> str:
    """Of the stages of members; see `engage.core.stage_weeks`."""
    if base.since == NEVER:
        return "left_never" if base.left else "invited"
    if not base.pattern & loud:
        return "left_idle" if base.left else "dormant"
    return active_part(base.pattern & 0b1100, base.habit, 0 if base.since == CAME else 99)


def random_company(random: Random) -> Company:
    k = random.choice((3, 3, 4, 5))
    first = 739_000 - 739_000 % 28 + 1 + 28 * random.randrange(12)
    size = random.randint(2 * k - 1, 6 * k)
    mix = _Mix(random, k)
    young = random.random() < 0.2
    company = Company(k, first, young, [mix.member(first) for _ in range(size)])
    loud = company.loud()
    for at, one in enumerate(company.members):
        base = one.base
        if young and base.use == 4:
            base = base._replace(use=3)
        if base.habit and not base.pattern & loud:
            base = base._replace(habit=False, use=2)
        before = one.before or (base.since == EARLIER and company.began_in_the_first_month(one.cohort))
        features = one.features if base.pattern & loud else 0
        company.members[at] = one._replace(base=base, before=before, features=features)
    return company


class _Mix:
    """How likely what is: extremes, at which attacks do well, are usual."""

    def __init__(self, random: Random, k: int) -> None:
        self.random, self.k = random, k
        self.never = self._share()
        self.came = self._share()
        self.habit = self._share()
        self.busy = [self._share() for _ in range(4)]
        self.features = [self._share() for _ in FEATURES]
        self.rising = random.choice((0.05, 0.2, 0.7))
        self.joining = random.choice((0.0, 0.05, 0.2))
        self.departments = random.choice((("",), ("sales", "it"), ("sales", "it", "board")))
        self.role = random.choice((None, None, 0.3))
        self.leaving = random.choice((0.0, 0.1, 0.4))
        self.odd = random.choice((0.05, 0.3, 0.5))

    def _share(self) -> float:
        return self.random.choice((0.05, 0.2, 0.5, 0.8, 0.95))

    def _is(self, share: float) -> bool:
        return self.random.random() < share

    def member(self, first: int) -> Member:
        random = self.random
        base = self._base()
        level = rises = steps = 0
        features = sum(1 << at for at, share in enumerate(self.features) if self._is(share))
        if base.since:
            level = random.choice((0, 0, 1, 2)) if base.since == EARLIER else 0
            steps = random.choice((0, 1, 2, 3, 3))
        for week in range(4):
            if base.pattern >> week & 1 and level + rises.bit_count() < LEVELS - 1 and self._is(self.rising):
                rises |= 1 << week
        department = random.choice(self.departments)
        if self.role is None:
            role = ""
        else:  # nearly one department, or spread
            role = "manager" if self._is(self.role if department in ("it", "") else self.odd) else "executor"
        return Member(
            base=base,
            cohort=first - WEEK - 28 * random.randrange(2)
            if base.since == EARLIER
            else first + 3 * WEEK
            if base.since == CAME
            else 0,
            before=base.since == EARLIER and (base.habit or self._is(0.5)),
            department=department,
            role=role,
            features=features,
            steps=steps,
            level=level,
            rises=rises,
            falling=level + rises.bit_count() > 0 and self._is(self.odd),
            broken=base.since > NEVER and self._is(self.odd),
            at_risk=base.since > NEVER and self._is(self.odd),
        )

    def _base(self) -> Base:
        random = self.random
        joined = random.randint(1, LOOKS) if self._is(self.joining) else 0
        since = NEVER if self._is(self.never) else CAME if joined or self._is(self.came) else EARLIER
        pattern = 0
        if since:
            pattern = sum(1 << week for week, share in enumerate(self.busy) if self._is(share))
            pattern &= 0b1111 << max(0, joined - 1)
        if since == CAME and not pattern & 0b1111:
            since, pattern = NEVER, 0
        pattern &= 0b1111
        habit = since == EARLIER and pattern > 0 and self._is(self.habit)
        use = -1
        if since:
            use = random.choice((0, 1)) if habit else random.choice((2, 3) if pattern else (2, 3, 4))
        return Base(joined, since, pattern, habit, use, pattern == 0 and self._is(self.leaving))


def _first_bit(pattern: int) -> int:
    return (pattern & -pattern).bit_length() - 1


# --- as the product measures it -------------------------------------------------------------------------------


def weeks_of_company(company: Company) -> list[WeekMeasures]:
    """The four weeks of the second month and three more. The first three tell of the first month."""
    weeks = [_first_month(company, look) for look in range(3)]
    weeks += [_second_month(company, look) for look in range(3, LOOKS)]
    remember_peaks(weeks, None, company.k)
    for before, week in pairwise(weeks):
        if week.stages:
            remember_stages(week, before)
    return weeks


def _count(members: Sequence[Member], said: Callable[[Member], bool]) -> int:
    return sum(said(one) for one in members)


def _week(company: Company, look: int) -> WeekMeasures:
    """What is of the week itself."""
    here = [one for one in company.members if one.base.joined <= look + 1]
    week = WeekMeasures(
        company.first + WEEK * look, members=len(here), definition=1, floor=company.k,
        since=company.first - WEEK * (8 if company.young else 80), standing=True,
    )  # fmt: skip
    if look < 4:
        week.active = _count(here, lambda one: bool(one.base.pattern >> look & 1))
        week.risen = _count(here, lambda one: bool(one.rises >> look & 1))
    return week


def _first_month(company: Company, look: int) -> WeekMeasures:
    week = _week(company, look)
    there = [one for one in company.members if not one.base.joined]
    week.month_members = [len(there)] * 4
    week.activated = _count(there, lambda one: one.base.since == EARLIER)
    week.active_4w = _count(there, lambda one: one.before)
    week.levels = _levels(there, lambda one: one.level)
    for one in there:
        if one.base.since == EARLIER:
            size, active = week.cohorts.get(one.cohort, (0, 0))
            week.cohorts[one.cohort] = (size + 1, active + one.before)
    return week


def _is_new(one: Member) -> bool:
    """Too new to have the habit."""
    return one.base.joined > 0


def _levels(there: Sequence[Member], level: Callable[[Member], int]) -> list[tuple[str, int]]:
    found = Counter(level(one) for one in there)
    upper = [(f"level {at}", found[at]) for at in range(1, LEVELS)]
    return [("", len(there) - sum(count for _, count in upper)), *upper]


def _second_month(company: Company, look: int) -> WeekMeasures:
    week, loud = _week(company, look), company.loud()
    there = [one for one in company.members if one.base.joined <= 4]
    week.month_members = [_count(there, lambda one, at=at: one.base.joined <= at) for at in range(1, 5)]  # type: ignore[misc]

    def active(one: Member) -> bool:
        return bool(one.base.pattern & loud)

    def absent(one: Member) -> bool:
        """Who joined after the weeks that were not quiet."""
        return loud > 0 and not loud >> max(0, one.base.joined - 1)

    week.activated = _count(there, lambda one: one.base.since > NEVER)
    week.active_4w = _count(there, active)
    week.habitual = _count(there, lambda one: one.base.habit and active(one))
    week.organic_4w = _count(there, lambda one: active(one) and bool(one.features & ORGANIC))
    for at, name in enumerate(FEATURES[:-1]):
        users = _count(there, lambda one, at=at: active(one) and bool(one.features >> at & 1))  # type: ignore[misc]
        week.features[name] = FeatureWeek(users, users, users, organic=bool(ORGANIC >> at & 1))
    counts = [_count(there, lambda one, at=at: bool(one.base.pattern >> at & 1)) for at in range(4)]  # type: ignore[misc]
    week.month = [count if count >= company.k else 0 for count in counts]
    week.absent_4w, week.no_habit = _count(there, absent), _count(there, _is_new)
    week.classes = [_count(there, lambda one, at=at: one.base.use == at) for at in range(5)]  # type: ignore[misc]
    week.stages = no_stages()
    for one in there:
        week.stages[part_of(one.base, loud)] += 1
        if one.base.since:
            size, now = week.cohorts.get(one.cohort, (0, 0))
            week.cohorts[one.cohort] = (size + 1, now + active(one))
        for groups, name in ((week.departments, one.department), (week.roles, one.role)):
            group = groups.setdefault(name, GroupWeek())
            group.members += 1
            group.activated += one.base.since > NEVER
            group.active_4w += active(one)
            group.habitual += one.base.habit and active(one)
            group.absent += absent(one)
            group.no_habit += _is_new(one)
    if not any(one.left for one in (member.base for member in company.members)):
        del week.stages["left_never"], week.stages["left_idle"]
    week.funnels["way"] = [
        _count(there, lambda one, at=at: one.steps > at)  # type: ignore[misc]
        for at in range(STEPS)
    ]
    week.levels = _levels(there, lambda one: one.level_now)
    week.falling = _count(there, lambda one: one.falling)
    week.streaks_broken = _count(there, lambda one: one.broken)
    at_risk = _count(there, lambda one: one.at_risk)
    week.currencies["points"] = CurrencyWeek(at_risk=at_risk)
    assert month_end(week.monday) == company.first + WEEK * 3
    return week
