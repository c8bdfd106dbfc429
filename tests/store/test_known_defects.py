"""Defects of the libraries below that this code met or could meet, each as the test that would find it again.

Of what was found in Tortoise 1.1.9, aiosqlite 0.22, asyncpg 0.32 and Starlette 1.10, elsewhere already:

- A cancelled caller leaves a lock taken, a connection out of its pool or a transaction open; a single client that
  disconnects from a streamed answer suffices: tests/faults/test_cancelled.py, test_database, test_postgres.
- Reads wait behind a transaction; one that begins as a reader cannot become a writer: test_database, test_sqlite.
- Two at once run a migration twice, and one that dies is never finished: test_sqlite, test_postgres_schema.
- Constraints of a model are left out without a word: test_sqlite (uniqueness), test_postgres_schema.
- Serialisation failures, deadlocks and lost connections surface as the driver's own errors, and a pool is waited for
  without end: test_postgres, tests/faults/test_postgres.py.
- Statements of one dialect go to a database of the other: test_postgres (one kind at a time).
- Two services mounted in one process share a context: tests/test_app.py.
- A body is read whatever its size: tests/web/test_events.py, tests/faults/test_overload.py. Two routes on one path
  answer 405 with a wrong Allow, and a number too large for the database is a 500: tests/web/test_api.py.

What this code cannot meet: nested transactions and savepoints (there are none, see below); decimals, UUIDs, JSON
columns and their filters, and naive times (none is stored: amounts and times are whole numbers); models without their
tenant (the ORM reaches no growing table, test_scope); foreign keys and cascades (none is declared); the lifespan
handlers and the TestClient that Starlette changed (neither is used); a packaged server that is started as root
(refused, engage.bench.postgres_server).
"""

from __future__ import annotations

import asyncio
import importlib
import os
import pkgutil
import re
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from tortoise import fields
from tortoise.context import TortoiseContext
from tortoise.models import Model
from tortoise.router import router
from tortoise.transactions import in_transaction

import migrations
from engage.store.database import Database
from engage.store.migrate import migrate
from engage.store.orm import ALIAS
from engage.store.postgres import READERS, Postgres
from engage.store.scope import EVERY_COMPANY
from engage.store.statements import Statements, Transaction
from engage.store.tables import Company, Setting
from tests.places import ON_POSTGRES, ON_SQLITE, Place

ROOT = Path(__file__).resolve().parents[2]

# --- a host application that uses Tortoise itself ---------------------------------------------------------------


class HostsCompany(Model):
    """The host's own, under our table's name: Tortoise keeps prepared statements by alias and table."""

    id = fields.IntField(primary_key=True)
    founded = fields.DatetimeField()

    class Meta:
        table = "engage_company"


class HostsRouter:
    def db_for_read(self, model: type[Model]) -> str:
        return "default"

    db_for_write = db_for_read


@pytest.fixture
async def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    for name in ("USE_TZ", "TIMEZONE"):  # where Tortoise keeps them; afterwards they are as they were
        monkeypatch.setenv(name, os.environ.get(name, ""))
    async with TortoiseContext() as context:
        await context.init(
            config={
                "connections": {"default": f"sqlite://{tmp_path / 'host.db'}"},
                "apps": {"models": {"models": [__name__], "default_connection": "default"}},
                "use_tz": False,
                "timezone": "Asia/Tokyo",
                "routers": [f"{__name__}.HostsRouter"],
            }
        )
        await context.generate_schemas()
        yield
    router._routers = []


@ON_SQLITE
async def test_a_host_that_uses_the_same_orm_notices_nothing(place: Place, host: None) -> None:
    """Its naive times became aware and its routers were gone as soon as we opened a database of ours."""
    founded = datetime(2026, 1, 1, 12)  # noqa: DTZ001 - a host may keep naive times
    await HostsCompany.create(founded=founded)
    await migrate(place.url)
    database = await Database.open(place.url)
    try:

        async def work(_: Transaction) -> None:
            await Company.create(external_id="acme", created_at=1)

        await database.write(work)
        async with database.read():
            assert await Company.all().count() == 1
            assert (await Company.get(external_id="acme")).created_at == 1
        assert (await HostsCompany.get()).founded == founded
        await HostsCompany.create(founded=founded)
    finally:
        await database.close()
    assert [one.founded for one in await HostsCompany.all()] == [founded] * 2
    assert [type(one) for one in router._routers] == [HostsRouter]


