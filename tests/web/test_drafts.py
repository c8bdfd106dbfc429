"""Drafts, where several people edit them."""

from __future__ import annotations

from tests.web.conftest import PROGRAM, Running
from tests.web.test_events import assert_problem


async def test_who_sends_a_draft_back_as_it_was_answered_is_told_to_send_the_document(
    running: Running,
) -> None:
    path = "/v1/program/draft"
    assert (await running.server.put(path, content=PROGRAM)).is_success
    answered = (await running.server.get(path)).content
    refused = await running.server.put(path, content=answered)
    assert_problem(refused, 400, "invalid_request")
    assert "send what stands in 'document'" in refused.json()["message"]


async def test_of_two_who_edit_one_draft_the_second_is_told(running: Running) -> None:
    await running.server.post("/v1/companies", json={"id": "acme"})
    early = await running.server.put(
        "/v1/companies/acme/program/draft", params={"based_on": "2026-01-01T00:00:00Z"}, content=PROGRAM
    )
    assert_problem(early, 409, "conflict")
    assert "there is neither a draft nor a version" in early.json()["message"]
    await running.publish(PROGRAM)
    path, other = "/v1/companies/acme/program", PROGRAM.replace("award: 10", "award: 20")
    seen = (await running.server.get(f"{path}/draft")).json()["updated_at"]
    ada = await running.server.put(f"{path}/draft", params={"actor": "ada", "based_on": seen}, content=other)
    assert ada.status_code == 200
    late = await running.server.put(
        f"{path}/draft", params={"actor": "bob", "based_on": seen}, content=PROGRAM
    )
    assert_problem(late, 409, "conflict")
    assert "the draft is another by now, kept by ada at " in late.json()["message"]
    assert_problem(await running.server.post(f"{path}/publish", json={"based_on": seen}), 409, "conflict")
    assert_problem(
        await running.server.put(f"{path}/draft?based_on=now", content=other), 400, "invalid_request"
    )
    assert (await running.server.get(f"{path}/draft")).json() == ada.json()
    now = ada.json()["updated_at"]
    assert (await running.server.post(f"{path}/publish", json={"based_on": now})).json()["version"] == 1
    assert (await running.server.put(f"{path}/draft", params={"based_on": now}, content=PROGRAM)).is_success


async def test_what_a_draft_would_change_comes_with_rules_that_never_fire(running: Running) -> None:
    path = "/v1/program/draft"
    daily = "limits: [{per: member, window: day, count: 1}]"
    for limit, warned in (("amount: 9, over: refuse", ["/rules/1/limits/0"]), ("count: 9", [])):
        idle = PROGRAM.replace(daily, daily.replace("count: 1", limit))
        assert (await running.server.put(path, content=idle)).is_success
        told = (await running.server.get(f"{path}/diff")).json()
        assert [one["pointer"] for one in told["warnings"]] == warned
