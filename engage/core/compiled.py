"""A program made ready to decide: one generated matcher per event, lookups, and a bounded cache of both.

Owns nothing that is stored: everything here is derived from a Program and can be made again. Must not know
limits, balances or where programs are kept; a loader is handed in.
"""

from __future__ import annotations

import threading
import typing as t
from functools import partial

import msgspec

from engage.core.campaign_counters import awarding_counter, firing_counters, limits_of
from engage.core.codegen import Guard, generate_guarded
from engage.core.conditions import Condition, Facts, fold_name, reads, typed
from engage.core.funnels import Place, places_by_event
from engage.core.goals import (
    Counting,
    QuestPlan,
    compile_activity,
    compile_counting,
    compile_quests,
    milestones,
    referral_rules,
    reward_rules,
)
from engage.core.lifecycle import STAGES
from engage.core.limits import Counter, budget_counter, limit_counter
from engage.core.occasions import (
    ANY,
    BADGE,
    DOWNGRADE_DUE,
    EXPIRING,
    LEVEL,
    LEVEL_LOST,
    QUEST,
    STAGE,
    TIMED,
    Occasion,
    notice_of,
)
from engage.core.program import (
    AdvanceQuest,
    Award,
    CallWebhook,
    Expires,
    Formula,
    Giving,
    GrantBadge,
    GrantFreeze,
    Length,
    Levels,
    Multiply,
    Pending,
    Pick,
    Program,
    Property,
    Reward,
    Rule,
    SendNudge,
    SetTag,
    program_hash,
)
from engage.core.verdicts import Extended, Kept, Verdict, campaign_code, extended_code, verdict_code

COMPILED_PROGRAMS_MAX = 256  # a program of 50 rules takes about 0.1 MB compiled


class PlannedAward(msgspec.Struct, frozen=True):
    currency: str
    amount: int
    formula: Formula | None
    effect: int
    """Its number among the rule's effects, from 0."""
    counters: tuple[Counter, ...]
    """The limits and budgets that bound it: the rule's limits first, as declared, then the budgets."""
    pending: Pending | None = None


class Plan(msgspec.Struct, frozen=True):
    """A rule's effects and limits, sorted out once: what firing it takes."""

    index: int  # among the rules of its trigger
    firings: tuple[Counter, ...]  # limits on how often
    awards: tuple[PlannedAward, ...]
    factors: tuple[tuple[str, int], ...]  # (currency, thousandths)
    badges: tuple[str, ...]
    tags: tuple[tuple[str, bool], ...]
    """(tag, whether it is put on or taken off)"""
    nudges: tuple[str, ...]
    grants: bool
    """Whether it does something besides its awards."""
    freezes: tuple[str, ...] = ()  # streaks
    advances: tuple[tuple[int, int], ...] = ()
    """(number of the quest, by how much)"""
    group: str = ""
    exclusive: Pick | None = None
    """How its group picks one rule; None when it picks all, or there is no group."""
    best_in: str = ""
    only_waits: bool = False
    """Whether all it does is to award what has to wait."""
    campaign: str = ""


class Matcher(msgspec.Struct, frozen=True):
    """The rules one event triggers, in declared order, and the function that answers for all of them:
    per rule 0 when its conditions hold, else the code of the verdict that says what stopped it."""

    rules: tuple[Rule, ...]
    match: t.Callable[[Facts], tuple[int, ...]]
    plans: tuple[Plan, ...]
    multipliers: tuple[Plan, ...]
    exclusive: bool
    """Whether some rule is in a group that picks one."""
    unconditional: tuple[int, ...] = ()
    """What `match` answers for every event, when no rule of the trigger has conditions."""
    dated: bool = False
    """Whether some rule belongs to a campaign."""


class Notice(msgspec.Struct, frozen=True):
    """Some rules want to know so many days before points expire."""

    currency: str
    days: int
    occasion: Occasion


