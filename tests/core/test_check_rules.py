"""Checking what rules may say beyond the plainest: formulas, groups, audiences."""

from __future__ import annotations

import typing as t

import pytest

from engage.core.conditions import Clause, Condition
from engage.core.program import Limit
from tests.core.test_check import Document, crm, problems, put, valid

ROLE = "member.traits.role"
ROLLING = {"per": "member", "rolling": {"days": 7}, "count": 1}
ROLLING_TOO = {"per": "member", "rolling": {"days": 30}}
VALUE = "event.properties.value"
RATE = {"of": VALUE, "rate": 0.5}

# place, what is put there, where the one problem is, what it says
MISTAKES: list[tuple[str, t.Any, str, str]] = [
    ("rules.0.effects.0", {"advance": "nothing"}, "/rules/0/effects/0/advance", "unknown quest 'nothing'"),
    ("rules.0.effects.0", {"advance": {"by": 2}}, "/rules/0/effects/0/advance", "missing key 'quest'"),
    ("rules.0.effects.0", {"webhook": "Big Deal"}, "/rules/0/effects/0/webhook", "is not an id"),
    ("rules.0.effects.0", {"webhook": {"send": [VALUE]}}, "/rules/0/effects/0/webhook", "missing key 'name'"),
    (
        "rules.0.effects.0",
        {"webhook": {"name": "big", "send": [ROLE]}},
        "/rules/0/effects/0/webhook/send/0",
        "must be a property of the event",
    ),
    (
        "rules.0.effects.0",
        {"webhook": {"name": "big", "send": [VALUE + "s"]}},
        "/rules/0/effects/0/webhook/send/0",
        "did you mean",
    ),
    (
        "rules.0.effects.0.award",
        {"points": 10},
        "/rules/0/effects/0/award",
        "must be {currency: points, amount: 10}, not {points: 10}",
    ),
    ("rules.0.effects.0.award", {"rate": 0.02}, "/rules/0/effects/0/award", "missing key 'of'"),
    (
        "rules.0.effects.0.award",
        {"of": VALUE},
        "/rules/0/effects/0/award",
        "'rate' or 'brackets', to say how",
    ),
    (
        "rules.0.effects.0.award",
        {"of": VALUE, "rate": 1, "brackets": []},
        "/rules/0/effects/0/award",
        "not both",
    ),
    (
        "rules.0.effects.0.award",
        {"of": VALUE, "rate": 1, "mix": 3},
        "/rules/0/effects/0/award/mix",
        "mean 'm",
    ),
    (
        "rules.0.effects.0.award",
        {"of": VALUE + "s", "rate": 1},
        "/rules/0/effects/0/award/of",
        "did you mean",
    ),
    (
        "rules.0.effects.0.award",
        {"of": "event.properties.tags", "rate": 1},
        "/rules/0/effects/0/award/of",
        "is of type list; a formula needs an integer or a number",
    ),
    (
        "rules.0.effects.0.award",
        RATE | {"rate": 0},
        "/rules/0/effects/0/award/rate",
        "from 0.000001 to 1000000",
    ),
    ("rules.0.effects.0.award", RATE | {"rate": 1e-7}, "/rules/0/effects/0/award/rate", "from 0.000001"),
    (
        "rules.0.effects.0.award",
        RATE | {"rate": 1.0000001},
        "/rules/0/effects/0/award/rate",
        "six decimal places",
    ),
    (
        "rules.0.effects.0.award",
        RATE | {"round": "off"},
        "/rules/0/effects/0/award/round",
        "half_even, down, up",
    ),
    (
        "rules.0.effects.0.award",
        RATE | {"min": 9, "max": 8},
        "/rules/0/effects/0/award/max",
        "at least 'min' (9)",
    ),
    ("rules.0.effects.0.award", RATE | {"min": -1}, "/rules/0/effects/0/award/min", "must be from 0 to"),
    (
        "rules.0.effects.0.award",
        {"of": VALUE, "brackets": [{"from": 0, "amount": 1}, {"from": 0, "rate": 1}]},
        "/rules/0/effects/0/award/brackets/1/from",
        "must be more than the bracket before (0)",
    ),
    (
        "rules.0.effects.0.award",
        {"of": VALUE, "brackets": [{"from": -1, "amount": 1}]},
        "/rules/0/effects/0/award/brackets/0/from",
        "must be from 0 to 1000000000000",
    ),
    (
        "rules.0.effects.0.award",
        {"of": VALUE, "brackets": [{"from": 1}]},
        "/rules/0/effects/0/award/brackets/0",
        "needs 'amount' or 'rate', to say how much",
    ),
    ("department", "role", "/department", "NAME, not 'role'; did you mean 'member.traits.role'?"),
    ("role", "Role", "/role", "did you mean 'member.traits.role'?"),
    ("role", "trait.role", "/role", "did you mean 'member.traits.role'?"),
    ("department", "member.traits.rule", "/department", "did you mean 'member.traits.role'?"),
    ("department", "member.traits.email", "/department", "is personal"),
    ("role", {"manager": ["x"]}, "/role", "missing key 'trait'"),
    (
        "role",
        {"trait": ROLE, "manager": ["x"], "executor": ["y", "x"]},
        "/role/executor/1",
        "'x' is manager already",
    ),
    ("role", {"trait": ROLE, "manger": ["x"]}, "/role/manger", "did you mean 'manager'?"),
    ("audience", "sale", "/audience", "unknown audience 'sale'; declared: none"),
    ("rules.0.audience", "sale", "/rules/0/audience", "unknown audience 'sale'; declared: none"),
    ("audiences", {"sale": {}}, "/audiences/sale", "missing key 'conditions'"),
    (
        "audiences",
        {"sale": {"conditions": {"field": "event.hour", "op": "ge", "value": 9}}},
        "/audiences/sale/conditions/field",
        "this is about members, not an event, so 'event.hour' cannot be used",
    ),
    (
        "audiences",
        {"sale": {"conditions": {"field": "member.department", "op": "eq", "value": "a"}}},
        "/audiences/sale/conditions/field",
        "'member.department' cannot be used: the program has no 'department'",
    ),
    (
        "audiences",
        {"sale": {"conditions": {"field": "member.role", "op": "eq", "value": "manager"}}},
        "/audiences/sale/conditions/field",
        "'member.role' cannot be used: the program has no 'role'",
    ),
    ("rules.0.group", "bonus", "/rules/0/group", "unknown group 'bonus'; declared: none"),
    ("groups", {"bonus": {}}, "/groups/bonus", "missing key 'pick'"),
    ("groups", {"bonus": {"pick": "bets"}}, "/groups/bonus/pick", "did you mean 'best'?"),
    (
        "groups",
        {"bonus": {"pick": "best", "currency": "coins"}},
        "/groups/bonus/currency",
        "unknown currency",
    ),
    (
        "groups",
        {"bonus": {"pick": "all", "currency": "points"}},
        "/groups/bonus/currency",
        "with 'pick: best'",
    ),
    ("rules.0.limits.0.per", "department", "/rules/0/limits/0/per", "the program has no 'department'"),
    ("rules.0.limits.0", {"rolling": {"days": 7}, "count": 1}, "/rules/0/limits/0", "missing key 'per'"),
    (
        "rules.0.limits.0",
        ROLLING | {"rolling": {"weeks": 7}},
        "/rules/0/limits/0/rolling/weeks",
        "unknown key",
    ),
    (
        "rules.0.limits.0",
        ROLLING | {"rolling": {"hours": 9}},
        "/rules/0/limits/0/rolling",
        "must be {days: 7}",
    ),
    ("rules.0.limits.0", ROLLING | {"rolling": {}}, "/rules/0/limits/0/rolling", "must be {days: 7}"),
    (
        "rules.0.limits.0",
        ROLLING | {"rolling": {"days": 367}},
        "/rules/0/limits/0/rolling/days",
        "from 1 to 366",
    ),
    ("rules.0.limits.0", ROLLING | {"window": "day"}, "/rules/0/limits/0/window", "unknown key 'window'"),
    ("rules.0.limits.0", {"cooldown": 4}, "/rules/0/limits/0/cooldown", "must be a mapping"),
    (
        "rules.0.limits.0",
        {"cooldown": {"hours": 4, "days": 1}},
        "/rules/0/limits/0/cooldown",
        "must be {days: 7} or {hours: 7}",
    ),
    ("rules.0.limits.0", {"first": 0}, "/rules/0/limits/0/first", "must be from 1 to"),
    ("rules.0.limits.0", {"first": 3, "count": 1}, "/rules/0/limits/0/count", "unknown key 'count'"),
    ("rules.0.limits.2", ROLLING_TOO, "/rules/0/limits/2", "needs 'count' (firings) or 'amount'"),
    ("budgets.0.alerts", [0], "/budgets/0/alerts/0", "must be from 1 to 100"),
    ("budgets.0.alerts", [80, 80], "/budgets/0/alerts/1", "must be more than the one before (80)"),
    ("rules.0.effects.0", {"tag": "vip"}, "/rules/0/effects/0/tag", "unknown tag 'vip'; declared: none"),
    ("rules.0.effects.0", {"nudge": "hi"}, "/rules/0/effects/0/nudge", "unknown nudge 'hi'; declared: none"),
    ("nudges", {"hi": {}}, "/nudges/hi", "missing key 'text'"),
    ("nudges", {"hi": {"text": "x" * 501}}, "/nudges/hi/text", "must be at most 500 characters, has 501"),
    ("tags", {"Vip": {}}, "/tags/Vip", "did you mean 'vip'?"),
    (
        "rules.0.conditions",
        {"field": "member.tags", "op": "has", "value": "vip"},
        "/rules/0/conditions/value",
        "unknown tag 'vip'",
    ),
]


