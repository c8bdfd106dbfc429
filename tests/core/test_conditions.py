"""Conditions: the generated function against the plain interpreter, and the words for both."""

from __future__ import annotations

import typing as t

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engage.core.codegen import Guard, generate, generate_guarded, source_of
from engage.core.conditions import (
    CLAUSES_MAX,
    INTEGER_MAX,
    LIST_OPERATORS,
    OPERATORS,
    WEEKDAYS,
    All,
    Any,
    Clause,
    Condition,
    Facts,
    Not,
    ValueType,
    blame,
    holds,
    nodes,
    size,
)
from engage.core.explain import condition_text, explain, node_text
from engage.core.lifecycle import STAGES

FIELDS: dict[str, ValueType] = {
    "event.properties.text": "string",
    "event.properties.whole": "integer",
    "event.properties.number": "number",
    "event.properties.flag": "boolean",
    "event.properties.tags": "list",
    "member.traits.createdAt": "string",
    "member.traits.seats": "integer",
    "company.traits.plan_name": "string",
    "member.level": "level",
    "event.hour": "integer",
    "member.tags": "tags",
    "event.weekday": "weekday",
    "member.stage": "stage",
}
LEVELS = ("bronze", "silver", "gold")
WORDS = ("", "a", "ab", "b", "trial", "');import os", "İ", "ß")
TEXT = st.sampled_from(WORDS)
WHOLE = st.integers(-3, 30) | st.sampled_from([INTEGER_MAX, -INTEGER_MAX])
NUMBER = WHOLE | st.sampled_from([0.5, -0.25, 1e300, 3.0])
LITERALS: dict[str, st.SearchStrategy[t.Any]] = {
    "string": TEXT,
    "integer": WHOLE,
    "number": NUMBER,
    "boolean": st.booleans(),
    "list": TEXT,
    "level": st.sampled_from(LEVELS),
    "weekday": st.sampled_from(WEEKDAYS),
    "tags": TEXT,
    "stage": st.sampled_from(STAGES),
}


@st.composite
def clauses(draw: st.DrawFn) -> Clause:
    field = draw(st.sampled_from(sorted(FIELDS)))
    kind = FIELDS[field]
    op = draw(st.sampled_from(OPERATORS[kind]))
    if op in ("is_set", "is_not_set"):
        return Clause(field, op, None, kind)
    value: t.Any = draw(LITERALS[kind])
    if op in LIST_OPERATORS:
        value = tuple(draw(st.lists(LITERALS[kind], min_size=1, max_size=4)))
    named = value if isinstance(value, tuple) else (value,)
    ranks = tuple(LEVELS.index(level) + 1 for level in named) if kind == "level" else ()
    return Clause(field, op, value, kind, ranks)


