"""The program of a company that runs a campaign of its own: the host's default with that campaign, and with points that
expire and that a reward can be bought with.

It awards what many people do in every week: what few do is not told, and with it what of the points expires. Owns facts
only, as `engage program publish` takes them. The dates follow the last day of the recorded activity.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from examples.demo.companies import WEEKS, Company

POINTS_EXPIRE_DAYS = 42
BUDGET = 100_000
REWARD = "lunch"
REWARD_COST = 60
AWARDED = frozenset(
    {
        "Inspection Created",
        "Inspection Completed",
        "Report Exported",
        "Issue Raised",
        "Issue Resolved",
        "Comment Added",
    }
)


def own_program(company: Company, default: Path, until: date) -> dict[str, Any]:
    campaign = company.campaign
    assert campaign is not None
    program: dict[str, Any] = YAML(typ="safe", pure=True).load(default.read_text("utf-8"))
    program["currencies"]["points"]["expires"] = {"after": {"days": POINTS_EXPIRE_DAYS}}
    program["rules"] = [rule for rule in program["rules"] if rule["trigger"] in AWARDED]
    program["budgets"][0]["amount"] = BUDGET
    program["rewards"] = [
        {"id": REWARD, "name": "Lunch with the crew", "cost": REWARD_COST, "approval": "automatic"}
    ]
    first = until - timedelta(weeks=WEEKS - campaign.first_week)
    last = first + timedelta(weeks=campaign.weeks, days=-1)
    program["campaigns"] = {
        campaign.id: {
            "name": campaign.name,
            "from": first.isoformat(),
            "until": last.isoformat(),
            "holdout": f"{campaign.holdout} %",
            "rules": [
                {
                    "id": f"{campaign.id}-inspection",
                    "name": "An inspection while every valve is seen",
                    "trigger": "Inspection Completed",
                    "effects": [{"award": 10}],
                    "limits": [{"per": "member", "window": "week", "count": 3}],
                }
            ],
        }
    }
    return program
