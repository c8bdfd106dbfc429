"""More than the service can take: of messages, of connections, of bytes, and of peers that do nothing.

The bounds are the real ones made small, so that a few hundred requests reach them.
"""

from __future__ import annotations

import asyncio
import json
import socket
import time
from contextlib import AsyncExitStack

import httpx
import pytest

from tests.faults.account import (
    Account,
    Call,
    Wrong,
    answers_again,
    check_refusal,
    client_of,
    eventually,
    send,
    settled,
)
from tests.faults.conftest import Start
from tests.faults.serving import Engage, run
from tests.faults.wire import Peer, connected, raw
from tests.places import ON_SQLITE

pytestmark = ON_SQLITE

MEGABYTES_MAX = 350
"""Of memory in both processes, whatever comes."""
ACCEPTED_SECONDS_MAX = 20.0
"""From a request to its 200: the 3 seconds that the queue allows, and a busy machine."""


# --- messages ---------------------------------------------------------------------------------------------------


async def test_a_flood_is_refused_in_words_and_what_is_accepted_is_answered_soon(
    bounded: Start, account: Account
) -> None:
    """Clients that ask again at once, for several times what may wait."""
    engage = await bounded(actions__group_commit__QUEUE_CALLS_MAX=400)
    took: list[float] = []
    refused: list[float] = []

    async def flood() -> None:
        async with connected(engage) as peer:
            while len(took) < 60 or len(refused) < 100:
                call = account.batch(*(account.message() for _ in range(40)))
                said, acknowledged = raw(call, engage.key), False
                while not acknowledged:
                    started = time.monotonic()
                    await peer.send(said)
                    answer = await peer.answer(30)
                    assert answer is not None
                    acknowledged = account.hear(call, answer)
                    (took if acknowledged else refused).append(time.monotonic() - started)

    async with asyncio.timeout(60), asyncio.TaskGroup() as floods:
        for _ in range(40):
            floods.create_task(flood())
    assert set(account.refusals) == {429}
    assert max(took) < ACCEPTED_SECONDS_MAX
    assert engage.megabytes_at_most() < MEGABYTES_MAX
    await settled(account, engage)


# --- bytes ------------------------------------------------------------------------------------------------------


async def test_many_of_the_largest_bodies_at_once_take_bounded_memory(
    engage: Engage, account: Account
) -> None:
    """Fourteen bodies of nearly 8 MiB, each resent until it is accepted."""
    bodies = 14

    def largest() -> Call:
        said = [account.message(properties={"note": "x" * 8000, "more": "y" * 8000}) for _ in range(500)]
        return account.batch(*said)

    async def deliver(client: httpx.AsyncClient, call: Call) -> None:
        acknowledged = await send(client, account, call)
        while not acknowledged:
            await asyncio.sleep(account.chance.random())
            acknowledged = await send(client, account, call)

    async with client_of(engage, seconds=60) as client:
        await asyncio.gather(*(deliver(client, largest()) for _ in range(bodies)))
        assert engage.megabytes_at_most() < MEGABYTES_MAX
        await account.check_totals(client)
    code, said = await run("verify", database_url=engage.database_url)
    assert code == 0, said


async def test_a_head_without_end_is_cut_off(engage: Engage, account: Account) -> None:
    await answers_again(account, engage)
    before = engage.megabytes_at_most()
    async with connected(engage) as peer:
        with pytest.raises((ConnectionError, Wrong)):  # noqa: PT012 - whichever write finds it closed
            await peer.send(b"GET / HTTP/1.1\r\n")
            for number in range(2_000):
                await peer.send(b"x-%d: " % number + b"y" * 16_000 + b"\r\n")
            raise Wrong("32 MB of head were taken") from None
    assert engage.megabytes_at_most() < before + 10
    await answers_again(account, engage)


async def test_requests_without_end_and_none_of_the_answers_read_are_cut_off(
    engage: Engage, account: Account
) -> None:
    await answers_again(account, engage)
    before = engage.megabytes_at_most()
    async with connected(engage) as peer:
        peer.writer.write(b"GET /readyz HTTP/1.1\r\nhost: engage\r\n\r\n" * 20_000)
        await peer.closed(10)
    assert engage.megabytes_at_most() < before + 10
    await answers_again(account, engage)


# --- connections ------------------------------------------------------------------------------------------------


async def test_more_connections_than_there_may_be_are_told_so(bounded: Start, account: Account) -> None:
    engage = await bounded(
        web__server__CONNECTIONS_MAX=40, web__server__REFUSED_MAX=10, web__server__HURRIED_SECONDS_MAX=30
    )
    before = engage.open_files()
    async with AsyncExitStack() as stack:
        peers = [await stack.enter_async_context(connected(engage)) for _ in range(45)]
        call = account.batch(account.message())
        await peers[0].send(raw(call, engage.key))
        kept = await peers[0].answer()
        assert kept is not None
        assert kept.status_code == 200
        for chunked in (False, True):
            refused = peers.pop()
            await refused.send(raw(call, engage.key, chunked=chunked))
            answer = await refused.answer()
            assert answer is not None
            assert answer.status_code == 503
            check_refusal(answer)
            await refused.closed(1)
        await peers[-1].send(b"GET /healthz HTTP/1.1\r\nhost: engage\r\n\r\n")
        alive = await peers[-1].answer()
        assert alive is not None
        assert alive.status_code == 200, "overloaded is not dead"
        for _ in range(20):
            await stack.enter_async_context(connected(engage))
        await eventually(lambda: engage.open_files() <= before + 40 + 10, 5, "more files than there may be")
    await answers_again(account, engage)
    await eventually(lambda: engage.open_files() <= before, 5, "connections were left open")
    engage.check_log()


