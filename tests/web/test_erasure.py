"""Erasing a member by HTTP, beside a service that goes on."""

from __future__ import annotations

import httpx
import pytest
from engage_sdk import AsyncClient, NotFoundError, models

from engage.actions.verify import verify
from tests.places import ON_SQLITE
from tests.web.conftest import Running
from tests.web.test_events import assert_problem

MEMBER = "/v1/companies/acme/members/emp-1"


async def test_a_member_is_erased_and_the_service_goes_on(running: Running) -> None:
    """Also what the service remembers between commits is of nobody any more."""
    await running.publish()
    await running.track(userId="emp-2")
    sent = [await running.track() for _ in range(3)]
    assert [one["status"] for one in sent] == ["ok"] * 3
    gone = {"entries": 3, "notices": 2, "rejects": 0, "archive_files": []}
    rehearsed = await running.server.delete(MEMBER, params={"dry_run": "true"})
    assert rehearsed.json() == {"id": None} | gone
    done = await running.server.delete(MEMBER, params={"actor": "Robin"}, headers={"Idempotency-Key": "k"})
    assert (done.status_code, done.json() | {"id": ""}) == (200, {"id": ""} | gone)
    assert models.decode(models.Erasure, done.json()).entries == 3
    again = await running.server.delete(MEMBER, headers={"Idempotency-Key": "k"})
    assert again.json() == done.json()
    assert_problem(await running.server.delete(MEMBER), 404, "not_found")
    assert_problem(await running.server.get(MEMBER), 404, "not_found")
    assert (await running.track(messageId="m2"))["status"] == "duplicate"
    assert (await running.track())["status"] == "ok"
    listed = (await running.server.get("/v1/companies/acme/members")).json()["data"]
    assert [(one["id"], one["balances"]["points"]["active"]) for one in listed] == [
        ("emp-2", 10),
        ("emp-1", 10),
    ]
    assert (await verify(running.database)).difference is None


async def test_only_who_may_write_by_hand_may_erase(running: Running) -> None:
    await running.publish()
    await running.track()
    for client, status, code in (
        (running.anonymous, 401, "unauthorized"),
        (running.write, 403, "forbidden"),
        (running.report, 403, "forbidden"),
    ):
        assert_problem(await client.delete(MEMBER), status, code)
    assert_problem(await running.server.delete(MEMBER, params={"dryrun": "true"}), 400, "invalid_request")
    assert (await running.server.get(MEMBER)).status_code == 200


@ON_SQLITE
async def test_the_client_erases(running: Running) -> None:
    await running.publish()
    await running.track(userId="a/b c")

    def http() -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.ASGITransport(app=running.service))

    async with AsyncClient("http://engage.test", key=running.keys["server"], make_http=http) as client:
        rehearsed = await client.members.erase("acme", "a/b c", dry_run=True)
        done = await client.members.erase("acme", "a/b c", actor="Robin")
        assert (rehearsed.id, rehearsed.entries, done.entries) == (None, 1, 1)
        with pytest.raises(NotFoundError, match="never was, or was erased"):
            await client.members.erase("acme", "a/b c")
