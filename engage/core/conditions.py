"""The condition tree of a rule: its shapes, what a clause may say, and what it means in plain words.

Owns the meaning of a condition; `holds` is that meaning written as directly as possible, and the generated
functions of `engage.core.codegen` must agree with it on every input. Must not know programs, rules or storage: a
clause is checked once, when a program is read (`engage.core.check`), and carries all that is needed to decide it.
"""

from __future__ import annotations

import typing as t

import msgspec

Scalar = str | int | float | bool

# Declared types are the first five. `level` and `weekday` belong to the two built-in fields whose values are
# ordered, or closed, names.
ValueType = t.Literal["string", "integer", "number", "boolean", "list", "level", "weekday"]

INTEGER_MAX = 2**53 - 1  # beyond it a JSON number is not the same number for every client


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

    `properties` has the names as sent. Trait dictionaries are keyed by folded name (`program.fold_name`).
    `level_rank` is 1 for the lowest level, 0 for none. `hour` (0-23) and `weekday` (0 = Monday) are local to
    the company. Mutable on purpose: a caller may reuse one for many events.
    """

    properties: dict[str, t.Any]
    member_traits: dict[str, t.Any]
    company_traits: dict[str, t.Any]
    level_rank: int = 0
    hour: int = 0
    weekday: int = 0
