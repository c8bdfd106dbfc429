"""SIGTERM: what was accepted is answered, nothing new is taken, and the process ends with 0 in time, whoever hangs."""

from __future__ import annotations

import asyncio
import signal
import time
from contextlib import AsyncExitStack

import pytest

from engage.app import CLOSE_SECONDS
from engage.web.server import STOP_RECEIVING_SECONDS, STOP_SECONDS
from tests.faults.account import Account, answers_again, check_refusal, load, settled
from tests.faults.conftest import Start
from tests.faults.serving import ENGAGE, Engage
from tests.faults.wire import connected, raw
from tests.places import ON_POSTGRES, Place, turn_taken

SLACK_SECONDS = 10
"""For a busy machine."""


@pytest.fixture
def stopped(stopped: Engage) -> Engage:
    """A process as a host starts it: what an interpreter does at its end belongs to a stop."""
    stopped.command = (*ENGAGE, "serve")
    return stopped


async def stopped_within(engage: Engage, seconds: float) -> int:
    started = time.monotonic()
    code = await engage.stop(seconds=seconds + SLACK_SECONDS + 20)
    assert time.monotonic() - started < seconds + SLACK_SECONDS
    return code


async def test_a_stop_under_load_loses_nothing_it_acknowledged(engage: Engage, account: Account) -> None:
    """Clients that go on asking get 503 or no connection: anything else the account does not forgive."""
    async with load(account, engage) as running:
        for _ in range(2):
            await running.until(100)
            assert await stopped_within(engage, STOP_RECEIVING_SECONDS) == 0
            await engage.start()
        await answers_again(account, engage)
    await settled(account, engage)


async def test_clients_that_hang_delay_a_stop_by_no_more_than_their_time(
    engage: Engage, account: Account
) -> None:
    said = raw(account.batch(*(account.message() for _ in range(20))), engage.key)
    async with AsyncExitStack() as stack:
        silent, unused, in_the_head, in_the_body = [
            await stack.enter_async_context(connected(engage)) for _ in range(4)
        ]
        await unused.send(b"GET /healthz HTTP/1.1\r\nhost: engage\r\n\r\n")
        assert await unused.answer() is not None
        await in_the_head.send(said[:30])
        await in_the_body.send(said[:-30])
        await asyncio.sleep(0.2)
        assert await stopped_within(engage, STOP_RECEIVING_SECONDS) == 0
        for peer in (silent, unused, in_the_head):
            assert await peer.answer() is None
        cut = await in_the_body.answer()
        assert cut is not None
        assert cut.status_code == 503
        check_refusal(cut)
    engage.check_log()


async def test_a_request_that_was_accepted_is_answered_before_the_end(
    engage: Engage, account: Account, place: Place
) -> None:
    """Even when it must wait for the database, and other connections are closed meanwhile."""
    call = account.batch(account.message())
    async with connected(engage) as peer, connected(engage) as late:
        async with turn_taken(place):
            await peer.send(raw(call, engage.key))
            await asyncio.sleep(0.3)
            stopping = asyncio.create_task(stopped_within(engage, STOP_SECONDS))
            await asyncio.sleep(1)
            with pytest.raises(OSError):  # noqa: PT011 - whatever it is called, there is no connection
                async with connected(engage):
                    pass
            assert await late.answer() is None
        answer = await peer.answer()
        assert answer is not None
        assert account.hear(call, answer)
        assert answer.headers["connection"] == "close"
        assert await stopping == 0


async def test_a_request_that_cannot_be_answered_in_time_is_told_so(
    bounded: Start, account: Account, place: Place
) -> None:
    """Its client is told to ask again, and the process ends all the same, with 1: its database did not end."""
    engage = await bounded(web__server__STOP_SECONDS=1, app__CLOSE_SECONDS=1)
    async with connected(engage) as peer, turn_taken(place):
        await peer.send(raw(account.batch(account.message()), engage.key))
        await asyncio.sleep(0.3)
        assert await stopped_within(engage, 2) == 1
        answer = await peer.answer()
        assert answer is not None
        assert answer.status_code == 503
        check_refusal(answer)
    assert "did not close within 1 s" in engage.log
    assert STOP_SECONDS + CLOSE_SECONDS <= 20, "what the operator is told"
    await engage.start()
    await settled(account, engage)


async def test_a_second_signal_ends_at_once(engage: Engage, account: Account, place: Place) -> None:
    number = signal.SIGTERM if place.dialect == "sqlite" else signal.SIGINT
    await answers_again(account, engage)
    assert engage.popen is not None
    async with connected(engage) as peer, turn_taken(place):
        await peer.send(raw(account.batch(account.message()), engage.key))
        await asyncio.sleep(0.3)
        engage.popen.send_signal(signal.SIGTERM)
        await asyncio.sleep(0.5)
        assert engage.popen.poll() is None, "it waits for the request"
        started = time.monotonic()
        assert await engage.stop(number) == -number
        assert time.monotonic() - started < 1
    await engage.start()
    await settled(account, engage)


@ON_POSTGRES
async def test_of_several_workers_none_is_left_to_connect_to(
    stopped: Engage, account: Account, place: Place
) -> None:
    """What is asked of one is answered; newcomers are refused at once, and do not wait for nobody."""
    stopped.command = (*stopped.command, "--workers", "2")
    await stopped.start()
    call = account.batch(account.message())
    async with connected(stopped) as peer:
        async with turn_taken(place):
            await peer.send(raw(call, stopped.key))
            await asyncio.sleep(0.3)
            stopping = asyncio.create_task(stopped_within(stopped, STOP_SECONDS))
            await asyncio.sleep(1)
            with pytest.raises(OSError):  # noqa: PT011 - whatever it is called, there is no connection
                async with connected(stopped):
                    pass
        answer = await peer.answer()
        assert answer is not None
        assert account.hear(call, answer)
        assert await stopping == 0
    stopped.check_log()
