"""What limits and budgets have used, per calendar window of the company.

Limits are enforced here, in the decision, under the company's turn; never by a condition on a counter, which two
events at once would both pass.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

from msgspec import Struct

from engage.core.calendar import DAY, HOUR, month_of, quarter_of, week_of, year_of
from engage.core.event import Entry
from engage.core.program import Budget, Limit, Span
from engage.core.state import Usage
from engage.core.verdicts import Verdict, verdict_code

MONTH_DAYS_MAX = 31
REACH_DAYS: Final[dict[str, int]] = {"quarter": 94, "year": 368}
"""How long a calendar window that is longer than a month may be, and two days for a change of time zone."""
COMING_BACK_DAYS: Final = 366
"""How much longer a company's windows are kept. A member's midnights are told when they come back, or when nobody told
them in time, and what they bring then counts for the days they are of. What comes later still finds nothing left."""
DEPARTMENTS_MAX: Final = 1000
"""Of one company. Members of any further ones count as being in none, together."""


class Use(Struct, frozen=True, array_like=True, gc=False):
    """A change of one counter: `company` says whose, the member's or the company's."""

    company: bool
    key: str
    start: int
    """The first day of the window; the day itself in a rolling one; the microsecond where hours count."""
    amount: int
    reach: int = MONTH_DAYS_MAX
    """How far back from an event a start still counts."""
    unit: int = 1
    """How many starts there are in a day."""


class Counter(Struct, frozen=True):
    """A limit or a budget as firing a rule meets it."""

    company: bool
    key: str
    window: Span
    most: int
    refused: int
    """The verdict code when nothing is left, or not enough for one that refuses."""
    cut: int
    """The verdict code of an award cut to what is left; 0 for a limit that does not cut."""
    plain: bool = True
    """Whether it counts by calendar windows, of a member or the company: then these are all there is to know."""
    department: bool = False
    days: int = 0
    """Of a rolling window; a cooldown of days is one too."""
    apart: int = 0
    """Microseconds between two firings."""
    reach: int = MONTH_DAYS_MAX
    unit: int = 1
    """As of its uses."""
    alerts: tuple[tuple[int, int], ...] = ()
    """(units, per cent) that are told when they are reached, rising."""


def limit_counter(index: int, limit: Limit) -> Counter:
    """The counter of a rule's limit number `index`."""
    cuts = limit.count is None and limit.over == "cut"
    unit = DAY if limit.hours else 1
    reach = limit.hours * HOUR or (limit.days + 2 if limit.days else reach_of(limit.window))
    return Counter(
        company=limit.per != "member",
        key=limit.key,
        window=limit.window,
        most=limit.amount if limit.count is None and limit.amount is not None else limit.count or 0,
        refused=verdict_code(Verdict.LIMIT, index),
        cut=verdict_code(Verdict.CUT_BY_LIMIT, index) if cuts else 0,
        plain=limit.per != "department" and limit.window not in ("rolling", "cooldown"),
        department=limit.per == "department",
        days=limit.days,
        apart=limit.hours * HOUR,
        reach=reach if limit.per == "member" else reach + COMING_BACK_DAYS * unit,
        unit=unit,
    )


def reach_of(window: Span) -> int:
    return REACH_DAYS.get(window, MONTH_DAYS_MAX)


def budget_counter(index: int, budget: Budget) -> Counter:
    """The counter of a program's budget number `index`."""
    return Counter(
        company=True,
        key=budget.key,
        window=budget.window,
        most=budget.amount,
        refused=verdict_code(Verdict.BUDGET, index),
        cut=verdict_code(Verdict.CUT_BY_BUDGET, index) if budget.over == "cut" else 0,
        reach=reach_of(budget.window) + COMING_BACK_DAYS,
        alerts=alert_units(budget.amount, budget.alerts),
    )


