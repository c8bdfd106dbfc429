"""Killed at chance moments under load: what was acknowledged is there, once, and the next start needs no repair."""

from __future__ import annotations

import asyncio
import time

from tests.faults.account import Account, answers_again, client_of, load
from tests.faults.serving import Engage, run

KILLS = 4


async def test_a_killed_server_loses_nothing_it_acknowledged(engage: Engage, account: Account) -> None:
    """Its clients go on all the time, as they do when a supervisor starts the server again."""
    async with load(account, engage.url, engage.key) as running:
        for _ in range(KILLS):
            await running.until(20)
            await asyncio.sleep(account.chance.random() / 4)
            engage.kill()
            killed = time.monotonic()
            await engage.start()
            await answers_again(account, engage.url, engage.key, killed)
        await running.until(20)
    async with client_of(engage.url, engage.key) as client:
        await account.settle(client)
    code, said = await run("verify", database_url=engage.database_url)
    assert code == 0, said
