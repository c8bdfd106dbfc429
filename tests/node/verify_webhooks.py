"""Deliveries of a running service, verified in Node by other people's libraries: `make verify-webhooks`.

Not one of the suite's tests: it needs Node, and packages that are not ours to keep. NODE_LIBRARIES is the folder they
were installed in. Those for Python are in the suite.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.deliveries import Delivery, forgeries
from tests.faults.conftest import prepare
from tests.faults.serving import Engage
from tests.places import ON_SQLITE, Place

pytestmark = [ON_SQLITE, pytest.mark.parametrize("library", ["standardwebhooks", "svix"])]

SECONDS_MAX = 30
PATH = "/v1/webhook-endpoints"


@dataclass
class Receiver:
    """The host's end, in Node."""

    process: subprocess.Popen[str]
    port: int

    def url(self, library: str, secret: str) -> str:
        return f"http://127.0.0.1:{self.port}/{library}/{quote(secret, safe='')}"

    async def next(self) -> dict[str, Any]:
        """The next request that it had, and why it was refused."""
        assert self.process.stdout is not None
        line = await asyncio.wait_for(asyncio.to_thread(self.process.stdout.readline), SECONDS_MAX)
        found: dict[str, Any] = json.loads(line)
        return found

    async def genuine(self) -> Delivery:
        """The next request, which was verified."""
        found = await self.next()
        assert found["failed"] is None
        return Delivery(found["headers"], found["body"].encode())

    async def tell(self, library: str, secret: str, delivery: Delivery) -> str | None:
        """Why it refuses this one."""
        said = {
            name: value
            for name, value in delivery.headers.items()
            if name.startswith(("webhook-", "content-t"))
        }
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.post(self.url(library, secret), headers=said, content=delivery.body)
        found = await self.next()
        assert answer.status_code == (400 if found["failed"] else 204)
        failed: str | None = found["failed"]
        return failed


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    folder = os.environ.get("NODE_LIBRARIES") or pytest.fail(
        "NODE_LIBRARIES is not set: run make verify-webhooks"
    )
    process = subprocess.Popen(
        ["node", str(Path(__file__).with_name("receiver.mjs")), folder], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield Receiver(process, int(process.stdout.readline() or pytest.fail("the receiver did not start")))
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
async def service(place: Place, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A client with a server key of a service that may send to this machine."""
    key = await asyncio.to_thread(asyncio.run, prepare(place.url))
    engage = Engage(place.url, tmp_path, key, variables={"ENGAGE_WEBHOOK_NETWORKS": "any"})
    try:
        await engage.start()
        async with httpx.AsyncClient(base_url=engage.url, auth=(key, ""), trust_env=False) as client:
            yield client
        engage.check_log()
    finally:
        engage.end()


async def said(service: httpx.AsyncClient, verb: str, path: str, **body: Any) -> dict[str, Any]:
    answer = await service.request(verb, path, json=body)
    assert answer.is_success, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def export(service: httpx.AsyncClient, member: str) -> None:
    """The event that takes a member to a level."""
    context = {"groupId": "acme"}
    await said(service, "POST", "/v1/track", userId=member, event="Report Exported", context=context)


async def test_a_service_and_a_host_in_node(
    service: httpx.AsyncClient, receiver: Receiver, library: str
) -> None:
    added = await said(service, "POST", PATH, url=receiver.url(library, "unknown"))
    endpoint, old = f"{PATH}/{added['id']}", added["secret"]
    await said(service, "PATCH", endpoint, url=receiver.url(library, old))
    await export(service, "安娜")  # a signature is of bytes, and Node verifies text
    first = await receiver.genuine()
    taken = [
        name
        for name, forged in forgeries(first, old).items()
        if await receiver.tell(library, old, forged) is None
    ]
    assert taken == []

    new = (await said(service, "POST", f"{endpoint}/rotate"))["secret"]
    await said(service, "PATCH", endpoint, url=receiver.url(library, new))
    await export(service, "bob")
    second = await receiver.genuine()
    assert len(second.headers["webhook-signature"].split(" ")) == 2
    assert await receiver.tell(library, old, second) is None
    assert await receiver.tell(library, new, first) is not None

    await said(service, "POST", f"{endpoint}/replay", since="2026-01-31T08:00:00Z")
    again = [await receiver.genuine(), await receiver.genuine()]
    assert [one.headers["webhook-id"] for one in again] == [
        one.headers["webhook-id"] for one in (first, second)
    ]
    assert [one.body for one in again] == [first.body, second.body]
    assert (await said(service, "GET", endpoint))["failing_since"] is None
