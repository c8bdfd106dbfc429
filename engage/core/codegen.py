"""Conditions to Python: one generated function for all the rules that an event triggers.

Owns the templates. No text of a program's author reaches the source: it is made of slot numbers, fixed
templates and constant names; field names and literals are bound as globals, and builtins are empty, so the
worst a program can do is be slow, which the caps in `conditions` bound. Closures were four times slower.
"""

from __future__ import annotations

import typing as t
from collections import Counter

from engage.core.conditions import (
    BUILT_IN,
    COMPANY_TRAIT,
    FLOAT_MAX,
    INTEGER_MAX,
    LIST_OPERATORS,
    MEMBER_TRAIT,
    PROPERTY,
    All,
    Clause,
    Condition,
    Facts,
    Not,
    as_integer,
    as_list,
    as_number,
    fold_name,
    operand,
    size,
)

_PREFIXES = (PROPERTY, MEMBER_TRAIT, COMPANY_TRAIT)
Match = t.Callable[[Facts], tuple[int, ...]]


class Guard(t.NamedTuple):
    """A condition that must hold, and what is told of the node that stopped it."""

    condition: Condition
    told: t.Callable[[int], int] = int


# {s} is the slot, {k} the constant. Equality and membership need no guard against a missing value: None
# equals no constant and is in no set of constants.
_TESTS = {
    "is_set": "{s} is not None",
    "is_not_set": "{s} is None",
    "eq": "{s} == {k}",
    "ne": "{s} is not None and {s} != {k}",
    "gt": "{s} is not None and {s} > {k}",
    "ge": "{s} is not None and {s} >= {k}",
    "lt": "{s} is not None and {s} < {k}",
    "le": "{s} is not None and {s} <= {k}",
    "in": "{s} in {k}",
    "not_in": "{s} is not None and {s} not in {k}",
    "contains": "{s} is not None and {k} in {s}",
    "starts_with": "{s} is not None and {s}.startswith({k})",
    "has": "{s} is not None and {k} in {s}",
    "has_any": "{s} is not None and not {k}.isdisjoint({s})",
}
# A value of the right type, which is the usual case, passes by one comparison and no call.
_TYPE_CHECKS = {
    "string": "    if {s}.__class__ is not str: {s} = None",
    "boolean": "    if {s}.__class__ is not bool: {s} = None",
    "integer": "    if {s}.__class__ is not int or not -WHOLE <= {s} <= WHOLE: {s} = as_integer({s})",
    "number": "    if {s}.__class__ is not float or not -FINITE <= {s} <= FINITE: {s} = as_number({s})",
    "list": "    {s} = as_list({s})",
}
READS = {
    "member.level": "facts.level_rank or None",
    "member.tags": "facts.tags or None",
    "member.stage": "facts.stage",
    "event.hour": "facts.hour",
    "event.weekday": "facts.weekday",
    PROPERTY: "facts.properties.get({k})",
    MEMBER_TRAIT: "facts.member_traits.get({k})",
    COMPANY_TRAIT: "facts.company_traits.get({k})",
}
"""A field, or what its name begins with -> how its value is read; {k} is the constant with the rest of its name."""


