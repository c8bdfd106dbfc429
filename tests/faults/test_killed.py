"""Killed at chance moments under load: what was acknowledged is there, once, and the next start needs no repair."""

from __future__ import annotations

import asyncio
import os
import signal
import time

from tests.faults.account import Account, answers_again, eventually, load, settled
from tests.faults.serving import Engage, is_helper
from tests.places import ON_SQLITE

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


@ON_SQLITE
async def test_a_killed_deciding_process_is_replaced_and_loses_nothing(
    engage: Engage, account: Account
) -> None:
    async with load(account, engage) as running:
        for _ in range(KILLS):
            await running.until(20)
            await asyncio.sleep(account.chance.random() / 4)
            _, deciding = engage.pids
            os.kill(deciding, signal.SIGKILL)
            killed = time.monotonic()
            await answers_again(account, engage, killed)
            assert deciding not in engage.pids
        await running.until(20)
    await settled(account, engage)


@ON_SQLITE
async def test_no_deciding_process_outlives_its_server(engage: Engage, account: Account) -> None:
    async with load(account, engage) as running:
        await running.until(20)
        _, deciding = engage.pids
        engage.kill()
        await eventually(lambda: is_helper(deciding), 5, "it still runs")
        await engage.start()
        await running.until(20)
    await settled(account, engage)
