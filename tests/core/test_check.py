"""Checking program documents: every mistake is named once, at its place, and nothing makes it raise."""

from __future__ import annotations

import copy
import typing as t

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engage.core.check import check
from engage.core.conditions import INTEGER_MAX, All, Clause, Condition
from engage.core.problems import PROBLEMS_MAX, UNREADABLE, Problem
from engage.core.program import (
    Award,
    Budget,
    GrantBadge,
    Limit,
    Multiply,
    Program,
    canonical,
    from_canonical,
    program_hash,
)

Document = dict[str, t.Any]


def crm() -> Document:
    return {
        "name": "CRM adoption",
        "late_days": 30,
        "multipliers": "largest",
        "currencies": {"points": {"name": "Points", "debt": "refuse"}},
        "traits": {
            "member": {"role": {"type": "string"}, "email": {"type": "string", "personal": True}},
            "company": {"planName": {"type": "string"}},
        },
        "events": {
            "Report Exported": {},
            "Win Opportunity": {
                "name": "Opportunity won",
                "properties": {
                    "value": {"type": "number"},
                    "units": {"type": "integer"},
                    "tags": {"type": "list"},
                    "renewal": {"type": "boolean"},
                    "buyer": {"type": "string", "personal": True},
                },
            },
        },
        "badges": {"closer": {"name": "Closer"}},
        "levels": {
            "currency": "points",
            "steps": [
                {"id": "bronze", "name": "Bronze", "threshold": 0},
                {
                    "id": "silver",
                    "name": "Silver",
                    "threshold": 500,
                    "benefits": {"export": True, "rows": 100},
                },
            ],
        },
        "rules": [
            {
                "id": "deal-won",
                "trigger": "Win Opportunity",
                "conditions": {
                    "all": [
                        {"field": "event.properties.value", "op": "ge", "value": 1000},
                        {"field": "member.level", "op": "in", "value": ["silver"]},
                    ]
                },
                "effects": [{"award": 50}, {"multiply": {"by": 1.5}}, {"badge": "closer"}],
                "limits": [
                    {"per": "member", "window": "day", "count": 5},
                    {"per": "member", "window": "month", "amount": 300, "over": "cut"},
                ],
            }
        ],
        "budgets": [{"currency": "points", "window": "month", "amount": 100000, "over": "refuse"}],
    }


def put(document: Document, path: str, value: t.Any) -> Document:
    """The document with one place changed; "rules.0.effects" names a place, value `...` removes it."""
    changed = copy.deepcopy(document)
    *parents, last = (int(part) if part.isdigit() else part for part in path.split("."))
    place: t.Any = changed
    for part in parents:
        place = place[part]
    if value is ...:
        del place[last]
    elif isinstance(place, list) and last == len(place):
        place.append(value)
    else:
        place[last] = value
    return changed


def problems(document: t.Any) -> list[Problem]:
    program, found = check(document)
    assert (program is None) == bool(found)
    return found


def valid(document: t.Any) -> Program:
    program, found = check(document)
    assert not found
    assert program is not None
    return program


def test_a_whole_program_is_read() -> None:
    program = valid(crm())
    rule = program.rules[0]
    assert rule.name == "Deal won"
    assert rule.effects == (Award("points", 50), Multiply("points", 1500), GrantBadge("closer"))
    assert rule.conditions == All(
        (
            Clause("event.properties.value", "ge", 1000, "number"),
            Clause("member.level", "in", ("silver",), "level", (2,)),
        )
    )
    assert rule.limits == (
        Limit("deal-won", "member", "day", count=5, over="refuse"),
        Limit("deal-won", "member", "month", amount=300, currency="points"),
    )
    assert program.budgets == (Budget("points", "month", 100000, "refuse", (80, 100)),)
    assert program.levels is not None
    assert program.levels.steps[1].benefits == {"export": True, "rows": 100}


def test_the_smallest_program_has_no_rules() -> None:
    program = valid({"name": "x", "currencies": {"points": {}}, "events": {"A": None}, "rules": None})
    assert program.rules == ()
    assert program.currencies["points"].name == "Points"
    assert program.late_days == 30


def test_a_program_survives_its_canonical_bytes_and_the_hash_ignores_spelling() -> None:
    program = valid(crm())
    assert from_canonical(canonical(program)) == program
    reordered = dict(reversed(crm().items()))
    reordered = put(reordered, "rules.0.conditions.all.0.value", 1000.0)
    assert program_hash(valid(reordered)) == program_hash(program)
    assert len(program_hash(program)) == 16
    assert program_hash(valid(put(crm(), "rules.0.effects.0.award", 51))) != program_hash(program)


