"""Pushing the signal: what is sent, once it changed and until it is accepted; and that any Segment service takes it."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from engage import clock
from engage.actions import push
from engage.actions.deliver import RETRY_SECONDS, Answer
from engage.actions.ingest import accept_calls
from engage.actions.push import Pusher, add_destination, remove_destination, resend
from engage.actions.score import score_companies
from engage.core.calendar import DAY, HOUR, SECOND
from engage.core.call import Call, read_call
from engage.core.reports import Driver, Health
from engage.core.signal import group_call, has_changed, signal_of
from engage.core.stage_words import CompanyStage
from engage.errors import InvalidRequest, NotFound
from engage.store.database import Database
from engage.store.destinations import load_destination
from tests.actions.signal_host import NOW, TODAY, accept, seats, working

URL = "https://cdp.example/v1/batch"
BEFORE = TODAY - timedelta(days=7)


@dataclass
class Receiver:
    answer: Answer = field(default_factory=lambda: Answer(200))
    sent: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    now: int = NOW

    async def post(self, url: str, headers: dict[str, str], body: bytes) -> Answer:
        self.sent.append((url, headers, body))
        return self.answer

    def calls(self) -> list[dict[str, Any]]:
        return [call for _, _, body in self.sent for call in json.loads(body)["batch"]]

    def told(self) -> list[tuple[str, str]]:
        return [(call["groupId"], call["traits"]["as_of"]) for call in self.calls()]


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
def pusher(database: Database, receiver: Receiver) -> Pusher:
    return Pusher(database, receiver.post, lambda: receiver.now)


async def add(database: Database) -> int:
    return (await add_destination(database, URL, "wk", "", private=False, now=NOW)).id


async def seeded(database: Database) -> None:
    """Acme stops a week before the end, and so its signal changes; tiny is never scored, and its signal stays."""
    await accept(database, [seats("acme", 12), *working("acme", 12, 20, idle_last=1), *working("tiny", 2, 8)])
    await score_companies(database, BEFORE)


async def test_a_new_destination_is_sent_every_company_and_then_what_changed(
    database: Database, receiver: Receiver, pusher: Pusher
) -> None:
    await seeded(database)
    await add(database)
    assert await pusher.run() == (2, 0)
    assert receiver.told() == [("acme", "2026-06-21"), ("tiny", "2026-06-21")]
    assert await pusher.run() == (0, 0)
    await score_companies(database, TODAY)
    assert await pusher.run() == (1, 0)
    assert receiver.told()[2:] == [("acme", "2026-06-28")]
    url, headers, _ = receiver.sent[0]
    assert (url, base64.b64decode(headers["authorization"].split()[1])) == (URL, b"wk:")


async def test_what_changed_is_pushed_though_the_clock_was_set_back(
    database: Database, receiver: Receiver, pusher: Pusher, monkeypatch: pytest.MonkeyPatch
) -> None:
    await seeded(database)
    await add(database)
    await pusher.run()
    monkeypatch.setattr(clock, "now", lambda: time.time_ns() // 1000 - HOUR)
    await score_companies(database, TODAY)
    assert await pusher.run() == (1, 0)
    assert await pusher.run() == (0, 0)


async def test_a_destination_that_is_removed_is_sent_no_more(
    database: Database, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To it, as to one that was sent nothing yet, every company would be sent anew."""
    monkeypatch.setattr(push, "CALLS_PER_REQUEST", 1)
    await seeded(database)
    number = await add(database)

    async def ending(url: str, headers: dict[str, str], body: bytes) -> Answer:
        if not receiver.sent:
            await remove_destination(database, number)
        return await receiver.post(url, headers, body)

    await Pusher(database, ending, lambda: receiver.now).run()
    assert len(receiver.sent) == 1


async def test_a_slow_destination_keeps_no_other_waiting(database: Database, receiver: Receiver) -> None:
    await seeded(database)
    await add(database)
    await add_destination(database, "https://other.example/v1/batch", "wk", "", private=False, now=NOW)
    other_was_told = asyncio.Event()

    async def one_is_slow(url: str, headers: dict[str, str], body: bytes) -> Answer:
        if url == URL:
            await asyncio.wait_for(other_was_told.wait(), 2)
        else:
            other_was_told.set()
        return await receiver.post(url, headers, body)

    assert await Pusher(database, one_is_slow, lambda: receiver.now).run() == (4, 0)


async def test_while_a_destination_is_down_the_newest_signal_alone_waits(
    database: Database, receiver: Receiver, pusher: Pusher
) -> None:
    await seeded(database)
    number = await add(database)
    receiver.answer = Answer(503)
    assert await pusher.run() == (0, 1)
    await score_companies(database, TODAY)
    receiver.answer = Answer(200)
    assert await pusher.run() == (0, 0), "it is not asked again at once"
    row = await load_destination_of(database, number)
    assert (row.failure, row.attempts) == ("answered 503", 1)
    receiver.now += 2 * RETRY_SECONDS[0] * SECOND
    receiver.sent.clear()
    assert await pusher.run() == (2, 0)
    assert sorted(receiver.told()) == [("acme", "2026-06-28"), ("tiny", "2026-06-21")]
    assert (await load_destination_of(database, number)).failure == ""


