"""Undoing an event that a launch of quests counted: as if the launch had never seen it."""

from __future__ import annotations

from random import Random
from typing import Any

from hypothesis import given, settings
from msgspec.structs import replace

from engage.core.calendar import DAY, HOUR, utc_day
from engage.core.occasions import Occasion
from engage.core.program import (
    AdvanceQuest,
    Award,
    Badge,
    Currency,
    EventType,
    Goal,
    GrantBadge,
    GrantFreeze,
    Nudge,
    Program,
    Property,
    Quest,
    Rule,
    SendNudge,
    SetTag,
    Tag,
    Tier,
)
from tests.core.history import History, Step
from tests.core.random_programs import BOARDS, LEVELS, SEEDS, START
from tests.core.random_quests import make_quest, make_streaks
from tests.core.test_ledger_properties import holdings

EVENTS = ("Call", "Sale", "Mail")
CAUSED = (
    (Occasion("level", "*"), (Award("coins", 3), Award("points", 2), SetTag("vip", True))),
    (Occasion("quest", "*"), (Award("points", 9), GrantBadge("star"))),
    (Occasion("badge", "star"), (Award("points", 5), SendNudge("hi"))),
    (Occasion("level", "silver"), (GrantBadge("closer"),)),
    (Occasion("badge", "*"), (Award("points", 30), AdvanceQuest("other", 2))),
)


def make_launch(random: Random) -> Program:
    """Quests that count the past, and rules that go on from what it completes."""
    quests = []
    for number in range(random.randint(1, 3)):
        quest = replace(make_quest(random, number), counts_from=1, silently=random.random() < 0.2)
        quests.append(quest)
    others = Quest("other", "", (Goal("Call", 4),), (Tier(4, (Award("coins", 11),)),), repeats="always")
    rules = [
        Rule(f"rule-{n}", "", "", effects=effects, on=on)
        for n, (on, effects) in enumerate(CAUSED)
        if random.random() < 0.4
    ]
    streaks, of_streaks = make_streaks(random)
    if streaks:
        quest = Occasion("quest", "*")
        rules.append(Rule("freezes", "", "", effects=(GrantFreeze("streak"),), on=quest))
    return program(*(others, *quests)[:4], rules=(*rules, *of_streaks[:3]), streaks=streaks)


def program(*quests: Quest, **more: Any) -> Program:
    return Program(
        "Launch",
        {"coins": Currency("C", "allow"), "points": Currency("P", "allow")},
        {name: EventType(name, properties={"value": Property("integer")}) for name in EVENTS},
        30,
        levels=LEVELS,
        badges={name: Badge(name) for name in ("closer", "star")},
        tags={"vip": Tag("vip")},
        nudges={"hi": Nudge("Hi.")},
        leaderboards=BOARDS[1:],
        quests=quests,
        **more,
    )


def launched(
    events: list[tuple[str, int]], later: list[tuple[str, int]], draft: Program
) -> tuple[History, list[Step]]:
    """Some events before there is a quest, `later` ones that quests count, and then these count the past."""
    told = History(stored=True)
    told.publish(program())
    clock, steps = START, []
    for number, (event, value) in enumerate([*events, *later]):
        if number == len(events):
            told.publish(replace(draft, quests=tuple(map(begins_at_nothing, draft.quests))))
        clock += 5 * HOUR
        steps.append(told.track("ann", event, clock, {"value": value}))
    told.publish(draft)
    told.look_back("ann", clock + DAY)
    return told, steps


def begins_at_nothing(quest: Quest) -> Quest:
    return replace(quest, counts_from=0, silently=False)


def held(told: History) -> object:
    return holdings(told, 0, utc_day(START) + 30)


@settings(max_examples=50)
@given(seed=SEEDS)
def test_undoing_events_that_a_launch_counted_is_as_if_they_had_been_others(seed: int) -> None:
    random = Random(seed)
    events, later = (
        [(random.choice(EVENTS[:2]), random.randint(0, 140)) for _ in range(random.randint(least, 25))]
        for least in (1, -25)
    )
    draft = make_launch(random)
    told, steps = launched(events, later, draft)
    gone = random.sample(range(len(events)), min(len(events), random.randint(1, 3)))
    for number in gone:
        told.reverse("ann", told.steps[-1].entry.at, steps[number])
    others = [("Mail", 0) if number in gone else event for number, event in enumerate(events)]
    assert held(told) == held(launched(others, later, draft)[0])
    assert told.replayed().members == told.members
