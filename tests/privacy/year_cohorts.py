"""What an attacker concludes of cohorts, beside all that is told of who was active: weeks, months, habits, stages and
departments, as in `year_activity.py`; a part of `year_joined.py`.

Unknown is how many of those who first came in each four weeks were active in each four weeks after. Who came
first in a month, and who of these was in it in a quiet week alone, is part of how often members come; whoever came
before and is active is of some cohort. Members are named in the first week: nobody came before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from engage.core.measures import WeekMeasures
from engage.core.published_people import publish_cohorts
from tests.privacy import year_population
from tests.privacy.attacker import Sum
from tests.privacy.populations import FIRST, MONTH, WEEK
from tests.privacy.year_activity import FIRST_TIME, YearAttack
from tests.privacy.year_population import Person


class Again(NamedTuple):
    """Of those who came first in one month: active in a later one; in the same: not active, for they came in quiet
    weeks alone."""

    came: int
    month: int


class CohortsAttack(YearAttack):
    def besides(self) -> Sequence[object]:
        months = range(year_population.MONTHS)
        return [
            *super().besides(),
            *self._again_in(months),
        ]

    def _again_in(self, months: range) -> list[Again]:
        return [
            Again(came, month)
            for came in months
            for month in months[came:]
            if month > came or self.loud[month] != 0b1111
        ]

    def _path(self, one: Person) -> Iterator[object]:
        yield from super()._path(one)
        if one.weeks:
            came = ((one.weeks & -one.weeks).bit_length() - 1) // 4
            for month in range(came, year_population.MONTHS):
                if bool(one.month(month) & self.loud[month]) is (month > came):
                    yield Again(came, month)

    def _link(self) -> None:
        """Who was active and had come before came first in some month, and who came in quiet weeks alone in this."""
        super()._link()
        kind, visits = self.columns["kind"] == FIRST_TIME, self.columns["visits"]
        for month in range(year_population.MONTHS):
            again = [one for one in self.besides() if isinstance(one, Again) and one.month == month]
            for one in again:
                if one.came < month:
                    self.attack.knows(self._came(one.came) - self._again(one), 0)
            for chosen, said in ((True, ~kind & (visits > 0)), (False, kind & (visits == 0))):
                of_cohorts = sum(self._again(one) for one in again if (one.came < month) is chosen)
                self.attack.knows(of_cohorts - self.ways(month, said), 0, 0)
        self.listed = len(self.attack.rows)

    def _again(self, one: Again) -> Sum:
        terms = 0 * self.all
        if one in self.places:
            terms[self.places[one]] = 1
        return terms

    def _new(self, month: int) -> Sum:
        """Who came first in a month and was active in it."""
        return self.weeks(month, lambda one: one.kind == FIRST_TIME)

    def _came(self, month: int) -> Sum:
        return self._new(month) + self._again(Again(month, month))

    def read(self, month: int, weeks: Sequence[WeekMeasures]) -> None:
        super().read(month, weeks)
        ends = [FIRST + MONTH * at + 3 * WEEK for at in range(month + 1)]
        active = [self._again(Again(came, month)) for came in range(month)] + [self._new(month)]
        cells, after = publish_cohorts(weeks[-1], self.year.k), 0
        for end, figure in cells.items():
            until = ends.index(end) + 1
            self._divide(f"told of {after} to {until} in {month}", range(after, until), active)
            self.reads(f"of those up to {until} in {month}", figure, sum(active[after:until]))
            after = until
        for came in range(month + 1):
            self._divide(f"of {came} in {month}", [came], active)

    def _divide(self, name: str, months: Sequence[int], active: Sequence[Sum]) -> None:
        here, came = sum(active[one] for one in months), sum(self._came(one) for one in months)
        self.groups[f"{name} active"] = here
        self.groups[f"{name} came"] = came
        self.groups[f"{name} came and were not active"] = came - here
