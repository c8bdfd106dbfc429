"""Budgets over HTTP: what is used and left, and what was told of it."""

from __future__ import annotations

from tests.web.conftest import Running

PROGRAM = """
name: Budgets
currencies: {points: {}}
events: {Report Exported: {}}
rules: [{id: export, trigger: Report Exported, effects: [award: 10]}]
budgets:
  - {window: lifetime, amount: 24}
  - {window: quarter, amount: 1000, over: refuse, alerts: []}
"""
PATH = "/v1/companies/acme/budgets"


async def test_a_budget_shows_what_is_used_and_told(running: Running) -> None:
    await running.publish(PROGRAM)
    await running.track()
    lifetime, quarter = (await running.server.get(PATH)).json()["data"]
    assert lifetime == {
        "currency": "points",
        "window": "lifetime",
        "amount": 24,
        "used": 10,
        "left": 14,
        "percent": 41,
        "over": "cut",
        "alerts": [80, 100],
        "told": 0,
    }
    assert quarter["from"] < quarter["until"]
    assert (quarter["used"], quarter["over"], quarter["alerts"]) == (10, "refuse", [])
    await running.track()
    (lifetime, _) = (await running.server.get(PATH)).json()["data"]
    assert (lifetime["used"], lifetime["percent"], lifetime["told"]) == (20, 83, 80)


async def test_only_a_server_key_reads_budgets(running: Running) -> None:
    await running.track()
    assert (await running.report.get(PATH)).status_code == 403
    assert (await running.server.get("/v1/companies/nobody/budgets")).status_code == 404
    assert (await running.server.get(PATH)).json() == {"data": []}
