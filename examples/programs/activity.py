"""What the members of one company do in a quarter, for each of the example programs.

Deterministic: the same program, members and weeks give the same calls. Owns how often who does what; what that earns is
the business of the programs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any, NamedTuple

FIRST_MONDAY = date(2026, 1, 5)
INVITED = "Colleague Invited"
Properties = Callable[[Random], dict[str, Any]]


class Habit(NamedTuple):
    event: str
    per_week: float
    """How often an eager member does it."""
    properties: Properties = lambda _: {}
    hours: tuple[int, int] = (8, 18)
    who: tuple[str, ...] = ()
    """Only members whose first trait, the department, is one of these; everybody when empty."""


class Setting(NamedTuple):
    company: str
    traits: Callable[[Random, int], dict[str, Any]]
    """Of a member by number; the first is the department."""
    habits: tuple[Habit, ...]
    newcomers: int = 0
    """The last so many of the members do nothing until a colleague invites them."""


def _one(random: Random, *choices: Any) -> Any:
    return random.choice(choices)


HABITS: dict[str, Setting] = {
    "crm": Setting(
        "northwind",
        lambda random, n: {"team": ("inside", "field")[n % 2]},
        (
            Habit("Add Lead", 6),
            Habit("Add Contact", 4),
            Habit("Call Lead", 14),
            Habit("Email Lead", 12),
            Habit("Schedule Meeting", 3),
            Habit("Meeting", 2.5),
            Habit("Create Opportunity", 1.5),
            Habit("Advance Stage", 2),
            Habit("Quote", 1.2),
            Habit("Win Opportunity", 0.6, lambda random: {"value": random.randrange(500, 40_000, 50)}),
            Habit("Create List", 0.3),
            Habit("Search", 9),
        ),
    ),
    "ride-hailing": Setting(
        "kestrel-cabs",
        lambda random, n: {"city": ("Porto", "Braga", "Faro")[n % 3], "phone": f"+351 900 {n:06}"},
        (
            Habit(
                "Ride Completed",
                32,
                lambda random: {
                    "fare": round(random.lognormvariate(2.5, 0.6), 2),
                    "night": random.random() < 0.2,
                    "airport": random.random() < 0.15,
                },
                (6, 24),
            ),
            Habit("Ride Rated", 14, lambda random: {"stars": _one(random, 5, 5, 5, 4, 3, 1)}, (6, 24)),
            Habit("Ride Cancelled", 1.5, hours=(6, 24)),
            Habit("Vehicle Checked", 1.2, hours=(6, 9)),
            Habit(
                "Training Finished",
                0.4,
                lambda random: {"course": _one(random, "first-aid", "eco", "night", "app")},
            ),
        ),
    ),
    "online-training": Setting(
        "brightwell",
        lambda random, n: {
            "team": ("dairy", "logistics", "sales")[n % 3],
            "position": "head" if n == 1 else "lead" if n % 7 == 0 else "employee",
        },
        (
            Habit("Checked In", 4),
            Habit(
                "Lesson Finished",
                3,
                lambda random: {
                    "course": _one(random, "safety", "excel", "english"),
                    "minutes": random.randint(3, 60),
                },
            ),
            Habit(
                "Test Passed",
                0.7,
                lambda random: {"course": _one(random, "safety", "excel"), "score": random.randint(50, 100)},
            ),
            Habit(
                "Course Completed",
                0.3,
                lambda random: {"course": _one(random, "safety", "excel", "english", "first-aid")},
            ),
            Habit("Question Asked", 0.6, lambda random: {"topic": _one(random, "forms", "machines")}),
            Habit("Answer Given", 0.9),
            Habit("Answer Accepted", 0.5),
        ),
        newcomers=3,
    ),
    "back-office": Setting(
        "halvorsen",
        lambda random, n: {
            "unit": "finance" if n % 6 == 0 else ("yard", "office")[n % 2],
            "position": "cfo" if n == 6 else "supervisor" if n % 5 == 0 else "employee",
        },
        (
            Habit("Clocked In", 5, lambda random: {"on_time": random.random() < 0.85}, (7, 10)),
            Habit("Timesheet Submitted", 1, lambda random: {"days_early": _one(random, 0, 0, 1, 2)}),
            Habit(
                "Expense Filed",
                0.8,
                lambda random: {
                    "amount": random.randrange(300, 40_000) / 100,
                    "receipts": _one(random, 0, 1, 1, 2),
                },
            ),
            Habit("Expense Approved", 0.8, lambda random: {"hours": random.randint(1, 90)}),
            Habit(
                "Month Closed", 0.25, lambda random: {"working_day": random.randint(2, 8)}, who=("finance",)
            ),
            Habit("Policy Read", 0.4, lambda random: {"policy": f"P{random.randint(1, 6)}"}),
            Habit("Colleague Thanked", 1),
        ),
    ),
    "developer-platform": Setting(
        "zephyr",
        lambda random, n: {"squad": ("core", "billing", "apps")[n % 3], "on_call": n % 4 == 0},
        (
            Habit(
                "Change Merged",
                6,
                lambda random: {
                    "tests": random.random() < 0.7,
                    "service": _one(random, "auth", "ledger", "web", "jobs", "search"),
                },
            ),
            Habit("Review Given", 7, lambda random: {"hours": random.randint(0, 30)}),
            Habit("Build Fixed", 0.7),
            Habit(
                "Incident Resolved",
                0.3,
                lambda random: {
                    "severity": _one(random, "low", "high", "critical"),
                    "minutes": random.randint(5, 300),
                },
                (0, 24),
            ),
            Habit("Page Written", 0.6),
            Habit("Dependency Updated", 2),
            Habit("Console Opened", 9),
        ),
    ),
}


def calls(program: str, *, members: int = 30, weeks: int = 14) -> Iterator[dict[str, Any]]:
    """Segment calls: the members first, then what they did, in order of time."""
    setting, random = HABITS[program], Random(f"{program}/{members}/{weeks}")
    group = {"context": {"groupId": setting.company}}
    people = {f"m-{number:03}": setting.traits(random, number) for number in range(1, members + 1)}
    start = datetime.combine(FIRST_MONDAY, time(), UTC)
    for person, traits in people.items():
        said = {"type": "identify", "messageId": f"{program}-{person}", "userId": person, "traits": traits}
        yield said | group | {"timestamp": start.isoformat()}
    done = [
        (at, person, habit.event, properties)
        for person, traits in people.items()
        for at, habit, properties in _acts(random, setting, next(iter(traits.values())), weeks, start)
    ]
    first = dict(_invited(setting, list(people), start))
    done = [one for one in done if one[1] not in first or one[0] >= first[one[1]][0]]
    done += [
        (at - timedelta(days=3), inviter, INVITED, {"colleague": newcomer})
        for newcomer, (at, inviter) in first.items()
    ]
    for number, (at, person, event, properties) in enumerate(sorted(done, key=lambda one: one[:3])):
        said = {"type": "track", "messageId": f"{program}-{number}", "userId": person, "event": event}
        yield said | group | {"properties": properties, "timestamp": at.isoformat()}


def _invited(
    setting: Setting, people: list[str], start: datetime
) -> Iterator[tuple[str, tuple[datetime, str]]]:
    """Newcomer -> when they begin, and who invites them: in the third week the first, then every third week another."""
    for number, newcomer in enumerate(people[len(people) - setting.newcomers :]):
        yield newcomer, (start + timedelta(weeks=3 + 3 * number, hours=10), people[1 + number])


def _acts(
    random: Random, setting: Setting, department: str, weeks: int, start: datetime
) -> Iterator[tuple[datetime, Habit, dict[str, Any]]]:
    """One member's: eager or not, on working days mostly, and away now and then."""
    eagerness = random.choice((0.2, 0.6, 1.0, 1.0, 1.3))
    for week in range(weeks):
        if random.random() < 0.08:
            continue
        for habit in setting.habits:
            if habit.who and department not in habit.who:
                continue
            expected = habit.per_week * eagerness * random.uniform(0.6, 1.4)
            times = int(expected) + (random.random() < expected % 1)
            for _ in range(times):
                day = random.choices(range(7), (6, 6, 6, 6, 6, 1, 1))[0]
                minutes = random.randrange(habit.hours[0] * 60, habit.hours[1] * 60)
                at = start + timedelta(weeks=week, days=day, minutes=minutes, seconds=random.randrange(60))
                yield at, habit, habit.properties(random)
