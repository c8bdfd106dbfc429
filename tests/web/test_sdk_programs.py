"""The client against the service itself, and against `FakeEngage`: leave, nudges, campaigns and templates."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from copy import deepcopy
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest
from engage_sdk import (
    AsyncClient,
    ConflictError,
    InvalidArgument,
    InvalidRequestError,
    NotFoundError,
    ServiceError,
)
from engage_sdk._fake_yaml import read_yaml
from engage_sdk.models import JudgedIntervention
from engage_sdk.testing import FakeEngage

from engage.document import read_plain
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
    draft = await client.campaigns.clone("acme", "launch", id="launch-2", **days(20, 30))
    assert "launch-2" in draft.document
    assert await client.campaigns.get("acme", "launch") == ended


TEMPLATE: dict[str, Any] = {
    "id": "sales",
    "name": "Sales",
    "industry": "software",
    "open": ["/name", "/rules/*/effects"],
    "program": {
        "name": "Sales",
        "currencies": {"points": {}},
        "events": {"Deal Won": {}, "Meeting Held": {}},
        "rules": [
            {"id": "deal", "trigger": "Deal Won", "effects": [{"award": 20}]},
            {"id": "meeting", "trigger": "Meeting Held", "effects": [{"award": 5}]},
        ],
    },
}


def newer(award: int) -> dict[str, Any]:
    made = deepcopy(TEMPLATE)
    made["program"]["rules"][0]["effects"] = [{"award": award}]
    made["open"] = ["/rules/*/effects"]
    return made


async def templates_are_published_followed_and_renewed(client: AsyncClient) -> None:
    """A story that the service and `FakeEngage` must tell alike."""
    made = await client.templates.publish("sales", TEMPLATE, actor="ann")
    assert (made.version, made.unchanged) == (1, False)
    again = await client.templates.publish("sales", TEMPLATE)
    assert (again.version, again.unchanged, again.hash) == (1, True, made.hash)
    with pytest.raises(InvalidRequestError):
        await client.templates.publish("other", TEMPLATE)
    with pytest.raises(InvalidRequestError):
        await client.templates.publish("sales", {"id": "sales"})
    assert [one.id async for one in client.templates.list(industry="software")] == ["sales"]
    assert [one.id async for one in client.templates.list(industry="rail")] == []
    found = await client.templates.get("sales", version=1)
    assert (found.version, found.actor, found.open) == (1, "ann", ("/name", "/rules/*/effects"))
    for call in (client.templates.followed("acme"), client.templates.get("sales", version=2)):
        with pytest.raises(NotFoundError):
            await call
    with pytest.raises(InvalidRequestError):
        await client.templates.start("acme", "sales", overrides={"/rules/deal/trigger": "Meeting Held"})
    own = {"/name": "Acme", "/rules/deal/effects": [{"award": 40}]}
    draft = await client.templates.start("acme", "sales", overrides=own, actor="ann")
    assert "Acme" in draft.document
    assert "40" in draft.document
    with pytest.raises(NotFoundError):
        await client.templates.proposal("acme")
    assert (await client.templates.publish("sales", newer(30))).version == 2
    assert [one.version async for one in client.templates.versions("sales")] == [2, 1]
    followed = await client.templates.followed("acme")
    assert (followed.version, followed.newest, followed.proposed) == (1, 2, True)
    assert {one["pointer"] for one in followed.overrides} == own.keys()
    proposal = await client.templates.proposal("acme")
    assert {(one["pointer"], one["why"], one["kept"]) for one in proposal.conflicts} == {
        ("/name", "closed", "template"),
        ("/rules/deal/effects", "both", "company"),
    }
    assert [(one["kind"], one["pointer"]) for one in proposal.changes] == [("changed", "/name")]
    taken = await client.templates.proposal("acme", take=["/rules/deal/effects"])
    assert [one["pointer"] for one in taken.conflicts] == ["/name"]
    assert {one["pointer"] for one in taken.changes} == {"/name", "/rules/deal/effects"}
    with pytest.raises(InvalidRequestError, match="says nothing of its own at /rules/deal/effect"):
        await client.templates.proposal("acme", take=["/rules/deal/effect"])
    with pytest.raises(InvalidRequestError, match="says nothing of its own at /rules/meeting"):
        await client.templates.accept("acme", version=2, take=["/rules/meeting"])
    assert not (await client.templates.decline("acme", version=2)).proposed
    assert (await client.templates.proposal("acme")).declined
    with pytest.raises(ConflictError):
        await client.templates.accept("acme", version=1)
    accepted = await client.templates.accept("acme", version=2)
    assert "Acme" not in accepted.document
    assert "40" in accepted.document
    assert not (await client.templates.followed("acme")).proposed
    assert (await client.templates.leave("acme")).company == "acme"
    with pytest.raises(NotFoundError):
        await client.templates.followed("acme")


@ON_SQLITE
async def test_templates(running: Running, client: AsyncClient) -> None:
    await running.track()
    await templates_are_published_followed_and_renewed(client)
    await templates_are_published_as_yaml(client)


RAIL = """
id: rail
name: Rail
program:
  name: on  # text, as a day is
  currencies: {points: }
  events: {Ride: {properties: {km: {type: number}, night: {type: boolean}}}}
  calendar: {holidays: [2026-12-24]}
  rules: [{id: ride, trigger: Ride, effects: [{award: 010}, {multiply: {by: 1.5}}]}]
