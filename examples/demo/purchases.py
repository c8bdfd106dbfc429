"""What people of the company with a reward bought, week after week, while its half year is imported.

A redemption happens when it is asked for, so a past one cannot be imported. Here a week is imported, and what was
bought at its end is asked for with a clock that stands there. Owns who buys; again it changes nothing.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from engage.actions import redeem
from engage.actions.importing import import_calls
from engage.core.calendar import from_datetime
from engage.core.rewards import FULFIL
from engage.errors import Lacking
from engage.sources.calls import read_calls
from engage.sources.files import open_sources, origins
from engage.store.database import Database
from examples.demo.companies import Company
from examples.demo.own_program import REWARD

FIRST_WEEK = 5
"""By then people have earned something."""
BUYERS = 8
"""In a week: enough that what they spent is told."""
ENDS = time(20, tzinfo=UTC)


def import_with_purchases(url: str, events: Path, company: Company, until: date) -> int:
    """How many were bought."""
    return asyncio.run(_work(url, events, company, until))


async def _work(url: str, events: Path, company: Company, until: date) -> int:
    part, bought = events.with_name("week.ndjson"), 0
    database = await Database.open(url)
    try:
        for number, (end, lines) in enumerate(_weeks(events, company, until)):
            part.write_bytes(b"".join(lines))
            sources, now = open_sources([str(part)], {}), from_datetime(end)
            await import_calls(database, read_calls(sources, {}, now), origins(sources), now=now)
            if number >= FIRST_WEEK:
                bought += await _buy(database, company, _busiest(lines), now)
    finally:
        part.unlink(missing_ok=True)
        await database.close()
    return bought


def _weeks(events: Path, company: Company, until: date) -> Iterator[tuple[datetime, list[bytes]]]:
    """The calls of each week up to its Sunday evening, and that moment."""
    mark = f'"fieldnote-{company.id}-'.encode()
    lines = [line for line in events.read_bytes().splitlines(keepends=True) if mark in line]
    moments = [datetime.fromisoformat(json.loads(line)["timestamp"]) for line in lines]
    end = datetime.combine(until - timedelta(days=until.isoweekday()), ENDS)
    while moments and end - timedelta(weeks=1) > min(moments):
        end -= timedelta(weeks=1)
    start = datetime.min.replace(tzinfo=UTC)
    while end.date() < until:
        yield end, [line for line, at in zip(lines, moments, strict=True) if start <= at < end]
        start, end = end, end + timedelta(weeks=1)


def _busiest(lines: Sequence[bytes]) -> list[str]:
    did = Counter(call["userId"] for call in map(json.loads, lines) if call["type"] == "track")
    return [member for member, _ in sorted(did.items(), key=lambda one: (-one[1], one[0]))]


async def _buy(database: Database, company: Company, members: Sequence[str], now: int) -> int:
    bought = 0
    for member in members:
        if bought == BUYERS:
            break
        key = f"{member}/{now}"
        try:
            asked = await redeem.request(
                database,
                company=company.id,
                member=member,
                reward=REWARD,
                reason="",
                actor=member,
                idempotency_key=key,
                now=now,
            )
        except Lacking:
            continue
        if not asked.repeated:
            await redeem.take_step(
                database,
                company=company.id,
                redemption=asked.redemption.id,
                step=FULFIL,
                reason="handed over",
                actor="canteen",
                idempotency_key=key,
                now=now,
            )
        bought += 1
    return bought
