"""The room that all bodies share: bounded, first come first served, and given back whatever happens."""

from __future__ import annotations

import asyncio
import gzip

import pytest

from engage.errors import TooManyRequests
from engage.web import bodies
from engage.web.bodies import SMALL_BYTES_MAX, Room, inflate_into

LARGE = 2 * SMALL_BYTES_MAX


async def hold(room: Room, size: int, until: asyncio.Event) -> None:
    with room.share() as share:
        await share.resize(size)
        await until.wait()


async def test_a_small_body_needs_no_room() -> None:
    room = Room(0)
    with room.share() as share:
        await share.resize(SMALL_BYTES_MAX)


async def test_who_finds_no_room_waits_in_the_order_of_arrival() -> None:
    room, order = Room(3 * LARGE), []

    async def body(name: str, size: int, until: asyncio.Event) -> None:
        with room.share() as share:
            await share.resize(size)
            order.append(name)
            await until.wait()

    ends = {name: asyncio.Event() for name in "abcd"}
    sizes = {"a": 2 * LARGE, "b": 2 * LARGE, "c": LARGE, "d": LARGE}
    async with asyncio.TaskGroup() as group:
        for name, size in sizes.items():
            group.create_task(body(name, size, ends[name]))
            await asyncio.sleep(0.01)
        assert order == ["a"], "the small one behind the large one does not overtake it"
        ends["a"].set()
        await asyncio.sleep(0.01)
        assert order == ["a", "b", "c"]
        ends["c"].set()
        await asyncio.sleep(0.01)
        assert order == ["a", "b", "c", "d"]
        ends["b"].set()
        ends["d"].set()
    assert room.free == 3 * LARGE


async def test_who_waits_too_long_is_told_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "ROOM_SECONDS_MAX", 0.05)
    room, until = Room(LARGE), asyncio.Event()
    holding = asyncio.create_task(hold(room, LARGE, until))
    await asyncio.sleep(0)
    with pytest.raises(TooManyRequests), room.share() as share:
        await share.resize(LARGE)
    until.set()
    await holding
    assert room.free == LARGE


async def test_whoever_goes_away_while_waiting_leaves_no_hole() -> None:
    """Cancelled at each moment there is, also in the one in which its room is given."""
    for steps in range(6):
        room, until = Room(LARGE), asyncio.Event()
        holding = asyncio.create_task(hold(room, LARGE, until))
        await asyncio.sleep(0)
        waiting = asyncio.create_task(hold(room, LARGE, asyncio.Event()))
        behind = asyncio.create_task(hold(room, LARGE, until))
        await asyncio.sleep(0)
        until.set()
        for _ in range(steps):
            await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait([holding, waiting, behind], timeout=1)
        assert behind.done()
        assert room.free == LARGE


async def test_a_body_takes_the_room_of_what_it_becomes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "ROOM_SECONDS_MAX", 0.05)
    packed = gzip.compress(b"x" * LARGE)
    room = Room(LARGE + 100)
    with room.share() as share:
        assert len(await inflate_into(share, packed, "gzip")) == LARGE
        assert room.free == 100
        with pytest.raises(TooManyRequests), room.share() as other:
            await inflate_into(other, packed, "gzip")
        assert await inflate_into(share, b"as it is", "") == b"as it is"
    assert room.free == LARGE + 100
