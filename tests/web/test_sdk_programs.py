"""The client against the service itself: leave, nudges, campaigns and templates, as a host calls them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from engage_sdk import AsyncClient, ConflictError, NotFoundError

from tests.actions.test_templates import NEWER, TEMPLATE
from tests.places import ON_SQLITE
from tests.web.conftest import Running

TODAY = datetime.now(UTC).date()
PROGRAM = f"""
name: Programs
currencies: {{points: {{}}}}
events: {{Report Exported: {{}}}}
nudges: {{well-done: {{text: Well done.}}}}
streaks: [{{id: daily, event: Report Exported, days: all}}]
rules: [{{id: export, trigger: Report Exported, effects: [nudge: well-done]}}]
campaigns:
  launch:
    from: {TODAY - timedelta(days=9)}
    until: {TODAY + timedelta(days=9)}
    rules: [{{id: bonus, trigger: Report Exported, effects: [award: 20]}}]
"""
WEEK = {"first": TODAY - timedelta(days=99), "last": TODAY - timedelta(days=93)}


@pytest.fixture
async def client(running: Running) -> AsyncIterator[AsyncClient]:
    def http() -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.ASGITransport(app=running.service))

    async with AsyncClient("http://engage.test", key=running.keys["server"], make_http=http) as made:
        yield made


@ON_SQLITE
async def test_leave_nudges_and_campaigns(running: Running, client: AsyncClient) -> None:
    await running.publish(PROGRAM)
    await running.track()
    [streak] = await client.members.leave("acme", "emp-1", **WEEK, reason="summer")
    assert (streak.id, streak.current) == ("daily", 1)
    assert await client.members.restore_streak("acme", "emp-1", "daily", reason="a mistake") == (streak,)
    [nudge] = (await client.members.get("acme", "emp-1")).nudges
    assert (nudge.id, nudge.text, nudge.opened) == ("well-done", "Well done.", False)
    seen = await client.members.open_nudge("acme", "emp-1", "well-done")
    assert seen.opened
    assert seen.opened_at is not None
    [counts] = await client.nudges.list("acme")
    assert (counts.sent, counts.opened, counts.rates.opened) == (1, 1, 100.0)
    [campaign] = await client.campaigns.list("acme")
    assert (campaign.id, campaign.state, campaign.awarded) == ("launch", "running", {"points": 20})
    assert (await client.campaigns.pause("acme", "launch", reason="too dear")).state == "paused"
    assert (await client.campaigns.resume("acme", "launch", reason="paid")).state == "running"
    ended = await client.campaigns.end("acme", "launch", reason="done", actor="ann")
    assert ended.stopped is not None
    assert (ended.stopped.step, ended.stopped.actor) == ("end", "ann")
    with pytest.raises(ConflictError):
        await client.campaigns.resume("acme", "launch", reason="again")
    days = {"first_day": TODAY + timedelta(days=20), "last_day": TODAY + timedelta(days=30)}
    draft = await client.campaigns.clone("acme", "launch", id="launch-2", **days)
    assert "launch-2" in draft.document
    assert await client.campaigns.get("acme", "launch") == ended


@ON_SQLITE
async def test_templates(running: Running, client: AsyncClient) -> None:
    await running.track()
    put = running.server.put
    assert (await put("/v1/program-templates/sales", content=TEMPLATE)).status_code == 200
    assert [one.id async for one in client.templates.list(industry="software")] == ["sales"]
    assert (await client.templates.get("sales", version=1)).document == TEMPLATE
    with pytest.raises(NotFoundError):
        await client.templates.followed("acme")
    draft = await client.templates.start("acme", "sales", overrides={"/name": "Acme"}, actor="ann")
    assert "Acme" in draft.document
    published = await running.server.post("/v1/companies/acme/program/publish", json={})
    assert published.is_success, published.text
    await put("/v1/program-templates/sales", content=NEWER)
    assert [one.version async for one in client.templates.versions("sales")] == [2, 1]
    assert (await client.templates.followed("acme")).proposed
    proposal = await client.templates.proposal("acme")
    assert (proposal.proposed, proposal.problems) == (2, ())
    assert proposal.changes
    assert not (await client.templates.decline("acme", version=2)).proposed
    assert (await client.templates.accept("acme", version=2)).changed
    assert (await client.templates.leave("acme")).company == "acme"
