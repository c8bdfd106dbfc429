"""What an attacker concludes from who moves, week by week: who falls from a level, loses a streak, is about to lose
points; and from habits, month by month."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from random import Random

import numpy

from engage.core.balances import CurrencyWeek
from engage.core.measures import WeekMeasures
from engage.core.privacy import Figure
from engage.core.published import publish_levels, publish_month_weeks, publish_people, remember_peaks
from engage.core.published_people import publish_moves, publish_points
from tests.privacy.attacker import Attack
from tests.privacy.populations import FIRST, WEEK

WEEKS = 4

Path = tuple[int, ...]
"""What is of one member, week by week."""


class Flow:
    """Members by their path; all paths that there can be are the unknowns."""

    def __init__(self, random: Random, k: int, paths: Sequence[Path], ways: Sequence[Path]) -> None:
        self.paths, self.ways = paths, list(ways)
        changes = sorted(paths, key=lambda path: (len(set(path)) == 1, random.random()))
        self.known = changes[: k - 2] if random.random() < 0.7 else random.sample(list(paths), k - 2)
        self.k, self.attack = k, Attack(len(self.ways))
        others = len(paths) - len(self.known)
        self.attack.knows(numpy.ones(len(self.ways)), others, others)
        self.groups: list[tuple[str, Callable[[Path], bool]]] = []

    def reads(self, name: str, figure: Figure, said: Callable[[Path], bool]) -> None:
        if figure.ceiling is not None:
            self.attack.reads(figure, self._terms(said), sum(map(said, self.known)))
        self.groups.append((name, said))
        self.groups.append((f"not {name}", lambda path: not said(path)))

    def _terms(self, said: Callable[[Path], bool]) -> numpy.ndarray:  # type: ignore[type-arg]
        return numpy.array([float(said(way)) for way in self.ways])

    def learned(self) -> list[str]:
        found = []
        for name, said in self.groups:
            size, terms = sum(map(said, self.paths)), self._terms(said)
            if size < self.k and terms.any() and not terms.all() and self.attack.pins(terms):
                found.append(f"{size} {name}")
        return found


def attack_falls(random: Random) -> list[str]:
    """Who stood at a level when each week began, and whether, told at the ends of a month and as moves between."""
    k = random.choice((3, 4, 5))
    members = random.randint(2 * k, 12 * k)
    start, falls, rises = (random.choice((0.1, 0.5, 0.9)) for _ in range(3))
    paths = []
    for _ in range(members):
        path = [int(random.random() < start)]
        for _ in range(WEEKS):
            path.append(int(random.random() >= falls) if path[-1] else int(random.random() < rises))
        paths.append(tuple(path))
    flow = Flow(random, k, paths, list(itertools.product((0, 1), repeat=WEEKS + 1)))
    for at in (0, WEEKS):
        standing = sum(path[at] for path in paths)
        week = WeekMeasures(
            FIRST, floor=k, members=members, levels=[("", members - standing), ("one", standing)]
        )
        levels = publish_levels(week, k)
        assert levels is not None
        flow.reads(f"at a level after {at}", levels.above, lambda path, at=at: path[at] == 1)  # type: ignore[misc]
    standing = sum(path[0] for path in paths)
    for at in range(WEEKS):
        week = WeekMeasures(
            FIRST + WEEK * at,
            floor=k,
            members=members,
            levels=[("", members - standing), ("one", standing)],
            active=members,
            risen=sum(path[at] < path[at + 1] for path in paths),
            fallen=sum(path[at] > path[at + 1] for path in paths),
            definition=2,
        )
        moves = publish_moves(week, publish_people(week, k), k)
        flow.reads(f"fell in week {at}", moves.fallen, lambda path, at=at: path[at] > path[at + 1])  # type: ignore[misc]
        flow.reads(f"rose in week {at}", moves.risen, lambda path, at=at: path[at] < path[at + 1])  # type: ignore[misc]
        flow.groups.append((f"stayed at it in week {at}", lambda path, at=at: path[at] == path[at + 1] == 1))  # type: ignore[misc]
    return flow.learned()


def attack_streaks(random: Random) -> list[str]:
    """Who was active in which week, where whoever was not active in the week after has lost a streak."""
    k = random.choice((3, 4, 5))
    members = random.randint(2 * k, 14 * k)
    stay, come = random.choice((0.05, 0.5, 0.95)), random.choice((0.05, 0.3, 0.7))
    paths = []
    for _ in range(members):
        path = [int(random.random() < random.choice((stay, come)))]
        for _ in range(WEEKS - 1):
            path.append(int(random.random() < (stay if path[-1] else come)))
        paths.append(tuple(path))
    weeks = [
        WeekMeasures(
            FIRST + WEEK * at,
            floor=k,
            members=members,
            active=sum(path[at] for path in paths),
            active_4w=members,
            activated=members,
            streaks=sum(path[at - 1] for path in paths) if at else 0,
            streaks_broken=sum(path[at - 1] > path[at] for path in paths) if at else 0,
            weekly_streaks=True,
            definition=2,
        )
        for at in range(WEEKS)
    ]
    remember_peaks(weeks, None, k)
    flow = Flow(random, k, paths, list(itertools.product((0, 1), repeat=WEEKS)))
    for at, week in enumerate(weeks):
        people = publish_people(week, k)
        flow.reads(f"active in week {at}", people.active, lambda path, at=at: path[at] == 1)  # type: ignore[misc]
        if at:
            broken = publish_moves(week, people, k).streaks_broken
            flow.reads(f"lost it in week {at}", broken, lambda path, at=at: path[at - 1] > path[at])  # type: ignore[misc]
            flow.groups.append((f"came in week {at}", lambda path, at=at: path[at - 1] < path[at]))  # type: ignore[misc]
            flow.groups.append((f"kept it in week {at}", lambda path, at=at: path[at - 1] == path[at] == 1))  # type: ignore[misc]
    return flow.learned()


def attack_windows(random: Random) -> list[str]:
    """Who has points that expire in the four weeks ahead, week by week, where it is known that there are no later ones:
    whose are gone after each week?"""
    k = random.choice((3, 4, 5))
    members = random.randint(2 * k, 10 * k)
    late = random.choice((0.1, 0.5, 0.9))
    paths = [(random.choice((0, 1, 2, 3)) if random.random() < late else WEEKS,) for _ in range(members)]
    flow = Flow(random, k, paths, [(at,) for at in range(WEEKS + 1)])
    for at in range(WEEKS):
        has = sum(at <= path[0] < WEEKS for path in paths)
        holders = random.randint(has, members)
        week = WeekMeasures(
            FIRST + WEEK * at,
            floor=k,
            members=members,
            activated=members,
            definition=2,
            standing=True,
            currencies={"points": CurrencyWeek(holders=holders, at_risk=has)},
        )
        shown = publish_points(week, "points", k).at_risk
        flow.reads(f"has some after {at}", shown, lambda path, at=at: at <= path[0] < WEEKS)  # type: ignore[misc]
        flow.groups.append((f"had some until {at}", lambda path, at=at: path[0] == at))  # type: ignore[misc]
    return flow.learned()


HABIT_MONTHS = 3
HABIT_WEEKS_LEAST = 9


def attack_habits(random: Random) -> list[str]:
    """In how many weeks of four months each was active: told are who was active in each week and in each month, and, of
    two stretches of three months, who was in nine weeks."""
    k, months = random.choice((3, 4, 5)), HABIT_MONTHS + 1
    members = random.randint(3 * k, 8 * k)
    regular = random.choice((0.2, 0.5, 0.8))
    often, seldom = random.choice((("3333", "1111"), ("4444", "3323"), ("????", "????"), ("3434", "0101")))
    odd = random.choice((0.0, 0.0, 0.1))
    active = [[0] * 4 * months for _ in range(random.choice((0, k, 2 * k)))]
    for _ in range(members - len(active)):
        own: list[int] = []
        for visits in often if random.random() < regular else seldom:
            count = random.randint(0, 4) if visits == "?" or random.random() < odd else int(visits)
            chosen = random.sample(range(4), count)
            own += [int(week in chosen) for week in range(4)]
        active.append(own)
    paths = [tuple(sum(own[4 * at : 4 * at + 4]) for at in range(months)) for own in active]
    flow = Flow(random, k, paths, list(itertools.product(range(5), repeat=months)))
    weeks = []
    for at in range(months):
        counts = [sum(own[week] for own in active) for week in range(4 * at, 4 * at + 4)]
        if min(counts) < k:
            return []  # quiet weeks have their own rule and attack
        weeks.append(
            WeekMeasures(
                FIRST + WEEK * (4 * at + 3),
                floor=k,
                members=members,
                month_members=[members] * 4,
                activated=members,
                active=counts[3],
                active_4w=sum(path[at] > 0 for path in paths),
                habitual=sum(_has_habit(path, at) for path in paths) if at >= HABIT_MONTHS - 1 else 0,
                month=counts,
                definition=2,
            )
        )
    remember_peaks(weeks, None, k)
    for at, week in enumerate(weeks):
        visits = numpy.array([float(way[at]) for way in flow.ways])
        told = publish_month_weeks(week, k)
        known = sum(path[at] for path in flow.known)
        flow.attack.knows(
            visits, sum(one.floor for one in told) - known, sum(one.ceiling or 0 for one in told) - known
        )
        people = publish_people(week, k)
        flow.reads(f"active in month {at}", people.active_4w, lambda path, at=at: path[at] > 0)  # type: ignore[misc]
        if at >= HABIT_MONTHS - 1:
            flow.reads(f"habitual in month {at}", people.habitual, lambda path, at=at: _has_habit(path, at))  # type: ignore[misc]
    last = months - 1
    flow.groups += [
        ("lost the habit", lambda path: _has_habit(path, last - 1) and not _has_habit(path, last)),
        ("gained the habit", lambda path: _has_habit(path, last) and not _has_habit(path, last - 1)),
        ("active without the habit", lambda path: path[last] > 0 and not _has_habit(path, last)),
        ("always", lambda path: sum(path[last - 2 :]) == 4 * HABIT_MONTHS),
        (
            "the habit and not always",
            lambda path: HABIT_WEEKS_LEAST <= sum(path[last - 2 :]) < 4 * HABIT_MONTHS,
        ),
        ("the habit and more", lambda path: sum(path[last - 2 :]) > HABIT_WEEKS_LEAST),
        (
            "more than once without the habit",
            lambda path: max(path[last - 2 :]) > 1 and not _has_habit(path, last),
        ),
    ]
    return flow.learned()


def _has_habit(path: Path, at: int) -> bool:
    return sum(path[at - HABIT_MONTHS + 1 : at + 1]) >= HABIT_WEEKS_LEAST
