"""Applying migrations: one process at a time, on the stock SQLite client with foreign keys off.

Tortoise writes its ledger row outside the migration's transaction, so two at once would run a migration twice, and
one that is killed between the two could never be finished. Hence one transaction around everything, and a file lock
beside the database that keeps the second one waiting until there is nothing left to do.
"""

from __future__ import annotations

import asyncio
import fcntl
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from tortoise.context import TortoiseContext
from tortoise.exceptions import BaseORMException
from tortoise.migrations.executor import MigrationExecutor, MigrationTarget
from tortoise.migrations.recorder import MigrationRecorder
from tortoise.transactions import in_transaction

from engage.errors import Unavailable
from engage.store.database import ALIAS, orm_config, sqlite_path


class _MadeLedger(MigrationRecorder):
    async def ensure_schema(self, schema_editor: object) -> None:
        """It is there, and making it would commit what is open."""


@contextmanager
def _only_one(path: Path) -> Iterator[None]:
    with path.with_name(path.name + ".migrate-lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _refuse_other_files(path: Path) -> None:
    """Raises sqlite3.Error for what is no database: Tortoise's own client hangs on one for ever."""
    with closing(sqlite3.connect(path)) as driver:
        driver.execute("PRAGMA schema_version").fetchone()


async def migrate(url: str) -> None:
    """Bring the database to the newest schema. Creates the file; does nothing when it is up to date."""
    path = Path(sqlite_path(url))

    async def apply() -> None:
        config = orm_config("tortoise.backends.sqlite", {"file_path": str(path), "foreign_keys": "OFF"})
        async with TortoiseContext() as context:
            await context.init(config=config)
            apps, target = config["apps"], MigrationTarget(ALIAS, "__latest__")
            await MigrationExecutor(context.connections.get(ALIAS), apps).migrate([])  # makes the ledger
            async with in_transaction(ALIAS) as connection:
                executor = MigrationExecutor(connection, apps)
                executor.recorder = _MadeLedger(connection)
                await executor.migrate([target])

    def locked() -> None:
        with _only_one(path):
            _refuse_other_files(path)
            asyncio.run(apply())

    try:
        # A thread with a loop of its own, so that waiting for the lock does not hold up the caller's.
        await asyncio.to_thread(locked)
    except (OSError, sqlite3.Error, BaseORMException) as error:
        raise Unavailable(f"cannot migrate {path}: {error}") from error
