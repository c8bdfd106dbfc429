"""What somebody asks of an endpoint, and what becomes of it, while it is just being told."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from engage import schedule
from engage.actions import deliver, webhooks
from engage.actions.deliver import Answer, Courier
from engage.core.calendar import DAY, HOUR
from engage.errors import Unavailable
from engage.store.companies import create_companies
from engage.store.statements import Transaction
from engage.telemetry import REGISTRY
from tests.actions.host import Host
from tests.actions.test_deliver import Receiver, add
from tests.places import ON_POSTGRES

OTHER = "https://host.example/other"


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.mark.parametrize("change", [{"enabled": True}, {"url": OTHER}])
async def test_one_put_right_while_an_attempt_fails_is_tried_at_once(
    host: Host, receiver: Receiver, change: dict[str, Any]
) -> None:
    """An attempt takes up to 20 seconds, and after some of them the next is a day ahead."""
    await host.publish()
    endpoint = await add(host)
    receiver.answer = Answer(503, retry_after=86_400)
    put_right = False

    async def being_put_right(url: str, headers: dict[str, str], body: bytes) -> Answer:
        if put_right:
            await webhooks.alter_endpoint(host.database, endpoint.id, private=False, now=host.now, **change)
        return await receiver.post(url, headers, body)

    courier = Courier(host.database, being_put_right, lambda: host.now)
    await host.send(host.track("ann"))
    await courier.run()
    host.now += DAY + HOUR
    put_right = True
    await courier.run()
    put_right = False
    receiver.answer = Answer(204)
    assert await courier.run() == 1


async def test_the_same_replay_once_more_is_told_though_the_first_goes_on(
    host: Host, receiver: Receiver
) -> None:
    await host.publish()
    endpoint = await add(host)
    await host.send(host.track("ann"), host.track("ann", "Deal Won", properties={"value": 2000}))
    since = host.now - DAY

    async def replayed_again(url: str, headers: dict[str, str], body: bytes) -> Answer:
        if len(receiver.sent) == 1:
            await webhooks.replay_from(host.database, endpoint.id, since, host.now)
        return await receiver.post(url, headers, body)

    await webhooks.replay_from(host.database, endpoint.id, since, host.now)
    courier = Courier(host.database, replayed_again, lambda: host.now)
    assert await courier.run() == 3
    assert await courier.run() == 3
    assert [one[2] for one in receiver.told()] == ["bronze", "silver", "closer"] * 2


@pytest.mark.parametrize("change", ["removed", "disabled", "given another address"])
async def test_a_slow_one_is_told_as_it_is_by_now(
    host: Host, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    """One that takes 15 seconds for each would be told for minutes what was read before."""
    monkeypatch.setattr(deliver, "LOOK_SECONDS", 0)
    await host.publish()
    endpoint = await add(host)
    await host.send(host.track("ann"), host.track("bob"), host.track("eve"))

    async def changing(url: str, headers: dict[str, str], body: bytes) -> Answer:
        if change == "removed" and not receiver.sent:
            await webhooks.remove_endpoint(host.database, endpoint.id)
        elif not receiver.sent:
            said: dict[str, Any] = {"enabled": False} if change == "disabled" else {"url": OTHER}
            await webhooks.alter_endpoint(host.database, endpoint.id, private=False, now=host.now, **said)
        return await receiver.post(url, headers, body)

    await Courier(host.database, changing, lambda: host.now).run()
    urls = [url for url, _, _ in receiver.sent]
    assert urls[1:] == ([OTHER, OTHER] if change == "given another address" else [])


async def test_a_round_that_fails_leaves_nobody_sending(host: Host, receiver: Receiver) -> None:
    """The next round, or another process, would tell the same company at the same time."""
    await host.publish()
    await add(host)
    await host.send(*(host.track("ann", company=name) for name in ("acme", "globex")))

    async def failing(url: str, headers: dict[str, str], body: bytes) -> Answer:
        if b"acme" in body:
            raise Unavailable("no database")
        await asyncio.sleep(0.05)
        return await receiver.post(url, headers, body)

    with pytest.raises(Unavailable):
        await Courier(host.database, failing, lambda: host.now).run()
    sent = len(receiver.sent)
    await asyncio.sleep(0.1)
    assert len(receiver.sent) == sent


async def test_what_another_told_meanwhile_stays_told(host: Host, receiver: Receiver) -> None:
    """Who lost the lock may still be waiting for an answer."""
    await host.publish()
    await add(host)
    await host.send(host.track("ann"))
    other = Courier(host.database, receiver.post, lambda: host.now)

    async def late(url: str, headers: dict[str, str], body: bytes) -> Answer:
        assert await other.run() == 1
        return Answer(503)

    await Courier(host.database, late, lambda: host.now).run()
    host.now += HOUR
    assert await other.run() == 0


@ON_POSTGRES
async def test_a_company_is_named_though_one_with_a_higher_number_was_there_before(
    host: Host, receiver: Receiver
) -> None:
    """Numbers are given before they are committed."""
    await host.publish()
    await add(host)
    created, ends = asyncio.Event(), asyncio.Event()

    async def create_slowly(tx: Transaction) -> None:
        await create_companies(tx, ["acme"], host.now)
        created.set()
        await ends.wait()

    creating = asyncio.create_task(host.database.write(create_slowly))
    await created.wait()
    await host.send(host.track("bob", company="globex"))
    courier = Courier(host.database, receiver.post, lambda: host.now)
    await courier.run()
    ends.set()
    await creating
    await host.send(host.track("ann"))
    await courier.run()
    assert [one[0] for one in receiver.told()] == ["globex", "acme"]


async def test_one_that_is_gone_from_its_old_address_is_told_at_its_new(
    host: Host, receiver: Receiver
) -> None:
    await host.publish()
    endpoint = await add(host)
    await host.send(host.track("ann"))

    async def moving(url: str, headers: dict[str, str], body: bytes) -> Answer:
        if url == OTHER:
            return await receiver.post(url, headers, body)
        await webhooks.alter_endpoint(host.database, endpoint.id, private=False, now=host.now, url=OTHER)
        return Answer(410)

    courier = Courier(host.database, moving, lambda: host.now)
    await courier.run()
    assert await courier.run() == 1


async def test_what_was_accepted_is_counted_while_another_does_not_answer(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the count would stand still for as long as one hangs, as if nobody were told anything."""
    monkeypatch.setattr(schedule, "now", lambda: host.now)
    await host.publish()
    for url in (OTHER, "https://slow.example/"):
        await webhooks.add_endpoint(host.database, url, [], "", private=False, now=host.now)
    await host.send(host.track("ann"))

    def counted() -> float:
        return REGISTRY.get_sample_value("engage_delivered_notices_total") or 0

    before, told = counted(), asyncio.Event()

    async def one_hangs(url: str, headers: dict[str, str], body: bytes) -> Answer:
        if url != OTHER:
            await asyncio.Event().wait()
        told.set()
        return Answer(204)

    service = schedule.Schedule(host.database, one_hangs)
    service.start()
    try:
        await asyncio.wait_for(told.wait(), 10)
        await asyncio.sleep(0.01)
        assert counted() == before + 1
    finally:
        await service.stop()
