"""The program of a company that runs a campaign of its own: the host's default with that campaign, and with points
that expire.

Owns facts only, as `engage program publish` takes them. The dates follow the last day of the recorded activity.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from examples.demo.companies import WEEKS, Company

POINTS_EXPIRE_DAYS = 90


def own_program(company: Company, default: Path, until: date) -> dict[str, Any]:
    campaign = company.campaign
    assert campaign is not None
    program: dict[str, Any] = YAML(typ="safe", pure=True).load(default.read_text("utf-8"))
    program["currencies"]["points"]["expires"] = {"after": {"days": POINTS_EXPIRE_DAYS}}
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
