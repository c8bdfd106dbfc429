"""The limit on SQLite: recorded loads and rows, by the standard library's driver alone, as fast as we know how.

One thread, one connection, one transaction per commit, statements prepared once, rows flattened before the clock
starts, every answer fetched. Same file layout, same indexes, same durability (synchronous=FULL). The README says
which variants were tried; these constants are the fastest found.
"""

from __future__ import annotations

import gc
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from typing import Any, Final, TypeVar

from engage.bench.recording import Commit, Insert, Lookup
from engage.bench.usage import Spent

T = TypeVar("T")

VALUES_PER_STATEMENT: Final = 800
"""How many bound values one multi-row statement has at most."""
PRAGMAS: Final = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA cache_size = -65536",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA wal_autocheckpoint = 16000",
)

Flat = list[tuple[str, list[Any]]]
"""Statements of one transaction with their bound values."""


def flatten(commit: Commit) -> Flat:
    flat: Flat = []
    for step in commit:
        if isinstance(step, Lookup):
            for block in _blocks(step.keys):
                flat.append((step.sql.replace("{keys}", f"({_values(block)})"), _flat(block)))
        elif isinstance(step, Insert):
            for block in _blocks(step.rows):
                flat.append((step.sql.replace("{rows}", _values(block)), _flat(block)))
        else:
            flat.append((step.sql, list(step.params)))
    return flat


def replay(path: str, before: Sequence[Flat], timed: Sequence[Flat]) -> Spent:
    """What the `timed` transactions took, after those `before` them."""
    with closing(sqlite3.connect(path, isolation_level=None, cached_statements=1024)) as driver:
        for pragma in PRAGMAS:
            driver.execute(pragma).close()
        _run(driver, before)
        gc.collect()
        gc.disable()
        try:
            started, cpu = time.perf_counter(), time.process_time()
            _run(driver, timed)
            return Spent(time.perf_counter() - started, time.process_time() - cpu)
        finally:
            gc.enable()


def _run(driver: sqlite3.Connection, commits: Sequence[Flat]) -> None:
    execute = driver.execute
    for commit in commits:
        execute("BEGIN IMMEDIATE")
        for sql, values in commit:
            execute(sql, values).fetchall()
        execute("COMMIT")


def _blocks(rows: Sequence[Sequence[T]]) -> list[Sequence[Sequence[T]]]:
    """Whole blocks of one size, then ever smaller powers of two, so that few statement texts serve all."""
    blocks: list[Sequence[Sequence[T]]] = []
    start, size = 0, 1 << (VALUES_PER_STATEMENT // len(rows[0])).bit_length() - 1
    while start < len(rows):
        while size > len(rows) - start:
            size //= 2
        blocks.append(rows[start : start + size])
        start += size
    return blocks


def _values(rows: Sequence[Sequence[Any]]) -> str:
    row = "(" + ", ".join("?" * len(rows[0])) + ")"
    return "VALUES " + ", ".join([row] * len(rows))


def _flat(rows: Sequence[Sequence[Any]]) -> list[Any]:
    return [value for row in rows for value in row]