# --- tasks and transactions -------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["statements", "the ORM"])
async def test_a_task_that_outlives_its_transaction_writes_into_nobody_elses(
    database: Database, by: str
) -> None:
    """It inherits the transaction's place for queries, and its writes would vanish with another's rollback."""
    go_on = asyncio.Event()
    tasks: list[asyncio.Task[object]] = []

    async def later(tx: Transaction) -> None:
        await go_on.wait()
        if by == "the ORM":
            await Setting.create(name="late", value="written")
        else:
            await tx.execute("UPDATE engage_setting SET value = 'late' WHERE name = 'x'", scope=[])

    async def starts(tx: Transaction) -> None:
        await Setting.create(name="x", value="in time")
        tasks.append(asyncio.create_task(later(tx)))

    async def meanwhile(_: Transaction) -> None:
        go_on.set()
        await asyncio.wait(tasks)

    await database.write(starts)
    await database.write(meanwhile)
    assert tasks[0].exception() is not None
    async with database.read():
        assert [(one.name, one.value) for one in await Setting.all()] == [("x", "in time")]


async def test_a_task_that_outlives_its_read_takes_no_connection(database: Database) -> None:
    kept: list[Statements] = []
    async with database.read() as s:
        kept.append(s)
        await s.rows("SELECT 1 FROM engage_company", scope=[])
    if database.backend.engine.endswith("postgres_orm"):
        with pytest.raises(AssertionError, match="after its end"):
            await kept[0].rows("SELECT 1 FROM engage_company", scope=[])


@ON_POSTGRES
async def test_a_connection_may_break_while_it_is_given_back(database: Database) -> None:
    """The driver takes it back by itself then, and calls it a mistake that its own task does so next."""
    assert isinstance(database.backend, Postgres)
    connections = database.backend._readers
    connection = await connections.acquire()
    giving_back = asyncio.create_task(connections.release(connection))
    await asyncio.sleep(0)
    connection._con.terminate()
    await giving_back
    async with asyncio.timeout(5):
        held = [await connections.acquire() for _ in range(READERS)]
    for one in held:
        await connections.release(one)


async def test_there_is_no_transaction_within_one(database: Database) -> None:
    """Nested ones are savepoints, which two tasks at once corrupt on SQLite without an error."""

    async def nested(_: Transaction) -> None:
        async with in_transaction(ALIAS):
            pass

    with pytest.raises(NotImplementedError):
        await database.write(nested)
    assert await database.write(_count) == 0


async def _count(tx: Transaction) -> int:
    return len(await tx.rows("SELECT company_id FROM engage_term WHERE {scope}", scope=EVERY_COMPANY))


# --- migrations -------------------------------------------------------------------------------------------------

SAFE = {"CreateModel", "AddField", "AddIndex", "RunPython"}
"""On SQLite all others make a table anew, and lose its unique constraints, its indexes and, by cascade, its children's
rows. RunSQL splits its text at every semicolon."""


def test_migrations_hold_only_what_loses_nothing() -> None:
    found: list[tuple[str, str]] = []
    for module in pkgutil.iter_modules(migrations.__path__):
        loaded: Any = importlib.import_module(f"migrations.{module.name}")
        found += [(module.name, type(one).__name__) for one in loaded.Migration.operations]
    assert found
    assert [one for one in found if one[1] not in SAFE] == []


def test_no_migration_depends_on_the_json_library_at_hand() -> None:
    """A JSON column's migration imports whichever was installed where it was written."""
    for path in (ROOT / "migrations").glob("*.py"):
        assert not re.search(r"\b(?:orjson|JSONField|import json)\b", path.read_text()), path.name


async def test_migrating_leaves_a_database_in_use_alone(place: Place, database: Database) -> None:
    """Tortoise closes the connections of the context that it finds when it starts another."""
    ends = asyncio.Event()

    async def use() -> int:
        count = 0

        async def one_more(_: Transaction) -> None:
            await Setting.create(name=f"n{count}", value="")

        while not ends.is_set():
            await database.write(one_more)
            count += 1
            async with database.read():
                assert await Setting.all().count() == count
        return count

    using = asyncio.create_task(use())
    for _ in range(3):
        await migrate(place.url)
    ends.set()
    assert await using > 0


# --- the end of a process ---------------------------------------------------------------------------------------

VERIFIES = """
import asyncio, sys
from engage.actions import verify as action
from engage.cli import run
async def for_ever(database, **_):
    async with database.snapshot() as s:
        print("under way", flush=True)
        while True:
            await s.rows("SELECT 1 FROM engage_company", scope=[])
action.verify = for_ever
sys.exit(run(["verify", "--database", sys.argv[1]]))
"""


def start_verifying(url: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", VERIFIES, url]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


async def test_a_command_that_is_interrupted_ends(place: Place) -> None:
    """A connection that nobody closed has a thread that keeps its process alive for ever."""
    process = start_verifying(place.url)
    try:
        assert process.stdout is not None
        assert await asyncio.to_thread(process.stdout.readline) == "under way\n"
        process.send_signal(signal.SIGINT)
        interrupted = time.monotonic()
        _, said = await asyncio.to_thread(process.communicate, timeout=20)
    finally:
        process.kill()
    assert process.returncode == 130, said
    assert time.monotonic() - interrupted < 10
    assert "Traceback" not in said