def test_limit_keys_survive_a_change_of_the_number_and_nothing_else() -> None:
    def key(**changes: t.Any) -> str:
        limit = {"per": "member", "window": "day", "count": 5} | changes
        return valid(put(crm(), "rules.0.limits", [limit])).rules[0].limits[0].key

    assert key() == key(count=10) == "deal-won/member/day/firings"
    assert len({key(), key(per="company"), key(window="week")}) == 3
    budget = valid(crm()).budgets[0]
    assert budget.key == valid(put(crm(), "budgets.0.amount", 5)).budgets[0].key == "points/month"


# place, what is put there, where the one problem is, what it says (all of it where it matters)
MISTAKES: list[tuple[str, t.Any, str, str]] = [
    ("name", ..., "", "missing key 'name'"),
    ("name", 2024, "/name", "must be text, not a number: put it in quotes, '2024'"),
    ("name", "a\x00b", "/name", "control character U+0000"),
    ("name", "x" * 201, "/name", "must be at most 200 characters, has 201"),
    ("late_days", 3651, "/late_days", "must be from 0 to 3650, not 3651"),
    ("late_days", True, "/late_days", "must be a whole number, not true"),
    ("multipliers", "larges", "/multipliers", "did you mean 'largest'?"),
    ("rule", [], "/rule", "unknown key 'rule'; 'rules' is there already"),
    ("late_days", "30", "/late_days", "must be a whole number, not '30': write it without quotes"),
    ("late_days", "3_000", "/late_days", "not '3_000'; did you mean '3000'?"),
    ("rules.0.effects.0.award", "1,000,000", "/rules/0/effects/0/award", "did you mean '1000000'?"),
    ("rules.0.effects.0.award", "1,0", "/rules/0/effects/0/award", "must be a whole number, not '1,0'"),
    ("rules", {"deal": {"trigger": "Call"}}, "/rules", "not a mapping: begin each entry with '- id: '"),
    ("badges", [{"id": "b"}], "/badges", "not a list; write each entry under a name of its own"),
    ("currencies", {}, "/currencies", "needs at least 1 entry, has 0"),
    ("currencies", {"points": {"dept": "allow"}}, "/currencies/points/dept", "did you mean 'debt'?"),
    ("events.Report Exported", {"key": "yes"}, "/events/Report Exported/key", "did you mean 'true'?"),
    ("events.Report Exported", 3, "/events/Report Exported", "must be a mapping (key: value), not a number"),
    ("events.A/B~", {"keys": 1}, "/events/A~1B~0/keys", "did you mean 'key'?"),
    (
        "events.Report Exported",
        {"properties": {"pages": "integer"}},
        "/events/Report Exported/properties/pages",
        "as in '{type: integer}'",
    ),
    ("traits.member.Role", {"type": "string"}, "/traits/member/Role", "'Role' and 'role' are one trait"),
    ("traits.member.role.type", "str", "/traits/member/role/type", "must be one of string, integer"),
    ("badges.Best One", {}, "/badges/Best One", "did you mean 'best-one'?"),
    ("levels.currency", "point", "/levels/currency", "unknown currency 'point'; did you mean 'points'?"),
    ("levels.steps.1.threshold", 0, "/levels/steps/1/threshold", "must be more than the step before (0)"),
    ("levels.steps.0.id", "silver", "/levels/steps/1/id", "duplicate level id 'silver'"),
    ("levels.steps.1.benefits.rows", 1.5, "/levels/steps/1/benefits/rows", "must be true, false, a whole"),
    ("levels.steps.1.threshold", 2**53, "/levels/steps/1/threshold", "must be from 0 to"),
    ("rules.0.id", "Deal Won", "/rules/0/id", "did you mean 'deal-won'?"),
    ("rules.0.id", ..., "/rules/0", "missing key 'id'"),
    ("rules.0.trigger", "Win Oportunity", "/rules/0/trigger", "did you mean 'Win Opportunity'?"),
    ("rules.0.effects", [], "/rules/0/effects", "needs at least 1 entry, has 0"),
    ("rules.0.effects.0", {"awrd": 5}, "/rules/0/effects/0/awrd", "did you mean 'award'?"),
    ("rules.0.effects.0", {"award": 5, "badge": "closer"}, "/rules/0/effects/0", "written alone"),
    (
        "rules.0.effects.0",
        {"award": 5, "currency": "points"},
        "/rules/0/effects/0",
        "stands within, as in 'award: {",
    ),
    ("rules.0.effects", {"award": 5}, "/rules/0/effects", "must be a list, not a mapping: put it into [ ]"),
    ("rules.0.limits.0", "5 a day", "/rules/0/limits/0", "not text; its keys: "),
    ("rules.0.effects.0.award", 0, "/rules/0/effects/0/award", "must be from 1 to 9007199254740991, not 0"),
    ("rules.0.effects.0.award", 10**50, "/rules/0/effects/0/award", "not a huge number"),
    ("rules.0.effects.0.award", float("nan"), "/rules/0/effects/0/award", "whole number, not nan"),
    ("rules.0.effects.1.multiply", 2, "/rules/0/effects/1/multiply", "as in 'multiply: {by: 2}'"),
    ("rules.0.effects.1.multiply.by", 1.2345, "/rules/0/effects/1/multiply/by", "three decimal places"),
    ("rules.0.effects.1.multiply.by", 1001, "/rules/0/effects/1/multiply/by", "from 0.001 to 1000"),
    ("rules.0.effects.1.multiply.by", 10**50, "/rules/0/effects/1/multiply/by", "from 0.001 to 1000"),
    ("rules.0.effects.1.multiply.by", float("inf"), "/rules/0/effects/1/multiply/by", "from 0.001 to 1000"),
    ("rules.0.effects.2.badge", "closr", "/rules/0/effects/2/badge", "did you mean 'closer'?"),
    ("rules.0.limits.0.count", ..., "/rules/0/limits/0", "needs 'count' (firings) or 'amount'"),
    ("rules.0.limits.0.amount", 5, "/rules/0/limits/0", "not both"),
    ("rules.0.limits.0.window", "dya", "/rules/0/limits/0/window", "did you mean 'day'?"),
    ("rules.0.limits.0.over", "cut", "/rules/0/limits/0/over", "a firing cannot be cut"),
    ("rules.0.limits.0.currency", "points", "/rules/0/limits/0/currency", "goes with 'amount'"),
    (
        "rules.0.limits.2",
        {"per": "member", "window": "day", "count": 9},
        "/rules/0/limits/2",
        "limits the same thing per member and day as limits[0]",
    ),
    ("rules.0.effects", [{"badge": "closer"}], "/rules/0/limits/1/amount", "awards no points"),
    ("budgets.0.window", "decade", "/budgets/0/window", "one of day, week, month, quarter, year, lifetime"),
    ("budgets.1", {"window": "month", "amount": 1}, "/budgets/1", "same currency and window as budgets[0]"),
]