"""
READ = {
    "name": "on",
    "currencies": {"points": None},
    "events": {"Ride": {"properties": {"km": {"type": "number"}, "night": {"type": "boolean"}}}},
    "calendar": {"holidays": ["2026-12-24"]},
    "rules": [{"id": "ride", "trigger": "Ride", "effects": [{"award": 10}, {"multiply": {"by": 1.5}}]}],
}


async def templates_are_published_as_yaml(client: AsyncClient) -> None:
    """A story that the service and `FakeEngage` must tell alike."""
    assert (await client.templates.publish("rail", RAIL)).version == 1
    assert (await client.templates.get("rail")).document == RAIL
    flow = (
        "{id: bus, name: Bus, program: {name: Bus, currencies: {points: {}}, events: {Ride: {}}, rules: []}}"
    )
    assert (await client.templates.publish("bus", flow)).version == 1
    for wrong in ("id: [", "rail", ""):
        with pytest.raises((InvalidRequestError, InvalidArgument)):
            await client.templates.publish("rail", wrong)


def test_the_fake_reads_yaml_as_the_service_does() -> None:
    assert read_yaml(RAIL.encode()) == read_plain(RAIL)
    assert read_plain(RAIL)["program"] == READ


async def test_templates_in_the_fake() -> None:
    with FakeEngage() as fake:
        fake.set_company("acme")
        await templates_are_published_followed_and_renewed(fake.async_client())
        await templates_are_published_as_yaml(fake.async_client())


def test_yaml_in_the_fake_takes_pyyaml(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)
    with (
        FakeEngage() as fake,
        pytest.raises(ServiceError, match="where PyYAML is installed; or publish a dict"),
    ):
        fake.client().templates.publish("rail", RAIL)


async def interventions_are_logged_corrected_and_withdrawn(client: AsyncClient) -> None:
    """A story that the service and `FakeEngage` must tell alike."""
    for company in "abcdef":
        await client.companies.create(company)
    calls, day = client.interventions, date(2026, 5, 4)
    first = await calls.log("w", what="A workshop", day=day, companies="fedcba", hold_out=0.3, actor="lee")
    assert (first.companies, first.held_out) == (("b", "c", "d", "f"), ("a", "e"))
    assert (first.actor, first.withdrawn, first.changes) == ("lee", False, ())
    assert await calls.log("w", what="A workshop", day=day, companies="abcdef", hold_out=0.3) == first
    with pytest.raises(InvalidRequestError, match="reason: say why the intervention is corrected"):
        await calls.log("w", what="Two workshops", day=day, companies="abcdef", hold_out=0.3)
    other = await calls.log("w", what="A workshop", day=date(2026, 5, 5), companies=["a"], reason="moved")
    assert (other.companies, other.held_out, other.actor) == (("a",), (), "lee")
    assert [(one.text, one.reason) for one in other.changes] == [
        ("day was 2026-05-04, now 2026-05-05", "moved"),
        ("companies were 4 and 2 held out, now 1 and 0", "moved"),
    ]
    for wrong, words in (
        ({"companies": []}, "companies: name 1 to 10,000"),
        ({"companies": ["zoe"]}, "companies: 'zoe' is not known"),
        ({"companies": "ab", "hold_out": 0.5}, "of fewer than three companies none can be held out"),
    ):
        with pytest.raises(InvalidRequestError, match=words):
            await calls.log("x", **{"what": "A call", "day": day, **wrong})
    await calls.log("v", what="A call", day=day, companies=["b"])
    assert [one.id for one in await calls.list()] == ["w", "v"]
    gone = await calls.withdraw("w", reason="a mistake")
    assert (gone.withdrawn, [one.text for one in gone.changes][2:]) == (True, ["withdrawn"])
    assert await calls.withdraw("w", reason="again") == gone
    assert (await calls.get("w")) == JudgedIntervention(gone, ())
    again = await calls.log("w", what="A workshop", day=date(2026, 5, 5), companies=["a"], reason="it was")
    assert (again.withdrawn, again.changes[-1].text) == (False, "logged again")
    for call in (calls.get("nothing"), calls.withdraw("nothing", reason="a mistake")):
        with pytest.raises(NotFoundError):
            await call


@ON_SQLITE
async def test_interventions(running: Running, client: AsyncClient) -> None:
    await interventions_are_logged_corrected_and_withdrawn(client)


async def test_interventions_in_the_fake() -> None:
    with FakeEngage() as fake:
        client = fake.async_client()
        await interventions_are_logged_corrected_and_withdrawn(client)
        fake.set_intervention_scores(
            "v", [{"weeks": 4, "change": 3.5, "others_change": 1.0, "text": "helped"}]
        )
        [after] = (await client.interventions.get("v")).scores
        assert (after.weeks, after.change, after.difference, after.text) == (4, 3.5, None, "helped")


def days(first: int, last: int) -> dict[str, Any]:
    return {"first_day": TODAY + timedelta(days=first), "last_day": TODAY + timedelta(days=last)}


def test_campaigns_in_the_fake() -> None:
    with FakeEngage() as fake:
        fake.set_campaign("acme", "launch", **days(-9, 9), awarded={"points": 20}, budgets={"points": 50})
        fake.set_campaign("acme", "later", **days(5, 9), rules=["bonus"])
        month = {"campaign": "over", "told": "unclear", "text": "it may be chance"}
        fake.set_campaign("acme", "over", **days(-9, -5), holdout=20, measured=[month])
        campaigns = fake.client().campaigns
        assert {one.id: one.state for one in campaigns.list("acme")} == {
            "launch": "running",
            "over": "over",
            "later": "planned",
        }
        found = campaigns.get("acme", "launch")
        assert (found.awarded, found.budgets["points"].left) == ({"points": 20}, 30)
        over = campaigns.get("acme", "over")
        assert (over.holdout, [one.told for one in over.measured]) == (20, ["unclear"])
        assert campaigns.pause("acme", "launch", reason="too dear").state == "paused"
        assert campaigns.resume("acme", "launch", reason="paid").state == "running"
        ended = campaigns.end("acme", "launch", reason="done", actor="ann")
        assert ended.stopped is not None
        assert (ended.state, ended.stopped.step, ended.stopped.actor) == ("ended", "end", "ann")
        for steer in (campaigns.resume, campaigns.pause):
            with pytest.raises(ConflictError):
                steer("acme", "launch", reason="again")
        with pytest.raises(ConflictError):
            campaigns.end("acme", "over", reason="late")
        assert "later-2" in campaigns.clone("acme", "later", id="later-2", **days(20, 30)).document
        with pytest.raises(ConflictError):
            campaigns.clone("acme", "later", id="later-2", **days(20, 30))
        with pytest.raises(InvalidRequestError):
            campaigns.clone("acme", "later", id="later-3", **days(30, 20))
        with pytest.raises(NotFoundError):
            campaigns.get("acme", "nothing")


def test_leave_in_the_fake() -> None:
    with FakeEngage() as fake:
        fake.set_member("acme", "ann")
        members = fake.client().members
        with pytest.raises(NotFoundError):
            members.leave("acme", "ann", **WEEK)
        fake.set_streak("acme", "ann", "daily", current=1, longest=4, lost=5)
        [streak] = members.leave("acme", "ann", **WEEK, reason="summer")
        assert (streak.id, streak.current, streak.longest) == ("daily", 1, 4)
        [streak] = members.restore_streak("acme", "ann", "daily")
        assert (streak.current, streak.longest) == (5, 5)
        assert members.get("acme", "ann").streaks == (streak,)
        with pytest.raises(InvalidRequestError):
            members.leave("acme", "ann", first=TODAY, last=TODAY - timedelta(days=1))
        with pytest.raises(NotFoundError):
            members.restore_streak("acme", "ann", "weekly")
