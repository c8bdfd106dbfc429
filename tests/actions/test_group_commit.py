"""Group commit: many requests, few commits, and nobody pays for a neighbour."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from typing import Any

import pytest

from engage.actions import group_commit, turns
from engage.actions.group_commit import Ingestion
from engage.core.call import Call, Refusal, message_hash
from engage.errors import NotFound, TooManyRequests, Unavailable
from engage.store.postgres import PostgresTransaction
from engage.store.scope import Scope
from engage.store.sqlite import SqliteTransaction
from engage.store.statements import Insert, Transaction
from tests.actions.host import PROGRAM, Host
from tests.places import ON_SQLITE, held_up, turn_taken


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


async def test_nobody_new_waits_behind_requests_that_wait_too_long(
    host: Host, ingestion: Ingestion, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever holds the database up: those who wait are answered in the end, and no longer line is made."""
    monkeypatch.setattr(group_commit, "QUEUE_SECONDS_MAX", 0.2)
    monkeypatch.setattr(group_commit, "GROUP_CALLS_MAX", 10)
    async with turn_taken(host.place):
        waiting = [asyncio.create_task(ingestion.accept([host.track("ann")])) for _ in range(60)]
        await asyncio.sleep(0.4)
        with pytest.raises(TooManyRequests, match="are waiting"):
            ingestion.check_open()
        with pytest.raises(TooManyRequests, match="are waiting"):
            await ingestion.accept([host.track("bob")])
    assert {outcome.status for (outcome,) in await asyncio.gather(*waiting)} == {"ok"}
    assert [outcome.status for outcome in await ingestion.accept([host.track("bob")])] == ["ok"]


