"""What an attacker concludes who joins all that is told of who was active: weeks, months, habits, stages and
departments, as in `year_activity.py`, the cohorts of these months, active days and the most active tenth, and the
departments that rest on one champion, in one program."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from random import Random

from engage.core.measures import WeekMeasures
from tests.privacy import year_population
from tests.privacy.attacker import Sum
from tests.privacy.populations import FIRST, WEEK
from tests.privacy.year_champions import ChampionsAttack
from tests.privacy.year_cohorts import CohortsAttack
from tests.privacy.year_days import DaysAttack
from tests.privacy.year_population import Person, Year, weeks_of_year

TEAMS = tuple(f"team {at}" for at in range(40))
"""As departments: as many work in each, or one more."""
OFTEN = (0.4, 0.7, 0.95)
"""In which share of a month's weeks each comes."""


class JoinedAttack(CohortsAttack, DaysAttack, ChampionsAttack):
    def read_year(self, weeks: Sequence[WeekMeasures]) -> None:
        months = [weeks[at : at + 4] for at in range(0, len(weeks), 4)]
        for month, own in enumerate(months):
            self.read(month, own)
        self.without_days = self.without_classes = len(self.attack.rows)
        for month, own in enumerate(months):
            self.read_days(month, own)
        self.without_tenth = len(self.attack.rows)
        for month, own in enumerate(months):
            self.read_tenth(month, own[-1])
        self.without_champions = len(self.attack.rows)
        for month, own in enumerate(months):
            self.read_champions(month, own[-1])

    def judged(self) -> Sequence[tuple[dict[str, Sum], int]]:
        return (
            *super().judged(),
            (self.of_days, self.without_days),
            (self.of_tenth, self.without_tenth),
            (self.of_departments, self.without_champions),
        )


def growing_year(random: Random, departments: Sequence[str], each: Sequence[float] = OFTEN) -> Year:
    """Many come in the first week and some in others; in most months most of them, in each of the weeks or in some:
    one of the shares `each` of the weeks."""
    months = year_population.MONTHS
    k, weeks = random.choice((3, 3, 4)), 4 * months
    back, often, most = random.choice((0.6, 0.75, 0.9)), random.choice(each), random.randint(1, k)
    members = [0] * random.choice((0, 1, k - 1, 3 * k))
    for began in range(weeks):
        for _ in range(random.randint(0, most) if began else random.randint(2 * k, 6 * k)):
            came = 1 << began
            for month in range(began // 4, months):
                if random.random() < back:
                    came |= sum((random.random() < often) << week for week in range(4)) << 4 * month
            members.append(came >> began << began)
    if departments == TEAMS:
        teams = len(members) // random.choice((1, 2, 2, 3, 4))
        where = [departments[at % min(teams, len(departments))] for at in range(len(members))]
    else:
        where = [random.choice(departments) for _ in members]
    also = Random(copy(random).random())
    days = also.choice(((1,), (1, 1, 1, 2), (1, 1, 2, 5), (2, 3, 4), (7, 7, 7, 6)))
    events = also.choice(((1,), (1, 2), (1, 1, 1, 14), (5, 8, 40)))
    people = [
        Person(
            0,
            year_population.STAYS,
            (place,) * months,
            came,
            events=also.choice(events),
            days=tuple(min(WEEK, also.choice(days)) for _ in range(weeks)),
        )
        for place, came in zip(where, members, strict=True)
    ]
    return Year(k, people)


def attack_joined_year(year: Year, known: Sequence[Person]) -> list[str]:
    attack = JoinedAttack(year, known)
    attack.read_year(weeks_of_year(year, FIRST))
    return list(attack.learned())
