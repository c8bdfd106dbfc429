"""What limits and budgets have used, per calendar window of the company.

Limits are enforced here, in the decision, under the company's turn; never by a condition on a counter, which two
events at once would both pass.
"""

from __future__ import annotations

from msgspec import Struct

from engage.core.calendar import month_of, week_of
from engage.core.program import Budget, Limit, Window
from engage.core.state import Usage
from engage.core.verdicts import Verdict, verdict_code

MONTH_DAYS_MAX = 31


class Use(Struct, frozen=True, array_like=True, gc=False):
    """A change of one counter: `company` says whose, the member's or the company's."""

    company: bool
    key: str
    start: int
    amount: int


class Counter(Struct, frozen=True):
    """A limit or a budget as firing a rule meets it."""

    company: bool
    key: str
    window: Window
    most: int
    refused: int
    """The verdict code when nothing is left, or not enough for one that refuses."""
    cut: int
    """The verdict code of an award cut to what is left; 0 for a limit that does not cut."""


def limit_counter(index: int, limit: Limit) -> Counter:
    """The counter of a rule's limit number `index`."""
    cuts = limit.count is None and limit.over == "cut"
    return Counter(
        company=limit.per == "company",
        key=limit.key,
        window=limit.window,
        most=limit.amount if limit.count is None and limit.amount is not None else limit.count or 0,
        refused=verdict_code(Verdict.LIMIT, index),
        cut=verdict_code(Verdict.CUT_BY_LIMIT, index) if cuts else 0,
    )


def budget_counter(index: int, budget: Budget) -> Counter:
    """The counter of a program's budget number `index`."""
    return Counter(
        company=True,
        key=budget.key,
        window=budget.window,
        most=budget.amount,
        refused=verdict_code(Verdict.BUDGET, index),
        cut=verdict_code(Verdict.CUT_BY_BUDGET, index) if budget.over == "cut" else 0,
    )


def window_start(window: Window, day: int) -> int:
    """The first day of the window a local day lies in; 0 for the lifetime."""
    if window == "day":
        return day
    if window == "week":
        return week_of(day)
    if window == "month":
        return month_of(day)
    return 0


def window_end(window: Window, day: int) -> int:
    """The first day after the window a local day lies in; 0 for the lifetime, which never ends."""
    if window == "lifetime":
        return 0
    days = {"day": 1, "week": 7, "month": MONTH_DAYS_MAX}[window]
    return window_start(window, window_start(window, day) + days)


def used(usage: Usage, key: str, start: int) -> int:
    windows = usage.get(key)
    return windows.get(start, 0) if windows else 0


def use(usage: Usage, change: Use, late_days: int) -> None:
    """Count it. Windows that no event within `late_days` can reach any more are forgotten."""
    windows = usage.get(change.key)
    if windows is None:
        windows = usage[change.key] = {}
    if change.start in windows and change.amount > 0:
        windows[change.start] += change.amount
        return
    if windows and change.start not in windows:
        oldest = max(change.start, max(windows)) - late_days - MONTH_DAYS_MAX
        for start in [start for start in windows if start < oldest]:
            del windows[start]
    total = windows.get(change.start, 0) + change.amount
    if total > 0:
        windows[change.start] = total
    else:
        windows.pop(change.start, None)
    if not windows:
        del usage[change.key]
