"""What counts toward a level: all that was ever earned, or what was earned in a calendar year, a membership year or the
last months.

Owns the periods and the few sums a member's state keeps of them, by the event's own local day: one per year or calendar
month, forgotten when no review can reach them. Must not know levels, thresholds or reviews.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from engage.core.calendar import month_of, months_later, year_of
from engage.core.program import Levels
from engage.core.state import MemberState, Standing

YEAR_MONTHS = 12
Window = tuple[int, int]
"""The first and the last of the periods (by their first day) that are counted together."""


def period_start(basis: str, joined: int, day: int) -> int:
    """The first day of the year or month in which a day is counted."""
    if basis == "rolling":
        return month_of(day)
    return year_of(day) if basis == "calendar_year" else _membership_year(joined, day)


@lru_cache(maxsize=4096)
def _membership_year(joined: int, day: int) -> int:
    years = date.fromordinal(day).year - date.fromordinal(joined).year
    start = months_later(joined, YEAR_MONTHS * years)
    return start if start <= day else months_later(joined, YEAR_MONTHS * (years - 1))


def length_months(levels: Levels) -> int:
    """How long a period is: after so many months whatever was counted before has left it."""
    return levels.months if levels.basis == "rolling" else YEAR_MONTHS


def window(levels: Levels, joined: int, day: int) -> Window:
    """The period under way on `day`."""
    if levels.basis == "rolling":
        return _months_up_to(levels.months, day)
    start = period_start(levels.basis, joined, day)
    return start, start


@lru_cache(maxsize=4096)
def _months_up_to(months: int, day: int) -> Window:
    last = month_of(day)
    return months_later(last, 1 - months), last


def window_before(levels: Levels, joined: int, day: int) -> Window:
    """The whole period that ended last, as of the beginning of `day`."""
    return window(levels, joined, period_start(levels.basis, joined, day) - 1)


def counted(
    levels: Levels, key: str, member: MemberState, periods: Window, at: int = 0, change: int = 0
) -> int:
    """What is earned in these periods, were `change` more earned on the day `at`."""
    first, last = periods
    standing = member.standing
    total = 0
    if standing is not None and standing.key == key:
        for start, units in standing.earned.items():
            if first <= start <= last:
                total += units
    if change and first <= period_start(levels.basis, member.joined or at, at) <= last:
        total += change
    return total


def newest(member: MemberState, key: str, day: int) -> int:
    """`day`, or the beginning of the newest period in which something is counted, if that is later."""
    standing = member.standing
    if standing is None or standing.key != key or not standing.earned:
        return day
    last = max(standing.earned)
    return last if last > day else day


def count(levels: Levels, standing: Standing, joined: int, day: int, change: int) -> None:
    """Count what was earned, or taken back, on `day`. What no review can reach any more is forgotten."""
    start, earned = period_start(levels.basis, joined, day), standing.earned
    if start not in earned and earned:
        grace = levels.review.grace_days if levels.review is not None else 0
        oldest = window_before(levels, joined, max(start, *earned) - grace)[0]
        for old in [old for old in earned if old < oldest]:
            del earned[old]
        if start < oldest:
            return
    earned[start] = earned.get(start, 0) + change  # a zero is kept: it says how far the newest is