class Writer:
    """The source and the constants of one function under construction."""

    def __init__(self, reads: t.Mapping[str, str] = READS) -> None:
        self.reads = reads
        self.lines: list[str] = []
        self.slots: dict[str, str] = {}
        self.constants: dict[str, t.Any] = {
            "__builtins__": {},
            "str": str,
            "int": int,
            "bool": bool,
            "float": float,
            "WHOLE": INTEGER_MAX,
            "FINITE": FLOAT_MAX,
            "as_integer": as_integer,
            "as_number": as_number,
            "as_list": as_list,
        }

    def constant(self, value: t.Any) -> str:
        name = f"k{len(self.constants)}"
        self.constants[name] = value
        return name

    def slot(self, clause: Clause) -> str:
        """The local variable with the clause's field: read and type-checked once, whoever uses it."""
        known = self.slots.get(clause.field)
        if known is not None:
            return known
        name = self.slots[clause.field] = f"s{len(self.slots)}"
        self.lines.append(f"    {name} = {self.reading(clause.field)}")
        if clause.field not in BUILT_IN:
            self.lines.append(_TYPE_CHECKS[clause.type].format(s=name))
        return name

    def reading(self, field: str) -> str:
        """The expression for a field's value as it is given."""
        prefix = next((found for found in _PREFIXES if field.startswith(found)), None)
        if prefix is None or (field in self.reads and field != prefix):
            return self.reads[field]
        key = field[len(prefix) :]
        return self.reads[prefix].format(k=self.constant(key if prefix == PROPERTY else fold_name(key)))

    def test(self, node: Condition) -> str:
        """A boolean expression: whether the node holds."""
        if isinstance(node, Clause):
            if node.value is None:
                return _TESTS[node.op].format(s=self.slot(node))
            value = operand(node)
            constant = self.constant(frozenset(value) if node.op in LIST_OPERATORS else value)
            return _TESTS[node.op].format(s=self.slot(node), k=constant)
        if isinstance(node, Not):
            return f"not ({self.test(node.of)})"
        joint = " and " if isinstance(node, All) else " or "
        return joint.join(f"({self.test(child)})" for child in node.of)

    def guards(self, node: Condition, number: int) -> tuple[list[tuple[str, int]], int]:
        """(test, number to blame) in order, and the next free number. Nested `all`s become one column."""
        if not isinstance(node, All):
            return [(self.test(node), number)], number + size(node)
        number += 1
        column: list[tuple[str, int]] = []
        for child in node.of:
            more, number = self.guards(child, number)
            column.extend(more)
        return column, number

    def blame(self, guard: Guard) -> str:
        column, _ = self.guards(guard.condition, 1)
        return "".join(f"{guard.told(number)} if not ({test}) else " for test, number in column) + "0"

    def answer(self, column: t.Sequence[Guard], shared: dict[Guard, str]) -> str:
        """The first guard that tells of something; one that several columns have is evaluated once."""
        parts: list[str] = []
        for guard in column:
            if guard in shared and not shared[guard]:
                name = shared[guard] = f"g{len(self.lines)}"
                self.lines.append(f"    {name} = {self.blame(guard)}")
            parts.append(shared.get(guard) or f"({self.blame(guard)})")
        return " or ".join(parts) or "0"


def source_of(columns: t.Sequence[t.Sequence[Guard]]) -> tuple[str, dict[str, t.Any]]:
    """The source of the function and the globals it needs."""
    writer = Writer()
    several = Counter(guard for column in columns for guard in column)
    shared = {guard: "" for guard, times in several.items() if times > 1}
    answers = "".join(f"        {writer.answer(column, shared)},\n" for column in columns)
    body = "\n".join(writer.lines)
    return f"def match(facts):\n{body}\n    return (\n{answers}    )\n", writer.constants


def generate(conditions: t.Sequence[Condition | None]) -> Match:
    """A function from facts to one number per condition: 0 when it holds, else the node that stopped it
    (`conditions.blame` says the same, slowly)."""
    return generate_guarded([[Guard(condition)] if condition is not None else [] for condition in conditions])


def generate_guarded(columns: t.Sequence[t.Sequence[Guard]]) -> Match:
    """A function from facts to one number per column: 0 when all its guards hold, else what the first that does
    not is told as."""
    return t.cast(Match, defined("match", *source_of(columns)))


def defined(function: str, source: str, constants: dict[str, t.Any]) -> t.Any:
    """The function of that name that a source defines, which must hold no text of a program's author: see above."""
    exec(compile(source, "<rules>", "exec"), constants)  # noqa: S102
    return constants[function]