def alert_units(amount: int, alerts: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
    """(units, per cent) at which a budget is told of."""
    return tuple((-(-amount * percent // 100), percent) for percent in alerts)


class Alert(NamedTuple):
    """A budget reached so much of itself. Stored with the decision that passed it."""

    budget: str
    """Its key: currency and window, or the campaign and the currency."""
    start: int
    """The first day of the window; 0 for the lifetime."""
    percent: int


TOLD: Final = "/told"
"""Beside a budget's own counter, the most that was told of its windows: once, though an undo may free it again."""


def alert(counter: Counter, start: int, total: int, told: int) -> Use | None:
    """What telling of a window of a budget changes, when more is reached than was told."""
    percent = max((percent for units, percent in counter.alerts if units <= total), default=0)
    return Use(True, counter.key + TOLD, start, percent - told, counter.reach) if percent > told else None


def alerts_of(uses: list[Use], usage: Usage) -> tuple[Alert, ...]:
    """What uses tell of budgets. Of thresholds passed by one decision, the highest of each window."""
    told: dict[tuple[str, int], int] = {}
    for use in uses:
        if use.company and use.key.endswith(TOLD):
            before = told.get((use.key, use.start), used(usage, use.key, use.start))
            told[use.key, use.start] = before + use.amount
    return tuple(Alert(key.removesuffix(TOLD), start, percent) for (key, start), percent in told.items())


@lru_cache(maxsize=4096)
def window_start(window: Span, day: int) -> int:
    """The first day of the calendar window a local day lies in; 0 for the lifetime."""
    if window == "day":
        return day
    if window == "week":
        return week_of(day)
    if window == "month":
        return month_of(day)
    if window == "quarter":
        return quarter_of(day)
    if window == "year":
        return year_of(day)
    return 0


class Starts(dict[int, tuple[int, ...]]):
    """Local day -> the first days of some calendar windows it lies in, each reckoned once."""

    def __init__(self, windows: tuple[Span, ...]) -> None:
        super().__init__()
        self._windows = windows

    def __missing__(self, day: int) -> tuple[int, ...]:
        found = self[day] = tuple(window_start(window, day) for window in self._windows)
        return found


def window_end(window: Span, day: int) -> int:
    """The first day after the window a local day lies in; 0 for the lifetime, which never ends."""
    if window == "lifetime":
        return 0
    days = {"day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366}[window]
    return window_start(window, window_start(window, day) + days)


def counted(counter: Counter, entry: Entry, department: int, amount: int) -> Use:
    """What counting an amount for an entry changes; `department` is the number of the member's."""
    key = f"{counter.key}/{department}" if counter.department else counter.key
    if counter.apart:
        start = entry.at
    else:
        start = entry.day if counter.days else window_start(counter.window, entry.day)
    return Use(counter.company, key, start, amount, counter.reach, counter.unit)


def left_of(
    counter: Counter, usage: Usage, uses: list[Use], entry: Entry, department: int, late_days: int
) -> int:
    """What a counter that is not plain allows still, after what `uses` of this entry have taken already.

    No window may hold more than the limit, whichever way events arrive: one that comes late is held against those
    after it as well.
    """
    mine = counted(counter, entry, department, 0)
    windows = dict(usage.get(mine.key, ()))
    if is_forgotten(counter, windows, mine.start, late_days):
        return 0
    for use in uses:
        if use.key == mine.key and use.company == mine.company:
            windows[use.start] = windows.get(use.start, 0) + use.amount
    return counter.most - held_near(counter, windows, mine.start)


def is_forgotten(counter: Counter, windows: dict[int, int], start: int, late_days: int) -> bool:
    """Whether what a company used in a window may not be known any more."""
    if not counter.company or not windows or start in windows:
        return False
    return start < max(windows) - late_days * counter.unit - counter.reach


def held_near(counter: Counter, windows: dict[int, int], start: int) -> int:
    """What a counter holds in the window of `start`, or in the fullest rolling one around it."""
    if counter.apart:
        return counter.most if any(abs(one - start) < counter.apart for one in windows) else 0
    return busiest(windows, start, counter.days) if counter.days else windows.get(start, 0)


def busiest(windows: dict[int, int], day: int, days: int) -> int:
    """The most that any `days` days in a row, this day among them, hold."""
    near = sorted((start, units) for start, units in windows.items() if abs(start - day) < days)
    most, total, first = 0, 0, 0
    for start, units in near:
        total += units
        while near[first][0] <= start - days:
            total -= near[first][1]
            first += 1
        most = max(most, total)
    return most


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
        forget(windows, change.start, late_days * change.unit + change.reach)
    total = windows.get(change.start, 0) + change.amount
    if total > 0:
        windows[change.start] = total
    else:
        windows.pop(change.start, None)
    if not windows:
        del usage[change.key]


def begin(usage: Usage, key: str, start: int, amount: int, kept: int) -> None:
    """`use` of a window that nothing is used of yet."""
    windows = usage.get(key)
    if windows is None:
        usage[key] = {start: amount}
        return
    forget(windows, start, kept)
    windows[start] = amount


def forget(windows: dict[int, int], start: int, kept: int) -> None:
    """Drop the windows that begin more than `kept` before the newest one, which `start` may become."""
    oldest = max(start, max(windows)) - kept
    if min(windows) < oldest:
        for one in [one for one in windows if one < oldest]:
            del windows[one]
