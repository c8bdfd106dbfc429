"""Ten thousand companies of a hundred members: scoring a week, and the processor time of the pages that show them.

Pages are held against a blank one behind the same sign-in, scoring against reading the members' states.
"""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from engage.actions.terms import ROWS_MAX, record_terms
from engage.bench.client import Shot
from engage.bench.databases import Prepared, file_of
from engage.bench.errors import RoundFailed
from engage.bench.figures import Sample, beside
from engage.bench.pages import sign_in
from engage.bench.processes import BARE, SERVE, environment, serving
from engage.bench.programs import QUICKSTART
from engage.bench.stored import History, build
from engage.bench.traffic import COMPANY, Population, page_request
from engage.bench.workshop import Case, Round, Workshop
from engage.store.database import Database

HISTORY: Final = History(Population(companies=10_000, members=1_000_000), events=3_000_000, days=98)
SCORE: Final = "score_10000"
ADDRESSES: Final = {"portfolio_10000": "/console/", "report_100": f"/console/companies/{COMPANY}1"}
VIEWS: Final = 40
UNDONE: Final = (
    "DELETE FROM engage_week WHERE monday = (SELECT MAX(monday) FROM engage_week)",
    "DELETE FROM engage_score WHERE as_of = (SELECT MAX(as_of) FROM engage_score)",
    "DELETE FROM engage_summary",
    "DELETE FROM engage_signal",
)
"""As it is on a Monday morning."""


async def _agree(url: str) -> None:
    """A contract for each company, some of them for a second year; they end all through the next."""
    today = datetime.now(UTC).date()
    rows: list[dict[str, Any]] = [
        {
            "groupId": f"{COMPANY}{n}",
            "term_start": (today + timedelta(days=n % 365 - 365 * (year + 1))).isoformat(),
            "term_end": (today + timedelta(days=n % 365 - 365 * year)).isoformat(),
            "monthly_revenue": 100 + n,
            "seats": 120,
            "outcome": "renewed" if year else "open",
        }
        for n in range(HISTORY.population.companies)
        for year in range(1 + n % 2)
    ]
    database = await Database.open(url)
    try:
        for start in range(0, len(rows), ROWS_MAX):
            await record_terms(database, rows[start : start + ROWS_MAX])
    finally:
        await database.close()


def _pages(url: str, cookie: str, module: tuple[str, ...], workshop: Workshop) -> dict[str, Sample]:
    """Processor time of a page, in milliseconds, one after the other."""
    found = {}
    with serving(url, module=module) as server:
        for name in filter(workshop.wanted.__contains__, ADDRESSES):
            shots = [Shot(page_request(ADDRESSES[name], cookie))] * workshop.scaled(VIEWS)
            server.drive(shots[:2], 1)
            server.settle()
            before = server.cpu_seconds()
            report = server.drive(shots, 1)
            spent = (server.cpu_seconds() - before) * 1000 / len(shots)
            side = "server" if module == SERVE else "bare"
            found[name] = Sample(max(spent, 0.01), details={f"{side}_p50_ms": report.p50_ms})
    return found


def _score(workshop: Workshop, template: Prepared) -> Sample:
    engine = workshop.engine("sqlite")
    with engine.copy(template) as url:
        engine.fill(url, UNDONE)
        began = time.perf_counter()
        with closing(sqlite3.connect(file_of(url))) as driver:
            driver.execute("SELECT company_id, state FROM engage_member").fetchall()
        read, began = time.perf_counter() - began, time.perf_counter()
        command = [sys.executable, "-m", "engage.cli", "score", "--database", url, "--json"]
        done = subprocess.run(command, env=environment(), capture_output=True, check=False)
        if done.returncode:
            raise RoundFailed(f"scoring ended with {done.returncode}: {done.stderr[-500:]!r}")
        return Sample(time.perf_counter() - began, read)


@contextmanager
def _prepare(workshop: Workshop) -> Iterator[Callable[[], Round]]:
    engine = workshop.engine("sqlite")
    template = engine.prepare(workshop.folder, QUICKSTART)
    people = HISTORY.population
    workshop.note(f"building {people.companies:,} companies of {people.members // people.companies} members")
    build(engine, template.url, HISTORY)
    asyncio.run(_agree(template.url))
    cookie = asyncio.run(sign_in(template.url))

    def measure() -> Round:
        values, limits = workshop.in_turns(
            lambda: _pages(template.url, cookie, SERVE, workshop),
            lambda: _pages(template.url, cookie, BARE, workshop),
        )
        found = {name: beside(value, limits[name]) for name, value in values.items()}
        if SCORE in workshop.wanted:
            found[SCORE] = _score(workshop, template)
        return found

    yield measure


CASES: Final = (Case((*ADDRESSES, SCORE), _prepare),)
