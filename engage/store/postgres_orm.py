"""The client through which Tortoise uses the session that a read or a transaction has already.

Tortoise's stock client takes a connection of its pool for each query, and loses it for good when a caller goes away
in between. Here it never holds one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from pypika_tortoise.dialects import PostgreSQLQuery
from tortoise.backends.asyncpg.executor import AsyncpgExecutor
from tortoise.backends.asyncpg.schema_generator import AsyncpgSchemaGenerator
from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.backends.base_postgres.client import BasePostgresClient

from engage.store.orm import WithinWrite
from engage.store.scope import refuse_unscoped

_CHANGES = ("UPDATE", "DELETE")


class Session(Protocol):
    """Where statements go, `$1` and all."""

    async def fetch(self, text: str, bound: Sequence[Any]) -> list[Any]: ...

    async def run(self, text: str, bound: Sequence[Any]) -> str:
        """The server's word for what was done, as in `UPDATE 3`."""


class OrmClient(BaseDBAsyncClient):
    """Tortoise's view of one session, for the everyday host-level tables."""

    executor_class = AsyncpgExecutor
    query_class = PostgreSQLQuery
    schema_generator = AsyncpgSchemaGenerator
    capabilities = BasePostgresClient.capabilities

    def __init__(self, session: Session | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._session = session

    @property
    def session(self) -> Session:
        assert self._session is not None, "the ORM is used within Database.read, snapshot or write"
        return self._session

    def admit(self, query: str) -> None:
        """Growing tables are not for the ORM."""
        refuse_unscoped(query)

    async def create_connection(self, with_db: bool) -> None:
        """Nothing to do: the session is there."""

    async def close(self) -> None:
        """Nothing to do: whoever opened the session closes it."""

    async def execute_insert(self, query: str, values: list[Any]) -> Any:
        self.admit(query)
        rows = await self.session.fetch(query, values)
        return rows[0] if rows else None

    async def execute_many(self, query: str, values: list[list[Any]]) -> None:
        self.admit(query)
        for row in values:
            await self.session.run(query, row)

    async def execute_query(
        self, query: str, values: list[Any] | None = None
    ) -> tuple[int, Sequence[dict[str, Any]]]:
        self.admit(query)
        if query.startswith(_CHANGES):
            said = await self.session.run(query, values or [])
            return int(said.rsplit(" ", 1)[-1]), []
        rows = await self.session.fetch(query, values or [])
        return len(rows), rows

    async def execute_query_dict(self, query: str, values: list[Any] | None = None) -> list[dict[str, Any]]:
        _, rows = await self.execute_query(query, values)
        return [dict(row) for row in rows]


class OrmTransaction(OrmClient, WithinWrite):
    """The same inside a transaction, which is begun and ended by `postgres`."""


client_class = OrmClient
