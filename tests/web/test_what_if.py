"""Trying programs over HTTP: which one, every verdict and clause, located mistakes, progress and cancelling."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from engage.actions import retelling
from tests.places import ON_SQLITE
from tests.web.conftest import PROGRAM, Running
from tests.web.test_events import assert_problem

DRY = "/v1/companies/acme/program/dry-run"
BACKTEST = "/v1/companies/acme/program/backtest"
EVER = {"from": "2000-01-01", "to": "2100-01-01"}
DEAL = {"member": "emp-1", "event": "Deal Won"}


@pytest.fixture
async def acme(running: Running) -> Running:
    """A company with one member who has earned 60 points and a badge, in two events."""
    await running.publish()
    await running.track(messageId="export")
    await running.track("Deal Won", messageId="deal", properties={"value": 5000})
    return running


async def post(running: Running, path: str, said: dict[str, Any]) -> dict[str, Any]:
    answer = await running.server.post(path, json=said)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_made_up_event_is_told_with_every_verdict_and_clause(acme: Running) -> None:
    found = await post(acme, DRY, {**DEAL, "member": "emp-2", "properties": {"value": 10}})
    assert found["program"] == {"source": "live", "version": 1, "name": "Tests"}
    assert found["status"] == "decided"
    assert found["effects"] == []
    [rule] = found["rules"]
    assert (rule["rule"], rule["verdict"]) == ("deal", "condition")
    assert rule["clauses"] == [
        {"text": "event.properties.value is at least 1000", "holds": False, "actual": "10", "depth": 1}
    ]
    assert found["before"] is None
    assert found["after"]["balances"]["points"]["active"] == 0
    assert (await acme.server.get("/v1/companies/acme/members/emp-2")).status_code == 404


async def test_a_message_and_a_badge_that_the_event_would_bring_are_in_the_view_after_it(
    acme: Running,
) -> None:
    document = PROGRAM.replace("{award: 10}", "{award: 10}, {nudge: well-done}, {badge: closer}")
    said = {"member": "emp-2", "event": "Report Exported", "now": "2030-01-01T09:00:00Z"}
    found = await post(acme, DRY, said | {"document": document + "nudges: {well-done: {text: Well done.}}\n"})
    [nudge], [badge] = found["after"]["nudges"], found["after"]["badges"]
    assert (nudge["text"], nudge["opened"], badge["id"]) == ("Well done.", False, "closer")
    assert {nudge["at"], badge["at"]} == {"2030-01-01T09:00:00Z"}


INVITING = (
    PROGRAM.replace("events:", "events:\n  Invited: {properties: {who: {type: string}}}")
    + """
referral:
  active: {event: Deal Won}
  inviter: {effects: [{award: 30}]}
  invites: {event: Invited, to: event.properties.who}
