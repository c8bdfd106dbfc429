"""Migrating PostgreSQL: one connection, one transaction, and an advisory lock that ends with it, however it ends."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

import asyncpg
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.context import TortoiseContext
from tortoise.exceptions import BaseORMException
from tortoise.migrations.recorder import MigrationRecorder
from tortoise.migrations.schema_editor import AsyncpgSchemaEditor

from engage.errors import InvalidRequest, Unavailable
from engage.store.orm import ALIAS, APPLIED, begin, is_newest, orm_config, using
from engage.store.postgres import Within
from engage.store.postgres_connections import Unreachable, connect, patiently, refuse_strangers, told
from engage.store.postgres_orm import OrmClient
from engage.store.scope import GROWING

LOCK: Final = 0x656E67616765
"""The advisory lock's number: "engage" as bytes."""
_SETTINGS: Final = {"default_transaction_read_only": "off", "statement_timeout": "0", "lock_timeout": "0"}


class _Nested:
    """What Tortoise takes for a transaction of its own is a part of the one around everything."""

    def __init__(self, client: BaseDBAsyncClient) -> None:
        self._client = client

    async def __aenter__(self) -> BaseDBAsyncClient:
        return self._client

    async def __aexit__(self, *_: object) -> None:
        pass


class _MigrationClient(OrmClient):
    def admit(self, query: str) -> None:
        """Migrations make every table."""

    async def execute_script(self, query: str) -> None:
        await self.session.run(query, ())

    def _in_transaction(self) -> Any:
        return _Nested(self)


async def migrate_postgres(url: str, apply: Callable[[BaseDBAsyncClient], Awaitable[None]]) -> None:
    try:
        connection = await patiently(lambda: connect(url, **_SETTINGS))
        try:
            refuse_strangers(connection)
            async with connection.transaction():
                await connection.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
                if not await _nothing_to_do(connection):
                    await _migrate(Within(connection), apply)
        finally:
            await connection.close()
    except (asyncpg.PostgresError, asyncpg.InterfaceError, Unreachable, BaseORMException) as error:
        raise Unavailable(f"cannot migrate the database: {told(error)}") from error


# --- Citus --------------------------------------------------------------------------------------------------

_EXTENSION: Final = "SELECT to_regclass('pg_dist_partition') IS NOT NULL"
_TABLES: Final = (
    "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace "
    "AND relname LIKE 'engage\\_%' ORDER BY relname"
)
_DONE: Final = "SELECT count(*) > 0 FROM pg_dist_partition WHERE logicalrelid = $1::text::regclass"
_REFERENCE: Final = "SELECT create_reference_table($1::text::regclass)"
_FIRST: Final = "SELECT create_distributed_table($1::text::regclass, 'company_id')"
_NEXT: Final = "SELECT create_distributed_table($1::text::regclass, 'company_id', colocate_with => $2::text)"
FIRST: Final = "engage_head"
"""Distributed first: all rows of a company then lie where its head lies."""


async def distribute_postgres(url: str) -> list[str]:
    """Spread the growing tables over the cluster by company, copy the host's tables to every node; which were done now.

    Each table by itself, so whatever ends this half-way, running it again goes on. Raises InvalidRequest when the
    extension is not there, and Unavailable.
    """
    done: list[str] = []
    try:
        connection = await patiently(lambda: connect(url, **_SETTINGS))
        try:
            if not await connection.fetchval(_EXTENSION):
                raise InvalidRequest(
                    "this database has no Citus: CREATE EXTENSION citus, on every node, then again"
                )
            await connection.execute("SELECT pg_advisory_lock($1)", LOCK)
            tables = [row[0] for row in await connection.fetch(_TABLES)]
            for table in sorted(tables, key=lambda table: (table in GROWING, table != FIRST, table)):
                if not await connection.fetchval(_DONE, table):
                    await _distribute(connection, table)
                    done.append(table)
        finally:
            await connection.close()  # gives the lock back as well
    except (asyncpg.PostgresError, asyncpg.InterfaceError, Unreachable) as error:
        raise Unavailable(f"cannot distribute the database: {told(error)}") from error
    return done


async def _distribute(connection: Any, table: str) -> None:
    if table not in GROWING:
        await connection.execute(_REFERENCE, table)
    elif table == FIRST:
        await connection.execute(_FIRST, table)
    else:
        await connection.execute(_NEXT, table, FIRST)


async def _nothing_to_do(connection: Any) -> bool:
    """Asks for the ledger's table first: an error would end the transaction."""
    if not await connection.fetchval("SELECT to_regclass('tortoise_migrations') IS NOT NULL"):
        return False
    return is_newest(row[0] for row in await connection.fetch(APPLIED))


async def _migrate(session: Within, apply: Callable[[BaseDBAsyncClient], Awaitable[None]]) -> None:
    async with TortoiseContext() as context:
        await begin(context, orm_config("engage.store.postgres_orm", {}))
        client = _MigrationClient(session, connection_name=ALIAS)
        with using(client):
            # First of all: Tortoise looks into the ledger before it makes it, and the error ends the transaction.
            await MigrationRecorder(client).ensure_schema(AsyncpgSchemaEditor(client))
            await apply(client)