async def test_a_slow_database_makes_the_queue_shorter(
    host: Host, ingestion: Ingestion, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As short as it must be for the last one to be answered soon, at the pace of late."""
    monkeypatch.setattr(group_commit, "GROUP_CALLS_MAX", 10)
    await asyncio.gather(*(ingestion.accept([host.track("ann")]) for _ in range(100)))
    monkeypatch.setattr(group_commit, "QUEUE_SECONDS_MAX", 3 * ingestion._group_seconds)
    results = await asyncio.gather(
        *(ingestion.accept([host.track("ann")]) for _ in range(100)), return_exceptions=True
    )
    accepted = [result for result in results if isinstance(result, list)]
    assert 30 <= len(accepted) <= 32
    assert {type(result) for result in results} == {list, TooManyRequests}


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
    host: Host, ingestion: Ingestion, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = [host.track("ann") for _ in range(30)]
    async with held_up(host.database, host.place, monkeypatch):
        results = await asyncio.gather(*(ingestion.accept([call]) for call in calls), return_exceptions=True)
        assert [type(result) for result in results] == [Unavailable] * 30
    assert await host.balance("ann") is None
    again = await asyncio.gather(*(ingestion.accept([call]) for call in calls))
    assert [outcome.status for (outcome,) in again] == ["ok"] * 30
    assert ingestion.queued == 0
    assert await host.balance("ann") == 300


@ON_SQLITE
async def test_a_full_disk_is_unavailable_and_recovers(host: Host, ingestion: Ingestion) -> None:
    writer = host.database.backend.writer
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


class Gate:
    """Stands before a database's `insert_if`: who comes waits until it is opened, and others may act meanwhile."""

    def __init__(self, host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
        self.opened = asyncio.Event()
        self.waiting = asyncio.Event()
        self.answers: list[bool | BaseException] = []
        self._insert_if = host.database.insert_if
        monkeypatch.setattr(host.database, "insert_if", self._pass)

    async def _pass(self, *args: Any, **named: Any) -> bool:
        self.waiting.set()
        await self.opened.wait()
        try:
            self.answers.append(await self._insert_if(*args, **named))
        except BaseException as error:
            self.answers.append(error)
            raise
        return self.answers[-1] is True


@pytest.fixture
async def gate(
    host: Host, ingestion: Ingestion, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> Gate:
    caplog.set_level(logging.DEBUG, group_commit.log.name)  # why something was not decided ahead
    await ingestion.accept([host.track("ann")])  # a company is created in a transaction
    return Gate(host, monkeypatch)


async def decided(ingestion: Ingestion, gate: Gate, calls: list[Call]) -> asyncio.Task[Any]:
    """A request whose commit waits at the gate, or behind one that does."""
    request = asyncio.create_task(ingestion.accept(calls))
    waiting = asyncio.create_task(gate.waiting.wait())
    await asyncio.wait({request, waiting}, timeout=60, return_when=asyncio.FIRST_COMPLETED)
    assert waiting.done(), f"it was not decided ahead: {request}"
    for _ in range(50):
        await asyncio.sleep(0.001)
    return request


async def test_a_group_is_decided_on_what_the_one_before_it_has_yet_to_write(
    host: Host, ingestion: Ingestion, gate: Gate
) -> None:
    call = host.track("ann", messageId="x")
    first = await decided(ingestion, gate, [call, host.track("new")])
    second = await decided(ingestion, gate, [call, host.track("new"), host.track("ann", "Deal Won")])
    third = await decided(ingestion, gate, [host.track("new"), call])
    gate.opened.set()
    async with asyncio.timeout(60):
        told = await asyncio.gather(first, second, third)
    assert [[outcome.status for outcome in outcomes] for outcomes in told] == [
        ["ok", "ok"],
        ["duplicate", "ok", "ok"],
        ["ok", "duplicate"],
    ]
    assert gate.answers == [True, True, True]
    assert (await host.balance("ann"), await host.balance("new")) == (20, 30)
    assert (await host.company()).members == 2
    assert (await host.verify()).difference is None


async def test_what_somebody_else_wrote_meanwhile_is_decided_upon(
    host: Host, ingestion: Ingestion, gate: Gate
) -> None:
    """Two deals a day: the other process's two leave none for this one."""
    deals = [host.track("ann", "Deal Won", properties={"value": 5000}) for _ in range(2)]
    late = await decided(
        ingestion, gate, [host.track("ann", "Deal Won", properties={"value": 5000}), host.track("bob")]
    )
    later = await decided(ingestion, gate, [host.track("bob")])
    await host.send(*deals)
    gate.opened.set()
    (deal, _), _ = await asyncio.gather(late, later)
    assert gate.answers == [False]
    assert deal.effects == []
    assert (await host.balance("ann"), await host.balance("bob")) == (110, 20)
    await ingestion.accept([host.track("bob")])
    assert gate.answers == [False], "a company that others write to is decided in its turn"
    assert (await host.verify()).difference is None


async def test_once_others_were_seen_to_write_what_is_kept_is_looked_at_first(
    host: Host, ingestion: Ingestion, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate.opened.set()
    await host.send(host.track("ann"))
    await ingestion.accept([host.track("ann")])
    assert gate.answers == [False], "it was decided on what it had kept"
    monkeypatch.setattr(group_commit, "CONTENDED_SECONDS", 0)
    await host.send(host.track("ann"))
    await ingestion.accept([host.track("ann")])
    assert gate.answers == [False, True]
    assert await host.balance("ann") == 50
    assert (await host.verify()).difference is None


async def test_a_program_published_meanwhile_is_in_force(
    host: Host, ingestion: Ingestion, gate: Gate
) -> None:
    request = await decided(ingestion, gate, [host.track("ann")])
    await host.publish(PROGRAM.replace("amount: 10}", "amount: 11}"))
    gate.opened.set()
    await request
    assert await host.balance("ann") == 21
    assert (await host.verify()).difference is None


async def test_a_call_held_meanwhile_is_released_by_the_members_first(
    host: Host, ingestion: Ingestion, gate: Gate
) -> None:
    request = await decided(ingestion, gate, [host.track("new")])
    await host.send(host.track("new", company=None))
    gate.opened.set()
    await request
    assert await host.balance("new") == 20
    assert (await host.verify()).difference is None


async def test_what_was_decided_on_a_failed_commit_is_decided_again(
    host: Host, ingestion: Ingestion, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = host.track("ann", messageId="x")
    async with held_up(host.database, host.place, monkeypatch):
        first = await decided(ingestion, gate, [call, host.track("new")])
        second = await decided(ingestion, gate, [call])
        gate.opened.set()
        with pytest.raises(Unavailable):
            await first
    assert isinstance(gate.answers[0], BaseException)
    results = await asyncio.gather(second, return_exceptions=True)
    # It may have met the lock as well; else it is the first to bring the message.
    sent = results[0] if isinstance(results[0], list) else await ingestion.accept([call])
    assert [outcome.status for outcome in sent] == ["ok"]
    assert (await host.balance("ann"), await host.balance("new")) == (20, None)
    assert (await host.verify()).difference is None


async def test_little_memory_decides_the_same(
    host: Host, ingestion: Ingestion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "MEMBERS_KEPT", 5)
    chance = random.Random(3)
    requests = [
        [host.track(f"u{chance.randrange(30)}", company=f"c{chance.randrange(4)}") for _ in range(7)]
        for _ in range(120)
    ]
    for start in range(0, len(requests), 6):
        await asyncio.gather(*(ingestion.accept(request) for request in requests[start : start + 6]))
    assert len(ingestion._kept.turns) <= 8
    assert host.count("transfer") == 840
    assert (await host.verify()).difference is None


async def test_where_companies_live_apart_each_has_a_transaction_of_its_own(
    host: Host, ingestion: Ingestion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host.database.backend, "one_company_per_transaction", True)
    calls = [host.track(f"u{n % 5}", company=f"c{n % 3}", messageId=f"m{n}") for n in range(60)]
    told = await asyncio.gather(*(ingestion.accept(calls[start : start + 20]) for start in range(0, 60, 20)))
    assert [one.message_id for outcomes in told for one in outcomes] == [call.message_id for call in calls]
    assert {one.status for outcomes in told for one in outcomes} == {"ok"}
    written: list[set[int]] = []
    kind = SqliteTransaction if host.place.dialect == "sqlite" else PostgresTransaction
    insert = kind.insert

    async def watched(tx: Transaction, writes: Sequence[Insert], *, scope: Scope) -> None:
        written.append({row[0] for _, rows in writes for row in rows})
        await insert(tx, writes, scope=scope)  # type: ignore[arg-type]

    monkeypatch.setattr(kind, "insert", watched)
    again = await ingestion.accept(
        [*calls, *(host.track(f"u{n % 5}", company=f"c{n % 3}") for n in range(9))]
    )
    assert [one.status for one in again] == ["duplicate"] * 60 + ["ok"] * 9
    assert sorted(written, key=min) == [{1}, {2}, {3}]
    assert (await host.verify()).difference is None


@pytest.mark.parametrize("seed", range(6))
async def test_any_traffic_ends_in_the_same_account(host: Host, ingestion: Ingestion, seed: int) -> None:
    """Many requests at once, everything sent twice, while corrections, publications and another queue come between."""
    chance = random.Random(seed)
    other = Ingestion(host.database)
    other.start()
    tracked = [
        host.track(
            f"u{chance.randrange(9)}", company=chance.choice(["acme", "acme", "globex", f"c{n // 40}", None])
        )
        for n in range(300)
    ]
    odd = [host.visit(f"v{n}", company=chance.choice(["", "acme"])) for n in range(12)]
    odd += [host.call("identify", f"u{n % 9}", groupId="acme", anonymousId=f"v{n}") for n in range(12)]
    calls = [*tracked, *odd] * 2
    chance.shuffle(calls)

    async def send(part: list[Call]) -> None:
        await asyncio.sleep(chance.random() / 20)
        await chance.choice([ingestion, ingestion, other]).accept(part)

    async def interfere() -> None:
        for n in range(8):
            await asyncio.sleep(chance.random() / 40)
            await host.publish(PROGRAM.replace("name: Tests", f"name: Tests {n}"))
            with suppress(NotFound):
                await host.adjust("u1", 5, f"key {n}")

    try:
        parts = [calls[start : start + 8] for start in range(0, len(calls), 8)]
        await asyncio.gather(interfere(), *(send(part) for part in parts))
        # What was held goes where its member is known by now.
        await ingestion.accept([host.track(f"u{n}", company="acme") for n in range(9)])
    finally:
        await other.stop()
    verified = await host.verify()
    assert verified.difference is None
    messages = host.place.rows("SELECT hash FROM engage_message WHERE day >= 0 AND company_id > 0")
    accepted = {hash for (hash,) in messages}
    ids = {message_hash(call.message_id) for call in tracked}
    waiting = {hash for (hash,) in host.place.rows("SELECT hash FROM engage_held")}
    ambiguous = {message_hash(call.message_id) for call in tracked if not call.company}
    assert ids - accepted - waiting <= ambiguous
