"""The endpoints that read and correct: who may, what they answer, and how each mistake is told."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from itertools import product
from typing import Any

import httpx
import pytest

from engage.actions.tokens import TokenHolder, read_member_token
from engage.web.api import ENDPOINTS
from engage.web.paging import LIMIT_MAX, encode_cursor
from tests.places import ON_SQLITE
from tests.web.conftest import PROGRAM, SECRET, Running
from tests.web.test_events import assert_problem

MEMBER = "/v1/companies/acme/members/emp-1"


@pytest.fixture
async def acme(running: Running) -> Running:
    """A company with one member who has earned 60 points and a badge, in two events."""
    await running.publish()
    await running.track(messageId="export")
    await running.track("Deal Won", messageId="deal", properties={"value": 5000})
    return running


# --- who may ------------------------------------------------------------------------------------------------


def filled(path: str) -> str:
    return path.replace("{company}", "acme").replace("{member}", "emp-1").replace("{message_id}", "export")


@ON_SQLITE
async def test_each_endpoint_opens_to_its_kinds_of_key_and_no_other(running: Running) -> None:
    clients = {"server": running.server, "write": running.write, "report": running.report}
    for one, (kind, client) in product(ENDPOINTS, clients.items()):
        answer = await client.request(one.method, filled(one.path), json={})
        if one.kinds and kind not in one.kinds:
            assert_problem(answer, 403, "forbidden")
            assert kind in answer.json()["message"]
        else:
            assert answer.status_code not in (401, 403, 405, 500), (one.method, one.path, answer.text)
    for one in ENDPOINTS:
        if one.kinds:
            answer = await running.anonymous.request(one.method, filled(one.path), json={})
            assert_problem(answer, 401, "unauthorized")


def test_a_report_key_reaches_nothing_about_a_member() -> None:
    opened = {one.path for one in ENDPOINTS if "report" in one.kinds}
    assert opened == {
        "/v1/book",
        "/v1/companies",
        "/v1/companies/{company}",
        "/v1/companies/{company}/exceptions",
        "/v1/companies/{company}/goals",
        "/v1/companies/{company}/health",
        "/v1/companies/{company}/health/history",
        "/v1/companies/{company}/recommendation",
        "/v1/companies/{company}/report",
        "/v1/companies/{company}/report/department",
        "/v1/companies/{company}/report/digest",
        "/v1/companies/{company}/sentiment",
        "/v1/companies/{company}/terms",
        "/v1/interventions",
        "/v1/interventions/{intervention}",
        "/v1/outcomes",
        "/v1/portfolio",
        "/v1/recommendations",
    }


def test_a_write_key_reaches_ingestion_alone() -> None:
    assert {one.tag for one in ENDPOINTS if "write" in one.kinds} == {"events", "referral"}
    assert all(one.method == "POST" for one in ENDPOINTS if "write" in one.kinds)


# --- the router ---------------------------------------------------------------------------------------------


@ON_SQLITE
@pytest.mark.parametrize(
    "path", ["/v1/nothing", "/v1/companies/", "/v1/companies//members", "/v2/batch", "/%00", "/v1/%zz", "/v1"]
)
async def test_an_unknown_address_is_a_404_with_a_code(running: Running, path: str) -> None:
    assert_problem(await running.server.get(path), 404, "not_found")


@ON_SQLITE
async def test_a_wrong_method_is_a_405_that_names_the_right_ones(running: Running) -> None:
    for path in dict.fromkeys(one.path for one in ENDPOINTS):
        allowed = {each.method for each in ENDPOINTS if each.path == path}
        wrong = next(method for method in ("DELETE", "PUT", "PATCH", "POST") if method not in allowed)
        answer = await running.server.request(wrong, filled(path))
        assert_problem(answer, 405, "method_not_allowed")
        named = set(answer.headers["allow"].split(", ")) - {"HEAD", "OPTIONS"}
        assert named == allowed, path
        assert answer.json()["message"].endswith(f", which takes {', '.join(sorted(allowed))}")


async def test_errors_carry_the_security_headers_too(running: Running) -> None:
    for answer in (await running.server.get("/v1/nothing"), await running.anonymous.get("/v1/companies")):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["content-security-policy"]


# --- companies ----------------------------------------------------------------------------------------------


async def test_a_company_is_created_once_and_then_changed(running: Running) -> None:
    made = await running.server.post("/v1/companies", json={"id": "acme", "name": "Acme", "seats": 40})
    assert made.status_code == 201
    assert made.json()["created_at"].endswith("Z")
    changed = await running.server.post("/v1/companies", json={"id": "acme", "timezone": "Asia/Shanghai"})
    assert changed.status_code == 200
    assert changed.json() | {"created_at": ""} == {
        "id": "acme",
        "name": "Acme",
        "timezone": "Asia/Shanghai",
        "seats": 40,
        "traits": changed.json()["traits"],
        "members": 0,
        "stage": None,
        "tier": None,
        "program": None,
        "created_at": "",
    }
    assert (await running.server.get("/v1/companies/acme")).json() == changed.json()


@ON_SQLITE
@pytest.mark.parametrize(
    "body, status, code",
    [
        (b"", 400, "invalid_json"),
        (b"{", 400, "invalid_json"),
        (b"[]", 400, "invalid_request"),
        (b"{}", 400, "invalid_request"),
        (b'{"id": ""}', 400, "invalid_request"),
        (b'{"id": 7}', 400, "invalid_request"),
        (b'{"id": "a\\u0000b"}', 400, "invalid_request"),
        (b'{"id": " a"}', 400, "invalid_request"),
        (b'{"id": "\\ud800"}', 400, "invalid_json"),
        (b'{"id": "%s"}' % (b"x" * 256), 400, "invalid_request"),
        (b'{"id": "a", "timezone": "Mars/Olympus"}', 400, "invalid_request"),
        (b'{"id": "a", "timezone": "../../etc/passwd"}', 400, "invalid_request"),
        (b'{"id": "a", "seats": -1}', 400, "invalid_request"),
        (b'{"id": "a", "seats": 1.5}', 400, "invalid_request"),
        (b'{"id": "a", "seats": 1%s}' % (b"0" * 30), 400, "invalid_request"),
        (b'{"id": "a", "seats": NaN}', 400, "invalid_json"),
        (b'{"id": "a", "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", 400, "invalid_request"),
        (b'{"id": "a", "plan": "gold"}', 400, "invalid_request"),
        (b'{"id": "a", "name": "' + b"x" * 2_000_000 + b'"}', 413, "body_too_large"),
    ],
)
async def test_a_company_that_cannot_be_is_refused(
    running: Running, body: bytes, status: int, code: str
) -> None:
    assert_problem(await running.server.post("/v1/companies", content=body), status, code)
    assert (await running.server.get("/v1/companies")).json()["data"] == []


async def test_a_body_that_is_nested_too_deep_is_refused(running: Running) -> None:
    body = b'{"event": "Sale", "properties": {"x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}"
    assert_problem(await running.server.post("/v1/program/dry-run", content=body), 400, "too_deep")


async def test_the_message_names_the_place_of_the_mistake(running: Running) -> None:
    answer = await running.server.post("/v1/companies", json={"id": "a", "seats": "many"})
    assert answer.json()["message"].startswith("seats: ")
    answer = await running.server.post("/v1/companies", json={"id": "a", "time_zone": "UTC"})
    assert answer.json()["message"].startswith("time_zone: there is no such field; it may say id, ")
    assert (await running.server.post("/v1/companies", json={})).json()["message"] == "id: must be given"


async def test_companies_are_read_page_by_page_each_once(running: Running) -> None:
    for n in range(7):
        await running.server.post("/v1/companies", json={"id": f"c{n}"})
    found, cursor = [], None
    for _ in range(10):
        page = await running.server.get("/v1/companies", params={"limit": 3, "cursor": cursor or ""})
        found += [one["id"] for one in page.json()["data"]]
        cursor = page.json()["next_cursor"]
        if cursor is None:
            break
    assert found == [f"c{n}" for n in range(7)]


@ON_SQLITE
@pytest.mark.parametrize(
    "query",
    [
        *("limit=0", f"limit={LIMIT_MAX + 1}", "limit=x", "limit=1e3", "cursor=~", "cursor=AAAA"),
        *(f"cursor={encode_cursor(number)}" for number in (2**63, 2**64 - 1, [2**63] * 3, [0, [2**63, 0]])),
    ],
)
async def test_a_page_that_cannot_be_is_refused(acme: Running, query: str) -> None:
    for path in ("/v1/companies", "/v1/companies/acme/members", f"{MEMBER}/transfers", "/v1/rejects"):
        assert_problem(await acme.server.get(f"{path}?{query}"), 400, "invalid_request")


async def test_a_program_of_its_own_is_said(acme: Running) -> None:
    assert (await acme.server.get("/v1/companies/acme")).json()["program"] == {
        "version": 1,
        "own": False,
        "name": "Tests",
    }
    await acme.publish(PROGRAM.replace("name: Tests", "name: Own"), "acme")
    program = (await acme.server.get("/v1/companies/acme")).json()["program"]
    assert program == {"version": 1, "own": True, "name": "Own"}


# --- members ------------------------------------------------------------------------------------------------


async def test_a_member_shows_level_progress_balances_and_badges(acme: Running) -> None:
    await acme.server.post(
        "/v1/identify",
        json={
            "userId": "emp-1",
            "context": {"groupId": "acme"},
            "traits": {"firstName": "Ada", "lastName": "L"},
        },
    )
    member = (await acme.server.get(MEMBER)).json()
    assert member["name"] == "Ada L"
    assert member["level"] == {"id": "silver", "name": "Silver", "rank": 2}
    assert member["next_level"] is None
    assert member["progress"] is None
    balance = {"active": 60, "pending": 0, "held": 0, "earned": 60, "spent": 0, "expired": 0, "expiring": []}
    assert member["balances"] == {"points": balance}
    (badge,) = member["badges"]
    assert (badge["id"], badge["name"]) == ("closer", "Closer")
    assert abs((datetime.now(UTC) - datetime.fromisoformat(badge["at"])).total_seconds()) < 60
    assert (await acme.server.get("/v1/companies/acme/members")).json()["data"] == [member]


async def test_progress_is_the_way_from_this_level_to_the_next(running: Running) -> None:
    await running.publish()
    await running.track()
    member = (await running.server.get(MEMBER)).json()
    assert member["level"]["id"] == "bronze"
    assert member["next_level"] == {"id": "silver", "name": "Silver", "threshold": 30, "missing": 20}
    assert member["progress"] == pytest.approx(1 / 3, abs=1e-4)


async def test_a_member_nobody_has_named_is_a_404(acme: Running) -> None:
    for path in ("/v1/companies/acme/members/nobody", "/v1/companies/nobody/members/emp-1"):
        for tail in ("", "/transfers", "/decisions"):
            assert_problem(await acme.server.get(path + tail), 404, "not_found")


async def test_a_member_of_one_company_is_nobody_in_another(acme: Running) -> None:
    await acme.server.post("/v1/companies", json={"id": "globex"})
    assert_problem(await acme.server.get("/v1/companies/globex/members/emp-1"), 404, "not_found")
    assert (await acme.server.get("/v1/companies/globex/members")).json()["data"] == []


async def test_transfers_are_newest_first_with_their_cause(acme: Running) -> None:
    data = (await acme.server.get(f"{MEMBER}/transfers")).json()["data"]
    assert [one | {"id": "", "at": ""} for one in data] == [
        {
            "id": "",
            "at": "",
            "currency": "points",
            "amount": amount,
            "from": "issued",
            "to": "active",
            "kind": "award",
            "rule": rule,
            "event": event,
            "message_id": message_id,
        }
        for amount, rule, event, message_id in (
            (50, "deal", "Deal Won", "deal"),
            (10, "export", "Report Exported", "export"),
        )
    ]


@pytest.mark.parametrize("what, limit", list(itertools.product(("transfers", "decisions"), (1, 2, 3, 50))))
async def test_a_history_is_read_page_by_page_each_once(running: Running, what: str, limit: int) -> None:
    await running.publish()
    for n in range(7):
        await running.track("Report Exported" if n % 3 else "Never Declared", messageId=f"m{n}")
    found, cursor = [], ""
    for _ in range(20):
        page = await running.server.get(f"{MEMBER}/{what}", params={"limit": limit, "cursor": cursor})
        assert len(page.json()["data"]) <= limit
        found += [one["message_id"] for one in page.json()["data"]]
        cursor = page.json()["next_cursor"]
        if cursor is None:
            break
    wanted = [f"m{n}" for n in reversed(range(7))]
    assert found == (wanted if what == "decisions" else [id for id in wanted if int(id[1:]) % 3])


@pytest.mark.parametrize("limit", [1, 2, 3, 5])
async def test_the_transfers_of_one_event_may_be_cut_across_pages(running: Running, limit: int) -> None:
    award = "[{award: {currency: a, amount: 1}}, {award: {currency: b, amount: 2}}, {award: {currency: c, amount: 3}}]"
    await running.publish(
        "name: Three\ncurrencies: {a: {}, b: {}, c: {}}\nevents: {E: {}}\n"
        f"rules: [{{id: r, trigger: E, effects: {award}}}]"
    )
    for _ in range(3):
        await running.track("E")
    found, cursor = [], ""
    while cursor is not None:
        page = (
            await running.server.get(f"{MEMBER}/transfers", params={"limit": limit, "cursor": cursor})
        ).json()
        assert len(page["data"]) <= limit
        found += [one["id"] for one in page["data"]]
        cursor = page["next_cursor"]
    assert len(set(found)) == len(found) == 9
    everything = (await running.server.get(f"{MEMBER}/transfers")).json()["data"]
    assert found == [one["id"] for one in everything]


async def test_the_cursor_of_another_members_history_is_refused(acme: Running) -> None:
    await acme.track()
    await acme.track(userId="emp-2")
    cursor = (await acme.server.get(f"{MEMBER}/transfers?limit=1")).json()["next_cursor"]
    assert cursor
    answer = await acme.server.get(f"/v1/companies/acme/members/emp-2/transfers?cursor={cursor}")
    assert_problem(answer, 400, "invalid_request")


async def test_a_decision_says_what_stopped_each_rule(acme: Running) -> None:
    await acme.track("Deal Won", messageId="small", properties={"value": 1})
    await acme.track("Deal Won", messageId="second", properties={"value": 5000})
    await acme.track("Never Declared", messageId="undeclared")
    undeclared, second, small, deal, _ = (await acme.server.get(f"{MEMBER}/decisions")).json()["data"]
    assert undeclared["status"] == "undecided"
    assert undeclared["reason"]["code"] == "undeclared_event"
    assert undeclared["rules"] == []
    (limited,) = second["rules"]
    assert (limited["rule"], limited["verdict"]) == ("deal", "limit")
    assert limited["text"] == "daily limit reached, 1 of 1"
    (unmet,) = small["rules"]
    assert unmet["verdict"] == "condition"
    assert "1000" in unmet["text"]
    assert deal["rules"] == [{"rule": "deal", "name": "Deal won", "verdict": "fired", "text": "fired"}]
    assert deal["program_version"] == 1
    assert {effect["type"] for effect in deal["effects"]} == {"award", "badge", "level"}


# --- corrections --------------------------------------------------------------------------------------------


async def test_an_adjustment_moves_points_and_names_its_actor(acme: Running) -> None:
    body = {"currency": "points", "amount": -25, "reason": "counted twice", "actor": "ada@example.com"}
    answer = await acme.server.post(f"{MEMBER}/adjustments", json=body)
    assert answer.status_code == 201
    assert answer.json()["balance"]["active"] == 35
    newest = (await acme.server.get(f"{MEMBER}/transfers?limit=1")).json()["data"][0]
    assert newest["id"].startswith(answer.json()["id"])
    assert newest | {"id": "", "at": ""} == {
        "id": "",
        "at": "",
        "currency": "points",
        "amount": -25,
        "from": "active",
        "to": "adjusted",
        "kind": "adjustment",
        "reason": "counted twice",
        "actor": "ada@example.com",
    }


async def test_an_idempotency_key_adjusts_once(acme: Running) -> None:
    async def adjust(amount: int) -> httpx.Response:
        body = {"currency": "points", "amount": amount, "reason": "a gift"}
        return await acme.server.post(
            f"{MEMBER}/adjustments", json=body, headers={"idempotency-key": "gift-1"}
        )

    first, again = await adjust(5), await adjust(5)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert (await acme.server.get(MEMBER)).json()["balances"]["points"]["active"] == 65
    assert_problem(await adjust(6), 409, "conflict")


@pytest.mark.parametrize(
    "changes, status, code",
    [
        ({"amount": 0}, 400, "invalid_request"),
        ({"amount": 2**53}, 400, "invalid_request"),
        ({"amount": 10**30}, 400, "invalid_request"),
        ({"amount": 1.5}, 400, "invalid_request"),
        ({"amount": None}, 400, "invalid_request"),
        ({"amount": -1000}, 409, "conflict"),
        ({"currency": "gems"}, 400, "invalid_request"),
        ({"reason": ""}, 400, "invalid_request"),
        ({"reason": "x" * 2000}, 400, "invalid_request"),
    ],
)
async def test_an_adjustment_that_cannot_be_moves_nothing(
    acme: Running, changes: dict[str, Any], status: int, code: str
) -> None:
    body = {"currency": "points", "amount": 5, "reason": "why", **changes}
    assert_problem(await acme.server.post(f"{MEMBER}/adjustments", json=body), status, code)
    assert (await acme.server.get(MEMBER)).json()["balances"]["points"]["active"] == 60


async def test_a_long_idempotency_key_is_refused(acme: Running) -> None:
    body = {"currency": "points", "amount": 5, "reason": "why"}
    answer = await acme.server.post(
        f"{MEMBER}/adjustments", json=body, headers={"idempotency-key": "k" * 256}
    )
    assert_problem(answer, 400, "invalid_request")


async def test_a_reversal_takes_an_events_own_effects_back_once(acme: Running) -> None:
    path = "/v1/companies/acme/events/deal/reversal"
    answer = await acme.server.post(path, headers={"idempotency-key": "undo"})
    assert answer.status_code == 200
    assert {"type": "award", "rule": "deal", "currency": "points", "amount": -50} in answer.json()["effects"]
    member = (await acme.server.get(MEMBER)).json()
    assert (member["balances"]["points"]["active"], member["badges"]) == (10, [])
    repeated = await acme.server.post(path, headers={"idempotency-key": "undo"})
    assert repeated.json() == answer.json()
    assert_problem(await acme.server.post(path, json={}), 409, "conflict")
    newest = (await acme.server.get(f"{MEMBER}/transfers?limit=1")).json()["data"][0]
    assert (newest["kind"], newest["amount"], newest["message_id"]) == ("reversal", -50, "deal")


async def test_there_is_nothing_to_reverse_of_an_event_unknown(acme: Running) -> None:
    for company, message_id in (("acme", "never"), ("nobody", "deal")):
        answer = await acme.server.post(f"/v1/companies/{company}/events/{message_id}/reversal")
        assert_problem(answer, 404, "not_found")


# --- programs -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("prefix", ["/v1/program", "/v1/companies/acme/program"])
async def test_a_program_is_drafted_published_and_listed(running: Running, prefix: str) -> None:
    await running.server.post("/v1/companies", json={"id": "acme"})
    assert_problem(await running.server.get(f"{prefix}/draft"), 404, "not_found")
    assert_problem(await running.server.post(f"{prefix}/publish"), 404, "not_found")
    put = await running.server.put(f"{prefix}/draft?actor=ada", content=PROGRAM)
    assert (put.status_code, put.json()["changed"]) == (200, True)
    assert (await running.server.get(f"{prefix}/draft")).json() == put.json()
    assert (await running.server.get(f"{prefix}/versions")).json()["data"] == []
    published = await running.server.post(f"{prefix}/publish", json={"actor": "ada"})
    assert published.json()["version"] == 1
    assert (await running.server.get(f"{prefix}/draft")).json()["changed"] is False
    again = await running.server.post(f"{prefix}/publish")
    assert (again.json()["version"], again.json()["unchanged"]) == (1, True)
    (version,) = (await running.server.get(f"{prefix}/versions")).json()["data"]
    assert (version["version"], version["actor"], version["hash"]) == (1, "ada", published.json()["hash"])
    assert (await running.track())["effects"][0]["amount"] == 10


async def test_a_company_begins_its_draft_with_the_program_in_force(acme: Running) -> None:
    draft = (await acme.server.get("/v1/companies/acme/program/draft")).json()
    assert (draft["document"], draft["changed"]) == (PROGRAM, False)


async def test_versions_are_read_page_by_page_newest_first(running: Running) -> None:
    for n in range(3):
        await running.publish(PROGRAM.replace("award: 10", f"award: {n + 1}"))
    first = (await running.server.get("/v1/program/versions?limit=2")).json()
    assert [one["version"] for one in first["data"]] == [3, 2]
    rest = (await running.server.get(f"/v1/program/versions?limit=2&cursor={first['next_cursor']}")).json()
    assert ([one["version"] for one in rest["data"]], rest["next_cursor"]) == ([1], None)


async def test_a_program_may_be_json(running: Running) -> None:
    document = {
        "name": "J",
        "currencies": {"points": {}},
        "events": {"E": {}},
        "rules": [{"id": "r", "trigger": "E", "effects": [{"award": 1}]}],
    }
    assert (await running.server.put("/v1/program/draft", json=document)).status_code == 200


async def test_every_mistake_of_a_program_is_told_with_its_pointer(running: Running) -> None:
    text = PROGRAM.replace("award: 10", "award: -1").replace("trigger: Deal Won", "trigger: Deal Wn")
    answer = await running.server.put("/v1/program/draft", content=text)
    assert_problem(answer, 422, "unprocessable")
    errors = {one["pointer"]: one for one in answer.json()["errors"]}
    assert {"/rules/0/effects/0/award", "/rules/1/trigger"} <= set(errors)
    assert errors["/rules/1/trigger"]["suggestion"] == "Deal Won"
    assert all(one["message"] and one["line"] > 0 for one in errors.values())
    assert_problem(await running.server.get("/v1/program/draft"), 404, "not_found")


@ON_SQLITE
@pytest.mark.parametrize(
    "body, status",
    [
        (b"", 422),
        (b"\xff\xff", 400),
        (b"a: [", 422),
        (b"a: &x 1\nb: *x", 422),
        (b"[" * 5000, 422),
        (b"- \xef\xbf\xbe", 422),
        (b"x" * 1_100_000, 413),
        (b"x: " + b"y" * 1_049_000, 413),
    ],
)
async def test_a_text_that_is_no_program_is_refused(running: Running, body: bytes, status: int) -> None:
    answer = await running.server.put("/v1/program/draft", content=body)
    assert answer.status_code == status, answer.text
    assert answer.json()["message"]


# --- aggregates, tokens, operations -------------------------------------------------------------------------


async def test_reports_are_read_with_a_report_key(acme: Running) -> None:
    health = (await acme.report.get("/v1/companies/acme/health")).json()
    assert (health["company"], health["band"], health["score"]) == ("acme", "unscored", None)
    assert (await acme.report.get("/v1/companies/acme/health/history")).json() == {"data": []}
    report = (await acme.report.get("/v1/companies/acme/report")).json()
    assert (report["company"], report["k"]) == ("acme", 5)
    assert [one["company"] for one in (await acme.report.get("/v1/portfolio")).json()["data"]] == ["acme"]
    assert "emp-1" not in str(report)


async def test_reports_come_as_csv_too(acme: Running) -> None:
    for path in ("/v1/portfolio", "/v1/companies/acme/report"):
        answer = await acme.report.get(f"{path}?format=csv")
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        assert answer.headers["content-disposition"].startswith("attachment")
        assert answer.text.startswith("\ufeff")


@ON_SQLITE
@pytest.mark.parametrize(
    "path",
    [
        "/v1/portfolio?as_of=soon",
        "/v1/portfolio?format=xml",
        "/v1/companies/acme/report?period=forever",
        "/v1/companies/acme/report?period=2026-Q5",
        "/v1/companies/acme/report?format=exe",
    ],
)
async def test_a_report_that_cannot_be_is_refused(acme: Running, path: str) -> None:
    assert_problem(await acme.report.get(path), 400, "invalid_request")


async def test_a_company_unknown_has_no_report(running: Running) -> None:
    for what in ("health", "health/history", "report"):
        assert_problem(await running.report.get(f"/v1/companies/nobody/{what}"), 404, "not_found")


async def test_a_member_token_is_short_lived_and_for_one_member(running: Running) -> None:
    answer = await running.server.post(
        "/v1/member-tokens", json={"company": "acme", "member": "emp-1", "ttl_seconds": 60}
    )
    assert answer.status_code == 201
    assert read_member_token(SECRET, answer.json()["token"]) == TokenHolder("acme", "emp-1")
    left = datetime.fromisoformat(answer.json()["expires_at"]) - datetime.now(UTC)
    assert 0 < left.total_seconds() <= 60
    for ttl in (0, 601, "soon"):
        body = {"company": "acme", "member": "emp-1", "ttl_seconds": ttl}
        assert_problem(await running.server.post("/v1/member-tokens", json=body), 400, "invalid_request")


async def test_rejects_are_read_page_by_page_newest_first(running: Running) -> None:
    for n in range(5):
        await running.server.post("/v1/track", json={"messageId": f"bad-{n}", "userId": "e"})
    first = (await running.server.get("/v1/rejects?limit=3")).json()
    rest = (await running.server.get(f"/v1/rejects?limit=3&cursor={first['next_cursor']}")).json()
    listed = first["data"] + rest["data"]
    assert len({one["id"] for one in listed}) == 5
    assert rest["next_cursor"] is None
    assert [one["received_at"] for one in listed] == sorted(
        (one["received_at"] for one in listed), reverse=True
    )
    assert "bad-4" in str(listed[0]["call"])


async def test_metrics_count_routes_and_name_nobody(acme: Running) -> None:
    await acme.server.get(MEMBER)
    text = (await acme.anonymous.get("/metrics")).text
    route = 'route="/v1/companies/{company}/members/{member}"'
    assert f'engage_http_requests_total{{method="GET",{route},status="200"}}' in text
    assert 'engage_messages_total{status="ok"}' in text
    for private in ("acme", "emp-1", "Report Exported", acme.keys["server"]):
        assert private not in text


async def test_the_bare_address_leads_to_the_pages(running: Running) -> None:
    answer = await running.anonymous.get("/")
    assert (answer.status_code, answer.headers["location"]) == (307, "console/")
    page = await running.anonymous.get("/console/")
    assert (page.status_code, page.headers["content-type"]) == (401, "text/html; charset=utf-8")
