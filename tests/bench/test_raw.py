"""The raw side writes what Engage writes, to the bit: otherwise the ratio would compare two different things."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from engage.bench.databases import Engine, Sqlite, file_of
from engage.bench.places import Places
from engage.bench.programs import QUICKSTART
from engage.bench.raw_sqlite import flatten
from engage.bench.recording import Insert, Lookup, record
from engage.bench.traffic import Population, Traffic

PEOPLE = Population(companies=3, members=40)
Rows = dict[str, list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def places() -> Iterator[Places]:
    with ExitStack() as held:
        yield Places(None, None, held)


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest, places: Places) -> Iterator[Engine]:
    yield places.sqlite() if request.param == "sqlite" else places.postgres()
    places.clear()


def rows_of(url: str) -> Rows:
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(file_of(url))) as driver:
            names = driver.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            return ours((name, driver.execute(f"SELECT * FROM {name}").fetchall()) for (name,) in names)
    return asyncio.run(rows_on_postgres(url))


async def rows_on_postgres(url: str) -> Rows:
    connection = await asyncpg.connect(url)
    try:
        names = await connection.fetch("SELECT relname FROM pg_class WHERE relkind = 'r'")
        return ours(
            [
                (name, [tuple(row) for row in await connection.fetch(f"SELECT * FROM {name}")])
                for (name,) in names
                if name.startswith("engage_")
            ]
        )
    finally:
        await connection.close()


def ours(tables: Any) -> Rows:
    return {name: sorted(rows, key=repr) for name, rows in tables if name.startswith("engage_")}


def test_the_raw_side_writes_the_same_rows_to_the_bit(tmp_path: Path, engine: Engine) -> None:
    template = engine.prepare(tmp_path, QUICKSTART)
    traffic = Traffic(PEOPLE)
    # Batches of 60 make rows enough to be worth a COPY, and those of 25 do not.
    batches = [*traffic.first_of_everyone(25), *(traffic.batch(60) for _ in range(4))]
    with engine.copy(template) as engage, engine.copy(template) as raw:
        spent = engine.replay(record(engage, batches), before=2)(raw)
        written = rows_of(engage)
        assert rows_of(raw) == written
    assert spent.seconds > 0
    assert len(written["engage_message"]) == sum(map(len, batches))
    assert len(written["engage_transfer"]) == sum(map(len, batches))
    assert len(written["engage_member"]) == PEOPLE.members


def test_the_raw_side_loads_what_engage_loads(tmp_path: Path) -> None:
    engine = Sqlite()
    template = engine.prepare(tmp_path, QUICKSTART)
    traffic = Traffic(PEOPLE)
    with engine.copy(template) as url:
        commits = record(url, [*traffic.first_of_everyone(40), traffic.batch(60)])
    steps = commits[-1]
    entries = next(step for step in steps if isinstance(step, Insert) and "engage_entry" in step.sql)
    assert len(entries.rows) == 60
    assert any(isinstance(step, Lookup) and len(step.keys) == 60 for step in steps), "messages are looked up"
    # Nothing is lost on the way to the driver: as many values are bound as were asked for.
    bound = sum(len(values) for _, values in flatten(steps))
    wanted = sum(
        sum(map(len, step.keys if isinstance(step, Lookup) else step.rows))
        for step in steps
        if isinstance(step, Lookup | Insert)
    )
    assert bound >= wanted > 60 * 13
