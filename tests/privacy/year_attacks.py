"""What an attacker concludes from a year of reports: thirteen four-week months, told one after the other.

Unknown are how many of the others came first in each month of the calendar and each four weeks, and how many of these
were active in each four weeks after. Whoever comes first in four weeks is active in them: with that much known, a
division of who is active is one of who came.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from random import Random
from typing import NamedTuple

import numpy

from engage.core.measures import WeekMeasures
from engage.core.privacy import Figure
from engage.core.published import publish_people, remember_peaks
from engage.core.published_people import publish_cohorts, publish_funnel
from engage.core.segments import cohort_of
from tests.privacy.attacker import Attack, Sum
from tests.privacy.populations import FIRST, MONTH, WEEK

MONTHS = 13
FIRST_WEEK = -30
"""Of all in which somebody came."""
FUNNEL = "invitations"
BEFORE = -1
"""The four weeks in which somebody came who came before the year."""


class Came(NamedTuple):
    """Of one member: since when, and in which of the four weeks active. `cohort` -1: never. `began`: in which of them
    with a funnel, once in a life."""

    cohort: int
    first: int
    active: tuple[int, ...]
    began: int = MONTHS


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
            found.append(Came(cohort_of(start + WEEK * week), first, active))
    return found


def _random_beginners(random: Random, k: int, start: int) -> list[Came]:
    """Nearly all came before the year or in its first weeks, and begin with a funnel within some months."""
    often = random.choice((0.7, 0.9, 0.97))
    share, months = random.choice((0.8, 0.95, 1.0)), random.choice((2, 3, 5, MONTHS))
    found = [Came(-1, MONTHS, (0,) * MONTHS) for _ in range(random.choice((0, 0, 1, k - 1, 2 * k)))]
    for _ in range(random.randint(3 * k, 9 * k)):
        week = random.choice((-20, -20, -20, *range(-3, 2 * months)))
        first = max(BEFORE, week // 4)
        active = tuple(int(at == first or (at > first and random.random() < often)) for at in range(MONTHS))
        possible = [at for at in range(months) if active[at]]
        began = random.choice(possible) if possible and random.random() < share else MONTHS
        found.append(Came(cohort_of(start + WEEK * week), first, active, began))
    return found


def weeks_of_year(members: list[Came], k: int, start: int) -> list[WeekMeasures]:
    """The last week of each month, as it is measured."""
    weeks = []
    for at in range(MONTHS):
        count = sum(one.active[at] for one in members)
        week = WeekMeasures(
            start + MONTH * at + 3 * WEEK, members=len(members), definition=2, floor=k, active_4w=count
        )
        week.activated = sum(one.first <= at for one in members)
        week.month = [max(k, count // 2)] * 4
        for one in members:
            if one.first <= at:
                size, active = week.cohorts.get(one.cohort, (0, 0))
                week.cohorts[one.cohort] = (size + 1, active + one.active[at])
        if any(one.began < MONTHS for one in members):
            week.funnels = {FUNNEL: [sum(one.began == at - 1 for one in members)]}
            week.funnel_months, week.funnel_begins = {FUNNEL: 1}, {FUNNEL: ("Invited", 0)}
        weeks.append(week)
    remember_peaks(weeks, None, k)
    return weeks


class _Year:
    def __init__(self, members: list[Came], known: list[Came], start: int) -> None:
        self.members, self.known = members, known
        weeks = range(FIRST_WEEK, 4 * MONTHS)
        oldest = min(one.cohort for one in members if one.first < MONTHS)  # nobody came before: that is told
        ways = sorted({(cohort_of(start + WEEK * week), max(BEFORE, week // 4)) for week in weeks})
        ways = [way for way in ways if way[0] >= oldest]
        self.pieces: dict[tuple[int, int], int] = {}
        self.active: dict[tuple[int, int, int], int] = {}
        for way in ways:
            self.pieces[way] = len(self.pieces) + len(self.active)
            for at in range(way[1] + 1, MONTHS):
                self.active[*way, at] = len(self.pieces) + len(self.active)
        self.begun: dict[tuple[int, int, int], int] = {}
        if any(one.began < MONTHS for one in members):
            self.begun = {
                (*way, at): self.size + place
                for place, (way, at) in enumerate(
                    (way, at) for way in ways for at in range(max(0, way[1]), MONTHS)
                )
            }
        self.attack = Attack(self.size)
        self.groups: list[tuple[str, Sum, int]] = []
        for (cohort, first, _), place in self.active.items():
            terms = numpy.zeros(self.size)
            terms[self.pieces[cohort, first]], terms[place] = 1, -1
            self.attack.knows(terms, 0)
        for (cohort, first, at), place in self.begun.items():
            terms = numpy.zeros(self.size)
            terms[self.active.get((cohort, first, at), self.pieces[cohort, first])], terms[place] = 1, -1
            self.attack.knows(terms, 0)
        for (cohort, first), place in self.pieces.items() if self.begun else ():
            terms = -self.beginners(lambda way, _, here=(cohort, first): way == here)  # type: ignore[misc]
            terms[place] = 1
            self.attack.knows(terms, 0)

    @property
    def size(self) -> int:
        return len(self.pieces) + len(self.active) + len(self.begun)

    def beginners(self, said: Callable[[tuple[int, int], int], bool]) -> Sum:
        """Of a way to come, and in a month."""
        terms = numpy.zeros(self.size)
        for (cohort, first, at), place in self.begun.items():
            terms[place] = said((cohort, first), at)
        return terms

    def came(self, said: Callable[[int, int], bool]) -> Sum:
        terms = numpy.zeros(self.size)
        for (cohort, first), place in self.pieces.items():
            terms[place] = said(cohort, first)
        return terms

    def here(self, at: int, said: Callable[[int], bool]) -> Sum:
        """Those active in a month; everybody who came first in it is."""
        terms = self.came(lambda cohort, first: said(cohort) and first == at)
        for (cohort, _, month), place in self.active.items():
            terms[place] = said(cohort) and month == at
        return terms

    def reads(self, figure: Figure, terms: Sum, said: Callable[[Came], bool]) -> None:
        self.attack.reads(figure, terms, sum(map(said, self.known)))

    def group(self, name: str, terms: Sum, said: Callable[[Came], bool]) -> None:
        self.groups.append((name, terms, sum(map(said, self.members))))

    def learned(self, k: int) -> Iterator[str]:
        self.attack.look_around([terms for _, terms, size in self.groups if size < k])
        for name, terms, size in self.groups:
            if size < k and terms.any() and self.attack.pins(terms):
                yield f"{size} {name}"


def attack_year_of_cohorts(random: Random, *, beginning: bool = False) -> list[str]:
    """Active members by month of activation, those ever activated and those active, for a year; `beginning`: and
    beginners of a funnel, each of whom begins once."""
    k = random.choice((3, 4, 5))
    start = FIRST + MONTH * random.randrange(40)
    members = (_random_beginners if beginning else random_members)(random, k, start)
    if len(members) < 2 * k - 1:
        return []
    if min(sum(one.active[at] for one in members) for at in range(MONTHS)) < k:
        return []  # quiet weeks have their own rule and attack
    wave = random.choice(members).cohort
    known = sorted(members, key=lambda one: (one.cohort != wave, random.random()))[: k - 2]
    year = _Year(members, known, start)
    everybody = len(members) - len(known)
    year.attack.knows(year.came(lambda *_: True), 0, everybody)
    for at, week in enumerate(weeks_of_year(members, k, start)):
        people = publish_people(week, k)
        so_far = year.came(lambda _, first, at=at: first <= at)  # type: ignore[misc]
        active = year.here(at, lambda _: True)
        year.reads(people.active_4w, active, lambda one, at=at: bool(one.active[at]))  # type: ignore[misc]
        year.reads(people.activated, so_far, lambda one, at=at: one.first <= at)  # type: ignore[misc]
        year.group(
            f"activated by {at} and not active",
            so_far - active,
            lambda one, at=at: one.first <= at and not one.active[at],  # type: ignore[misc]
        )
        year.group(
            f"came in {at}",
            year.came(lambda _, first, at=at: first == at),  # type: ignore[misc]
            lambda one, at=at: one.first == at,  # type: ignore[misc]
        )
        _read_cohorts(year, at, publish_cohorts(week, people, k))
        if year.begun and at:
            _read_beginners(year, at - 1, week, k)
    return list(islice(year.learned(k), 3))


def _read_cohorts(year: _Year, at: int, shown: dict[int, Figure]) -> None:
    for cohort in sorted({cohort for cohort, first in year.pieces if first <= at}):
        here = year.here(at, lambda other, cohort=cohort: other == cohort)  # type: ignore[misc]
        came = year.came(lambda other, first, cohort=cohort, at=at: other == cohort and first <= at)  # type: ignore[misc]
        if cohort in shown:
            year.reads(
                shown[cohort],
                here,
                lambda one, at=at, cohort=cohort: one.cohort == cohort and bool(one.active[at]),
            )  # type: ignore[misc]
        year.group(
            f"of {cohort} active in {at}",
            here,
            lambda one, at=at, cohort=cohort: one.cohort == cohort and bool(one.active[at]),
        )  # type: ignore[misc]
        year.group(
            f"of {cohort} came by {at}",
            came,
            lambda one, at=at, cohort=cohort: one.cohort == cohort and one.first <= at,
        )  # type: ignore[misc]
        year.group(
            f"of {cohort} came by {at} and were not active",
            came - here,
            lambda one, at=at, cohort=cohort: one.cohort == cohort and one.first <= at and not one.active[at],  # type: ignore[misc]
        )


def _read_beginners(year: _Year, at: int, week: WeekMeasures, k: int) -> None:
    """Of the month `at`, which a report of the next tells."""
    here = year.beginners(lambda _, month: month == at)
    so_far = year.beginners(lambda _, month: month <= at)
    active, came = year.here(at, lambda _: True), year.came(lambda _, first: first <= at)
    shown = publish_funnel(week, publish_people(week, k), FUNNEL, k)
    assert shown is not None
    year.reads(shown[0], here, lambda one: one.began == at)
    year.group(f"began in {at}", here, lambda one: one.began == at)
    year.group(
        f"active in {at}, did not begin in it",
        active - here,
        lambda one: bool(one.active[at]) and one.began != at,
    )
    year.group(f"activated by {at}, not begun", came - so_far, lambda one: one.first <= at < one.began)
    everybody = year.came(lambda *_: True)
    year.group(f"not begun by {at}", everybody - so_far, lambda one: one.began > at)
