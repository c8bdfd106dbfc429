"""A member's stage over HTTP: in the member view, and as what triggered a rule."""

from __future__ import annotations

from engage_sdk import models

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
