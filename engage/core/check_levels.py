"""Levels, from the document: their steps and benefits, what counts toward them, when they are reviewed."""

from __future__ import annotations

import typing as t

from engage.core.check_days import read_day
from engage.core.check_names import Names, label_of, read_currency
from engage.core.conditions import INTEGER_MAX
from engage.core.problems import Mapping, Path, Problems, shown
from engage.core.program import Basis, Downgrade, Level, Levels, OnChange, Review

LEVELS_MAX = 50
BENEFITS_MAX = 100  # per level
BENEFIT_CHARS_MAX = 200
MONTHS_MAX = 60
GRACE_DAYS_MAX = 364

PERIODS = ("lifetime", "calendar_year", "membership_year")
DOWNGRADES = ("none", "one_step", "to_basis")
ON_CHANGE = ("keep", "rise", "rise_and_fall")
MONTH_DAYS_MIN = 28


def read_levels(
    problems: Problems, names: Names, value: t.Any
) -> tuple[Levels | None, tuple[str, ...] | None]:
    """The levels, and their ids lowest first: none when there are no levels, None when unknown."""
    if value is None:
        return None, ()
    path: Path = ("levels",)
    entries = problems.fields(value, path, ("steps",), ("currency", "basis", "review", "on_change"))
    if entries is None:
        return None, None
    currency = read_currency(problems, names, entries, path)
    basis, months = _read_basis(problems, entries.get("basis", "lifetime"), (*path, "basis"))
    review = _read_review(problems, entries["review"], (*path, "review")) if "review" in entries else None
    on_change = problems.choice(entries.get("on_change", "keep"), (*path, "on_change"), ON_CHANGE)
    if "steps" not in entries:
        return None, None
    steps, known = _read_steps(problems, entries["steps"], (*path, "steps"))
    if currency is None or steps is None:
        return None, known
    return Levels(currency, steps, basis, months, review, t.cast(OnChange, on_change or "keep")), known


def may_fall(levels: Levels | None, known: tuple[str, ...] | None) -> bool:
    """Whether a level can be lost but by undoing what reached it. What could not be read is given the benefit."""
    if levels is None:
        return known != ()
    reviewed = levels.review is not None and levels.review.downgrade != "none"
    return reviewed or levels.on_change == "rise_and_fall"


def _read_steps(
    problems: Problems, value: t.Any, path: Path
) -> tuple[tuple[Level, ...] | None, tuple[str, ...] | None]:
    """The levels that could be read, and the ids of all, None when one is unknown."""
    steps = problems.items(value, path, LEVELS_MAX, least=1)
    if steps is None:
        return None, None
    levels: list[Level | None] = []
    ids: list[str] = []
    highest = -1
    for index, item in enumerate(steps):
        at = (*path, index)
        step = problems.fields(item, at, ("id", "threshold"), ("name", "benefits", "protected")) or {}
        level_id = problems.identifier(step["id"], (*at, "id")) if "id" in step else None
        if level_id is not None and level_id in ids:
            problems.add((*at, "id"), f"duplicate level id '{level_id}'")
        ids.append(level_id or "")
        threshold = None
        if "threshold" in step:
            threshold = problems.integer(step["threshold"], (*at, "threshold"), 0, INTEGER_MAX)
        if threshold is not None and threshold <= highest:
            words = f"must be more than the step before ({highest}), not {threshold}"
            problems.add((*at, "threshold"), words)
        highest = max(highest, threshold if threshold is not None else -1)
        levels.append(_level(problems, step, at, level_id, threshold))
    made = tuple(level for level in levels if level is not None)
    return made, None if "" in ids else tuple(ids)


def _level(
    problems: Problems, step: Mapping, path: Path, level_id: str | None, threshold: int | None
) -> Level | None:
    name: str | None = label_of(level_id or "")
    if "name" in step:
        name = problems.text(step["name"], (*path, "name"))
    at = (*path, "benefits")
    declared = problems.named(step.get("benefits"), at, BENEFITS_MAX, ids=True) or {}
    benefits = {key: _benefit(problems, item, (*at, key)) for key, item in sorted(declared.items())}
    protected = problems.boolean(step.get("protected", False), (*path, "protected"))
    if level_id is None or threshold is None or name is None or protected is None:
        return None
    kept = {key: item for key, item in benefits.items() if item is not None}
    return Level(level_id, name, threshold, kept, protected)


def _benefit(problems: Problems, value: t.Any, path: Path) -> bool | int | str | None:
    if problems.passed_over(value):
        return None
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return problems.integer(value, path, -INTEGER_MAX, INTEGER_MAX)
    if isinstance(value, str):
        return problems.text(value, path, BENEFIT_CHARS_MAX)
    problems.add(path, f"must be true, false, a whole number or text, not {shown(value)}")
    return None


def _read_basis(problems: Problems, value: t.Any, path: Path) -> tuple[Basis, int]:
    if isinstance(value, dict):
        return "rolling", _read_rolling(problems, value, path)
    found = problems.choice(value, path, PERIODS, besides="{rolling: {months: 12}}")
    return t.cast(Basis, found or "lifetime"), 0


def _read_rolling(problems: Problems, value: t.Any, path: Path) -> int:
    """`{rolling: {months: 12}}`: how many months; 0 when that could not be read."""
    entries = problems.fields(value, path, ("rolling",)) or {}
    if "rolling" not in entries:
        return 0
    inner = problems.fields(entries["rolling"], (*path, "rolling"), ("months",)) or {}
    if "months" not in inner:
        return 0
    return problems.integer(inner["months"], (*path, "rolling", "months"), 1, MONTHS_MAX) or 0


def _read_review(problems: Problems, value: t.Any, path: Path) -> Review | None:
    entries = problems.fields(value, path, ("on",), ("downgrade", "grace"))
    if entries is None or "on" not in entries:
        return None
    on, months = "", 0
    if isinstance(entries["on"], dict):
        months = _read_rolling(problems, entries["on"], (*path, "on"))
    elif entries["on"] == "anniversary":
        on = "anniversary"
    else:
        on = read_day(problems, entries["on"], (*path, "on"), yearly=True) or ""
    downgrade = problems.choice(entries.get("downgrade", "one_step"), (*path, "downgrade"), DOWNGRADES)
    between = MONTH_DAYS_MIN * months - 1 if months else GRACE_DAYS_MAX
    grace = 0
    if "grace" in entries:
        at = (*path, "grace")
        inner = problems.fields(entries["grace"], at, ("days",)) or {}
        if "days" in inner:
            grace = problems.integer(inner["days"], (*at, "days"), 0, min(between, GRACE_DAYS_MAX)) or 0
    return Review(on, months, t.cast(Downgrade, downgrade or "one_step"), grace)
