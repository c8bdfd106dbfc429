"""Compiled programs: matchers per event, type tables, personal data, and the bounded cache."""

from __future__ import annotations

import typing as t
from bisect import bisect_right
from functools import partial

import pytest

from engage.core import compiled as module
from engage.core.compiled import (
    COMPILED_PROGRAMS_MAX,
    compile_program,
    compiled,
    without_personal_traits,
)
from engage.core.conditions import Clause, Facts
from engage.core.program import (
    Award,
    Currency,
    EventType,
    Level,
    Levels,
    Program,
    Property,
    Rule,
    program_hash,
)
from engage.core.verdicts import Verdict, verdict_code


def program(name: str = "test") -> Program:
    big = Clause("event.properties.value", "ge", 1000, "number")
    return Program(
        name=name,
        currencies={"points": Currency("Points")},
        events={
            "Won": EventType(
                "Won",
                properties={
                    "value": Property("number"),
                    "units": Property("integer"),
                    "buyer": Property("string", personal=True),
                },
            ),
            "Lost": EventType("Lost"),
        },
        member_traits={"eMail": Property("string", personal=True), "role": Property("string")},
        levels=Levels("points", (Level("bronze", "Bronze", 0), Level("silver", "Silver", 500))),
        rules=(
            Rule("any", "Any", "Won", effects=(Award("points", 1),)),
            Rule("lost", "Lost", "Lost", effects=(Award("points", 1),)),
            Rule("big", "Big", "Won", big, effects=(Award("points", 1),)),
        ),
    )


def test_an_event_has_the_matcher_of_its_own_rules_in_declared_order() -> None:
    made = compile_program(program())
    assert [rule.id for rule in made.matchers["Won"].rules] == ["any", "big"]
    assert made.matchers["Won"].match(Facts({"value": 1000.0}, {}, {})) == (0, 0)
    assert made.matchers["Won"].match(Facts({}, {}, {})) == (0, verdict_code(Verdict.CONDITION, 1))
    assert made.matchers["Lost"].match(Facts({}, {}, {})) == (0,)
    assert "Unheard of" not in made.matchers
    assert made.hash == program_hash(program())


def test_levels_are_ranked_from_one() -> None:
    made = compile_program(program())
    assert made.level_ranks == {"bronze": 1, "silver": 2}
    assert [bisect_right(made.level_thresholds, earned) for earned in (-1, 0, 499, 500, 10**9)] == [
        0,
        1,
        1,
        2,
        2,
    ]


@pytest.mark.parametrize(
    "properties, wrong",
    [
        ({}, []),
        ({"value": None, "units": None}, []),
        ({"value": 3, "units": 3.0, "other": object()}, []),
        ({"value": "3", "units": True}, ["units", "value"]),
        ({"value": float("nan"), "units": 2**53}, ["units", "value"]),
    ],
)
def test_wrong_typed_properties_are_named(properties: dict[str, t.Any], wrong: list[str]) -> None:
    made = compile_program(program())
    assert made.mistyped("Won", properties) == wrong
    assert made.mistyped("Unheard of", properties) == []


def test_personal_properties_and_traits_are_dropped() -> None:
    made = compile_program(program())
    assert made.without_personal("Won", {"buyer": "Ann", "value": 1}) == {"value": 1}
    untouched = {"value": 1}
    assert made.without_personal("Won", untouched) is untouched
    assert made.without_personal("Unheard of", {"buyer": "Ann"}) == {"buyer": "Ann"}
    member, company = without_personal_traits(made, {"e_mail": "a@b", "role": "x"}, {"email": "kept"})
    assert member == {"role": "x"}
    assert company == {"email": "kept"}


def test_a_program_is_compiled_once_while_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_cache", {})
    loads: list[str] = []

    def load(name: str) -> Program:
        loads.append(name)
        return program(name)

    first = program_hash(program("first"))
    made = compiled(first, lambda: load("first"))
    for number in range(COMPILED_PROGRAMS_MAX - 1):
        name = f"other {number}"
        compiled(program_hash(program(name)), partial(load, name))
        assert compiled(first, lambda: load("first")) is made
    assert loads.count("first") == 1
    compiled(program_hash(program("one more")), lambda: load("one more"))
    assert compiled(first, lambda: load("first")) is made
    assert len(module._cache) == COMPILED_PROGRAMS_MAX
    compiled(program_hash(program("other 0")), lambda: load("other 0"))
    assert loads.count("other 0") == 2  # the least recently used went


def test_a_loader_that_gives_another_program_is_our_own_mistake() -> None:
    with pytest.raises(AssertionError, match="another program"):
        compiled(b"x" * 16, program)
