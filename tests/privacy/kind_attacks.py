"""What an attacker concludes of kinds of members where two tables divide the same people: departments and roles, months
of activation and months of activity, weeks and stages. Small companies of the kinds that show it."""

from __future__ import annotations

from random import Random

import numpy

from engage.core import published_people, published_stages
from engage.core.measures import WeekMeasures
from engage.core.published import publish_month_weeks, publish_people, remember_peaks
from engage.core.segments import GroupWeek
from engage.core.stage_weeks import active_part, no_stages
from tests.privacy.attacker import Attack
from tests.privacy.flow_attacks import Flow
from tests.privacy.populations import FIRST, WEEK

MONTHS = 3
COHORTS = 5


def attack_roles(random: Random) -> list[str]:
    """Who is active of one department, and of one role that hardly anybody else has."""
    k = random.choice((3, 4, 5))
    sizes = {
        ("it", "manager"): random.randint(2 * k, 6 * k),
        ("sales", "executor"): random.randint(2 * k, 6 * k),
        ("sales", "manager"): random.randint(1, k - 1),
    }
    active = {place: random.randint(0, size) for place, size in sizes.items()}
    week = WeekMeasures(FIRST + 3 * WEEK, members=sum(sizes.values()), definition=2, floor=k)
    week.active_4w = week.activated = sum(active.values())
    week.month = [max(k, week.active_4w // 2)] * 4
    for place, size in sizes.items():
        for groups, name in ((week.departments, place[0]), (week.roles, place[1])):
            group = groups.setdefault(name, GroupWeek())
            group.members += size
            group.active_4w += active[place]
    people, attack = publish_people(week, k), Attack(len(sizes))
    places = list(sizes)
    attack.reads(people.active_4w, numpy.ones(len(sizes)))
    for at, place in enumerate(places):
        attack.knows(numpy.eye(len(sizes))[at], 0, sizes[place])
    for side, groups in (
        (0, published_people.publish_departments(week, people, k)),
        (1, published_people.publish_roles(week, people, k)),
    ):
        for group in groups:
            terms = numpy.array([float(place[side] == group.name) for place in places])
            if terms.any():
                attack.reads(group.active_4w, terms)
    return [
        f"{active[place]} of {place}"
        for at, place in enumerate(places)
        if min(active[place], sizes[place] - active[place]) < k and attack.pins(numpy.eye(len(sizes))[at])
    ]


def attack_slipping(random: Random) -> list[str]:
    """In which weeks of a month each was active, and who has the habit: told by week, in all, and by stage."""
    k = random.choice((3, 4, 5))
    members = random.randint(4 * k, 10 * k)
    kinds = [random.choices(range(1, 16), k=1)[0] for _ in range(random.randint(1, 3))]
    absent, odd, habit = random.choice((0.1, 0.3)), random.choice((0.0, 0.05)), random.choice((0.0, 0.3, 0.6))
    paths = []
    for _ in range(members):
        pattern = 0 if random.random() < absent else random.choice(kinds)
        if random.random() < odd:
            pattern = random.randrange(16)
        paths.append((pattern, int(pattern > 0 and random.random() < habit)))
    counts = [sum(path[0] >> at & 1 for path in paths) for at in range(4)]
    loud = sum(1 << at for at, count in enumerate(counts) if count >= k)
    paths = [(pattern & loud, int(has and pattern & loud > 0)) for pattern, has in paths]
    ways = [
        (pattern, has)
        for pattern in range(16)
        for has in (0, 1)
        if pattern & loud == pattern and pattern >= has
    ]
    flow = Flow(random, k, paths, ways)
    week = WeekMeasures(FIRST + 3 * WEEK, members=members, definition=2, floor=k, stages=no_stages())
    week.active_4w = week.activated = sum(path[0] > 0 for path in paths)
    week.habitual = sum(path[1] for path in paths)
    week.month = [count if count >= k else 0 for count in counts]
    for pattern, has in paths:
        week.stages[active_part(pattern & 0b1100, bool(has), 99) if pattern else "dormant"] += 1
    remember_peaks([week], None, k)
    week.visits_told = []
    people = publish_people(week, k)
    flow.reads("active", people.active_4w, lambda path: path[0] > 0)
    flow.reads("habitual", people.habitual, lambda path: path[1] > 0)
    for at, figure in enumerate(publish_month_weeks(week, k)):
        if counts[at] >= k:
            flow.reads(f"active in week {at}", figure, lambda path, at=at: path[0] >> at & 1)  # type: ignore[misc]
    found = published_stages.stages_of(week, k)
    flow.reads("slipping", found["slipping"], lambda path: path[0] > 0 and not path[0] & 0b1100)
    flow.reads("steady", found["habitual"], lambda path: path[0] & 0b1100 > 0 and path[1] > 0)
    flow.groups.append(("here and not slipping", lambda path: path[0] & 0b1100 > 0))
    return flow.learned()


def attack_funnels(random: Random) -> list[str]:
    """In which weeks of a month each was active, and how far those came on a way who began it then."""
    k = random.choice((3, 4, 5))
    members = random.randint(6 * k, 16 * k)
    often = [random.choice((0.2, 0.5)) for _ in range(4)]
    begins, goes_on = random.choice((0.3, 0.9, 0.95)), random.choice((0.3, 0.8, 0.95))
    idle = random.choice((0.3, 0.7))
    paths = []
    for _ in range(members):
        pattern, steps = sum(1 << at for at, share in enumerate(often) if random.random() < share), 0
        if random.random() < idle:
            pattern = 0
        if pattern and random.random() < begins:
            steps = 1 + (random.random() < goes_on)
        paths.append((pattern, steps))
    counts = [sum(path[0] >> at & 1 for path in paths) for at in range(4)]
    if min(counts) < k:
        return []  # quiet weeks have their own rule and attack
    flow = Flow(
        random, k, paths, [(pattern, steps) for pattern in range(16) for steps in range(3 if pattern else 1)]
    )
    weeks, activated = [], random.randint(sum(path[0] > 0 for path in paths), members)
    for month in range(2):
        week = WeekMeasures(
            FIRST + WEEK * (4 * month + 3), members=members, definition=2, floor=k, month=counts
        )
        week.active_4w, week.activated = sum(path[0] > 0 for path in paths), activated
        week.funnels = {"way": [sum(path[1] > step for path in paths) for step in range(2)]}
        week.funnel_months = {"way": 1}
        weeks.append(week)
    remember_peaks(weeks, None, k)
    flow.reads("active", publish_people(weeks[0], k).active_4w, lambda path: path[0] > 0)
    for at, figure in enumerate(publish_month_weeks(weeks[0], k)):
        flow.reads(f"active in week {at}", figure, lambda path, at=at: path[0] >> at & 1)  # type: ignore[misc]
    people = publish_people(weeks[1], k)
    for step, figure in enumerate(published_people.publish_funnel(weeks[1], people, "way", k) or ()):
        flow.reads(f"step {step}", figure, lambda path, step=step: path[1] > step)  # type: ignore[misc]
    flow.groups += [
        ("active and did not begin", lambda path: path[0] > 0 and not path[1]),
        ("began and went no further", lambda path: path[1] == 1),
    ]
    return flow.learned()
