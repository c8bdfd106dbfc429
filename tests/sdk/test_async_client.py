"""The asyncio client: the same promises as the blocking one, on loops that come and go."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from engage_sdk import (
    AsyncClient,
    ClientClosed,
    ClientDisabled,
    MessageInvalid,
    NotDelivered,
    NotFoundError,
    QueueFull,
    RetryPolicy,
)

Note = Callable[..., None]
QUICK = RetryPolicy(base_seconds=0.01)


def events(service: Any) -> list[str]:
    return [message["event"] for message in service.messages]


async def test_it_delivers_and_reads(service: Any) -> None:
    async with AsyncClient(service.url, key="k") as client:
        client.track("emp-1", "Report Exported", company="acme", properties={"pages": 3})
        assert await client.flush()
        service.answer(200, {"id": "emp-1", "company": "acme", "balances": {"points": {"active": 10}}})
        assert (await client.members.get("acme", "emp-1")).balances["points"].active == 10
    assert events(service) == ["Report Exported"]


async def test_a_message_is_sent_without_a_flush(service: Any) -> None:
    async with AsyncClient(service.url, key="k", flush_interval=0.01) as client:
        client.track("e", "Opened", company="c")
        for _ in range(500):
            if service.messages:
                break
            await asyncio.sleep(0.01)
        assert events(service) == ["Opened"]


async def test_wrong_arguments_are_reported_and_never_raised(
    service: Any, problems: list[Any], note: Note
) -> None:
    async with AsyncClient(service.url, key="k", on_error=note) as client:
        assert client.track("", "Opened") is None
        client.track("e", "Opened", company="c")
    assert [type(error) for error, _ in problems] == [MessageInvalid]
    assert events(service) == ["Opened"]


async def test_what_was_queued_before_any_loop_waits_for_the_first_await(service: Any) -> None:
    client = await asyncio.to_thread(AsyncClient, service.url, key="k")
    await asyncio.to_thread(client.track, "e", "From a thread", company="c")
    assert client.pending == 1
    await asyncio.sleep(0.05)
    assert service.requests == []
    assert await client.flush()
    assert events(service) == ["From a thread"]
    assert await client.close()


async def test_other_threads_may_track(service: Any) -> None:
    async with AsyncClient(service.url, key="k", flush_interval=0.01) as client:
        client.track("e", "On the loop", company="c")
        await client.flush()
        await asyncio.to_thread(client.track, "e", "From a thread", company="c")
        await client.flush()
        assert events(service) == ["On the loop", "From a thread"]


def test_entering_the_client_starts_what_was_queued_before(service: Any) -> None:
    client = AsyncClient(service.url, key="k", flush_interval=0.01)
    client.track("e", "Before any loop", company="c")

    async def work() -> None:
        async with client:
            assert await asyncio.to_thread(service.entered.wait, 5)

    asyncio.run(work())
    assert events(service) == ["Before any loop"]


def test_one_client_serves_several_loops_in_turn(service: Any) -> None:
    client = AsyncClient(service.url, key="k", flush_interval=30)

    async def work(event: str) -> None:
        client.track("e", event, company="c")
        await asyncio.sleep(0)

    asyncio.run(work("First"))
    assert client.pending == 1

    async def end() -> None:
        client.track("e", "Second", company="c")
        assert await client.flush()
        assert await client.close()

    asyncio.run(end())
    assert events(service) == ["First", "Second"]


def test_a_loop_that_ends_in_the_middle_of_an_exchange_loses_nothing(service: Any) -> None:
    client = AsyncClient(service.url, key="k", flush_at=1)
    service.gate.clear()

    async def work() -> None:
        client.track("e", "Opened", company="c")
        await asyncio.to_thread(service.entered.wait, 5)

    asyncio.run(work())
    assert client.pending == 1
    service.gate.set()
    asyncio.run(client.close())
    assert len({message["messageId"] for message in service.messages}) == 1


def test_two_loops_at_once_may_share_a_client(service: Any) -> None:
    client = AsyncClient(service.url, key="k", flush_interval=0.01)
    first_is_ready, second_is_done = threading.Event(), threading.Event()

    async def first() -> None:
        client.track("e", "First", company="c")
        await client.flush()
        first_is_ready.set()
        await asyncio.to_thread(second_is_done.wait, 10)
        assert await client.close()

    async def second() -> None:
        client.track("e", "Second", company="c")
        assert await client.flush()

    thread = threading.Thread(target=lambda: asyncio.run(first()))
    thread.start()
    assert first_is_ready.wait(10)
    asyncio.run(second())
    second_is_done.set()
    thread.join()
    assert events(service) == ["First", "Second"]


async def test_lost_answers_are_sent_again_with_the_same_ids(service: Any) -> None:
    service.answer(503, {"code": "unavailable", "message": "later"})
    service.answer(204, b"")
    async with AsyncClient(service.url, key="k", retry=QUICK) as client:
        client.track("e", "Opened", company="c")
    assert len(service.batches) == 3
    assert len({message["messageId"] for message in service.messages}) == 1


async def test_a_full_queue_drops_by_policy(service: Any, problems: list[Any], note: Note) -> None:
    async with AsyncClient(service.url, key="k", queue_size=3, drop="oldest", on_error=note) as client:
        for n in range(5):
            client.track("e", f"Event {n}", company="c")
    assert events(service) == ["Event 2", "Event 3", "Event 4"]
    assert [type(error) for error, _ in problems] == [QueueFull]


async def test_flush_and_close_keep_to_their_time(service: Any, problems: list[Any], note: Note) -> None:
    service.answer(503, {"code": "unavailable", "message": "later"}, Retry_After="100")
    client = AsyncClient(service.url, key="k", on_error=note)
    client.track("e", "Opened", company="c")
    started = time.monotonic()
    assert not await client.flush(0.2)
    assert not await client.close(0.2)
    assert time.monotonic() - started < 5
    ((error, messages),) = problems
    assert isinstance(error, NotDelivered)
    assert [message["event"] for message in messages] == ["Opened"]


async def test_close_cuts_a_hanging_exchange_off(service: Any, problems: list[Any], note: Note) -> None:
    service.gate.clear()
    client = AsyncClient(service.url, key="k", on_error=note)
    client.track("e", "Opened", company="c")
    assert not await client.flush(0.1)
    assert not await client.close(0.1)
    assert [type(error) for error, _ in problems] == [NotDelivered]
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_closed_or_disabled_client_has_no_answers(service: Any) -> None:
    client = AsyncClient(service.url, key="k")
    assert await client.close()
    with pytest.raises(ClientClosed):
        await client.members.get("c", "e")
    async with AsyncClient(service.url, key="k", disabled=True) as client:
        client.track("e", "Opened", company="c")
        with pytest.raises(ClientDisabled):
            await client.members.get("c", "e")
    assert service.requests == []


async def test_errors_are_typed_and_lists_are_paged(service: Any) -> None:
    service.answer(404, {"code": "not_found", "message": "no"})
    service.answer(200, {"data": [{"id": "a"}], "next_cursor": "x"})
    service.answer(200, {"data": [{"id": "b"}], "next_cursor": None})
    async with AsyncClient(service.url, key="k") as client:
        with pytest.raises(NotFoundError):
            await client.members.get("c", "e")
        assert [company.id async for company in client.companies.list()] == ["a", "b"]


async def test_many_reads_at_once_share_the_client(service: Any) -> None:
    for _ in range(20):
        service.answer(200, {"id": "c"})
    async with AsyncClient(service.url, key="k") as client:
        found = await asyncio.gather(*(client.companies.get("c") for _ in range(20)))
    assert len(found) == 20
