"""Group commit: many requests, few commits, and nobody pays for a neighbour."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections.abc import AsyncIterator

import pytest

from engage.actions import group_commit
from engage.actions.group_commit import Ingestion
from engage.core.call import Call, Refusal
from engage.errors import TooManyRequests, Unavailable
from tests.actions.host import Host


@pytest.fixture
async def ingestion(host: Host) -> AsyncIterator[Ingestion]:
    await host.publish()
    running = Ingestion(host.database)
    running.start()
    try:
        yield running
    finally:
        await running.stop()


def links(host: Host) -> int:
    return host.count("link")


async def test_hundreds_of_requests_share_a_few_commits(host: Host, ingestion: Ingestion) -> None:
    calls = [host.track(f"u{n % 7}") for n in range(400)]
    outcomes = await asyncio.gather(*(ingestion.accept([call]) for call in calls))
    assert [(outcome.message_id, outcome.status) for (outcome,) in outcomes] == [
        (c.message_id, "ok") for c in calls
    ]
    assert host.count("transfer") == 400
    assert links(host) < 20
    assert ingestion.queued == 0
    assert (await host.verify()).difference is None


async def test_each_request_gets_its_own_outcomes_in_order(host: Host, ingestion: Ingestion) -> None:
    chance = random.Random(5)
    requests: list[list[Call | Refusal]] = []
    for _ in range(60):
        request: list[Call | Refusal] = [host.track(f"u{n}") for n in range(chance.randrange(5))]
        if chance.random() < 0.5:
            request.insert(chance.randrange(len(request) + 1), host.call("track", "ann"))
        requests.append(request)
    told = await asyncio.gather(*(ingestion.accept(request) for request in requests))
    for request, outcomes in zip(requests, told, strict=True):
        assert [outcome.message_id for outcome in outcomes] == [call.message_id for call in request]
        expected = ["rejected" if isinstance(call, Refusal) else "ok" for call in request]
        assert [outcome.status for outcome in outcomes] == expected


async def test_the_same_message_in_many_requests_counts_once(host: Host, ingestion: Ingestion) -> None:
    call = host.track("ann", messageId="x")
    told = await asyncio.gather(*(ingestion.accept([call]) for _ in range(100)))
    statuses = [outcome.status for (outcome,) in told]
    assert (statuses.count("ok"), statuses.count("duplicate")) == (1, 99)
    assert await host.balance("ann") == 10


async def test_a_full_queue_is_told_at_once_and_empties(
    host: Host, ingestion: Ingestion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_commit, "QUEUE_CALLS_MAX", 50)
    results = await asyncio.gather(
        *(ingestion.accept([host.track("ann") for _ in range(10)]) for _ in range(20)), return_exceptions=True
    )
    refused = [result for result in results if isinstance(result, TooManyRequests)]
    assert len(refused) == 15
    assert all(one.retry_after >= 1 for one in refused)
    assert await host.balance("ann") == 500, "nothing of a refused request was kept"
    assert ingestion.queued == 0
    assert len(await ingestion.accept([host.track("ann")])) == 1


async def test_a_request_larger_than_the_queue_passes_when_nobody_waits(
    host: Host, ingestion: Ingestion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_commit, "QUEUE_CALLS_MAX", 50)
    assert len(await ingestion.accept([host.track("ann") for _ in range(200)])) == 200


async def test_stopping_commits_what_was_taken_and_takes_no_more(host: Host, ingestion: Ingestion) -> None:
    waiting = [asyncio.create_task(ingestion.accept([host.track("ann")])) for _ in range(50)]
    await asyncio.sleep(0)
    await ingestion.stop()
    assert all(task.done() and not task.exception() for task in waiting)
    assert await host.balance("ann") == 500
    with pytest.raises(Unavailable):
        await ingestion.accept([host.track("ann")])
    await ingestion.stop()


async def test_before_it_is_started_nothing_is_taken(host: Host) -> None:
    with pytest.raises(Unavailable):
        await Ingestion(host.database).accept([host.track("ann")])


async def test_a_request_that_breaks_the_commit_fails_alone(host: Host, ingestion: Ingestion) -> None:
    """What no reading of a call lets through, but a defect of ours might."""

    def poison(**changes: object) -> Call:
        call = host.track("eve")
        for name, value in changes.items():
            setattr(call, name, value)
        return call

    poisons = [
        poison(data={"thing": object()}),
        poison(at="yesterday"),
        poison(member="\ud800"),
        poison(message_id="\ud800"),
        poison(company=object()),
        poison(at=2**70),
        poison(kind=None, data=None),
    ]
    visitor = [host.visit("v1"), host.call("identify", "bob", groupId="acme", anonymousId="v1")]
    good = [[host.track("ann")] for _ in range(20)] + [[call] for call in visitor]
    requests = [*good[:10], *([one] for one in poisons), *good[10:]]
    results = await asyncio.gather(
        *(ingestion.accept(request) for request in requests), return_exceptions=True
    )
    failed = [n for n, result in enumerate(results) if isinstance(result, BaseException)]
    assert failed == list(range(10, 10 + len(poisons)))
    assert await host.balance("ann") == 200
    assert await host.balance("bob") == 10
    assert await host.balance("eve") is None
    assert (await host.verify()).difference is None
    assert len(await ingestion.accept([host.track("ann")])) == 1


async def test_a_client_that_goes_away_leaves_its_calls_decided(host: Host, ingestion: Ingestion) -> None:
    chance = random.Random(2)
    tasks = []
    for _ in range(200):
        tasks.append(asyncio.create_task(ingestion.accept([host.track("ann")])))
        await asyncio.sleep(0)  # queued
        if chance.random() < 0.6:
            await asyncio.sleep(chance.random() / 500)
            tasks[-1].cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    cancelled = [one for one in results if isinstance(one, asyncio.CancelledError)]
    assert len(cancelled) > 20
    assert len(await ingestion.accept([host.track("bob")])) == 1
    assert await host.balance("ann") == 2000
    assert (await host.verify()).difference is None


async def test_a_database_in_trouble_is_unavailable_for_all_and_recovers(
    host: Host, ingestion: Ingestion
) -> None:
    writer = host.database._sqlite._writer
    await writer.run(lambda driver: driver.execute("PRAGMA busy_timeout = 20").close())
    other = sqlite3.connect(host.path, isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        calls = [host.track("ann") for _ in range(30)]
        results = await asyncio.gather(*(ingestion.accept([call]) for call in calls), return_exceptions=True)
        assert [type(result) for result in results] == [Unavailable] * 30
        other.execute("ROLLBACK")
    finally:
        other.close()
    assert await host.balance("ann") is None
    again = await asyncio.gather(*(ingestion.accept([call]) for call in calls))
    assert [outcome.status for (outcome,) in again] == ["ok"] * 30
    assert ingestion.queued == 0
    assert await host.balance("ann") == 300


async def test_a_full_disk_is_unavailable_and_recovers(host: Host, ingestion: Ingestion) -> None:
    writer = host.database._sqlite._writer
    await ingestion.accept([host.track("ann")])
    pages = await writer.run(lambda driver: driver.execute("PRAGMA page_count").fetchone()[0])
    await writer.run(lambda driver: driver.execute(f"PRAGMA max_page_count = {pages + 2}").close())
    big = [host.track("ann", properties={"long": "x" * 8000}) for _ in range(20)]
    with pytest.raises(Unavailable, match="full"):
        await ingestion.accept(big)
    await writer.run(lambda driver: driver.execute("PRAGMA max_page_count = 1000000").close())
    assert {outcome.status for outcome in await ingestion.accept(big)} == {"ok"}
    assert await host.balance("ann") == 210
    assert (await host.verify()).difference is None


async def test_two_queues_on_one_file_do_not_get_in_each_others_way(host: Host, ingestion: Ingestion) -> None:
    other = Ingestion(host.database)
    other.start()
    try:
        calls = [host.track(f"u{n % 5}", messageId=f"x{n // 2}") for n in range(200)]
        told = await asyncio.gather(
            *((ingestion, other)[n % 2].accept([call]) for n, call in enumerate(calls))
        )
    finally:
        await other.stop()
    statuses = [outcome.status for (outcome,) in told]
    assert (statuses.count("ok"), statuses.count("duplicate")) == (100, 100)
    assert (await host.verify()).difference is None
