"""A rule's conditions, from the document to a checked tree.

Owns what a clause may say: fields, operators by type, literals, caps. Must not know effects,
limits or storage.
"""

from __future__ import annotations

import math
import typing as t

import msgspec

from engage.core.conditions import (
    BUILT_IN,
    CLAUSES_MAX,
    COMPANY_TRAIT,
    DEPTH_MAX,
    INTEGER_MAX,
    LIST_ITEMS_MAX,
    LIST_OPERATORS,
    LITERAL_CHARS_MAX,
    MEMBER_TRAIT,
    OPERATORS,
    PROPERTY,
    ROLES,
    STANDING,
    WEEKDAYS,
    All,
    Any,
    Clause,
    Condition,
    Not,
    Scalar,
    ValueType,
    fold_name,
)
from engage.core.lifecycle import STAGES
from engage.core.problems import NAMES_SHOWN, Mapping, Path, Problems, shown, unfit_character

GROUPS = ("all", "any", "not")
CLAUSE_KEYS = ("field", "op", "value")
# The nearest to 'and' in spelling is 'any', which says the opposite.
GROUPS_ELSEWHERE = {"and": "all", "&&": "all", "every": "all", "or": "any", "||": "any", "either": "any"}
# What people write who know another product, or a programming language.
OPERATORS_ELSEWHERE = {
    "=": "eq",
    "==": "eq",
    "equals": "eq",
    "is": "eq",
    "!=": "ne",
    "<>": "ne",
    "not_eq": "ne",
    "neq": "ne",
    ">": "gt",
    ">=": "ge",
    "gte": "ge",
    "<": "lt",
    "<=": "le",
    "lte": "le",
    "not in": "not_in",
    "notin": "not_in",
    "nin": "not_in",
    "startswith": "starts_with",
    "exists": "is_set",
    "includes": "has",
}
HOURS = 24  # of a day, so that all of it is before this
ALL_OPERATORS = tuple(dict.fromkeys(op for ops in OPERATORS.values() for op in ops))


class Roles(msgspec.Struct, frozen=True):
    """Which trait says a member's role, and the values of it that each role has."""

    trait: str  # a field
    values: dict[str, tuple[str, ...]]


class Fields(msgspec.Struct, frozen=True):
    """The fields a clause of one rule may read: declared names and their types. None for what could not be
    read, and an empty type for a name whose declaration was reported: nothing can be said about those."""

    event: str
    properties: dict[str, str] | None
    member_traits: dict[str, str] | None
    company_traits: dict[str, str] | None
    personal: frozenset[str]  # whole field names, traits folded
    levels: tuple[str, ...] | None
    department: str | None = ""  # the trait, folded; empty when none is declared, None when that was reported
    roles: Roles | None = None
    tags: tuple[str, ...] | None = ()
    about_members: bool = False  # whether it must hold whatever happens: no event can be read


def read_condition(problems: Problems, fields: Fields, value: t.Any, path: Path) -> Condition | None:
    """The tree, or None when anything in it was reported."""
    reader = _ConditionReader(problems, fields)
    condition = reader.node(value, path, 1)
    if reader.clauses > CLAUSES_MAX:
        problems.add(path, f"has {reader.clauses} clauses; a rule may have at most {CLAUSES_MAX}")
        return None
    return condition


def read_field_type(problems: Problems, fields: Fields, value: t.Any, path: Path) -> ValueType | None:
    """The type of the field that is named, or None when that was reported."""
    return _ConditionReader(problems, fields).field_type(value, path)


