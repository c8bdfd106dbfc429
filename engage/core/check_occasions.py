"""What besides an event a rule may be triggered by, from the document: `trigger: {level: silver}`."""

from __future__ import annotations

import typing as t

import msgspec

from engage.core.check_days import read_day
from engage.core.check_points import read_expiring
from engage.core.conditions import WEEKDAYS
from engage.core.lifecycle import INVITED, LEFT, STAGES
from engage.core.occasions import (
    ACTIVE,
    ANNIVERSARY,
    ANY,
    BADGE,
    BROKEN,
    BROUGHT,
    CLOCK,
    DOWNGRADE_DUE,
    EXPIRING,
    JOINED,
    LEVEL,
    LEVEL_LOST,
    QUEST,
    REFERRAL,
    STAGE,
    STREAK,
    Occasion,
)
from engage.core.problems import Mapping, Path, Problems, shown

KINDS = (
    LEVEL,
    BADGE,
    CLOCK,
    ANNIVERSARY,
    LEVEL_LOST,
    DOWNGRADE_DUE,
    QUEST,
    EXPIRING,
    STREAK,
    STAGE,
    REFERRAL,
)
STREAK_LENGTH_MAX = 10_000
WARNING_DAYS_MAX = 180
PERIODS = ("weekly", "monthly", "yearly", "date")
CLOCKS = "'daily', {weekly: monday}, {monthly: 1}, {yearly: 12-24} or {date: 2026-12-24}"


class Declared(msgspec.Struct, frozen=True):
    """What occasions may name. None where it could not be read."""

    levels: tuple[str, ...] | None
    badges: tuple[str, ...] | None
    quests: dict[str, int] | None  # id -> how many tiers
    currencies: tuple[str, ...] | None
    streaks: tuple[str, ...] | None
    levels_fall: bool = True  # whether time or a publication can lower a level
    leaves: bool = True  # whether the program says how a member leaves
    referral: bool = False  # whether the program has one


def read_occasion(problems: Problems, declared: Declared, value: t.Any, path: Path) -> Occasion | None:
    entries = problems.mapping(value, path)
    if entries is None:
        return None
    if QUEST in entries:
        return _read_quest(problems, declared.quests, entries, path)
    if STREAK in entries:
        return _read_streak(problems, declared.streaks, entries, path)
    if STAGE in entries:
        return _read_stage(problems, declared, entries, path)
    if len(entries) != 1:
        problems.add(path, f"is the name of an event, or one of {', '.join(KINDS)}, as in 'level: silver'")
        return None
    ((kind, item),) = entries.items()
    at = (*path, kind)
    if kind == CLOCK:
        name = _read_clock(problems, item, at)
    elif kind == ANNIVERSARY:
        name = problems.choice(item, at, ("join",))
    elif kind in (LEVEL, LEVEL_LOST, BADGE):
        names = declared.badges if kind == BADGE else declared.levels
        name = _read_name(problems, item, at, BADGE if kind == BADGE else LEVEL, names)
    elif kind == REFERRAL:
        name = problems.choice(item, at, (JOINED, ACTIVE, BROUGHT))
    elif kind == DOWNGRADE_DUE:
        name = _read_warning(problems, item, at)
    elif kind == EXPIRING:
        name = read_expiring(problems, declared.currencies, item, at)
    elif kind == "event":
        problems.add(at, f"an event is named alone, as in 'trigger: {str(item)[:64]}'", at_key=True)
        return None
    else:
        near = problems.nearest(kind, KINDS)
        words = "" if near else f"; triggers are the name of an event, or {', '.join(KINDS)}"
        problems.add(at, f"unknown trigger {shown(kind)}{words}", suggestion=near, at_key=True)
        return None
    if kind in (LEVEL_LOST, DOWNGRADE_DUE) and not declared.levels_fall:
        problems.add(at, "no level can fall: the program's levels have no review")
    if kind == REFERRAL and not declared.referral:
        problems.add(at, "nobody is invited: the program has no referral")
    return None if name is None else Occasion(kind, name)


def _read_warning(problems: Problems, value: t.Any, path: Path) -> str | None:
    """How many days before a level falls."""
    entries = problems.fields(value, path, ("days",)) or {}
    if "days" not in entries:
        return None
    days = problems.integer(entries["days"], (*path, "days"), 1, WARNING_DAYS_MAX)
    return None if days is None else str(days)


