"""What must hold of every program and every history: the books balance, no bound is passed, a replay is the same."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from copy import deepcopy
from random import Random

from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from engage.core.calendar import DAY, HOUR, utc_day
from engage.core.chain import GENESIS, link
from engage.core.event import ACTIVITY, Kind
from engage.core.ledger import ACTIVE, ADJUSTED, ISSUED, account, owner, place
from engage.core.limits import MONTH_DAYS_MAX, TOLD, window_start
from engage.core.occasions import STAGE
from engage.core.program import Award, Budget, Limit, Program, Referral, Rule, Side
from engage.core.progress import streak_standings
from engage.core.quests import PERIOD_DAYS_MAX
from engage.core.state import DayRollup, Usage, Wallet, merge_days
from engage.core.verdicts import VERDICTS, Extended, Verdict, as_extended, fired
from tests.core.history import History, Step
from tests.core.random_programs import (
    BOARDS,
    CURRENCIES,
    EVENTS,
    LEVELS,
    MEMBERS,
    SEEDS,
    START,
    Act,
    Told,
    make_fixed_program,
    make_limit,
    make_program,
    make_story,
    programs,
    stories,
    tell,
)

EVERYTHING = stories("adjust", "undo", "zone", "move")
Count = Counter[tuple[str, str, int]]
"""(whose: a member's name or "" for the company, limit or budget key, window) -> used."""


def rules_of(step: Step) -> tuple[Rule, ...]:
    made, entry = step.program, step.entry
    return made.rules_considered(entry.name, step.decision.record.occasions) if made else ()


def plain(limit: Limit) -> bool:
    """Whether it counts by calendar windows of a member or the company; tests/core/test_limits.py has the others."""
    return not unplain_key(limit.key)


DECIDING = (Kind.TRACK, Kind.TICK, Kind.IDENTIFY, Kind.PAGE)
"""Entries by which rules fire; those of stages also by the last three."""


def without_stages(program: Program) -> Program:
    """Without what midnights bring right before an act, which belongs to no act."""
    return replace(
        program, rules=tuple(rule for rule in program.rules if rule.on is None or rule.on.kind != STAGE)
    )


def unplain_key(key: str) -> bool:
    return any(word in key for word in ("/department/", "/rolling-", "/cooldown-", TOLD))


def name_of(told: Told, step: Step) -> str:
    names = {number: name for name, number in told.history.numbers.items()}
    return names[step.entry.member]


def counted(told: Told) -> Count:
    """What limits and budgets have used, counted from the transfers and verdicts alone."""
    count: Count = Counter()
    for step in told.history.steps:
        if step.entry.kind not in DECIDING or step.decision.record.undecided:
            continue
        undoing = told.undone.get(step.entry.seq)
        returned = undoing.decision.transfers if undoing else ()
        for index, (rule, code) in enumerate(zip(rules_of(step), step.decision.record.verdicts, strict=True)):
            for limit in filter(plain, rule.limits):
                whose = "" if limit.per == "company" else name_of(told, step)
                key = (whose, limit.key, window_start(limit.window, step.entry.day))
                if limit.count is not None:
                    count[key] += fired(code) and undoing is None
                else:
                    given = [
                        t for t in step.decision.transfers if (t.rule, t.currency) == (index, limit.currency)
                    ]
                    back = [t for t in returned if (t.rule, t.currency) == (index, limit.currency)]
                    count[key] += sum(t.amount for t in given) - sum(t.amount for t in back)
        assert step.program is not None
        for budget in step.program.program.budgets:
            key = ("", budget.key, window_start(budget.window, step.entry.day))
            for transfer, sign in [(t, 1) for t in step.decision.transfers] + [(t, -1) for t in returned]:
                if transfer.currency == budget.currency:
                    count[key] += sign * transfer.amount
    return +count


def bounds(program: Program) -> dict[str, Limit | Budget]:
    found: dict[str, Limit | Budget] = {limit.key: limit for rule in program.rules for limit in rule.limits}
    return found | {budget.key: budget for budget in program.budgets}


def assert_usage_is_counted(usage: Usage, whose: str, count: Count, reachable: int) -> None:
    """`reachable`: the earliest window that an event, however late, can still fall in."""
    kept = Counter(
        {
            (whose, key, start): n
            for key, windows in usage.items()
            for start, n in windows.items()
            if not unplain_key(key)
        }
    )
    mine = Counter({key: n for key, n in count.items() if key[0] == whose})
    assert not {key: n for key, n in kept.items() if mine[key] != n}
    forgotten = {(key, start) for _, key, start in mine.keys() - kept.keys()}
    assert not {(key, start) for key, start in forgotten if start >= reachable or "/lifetime" in key}


@settings(max_examples=60)
@given(program=programs, story=EVERYTHING)
def test_every_balance_is_the_fold_of_its_transfers(program: Program, story: list[Act]) -> None:
    told = tell(program, story)
    history = told.history
    balances = history.balances()
    for currency in CURRENCIES:
        assert sum(amount for (_, name), amount in balances.items() if name == currency) == 0
    for step in history.steps:
        for transfer in step.decision.transfers:
            assert transfer.amount > 0
            ends = {transfer.source, transfer.target}
            assert {owner(end) for end in ends} == {0, step.entry.member}
            company = place(min(ends))
            assert company == (ADJUSTED if step.entry.kind == Kind.ADJUSTMENT else ISSUED)
    for name, member in history.members.items():
        for currency, wallet in member.wallets.items():
            assert wallet.active == history.active(name, currency)
            assert sum(units for _, units in wallet.lots) == max(wallet.active, 0)
            assert all(units > 0 for _, units in wallet.lots)
            assert wallet.earned == wallet.active, "nothing can be spent yet"
            if program.currencies[currency].debt == "refuse":
                assert wallet.active >= 0
        held = {currency for number, currency in balances if number == account(history.numbers[name], ACTIVE)}
        assert held <= member.wallets.keys()


@settings(max_examples=60)
@given(program=programs, story=EVERYTHING)
@example(
    make_program(38), make_story(206920, 3, ("adjust", "undo", "zone", "move"))
)  # midnights told months late
def test_no_limit_and_no_budget_is_ever_passed(program: Program, story: list[Act]) -> None:
    told, bound = Told(program), bounds(program)
    for act in story:
        told.act(act)
    count = counted(told)
    for (_, key, _), amount in count.items():
        found = bound[key]
        most = found.amount if found.amount is not None else getattr(found, "count", None)
        assert most is not None
        assert amount <= most, f"{key}: {amount} of {most}"
    newest = max((step.entry.day for step in told.history.steps), default=0)
    reachable = newest - program.late_days - MONTH_DAYS_MAX
    assert_usage_is_counted(told.history.company.usage, "", count, reachable)
    for name, member in told.history.members.items():
        assert_usage_is_counted(member.usage, name, count, reachable)


@settings(max_examples=60)
@given(versions=st.lists(programs, min_size=1, max_size=3), story=EVERYTHING)
def test_a_replay_of_the_log_is_the_live_state(versions: list[Program], story: list[Act]) -> None:
    told = Told(versions[0])
    for index, act in enumerate(story):
        if index and index % 8 == 0 and index // 8 < len(versions):
            told.history.publish(versions[index // 8])
        told.act(act)
    live, again = told.history, told.history.replayed()
    assert [step.decision for step in again.steps] == [step.decision for step in live.steps]
    assert [step.entry for step in again.steps] == [step.entry for step in live.steps]
    assert again.members == live.members
    assert again.company == live.company
    assert again.rollups == live.rollups
    assert link(GENESIS, again.items()) == link(GENESIS, live.items())


@settings(max_examples=60)
@given(versions=st.lists(programs, min_size=1, max_size=2), story=EVERYTHING)
def test_rollups_and_levels_add_up(versions: list[Program], story: list[Act]) -> None:
    told = Told(versions[0])
    for index, act in enumerate(story):
        if index == len(story) // 2:
            told.history.publish(versions[-1])
        told.act(act)
    history, total = told.history, DayRollup()
    for rollup in history.rollups.values():
        merge_days(total, rollup)
    activity = [step for step in history.steps if step.entry.kind in ACTIVITY]
    assert total.events == sum(total.names.values()) == len(activity)
    assert total.members == len({(step.entry.member, step.entry.day) for step in activity})
    assert total.joined == history.company.members == len(history.members)
    assert total.incentivised == sum(1 for step in activity if step.decision.transfers)
    standing = Counter(member.level for member in history.members.values() if member.level)
    assert total.levels == history.company.levels == standing
    for currency in CURRENCIES:
        assert total.issued.get(currency, 0) == history.issued(currency)
        assert total.adjusted.get(currency, 0) == -history.balances()[(account(0, ADJUSTED), currency)]


@settings(max_examples=60)
@given(program=programs, story=stories("adjust"))
def test_the_level_is_that_of_the_most_ever_earned(program: Program, story: list[Act]) -> None:
    program = replace(without_stages(program), levels=LEVELS)
    told, most = Told(program), defaultdict[str, int](int)
    assert program.levels is not None
    thresholds = [step.threshold for step in program.levels.steps]
    for act in story:
        told.act(act)
        for name, member in told.history.members.items():
            earned = member.wallets["points"].earned if "points" in member.wallets else 0
            most[name] = max(most[name], earned)
            rank = bisect_right(thresholds, most[name])
            assert member.level == (program.levels.steps[rank - 1].id if rank else "")


@settings(max_examples=60)
@given(program=programs, story=EVERYTHING, last=stories().filter(bool))
@example(  # the event reaches a tier, and completes the quest by what that brings
    program=make_program(1143),
    story=make_story(1, 60, ("adjust", "undo", "zone", "move")),
    last=make_story(104, 60, ()),
)
def test_undoing_what_nothing_followed_restores_the_state(
    program: Program, story: list[Act], last: list[Act]
) -> None:
    assert program.levels is not None
    program = replace(program, levels=replace(program.levels, review=None, on_change="keep"))
    program = replace(
        without_stages(program), leaderboards=BOARDS[:1]
    )  # of others, periods that are over are forgotten
    told = tell(program, [act for act in story if act.hours < 24])
    reachable = utc_day(told.clock) + 2 - program.late_days - MONTH_DAYS_MAX
    today = utc_day(told.clock + last[0].hours * HOUR) + 1
    before = holdings(told.history, reachable, today)
    step = told.act(last[0])
    assert step is not None
    told.history.reverse(last[0].member, told.clock, step)
    assert holdings(told.history, reachable, today) == before


def holdings(history: History, reachable: int, today: int) -> object:
    """All that an undoing restores: not that there was activity, nor that a wallet was opened; and windows that no
    event can reach may have been forgotten meanwhile."""

    def used(usage: Usage) -> Usage:
        def stays(key: str, start: int) -> bool:
            day = utc_day(start) if "/cooldown-hours/" in key else start
            return day >= reachable + (MONTH_DAYS_MAX if unplain_key(key) else 0) or not start

        windows = {
            key: {start: n for start, n in one.items() if stays(key, start)}
            for key, one in usage.items()
            if not key.endswith(TOLD)  # what was told stays told
        }
        return {key: one for key, one in windows.items() if one}

    assert history.program is not None
    made = history.program.program
    oldest = {one.id: today - 1 - made.late_days - PERIOD_DAYS_MAX[one.repeats] for one in made.quests}
    members = {}
    for name, member in history.members.items():
        wallets = {currency: wallet for currency, wallet in member.wallets.items() if wallet != Wallet()}
        counted = {
            ("", start): n for start, n in (member.standing.earned if member.standing else {}).items() if n
        }
        for board, scores in member.scores.items():
            counted |= {(board, start): score for start, score in scores.items() if score}
        quests = {
            id: (
                quested.times,
                {start: n for start, n in quested.windows.items() if start >= oldest[id] or not start},
            )
            for id, quested in member.quests.items()
        }
        quests = {id: one for id, one in quests.items() if one != (0, {})}
        runs = [
            (found.current, found.longest, found.freezes)
            for found in streak_standings(history.program, member, today)
            if found.longest
        ]
        held = (
            wallets,
            used(member.usage),
            member.badges,
            member.level,
            member.tags,
            member.untagged,
            counted,
            quests,
            runs,
        )
        members[name] = deepcopy(held)
    nothing = ({}, {}, {}, "", {}, {}, {}, {}, [])
    kept = {name: held for name, held in members.items() if held != nothing}
    return kept, used(history.company.usage), dict(history.company.levels)


Arrival = tuple[str, str, int]
"""(member, event, hour)"""


def totals(program: Program, arrivals: list[Arrival]) -> object:
    history = History()
    history.publish(program)
    for member, event, hour in arrivals:
        history.track(member, event, START + hour * HOUR)
    return held(history)


def held(history: History) -> dict[str, tuple[dict[str, int], Usage]]:
    return {
        name: ({currency: wallet.active for currency, wallet in member.wallets.items()}, member.usage)
        for name, member in history.members.items()
    }


def make_arrivals(seed: int, hours_max: int) -> list[Arrival]:
    random = Random(seed)
    return [
        (random.choice(MEMBERS), random.choice(EVENTS[:2]), random.randint(0, hours_max))
        for _ in range(random.randint(2, 40))
    ]


def shuffled(day: list[Arrival], seed: int) -> list[Arrival]:
    return Random(seed).sample(day, len(day))


@settings(max_examples=60)
@given(program=st.builds(make_fixed_program, SEEDS, st.just(3)), seed=SEEDS)
def test_the_order_of_a_day_does_not_change_its_totals(program: Program, seed: int) -> None:
    day = make_arrivals(seed, 14)
    assert totals(program, shuffled(day, seed)) == totals(program, day)


@settings(max_examples=60)
@given(program=st.builds(make_fixed_program, SEEDS, st.just(1)), seed=SEEDS)
def test_the_order_of_a_season_does_not_change_its_totals(program: Program, seed: int) -> None:
    """With one limit to a rule, each of its windows fills up the same in whatever order events arrive."""
    season = make_arrivals(seed, 80 * 24)
    assert totals(program, shuffled(season, seed)) == totals(program, season)


def invited_totals(
    program: Program, invited: int, arrivals: list[Arrival]
) -> tuple[dict[str, tuple[dict[str, int], Usage]], dict[str, int]]:
    """As `totals`, after ann and bob invited `invited` colleagues, who come with the first of their events."""
    history = History()
    history.publish(program)
    for name in MEMBERS:
        history.track(name, "Mail", START - DAY)
    for n in range(invited):
        history.invite(MEMBERS[n % 2], START - HOUR, f"new {n}", "chat")
    for member, event, hour in arrivals:
        history.track(member, event, START + hour * HOUR)
    brought = {name: known.brought for name, one in history.members.items() if (known := one.referral)}
    return held(history), brought


@settings(max_examples=40)
@given(program=st.builds(make_fixed_program, SEEDS, st.just(3)), seed=SEEDS)
def test_the_order_of_a_day_does_not_change_what_referrals_bring(program: Program, seed: int) -> None:
    random = Random(seed)
    sides = [
        Side(
            (Award("points", random.randint(1, 30)),),
            (make_limit(random, f"referral:{whose}", company=False),),
        )
        for whose in ("invited", "inviter")
    ]
    policy = Referral(EVENTS[0], random.randint(1, 3), 30, 0, None, *sides, channels=("chat",))
    program, invited = replace(program, referral=policy), random.randint(1, 6)
    people = [*MEMBERS, *(f"new {n}" for n in range(invited))]
    day = [
        (random.choice(people), random.choice(EVENTS[:2]), random.randint(0, 14))
        for _ in range(4 * len(people))
    ]
    assert invited_totals(program, invited, shuffled(day, seed)) == invited_totals(program, invited, day)


def test_referrals_of_a_day_do_bring_something() -> None:
    """Else the claim above says nothing."""
    award = Side((Award("points", 5),))
    policy = Referral(EVENTS[0], 2, 30, 0, None, award, award, channels=("chat",))
    program = replace(make_fixed_program(1, 0), referral=policy, rules=())
    arrivals = [("new 0", EVENTS[0], 1), ("new 0", EVENTS[0], 2)]
    found, brought = invited_totals(program, 1, arrivals)
    assert brought["ann"] == 1
    assert (found["ann"][0], found["new 0"][0]) == ({"points": 5}, {"points": 5})


def test_the_hours_of_a_day_in_these_tests_are_of_one_day() -> None:
    assert START % DAY + 14 * HOUR < DAY


@settings(max_examples=60)
@given(program=programs, story=EVERYTHING)
def test_of_an_exclusive_group_one_rule_fires(program: Program, story: list[Act]) -> None:
    for step in tell(program, story).history.steps:
        rules, codes = rules_of(step), step.decision.record.verdicts
        if step.entry.kind != Kind.TRACK or not codes:
            continue
        for name, group in program.groups.items():
            mine = [index for index, rule in enumerate(rules) if rule.group == name]
            fires = [index for index in mine if fired(codes[index])]
            lost = [as_extended(codes[i]) for i in mine if codes[i] % VERDICTS == Verdict.EXTENDED]
            winners = [index for index, what in lost if what == Extended.LOST]
            assert group.pick == "all" or len(fires) <= 1
            assert set(winners) <= set(fires) if group.pick != "all" else not winners
