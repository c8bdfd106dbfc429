"""Campaigns: what the document may say, what is counted for every history, and a copy of one."""

from __future__ import annotations

from collections import Counter
from datetime import date
from random import Random

import pytest
from hypothesis import given, settings
from msgspec.structs import replace

from engage.core.calendar import utc_day, week_of
from engage.core.campaign_counters import awarded_key, campaign_key, reached_key
from engage.core.campaigns import Figures, cloned, days_of, figures, state_of
from engage.core.check import check
from engage.core.check_quests import within_campaigns
from engage.core.diff import diff_programs
from engage.core.event import Body, Kind
from engage.core.holdouts import is_held_out
from engage.core.ledger import ISSUED
from engage.core.limits import used
from engage.core.problems import Problems
from engage.core.program import Award, Campaign, CampaignBudget, Effect, Limit, Program, Tier
from engage.core.state import CampaignStop, CompanyState, DayRollup
from engage.core.verdicts import Extended, Kept, Verdict, as_extended, campaign_code, fired
from engage.core.why import verdict_word
from engage.document import read_plain, read_program
from tests.core.history import program_of
from tests.core.random_programs import CURRENCIES, MEMBERS, SEEDS, START, Act, Told, make_program, stories

TEXT = """
name: Campaigns
currencies: {points: {}, gems: {}}
events: {Sale: {}, Call: {}}
traits: {member: {team: {type: string}}}
audiences: {north: {conditions: {field: member.traits.team, op: eq, value: north}}}
campaigns:
  spring:
    name: Spring
    from: 2026-03-01
    until: 2026-03-31
    audience: north
    budgets: [{amount: 50, currency: points}, {amount: 5, currency: gems, over: refuse}]
    rules:
      - {id: sale, trigger: Sale, effects: [award: {amount: 5, currency: points}]}
rules:
  - {id: call, campaign: spring, trigger: Call, effects: [award: {amount: 1, currency: gems}]}
  - {id: always, trigger: Call, effects: [award: {amount: 1, currency: gems}]}
"""


# --- the document -----------------------------------------------------------------------------------------------


def test_rules_belong_to_a_campaign_by_name_or_by_place() -> None:
    program = program_of(TEXT)
    assert [(rule.id, rule.campaign) for rule in program.rules] == [
        ("call", "spring"),
        ("always", ""),
        ("sale", "spring"),
    ]


@pytest.mark.parametrize(
    "right, wrong, told",
    [
        (
            "until: 2026-03-31",
            "until: 2026-02-28",
            "11:12: campaigns.spring.until: must not be before its first day, 2026-03-01",
        ),
        (
            "until: 2026-03-31",
            "until: 2027-03-02",
            "11:12: campaigns.spring.until: a campaign lasts at most 366 days",
        ),
        (
            "from: 2026-03-01",
            "from: soon",
            "10:11: campaigns.spring.from: must be a date, as in 2026-12-24",
        ),
        ("    from: 2026-03-01\n", "", "9:5: campaigns.spring: missing key 'from'"),
        (
            "    from: 2026-03-01\n    until",
            "    from: 2026-03-01\n    end",
            "11:5: campaigns.spring.end: unknown key 'end'; did you mean 'until'?",
        ),
        (
            "from: 2026-03-01",
            "start: 2026-03-01",
            "10:5: campaigns.spring.start: unknown key 'start'; did you mean 'from'?",
        ),
        (
            "audience: north",
            "audience: nroth",
            "12:15: campaigns.spring.audience: unknown audience 'nroth'; did you mean 'north'?",
        ),
        (
            "campaign: spring",
            "campaign: sprnig",
            "17:26: rules[0].campaign: unknown campaign 'sprnig'; did you mean 'spring'?",
        ),
        (
            "id: sale",
            "id: call",
            "15:14: campaigns.spring.rules[0].id: duplicate rule id 'call', first used by rules[0]",
        ),
        (
            "currency: gems, over: refuse",
            "currency: points",
            "13:47: campaigns.spring.budgets[1]: there is a budget of points already",
        ),
        (
            "    rules:\n      -",
            "    limits: [{per: member, window: day, amount: 9}]\n    rules:\n      -",
            "14:14: campaigns.spring.limits[0]: missing key 'currency': the program has several (points, gems)",
        ),
        (
            "rules:\n  - {id: call",
            (
                "quests: [{id: q, campaign: sprnig, goal: {event: Sale, reach: 1}, effects: [badge: b]}]\n"
                "badges: {b: {}}\nrules:\n  - {id: call"
            ),
            "16:28: quests[0].campaign: unknown campaign 'sprnig'; did you mean 'spring'?",
        ),
        (
            "rules:\n  - {id: call",
            (
                "quests: [{id: q, campaign: spring, from: 2026-04-01, goal: {event: Sale, reach: 1}, "
                "effects: [badge: b]}]\nbadges: {b: {}}\nrules:\n  - {id: call"
            ),
            "16:28: quests[0].campaign: the quest is open on no day of campaign 'spring'",
        ),
        (
            "{id: sale, ",
            "{id: sale, campaign: spring, ",
            "15:20: campaigns.spring.rules[0].campaign: the rule stands within campaign 'spring' already",
        ),
    ],
)
def test_mistakes_of_a_campaign_are_located(right: str, wrong: str, told: str) -> None:
    assert right in TEXT
    read = read_program(TEXT.replace(right, wrong), filename="p.yaml")
    assert [str(problem) for problem in read.problems] == [f"p.yaml:{told}"]


