"""A member's stage over HTTP: in the member view, and as what triggered a rule."""

from __future__ import annotations

from engage_sdk import models

from engage.actions.score import score_companies
from engage.actions.terms import record_terms
from tests.web.conftest import Running

PROGRAM = """
name: Stages
currencies: {points: {}}
traits: {member: {status: {type: string}}}
events: {Report Exported: {}}
lifecycle: {member: {left: {trait: member.traits.status}}}
rules:
  - {id: hello, trigger: {stage: new}, effects: [award: 5]}
  - {id: bye, trigger: {stage: left, from: new}, effects: [award: 2]}
"""
ENDED = {"groupId": "acme", "term_start": "2020-01-01", "term_end": "2021-01-01", "outcome": "churned"}


async def test_a_member_shows_the_stage_and_what_it_brought(running: Running) -> None:
    await running.publish(PROGRAM)
    await running.track()
    path = "/v1/companies/acme/members/emp-1"
    shown = (await running.server.get(path)).json()
    assert (shown["stage"], shown["balances"]["points"]["active"]) == ("new", 5)
    assert models.decode(models.Member, shown).stage == "new"
    (decision,) = (await running.server.get(f"{path}/decisions")).json()["data"]
    assert [(one["rule"], one["text"]) for one in decision["rules"]] == [("hello", "fired")]
    said = {"userId": "emp-1", "traits": {"status": "left"}, "context": {"groupId": "acme"}}
    assert (await running.server.post("/v1/identify", json=said)).status_code == 200
    shown = (await running.server.get(path)).json()
    # The day on which the host says it was active already: who acts on a later one has come back.
    assert (shown["stage"], shown["balances"]["points"]["active"]) == ("left", 7)


async def test_a_report_key_is_not_told_the_members_of_now(running: Running) -> None:
    await running.track()
    for client, members in ((running.server, 1), (running.report, None)):
        (listed,) = (await client.get("/v1/companies")).json()["data"]
        assert (listed["members"], (await client.get("/v1/companies/acme")).json()["members"]) == (
            members,
        ) * 2


async def test_a_company_without_a_score_has_no_stage(running: Running) -> None:
    await running.publish(PROGRAM)
    await running.track()
    assert (await running.server.get("/v1/companies/acme")).json()["stage"] is None
    await record_terms(running.database, [ENDED])
    await score_companies(running.database)
    shown = (await running.server.get("/v1/companies/acme")).json()
    assert (shown["stage"], models.decode(models.Company, shown).stage) == ("churned", "churned")
    (row,) = (await running.server.get("/v1/portfolio")).json()["data"]
    assert row["stage"] == "churned"
    points = (await running.server.get("/v1/companies/acme/health/history")).json()["data"]
    assert [one["stage"] for one in points] == ["churned"]
