"""The programs that decide the traffic."""

from __future__ import annotations

import json
from typing import Any, Final

QUICKSTART: Final = """\
name: Quickstart
currencies:
  points: {}
events:
  Report Exported: {}
rules:
  - id: report-exported
    trigger: Report Exported
    effects:
      - award: 10
"""
"""The smallest useful program, as in examples/programs/quickstart.yaml."""

RULES_EVENTS: Final = tuple(f"Feature {n} Used" for n in range(10))


def fifty_rules() -> dict[str, Any]:
    """Fifty rules over ten events: each event is looked at by five, with conditions, limits, a multiplier, a badge,
    levels and a budget."""
    rules = []
    for name in RULES_EVENTS:
        slug = name.lower().replace(" ", "-")
        rules += [
            {
                "id": f"{slug}-base",
                "trigger": name,
                "effects": [{"award": 5}],
                "limits": [{"per": "member", "window": "day", "count": 20}],
            },
            {
                "id": f"{slug}-long",
                "trigger": name,
                "conditions": {"field": "event.properties.pages", "op": "ge", "value": 20},
                "effects": [{"award": 3}],
                "limits": [{"per": "member", "window": "week", "amount": 300}],
            },
            {
                "id": f"{slug}-shared",
                "trigger": name,
                "conditions": {
                    "all": [
                        {"field": "event.properties.shared", "op": "eq", "value": True},
                        {"field": "event.properties.format", "op": "in", "value": ["pdf", "html"]},
                    ]
                },
                "effects": [{"award": 2}],
            },
            {
                "id": f"{slug}-double",
                "trigger": name,
                "conditions": {"field": "event.properties.pages", "op": "ge", "value": 38},
                "effects": [{"multiply": {"by": 2}}],
            },
            {
                "id": f"{slug}-first",
                "trigger": name,
                "conditions": {"not": {"field": "member.level", "op": "ge", "value": "gold"}},
                "effects": [{"award": 1}, {"badge": "explorer"}],
                "limits": [{"per": "member", "window": "lifetime", "count": 5}],
            },
        ]
    declared = {"type": "integer"}, {"type": "string"}, {"type": "boolean"}
    properties = dict(zip(("pages", "format", "shared"), declared, strict=True))
    return {
        "name": "Fifty rules",
        "currencies": {"points": {}},
        "events": {name: {"properties": properties} for name in RULES_EVENTS},
        "badges": {"explorer": {"name": "Explorer"}},
        "levels": {
            "currency": "points",
            "steps": [
                {"id": "bronze", "threshold": 0},
                {"id": "silver", "threshold": 100},
                {"id": "gold", "threshold": 1000},
            ],
        },
        "rules": rules,
        "budgets": [{"currency": "points", "window": "month", "amount": 1_000_000_000}],
    }


def everything() -> dict[str, Any]:
    """The same fifty rules, and whatever else a program can have that an event does something to."""
    program = fifty_rules()
    rules = [
        rule | {"audience": "people"} if rule["id"].endswith("-shared") else rule for rule in program["rules"]
    ]
    rules.append({"id": "newcomer", "trigger": {"level": "any"}, "effects": [{"award": 1}]})
    program["currencies"]["points"]["expires"] = {"after": {"months": 12}, "round": "quarter"}
    program["levels"] |= {
        "basis": {"rolling": {"months": 12}},
        "review": {"on": {"rolling": {"months": 12}}, "grace": {"days": 14}},
    }
    return program | {
        "name": "Everything",
        "traits": {"member": {"team": {"type": "string"}}},
        "department": "member.traits.team",
        "audiences": {"people": {"conditions": {"field": "member.department", "op": "is_not_set"}}},
        "rules": rules,
        "quests": [
            {
                "id": f"quest-{n}",
                "goal": {"event": name, "reach": 20},
                "repeats": "month",
                "effects": [{"award": 10}],
            }
            for n, name in enumerate(RULES_EVENTS)
        ],
        "rewards": [{"id": "mug", "cost": 100, "stock": 1000}],
    }


def document(program: dict[str, Any]) -> str:
    """As it is published: JSON, which is YAML as well."""
    return json.dumps(program)
