"""What simple rules award, told without a decision: random programs and histories come to the same both ways."""

from __future__ import annotations

from copy import deepcopy
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from engage.core.calendar import DAY
from engage.core.compiled import compile_program
from engage.core.conditions import All, Clause
from engage.core.decide import decide
from engage.core.effects import GrantBadge, Pending
from engage.core.event import Body, Kind, encode_body
from engage.core.fold import fold
from engage.core.occasions import BADGE, LEVEL, Occasion
from engage.core.program import (
    Award,
    Badge,
    Budget,
    Campaign,
    Currency,
    Effect,
    EventType,
    Expires,
    GrantFreeze,
    Group,
    Leaderboard,
    Length,
    Limit,
    Multiply,
    Nudge,
    Program,
    Property,
    Rule,
    SendNudge,
    SetTag,
    Tag,
)
from engage.core.simple_awards import simple_awards
from engage.core.state import AMOUNT_MAX, CompanyState, DayRollup, MemberState, Wallet
from engage.core.uneventful import Uneventful
from tests.core.history import History
from tests.core.random_programs import (
    BOARDS,
    CONDITIONS,
    CURRENCIES,
    EVENTS,
    LEVELS,
    MEMBERS,
    OVER,
    SEEDS,
    START,
    WINDOWS,
    Told,
    _formula,
    make_levels,
    make_limit,
    make_story,
    with_advances,
)
from tests.core.random_quests import make_quests, make_streaks
from tests.core.test_backtest import Trial, met, stored, undone_by, unreported

ACTS = ("adjust", "undo", "zone", "wait", "redeem", "step")
SOMETHING = (
    *(
        "quests",
        "streaks",
        "boards",
        "occasion",
        "levels",
        "expires",
        "pending",
        "campaign",
        "stage",
        "limit",
    ),
    *("tag", "nudge", "group"),
)
"""What keeps the rules of a program from being simple, or those of some event."""
EPOCH = 719_163
"""The ordinal of 1970-01-01."""
SEVERAL = All((CONDITIONS[0], Clause("event.properties.value", "le", 80, "integer")))


