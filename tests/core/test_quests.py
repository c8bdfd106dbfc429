"""Quests: what order and undoing must not change, what is bounded, and how mistakes are told."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from msgspec.structs import replace

from engage.core.calendar import DAY, HOUR, local_day_hour
from engage.core.check import check
from engage.core.check_quests import DISTINCT_MAX
from engage.core.decisions import encode_record
from engage.core.effects import AdvanceQuest
from engage.core.event import Kind
from engage.core.goals import HASH_BYTES
from engage.core.occasions import Occasion
from engage.core.program import Award, Currency, EventType, Goal, Program, Property, Quest, Rule, Tier
from engage.core.progress import quest_standings
from engage.core.quests import LAPS_MAX, WINDOWS_KEPT
from engage.core.state import encode_state
from tests.core.history import History
from tests.core.random_programs import MEMBERS, SEEDS, START
from tests.core.random_quests import EVENTS, make_quest

TEN = (Tier(0, (Award("points", 10),)),)


def told_of(*quests: Quest, late_days: int = 30) -> History:
    events = {name: EventType(name, properties={"value": Property("integer")}) for name in EVENTS}
    told = History(stored=True)
    told.publish(
        Program("Quests", {"coins": Currency("C"), "points": Currency("P")}, events, late_days, quests=quests)
    )
    return told


def standings(told: History, name: str) -> list[Any]:
    """What of each quest does not depend on the order of events: a completed one stops counting."""
    assert told.program is not None
    today = local_day_hour(START, told.timezone)[0]
    return [
        (found.reached, found.times, found.goals if found.status == "open" else found.status)
        for found in quest_standings(told.program, told.company, told.member(name), told.numbers[name], today)
    ]


def fair(quest: Quest) -> bool:
    """Whether it can be in no order of events: such goals, and values that are forgotten again, ask for one."""
    forgetful = quest.repeats == "always" and any(goal.distinct for goal in quest.goals)
    return quest.join != "in_order" and not forgetful and not quest.requires.quests


@settings(max_examples=100)
@given(seed=SEEDS)
def test_the_order_of_a_day_does_not_change_what_quests_count(seed: int) -> None:
    random = Random(seed)
    quests = [quest for number in range(4) if fair(quest := make_quest(random, number))]
    day = [
        (random.choice(MEMBERS), random.choice(EVENTS), random.randint(0, 14), random.randint(1, 60))
        for _ in range(random.randint(1, 40))
    ]

    def outcome(events: list[tuple[str, str, int, int]]) -> object:
        told = told_of(*quests)
        for member, event, hour, value in events:
            told.track(member, event, START + hour * HOUR, {"value": value})
        return {name: (standings(told, name), told.active(name)) for name in told.members}

    assert outcome(random.sample(day, len(day))) == outcome(day)


@settings(max_examples=60)
@given(seed=SEEDS)
def test_the_usual_way_to_count_an_event_is_as_the_long_one(seed: int) -> None:
    random = Random(seed)
    quests = [make_quest(random, number) for number in range(3)]
    usual, long = told_of(*quests), told_of(*quests)
    for start in (START, START + 40 * DAY):
        long.versions[-1] = replace(
            long.versions[-1], quests=tuple(replace(plan, asked=()) for plan in long.versions[-1].quests)
        )
        for _ in range(random.randint(1, 25)):
            name, event = random.choice(MEMBERS), random.choice(EVENTS)
            at, value = start + random.randint(-30, 30) * HOUR, random.randint(1, 60)
            number = random.randrange(1, len(usual.steps) + 1) if random.random() < 0.2 and usual.steps else 0
            for told in (usual, long):
                if not number:
                    told.track(name, event, at, {"value": value})
                elif (undone := told.steps[number - 1]).entry.kind == Kind.TRACK:
                    told.reverse(told.name_of(undone.entry.member), at, undone)
        # The same quests may ask for something else from here on.
        again = [make_quest(random, number) for number in range(3)]
        for told in (usual, long):
            told.publish(replace(told.versions[-1].program, quests=tuple(again)))

    assert [encode_record(step.decision.record) for step in usual.steps] == [
        encode_record(step.decision.record) for step in long.steps
    ]
    assert [step.decision.transfers for step in usual.steps] == [
        step.decision.transfers for step in long.steps
    ]
    assert list(map(encode_state, usual.members.values())) == list(map(encode_state, long.members.values()))


def test_one_event_completes_a_repeating_quest_only_so_often() -> None:
    told = told_of(Quest("q", "", (Goal("Sale", 10, sum="event.properties.value"),), TEN, repeats="always"))
    told.track("ann", "Sale", START, {"value": 10 * (LAPS_MAX + 3) + 4})
    assert told.active("ann") == 10 * LAPS_MAX
    told.track("ann", "Sale", START, {"value": 1})
    assert told.active("ann") == 10 * (LAPS_MAX + 3)
    assert standings(told, "ann")[0][2][0].progress == 5


def test_only_so_many_periods_are_remembered_and_none_counts_twice() -> None:
    quest = Quest("q", "", (Goal("Sale", 1),), TEN, repeats="day")
    told = told_of(quest, late_days=3000)
    for day in range(WINDOWS_KEPT + 20):
        told.track("ann", "Sale", START + day * DAY)
    assert len(told.member("ann").quests["q"].windows) == WINDOWS_KEPT
    earned = told.active("ann")
    told.track("ann", "Sale", START)
    assert told.active("ann") == earned


def test_what_no_event_can_reach_any_more_is_forgotten() -> None:
    told = told_of(Quest("q", "", (Goal("Sale", 1),), TEN, repeats="week"), late_days=10)
    for day in range(60):
        told.track("ann", "Sale", START + day * DAY)
    assert len(told.member("ann").quests["q"].windows) == 3


def test_a_goal_of_distinct_values_stays_small() -> None:
    told = told_of(Quest("q", "", (Goal("Sale", DISTINCT_MAX, distinct="event.properties.value"),), TEN))
    empty = len(encode_state(told.member("ann")))
    for value in range(3 * DISTINCT_MAX):
        told.track("ann", "Sale", START + value, {"value": value * 1_000_003})
    assert told.active("ann") == 10
    assert len(encode_state(told.member("ann"))) - empty < DISTINCT_MAX * (HASH_BYTES + 2) + 500


def test_counting_takes_a_few_bytes_of_a_record() -> None:
    told = told_of(Quest("q", "", (Goal("Sale", 9),), TEN))
    step = told.track("ann", "Sale", START)
    assert len(encode_record(step.decision.record)) <= 26


@pytest.mark.parametrize("later", [0, 1, 4])
def test_an_undone_event_counts_no_more_and_what_came_since_stands(later: int) -> None:
    told = told_of(Quest("q", "", (Goal("Sale", 3),), TEN, repeats="always"))
    first = told.track("ann", "Sale", START)
    for _ in range(later):
        told.track("ann", "Sale", START)
    told.reverse("ann", START, first)
    total = 2 if later else 3
    assert told.active("ann") == (10 if later >= 2 else 0)
    for _ in range(3 * total):
        told.track("ann", "Sale", START)
    assert told.active("ann") == (later + 3 * total) // 3 * 10


def test_an_event_that_begins_a_quest_and_completes_it_leaves_nothing_when_undone() -> None:
    """It reaches the first tier, for which a rule counts one more: that completes the quest, which begins anew."""
    quest = Quest("twice", "", (Goal("Done", 2),), (Tier(1), Tier(2)), repeats="always")
    more = Rule("more", "more", "", effects=(AdvanceQuest("twice"),), on=Occasion("quest", "twice:1"))
    told = History()
    told.publish(Program("Quests", {}, {"Done": EventType("Done")}, quests=(quest,), rules=(more,)))
    step = told.track("ann", "Done", START)
    assert told.member("ann").quests["twice"].times == 1
    told.reverse("ann", START, step)
    assert "twice" not in told.member("ann").quests


def test_a_lap_undone_leaves_a_quest_that_repeats_open() -> None:
    """After the event that completed it others have reached its first tier again."""
    tiers = (Tier(2, (Award("points", 1),)), Tier(4, (Award("points", 10),)))
    told = told_of(Quest("q", "", (Goal("Sale", 4),), tiers, repeats="always"))
    steps = [told.track("ann", "Sale", START) for _ in range(6)]
    told.reverse("ann", START, steps[3])
    for _ in range(3):
        told.track("ann", "Sale", START)
    assert told.member("ann").quests["q"].times == 2
    assert told.active("ann") == 2 * 11 + 1, "what others had reached stands"


TIERS = [{"reach": 1}, {"reach": 2}]


@settings(max_examples=40)
@given(seed=SEEDS)
def test_a_past_counts_as_if_the_quest_had_been_there(seed: int) -> None:
    random = Random(seed)
    quests = [quest for number in range(4) if not (quest := make_quest(random, number)).requires.quests]
    events = [(random.choice(EVENTS), random.randint(0, 140)) for _ in range(random.randint(1, 40))]
    always, later = told_of(*quests), told_of()
    for number, (event, value) in enumerate(events):
        for told in (always, later):
            told.track("ann", event, START + number * HOUR, {"value": value})
    program = always.versions[0].program
    silent = [replace(quest, counts_from=1, silently=True) for quest in quests]
    later.publish(replace(program, quests=tuple(silent)))
    later.look_back("ann", START + DAY)
    assert standings(later, "ann") == standings(always, "ann")
    assert later.active("ann") == 0
    assert later.replayed().members == later.members


QUEST = {"id": "q", "goal": {"event": "Sale", "reach": 3}, "effects": [{"award": 1}]}


@pytest.mark.parametrize(
    "change, place, message",
    [
        ({"goal": None}, "", "needs 'goal' or 'goals', to say what is to be done"),
        ({"goals": {"all": []}}, "", "needs 'goal' or 'goals', not both"),
        ({"goal": {"event": "Sal", "reach": 1}}, "/goal/event", "did you mean 'Sale'?"),
        ({"goal": {"event": "Sale"}}, "/goal", "missing key 'reach'"),
        ({"goal": {"event": "Sale", "reach": 0}}, "/goal/reach", "must be from 1"),
        ({"goal": None, "goals": {"al": []}}, "/goals/al", "did you mean 'all'?"),
        ({"goal": None, "goals": {}}, "/goals", "needs one of all, any, in_order"),
        ({"goal": None, "goals": {"any": [QUEST["goal"]]}}, "/goals/any", "needs at least 2 entries, has 1"),
        ({"counts_from": "joining"}, "/counts_from", "did you mean 'join'?"),
        ({"counts_from": 3}, "/counts_from", "must be launch, join or a date, as in 2026-12-24"),
        ({"counts_from": "join", "silently": "yes"}, "/silently", "must be true or false"),
        ({"silently": True}, "/silently", "says how history counts"),
        ({"repeats": "dayly"}, "/repeats", "must be one of once, always, day"),
        ({"from": "2026-13-01"}, "/from", "must be a date, as in 2026-12-24"),
        ({"from": "2026-02-01", "until": "2026-01-01"}, "/until", "must not be before 'from'"),
        ({"requires": {"quests": ["q"]}}, "/requires/quests/0", "unknown earlier quest 'q'; declared: none"),
        ({"requires": {"badges": ["star"]}}, "/requires/badges/0", "unknown badge 'star'"),
        ({"requires": {"level": "gold"}}, "/requires/level", "unknown level 'gold'"),
        ({"goal": {"event": "Sale"}, "tiers": TIERS}, "/effects", "goes with the tiers"),
        ({"tiers": TIERS, "effects": None}, "/goal", "has no 'reach': the tiers say it"),
        ({"goal": None, "goals": {"all": []}, "tiers": TIERS, "effects": None}, "/goals", "has one 'goal'"),
        (
            {"goal": {"event": "Sale", "reach": 1, "sum": "event.properties.plan"}},
            "/goal/sum",
            "event.properties.plan is of type string, not integer or number",
        ),
        (
            {"goal": {"event": "Sale", "reach": 1, "distinct": "event.properties.mail"}},
            "/goal/distinct",
            "personal",
        ),
        (
            {"goal": {"event": "Sale", "reach": 1, "distinct": "event.hour"}},
            "/goal/distinct",
            "must be a property of the event",
        ),
        (
            {"goal": {"event": "Sale", "reach": 201, "distinct": "event.properties.plan"}},
            "/goal/reach",
            "must be at most 200 for distinct values",
        ),
    ],
)
def test_a_mistaken_quest_is_named_at_its_place(change: dict[str, Any], place: str, message: str) -> None:
    properties = {"plan": {"type": "string"}, "mail": {"type": "string", "personal": True}}
    document = {"name": "P", "currencies": {"points": {}}, "events": {"Sale": {"properties": properties}}}
    program, problems = check(document | {"quests": [QUEST | change]})
    assert program is None
    (problem,) = problems
    assert problem.pointer == "/quests/0" + place
    assert message in problem.message


@pytest.mark.parametrize(
    "effects, place, message",
    [
        ([{"advance": "b"}], "/0/advance", "unknown quest 'b'"),
        ([{"advance": "pair"}], "/0/advance", "only a quest with one goal"),
        ([{"advance": {"quest": "a", "by": 0}}], "/0/advance/by", "must be from 1"),
    ],
)
def test_a_quest_advances_those_above_it_that_have_one_goal(
    effects: list[Any], place: str, message: str
) -> None:
    goal = {"event": "Sale", "reach": 1}
    quests = [
        {"id": "a", "goal": goal},
        {"id": "pair", "goals": {"all": [goal, goal]}},
        {"id": "q", "goal": goal, "effects": [{"advance": "a"}]},
        {"id": "r", "goal": goal, "effects": effects},
        {"id": "b", "goal": goal},
    ]
    document = {"name": "P", "currencies": {"points": {}}, "events": {"Sale": {}}, "quests": quests}
    (problem,) = check(document)[1]
    assert problem.pointer == "/quests/3/effects" + place
    assert message in problem.message


@pytest.mark.parametrize(
    "tiers, place, message",
    [
        ([{"reach": 2}], "", "needs at least 2 entries, has 1"),
        ([{"reach": 2}, {"reach": 2}], "/1/reach", "must be more than the tier before (2), not 2"),
        ([{"reach": 2}, {"rech": 3}], "/1/rech", "did you mean 'reach'?"),
    ],
)
def test_mistaken_tiers_are_named_at_their_place(tiers: list[Any], place: str, message: str) -> None:
    document = {"name": "P", "currencies": {"points": {}}, "events": {"Sale": {}}}
    _, problems = check(document | {"quests": [{"id": "q", "goal": {"event": "Sale"}, "tiers": tiers}]})
    (problem,) = problems
    assert problem.pointer == "/quests/0/tiers" + place
    assert message in problem.message


@pytest.mark.parametrize(
    "trigger, place, message",
    [
        ({"quest": "r"}, "/quest", "unknown quest 'r'; declared: q"),
        ({"quest": "q", "tier": 1}, "/tier", "quest 'q' has no tiers"),
        ({"quest": "any", "tier": 1}, "/tier", "'tier' goes with one quest"),
        ({"quest": "q", "teir": 1}, "/teir", "did you mean 'tier'?"),
    ],
)
def test_a_mistaken_trigger_is_named_at_its_place(trigger: object, place: str, message: str) -> None:
    rule = {"id": "r", "trigger": trigger, "effects": [{"award": 1}]}
    document = {"name": "P", "currencies": {"points": {}}, "events": {"Sale": {}}, "quests": [QUEST]}
    _, problems = check(document | {"rules": [rule]})
    (problem,) = problems
    assert problem.pointer == "/rules/0/trigger" + place
    assert message in problem.message