async def test_connections_that_do_nothing_keep_nobody_out(bounded: Start, account: Account) -> None:
    """With all places taken by peers that send a byte now and then, whoever really asks is served within seconds."""
    engage = await bounded(web__server__CONNECTIONS_MAX=40, web__server__REFUSED_MAX=10)
    async with AsyncExitStack() as stack:
        peers = [await stack.enter_async_context(connected(engage)) for _ in range(40)]
        started = time.monotonic()
        for peer in peers:
            await peer.send(b"POST /v1/batch HTTP/1.1\r\nhost: enga")
        await answers_again(account, engage, started)


# --- slowness ---------------------------------------------------------------------------------------------------

SLOW = {
    "web__server__HEAD_SECONDS_MAX": 1,
    "web__server__BODY_SECONDS_MAX": 2,
    "web__server__BODY_BYTES_PER_SECOND_MIN": 1000,
    "web__server__TAKING_SECONDS_MAX": 1,
    "web__server__KEEP_ALIVE_SECONDS": 2,
}


async def by_drops(peer: Peer, data: bytes) -> None:
    """A byte at a time, for as long as the server listens."""
    try:
        for byte in data:
            await peer.send(bytes([byte]))
            await asyncio.sleep(0.05)
    except ConnectionError:
        pass


async def test_a_request_that_arrives_by_drops_is_cut_off(bounded: Start, account: Account) -> None:
    engage = await bounded(**SLOW)
    said = raw(account.batch(*(account.message() for _ in range(20))), engage.key)
    sent = {"nothing": 0, "the head": 20, "the body": said.index(b"\r\n\r\n") + 104}

    async def drip(begins: str) -> None:
        async with connected(engage) as peer:
            await peer.send(said[: sent[begins]])
            rest = said[sent[begins] :] if sent[begins] else b""
            dripping = asyncio.create_task(by_drops(peer, rest))
            started = time.monotonic()
            answer = await peer.answer(20)
            assert time.monotonic() - started > 0.5, begins
            dripping.cancel()
            if begins == "nothing":
                assert answer is None
            else:
                assert answer is not None
                assert (answer.status_code, answer.json()["code"]) == (408, "too_slow")
                assert answer.headers["connection"] == "close"

    async def keep_pace() -> None:
        """A body that takes longer than a slow one may, but not by drops, is taken."""
        async with connected(engage) as peer:
            for start in range(0, len(said), 200):
                await peer.send(said[start : start + 200])
                await asyncio.sleep(0.15)
            answer = await peer.answer()
            assert answer is not None
            assert answer.status_code == 200

    await asyncio.gather(keep_pace(), *map(drip, sent))
    await answers_again(account, engage)
    engage.check_log()


async def test_the_rest_of_a_body_that_was_refused_is_not_waited_for_either(
    bounded: Start,
) -> None:
    engage = await bounded(**SLOW)
    async with connected(engage) as peer:
        await peer.send(b"POST /v1/batch HTTP/1.1\r\nhost: e\r\ncontent-length: 99999999\r\n\r\n")
        answer = await peer.answer()
        assert answer is not None
        assert answer.status_code == 413
        dripping = asyncio.create_task(by_drops(peer, b"x" * 1000))
        await peer.closed(4)
        dripping.cancel()


async def test_a_peer_that_reads_none_of_its_answers_is_cut_off(bounded: Start, account: Account) -> None:
    engage = await bounded(**SLOW)
    await answers_again(account, engage)
    before = engage.open_files()
    with socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(deaf, ("127.0.0.1", engage.port))

        async def asking() -> None:
            while True:
                await loop.sock_sendall(deaf, b"GET /openapi.json HTTP/1.1\r\nhost: engage\r\n\r\n")
                await asyncio.sleep(0.01)

        with pytest.raises(ConnectionError):
            await asyncio.wait_for(asking(), 15)
    await eventually(lambda: engage.open_files() <= before, 5, "its connection was left open")
    engage.check_log()


async def test_what_is_no_http_is_answered_as_a_problem(engage: Engage) -> None:
    for nonsense in (
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 9,
        b"NONSENSE\r\n\r\n",
        b"GET / HTTP/9\r\n\r\n",
    ):
        async with connected(engage) as peer:
            await peer.send(nonsense)
            answer = await peer.answer()
            assert answer is not None
            assert (answer.status_code, json.loads(answer.content)["code"]) == (400, "invalid_request")
            await peer.closed(1)
