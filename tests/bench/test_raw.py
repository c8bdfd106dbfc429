"""The raw side writes what Engage writes, to the bit: otherwise the ratio would compare two different things."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from engage.bench import raw_sqlite
from engage.bench.databases import prepare_sqlite, sqlite_copy
from engage.bench.programs import QUICKSTART
from engage.bench.recording import Insert, Lookup, record
from engage.bench.traffic import Population, Traffic
from engage.store.database import SQLITE_SCHEME


def rows_of(url: str) -> dict[str, list[tuple[Any, ...]]]:
    with closing(sqlite3.connect(url.removeprefix(SQLITE_SCHEME))) as driver:
        tables = [
            name
            for (name,) in driver.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            if name.startswith("engage_")
        ]
        return {name: sorted(driver.execute(f"SELECT * FROM {name}"), key=repr) for name in tables}


def test_the_raw_side_writes_the_same_rows_to_the_bit(tmp_path: Path) -> None:
    template = prepare_sqlite(tmp_path, QUICKSTART)
    traffic = Traffic(Population(companies=3, members=40))
    batches = [*traffic.first_of_everyone(25), *(traffic.batch(60) for _ in range(4))]
    with sqlite_copy(template, "engage.db") as engage, sqlite_copy(template, "raw.db") as raw:
        commits = record(engage, batches)
        flat = [raw_sqlite.flatten(commit) for commit in commits]
        spent = raw_sqlite.replay(raw.removeprefix(SQLITE_SCHEME), flat[:2], flat[2:])
        written = rows_of(engage)
        assert rows_of(raw) == written
    assert spent.seconds > 0
    assert len(written["engage_message"]) == sum(map(len, batches))
    assert len(written["engage_transfer"]) == sum(map(len, batches))
    assert len(written["engage_member"]) == 40


def test_the_raw_side_loads_what_engage_loads(tmp_path: Path) -> None:
    template = prepare_sqlite(tmp_path, QUICKSTART)
    traffic = Traffic(Population(companies=3, members=40))
    with sqlite_copy(template, "engage.db") as url:
        commits = record(url, [*traffic.first_of_everyone(40), traffic.batch(60)])
    steps = commits[-1]
    entries = next(step for step in steps if isinstance(step, Insert) and "engage_entry" in step.sql)
    assert len(entries.rows) == 60
    assert any(isinstance(step, Lookup) and len(step.keys) == 60 for step in steps), "messages are looked up"
    # Nothing is lost on the way to the driver: as many values are bound as were asked for.
    bound = sum(len(values) for _, values in raw_sqlite.flatten(steps))
    wanted = sum(
        sum(map(len, step.keys if isinstance(step, Lookup) else step.rows))
        for step in steps
        if isinstance(step, Lookup | Insert)
    )
    assert bound >= wanted > 60 * 13
