"""Invitations and powered-by links over HTTP: every call, and what other keys may not."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.places import ON_SQLITE
from tests.web.conftest import PROGRAM, Running

pytestmark = ON_SQLITE
ACME = "/v1/companies/acme"
REFERRAL = (
    PROGRAM
    + """
referral:
  active: {event: Report Exported, count: 2}
  invited: {effects: [{award: 5}]}
  inviter: {effects: [{award: 20}]}
  channels: [chat, mail]
  link: "https://app.example.com/join?code={code}"
"""
)


async def ask(client: httpx.AsyncClient, method: str, path: str, status: int = 200, **body: Any) -> Any:
    key = body.pop("key", "")
    headers = {"idempotency-key": key} if key else {}
    answer = await client.request(method, path, json=body or None, headers=headers)
    assert answer.status_code == status, answer.text
    return answer.json()


@pytest.fixture
async def team(running: Running) -> Running:
    await running.publish(REFERRAL)
    await running.track()
    return running


async def test_an_invitation_and_what_it_brought(team: Running) -> None:
    path = f"{ACME}/members/emp-1/invitations"
    made = await ask(team.server, "POST", path, 201, key="k", channel="mail")
    assert made == await ask(team.server, "POST", path, 201, key="k", channel="mail")
    assert made["link"] == f"https://app.example.com/join?code={made['code']}"
    accept = f"{ACME}/invitations/{made['code']}/acceptance"
    for _ in range(2):
        taken = await ask(team.server, "POST", accept, member="emp-2")
        assert taken == {"member": "emp-2", "inviter": "emp-1", "status": "offered"}
    first = await team.track(userId="emp-2")
    assert {"type": "referral", "referral": "joined"} in first["effects"]
    dry = await ask(
        team.server,
        "POST",
        f"{ACME}/program/dry-run",
        member="emp-2",
        event="Report Exported",
        program="live",
    )
    assert dry["brought"]["member"] == "emp-1"
    assert [one["amount"] for one in dry["brought"]["effects"] if one["type"] == "award"] == [20]
    await team.track(userId="emp-2")
    assert (await ask(team.server, "POST", accept, member="emp-2"))["status"] == "active"
    [listed] = (await ask(team.server, "GET", path))["data"]
    [colleague] = listed["colleagues"]
    assert (colleague["member"], colleague["stage"]) == ("emp-2", "active")
    assert colleague["brought"] == [{"currency": "points", "amount": 20}]
    shown = [
        (await ask(team.server, "GET", f"{ACME}/members/{who}"))["referral"] for who in ("emp-1", "emp-2")
    ]
    assert shown == [
        {"sent": 1, "brought": 1, "stage": None, "done": 0, "needed": 2},
        {"sent": 0, "brought": 0, "stage": "active", "done": 2, "needed": 2},
    ]
    moved = (await ask(team.server, "GET", f"{ACME}/members/emp-1/transfers"))["data"]
    assert [(one["rule"], one["colleague"]) for one in moved if "colleague" in one] == [
        ("referral:inviter", "emp-2")
    ]


async def test_a_refusal_lists_all_that_stands_in_the_way(team: Running) -> None:
    path = f"{ACME}/members/emp-1/invitations"
    refused = await ask(team.server, "POST", path, 409, to="emp-1")
    assert (refused["code"], [one["code"] for one in refused["errors"]]) == ("lacking", ["self"])
    await ask(team.server, "POST", path, 400, channel="pigeon")
    await ask(team.server, "POST", f"{ACME}/members/nobody/invitations", 404, to="emp-2")
    await ask(team.server, "POST", f"{ACME}/invitations/guess/acceptance", 404, member="emp-2")
    assert (await ask(team.server, "GET", path))["data"] == []


async def test_the_funnel_by_channel(team: Running) -> None:
    made = await ask(team.server, "POST", f"{ACME}/members/emp-1/invitations", 201, to="emp-2")
    steps = f"{ACME}/invitations/{made['code']}/steps"
    for visitor, counted in (("a", True), ("b", True), ("a", False)):
        told = await ask(team.write, "POST", steps, step="seen", visitor=visitor)
        assert told == {"counted": counted}
    await ask(team.write, "POST", steps, step="forwarded", visitor="a", channel="mail")
    await ask(team.write, "POST", steps, 400, step="liked", visitor="a")
    await team.track(userId="emp-2")
    funnel = await ask(team.server, "GET", f"{ACME}/referral")
    nothing = dict.fromkeys(("sent", "seen", "understood", "forwarded", "joined", "active"), 0)
    chat, mail = nothing | {"sent": 1, "seen": 2, "joined": 1}, nothing | {"forwarded": 1}
    assert funnel["channels"] == {"chat": chat, "mail": mail}
    assert funnel["all"] == chat | {"forwarded": 1}
    before = await ask(team.server, "GET", f"{ACME}/referral?from=2020-01-01&to=2020-02-01")
    assert (before["channels"], before["from"]) == ({}, "2020-01-01")
    await ask(team.server, "GET", f"{ACME}/referral?from=2020-03-01&to=2020-02-01", 400)
    for name in ("from", "to"):
        refused = await ask(team.server, "GET", f"{ACME}/referral?{name}=2020-02-30", 400)
        assert refused["message"] == f"{name}: must be a day such as 2026-11-22"
    await ask(team.report, "GET", f"{ACME}/referral", 403)


async def test_a_powered_by_link_tells_who_recommended_whom(team: Running) -> None:
    for id in ("newco", "other"):
        await ask(team.server, "POST", "/v1/companies", 201, id=id)
    await ask(team.server, "GET", f"{ACME}/powered-by", 404)
    code = (await ask(team.server, "PUT", f"{ACME}/powered-by"))["code"]
    assert (await ask(team.server, "PUT", f"{ACME}/powered-by"))["code"] == code
    for channel in ("invoice", "invoice", "survey"):
        assert await ask(team.write, "POST", f"/v1/powered-by/{code}/follows", channel=channel) == {
            "counted": True
        }
    await ask(team.write, "POST", "/v1/powered-by/guess/follows", 404, channel="invoice")
    path = "/v1/companies/newco/recommendation"
    await ask(team.server, "GET", path, 404)
    given = await ask(team.server, "PUT", path, code=code, channel="invoice", actor="sales")
    assert {k: v for k, v in given.items() if k != "at"} == {
        "company": "newco",
        "by": "acme",
        "channel": "invoice",
        "actor": "sales",
    }
    assert given == await ask(team.server, "PUT", path, code=code, channel="survey")
    assert given == await ask(team.report, "GET", path)
    newco = (await ask(team.server, "PUT", "/v1/companies/newco/powered-by"))["code"]
    for company in ("acme", "newco"):
        await ask(team.server, "PUT", f"/v1/companies/{company}/recommendation", 409, code=newco)
    await ask(team.server, "PUT", "/v1/companies/other/recommendation", code=newco)
    await ask(team.server, "PUT", "/v1/companies/other/recommendation", 409, code=code)
    standing = await ask(team.server, "GET", f"{ACME}/powered-by")
    assert standing == {
        "code": code,
        "followed": 3,
        "by_channel": {"invoice": 2, "survey": 1},
        "recommended": 1,
    }
    everyone = await ask(team.report, "GET", "/v1/recommendations")
    assert [(one["company"], one["by"]) for one in everyone["data"]] == [
        ("newco", "acme"),
        ("other", "newco"),
    ]
    own = await ask(team.report, "GET", "/v1/recommendations?by=newco")
    assert [one["company"] for one in own["data"]] == ["other"]
    await ask(team.write, "PUT", path, 403, code=code)
