"""What limits and budgets have used, per calendar window of the company.

Limits are enforced here, in the decision, under the company's turn; never by a condition on a counter, which two
events at once would both pass.
"""

from __future__ import annotations

from msgspec import Struct

from engage.core.calendar import month_of, week_of
from engage.core.program import Window
from engage.core.state import Usage

MONTH_DAYS_MAX = 31


class Use(Struct, frozen=True, array_like=True):
    """A change of one counter: `company` says whose, the member's or the company's."""

    company: bool
    key: str
    start: int
    amount: int


def window_start(window: Window, day: int) -> int:
    """The first day of the window a local day lies in; 0 for the lifetime."""
    if window == "day":
        return day
    if window == "week":
        return week_of(day)
    if window == "month":
        return month_of(day)
    return 0


def used(usage: Usage, key: str, start: int) -> int:
    windows = usage.get(key)
    return windows.get(start, 0) if windows else 0


def use(usage: Usage, change: Use, late_days: int) -> None:
    """Count it. Windows that no event within `late_days` can reach any more are forgotten."""
    windows = usage.setdefault(change.key, {})
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
