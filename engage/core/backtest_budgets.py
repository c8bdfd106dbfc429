"""How a backtest used the budgets of its trial: the company's in their windows, and those of campaigns.

Owns the shape of that part of the answer. Must not know how anything was counted or where it is shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from msgspec import Struct

from engage.core.backtest_counts import BudgetWindow, Counts
from engage.core.backtest_people import Pair
from engage.core.campaign_counters import campaign_budgets
from engage.core.compiled import CompiledProgram
from engage.core.limits import window_end
from engage.core.program import Budget, Program

BUDGETS_MAX: Final = 200


class BudgetDay(Struct, frozen=True):
    day: str
    used: Pair


class BudgetFound(Struct, frozen=True):
    """One budget of the trial, or of a campaign of it, in one of its windows and in one company. Of the actual side:
    what was awarded in it; where it is a campaign's, by its rules, whatever of that was undone."""

    company: str
    currency: str
    window: str
    starts: str | None
    """None: the lifetime."""
    amount: int
    used: Pair
    reached_80: str | None
    reached_100: str | None
    days: list[BudgetDay]
    """How much was used by the end of each day that used some."""
    campaign: str | None = None
    """Whose budget it is; None: the company's."""


Daily = dict[tuple[str, str, str], list[tuple[int, int]]]
"""What was actually awarded, by day: of a company, a campaign ("" for all of it) and a currency."""


def budget_amounts(program: Program) -> dict[str, int]:
    """What each budget allows, those of campaigns too, by its counter."""
    amounts = {budget.key: budget.amount for budget in program.budgets}
    return amounts | {key: budget.amount for key, (_, budget) in campaign_budgets(program).items()}


def budgets_found(
    counts: Counts, program: Program, versions: Mapping[int, CompiledProgram], daily: Daily
) -> list[BudgetFound]:
    """Those used most, if there are many. `daily`: of whole companies."""
    declared: dict[str, tuple[str, Budget]] = {budget.key: ("", budget) for budget in program.budgets}
    for key, (campaign, bound) in campaign_budgets(program).items():
        declared[key] = campaign, Budget(bound.currency, "lifetime", bound.amount)
    daily = daily | _of_campaigns(counts, versions)
    found = []
    for (company, key, start), window in sorted(counts.budgets.items()):
        campaign, budget = declared[key]
        awarded = daily.get((company, campaign, budget.currency), [])
        found.append(_budget(company, campaign, budget, start, window, awarded))
    found.sort(key=lambda one: -one.used.trial / one.amount)
    return sorted(
        found[:BUDGETS_MAX],
        key=lambda one: (one.company, one.campaign or "", one.currency, one.window, one.starts or ""),
    )


def _of_campaigns(counts: Counts, versions: Mapping[int, CompiledProgram]) -> Daily:
    daily: Daily = {}
    for (company, day, (version, event, occasions, index), currency), amount in counts.by_day.items():
        campaign = versions[version].rules_considered(event, occasions)[index].campaign
        if campaign:
            daily.setdefault((company, campaign, currency), []).append((day, amount))
    return daily


def _budget(
    company: str,
    campaign: str,
    budget: Budget,
    start: int,
    window: BudgetWindow,
    awarded: list[tuple[int, int]],
) -> BudgetFound:
    """`awarded`: what was actually awarded, by day."""
    last = (window_end(budget.window, start) or date.max.toordinal()) - 1
    changes: dict[int, list[int]] = {}
    for side, daily in enumerate((window.days.items(), awarded)):
        for day, amount in daily:
            # What is given back later than the window counts for its last day.
            if side == 0 or start <= day <= last:
                changes.setdefault(min(day, last), [0, 0])[side] += amount
    used, days = [window.before, window.before], []
    for day, change in sorted(changes.items()):
        used = [used[0] + change[0], used[1] + change[1]]
        days.append(BudgetDay(date.fromordinal(day).isoformat(), Pair(*used)))
    reached = {percent: date.fromordinal(day).isoformat() for percent, day in window.reached.items()}
    return BudgetFound(
        company,
        budget.currency,
        budget.window,
        date.fromordinal(start).isoformat() if start else None,
        budget.amount,
        Pair(*used),
        reached.get(80),
        reached.get(100),
        days,
        campaign or None,
    )
