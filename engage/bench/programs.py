"""The programs that decide the traffic."""

from __future__ import annotations

import json
from typing import Final

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


def fifty_rules() -> str:
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
    program = {
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
    return json.dumps(program)  # which is YAML as well
