"""What an attacker concludes of departments in one month, who knows who works where, who had left before the month, and
who joined too late for a habit."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import numpy

from engage.core import published_people
from engage.core.measures import WeekMeasures
from engage.core.published import publish_people
from engage.core.published_parts import SMALLER
from tests.privacy.attacker import Attack
from tests.privacy.holdout_attack import DEPARTMENTS, company, leavers, measured


def attack_departments(random: Random) -> list[str]:
    """The departments of which few, or all, of those who had not left are known to have been active, or not."""
    k, sizes, active = company(random)
    absent = leavers(random, sizes, active)
    week = measured(k, sizes, active, absent)
    people = publish_people(week, k)
    size = {name: sum(sizes[name, side] for side in (True, False)) for name in DEPARTMENTS}
    stayed = {name: size[name] - week.departments[name].absent for name in DEPARTMENTS}
    came = {name: week.departments[name].active_4w for name in DEPARTMENTS}
    attack, everybody = Attack(len(DEPARTMENTS)), numpy.eye(len(DEPARTMENTS))
    for at, name in enumerate(DEPARTMENTS):
        attack.knows(everybody[at], 0, stayed[name])
    attack.reads(people.active_4w, everybody.sum(axis=0))
    for group in published_people.publish_departments(week, people, k):
        small = group.name == SMALLER
        inside = [name == group.name or (small and size[name] < 2 * k - 1) for name in DEPARTMENTS]
        attack.reads(group.active_4w, numpy.array(inside, float))
    return [
        name
        for at, name in enumerate(DEPARTMENTS)
        if stayed[name] and min(came[name], stayed[name] - came[name]) < k and attack.pins(everybody[at])
    ]


def attack_habits(random: Random, without: Callable[[WeekMeasures], object] = bool) -> list[str]:
    """The departments, and the company, of which it is told how many of few have the habit, or lack it, of those who
    joined early enough for one. `without`: what of this the week does not say."""
    k, sizes, active = company(random)
    week = measured(k, sizes, active, dict.fromkeys(sizes, 0))
    able, habits = {}, {}
    for name, group in week.departments.items():
        group.no_habit = random.choice((0, group.members // 2, random.randint(0, group.members)))
        able[name] = group.members - group.no_habit
        most = min(able[name], group.active_4w)
        group.habitual = habits[name] = max(0, most - random.choice((0, 1, most // 2, most)))
    week.habitual, week.no_habit = sum(habits.values()), week.members - sum(able.values())
    without(week)
    people, size = publish_people(week, k), len(DEPARTMENTS)
    attack, each = Attack(2 * size), numpy.eye(2 * size)
    for at, name in enumerate(DEPARTMENTS):
        attack.knows(each[at], 0, week.departments[name].members)
        attack.knows(each[size + at], 0, able[name])
        attack.knows(each[at] - each[size + at], 0)
    attack.reads(people.active_4w, each[:size].sum(axis=0))
    attack.reads(people.habitual, each[size:].sum(axis=0))
    for group in published_people.publish_departments(week, people, k):
        small = group.name == SMALLER
        inside = [
            name == group.name or (small and week.departments[name].members < 2 * k - 1)
            for name in DEPARTMENTS
        ]
        attack.reads(group.active_4w, numpy.array([*inside, *[False] * size], float))
        attack.reads(group.habitual, numpy.array([*[False] * size, *inside], float))
    groups = {name: (each[size + at], habits[name], able[name]) for at, name in enumerate(DEPARTMENTS)}
    groups["all"] = (each[size:].sum(axis=0), sum(habits.values()), sum(able.values()))
    return [
        name
        for name, (terms, has, can) in groups.items()
        if can and min(has, can - has) < k and attack.pins(terms)
    ]
