"""Applying migrations: one process at a time, everything in one transaction.

Tortoise writes its ledger row outside the migration's transaction, so two at once would run a migration twice, and
one that is killed between the two could never be finished. Hence one transaction around everything, and a lock that
keeps the second one waiting until there is nothing left to do: a file beside the database on SQLite, whose migrations
run on the stock client with foreign keys off; an advisory lock on PostgreSQL.
"""

from __future__ import annotations

import asyncio
import fcntl
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.context import TortoiseContext
from tortoise.exceptions import BaseORMException
from tortoise.migrations.executor import MigrationExecutor, MigrationTarget
from tortoise.migrations.recorder import MigrationRecorder
from tortoise.transactions import in_transaction

from engage.errors import InvalidRequest, Unavailable
from engage.store.database import is_postgres, sqlite_path
from engage.store.orm import ALIAS, APPLIED, begin, is_newest, one_dialect, orm_config


class _MadeLedger(MigrationRecorder):
    async def ensure_schema(self, schema_editor: object) -> None:
        """It is there, and making it would commit what is open."""


async def migrate(url: str) -> None:
    """Bring the database to the newest schema; does nothing when it is up to date.

    Creates a SQLite file. A PostgreSQL database must be there. Raises Unavailable when it cannot be migrated.
    """
    opened = one_dialect("postgres" if is_postgres(url) else "sqlite")
    try:
        if is_postgres(url):
            from engage.store.postgres_migrate import migrate_postgres

            await migrate_postgres(url, _apply)
        else:
            await _migrate_sqlite(Path(sqlite_path(url)))
    finally:
        opened.close()


async def distribute(url: str) -> list[str]:
    """Spread a migrated PostgreSQL database over a Citus cluster by company; the tables that were not yet.

    Raises InvalidRequest for another database, and Unavailable.
    """
    if not is_postgres(url):
        raise InvalidRequest("only PostgreSQL with the Citus extension can be distributed")
    from engage.store.postgres_migrate import distribute_postgres

    return await distribute_postgres(url)


async def _apply(connection: BaseDBAsyncClient) -> None:
    """Within a transaction on `connection`."""
    executor = MigrationExecutor(connection, orm_config("", {})["apps"])
    executor.recorder = _MadeLedger(connection)
    await executor.migrate([MigrationTarget(ALIAS, "__latest__")])


# --- SQLite -------------------------------------------------------------------------------------------------


@contextmanager
def _only_one(path: Path) -> Iterator[None]:
    with path.with_name(path.name + ".migrate-lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _nothing_to_do(path: Path) -> bool:
    """Raises sqlite3.Error for what is no database: Tortoise's own client hangs on one for ever."""
    with closing(sqlite3.connect(path)) as driver:
        driver.execute("PRAGMA schema_version").fetchone()
        try:
            return is_newest(name for (name,) in driver.execute(APPLIED))
        except sqlite3.OperationalError:
            return False  # without a ledger: a new file


async def _migrate_sqlite(path: Path) -> None:
    async def apply() -> None:
        config = orm_config("tortoise.backends.sqlite", {"file_path": str(path), "foreign_keys": "OFF"})
        async with TortoiseContext() as context:
            await begin(context, config)
            ledger = MigrationExecutor(context.connections.get(ALIAS), config["apps"])
            await ledger.migrate([])  # makes the ledger
            async with in_transaction(ALIAS) as connection:
                await _apply(connection)

    def locked() -> None:
        with _only_one(path):
            if not _nothing_to_do(path):
                asyncio.run(apply())

    try:
        # A thread with a loop of its own, so that waiting for the lock does not hold up the caller's.
        await asyncio.to_thread(locked)
    except (OSError, sqlite3.Error, BaseORMException) as error:
        raise Unavailable(f"cannot migrate {path}: {error}") from error
