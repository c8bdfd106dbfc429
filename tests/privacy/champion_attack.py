"""What an attacker concludes about champions of departments too small to be told of, by who knows k - 2 of the members.

Known: how many work in each department, how many champions there are in all, and of k - 2 members whether they are.
Unknown: in how many departments several are, one is, or none. Every number of each that fits what is told is tried. The
attack succeeds where a department with a champion that he knows cannot have another, or must have.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from engage.core.measures import WeekMeasures
from engage.core.privacy import Figure, fact
from engage.core.published import People
from engage.core.published_champions import publish_champions
from engage.core.segments import GroupWeek
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
