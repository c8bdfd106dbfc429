"""What an attacker concludes of activity from a year of reports: of weeks, months, habits, stages, classes of use, and
departments or roles.

The attacker knows who is a member, since when and until when, where each works at the end of each month, that nobody
comes before joining or after leaving, which weeks were quiet, and all that k - 2 of them did. Unknown is how many of
those who are alike in all this came in how many weeks of each month: a year of a member is a way through months, from
how often somebody came in two of them to how often in the next two. Which weeks these were is known of no single table
besides, so in each month it can be matched with the ways at will. Whatever numbers of people fit all of that fit
together, so the linear program leaves out nothing but that people are whole.

How often somebody did something says little of the next month: of power users and novices, each month's are among
those with the habit and those without. What the events of twelve weeks come to bounds how many can have done so much,
as every sum bounds its parts: what follows of classes from that, and from who came when, is nothing that classes told.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import inf
from typing import Any, NamedTuple

import numpy

from engage.core.measures import WeekMeasures
from engage.core.privacy import Figure
from engage.core.published import publish_events, publish_month_weeks, publish_people
from engage.core.published_classes import publish_classes
from engage.core.published_parts import SMALLER
from engage.core.published_people import publish_departments, publish_roles
from engage.core.published_stages import publish_stages
from tests.privacy.attacker import Attack, Sum
from tests.privacy.year_population import MONTHS, STAYS, Person, Year, weeks_of_year

HABIT_WEEKS_LEAST = 9
POWER_EVENTS, NOVICE_EVENTS = 180, 12
"""In twelve weeks, or more."""
NEVER = -1
FIRST_TIME, HABIT, OTHER = range(3)
CLASSES = ("power", "novice")


class Step(NamedTuple):
    """Of a class of members in one month: how often they came in it and the two before; NEVER: nobody had yet."""

    who: int
    month: int
    before: tuple[int, int]
    visits: int

    @property
    def after(self) -> tuple[int, int]:
        if self.before[0] == NEVER:
            return (NEVER, NEVER) if self.visits == NEVER else (0, self.visits)
        return self.before[1], self.visits

    @property
    def kind(self) -> int:
        if self.before[0] == NEVER:
            return FIRST_TIME
        return HABIT if sum(self.before) + self.visits >= HABIT_WEEKS_LEAST else OTHER


class Pattern(NamedTuple):
    """In which weeks of a month, quiet ones too."""

    month: int
    kind: int
    weeks: int


Alike = tuple[int, int, tuple[str, ...], tuple[int, int]]


def _alike(one: Person) -> Alike:
    return one.joined, one.left, one.places, one.away


class YearAttack:
    def __init__(self, year: Year, known: Sequence[Person]) -> None:
        self.year, self.known = year, known
        self.loud = [year.loud(month) for month in range(MONTHS)]
        self.classes = sorted({self.alike(one) for one in year.members})
        self.steps = [step for who in range(len(self.classes)) for step in self._steps(who)]
        self.patterns = [
            Pattern(month, kind, weeks)
            for month in range(MONTHS)
            for kind in range(3)
            for weeks in range(1, 16)
            if weeks & self.loud[month]
        ]
        self.places: dict[object, int] = {}
        classes = [(name, month) for month in range(MONTHS) for name in CLASSES]
        for place in (*self.steps, *self.patterns, *classes, *self.besides()):
            self.places[place] = len(self.places)
        self.columns = {
            "who": numpy.array([step.who for step in self.steps]),
            "month": numpy.array([step.month for step in self.steps]),
            "kind": numpy.array([step.kind for step in self.steps]),
            "visits": numpy.array([step.visits for step in self.steps]),
            "before": numpy.array([step.before[1] for step in self.steps]),
            "earlier": numpy.array([step.before for step in self.steps]),
            "away": numpy.array([step.before == (0, 0) and not step.visits for step in self.steps]),
        }
        self.attack = Attack(len(self.places))
        self.all, self.of_known = self._count(year.members), self._count(known)
        for place in self.of_everybody():
            self.all[self.places[place]] += 1
        self.groups: dict[str, Sum] = {}
        self.others: dict[str, Sum] = {}
        """Of those who are alike: of whom else the same is true; the known ones of these are part of the group."""
        self._link()
        self.by_fewer: dict[int, Attack] = {}
        self.events: list[float] = []
        """Of each month; -inf: of some week they are not told."""
        self.of_use: dict[str, Sum] = {}
        """As groups, of classes of use."""

    def alike(self, one: Person) -> Alike:
        """What is known of a member that divides the others."""
        return _alike(one)

    def besides(self) -> Sequence[object]:
        """What else is unknown."""
        return ()

    def of_everybody(self) -> Iterator[object]:
        """What else is unknown of all together, of those too whom the attacker knows: each as often as it is."""
        yield from ()

    def _available(self, alike: Alike, month: int) -> int:
        joined, left, _, (gone, back) = alike
        weeks = range(4 * month, 4 * month + 4)
        return sum(1 << week % 4 for week in weeks if joined <= week < left and not gone <= week < back)

    def _steps(self, who: int) -> Iterator[Step]:
        alike = self.classes[who]
        now = {(NEVER, NEVER)}
        for month in range(MONTHS):
            if alike[0] >= 4 * month + 4:
                continue
            available = self._available(alike, month)
            most, quiet = (available & self.loud[month]).bit_count(), available & ~self.loud[month]
            after = set()
            for state in sorted(now):
                least = NEVER if state[0] == NEVER else 0
                for visits in range(least, most + 1):
                    if state[0] == NEVER and not visits and not quiet:
                        continue
                    step = Step(who, month, state, visits)
                    after.add(step.after)
                    yield step
            now = after

    def _path(self, one: Person) -> Iterator[object]:
        who, state = self.classes.index(self.alike(one)), (NEVER, NEVER)
        for month in range(MONTHS):
            if one.joined >= 4 * month + 4:
                continue
            weeks = one.month(month)
            visits = (weeks & self.loud[month]).bit_count()
            if state[0] == NEVER and not weeks:
                visits = NEVER
            step = Step(who, month, state, visits)
            yield step
            if visits > 0:
                yield Pattern(month, step.kind, weeks)
            events = one.events * one.quarter(month).bit_count()
            if step.kind == HABIT:
                if events >= POWER_EVENTS:
                    yield "power", month
            elif events >= NOVICE_EVENTS:
                yield "novice", month
            state = step.after

    def _count(self, members: Sequence[Person]) -> Sum:
        found = numpy.zeros(len(self.places))
        for one in members:
            for place in self._path(one):
                found[self.places[place]] += 1
        return found

    def _link(self) -> None:
        """Whoever leaves a month enters the next; those who came so often in a month have that many weeks of it."""
        into: dict[Any, Sum] = {}

        def sum_of(key: Any) -> Sum:
            return into.setdefault(key, numpy.zeros(len(self.places)))

        for step in self.steps:
            place = self.places[step]
            sum_of((step.who, step.month, step.before))[place] -= 1
            if step.month < MONTHS - 1:
                sum_of((step.who, step.month + 1, step.after))[place] += 1
            if step.visits > 0:
                sum_of((step.month, step.kind, step.visits, "weeks"))[place] += 1
        for one in self.patterns:
            visits = (one.weeks & self.loud[one.month]).bit_count()
            sum_of((one.month, one.kind, visits, "weeks"))[self.places[one]] -= 1
        unknown = self.all - self.of_known
        for terms in into.values():
            size = float(round(terms @ unknown))
            self.attack.knows(terms, size, size)
        for month in range(MONTHS):
            power, novice = (self._of_class(name, month) for name in CLASSES)
            habit = self.columns["kind"] == HABIT
            idle = self.columns["away"] & self._is_loud(month)
            able = (self.columns["visits"] > NEVER) & ~habit & ~idle
            self.attack.knows(self.ways(month, habit) - power, 0)
            self.attack.knows(self.ways(month, able) - novice, 0)
        self.listed = len(self.attack.rows)

    # --- sums -------------------------------------------------------------------------------------------------

    def ways(self, month: int, said: Any = True) -> Sum:
        """Steps of a month of which `said` is true, as an array over steps."""
        terms = numpy.zeros(len(self.places))
        terms[: len(self.steps)] = (self.columns["month"] == month) & said
        return terms

    def one(self, place: object) -> Sum:
        terms = numpy.zeros(len(self.places))
        terms[self.places[place]] = 1
        return terms

    def weeks(self, month: int, said: Any) -> Sum:
        terms = numpy.zeros(len(self.places))
        for one in self.patterns:
            if one.month == month and said(one):
                terms[self.places[one]] = 1
        return terms

    def reads(self, name: str, figure: Figure, terms: Sum, *within: Sum) -> None:
        if figure.ceiling is not None:
            self.attack.reads(figure, terms, float(terms @ self.of_known))
        self.groups[name] = terms
        for at, whole in enumerate(within):
            self.groups[f"rest {at} of {name}"] = whole - terms

    # --- reading ----------------------------------------------------------------------------------------------

    def read(self, month: int, weeks: Sequence[WeekMeasures]) -> None:
        week, k = weeks[-1], self.year.k
        people, visits, kind = publish_people(week, k), self.columns["visits"], self.columns["kind"]
        everybody = self.ways(month)
        activated = self.ways(month, visits > NEVER)
        active = self.ways(month, visits > 0)
        habit = self.ways(month, (kind == HABIT) & (visits > 0))
        self.reads(f"activated by {month}", people.activated, activated, everybody)
        self.reads(f"active in {month}", people.active_4w, active, everybody, activated)
        self.reads(f"habitual in {month}", people.habitual, habit, active)
        self.groups[f"came first in {month}"] = self.ways(month, (kind == FIRST_TIME) & (visits > NEVER))
        self.groups[f"came in {month}, not before"] = self.ways(
            month, (visits > 0) & (self.columns["before"] == 0)
        )
        self.groups[f"gone in {month}"] = self.ways(month, (visits == 0) & (self.columns["before"] > 0))
        for at, figure in enumerate(publish_month_weeks(week, k)):
            if self.loud[month] >> at & 1:
                here = self.weeks(month, lambda one, at=at: one.weeks >> at & 1)
                self.reads(f"active in week {at} of {month}", figure, here, active)
                self.reads(f"active in week {at} of {month}", publish_people(weeks[at], k).active, here)
        for who, (joined, left, *_) in enumerate(self.classes):
            alike = self.columns["who"] == who
            for name, of in (("active", visits > 0), ("habitual", (kind == HABIT) & (visits > 0))):
                for said, chosen in ((name, of), (f"not {name}", ~of)):
                    self.groups[f"{said} in {month} of {joined, left}"] = self.ways(month, alike & chosen)
                    self.others[f"{said} in {month} of {joined, left}"] = self.ways(month, ~alike & chosen)
        self._stages(month, week, active, activated)
        if any(any(one.places) for one in self.year.members):
            self._groups(month, week, visits > 0, (kind == HABIT) & (visits > 0))

    def _stages(self, month: int, week: WeekMeasures, active: Sum, activated: Sum) -> None:
        def of(kind: int) -> Sum:
            return self.weeks(month, lambda one: one.weeks & 0b1100 and one.kind == kind)

        left = self._left_by(4 * month + 4)
        visits = self.columns["visits"]
        stages = {
            "slipping": self.weeks(month, lambda one: not one.weeks & 0b1100),
            "habitual": of(HABIT),
            "new": of(FIRST_TIME),
            "active": of(OTHER),
            "dormant": self.ways(month, (visits == 0) & ~left),
            "invited": self.ways(month, (visits == NEVER) & ~left),
            "left": self.ways(month, (visits < 1) & left),
        }
        for stage, figure in publish_stages(week, self.year.k):
            self.reads(f"stage {stage} in {month}", figure, stages[stage])
            if stage in ("slipping", "habitual", "new", "active"):
                self.groups[f"active, not {stage} in {month}"] = active - stages[stage]
        self.groups[f"left and active in {month}"] = self.ways(month, (visits > 0) & left)

    def _left_by(self, week: int) -> Any:
        """Who has left when a week begins, and is not back."""
        left = numpy.array(
            [one[1] < min(week, STAYS) or one[3][0] <= week < one[3][1] for one in self.classes]
        )
        return left[self.columns["who"]]

    def bound_classes(self, month: int, weeks: Sequence[WeekMeasures]) -> None:
        """By the events of twelve weeks, if all of them are told."""
        self.events.append(sum(publish_events(one, self.year.k).events.value or -inf for one in weeks))
        events = sum(self.events[-3:])
        if events > 0:
            power, novice = (self._of_class(name, month) for name in CLASSES)
            visits = numpy.zeros(len(self.places))
            visits[: len(self.steps)] = self.columns["visits"]
            came = sum(
                self.ways(at, self.columns["visits"] > 0) for at in range(max(0, month - 2), month + 1)
            )
            least = (
                came * visits + (POWER_EVENTS - 12) * power + (NOVICE_EVENTS - HABIT_WEEKS_LEAST + 1) * novice
            )
            known = sum(one.events * one.quarter(month).bit_count() for one in self.known)
            self.attack.knows(least, -inf, events - known)
        self.without_classes = len(self.attack.rows)

    def read_classes(self, month: int, week: WeekMeasures) -> None:
        told = publish_classes(week, publish_people(week, self.year.k), self.year.k)
        power, novice = (self._of_class(name, month) for name in CLASSES)
        activated = self.ways(month, self.columns["visits"] > NEVER)
        habit = self.ways(month, self.columns["kind"] == HABIT)
        parts = {"power": power, "habit, no power": habit - power, "novice": novice}
        if self._is_loud(month):  # in a quiet week somebody may have come who did not in any other
            none = self.ways(month, self.columns["away"])
            parts |= {"low": activated - habit - novice - none, "none": none}
        for (name, terms), figure in zip(parts.items(), told, strict=False):
            if figure.ceiling is not None:
                self.attack.reads(figure, terms, float(terms @ self.of_known))
            self.of_use[f"{name} in {month}"] = terms
        self.of_use[f"neither habit nor novice in {month}"] = activated - habit - novice

    def _is_loud(self, month: int) -> bool:
        """Of the twelve weeks, none was quiet."""
        return all(self.loud[at] == 0b1111 for at in range(max(0, month - 2), month + 1))

    def _of_class(self, name: str, month: int) -> Sum:
        return self.one((name, month))

    def _groups(self, month: int, week: WeekMeasures, active: Any, habit: Any) -> None:
        """Departments, or roles."""
        people, publish = publish_people(week, self.year.k), publish_departments
        if month < self.year.roles:
            publish = publish_roles
        where = [alike[2][month] for alike in self.classes]
        shown = publish(week, people, self.year.k)
        named = {group.name for group in shown}
        for group in shown:
            small = group.name == SMALLER
            inside = numpy.array([name not in named if small else name == group.name for name in where])
            here = inside[self.columns["who"]]
            whole, came, has = (self.ways(month, here & one) for one in (True, active, habit))
            for ago, before in enumerate(self.columns["earlier"].T):
                name = f"active {2 - ago} months before {month} without the habit of {group.name}"
                self.groups[name] = self.ways(month, here & (before > 0) & ~habit)
                self.others[name] = self.ways(month, ~here & (before > 0) & ~habit)
            each = (("active", group.active_4w, came, whole), ("habitual", group.habitual, has, came))
            for said, figure, some, within in each:
                name = f"{said} of {group.name} in {month}"
                self.reads(name, figure, some, within)
                chosen, of = (active, True) if said == "active" else (habit, active)
                self.others[name] = self.ways(month, ~here & chosen)
                self.others[f"rest 0 of {name}"] = self.ways(month, ~here & of & ~chosen)

    # --- learning ---------------------------------------------------------------------------------------------

    def judged(self) -> Sequence[tuple[dict[str, Sum], int]]:
        """Groups, and so many of the rows from which it is no secret how many they are."""
        return (self.groups, self.listed), (self.of_use, self.without_classes)

    def learned(self) -> Iterator[str]:
        self.attack.ways.append(self.all - self.of_known)
        unknown = self.all - self.of_known
        few = {
            (name, before): terms
            for groups, before in self.judged()
            for name, terms in groups.items()
            if terms.any() and (self._size(name, terms) < self.year.k or not round(float(terms @ unknown)))
        }
        for (name, before), terms in self.attack.undecided(few).items():
            if self.attack.pins(terms) and not self._anyway(before).pins(terms):
                yield f"{terms @ self.all:.0f} {name}"

    def _anyway(self, before: int) -> Attack:
        """By so many of the rows."""
        if before not in self.by_fewer:
            anyway = self.by_fewer[before] = Attack(len(self.places))
            anyway.rows, anyway.bounds = self.attack.rows[:before], self.attack.bounds[:before]
            anyway.ways = [*self.attack.ways]  # whatever fits all that is told fits what is known anyway
        return self.by_fewer[before]

    def _size(self, name: str, terms: Sum) -> float:
        found = float(terms @ self.all)
        return found + float(self.others[name] @ self.of_known) if name in self.others else found


def acquaintances(random: Any, year: Year) -> list[Person]:
    """Whom the attacker knows: k - 2 members, at random, or those of one class, or the busiest or idlest."""
    others = sorted(year.members, key=lambda one: random.random())
    chosen = random.randrange(4)
    if chosen == 1:
        alike = _alike(random.choice(year.members))
        others.sort(key=lambda one: _alike(one) != alike)
    elif chosen > 1:
        others.sort(key=lambda one: one.weeks.bit_count() * (1 if chosen == 2 else -1))
    return others[: year.k - 2]


def read_year(year: Year, known: Sequence[Person]) -> YearAttack:
    attack = YearAttack(year, known)
    weeks = weeks_of_year(year)
    for month in range(MONTHS):
        attack.read(month, weeks[4 * month : 4 * month + 4])
    for month in range(MONTHS):
        attack.bound_classes(month, weeks[4 * month : 4 * month + 4])
    for month in range(MONTHS):
        attack.read_classes(month, weeks[4 * month + 3])
    return attack


def attack_year(year: Year, known: Sequence[Person]) -> list[str]:
    return list(read_year(year, known).learned())