class CompiledProgram(msgspec.Struct, frozen=True):
    program: Program
    hash: bytes
    matchers: dict[str, Matcher]  # only events that some rule is triggered by
    occasions: dict[Occasion, Matcher]  # only those that some rule is triggered by
    counting: dict[str, Counting]  # only events that a quest or streak counts
    quests: tuple[QuestPlan, ...]
    activity: Counting | None  # what pages and screens count toward
    milestones: dict[str, tuple[int, ...]]  # streak -> the lengths that rules wait for, in order
    clocks: tuple[Occasion, ...]  # those of them that a tick brings
    notices: tuple[Notice, ...]  # and those that one brings when points are about to expire
    expires: dict[str, Expires]  # only currencies whose points do
    sliding: tuple[tuple[str, Length], ...]  # those whose points expire by inactivity, and after how long
    level_ranks: dict[str, int]  # level id -> rank, 1-based
    period_key: str  # what counts toward levels, where it is not the lifetime; else ""
    reviews: bool  # whether time can change a level
    warnings: tuple[int, ...]  # how many days before a level falls some rule wants to know
    level_thresholds: tuple[int, ...]  # rank reached = bisect_right(level_thresholds, earned)
    property_types: dict[str, tuple[tuple[str, str], ...]]  # event -> (property, type), in order of name
    personal_properties: dict[str, frozenset[str]]  # only events that have some
    personal_member_traits: frozenset[str]  # folded
    personal_company_traits: frozenset[str]  # folded
    rewards: dict[str, Reward]
    giving: dict[str, Giving]
    funnels: dict[str, tuple[Place, ...]]  # only events that are a step of one
    calls: bool  # whether some rule calls a webhook
    recounts: tuple[int, ...]  # numbers of the quests that count what happened before their launch
    stages: frozenset[Occasion]  # changes of stage that some rule waits for
    reads_stage: bool  # whether a condition reads the member's

    def considered(self, event_name: str, occasions: t.Iterable[Occasion]) -> list[Matcher]:
        """Whose rules a decision went through, in order: `Record.verdicts` has a code for each of them."""
        found = [self.matchers.get(event_name), *map(self.occasions.get, occasions)]
        return [matcher for matcher in found if matcher is not None]

    def rules_considered(self, event_name: str, occasions: t.Collection[Occasion]) -> tuple[Rule, ...]:
        if occasions:
            return sum((matcher.rules for matcher in self.considered(event_name, occasions)), ())
        return self.matchers[event_name].rules if event_name in self.matchers else ()

    def mistyped(self, event_name: str, properties: dict[str, t.Any]) -> list[str]:
        """The declared properties that are present with a value of the wrong type, hence taken as missing.
        A null is simply missing."""
        return [
            name
            for name, declared in self.property_types.get(event_name, ())
            if properties.get(name) is not None and typed(properties[name], declared) is None
        ]

    def without_personal(self, event_name: str, properties: dict[str, t.Any]) -> dict[str, t.Any]:
        """The properties that may be logged. The same object when nothing had to go."""
        personal = self.personal_properties.get(event_name)
        if personal is None or personal.isdisjoint(properties):
            return properties
        return {name: value for name, value in properties.items() if name not in personal}


def _without(traits: dict[str, t.Any], personal: frozenset[str]) -> dict[str, t.Any]:
    if not personal:
        return traits
    return {name: value for name, value in traits.items() if fold_name(name) not in personal}


def without_personal_traits(
    compiled_program: CompiledProgram, member_traits: dict[str, t.Any], company_traits: dict[str, t.Any]
) -> tuple[dict[str, t.Any], dict[str, t.Any]]:
    """The traits that may be kept. Names may be folded or not."""
    return (
        _without(member_traits, compiled_program.personal_member_traits),
        _without(company_traits, compiled_program.personal_company_traits),
    )


def _personal(declared: dict[str, Property]) -> frozenset[str]:
    return frozenset(name for name, found in declared.items() if found.personal)


