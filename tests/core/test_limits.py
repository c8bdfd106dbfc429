"""Limits of every kind hold in every window there is, however events arrive, and keep no more than they need."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engage.core.calendar import DAY, HOUR, month_of
from engage.core.event import Kind
from engage.core.limits import Use, busiest, use, window_start
from engage.core.notices import BUDGET_REACHED, Notice, notices
from engage.core.program import Limit, Program
from engage.core.state import Usage
from engage.core.verdicts import fired
from tests.core.history import History, program_of
from tests.core.random_programs import SEEDS, START, Act, Told, make_program, stories
from tests.core.test_ledger_properties import name_of, rules_of


def taken(told: Told) -> dict[tuple[Limit, str], list[tuple[int, int, int]]]:
    """(limit, whose) -> (at, local day, firings or units) of what was counted and not undone."""
    found: dict[tuple[Limit, str], list[tuple[int, int, int]]] = defaultdict(list)
    team: dict[str, str] = {}
    for step in told.history.steps:
        name = name_of(told, step) if step.entry.member else ""
        if step.entry.kind == Kind.IDENTIFY:
            team[name] = step.entry.body.data["team"]
        if step.entry.kind != Kind.TRACK or step.decision.record.undecided:
            continue
        undoing = told.undone.get(step.entry.seq)
        for index, (rule, code) in enumerate(zip(rules_of(step), step.decision.record.verdicts, strict=True)):
            for limit in rule.limits:
                whose = {"member": name, "department": team.get(name, ""), "company": ""}[limit.per]
                if limit.count is not None:
                    amount = int(fired(code) and undoing is None)
                else:
                    moved = [(t, 1) for t in step.decision.transfers]
                    moved += [(t, -1) for t in undoing.decision.transfers] if undoing else []
                    mine = [(t, sign) for t, sign in moved if (t.rule, t.currency) == (index, limit.currency)]
                    amount = sum(t.amount * sign for t, sign in mine)
                if amount:
                    found[limit, whose].append((step.entry.at, step.entry.day, amount))
    return found


def assert_holds(limit: Limit, uses: list[tuple[int, int, int]]) -> None:
    most = limit.count if limit.count is not None else limit.amount
    assert most is not None
    if limit.hours:
        times = sorted(at for at, _, _ in uses)
        assert all(later - sooner >= limit.hours * HOUR for sooner, later in pairwise(times))
    elif limit.days:
        for _, first, _ in uses:
            assert sum(n for _, day, n in uses if first <= day < first + limit.days) <= most
    else:
        windows: dict[int, int] = defaultdict(int)
        for _, day, n in uses:
            windows[window_start(limit.window, day)] += n
        assert max(windows.values()) <= most


@settings(max_examples=75)
@given(program=st.builds(make_program, SEEDS), story=stories("adjust", "undo", "zone", "move"))
def test_no_window_of_any_kind_holds_more_than_its_limit(program: Program, story: list[Act]) -> None:
    told = Told(program)
    for act in story:
        told.act(act)
    for (limit, _), uses in taken(told).items():
        assert_holds(limit, uses)


days = st.dictionaries(st.integers(100, 140), st.integers(1, 5), max_size=12)


@given(windows=days, day=st.integers(100, 140), length=st.integers(1, 20))
def test_the_busiest_days_in_a_row_are_found(windows: dict[int, int], day: int, length: int) -> None:
    starts = range(day - length + 1, day + 1)
    sums = [sum(windows.get(start + n, 0) for n in range(length)) for start in starts]
    assert busiest(windows, day, length) == max(sums)


def test_what_no_late_event_can_reach_is_forgotten() -> None:
    usage: Usage = {}
    for day in range(1000):
        use(usage, Use(False, "a/member/rolling-7/firings", 700_000 + day, 1, 9), 30)
        use(
            usage,
            Use(False, "a/member/cooldown-hours/firings", START + day * 24 * HOUR, 1, HOUR, 24 * HOUR),
            30,
        )
    assert [len(windows) for windows in usage.values()] == [40, 31]


WELCOME_BACK = """
name: Welcome back
currencies: {points: {name: Points}}
events: {Sale: {name: Sale}}
late_days: 0
budgets: [{window: month, amount: 1, currency: points}]
rules:
  - {id: sale, trigger: Sale, effects: [{award: 1}]}
  - {id: dormant, trigger: {stage: dormant}, effects: [{award: 1}]}
"""


@pytest.mark.parametrize("months", [3, 24])
def test_midnights_told_late_find_the_budget_of_their_month_used_up(months: int) -> None:
    """Or not known any more: then nothing is left of it."""
    history = History()
    history.publish(program_of(WELCOME_BACK))
    for name in ("ann", "bob"):
        history.track(name, "Sale", START)
    history.track("bob", "Sale", START + 200 * DAY)
    for month in range(months):
        history.track("zoe", "Sale", START + (231 + 31 * month) * DAY)
    history.track("ann", "Sale", START + (231 + 31 * months) * DAY)
    awarded = Counter(
        month_of(step.entry.day) for step in history.steps for transfer in step.decision.transfers
    )
    assert set(awarded.values()) == {1}
    assert any(step.entry.kind == Kind.TICK and step.decision.transfers for step in history.steps)


@settings(max_examples=75)
@given(program=st.builds(make_program, SEEDS), story=stories("adjust", "undo", "zone"))
def test_a_budget_is_told_once_and_only_when_it_is_reached(program: Program, story: list[Act]) -> None:
    told, known, reached = Told(program), dict[tuple[str, int], int](), defaultdict[tuple[str, int], int](int)
    budgets = {budget.key: budget for budget in program.budgets}
    for act in story:
        told.act(act)
    for step in told.history.steps:
        for change in step.decision.uses:
            reached[change.key, change.start] += change.amount
        for key, start, percent in step.decision.record.alerts:
            assert percent > known.get((key, start), 0)
            known[key, start] = percent
        if step.entry.kind != Kind.TRACK:
            continue
        for key, budget in budgets.items():
            start = window_start(budget.window, step.entry.day)
            due = [p for p in budget.alerts if reached[key, start] * 100 >= p * budget.amount]
            assert known.get((key, start), 0) >= max(due, default=0)
            assert known.get((key, start), 0) in (0, *budget.alerts)


def test_the_host_is_told_of_a_budget_and_of_no_member() -> None:
    history = History()
    history.publish(
        program_of(
            "name: Told\ncurrencies: {points: {}}\nevents: {Call: {}}\n"
            "rules: [{id: call, trigger: Call, effects: [award: 9]}]\nbudgets: [{window: lifetime, amount: 10}]"
        )
    )
    step = history.track("ann", "Call", START)
    assert notices(step.entry, step.decision, step.program) == [
        Notice(BUDGET_REACHED, {"currency": "points", "window": "lifetime", "percent": 80}, member=False)
    ]
