"""The tracking API against what real clients send, and against what nobody should."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import zlib
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from engage.actions import group_commit
from engage.actions.keys import new_key_text
from engage.errors import TooManyRequests, Unavailable
from engage.telemetry import metrics_text
from engage.web import bodies
from engage.web.api import events
from tests.places import ON_SQLITE
from tests.web.conftest import Running

PROBLEM = "application/problem+json"


def message(**changes: Any) -> dict[str, Any]:
    return {
        "type": "track",
        "messageId": "m-1",
        "userId": "emp-1",
        "event": "Report Exported",
        "context": {"groupId": "acme"},
        **changes,
    }


async def points(running: Running, member: str = "emp-1") -> int:
    answer = await running.server.get(f"/v1/companies/acme/members/{member}")
    return int(answer.json()["balances"]["points"]["active"]) if answer.status_code == 200 else 0


def assert_problem(answer: httpx.Response, status: int, code: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == PROBLEM
    body = answer.json()
    assert (body["status"], body["code"], body["type"]) == (status, code, "about:blank")
    assert isinstance(body["message"], str)
    assert body["detail"] == body["message"]
    assert "Traceback" not in answer.text


# --- success ------------------------------------------------------------------------------------------------


async def test_success_is_exactly_200_with_success_true(running: Running) -> None:
    await running.publish()
    answer = await running.server.post("/v1/batch", json={"batch": [message(), message(messageId="m-2")]})
    assert answer.status_code == 200
    award = {"type": "award", "rule": "export", "currency": "points", "amount": 10}
    assert answer.json() == {
        "success": True,
        "results": {
            "m-1": {"status": "ok", "effects": [award, {"type": "level", "level": "bronze"}]},
            "m-2": {"status": "ok", "effects": [award]},
        },
    }
    assert await points(running) == 20


@ON_SQLITE
@pytest.mark.parametrize("path, verb", events.VERBS.items())
@pytest.mark.parametrize("mount", ["", "/foo", "/foo/bar"])
async def test_every_verb_is_served_at_every_mount(
    running: Running, path: str, verb: str | None, mount: str
) -> None:
    one = message(type=verb or "track", groupId="acme", previousId="visitor", traits={"role": "seller"})
    body = one if verb is not None else {"batch": [one]}
    answer = await running.server.post(f"{mount}/v1/{path}", json=body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["results"]["m-1"]["status"] == "ok"


@ON_SQLITE
@pytest.mark.parametrize(
    "path", ["/v1/batch/", "/foo/v1/track/", "/v1/t", "/v1//batch", "/v1/nothing", "//v1/t"]
)
async def test_nothing_is_ever_redirected(running: Running, path: str) -> None:
    """A client in use counts a redirect without an address as delivered."""
    answer = await running.server.post(path, json=message())
    assert answer.status_code in (200, 400, 404)


async def test_an_empty_batch_is_a_success(running: Running) -> None:
    answer = await running.server.post("/v1/batch", json={"batch": []})
    assert (answer.status_code, answer.json()) == (200, {"success": True, "results": {}})


async def test_the_same_message_again_changes_nothing(running: Running) -> None:
    await running.publish()
    again = message(timestamp="2026-11-20T09:00:00Z")
    answers = [await running.server.post("/v1/track", json=again) for _ in range(3)]
    assert answers[-1].json()["results"] == {"m-1": {"status": "duplicate"}}
    assert await points(running) == 10


async def test_two_copies_in_one_batch_count_once_and_the_first_is_told(running: Running) -> None:
    await running.publish()
    answer = await running.server.post("/v1/batch", json={"batch": [message(), message()]})
    assert answer.json()["results"]["m-1"]["status"] == "ok"
    assert await points(running) == 10


async def test_a_message_without_an_id_is_given_one(running: Running) -> None:
    answer = await running.server.post("/v1/track", json={"userId": "e", "event": "E", "groupId": "acme"})
    ((id, result),) = answer.json()["results"].items()
    assert id
    assert result["status"] == "ok"


# --- keys ---------------------------------------------------------------------------------------------------


def basic(user: str, password: str = "") -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


async def test_the_key_is_taken_from_wherever_a_client_puts_it(running: Running) -> None:
    key = running.keys["write"]
    ways: list[tuple[dict[str, str], dict[str, str]]] = [
        ({"authorization": basic(key)}, {}),
        ({"authorization": f"Bearer {key}"}, {}),
        ({"authorization": f"bearer  {key}"}, {}),
        ({"x-write-key": key}, {}),
        ({"x-write-key": f"{key}:a secret of Jitsu's"}, {}),
        ({}, {"writeKey": key}),
        ({}, {"api_key": key}),
        ({"authorization": basic(key)}, {"writeKey": key}),
        ({"authorization": basic("")}, {"writeKey": key}),
    ]
    for headers, fields in ways:
        answer = await running.anonymous.post("/v1/batch", json={"batch": [], **fields}, headers=headers)
        assert answer.status_code == 200, (headers, fields, answer.text)


async def test_a_wrong_or_missing_key_is_a_401(running: Running) -> None:
    wrong: list[tuple[dict[str, str], dict[str, Any]]] = [
        ({}, {}),
        ({}, {"writeKey": ""}),
        ({}, {"writeKey": 7}),
        ({}, {"writeKey": {"a": 1}}),
        ({"authorization": f"Bearer {new_key_text('server')}"}, {}),
        ({"authorization": basic(new_key_text("write"))}, {}),
        ({"authorization": "Basic not*base64"}, {}),
        ({"authorization": basic("\ufffd\0")}, {}),
        ({"x-write-key": "x" * 100_000}, {}),
        ({}, {"writeKey": "\ud800"}),
        # A header counts before the body, so a wrong one is not made good by it.
        ({"authorization": basic("wk_wrong")}, {"writeKey": running.keys["write"]}),
    ]
    for headers, fields in wrong:
        body = json.dumps({"batch": [message()], **fields})
        answer = await running.anonymous.post("/v1/batch", content=body, headers=headers)
        assert_problem(answer, 401, "unauthorized")
        assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_a_report_key_may_not_send_events(running: Running) -> None:
    assert_problem(await running.report.post("/v1/track", json=message()), 403, "forbidden")


async def test_a_write_key_is_not_told_effects_and_earns_only_where_the_program_says(
    running: Running,
) -> None:
    await running.publish()
    await running.server.post("/v1/group", json={"userId": "emp-1", "groupId": "acme"})
    forged = await running.write.post("/v1/track", json=message())
    assert forged.json()["results"]["m-1"] == {
        "status": "ok",
        "reason": {
            "code": "untrusted_source",
            "message": forged.json()["results"]["m-1"]["reason"]["message"],
        },
    }
    allowed = await running.write.post("/v1/track", json=message(event="Page Clicked", messageId="m-2"))
    assert allowed.json()["results"]["m-2"] == {"status": "ok"}
    assert await points(running) == 1


async def test_a_company_unknown_to_a_write_key_is_retryable_and_not_created(running: Running) -> None:
    answer = await running.write.post("/v1/track", json=message(context={"groupId": "unheard-of"}))
    result = answer.json()["results"]["m-1"]
    assert (answer.status_code, result["status"], result["reason"]["code"]) == (
        200,
        "retry",
        "company_unknown",
    )
    assert (await running.server.get("/v1/companies/unheard-of")).status_code == 404
    await running.server.post("/v1/companies", json={"id": "unheard-of"})
    again = await running.write.post("/v1/track", json=message(context={"groupId": "unheard-of"}))
    assert again.json()["results"]["m-1"]["status"] == "ok"


# --- bodies -------------------------------------------------------------------------------------------------


@ON_SQLITE
@pytest.mark.parametrize(
    "content_type", ["application/x-www-form-urlencoded", "text/plain", "application/octet-stream", ""]
)
async def test_the_content_type_is_ignored(running: Running, content_type: str) -> None:
    body = gzip.compress(json.dumps({"batch": [message()]}).encode())
    headers = {"content-type": content_type, "content-encoding": "gzip"}
    answer = await running.server.post("/v1/batch", content=body, headers=headers)
    assert answer.json()["results"]["m-1"]["status"] == "ok"


async def test_a_gzip_of_several_members_is_read_whole(running: Running) -> None:
    text = json.dumps(message()).encode()
    body = gzip.compress(text[:20]) + gzip.compress(text[20:])
    answer = await running.server.post("/v1/track", content=body, headers={"content-encoding": "gzip"})
    assert answer.status_code == 200


@ON_SQLITE
@pytest.mark.parametrize(
    "body, encoding, code",
    [
        (b"not gzip at all", "gzip", "invalid_request"),
        (gzip.compress(b"{}" * 100, mtime=0)[:-9], "gzip", "invalid_request"),
        (gzip.compress(b"", mtime=0) * 50_000, "gzip", "invalid_request"),
        (b"{}", "br", "invalid_request"),
        (b"", "", "invalid_json"),
        (b"", "gzip", "invalid_json"),
        (b"{", "", "invalid_json"),
        (b'{"batch": [', "", "invalid_json"),
        (b"\xff\xfe\x00", "", "invalid_json"),
        (b"[" * 100_000 + b"]" * 100_000, "", "too_deep"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "", "too_deep"),
        (b'{"a": NaN, "b":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "", "too_deep"),
        (b"[]", "", "invalid_request"),
        (b"null", "", "invalid_request"),
        (b'"text"', "", "invalid_request"),
        (b"{}", "", "invalid_request"),
        (b'{"batch": {}}', "", "invalid_request"),
        (b'{"batch": null}', "", "invalid_request"),
    ],
)
async def test_a_body_that_cannot_be_read_is_a_400_with_a_code(
    running: Running, body: bytes, encoding: str, code: str
) -> None:
    headers = {"content-encoding": encoding} if encoding else {}
    assert_problem(await running.server.post("/v1/batch", content=body, headers=headers), 400, code)


async def test_twenty_megabytes_are_a_413(running: Running) -> None:
    body = b'{"batch": ["' + b"x" * 20_000_000 + b'"]}'
    assert_problem(await running.server.post("/v1/batch", content=body), 413, "body_too_large")


async def test_a_body_of_no_declared_length_is_cut_off_as_well(running: Running) -> None:
    async def endless() -> Any:
        for _ in range(20):
            yield b"x" * 1_000_000

    assert_problem(await running.server.post("/v1/batch", content=endless()), 413, "body_too_large")


def bomb(megabytes: int) -> bytes:
    """A gzip body of that many spaces, put together from equal blocks: making it must not take the time it costs."""
    packer = zlib.compressobj(1, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    spaces = b" " * 10_000_000
    first, again = (packer.compress(spaces) + packer.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    return first + again * (megabytes // 10 - 1)


async def test_a_gzip_bomb_is_a_413_and_is_not_inflated(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = bomb(500)
    assert len(body) < bodies.WIRE_BYTES_MAX
    answer = await running.server.post("/v1/batch", content=body, headers={"content-encoding": "gzip"})
    assert_problem(answer, 413, "body_too_large")
    assert "8388608" in answer.json()["message"]


async def test_without_a_key_in_the_headers_less_is_read(running: Running) -> None:
    """Nobody knows yet whose memory it would fill."""
    key = running.keys["write"]
    batch = [message(messageId=f"m{n}", properties={"text": "x" * 1000}) for n in range(2000)]
    body = json.dumps({"writeKey": key, "batch": batch}).encode()
    assert bodies.KEYLESS_WIRE_BYTES_MAX < len(body) < bodies.WIRE_BYTES_MAX
    assert_problem(await running.anonymous.post("/v1/batch", content=body), 413, "body_too_large")
    answer = await running.anonymous.post("/v1/batch", content=body, headers={"x-write-key": key})
    assert answer.status_code == 200


def test_inflating_stops_at_the_limit() -> None:
    exact = b"x" * 1000
    assert bodies.inflate(gzip.compress(exact), "gzip", 1000) == exact
    with pytest.raises(Exception, match="more than 999"):
        bodies.inflate(gzip.compress(exact), "gzip", 999)
    with pytest.raises(Exception, match="more than 1999"):
        bodies.inflate(gzip.compress(exact) * 2, "gzip", 1999)


async def test_a_batch_of_too_many_messages_is_refused_whole(running: Running) -> None:
    batch = [{"type": "track"}] * (events.BATCH_MESSAGES_MAX + 1)
    assert_problem(await running.server.post("/v1/batch", json={"batch": batch}), 413, "body_too_large")


# --- one bad message never fails its batch ------------------------------------------------------------------

BAD: list[tuple[str, Any, str]] = [
    ("a number", "7", "invalid_type"),
    ("null", "null", "invalid_type"),
    ("a list", "[[]]", "invalid_type"),
    ("no type", '{"messageId": "bad", "userId": "e"}', "invalid_type"),
    ("an unknown type", '{"messageId": "bad", "userId": "e", "type": "dance"}', "invalid_type"),
    ("nobody", '{"messageId": "bad", "type": "track", "event": "E"}', "missing_user"),
    ("no event", '{"messageId": "bad", "type": "track", "userId": "e"}', "missing_event"),
    ("an empty event", '{"messageId": "bad", "type": "track", "userId": "e", "event": " "}', "missing_event"),
    (
        "a long id",
        '{"messageId": "bad", "type": "track", "event": "E", "userId": "%s"}' % ("x" * 300),
        "invalid_id",
    ),
    (
        "an id of another kind",
        '{"messageId": "bad", "type": "track", "event": "E", "userId": [1]}',
        "invalid_id",
    ),
    (
        "deep properties",
        json.dumps(message(messageId="bad", properties="DEEP")).replace(
            '"DEEP"', '{"a":' * 200 + "1" + "}" * 200
        ),
        "too_deep",
    ),
    (
        "large properties",
        json.dumps(message(messageId="bad", properties={f"p{n}": "x" * 5000 for n in range(10)})),
        "too_large",
    ),
    ("a group without one", '{"messageId": "bad", "type": "group", "userId": "e"}', "missing_company"),
]


@pytest.mark.parametrize("text, code", [case[1:] for case in BAD], ids=[case[0] for case in BAD])
async def test_a_bad_message_is_rejected_alone_and_listed(running: Running, text: str, code: str) -> None:
    good, better = json.dumps(message()), json.dumps(message(messageId="m-2"))
    body = f'{{"batch": [{good}, {text}, {better}]}}'
    answer = await running.server.post("/v1/batch", content=body)
    assert answer.status_code == 200, answer.text
    results = answer.json()["results"]
    assert len(results) == 3
    assert {results["m-1"]["status"], results["m-2"]["status"]} == {"ok"}
    (bad,) = (result for id, result in results.items() if id not in ("m-1", "m-2"))
    assert (bad["status"], bad["reason"]["code"]) == ("rejected", code)
    (listed,) = (await running.server.get("/v1/rejects")).json()["data"]
    assert (listed["code"], listed["message"]) == (code, bad["reason"]["message"])


# --- poison -------------------------------------------------------------------------------------------------

POISON = {
    "NaN": "NaN",
    "Infinity": "-Infinity",
    "1e999": "1e999",
    "10^30": "1" + "0" * 30,
    "10^5000": "1" + "0" * 5000,
    "a lone surrogate": r'"\ud800"',
    "NUL": r'"a\u0000b"',
    "a huge exponent": "1e-99999",
    "minus zero": "-0",
}


@pytest.mark.parametrize("value", POISON.values(), ids=POISON)
async def test_poison_costs_no_neighbour_and_is_stored_clean(running: Running, value: str) -> None:
    await running.publish()
    sent = [message(messageId=f"m-{n}", properties={"value": "POISON"} if n else {}) for n in range(3)]
    body = json.dumps({"batch": sent}).replace('"POISON"', value)
    answer = await running.server.post("/v1/batch", content=body)
    assert answer.status_code == 200, answer.text
    assert {result["status"] for result in answer.json()["results"].values()} == {"ok"}
    assert await points(running) == 30


async def test_poison_in_names_and_ids_is_cleaned(running: Running) -> None:
    body = (
        r'{"type":"identify","messageId":"m\u0000","userId":"emp\ud800-1","groupId":"ac\u0000me",'
        r'"context":{"groupId":"ac\u0000me"},"traits":{"na\ud800me":"A\u0000da"}}'
    )
    answer = await running.server.post("/v1/identify", content=body)
    assert next(iter(answer.json()["results"].values()))["status"] == "ok"
    member = (await running.server.get("/v1/companies/acme/members/emp-1")).json()
    assert member["traits"] == {"name": "Ada"}


async def test_broken_utf8_costs_no_neighbour(running: Running) -> None:
    bad = json.dumps(message(userId="e-XX")).encode().replace(b"XX", b"\xff\xfe")
    body = b'{"batch": [' + bad + b"," + json.dumps(message(messageId="m-2")).encode() + b"]}"
    answer = await running.server.post("/v1/batch", content=body)
    assert {result["status"] for result in answer.json()["results"].values()} == {"ok"}


@pytest.mark.parametrize(
    "id", ["True", "0", "a/b", "..", "%2F", "' OR 1=1 --", "élan 東京", "a?b#c", "{scope}", "+", " x "]
)
async def test_hostile_ids_are_just_ids(running: Running, id: str) -> None:
    await running.publish()
    body = message(userId=id, context={"groupId": id})
    assert (await running.server.post("/v1/track", json=body)).json()["results"]["m-1"]["status"] == "ok"
    kept = id.strip()
    quoted = quote(kept, safe="").replace(".", "%2E")
    found = await running.server.get(f"/v1/companies/{quoted}/members/{quoted}")
    assert found.status_code == 200, found.text
    assert (found.json()["id"], found.json()["company"]) == (kept, kept)
    assert found.json()["balances"]["points"]["active"] == 10


# --- time ---------------------------------------------------------------------------------------------------


async def seen_at(running: Running, **changes: Any) -> datetime:
    answer = await running.server.post("/v1/track", json=message(**changes))
    assert answer.json()["results"]["m-1"]["status"] == "ok", answer.text
    decisions = await running.server.get("/v1/companies/acme/members/emp-1/decisions")
    return datetime.fromisoformat(decisions.json()["data"][0]["at"])


async def test_a_clock_that_is_off_is_corrected(running: Running) -> None:
    now = datetime.now(UTC)
    off = timedelta(hours=3)
    at = await seen_at(
        running,
        timestamp=(now + off - timedelta(minutes=5)).isoformat(),
        sentAt=(now + off).isoformat(),
    )
    assert abs(at - (now - timedelta(minutes=5))) < timedelta(seconds=30)


async def test_sent_at_of_the_batch_corrects_as_well(running: Running) -> None:
    now = datetime.now(UTC)
    early = (now - timedelta(days=2)).isoformat()
    body = {"batch": [message(timestamp=early)], "sentAt": early}
    await running.server.post("/v1/batch", json=body)
    decisions = await running.server.get("/v1/companies/acme/members/emp-1/decisions")
    at = datetime.fromisoformat(decisions.json()["data"][0]["at"])
    assert abs(at - now) < timedelta(seconds=30)


async def test_the_future_is_now(running: Running) -> None:
    at = await seen_at(running, timestamp="2999-01-01T00:00:00Z")
    assert abs(at - datetime.now(UTC)) < timedelta(seconds=30)


async def test_1970_is_recorded_and_too_late_to_earn(running: Running) -> None:
    await running.publish()
    await running.track()
    result = await running.track(messageId="old", timestamp="1970-01-01T00:00:01Z")
    assert (result["status"], result["reason"]["code"]) == ("ok", "too_late")
    assert await points(running) == 10


@ON_SQLITE
@pytest.mark.parametrize(
    "timestamp", ["yesterday", "0000-00-00", "99999-01-01T00:00:00Z", -1, 1e300, {}, True]
)
async def test_a_time_that_is_none_is_taken_as_now_and_said(running: Running, timestamp: Any) -> None:
    answer = await running.server.post("/v1/track", json=message(timestamp=timestamp))
    result = answer.json()["results"]["m-1"]
    assert result["status"] == "ok"
    assert "timestamp" in result["warnings"][0]


# --- who ----------------------------------------------------------------------------------------------------


async def test_an_anonymous_event_is_held_until_its_visitor_is_named(running: Running) -> None:
    await running.publish()
    visit = {"messageId": "v", "anonymousId": "anon", "event": "Report Exported", "groupId": "acme"}
    held = (await running.server.post("/v1/track", json=visit)).json()["results"]["v"]
    assert (held["status"], held["reason"]["code"]) == ("ok", "held_anonymous")
    assert await points(running) == 0
    named = {"messageId": "i", "userId": "emp-1", "anonymousId": "anon", "context": {"groupId": "acme"}}
    await running.server.post("/v1/identify", json=named)
    assert await points(running) == 10


async def test_the_batch_context_names_the_company_of_messages_without_one(running: Running) -> None:
    one = {key: value for key, value in message().items() if key != "context"}
    await running.server.post("/v1/batch", json={"batch": [one], "context": {"groupId": "acme"}})
    assert (await running.server.get("/v1/companies/acme/members/emp-1")).status_code == 200


# --- pressure -----------------------------------------------------------------------------------------------


async def test_a_full_queue_is_a_429_with_whole_seconds(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(_: Any) -> Any:
        raise TooManyRequests("20000 calls are waiting", retry_after=3)

    monkeypatch.setattr(running.service.services().ingestion, "accept", full)
    answer = await running.server.post("/v1/track", json=message())
    assert_problem(answer, 429, "too_many_requests")
    assert answer.headers["retry-after"] == "3"


async def test_a_database_that_cannot_be_written_is_a_503_with_whole_seconds(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any, **__: Any) -> Any:
        raise Unavailable("the database cannot be written: disk I/O error")

    monkeypatch.setattr(group_commit, "accept_in_turn", broken)
    answer = await running.server.post("/v1/track", json=message())
    assert_problem(answer, 503, "unavailable")
    assert int(answer.headers["retry-after"]) > 0


async def test_our_own_mistake_is_a_500_that_tells_nothing(
    running: Running, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def wrong(_: Any) -> Any:
        raise RuntimeError("the secret reason")

    monkeypatch.setattr(running.service.services().ingestion, "accept", wrong)
    answer = await running.server.post("/v1/track", json=message())
    assert_problem(answer, 500, "internal")
    assert "secret" not in answer.text
    assert "the secret reason" in caplog.text


async def test_requests_at_the_same_time_are_each_told_their_own(running: Running) -> None:
    await running.publish()
    answers = await asyncio.gather(
        *(
            running.server.post(
                "/v1/batch", json={"batch": [message(messageId=f"m{n}-{i}") for i in range(5)]}
            )
            for n in range(40)
        )
    )
    for n, answer in enumerate(answers):
        assert set(answer.json()["results"]) == {f"m{n}-{i}" for i in range(5)}
    assert await points(running) == 2000


async def test_retries_are_counted(running: Running) -> None:
    before = metrics_text()
    await running.server.post("/v1/batch", json={"batch": []}, headers={"x-retry-count": "2"})
    await running.server.post("/v1/batch", json={"batch": []}, headers={"x-retry-count": "0"})
    await running.server.post("/v1/batch", json={"batch": []}, headers={"x-retry-count": "many"})

    def count(text: bytes) -> float:
        (line,) = (one for one in text.splitlines() if one.startswith(b"engage_retried_requests_total"))
        return float(line.split()[1])

    assert count(metrics_text()) == count(before) + 1


# --- browsers -----------------------------------------------------------------------------------------------


@ON_SQLITE
@pytest.mark.parametrize("path", ["/v1/t", "/v1/batch", "/somewhere/v1/i"])
async def test_a_preflight_allows_what_browsers_send(running: Running, path: str) -> None:
    headers = {
        "origin": "https://app.example.com",
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type",
    }
    answer = await running.anonymous.options(path, headers=headers)
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "*"
    allowed = answer.headers["access-control-allow-headers"]
    assert {"authorization", "content-type", "content-encoding", "x-write-key"} <= set(allowed.split(", "))


async def test_a_page_of_any_site_may_read_the_answer_even_an_error(running: Running) -> None:
    good = await running.write.post("/v1/t", json=message(), headers={"origin": "https://app.example.com"})
    bad = await running.anonymous.post("/v1/t", json=message(), headers={"origin": "https://app.example.com"})
    assert good.headers["access-control-allow-origin"] == bad.headers["access-control-allow-origin"] == "*"
    assert bad.status_code == 401


async def test_only_the_tracking_calls_are_open_to_other_sites(running: Running) -> None:
    answer = await running.server.get("/v1/companies", headers={"origin": "https://evil.example.com"})
    assert "access-control-allow-origin" not in answer.headers
    assert (await running.anonymous.options("/v1/companies")).status_code == 405
