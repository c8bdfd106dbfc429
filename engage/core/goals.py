"""Goals: which of them an event counts toward, and by how much.

Owns the compiled form of what counts, and the rules that stand for the rewards of quests: these are rules like others,
so that limits, budgets, levels and reasons hold for them too. Must not know what a member has reached; that is for
`engage.core.quests`.
"""

from __future__ import annotations

import typing as t
from decimal import Decimal
from hashlib import blake2b

import msgspec

from engage.core.codegen import Guard, Match, generate_guarded
from engage.core.conditions import Condition, Facts, read_named
from engage.core.formulas import rounded
from engage.core.occasions import ACTIVE, BROKEN, BROUGHT, QUEST, REFERRAL, STREAK, Occasion
from engage.core.program import Goal, Program, Quest, Requires, Rule
from engage.core.state import AMOUNT_MAX

SUM_PLACES: t.Final = {"integer": 1, "number": 1000}
"""Sums of fractions are kept in thousandths, so that no order of adding gives another sum."""
HASH_BYTES: t.Final = 4
"""Of a distinct value: two of a goal's few hundred values share one about once in a hundred thousand goals."""

Gain = tuple[int, int, int]
"""(number of the goal, key in its tally, amount)."""


class QuestPlan(msgspec.Struct, frozen=True):
    """A quest, and what its goals and its tiers ask for, in the last decimal place of each goal."""

    quest: Quest
    targets: tuple[int, ...]
    tiers: tuple[int, ...]
    requires: bool
    """Whether it asks anything of the member before it counts."""
    asked: tuple[int, ...]
    """What each tier takes, in order, of a quest whose one goal is a number; else nothing."""
    holdout: int = 0
    """Per cent of the members for whom it does not count, as its campaign has it."""


class Counted(t.NamedTuple):
    """A goal that an event may count toward."""

    quest: int
    """Its number, and that of the goal in it."""
    number: int
    goal: Goal
    gain: Gain | None
    """What each event adds, where that is the same whatever the event says."""


class Counting(msgspec.Struct, frozen=True):
    """What one event may count toward, and the function that says whose conditions hold: of goals first, then of
    streaks."""

    goals: tuple[Counted, ...]
    """By quest."""
    streaks: tuple[int, ...]
    """Numbers of streaks."""
    match: Match
    unconditional: tuple[int, ...]
    always: tuple[dict[int, list[Gain]], list[int]] | None
    """What `counts` answers, where that is the same for every event."""

    def counts(self, facts: Facts) -> tuple[dict[int, list[Gain]], list[int]]:
        """Number of the quest -> what the event adds to its goals, and the streaks it is for; by conditions alone."""
        if self.always is not None:
            return self.always
        gains: dict[int, list[Gain]] = {}
        stopped = self.unconditional or self.match(facts)
        for (quest, number, goal, gain), node in zip(self.goals, stopped, strict=False):
            if node:
                continue
            gained = gain or _gain(number, goal, facts)
            if gained is None:
                continue
            if quest in gains:
                gains[quest].append(gained)
            else:
                gains[quest] = [gained]
        if not self.streaks:
            return gains, []
        own = stopped[len(self.goals) :]
        return gains, [streak for streak, node in zip(self.streaks, own, strict=True) if not node]


def _gain(number: int, goal: Goal, facts: Facts) -> Gain | None:
    """None of a field that is missing, and of an amount that is not above zero."""
    if goal.sum is not None:
        value = read_named(goal.sum, goal.type, facts)
        if value is None or value <= 0:
            return None
        numerator, denominator = Decimal(repr(value)).as_integer_ratio()
        amount = rounded(numerator * SUM_PLACES[goal.type], denominator)
        return (number, 0, min(amount, AMOUNT_MAX)) if amount else None
    assert goal.distinct is not None
    value = read_named(goal.distinct, goal.type, facts)
    return None if value is None else (number, _hashed(value), 1)


def _hashed(value: object) -> int:
    return int.from_bytes(blake2b(msgspec.msgpack.encode(value), digest_size=HASH_BYTES).digest())


def is_advancing(quest: Quest) -> bool:
    """Whether a rule can say how far it comes: it has one goal, and that a number."""
    return len(quest.goals) == 1 and quest.goals[0].distinct is None


def standing(goal: Goal, tally: t.Mapping[int, int]) -> int:
    """How far a goal has come, in its last decimal place."""
    if goal.distinct is not None:
        return sum(1 for times in tally.values() if times > 0)
    return tally.get(0, 0)


def target(goal: Goal, reach: int) -> int:
    """`reach` in the goal's last decimal place."""
    return reach * SUM_PLACES[goal.type] if goal.sum is not None else reach