@pytest.mark.parametrize("place, value, pointer, message", MISTAKES)
def test_one_mistake_is_one_problem_at_its_place(
    place: str, value: t.Any, pointer: str, message: str
) -> None:
    (found,) = problems(put(crm(), place, value))
    assert found.pointer == pointer
    assert message in found.message


def test_limits_of_every_kind_are_read() -> None:
    written = [
        {"per": "department", "window": "quarter", "amount": 9, "over": "refuse"},
        ROLLING,
        ROLLING | {"rolling": {"days": 30}},
        {"cooldown": {"hours": 4}},
        {"cooldown": {"days": 2}, "per": "company"},
        {"first": 100},
    ]
    limits = valid(put(put(crm(), "department", ROLE), "rules.0.limits", written)).rules[0].limits
    assert limits == (
        Limit("deal-won", "department", "quarter", amount=9, currency="points", over="refuse"),
        Limit("deal-won", "member", "rolling", count=1, over="refuse", days=7),
        Limit("deal-won", "member", "rolling", count=1, over="refuse", days=30),
        Limit("deal-won", "member", "cooldown", count=1, over="refuse", hours=4),
        Limit("deal-won", "company", "cooldown", count=1, over="refuse", days=2),
        Limit("deal-won", "company", "lifetime", count=100, over="refuse", first=True),
    )
    assert len({limit.key for limit in limits}) == len(limits)


