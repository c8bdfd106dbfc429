"""Conditions in words an administrator reads: what a node says, and how it came out for one event.

Owns the wording. Must not know why anybody asks; off the hot path by design, so it re-walks the tree.
"""

from __future__ import annotations

import typing as t
from decimal import Decimal

import msgspec

from engage.core.conditions import (
    WEEKDAYS,
    All,
    Any,
    Clause,
    Condition,
    Facts,
    Not,
    Scalar,
    holds,
    nodes,
    read_field,
)
from engage.core.language import say
from engage.core.program import MILLIONTHS_ONE, Formula, Limit

ITEMS_SHOWN = 5
CHARS_SHOWN = 80

_PHRASES = {
    "eq": "is",
    "ne": "is not",
    "gt": "is more than",
    "ge": "is at least",
    "lt": "is less than",
    "le": "is at most",
    "in": "is one of",
    "not_in": "is none of",
    "contains": "contains",
    "starts_with": "starts with",
    "has": "includes",
    "has_any": "includes any of",
    "is_set": "is given",
    "is_not_set": "is not given",
}


class NodeVerdict(msgspec.Struct, frozen=True):
    """One node of a condition: `number` as decision records have it, `depth` 1 for the root. `holds` and
    `actual` are None when nothing is known about the event; `actual` also for groups."""

    number: int
    depth: int
    text: str
    holds: bool | None = None
    actual: str | None = None


def shown(value: t.Any, *, whole: bool = False) -> str:
    """A value as people read it: text in quotes, true and false in lower case, and nothing longer than a line
    unless it must be `whole`."""
    if value is None:
        return "missing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value[:CHARS_SHOWN]}…"' if len(value) > CHARS_SHOWN and not whole else f'"{value}"'
    if isinstance(value, list | tuple):
        most = len(value) if whole else ITEMS_SHOWN
        items = ", ".join(shown(item, whole=whole) for item in value[:most])
        more = len(value) - most
        return f"{items} and {more} more" if more > 0 else items or "an empty list"
    return str(value)


def _clause_text(clause: Clause, whole: bool) -> str:
    words = f"{clause.field} {_PHRASES[clause.op]}"
    return words if clause.value is None else f"{words} {_operand_text(clause, whole)}"


def _operand_text(clause: Clause, whole: bool) -> str:
    value: Scalar | tuple[Scalar, ...] | None = clause.value
    if clause.type in ("level", "weekday", "tags", "stage"):  # names of ours, which need no quotes
        return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
    return shown(value, whole=whole)


def condition_text(condition: Condition, *, whole: bool = False) -> str:
    """The condition as one sentence; long lists are cut short unless it must be `whole`, as for comparing."""
    if isinstance(condition, Clause):
        return _clause_text(condition, whole)
    if isinstance(condition, Not):
        return f"not ({condition_text(condition.of, whole=whole)})"
    joint = " and " if isinstance(condition, All) else " or "
    parts = [_nested_text(child, whole) for child in condition.of]
    most = len(parts) if whole else ITEMS_SHOWN
    more = len(parts) - most
    return joint.join(parts[:most]) + (f"{joint}{more} more" if more > 0 else "")


def _nested_text(condition: Condition, whole: bool) -> str:
    text = condition_text(condition, whole=whole)
    return f"({text})" if isinstance(condition, All | Any) else text


def formula_text(formula: Formula) -> str:
    """What an award is reckoned from, for example: 2% of event.properties.value, rounded down, at most 500."""
    parts = [_worth_text(formula.rate, formula.of)]
    if formula.brackets:
        starts = [
            f"{_worth_text(bracket.rate, '') if bracket.rate else bracket.amount} from {_decimal(bracket.start, 3)}"
            for bracket in formula.brackets
        ]
        parts = [f"by {formula.of}: {', '.join(starts)}"]
    parts += [f"rounded {formula.round}"] if formula.round != "half_even" else []
    parts += [f"at least {formula.least}"] if formula.least else []
    parts += [f"at most {formula.most}"] if formula.most is not None else []
    return ", ".join(parts)


def _worth_text(rate: int, of: str) -> str:
    """A rate in millionths: as a percentage below one, else as so many for each."""
    words = f"{_decimal(rate, 4)}%" if rate < MILLIONTHS_ONE else f"{_decimal(rate, 6)} times"
    return f"{words} of {of}" if of and rate < MILLIONTHS_ONE else f"{words} {of}".strip()


def _decimal(units: int, places: int) -> str:
    """Units of the last decimal place, written out without trailing zeros."""
    return f"{Decimal(units).scaleb(-places).normalize():f}"


def span_text(limit: Limit) -> str:
    """How long a cooldown is."""
    number = limit.hours or limit.days
    if number == 1:
        return say("1 hour") if limit.hours else say("1 day")
    return say("{number:d} hours", number=number) if limit.hours else say("{number:d} days", number=number)


def node_text(condition: Condition, number: int) -> str:
    """What node `number` says, for example: event.properties.value is at least 1000."""
    for at, (node, _) in enumerate(nodes(condition), start=1):
        if at == number:
            return condition_text(node)
    raise IndexError(f"the condition has no node {number}")


def explain(
    condition: Condition, facts: Facts | None, level_names: t.Sequence[str] = ()
) -> list[NodeVerdict]:
    """Every node in order, with how it came out when the facts are known. `level_names` are the level ids,
    lowest first, to show the member's level by name."""
    verdicts: list[NodeVerdict] = []
    for number, (node, depth) in enumerate(nodes(condition), start=1):
        text = condition_text(node)
        if facts is None:
            verdicts.append(NodeVerdict(number, depth, text))
            continue
        actual = _actual_text(node, facts, level_names) if isinstance(node, Clause) else None
        verdicts.append(NodeVerdict(number, depth, text, holds(node, facts), actual))
    return verdicts


def _actual_text(clause: Clause, facts: Facts, level_names: t.Sequence[str]) -> str:
    actual: t.Any = read_field(clause, facts)
    if actual is not None and clause.type == "weekday":
        return str(WEEKDAYS[actual])
    if actual is not None and clause.type == "level" and actual <= len(level_names):
        return str(level_names[actual - 1])
    return shown(actual)