def test_what_changes_of_a_campaign_is_told() -> None:
    old = program_of(TEXT)
    new = program_of(
        TEXT.replace("until: 2026-03-31", "until: 2026-04-05")
        .replace("amount: 50", "amount: 60")
        .replace("    audience: north\n", "")
        .replace("campaign: spring, ", "")
        .replace("    rules:\n", "    limits: [{per: member, window: day, count: 3}]\n    rules:\n")
    )
    assert [change.text for change in diff_programs(old, new)] == [
        "campaign spring: until changed from 2026-03-31 to 2026-04-05",
        (
            "campaign spring: budget of points changed from at most 50, the last award cut to what is left, "
            "told at 80, 100 % to at most 60, the last award cut to what is left, told at 80, 100 %"
        ),
        "campaign spring: limit on firings per member and day added: at most 3",
        "campaign spring: audience removed (was north)",
        "rule call: campaign removed (was spring)",
    ]


def test_a_copy_has_its_own_id_dates_and_rules() -> None:
    document = read_plain(TEXT)
    made = cloned(document, "spring", "summer", "2026-06-01", "2026-06-30")
    program, problems = check(made)
    assert problems == []
    assert program is not None
    assert document == read_plain(TEXT), "what was copied is as it was"
    spring, summer = program.campaigns["spring"], program.campaigns["summer"]
    assert replace(summer, first_day=spring.first_day, last_day=spring.last_day) == spring
    assert [(rule.id, rule.campaign) for rule in program.rules] == [
        ("call", "spring"),
        ("always", ""),
        ("call-summer", "summer"),
        ("sale", "spring"),
        ("sale-summer", "summer"),
    ]


def test_a_copy_has_its_own_quests_and_what_names_them_names_the_copies() -> None:
    document = read_plain(TEXT)
    quest = {"id": "q", "campaign": "spring", "from": "2026-03-05", "goal": {"event": "Sale", "reach": 1}}
    other = {"id": "other", "goal": {"event": "Call", "reach": 1}}
    effects = {"effects": [{"award": {"amount": 1, "currency": "gems"}}]}
    last = quest | effects | {"id": "last", "requires": {"quests": ["q", "other"]}}
    document["quests"] = [quest | effects, other | effects, last]
    document["campaigns"]["spring"]["rules"][0] |= {"trigger": {"quest": "q"}}
    document["rules"][0]["effects"] = [{"advance": "q"}, {"advance": {"quest": "other", "by": 2}}]
    made = cloned(document, "spring", "summer", "2026-06-01", "2026-06-30")
    program, problems = check(made)
    assert problems == []
    assert program is not None
    assert "from" not in made["quests"][3], "the copy's own days are other ones"
    assert [one.id for one in program.quests] == ["q", "other", "last", "q-summer", "last-summer"]
    assert program.quests[4].requires.quests == ("q-summer", "other")
    assert made["campaigns"]["summer"]["rules"][0]["trigger"] == {"quest": "q-summer"}
    assert made["rules"][-1]["effects"] == [{"advance": "q-summer"}, {"advance": {"quest": "other", "by": 2}}]


# --- every history ----------------------------------------------------------------------------------------------