"""
)


async def test_what_comes_of_an_invitation_is_told(acme: Running) -> None:
    said = {"member": "emp-1", "event": "Invited", "document": INVITING}
    found = (await post(acme, DRY, said | {"properties": {"who": "emp-2"}}))["followed"]
    assert (found["colleague"], found["event"], found["times"], found["lacks"]) == (
        "emp-2",
        "Deal Won",
        1,
        [],
    )
    assert [(one["stage"], one["member"]) for one in found["steps"]] == [
        ("active", "emp-2"),
        ("brought", "emp-1"),
    ]
    [brought] = found["steps"][1]["effects"]
    assert (brought["type"], brought["amount"], brought["rule"]) == ("award", 30, "referral:inviter")
    vain = (await post(acme, DRY, said | {"properties": {"who": "emp-1"}}))["followed"]
    assert (vain["lacks"], vain["steps"]) == ([{"code": "self", "text": "nobody can invite themselves"}], [])


async def test_the_member_is_told_before_and_after(acme: Running) -> None:
    found = await post(acme, DRY, {"member": "emp-1", "event": "Report Exported"})
    balances = [found[when]["balances"]["points"]["active"] for when in ("before", "after")]
    assert balances == [60, 70]
    assert found["effects"] == [{"type": "award", "rule": "export", "currency": "points", "amount": 10}]
    assert [badge["id"] for badge in found["after"]["badges"]] == ["closer"]
    tomorrow = await post(acme, DRY, {**DEAL, "properties": {"value": 5000}, "now": "2099-01-01T10:00:00Z"})
    assert tomorrow["received_at"] == "2099-01-01T10:00:00Z"
    assert tomorrow["after"]["balances"]["points"]["active"] == 110
    today = await post(acme, DRY, {**DEAL, "properties": {"value": 5000}})
    assert today["rules"][0]["text"] == "daily limit reached, 1 of 1"


async def test_a_recorded_event_is_told_as_it_was_or_by_a_draft(acme: Running) -> None:
    was = await post(acme, DRY, {"message_id": "deal", "program": "recorded"})
    assert was["program"] == {"source": "recorded", "version": 1, "name": "Tests"}
    assert (was["before"]["balances"]["points"]["active"], was["after"]["balances"]["points"]["active"]) == (
        10,
        60,
    )
    assert (was["before"]["level"]["id"], was["after"]["level"]["id"]) == ("bronze", "silver")
    assert was["message_id"] == "deal"
    draft = PROGRAM.replace("value: 1000", "value: 6000")
    await acme.server.put("/v1/companies/acme/program/draft", content=draft)
    now = await post(acme, DRY, {"message_id": "deal"})
    assert now["program"] == {"source": "draft", "version": None, "name": "Tests"}
    assert now["rules"][0]["clauses"][0]["actual"] == "5000"
    assert now["rules"][0]["verdict"] == "condition"
    live = await post(acme, DRY, {"message_id": "deal", "program": "live"})
    assert live["rules"][0]["verdict"] == "fired"


async def test_a_document_may_be_tried_before_there_is_a_company(running: Running) -> None:
    path = "/v1/program/dry-run"
    found = await post(running, path, {**DEAL, "properties": {"value": 1000}, "document": PROGRAM})
    assert [effect["type"] for effect in found["effects"]] == ["award", "badge", "level", "level"]
    as_object = {"name": "X", "currencies": {"p": {}}, "events": {"Deal Won": {}}}
    assert (await post(running, path, {**DEAL, "document": as_object}))["rules"] == []
    assert_problem(await running.server.post(path, json=DEAL), 404, "not_found")
    assert (await running.server.get("/v1/companies")).json()["data"] == []


@ON_SQLITE
@pytest.mark.parametrize("path, asked", [(DRY, DEAL), (BACKTEST, EVER)])
async def test_the_mistakes_of_a_document_are_located(
    acme: Running, path: str, asked: dict[str, str]
) -> None:
    said = {**asked, "document": PROGRAM.replace("award: 50", "award: many")}
    answer = await acme.server.post(path, json=said)
    assert_problem(answer, 422, "unprocessable")
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/rules/1/effects/0/award"]


@ON_SQLITE
@pytest.mark.parametrize(
    "said, message",
    [
        ({}, "either `message_id`"),
        ({"member": "emp-1"}, "either `message_id`"),
        ({"program": "recorded", **DEAL}, "recorded"),
        ({**DEAL, "now": "soon"}, "now:"),
        ({**DEAL, "timestamp": "soon"}, "timestamp:"),
        ({**DEAL, "event": " "}, "name of its event"),
    ],
)
async def test_what_cannot_be_tried_is_named(acme: Running, said: dict[str, Any], message: str) -> None:
    answer = await acme.server.post(DRY, json=said)
    assert_problem(answer, 400, "invalid_request")
    assert message in answer.json()["message"]


async def test_a_backtest_tells_both_sides(acme: Running) -> None:
    said = {**EVER, "document": PROGRAM.replace("award: 10", "award: 4"), "prices": {"points": "0.5"}}
    found = await post(acme, BACKTEST, said)
    [points] = found["currencies"]
    assert points["awarded"] == {"trial": 54, "actual": 60}
    assert points["cost"] == {"trial": "27.0", "actual": "30.0", "difference": "-3.0"}
    everyone = await post(acme, "/v1/program/backtest", said)
    assert (everyone["currencies"], everyone["companies"]) == (found["currencies"], 1)
    live = await post(acme, BACKTEST, EVER)
    assert live["currencies"][0]["awarded"] == {"trial": 60, "actual": 60}


@ON_SQLITE
async def test_a_backtest_is_refused_for_what_is_no_period(acme: Running) -> None:
    for said in ({"from": "2026-13-01", "to": "2026-01-01"}, {"from": "2026-02-01", "to": "2026-01-01"}):
        assert_problem(await acme.server.post(BACKTEST, json=said), 400, "invalid_request")
    said = {**EVER, "prices": {"points": "-1"}}
    assert_problem(await acme.server.post(BACKTEST, json=said), 400, "invalid_request")
    assert_problem(
        await acme.server.post("/v1/companies/nowhere/program/backtest", json=EVER), 404, "not_found"
    )


LINES = {"accept": "application/x-ndjson"}


async def test_progress_comes_line_by_line_and_the_report_last(
    acme: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retelling, "ENTRIES_PER_READ", 1)
    monkeypatch.setattr("engage.web.api.what_if.PROGRESS_SECONDS", 0.002)
    answer = await acme.server.post(BACKTEST, json=EVER, headers=LINES)
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    *steps, last = [json.loads(line) for line in answer.text.splitlines()]
    assert all(step["progress"]["total"] in (0, 3) for step in steps)
    assert max(step["progress"]["done"] for step in steps) > 0
    assert last["report"]["events"] == 2
    gone = await acme.server.post("/v1/companies/nowhere/program/backtest", json=EVER, headers=LINES)
    assert_problem(gone, 404, "not_found")


@ON_SQLITE
async def test_a_backtest_is_a_page_in_the_reader_s_language(acme: Running) -> None:
    for said, lang, words in (
        ("", "de, zh-CN;q=0.9", "Tests 的回测"),
        ("", "", "Backtest of Tests"),
        ("?lang=zh-Hans", "en", "Tests 的回测"),
    ):
        headers = {"accept": "text/html", "accept-language": lang}
        answer = await acme.server.post(BACKTEST + said, json=EVER, headers=headers)
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert f"<h1>{words}</h1>" in answer.text
    late = {"from": "2026-02-01", "to": "2026-01-01"}
    refused = await acme.server.post(BACKTEST, json=late, headers={"accept": "text/html"})
    assert_problem(refused, 400, "invalid_request")


@ON_SQLITE
async def test_a_mistake_that_shows_late_is_the_last_line(acme: Running) -> None:
    said = {"from": "2026-02-01", "to": "2026-01-01"}
    [line] = (await acme.server.post(BACKTEST, json=said, headers=LINES)).text.splitlines()
    assert json.loads(line)["problem"]["code"] == "invalid_request"


@ON_SQLITE
@pytest.mark.parametrize("headers", [{}, LINES])
async def test_who_goes_away_cancels_it_and_others_wait_their_turn(
    acme: Running, monkeypatch: pytest.MonkeyPatch, headers: dict[str, str]
) -> None:
    """Through the application itself, with a client that leaves when it has seen a first sign of life."""
    began, leave, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def endless(*asked: Any, **more: Any) -> None:
        began.set()
        try:
            await asyncio.sleep(600)
        finally:
            ended.set()

    monkeypatch.setattr("engage.web.api.what_if.backtest", endless)
    monkeypatch.setattr("engage.web.api.what_if.PROGRESS_SECONDS", 0.01)
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "path": BACKTEST,
        "raw_path": BACKTEST.encode(),
        "root_path": "",
        "scheme": "http",
        "query_string": b"",
        "headers": [
            (b"authorization", f"Bearer {acme.keys['server']}".encode()),
            *((name.encode(), value.encode()) for name, value in headers.items()),
        ],
        "client": ("test", 1),
        "server": ("test", 80),
    }
    messages = iter([{"type": "http.request", "body": json.dumps(EVER).encode(), "more_body": False}])

    async def receive() -> Any:
        for message in messages:
            return message
        await leave.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        await asyncio.sleep(0)

    asking = asyncio.ensure_future(acme.service(scope, receive, send))
    await asyncio.wait_for(began.wait(), 5)
    assert_problem(await acme.server.post(BACKTEST, json=EVER), 429, "too_many_requests")
    leave.set()
    await asyncio.wait_for(ended.wait(), 5)
    await asyncio.wait_for(asking, 5)
    assert not acme.service.services().trying.locked()
