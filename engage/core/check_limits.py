"""Limits of rules and budgets of companies, from the document."""

from __future__ import annotations

import typing as t
from itertools import pairwise

from engage.core.check_names import Names, read_currency
from engage.core.conditions import INTEGER_MAX
from engage.core.problems import Mapping, Path, Problems
from engage.core.program import Award, Budget, Effect, Limit, Over, Per, Span, Window

LIMITS_MAX = 10  # per rule
BUDGETS_MAX = 120
ALERTS_MAX = 10  # per budget
ALERTS_DEFAULT = [80, 100]
ROLLING_DAYS_MAX = 366
COOLDOWN_HOURS_MAX = 8784

PER = ("member", "department", "company")
WINDOWS = ("day", "week", "month", "quarter", "year", "lifetime")
OVER = ("cut", "refuse")


def read_limits(
    problems: Problems,
    names: Names,
    value: t.Any,
    path: Path,
    rule_id: str,
    effects: tuple[Effect, ...] | None,
) -> tuple[Limit, ...]:
    limits: list[Limit] = []
    first_use: dict[str, int] = {}
    for index, item in enumerate(problems.items(value, path, LIMITS_MAX) or ()):
        at = (*path, index)
        limit = _read_limit(problems, names, item, at, rule_id, effects)
        if limit is None:
            continue
        if first_use.setdefault(limit.key, index) != index:
            words = (
                f"limits the same thing per {limit.per} and {limit.window} as limits[{first_use[limit.key]}]"
            )
            problems.add(at, words)
        limits.append(limit)
    return tuple(limits)


def _read_limit(
    problems: Problems,
    names: Names,
    value: t.Any,
    path: Path,
    rule_id: str,
    effects: tuple[Effect, ...] | None,
) -> Limit | None:
    kinds = value if isinstance(value, dict) else {}
    if "cooldown" in kinds:
        return _read_cooldown(problems, names, value, path, rule_id)
    if "first" in kinds:
        return _read_first(problems, names, value, path, rule_id)
    days: int | None = 0
    window: str | None = "rolling"
    if "rolling" in kinds:
        entries = problems.fields(value, path, ("per", "rolling"), ("count", "amount", "currency", "over"))
        if entries is None:
            return None
        spans = _read_span(problems, entries.get("rolling"), (*path, "rolling"), {"days": ROLLING_DAYS_MAX})
        days = spans[1] if spans is not None else None
    else:
        entries = problems.fields(value, path, ("per", "window"), ("count", "amount", "currency", "over"))
        if entries is None:
            return None
        window = None
        if "window" in entries:
            window = problems.choice(entries["window"], (*path, "window"), WINDOWS)
    per = read_per(problems, names, entries, path)
    most = _read_most(problems, names, entries, path, effects)
    if per is None or window is None or days is None or most is None:
        return None
    count, amount, currency, over = most
    return Limit(rule_id, per, t.cast(Span, window), count, amount, currency, over, days)


Most = tuple[int | None, int | None, str | None, Over]
"""(count, amount, currency, over) of a limit"""


def _read_most(
    problems: Problems, names: Names, entries: Mapping, path: Path, effects: tuple[Effect, ...] | None
) -> Most | None:
    over = problems.choice(entries["over"], (*path, "over"), OVER) if "over" in entries else "cut"
    if ("count" in entries) == ("amount" in entries):
        if problems.misspelt(path, "count", "amount"):
            return None
        words = "not both" if "count" in entries else "to say how much"
        problems.add(path, f"needs 'count' (firings) or 'amount' (units of a currency), {words}")
        return None
    if "count" in entries:
        count = problems.integer(entries["count"], (*path, "count"), 1, INTEGER_MAX)
        if "currency" in entries:
            problems.add((*path, "currency"), "'currency' goes with 'amount', not with 'count'", at_key=True)
        if entries.get("over") == "cut":
            problems.add((*path, "over"), "a firing cannot be cut: a 'count' limit always refuses")
        return None if count is None else (count, None, None, "refuse")
    amount = problems.integer(entries["amount"], (*path, "amount"), 1, INTEGER_MAX)
    currency = read_currency(problems, names, entries, path)
    if effects is not None and currency is not None:
        awarded = {effect.currency for effect in effects if isinstance(effect, Award)}
        if currency not in awarded:
            problems.add((*path, "amount"), f"the rule awards no {currency}, so there is nothing to limit")
    if over is None or amount is None or currency is None:
        return None
    return None, amount, currency, t.cast(Over, over)