def make_award(random: Random) -> Award:
    currency = random.choice(CURRENCIES)
    if random.random() < 0.2:
        return Award(currency, 0, _formula(random))
    return Award(currency, random.choice([1, 2, 3, 7, 10, 25, AMOUNT_MAX // 3]))


def make_effects(random: Random) -> tuple[Effect, ...]:
    badges = [GrantBadge(random.choice(["closer", "star"]))] if random.random() < 0.3 else []
    if random.random() < 0.25:
        also = [make_award(random)] if random.random() < 0.2 else []
        return (Multiply(random.choice(CURRENCIES), random.choice([1, 500, 1500, 2000])), *also, *badges)
    return (*(make_award(random) for _ in range(random.choice([1, 1, 2, 3]))), *badges)


def make_plain_limit(random: Random, rule: str) -> Limit:
    while True:
        limit = make_limit(random, rule)
        if limit.per != "department" and limit.window not in ("rolling", "cooldown"):
            return limit


def make_rule(random: Random, number: int) -> Rule:
    id = f"rule-{number}"
    limits = [make_plain_limit(random, id) for _ in range(random.randint(0, 2))]
    return Rule(
        id=id,
        name=id,
        trigger=random.choice(EVENTS[:2]),
        conditions=random.choice((*CONDITIONS, SEVERAL)) if random.random() < 0.4 else None,
        effects=make_effects(random),
        limits=tuple({limit.key: limit for limit in limits}.values()),
    )


def make_simple_program(seed: int) -> Program:
    """Whose rules are simple, or all but some."""
    random = Random(seed + 1)
    program = make_plain_program(seed)
    return with_something(random, program) if random.random() < 0.5 else program


def make_plain_program(seed: int) -> Program:
    """Whose rules all are simple."""
    random = Random(seed)
    budgets = [
        Budget(
            random.choice(CURRENCIES),
            random.choice(WINDOWS),
            random.choice([30, 300, 3000]),
            random.choice(OVER),
            random.choice([(), (80, 100), (1, 50, 99)]),
        )
        for _ in range(random.randint(0, 2))
    ]
    return Program(
        name="Simple",
        currencies={name: Currency(name, "allow") for name in CURRENCIES},
        events={
            name: EventType(name, browser=name == "Call", properties={"value": Property("integer")})
            for name in EVENTS
        },
        late_days=random.choice([1, 30]),
        multipliers=random.choice(["largest", "compound", "add"]),
        badges={name: Badge(name) for name in ("closer", "star")},
        tags={name: Tag(name) for name in ("vip", "new")},
        nudges={"hi": Nudge("Hi.")},
        levels=LEVELS if random.random() < 0.7 else None,
        rules=tuple(make_rule(random, number) for number in range(random.randint(1, 4))),
        budgets=tuple({budget.key: budget for budget in budgets}.values()),
        groups={"a": Group("first")},
    )


def with_something(random: Random, program: Program) -> Program:
    """With something that is not simple."""
    which, rules = random.choice(SOMETHING), list(program.rules)
    number = random.randrange(len(rules))
    if which == "quests":
        return with_advances(random, replace(program, quests=make_quests(random, 1)))
    if which == "streaks":
        streaks, more = make_streaks(random)
        return replace(program, streaks=streaks, rules=(*rules, *more))
    if which == "boards":
        return replace(program, leaderboards=BOARDS[: random.randint(1, 3)])
    if which == "occasion":
        on = random.choice([Occasion(LEVEL, "silver"), Occasion(BADGE, "star")])
        return replace(program, rules=(*rules, Rule("on", "On", "", None, (Award("coins", 5),), on=on)))
    if which == "levels":
        return replace(program, levels=make_levels(random))
    if which == "expires":
        expires = random.choice([Expires(Length("days", 40)), Expires(idle=Length("days", 3))])
        coins = replace(program.currencies["coins"], expires=expires)
        return replace(program, currencies={**program.currencies, "coins": coins})
    if which == "campaign":
        day = START // DAY + EPOCH
        program = replace(program, campaigns={"c": Campaign("C", day + random.randint(-9, 9), day + 20)})
    rule = rules[number]
    rules[number] = {
        "pending": replace(rule, effects=(Award("coins", 4, pending=Pending(days=2)),)),
        "campaign": replace(rule, campaign="c"),
        "stage": replace(rule, conditions=Clause("member.stage", "ne", "new", "stage")),
        "limit": replace(rule, limits=(make_limit(random, rule.id),)),
        "tag": replace(rule, effects=(*rule.effects, SetTag("vip", True))),
        "nudge": replace(rule, effects=(*rule.effects, SendNudge("hi"))),
    }.get(which, rule)
    if which == "group":
        awarding = [rule for rule in rules if not any(isinstance(one, Multiply) for one in rule.effects)]
        rules = [replace(rule, group="a") for rule in awarding]
    return replace(program, rules=tuple(rules))


def varied(random: Random, program: Program) -> Program:
    """The same rules within other limits: what was used already may be more than they allow."""
    rules = [
        replace(
            rule,
            limits=tuple(
                replace(
                    one, count=one.count and random.randint(1, 3), amount=one.amount and random.randint(1, 9)
                )
                for one in rule.limits
            ),
        )
        for rule in program.rules
    ]
    budgets = [replace(one, amount=random.choice([5, 50, 1000])) for one in program.budgets]
    return replace(program, rules=tuple(rules), budgets=tuple(budgets))


def make_history(seed: int) -> History:
    """Acts, and among them events that follow one another closely."""
    made, random = Told(make_simple_program(seed)), Random(seed)
    for act in make_story(seed, random.randint(10, 50), ACTS):
        made.act(act)
        for _ in range(random.randint(0, 3)):
            late = random.choice([0, 0, 0, 1, 2, 8, 33]) * DAY
            said = random.choice([{}, {"value": random.randint(0, 100)}, {"value": 60.0}, {"value": "x"}])
            event, trusted = random.choice(("Call", "Sale", "Sale", "Mail")), random.random() < 0.9
            made.history.track(random.choice(MEMBERS), event, made.clock - late, said, trusted=trusted)
    return made.history


@settings(max_examples=50)
@given(seed=SEEDS, draft=SEEDS, share=st.floats(0, 0.7))
def test_simple_awards_come_to_the_same_without_a_decision(seed: int, draft: int, share: float) -> None:
    """Every count of the report, and every state. The draft is another program, or the same within other limits."""
    history, random = make_history(seed), Random(draft)
    other = make_simple_program(draft) if random.random() < 0.4 else varied(random, make_plain_program(seed))
    compiled = compile_program(other)
    start = int(share * len(history.steps))
    trial, decided = Trial(history, compiled, start), Trial(history, compiled, start, decided=True)
    assert trial.counts == decided.counts
    assert trial.company == decided.company
    for number, one in trial.members.items():
        same = decided.members[number]
        assert one.state == same.state
        assert (one.seen is None) == (same.seen is None)
        if one.seen is not None and same.seen is not None:
            assert met(one.seen) == met(same.seen)


@settings(max_examples=30)
@given(seed=SEEDS)
def test_simple_awards_leave_the_states_that_decisions_do(seed: int) -> None:
    history = make_history(seed)
    company, members = CompanyState(), dict[int, MemberState]()
    ways = {id(version): Uneventful(version, simple_awards(version)) for version in history.versions}
    for step in history.steps:
        row = stored(step)
        member = members.setdefault(row[2], MemberState())
        if not ways[id(step.program)].passes(company, member, row):
            decision = decide(step.program, company, member, step.entry, undone_by(history, step))
            fold(step.program, company, member, DayRollup(), step.entry, decision)
    assert company == history.company
    for name, number in history.numbers.items():
        assert unreported(members[number]) == unreported(history.members[name])


@pytest.mark.parametrize(
    "held", [Wallet(AMOUNT_MAX - 5, 5, [(0, AMOUNT_MAX - 5)]), Wallet(5, AMOUNT_MAX - 5, [(0, 5)])]
)
def test_what_passes_the_largest_balance_is_left_to_be_decided(held: Wallet) -> None:
    """Or the largest sum ever earned; and nothing is changed before that is known."""
    rule = Rule(
        "r", "R", "Sale", effects=(Award("points", 6),), limits=(Limit("r", "member", "day", count=9),)
    )
    program = replace(make_plain_program(0), levels=None, rules=(rule,), budgets=())
    award = simple_awards(compile_program(program))["Sale"]
    member = MemberState(wallets={"points": held})
    before = deepcopy(member)
    assert not award(CompanyState(), member, 1, 0, encode_body(Body("", {})), None, None)
    assert member == before


FIXED = Award("points", 5)
BOARD = Leaderboard("b", "B", "member", "currency", "points", "week", 5)


@pytest.mark.parametrize(
    "effects, limits, more",
    [
        ((FIXED, SetTag("vip", True)), (), {}),
        ((FIXED, SendNudge("hi")), (), {}),
        ((FIXED, GrantFreeze("s")), (), {}),
        ((FIXED, Multiply("points", 2000)), (), {}),
        ((replace(FIXED, pending=Pending(days=2)),), (), {}),
        ((FIXED,), (Limit("r", "member", "rolling", count=2, days=7),), {}),
        ((FIXED,), (), {"leaderboards": (BOARD,)}),
        ((FIXED,), (), {"leaderboards": (replace(BOARD, of="event", what="Sale"),)}),
        ((FIXED,), (), {"currencies": {"points": Currency("P", expires=Expires(Length("days", 9)))}}),
        ((FIXED,), (), {"levels": replace(LEVELS, basis="calendar_year")}),
    ],
)
def test_what_else_a_rule_does_is_for_a_decision(
    effects: tuple[Effect, ...], limits: tuple[Limit, ...], more: dict[str, Any]
) -> None:
    plain = replace(make_plain_program(0), rules=(Rule("r", "R", "Sale", effects=(FIXED,)),), budgets=())
    assert simple_awards(compile_program(plain)).keys() == {"Sale"}
    rule = Rule("r", "R", "Sale", effects=effects, limits=limits)
    assert not simple_awards(compile_program(replace(plain, rules=(rule,), **more)))


def test_an_award_goes_beside_the_points_that_expire() -> None:
    """Of a member who has some from before the program."""
    plain = replace(make_plain_program(0), levels=None, rules=(Rule("r", "R", "Sale", effects=(FIXED,)),))
    award = simple_awards(compile_program(replace(plain, budgets=())))["Sale"]
    member = MemberState(wallets={"points": Wallet(7, 7, [(740_000, 7)])}, points_due=740_000)
    for _ in range(2):
        assert award(CompanyState(), member, 1, 0, encode_body(Body("", {})), None, None)
    assert member.wallets["points"] == Wallet(17, 17, [(740_000, 7), (0, 10)])


def test_a_condition_may_read_the_tags_a_member_has() -> None:
    rule = Rule("r", "R", "Sale", CONDITIONS[3], (FIXED,))
    program = replace(make_plain_program(0), levels=None, rules=(rule,), budgets=())
    award = simple_awards(compile_program(program))["Sale"]
    for tags, active in (({"vip": 1}, 5), ({}, 0)):
        member = MemberState(wallets={"points": Wallet()}, tags=tags)
        assert award(CompanyState(), member, 1, 0, encode_body(Body("", {})), None, None)
        assert member.wallets["points"].active == active


def test_many_events_of_simple_rules_need_no_decision() -> None:
    """Else the two properties above would hold of nothing."""
    passed = tracked = 0
    for seed in range(12):
        made, random = Told(make_simple_program(seed)), Random(seed)
        for number in range(60):
            said = {"value": random.randint(0, 100)}
            made.history.track(
                random.choice(MEMBERS), random.choice(EVENTS[:2]), made.clock + number * DAY // 4, said
            )
        company, members, [version] = CompanyState(), dict[int, MemberState](), made.history.versions
        way = Uneventful(version, simple_awards(version))
        for step in made.history.steps:
            row = stored(step)
            member = members.setdefault(row[2], MemberState())
            tracked += row[1] == Kind.TRACK
            if way.passes(company, member, row):
                passed += row[9] in version.matchers
                continue
            decision = decide(version, company, member, step.entry)
            fold(version, company, member, DayRollup(), step.entry, decision)
    assert passed > tracked / 3
