"""Clients that go away by the thousand, at every point of a request and of its answer."""

from __future__ import annotations

import asyncio
import socket
import struct

from tests.faults.account import Account, Call, answers_again, eventually, load, settled
from tests.faults.serving import Engage
from tests.faults.wire import raw

DISCONNECTS = 1200
AT_ONCE = 40
POOLED_MAX = 10
"""Connections to PostgreSQL that a server opens when it needs them, and keeps."""
RESET = struct.pack("ii", 1, 0)
"""SO_LINGER of nothing: closing sends a reset, as a killed or unplugged client does."""
READS = (
    "/openapi.json",
    "/v1/companies/company-0/members/member-0/decisions?limit=200",
    "/v1/companies/company-0/members/member-0/transfers?limit=200",
    "/v1/companies/company-0/report?format=csv",
    "/v1/portfolio",
    "/metrics",
)


async def leave(engage: Engage, account: Account) -> str:
    """Ask for something and go away at a chance moment; how far it came."""
    chance = account.chance
    reading = chance.random() < 0.3
    call = Call("", chance.choice(READS), {}, method="GET") if reading else account.batch()
    said = raw(call, engage.key, chunked=not reading and chance.random() < 0.3)
    reader, writer = await asyncio.open_connection("127.0.0.1", engage.port)
    try:
        if chance.random() < 0.5:
            plug = writer.get_extra_info("socket")
            plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        sent = len(said) if chance.random() < 0.6 else chance.randrange(len(said))
        writer.write(said[:sent])
        await writer.drain()
        if sent < len(said):
            await asyncio.sleep(chance.random() / 100)
            return "asking"
        if chance.random() < 0.5:
            await asyncio.sleep(chance.random() / 100)
            return "waiting"
        return "reading" if await reader.read(chance.randint(1, 2000)) else "refused"
    except ConnectionError:
        return "refused"
    finally:
        writer.transport.abort()


async def test_clients_that_go_away_stop_nobody_and_leave_nothing_behind(
    engage: Engage, account: Account
) -> None:
    await answers_again(account, engage)
    before = engage.open_files() + POOLED_MAX
    left: list[str] = []

    async def leaving() -> None:
        while len(left) < DISCONNECTS:
            left.append(await leave(engage, account))

    async with load(account, engage, clients=3):
        await asyncio.gather(*(leaving() for _ in range(AT_ONCE)))
    assert {"asking", "waiting", "reading"} <= set(left)
    await answers_again(account, engage)
    await eventually(lambda: engage.open_files() <= before, 10, "connections were left open")
    await settled(account, engage)