@pytest.mark.parametrize("place, value, pointer, message", MISTAKES)
def test_one_mistake_is_one_problem_at_its_place(
    place: str, value: t.Any, pointer: str, message: str
) -> None:
    (found,) = problems(put(crm(), place, value))
    assert found.pointer == pointer
    assert message in found.message


CLAUSE = "/rules/0/conditions"
CLAUSE_MISTAKES: list[tuple[t.Any, str, str]] = [
    (
        {"field": "event.properties.valeu", "op": "ge", "value": 1},
        "/field",
        "unknown field 'event.properties.valeu'; did you mean 'event.properties.value'?",
    ),
    (
        {"field": "event.propertys.value", "op": "ge", "value": 1},
        "/field",
        "did you mean 'event.properties.value'",
    ),
    (
        {"field": "event.properties.zzz", "op": "ge", "value": 1},
        "/field",
        "event 'Win Opportunity' declares renewal",
    ),
    ({"field": "event.properties.buyer", "op": "is_set"}, "/field", "is personal"),
    ({"field": "member.traits.Email", "op": "is_set"}, "/field", "is personal"),
    ({"field": ["x"], "op": "is_set"}, "/field", "must be the name of a field"),
    (
        {"field": "event.properties.value", "op": "contains", "value": 1},
        "/op",
        "'contains' cannot be used on event.properties.value (number); allowed: gt, ge, lt, le, is_set, ",
    ),
    ({"field": "event.properties.value", "op": ">=", "value": 1}, "/op", "did you mean 'ge'?"),
    (
        {"field": "event.properties.value", "op": "==", "value": 1},
        "/op",
        "unknown operator '=='; allowed: gt",
    ),
    (
        {"field": "event.properties.value", "op": "ge", "value": "1"},
        "/value",
        "must be a number, not '1': write it without quotes",
    ),
    ({"field": "event.properties.value", "op": "ge", "value": "2.5 %"}, "/value", "did you mean '0.025'?"),
    ({"field": "Value", "op": "ge", "value": 1}, "/field", "did you mean 'event.properties.value'?"),
    ({"field": "hour", "op": "ge", "value": 1}, "/field", "did you mean 'event.hour'?"),
    ({"field": "event.hour", "op": "ge", "value": 25}, "/value", "must be from 0 to 24, not 25"),
    ({"field": "event.properties.value", "op": "ge", "value": float("nan")}, "/value", "finite"),
    ({"field": "event.properties.value", "op": "ge", "value": 2**53}, "/value", "must be within"),
    ({"field": "event.properties.value", "op": "ge"}, "", "missing key 'value': 'ge' needs one"),
    ({"field": "event.properties.value", "op": "is_set", "value": 1}, "/value", "'is_set' takes no value"),
    ({"field": "event.properties.value", "value": 1}, "", "missing key 'op'"),
    ({"feild": "event.properties.value", "op": "ge", "value": 1}, "/feild", "did you mean 'field'?"),
    ({"field": "event.properties.units", "op": "eq", "value": 1.5}, "/value", "must be a whole number"),
    ({"field": "event.properties.units", "op": "in", "value": 3}, "/value", "must be a list"),
    ({"field": "event.properties.units", "op": "in", "value": []}, "/value", "needs at least 1 entry"),
    ({"field": "event.properties.units", "op": "in", "value": [1] * 501}, "/value", "at most 500 entries"),
    (
        {"field": "event.properties.units", "op": "in", "value": [1, "2"]},
        "/value/1",
        "must be a whole number",
    ),
    ({"field": "event.properties.renewal", "op": "eq", "value": "true"}, "/value", "must be true or false"),
    ({"field": "event.properties.tags", "op": "has", "value": ["a"]}, "/value", "must be text, not a list"),
    ({"field": "company.traits.plan_name", "op": "eq", "value": "x" * 257}, "/value", "at most 256"),
    ({"field": "member.level", "op": "ge", "value": "sliver"}, "/value", "did you mean 'silver'?"),
    ({"field": "event.weekday", "op": "eq", "value": "Monday"}, "/value", "did you mean 'monday'?"),
    ({"al": [{"field": "event.hour", "op": "eq", "value": 1}]}, "/al", "did you mean 'all'?"),
    ({"and": [{"field": "event.hour", "op": "eq", "value": 1}]}, "/and", "did you mean 'all'?"),
    ({"OR": [{"field": "event.hour", "op": "eq", "value": 1}]}, "/OR", "did you mean 'any'?"),
    ({"all": []}, "/all", "needs at least 1 entry"),
    ({"all": [{"field": "event.hour", "op": "is_set"}], "any": []}, "", "'all' must stand alone"),
    ([{"field": "event.hour", "op": "is_set"}], "", "put the list under 'all:' or 'any:'"),
    ("event.hour > 3", "", "must be a mapping (key: value), not text"),
    ({}, "", "must be a clause (field, op, value)"),
]


