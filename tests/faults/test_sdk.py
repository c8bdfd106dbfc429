"""Our own client against a server that goes down and up: what its queue took is delivered, each message once."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from typing import Any

import pytest
from engage_sdk import AsyncClient, Client, EngageError

from tests.faults.account import client_of
from tests.faults.serving import Engage, run
from tests.places import ON_SQLITE

pytestmark = ON_SQLITE
OUTAGES = 2
FLUSH_SECONDS = 60


class Owed:
    """What each member is to have, and what the client complained of."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.points: dict[str, int] = {}
        self.problems: list[str] = []

    def tell(self, error: EngageError, messages: Sequence[dict[str, Any]]) -> None:
        self.problems.append(f"{error}: {len(messages)} messages")

    def track(self, client: Client | AsyncClient) -> None:
        member = f"member-{self.chance.randrange(5)}"
        client.track(member, "Report Exported", company="acme", properties={"pages": 3})
        self.points[member] = self.points.get(member, 0) + 10

    async def settle(self, engage: Engage) -> None:
        assert self.problems == []
        assert sum(self.points.values()) > 1000
        async with client_of(engage) as http:
            for member, owed in self.points.items():
                found = (await http.get(f"/v1/companies/acme/members/{member}")).json()
                assert found["balances"]["points"]["active"] == owed, member
        code, said = await run("verify", database_url=engage.database_url)
        assert code == 0, said


async def go_down_and_up(engage: Engage, chance: random.Random) -> None:
    for number in range(OUTAGES):
        await asyncio.sleep(0.2 + chance.random())
        if number % 2:
            await engage.stop()
        else:
            engage.kill()
        await asyncio.sleep(chance.random())
        await engage.start()
    await asyncio.sleep(0.3)


async def test_what_a_client_queued_arrives_once(engage: Engage, chance: random.Random) -> None:
    owed = Owed(chance)
    client = Client(engage.url, key=engage.key, on_error=owed.tell)
    going = asyncio.create_task(go_down_and_up(engage, chance))
    while not going.done():
        owed.track(client)
        await asyncio.sleep(0.005)
    await going
    assert await asyncio.to_thread(client.flush, FLUSH_SECONDS)
    await asyncio.to_thread(client.close)
    await owed.settle(engage)


async def test_what_an_async_client_queued_arrives_once(engage: Engage, chance: random.Random) -> None:
    owed = Owed(chance)
    async with AsyncClient(engage.url, key=engage.key, on_error=owed.tell) as client:
        going = asyncio.create_task(go_down_and_up(engage, chance))
        while not going.done():
            owed.track(client)
            await asyncio.sleep(0.005)
        await going
        assert await client.flush(FLUSH_SECONDS)
    await owed.settle(engage)


@pytest.mark.parametrize("seconds", [3.0])
async def test_a_host_that_stops_during_an_outage_is_told_what_was_not_delivered(
    engage: Engage, chance: random.Random, seconds: float
) -> None:
    """Its queue promises no more than that: delivered, or named."""
    owed = Owed(chance)
    client = Client(engage.url, key=engage.key, on_error=owed.tell)
    owed.track(client)
    assert await asyncio.to_thread(client.flush, FLUSH_SECONDS)
    engage.kill()
    for _ in range(20):
        owed.track(client)
    started = time.monotonic()
    await asyncio.to_thread(client.close, seconds)
    assert time.monotonic() - started < seconds + 3
    assert sum(int(problem.rpartition(": ")[2].split()[0]) for problem in owed.problems) == 20