class _ConditionReader:
    def __init__(self, problems: Problems, fields: Fields) -> None:
        self.problems = problems
        self.fields = fields
        self.clauses = 0

    def node(self, value: t.Any, path: Path, depth: int) -> Condition | None:
        if isinstance(value, list | tuple):
            self.problems.add(path, "must be a mapping, not a list: put the list under 'all:' or 'any:'")
            return None
        entries = self.problems.mapping(value, path)
        if entries is None:
            return None
        groups = [key for key in GROUPS if key in entries]
        if not groups:
            return self.clause(entries, path)
        if len(entries) > 1:
            self.problems.add(
                path, f"'{groups[0]}' must stand alone, not beside {self._others(entries, groups[0])}"
            )
            return None
        if depth >= DEPTH_MAX:
            self.problems.add(path, f"conditions may be nested at most {DEPTH_MAX} deep")
            return None
        return self.group(groups[0], entries[groups[0]], (*path, groups[0]), depth)

    @staticmethod
    def _others(entries: t.Iterable[str], group: str) -> str:
        return ", ".join(shown(key) for key in list(entries)[:5] if key != group)

    def group(self, kind: str, value: t.Any, path: Path, depth: int) -> Condition | None:
        if kind == "not":
            child = self.node(value, path, depth + 1)
            return None if child is None else Not(child)
        items = self.problems.items(value, path, CLAUSES_MAX, least=1)
        if items is None:
            return None
        read = [self.node(item, (*path, index), depth + 1) for index, item in enumerate(items)]
        children = tuple(child for child in read if child is not None)
        if len(children) < len(read):
            return None
        return All(children) if kind == "all" else Any(children)

    def clause(self, value: Mapping, path: Path) -> Clause | None:
        self.clauses += 1
        if not any(key in value for key in CLAUSE_KEYS):
            self.neither(value, path)
            return None
        entries = self.problems.fields(value, path, CLAUSE_KEYS[:2], CLAUSE_KEYS[2:])
        if entries is None:
            return None
        declared: ValueType | None = None
        if "field" in entries:
            declared = self.field_type(entries["field"], (*path, "field"))
        if "op" not in entries:
            return None
        op = self.operator(entries["op"], (*path, "op"), entries.get("field"), declared)
        if op is None or declared is None:
            return None
        return self.with_value(entries["field"], op, declared, entries.get("value"), path)

    def neither(self, entries: t.Iterable[str], path: Path) -> None:
        """Neither a clause nor a group: most often a misspelt word, which is then the one mistake to name."""
        for key in entries:
            near = GROUPS_ELSEWHERE.get(key.lower()) or self.problems.nearest(key, (*GROUPS, *CLAUSE_KEYS))
            if near is not None:
                self.problems.add((*path, key), f"unknown key {shown(key)}", suggestion=near, at_key=True)
                return
        self.problems.add(path, "must be a clause (field, op, value) or one of 'all', 'any', 'not'")

    def field_type(self, field: t.Any, path: Path) -> ValueType | None:
        if self.problems.passed_over(field):
            return None
        if not isinstance(field, str):
            self.problems.add(path, f"must be the name of a field, not {shown(field)}")
            return None
        if self.fields.about_members and field.startswith("event."):
            self.problems.add(path, f"this is about members, not an event, so {shown(field)} cannot be used")
            return None
        if field in STANDING:
            return self._standing(field, path)
        if field in BUILT_IN:
            if field == "member.level" and self.fields.levels == ():
                self.problems.add(path, "'member.level' cannot be used: the program has no levels")
                return None
            return BUILT_IN[field]
        for prefix, names in self._sources():
            if field.startswith(prefix):
                return self._declared(field, path, prefix, names)
        self._unknown(field, path)
        return None

    def _standing(self, field: str, path: Path) -> ValueType | None:
        word = field.removeprefix("member.")
        if (self.fields.department if word == "department" else self.fields.roles) in ("", None):
            if self.fields.department is not None:
                words = (
                    f"'{field}' cannot be used: the program has no '{word}', which says in what trait to look"
                )
                self.problems.add(path, words)
            return None
        return STANDING[field]

    def _sources(self) -> tuple[tuple[str, dict[str, str] | None], ...]:
        fields = self.fields
        return (
            (PROPERTY, fields.properties),
            (MEMBER_TRAIT, fields.member_traits),
            (COMPANY_TRAIT, fields.company_traits),
        )

    def _declared(
        self, field: str, path: Path, prefix: str, names: dict[str, str] | None
    ) -> ValueType | None:
        if names is None:
            return None  # the trigger was reported already
        name = field[len(prefix) :]
        found = names.get(name)
        folded = prefix + fold_name(name)
        if prefix != PROPERTY and found is None:
            by_fold = {fold_name(known): kind for known, kind in names.items()}
            found = by_fold.get(fold_name(name))
        if field in self.fields.personal or (prefix != PROPERTY and folded in self.fields.personal):
            self.problems.add(
                path, f"{shown(field)} is personal: it is never stored, so no clause can read it"
            )
            return None
        if found is not None:
            return t.cast(ValueType, found) if found else None
        near = self.problems.nearest(name, names)
        if near is not None:
            self.problems.add(path, f"unknown field {shown(field)}", suggestion=prefix + near)
            return None
        owner = f"event {shown(self.fields.event)}" if prefix == PROPERTY else f"'{prefix[:-1]}'"
        readable = [name for name in names if prefix + name not in self.fields.personal]
        declares = ", ".join(readable[:NAMES_SHOWN]) or "nothing that a clause can read"
        self.problems.add(path, f"unknown field {shown(field)}: {owner} declares {declares}")
        return None

    def _unknown(self, field: str, path: Path) -> None:
        every = [prefix + name for prefix, names in self._sources() for name in names or {}]
        every += self._readable([*BUILT_IN, *STANDING])
        last = [name for name in every if name.rpartition(".")[2].lower() == field.lower()]
        near = last[0] if last else self.problems.nearest(field, every)
        sources = [f"{prefix}…" for prefix, _ in self._sources()]
        kinds = ", ".join(self._readable([*sources, *BUILT_IN, *STANDING]))
        words = "" if near else f"; fields are {kinds}"
        self.problems.add(path, f"unknown field {shown(field)}{words}", suggestion=near)

    def _readable(self, fields: list[str]) -> list[str]:
        return [name for name in fields if not (self.fields.about_members and name.startswith("event."))]

    def operator(self, op: t.Any, path: Path, field: t.Any, declared: ValueType | None) -> str | None:
        if self.problems.passed_over(op):
            return None
        allowed = OPERATORS[declared] if declared is not None else ALL_OPERATORS
        if isinstance(op, str) and op in allowed:
            return op
        if isinstance(op, str) and op in ALL_OPERATORS:
            words = f"'{op}' cannot be used on {field} ({declared}); allowed: {', '.join(allowed)}"
            self.problems.add(path, words)
            return None
        near: str | None = None
        if isinstance(op, str):
            near = OPERATORS_ELSEWHERE.get(op.lower()) or self.problems.nearest(op, allowed)
        words = f"unknown operator {shown(op)}"
        if near is None or near not in allowed:
            near = None
            words = f"{words}; allowed: {', '.join(allowed)}"
        self.problems.add(path, words, suggestion=near)
        return None

    def with_value(self, field: str, op: str, declared: ValueType, value: t.Any, path: Path) -> Clause | None:
        if op in ("is_set", "is_not_set"):
            if value is not None:
                self.problems.add((*path, "value"), f"'{op}' takes no value")
                return None
            return self._of_trait(Clause(field, op, None, declared))
        if value is None:
            if not self.problems.misspelt(path, "value"):
                self.problems.add(path, f"missing key 'value': '{op}' needs one")
            return None
        path = (*path, "value")
        read: Scalar | tuple[Scalar, ...] | None
        if op in LIST_OPERATORS:
            items = self.problems.items(value, path, LIST_ITEMS_MAX, least=1)
            if items is None:
                return None
            literals = [
                self.literal(item, (*path, index), declared, field) for index, item in enumerate(items)
            ]
            known = tuple(literal for literal in literals if literal is not None)
            read = known if len(known) == len(literals) else None
        else:
            read = self.literal(value, path, declared, field)
        if read is None:
            return None
        named = read if isinstance(read, tuple) else (read,)
        levels = self.fields.levels if declared == "level" and self.fields.levels else ()
        ranks = tuple(levels.index(str(level)) + 1 for level in named) if levels else ()
        return self._of_trait(Clause(field, op, read, declared, ranks))

    def _of_trait(self, clause: Clause) -> Clause:
        """A clause on the member's department or role as the clause on the trait that says it."""
        fields = self.fields
        if clause.field == "member.department":
            return msgspec.structs.replace(clause, field=f"{MEMBER_TRAIT}{fields.department}")
        if clause.field != "member.role":
            return clause
        assert fields.roles is not None
        if clause.value is None:
            return Clause(fields.roles.trait, clause.op, None, "string")
        named = clause.value if isinstance(clause.value, tuple) else (clause.value,)
        values = tuple(value for role in named for value in fields.roles.values[str(role)])
        return Clause(fields.roles.trait, "in" if clause.op in ("eq", "in") else "not_in", values, "string")

    def literal(self, value: t.Any, path: Path, declared: ValueType, field: str) -> Scalar | None:
        problems = self.problems
        if self.problems.passed_over(value):
            return None
        if declared == "level":
            return problems.known(value, path, self.fields.levels, "level")
        if declared == "tags":
            return problems.known(value, path, self.fields.tags, "tag")
        if declared == "role":
            return problems.choice(value, path, ROLES)
        if declared == "stage":
            return problems.choice(value, path, STAGES)
        if declared == "weekday":
            return problems.choice(value, path, WEEKDAYS)
        if declared == "boolean":
            return problems.boolean(value, path)
        if declared == "integer":
            bounds = (0, HOURS) if field == "event.hour" else (-INTEGER_MAX, INTEGER_MAX)
            return problems.integer(value, path, *bounds)
        if declared == "number":
            return self.number(value, path)
        if not isinstance(value, str):
            kind = "a list" if isinstance(value, list | tuple) else shown(value)
            problems.add(path, f"must be text, not {kind}")
        elif len(value) > LITERAL_CHARS_MAX:
            problems.add(path, f"must be at most {LITERAL_CHARS_MAX} characters, has {len(value)}")
        elif (unfit := unfit_character(value)) is not None:
            problems.add(path, f"{shown(value)} {unfit}")
        else:
            return value
        return None

    def number(self, value: t.Any, path: Path) -> int | float | None:
        """A finite number, spelt one way: 1000.0 and 1000 make the same program."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.problems.not_a_number(value, path, "a number")
        elif isinstance(value, float) and not math.isfinite(value):
            self.problems.add(path, f"must be a finite number, not {shown(value)}")
        elif isinstance(value, float) and not (value.is_integer() and abs(value) <= INTEGER_MAX):
            return value
        elif abs(value) > INTEGER_MAX:
            self.problems.add(path, f"must be within {-INTEGER_MAX} and {INTEGER_MAX}, not {shown(value)}")
        else:
            return int(value)
        return None