def _plan(index: int, rule: Rule, program: Program) -> Plan:
    limits = [(limit, limit_counter(number, limit)) for number, limit in enumerate(limits_of(program, rule))]
    budgets = [(budget, budget_counter(number, budget)) for number, budget in enumerate(program.budgets)]
    awards = [
        PlannedAward(
            effect.currency,
            effect.amount,
            effect.formula,
            number,
            (
                *(counter for limit, counter in limits if limit.currency == effect.currency),
                *_campaign_counters(rule, program, effect.currency),
                *(counter for budget, counter in budgets if budget.currency == effect.currency),
            ),
            effect.pending,
        )
        for number, effect in enumerate(rule.effects)
        if isinstance(effect, Award)
    ]
    group = program.groups.get(rule.group)
    return Plan(
        index=index,
        firings=(
            *(counter for limit, counter in limits if limit.count is not None),
            *(firing_counters(rule.campaign) if rule.campaign else ()),
        ),
        awards=tuple(awards),
        factors=tuple((e.currency, e.thousandths) for e in rule.effects if isinstance(e, Multiply)),
        badges=tuple(effect.badge for effect in rule.effects if isinstance(effect, GrantBadge)),
        advances=_advances(rule, program),
        freezes=tuple(effect.streak for effect in rule.effects if isinstance(effect, GrantFreeze)),
        tags=tuple((effect.tag, effect.on) for effect in rule.effects if isinstance(effect, SetTag)),
        nudges=tuple(effect.nudge for effect in rule.effects if isinstance(effect, SendNudge)),
        grants=any(not isinstance(effect, Award) for effect in rule.effects),
        group=rule.group,
        exclusive=None if group is None or group.pick == "all" else group.pick,
        best_in="" if group is None else group.currency,
        only_waits=all(isinstance(effect, Award) and effect.pending is not None for effect in rule.effects),
        campaign=rule.campaign,
    )


def _advances(rule: Rule, program: Program) -> tuple[tuple[int, int], ...]:
    found = [(effect.quest, effect.by) for effect in rule.effects if isinstance(effect, AdvanceQuest)]
    numbers = {quest.id: number for number, quest in enumerate(program.quests)} if found else {}
    return tuple((numbers[quest], by) for quest, by in found)


def _campaign_counters(rule: Rule, program: Program, currency: str) -> tuple[Counter, ...]:
    if not rule.campaign:
        return ()
    return (awarding_counter(rule.campaign, program.campaigns[rule.campaign], currency),)


# One object each, so that what several rules ask is seen to be the same and evaluated once.
_NOT_IN_PROGRAM_AUDIENCE = partial(extended_code, Extended.PROGRAM_AUDIENCE)
_NOT_IN_AUDIENCE = partial(extended_code, Extended.AUDIENCE)
_NOT_IN_CAMPAIGN_AUDIENCE = partial(campaign_code, Kept.AUDIENCE)
_CONDITION = partial(verdict_code, Verdict.CONDITION)


def guards(rule: Rule, program: Program) -> t.Iterator[Guard]:
    """What must hold for a rule to fire, each told as the verdict it leads to."""
    if program.audience:
        yield Guard(program.audiences[program.audience].conditions, _NOT_IN_PROGRAM_AUDIENCE)
    if rule.campaign and (audience := program.campaigns[rule.campaign].audience):
        yield Guard(program.audiences[audience].conditions, _NOT_IN_CAMPAIGN_AUDIENCE)
    if rule.audience:
        yield Guard(program.audiences[rule.audience].conditions, _NOT_IN_AUDIENCE)
    if rule.conditions is not None:
        yield Guard(rule.conditions, _CONDITION)


def _matcher(rules: list[Rule], program: Program) -> Matcher:
    columns = [tuple(guards(rule, program)) for rule in rules]
    plans = tuple(_plan(index, rule, program) for index, rule in enumerate(rules))
    return Matcher(
        rules=tuple(rules),
        match=generate_guarded(columns),
        plans=plans,
        multipliers=tuple(plan for plan in plans if plan.factors),
        exclusive=any(plan.exclusive is not None for plan in plans),
        unconditional=() if any(columns) else (0,) * len(rules),
        dated=any(rule.campaign for rule in rules),
    )


def _each(on: Occasion | None, program: Program) -> t.Iterator[Occasion]:
    """The occasions a trigger stands for: `any` level is each of them."""
    if on is None:
        return
    if on.name != ANY:
        yield on
    elif on.kind in (LEVEL, LEVEL_LOST) and program.levels is not None:
        yield from (Occasion(on.kind, level.id) for level in program.levels.steps)
    elif on.kind == BADGE:
        yield from (Occasion(BADGE, badge) for badge in program.badges)
    elif on.kind == QUEST:
        yield from (Occasion(QUEST, quest.id) for quest in program.quests)
    elif on.kind == STAGE:
        yield from (Occasion(STAGE, stage) for stage in STAGES)


