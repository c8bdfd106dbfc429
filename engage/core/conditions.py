"""The condition tree of a rule: its shapes, what a clause may say, and what it means in plain words.

Owns the meaning of a condition; `holds` is that meaning written as directly as possible, and the generated
functions of `engage.core.codegen` must agree with it on every input. Must not know programs, rules or
storage: a clause is checked once, when a program is read, and carries all that is needed to decide it.
"""

from __future__ import annotations

import typing as t
from collections.abc import Iterator

import msgspec

Scalar = str | int | float | bool

# Declared types are the first five. `level`, `weekday`, `role` and `tags` belong to the built-in fields whose values
# are ordered, or closed, names.
ValueType = t.Literal[
    "string", "integer", "number", "boolean", "list", "level", "weekday", "role", "tags", "stage"
]

INTEGER_MAX = 2**53 - 1  # beyond it a JSON number is not the same number for every client
FLOAT_MAX = 1.7976931348623157e308

CLAUSES_MAX = 64  # per rule; with DEPTH_MAX this bounds what one event can cost
DEPTH_MAX = 6
LIST_ITEMS_MAX = 500
LITERAL_CHARS_MAX = 256

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

_PRESENCE = ("is_set", "is_not_set")
OPERATORS: dict[ValueType, tuple[str, ...]] = {
    "string": ("eq", "ne", "in", "not_in", "contains", "starts_with", *_PRESENCE),
    "integer": ("eq", "ne", "gt", "ge", "lt", "le", "in", "not_in", *_PRESENCE),
    # No equality on fractions: 0.1 + 0.2 is not 0.3, and nobody who writes a rule expects that.
    "number": ("gt", "ge", "lt", "le", *_PRESENCE),
    "boolean": ("eq", "ne", *_PRESENCE),
    "list": ("has", "has_any", *_PRESENCE),
    "level": ("eq", "ne", "gt", "ge", "lt", "le", "in", "not_in", *_PRESENCE),
    "weekday": ("eq", "ne", "in", "not_in", *_PRESENCE),
    "role": ("eq", "ne", "in", "not_in", *_PRESENCE),
    "tags": ("has", "has_any", *_PRESENCE),
    "stage": ("eq", "ne", "in", "not_in"),
}
LIST_OPERATORS = frozenset({"in", "not_in", "has_any"})

# Where a field's value comes from: a prefix and a name, or one of the built-in fields.
PROPERTY, MEMBER_TRAIT, COMPANY_TRAIT = "event.properties.", "member.traits.", "company.traits."
BUILT_IN: dict[str, ValueType] = {
    "member.level": "level",
    "member.tags": "tags",
    "member.stage": "stage",
    "event.hour": "integer",
    "event.weekday": "weekday",
}
# Other names of declared traits: a checked clause has the trait instead.
STANDING: dict[str, ValueType] = {"member.department": "string", "member.role": "role"}
ROLES = ("decision_maker", "manager", "executor")


def fold_name(name: str) -> str:
    """The form in which trait names compare: `createdAt`, `created_at` and `CreatedAt` are one trait."""
    return name.replace("_", "").replace("-", "").replace(" ", "").lower()


class Clause(msgspec.Struct, frozen=True, tag="clause", tag_field="kind", omit_defaults=True):
    """One comparison. `type` is the field's declared type, and `ranks` the level ranks (1-based) of `value`
    when the field is `member.level`: both are resolved when the program is checked, so that deciding a clause
    needs no schema. Stored inside programs: fields may be added with defaults, never renamed or reordered."""

    field: str
    op: str
    value: Scalar | tuple[Scalar, ...] | None = None
    type: ValueType = "string"
    ranks: tuple[int, ...] = ()


class All(msgspec.Struct, frozen=True, tag="all", tag_field="kind"):
    of: tuple[Condition, ...]


class Any(msgspec.Struct, frozen=True, tag="any", tag_field="kind"):
    of: tuple[Condition, ...]


class Not(msgspec.Struct, frozen=True, tag="not", tag_field="kind"):
    of: Condition


Condition = All | Any | Not | Clause


class Facts(msgspec.Struct, gc=False):
    """Everything a condition may read about one event, as it stood just before the event.

    `properties` has the names as sent. Trait dictionaries are keyed by folded name (`fold_name`).
    `level_rank` is 1 for the lowest level, 0 for none. `hour` (0-23) and `weekday` (0 = Monday) are local to
    the company. Mutable on purpose: a caller may reuse one for many events.
    """

    properties: dict[str, t.Any]
    member_traits: dict[str, t.Any]
    company_traits: dict[str, t.Any]
    level_rank: int = 0
    hour: int = 0
    weekday: int = 0
    tags: t.Collection[str] = ()
    stage: str = ""  # reckoned only for a program that reads it


def as_integer(value: t.Any) -> int | None:
    """A whole number within +-(2**53 - 1), else None. 3.0 is 3: JavaScript, CSV and Parquet do not tell them
    apart. True is not 1."""
    if value.__class__ is float and -INTEGER_MAX <= value <= INTEGER_MAX and value.is_integer():
        return int(value)
    if value.__class__ is int and -INTEGER_MAX <= value <= INTEGER_MAX:
        return value
    return None


