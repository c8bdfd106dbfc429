"""Delivering the outbox: at least once, in order per company, signed as Standard Webhooks 1.0.0 says.

Owns what is sent when, what counts as delivered, and when an endpoint is given up. Must not know how bytes reach it:
a `Post` is handed in. Whoever gets a notice twice knows it by its `webhook-id`, which is the same every time.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import random
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from engage.actions.side_by_side import all_ended
from engage.actions.webhooks import SECRET_PREFIX
from engage.core.calendar import DAY, SECOND, to_rfc3339
from engage.core.notices import ACCOUNT_TYPES
from engage.store.companies import load_company_names
from engage.store.database import Database
from engage.store.outbox import (
    Kept,
    Standing,
    drop_notices,
    load_notices,
    load_standing,
    load_waiting,
    save_standing,
)
from engage.store.statements import Transaction
from engage.store.webhooks import EndpointRow, change_endpoint, load_endpoint, load_endpoints

RETRY_SECONDS: Final = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""Between one attempt and the next, give or take JITTER: the schedule of the specification's example."""
JITTER: Final = 0.1
RETRY_AFTER_SECONDS_MAX: Final = 86_400
FAILING_DAYS_MAX: Final = 5
"""An endpoint that has answered nothing well for so long is disabled."""
KEPT_DAYS: Final = 30
NOTICES_PER_READ: Final = 50
COMPANIES_AT_ONCE: Final = 16
LOOK_SECONDS: Final = 2.0
"""While one is slow: how often it is looked what the others are to be told, and how it is itself to be told by now."""
GONE: Final = 410
FAILURE_CHARS_MAX: Final = 255


class Answer(Struct, frozen=True):
    """What an endpoint answered: a status, or 0 and why there was none."""

    status: int
    retry_after: int | None = None
    """Seconds."""
    error: str = ""

    @property
    def accepted(self) -> bool:
        return 200 <= self.status < 300

    @property
    def failure(self) -> str:
        """Why not, in words that fit where they are kept."""
        return (self.error or f"answered {self.status}")[:FAILURE_CHARS_MAX]


Post = Callable[[str, dict[str, str], bytes], Awaitable[Answer]]
"""(url, headers, body)."""


def retry_at(now: int, attempts: int, answer: Answer) -> int:
    """When to try again after so many attempts that were refused before, microseconds UTC: by the schedule, after its
    end by its last step, and no earlier than the answer asks."""
    step = RETRY_SECONDS[min(attempts, len(RETRY_SECONDS) - 1)]
    seconds = step * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311
    if answer.retry_after is not None:
        seconds = max(seconds, min(answer.retry_after, RETRY_AFTER_SECONDS_MAX))
    return now + int(seconds * SECOND)


def notice_body(kept: Kept, company: str) -> bytes:
    """The very bytes that are signed and sent, the same at every attempt."""
    data: dict[str, Any] = {"company": company} | msgspec.json.decode(kept.data)
    return msgspec.json.encode({"type": kept.type, "timestamp": to_rfc3339(kept.at), "data": data})


def notice_id(company_id: int, kept: Kept) -> str:
    """The same at every attempt. Of an account it is by the time it was told: places count a company's entries, and two
    of them would tell customer success how much its members did in between."""
    if kept.type in ACCOUNT_TYPES:
        return f"msg_{company_id}_{kept.at}_{kept.type.replace('.', '_')}"
    return f"msg_{company_id}_{kept.place.seq}_{kept.place.n}"