def read_per(
    problems: Problems, names: Names, entries: Mapping, path: Path, otherwise: Per | None = None
) -> Per | None:
    """Whose use is counted; of a department only where the program says what that is."""
    if "per" not in entries:
        return otherwise
    per = problems.choice(entries["per"], (*path, "per"), PER)
    if per == "department" and names.department == "":
        words = "the program has no 'department', which says in what trait to look"
        problems.add((*path, "per"), words)
    return t.cast(Per, per)


def _read_cooldown(problems: Problems, names: Names, value: t.Any, path: Path, rule_id: str) -> Limit | None:
    entries = problems.fields(value, path, ("cooldown",), ("per",))
    if entries is None:
        return None
    per = read_per(problems, names, entries, path, "member")
    most = {"days": ROLLING_DAYS_MAX, "hours": COOLDOWN_HOURS_MAX}
    span = _read_span(problems, entries.get("cooldown"), (*path, "cooldown"), most)
    if per is None or span is None:
        return None
    days, hours = (span[1], 0) if span[0] == "days" else (0, span[1])
    return Limit(rule_id, per, "cooldown", count=1, over="refuse", days=days, hours=hours)


def _read_first(problems: Problems, names: Names, value: t.Any, path: Path, rule_id: str) -> Limit | None:
    entries = problems.fields(value, path, ("first",), ("per",))
    if entries is None:
        return None
    per = read_per(problems, names, entries, path, "company")
    count = None
    if "first" in entries:
        count = problems.integer(entries["first"], (*path, "first"), 1, INTEGER_MAX)
    if per is None or count is None:
        return None
    return Limit(rule_id, per, "lifetime", count=count, over="refuse", first=True)


def _read_span(problems: Problems, value: t.Any, path: Path, most: dict[str, int]) -> tuple[str, int] | None:
    """(unit, how many), written as {days: 7}."""
    entries = problems.fields(value, path, (), ("days", "hours"))
    if entries is None:
        return None
    if not entries and value:
        return None  # its only key was reported
    if len(entries) != 1 or not entries.keys() <= most.keys():
        example = " or ".join(f"{{{unit}: 7}}" for unit in most)
        problems.add(path, f"must be {example}")
        return None
    ((unit, item),) = entries.items()
    number = problems.integer(item, (*path, unit), 1, most[unit])
    return None if number is None else (unit, number)


def read_alerts(problems: Problems, value: t.Any, path: Path) -> tuple[int, ...]:
    items = problems.items(value, path, ALERTS_MAX) or []
    read = [problems.integer(item, (*path, index), 1, 100) for index, item in enumerate(items)]
    alerts = tuple(percent for percent in read if percent is not None)
    for index, (before, percent) in enumerate(pairwise(alerts), start=1):
        if percent <= before:
            problems.add((*path, index), f"must be more than the one before ({before}), not {percent}")
    return alerts


def read_budgets(problems: Problems, names: Names, value: t.Any) -> tuple[Budget, ...]:
    budgets: list[Budget] = []
    first_use: dict[str, int] = {}
    for index, item in enumerate(problems.items(value, ("budgets",), BUDGETS_MAX) or ()):
        at: Path = ("budgets", index)
        entries = problems.fields(item, at, ("window", "amount"), ("currency", "over", "alerts"))
        if entries is None:
            continue
        currency = read_currency(problems, names, entries, at)
        window = problems.choice(entries["window"], (*at, "window"), WINDOWS) if "window" in entries else None
        amount = None
        if "amount" in entries:
            amount = problems.integer(entries["amount"], (*at, "amount"), 1, INTEGER_MAX)
        over = problems.choice(entries.get("over", "cut"), (*at, "over"), OVER)
        alerts = read_alerts(problems, entries.get("alerts", ALERTS_DEFAULT), (*at, "alerts"))
        if currency is None or window is None or amount is None or over is None:
            continue
        budget = Budget(currency, t.cast(Window, window), amount, t.cast(Over, over), alerts)
        if first_use.setdefault(budget.key, index) != index:
            problems.add(at, f"is for the same currency and window as budgets[{first_use[budget.key]}]")
        budgets.append(budget)
    return tuple(budgets)