def with_campaigns(seed: int, *, waiting: bool = False) -> Program:
    """A random program of which some rules belong to campaigns around the time of the stories."""
    program, random, today = make_program(seed), Random(seed), utc_day(START)
    campaigns = {}
    for id in ("a", "b"):
        first = today + random.randint(-5, 10)
        budgets = [
            CampaignBudget(currency, random.randint(1, 60), random.choice(["cut", "refuse"]))
            for currency in CURRENCIES
            if random.random() < 0.6
        ]
        limits = (
            Limit(f"within:{id}", "member", "week", count=random.randint(1, 2), over="refuse"),
            Limit(f"within:{id}", "company", "day", amount=random.randint(1, 15), currency=CURRENCIES[0]),
        )[: random.randint(0, 2)]
        last, holdout = first + random.randint(0, 40), random.choice([0, 0, 30])
        campaigns[id] = Campaign(id, first, last, "", tuple(budgets), limits, holdout)
    rules = tuple(
        replace(
            rule,
            campaign=random.choice(["", "a", "b"]),
            effects=rule.effects if waiting else tuple(map(_at_once, rule.effects)),
        )
        for rule in program.rules
    )
    quests = tuple(
        replace(quest, campaign=random.choice(["", "a", "b"]), tiers=tuple(map(_tier_at_once, quest.tiers)))
        for quest in program.quests
    )
    quests = within_campaigns(Problems(), quests, campaigns)
    return replace(program, campaigns=campaigns, rules=rules, quests=quests)


def _tier_at_once(tier: Tier) -> Tier:
    return replace(tier, effects=tuple(map(_at_once, tier.effects)))


def _at_once(effect: Effect) -> Effect:
    return replace(effect, pending=None) if isinstance(effect, Award) else effect


def told_with_pauses(program: Program, story: list[Act], seed: int) -> Told:
    told, random = Told(program), Random(seed)
    for act in story:
        if random.random() < 0.1:
            step = random.choice(["pause", "resume", "resume"])
            said = {"step": step, "campaign": random.choice("ab"), "actor": "olga", "reason": "as told"}
            told.history.append(Kind.CAMPAIGN, "", told.clock, "", Body("", said))
        told.act(act)
    return told


EVERYTHING = stories("adjust", "undo", "zone")


@settings(max_examples=40)
@given(seed=SEEDS, story=EVERYTHING)
def test_what_a_campaign_counts_is_what_its_rules_did(seed: int, story: list[Act]) -> None:
    program = with_campaigns(seed)
    told = told_with_pauses(program, story, seed)
    history, names = told.history, {number: name for name, number in told.history.numbers.items()}
    firings: Counter[tuple[str, str]] = Counter()
    awarded: Counter[tuple[str, str]] = Counter()
    within: Counter[tuple[str | int, ...]] = Counter()
    for step in history.steps:
        deciding = (Kind.TRACK, Kind.TICK, Kind.REFERRAL)
        if step.entry.kind not in deciding or step.decision.record.undecided or step.program is None:
            continue
        undoing = told.undone.get(step.entry.seq)
        rules = step.program.rules_considered(step.entry.name, step.decision.record.occasions)
        for rule, code in zip(rules, step.decision.record.verdicts, strict=True):
            if rule.campaign and fired(code):
                dates = program.campaigns[rule.campaign]
                assert dates.first_day <= step.entry.day <= dates.last_day
                assert not is_held_out(rule.campaign, dates.holdout, step.entry.member)
                firings[rule.campaign, names[step.entry.member]] += undoing is None
                key = f"within:{rule.campaign}/member/week/firings"
                within[key, step.entry.member, week_of(step.entry.day)] += undoing is None
        for t in step.decision.transfers:
            if t.source == ISSUED:
                awarded[rules[t.rule].campaign, t.currency] += t.amount
                key = f"within:{rules[t.rule].campaign}/company/day/amount:{t.currency}"
                within[key, step.entry.day] += 0 if undoing else t.amount
        for t in undoing.decision.transfers if undoing else ():
            if t.target == ISSUED:
                awarded[rules[t.rule].campaign, t.currency] -= t.amount
    usage = history.company.usage
    for id, campaign in program.campaigns.items():
        by_member = {name: firings[id, name] for name in MEMBERS}
        assert used(usage, campaign_key(id), 0) == sum(by_member.values())
        assert used(usage, reached_key(id), 0) == sum(count > 0 for count in by_member.values())
        for name, member in history.members.items():
            assert used(member.usage, campaign_key(id), 0) == by_member[name]
        for currency in CURRENCIES:
            assert used(usage, awarded_key(id, currency), 0) == awarded[id, currency]
        for budget in campaign.budgets:
            assert awarded[id, budget.currency] <= budget.amount
        for (of, *_), units in within.items():
            most = [limit.count or limit.amount or 0 for limit in campaign.limits if limit.key == of]
            assert not most or units <= most[0]


