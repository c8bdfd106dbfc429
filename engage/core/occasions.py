"""Occasions: what besides an event can trigger a rule, such as reaching a level or the first of a month.

Owns their names and words. Most come about within a decision and cause further rules of the same entry; those of the
clock are what a tick brings.
"""

from __future__ import annotations

from datetime import date
from typing import Final, NamedTuple

from engage.core.calendar import days_in_month

DEPTH_MAX: Final = 5
"""How far a decision goes on: a level may bring points, these a badge, this the next level. Then it is enough."""

ANY: Final = "*"
LEVEL, BADGE, CLOCK, ANNIVERSARY, QUEST, STREAK = "level", "badge", "clock", "anniversary", "quest", "streak"
BROKEN: Final = "broken"
"""What takes the place of a milestone when a streak is lost."""
LEVEL_LOST, DOWNGRADE_DUE = "level_lost", "downgrade_due"
EXPIRING: Final = "expiring"
STAGE: Final = "stage"
"""Of a member's life; its name is `slipping`, or `habitual:slipping` where it matters from which."""
REFERRAL: Final = "referral"
JOINED, ACTIVE, BROUGHT = "joined", "active", "brought"
"""What becomes of a referral: the first two are the colleague's, the last is the inviter's."""
TIMED: Final = frozenset({CLOCK, ANNIVERSARY})
"""What time alone brings: a tick, see `engage.core.agenda`."""


class Occasion(NamedTuple):
    """`name` says which one of its kind: a level's id, `monthly:1`. Stored with programs and decisions."""

    kind: str
    name: str = ""


def occasion_text(occasion: Occasion) -> str:
    kind, name = occasion
    if kind == CLOCK:
        return clock_text(name)
    if kind == ANNIVERSARY:
        return "anniversary of joining"
    if kind == DOWNGRADE_DUE:
        return f"{name} days before a level falls"
    if kind == LEVEL_LOST:
        return "any level lost" if name == ANY else f"level {name} lost"
    if kind == QUEST:
        return quest_text(name)
    if kind == EXPIRING:
        currency, days = notice_of(occasion)
        return f"{currency} expiring in {days} day{'' if days == 1 else 's'}"
    if kind == STREAK:
        return streak_text(name)
    if kind == STAGE:
        return stage_text(name)
    if kind == REFERRAL:
        return _REFERRALS[name]
    which = f"any {kind}" if name == ANY else f"{kind} {name}"
    return f"{which} reached" if kind == LEVEL else f"{which} granted"


_REFERRALS: Final = {
    JOINED: "joining by an invitation",
    ACTIVE: "active after an invitation",
    BROUGHT: "an invited colleague becoming active",
}


def streak_text(name: str) -> str:
    """`daily:7` as an administrator would say it."""
    streak, _, reached = name.partition(":")
    return f"streak {streak} broken" if reached == BROKEN else f"streak {streak} reaching {reached}"


def stage_text(name: str) -> str:
    """`habitual:slipping` as an administrator would say it."""
    before, _, after = name.rpartition(":")
    which = "any stage" if after == ANY else f"stage {after}"
    return f"{which} reached from {before}" if before else f"{which} reached"


def quest_text(name: str) -> str:
    """`ten-orders:2` as an administrator would say it."""
    quest, _, tier = name.partition(":")
    which = "any quest" if quest == ANY else f"quest {quest}"
    return f"{which} reaching tier {tier}" if tier else f"{which} completed"


def notice_of(occasion: Occasion) -> tuple[str, int]:
    """(currency, days ahead) of `expiring`: its name is `points:14`."""
    currency, _, days = occasion.name.rpartition(":")
    return currency, int(days)


# --- the clock ----------------------------------------------------------------------------------------------


def clock_text(name: str) -> str:
    """`weekly:monday` as an administrator would say it."""
    period, _, which = name.partition(":")
    words = {
        "daily": "every day",
        "weekly": f"every {which.capitalize()}",
        "monthly": f"every month on day {which}",
        "yearly": f"every year on {which}",
        "date": f"on {which}",
    }
    return words[period]


def next_clock_day(name: str, after: int, weekdays: tuple[str, ...]) -> int:
    """The first local day later than `after` that a clock names; 0 when there is none any more.

    Day 31 of a shorter month is its last, and 29 February is the 28th in other years.
    """
    period, _, which = name.partition(":")
    if period == "daily":
        return after + 1
    if period == "weekly":
        return after + 1 + (weekdays.index(which) - after) % 7
    if period == "monthly":
        today = date.fromordinal(after)
        this = _month_day(today.year, today.month, int(which))
        year, month = divmod(today.year * 12 + today.month, 12)
        return this if this > after else _month_day(year, month + 1, int(which))
    if period == "yearly":
        return next_yearly(int(which[:2]), int(which[3:]), after)
    day = date.fromisoformat(which).toordinal()
    return day if day > after else 0


def next_yearly(month: int, day: int, after: int) -> int:
    """The first day later than `after` with this month and day."""
    year = date.fromordinal(after).year
    this = _month_day(year, month, day)
    return this if this > after else _month_day(year + 1, month, day)


def _month_day(year: int, month: int, day: int) -> int:
    return date(year, month, min(day, days_in_month(year, month))).toordinal()
