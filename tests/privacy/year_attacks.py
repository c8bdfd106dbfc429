"""What an attacker concludes from a year of reports: thirteen four-week months, told one after the other.

Unknown are how many of the others came first in each four weeks, and how many of these were active in each four weeks
after. Whoever comes first in four weeks is active in them: with that much known, a
division of who is active is one of who came. Where each works, or in which role, is known besides.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice, pairwise
from random import Random
from typing import NamedTuple

import numpy

from engage.core.measures import WeekMeasures
from engage.core.privacy import Figure
from engage.core.published import publish_people, remember_peaks
from engage.core.published_parts import SMALLER, Group
from engage.core.published_people import (
    publish_cohorts,
    publish_departments,
    publish_roles,
)
from engage.core.segments import GroupWeek
from tests.privacy.attacker import Attack, Sum
from tests.privacy.once_in_a_life import Once, measure_once, months_ago, told_once
from tests.privacy.populations import FIRST, MONTH, WEEK

MONTHS = 13
FIRST_WEEK = -30
"""Of all in which somebody came."""
BEGAN = "began"
BEFORE = -1
"""The four weeks in which somebody came who came before the year."""


Work = tuple[str, str]
NOWHERE = ("", "")


class Came(NamedTuple):
    """Of one member: since when, and in which of the four weeks active. `cohort` -1: never. `began`: in which of them
    with something, once in a life. `work`: the department and the role."""

    cohort: int
    first: int
    active: tuple[int, ...]
    began: int = MONTHS
    work: Work = NOWHERE


class Way(NamedTuple):
    """To come."""

    work: Work
    cohort: int
    first: int


def cohort_of(start: int, week: int) -> int:
    """The last Monday of the month of the week; months before the year are one."""
    return start + MONTH * max(BEFORE, week // 4) + 3 * WEEK


def random_members(random: Random, k: int, start: int) -> list[Came]:
    """Some waves of members who come, and stay or not; each wave within few weeks."""
    often = random.choice((0.3, 0.6, 0.9, 0.97))
    waves = [random.randrange(FIRST_WEEK, 4 * MONTHS) for _ in range(random.randint(1, 9))]
    spread = random.choice((1, 4, 8))
    found = [Came(-1, MONTHS, (0,) * MONTHS) for _ in range(random.choice((0, 0, k - 1, 2 * k)))]
    for wave in waves:
        staying = random.choice((often, random.random(), 1.0))
        for _ in range(random.randint(1, 4 * k)):
            week = min(4 * MONTHS - 1, wave + random.randrange(spread))
            first = max(BEFORE, week // 4)
            active = tuple(
                int(at == first or (at > first and random.random() < staying)) for at in range(MONTHS)
            )
            found.append(Came(cohort_of(start, week), first, active))
    return found


def growing_members(random: Random, k: int, start: int) -> list[Came]:
    """Many at first, and some week by week: a company of which cohorts are told."""
    often, most = random.choice((0.5, 0.75, 0.9)), random.randint(1, k)
    found = [Came(-1, MONTHS, (0,) * MONTHS) for _ in range(random.choice((0, 1, k - 1, 3 * k)))]
    for week in range(FIRST_WEEK, 4 * MONTHS):
        first = max(BEFORE, week // 4)
        for _ in range(random.randint(0, most) if week > FIRST_WEEK else random.randint(k, 6 * k)):
            active = tuple(
                int(at == first or (at > first and random.random() < often)) for at in range(MONTHS)
            )
            found.append(Came(cohort_of(start, week), first, active))
    return found


def beginning_members(random: Random, k: int, start: int) -> list[Came]:
    """Many in one of the first weeks, and some week by week; nobody was named before."""
    often, most, begins = random.choice((0.5, 0.75, 0.9, 0.97)), random.randint(1, k), random.randrange(4)
    found = [Came(-1, MONTHS, (0,) * MONTHS) for _ in range(random.choice((0, 1, k - 1, 3 * k)))]
    for week in range(begins, 4 * MONTHS):
        first = week // 4
        for _ in range(random.randint(0, most) if week > begins else random.randint(k, 6 * k)):
            active = tuple(
                int(at == first or (at > first and random.random() < often)) for at in range(MONTHS)
            )
            found.append(Came(cohort_of(start, week), first, active))
    return found


def _random_beginners(random: Random, k: int, start: int) -> list[Came]:
    """Nearly all came before the year or in its first weeks, and begin with something within some months."""
    often = random.choice((0.7, 0.9, 0.97))
    share, months = random.choice((0.8, 0.95, 1.0)), random.choice((2, 3, 5, MONTHS))
    found = [Came(-1, MONTHS, (0,) * MONTHS) for _ in range(random.choice((0, 0, 1, k - 1, 2 * k)))]
    for _ in range(random.randint(3 * k, 9 * k)):
        week = random.choice((-20, -20, -20, *range(-3, 2 * months)))
        first = max(BEFORE, week // 4)
        active = tuple(int(at == first or (at > first and random.random() < often)) for at in range(MONTHS))
        possible = [at for at in range(months) if active[at]]
        began = random.choice(possible) if possible and random.random() < share else MONTHS
        found.append(Came(cohort_of(start, week), first, active, began))
    return found


def _at_work(
    random: Random, members: list[Came], departments: Sequence[str], roles: Sequence[str]
) -> list[Came]:
    """Anywhere, or each wave in one place."""
    places = [(department, role) for department in departments or ("",) for role in roles or ("",)]
    if departments and roles:  # few of one role in one department
        places = [place for place in places for _ in range(random.choice((1, 1, 6)))]
    by_wave = random.random() < 0.4
    where = {one.cohort: random.choice(places) for one in members}
    stray = random.choice((0.0, 0.1, 0.4)) if by_wave else 1.0
    return [
        one._replace(work=random.choice(places) if random.random() < stray else where[one.cohort])
        for one in members
    ]


def weeks_of_year(
    members: list[Came], k: int, start: int, *, once: Once | None = None, beginning: bool = False
) -> list[WeekMeasures]:
    """The last week of each month, as it is measured; `beginning`: after one before anybody was named."""
    weeks = []
    for at in range(MONTHS):
        count = sum(one.active[at] for one in members)
        week = WeekMeasures(
            start + MONTH * at + 3 * WEEK, members=len(members), definition=2, floor=k, active_4w=count
        )
        week.activated = sum(one.first <= at for one in members)
        week.since = start if beginning else 0
        week.month = [max(k, count // 2)] * 4
        for one in members:
            if one.first <= at:
                size, active = week.cohorts.get(one.cohort, (0, 0))
                week.cohorts[one.cohort] = (size + 1, active + one.active[at])
        for place, groups in enumerate((week.departments, week.roles)):
            for one in members if any(one.work[place] for one in members) else ():
                group = groups.setdefault(one.work[place], GroupWeek())
                group.members += 1
                group.activated += one.first <= at
                group.active_4w += one.active[at]
        if once:
            did = sum(one.began == at - months_ago(once) for one in members)
            measure_once(week, once, count, did, k)
        weeks.append(week)
    empty = WeekMeasures(start - WEEK, definition=2, floor=k, month=[0] * 4, month_members=[0] * 4)
    remember_peaks([empty, *weeks] if beginning else weeks, None, k)
    return weeks


class _Year:
    def __init__(
        self, members: list[Came], known: list[Came], start: int, first_week: int = FIRST_WEEK
    ) -> None:
        self.members, self.known = members, known
        weeks = range(first_week, 4 * MONTHS)
        oldest = min(one.cohort for one in members if one.first < MONTHS)  # nobody came before: that is told
        ways = sorted({(cohort_of(start, week), max(BEFORE, week // 4)) for week in weeks})
        works = sorted({one.work for one in members})
        self.ways = [Way(work, *way) for work in works for way in ways if way[0] >= oldest]
        self.unknowns: dict[object, int] = {}
        for way in self.ways:
            for one in (way, *((way, at) for at in range(way.first + 1, MONTHS))):
                self.unknowns[one] = len(self.unknowns)
        self.begins = any(one.began < MONTHS for one in members)
        for way in self.ways if self.begins else ():
            for at in range(max(0, way.first), MONTHS):
                self.unknowns[BEGAN, way, at] = len(self.unknowns)
        self.all, self.of_known = self._count(members), self._count(known)
        self.attack = Attack(len(self.unknowns))
        self.groups: dict[str, Sum] = {}
        self.beside: dict[str, int] = {}
        self.idle: dict[str, tuple[Sum, int]] = {}
        """Of a list of so many: who is active; learned is who is not."""
        for way in self.ways:
            self._link(way)
        sizes, of_known = Counter(one.work for one in members), Counter(one.work for one in known)
        for work, size in sizes.items():
            came = self.came(lambda way, work=work: way.work == work)  # type: ignore[misc]
            self.attack.knows(came, 0, size - of_known[work])
        self.listed = len(self.attack.rows)

    def _count(self, members: list[Came]) -> Sum:
        found = numpy.zeros(len(self.unknowns))
        for one in members:
            if one.first < MONTHS:
                way = Way(one.work, one.cohort, one.first)
                found[self.unknowns[way]] += 1
                for at in range(one.first + 1, MONTHS):
                    found[self.unknowns[way, at]] += one.active[at]
                if one.began < MONTHS:
                    found[self.unknowns[BEGAN, way, one.began]] += 1
        return found

    def _link(self, way: Way) -> None:
        """Whoever is active, or begins, came; whoever begins in a month is active in it, and begins once."""
        came = self.sum_of(way)
        for at in range(way.first + 1, MONTHS):
            self.attack.knows(came - self.sum_of((way, at)), 0)
        if self.begins:
            months = range(max(0, way.first), MONTHS)
            for at in months:
                active = came if at == way.first else self.sum_of((way, at))
                self.attack.knows(active - self.sum_of((BEGAN, way, at)), 0)
            self.attack.knows(came - self.sum_of(*((BEGAN, way, at) for at in months)), 0)

    def sum_of(self, *unknowns: object) -> Sum:
        terms = numpy.zeros(len(self.unknowns))
        for one in unknowns:
            terms[self.unknowns[one]] = 1
        return terms

    def began(self, said: Callable[[int], bool]) -> Sum:
        """In which month."""
        return self.sum_of(
            *((BEGAN, way, at) for way in self.ways for at in range(max(0, way.first), MONTHS) if said(at))
        )

    def came(self, said: Callable[[Way], bool]) -> Sum:
        return self.sum_of(*filter(said, self.ways))

    def here(self, at: int, said: Callable[[Way], bool]) -> Sum:
        """Those active in a month; everybody who came first in it is."""
        ways = [way for way in self.ways if way.first <= at and said(way)]
        return self.sum_of(*(way if way.first == at else (way, at) for way in ways))

    def reads(self, figure: Figure, terms: Sum) -> None:
        self.attack.reads(figure, terms, float(terms @ self.of_known))

    def divides(self, name: str, active: Sum, size: int, beside: Sequence[int] = ()) -> None:
        """`beside`: of those known who are told of together with these, whether each is active. Of so many others it is
        told that they are, or are not, and who knows them knows no more of these than the floor allows."""
        self.groups[f"active of {name}"] = active
        self.idle[f"idle of {name}"] = active, size
        self.beside[f"active of {name}"] = sum(beside)
        self.beside[f"idle of {name}"] = len(beside) - sum(beside)

    def learned(self, k: int) -> Iterator[str]:
        anyway = Attack(len(self.unknowns))
        anyway.rows, anyway.bounds = self.attack.rows[: self.listed], self.attack.bounds[: self.listed]
        for attack in (self.attack, anyway):
            attack.ways.append(self.all - self.of_known)
        sizes = {name: float(terms @ self.all) for name, terms in self.groups.items()}
        sizes |= {name: size - float(terms @ self.all) for name, (terms, size) in self.idle.items()}
        groups = {**self.groups, **{name: terms for name, (terms, _) in self.idle.items()}}
        few = {
            name: terms
            for name, terms in groups.items()
            if terms.any() and sizes[name] + self.beside.get(name, 0) < k
        }
        pinned = self.attack.pinned(few)
        known = anyway.pinned({name: few[name] for name in few if name in pinned})
        for name in few:
            if name in pinned and name not in known:
                yield f"{sizes[name]:.0f} {name}"


def attack_year_of_cohorts(
    random: Random,
    *,
    once: Once | None = None,
    growing: bool = False,
    beginning: bool = False,
    departments: Sequence[str] = (),
    roles: Sequence[str] = (),
) -> list[str]:
    """Active members by month of activation, those ever activated and those active, for a year; `once`: and who
    did what each does once in a life; `beginning`: the first; and by where they work."""
    k = random.choice((3, 4, 5))
    start = FIRST + MONTH * random.randrange(40)
    make = _random_beginners if once else growing_members if growing else random_members
    make = beginning_members if beginning else make
    members = make(random, k, start)
    if departments or roles:
        members = _at_work(random, members, departments, roles)
    if len(members) < 2 * k - 1:
        return []
    if min(sum(one.active[at] for one in members) for at in range(MONTHS)) < k:
        return []  # quiet weeks have their own rule and attack
    wave = random.choice(members).cohort
    known = sorted(members, key=lambda one: (one.cohort != wave, random.random()))[: k - 2]
    return attack_members(members, known, k, start, once, departments, roles, beginning=beginning)


def attack_members(
    members: list[Came],
    known: list[Came],
    k: int,
    start: int,
    once: Once | None = None,
    departments: Sequence[str] = (),
    roles: Sequence[str] = (),
    *,
    beginning: bool = False,
) -> list[str]:
    """The same of these members."""
    year = _Year(members, known, start, 0 if beginning else FIRST_WEEK)
    for at, week in enumerate(weeks_of_year(members, k, start, once=once, beginning=beginning)):
        people = publish_people(week, k)
        so_far, active = year.came(lambda way, at=at: way.first <= at), year.here(at, lambda _: True)  # type: ignore[misc]
        year.reads(people.active_4w, active)
        year.reads(people.activated, so_far)
        year.groups[f"activated by {at} and not active"] = so_far - active
        year.groups[f"came in {at}"] = year.came(lambda way, at=at: way.first == at)  # type: ignore[misc]
        _read_cohorts(year, at, publish_cohorts(week, k))
        if departments:
            _read_groups(year, at, 0, publish_departments(week, people, k))
        if roles:
            _read_groups(year, at, 1, publish_roles(week, people, k))
        if once and year.begins and at >= months_ago(once):
            _read_beginners(year, at - months_ago(once), told_once(week, people, once, k))
    return list(islice(year.learned(k), 3))


def _read_cohorts(year: _Year, at: int, shown: Mapping[int, Figure]) -> None:
    ways = sorted({(way.cohort, way.first) for way in year.ways if way.first <= at})
    spans = {f"of {first}": (cohort - 1, cohort) for cohort, first in ways}
    told = {
        f"told of {end}": span for end, span in zip(sorted(shown), pairwise([0, *sorted(shown)]), strict=True)
    }
    for name, (after, until) in (spans | told).items():
        here = year.here(at, lambda way, after=after, until=until: after < way.cohort <= until)  # type: ignore[misc]
        came = year.came(lambda way, after=after, until=until: after < way.cohort <= until)  # type: ignore[misc]
        if name in told:
            year.reads(shown[until], here)
        year.groups[f"{name} active in {at}"] = here
        year.groups[f"{name} came"] = came
        year.groups[f"{name} came and were not active in {at}"] = came - here


def _read_groups(year: _Year, at: int, place: int, shown: Sequence[Group]) -> None:
    """Departments, or roles: the one or the other `place` of work."""
    sizes = Counter(one.work[place] for one in year.members)
    named = {group.name for group in shown}
    for group in shown:
        inside = {one for one in sizes if one == group.name or (group.name == SMALLER and one not in named)}
        year.reads(group.active_4w, year.here(at, lambda way, inside=inside: way.work[place] in inside))  # type: ignore[misc]
    for name, size in sizes.items():
        here = year.here(at, lambda way, name=name: way.work[place] == name)  # type: ignore[misc]
        outside = [one.active[at] for one in year.known if one.work[place] != name]
        year.divides(
            f"{name!r} in {at}", here, size, outside if len(outside) == len(year.members) - size else ()
        )
    for work, size in Counter(one.work for one in year.members).items() if place else ():
        here = year.here(at, lambda way, work=work: way.work == work)  # type: ignore[misc]
        beside = [one.active[at] for one in year.known if one.work != work and {*one.work} & {*work}]
        year.divides(f"{work} in {at}", here, size, beside)


def _read_beginners(year: _Year, at: int, shown: Sequence[Figure]) -> None:
    here, so_far = year.began(lambda month: month == at), year.began(lambda month: month <= at)
    active, came = year.here(at, lambda _: True), year.came(lambda way: way.first <= at)
    for figure in shown:
        year.reads(figure, here)
    year.groups[f"began in {at}"] = here
    year.groups[f"active in {at}, did not begin in it"] = active - here
    year.groups[f"activated by {at}, not begun"] = came - so_far
    year.groups[f"not begun by {at}"] = year.came(lambda _: True) - so_far