def _read_quest(
    problems: Problems, quests: dict[str, int] | None, entries: Mapping, path: Path
) -> Occasion | None:
    """A quest completed, or a tier of it: `{quest: ten-orders, tier: 1}`."""
    fields = problems.fields(entries, path, (QUEST,), ("tier",))
    if fields is None or QUEST not in fields:
        return None
    names = None if quests is None else tuple(quests)
    name = _read_name(problems, fields[QUEST], (*path, QUEST), QUEST, names)
    if "tier" not in fields or name is None:
        return None if name is None else Occasion(QUEST, name)
    tiers = (quests or {}).get(name, 1)
    if tiers == 1:
        words = "'tier' goes with one quest" if name == ANY else f"quest '{name}' has no tiers"
        problems.add((*path, "tier"), words, at_key=True)
        return None
    tier = problems.integer(fields["tier"], (*path, "tier"), 1, tiers)
    return None if tier is None else Occasion(QUEST, f"{name}:{tier}")


def _read_streak(
    problems: Problems, streaks: tuple[str, ...] | None, entries: Mapping, path: Path
) -> Occasion | None:
    """A streak that is so long, or is lost: `{streak: daily, reaches: 7}`."""
    fields = problems.fields(entries, path, (STREAK,), ("reaches", BROKEN))
    if fields is None or STREAK not in fields:
        return None
    name = problems.known(fields[STREAK], (*path, STREAK), streaks, STREAK)
    if ("reaches" in fields) == (BROKEN in fields):
        problems.add(path, f"needs 'reaches', how long it is, or '{BROKEN}: true'")
        return None
    if BROKEN in fields:
        if problems.boolean(fields[BROKEN], (*path, BROKEN)) is False:
            problems.add((*path, BROKEN), "can only be true")
        return None if name is None else Occasion(STREAK, f"{name}:{BROKEN}")
    length = problems.integer(fields["reaches"], (*path, "reaches"), 1, STREAK_LENGTH_MAX)
    return None if name is None or length is None else Occasion(STREAK, f"{name}:{length}")


def _read_stage(problems: Problems, declared: Declared, entries: Mapping, path: Path) -> Occasion | None:
    """A stage that a member comes to, from any other or from one: `{stage: slipping, from: habitual}`."""
    fields = problems.fields(entries, path, (STAGE,), ("from",))
    if fields is None or STAGE not in fields:
        return None
    stage = problems.choice(fields[STAGE], (*path, STAGE), (*STAGES, "any"))
    before = problems.choice(fields["from"], (*path, "from"), STAGES) if "from" in fields else ""
    if stage is None or before is None:
        return None
    if stage == "any" and before:
        problems.add((*path, "from"), "goes with one stage", at_key=True)
    if stage == before or (stage == INVITED and before not in ("", LEFT)):
        problems.add((*path, "from"), f"no member comes to {stage} from {before}")
    if LEFT in (stage, before) and not declared.leaves:
        problems.add(path, "no member can leave: the program's lifecycle has no 'left'")
    name = ANY if stage == "any" else stage
    return Occasion(STAGE, f"{before}:{name}" if before else name)


def _read_name(
    problems: Problems, value: t.Any, path: Path, kind: str, names: tuple[str, ...] | None
) -> str | None:
    """A declared one, or `any` of them."""
    if value == "any" and names is not None and "any" not in names:
        if not names:
            problems.add(path, f"the program declares no {kind}s")
        return ANY
    return problems.known(value, path, names, kind)


def _read_clock(problems: Problems, value: t.Any, path: Path) -> str | None:
    if value == "daily":
        return "daily"
    if not isinstance(value, dict) or len(value) != 1:
        problems.add(path, f"must be {CLOCKS}")
        return None
    ((period, which),) = value.items()
    at = (*path, str(period))
    if problems.choice(period, path, PERIODS) is None:
        return None
    if period == "weekly":
        name: str | int | None = problems.choice(which, at, WEEKDAYS)
    elif period == "monthly":
        name = problems.integer(which, at, 1, 31)
    else:
        name = read_day(problems, which, at, yearly=period == "yearly")
    return None if name is None else f"{period}:{name}"
