"""Streaks and the calendar of working days, from the document to checked ones."""

from __future__ import annotations

import typing as t
from datetime import date

from engage.core.check_conditions import read_condition
from engage.core.check_days import read_day
from engage.core.check_names import Names, label_of
from engage.core.check_rules import fields_of, read_audience
from engage.core.conditions import WEEKDAYS
from engage.core.problems import Mapping, Path, Problems
from engage.core.program import Calendar, Every, Freezes, Grants, Streak, StreakDays

STREAKS_MAX = 20
HOLIDAYS_MAX = 500
AT_LEAST_MAX = 100
FREEZES_MAX = 100  # that a member may hold
EVERY = ("day", "week")
DAYS = ("working", "all")
GRANTS = ("week", "month", "quarter", "year")
OPTIONAL = ("name", "every", "event", "conditions", "at_least", "days", "freezes", "audience")


def read_calendar(problems: Problems, value: t.Any) -> Calendar:
    path: Path = ("calendar",)
    entries = problems.fields(value, path, (), ("working_days", "holidays")) if value is not None else None
    if not entries:
        return Calendar()
    working = Calendar().working_days
    if "working_days" in entries:
        at = (*path, "working_days")
        items = problems.items(entries["working_days"], at, len(WEEKDAYS), least=1) or ()
        named = {problems.choice(item, (*at, index), WEEKDAYS) for index, item in enumerate(items)}
        working = tuple(day for day in WEEKDAYS if day in named)
    at = (*path, "holidays")
    found: set[int] = set()
    for index, item in enumerate(problems.items(entries.get("holidays"), at, HOLIDAYS_MAX) or ()):
        day = read_day(problems, item, (*at, index), yearly=False)
        if day is not None:
            found.add(date.fromisoformat(day).toordinal())
    return Calendar(working, tuple(sorted(found)))


def read_streaks(
    problems: Problems, names: Names, value: t.Any
) -> tuple[tuple[Streak, ...], tuple[str, ...] | None]:
    """The streaks, and their ids; None when one could not be read."""
    streaks: list[Streak] = []
    ids: list[str] = []
    items = problems.items(value, ("streaks",), STREAKS_MAX)
    for index, item in enumerate(items or ()):
        at: Path = ("streaks", index)
        entries = problems.fields(item, at, ("id",), OPTIONAL) or {}
        streak_id = problems.identifier(entries["id"], (*at, "id")) if "id" in entries else None
        if streak_id is not None and streak_id in ids:
            problems.add((*at, "id"), f"duplicate streak id '{streak_id}'")
        ids.append(streak_id or "")
        streak = _read_streak(problems, names, entries, at, streak_id) if entries else None
        if streak is not None:
            streaks.append(streak)
    return tuple(streaks), None if items is None or "" in ids else tuple(ids)


def _read_streak(
    problems: Problems, names: Names, entries: Mapping, path: Path, streak_id: str | None
) -> Streak | None:
    name = problems.text(entries["name"], (*path, "name")) if "name" in entries else label_of(streak_id or "")
    every = problems.choice(entries.get("every", "day"), (*path, "every"), EVERY)
    days = problems.choice(entries.get("days", "working"), (*path, "days"), DAYS)
    at_least = problems.integer(entries.get("at_least", 1), (*path, "at_least"), 1, AT_LEAST_MAX)
    event: str | None = ""
    if "event" in entries:
        event = problems.known(entries["event"], (*path, "event"), names.events, "event")
    condition = None
    if "conditions" in entries and event == "":
        problems.add((*path, "conditions"), "goes with the 'event' whose conditions they are", at_key=True)
    elif "conditions" in entries:
        fields = fields_of(names, event, None)
        condition = read_condition(problems, fields, entries["conditions"], (*path, "conditions"))
    freezes = None
    if "freezes" in entries:
        freezes = _read_freezes(problems, entries["freezes"], (*path, "freezes"))
    audience = read_audience(problems, names, entries, path)
    if streak_id is None or name is None or event is None or at_least is None or every is None:
        return None
    cast_every, cast_days = t.cast(Every, every), t.cast(StreakDays, days)
    return Streak(streak_id, name, cast_every, event, condition, at_least, cast_days, freezes, audience)


def _read_freezes(problems: Problems, value: t.Any, path: Path) -> Freezes | None:
    entries = problems.fields(value, path, ("most",), ("count", "per"))
    if entries is None or "most" not in entries:
        return None
    most = problems.integer(entries["most"], (*path, "most"), 1, FREEZES_MAX)
    if "per" in entries and "count" not in entries:
        problems.add((*path, "per"), "goes with 'count', how many are granted", at_key=True)
    count = problems.integer(entries.get("count", 0), (*path, "count"), 0, FREEZES_MAX)
    per = problems.choice(entries.get("per", "month"), (*path, "per"), GRANTS)
    if most is None or count is None or per is None:
        return None
    return Freezes(most, count, t.cast(Grants, per))