@pytest.mark.parametrize("condition, pointer, message", CLAUSE_MISTAKES)
def test_one_mistake_in_a_condition_is_one_problem(condition: t.Any, pointer: str, message: str) -> None:
    (found,) = problems(put(crm(), "rules.0.conditions", condition))
    assert found.pointer == CLAUSE + pointer
    assert message in found.message


def test_a_mistake_in_a_declaration_is_not_reported_again_where_it_is_used() -> None:
    for place, value in [
        ("events.Win Opportunity.properties.value.type", "numbr"),
        ("events.Win Opportunity.properties", []),
        ("events", "x"),
        ("currencies", 3),
        ("currencies.points", 3),
        ("badges", []),
        ("levels.steps.1.id", "Not An Id"),
        ("levels", 1),
    ]:
        assert len(problems(put(crm(), place, value))) == 1, place


def test_what_the_text_reader_reported_is_passed_over() -> None:
    inner = [
        "events.Win Opportunity.properties.value",
        "rules.0.id",
        "rules.0.trigger",
        "rules.0.limits.0.per",
    ]
    for place in ["name", "currencies", "events", "levels", "rules.0", *inner]:
        assert check(put(crm(), place, UNREADABLE)) == (None, []), place


def test_a_number_too_long_to_print_is_reported() -> None:
    for place in ("rules.0.effects.0.award", "rules.0.effects.1.multiply.by", "name", "rules.0.trigger"):
        assert len(problems(put(crm(), place, 10**5000))) == 1


def test_a_currency_must_be_named_when_there_are_several() -> None:
    several = put(crm(), "currencies.gems", {})
    pointers = [found.pointer for found in problems(several)]
    assert pointers == ["/rules/0/effects/0/award", "/rules/0/effects/1/multiply", "/rules/0/limits/1"]
    several_words = "missing key 'currency': the program has several (points, gems)"
    assert problems(several)[0].message == several_words + "; write {currency: points, amount: 50}"
    assert problems(several)[1].message == several_words