async def load_destination_of(database: Database, number: int) -> Any:
    async with database.read():
        return await load_destination(number)


async def test_what_was_not_accepted_comes_again_as_the_same_messages(
    database: Database, receiver: Receiver, pusher: Pusher
) -> None:
    await seeded(database)
    await add(database)
    receiver.answer = Answer(0, error="no answer within 20 s")
    await pusher.run()
    receiver.now += DAY
    receiver.answer = Answer(200)
    await pusher.run()
    first, second = (
        [call["messageId"] for call in json.loads(body)["batch"]] for _, _, body in receiver.sent
    )
    assert first == second
    assert len(set(first)) == 2


async def test_one_that_is_gone_is_left_alone_until_it_is_asked_for_again(
    database: Database, receiver: Receiver, pusher: Pusher
) -> None:
    await seeded(database)
    number = await add(database)
    receiver.answer = Answer(410)
    await pusher.run()
    receiver.answer, receiver.now = Answer(200), NOW + 30 * DAY
    assert await pusher.run() == (0, 0)
    await resend(database, number)
    assert await pusher.run() == (2, 0)
    await resend(database, number)
    assert await pusher.run() == (2, 0)
    await remove_destination(database, number)
    with pytest.raises(NotFound):
        await resend(database, number)


async def test_one_that_took_a_batch_is_tried_again_as_after_a_first_failure(
    database: Database, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that was down for days takes some of what waited, and then asks for a pause."""
    monkeypatch.setattr(push, "CALLS_PER_REQUEST", 1)
    await seeded(database)
    number = await add(database)
    answers = [Answer(503)] * 5 + [Answer(200), Answer(429)]

    async def back(url: str, headers: dict[str, str], body: bytes) -> Answer:
        return answers.pop(0)

    pusher = Pusher(database, back, lambda: receiver.now)
    while answers:
        receiver.now += DAY
        await pusher.run()
    row = await load_destination_of(database, number)
    assert (row.attempts, row.failing_since) == (1, receiver.now)
    assert row.next_at < receiver.now + 2 * RETRY_SECONDS[0] * SECOND


async def test_a_failure_does_not_put_off_what_was_asked_for_meanwhile(
    database: Database, receiver: Receiver, pusher: Pusher
) -> None:
    await seeded(database)
    number = await add(database)
    receiver.answer = Answer(503)
    await pusher.run()
    receiver.now += DAY

    async def asked_meanwhile(url: str, headers: dict[str, str], body: bytes) -> Answer:
        await resend(database, number)
        return Answer(410)

    await Pusher(database, asked_meanwhile, lambda: receiver.now).run()
    receiver.answer = Answer(200)
    assert await pusher.run() == (2, 0)


async def test_our_own_ingestion_takes_what_is_sent(
    database: Database, receiver: Receiver, pusher: Pusher
) -> None:
    await seeded(database)
    await add(database)
    await pusher.run()
    calls = [
        read_call(raw, verb=None, received_at=NOW, sent_at=NOW, trusted=True, new_id=str)
        for raw in receiver.calls()
    ]
    read = [call for call in calls if isinstance(call, Call)]
    assert len(read) == 2
    assert {one.status for one in await accept_calls(database, read, now=NOW)} == {"ok"}


@pytest.mark.parametrize("url, key", [("http://cdp.example/v1/batch", "wk"), (URL, "a:b"), (URL, "ключ")])
async def test_a_destination_that_cannot_be_is_refused(database: Database, url: str, key: str) -> None:
    with pytest.raises(InvalidRequest):
        await add_destination(database, url, key, "", private=False, now=NOW)


def driver(name: str, contribution: float) -> Driver:
    return Driver(name, name, None, 50.0, 0.1, contribution, "")


HEALTH = Health(
    "2026-06-28", 64, "healthy", "high", "", (driver("habit", 16.0), driver("trend", -2.0)), change_4w=-6
)
STAGE = CompanyStage("established", "2026-06-07", "")


def test_the_top_driver_is_what_takes_most_away_else_what_adds_most() -> None:
    assert signal_of(HEALTH, STAGE).top_driver == "trend"
    assert signal_of(replace(HEALTH, drivers=HEALTH.drivers[:1]), None).top_driver == "habit"
    assert signal_of(replace(HEALTH, drivers=()), None).top_driver is None


def test_a_newer_day_alone_is_no_change() -> None:
    before = signal_of(HEALTH, STAGE)
    assert has_changed(before, None)
    assert not has_changed(signal_of(replace(HEALTH, as_of="2026-07-05"), STAGE), before)
    assert has_changed(signal_of(replace(HEALTH, change_4w=-5), STAGE), before)
    assert has_changed(signal_of(HEALTH, None), before)


def test_a_signal_said_without_a_stage_is_sent_without_one() -> None:
    sent = group_call("acme", replace(signal_of(HEALTH, None), account_stage=""), "1", "2026-06-28T00:00:00Z")
    assert "account_stage" not in sent["traits"]
    assert group_call("acme", signal_of(HEALTH, None), "1", "")["traits"]["account_stage"] is None
