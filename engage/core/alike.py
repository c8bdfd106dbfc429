"""Events that no rule can tell apart: those of one name for which every clause that a rule has comes out the same.

Owns what of an event that takes, read from how it is stored: of its properties those that a clause names, and of a
number only between which of the values compared with it lies. However many rules look at an event, they are then asked
once for all that are alike. As in `codegen`, no text of a program's author reaches the source.
"""

from __future__ import annotations

import typing as t
from bisect import bisect_left, bisect_right

from msgspec import defstruct, msgpack

from engage.core.codegen import READS, Writer, defined
from engage.core.compiled import CompiledProgram, Matcher, guards
from engage.core.conditions import (
    COMPANY_TRAIT,
    LIST_OPERATORS,
    MEMBER_TRAIT,
    PROPERTY,
    Clause,
    nodes,
    operand,
)
from engage.core.event import decode_body
from engage.core.simple_code import Award
from engage.core.state import CompanyState, MemberState
from engage.core.ways import Way, go

Meet = t.Callable[[CompanyState, MemberState, int, int, bytes, t.Any], Way | None]
"""(company, member, day, hour, body, what it is known by) -> the way of an event that was not met before."""

_WHOLE: t.Final = {
    "member.level": "member.level",
    "event.hour": "hour",
    "event.weekday": "day % 7",
}
"""Fields of few values, which tell more apart than any clause."""
_EQUAL: t.Final = frozenset({"eq", "ne", "in", "not_in", "is_set", "is_not_set"})
_FROM: t.Final = frozenset({"ge", "lt"})
_ABOVE: t.Final = frozenset({"gt", "le"})
_PRESENT: t.Final = frozenset({"is_set", "is_not_set"})
_SEVERAL: t.Final = 3
"""Clauses about one number from which on a search costs less than to ask each."""


def generate(
    program: CompiledProgram, matcher: Matcher, ways: dict[t.Any, Way | None], meet: Meet, award: Award
) -> Award:
    """The function that finds the way of an event and goes it, or else is `award`. `ways`: by what tells them apart."""
    clauses = _clauses(program, matcher)
    properties = {clause.field for clause in clauses if clause.field.startswith(PROPERTY)}
    read, reads = _reader(properties)
    writer = Writer(
        {
            **READS,
            **reads,
            "member.tags": "member.tags or None",
            MEMBER_TRAIT: "member.traits.get({k})",
            COMPANY_TRAIT: "company.traits.get({k})",
        }
    )
    by_field: dict[str, list[Clause]] = {}
    for clause in clauses:
        by_field.setdefault(clause.field, []).append(clause)
    known = [told for found in by_field.values() for told in _told(writer, found)]
    lines = [
        "def tell(company, member, day, hour, body, tally, gained):",
        *(["    said = read(body).data"] if properties else []),
        *writer.lines,
        f"    known = ({''.join(f'{told}, ' for told in known)})",
        "    way = ways[known] if known in ways else meet(company, member, day, hour, body, known)",
        "    if way is not None and go(way, company, member, day, tally, gained): return True",
        "    return award(company, member, day, hour, body, tally, gained)",
    ]
    more = {"read": read, "ways": ways, "meet": meet, "go": go, "award": award}
    more |= {"left": bisect_left, "right": bisect_right}
    return t.cast(Award, defined("tell", "\n".join(lines) + "\n", writer.constants | more))


def _clauses(program: CompiledProgram, matcher: Matcher) -> list[Clause]:
    """All that decide whether its rules fire."""
    asked = [guard.condition for rule in matcher.rules for guard in guards(rule, program.program)]
    found = [node for condition in asked for node, _ in nodes(condition)]
    return list(dict.fromkeys(node for node in found if isinstance(node, Clause)))


def _told(writer: Writer, clauses: list[Clause]) -> list[str]:
    """Expressions that together say how each of some clauses about one field comes out."""
    [field] = {clause.field for clause in clauses}
    if field in _WHOLE:
        return [_WHOLE[field]]
    declared, asked = clauses[0].type, {clause.op for clause in clauses}
    if declared == "string" and asked <= _EQUAL and len(clauses) > 1:
        number = writer.constant({value: n for n, value in enumerate([None, *_values(clauses)])})
        return [f"{number}.get({writer.slot(clauses[0])}, -1)"]
    if declared in ("integer", "number") and asked <= _EQUAL | _FROM | _ABOVE and len(clauses) >= _SEVERAL:
        slot, bounds = writer.slot(clauses[0]), writer.constant(tuple(sorted(_values(clauses))))
        sides = [
            side
            for side, others in ((f"left({bounds}, {slot})", _FROM), (f"right({bounds}, {slot})", _ABOVE))
            if not asked <= others | _PRESENT
        ]
        return [f"(-1 if {slot} is None else {' + '.join(sides) or '0'})"]
    return [writer.test(clause) for clause in clauses]


def _values(clauses: t.Iterable[Clause]) -> list[t.Any]:
    """What the clauses compare with, each once."""
    found: dict[t.Any, None] = {}
    for clause in clauses:
        if clause.value is not None:
            value = operand(clause)
            found |= dict.fromkeys(value if clause.op in LIST_OPERATORS else (value,))
    return list(found)


def _reader(fields: t.Collection[str]) -> tuple[t.Callable[[bytes], t.Any], dict[str, str]]:
    """What reads these properties from a stored body, and how each is read from what that finds, as `READS` has it."""
    names = {f"p{n}": field[len(PROPERTY) :] for n, field in enumerate(sorted(fields))}
    whole = decode_body, {PROPERTY: "said.get({k})"}
    try:
        said = defstruct("Said", [(own, t.Any, None) for own in names], rename=names, gc=False)
    except ValueError:  # a name that msgspec has no room for
        return whole
    if PROPERTY in fields:
        return whole
    parts = [("message_id", t.Any), ("data", said)]
    body = defstruct("SaidBody", parts, array_like=True, gc=False)
    return msgpack.Decoder(body).decode, {PROPERTY + name: f"said.{own}" for own, name in names.items()}