def _conditions(program: Program) -> t.Iterator[Condition | None]:
    """All that a program has."""
    for rule in program.rules:
        yield rule.conditions
    for quest in program.quests:
        yield from (goal.conditions for goal in quest.goals)
    yield from (streak.conditions for streak in program.streaks)
    yield from (reward.conditions for reward in program.rewards)
    yield from (audience.conditions for audience in program.audiences.values())


def _period_key(levels: Levels | None) -> str:
    """Months are months, however many of them count."""
    return "" if levels is None or levels.basis == "lifetime" else f"{levels.basis}/{levels.currency}"


def _reviews(levels: Levels | None) -> bool:
    if levels is None:
        return False
    review = levels.review
    return levels.on_change != "keep" or (review is not None and review.downgrade != "none")


def compile_program(program: Program) -> CompiledProgram:
    by_trigger: dict[str, list[Rule]] = {}
    by_occasion: dict[Occasion, list[Rule]] = {}
    rules = (*reward_rules(program), *referral_rules(program), *program.rules)
    for rule in rules:
        if rule.on is None:
            by_trigger.setdefault(rule.trigger, []).append(rule)
        for occasion in _each(rule.on, program):
            by_occasion.setdefault(occasion, []).append(rule)
    steps = program.levels.steps if program.levels is not None else ()
    expires = {name: found.expires for name, found in program.currencies.items() if found.expires is not None}
    personal = {name: _personal(event.properties) for name, event in program.events.items()}
    return CompiledProgram(
        program=program,
        hash=program_hash(program),
        matchers={trigger: _matcher(rules, program) for trigger, rules in by_trigger.items()},
        occasions={on: _matcher(rules, program) for on, rules in by_occasion.items()},
        counting=compile_counting(program),
        quests=compile_quests(program),
        activity=compile_activity(program),
        milestones=milestones(by_occasion),
        clocks=tuple(on for on in by_occasion if on.kind in TIMED),
        notices=tuple(Notice(*notice_of(on), on) for on in by_occasion if on.kind == EXPIRING),
        expires=expires,
        sliding=tuple((name, found.idle) for name, found in expires.items() if found.idle is not None),
        level_ranks=program.levels.ranks if program.levels else {},
        period_key=_period_key(program.levels),
        reviews=_reviews(program.levels),
        warnings=tuple(sorted(int(on.name) for on in by_occasion if on.kind == DOWNGRADE_DUE)),
        level_thresholds=tuple(level.threshold for level in steps),
        property_types={
            name: tuple((found, event.properties[found].type) for found in sorted(event.properties))
            for name, event in program.events.items()
        },
        personal_properties={name: names for name, names in personal.items() if names},
        personal_member_traits=frozenset(map(fold_name, _personal(program.member_traits))),
        personal_company_traits=frozenset(map(fold_name, _personal(program.company_traits))),
        rewards={reward.id: reward for reward in program.rewards},
        giving={giving.currency: giving for giving in program.giving},
        funnels=places_by_event(program),
        calls=any(isinstance(effect, CallWebhook) for rule in rules for effect in rule.effects),
        recounts=tuple(number for number, quest in enumerate(program.quests) if quest.counts_from),
        stages=frozenset(on for on in by_occasion if on.kind == STAGE),
        reads_stage=any(reads(condition, "member.stage") for condition in _conditions(program)),
    )


_cache: dict[bytes, CompiledProgram] = {}  # least recently used first
_cache_lock = threading.Lock()


def compiled(program_hash: bytes, load: t.Callable[[], Program]) -> CompiledProgram:
    """The compiled program of this hash, made from `load()` when it is not among the last used. A hash names
    a program's whole meaning, so an entry can be dropped but never be stale."""
    with _cache_lock:
        found = _cache.pop(program_hash, None)
        if found is not None:
            _cache[program_hash] = found  # now the most recently used
            return found
    # Outside the lock: loading may take a while, and two threads making the same program do no harm.
    made = compile_program(load())
    assert made.hash == program_hash, "the loader gave another program than the hash names"
    with _cache_lock:
        _cache[program_hash] = made
        while len(_cache) > COMPILED_PROGRAMS_MAX:
            del _cache[next(iter(_cache))]
    return made
