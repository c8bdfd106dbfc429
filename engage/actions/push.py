"""Pushing the signal to any Segment-compatible destination: at least once, in order per company, coalesced.

Owns destinations, what is sent when, and what counts as accepted. The rows to send are written with the scores they
tell of; what waits for a destination is the newest signal of each company alone. Must not know how bytes reach it.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any, Final

import msgspec

from engage.actions.deliver import GONE, Answer, Post, retry_at
from engage.actions.side_by_side import all_ended
from engage.actions.webhooks import check_url
from engage.core.calendar import to_rfc3339
from engage.core.signal import group_call
from engage.errors import InvalidRequest, NotFound
from engage.store.database import Database
from engage.store.destinations import (
    DestinationRow,
    Waiting,
    change_destination,
    delete_destination,
    forget_pushed,
    insert_destination,
    load_destination,
    load_destinations,
    load_unpushed,
    save_pushed,
)
from engage.store.statements import Transaction

CALLS_PER_REQUEST: Final = 100
"""Segment's own clients send no more in one batch."""
DESTINATIONS_MAX: Final = 10
KEY_CHARS_MAX: Final = 255


async def add_destination(
    database: Database, url: str, key: str, description: str, *, private: bool, now: int
) -> DestinationRow:
    """One that is sent the signal of every company, and then whatever changes. Raises InvalidRequest."""
    check_url(url, private=private)
    if not key.isascii() or not key.isprintable() or ":" in key:
        raise InvalidRequest("key: must be printable ASCII without a colon")

    async def work(_: Transaction) -> DestinationRow:
        if len(await load_destinations()) >= DESTINATIONS_MAX:
            raise InvalidRequest(
                f"there are {DESTINATIONS_MAX} destinations, which is as many as there may be"
            )
        return await insert_destination(url, key, description, now)

    return await database.write(work)


async def remove_destination(database: Database, id: int) -> DestinationRow:
    """What it was. Raises NotFound."""

    async def work(tx: Transaction) -> DestinationRow:
        row = await existing_destination(id)
        await delete_destination(tx, id)
        return row

    return await database.write(work)


async def resend(database: Database, id: int) -> DestinationRow:
    """Send it the signal of every company again, also when it was disabled. Raises NotFound."""

    async def work(tx: Transaction) -> DestinationRow:
        await existing_destination(id)
        await forget_pushed(tx, id)
        await change_destination(id, attempts=0, next_at=0, failing_since=None, failure="", disabled_at=None)
        return await existing_destination(id)

    return await database.write(work)


async def existing_destination(id: int) -> DestinationRow:
    """Within a read or a transaction."""
    row = await load_destination(id)
    if row is None:
        raise NotFound(f"there is no destination {id}")
    return row


def batch_body(waiting: list[Waiting], now: int) -> bytes:
    calls = [
        group_call(one.company, one.signal, f"engage-{one.company_id}-{one.at}", to_rfc3339(one.at))
        for one in waiting
    ]
    return msgspec.json.encode({"batch": calls, "sentAt": to_rfc3339(now)})


def batch_headers(key: str) -> dict[str, str]:
    """The key as the user name of Basic, which every Segment-compatible service takes."""
    word = base64.b64encode(f"{key}:".encode()).decode()
    return {"content-type": "application/json", "authorization": f"Basic {word}"}


class Pusher:
    """Pushes what waits. Of several processes one runs at a time."""

    def __init__(self, database: Database, post: Post, clock: Callable[[], int]) -> None:
        self.database = database
        self.post = post
        self.clock = clock

    async def run(self) -> tuple[int, int]:
        """Push all that may be pushed now: how many signals were accepted, and how many destinations refused."""
        async with self.database.read():
            destinations = await load_destinations(enabled=True)
        due = [one for one in destinations if one.next_at <= self.clock()]
        accepted = refused = 0
        for pushed, well in await all_ended(map(self._serve, due)):
            accepted += pushed
            refused += not well
        return accepted, refused

    async def _serve(self, destination: DestinationRow) -> tuple[int, bool]:
        accepted = 0
        while True:
            async with self.database.read() as s:
                now = await load_destination(destination.id)
                if now is None:
                    return accepted, True
                destination = now
                waiting = await load_unpushed(s, destination.id, CALLS_PER_REQUEST)
            if not waiting:
                return accepted, True
            answer = await self.post(
                destination.url, batch_headers(destination.key), batch_body(waiting, self.clock())
            )
            if not answer.accepted:
                await self._refused(destination, answer)
                return accepted, False
            await self._accepted(destination, waiting)
            accepted += len(waiting)
            if len(waiting) < CALLS_PER_REQUEST:
                return accepted, True

    async def _accepted(self, destination: DestinationRow, waiting: list[Waiting]) -> None:
        async def work(tx: Transaction) -> None:
            if await load_destination(destination.id) is None:
                return
            await save_pushed(tx, destination.id, waiting)
            await change_destination(destination.id, attempts=0, next_at=0, failing_since=None, failure="")

        await self.database.write(work)

    async def _refused(self, destination: DestinationRow, answer: Answer) -> None:
        """Try again later, by the schedule of webhooks, and then once a day: what is newest is still to be told. One
        that was asked to be sent all again meanwhile does not wait."""
        now = self.clock()
        changes: dict[str, Any] = {
            "attempts": destination.attempts + 1,
            "next_at": retry_at(now, destination.attempts, answer),
            "failing_since": destination.failing_since or now,
            "failure": answer.failure,
        }
        if answer.status == GONE:
            changes["disabled_at"] = now

        async def work(_: Transaction) -> None:
            kept = await load_destination(destination.id)
            if kept is not None and kept.attempts == destination.attempts:
                await change_destination(destination.id, **changes)

        await self.database.write(work)
