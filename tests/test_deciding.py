"""The queue in a process of its own: it answers as the one it stands for, also when it is full, dies or is stopped."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator

import pytest

from engage import deciding
from engage.core.call import Call, Refusal, read_call
from engage.deciding import DecidingProcess
from engage.errors import TooManyRequests, Unavailable
from tests.faults.account import eventually
from tests.places import ON_SQLITE, Place

pytestmark = ON_SQLITE


@pytest.fixture
async def process(place: Place) -> AsyncIterator[DecidingProcess]:
    started = DecidingProcess(place.url)
    await started.start()
    yield started
    await started.stop()


def call(number: int, user: str | None = "ann") -> Call | Refusal:
    raw = {"messageId": f"m{number}", "event": "Go", "userId": user, "context": {"groupId": "acme"}}
    at = time.time_ns() // 1000
    return read_call(raw, verb="track", received_at=at, sent_at=None, trusted=True, new_id=lambda: "new")


async def test_outcomes_come_in_the_order_of_the_calls(process: DecidingProcess) -> None:
    calls = [call(1), call(2, None), call(3), call(1), call(4, None)]
    assert [isinstance(one, Refusal) for one in calls] == [False, True, False, False, True]
    told = await process.accept(calls)
    assert [one.status for one in told] == ["ok", "rejected", "ok", "duplicate", "rejected"]
    assert [one.message_id for one in told] == ["m1", "m2", "m3", "m1", "m4"]


async def test_many_wait_at_once_and_each_is_told_its_own(process: DecidingProcess) -> None:
    told = await asyncio.gather(*(process.accept([call(number)]) for number in range(200)))
    assert [outcomes[0].message_id for outcomes in told] == [f"m{number}" for number in range(200)]


async def test_what_was_accepted_is_decided_before_the_end(place: Place) -> None:
    process = DecidingProcess(place.url)
    await process.start()
    waiting = [asyncio.create_task(process.accept([call(number)])) for number in range(50)]
    await asyncio.sleep(0)
    await process.stop()
    assert {(await one)[0].status for one in waiting} == {"ok"}
    with pytest.raises(Unavailable, match="stopping"):
        await process.accept([call(99)])
    assert place.rows("SELECT COUNT(*) FROM engage_message") == [(50,)]


async def test_who_waits_for_one_that_dies_is_told_and_the_next_answers(process: DecidingProcess) -> None:
    assert (await process.accept([call(1)]))[0].status == "ok"
    pid = process.pid
    os.kill(pid, signal.SIGSTOP)
    waiting = asyncio.create_task(process.accept([call(2)]))
    await asyncio.sleep(0)
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(Unavailable, match="again"):
        await waiting
    await eventually(lambda: process.pid not in (pid, None), 20)
    assert [one.status for one in await process.accept([call(1), call(2)])] == ["duplicate", "ok"]


async def test_a_full_queue_says_so_here_and_there(
    process: DecidingProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = [call(number) for number in range(40)]
    monkeypatch.setattr(deciding, "QUEUE_CALLS_MAX", 30)
    first = asyncio.create_task(process.accept(many))
    await asyncio.sleep(0)
    with pytest.raises(TooManyRequests, match="40 calls are waiting"):
        await process.accept([call(50)])
    assert len(await first) == 40


def test_one_that_is_never_started_ends(place: Place) -> None:
    process = DecidingProcess(place.url)
    process.launch()
    process.abandon()
    assert process._process is not None
    process._process.join(10)
    assert process._process.exitcode == 0


async def test_one_that_cannot_start_is_unavailable(place: Place) -> None:
    process = DecidingProcess(f"{place.url}/nowhere")
    with pytest.raises(Unavailable, match="does not start"):
        await process.start()