def as_number(value: t.Any) -> int | float | None:
    """A finite float, or a whole number within +-(2**53 - 1), else None."""
    if value.__class__ is float and -FLOAT_MAX <= value <= FLOAT_MAX:
        return value
    return as_integer(value)


def as_list(value: t.Any) -> list[str] | None:
    """A list of strings only, else None: a list with a stray number is of the wrong type as a whole."""
    if value.__class__ is not list:
        return None
    for item in value:
        if item.__class__ is not str:
            return None
    return t.cast("list[str]", value)


def typed(value: t.Any, declared: str) -> t.Any:
    """The value as its declared type reads it, or None when it is missing or of another type."""
    if declared == "string":
        return value if value.__class__ is str else None
    if declared == "boolean":
        return value if value.__class__ is bool else None
    if declared == "integer":
        return as_integer(value)
    if declared == "number":
        return as_number(value)
    return as_list(value)


def read_field(clause: Clause, facts: Facts) -> t.Any:
    """What the clause compares: typed, None when missing. Levels and weekdays are read as their numbers."""
    return read_named(clause.field, clause.type, facts)


def read_named(field: str, declared: str, facts: Facts) -> t.Any:
    """The same of a field of this declared type, whatever asks for it."""
    if field == "member.level":
        return facts.level_rank or None
    if field == "member.tags":
        return list(facts.tags) or None
    if field == "member.stage":
        return facts.stage
    if field == "event.hour":
        return facts.hour
    if field == "event.weekday":
        return facts.weekday
    if field.startswith(PROPERTY):
        return typed(facts.properties.get(field[len(PROPERTY) :]), declared)
    if field.startswith(MEMBER_TRAIT):
        return typed(facts.member_traits.get(fold_name(field[len(MEMBER_TRAIT) :])), declared)
    return typed(facts.company_traits.get(fold_name(field[len(COMPANY_TRAIT) :])), declared)


def operand(clause: Clause) -> t.Any:
    """What the field is compared with: a scalar, or a tuple for the list operators."""
    if clause.type == "level":
        return clause.ranks if clause.op in LIST_OPERATORS else (clause.ranks or (None,))[0]
    if clause.type == "weekday" and isinstance(clause.value, tuple):
        return tuple(WEEKDAYS.index(str(day)) for day in clause.value)
    if clause.type == "weekday" and clause.value is not None:
        return WEEKDAYS.index(str(clause.value))
    return clause.value


def _clause_holds(clause: Clause, facts: Facts) -> bool:
    actual, expected, op = read_field(clause, facts), operand(clause), clause.op
    if op == "is_not_set":
        return actual is None
    if actual is None:
        return False
    decided: dict[str, t.Callable[[], bool]] = {
        "is_set": lambda: True,
        "eq": lambda: actual == expected,
        "ne": lambda: actual != expected,
        "gt": lambda: actual > expected,
        "ge": lambda: actual >= expected,
        "lt": lambda: actual < expected,
        "le": lambda: actual <= expected,
        "in": lambda: actual in expected,
        "not_in": lambda: actual not in expected,
        "contains": lambda: expected in actual,
        "starts_with": lambda: actual.startswith(expected),
        "has": lambda: expected in actual,
        "has_any": lambda: any(item in actual for item in expected),
    }
    return bool(decided[op]())


def holds(condition: Condition | None, facts: Facts) -> bool:
    """Whether the condition holds: a clause on a missing field does not (`is_not_set` does); `not` is
    classical, so `not` of a clause on a missing field does hold."""
    if condition is None:
        return True
    if isinstance(condition, Clause):
        return _clause_holds(condition, facts)
    if isinstance(condition, Not):
        return not holds(condition.of, facts)
    if isinstance(condition, All):
        return all(holds(child, facts) for child in condition.of)
    return any(holds(child, facts) for child in condition.of)


def nodes(condition: Condition, depth: int = 1) -> Iterator[tuple[Condition, int]]:
    """Every node with its depth, in pre-order: the n-th, from 1, is node number n of a decision."""
    yield condition, depth
    if isinstance(condition, Not):
        yield from nodes(condition.of, depth + 1)
    elif isinstance(condition, All | Any):
        for child in condition.of:
            yield from nodes(child, depth + 1)


def reads(condition: Condition | None, field: str) -> bool:
    """Whether some clause reads the field."""
    found = nodes(condition) if condition is not None else ()
    return any(isinstance(node, Clause) and node.field == field for node, _ in found)


def size(condition: Condition) -> int:
    """How many node numbers the condition takes."""
    return sum(1 for _ in nodes(condition))


def blame(condition: Condition | None, facts: Facts, number: int = 1) -> int:
    """0 when the condition holds, else the number of the node that stopped it: a failed `all` blames what its
    first failing child blames; a failed `any`, `not` or clause blames itself."""
    if condition is None or holds(condition, facts):
        return 0
    if not isinstance(condition, All):
        return number
    number += 1
    for child in condition.of:
        stopped = blame(child, facts, number)
        if stopped:
            return stopped
        number += size(child)
    raise AssertionError("an `all` fails only by a child")
