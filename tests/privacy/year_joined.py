"""What an attacker concludes who joins all that is told of who was active: weeks, months, habits, stages and
departments, as in `year_activity.py`, and the cohorts of these months, in one program.

Unknown besides is how many of those who first came in each four weeks, in each month of the calendar, were active in
each four weeks after. Who came first in a month, and who of these was in it in a quiet week alone, is part of how often
members come; whoever came before and is active is of some cohort. Members are named in the first week: that nobody
came before is told by the cohorts that begin with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random
from typing import NamedTuple

from engage.core.measures import WeekMeasures
from engage.core.published import publish_people
from engage.core.published_people import publish_cohorts
from engage.core.segments import cohort_of
from tests.privacy import year_population
from tests.privacy.attacker import Sum
from tests.privacy.populations import FIRST, WEEK
from tests.privacy.year_activity import FIRST_TIME, YearAttack
from tests.privacy.year_population import Person, Year, weeks_of_year


class Again(NamedTuple):
    """Of a cohort that came in four weeks: active in later ones; in the same: not active, for they were quiet."""

    cohort: int
    came: int
    month: int


def _cohort(month: int, week: int) -> int:
    return cohort_of(FIRST + WEEK * (4 * month + week))


def _first(weeks: int) -> int:
    return (weeks & -weeks).bit_length() - 1


class JoinedAttack(YearAttack):
    def besides(self) -> Sequence[object]:
        months = range(year_population.MONTHS)
        return [
            Again(cohort, came, month)
            for came in months
            for cohort in sorted({_cohort(came, week) for week in range(4)})
            for month in months[came:]
            if month > came or self.loud[month] != 0b1111
        ]

    def _path(self, one: Person) -> Iterator[object]:
        yield from super()._path(one)
        if one.weeks:
            came, week = divmod(_first(one.weeks), 4)
            for month in range(came, year_population.MONTHS):
                if bool(one.month(month) & self.loud[month]) is (month > came):
                    yield Again(_cohort(came, week), came, month)

    def _link(self) -> None:
        """Who was active and had come before is of some cohort, and so is who came in quiet weeks alone."""
        super()._link()
        kind, visits = self.columns["kind"] == FIRST_TIME, self.columns["visits"]
        for month in range(year_population.MONTHS):
            again = [one for one in self.besides() if isinstance(one, Again) and one.month == month]
            for one in again:
                if one.came < month:
                    self.attack.knows(self._came(one.cohort, one.came) - self._again(one), 0)
            for chosen, said in ((True, ~kind & (visits > 0)), (False, kind & (visits == 0))):
                of_cohorts = sum(self._again(one) for one in again if (one.came < month) is chosen)
                self.attack.knows(of_cohorts - self.ways(month, said), 0, 0)
        self.listed = len(self.attack.rows)

    def _again(self, one: Again) -> Sum:
        terms = 0 * self.all
        if one in self.places:
            terms[self.places[one]] = 1
        return terms

    def _active(self, cohort: int, came: int) -> Sum:
        """In the month in which they came."""
        return self.weeks(
            came, lambda one: one.kind == FIRST_TIME and _cohort(came, _first(one.weeks)) == cohort
        )

    def _came(self, cohort: int, month: int) -> Sum:
        return self._active(cohort, month) + self._again(Again(cohort, month, month))

    def read(self, month: int, weeks: Sequence[WeekMeasures]) -> None:
        super().read(month, weeks)
        k = self.year.k
        shown = publish_cohorts(weeks[-1], publish_people(weeks[-1], k), k)
        of = {(_cohort(came, week), came) for came in range(month + 1) for week in range(4)}
        for cohort in sorted({cohort for cohort, _ in of}):
            since = [came for one, came in of if one == cohort]
            here = sum(
                self._active(cohort, came) if came == month else self._again(Again(cohort, came, month))
                for came in since
            )
            so_far = sum(self._came(cohort, came) for came in since)
            if cohort in shown:
                self.reads(f"of {cohort} active in {month}", shown[cohort], here)
            self.groups[f"of {cohort} active in {month}"] = here
            self.groups[f"of {cohort} came by {month}"] = so_far
            self.groups[f"of {cohort} came by {month} and were not active"] = so_far - here


def growing_year(random: Random, departments: Sequence[str]) -> Year:
    """Many come in the first week and some in others; in most months most of them, in each of the weeks or in some."""
    months = year_population.MONTHS
    k, weeks = random.choice((3, 3, 4)), 4 * months
    back, often, most = random.choice((0.6, 0.75, 0.9)), random.choice((0.4, 0.7, 0.95)), random.randint(1, k)
    members = [0] * random.choice((0, 1, k - 1, 3 * k))
    for began in range(weeks):
        for _ in range(random.randint(0, most) if began else random.randint(2 * k, 6 * k)):
            came = 1 << began
            for month in range(began // 4, months):
                if random.random() < back:
                    came |= sum((random.random() < often) << week for week in range(4)) << 4 * month
            members.append(came >> began << began)
    where = [random.choice(departments) for _ in members]
    people = [
        Person(0, year_population.STAYS, (place,) * months, came)
        for place, came in zip(where, members, strict=True)
    ]
    return Year(k, people)


def attack_joined_year(year: Year, known: Sequence[Person]) -> list[str]:
    attack, weeks = JoinedAttack(year, known), weeks_of_year(year, FIRST)
    for month in range(year_population.MONTHS):
        attack.read(month, weeks[4 * month : 4 * month + 4])
    attack.without_classes = len(attack.attack.rows)
    return list(attack.learned())
