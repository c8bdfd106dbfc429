"""Campaigns over HTTP: where they stand, what they cost and moved, and what an administrator does to them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.web.conftest import PROGRAM, Running
from tests.web.test_openapi import validator

CAMPAIGNS = "/v1/companies/acme/campaigns"
BUNDLE = """
campaigns:
  launch:
    name: Launch
    from: %s
    until: %s
    budgets: [{amount: 30, currency: points}]
    rules:
      - {id: bonus, trigger: Report Exported, effects: [award: 20]}
  later: {from: 2999-01-01, until: 2999-02-01}
"""


async def test_a_campaign_is_read_paused_ended_and_copied(running: Running) -> None:
    today = datetime.now(UTC).date()
    first, yesterday = today - timedelta(days=90), today - timedelta(days=1)
    await running.publish(PROGRAM + BUNDLE % (first, today + timedelta(days=90)))
    await running.track(timestamp=f"{yesterday}T10:00:00Z")
    await running.track(timestamp=f"{yesterday}T11:00:00Z")
    document = (await running.server.get("/openapi.json")).json()

    async def call(method: str, path: str, status: int = 200, **sent: Any) -> Any:
        answer = await running.server.request(method, CAMPAIGNS + path, **sent)
        assert answer.status_code == status, answer.text
        if status == 200:
            at = (CAMPAIGNS + path).replace("/acme/", "/{company}/").replace("/launch", "/{campaign}")
            found = document["paths"][at][method.lower()]["responses"]["200"]
            schema = found["content"][answer.headers["content-type"]]["schema"]
            assert not list(validator(document, schema).iter_errors(answer.json())), path
        return answer.json()

    launch, later = (await call("GET", ""))["data"]
    assert (later["state"], later["rules"], later["members"]) == ("planned", [], 0)
    assert launch == launch | {
        "state": "running",
        "first_day": first.isoformat(),
        "rules": ["bonus"],
        "stopped": None,
        "awarded": {"points": 30},
        "budgets": {"points": {"amount": 30, "left": 0}},
        "firings": 2,
        "members": 1,
    }
    assert (launch["activity"]["events"], launch["activity"]["events_before"]) == (2, 0)
    why = {"reason": "too dear", "actor": "olga"}
    stopped = (await call("POST", "/launch/pause", json=why))["stopped"]
    assert (stopped["step"], stopped["actor"], stopped["reason"]) == ("pause", "olga", "too dear")
    await running.track()
    [newest, *_] = (await running.server.get("/v1/companies/acme/members/emp-1/decisions")).json()["data"]
    assert newest["rules"][-1] == {
        "rule": "bonus",
        "name": "Bonus",
        "verdict": "campaign",
        "text": "campaign launch is paused by olga",
    }
    assert (await call("POST", "/launch/resume", json=why))["state"] == "running"
    copy = {"id": "again", "first_day": "2999-03-01", "last_day": "2999-03-31"}
    assert "bonus-again" in (await call("POST", "/launch/clone", json=copy))["document"]
    assert (await call("POST", "/launch/end", json=why))["state"] == "ended"
    await call("POST", "/launch/pause", 409, json=why)
    await call("GET", "/nothing", 404)
    assert (await running.report.get(CAMPAIGNS)).status_code == 403