def signed_headers(id: str, body: bytes, secrets: Iterable[str], now: int) -> dict[str, str]:
    """`now`: of the attempt, microseconds UTC."""
    stamp = str(now // SECOND)
    said = f"{id}.{stamp}.".encode() + body
    signatures = []
    for secret in secrets:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
        signatures.append("v1," + base64.b64encode(hmac.new(key, said, hashlib.sha256).digest()).decode())
    return {
        "content-type": "application/json",
        "webhook-id": id,
        "webhook-timestamp": stamp,
        "webhook-signature": " ".join(signatures),
    }


class Courier:
    """Delivers what waits. Of several processes one runs at a time, else notices are sent more often than need be."""

    def __init__(self, database: Database, post: Post, clock: Callable[[], int]) -> None:
        self.database = database
        self.post = post
        self.clock = clock
        self._names: dict[int, str] = {}
        self._dropped_at = 0

    async def run(self) -> int:
        """Send every notice that may be sent now, and say how many were accepted. While an endpoint is slow to answer,
        the others are told what happens meanwhile: none waits for another."""
        accepted = 0
        serving: dict[int, asyncio.Task[int]] = {}
        try:
            while True:
                for endpoint in await self._look():
                    if endpoint.id not in serving:
                        serving[endpoint.id] = asyncio.create_task(self._serve(endpoint))
                if serving:
                    await asyncio.wait(serving.values(), timeout=LOOK_SECONDS)
                for id in [id for id, one in serving.items() if one.done()]:
                    accepted += serving.pop(id).result()
                if not serving:
                    return accepted
        finally:
            for one in serving.values():
                one.cancel()
            if serving:
                await asyncio.wait(serving.values())

    async def _look(self) -> list[EndpointRow]:
        """The endpoints that are to be told; and what is too old for any is dropped, once a day."""
        now = self.clock()
        if now - self._dropped_at > DAY:
            await self.database.write(lambda tx: drop_notices(tx, now - KEPT_DAYS * DAY))
            self._dropped_at = now
        async with self.database.read():
            return await load_endpoints(enabled=True)

    async def _serve(self, endpoint: EndpointRow) -> int:
        async with self.database.read() as s:
            waiting = await load_waiting(s, endpoint.id, endpoint.since, self.clock())
            unnamed = {company_id for company_id, _ in waiting} - self._names.keys()
            self._names |= await load_company_names(s, unnamed)
        places = asyncio.Semaphore(COMPANIES_AT_ONCE)

        async def one(company_id: int, standing: Standing) -> tuple[int, Answer | None]:
            async with places:
                return await self._tell(endpoint, company_id, standing)

        told = await all_ended(one(*each) for each in waiting)
        accepted = sum(n for n, _ in told)
        await self._judge(endpoint, [answer for _, answer in told if answer is not None], accepted)
        return accepted

    async def _tell(
        self, endpoint: EndpointRow, company_id: int, standing: Standing
    ) -> tuple[int, Answer | None]:
        """Send a company's notices in order until one is refused: how many were accepted, and the refusal. No more are
        sent once the endpoint is removed, disabled or to be told from another time, or another courier told it, and
        they are sent as it is by now.
        """
        accepted, refused, since = 0, None, endpoint.since
        while refused is None:
            async with self.database.read() as s:
                now = await load_endpoint(endpoint.id)
                if now is None or now.disabled_at is not None or now.since != since:
                    break
                endpoint = now
                found = await load_notices(s, company_id, standing.settled, since, NOTICES_PER_READ)
            before, read_at = standing, time.monotonic()
            for kept in found:
                if endpoint.types and kept.type not in endpoint.types:
                    standing = Standing(kept.place)
                    continue
                answer = await self._send(endpoint, company_id, kept)
                if not answer.accepted:
                    refused = answer
                    standing = self._later(standing, kept, answer)
                    break
                accepted += 1
                standing = Standing(kept.place)
                if time.monotonic() - read_at >= LOOK_SECONDS:
                    break
            if not found or not await self._save(company_id, endpoint, before, standing):
                break
            if len(found) < NOTICES_PER_READ and standing.settled == found[-1].place:
                break
        return accepted, refused

    async def _send(self, endpoint: EndpointRow, company_id: int, kept: Kept) -> Answer:
        now, body = self.clock(), notice_body(kept, self._names.get(company_id, ""))
        secrets = [secret for secret, until in endpoint.secrets if not until or now < until]
        headers = signed_headers(notice_id(company_id, kept), body, secrets, now)
        return await self.post(endpoint.url, headers, body)

    def _later(self, standing: Standing, kept: Kept, answer: Answer) -> Standing:
        """When to try it again; after the last attempt it is given up, and the next one's turn."""
        if standing.attempts >= len(RETRY_SECONDS):
            return Standing(kept.place)
        next_at = retry_at(self.clock(), standing.attempts, answer)
        return replace(standing, attempts=standing.attempts + 1, next_at=next_at)

    async def _save(
        self, company_id: int, endpoint: EndpointRow, before: Standing, standing: Standing
    ) -> bool:
        """Unless it was removed meanwhile, or is to be told again from another time: that begins anew. Nor when another
        courier told it. One that was put right meanwhile does not wait for its next attempt."""

        async def work(tx: Transaction) -> bool:
            now = await load_endpoint(endpoint.id)
            if now is None or now.since != endpoint.since:
                return False
            kept = await load_standing(tx, company_id, endpoint.id)
            if kept.settled != before.settled:
                return False
            put_right = now.url != endpoint.url or kept.next_at == 0 < before.next_at
            await save_standing(
                tx, company_id, endpoint.id, replace(standing, next_at=0) if put_right else standing
            )
            return True

        return await self.database.write(work)

    async def _judge(self, told: EndpointRow, refusals: list[Answer], accepted: int) -> None:
        """Remember since when an endpoint fails, and disable one that says it is gone, or has failed for days. One that
        was disabled, removed or given another address meanwhile stays as it is."""
        if not (accepted or refusals):
            return
        now = self.clock()

        async def work(_: Transaction) -> None:
            endpoint = await load_endpoint(told.id)
            if endpoint is None or endpoint.disabled_at is not None:
                return
            if accepted:
                if endpoint.failing_since is not None:
                    await change_endpoint(told.id, failing_since=None, failure="")
                return
            if endpoint.url != told.url:
                return
            since = now if endpoint.failing_since is None else endpoint.failing_since
            changes: dict[str, Any] = {"failing_since": since, "failure": refusals[-1].failure}
            gone = any(answer.status == GONE for answer in refusals)
            if gone or now - since > FAILING_DAYS_MAX * DAY:
                changes["disabled_at"] = now
            await change_endpoint(told.id, **changes)

        await self.database.write(work)