def test_department_and_role_are_clauses_on_their_traits() -> None:
    def audience(condition: Document, role: t.Any = ROLE) -> Condition:
        document = put(put(crm(), "department", "member.traits.Role"), "role", role)
        made = valid(put(document, "audiences", {"some": {"conditions": condition}}))
        assert made.department == "role"
        return made.audiences["some"].conditions

    department = {"field": "member.department", "op": "ne", "value": "sales"}
    assert audience(department) == Clause(ROLE, "ne", "sales", "string")
    ne = {"field": "member.role", "op": "ne", "value": "manager"}
    assert audience(ne) == Clause(ROLE, "not_in", ("manager",), "string")
    mapped = {"trait": ROLE, "manager": ["lead", "head"], "executor": ["clerk"]}
    several = {"field": "member.role", "op": "in", "value": ["executor", "manager"]}
    assert audience(several, mapped) == Clause(ROLE, "in", ("clerk", "lead", "head"), "string")
    unset = {"field": "member.role", "op": "is_not_set"}
    assert audience(unset, mapped) == Clause(ROLE, "is_not_set", None, "string")
    document = put(put(crm(), "role", mapped), "rules.0.conditions", ne | {"value": "boss"})
    (found,) = problems(document)
    assert "must be one of decision_maker, manager, executor" in found.message


