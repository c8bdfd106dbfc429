"""What Engage asks of the database for a stretch of traffic, written down: each look-up's keys and each row written.

The stretch goes through the real queue (`Ingestion`), one group of calls per commit. What comes out is what the raw
side repeats; whether repeated rows are the same to the bit is a test (tests/bench/test_raw.py).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar, cast
from uuid import uuid4

from msgspec import Struct

from engage.actions.group_commit import Ingestion
from engage.bench.errors import RoundFailed
from engage.clock import now
from engage.core.call import parse_time, read_call
from engage.store.database import Database
from engage.store.scope import Scope
from engage.store.sqlite import expand_scope
from engage.store.statements import Check, Row, Statements, Transaction
from engage.store.statements import Insert as Written

T = TypeVar("T")


class Lookup(Struct, frozen=True):
    """Rows wanted by a list of keys: `sql` has {keys}."""

    sql: str
    keys: Sequence[Row]


class Statement(Struct, frozen=True):
    """Any other statement, marks written out."""

    sql: str
    params: Sequence[Any]


class Insert(Struct, frozen=True):
    """`sql` has {rows}."""

    sql: str
    rows: Sequence[Row]


Step = Lookup | Statement | Insert
Commit = list[Step]
"""Everything of one transaction, in order, with what was read for it beforehand."""


class _Recording:
    """A `Statements` or `Transaction` that writes down what is asked of it."""

    def __init__(self, real: Any, steps: Commit) -> None:
        self._real = real
        self._steps = steps

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    @property
    def __class__(self) -> type:
        """To isinstance() it is what it stands for."""
        return type(self._real)

    @__class__.setter
    def __class__(self, _: type) -> None:
        raise AttributeError

    async def rows(self, sql: str, params: Sequence[Any] = (), *, scope: Scope, **more: Any) -> list[Row]:
        self._keep_statement(sql, params, scope)
        return cast(list[Row], await self._real.rows(sql, params, scope=scope, **more))

    async def execute(self, sql: str, params: Sequence[Any] = (), *, scope: Scope, **more: Any) -> int:
        self._keep_statement(sql, params, scope)
        return cast(int, await self._real.execute(sql, params, scope=scope, **more))

    async def lookup(self, sql: str, keys: Sequence[Row], *, scope: Scope, **more: Any) -> list[Row]:
        if keys:
            self._steps.append(Lookup(sql, list(keys)))
        return cast(list[Row], await self._real.lookup(sql, keys, scope=scope, **more))

    async def insert(self, writes: Sequence[tuple[str, Sequence[Row]]], *, scope: Scope, **more: Any) -> None:
        self._steps += (Insert(sql, list(rows)) for sql, rows in writes if rows)
        await self._real.insert(writes, scope=scope, **more)

    def _keep_statement(self, sql: str, params: Sequence[Any], scope: Scope) -> None:
        text, bound = expand_scope(sql, scope)
        self._steps.append(Statement(text, (*bound, *params)))


class RecordingDatabase:
    """A `Database` that writes down what goes through it, commit by commit."""

    def __init__(self, real: Database) -> None:
        self._real = real
        self._read: Commit = []
        self.commits: list[Commit] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Statements]:
        async with self._real.read() as statements:
            yield cast(Statements, _Recording(statements, self._read))

    async def write(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        steps: Commit = []

        async def recorded(tx: Transaction) -> T:
            steps.clear()  # what a transaction that is tried again did before does not count
            return await work(cast(Transaction, _Recording(tx, steps)))

        result = await self._real.write(recorded)
        self._committed(steps)
        return result

    async def insert_if(
        self, checks: Sequence[Check], writes: Sequence[Written], *, scope: Scope, **more: Any
    ) -> bool:
        done = await self._real.insert_if(checks, writes, scope=scope, **more)
        if done:
            looked = (Lookup(one.sql, one.keys) if one.keys else Statement(one.sql, ()) for one in checks)
            self._committed([*looked, *(Insert(sql, list(rows)) for sql, rows in writes if rows)])
        return done

    def _committed(self, steps: Commit) -> None:
        self.commits.append([*self._read, *steps])
        self._read.clear()


def record(url: str, batches: Sequence[Sequence[dict[str, Any]]]) -> list[Commit]:
    """The commits that the batches make, one by one, on the database at `url`, which has them afterwards."""
    return asyncio.run(_record(url, batches))


async def record_work(url: str, work: Callable[[Database], Awaitable[None]]) -> list[Commit]:
    """The commits of some work on the database at `url`."""
    database = await Database.open(url)
    recording = RecordingDatabase(database)
    try:
        await work(cast(Database, recording))
    finally:
        await database.close()
    return recording.commits


async def _record(url: str, batches: Sequence[Sequence[dict[str, Any]]]) -> list[Commit]:
    commits = await record_work(url, lambda database: _ingest(database, batches))
    if len(commits) != len(batches):
        raise RoundFailed(f"{len(batches)} batches made {len(commits)} commits")
    return commits


async def _ingest(database: Database, batches: Sequence[Sequence[dict[str, Any]]]) -> None:
    ingestion = Ingestion(database)
    ingestion.start()
    try:
        for batch in batches:
            received_at = now()
            calls = [
                read_call(
                    raw,
                    verb=None,
                    received_at=received_at,
                    sent_at=parse_time(raw.get("sentAt")),
                    trusted=True,
                    new_id=lambda: uuid4().hex,
                )
                for raw in batch
            ]
            outcomes = await ingestion.accept(calls)
            wrong = next((one for one in outcomes if one.status != "ok"), None)
            if wrong is not None:
                raise RoundFailed(f"while recording, a call was not accepted: {wrong}")
    finally:
        await ingestion.stop()
