"""What an attacker concludes of members held out of a campaign, who knows who they are and in which department each is:
two tables divide the same active members. The departments are small, or nearly all or none of theirs are active."""

from __future__ import annotations

from random import Random

import numpy

from engage.core import published_campaigns, published_people
from engage.core.calendar import month_end
from engage.core.campaign_weeks import HeldOutMonth
from engage.core.measures import WeekMeasures
from engage.core.published import publish_people
from engage.core.published_parts import SMALLER
from engage.core.segments import GroupWeek
from tests.privacy.attacker import Attack
from tests.privacy.populations import FIRST, WEEK

MONDAY = month_end(FIRST + 7 * WEEK)
DEPARTMENTS = ("it", "sales", "care")

Place = tuple[str, bool]


def company(random: Random) -> tuple[int, dict[Place, int], dict[Place, int]]:
    """The floor; members, and active ones, by department and whether they are held out."""
    k = random.choice((3, 4, 5))
    sizes: dict[Place, int] = {}
    for name in DEPARTMENTS:
        size = random.choice((random.randint(1, 3 * k), random.randint(3 * k, 30 * k)))
        sizes[name, True] = random.randint(0, size)
        sizes[name, False] = size - sizes[name, True]
    for held_out in (True, False):
        lacks = 10 * k - sum(size for place, size in sizes.items() if place[1] == held_out)
        sizes["it", held_out] += max(0, lacks)
    active = {
        place: random.choice((0, size, random.randint(0, size), max(0, size - random.randint(0, k))))
        for place, size in sizes.items()
    }
    return k, sizes, active


def leavers(random: Random, sizes: dict[Place, int], active: dict[Place, int]) -> dict[Place, int]:
    """Of those who were not active, who had left before: of one side all, or all but one; of the other any number."""
    side = random.random() < 0.5
    idle = {place: size - active[place] for place, size in sizes.items()}
    return {
        place: max(0, most - random.choice((0, 0, 1))) if place[1] == side else random.randint(0, most)
        for place, most in idle.items()
    }


def measured(
    k: int, sizes: dict[Place, int], active: dict[Place, int], absent: dict[Place, int]
) -> WeekMeasures:
    week = WeekMeasures(MONDAY, members=sum(sizes.values()), definition=2, floor=k)
    week.active_4w = week.activated = sum(active.values())
    week.month = [max(k, week.active_4w // 2)] * 4
    week.held_out = HeldOutMonth("spring", 4, among={}, absent={})
    week.absent_4w = sum(absent.values())
    week.month_absent = [week.absent_4w] * 4
    for (name, held_out), size in sizes.items():
        group = week.departments.setdefault(name, GroupWeek())
        group.members += size
        group.active_4w += active[name, held_out]
        group.absent += absent[name, held_out]
        if held_out:
            week.held_out.members += size
            week.held_out.active += active[name, held_out]
            week.held_out.among[name] = size
            week.held_out.absent[name] = absent[name, True]
        else:
            week.held_out.others += size
    return week


def attack_held_out(random: Random, *, leaving: bool = False) -> list[str]:
    """The parts of departments, and those held out, of which is learned how many were active though these, or the
    others, are fewer than k, or what every one of the unknown ones did; and was not without the campaign."""
    k, sizes, active = company(random)
    absent = leavers(random, sizes, active) if leaving else dict.fromkeys(sizes, 0)
    week = measured(k, sizes, active, absent)
    sizes_told = sizes
    sizes = {place: size - absent[place] for place, size in sizes.items()}
    people, places = publish_people(week, k), list(sizes)
    attack = Attack(len(places))
    known = dict.fromkeys(places, 0)
    known_active = dict.fromkeys(places, 0)
    for _ in range(k - 2):
        place = random.choice([one for one in places if known[one] < sizes[one]])
        was_active = active[place] - known_active[place] > 0 and random.random() < 0.5
        if not was_active and sizes[place] - known[place] == active[place] - known_active[place]:
            was_active = True
        known[place] += 1
        known_active[place] += was_active
    for at, place in enumerate(places):
        attack.knows(numpy.eye(len(places))[at], 0, sizes[place] - known[place])
    attack.reads(people.active_4w, numpy.ones(len(places)), sum(known_active.values()))
    for group in published_people.publish_departments(week, people, k):
        small = group.name == SMALLER
        inside = [
            place[0] == group.name
            or (small and sum(sizes_told[place[0], one] for one in (True, False)) < 2 * k - 1)
            for place in places
        ]
        of_known = sum(known_active[place] for place, is_in in zip(places, inside, strict=True) if is_in)
        attack.reads(group.active_4w, numpy.array(inside, float), of_known)
    groups = {
        **{f"{place}": [place] for place in places},
        **{name: [(name, True), (name, False)] for name in DEPARTMENTS},
        "held out": [place for place in places if place[1]],
    }
    few = {
        name: numpy.array([float(place in parts) for place in places])
        for name, parts in groups.items()
        if _is_few(parts, k, sizes, active, known, known_active)
    }
    learned = {name for name, terms in few.items() if attack.pins(terms)}
    attack.forget()
    _read_campaign(attack, week, k, places, known_active)
    return [name for name, terms in few.items() if name not in learned and attack.pins(terms)]


def _read_campaign(
    attack: Attack, week: WeekMeasures, k: int, places: list[Place], known_active: dict[Place, int]
) -> None:
    """Shares are told: the number is that of the whole numbers that give them, as they are rounded."""
    told = published_campaigns.publish_campaign_month(week, k)
    assert told is not None
    for figure, size, held_out in (
        (told.held_out_active, told.held_out.value, True),
        (told.active, told.members.value, False),
    ):
        if figure.ceiling is None:
            continue
        assert size is not None
        terms = numpy.array([float(place[1] == held_out) for place in places])
        of_known = sum(count for place, count in known_active.items() if place[1] == held_out)
        fitting = [
            count
            for count in range(int(size) + 1)
            if figure.floor <= round(100 * count / size, 1) <= figure.ceiling
        ]
        attack.knows(terms, fitting[0] - of_known, fitting[-1] - of_known)


def _is_few(
    parts: list[Place],
    k: int,
    sizes: dict[Place, int],
    active: dict[Place, int],
    known: dict[Place, int],
    known_active: dict[Place, int],
) -> bool:
    unknown = sum(sizes[part] - known[part] for part in parts)
    came = sum(active[part] - known_active[part] for part in parts)
    size, count = sum(sizes[part] for part in parts), sum(active[part] for part in parts)
    return unknown > 0 and (min(count, size - count) < k or came in (0, unknown))