def test_a_rule_of_an_exclusive_group_cannot_multiply() -> None:
    grouped = put(crm(), "groups", {"bonus": {"pick": "all"}})
    grouped = put(grouped, "rules.0.group", "bonus")
    assert valid(grouped).rules[0].group == "bonus"
    (found,) = problems(put(grouped, "groups.bonus.pick", "best"))
    assert found.pointer == "/rules/0/effects/1/multiply"
    assert "cannot multiply" in found.message


AWARD = "rules.0.effects.0.award"
GOAL = [{"id": "visits", "goal": {"event": "Report Exported", "reach": 4}}]
# place, what is put there, where the one problem is, what it says: with two currencies
SPELT_WRONG: list[tuple[str, t.Any, str, str]] = [
    (AWARD, {"point": 10}, "", "must be {currency: points, amount: 10}, not {point: 10}"),
    (AWARD, {"star": 10}, "", "must be {currency: stars, amount: 10}, not {star: 10}"),
    (AWARD, {"price": 10}, "", "must be {currency: points, amount: 10}, not {price: 10}"),
    (AWARD, {"amout": 10, "currency": "points"}, "/amout", "did you mean 'amount'?"),
    (AWARD, {"currancy": "points", "amount": 10}, "/currancy", "did you mean 'currency'?"),
    (AWARD, {"of": VALUE, "rat": 1, "currency": "points"}, "/rat", "did you mean 'rate'?"),
    (
        AWARD,
        {"of": VALUE, "brackets": [{"from": 0, "rte": 1}], "currency": "points"},
        "/brackets/0/rte",
        "did you mean 'rate'?",
    ),
    ("rules.0.limits.0", {"per": "member", "window": "day", "cont": 5}, "/cont", "did you mean 'count'?"),
    (
        "rules.0.limits.0",
        {"per": "member", "window": "day", "amount": 5, "curency": "points"},
        "/curency",
        "did you mean 'currency'?",
    ),
    ("budgets.0", {"curency": "points", "window": "month", "amount": 5}, "/curency", "did you mean"),
    ("rules.0.conditions", {"field": VALUE, "op": "ge", "valu": 1}, "/valu", "did you mean 'value'?"),
    ("quests.0.goal", {"event": "Report Exported", "reech": 4}, "/reech", "did you mean 'reach'?"),
    (
        "rules.0.trigger",
        {"expiring": {"days": 3, "curency": "points"}},
        "/expiring/curency",
        "did you mean 'currency'?",
    ),
    ("rewards.0.cost", {"point": 100}, "", "must be {currency: points, amount: 100}, not {point: 100}"),
]


@pytest.mark.parametrize("place, value, pointer, message", SPELT_WRONG)
def test_what_is_only_misspelt_is_not_missing_too(
    place: str, value: t.Any, pointer: str, message: str
) -> None:
    document = put(crm(), "currencies.stars", {})
    for where, said in (
        (AWARD, {"currency": "points", "amount": 50}),
        ("rules.0.effects.1.multiply", {"currency": "points", "by": 1.5}),
        ("rules.0.limits", [{"per": "member", "window": "week", "count": 5}]),
        ("levels.currency", "points"),
        ("budgets.0.currency", "points"),
        ("rewards", [{"id": "mug", "cost": {"currency": "points", "amount": 100}}]),
        ("quests", GOAL),
    ):
        document = put(document, where, said)
    assert problems(document) == []
    if place == "rules.0.trigger":
        document = put(document, "rules.0.conditions", ...)
    (found,) = problems(put(document, place, value))
    assert found.pointer == "/" + place.replace(".", "/") + pointer
    assert message in found.message