def _groups(children: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    several = st.lists(children, min_size=1, max_size=4).map(tuple)
    return several.map(All) | several.map(Any) | children.map(Not)


CONDITIONS: st.SearchStrategy[Condition] = st.recursive(clauses(), _groups, max_leaves=10)
# Values of every type under every name: most are of the wrong type, as some of real input always is.
ODD = (
    st.none()
    | st.booleans()
    | TEXT
    | NUMBER
    | st.sampled_from([float("nan"), float("inf"), 2**53, -(2**53), 10**30, 3.5, 1.7e308])
    | st.lists(TEXT | st.integers(0, 1) | st.none(), max_size=3)
    | st.dictionaries(TEXT, st.integers(), max_size=1)
)


def _some(*names: str) -> st.SearchStrategy[dict[str, t.Any]]:
    return st.fixed_dictionaries({}, optional=dict.fromkeys(names, ODD))


FACTS = st.builds(
    Facts,
    properties=_some("text", "whole", "number", "flag", "tags"),
    member_traits=_some("createdat", "seats"),
    company_traits=_some("planname"),
    level_rank=st.integers(0, 3),
    hour=st.integers(0, 23),
    weekday=st.integers(0, 6),
    stage=st.sampled_from(STAGES),
    tags=st.lists(TEXT, max_size=3) | st.dictionaries(TEXT, st.integers(1, 9), max_size=3),
)
NOTHING = Facts({}, {}, {})


@settings(max_examples=100, deadline=None)
@given(
    st.lists(CONDITIONS, min_size=1, max_size=3),
    st.lists(st.lists(st.integers(0, 2), max_size=3), min_size=1, max_size=4),
    st.lists(FACTS, min_size=1, max_size=4),
)
def test_of_several_guards_the_first_that_stops_is_told(
    conditions: list[Condition], columns: list[list[int]], many: list[Facts]
) -> None:
    told = [lambda node, times=times: node * 10 + times for times in range(3)]
    guards = [Guard(conditions[n % len(conditions)], told[n]) for n in range(3)]
    match = generate_guarded([[guards[n] for n in column] for column in columns])
    for facts in [*many, NOTHING]:
        stops = [guard.told(node) if (node := blame(guard.condition, facts)) else 0 for guard in guards]
        expected = [[stops[n] for n in column if stops[n]] for column in columns]
        assert match(facts) == tuple(found[0] if found else 0 for found in expected)


@settings(max_examples=250, deadline=None)
@given(st.lists(CONDITIONS, min_size=1, max_size=4), st.lists(FACTS, min_size=1, max_size=4))
def test_the_generated_function_blames_what_the_interpreter_blames(
    conditions: list[Condition], many: list[Facts]
) -> None:
    match = generate(conditions)
    for facts in [*many, NOTHING]:
        expected = tuple(blame(condition, facts) for condition in conditions)
        assert match(facts) == expected
        assert [not stopped for stopped in expected] == [holds(one, facts) for one in conditions]


@settings(max_examples=100, deadline=None)
@given(CONDITIONS, FACTS)
def test_the_blamed_node_has_words_and_a_failed_verdict(condition: Condition, facts: Facts) -> None:
    verdicts = explain(condition, facts, LEVELS)
    assert [one.number for one in verdicts] == list(range(1, size(condition) + 1))
    number = blame(condition, facts)
    assert verdicts[0].holds is (number == 0)
    if number:
        assert verdicts[number - 1].holds is False
        assert node_text(condition, number) == verdicts[number - 1].text
    assert all(one.holds is None and one.actual is None for one in explain(condition, None))


def clause(field: str, op: str, value: t.Any = None) -> Clause:
    ranks = (LEVELS.index(value) + 1,) if field == "member.level" and value else ()
    return Clause(field, op, value, FIELDS[field], ranks)


NUMBER_AT_LEAST_1 = clause("event.properties.number", "ge", 1)


@pytest.mark.parametrize(
    "op, value",
    [("ge", 0), ("lt", 5), ("le", 5), ("gt", -5), ("is_set", None)],
)
def test_a_clause_on_a_missing_field_is_false(op: str, value: t.Any) -> None:
    condition = clause("event.properties.number", op, value)
    for properties in ({}, {"number": None}, {"number": "7"}, {"number": True}, {"number": float("nan")}):
        assert generate([condition])(Facts(properties, {}, {})) == (1,)
        assert generate([Not(condition)])(Facts(properties, {}, {})) == (0,)


def test_not_equal_and_not_in_are_false_on_a_missing_field_while_not_is_classical() -> None:
    ne, not_in = (
        clause("event.properties.text", "ne", "a"),
        clause("event.properties.text", "not_in", ("a", "b")),
    )
    equal = clause("event.properties.text", "eq", "a")
    assert generate([ne, not_in, Not(equal)])(NOTHING) == (1, 1, 0)


def test_is_not_set_is_true_for_a_missing_a_null_and_a_wrong_typed_value() -> None:
    match = generate([clause("event.properties.whole", "is_not_set")])
    assert [match(Facts({"whole": value}, {}, {})) for value in (None, "1", 1.5, True, 2**53)] == [(0,)] * 5
    assert match(Facts({"whole": 3.0}, {}, {})) == (1,)


def test_a_boolean_is_not_a_number_and_a_whole_float_is_an_integer() -> None:
    match = generate([clause("event.properties.whole", "eq", 1)])
    found = [match(Facts({"whole": value}, {}, {})) for value in (1, 1.0, True, 1.5, "1")]
    assert found == [(0,), (0,), (1,), (1,), (1,)]


def test_trait_names_are_looked_up_folded() -> None:
    match = generate(
        [clause("member.traits.createdAt", "eq", "x"), clause("company.traits.plan_name", "is_set")]
    )
    assert match(Facts({}, {"createdat": "x"}, {"planname": "pro"})) == (0, 0)


def test_levels_compare_by_rank_and_no_level_is_missing() -> None:
    match = generate(
        [
            clause("member.level", "ge", "silver"),
            clause("member.level", "lt", "silver"),
            clause("member.level", "is_not_set"),
        ]
    )
    assert [match(Facts({}, {}, {}, level_rank=rank)) for rank in range(4)] == [
        (1, 1, 0),
        (1, 0, 1),
        (0, 1, 1),
        (0, 1, 1),
    ]


def test_blame_counts_groups_and_goes_into_alls_only() -> None:
    tree = All(
        (
            clause("event.properties.flag", "eq", True),  # 2
            Any(
                (clause("event.properties.text", "eq", "a"), clause("event.properties.text", "eq", "b"))
            ),  # 3-5
            All((NUMBER_AT_LEAST_1, Not(clause("event.hour", "lt", 9)))),  # 6-9
        )
    )
    match = generate([tree])
    good = {"flag": True, "text": "a", "number": 2}
    assert match(Facts(good, {}, {}, hour=10)) == (0,)
    assert match(Facts({**good, "flag": False}, {}, {}, hour=10)) == (2,)
    assert match(Facts({**good, "text": "z"}, {}, {}, hour=10)) == (3,)
    assert match(Facts({**good, "number": 0}, {}, {}, hour=10)) == (7,)
    assert match(Facts(good, {}, {}, hour=3)) == (8,)
    assert node_text(tree, 7) == "event.properties.number is at least 1"
    assert node_text(tree, 8) == "not (event.hour is less than 9)"
    with pytest.raises(IndexError):
        node_text(tree, 10)


def test_the_source_holds_no_text_of_the_author() -> None:
    evil = '"]; __import__("os").system("x") #'
    source, constants = source_of([[Guard(Clause(f"event.properties.{evil}", "eq", evil, "string"))]])
    assert "os" not in source
    assert "import" not in source
    assert constants["__builtins__"] == {}
    assert generate([Clause(f"event.properties.{evil}", "eq", evil, "string")])(
        Facts({evil: evil}, {}, {})
    ) == (0,)


def test_the_widest_and_deepest_legal_condition_compiles() -> None:
    wide = All((NUMBER_AT_LEAST_1,) * CLAUSES_MAX)
    deep: Condition = NUMBER_AT_LEAST_1
    for _ in range(5):
        deep = Not(deep)
    facts = Facts({"number": 1}, {}, {})
    assert generate([wide, deep, None])(facts) == (0, 1, 0)
    assert [depth for _, depth in nodes(deep)] == [1, 2, 3, 4, 5, 6]


def test_words_for_conditions() -> None:
    condition = All(
        (
            NUMBER_AT_LEAST_1,
            Any(
                (clause("member.level", "ge", "silver"), clause("event.weekday", "in", ("monday", "friday")))
            ),
            clause("event.properties.text", "in", ("a", "b")),
            clause("event.properties.flag", "is_not_set"),
        )
    )
    assert condition_text(condition) == (
        "event.properties.number is at least 1 and (member.level is at least silver or event.weekday is one of "
        'monday, friday) and event.properties.text is one of "a", "b" and event.properties.flag is not given'
    )
    verdicts = explain(condition, Facts({"number": 0.5}, {}, {}, level_rank=1, weekday=6), LEVELS)
    assert [(one.actual, one.holds) for one in verdicts] == [
        (None, False),
        ("0.5", False),
        (None, False),
        ("bronze", False),
        ("sunday", False),
        ("missing", False),
        ("missing", True),
    ]
