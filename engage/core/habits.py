"""What a program says of streaks and of the days on which a company works, as frozen data.

Stored within programs, so it changes as they do: a field is added with a default, never renamed or removed.
"""

from __future__ import annotations

import typing as t

import msgspec

from engage.core.conditions import Condition

Every = t.Literal["day", "week"]
StreakDays = t.Literal["working", "all"]
Grants = t.Literal["week", "month", "quarter", "year"]


class Shape(msgspec.Struct, frozen=True, omit_defaults=True):
    """Defaults are left out of the bytes."""


class Calendar(Shape, frozen=True):
    """When the company works: a streak asks for nothing on other days."""

    working_days: tuple[str, ...] = ("monday", "tuesday", "wednesday", "thursday", "friday")
    holidays: tuple[int, ...] = ()  # local days (ordinals), in order


class Freezes(Shape, frozen=True):
    """What a missed day may cost instead of the streak."""

    most: int  # that a member may hold
    count: int = 0  # granted in each period of the calendar; others are an effect of rules
    per: Grants = "month"


class Streak(Shape, frozen=True):
    id: str
    name: str
    every: Every = "day"
    event: str = ""  # what counts; any declared event, page or screen when empty
    conditions: Condition | None = None
    at_least: int = 1  # events in each day or week
    days: StreakDays = "working"
    freezes: Freezes | None = None
    audience: str = ""
