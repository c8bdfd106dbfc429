"""Small random quests and streaks, for the properties of the ledger and of their own."""

from __future__ import annotations

from random import Random

from engage.core.conditions import Clause
from engage.core.occasions import STREAK, Occasion
from engage.core.program import (
    Award,
    Freezes,
    Goal,
    GrantFreeze,
    Join,
    Quest,
    Repeats,
    Requires,
    Rule,
    Streak,
    Tier,
)

JOINS: tuple[Join, ...] = ("all", "any", "in_order")
REPEATS: tuple[Repeats, ...] = ("once", "always", "day", "week", "month", "quarter", "year")
EVENTS = ("Call", "Sale")
VALUE = "event.properties.value"
BIG = Clause(VALUE, "ge", 50, "integer")


def make_quests(random: Random, most: int) -> tuple[Quest, ...]:
    return tuple(make_quest(random, number) for number in range(random.randint(0, most)))


def make_quest(random: Random, number: int) -> Quest:
    goals = tuple(_goal(random) for _ in range(random.choice([1, 1, 2])))
    tiers = [0]
    if len(goals) == 1:
        tiers = sorted({random.randint(1, goals[0].reach) for _ in range(2)} | {goals[0].reach})
    rewards = [
        Tier(reach, (Award(random.choice(["coins", "points"]), random.choice([1, 7, 25])),))
        for reach in tiers
    ]
    earlier = (f"quest-{number - 1}",) if number and random.random() < 0.2 else ()
    return Quest(
        id=f"quest-{number}",
        name="",
        goals=goals,
        tiers=tuple(rewards),
        join=random.choice(JOINS) if len(goals) > 1 else "all",
        repeats=random.choice(REPEATS),
        requires=Requires(quests=earlier),
    )


def _goal(random: Random) -> Goal:
    event = random.choice(EVENTS)
    condition = BIG if random.random() < 0.2 else None
    kind = random.random()
    if kind < 0.5:
        return Goal(event, random.randint(1, 6), conditions=condition)
    if kind < 0.8:
        return Goal(event, random.choice([20, 90, 400]), sum=VALUE, conditions=condition)
    return Goal(event, random.randint(1, 6), distinct=VALUE, conditions=condition)


def make_streaks(random: Random) -> tuple[tuple[Streak, ...], tuple[Rule, ...]]:
    """One or none, and the rules that wait for it."""
    if random.random() < 0.5:
        return (), ()
    streak = Streak(
        "streak",
        "",
        every=random.choice(["day", "week"]),
        event=random.choice(["", *EVENTS]),
        conditions=None,
        at_least=random.choice([1, 1, 2]),
        days=random.choice(["working", "all"]),
        freezes=random.choice([None, Freezes(2), Freezes(2, 1, "week")]),
    )
    rules = [
        Rule(f"streak-{n}", "", "", effects=(Award("points", n),), on=Occasion(STREAK, f"streak:{n}"))
        for n in (1, 2, 4)
    ]
    return (streak,), (*rules, Rule("freeze", "", "Call", effects=(GrantFreeze("streak"),)))