def test_a_key_that_people_look_for_in_a_program_says_where_it_belongs() -> None:
    (found,) = problems(put(crm(), "timezone", "Europe/Berlin"))
    assert found.message.startswith("unknown key 'timezone'; each company has its own")


def test_duplicate_rule_ids_name_the_first() -> None:
    (found,) = problems(put(crm(), "rules.1", crm()["rules"][0]))
    assert found.pointer == "/rules/1/id"
    assert found.message == "duplicate rule id 'deal-won', first used by rules[0]"


@pytest.mark.parametrize(
    "by, thousandths", [(1.1, 1100), (0.001, 1), (1000, 1_000_000), (2, 2000), (1.005, 1005)]
)
def test_factors_are_exact_thousandths(by: float, thousandths: int) -> None:
    effects = [{"award": 50}, {"multiply": {"by": by}}]
    assert valid(put(crm(), "rules.0.effects", effects)).rules[0].effects[1] == Multiply(
        "points", thousandths
    )


def nested(depth: int) -> t.Any:
    condition: t.Any = {"field": "event.hour", "op": "ge", "value": 1}
    for _ in range(depth - 1):
        condition = {"not": condition}
    return condition


def test_conditions_have_a_depth_and_a_size() -> None:
    one = nested(1)
    assert valid(put(crm(), "rules.0.conditions", nested(6))).rules
    (found,) = problems(put(crm(), "rules.0.conditions", nested(7)))
    assert "at most 6 deep" in found.message
    assert valid(put(crm(), "rules.0.conditions", {"all": [one] * 64})).rules
    (found,) = problems(put(crm(), "rules.0.conditions", {"all": [{"any": [one] * 33}, {"any": [one] * 32}]}))
    assert found.message == "has 65 clauses; a rule may have at most 64"


def test_traits_are_found_by_any_spelling_and_numbers_are_spelt_one_way() -> None:
    condition = {"field": "company.traits.plan_name", "op": "eq", "value": "pro"}
    assert valid(put(crm(), "rules.0.conditions", condition)).rules[0].conditions == Clause(
        "company.traits.plan_name", "eq", "pro", "string"
    )
    for value in (INTEGER_MAX, 0.5, 1e300):
        numeric = {"field": "event.properties.value", "op": "ge", "value": value}
        read: Condition | None = valid(put(crm(), "rules.0.conditions", numeric)).rules[0].conditions
        assert isinstance(read, Clause)
        assert read.value == value


def test_a_hopeless_document_gets_a_bounded_answer() -> None:
    document = put(crm(), "rules", [{"id": f"Bad {n}", "triger": "x"} for n in range(1000)])
    found = problems(document)
    assert len(found) == PROBLEMS_MAX + 1
    assert found[-1].message == "more than 500 problems; the rest is not listed"


SCALARS: st.SearchStrategy[t.Any] = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.binary(max_size=2)
    | st.sampled_from(["points", "Win Opportunity", "all", "award", "\ud800", 10**50, UNREADABLE, object()])
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text(max_size=3) | st.integers() | st.sampled_from(list(crm())), inner, max_size=3
        )
    ),
    max_leaves=8,
)


def places(value: t.Any, path: tuple[t.Any, ...] = ()) -> t.Iterator[tuple[t.Any, ...]]:
    children = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, child in children:
        yield (*path, key)
        yield from places(child, (*path, key))


PLACES = list(places(crm()))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(PLACES), ANYTHING), max_size=4))
def test_check_never_raises_on_a_damaged_program(damage: list[tuple[tuple[t.Any, ...], t.Any]]) -> None:
    document: t.Any = crm()
    for path, value in damage:
        place = document
        for part in path[:-1]:
            usable = isinstance(place, dict) or (isinstance(place, list) and isinstance(part, int))
            present = usable and (part in place if isinstance(place, dict) else part < len(place))
            place = place[part] if present else {}
        if isinstance(place, dict) or (
            isinstance(place, list) and isinstance(path[-1], int) and path[-1] < len(place)
        ):
            place[path[-1]] = value
    program, _ = check(document)
    if program is not None:
        assert from_canonical(canonical(program)) == program


@settings(max_examples=50, deadline=None)
@given(ANYTHING)
def test_check_never_raises_on_anything(document: t.Any) -> None:
    program, found = check(document)
    assert program is None
    assert found or document is UNREADABLE