@settings(max_examples=30)
@given(seed=SEEDS, story=EVERYTHING)
def test_members_reached_are_those_for_whom_a_firing_is_left(seed: int, story: list[Act]) -> None:
    """Awards that wait included: one that is voided never fired, one that is confirmed and undone neither."""
    program = with_campaigns(seed, waiting=True)
    history = told_with_pauses(program, story, seed).history
    usage = history.company.usage
    for id, campaign in program.campaigns.items():
        left = [used(member.usage, campaign_key(id), 0) for member in history.members.values()]
        assert used(usage, reached_key(id), 0) == sum(count > 0 for count in left)
        assert used(usage, campaign_key(id), 0) == sum(left)
        for budget in campaign.budgets:
            assert 0 <= used(usage, awarded_key(id, budget.currency), 0) <= budget.amount


@settings(max_examples=40)
@given(seed=SEEDS, story=EVERYTHING)
def test_a_replay_finds_the_same_campaigns(seed: int, story: list[Act]) -> None:
    history = told_with_pauses(with_campaigns(seed, waiting=True), story, seed).history
    again = history.replayed()
    assert (again.company, again.members) == (history.company, history.members)
    assert again.items() == history.items()


@settings(max_examples=40)
@given(seed=SEEDS, story=EVERYTHING)
def test_while_a_campaign_is_paused_none_of_its_rules_fires(seed: int, story: list[Act]) -> None:
    told = told_with_pauses(with_campaigns(seed), story, seed)
    paused: set[str] = set()
    for step in told.history.steps:
        if step.entry.kind == Kind.CAMPAIGN:
            said = step.entry.body.data
            (paused.add if said["step"] == "pause" else paused.discard)(said["campaign"])
        if step.entry.kind != Kind.TRACK or step.program is None:
            continue
        record = step.decision.record
        rules = step.program.rules_considered(step.entry.name, record.occasions)
        for rule, code in zip(rules, record.verdicts, strict=False):
            if rule.campaign in paused:
                assert code % 8 == Verdict.EXTENDED
                assert as_extended(code)[1] == Extended.CAMPAIGN
        assert set(record.stopped_by) <= paused


def test_a_used_up_budget_of_a_campaign_is_told_as_a_budget() -> None:
    """So that a backtest lists it among the limits that were hit; that a campaign is over is none."""
    assert verdict_word(campaign_code(Kept.BUDGET, 3)) == "budget"
    assert verdict_word(campaign_code(Kept.OVER)) == "campaign"


# --- what is told of one ----------------------------------------------------------------------------------------

SPRING = date(2026, 3, 1).toordinal()
SPRING_ENDS = date(2026, 3, 31).toordinal()


@pytest.mark.parametrize(
    "day, plain, paused, ended",
    [
        (SPRING - 1, "planned", "planned", "ended"),
        (SPRING, "running", "paused", "ended"),
        (SPRING_ENDS, "running", "paused", "ended"),
        (SPRING_ENDS + 1, "over", "over", "ended"),
    ],
)
def test_a_campaign_runs_on_its_days_unless_it_was_paused_or_ended(
    day: int, plain: str, paused: str, ended: str
) -> None:
    program = program_of(TEXT)
    states = [
        state_of(program, CompanyState(campaigns=stops), "spring", day)
        for stops in (
            {},
            {"spring": CampaignStop(False, "ann", "wait", 0)},
            {"spring": CampaignStop(True, "ann", "enough", 0)},
        )
    ]
    assert states == [plain, paused, ended]


@pytest.mark.parametrize(
    "today, before, last",
    [
        (SPRING - 9, SPRING, SPRING - 9),
        (SPRING, SPRING - 1, SPRING),
        (SPRING + 9, SPRING - 10, SPRING + 9),
        (SPRING_ENDS + 90, SPRING - 31, SPRING_ENDS),
    ],
)
def test_the_days_of_a_campaign_so_far_are_compared_with_as_many_before_it(
    today: int, before: int, last: int
) -> None:
    assert days_of(program_of(TEXT), "spring", today) == (before, SPRING, last)


def test_a_campaign_is_told_by_what_its_triggers_were_reported_in_its_days_and_before() -> None:
    """On each day one more sale and call than on the day before, and looks that trigger nothing of it."""
    usage = {
        campaign_key("spring"): {0: 12},
        reached_key("spring"): {0: 7},
        awarded_key("spring", "points"): {0: 50},
        awarded_key("spring", "gems"): {0: 0},
    }
    company = CompanyState(usage=usage)
    rollups = {
        SPRING + at: DayRollup(names={"Sale": 10 + at, "Call": 100, "Look": 7})
        for at in range(-9, 9)
        if at != -2
    }
    found = figures(program_of(TEXT), company, "spring", SPRING + 2, rollups)
    assert found == Figures(12, 7, {"points": 50}, 3, 3 * 110 + 3, 2 * 110 - 4)
    none = figures(program_of(TEXT), CompanyState(), "spring", SPRING - 5, rollups)
    assert none == Figures(0, 0, {}, 0, 0, 0)
