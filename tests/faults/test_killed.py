"""Killed at chance moments under load: what was acknowledged is there, once, and the next start needs no repair."""

from __future__ import annotations

import asyncio
import time

from tests.faults.account import Account, answers_again, load, settled
from tests.faults.serving import Engage

KILLS = 4


async def test_a_killed_server_loses_nothing_it_acknowledged(servers: list[Engage], account: Account) -> None:
    """Its clients go on all the time, as they do when a supervisor starts the server again.

    On PostgreSQL it is one of two, and the other serves on meanwhile.
    """
    async with load(account, *servers) as running:
        for _ in range(KILLS):
            await running.until(20)
            await asyncio.sleep(account.chance.random() / 4)
            victim = account.chance.choice(servers)
            victim.kill()
            killed = time.monotonic()
            for other in servers:
                if other is not victim:
                    await answers_again(account, other, killed)
            await victim.start()
            await answers_again(account, victim, killed)
        await running.until(20)
    await settled(account, servers[0])
