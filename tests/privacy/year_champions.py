"""What an attacker concludes of departments that rest on one champion, beside who was active when; a part of
`year_joined.py`.

Departments too small to be told of, and in which nobody works whom the attacker knows, are alike where as many work in
them. Unknown is how many of these have so many champions in one month, and so many in the next: whoever becomes a
champion had come often enough by then to be one, and so had whoever is none any more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

from engage.core.measures import HABIT_WEEKS, MONTH_WEEKS, WeekMeasures
from engage.core.published import publish_people
from engage.core.published_champions import publish_champions
from engage.core.published_people import publish_departments
from tests.privacy import year_population
from tests.privacy.attacker import Sum
from tests.privacy.year_activity import HABIT, HABIT_WEEKS_LEAST, Alike, YearAttack
from tests.privacy.year_population import Person, Year

FIRST_HABIT = HABIT_WEEKS // MONTH_WEEKS - 1
"""The first month in which somebody can have the habit."""


class Teams(NamedTuple):
    """Departments that are alike: so many with so many champions in a month, and in the next."""

    label: str
    month: int
    now: int
    then: int


class ChampionsAttack(YearAttack):
    def __init__(self, year: Year, known: Sequence[Person]) -> None:
        super().__init__(year, known)
        self.of_departments: dict[str, Sum] = {}
        """As groups, by how many champions they have."""

    def alike(self, one: Person) -> Alike:
        places = tuple(self._labels.get(name, name) for name in one.places)
        return one.joined, one.left, places, one.away

    @cached_property
    def _sizes(self) -> Counter[str]:
        return Counter(one.places[0] for one in self.year.members)

    @cached_property
    def _labels(self) -> dict[str, str]:
        """Of each department what it is alike with; of few nothing is told. Nobody moves."""
        met = {one.places[0] for one in self.known}
        names = self._sizes if len(self._sizes) > 2 else ()
        alone = {name for name in names if name in met or self._sizes[name] >= 2 * self.year.k - 1}
        return {name: name if name in alone else f"of {self._sizes[name]}" for name in names}

    @cached_property
    def _alike_departments(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name, label in sorted(self._labels.items()):
            found.setdefault(label, []).append(name)
        return found

    def besides(self) -> Sequence[object]:
        return [*super().besides(), *self._teams()]

    def _teams(self) -> Iterator[Teams]:
        for label, names in self._alike_departments.items():
            counts = range(self._sizes[names[0]] + 1)
            for month in range(FIRST_HABIT, year_population.MONTHS):
                is_last = month == year_population.MONTHS - 1
                yield from (
                    Teams(label, month, now, then)
                    for now in counts
                    for then in counts
                    if not (is_last and then)
                )

    def of_everybody(self) -> Iterator[object]:
        yield from super().of_everybody()
        for name, label in self._labels.items():
            team = [one for one in self.year.members if one.places[0] == name]
            for month in range(FIRST_HABIT, year_population.MONTHS):
                is_last = month == year_population.MONTHS - 1
                then = 0 if is_last else self._champions(team, month + 1)
                yield Teams(label, month, self._champions(team, month), then)

    def _champions(self, members: Sequence[Person], month: int) -> int:
        def visits(one: Person) -> int:
            return sum(
                (one.month(at) & self.loud[at]).bit_count() for at in range(month - FIRST_HABIT, month + 1)
            )

        return sum(visits(one) >= HABIT_WEEKS_LEAST for one in members)

    def _link(self) -> None:
        super()._link()
        for label, names in self._alike_departments.items():
            for month in range(FIRST_HABIT, year_population.MONTHS):
                self._link_label(label, names, month)
        self.listed = len(self.attack.rows)

    def _link_label(self, label: str, names: Sequence[str], month: int) -> None:
        def of_label(said: Callable[[Teams], float], at: int = month) -> Sum:
            return self._sum_of(lambda one: said(one) * (one.label == label), at)

        known = [one for one in self.known if one.places[0] == names[0]]
        met, size = self._champions(known, month), self._sizes[names[0]]
        self.attack.knows(of_label(lambda _: 1), len(names), len(names))
        possible = range(met, size - (len(known) - met) + 1)
        self.attack.knows(of_label(lambda one: one.now not in possible), 0, 0)
        habit = self._of_label(label, month, self.columns["kind"] == HABIT)
        theirs = float(habit @ self.of_known)
        self.attack.knows(of_label(lambda one: one.now) - habit, theirs, theirs)
        if month == FIRST_HABIT:
            return
        for count in range(size + 1):
            into = of_label(lambda one, count=count: one.then == count, month - 1)  # type: ignore[misc]
            self.attack.knows(into - of_label(lambda one, count=count: one.now == count), 0, 0)  # type: ignore[misc]
        gained = of_label(lambda one: max(0, one.then - one.now), month - 1)
        lost = of_label(lambda one: max(0, one.now - one.then), month - 1)
        none, often = (
            self.columns["kind"] != HABIT,
            self.columns["earlier"].sum(axis=1) >= HABIT_WEEKS_LEAST - 4,
        )
        later = self.columns["earlier"][:, 1] + self.columns["visits"] >= HABIT_WEEKS_LEAST - 4
        for moved, able in (
            (gained, self._of_label(label, month - 1, none & later)),
            (lost, self._of_label(label, month, none & often)),
        ):
            self.attack.knows(able - moved, -float(able @ self.of_known))

    def _of_label(self, label: str, month: int, said: object) -> Sum:
        who = [at for at, alike in enumerate(self.classes) if alike[2][0] == label]
        return self.ways(month, sum(self.columns["who"] == one for one in who) & said)

    def _sum_of(self, said: Callable[[Teams], float], month: int) -> Sum:
        terms = 0 * self.all
        for one in self._teams():
            if one.month == month:
                terms[self.places[one]] = said(one)
        return terms

    def read_champions(self, month: int, week: WeekMeasures) -> None:
        """After all else is read."""
        if month < FIRST_HABIT or not self._labels:
            return
        k = self.year.k
        people = publish_people(week, k)
        covered = {one.name for one in publish_departments(week, people, k) if one.habitual.floor >= k}
        shown = publish_champions(week, people, k)

        def number(said: Callable[[Teams], bool], at: int = month) -> Sum:
            return self._sum_of(lambda one: one.label not in covered and said(one), at)

        self.attack.reads(shown.single, number(lambda one: one.now == 1))
        self.attack.reads(shown.without, number(lambda one: one.now == 0))
        able = {label for label, names in self._alike_departments.items() if self._sizes[names[0]] > 1}
        all_of = {label: self._sizes[names[0]] for label, names in self._alike_departments.items()}
        groups = {
            "with one champion": number(lambda one: one.now == 1),
            "without": number(lambda one: one.now == 0),
            "with several": number(lambda one: one.now > 1),
            "able to have several, without": number(lambda one: one.label in able and one.now == 0),
            "able to have several, all champions": number(
                lambda one: one.label in able and one.now == all_of[one.label]
            ),
        }
        if month < year_population.MONTHS - 1:
            groups["losing their only one"] = number(lambda one: one.now == 1 and one.then == 0)
            groups["losing all"] = number(lambda one: one.now > 0 and one.then == 0)
            groups["getting the first"] = number(lambda one: one.now == 0 and one.then > 0)
        for name, terms in groups.items():
            self.of_departments[f"departments {name} in {month}"] = terms
