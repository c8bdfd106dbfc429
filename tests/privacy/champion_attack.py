"""What an attacker concludes about champions of departments too small to be told of, by who knows k - 2 of the members.

Known: how many work in each department, how many champions there are in all, and of k - 2 members whether they are.
Unknown: in how many departments several are, one is, or none. Every number of each that fits what is told is tried. The
attack succeeds where a department with a champion that he knows cannot have another, or must have.

Departments of several sizes, some of whose members cannot have the habit, as everybody knows, are attacked by a linear
program over how many of those with so many who can have it have so many champions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from typing import NamedTuple

import numpy

from engage.core.measures import WeekMeasures
from engage.core.privacy import Figure, fact
from engage.core.published import People
from engage.core.published_champions import publish_champions
from engage.core.segments import GroupWeek
from tests.privacy.attacker import Attack, Sum
from tests.privacy.populations import FIRST


class Kinds(NamedTuple):
    """Departments in which several are champions, one is, none."""

    several: int
    single: int
    without: int


def attack_champions(random: Random) -> list[str]:
    k = random.choice((3, 4, 5))
    size = random.randint(2, 4)
    departments = random.randint(4 * k, 14 * k)
    several, none = random.choice((0.0, 0.02, 0.1, 0.5)), random.choice((0.1, 0.3, 0.5, 0.7))
    champions = [
        0 if random.random() < none else random.randint(2, size) if random.random() < several else 1
        for _ in range(departments)
    ]
    together = sum(champions)
    members = departments * size
    if together < k or members - together < k:
        return []
    week = WeekMeasures(FIRST, members=members, definition=2, floor=k)
    week.classes = [0, together, 0, 0, members - together]
    week.departments = {
        f"department {at}": GroupWeek(size, size, size, size, count) for at, count in enumerate(champions)
    }
    everybody = fact(members, "members")
    people = People(everybody, everybody, everybody, everybody, fact(together, "members"))
    shown = publish_champions(week, people, k)
    fitting = list(_fitting(shown.single, shown.without, departments, size, together))
    assert Kinds(sum(one > 1 for one in champions), champions.count(1), champions.count(0)) in fitting
    # With k - 2 members he knows so many departments with two champions, and in another one more.
    known = (k - 3) // 2
    fitting = [one for one in fitting if one.several >= min(known, sum(count > 1 for count in champions))]
    found = []
    if all(one.several <= known for one in fitting):
        found.append(f"k = {k}, {together} champions in {departments} of {size}: none has a second one")
    if all(one.single == 0 for one in fitting):
        found.append(f"k = {k}, {together} champions in {departments} of {size}: none rests on one")
    return found


def _fitting(single: Figure, without: Figure, departments: int, size: int, together: int) -> Iterator[Kinds]:
    most = departments if single.ceiling is None else int(single.ceiling)
    for one in range(int(single.floor), most + 1):
        for none in range(departments - one + 1):
            several = departments - one - none
            told = without.floor <= none <= (departments if without.ceiling is None else without.ceiling)
            if told and 2 * several <= together - one <= size * several:
                yield Kinds(several, one, none)


class Team(NamedTuple):
    """A department: its members, those who can have the habit, and those who have."""

    size: int
    able: int
    champions: int


def random_teams(random: Random, k: int) -> list[Team]:
    """Of those in which several can be champions often all are, or none lacks much."""
    sizes, often = random.choice(((1, 2), (1, 2, 3), (2, 3, 4), (1, 4))), random.choice((0.3, 0.6, 0.9, 1.0))
    several = random.choice((often, 0.95, 1.0))
    leaving = random.choice((0.0, 0.0, 0.3, 0.8))
    teams = []
    for _ in range(random.randint(2 * k, 14 * k)):
        size = random.choice(sizes)
        able = size - (random.randint(0, size) if random.random() < leaving else 0)
        share = often if able < 2 else several
        teams.append(Team(size, able, sum(random.random() < share for _ in range(able))))
    return teams


def acquaintances(random: Random, teams: list[Team], k: int) -> dict[int, tuple[int, int]]:
    """Department -> how many champions, and how many who could be one and are not, the attacker knows in it: k - 2 in
    all, of one kind or of both."""
    people = [
        (at, is_champion)
        for at, team in enumerate(teams)
        for is_champion in [True] * team.champions + [False] * (team.able - team.champions)
    ]
    rather = random.choice((True, False, None))
    people.sort(key=lambda one: (rather is not None and one[1] != rather, random.random()))
    known: dict[int, tuple[int, int]] = {}
    for at, is_champion in people[: k - 2]:
        champions, others = known.get(at, (0, 0))
        known[at] = (champions + is_champion, others + (not is_champion))
    return known


def attack_teams(random: Random) -> list[str]:
    k = random.choice((3, 4, 5))
    teams = random_teams(random, k)
    members, together = sum(one.size for one in teams), sum(one.champions for one in teams)
    able = sum(one.able for one in teams)
    if together < k or able - together < k:
        return []
    week = WeekMeasures(FIRST, members=members, definition=2, floor=k, no_habit=members - able)
    week.classes = [0, together, 0, 0, members - together]
    week.departments = {
        f"department {at}": GroupWeek(
            one.size, one.size, one.size, one.size, one.champions, no_habit=one.size - one.able
        )
        for at, one in enumerate(teams)
    }
    everybody = fact(members, "members")
    people = People(everybody, everybody, everybody, everybody, fact(together, "members"))
    shown = publish_champions(week, people, k)
    known = acquaintances(random, teams, k)
    where = [(team.able, *known.get(at, (0, 0))) for at, team in enumerate(teams)]
    ways = sorted({(*here, count) for here in where for count in range(here[1], here[0] - here[2] + 1)})
    attack = Attack(len(ways), whole=True)

    def sum_of(said: Callable[[int, int], float]) -> Sum:
        """By how many can be champions, and are."""
        return numpy.array([float(said(able, count)) for able, _, _, count in ways])

    for here in set(where):
        alike = numpy.array([float(way[:3] == here) for way in ways])
        attack.knows(alike, where.count(here), where.count(here))
    attack.knows(sum_of(lambda _, count: count), together, together)
    groups = {
        "with one": sum_of(lambda _, count: count == 1),
        "without": sum_of(lambda _, count: count == 0),
        "with several": sum_of(lambda _, count: count > 1),
        "able to have several, without": sum_of(lambda able, count: able > 1 and count == 0),
        "able to have several, all champions": sum_of(lambda able, count: able == count > 1),
        "lacking where several can be": sum_of(lambda able, count: able > 1 and able - count),
    }
    listed = len(attack.rows)
    attack.reads(shown.single, groups["with one"])
    attack.reads(shown.without, groups["without"])
    anyway = Attack(len(ways), whole=True)
    anyway.rows, anyway.bounds = attack.rows[:listed], attack.bounds[:listed]
    each = [(*here, team.champions) for here, team in zip(where, teams, strict=True)]
    truth = numpy.array([float(each.count(way)) for way in ways])
    return [
        f"k = {k}: {truth @ terms:.0f} {name} of {len(teams)}"
        for name, terms in groups.items()
        if terms.any() and truth @ terms < k and attack.pins(terms) and not anyway.pins(terms)
    ]
