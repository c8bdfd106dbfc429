"""Small companies at random, and the weeks that are measured of them."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from engage.core.activity import mark_day, mark_feature
from engage.core.measures import WeekMeasures, measure_weeks
from engage.core.state import CompanyState, DayRollup, MemberState

WEEK = 7
MONTH = 28
FIRST = 739_000 - 739_000 % MONTH + 1
"""A Monday that begins a four-week month."""
FEATURE = "Export"


@dataclass(frozen=True)
class Population:
    """`days[member][week]`: on how many days active; `uses[member][week]`: whether the feature was used."""

    k: int
    days: list[list[int]]
    uses: list[list[bool]]
    left: frozenset[int] = frozenset()
    """Members of whom the host had said before that they left."""

    @property
    def members(self) -> int:
        return len(self.days)

    @property
    def weeks(self) -> int:
        return len(self.days[0])

    def pattern(self, member: int) -> int:
        """The weeks in which a member was active, one bit each."""
        return sum(1 << week for week, days in enumerate(self.days[member]) if days)


def random_population(random: Random, weeks: int) -> Population:
    """Of kinds that attacks do well on: hardly larger than the floor, sparse or nearly full, some weeks like the one
    before but for one or two members, each on one day only or on all."""
    k = random.choice((3, 3, 4, 5))
    if random.random() < 0.15:
        return _regulars(random, weeks, k)
    members = random.randint(2 * k - 2, 4 * k)
    density = random.choice((0.15, 0.3, 0.5, 0.7, 0.9))
    often = random.choice(((1,), (1, 1, 1, 2), (1, 2, 3, 5), (7, 7, 7, 6)))
    liked = random.choice((0.2, 0.5, 0.95))
    regular = [random.random() < density for _ in range(members)]
    days: list[list[int]] = [[] for _ in range(members)]
    for week in range(weeks):
        kind = random.random()
        for member, own in enumerate(days):
            if kind < 0.4 and week:
                now = (own[-1] > 0) is not (random.random() < 0.1)
            elif kind < 0.7:
                now = regular[member] is not (random.random() < 0.1)
            else:
                now = random.random() < density
            own.append(random.choice(often) if now else 0)
    uses = [[count > 0 and random.random() < liked for count in own] for own in days]
    return Population(k, days, uses)


def _regulars(random: Random, weeks: int, k: int) -> Population:
    """k - 2 who come every week, and others who come in one week only, about two a week."""
    others = [random.choice((*range(weeks), *range(weeks), -1)) for _ in range(2 * weeks + k)]
    days = [[1] * weeks for _ in range(k - 2)] + [
        [int(week == own) for week in range(weeks)] for own in others
    ]
    return Population(k, days, [[bool(count) for count in own] for own in days])


def lull(random: Random, weeks: int) -> Population:
    """All come in one week of a month, or in the last of all, if at all."""
    k = random.choice((3, 4, 5))
    loud = {random.randrange(weeks - 1), weeks - 1}
    days = [
        [int(week in loud and random.random() < 0.5) for week in range(weeks)]
        for _ in range(random.randint(4 * k, 8 * k))
    ]
    return Population(k, days, [[count > 0 for count in own] for own in days])


def leaving(random: Random, weeks: int) -> Population:
    """Members come in one or two weeks of the first four, few of them in the first alone; in the last hardly one."""
    k = random.choice((3, 4, 5))
    few = random.randrange(k - 1)
    days = [[1] + [0] * (weeks - 1) for _ in range(few)]
    for _ in range(random.randint(6 * k, 10 * k)):
        came = random.sample(range(1, weeks - 1), random.choice((0, 1, 1, 2)))
        days.append(
            [int(week in came or (week == 0 < len(came) and random.random() < 0.3)) for week in range(weeks)]
        )
    return Population(k, days, [[count > 0 for count in own] for own in days])


def halved(random: Random, weeks: int) -> Population:
    """Some, of whom nobody comes, left before; and most of those who stayed come, or few of them."""
    k = random.choice((3, 3, 4, 5))
    stayed, left = random.randint(2 * k - 1, 4 * k), random.randint(k, 3 * k)
    often = [random.choice((0.2, 0.5, 0.8, 0.9, 1.0)) for _ in range(weeks)]
    if random.random() < 0.7:  # hardly anybody stays away from all weeks of a month
        often = [0.5] * weeks
    days = [[int(random.random() < share) for share in often] for _ in range(stayed)]
    days += [[0] * weeks for _ in range(left)]
    gone = frozenset(range(stayed, stayed + left))
    return Population(k, days, [[count > 0 for count in own] for own in days], gone)


def weeks_of(people: Population) -> list[WeekMeasures]:
    """As the product measures them, once they are over."""
    states: list[MemberState] = []
    rollups: dict[int, DayRollup] = {}
    for member, (days, uses) in enumerate(zip(people.days, people.uses, strict=True)):
        state = MemberState(left=FIRST - MONTH if member in people.left else 0)
        for week, (count, used) in enumerate(zip(days, uses, strict=True)):
            monday = FIRST + WEEK * week
            for day in range(count):
                mark_day(state, monday + day)
                rollups.setdefault(monday + day, DayRollup()).members += 1
            if used:
                mark_feature(state, FEATURE, monday)
        states.append(state)
    mondays = [FIRST + WEEK * week for week in range(people.weeks)]
    company = CompanyState(members=people.members)
    return measure_weeks(None, company, states, rollups, mondays, [FEATURE], people.k)


def acquaintances(random: Random, people: Population) -> set[int]:
    """Whom the attacker knows: k - 2 members, chosen to be of the most use against one of the weeks."""
    regular = [member for member in range(people.members) if all(people.days[member])]
    if len(regular) == people.k - 2:
        return set(regular)
    week = random.randrange(people.weeks)
    stayed = [member for member in range(people.members) if member not in people.left]
    active = [member for member in stayed if people.days[member][week]]
    idle = [member for member in stayed if not people.days[member][week]]
    random.shuffle(active)
    random.shuffle(idle)
    smaller, larger = sorted((active, idle), key=len)
    return set((smaller + larger)[: people.k - 2])