def compile_quests(program: Program) -> tuple[QuestPlan, ...]:
    return tuple(
        QuestPlan(
            quest,
            tuple(target(goal, goal.reach) for goal in quest.goals),
            tuple(target(quest.goals[0], tier.reach) for tier in quest.tiers),
            quest.requires != Requires(),
            _asked(quest),
            program.campaigns[quest.campaign].holdout if quest.campaign else 0,
        )
        for quest in program.quests
    )


def _asked(quest: Quest) -> tuple[int, ...]:
    if not is_advancing(quest):
        return ()
    goal = quest.goals[0]
    if len(quest.tiers) == 1:
        return (target(goal, goal.reach),)
    asked = [target(goal, tier.reach) for tier in quest.tiers]
    return tuple(asked) if asked == sorted(asked) else ()


def compile_counting(program: Program) -> dict[str, Counting]:
    """By event; only those that something counts."""
    found = {name: _counting(program, name) for name in program.events}
    return {name: counting for name, counting in found.items() if counting is not None}


def compile_activity(program: Program) -> Counting | None:
    """What pages and screens count toward: streaks of any activity."""
    return _counting(program, "")


def _counting(program: Program, event: str) -> Counting | None:
    goals = [
        Counted(number, index, goal, (index, 0, 1) if goal.sum is None and goal.distinct is None else None)
        for number, quest in enumerate(program.quests)
        for index, goal in enumerate(quest.goals)
        if goal.event == event
    ]
    streaks = [
        (number, streak) for number, streak in enumerate(program.streaks) if streak.event in ("", event)
    ]
    if not goals and not streaks:
        return None
    guards = [
        tuple(_guards(program, _audiences(program, program.quests[one.quest]), one.goal.conditions))
        for one in goals
    ]
    guards += [tuple(_guards(program, (streak.audience,), streak.conditions)) for _, streak in streaks]
    unconditional = () if any(guards) else (0,) * len(guards)
    numbers = tuple(number for number, _ in streaks)
    given = [(one.quest, one.gain) for one in goals if one.gain is not None]
    always = None
    if unconditional and len(given) == len(goals):
        gains = {quest: [gain for of, gain in given if of == quest] for quest, _ in given}
        always = (gains, list(numbers))
    return Counting(tuple(goals), numbers, generate_guarded(guards), unconditional, always)


def _audiences(program: Program, quest: Quest) -> tuple[str, ...]:
    campaign = program.campaigns.get(quest.campaign)
    return (quest.audience,) if campaign is None else (campaign.audience, quest.audience)


def _guards(program: Program, audiences: tuple[str, ...], conditions: Condition | None) -> t.Iterator[Guard]:
    """What must hold for an event to count: that somebody is of the audiences, and the conditions."""
    for name in (program.audience, *audiences):
        if name:
            yield Guard(program.audiences[name].conditions)
    if conditions is not None:
        yield Guard(conditions)


def milestones(occasions: t.Iterable[Occasion]) -> dict[str, tuple[int, ...]]:
    """Streak -> the lengths that rules wait for, in order."""
    found: dict[str, list[int]] = {}
    for on in occasions:
        streak, _, reached = on.name.partition(":")
        if on.kind == STREAK and reached != BROKEN:
            found.setdefault(streak, []).append(int(reached))
    return {streak: tuple(sorted(lengths)) for streak, lengths in found.items()}


# --- rewards ------------------------------------------------------------------------------------------------


def tier_occasion(quest: Quest, tier: int) -> Occasion:
    """What completing tier number `tier`, from 1, is; of a quest without tiers, completing it."""
    return Occasion(QUEST, quest.id if len(quest.tiers) == 1 else f"{quest.id}:{tier}")


def reward_rules(program: Program) -> t.Iterator[Rule]:
    """The rewards declared with quests. No rule of the program can have such an id."""
    for quest in program.quests:
        for number, tier in enumerate(quest.tiers, start=1):
            if tier.effects:
                on = tier_occasion(quest, number)
                id, campaign = f"{QUEST}:{on.name}", quest.campaign
                yield Rule(id, quest.name, "", effects=tier.effects, on=on, campaign=campaign)


def referral_rules(program: Program) -> t.Iterator[Rule]:
    """What a referral that comes off brings to both. No rule of the program can have such an id."""
    referral = program.referral
    if referral is None:
        return
    for whose, side, on in (("invited", referral.invited, ACTIVE), ("inviter", referral.inviter, BROUGHT)):
        if side.effects:
            yield Rule(
                f"{REFERRAL}:{whose}",
                f"Referral, for the {whose}",
                "",
                effects=side.effects,
                limits=side.limits,
                on=Occasion(REFERRAL, on),
                campaign=referral.campaign,
            )
