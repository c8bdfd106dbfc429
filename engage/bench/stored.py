"""Databases that hold a long history already, made in minutes.

One company's history goes through the service's own ingestion, event by event. Every other company is a copy of its
rows, made set-wise in SQL: other company, other people, the same log. So `engage verify` agrees with all of it, which
is a test (tests/bench/test_stored.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

from msgspec import Struct

from engage.actions.ingest import accept_calls
from engage.actions.score import score_companies
from engage.actions.tick import Timekeeper
from engage.bench.databases import Engine
from engage.bench.errors import RoundFailed
from engage.bench.traffic import COMPANY, MEMBER, Population, Traffic
from engage.clock import now
from engage.core.call import parse_time, read_call
from engage.store.database import Database

BATCH: Final = 2_000
COPIED: Final = (
    "engage_entry",
    "engage_message",
    "engage_transfer",
    "engage_link",
    "engage_rollup",
    "engage_head",
    "engage_member",
    "engage_agenda",
    "engage_timetable",
    "engage_week",
    "engage_score",
    "engage_summary",
    "engage_signal",
)
"""The tables of a company's log and state, of what awaits its members, and of its frozen weeks and scores."""
UNCOMPARED: Final = "DELETE FROM engage_setting WHERE name = 'peers'"
"""One company was compared with itself."""


class History(Struct, frozen=True):
    """`events` in all, over `days` up to now, evenly over the companies."""

    population: Population
    events: int
    days: int = 365

    @property
    def of_one(self) -> int:
        return self.events // self.population.companies


def build(engine: Engine, url: str, history: History) -> None:
    """Fill a database that nobody else has open, and that is lost if this is cut short."""
    asyncio.run(_first_company(url, history))
    # What the service would do in its first hour, and would disturb the clock by: once, and copied with the rest.
    asyncio.run(_settle(url))
    engine.fill(url, _copying(history.population, lambda table: engine.columns(url, table)))
    asyncio.run(_settle(url))


async def _first_company(url: str, history: History) -> None:
    """Company 0 by the service's own hand, each call received when it happened."""
    population = history.population
    length = timedelta(days=history.days)
    traffic = Traffic(
        population, seed=0, start=datetime.now(UTC) - length, step=length / (history.of_one + 1)
    )
    database = await Database.open(url)
    try:
        for done in range(0, history.of_one, BATCH):
            count = min(BATCH, history.of_one - done)
            calls = [_read(raw) for raw in traffic.of_first_company(count)]
            for outcome in await accept_calls(database, calls, now=1, tell_effects=False):
                if outcome.status != "ok":
                    raise RoundFailed(f"while building a history, a call was not accepted: {outcome}")
    finally:
        await database.close()


def _read(raw: dict[str, Any]) -> Any:
    at = parse_time(raw["timestamp"])
    assert at is not None
    return read_call(raw, verb=None, received_at=at, sent_at=None, trusted=True, new_id=lambda: uuid4().hex)


def _copying(population: Population, columns: Callable[[str], list[str]]) -> list[str]:
    """The statements that make all other companies of the first."""
    others = range(1, population.companies)
    statements = [
        f"INSERT INTO engage_company (external_id, created_at) VALUES ('{COMPANY}{n}', 1)" for n in others
    ]
    for table in COPIED:
        names = [name for name in columns(table) if name != "company_id"]
        copied = {name: f"t.{name}" for name in names}
        if table == "engage_member":  # the same person of each company has the next number
            number = f"CAST(substr(t.external_id, {len(MEMBER) + 1}) AS INTEGER)"
            copied["external_id"] = f"'{MEMBER}' || ({number} + {{n}})"
        statements += [
            f"INSERT INTO {table} (company_id, {', '.join(copied)}) SELECT c.id, {', '.join(copied.values())} "
            f"FROM {table} t, engage_company c, engage_company f WHERE f.external_id = '{COMPANY}0' "
            f"AND t.company_id = f.id AND c.external_id = '{COMPANY}{{n}}'".replace("{n}", str(n))
            for n in others
        ]
    return [*statements, UNCOMPARED]


async def _settle(url: str) -> None:
    database = await Database.open(url)
    try:
        await Timekeeper(database).run(now)
        await score_companies(database)
    finally:
        await database.close()
