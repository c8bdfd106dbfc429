"""Databases that hold a long history already, made in minutes.

One company's history goes through the service's own ingestion, event by event. Every other company is a copy of its
rows, made set-wise in SQL: other company, other people, the same log. So `engage verify` agrees with all of it, which
is a test (tests/bench/test_stored.py).
"""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from msgspec import Struct

from engage.actions.ingest import accept_calls
from engage.actions.score import score_companies
from engage.bench.databases import Prepared
from engage.bench.errors import RoundFailed
from engage.bench.traffic import COMPANY, MEMBER, Population, Traffic
from engage.core.call import parse_time, read_call
from engage.store.database import SQLITE_SCHEME, Database

BATCH: Final = 2_000
COPIED: Final = (
    "engage_entry",
    "engage_message",
    "engage_transfer",
    "engage_link",
    "engage_rollup",
    "engage_head",
)
"""What is copied as it is but for company_id; members get names of their own."""


class History(Struct, frozen=True):
    """`events` in all, over `days` up to now, evenly over the companies."""

    population: Population
    events: int
    days: int = 365

    @property
    def of_one(self) -> int:
        return self.events // self.population.companies


def build_on_sqlite(template: Prepared, history: History) -> None:
    """Fill the file, which nobody else has open and which is lost if this is cut short."""
    asyncio.run(_first_company(template.url, history))
    with closing(sqlite3.connect(template.url.removeprefix(SQLITE_SCHEME), isolation_level=None)) as driver:
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -1000000"):
            driver.execute(f"PRAGMA {pragma}").fetchall()
        driver.execute("BEGIN")
        for statement in _copying(history.population, lambda table: _columns(driver, table)):
            driver.execute(statement)
        driver.execute("COMMIT")
        driver.execute("PRAGMA journal_mode = WAL").fetchall()
    asyncio.run(_score(template.url))


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


def _copying(population: Population, columns: Any) -> list[str]:
    """The statements that make all other companies of the first."""
    companies = range(1, population.companies)
    statements = [
        f"INSERT INTO engage_company (external_id, created_at) VALUES ('{COMPANY}{n}', 1)" for n in companies
    ]
    for table in COPIED:
        rest = ", ".join(name for name in columns(table) if name != "company_id")
        statements += [
            f"INSERT INTO {table} (company_id, {rest}) SELECT c.id, {rest} FROM {table} t, engage_company c "
            f"WHERE t.company_id = 1 AND c.external_id = '{COMPANY}{n}'"
            for n in companies
        ]
    rest = ", ".join(name for name in columns("engage_member") if name not in ("company_id", "external_id"))
    number = f"CAST(substr(t.external_id, {len(MEMBER) + 1}) AS INTEGER)"
    statements += [
        f"INSERT INTO engage_member (company_id, external_id, {rest}) SELECT c.id, '{MEMBER}' || ({number} + {n}), "
        + ", ".join(f"t.{name}" for name in rest.split(", "))
        + f" FROM engage_member t, engage_company c WHERE t.company_id = 1 AND c.external_id = '{COMPANY}{n}'"
        for n in companies
    ]
    return statements


def _columns(driver: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in driver.execute(f"PRAGMA table_info({table})")]


async def _score(url: str) -> None:
    """What the service would do in its first hour, and would disturb the clock by."""
    database = await Database.open(url)
    try:
        await score_companies(database)
    finally:
        await database.close()


def bytes_of(template: Prepared) -> int:
    return Path(template.url.removeprefix(SQLITE_SCHEME)).stat().st_size
