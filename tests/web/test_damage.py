"""Requests damaged at random are answered, never with a 500, and never in another form than the documented."""

from __future__ import annotations

import json
import random
from typing import Any

from engage.actions.verify import verify
from engage.web.api import ENDPOINTS
from tests.web.conftest import PROGRAM, Running

SEED = 20261122
ROUNDS = 300
ODD: list[Any] = [
    *(None, True, 0, -1, 2**53, 10**30, 1.5, "", "x", "\0", "\ud800", " ", "é" * 300, [], {}, [[]], {"": {}}),
    *({"a": [{"b": None}]}, "2026-11-22", "NaN", [None] * 50),
]


def damaged(source: random.Random, value: Any) -> Any:
    """The same document with some of its parts replaced, doubled or dropped."""
    if source.random() < 0.12:
        return source.choice(ODD)
    if isinstance(value, dict):
        return {
            (str(source.choice(ODD)) if source.random() < 0.05 else key): damaged(source, item)
            for key, item in value.items()
            if source.random() > 0.05
        }
    if isinstance(value, list):
        return [damaged(source, item) for item in value for _ in range(source.choice((1, 1, 1, 2)))]
    return value


def broken(source: random.Random, body: bytes) -> bytes:
    """The same bytes with some of them changed or cut off."""
    changed = bytearray(body)
    for _ in range(source.choice((0, 0, 1, 3))):
        if changed:
            changed[source.randrange(len(changed))] = source.randrange(256)
    return bytes(changed[: source.randrange(len(changed) + 1)] if source.random() < 0.1 else changed)


def batch() -> dict[str, Any]:
    message = {
        "type": "track",
        "messageId": "m",
        "userId": "emp-1",
        "anonymousId": "anon",
        "previousId": "anon",
        "event": "Deal Won",
        "name": "Home",
        "groupId": "acme",
        "context": {"groupId": "acme"},
        "properties": {"value": 5000, "list": ["a"], "deep": {"er": 1}},
        "traits": {"role": "seller", "seats": 3, "timezone": "Asia/Shanghai", "name": "Acme"},
        "timestamp": "2026-11-20T09:00:00Z",
        "sentAt": "2026-11-20T09:00:01Z",
    }
    kinds = ("track", "identify", "group", "page", "screen", "alias")
    return {
        "batch": [message | {"type": kind, "messageId": f"m-{kind}"} for kind in kinds],
        "sentAt": "2026-11-20T09:00:01Z",
        "context": {"groupId": "acme"},
    }


async def test_damaged_batches_are_answered_and_the_log_still_replays(running: Running) -> None:
    await running.publish()
    source = random.Random(SEED)
    for _ in range(ROUNDS):
        body = broken(source, json.dumps(damaged(source, batch())).encode())
        answer = await running.server.post("/v1/batch", content=body)
        assert answer.status_code in (200, 400), (answer.status_code, body)
        if answer.status_code == 200:
            assert answer.json()["success"] is True
            assert all(
                one["status"] in ("ok", "duplicate", "rejected") for one in answer.json()["results"].values()
            )
        else:
            assert isinstance(answer.json()["code"], str)
    assert (await running.server.get("/v1/rejects?limit=200")).status_code == 200
    members = await running.server.get("/v1/companies/acme/members")
    assert members.status_code in (200, 404)
    assert (await verify(running.database)).difference is None


async def test_damaged_requests_of_every_other_endpoint_are_answered(running: Running) -> None:
    await running.publish()
    await running.track(messageId="deal")
    bodies: dict[str, Any] = {
        "/v1/companies": {"id": "acme", "name": "A", "timezone": "UTC", "seats": 5},
        "/v1/member-tokens": {"company": "acme", "member": "emp-1", "ttl_seconds": 5, "origin": "https://a"},
        "/v1/companies/{company}/members/{member}/adjustments": {
            "currency": "points",
            "amount": 1,
            "reason": "r",
        },
        "/v1/companies/{company}/events/{message_id}/reversal": {"reason": "r", "actor": "a"},
        "/v1/program/publish": {"actor": "a"},
        "/v1/companies/{company}/program/publish": {"actor": "a"},
    }
    source = random.Random(SEED)
    ids = ["acme", "emp-1", "deal", "%00", "%2F", "%E4", "..%2F", "a" * 1000, "%F0%9F%92%A9", "'"]
    for one in ENDPOINTS:
        if one.raw is not None:
            continue
        for _ in range(15):
            path = one.path
            for name in one.path_names:
                likely = {"company": "acme", "member": "emp-1", "message_id": "deal"}.get(name, "2026-01-01")
                path = path.replace(f"{{{name}}}", source.choice([likely, likely, *ids]))
            query = source.choice(
                ["", "?limit=1", "?limit=%00", "?cursor=gaFh", "?cursor=%FF", "?period=%00&format=csv"]
            )
            said = (
                PROGRAM.encode()
                if one.body is bytes
                else json.dumps(damaged(source, bodies.get(one.path))).encode()
            )
            answer = await running.server.request(one.method, path + query, content=broken(source, said))
            assert answer.status_code < 500, (one.method, path, query, said, answer.text)
            if answer.status_code >= 400:
                assert {"code", "message", "detail", "status"} <= set(answer.json())
