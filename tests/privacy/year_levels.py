"""What an attacker concludes from a year of levels: who stands where at each month's end, and who rose and fell in each
week, beside who was active in it.

Members are alike but for what is known of k - 2 of them. In each week somebody goes from one level to another, active
or not; whoever rises is active. A year is a way through 52 weeks, and any numbers of people on each piece of it that
fit one after the other are those of some members.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import NamedTuple

import numpy

from engage.core.measures import WeekMeasures
from engage.core.privacy import Figure
from engage.core.published import publish_levels, publish_people, remember_peaks
from engage.core.published_people import publish_moves
from tests.privacy.attacker import Attack, Sum
from tests.privacy.populations import FIRST, WEEK

LEVELS = 3
AHEAD = 4


class Step(NamedTuple):
    """Of one member in one week."""

    week: int
    before: int
    after: int
    active: bool


def random_path(
    random: Random, weeks: int, rising: float, falling: float, often: float, start: int
) -> list[Step]:
    path, level = [], start
    for week in range(weeks):
        active, after = random.random() < often, level
        if active and level < LEVELS - 1 and random.random() < rising:
            after = level + 1
        elif level and random.random() < falling:
            after = level - 1
        path.append(Step(week, level, after, active))
        level = after
    return path


def random_paths(random: Random, weeks: int, members: int) -> list[list[Step]]:
    rising, falling = random.choice((0.0, 0.01, 0.05, 0.3)), random.choice((0.0, 0.0, 0.02, 0.1))
    often, starts = random.choice((0.3, 0.7, 0.95)), random.choice(((0,), (0, 0, 0, 1, 2), (0, 1, 1, 2)))
    return [random_path(random, weeks, rising, falling, often, random.choice(starts)) for _ in range(members)]


def measured(paths: list[list[Step]], weeks: int, k: int) -> list[WeekMeasures]:
    found = []
    for at in range(weeks):
        end = (at + 1) // 4 * 4 - 1
        if end < 0:
            continue
        here, last = [path[at] for path in paths], [path[end].after for path in paths]
        active = [any(step.active for step in path[end - 3 : end + 1]) for path in paths]
        week = WeekMeasures(
            FIRST + WEEK * at,
            members=len(paths),
            definition=2,
            floor=k,
            active=sum(step.active for step in here),
            risen=sum(step.after > step.before for step in here),
            fallen=sum(step.after < step.before for step in here),
            active_4w=sum(active),
            activated=sum(any(step.active for step in path[: end + 1]) for path in paths),
            month=[sum(path[one].active for path in paths) for one in range(end - 3, end + 1)],
            levels=[(f"level {level}" if level else "", last.count(level)) for level in range(LEVELS)],
        )
        found.append(week)
    remember_peaks(found, None, k)
    return found


class _Year:
    def __init__(self, paths: list[list[Step]], known: list[list[Step]], weeks: int) -> None:
        self.steps = [
            Step(week, before, after, active)
            for week in range(weeks)
            for before in range(LEVELS)
            for after in range(LEVELS)
            for active in (False, True)
            if after <= before or (active and after == before + 1)
        ]
        self.places = {step: place for place, step in enumerate(self.steps)}
        self.all, self.of_known = self._count(paths), self._count(known)
        self.attack, self.groups = Attack(len(self.steps)), dict[str, Sum]()
        others = len(paths) - len(known)
        self.attack.knows(self.sum(lambda step: step.week == 0), others, others)
        for week in range(weeks - 1):
            for level in range(LEVELS):
                on = self.sum(lambda step, week=week, level=level: step.week == week and step.after == level)  # type: ignore[misc]
                off = self.sum(
                    lambda step, week=week, level=level: step.week == week + 1 and step.before == level
                )  # type: ignore[misc]
                self.attack.knows(on - off, 0, 0)

    def _count(self, paths: list[list[Step]]) -> Sum:
        found = numpy.zeros(len(self.places))
        for path in paths:
            for step in path:
                found[self.places[step]] += 1
        return found

    def sum(self, said: Callable[[Step], bool]) -> Sum:
        return numpy.array([float(said(step)) for step in self.steps])

    def reads(self, name: str, figure: Figure | None, said: Callable[[Step], bool]) -> None:
        self.groups[name] = terms = self.sum(said)
        if figure is not None and figure.ceiling is not None:
            self.attack.reads(figure, terms, float(terms @ self.of_known))

    def learned(self, k: int) -> list[str]:
        self.attack.ways.append(self.all - self.of_known)
        few = {name: terms for name, terms in self.groups.items() if terms @ self.all < k}
        return [
            f"{terms @ self.all:.0f} {name}"
            for name, terms in self.attack.undecided(few).items()
            if self.attack.pins(terms)
        ]


def attack_year_of_levels(random: Random, weeks: int = 52) -> list[str]:
    k = random.choice((3, 4, 5))
    paths = random_paths(random, weeks, random.randint(2 * k, random.choice((5, 14)) * k))
    moved = sorted(paths, key=lambda path: (all(step.before == step.after for step in path), random.random()))
    known = moved[: k - 2] if random.random() < 0.7 else random.sample(paths, k - 2)
    year = _Year(paths, known, weeks)
    for week in measured(paths, weeks, k):
        at = (week.monday - FIRST) // WEEK
        people = publish_people(week, k)
        moves, levels = publish_moves(week, people, k), publish_levels(week, k)
        assert levels is not None
        year.reads(f"active in {at}", people.active, lambda step, at=at: step.week == at and step.active)  # type: ignore[misc]
        year.reads(f"idle in {at}", None, lambda step, at=at: step.week == at and not step.active)  # type: ignore[misc]
        year.reads(
            f"rose in {at}", moves.risen, lambda step, at=at: step.week == at and step.after > step.before
        )  # type: ignore[misc]
        year.reads(
            f"active in {at} and did not rise",
            None,
            lambda step, at=at: step.week == at and step.active and step.after <= step.before,  # type: ignore[misc]
        )
        year.reads(
            f"fell in {at}", moves.fallen, lambda step, at=at: step.week == at and step.after < step.before
        )  # type: ignore[misc]
        end = (at + 1) // 4 * 4 - 1
        for level, (_, figure) in enumerate(levels.members):
            year.reads(
                f"at {level} after {end}",
                figure,
                lambda step, end=end, level=level: step.week == end and step.after == level,  # type: ignore[misc]
            )
            year.reads(
                f"not at {level} after {end}",
                None,
                lambda step, end=end, level=level: step.week == end and step.after != level,  # type: ignore[misc]
            )
        year.reads(
            f"at 2 or more after {end}",
            levels.upper,
            lambda step, end=end: step.week == end and step.after > 1,
        )  # type: ignore[misc]
        year.reads(
            f"above after {end}", levels.above, lambda step, end=end: step.week == end and step.after > 0
        )  # type: ignore[misc]
    return year.learned(k)
