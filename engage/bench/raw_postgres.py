"""The limit on PostgreSQL: recorded loads and rows, by asyncpg alone, as fast as we know how.

Two connections: while one writes a commit, the other loads what the next one needs. What is only inserted goes by
COPY, which is cheaper for the server than any statement; what is also updated, and small tables, go as arrays in one
statement. Rows are turned into columns before the clock starts. Same tables, same indexes, synchronous_commit=on, one
transaction per commit. The README says which variants were tried.
"""

from __future__ import annotations

import asyncio
import gc
import re
import time
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlsplit

import asyncpg
import uvloop
from asyncpg import PostgresError as PostgresError
from msgspec import Struct

from engage.bench.recording import Commit, Insert, Lookup
from engage.bench.usage import Spent
from engage.store import postgres_sql
from engage.store.scope import EVERY_COMPANY

ROWS_WORTH_A_COPY: Final = 50
SETTINGS: Final = {
    # As the service sets them: every statement is answered by an index, and planned once.
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "jit": "off",
    "synchronous_commit": "on",
}

_ONLY_INSERTED = re.compile(r"INSERT INTO (\w+) \(([^)]*)\) \{rows\}")

Bound = tuple[str, Sequence[Any]]


class Copied(Struct, frozen=True):
    table: str
    columns: list[str]
    rows: Sequence[Sequence[Any]]


class Flat(Struct, frozen=True):
    """One transaction, ready to be sent."""

    loads: list[Bound]
    copies: list[Copied]
    written: Bound | None


def flatten(commit: Commit) -> Flat:
    loads: list[Bound] = []
    copies: list[Copied] = []
    inserts: list[tuple[str, Sequence[Any]]] = []
    for step in commit:
        if isinstance(step, Lookup):
            loads.append(postgres_sql.looked_up(step.sql, step.keys, EVERY_COMPANY))
        elif isinstance(step, Insert):
            alone = _ONLY_INSERTED.fullmatch(step.sql)
            if alone is not None and len(step.rows) >= ROWS_WORTH_A_COPY:
                copies.append(Copied(alone[1], alone[2].split(", "), step.rows))
            else:
                inserts.append((step.sql, step.rows))
        else:
            loads.append((_numbered(step.sql), step.params))
    return Flat(loads, copies, postgres_sql.inserted(inserts) if inserts else None)


def _numbered(sql: str) -> str:
    head, *rest = sql.split("?")
    return head + "".join(f"${n}{part}" for n, part in enumerate(rest, 1))


def replay(url: str, commits: Sequence[Flat], before: int) -> Spent:
    """What the transactions after those `before` took."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_replay(url, commits, before))


async def _replay(url: str, commits: Sequence[Flat], before: int) -> Spent:
    loading, writing = await connect(url), await connect(url)
    try:
        await _run(loading, writing, commits[:before])
        gc.collect()
        gc.disable()
        try:
            started, cpu = time.perf_counter(), time.process_time()
            await _run(loading, writing, commits[before:])
            return Spent(time.perf_counter() - started, time.process_time() - cpu)
        finally:
            gc.enable()
    finally:
        await loading.close()
        await writing.close()


async def connect(url: str) -> Any:
    return await asyncpg.connect(
        url,
        statement_cache_size=1024,
        max_cached_statement_lifetime=0,
        max_cacheable_statement_size=0,
        server_settings=SETTINGS,
    )


async def _run(loading: Any, writing: Any, commits: Sequence[Flat]) -> None:
    if not commits:
        return
    await _load(loading, commits[0])
    for commit, following in zip(commits, [*commits[1:], None], strict=True):
        ahead = None if following is None else asyncio.create_task(_load(loading, following))
        await _write(writing, commit)
        if ahead is not None:
            await ahead


async def _load(connection: Any, commit: Flat) -> None:
    for text, bound in commit.loads:
        await connection.fetch(text, *bound)


async def _write(connection: Any, commit: Flat) -> None:
    if commit.copies:
        await connection.execute("BEGIN")
    for copied in commit.copies:
        await connection.copy_records_to_table(copied.table, columns=copied.columns, records=copied.rows)
    if commit.written is not None:
        text, bound = commit.written
        await connection.fetch(text, *bound)
    if commit.copies:
        await connection.execute("COMMIT")


async def execute(url: str, statements: Sequence[str]) -> None:
    """Each by itself, on one connection."""
    connection = await asyncpg.connect(url, timeout=30)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def columns(url: str, table: str) -> list[str]:
    connection = await asyncpg.connect(url, timeout=30)
    try:
        rows = await connection.fetch(
            "SELECT column_name FROM information_schema.columns WHERE table_name = $1", table
        )
        return [row[0] for row in rows]
    finally:
        await connection.close()


async def describe(url: str) -> str:
    """The server's version, and the settings that its speed depends on."""
    connection = await asyncpg.connect(url, timeout=30)
    try:
        shown = {
            name: await connection.fetchval(f"SHOW {name}")
            for name in ("server_version", "fsync", "synchronous_commit", "shared_buffers", "max_wal_size")
        }
    finally:
        await connection.close()
    version = shown.pop("server_version").split()[0]
    where = "a server of its own" if urlsplit(url).hostname is None else "the server named"
    return f"{version} ({where}: " + ", ".join(f"{name}={value}" for name, value in shown.items()) + ")"
