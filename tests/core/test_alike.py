"""Events that are taken for alike come to the same by every rule, whatever their properties are called and hold."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engage.core import alike
from engage.core.compiled import compile_program
from engage.core.conditions import Clause, Facts, Not, Scalar, ValueType
from engage.core.event import Body, encode_body
from engage.core.program import Award, Currency, EventType, Program, Rule
from engage.core.state import CompanyState, MemberState

NUMBERS: list[Any] = [
    0,
    1,
    1.0,
    9,
    10,
    10.0,
    10.5,
    11,
    -3,
    2**60,
    True,
    False,
    None,
    "10",
    "x",
    [1],
    float("inf"),
]
TEXTS: list[Any] = ["pdf", "html", "PDF", "", None, 3, True, ["pdf"], "doc"]
ASKED: dict[ValueType, list[tuple[str, Scalar | tuple[Scalar, ...] | None]]] = {
    "integer": [(op, value) for op in ("eq", "ne", "gt", "ge", "lt", "le") for value in (1, 10)]
    + [("in", (0, 10)), ("not_in", (9, 11)), ("is_set", None), ("is_not_set", None)],
    "number": [(op, value) for op in ("gt", "ge", "lt", "le") for value in (1, 10.5)] + [("is_set", None)],
    "string": [
        ("eq", "pdf"),
        ("ne", "pdf"),
        ("in", ("html", "")),
        ("not_in", ("doc", "pdf")),
        ("is_set", None),
        ("is_not_set", None),
        ("starts_with", "p"),
        ("contains", "t"),
    ],
    "boolean": [("eq", True), ("ne", True), ("eq", False), ("is_set", None)],
    "list": [("has", "pdf"), ("has_any", ("doc", "html"))],
}
NAMES = ("pages", "with space", "", 'quoted "name"', "line\nbreak", "back\\slash", "p0", "ünï", "class")


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=15)
@given(data=st.data())
def test_what_is_alike_comes_to_the_same_by_every_rule(name: str, data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(sorted(ASKED)))
    asked = data.draw(st.lists(st.sampled_from(ASKED[kind]), min_size=1, max_size=6))
    conditions = [Clause(f"event.properties.{name}", op, value, kind) for op, value in asked]
    rules = [
        Rule(f"r{n}", "R", "Sale", Not(one) if n % 2 else one, (Award("points", 1),))
        for n, one in enumerate(conditions)
    ]
    program = compile_program(
        Program(
            name="P",
            currencies={"points": Currency("P")},
            events={"Sale": EventType("Sale")},
            rules=tuple(rules),
        )
    )
    matcher, found = program.matchers["Sale"], list[Any]()

    def meet(*event: Any) -> None:
        found.append(event[-1])

    tell = alike.generate(program, matcher, {}, meet, lambda *event: True)
    codes: dict[Any, tuple[int, ...]] = {}
    for value in (*NUMBERS, *TEXTS, ["pdf", "doc"]):
        said = {"other": 1} if value is None else {name: value, "other": 1}
        tell(CompanyState(), MemberState(), 1, 0, encode_body(Body("", said)), None, None)
        answer = matcher.match(Facts(said, {}, {}))
        assert codes.setdefault(found[-1], answer) == answer
